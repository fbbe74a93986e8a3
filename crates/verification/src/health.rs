//! How a kiosk does: what its self-test found of each part, and whether it can serve with that.
//!
//! What custody worries about closes the kiosk by the rules of [`crate::custody`], and its own files by those of
//! [`crate::integrity`]. The rule here is about devices alone: a kiosk is closed only where not one way to be verified is
//! left to anybody.

use std::collections::BTreeMap;
use std::fmt;

use crate::capture::DeviceFault;

/// A part of a kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The encrypted store.
    Store,
    /// The place of the keys.
    Keys,
    /// The certificate by which the institution knows the kiosk.
    Certificate,
    /// The line to the gateway.
    Gateway,
    /// The camera: it opens, and gives frames.
    Camera,
    /// The models that measure a face.
    FaceModels,
    /// The palm scanner.
    PalmScanner,
    /// The thermometer beside it.
    Thermometer,
    /// The printer of slips.
    Printer,
    /// Something that sounds.
    Sound,
    /// Room on the disk.
    Disk,
    /// The clock.
    Clock,
    /// The installed files, and what runs beside them.
    Integrity,
    /// The window on the display.
    Display,
}

impl Part {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 14] = [
        Self::Store,
        Self::Keys,
        Self::Certificate,
        Self::Gateway,
        Self::Camera,
        Self::FaceModels,
        Self::PalmScanner,
        Self::Thermometer,
        Self::Printer,
        Self::Sound,
        Self::Disk,
        Self::Clock,
        Self::Integrity,
        Self::Display,
    ];

    /// Its name in the audit log and in the manual.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Keys => "keys",
            Self::Certificate => "certificate",
            Self::Gateway => "gateway",
            Self::Camera => "camera",
            Self::FaceModels => "face-models",
            Self::PalmScanner => "palm-scanner",
            Self::Thermometer => "thermometer",
            Self::Printer => "printer",
            Self::Sound => "sound",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Integrity => "integrity",
            Self::Display => "display",
        }
    }
}

/// What is wrong with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The device has this fault.
    Device(DeviceFault),
    /// It works, and does not do what the policy asks of it.
    Unfit,
    /// The printer has no paper.
    NoPaper,
    /// There is no line now; documents wait.
    Offline,
    /// There was no line for too long.
    Unsynced,
    /// The gateway does not serve this kiosk.
    Refused,
    /// The kiosk was never enrolled.
    NotEnrolled,
    /// It expires soon, or has expired.
    Expires,
    /// Too little is left of it.
    Short,
    /// Too many documents wait.
    Pending,
    /// Something was set aside, and wants a technician.
    SetAside,
    /// It is wrong.
    Wrong,
    /// A piece of it is missing.
    Incomplete,
}

impl Cause {
    /// Its name in the audit log and in the manual.
    pub fn name(self) -> &'static str {
        match self {
            Self::Device(fault) => match fault {
                DeviceFault::NotFound => "not-found",
                DeviceFault::NoPermission => "no-permission",
                DeviceFault::Busy => "busy",
                DeviceFault::Timeout => "silent",
                DeviceFault::Protocol => "unexpected",
                DeviceFault::Disconnected => "unplugged",
                DeviceFault::Black => "black",
                DeviceFault::Frozen => "frozen",
                DeviceFault::Format => "format",
                DeviceFault::Identity => "another-device",
                DeviceFault::Virtual => "virtual",
            },
            Self::Unfit => "unfit",
            Self::NoPaper => "no-paper",
            Self::Offline => "offline",
            Self::Unsynced => "unsynced",
            Self::Refused => "refused",
            Self::NotEnrolled => "not-enrolled",
            Self::Expires => "expires",
            Self::Short => "short",
            Self::Pending => "pending",
            Self::SetAside => "set-aside",
            Self::Wrong => "wrong",
            Self::Incomplete => "incomplete",
        }
    }
}

/// What was found of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Finding {
    /// It was not looked at yet, or cannot be looked at on this system.
    #[default]
    Unknown,
    /// It works.
    Works,
    /// This kiosk has none.
    NotFitted,
    /// It works, and somebody should see to it.
    Attention(Cause),
    /// It does not work.
    Fails(Cause),
}

