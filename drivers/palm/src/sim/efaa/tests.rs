use proptest::prelude::*;

use super::*;

const TICK: Duration = Duration::from_millis(10);

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn module(dialect: &'static Dialect, faults: &[&str], enrolled: &[&str]) -> EfAa {
    let mut module = EfAa::new(
        dialect,
        &SimSettings {
            seed: 7,
            faults: faults.iter().map(|name| name.parse().unwrap()).collect(),
            note_interval: TICK,
            enrolled: enrolled.iter().map(|tag| (*tag).to_owned()).collect(),
            ..SimSettings::default()
        },
    );
    module.start(Duration::ZERO);
    module
}

/// Sends each request, lets everything happen that follows, and collects all that is said.
fn talk(module: &mut EfAa, requests: &[&str]) -> Vec<Output> {
    let mut said = module.step(module.now, &[]);
    for request in requests {
        said.extend(module.step(module.now, &hex(request)));
        while let Some(next) = module.deadline() {
            said.extend(module.step(next, &[]));
        }
    }
    said
}

const READY: &str = "EF AA 01 00 01 00 00";

/// Without the notes, of which the seed decides one.
fn check(dialect: &'static Dialect, faults: &[&str], requests: &[&str], expect: &[&str]) {
    let mut module = module(dialect, faults, &["aigerim"]);
    let mut said = talk(&mut module, requests);
    said.retain(|output| !matches!(output, Output::Bytes(bytes) if bytes.get(2) == Some(&1)));
    let expect: Vec<Output> = expect.iter().map(|frame| Output::Bytes(hex(frame))).collect();
    assert_eq!(said, expect, "{faults:?} {requests:?}");
}

const RESET: &str = "EF AA 10 00 00 10";
const VERIFY: &str = "EF AA 12 00 02 00 0A 1A";

fn name() -> String {
    "61 69 67 65 72 69 6D".to_owned() + &" 00".repeat(25)
}

#[test]
fn starts_with_ready() {
    let said = talk(&mut module(&AI10, &[], &[]), &[]);
    assert_eq!(said, [Output::Bytes(hex(READY))]);
}

#[test]
fn says_what_the_tables_say() {
    for dialect in [&AI10, &XST, &FP] {
        let check = |request: &str, expect: &[&str]| check(dialect, &[], &[request], expect);
        check(RESET, &["EF AA 00 00 02 10 00 12"]);
        check("EF AA 11 00 00 11", &["EF AA 00 00 03 11 00 00 12"]);
        check("EF AA 10 00 00 11", &[]);
        check("EF EF AA 10 00 00 10", &["EF AA 00 00 02 10 00 12"]);
        check(
            "00 EF AA 10 FF FF EF AA 10 00 00 10",
            &["EF AA 00 00 02 10 00 12"],
        );
        // Skipping the comparison, and the key for ever.
        check("EF AA FE 00 01 01 FE", &["EF AA 00 00 02 FE 01 FD"]);
        check("EF AA 52 00 00 52", &["EF AA 00 00 02 52 01 51"]);
        // Known, with fields that do not fit.
        check("EF AA 12 00 01 00 13", &["EF AA 00 00 02 12 06 16"]);
    }
}

#[test]
fn each_dialect_has_its_own_ids_and_lists() {
    check(
        &AI10,
        &[],
        &["EF AA 24 00 01 00 25"],
        &["EF AA 00 00 05 24 00 01 03 E9 CA"],
    );
    check(
        &XST,
        &[],
        &["EF AA 24 00 00 24"],
        &["EF AA 00 00 05 24 00 01 00 01 21"],
    );
    check(
        &FP,
        &[],
        &["EF AA 24 00 01 00 25"],
        &["EF AA 00 00 06 24 00 00 01 01 F5 D7"],
    );
    check(
        &FP,
        &[],
        &["EF AA 24 00 01 01 24"],
        &["EF AA 00 00 04 24 00 00 00 20"],
    );
    check(
        &FP,
        &[],
        &["EF AA 24 00 01 02 27"],
        &["EF AA 00 00 06 24 00 00 01 01 F5 D7"],
    );
    check(
        &AI10,
        &["count-u16"],
        &["EF AA 24 00 00 24"],
        &["EF AA 00 00 06 24 00 00 01 03 E9 C9"],
    );
    check(
        &FP,
        &["count-u8"],
        &["EF AA 24 00 00 24"],
        &["EF AA 00 00 05 24 00 01 01 F5 D4"],
    );
}

