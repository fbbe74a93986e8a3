use proptest::prelude::*;
use verification::palm::HandPosition;

use super::*;
use crate::reference::message::Status;

const BOOT: u32 = 42;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn frame(reply: &Reply, id: u16) -> Vec<u8> {
    reply.to_packet(id).to_frame()
}

fn hello() -> Reply {
    Reply::Hello {
        version: 1,
        lowest: 1,
        highest: 1,
        boot: BOOT,
    }
}

fn status(boot: u32) -> Reply {
    Reply::Status(Status {
        boot,
        uptime_s: 1,
        stored: 0,
        state: 0,
        fault: 0,
        detail: 0,
    })
}

fn refused(request: u8, code: u8) -> Reply {
    Reply::Refused {
        request,
        code,
        detail: 0,
    }
}

const READY: Reply = Reply::Ready { boot: 43, cause: 3 };
const CAPTURE: Request = Request::Capture {
    limit_ms: 1000,
    challenge: [7; 32],
};

/// A session that is agreed upon; its last id is 1.
fn greeted() -> Session {
    let mut session = Session::new(0);
    session.begin(
        ms(0),
        Request::Hello {
            lowest: 1,
            highest: 1,
        },
    );
    assert_eq!(
        session.step(ms(1), &frame(&hello(), 1)),
        [Output::Answer(hello())]
    );
    assert!(session.is_greeted());
    session
}

/// Begins a request at 0 ms with id 2, then gives a session at the times named what is sent, and compares what it
/// says; what it sends itself is left out.
fn check(request: Request, script: &[(u64, Vec<u8>)], expect: &[(u64, Output)]) -> Session {
    let mut session = greeted();
    session.begin(ms(0), request);
    let mut found = Vec::new();
    for (at, bytes) in script {
        let outputs = session.step(ms(*at), bytes);
        let said = outputs
            .into_iter()
            .filter(|output| !matches!(output, Output::Send(_)));
        found.extend(said.map(|output| (*at, output)));
    }
    assert_eq!(found, expect, "{script:02X?}");
    session
}

fn silence(at: u64) -> (u64, Vec<u8>) {
    (at, Vec::new())
}

#[test]
fn an_answer_belongs_to_its_request() {
    let answer = || Output::Answer(status(BOOT));
    check(Request::Status, &[(5, frame(&status(BOOT), 2))], &[(5, answer())]);
    // To an older request, to none, and of another kind: none of them is it.
    let others = [
        frame(&status(BOOT), 1),
        frame(&status(BOOT), 0),
        frame(&hello(), 2),
        frame(&Reply::Accepted, 2),
        frame(&refused(kind::LIST, 4), 2),
        frame(&status(BOOT), 2),
    ];
    check(Request::Status, &[(5, others.concat())], &[(5, answer())]);
}

#[test]
fn what_comes_after_the_answer_is_not_lost() {
    let fault = Reply::Fault {
        fault: 3,
        present: true,
        detail: 0,
    };
    let gone = Reply::Fault {
        fault: 3,
        present: false,
        detail: 0,
    };
    let hand = Reply::Progress { position: 2 };
    let bytes = [
        frame(&status(BOOT), 2),
        frame(&fault, 0),
        frame(&gone, 0),
        frame(&hand, 0),
    ];
    let mut session = check(
        Request::Status,
        &[(5, bytes.concat())],
        &[(5, Output::Answer(status(BOOT)))],
    );
    assert_eq!(
        session.notice(),
        Some(Notice::Fault("surface thermometer".to_owned()))
    );
    assert_eq!(session.notice(), Some(Notice::Hand(HandPosition::NotSeen)));
    assert_eq!(session.notice(), None);
}

#[test]
fn a_request_that_does_no_harm_is_repeated_once() {
    let mut session = greeted();
    let sent = session.begin(ms(0), Request::Status);
    assert_eq!(sent, Request::Status.to_packet(2).to_frame());
    assert_eq!(session.step(ms(599), &[]), []);
    let again = Output::Send(Request::Status.to_packet(3).to_frame());
    assert_eq!(session.step(ms(600), &[]), [again]);
    assert_eq!(session.step(ms(1799), &[]), []);
    // The answer to the first is as good.
    let answer = [Output::Answer(status(BOOT))];
    assert_eq!(session.step(ms(1799), &frame(&status(BOOT), 2)), answer);
}

