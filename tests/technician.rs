//! Those who look after the kiosk, at its own screen: codes, desk, status, self-test.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alaqan::config::Config;
use alaqan::kiosk::Kiosk;
use camera::{Fault, FaultHandle};
use common::{Clip, IIN, Institution, Person, alone, clip, offered, sitting_still};
use ipc::{
    CodeRefusal, Desk, DeskPage, Entered, ErrorCode, Intent, Language, Pack, Part, PartState, Said, Screen,
    SoundFrom, SoundTrial, Trial, Why, Wish,
};
use verification::Sensitive;
use verification::capture::CameraIdentity;

const TECHNICIAN: &str = "70415926";
const OPERATOR: &str = "07123456";

/// The tables with both codes; `rest` stands under `[technician]`.
fn codes(rest: &str) -> String {
    let code = |text: &str| Sensitive::new(text.to_owned());
    format!(
        "\n[[operators]]\nnumber = \"07\"\nname = \"staff-7\"\ncode = {:?}\n[technician]\ncode = {:?}\n{rest}\n",
        alaqan::operators::hash(&code(OPERATOR)).unwrap(),
        alaqan::technician::hash(&code(TECHNICIAN)).unwrap()
    )
}

fn looked_after(institution: &Institution, clip: &Clip, rest: &str) -> Person {
    institution.kiosk(clip, &format!("{}{}", offered(clip), codes(rest)))
}

fn calls(person: &mut Person) {
    person.wants(Intent::CallStaff);
    person.sees("the entry of the code", |view| {
        matches!(view.screen, Screen::TechnicianLogin { .. })
    });
}

fn enters(person: &mut Person, code: &str) {
    let code = Entered(code.to_owned());
    person.wants(Intent::EnterStaffCode { code });
}

fn wishes(person: &mut Person, wish: Wish) {
    person.wants(Intent::Desk { wish });
}

fn sees_desk(person: &mut Person, what: &str, right: impl Fn(&Desk) -> bool) -> Desk {
    let is = |view: &ipc::View| matches!(&view.screen, Screen::Health { desk } if right(desk));
    match &person.sees(what, is).screen {
        Screen::Health { desk } => (**desk).clone(),
        other => panic!("{other:?}"),
    }
}

fn state_of(desk: &Desk, part: Part) -> PartState {
    let found = desk.health.parts.iter().find(|health| health.part == part);
    found.unwrap().state
}

fn audit(institution: &Institution, with: &str) -> usize {
    let settings = institution.custody();
    let keys = custody::open_keys(&settings).unwrap();
    let opened = custody::open_store(&settings, &keys, common::now()).unwrap();
    let records = outbox::Outbox::audit_records(&opened.outbox, 0, usize::MAX).unwrap();
    records
        .iter()
        .filter(|record| record.event.contains(with))
        .count()
}

#[test]
fn wrong_codes_lock_over_a_restart_and_the_right_one_opens_nothing_meanwhile() {
    let _alone = alone();
    let (clip, institution) = (clip(), Institution::found());
    let mut person = looked_after(&institution, &clip, "");
    calls(&mut person);
    for wrong in ["70415927", "07123457", "1"] {
        enters(&mut person, wrong);
        person.sees("that it is wrong", |view| {
            matches!(view.screen, Screen::TechnicianLogin { wrong: true, .. })
        });
    }
    let is_locked = |view: &ipc::View| matches!(view.screen, Screen::TechnicianLogin { locked_s: Some(left), .. } if left > 0 && left <= 30);
    person.sees("the pause", is_locked);
    drop(person);

    let mut person = looked_after(&institution, &clip, "");
    calls(&mut person);
    person.sees("the pause", is_locked);
    // Right, and too soon.
    enters(&mut person, TECHNICIAN);
    person.sees("the end of the pause", |view| {
        assert!(!matches!(view.screen, Screen::Health { .. }));
        matches!(view.screen, Screen::TechnicianLogin { locked_s: None, .. })
    });
    enters(&mut person, TECHNICIAN);
    sees_desk(&mut person, "the desk", |_| true);
    drop(person);
    assert_eq!(audit(&institution, "StaffCodeWrong"), 3);
    assert_eq!(audit(&institution, "StaffCodeLocked"), 1);
    assert_eq!(audit(&institution, "TechnicianEntered"), 1);
    assert_eq!(audit(&institution, TECHNICIAN), 0);
}