impl Finding {
    /// Whether it is known not to be there.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::NotFitted | Self::Fails(_))
    }

    /// What a device is found to be after a session has used it. A fault there makes it suspect and no more: the test that follows
    /// says whether it is gone.
    #[must_use]
    pub fn used(self, result: Result<(), DeviceFault>) -> Self {
        match (result, self) {
            (Ok(()), _) => Self::Works,
            (Err(fault), Self::Fails(_)) => Self::Fails(Cause::Device(fault)),
            (Err(fault), _) => Self::Attention(Cause::Device(fault)),
        }
    }

    /// What a device is found to be after a test of it. A test that fails once may have come while the machine was busy, or while
    /// the device was still being closed: a kiosk that served until then does not close for it, but is tested once more.
    #[must_use]
    pub fn tested(self, result: Result<(), DeviceFault>) -> Self {
        match (result, self) {
            (Ok(()), _) => Self::Works,
            (Err(fault), Self::Fails(_) | Self::Attention(_)) => Self::Fails(Cause::Device(fault)),
            (Err(fault), _) if is_lasting(fault) => Self::Fails(Cause::Device(fault)),
            (Err(fault), _) => Self::Attention(Cause::Device(fault)),
        }
    }
}

/// Whether a fault is none that passes by itself within moments.
fn is_lasting(fault: DeviceFault) -> bool {
    match fault {
        DeviceFault::NotFound
        | DeviceFault::NoPermission
        | DeviceFault::Format
        | DeviceFault::Identity
        | DeviceFault::Virtual => true,
        DeviceFault::Busy
        | DeviceFault::Timeout
        | DeviceFault::Protocol
        | DeviceFault::Disconnected
        | DeviceFault::Black
        | DeviceFault::Frozen => false,
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Works => f.write_str("works"),
            Self::NotFitted => f.write_str("none"),
            Self::Attention(cause) => write!(f, "attention:{}", cause.name()),
            Self::Fails(cause) => write!(f, "fails:{}", cause.name()),
        }
    }
}

/// What was found of all parts. Its [`Display`](fmt::Display) is the record of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SelfTest(BTreeMap<Part, Finding>);

impl SelfTest {
    /// Notes what was found of a part; of two findings the last one counts.
    pub fn found(&mut self, part: Part, finding: Finding) {
        self.0.insert(part, finding);
    }

    /// What was found of a part.
    pub fn of(&self, part: Part) -> Finding {
        self.0.get(&part).copied().unwrap_or_default()
    }

    /// Whether nothing is known to be wrong.
    pub fn is_well(&self) -> bool {
        let wrong = |finding: &Finding| matches!(finding, Finding::Attention(_) | Finding::Fails(_));
        !self.0.values().any(wrong)
    }

    /// Whether somebody can be verified with these devices. What is not known does not hinder.
    pub fn serves(&self, ways: Ways) -> bool {
        let face = !self.of(Part::Camera).is_gone() && !self.of(Part::FaceModels).is_gone();
        let palm = !self.of(Part::PalmScanner).is_gone();
        (ways.face && face) || (ways.palm && palm) || ways.without_device
    }
}

impl fmt::Display for SelfTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SelfTest")?;
        Part::ALL
            .into_iter()
            .try_for_each(|part| write!(f, " {}={}", part.name(), self.of(part)))
    }
}