#[test]
fn hello_is_repeated_until_the_end_and_jobs_never() {
    let check = |request: Request, expect: &[u64]| {
        let mut session = Session::new(u16::MAX);
        session.begin(ms(0), request);
        let mut sent = Vec::new();
        for at in (0..=1900).step_by(20) {
            let outputs = session.step(ms(at), &[]);
            if outputs.iter().any(|output| matches!(output, Output::Send(_))) {
                sent.push(at);
            }
        }
        assert_eq!(sent, expect);
    };
    check(
        Request::Hello {
            lowest: 1,
            highest: 1,
        },
        &[600, 1200],
    );
    check(Request::List { after: 0 }, &[600]);
    check(Request::Delete { reference: 7 }, &[]);
    check(CAPTURE, &[]);
    check(Request::SelfTest, &[]);
}

#[test]
fn silence_and_garbage_have_names() {
    let fault = |at, fault| [(at, Output::Fault(fault))];
    let quiet = [silence(1799), silence(1800), silence(1801)];
    let session = check(Request::Status, &quiet, &fault(1800, Fault::Silent));
    assert!(!session.is_greeted());
    let unaccepted = [silence(1499), silence(1500)];
    check(CAPTURE, &unaccepted, &fault(1500, Fault::Silent));
    let erased = [silence(1899), silence(1900)];
    check(
        Request::Delete { reference: 7 },
        &erased,
        &fault(1900, Fault::Silent),
    );

    let garbled = fault(1800, Fault::Garbled);
    let answer = frame(&status(BOOT), 2);
    let mut damaged = answer.clone();
    damaged[6] ^= 0x10;
    for noise in [
        vec![0x5A; 9],
        vec![0xFF; 4000],
        damaged,
        answer[..9].to_vec(),
        frame(&status(BOOT), 9),
    ] {
        check(Request::Status, &[(10, noise), silence(1800)], &garbled);
    }
    // A line on which nothing but breaks are heard is silent.
    check(
        Request::Status,
        &[(10, vec![0; 50]), silence(1800)],
        &fault(1800, Fault::Silent),
    );
}

#[test]
fn a_job_goes_on_as_long_as_it_says_so() {
    let progress = |position| frame(&Reply::Progress { position }, 2);
    let report = crate::reference::report::Report([0; 18]);
    let end = Reply::Capture { report, seal: None };
    let hand = |at, position| (at, Output::Hand(position));
    check(
        CAPTURE,
        &[
            (10, frame(&Reply::Accepted, 2)),
            (1000, progress(3)),
            // Nothing to say, and something that this version does not know.
            (2000, progress(0)),
            (2500, progress(0xEE)),
            (3000, progress(1)),
            (3900, frame(&end, 2)),
        ],
        &[
            hand(1000, HandPosition::TooFar),
            hand(3000, HandPosition::InPlace),
            (3900, Output::Answer(end)),
        ],
    );
    let silent = |at| [(at, Output::Fault(Fault::Silent))];
    let accepted = || (10, frame(&Reply::Accepted, 2));
    check(
        CAPTURE,
        &[accepted(), silence(1509), silence(1510)],
        &silent(1510),
    );
    // A job that never ends.
    let mut script = vec![accepted()];
    script.extend((1..=5).map(|at| (at * 1000, progress(0))));
    check(CAPTURE, &script, &silent(5000));
    // Garbage does not count as a sign of life.
    let garbage = |at| (at, vec![0x55; 100]);
    check(
        CAPTURE,
        &[accepted(), garbage(500), garbage(1500), garbage(1510)],
        &[(1510, Output::Fault(Fault::Garbled))],
    );
}

#[test]
fn a_restart_is_named() {
    let capture = kind::CAPTURE;
    let restarted = |at| [(at, Output::Fault(Fault::Restarted))];
    let accepted = || (10, frame(&Reply::Accepted, 2));
    let ready = |at| (at, frame(&READY, 0));
    let session = check(CAPTURE, &[accepted(), ready(500)], &restarted(500));
    assert!(!session.is_greeted());
    // It restarted before the request came, which it therefore does not know.
    let lost = |at| [(at, Output::Fault(Fault::NoSession))];
    let refused = |at| (at, frame(&refused(capture, 5), 2));
    check(CAPTURE, &[ready(5), refused(9)], &lost(9));
    check(CAPTURE, &[refused(9)], &lost(9));
    // It restarted after the request came, and before it said so.
    check(CAPTURE, &[ready(5), silence(1500)], &restarted(1500));
    // Nobody noticed, but the boot id tells.
    check(Request::Status, &[(5, frame(&status(43), 2))], &lost(5));
}