#[test]
fn finds_who_is_enrolled() {
    let found = |id: &str, check: &str| format!("EF AA 00 00 26 12 00 {id} {} 00 FA {check}", name());
    check(&AI10, &[], &[VERIFY], &[&found("03 E9", "58")]);
    check(&XST, &[], &[VERIFY], &[&found("00 01", "B3")]);
    check(&FP, &[], &[VERIFY], &[&found("01 F5", "46")]);
    check(&AI10, &["no-match"], &[VERIFY], &["EF AA 00 00 02 12 08 18"]);
    check(&AI10, &["liveness"], &[VERIFY], &["EF AA 00 00 02 12 0C 1C"]);
    check(&AI10, &["nobody"], &[VERIFY], &["EF AA 00 00 02 12 0D 1D"]);
    check(&AI10, &["result=1"], &[VERIFY], &["EF AA 00 00 02 12 01 11"]);
    check(
        &XST,
        &["face"],
        &[VERIFY],
        // A module for palms alone does not see a face.
        &["EF AA 00 00 02 12 0D 1D"],
    );
}

#[test]
fn each_dialect_enrols_with_its_own_command() {
    let single = format!("EF AA 1D 00 23 00 {} 00 05 47", name());
    check(&AI10, &[], &[&single], &["EF AA 00 00 05 1D 00 03 EA 00 F1"]);
    check(&XST, &[], &[&single], &["EF AA 00 00 05 1D 00 00 02 00 1A"]);
    check(&FP, &[], &[&single], &["EF AA 00 00 02 1D 01 1E"]);
    let palm = format!("EF AA 26 00 28 00 {} FD 01 00 0A 00 00 00 84", name());
    check(&FP, &[], &[&palm], &["EF AA 00 00 05 26 00 01 F6 FD 29"]);
    let face = format!("EF AA 26 00 28 00 {} 00 01 00 0A 00 00 00 79", name());
    check(&FP, &[], &[&face], &["EF AA 00 00 05 26 00 00 01 00 22"]);
    check(&AI10, &["full"], &[&single], &["EF AA 00 00 02 1D 09 16"]);
    let chosen = format!("EF AA 1E 00 25 00 00 07 {} 00 05 45", name());
    check(&XST, &[], &[&chosen], &["EF AA 00 00 05 1E 00 00 07 00 1C"]);
    let long = format!("EF AA 1F 00 27 00 00 00 00 07 {} 00 05 46", name());
    check(&XST, &[], &[&long], &["EF AA 00 00 07 1F 00 00 00 00 07 00 1F"]);
    let taken = format!("EF AA 1E 00 25 00 00 01 {} 00 05 43", name());
    check(&XST, &[], &[&taken], &["EF AA 00 00 02 1E 0A 16"]);
}

#[test]
fn name_and_rank_are_kept() {
    let water = "77 61 74 65 72".to_owned() + &" 00".repeat(27);
    let enrol = format!("EF AA 1D 00 23 01 {water} 00 0A 40");
    let info = format!("EF AA 00 00 25 22 00 00 02 {water} 01 71");
    check(
        &XST,
        &[],
        &[&enrol, "EF AA 22 00 02 00 02 22"],
        &["EF AA 00 00 05 1D 00 00 02 00 1A", &info],
    );
    // A name may fill its field.
    let full = "41 ".repeat(32);
    let enrol = format!("EF AA 1D 00 23 00 {full} 00 05 3B");
    let info = format!("EF AA 00 00 25 22 00 00 02 {full} 00 05");
    check(
        &XST,
        &[],
        &[&enrol, "EF AA 22 00 02 00 02 22"],
        &["EF AA 00 00 05 1D 00 00 02 00 1A", &info],
    );
}

