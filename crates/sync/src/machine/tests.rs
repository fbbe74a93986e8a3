mod property;
mod window;

use expect_test::{Expect, expect};

use verification::audit::{AuditHead, LogId};

use super::*;

fn id(number: u8) -> DocumentId {
    DocumentId([number; 16])
}

fn machine() -> Sync {
    Sync::new(
        Settings::default(),
        Greeting {
            kiosk_id: "k".into(),
            software: "1".into(),
            software_sha256: [0; 32],
            capabilities: Vec::new(),
        },
        Standing {
            audit: AuditHead::empty(LogId([1; 16])),
            pending: 0,
        },
    )
}

fn short(effect: &Effect) -> String {
    match effect {
        Effect::Send(KioskFrame::Submit { id, document }) => format!("submit {} {document:?}", id.0[0]),
        Effect::Send(KioskFrame::Hello { awaiting, .. }) => format!("hello awaiting {}", awaiting.len()),
        Effect::Send(KioskFrame::Renew { csr }) => format!("renew {csr:?}"),
        Effect::Send(KioskFrame::ResultSeen { id }) => format!("seen {}", id.0[0]),
        Effect::Report(Event::Delivered { id, .. }) => format!("delivered {}", id.0[0]),
        Effect::Report(Event::Refused { id, code }) => format!("refused {} {}", id.0[0], code.name()),
        Effect::Report(Event::Postponed { id, retry_after_ms }) => {
            format!("postponed {} {retry_after_ms} ms", id.0[0])
        }
        Effect::Report(Event::Identified { id, .. }) => format!("identified {}", id.0[0]),
        Effect::Report(event) => format!("{event:?}"),
        effect => format!("{effect:?}").to_lowercase(),
    }
}

/// Runs inputs, each with its time in milliseconds, and compares the effects and the last deadline. The
/// random number is the largest one, so that pauses are as long as they can be.
fn check(script: &[(u64, Input)], expect: Expect) {
    let mut machine = machine();
    let mut trace = String::new();
    for (at_ms, input) in script {
        let effects = machine.step(Duration::from_millis(*at_ms), u64::MAX, input.clone());
        let effects: Vec<String> = effects.iter().map(short).collect();
        trace += &format!("{at_ms}: {}\n", effects.join(", "));
    }
    trace += &format!("deadline {:?}\n", machine.deadline());
    expect.assert_eq(&trace);
}

/// The kiosk's clock is at 1,000,000 ms, and the gateway's one second ahead.
fn connected() -> Input {
    Input::Connected { at: UtcMs(1_000_000) }
}

fn welcome_to(window_documents: u16, window_bytes: u32) -> Input {
    Input::Frame(Ok(GatewayFrame::Welcome {
        protocol: VERSION,
        gateway: "g".into(),
        window_documents,
        window_bytes,
        at: UtcMs(1_001_000),
        export_recipient: None,
    }))
}

/// One document at a time.
fn welcome() -> Input {
    welcome_to(1, u32::MAX)
}

fn receipt(number: u8) -> Input {
    Input::Frame(Ok(GatewayFrame::Receipt {
        id: id(number),
        receipt: Payload(vec![number]),
    }))
}

fn refused(number: u8, code: RefusalCode) -> Input {
    Input::Frame(Ok(GatewayFrame::Refused { id: id(number), code }))
}

fn loaded(number: u8) -> Input {
    Input::Loaded(Some((id(number), vec![number; 3])))
}

/// Connected and asked for the first document at 0 ms.
fn open(rest: &[(u64, Input)]) -> Vec<(u64, Input)> {
    let mut script = vec![(0, Input::Tick), (0, connected()), (0, welcome())];
    script.extend_from_slice(rest);
    script
}