#[test]
fn an_operators_code_has_its_own_pause_over_sessions_and_restarts() {
    const OTHER: &str = "12345678";
    let _alone = alone();
    let (clip, institution) = (clip(), Institution::found());
    let operators = format!(
        "operator = \"required\"\n[[operators]]\nnumber = \"12\"\nname = \"staff-12\"\ncode = {:?}\n{}",
        alaqan::operators::hash(&Sensitive::new(OTHER.to_owned())).unwrap(),
        codes("")
    );
    let wanted = |person: &mut Person| {
        person.claims("account-opening", &["processing", "automated-decision"]);
        person.sees("that an operator is wanted", |view| {
            view.screen == Screen::Operator { refused: None }
        });
    };
    let is_there = |person: &mut Person, code: &str| {
        let code = Entered(code.to_owned());
        person.wants(Intent::EnterOperator { code });
    };
    let paused = |view: &ipc::View| match view.screen {
        Screen::Operator { refused } => refused == Some(CodeRefusal::Paused { minutes: 1 }),
        _ => false,
    };
    let mut person = institution.kiosk(&clip, &operators);
    wanted(&mut person);
    for guess in ["07000001", "07000002"] {
        is_there(&mut person, guess);
        person.sees("that it is wrong", |view| {
            let refused = Some(CodeRefusal::Wrong);
            view.screen == Screen::Operator { refused }
        });
        // The same words again would not be seen to come.
        person.wants(Intent::Back);
        person.sees("the claim", |view| matches!(view.screen, Screen::Claim { .. }));
        let iin = Entered(IIN.into());
        person.wants(Intent::Claim { iin });
        person.sees("that an operator is wanted", |view| {
            view.screen == Screen::Operator { refused: None }
        });
    }
    is_there(&mut person, "07000003");
    person.sees_outcome(&[ipc::Outcome::Withdrawn]);
    person.wants(Intent::Finish);
    // The right one is not looked at in the next session, and the count outlives a restart.
    wanted(&mut person);
    is_there(&mut person, OPERATOR);
    person.sees("the pause", paused);
    drop(person);
    assert_eq!(audit(&institution, "OperatorRefused"), 3);
    assert_eq!(audit(&institution, "OperatorPaused"), 1);
    let settings = institution.custody();
    let keys = custody::open_keys(&settings).unwrap();
    let opened = custody::open_store(&settings, &keys, common::now()).unwrap();
    let counted = opened.outbox.remembered("operator-lockout-07").unwrap();
    assert!(counted.is_some_and(|counted| counted.starts_with("3 ")));
    drop(opened);

    let mut person = institution.kiosk(&clip, &operators);
    wanted(&mut person);
    // Nobody else is kept away.
    is_there(&mut person, OTHER);
    person.sees("the methods", |view| matches!(view.screen, Screen::Method { .. }));
    drop(person);
    assert_eq!(audit(&institution, "OperatorPresent operator=staff-12"), 1);
    assert_eq!(audit(&institution, OPERATOR), 0);
}

#[test]
fn the_branch_sees_how_the_kiosk_does_and_can_change_nothing() {
    let _alone = alone();
    let (clip, mut institution) = (clip(), Institution::found());
    institution.open_gateway();
    let mut person = looked_after(&institution, &clip, "");
    calls(&mut person);
    enters(&mut person, OPERATOR);
    person.sees("that the camera works", |view| match &view.screen {
        Screen::Status { health } => {
            let works = |part| {
                let mut parts = health.parts.iter();
                parts.any(|found| found.part == part && found.state == PartState::Works)
            };
            works(Part::Camera)
                && works(Part::Gateway)
                // Nobody waits for a call, says the gateway.
                && health.call_backs == Some(0)
                && health.kiosk_id == "kiosk-0001"
                && health.closed.is_none()
        }
        _ => false,
    });
    wishes(&mut person, Wish::Maintain { closed: true });
    wishes(&mut person, Wish::Restart);
    // Nobody is served while the page is open, and it is left.
    person.wants(Intent::Begin);
    person.wants(Intent::Back);
    person.sees("the welcome", |view| {
        assert!(!matches!(
            view.screen,
            Screen::OutOfService { .. } | Screen::Service { .. }
        ));
        view.screen == Screen::Welcome
    });
    drop(person);
    assert!(audit(&institution, "SelfTest store=works keys=works") > 0);
    assert_eq!(audit(&institution, "OperatorEntered operator=staff-7"), 1);
    assert_eq!(audit(&institution, "Maintenance"), 0);
}