#[test]
fn deletes() {
    check(
        &AI10,
        &[],
        &["EF AA 20 00 02 03 E9 C8"],
        &["EF AA 00 00 02 20 00 22"],
    );
    check(
        &AI10,
        &[],
        &["EF AA 20 00 02 03 EA CB"],
        &["EF AA 00 00 02 20 08 2A"],
    );
    check(
        &FP,
        &[],
        &["EF AA 80 00 03 01 F5 01 76"],
        &["EF AA 00 00 02 80 00 82"],
    );
    check(
        &FP,
        &[],
        &["EF AA 21 00 05 00 00 00 00 00 24"],
        &["EF AA 00 00 02 21 00 23"],
    );
    check(
        &AI10,
        &[],
        &["EF AA 21 00 00 21", "EF AA 24 00 00 24", VERIFY],
        &[
            "EF AA 00 00 02 21 00 23",
            "EF AA 00 00 03 24 00 00 27",
            "EF AA 00 00 02 12 08 18",
        ],
    );
    check(
        &AI10,
        &[],
        &["EF AA 22 00 02 03 EA C9"],
        &["EF AA 00 00 02 22 08 28"],
    );
}

#[test]
fn notes_tell_where_the_hand_is() {
    let said = talk(&mut module(&AI10, &[], &["aigerim"]), &[VERIFY]);
    let in_place = "EF AA 01 00 11 01 80 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 99";
    assert_eq!(said[3], Output::Bytes(hex(in_place)));
    let said = talk(&mut module(&XST, &[], &["aigerim"]), &[VERIFY]);
    let in_place = "EF AA 01 00 11 04 80 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 9C";
    assert_eq!(said[3], Output::Bytes(hex(in_place)));
}

#[test]
fn a_new_command_drops_the_capture_without_a_word() {
    check(
        &AI10,
        &[],
        &[&format!("{VERIFY} {RESET}")],
        &["EF AA 00 00 02 10 00 12"],
    );
    check(
        &AI10,
        &["late-abort"],
        &[&format!("{VERIFY} {RESET}")],
        &["EF AA 00 00 02 10 00 12", "EF AA 00 00 02 12 02 12"],
    );
    // Asking how it does drops nothing.
    let mut busy = module(&AI10, &[], &[]);
    let said = talk(&mut busy, &[&format!("{VERIFY} EF AA 11 00 00 11")]);
    assert_eq!(said[1], Output::Bytes(hex("EF AA 00 00 03 11 00 01 13")));
    assert_eq!(said.last(), Some(&Output::Bytes(hex("EF AA 00 00 02 12 08 18"))));
}

#[test]
fn a_half_frame_is_given_up() {
    let mut module = module(&AI10, &[], &[]);
    module.step(TICK, &hex("EF AA 12 00 02 00"));
    module.step(TICK * 40, &hex("EF AA"));
    module.step(TICK * 41, &hex("10"));
    module.step(TICK * 42, &hex("00 00 10"));
    let said = module.step(TICK * 50, &[]);
    assert_eq!(said, [Output::Bytes(hex("EF AA 00 00 02 10 00 12"))]);
}

#[test]
fn faults_stop_and_start_by_count_and_command() {
    let bad = "EF AA 00 00 02 10 00 48";
    let good = "EF AA 00 00 02 10 00 12";
    let other = "EF AA 00 00 02 50 00 52";
    check(
        &AI10,
        &["bad-check:reset@2"],
        &[RESET, RESET, RESET],
        &[good, bad, good],
    );
    check(&AI10, &["wrong-id"], &[RESET], &[other]);
    check(
        &AI10,
        &["result=4:status", "wrong-id:reset@1"],
        &[RESET, "EF AA 11 00 00 11", RESET],
        &[other, "EF AA 00 00 02 11 04 17", good],
    );
}

