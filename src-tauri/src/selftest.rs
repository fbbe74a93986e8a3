//! What the self-test looks at, and what it makes of it.

use speech::voice::Status;
use verification::capture::DeviceFault;
use verification::custody::{Concern, CustodyState, Severity};
use verification::health::{Cause, Finding, Part, SelfTest, Ways};
use verification::integrity::IntegrityFault;
use verification::palm::ScannerIdentity;
use verification::palm::decision;
use verification::policy::PalmPolicy;
use verification::service::{AssistedRoute, Requirement, Service};

use crate::config::Window;

/// What was seen of the parts.
pub struct Seen<'a> {
    /// How the custody of documents stands.
    pub custody: &'a CustodyState,
    /// What it worries about.
    pub worries: &'a [(Severity, Concern)],
    /// Whether the gateway is connected.
    pub is_online: bool,
    /// What the camera did when it was last opened.
    pub camera: Finding,
    /// Whether the passive models are installed.
    pub has_passive: bool,
    /// The palm scanner; none where this kiosk has none.
    pub scanner: Option<&'a Result<ScannerIdentity, DeviceFault>>,
    /// Whether a thermometer stands beside it.
    pub has_thermometer: bool,
    /// What the policy asks of the scanner.
    pub palm: &'a PalmPolicy,
    /// How the printer does.
    pub printer: ipc::Slip,
    /// Whether something is there that sounds; none where the system does not tell.
    pub sound: Option<bool>,
    /// How the voice stands; none where this kiosk does not speak.
    pub voice: Option<&'a Status>,
    /// What is wrong with the installed files.
    pub integrity: Option<IntegrityFault>,
    /// Whether the page is as large as the window was to be; none before it said so.
    pub display: Option<bool>,
}

/// What follows from it for each part.
pub fn findings(seen: &Seen<'_>) -> SelfTest {
    let mut test = SelfTest::default();
    // Who asks has opened the store and the place of the keys.
    test.found(Part::Store, worried(seen, &[Concern::SetAside, Concern::Pending]));
    test.found(Part::Keys, Finding::Works);
    test.found(
        Part::Certificate,
        worried(seen, &[Concern::NotEnrolled, Concern::Certificate]),
    );
    test.found(
        Part::Gateway,
        match worried(seen, &[Concern::Refused, Concern::Unsynced]) {
            Finding::Works if !seen.is_online => Finding::Attention(Cause::Offline),
            finding => finding,
        },
    );
    test.found(Part::Camera, seen.camera);
    test.found(
        Part::FaceModels,
        if seen.has_passive {
            Finding::Works
        } else {
            Finding::Attention(Cause::Incomplete)
        },
    );
    test.found(Part::PalmScanner, scanner(seen));
    test.found(Part::Thermometer, thermometer(seen));
    test.found(
        Part::Printer,
        match seen.printer {
            ipc::Slip::None => Finding::NotFitted,
            ipc::Slip::NoPaper => Finding::Attention(Cause::NoPaper),
            ipc::Slip::Failed => Finding::Fails(Cause::Device(DeviceFault::Timeout)),
            ipc::Slip::Ready | ipc::Slip::Printing | ipc::Slip::Printed => Finding::Works,
        },
    );
    test.found(Part::Sound, sound(seen));
    test.found(
        Part::Disk,
        match seen.custody.disk_free_bytes {
            None => Finding::Unknown,
            Some(_) => worried(seen, &[Concern::DiskFree]),
        },
    );
    test.found(Part::Clock, worried(seen, &[Concern::Clock]));
    test.found(
        Part::Integrity,
        match seen.integrity {
            Some(_) => Finding::Fails(Cause::Wrong),
            None => Finding::Works,
        },
    );
    test.found(
        Part::Display,
        match seen.display {
            None => Finding::Unknown,
            Some(true) => Finding::Works,
            Some(false) => Finding::Attention(Cause::Wrong),
        },
    );
    test
}

/// The worst that custody says of one part.
fn worried(seen: &Seen<'_>, about: &[Concern]) -> Finding {
    let worst = seen
        .worries
        .iter()
        .filter(|(_, concern)| about.contains(concern))
        .max_by_key(|(severity, _)| *severity);
    match worst {
        None => Finding::Works,
        Some((Severity::Warn, concern)) => Finding::Attention(cause(*concern)),
        Some((Severity::Stop, concern)) => Finding::Fails(cause(*concern)),
    }
}