#[test]
fn a_page_of_the_centre_is_passed_on_without_its_link_in_the_log() {
    let page = GatewayFrame::HostedPage {
        id: id(1),
        url: crate::wire::Link("https://centre.example/x".into()),
        expires_at: UtcMs(7),
    };
    check(
        &open(&[(1, Input::Loaded(None)), (2, Input::Frame(Ok(page)))]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: 
            2: HostedPage(01010101010101010101010101010101, until 7)
            deadline Some(10.002s)
        "#]],
    );
}

#[test]
fn how_many_wait_for_a_call_is_passed_on() {
    let waiting = Input::Frame(Ok(GatewayFrame::CallBacks { waiting: 3 }));
    check(
        &open(&[(1, Input::Loaded(None)), (2, waiting)]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: 
            2: CallBacks(3)
            deadline Some(10.002s)
        "#]],
    );
}

#[test]
fn delivers_one_after_the_other_and_passes_answers_on() {
    let identified = GatewayFrame::Identified {
        id: id(1),
        document: Payload(vec![1]),
    };
    check(
        &[
            (0, Input::Awaiting(vec![id(7)])),
            (0, Input::Tick),
            (5, connected()),
            (9, welcome()),
            (10, loaded(1)),
            (11, Input::Wake),
            (20, receipt(1)),
            (21, loaded(2)),
            (30, receipt(2)),
            (31, Input::Loaded(None)),
            (40, Input::Frame(Ok(identified))),
            (41, Input::Seen(id(1))),
            (50, Input::Wake),
            (51, Input::Wake),
            (52, Input::Loaded(None)),
            (53, loaded(3)),
        ],
        expect![[r#"
            0: 
            0: connect
            5: hello awaiting 1
            9: Welcome(g, skew 998 ms), load
            10: submit 1 (3 bytes)
            11: 
            20: delivered 1, load
            21: submit 2 (3 bytes)
            30: delivered 2, load
            31: 
            40: identified 1
            41: seen 1
            50: load
            51: 
            52: load
            53: submit 3 (3 bytes)
            deadline Some(30.053s)
        "#]],
    );
}

#[test]
fn a_document_that_is_refused_or_postponed_does_not_block_the_next() {
    check(
        &open(&[
            (1, loaded(1)),
            (2, refused(1, RefusalCode::Signature)),
            (3, loaded(2)),
            (4, refused(2, RefusalCode::Unavailable { retry_after_ms: 700 })),
            (5, loaded(3)),
            (6, receipt(3)),
            (7, Input::Loaded(None)),
            (803, Input::Tick),
            (804, Input::Tick),
            (805, loaded(2)),
            (806, receipt(2)),
            (807, Input::Loaded(None)),
            (20_000, Input::Alive),
            (30_806, Input::Tick),
            (30_807, Input::Tick),
        ]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: submit 1 (3 bytes)
            2: refused 1 signature, load
            3: submit 2 (3 bytes)
            4: postponed 2 700 ms, load
            5: submit 3 (3 bytes)
            6: delivered 3, load
            7: 
            803: 
            804: load
            805: submit 2 (3 bytes)
            806: delivered 2, load
            807: 
            20000: 
            30806: ping
            30807: load
            deadline Some(50s)
        "#]],
    );
}

#[test]
fn a_document_that_is_too_large_is_not_sent() {
    check(
        &open(&[
            (1, Input::Loaded(Some((id(1), vec![0; DOCUMENT_MAX_BYTES + 1])))),
            (2, loaded(2)),
        ]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: refused 1 too-large, load
            2: submit 2 (3 bytes)
            deadline Some(30.002s)
        "#]],
    );
}

#[test]
fn a_silent_line_is_asked_and_then_given_up() {
    check(
        &open(&[
            (1, Input::Loaded(None)),
            (9_999, Input::Tick),
            (10_000, Input::Tick),
            (10_050, Input::Alive),
            (20_050, Input::Tick),
            (40_049, Input::Tick),
            (40_050, Input::Tick),
        ]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: 
            9999: 
            10000: ping
            10050: 
            20050: ping
            40049: load
            40050: close, LinkDown(TimedOut)
            deadline Some(40.55s)
        "#]],
    );
}

#[test]
fn a_large_document_is_given_the_time_it_needs() {
    check(
        &open(&[
            (0, Input::Loaded(Some((id(1), vec![0; 8 * 1024 * 100])))),
            (100_000, Input::Tick),
            (130_000, Input::Tick),
        ]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            0: submit 1 (819200 bytes)
            100000: 
            130000: close, LinkDown(TimedOut)
            deadline Some(130.5s)
        "#]],
    );
}

#[test]
fn pauses_grow_and_are_bounded() {
    let unreachable = || Input::ConnectFailed(LinkDownReason::Unreachable("x".into()));
    check(
        &[
            (0, Input::Tick),
            (0, unreachable()),
            (500, Input::Tick),
            (500, unreachable()),
            (1_499, Input::Tick),
            (1_500, Input::Tick),
            (1_500, unreachable()),
            (100_000, Input::Tick),
            (115_000, Input::Tick),
            (200_000, Input::Tick),
            (
                200_000,
                Input::ConnectFailed(LinkDownReason::GatewayUntrusted("x".into())),
            ),
        ],
        expect![[r#"
            0: connect
            0: LinkDown(Unreachable("x"))
            500: connect
            500: LinkDown(Unreachable("x"))
            1499: 
            1500: connect
            1500: LinkDown(Unreachable("x"))
            100000: connect
            115000: close, LinkDown(TimedOut)
            200000: connect
            200000: LinkDown(GatewayUntrusted("x"))
            deadline Some(260s)
        "#]],
    );
    let mut machine = machine();
    for attempt in 0..100 {
        let now = Duration::from_secs(attempt * 100);
        assert_eq!(machine.step(now, 0, Input::Tick), [Effect::Connect]);
        machine.step(now, u64::MAX, unreachable());
        assert!(machine.deadline() <= Some(now + Settings::default().backoff_max));
    }
}

#[test]
fn a_gateway_that_drops_every_connection_is_not_hammered() {
    let mut machine = machine();
    let mut now = Duration::ZERO;
    for _ in 0..20 {
        machine.step(now, 0, Input::Tick);
        machine.step(now, 0, connected());
        machine.step(now, 0, welcome());
        machine.step(now, u64::MAX, Input::Closed(LinkDownReason::Closed));
        now = machine.deadline().unwrap();
    }
    assert!(now > Duration::from_secs(600), "{now:?}");
}

#[test]
fn answers_that_make_no_sense_end_the_connection() {
    check(
        &open(&[(1, loaded(1)), (2, receipt(9))]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: submit 1 (3 bytes)
            2: close, LinkDown(Nonsense("an answer about a document that was not sent"))
            deadline Some(502ms)
        "#]],
    );
    check(
        &open(&[(1, Input::Loaded(None)), (2, receipt(1))]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: 
            2: close, LinkDown(Nonsense("an answer about a document that was not sent"))
            deadline Some(502ms)
        "#]],
    );
    check(
        &open(&[(1, loaded(1)), (2, refused(2, RefusalCode::Malformed))]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: submit 1 (3 bytes)
            2: close, LinkDown(Nonsense("an answer about a document that was not sent"))
            deadline Some(502ms)
        "#]],
    );
    check(
        &open(&[(1, welcome())]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: close, LinkDown(Nonsense("a second welcome"))
            deadline Some(501ms)
        "#]],
    );
    check(
        &open(&[(1, Input::Frame(Err(WireError::Version(9))))]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: close, LinkDown(Nonsense("frames of version 9 are not understood"))
            deadline Some(501ms)
        "#]],
    );
    check(
        &open(&[(
            1,
            Input::Frame(Ok(GatewayFrame::Bye {
                reason: ByeReason::ShuttingDown,
            })),
        )]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: close, LinkDown(Bye(ShuttingDown))
            deadline Some(501ms)
        "#]],
    );
    check(
        &[(0, Input::Tick), (0, connected()), (0, receipt(1))],
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: close, LinkDown(Nonsense("no welcome"))
            deadline Some(500ms)
        "#]],
    );
    check(
        &[
            (0, Input::Tick),
            (0, connected()),
            (
                0,
                Input::Frame(Ok(GatewayFrame::Welcome {
                    protocol: 9,
                    gateway: "g".into(),
                    window_documents: 1,
                    window_bytes: 1,
                    at: UtcMs(0),
                    export_recipient: None,
                })),
            ),
        ],
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: close, LinkDown(Bye(Version))
            deadline Some(60s)
        "#]],
    );
}

#[test]
fn what_was_offered_too_late_is_given_back() {
    check(
        &open(&[
            (1, Input::Closed(LinkDownReason::Closed)),
            (2, loaded(1)),
            (501, Input::Tick),
            (502, connected()),
            (503, welcome()),
            (504, loaded(1)),
            (505, loaded(2)),
        ]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: LinkDown(Closed)
            2: postponed 1 0 ms
            501: connect
            502: hello awaiting 0
            503: Welcome(g, skew 1000 ms), load
            504: submit 1 (3 bytes)
            505: 
            deadline Some(30.504s)
        "#]],
    );
}
