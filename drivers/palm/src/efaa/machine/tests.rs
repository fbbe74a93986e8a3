mod faults;
mod interleavings;

use std::fmt::Write;

use expect_test::{Expect, expect};

use super::*;
use crate::efaa::commands::{EnrolSingle, Enrolment, ListIds, Status, Verify, Version};
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
        "optional version" => Request::optional(&Version, Duration::from_millis(500)),
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
fn a_module_that_has_just_started_needs_no_reset() {
    // While nothing is under way.
    check(
        &[(0, READY), (100, "begin status"), (110, STANDBY)],
        expect![[r#"
            0 notice Restarted
            100 > 11
            110 answered by 11: ok
        "#]],
    );
    // While it is reset; it has lost the reset, or answers it after all.
    check(
        &[(0, "begin status"), (200, READY), (600, STANDBY)],
        expect![[r#"
            0 > 10
            500 > 11
            600 answered by 11: ok
        "#]],
    );
    check(
        &[(0, "begin status"), (200, READY), (226, RESET_OK), (600, STANDBY)],
        expect![[r#"
            0 > 10
            526 > 11
            600 answered by 11: ok
        "#]],
    );
    // Something is being ended, whose answer may come before that to the reset: it is waited for.
    check(
        &settled(&[
            (400, "begin enrol"),
            (900, "stop"),
            (905, READY),
            (910, "EF AA 00 00 05 1D 00 03 E9 00 F2"),
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
}

#[test]
fn a_module_that_is_starting_is_asked_again() {
    check(
        &[(0, "begin status"), (700, READY), (1200, STANDBY)],
        expect![[r#"
            0 > 10
            1000 > 11
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
            (1650, RESET_OK),
            (1651, READY),
            (1680, RESET_OK),
            (1681, READY),
            (1750, STANDBY),
        ],
        expect![[r#"
            0 > 10
            800 > 11
            1600 > 10
            1681 > 11
            1750 answered by 11: ok
        "#]],
    );
    check(
        &[
            (0, "begin status"),
            (1650, RESET_OK),
            (1651, READY),
            (2050, STANDBY),
        ],
        expect![[r#"
            0 > 10
            800 > 11
            1600 > 10
            1951 > 11
            2050 answered by 11: ok
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
            2210 status failed: Garbled
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
