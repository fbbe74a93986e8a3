//! What modules of the EF-AA family answer that no simulator answers: bytes written by hand, on a real pseudo-terminal.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use palm::{CaptureEvent, ModuleStatus, Opening, PalmError, PalmScanner};
use serialport::{SerialPort, TTYPort};
use verification::palm::{PalmReference, ScanOrder, ScanResult, SubjectTag};

fn frame(message: u8, data: &[u8]) -> Vec<u8> {
    let [high, low] = (data.len() as u16).to_be_bytes();
    let mut bytes = vec![0xEF, 0xAA, message, high, low];
    bytes.extend(data);
    bytes.push(bytes[2..].iter().fold(0, |sum, byte| sum ^ byte));
    bytes
}

/// Answers each command (message id and data) with the first line of the script that begins with it, and keeps what
/// it was asked. Of lines that begin alike each is used once, and the last for ever. An empty answer is none. A reset
/// is answered unless the script knows better, and what the script does not know is refused. The answer to an enrolment
/// of a palm comes when it is ended.
fn answer(mut line: TTYPort, script: &[(&[u8], &[u8])], enrols: &AtomicBool) -> Vec<Vec<u8>> {
    let mut asked = Vec::new();
    let mut used = vec![false; script.len()];
    let mut held = Vec::new();
    let mut bytes = Vec::new();
    let mut buffer = [0; 256];
    // An error is the end of the other side.
    while let Ok(count) = line.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        while bytes.len() > 4 && bytes.len() >= 6 + usize::from(bytes[4]) {
            let whole: Vec<u8> = bytes.drain(..6 + usize::from(bytes[4])).collect();
            let command = [&whole[2..3], &whole[5..whole.len() - 1]].concat();
            let first = script.iter().find(|(begins, _)| command.starts_with(begins));
            let alike: Vec<usize> = (0..script.len())
                .filter(|at| first.is_some_and(|(begins, _)| script[*at].0 == *begins))
                .collect();
            let found = alike.iter().find(|at| !used[**at]).or(alike.last());
            let reply = match found {
                Some(at) => {
                    used[*at] = true;
                    script[*at].1
                }
                None if command == [0x10] => &[0][..],
                None => &[1],
            };
            let reply = match reply {
                [] => Vec::new(),
                // The answer to a verification when a QR code is shown.
                [0x70, ..] => frame(0, reply),
                _ => frame(0, &[&command[..1], reply].concat()),
            };
            if command[0] == 0x26 {
                held = reply;
                enrols.store(true, Ordering::Relaxed);
            } else {
                line.write_all(&std::mem::take(&mut held)).unwrap();
                line.write_all(&reply).unwrap();
            }
            if command != [0x10] {
                asked.push(command);
            }
        }
    }
    asked
}

/// What a call gives against a module with this script, and what the module was asked.
fn play<T: Send>(
    driver: &str,
    script: &[(&[u8], &[u8])],
    call: impl FnOnce(&mut dyn PalmScanner) -> Result<T, PalmError> + Send,
) -> (Result<T, String>, Vec<Vec<u8>>) {
    play_until(driver, script, |scanner, _| call(scanner))
}

/// The same for a call that wants to know when the module has begun to enrol.
fn play_until<T: Send>(
    driver: &str,
    script: &[(&[u8], &[u8])],
    call: impl FnOnce(&mut dyn PalmScanner, &AtomicBool) -> Result<T, PalmError> + Send,
) -> (Result<T, String>, Vec<Vec<u8>>) {
    let (mut module, host) = TTYPort::pair().unwrap();
    module.set_timeout(Duration::from_secs(20)).unwrap();
    let port = host.name().unwrap();
    let enrols = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| answer(module, script, &enrols));
        let driver = palm::driver(driver).unwrap();
        let opening = Opening {
            port,
            baud: driver.baud,
            device_key: None,
        };
        let mut scanner = (driver.open)(&opening).unwrap();
        drop(host);
        let result = call(scanner.as_mut(), &enrols).map_err(|error| error.to_string());
        drop(scanner);
        (result, asked.join().unwrap())
    })
}

const DELETED: (&[u8], &[u8]) = (&[0x80, 0x01, 0xF5, 1], &[0]);
const PALM: PalmReference = PalmReference(501);