#[test]
fn another_camera_is_chosen_and_used_by_the_next_session_and_after_a_restart() {
    let _alone = alone();
    let clip = clip();
    // A folder with the same person twice.
    let (folder, first) = sitting_still(&clip);
    std::fs::copy(folder.path().join(&first.file), folder.path().join("other.mp4")).unwrap();
    let manifest = folder.path().join("manifest.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let second = text.replace(&format!("{:?}", first.file), "\"other.mp4\"");
    std::fs::write(&manifest, format!("{text}{second}")).unwrap();
    let institution = Institution::found();
    let kiosk = |institution: &Institution| institution.kiosk(&first, &codes(""));

    let mut person = kiosk(&institution);
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    wishes(
        &mut person,
        Wish::Show {
            page: DeskPage::Camera,
        },
    );
    let desk = sees_desk(&mut person, "the cameras", |desk| !desk.cameras.is_empty());
    assert!(!desk.is_camera_chosen);
    let used: Vec<_> = desk.cameras.iter().filter(|offer| offer.is_used).collect();
    assert_eq!(used.len(), 1);
    assert_eq!(used[0].name, first.file);
    let id = "clip:other.mp4".to_owned();
    wishes(&mut person, Wish::TryCamera { id: id.clone() });
    sees_desk(&mut person, "its picture", |desk| desk.trial == Trial::Live);
    wishes(&mut person, Wish::ChooseCamera { id });
    sees_desk(&mut person, "that it is chosen", |desk| {
        desk.said == Some(Said::Chosen) && desk.is_camera_chosen
    });
    wishes(
        &mut person,
        Wish::ChooseCamera {
            id: "clip:nowhere.mp4".into(),
        },
    );
    sees_desk(&mut person, "that there is no such", |desk| {
        desk.said == Some(Said::NotChosen)
    });
    person.wants(Intent::Back);
    person.goes_to_the_camera();
    person.sees("the camera", |view| matches!(view.screen, Screen::Face { .. }));
    assert_eq!(person.seen.replay.as_deref(), Some("other.mp4"));
    person.wants(Intent::Cancel);
    person.sees_outcome(&[ipc::Outcome::Withdrawn]);
    drop(person);

    let mut person = kiosk(&institution);
    person.sees("the choice", |view| view.replay.as_deref() == Some("other.mp4"));
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    wishes(&mut person, Wish::CameraAsInstalled);
    sees_desk(&mut person, "the camera of the configuration", |desk| {
        desk.said == Some(Said::AsInstalled) && !desk.is_camera_chosen
    });
    assert_eq!(person.seen.replay.as_deref(), Some(first.file.as_str()));
}

