use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::efaa::commands::{EnrolSingle, Enrolment, ListIds, Status, Verify};
use crate::efaa::protocol::Frame;

const STEP: Duration = Duration::from_millis(20);

const RESET_OK: &str = "EF AA 00 00 02 10 00 12";
const READY: &str = "EF AA 01 00 01 00 00";
const STANDBY: &str = "EF AA 00 00 03 11 00 00 12";
const NO_MATCH: &str = "EF AA 00 00 02 12 08 18";
const ABORTED: &str = "EF AA 00 00 02 12 02 12";
const HAND_OK: &str = "EF AA 01 00 11 01 80 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 99";
const PROGRESS: &str = "EF AA 00 00 03 1D 00 32 2C";

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn request(name: &str) -> Request {
    let enrolment = Enrolment {
        tag: "s-81f2",
        admin: false,
        limit_s: 3,
    };
    match name {
        "status" => Request::new(&Status, &[], None),
        "list" => Request::new(&ListIds::Plain, &[], None),
        "verify" => Request::new(&Verify { limit_s: 3 }, &[0x70], None),
        "enrol" => Request::new(&EnrolSingle(enrolment), &[], None),
        "progress" => Request::new(&EnrolProgress, &[], None),
        "hurried status" => Request::new(&Status, &[], Some(Duration::from_millis(700))),
        other => panic!("{other}"),
    }
}

fn said(output: &Output) -> String {
    match output {
        Output::Send(frame) => format!("> {:02X}", frame.message()),
        Output::Hand(position) => format!("hand {position:?}"),
        Output::Notice(notice) => format!("notice {notice:?}"),
        Output::Ended(Ended::Reply(reply)) => format!("answered by {:02X}: {}", reply.message, reply.result),
        Output::Ended(Ended::Stopped(Some(reply))) => format!("stopped, crossed by {:02X}", reply.message),
        Output::Ended(Ended::Stopped(None)) => "stopped".to_owned(),
        Output::Ended(Ended::Standby) => "standby".to_owned(),
        Output::Ended(Ended::Failed { command, failure }) => format!("{command} failed: {failure:?}"),
    }
}

/// Plays a script, one line for each event: milliseconds, then `begin <command>`, `reset`, `stop`, `wait`, or the bytes
/// that come in. Time passes in steps, as with a port that is read in slices.
fn play(purpose: Purpose, script: &[(u64, &str)]) -> String {
    let mut session = Session::new(purpose);
    let mut now = Duration::ZERO;
    let mut text = String::new();
    let mut tell = |at: Duration, outputs: &[Output]| {
        for output in outputs {
            writeln!(text, "{} {}", at.as_millis(), said(output)).unwrap();
        }
    };
    for (at, event) in script {
        let at = Duration::from_millis(*at);
        while now + STEP < at {
            now += STEP;
            tell(now, &session.handle(now, Input::Bytes(&[])));
        }
        now = at;
        let outputs = match event.split_once(' ') {
            Some(("begin", name)) => session.handle(now, Input::Begin(request(name))),
            Some(_) => session.handle(now, Input::Bytes(&hex(event))),
            None if *event == "reset" => session.handle(now, Input::Reset),
            None if *event == "stop" => session.handle(now, Input::Stop),
            None => session.handle(now, Input::Bytes(&[])),
        };
        tell(now, &outputs);
    }
    text
}

fn check(script: &[(u64, &str)], expect: Expect) {
    expect.assert_eq(&play(Purpose::FacesAndPalms, script));
}

/// A script that begins with a module that has just been brought to standby.
fn settled<'a>(rest: &[(u64, &'a str)]) -> Vec<(u64, &'a str)> {
    let mut script = vec![(0, "reset"), (30, RESET_OK), (31, READY)];
    script.extend(rest);
    script
}

