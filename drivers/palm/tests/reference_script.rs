//! The driver of the reference protocol against devices that answer by a script, for what the simulated scanner never
//! does: races, and answers that contradict themselves.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use palm::reference::fields::Text;
use palm::reference::frame::Decoder;
use palm::reference::message::{Identity, Reply, Request, Status};
use palm::reference::report::{NO_REFERENCE, Report};
use palm::{CaptureEvent, Opening, PalmScanner};
use serialport::{SerialPort, TTYPort};
use verification::palm::{PalmReference, ScanOrder, SealState, SubjectTag};

const LIMIT: Duration = Duration::from_secs(1);

/// Plugs in a device that answers each request with these replies, each with its id, and tells what it was asked.
fn plug(
    capabilities: u16,
    mut answer: impl FnMut(u16, &Request) -> Vec<(u16, Reply)> + Send + 'static,
) -> (Box<dyn PalmScanner>, Receiver<Request>) {
    let (mut master, slave) = TTYPort::pair().unwrap();
    let opening = Opening {
        port: slave.name().unwrap(),
        baud: 115_200,
        device_key: None,
    };
    drop(slave);
    let scanner = (palm::driver("reference").unwrap().open)(&opening).unwrap();
    let (asked, requests) = channel();
    std::thread::spawn(move || {
        master.set_timeout(Duration::from_secs(20)).unwrap();
        let (mut decoder, mut buffer) = (Decoder::default(), [0; 512]);
        // The driver hangs up at the end.
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            let mut received = &buffer[..count];
            while let Some(Ok(packet)) = decoder.next_packet(&mut received) {
                let request = Request::from_packet(&packet).unwrap();
                let replies = match request {
                    Request::Hello { .. } => vec![(packet.id(), hello())],
                    Request::Identity => vec![(packet.id(), identity(capabilities))],
                    _ => answer(packet.id(), &request),
                };
                for (id, reply) in replies {
                    master.write_all(&reply.to_packet(id).to_frame()).unwrap();
                }
                let _ = asked.send(request);
            }
        }
    });
    (scanner, requests)
}

fn hello() -> Reply {
    Reply::Hello {
        version: 1,
        lowest: 1,
        highest: 1,
        boot: 42,
    }
}

fn identity(capabilities: u16) -> Reply {
    Reply::Identity(Box::new(Identity {
        model: Text::new("Script"),
        firmware: Text::new("1"),
        serial: Text::new("SCRIPT-1"),
        capabilities,
        capacity: 20,
        key: [0; 33],
    }))
}

fn list(references: std::ops::Range<u32>, more: bool) -> Reply {
    Reply::List {
        total: 20,
        more,
        entries: references.map(|number| (number, Text::new("s-1"))).collect(),
    }
}

fn status(boot: u32, stored: u32) -> Reply {
    Reply::Status(Status {
        boot,
        uptime_s: 1,
        stored,
        state: 0,
        fault: 0,
        detail: 0,
    })
}

fn order() -> ScanOrder {
    ScanOrder {
        limit: LIMIT,
        challenge: [7; 32],
    }
}

/// A person who changes their mind while the scanner is about to store their palm leaves nothing behind.
#[test]
fn an_enrolment_that_was_quicker_than_its_cancellation_is_undone() {
    // The end comes between the order to cancel and its answer, or together with the sight that made them stop.
    for in_one_piece in [false, true] {
        let stored = Reply::Enrol {
            reference: 8,
            quality: 0,
            outcome: 1,
        };
        let mut job = 0;
        let (mut scanner, requests) = plug(0, move |id, request| match request {
            Request::Enrol { .. } => {
                job = id;
                let mut said = vec![(id, Reply::Accepted), (id, Reply::Progress { position: 1 })];
                said.extend(in_one_piece.then(|| (id, stored.clone())));
                said
            }
            Request::Status => vec![(id, status(42, 0))],
            Request::Cancel { .. } => vec![(job, stored.clone()), (id, Reply::Cancel { ended: false })],
            Request::Delete { .. } => vec![(id, Reply::Delete { existed: true })],
            Request::List { .. } => vec![(id, list(0..0, false))],
            other => panic!("{other:?}"),
        });
        let tag = SubjectTag::new("s-81f2").unwrap();
        let mut stop = |event| match event {
            CaptureEvent::Hand(_) => ControlFlow::Break(()),
            CaptureEvent::Waiting => ControlFlow::Continue(()),
        };
        assert_eq!(scanner.enrol(&tag, LIMIT, &mut stop).unwrap(), None);
        drop(scanner);
        let asked: Vec<Request> = requests.iter().collect();
        assert!(asked.contains(&Request::Delete { reference: 8 }), "{asked:?}");
    }
}