#[test]
fn the_list_of_a_module_that_counts_palms_apart() {
    let check = |list: &[u8], count: &[u8], expect: Result<&[u32], &str>| {
        let script: &[(&[u8], &[u8])] = &[(&[0x24, 0], list), (&[0x24, 2], count)];
        let (found, _) = play("dfrobot-fp", script, |scanner| scanner.list());
        let expect = expect
            .map(|ids| ids.iter().map(|id| PalmReference(*id)).collect())
            .map_err(str::to_owned);
        assert_eq!(found, expect, "{list:?} {count:?}");
    };
    // One list of both, faces among them, and a bare count.
    check(&[0, 0, 2, 0, 7, 0x01, 0xF5], &[0, 0, 1], Ok(&[501]));
    // A list of faces alone, and one of palms.
    check(&[0, 0, 1, 0, 7], &[0, 0, 1, 0x01, 0xF5], Ok(&[501]));
    check(&[0, 0, 0], &[0, 0, 0], Ok(&[]));
    // Firmware that does not count them apart.
    check(&[0, 0, 1, 0x01, 0xF5], &[1], Ok(&[501]));
    // Where it will not say which, an incomplete list is none.
    let incomplete = Err("the command \"user info\" failed");
    check(&[0, 0, 1, 0, 7], &[0, 0, 2], incomplete);
    check(&[0, 0, 0], &[0, 0, 1, 0x80, 0, 0, 0], incomplete);
}

/// Lists of faces, and a number of palms: which they are has to be asked one by one.
#[test]
fn palms_that_are_only_counted_are_found() {
    let info: Vec<u8> = [&[0, 0x01, 0xF6][..], &[0; 33]].concat();
    let check = |count: u8, expect: Result<Vec<PalmReference>, String>| {
        let counted = [0, 0, count];
        let script: &[(&[u8], &[u8])] = &[
            (&[0x24, 0], &[0, 0, 1, 0, 7]),
            (&[0x24, 2], &counted),
            (&[0x22, 0x01, 0xF6], &info),
            (&[0x22], &[8]),
        ];
        let (found, asked) = play("dfrobot-fp", script, |scanner| scanner.list());
        assert_eq!(found, expect);
        asked.len()
    };
    assert_eq!(check(1, Ok(vec![PalmReference(502)])), 4);
    // Not more than there can be are asked for.
    let wrong = Err("the command \"list\" failed".to_owned());
    assert_eq!(check(2, wrong), 2 + 300);
}

#[test]
fn a_deletion_is_proven() {
    let delete = |script: &[(&[u8], &[u8])]| play("dfrobot-fp", script, |scanner| scanner.delete(PALM));
    let listed: (&[u8], &[u8]) = (&[0x24, 0], &[0, 0, 1, 0x01, 0xF5]);
    let counted: (&[u8], &[u8]) = (&[0x24, 2], &[0, 0, 1]);
    let (found, _) = delete(&[DELETED, listed, counted]);
    assert_eq!(
        found,
        Err("a deleted reference is still in the module".to_owned())
    );
    // Where the list says nothing, the module is asked for the one.
    let faces: (&[u8], &[u8]) = (&[0x24, 0], &[0, 0, 0]);
    let info: Vec<u8> = [&[0, 0x01, 0xF5][..], &[0; 33]].concat();
    let (found, _) = delete(&[DELETED, faces, counted, (&[0x22, 0x01, 0xF5], &info)]);
    assert_eq!(
        found,
        Err("a deleted reference is still in the module".to_owned())
    );
    let (found, asked) = delete(&[DELETED, faces, counted, (&[0x22, 0x01, 0xF5], &[8])]);
    assert_eq!(found, Ok(()));
    assert_eq!(asked.last().unwrap(), &[0x22, 0x01, 0xF5]);
    // The list of another kind of module.
    let (found, _) = play(
        "dfrobot-ai10",
        &[(&[0x20, 0x03, 0xE9], &[0]), (&[0x24], &[0, 1, 0x03, 0xE9])],
        |scanner| scanner.delete(PalmReference(1001)),
    );
    assert_eq!(
        found,
        Err("a deleted reference is still in the module".to_owned())
    );
}

#[test]
fn firmware_without_the_command_for_palms_is_told_the_type() {
    let (found, asked) = play(
        "dfrobot-fp",
        &[(&[0x20, 0x01, 0xF5, 1], &[0]), (&[0x24], &[0, 0, 0])],
        |scanner| scanner.delete(PALM),
    );
    assert_eq!(found, Ok(()));
    // What is there has been asked before.
    assert_eq!(
        asked[2..4],
        [vec![0x80, 0x01, 0xF5, 1], vec![0x20, 0x01, 0xF5, 1]]
    );
}

#[test]
fn what_a_module_will_not_tell_is_empty() {
    let script: &[(&[u8], &[u8])] = &[(&[0x11], &[0, 0])];
    for driver in ["dfrobot-ai10", "xst", "dfrobot-fp"] {
        let (found, _) = play(driver, script, |scanner| scanner.info());
        let identity = found.unwrap().identity;
        assert_eq!((identity.firmware.as_str(), identity.serial.as_str()), ("", ""));
    }
}