#[test]
fn the_first_command_brings_the_module_to_standby() {
    check(
        &[(0, "begin status"), (26, RESET_OK), (500, STANDBY)],
        expect![[r#"
            0 > 10
            326 > 11
            500 answered by 11: ok
        "#]],
    );
    // A READY that follows the reset need not be waited for any longer.
    check(
        &[(0, "begin status"), (26, RESET_OK), (30, READY), (50, STANDBY)],
        expect![[r#"
            0 > 10
            30 > 11
            50 answered by 11: ok
        "#]],
    );
}

#[test]
fn an_idle_module_is_asked_at_once() {
    check(
        &settled(&[
            (400, "begin status"),
            (410, STANDBY),
            (420, "begin verify"),
            (900, HAND_OK),
            (950, NO_MATCH),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 11
            410 answered by 11: ok
            420 > 12
            900 hand InPlace
            950 answered by 12: unknown user
        "#]],
    );
}

#[test]
fn a_module_that_is_starting_is_asked_again() {
    check(
        &[
            (0, "begin status"),
            (700, READY),
            (830, RESET_OK),
            (1200, STANDBY),
        ],
        expect![[r#"
            0 > 10
            500 > 10
            800 > 10
            1130 > 11
            1200 answered by 11: ok
        "#]],
    );
}

/// It had started just before it was asked, or answers slowly: no answer and no READY of a reset is left over for the
/// command.
#[test]
fn every_reset_may_be_answered() {
    check(
        &[
            (0, "begin status"),
            (5, READY),
            (26, RESET_OK),
            (30, READY),
            (50, STANDBY),
        ],
        expect![[r#"
            0 > 10
            30 > 11
            50 answered by 11: ok
        "#]],
    );
    check(
        &[
            (0, "begin status"),
            (600, RESET_OK),
            (601, READY),
            (650, RESET_OK),
            (651, READY),
            (700, STANDBY),
        ],
        expect![[r#"
            0 > 10
            500 > 10
            651 > 11
            700 answered by 11: ok
        "#]],
    );
    check(
        &[
            (0, "begin status"),
            (600, RESET_OK),
            (601, READY),
            (1000, STANDBY),
        ],
        expect![[r#"
            0 > 10
            500 > 10
            901 > 11
            1000 answered by 11: ok
        "#]],
    );
}

#[test]
fn a_mute_module_is_silent_within_two_seconds() {
    check(
        &[(0, "begin verify"), (3000, "wait")],
        expect![[r#"
            0 > 10
            500 > 10
            1000 > 10
            1500 reset failed: Silent
        "#]],
    );
    check(
        &settled(&[(400, "begin list"), (3000, "wait")]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 24
            2400 list failed: Silent
        "#]],
    );
    check(
        &settled(&[(400, "begin hurried status"), (3000, "wait")]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 11
            700 status failed: Silent
        "#]],
    );
}

#[test]
fn after_a_fault_the_module_is_reset_before_the_next_command() {
    check(
        &settled(&[
            (400, "begin list"),
            (3000, "begin status"),
            // The answer to the list comes late, and then that to the reset.
            (3010, "EF AA 00 00 03 24 00 00 27"),
            (3020, RESET_OK),
            (3021, READY),
            (3030, STANDBY),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 24
            2400 list failed: Silent
            3000 > 10
            3021 > 11
            3030 answered by 11: ok
        "#]],
    );
}

#[test]
fn only_the_reply_that_names_the_command_answers_it() {
    check(
        &settled(&[
            (400, "begin status"),
            (410, NO_MATCH),
            (420, RESET_OK),
            (430, STANDBY),
            (440, NO_MATCH),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 11
            430 answered by 11: ok
        "#]],
    );
    check(
        &settled(&[(400, "begin status"), (410, NO_MATCH), (3000, "wait")]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 11
            2410 status failed: Garbled
        "#]],
    );
}

#[test]
fn progress_is_no_answer_unless_it_was_asked_for() {
    let progress = "EF AA 00 00 03 14 00 32 25";
    check(
        &settled(&[
            (400, "begin enrol"),
            (500, progress),
            (900, PROGRESS),
            (1000, "begin progress"),
            (1010, progress),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 1D
            900 answered by 1D: ok
            1000 > 14
            1010 answered by 14: ok
        "#]],
    );
    // A command that fails after progress alone has heard nothing wrong.
    check(
        &settled(&[(400, "begin enrol"), (500, progress), (8500, "wait")]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 1D
            8400 enrol failed: Silent
        "#]],
    );
}

#[test]
fn a_reply_of_another_kind_answers_where_it_may() {
    check(
        &settled(&[(400, "begin verify"), (900, "EF AA 00 00 04 70 00 41 42 77")]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 12
            900 answered by 70: ok
        "#]],
    );
}

#[test]
fn stopping_is_a_reset_and_has_one_end() {
    check(
        &settled(&[
            (400, "begin verify"),
            (900, "stop"),
            (926, RESET_OK),
            (930, READY),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 12
            900 > 10
            926 stopped
        "#]],
    );
    // A reply that crossed the order is handed over: what it stored must go again.
    check(
        &settled(&[
            (400, "begin enrol"),
            (900, "stop"),
            (905, "EF AA 00 00 05 1D 00 03 E9 00 F2"),
            (926, RESET_OK),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 1D
            900 > 10
            926 stopped, crossed by 1D
        "#]],
    );
    // While the module is only being brought to standby, nothing has to be ended.
    check(
        &[(0, "begin verify"), (10, "stop"), (26, RESET_OK), (500, "wait")],
        expect![[r#"
            0 > 10
            26 stopped
        "#]],
    );
    check(
        &[(0, "begin verify"), (26, RESET_OK), (40, "stop"), (500, "wait")],
        expect![[r#"
            0 > 10
            40 stopped
        "#]],
    );
    check(&[(0, "stop")], expect![[""]]);
}

#[test]
fn a_capture_that_was_stopped_may_say_so_later() {
    check(
        &settled(&[
            (400, "begin verify"),
            (900, "stop"),
            (926, RESET_OK),
            (930, READY),
            (940, "begin verify"),
            // Of the first one.
            (1000, ABORTED),
            // Of the second one: some other hand on the line.
            (1300, ABORTED),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 12
            900 > 10
            926 stopped
            940 > 12
            1300 answered by 12: aborted
        "#]],
    );
}

#[test]
fn a_command_that_pre_empts_another_ends_it() {
    check(
        &settled(&[
            (400, "begin verify"),
            (900, "begin status"),
            (910, ABORTED),
            (926, RESET_OK),
            (930, READY),
            (950, STANDBY),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 12
            900 stopped
            900 > 10
            930 > 11
            950 answered by 11: ok
        "#]],
    );
}

#[test]
fn a_restart_ends_the_command() {
    check(
        &settled(&[
            (2000, "begin verify"),
            (2500, READY),
            (2600, "begin status"),
            (2630, RESET_OK),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            2000 > 12
            2500 verify failed: Restarted
            2600 > 10
        "#]],
    );
    check(
        &settled(&[(2000, READY)]),
        expect![[r#"
            0 > 10
            30 standby
            2000 notice Restarted
        "#]],
    );
}

/// The first time it looks like a restart; from then on more time is left for it.
#[test]
fn a_module_may_take_long_to_say_ready_after_a_reset() {
    check(
        &[
            (0, "begin verify"),
            (26, RESET_OK),
            (826, READY),
            (1000, "begin verify"),
            (1026, RESET_OK),
            (1826, READY),
            (2500, NO_MATCH),
        ],
        expect![[r#"
            0 > 10
            326 > 12
            826 verify failed: Restarted
            1000 > 10
            1826 > 12
            2500 answered by 12: unknown user
        "#]],
    );
}

#[test]
fn a_module_that_will_not_stand_by_is_at_fault() {
    check(
        &[(0, "begin verify"), (26, "EF AA 00 00 02 10 05 17")],
        expect![[r#"
            0 > 10
            26 reset failed: Refused(ResultCode(5: unknown error))
        "#]],
    );
}

#[test]
fn the_rest_of_a_half_frame_is_not_waited_for() {
    // The length of what broke off reaches over the answer behind it.
    check(
        &settled(&[
            (400, "begin status"),
            (410, "EF AA 00 00 40 11 00"),
            (430, STANDBY),
            (1000, "wait"),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 11
            650 answered by 11: ok
        "#]],
    );
    // Also where nobody looked in between.
    check(
        &settled(&[
            (400, "begin status"),
            (410, "EF AA 00 00 40 11 00"),
            (430, STANDBY),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 11
        "#]],
    );
}

#[test]
fn notes_are_told_whenever_they_come() {
    check(
        &settled(&[
            (400, HAND_OK),
            (500, "EF AA 01 00 01 08 08"),
            (600, "begin verify"),
            (700, HAND_OK),
            (800, "EF AA 01 00 01 02 02"),
            (900, NO_MATCH),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 notice Hand(InPlace)
            500 notice Fault("the licence of the module was not accepted")
            600 > 12
            700 hand InPlace
            800 notice Fault("the module reports an unknown error")
            900 answered by 12: unknown user
        "#]],
    );
}

#[test]
fn a_module_for_palms_says_where_the_palm_is_in_its_own_note() {
    let script = settled(&[(400, "begin verify"), (500, "EF AA 01 00 03 04 06 00 00")]);
    expect![[r#"
        0 > 10
        30 standby
        400 > 12
        500 hand TooFar
    "#]]
    .assert_eq(&play(Purpose::Palms, &script));
}

/// As from a thermometer on the wrong port, or a module of another speed.
#[test]
fn rubbish_without_end_is_named_within_a_second() {
    let noisy = |from: u64, events: &[(u64, &'static str)]| {
        let mut script: Vec<(u64, &str)> = events.to_vec();
        script.extend(
            (from..4000)
                .step_by(100)
                .map(|at| (at, "5A 5A 45 04 0C 80 09 C4 56")),
        );
        script.sort_by_key(|(at, _)| *at);
        script
    };
    check(
        &noisy(5, &[(0, "begin verify")]),
        expect![[r#"
            0 > 10
            505 > 10
            1005 reset failed: Garbled
        "#]],
    );
    check(
        &noisy(405, &settled(&[(400, "begin verify")])),
        expect![[r#"
            0 > 10
            30 standby
            400 > 12
            1405 verify failed: Garbled
        "#]],
    );
}

/// Junk before frames is ridden out, however much of it.
#[test]
fn rubbish_between_valid_frames_is_ridden_out() {
    let mut script = settled(&[(400, "begin verify")]);
    for round in 0..5 {
        let at = 500 + 600 * round;
        script.extend([(at, "00 EF EF AA FF"), (at + 500, HAND_OK)]);
    }
    script.push((3600, NO_MATCH));
    check(
        &script,
        expect![[r#"
            0 > 10
            30 standby
            400 > 12
            1000 hand InPlace
            1600 hand InPlace
            2200 hand InPlace
            2800 hand InPlace
            3400 hand InPlace
            3600 answered by 12: unknown user
        "#]],
    );
}

#[test]
fn debug_of_what_ends_hides_the_payload() {
    let reply = Reply {
        message: 0x12,
        result: ResultCode::OK,
        payload: b"s-81f2".to_vec(),
    };
    let shown = format!("{:?} {:?}", Output::Ended(Ended::Reply(reply)), request("enrol"));
    assert!(!shown.contains("s-81f2") && !shown.contains("115, 45"), "{shown}");
}

/// What can happen to a session, in any order.
#[derive(Debug, Clone)]
enum Event {
    Begin(&'static str),
    Reset,
    Stop,
    Frame(u8, Vec<u8>),
    Bytes(Vec<u8>),
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let command = prop::sample::select(vec!["status", "list", "verify", "enrol", "progress"]);
    let message = prop::sample::select(vec![0x10u8, 0x11, 0x12, 0x14, 0x1D, 0x24, 0x70, 0x99]);
    let result = prop::sample::select(vec![0u8, 0, 1, 2, 8, 13, 14]);
    prop_oneof![
        3 => command.prop_map(Event::Begin),
        1 => Just(Event::Reset),
        1 => Just(Event::Stop),
        6 => (message, result, prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(message, result, rest)| {
            Event::Frame(0, [&[message, result], rest.as_slice()].concat())
        }),
        1 => Just(Event::Frame(1, vec![0])),
        1 => any::<u8>().prop_map(|state| Event::Frame(1, vec![1, state, 0])),
        1 => prop::collection::vec(any::<u8>(), 0..30).prop_map(Event::Bytes),
        2 => (0u64..700).prop_map(Event::Wait),
    ]
}

proptest! {
    /// Whatever comes in whatever order: no panic, one end for each beginning, and an answer is always a reply to the
    /// very command that waits, which came after that command was sent.
    #[test]
    fn every_command_has_one_end_and_its_own_answer(events in prop::collection::vec(event(), 0..60)) {
        let mut session = Session::new(Purpose::FacesAndPalms);
        let mut now = Duration::ZERO;
        let mut under_way: Option<Option<Request>> = None;
        let mut sent = false;
        let mut heard: Vec<u8> = Vec::new();
        let wait_out = vec![Event::Wait(12_000)];
        for event in events.into_iter().chain(wait_out) {
            let mut rounds = 1;
            let bytes = match &event {
                Event::Frame(kind, data) => Frame::from_data(*kind, data.clone()).unwrap().encode(),
                Event::Bytes(bytes) => bytes.clone(),
                Event::Wait(ms) => {
                    rounds = ms / 20 + 1;
                    Vec::new()
                }
                _ => Vec::new(),
            };
            for _ in 0..rounds {
                now += STEP;
                let before = under_way.clone();
                let input = match &event {
                    Event::Begin(name) => {
                        under_way = Some(Some(request(name)));
                        Input::Begin(request(name))
                    }
                    Event::Reset => {
                        under_way = Some(None);
                        Input::Reset
                    }
                    Event::Stop => Input::Stop,
                    _ => Input::Bytes(&bytes),
                };
                let begins = matches!(input, Input::Begin(_) | Input::Reset);
                let mut ended_before = begins && before.is_some();
                if begins {
                    sent = false;
                    heard.clear();
                }
                if let Event::Frame(0, data) = &event {
                    heard.extend(data.first());
                }
                for output in session.handle(now, input) {
                    match output {
                        Output::Send(frame) => {
                            let own = under_way.iter().flatten().any(|request| request.frame == frame);
                            prop_assert!(own || frame == Reset.to_frame());
                            if own {
                                sent = true;
                                heard.clear();
                            }
                        }
                        Output::Ended(Ended::Stopped(None)) if ended_before => ended_before = false,
                        Output::Ended(ended) => {
                            let ending = under_way.take();
                            prop_assert!(ending.is_some(), "ended without a beginning: {:?}", ended);
                            let request = ending.flatten();
                            match ended {
                                Ended::Reply(reply) => {
                                    prop_assert!(sent);
                                    prop_assert!(request.unwrap().answers.contains(&reply.message));
                                }
                                Ended::Standby => prop_assert!(request.is_none()),
                                Ended::Stopped(_) | Ended::Failed { .. } => {}
                            }
                        }
                        Output::Hand(_) => prop_assert!(sent),
                        Output::Notice(_) => {}
                    }
                }
                prop_assert!(!ended_before, "what was pre-empted has ended");
            }
        }
        prop_assert!(under_way.is_none(), "left alone, every command ends");
    }
}