/// Nobody would know of a reference whose number was lost. What was there before stays, even under the same tag.
#[test]
fn an_enrolment_without_a_usable_answer_leaves_nothing() {
    let unusable = Reply::Enrol {
        reference: 8,
        quality: 0,
        outcome: 9,
    };
    for end in [unusable, Reply::Ready { boot: 42, cause: 3 }] {
        let (mut scanner, requests) = plug(0, move |id, request| match request {
            Request::Status => vec![(id, status(42, 2))],
            Request::Enrol { .. } => {
                let end_id = if matches!(end, Reply::Ready { .. }) { 0 } else { id };
                vec![(id, Reply::Accepted), (end_id, end.clone())]
            }
            Request::Delete { .. } => vec![(id, Reply::Delete { existed: true })],
            Request::List { after: 0 } => {
                let tags = [(1, "s-81f2"), (5, "s-2"), (7, "s-3"), (8, "s-81f2")];
                let entries = tags.map(|(number, tag)| (number, Text::new(tag))).to_vec();
                let list = Reply::List {
                    total: 4,
                    more: false,
                    entries,
                };
                vec![(id, list)]
            }
            Request::List { .. } => vec![(id, list(0..0, false))],
            other => panic!("{other:?}"),
        });
        let tag = SubjectTag::new("s-81f2").unwrap();
        assert!(
            scanner
                .enrol(&tag, LIMIT, &mut |_| ControlFlow::Continue(()))
                .is_err()
        );
        drop(scanner);
        let deleted: Vec<Request> = requests
            .iter()
            .filter(|request| matches!(request, Request::Delete { .. }))
            .collect();
        assert_eq!(deleted, [Request::Delete { reference: 8 }]);
    }
}

#[test]
fn a_list_that_contradicts_itself_is_a_fault() {
    let check = |answer: fn(u32) -> Reply, expect: Option<usize>| {
        let (mut scanner, _requests) = plug(0, move |id, request| match request {
            Request::List { after } => vec![(id, answer(*after))],
            other => panic!("{other:?}"),
        });
        let listed = scanner.list();
        assert_eq!(listed.as_ref().ok().map(Vec::len), expect, "{listed:?}");
    };
    check(|_| list(1..13, false), Some(12));
    check(|after| list(after + 1..after + 11, after == 0), Some(20));
    // More than it can hold, without end; again and again the same; nothing and still more; not a reference.
    check(|after| list(after + 1..after + 13, true), None);
    check(|_| list(1..13, true), None);
    check(|_| list(0..0, true), None);
    check(|_| list(0..1, false), None);
    check(|_| list(NO_REFERENCE - 1..NO_REFERENCE, false), Some(1));
}

#[test]
fn a_reference_that_stays_is_no_deletion() {
    let (mut scanner, _requests) = plug(0, |id, request| match request {
        Request::Delete { .. } => vec![(id, Reply::Delete { existed: true })],
        Request::List { after } => vec![(id, list(after + 1..after + 2, false))],
        other => panic!("{other:?}"),
    });
    let kept = scanner.delete(PalmReference(7)).unwrap_err();
    assert_eq!(kept.to_string(), "a deleted reference is still in the module");
}

/// A scanner that does not say that it signs is not believed when it does.
#[test]
fn a_seal_without_the_capability_is_none() {
    let report = [
        2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80,
    ];
    let (mut scanner, _requests) = plug(0, move |id, request| match request {
        Request::Capture { .. } => {
            let mut bytes = report.to_vec();
            bytes.push(1);
            bytes.extend([0x5A; 148 + 64]);
            let whole = palm::reference::frame::Packet::new(1, 0x90, id, bytes).unwrap();
            vec![(id, Reply::Accepted), (id, Reply::from_packet(&whole).unwrap())]
        }
        other => panic!("{other:?}"),
    });
    let scan = scanner
        .verify(&order(), &mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(scan.unwrap().seal, SealState::Absent);
}

#[test]
fn a_report_beyond_the_capabilities_is_a_fault() {
    let check = |capabilities: u16, expect: Option<f32>| {
        let report = Report([
            2, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x9C, 1, 0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80,
        ]);
        let (mut scanner, _requests) = plug(capabilities, move |id, request| match request {
            Request::Capture { .. } => {
                vec![(id, Reply::Accepted), (id, Reply::Capture { report, seal: None })]
            }
            other => panic!("{other:?}"),
        });
        let scan = scanner.verify(&order(), &mut |_| ControlFlow::Continue(()));
        let volume = scan.ok().flatten().and_then(|scan| scan.readings.volume_ml);
        assert_eq!(volume, expect);
    };
    check(0x0002, Some(412.0));
    check(0x0000, None);
}

/// The scanner started anew and nobody heard it: the same call goes on in a new session.
#[test]
fn a_restart_that_nobody_heard_is_found_by_the_boot_id() {
    let mut boots = [43, 42].into_iter();
    let (mut scanner, requests) = plug(0, move |id, request| match request {
        Request::Status => {
            vec![(id, status(boots.next().unwrap(), 0))]
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(scanner.info().unwrap().identity.serial, "SCRIPT-1");
    drop(scanner);
    let greetings = requests
        .iter()
        .filter(|request| matches!(request, Request::Hello { .. }));
    assert_eq!(greetings.count(), 2);
}