fn cause(concern: Concern) -> Cause {
    match concern {
        Concern::NotEnrolled => Cause::NotEnrolled,
        Concern::Refused => Cause::Refused,
        Concern::Certificate => Cause::Expires,
        Concern::Pending => Cause::Pending,
        Concern::Unsynced => Cause::Unsynced,
        Concern::DiskFree => Cause::Short,
        Concern::Clock => Cause::Wrong,
        Concern::SetAside => Cause::SetAside,
    }
}

fn scanner(seen: &Seen<'_>) -> Finding {
    match seen.scanner {
        None => Finding::NotFitted,
        Some(Err(fault)) => Finding::Fails(Cause::Device(*fault)),
        Some(Ok(identity)) if decision::fitness(identity, seen.palm).is_err() => Finding::Fails(Cause::Unfit),
        Some(Ok(_)) => Finding::Works,
    }
}

/// It is a part of the scanner's opening: one that is named and does not answer keeps the scanner away.
fn thermometer(seen: &Seen<'_>) -> Finding {
    match seen.scanner {
        _ if !seen.has_thermometer => Finding::NotFitted,
        Some(Ok(identity)) if identity.thermometer.is_some() => Finding::Works,
        _ => Finding::Unknown,
    }
}

/// Who speaks knows whether it sounds; else the system says whether something could.
fn sound(seen: &Seen<'_>) -> Finding {
    let stock = seen.voice.and_then(|voice| voice.stock.as_ref());
    match seen.voice.map(|voice| voice.sound).or(seen.sound) {
        None => Finding::Unknown,
        Some(false) => Finding::Attention(Cause::Device(DeviceFault::NotFound)),
        Some(true) if stock.is_some_and(|stock| !stock.is_whole()) => Finding::Attention(Cause::Incomplete),
        Some(true) => Finding::Works,
    }
}

/// The ways that these services allow, all together.
pub fn ways(catalogue: &[Service]) -> Ways {
    let needs_no_device = |service: &Service| {
        service.hosted_page
            || service.assisted.contains(&AssistedRoute::Video)
            || service.requirement != Requirement::Always
    };
    Ways {
        face: catalogue
            .iter()
            .any(|service| service.face || service.assisted.contains(&AssistedRoute::ImageBased)),
        palm: catalogue.iter().any(|service| service.palm),
        without_device: catalogue.iter().any(needs_no_device),
    }
}

/// Whether the page fills the whole screen as it was configured; none for a window with a frame, which may be of any size.
pub fn is_filled(window: Window, page_px: (u32, u32)) -> Option<bool> {
    window.kiosk.then(|| page_px == (window.width, window.height))
}

/// Whether the system has something that sounds.
pub fn has_sound() -> Option<bool> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    // Without the file the kernel has no sound at all.
    let cards = std::fs::read_to_string("/proc/asound/cards").unwrap_or_default();
    Some(lists_a_card(&cards))
}