#[test]
fn a_restart_while_idle_is_a_notice() {
    let mut session = greeted();
    assert_eq!(session.step(ms(5), &frame(&READY, 0)), []);
    assert_eq!(session.notice(), Some(Notice::Restarted));
    assert!(!session.is_greeted());
}

/// Another device, or another speed: somebody who listens need not wait for the next question to find out.
#[test]
fn noise_on_an_idle_line_is_a_notice() {
    let hand = frame(&Reply::Progress { position: 2 }, 0);
    let check = |pieces: &[&[u8]], expect: usize| {
        let mut session = greeted();
        for piece in pieces {
            assert_eq!(session.step(ms(5), piece), []);
        }
        let notices = std::iter::from_fn(|| session.notice());
        let faults = notices
            .filter(|notice| matches!(notice, Notice::Fault(_)))
            .count();
        assert_eq!(faults, expect, "{pieces:02X?}");
    };
    check(&[&[0x55; 63]], 0);
    check(&[&[0x55; 63], &[0xAA]], 1);
    check(&[&[0x55; 64], &[0xAA; 63]], 1);
    check(&[&[0x55; 64], &[0xAA; 64]], 2);
    check(&[&[0; 500]], 0);
    check(&[&[0x55; 63], &hand, &[0x55; 63]], 0);
    // While something is asked, the noise is the reason why it has no answer.
    let mut session = greeted();
    session.begin(ms(5), Request::Status);
    session.step(ms(6), &[0x55; 500]);
    assert_eq!(session.notice(), None);
}

#[test]
fn a_scanner_that_has_just_started_is_greeted_again_at_once() {
    let mut session = Session::new(0);
    let hello_request = || Request::Hello {
        lowest: 1,
        highest: 1,
    };
    session.begin(ms(0), hello_request());
    let again = Output::Send(hello_request().to_packet(2).to_frame());
    assert_eq!(session.step(ms(50), &frame(&READY, 0)), [again]);
    let answer = [Output::Answer(hello())];
    assert_eq!(session.step(ms(60), &frame(&hello(), 2)), answer);
}

#[test]
fn another_version_is_refused() {
    let answer = |version| Reply::Hello {
        version,
        lowest: 1,
        highest: 3,
        boot: BOOT,
    };
    let mut session = Session::new(0);
    session.begin(
        ms(0),
        Request::Hello {
            lowest: 1,
            highest: 1,
        },
    );
    let fault = AnswerFault::Malformed(MessageFault::Impossible("version"));
    let expect = [Output::Fault(Fault::Answer(fault))];
    assert_eq!(session.step(ms(5), &frame(&answer(2), 1)), expect);
    assert!(!session.is_greeted());
}

#[test]
fn what_the_scanner_says_against_it_is_passed_on() {
    let check = |reply: Reply, expect: AnswerFault, words: &str| {
        let output = Output::Fault(Fault::Answer(expect.clone()));
        check(CAPTURE, &[(5, frame(&reply, 2))], &[(5, output)]);
        assert_eq!(expect.to_string(), words);
    };
    check(
        refused(kind::CAPTURE, 4),
        AnswerFault::Refused { code: 4, detail: 0 },
        "the scanner refused: it is busy",
    );
    check(
        Reply::Failed {
            request: kind::CAPTURE,
            fault: 1,
            detail: 0x0203,
        },
        AnswerFault::Failed {
            fault: 1,
            detail: 0x0203,
        },
        "the scanner failed: image sensor (detail 0203)",
    );
}

#[test]
fn a_short_answer_is_against_the_protocol() {
    let short = Packet::new(1, kind::STATUS | 0x80, 2, vec![0; 15]).unwrap();
    let fault = Fault::Answer(AnswerFault::Malformed(MessageFault::Short));
    check(
        Request::Status,
        &[(5, short.to_frame())],
        &[(5, Output::Fault(fault))],
    );
    // One that is longer is of a later revision.
    let mut longer = status(BOOT).to_packet(2).payload().to_vec();
    longer.extend([1, 2, 3]);
    let longer = Packet::new(1, kind::STATUS | 0x80, 2, longer).unwrap();
    let answer = Output::Answer(status(BOOT));
    check(Request::Status, &[(5, longer.to_frame())], &[(5, answer)]);
}