/// The technician hears a phrase without speech being on, sees the headset, and which texts the pack lacks.
#[test]
fn the_technician_hears_the_kiosk_and_sees_with_what_it_speaks() {
    let _alone = alone();
    let (clip, institution) = (clip(), Institution::found());
    let folder = institution.folder.path();
    let (pack, log, plug) = (
        folder.join("phrases.pack"),
        folder.join("said"),
        folder.join("plug"),
    );
    // A pack of a single phrase: that of a kiosk whose texts have changed since.
    let clips = [(
        speech::phrase::key(speech::Language::Ru, "Сканеры"),
        speech::clip::Clip::new(8_000, vec![100; 800]).unwrap(),
    )];
    speech::pack::write(&pack, [0; 32], &clips.into()).unwrap();
    let table = format!(
        "\n[speech]\npack = {pack:?}\nlog = {log:?}\nheadset = \"file:{}\"\nvolume = 4\nengine = []\n",
        plug.display()
    );
    let mut person = looked_after(&institution, &clip, &table);
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    wishes(
        &mut person,
        Wish::Show {
            page: DeskPage::Sound,
        },
    );
    let sound = sees_desk(&mut person, "what there is to speak with", |desk| {
        !desk.sound.languages.is_empty()
    })
    .sound;
    assert!(sound.is_set_up && !sound.has_device && !sound.has_headset);
    assert_eq!((sound.volume, sound.volumes, sound.engine.as_str()), (4, 10, ""));
    assert_eq!(sound.pack, Pack::Holds { phrases: 1 });
    let counts: Vec<_> = sound.languages.iter().map(|of| (of.language, of.found)).collect();
    assert_eq!(counts, [(Language::Kk, 0), (Language::Ru, 1), (Language::En, 0)]);
    assert!(
        sound
            .languages
            .iter()
            .all(|of| of.wanted > 500 && !of.is_synthesised)
    );
    assert_eq!(sound.trial, SoundTrial::Nothing);

    let plays = |person: &mut Person, language, text: &str, from| {
        let text = text.to_owned();
        wishes(person, Wish::TrySound { language, text });
        let played = SoundTrial::Played { from };
        sees_desk(person, "the end of the phrase", |desk| desk.sound.trial == played);
    };
    plays(&mut person, Language::Ru, "Сканеры", SoundFrom::Pack);
    plays(&mut person, Language::Kk, "Сканерлер", SoundFrom::Missing);
    std::fs::write(&plug, "1").unwrap();
    sees_desk(&mut person, "the headset", |desk| desk.sound.has_headset);
    // Who comes back to the page finds no trial of before.
    for page in [DeskPage::Overview, DeskPage::Sound] {
        wishes(&mut person, Wish::Show { page });
    }
    sees_desk(&mut person, "the page as at first", |desk| {
        desk.page == DeskPage::Sound && desk.sound.trial == SoundTrial::Nothing
    });
    drop(person);
    let said = std::fs::read_to_string(&log).unwrap();
    for line in [
        r#""language":"ru","text":"Сканеры","found":"pack","volume":4"#,
        r#""language":"kk","text":"Сканерлер","found":"missing","volume":4"#,
    ] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn a_kiosk_is_closed_for_maintenance_over_a_restart_and_opened_again() {
    let _alone = alone();
    let (clip, institution) = (clip(), Institution::found());
    let closed = |view: &ipc::View| {
        view.screen
            == Screen::OutOfService {
                code: ErrorCode::Maintenance,
            }
    };
    let mut person = looked_after(&institution, &clip, "");
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    wishes(&mut person, Wish::Maintain { closed: true });
    sees_desk(&mut person, "that it is closed", |desk| {
        desk.health.is_closed_for_maintenance
    });
    person.wants(Intent::Back);
    person.sees("the closed kiosk", closed);
    person.wants(Intent::Begin);
    drop(person);

    let mut person = looked_after(&institution, &clip, "");
    person.sees("the closed kiosk", closed);
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    wishes(&mut person, Wish::Maintain { closed: false });
    wishes(&mut person, Wish::Restart);
    person.sees("the welcome of the kiosk that started anew", |view| {
        view.screen == Screen::Welcome
    });
    drop(person);
    assert_eq!(audit(&institution, "SessionRefused code=Maintenance"), 1);
    assert_eq!(audit(&institution, "KioskStarted"), 3);
}

#[test]
fn the_self_test_tells_of_a_camera_that_was_pulled_and_of_one_that_came_back() {
    let _alone = alone();
    let (clip, institution) = (clip(), Institution::found());
    let plug = FaultHandle::new(CameraIdentity {
        name: "simulated".into(),
        bus_id: "simulated".into(),
        replay: true,
    });
    let policy = format!("{}{}", offered(&clip), codes(""));
    let mut person = institution.kiosk_with_plug(&clip, &policy, &plug);
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    let works = |desk: &Desk| state_of(desk, Part::Camera) == PartState::Works;
    sees_desk(&mut person, "that the camera works", works);
    plug.set(Fault::Disconnected);
    wishes(&mut person, Wish::TestAgain);
    sees_desk(&mut person, "that it is gone", |desk| {
        state_of(desk, Part::Camera) == PartState::Fails { why: Why::NotFound }
    });
    // The profile offers a way with people, so the kiosk serves.
    person.wants(Intent::Back);
    person.sees("the welcome", |view| view.screen == Screen::Welcome);
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    plug.set(Fault::None);
    wishes(&mut person, Wish::TestAgain);
    sees_desk(&mut person, "that it is back", works);
    drop(person);
    assert!(audit(&institution, " camera=fails:not-found ") > 0);
}

#[test]
fn a_camera_whose_test_breaks_is_one_that_fails() {
    let _alone = alone();
    let (clip, institution) = (clip(), Institution::found());
    let policy = format!("{}{}", offered(&clip), codes(""));
    let file = institution.kiosk_config(&clip, &policy, (1080, 1920));
    let camera = |_| panic!("a fault in the driver of the camera");
    let kiosk = Kiosk::start_with(Config::load(&file).unwrap(), Arc::new(camera)).unwrap();
    let mut person = Person::before(kiosk);
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    sees_desk(
        &mut person,
        "that the camera fails, and that the test is over",
        |desk| matches!(state_of(desk, Part::Camera), PartState::Fails { .. }) && !desk.health.is_testing,
    );
}

#[test]
fn a_kiosk_without_any_way_is_out_of_service_until_the_camera_is_back() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    // The same services, of which each wants the camera.
    let profile = std::fs::read_to_string(common::PROFILE).unwrap();
    let calendar = Path::new(common::PROFILE)
        .parent()
        .unwrap()
        .join("../../profiles/calendar-kz.toml");
    let with_people = "assisted = [\"video\", \"image-based\"]";
    assert!(profile.contains(with_people));
    let profile = profile
        .replace(with_people, "assisted = [\"image-based\"]")
        .replace("\"../../profiles/calendar-kz.toml\"", &format!("{calendar:?}"));
    let file = institution.folder.path().join("face-only.toml");
    std::fs::write(&file, face_only(&profile)).unwrap();
    institution.profile = file;
    let plug = FaultHandle::new(CameraIdentity {
        name: "simulated".into(),
        bus_id: "simulated".into(),
        replay: true,
    });
    plug.set(Fault::Disconnected);
    let mut person = institution.kiosk_with_plug(&clip, &offered(&clip), &plug);
    person.sees("that there is no way", |view| {
        view.screen
            == Screen::OutOfService {
                code: ErrorCode::Devices,
            }
    });
    plug.set(Fault::None);
    person.sees("the welcome", |view| view.screen == Screen::Welcome);
}