/// Each card begins with its number: ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH`.
fn lists_a_card(cards: &str) -> bool {
    cards.lines().any(|line| {
        let numbered = line.trim_start().split_once(" [");
        numbered.is_some_and(|(number, _)| number.trim().parse::<u32>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use verification::palm::PalmCapabilities;
    use verification::policy::Policy;

    use super::*;

    /// A kiosk in which all is well.
    fn bare<'a>(custody: &'a CustodyState, palm: &'a PalmPolicy) -> Seen<'a> {
        Seen {
            custody,
            worries: &[],
            is_online: true,
            camera: Finding::Works,
            has_passive: true,
            scanner: None,
            has_thermometer: false,
            palm,
            printer: ipc::Slip::Ready,
            sound: Some(true),
            voice: None,
            integrity: None,
            display: Some(true),
        }
    }

    fn check(change: &dyn Fn(&mut Seen<'_>), part: Part, expect: Finding) {
        let (state, policy) = (
            CustodyState {
                disk_free_bytes: Some(1),
                ..CustodyState::default()
            },
            Policy::default(),
        );
        let mut seen = bare(&state, &policy.palm);
        assert!(findings(&seen).is_well());
        change(&mut seen);
        assert_eq!(findings(&seen).of(part), expect);
    }

    #[test]
    fn each_part_is_judged_by_what_was_seen_of_it() {
        let gone = Err(DeviceFault::NotFound);
        let poor = Ok(ScannerIdentity {
            driver: "xst".into(),
            model: String::new(),
            firmware: "1".into(),
            serial: "7".into(),
            thermometer: None,
            capabilities: PalmCapabilities::default(),
        });
        let not_found = Cause::Device(DeviceFault::NotFound);
        check(&|_| {}, Part::PalmScanner, Finding::NotFitted);
        check(
            &|seen| {
                seen.worries = &[
                    (Severity::Warn, Concern::SetAside),
                    (Severity::Stop, Concern::Pending),
                ]
            },
            Part::Store,
            Finding::Fails(Cause::Pending),
        );
        check(
            &|seen| seen.worries = &[(Severity::Stop, Concern::NotEnrolled)],
            Part::Certificate,
            Finding::Fails(Cause::NotEnrolled),
        );
        check(
            &|seen| seen.is_online = false,
            Part::Gateway,
            Finding::Attention(Cause::Offline),
        );
        check(
            &|seen| {
                seen.is_online = false;
                seen.worries = &[(Severity::Stop, Concern::Refused)];
            },
            Part::Gateway,
            Finding::Fails(Cause::Refused),
        );
        check(
            &|seen| seen.camera = Finding::Fails(not_found),
            Part::Camera,
            Finding::Fails(not_found),
        );
        check(
            &|seen| seen.has_passive = false,
            Part::FaceModels,
            Finding::Attention(Cause::Incomplete),
        );
        let set = |seen: &mut Seen<'_>| seen.printer = ipc::Slip::NoPaper;
        check(&set, Part::Printer, Finding::Attention(Cause::NoPaper));
        check(
            &|seen| seen.sound = Some(false),
            Part::Sound,
            Finding::Attention(not_found),
        );
        let voice = |sound, engine| Status {
            state: speech::machine::Machine::new(6).state(),
            sound,
            stock: Some(speech::stock::Stock {
                pack: speech::stock::PackStock::None,
                languages: speech::stock::languages(None, &BTreeSet::new(), |_| engine),
                engine: None,
            }),
            tried: None,
        };
        let voices = [
            (voice(true, true), Finding::Works),
            (voice(true, false), Finding::Attention(Cause::Incomplete)),
            (voice(false, true), Finding::Attention(not_found)),
        ];
        let (state, policy) = (CustodyState::default(), Policy::default());
        for (voice, expect) in &voices {
            let seen = Seen {
                voice: Some(voice),
                ..bare(&state, &policy.palm)
            };
            assert_eq!(findings(&seen).of(Part::Sound), *expect);
        }
        check(
            &|seen| seen.display = Some(false),
            Part::Display,
            Finding::Attention(Cause::Wrong),
        );
        let with = |scanner, has_thermometer| {
            let seen = Seen {
                custody: &state,
                worries: &[],
                is_online: true,
                camera: Finding::Works,
                has_passive: true,
                scanner: Some(scanner),
                has_thermometer,
                palm: &policy.palm,
                printer: ipc::Slip::None,
                sound: None,
                voice: None,
                integrity: None,
                display: None,
            };
            let test = findings(&seen);
            (test.of(Part::PalmScanner), test.of(Part::Thermometer))
        };
        assert_eq!(with(&gone, true), (Finding::Fails(not_found), Finding::Unknown));
        assert_eq!(
            with(&poor, false),
            (Finding::Fails(Cause::Unfit), Finding::NotFitted)
        );
    }

    #[test]
    fn the_ways_are_those_of_all_services() {
        let face = Service {
            face: true,
            ..Service::default()
        };
        let phone = Service {
            hosted_page: true,
            ..Service::default()
        };
        assert_eq!(ways(&[]), Ways::default());
        let one = ways(std::slice::from_ref(&face));
        assert!(one.face && !one.palm && !one.without_device);
        assert!(ways(&[face, phone]).without_device);
    }

    #[test]
    fn a_card_is_seen_in_the_list_of_the_kernel() {
        assert!(lists_a_card(" 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"));
        assert!(!lists_a_card("--- no soundcards ---\n"));
        assert!(!lists_a_card(""));
    }

    #[test]
    fn a_page_of_another_size_is_noticed() {
        let window = |kiosk| Window {
            width: 1080,
            height: 1920,
            kiosk,
        };
        assert_eq!(is_filled(window(true), (1080, 1920)), Some(true));
        assert_eq!(is_filled(window(true), (1920, 1080)), Some(false));
        assert_eq!(is_filled(window(false), (1, 1)), None);
    }

    proptest! {
        #[test]
        fn no_list_of_cards_panics(text in ".*") {
            let _ = lists_a_card(&text);
        }
    }
}
