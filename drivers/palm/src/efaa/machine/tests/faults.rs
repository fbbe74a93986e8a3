//! What the module does wrong.

use super::*;

#[test]
fn a_mute_module_is_silent_within_two_seconds() {
    check(
        &[(0, "begin verify"), (3000, "wait")],
        expect![[r#"
            0 > 10
            800 > 11
            1600 > 10
            1700 reset failed: Silent
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

/// The first time the capture is ordered again; from then on more time is left for it.
#[test]
fn a_module_may_take_long_to_say_ready_after_a_reset() {
    check(
        &[
            (0, "begin verify"),
            (26, RESET_OK),
            (826, READY),
            (900, NO_MATCH),
            (1000, "begin verify"),
            (1026, RESET_OK),
            (1826, READY),
            (2500, NO_MATCH),
        ],
        expect![[r#"
            0 > 10
            326 > 12
            826 > 12
            900 answered by 12: unknown user
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

/// A question is asked before anybody stands before the sensor, and learns it without harm.
#[test]
fn a_question_bears_a_late_ready() {
    check(
        &[
            (0, "begin status"),
            (26, RESET_OK),
            (800, READY),
            (810, STANDBY),
            (900, "reset"),
            (926, RESET_OK),
            (930, "begin verify"),
            (1700, READY),
            (2500, NO_MATCH),
        ],
        expect![[r#"
            0 > 10
            326 > 11
            810 answered by 11: ok
            900 > 10
            926 standby
            1700 > 12
            2500 answered by 12: unknown user
        "#]],
    );
    // It was a restart: the question is lost, and has failed soon.
    check(
        &[(0, "begin list"), (26, RESET_OK), (800, READY), (3000, "wait")],
        expect![[r#"
            0 > 10
            326 > 24
            2340 list failed: Silent
        "#]],
    );
    // Without a reset before it, it is one.
    check(
        &settled(&[(2000, "begin list"), (2500, READY)]),
        expect![[r#"
        0 > 10
        30 standby
        2000 > 24
        2500 list failed: Restarted
    "#]],
    );
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
            805 > 11
            1005 reset failed: Garbled
            1805 notice Fault("what comes in is no message of its protocol")
            2605 notice Fault("what comes in is no message of its protocol")
            3405 notice Fault("what comes in is no message of its protocol")
        "#]],
    );
    check(
        &noisy(405, &settled(&[(400, "begin verify")])),
        expect![[r#"
            0 > 10
            30 standby
            400 > 12
            1405 verify failed: Garbled
            2205 notice Fault("what comes in is no message of its protocol")
            3005 notice Fault("what comes in is no message of its protocol")
            3805 notice Fault("what comes in is no message of its protocol")
        "#]],
    );
}

/// Nobody who listens has to wait for the next question to find out.
#[test]
fn rubbish_while_idle_is_a_notice() {
    let noise = ["5A"; 63].join(" ");
    let frame_and_noise = format!("{HAND_OK} {noise}");
    check(
        &settled(&[
            (400, &noise),
            (450, "5A 5A"),
            // Counted anew, and taken back by a frame.
            (500, &noise),
            (550, &frame_and_noise),
            (600, &noise),
            (650, "5A 5A"),
            // A question has its own answer to it.
            (700, &noise),
            (750, "begin status"),
            (760, "5A 5A"),
            (770, STANDBY),
            (780, &noise),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            450 notice Fault("what comes in is no message of its protocol")
            550 notice Hand(InPlace)
            650 notice Fault("what comes in is no message of its protocol")
            750 > 11
            770 answered by 11: ok
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

/// Its first reset says nothing, but its status does.
#[test]
fn a_module_that_knows_no_reset_is_settled_by_its_status() {
    const REFUSED: &str = "EF AA 00 00 02 10 01 13";
    const BUSY: &str = "EF AA 00 00 03 11 00 01 13";
    check(
        &[
            (0, "begin list"),
            (810, STANDBY),
            (1150, "EF AA 00 00 03 24 00 00 27"),
            (2000, "reset"),
            (2010, STANDBY),
        ],
        expect![[r#"
            0 > 10
            800 > 11
            1110 > 24
            1150 answered by 24: ok
            2000 > 10
            2000 > 11
            2010 standby
        "#]],
    );
    check(
        &[(0, "reset"), (20, REFUSED), (40, STANDBY)],
        expect![[r#"
        0 > 10
        20 > 11
        40 standby
    "#]],
    );
    // It is at work, and will not stop.
    check(
        &[(0, "reset"), (20, REFUSED), (40, BUSY), (3000, "wait")],
        expect![[r#"
            0 > 10
            20 > 11
            800 > 10
            1600 > 10
            1700 reset failed: Refused(ResultCode(1: rejected))
        "#]],
    );
    check(
        &[(0, "reset"), (810, BUSY), (3000, "wait")],
        expect![[r#"
            0 > 10
            800 > 11
            1610 > 10
            1710 reset failed: Silent
        "#]],
    );
    // The status that was asked for before the reset says nothing about what came after it.
    check(
        &settled(&[
            (400, "begin status"),
            (3000, "reset"),
            (3810, STANDBY),
            (3900, STANDBY),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 11
            2200 status failed: Silent
            3000 > 10
            3800 > 11
            3900 standby
        "#]],
    );
}

#[test]
fn a_capture_of_which_nothing_was_heard_is_ordered_again_after_a_late_ready() {
    for late in [430, 926] {
        let late = (late, READY);
        let begun = [(0, "begin verify"), (26, RESET_OK)];
        let after = |rest: &[(u64, &'static str)]| [&begun, rest].concat();
        // The first one may say that it was aborted, and nothing is left over for the next.
        let script = after(&[
            late,
            (1000, ABORTED),
            (2000, NO_MATCH),
            (2010, "begin verify"),
            (2030, RESET_OK),
        ]);
        let text = play(Purpose::FacesAndPalms, &script);
        assert_eq!(text.matches("> 12").count(), 2, "{text}");
        assert!(
            text.contains("2000 answered by 12: unknown user\n2010 > 10\n"),
            "{text}"
        );
        // Something was heard of it: this is a restart.
        for heard in [HAND_OK, "EF AA 00 00 03 14 00 32 25"] {
            let text = play(Purpose::FacesAndPalms, &after(&[(400, heard), late]));
            assert!(text.ends_with("verify failed: Restarted\n"), "{text}");
        }
        // So is the second one, and one that comes late.
        let text = play(Purpose::FacesAndPalms, &after(&[late, (1100, READY)]));
        assert!(text.ends_with("1100 verify failed: Restarted\n"), "{text}");
    }
    check(
        &[(0, "begin verify"), (26, RESET_OK), (1300, READY)],
        expect![[r#"
        0 > 10
        326 > 12
        1300 verify failed: Restarted
    "#]],
    );
}

#[test]
fn a_capture_that_an_earlier_process_began_ends_on_its_own() {
    check(
        &[
            (0, "begin verify"),
            (26, RESET_OK),
            (500, ABORTED),
            (700, ABORTED),
        ],
        expect![[r#"
            0 > 10
            326 > 12
            700 answered by 12: aborted
        "#]],
    );
    // Not after something was heard of this one, and not later.
    check(
        &[
            (0, "begin verify"),
            (26, RESET_OK),
            (400, HAND_OK),
            (500, ABORTED),
        ],
        expect![[r#"
            0 > 10
            326 > 12
            400 hand InPlace
            500 answered by 12: aborted
        "#]],
    );
    check(
        &[(0, "begin verify"), (26, RESET_OK), (1100, ABORTED)],
        expect![[r#"
            0 > 10
            326 > 12
            1100 answered by 12: aborted
        "#]],
    );
}

#[test]
fn what_is_optional_may_stay_unanswered() {
    check(
        &settled(&[
            (400, "begin optional version"),
            // No reset is needed.
            (1000, "begin status"),
            (1010, "EF AA 00 00 02 30 00 32"),
            (1020, STANDBY),
        ]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 30
            900 version failed: Silent
            1000 > 11
            1020 answered by 11: ok
        "#]],
    );
}

#[test]
fn an_answer_whose_bytes_keep_coming_is_waited_for() {
    let version = ["EF AA", "00 00", "08 30", "00 76", "31 2E", "30 2E", "31 7E"];
    let mut script = settled(&[(400, "begin optional version")]);
    script.extend((750..).step_by(40).zip(version));
    check(
        &script,
        expect![[r#"
        0 > 10
        30 standby
        400 > 30
        990 answered by 30: ok
    "#]],
    );
    // Not for ever.
    let mut script = settled(&[(400, "begin optional version"), (410, "EF AA 00 00 F0")]);
    script.extend((500..6000).step_by(100).map(|at| (at, "01 01")));
    check(
        &script,
        expect![[r#"
        0 > 10
        30 standby
        400 > 30
        3900 version failed: Garbled
    "#]],
    );
}

#[test]
fn a_list_may_be_long() {
    let mut data = vec![0x24, 0, 1, 44];
    data.extend((501u16..801).flat_map(u16::to_be_bytes));
    let frame = Frame::from_data(0, data).unwrap().encode();
    let text: Vec<String> = frame.iter().map(|byte| format!("{byte:02X}")).collect();
    let long = text.join(" ");
    check(
        &settled(&[(400, "begin list"), (450, &long)]),
        expect![[r#"
        0 > 10
        30 standby
        400 > 24
        450 answered by 24: ok
    "#]],
    );
    check(
        &settled(&[(400, "begin status"), (450, &long), (460, STANDBY)]),
        expect![[r#"
            0 > 10
            30 standby
            400 > 11
            460 answered by 11: ok
        "#]],
    );
}