/// The profile up to its first service.
fn face_only(profile: &str) -> String {
    let mut services = profile.split("[[service]]");
    let (head, first) = (services.next().unwrap(), services.next().unwrap());
    format!("{head}[[service]]{first}")
}

#[test]
fn what_is_pending_is_written_to_the_medium() {
    let _alone = alone();
    let (clip, mut institution) = (clip(), Institution::found());
    let medium = tempfile::tempdir().unwrap();
    // Once, so that the kiosk knows to whom packages are sealed.
    institution.open_gateway();
    let rest = format!("export = {:?}", medium.path());
    let mut person = looked_after(&institution, &clip, &rest);
    person.sees("the line", |view| view.link == ipc::Link::Online);
    institution.close_gateway();
    // Once the camera looks, also who leaves leaves a record.
    person.goes_to_the_camera();
    person.sees("the camera", |view| matches!(view.screen, Screen::Face { .. }));
    person.wants(Intent::Cancel);
    person.sees_outcome(&[ipc::Outcome::Withdrawn]);
    person.wants(Intent::Finish);
    person.sees("the welcome", |view| {
        view.screen == Screen::Welcome && view.pending == 1
    });
    calls(&mut person);
    enters(&mut person, TECHNICIAN);
    wishes(
        &mut person,
        Wish::Show {
            page: DeskPage::Actions,
        },
    );
    wishes(&mut person, Wish::Export);
    let desk = sees_desk(&mut person, "what was written", |desk| desk.said.is_some());
    assert_eq!(desk.said, Some(Said::Exported { documents: 1 }));
    assert_eq!(desk.health.pending, 1);
    assert!(desk.can_export && !desk.can_print);
    let files: Vec<_> = std::fs::read_dir(medium.path()).unwrap().collect();
    assert_eq!(files.len(), 1);
}

/// Nobody stands at the desk any more, and nobody has touched it. The screen that attracts waits until then.
#[test]
fn the_desk_is_left_by_itself() {
    let _alone = alone();
    let (clip, institution) = (clip(), Institution::found());
    let policy = format!("{}\nidle_limit_ms = 30000{}", offered(&clip), codes(""));
    let file = institution.behaving(&clip, &policy, (1080, 1920), "attract_after_s = 1\n");
    let kiosk = Kiosk::start(Config::load(&file).unwrap()).unwrap();
    let (sender, views) = std::sync::mpsc::channel();
    kiosk.subscribe(move |view| drop(sender.send(view.clone())), |_| {});
    kiosk.intent(Intent::CallStaff);
    kiosk.intent(Intent::EnterStaffCode {
        code: Entered(TECHNICIAN.into()),
    });
    let (mut was_open, mut was_warned, mut was_left) = (false, false, false);
    loop {
        let view = views.recv_timeout(Duration::from_secs(60)).unwrap();
        match view.screen {
            Screen::Health { .. } => was_open = true,
            Screen::Welcome if was_open => was_left = true,
            Screen::Attract if was_open => break,
            _ => {}
        }
        was_warned |= view.idle_warning_s.is_some();
    }
    assert!(was_warned);
    assert!(was_left, "whoever comes now is greeted first");
}