#[test]
fn a_list_may_be_a_whole_table() {
    let mut module = module(&AI10, &["long-list"], &["a", "b"]);
    let said = talk(&mut module, &["EF AA 24 00 00 24"]);
    let Some(Output::Bytes(list)) = said.last() else {
        panic!("{said:?}");
    };
    assert_eq!((list.len(), list[4], list[7]), (209, 203, 2));
}

#[test]
fn one_verification_after_the_other() {
    let mut module = module(&AI10, &[], &["aigerim"]);
    let mut said = module.step(Duration::ZERO, &hex("EF AA 12 00 02 01 03 12"));
    for count in 1..20 {
        said.extend(module.step(TICK * count, &[]));
    }
    let replies = said
        .iter()
        .filter(|output| matches!(output, Output::Bytes(bytes) if bytes[2] == 0))
        .count();
    assert_eq!(replies, 4);
}

#[test]
fn a_seed_is_a_run() {
    let run = || talk(&mut module(&AI10, &["junk", "garbage@9"], &[]), &[RESET, VERIFY]);
    assert_eq!(run(), run());
}

proptest! {
    #[test]
    fn survives_any_host(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20),
        command in any::<u8>(),
        data in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        for dialect in [&AI10, &XST, &FP] {
            let mut module = module(dialect, &["junk", "drip", "progress", "sync-in-data"], &["x"]);
            for (count, chunk) in (0..).zip(&chunks) {
                module.step(TICK * count, &[&[0xEF, 0xAA], chunk.as_slice()].concat());
            }
            let mut frame = [&[0xEF, 0xAA, command, 0, data.len() as u8], data.as_slice()].concat();
            frame.push(check_byte(&frame[2..]));
            module.step(TICK * 200, &frame);
            module.step(TICK * 2000, &[]);
        }
    }
}

/// What is said by a time after one request.
fn said_by(dialect: &'static Dialect, fault: &str, request: &str, by_ms: u64) -> Vec<Output> {
    let mut module = module(dialect, &[fault], &[]);
    module.step(Duration::ZERO, &[]);
    let mut said = module.step(Duration::ZERO, &hex(request));
    said.extend(module.step(Duration::from_millis(by_ms), &[]));
    said
}

#[test]
fn replies_come_as_late_as_they_are_told_to() {
    let check = |fault: &str, request: &str, by_ms: u64, expect: &[&str]| {
        let expect: Vec<Output> = expect.iter().map(|frame| Output::Bytes(hex(frame))).collect();
        assert_eq!(
            said_by(&AI10, fault, request, by_ms),
            expect,
            "{fault} {request} {by_ms}"
        );
    };
    let status = "EF AA 11 00 00 11";
    let standby = "EF AA 00 00 03 11 00 00 12";
    check("reply-ms=700", status, 699, &[]);
    check("reply-ms=700", status, 700, &[standby]);
    check("reply-ms=700:list", status, 0, &[standby]);
    let reset = "EF AA 00 00 02 10 00 12";
    check("ready-after-ms=600", RESET, 625, &[reset]);
    check("ready-after-ms=600", RESET, 626, &[reset, READY]);
    check("ready-after-ms=600@2", RESET, 3000, &[reset]);
}

#[test]
fn a_module_may_know_nothing_but_what_its_public_client_sends() {
    let answers = |dialect, command: u8| {
        let request = format!("EF AA {command:02X} 00 00 {command:02X}");
        !said_by(dialect, "only-client-commands", &request, 100).is_empty()
    };
    let known = |dialect| {
        (0..=255)
            .filter(|command| answers(dialect, *command))
            .collect::<Vec<u8>>()
    };
    assert_eq!(known(&AI10), [0x10, 0x12, 0x1D, 0x20, 0x21, 0x22, 0x24, 0xB5]);
    assert_eq!(known(&FP), [0x11, 0x12, 0x20, 0x21, 0x24, 0x26, 0x80, 0x90]);
}