/// The palm was stored while the order to stop was under way: nobody agreed to leave it there.
#[test]
fn a_palm_that_was_stored_while_it_was_stopped_does_not_stay() {
    let check = |stored: &[u8], cleared: &[&[u8]]| {
        let script: &[(&[u8], &[u8])] = &[(&[0x26], stored), DELETED, (&[0x20, 0, 7, 0], &[0])];
        let (found, asked) = play_until("dfrobot-fp", script, |scanner, enrols| {
            let mut watch = |_: CaptureEvent| match enrols.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            let tag = SubjectTag::new("s-81f2").unwrap();
            scanner.enrol(&tag, Duration::from_secs(10), &mut watch)
        });
        assert_eq!(found, Ok(None));
        assert_eq!(asked[1][0], 0x26);
        assert_eq!(asked[2..], *cleared, "{stored:?}");
    };
    check(&[0, 0x01, 0xF5, 0xFD], &[&[0x80, 0x01, 0xF5, 1]]);
    check(&[0, 0, 7, 0], &[&[0x20, 0, 7, 0]]);
    check(&[2], &[]);
}

/// The answer to the enrolment got lost or damaged while it was stopped.
#[test]
fn a_palm_whose_answer_was_lost_while_it_was_stopped_does_not_stay() {
    let script: &[(&[u8], &[u8])] = &[
        (&[0x26], &[]),
        (&[0x24, 0], &[0, 0, 1, 0, 7]),
        (&[0x24, 0], &[0, 0, 2, 0, 7, 0x01, 0xF5]),
        DELETED,
    ];
    let (found, asked) = play_until("dfrobot-fp", script, |scanner, enrols| {
        let mut watch = |_: CaptureEvent| match enrols.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let tag = SubjectTag::new("s-81f2").unwrap();
        scanner.enrol(&tag, Duration::from_secs(10), &mut watch)
    });
    assert_eq!(found, Ok(None));
    assert_eq!(asked.last().unwrap(), &[0x80, 0x01, 0xF5, 1]);
}

/// A module that knows the commands of its maker's client and no others: it does not even refuse them.
#[test]
fn a_module_that_tells_nothing_of_itself_is_present() {
    let mute: &[(&[u8], &[u8])] = &[(&[0x11], &[]), (&[0x30], &[]), (&[0x93], &[]), (&[0x24], &[0, 0])];
    let refusing: &[(&[u8], &[u8])] = &[(&[0x24], &[0, 0])];
    for script in [mute, refusing] {
        let (found, asked) = play("dfrobot-ai10", script, |scanner| {
            let first = scanner.info()?;
            assert_eq!(scanner.info()?, first);
            let checks = scanner.self_test()?;
            assert!(checks.iter().all(|check| check.passed), "{checks:?}");
            Ok(first)
        });
        let info = found.unwrap();
        assert_eq!(info.status, ModuleStatus::Standby);
        assert_eq!(
            (info.identity.firmware.as_str(), info.identity.serial.as_str()),
            ("", "")
        );
        // What it does not tell it is asked once.
        assert_eq!(asked, [vec![0x11], vec![0x30], vec![0x93], vec![0x24, 0]]);
    }
}

#[test]
fn an_identity_that_was_told_stays() {
    let script: &[(&[u8], &[u8])] = &[
        (&[0x11], &[0, 0]),
        (&[0x30], b"\0v1"),
        (&[0x30], &[]),
        (&[0x93], b"\0SN1"),
        (&[0x93], &[]),
        (&[0x93], &[1]),
    ];
    let (found, _) = play("xst", script, |scanner| {
        Ok([scanner.info()?, scanner.info()?, scanner.info()?])
    });
    for info in found.unwrap() {
        assert_eq!(
            (info.identity.firmware.as_str(), info.identity.serial.as_str()),
            ("v1", "SN1")
        );
    }
}

/// Firmware of the other maker's client: it knows no reset, and tells nothing of one user.
#[test]
fn a_module_that_knows_no_reset_works_and_its_deletion_is_proven() {
    for reset in [&[1][..], &[6], &[]] {
        let check = |left: u8, expect: Result<(), &str>| {
            let after = [0, 0, left];
            let script: &[(&[u8], &[u8])] = &[
                (&[0x10], reset),
                (&[0x11], &[0, 0]),
                (&[0x30], &[]),
                (&[0x93], &[]),
                (&[0x22], &[]),
                (&[0x24, 0], &[0, 0, 1, 0, 7]),
                (&[0x24, 2], &[0, 0, 2]),
                (&[0x24, 2], &after),
                DELETED,
            ];
            let (found, _) = play("dfrobot-fp", script, |scanner| {
                assert_eq!(scanner.info()?.status, ModuleStatus::Standby);
                scanner.delete(PALM)
            });
            assert_eq!(found, expect.map_err(str::to_owned), "{reset:?} {left}");
        };
        check(1, Ok(()));
        check(2, Err("a deleted reference is still in the module"));
    }
}