#[test]
fn a_job_is_cancelled_by_its_id() {
    let mut session = greeted();
    assert_eq!(session.cancel(ms(0)), None);
    session.begin(ms(0), CAPTURE);
    session.step(ms(5), &frame(&Reply::Accepted, 2));
    let sent = session.cancel(ms(10)).unwrap();
    assert_eq!(sent, Request::Cancel { job: 2 }.to_packet(3).to_frame());
    // The job was quicker; its end is no answer to the cancellation, nor is what it said on the way.
    let report = crate::reference::report::Report([0; 18]);
    let end = Reply::Capture { report, seal: None };
    let bytes = [frame(&Reply::Progress { position: 1 }, 2), frame(&end, 2)];
    assert_eq!(session.step(ms(12), &bytes.concat()), [Output::Late(end)]);
    let answer = Reply::Cancel { ended: false };
    assert_eq!(session.step(ms(13), &frame(&answer, 3)), [Output::Answer(answer)]);
}

#[test]
fn a_request_in_a_hurry_is_given_up_sooner() {
    let mut session = greeted();
    session.hurry(ms(400));
    session.begin(ms(0), Request::Status);
    session.hurry(ms(400));
    session.hurry(ms(5000));
    assert_eq!(session.step(ms(399), &[]), []);
    assert_eq!(session.step(ms(400), &[]), [Output::Fault(Fault::Silent)]);
}

#[test]
fn ids_leave_out_zero() {
    let mut session = Session::new(u16::MAX - 1);
    let id = |bytes: Vec<u8>| {
        Decoder::default()
            .next_packet(&mut bytes.as_slice())
            .unwrap()
            .unwrap()
            .id()
    };
    assert_eq!(id(session.begin(ms(0), Request::Status)), u16::MAX);
    assert_eq!(id(session.begin(ms(0), Request::Status)), 1);
}

fn any_reply() -> impl Strategy<Value = Vec<u8>> {
    let kinds = prop_oneof![
        0x80..=0x92u8,
        0x40..=0x43u8,
        Just(0xA0),
        Just(0xA1),
        0xFE..=0xFFu8
    ];
    let payload = prop::collection::vec(prop_oneof![Just(0u8), Just(1), any::<u8>()], 0..160);
    let valid = (0..=1u8, kinds, 0..5u16, payload)
        .prop_map(|(version, kind, id, payload)| Packet::new(version, kind, id, payload).unwrap().to_frame());
    prop_oneof![valid, prop::collection::vec(any::<u8>(), 0..600)]
}

fn any_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        Just(Request::Hello {
            lowest: 1,
            highest: 1
        }),
        Just(Request::Status),
        Just(Request::Delete { reference: 7 }),
        Just(Request::SelfTest),
        Just(CAPTURE),
    ]
}

proptest! {
    /// Whatever comes and however it is cut, every request ends once, within its time, and only with its own answer.
    #[test]
    fn every_request_ends_once(
        request in any_request(),
        said in prop::collection::vec(any_reply(), 0..12),
        piece in 1..80usize,
        pause in 1..400u64,
    ) {
        let mut session = Session::new(0);
        session.begin(ms(0), request.clone());
        let bytes = said.concat();
        let mut ends = 0;
        let mut at = 0;
        let pieces = bytes.chunks(piece).chain(std::iter::repeat(&[][..]));
        for received in pieces.take(bytes.len() / piece + 40) {
            for output in session.step(ms(at), received) {
                match output {
                    Output::Answer(reply) => {
                        prop_assert!(reply.answers(request.kind()));
                        ends += 1;
                    }
                    Output::Fault(_) => ends += 1,
                    Output::Hand(_) => prop_assert!(request.is_job() && ends == 0),
                    Output::Late(_) => prop_assert!(false, "nothing was cancelled"),
                    Output::Send(_) => prop_assert!(ends == 0),
                }
            }
            at += pause;
        }
        // Long after the last limit nothing is pending.
        for output in session.step(ms(at + 60_000), &[]) {
            prop_assert!(matches!(output, Output::Fault(_)), "{output:?}");
            ends += 1;
        }
        prop_assert_eq!(ends, 1);
        prop_assert!(session.notices.len() <= NOTICES_MAX);
    }
}