/// The ways that the services of a kiosk allow, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ways {
    /// By the face, or by a picture that the camera takes.
    pub face: bool,
    /// By the palm.
    pub palm: bool,
    /// A way for which this kiosk needs no device of its own: the person's phone, people of the institution, or a service
    /// that may need no verification at all.
    pub without_device: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Ways = Ways {
        face: true,
        palm: true,
        without_device: false,
    };

    fn with(parts: &[(Part, Finding)]) -> SelfTest {
        let mut test = SelfTest::default();
        parts
            .iter()
            .for_each(|(part, finding)| test.found(*part, *finding));
        test
    }

    const GONE: Finding = Finding::Fails(Cause::Device(DeviceFault::NotFound));

    #[test]
    fn one_way_is_enough() {
        let check = |ways: Ways, parts: &[(Part, Finding)], expect: bool| {
            assert_eq!(with(parts).serves(ways), expect, "{ways:?} {parts:?}");
        };
        check(ALL, &[], true);
        check(ALL, &[(Part::Camera, GONE)], true);
        check(ALL, &[(Part::PalmScanner, Finding::NotFitted)], true);
        check(ALL, &[(Part::Camera, GONE), (Part::PalmScanner, GONE)], false);
        check(
            ALL,
            &[(Part::Camera, GONE), (Part::PalmScanner, Finding::NotFitted)],
            false,
        );
        check(ALL, &[(Part::FaceModels, GONE), (Part::PalmScanner, GONE)], false);
        let phone = Ways {
            without_device: true,
            ..ALL
        };
        check(phone, &[(Part::Camera, GONE), (Part::PalmScanner, GONE)], true);
        let face = Ways { palm: false, ..ALL };
        check(face, &[(Part::Camera, GONE)], false);
        check(face, &[(Part::Camera, Finding::Attention(Cause::Wrong))], true);
        check(face, &[(Part::PalmScanner, GONE)], true);
    }

    /// The camera of a kiosk that has no other way, over what sessions and tests see of it.
    #[test]
    fn one_fault_that_may_pass_closes_no_kiosk() {
        let face = Ways { palm: false, ..ALL };
        let serves = |camera: Finding| with(&[(Part::Camera, camera)]).serves(face);
        let slow = Err(DeviceFault::Timeout);
        let unknown = Finding::Unknown;
        let works = unknown.tested(Ok(()));
        assert_eq!(works, Finding::Works);
        for before in [unknown, works] {
            // Once is nothing; what passes leaves no trace, and what stays closes the kiosk.
            let once = before.tested(slow);
            assert!(serves(once) && once != works, "{before:?}");
            assert_eq!(once.tested(Ok(())), works);
            assert!(!serves(once.tested(slow)));
            assert_eq!(once.tested(slow).tested(Ok(())), works);
            assert!(
                !serves(before.tested(Err(DeviceFault::NotFound))),
                "there is none"
            );
            // However often a session tried it, the test after the session decides.
            let used = before.used(slow).used(slow).used(Err(DeviceFault::NotFound));
            assert!(serves(used));
            assert_eq!(used.used(Ok(())), works);
            assert_eq!(used.tested(Ok(())), works);
            assert!(!serves(used.tested(slow)));
        }
        let gone = works.tested(slow).tested(slow);
        assert_eq!(
            gone.used(Err(DeviceFault::Busy)),
            Finding::Fails(Cause::Device(DeviceFault::Busy))
        );
    }

    #[test]
    fn the_record_names_every_part() {
        let test = with(&[(Part::Camera, GONE), (Part::Store, Finding::Works)]);
        let text = test.to_string();
        assert!(text.starts_with("SelfTest store=works keys=unknown"), "{text}");
        assert!(text.contains(" camera=fails:not-found "), "{text}");
        assert!(!test.is_well() && SelfTest::default().is_well());
    }

    fn finding() -> impl Strategy<Value = Finding> {
        prop_oneof![
            Just(Finding::Unknown),
            Just(Finding::Works),
            Just(Finding::NotFitted),
            Just(Finding::Attention(Cause::Unfit)),
            Just(GONE),
        ]
    }

    proptest! {
        /// Only camera, models and scanner can close a kiosk, and one that works is enough for its way.
        #[test]
        fn nothing_else_closes_a_kiosk(findings in prop::collection::vec(finding(), 14), face: bool, palm: bool) {
            let mut test = SelfTest::default();
            for (part, finding) in Part::ALL.into_iter().zip(findings) {
                test.found(part, finding);
            }
            let ways = Ways { face, palm, without_device: false };
            let serves = test.serves(ways);
            test.found(Part::Printer, GONE);
            test.found(Part::Gateway, GONE);
            test.found(Part::Sound, GONE);
            prop_assert_eq!(test.serves(ways), serves);
            test.found(Part::PalmScanner, Finding::Works);
            prop_assert_eq!(test.serves(ways), serves || palm);
            let always = Ways { without_device: true, ..ways };
            prop_assert!(test.serves(always));
        }
    }
}