/// Half of the count of palms and of the map behind it looks like the count of another firmware.
#[test]
fn a_map_of_bits_is_no_proof_of_a_deletion() {
    let counted = [&[0, 0, 1][..], &[0x80], &[0; 36]].concat();
    let info: Vec<u8> = [&[0, 0x01, 0xF5][..], &[0; 33]].concat();
    let script: &[(&[u8], &[u8])] = &[
        DELETED,
        (&[0x24, 0], &[0, 0, 0]),
        (&[0x24, 2], &counted),
        (&[0x22], &info),
    ];
    let (found, _) = play("dfrobot-fp", script, |scanner| scanner.delete(PALM));
    assert_eq!(
        found,
        Err("a deleted reference is still in the module".to_owned())
    );
}

#[test]
fn a_full_module_is_listed_and_an_unreadable_list_is_no_reason_not_to_enrol() {
    let mut ids = vec![0, 1, 44];
    ids.extend((501u16..801).flat_map(u16::to_be_bytes));
    let script: &[(&[u8], &[u8])] = &[(&[0x24, 0], &ids), (&[0x24, 2], &[0, 1, 44])];
    let (found, _) = play("dfrobot-fp", script, |scanner| scanner.list());
    assert_eq!(found.map(|palms| palms.len()), Ok(300));
    for list in [&[][..], &[1], &[0]] {
        let (found, asked) = play_until("dfrobot-fp", &[(&[0x24], list)], |scanner, enrols| {
            let mut watch = |_: CaptureEvent| match enrols.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            let tag = SubjectTag::new("s-81f2").unwrap();
            scanner.enrol(&tag, Duration::from_secs(10), &mut watch)
        });
        assert_eq!(found, Ok(None), "{list:?}");
        assert_eq!(asked[1][0], 0x26, "{list:?}");
    }
}

#[test]
fn a_code_that_is_shown_is_no_palm_only_if_it_was_read() {
    let check = |reply: &[u8], expect: Result<Option<ScanResult>, &str>| {
        let script: &[(&[u8], &[u8])] = &[(&[0x12], reply)];
        let (found, _) = play("dfrobot-ai10", script, |scanner| {
            let order = ScanOrder {
                limit: Duration::from_secs(3),
                challenge: [0; 32],
            };
            scanner.verify(&order, &mut |_| ControlFlow::Continue(()))
        });
        let found = found.map(|scan| scan.map(|scan| scan.result));
        assert_eq!(found, expect.map_err(str::to_owned), "{reply:?}");
    };
    check(&[0x70, 0, 65], Ok(Some(ScanResult::NotAPalm)));
    check(&[0x70, 13], Ok(Some(ScanResult::NothingPresented)));
    check(&[0x70, 5], Err("the command \"verify\" failed"));
}

/// What no driver may ever send: skip the comparison, burn a key, new firmware, templates.
#[test]
fn nothing_dangerous_is_ever_sent() {
    const NEVER: [u8; 14] = [
        0x40, 0x41, 0x42, 0x43, 0x44, 0x50, 0x52, 0x53, 0xC1, 0xC2, 0xC3, 0xD4, 0xF9, 0xFE,
    ];
    for driver in ["dfrobot-ai10", "xst", "dfrobot-fp"] {
        let (_, asked) = play_until(driver, &[], |scanner, enrols| {
            let mut go_on = |_: CaptureEvent| match enrols.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            let tag = SubjectTag::new("s-81f2").unwrap();
            let order = ScanOrder {
                limit: Duration::from_secs(3),
                challenge: [0; 32],
            };
            let results = [
                scanner.info().is_ok(),
                scanner.self_test().is_ok(),
                scanner.verify(&order, &mut go_on).is_ok(),
                scanner.enrol(&tag, order.limit, &mut go_on).is_ok(),
                scanner.list().is_ok(),
                scanner.delete(PALM).is_ok(),
                scanner.cancel().is_ok(),
            ];
            Ok(results)
        });
        assert!(!asked.is_empty());
        let bad = asked.iter().find(|command| NEVER.contains(&command[0]));
        assert_eq!(bad, None, "{driver}");
    }
}
