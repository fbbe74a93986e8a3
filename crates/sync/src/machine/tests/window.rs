//! Several documents under way, and what else came with version 2 of the wire.

use super::*;

#[test]
fn several_documents_are_under_way_and_answered_in_any_order() {
    let script = [
        (0, Input::Tick),
        (0, connected()),
        (0, welcome_to(3, 1000)),
        (1, loaded(1)),
        (2, loaded(2)),
        (3, loaded(3)),
        // No more may be under way, and waking changes nothing.
        (4, Input::Wake),
        (5, receipt(2)),
        (6, loaded(4)),
        (7, refused(4, RefusalCode::AuditFork)),
        (8, loaded(5)),
        (9, refused(1, RefusalCode::Unavailable { retry_after_ms: 50 })),
        (10, Input::Loaded(None)),
        (159, Input::Tick),
        (160, loaded(1)),
        (161, receipt(5)),
        (162, receipt(1)),
        (163, receipt(3)),
        (164, Input::Loaded(None)),
        // Each of these is over; saying it again is no news.
        (165, receipt(2)),
        (166, refused(4, RefusalCode::AuditFork)),
        (167, receipt(1)),
    ];
    check(
        &script,
        expect![[r#"
        0: connect
        0: hello awaiting 0
        0: Welcome(g, skew 1000 ms), load
        1: submit 1 (3 bytes), load
        2: submit 2 (3 bytes), load
        3: submit 3 (3 bytes)
        4: 
        5: delivered 2, load
        6: submit 4 (3 bytes)
        7: refused 4 audit-fork, load
        8: submit 5 (3 bytes)
        9: postponed 1 50 ms, load
        10: 
        159: load
        160: submit 1 (3 bytes)
        161: delivered 5, load
        162: delivered 1
        163: delivered 3
        164: 
        165: 
        166: 
        167: 
        deadline Some(10.167s)
    "#]],
    );
}

#[test]
fn bytes_under_way_are_bounded_and_a_large_document_goes_alone() {
    let sized = |number: u8, bytes| Input::Loaded(Some((id(number), vec![number; bytes])));
    check(
        &[
            (0, Input::Tick),
            (0, connected()),
            (0, welcome_to(9, 100)),
            (1, sized(1, 60)),
            (2, sized(2, 40)),
            (3, sized(3, 500)),
            (4, receipt(1)),
            (5, receipt(2)),
            (6, sized(4, 60)),
            (7, receipt(3)),
            // It waits here for its place; whoever offers it again is not heard.
            (8, sized(5, 60)),
            (9, sized(5, 60)),
            (10, sized(6, 60)),
            (11, receipt(4)),
            (12, Input::Closed(LinkDownReason::Closed)),
        ],
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            1: submit 1 (60 bytes), load
            2: submit 2 (40 bytes)
            3: 
            4: delivered 1
            5: delivered 2, submit 3 (500 bytes)
            6: 
            7: delivered 3, submit 4 (60 bytes), load
            8: 
            9: 
            10: postponed 6 0 ms
            11: delivered 4, submit 5 (60 bytes), load
            12: LinkDown(Closed)
            deadline Some(512ms)
        "#]],
    );
}

/// A line that carries 8 KiB a second, and documents of 80 KiB: each takes ten seconds, and its answer may take
/// thirty more.
#[test]
fn each_document_has_the_time_of_those_before_it() {
    let large = |number: u8| Input::Loaded(Some((id(number), vec![number; 80 * 1024])));
    let begin = vec![
        (0, Input::Tick),
        (0, connected()),
        (0, welcome_to(9, u32::MAX)),
        (0, large(1)),
        (0, large(2)),
        (0, large(3)),
        (0, Input::Loaded(None)),
    ];
    let with = |rest: &[(u64, Input)]| [begin.clone(), rest.to_vec()].concat();
    check(
        &with(&[(39_999, Input::Tick), (40_000, Input::Tick)]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            0: submit 1 (81920 bytes), load
            0: submit 2 (81920 bytes), load
            0: submit 3 (81920 bytes), load
            0: 
            39999: load
            40000: close, LinkDown(TimedOut)
            deadline Some(40.5s)
        "#]],
    );
    // The second has come through at 8 s, so the third has to be there at 18 s, and answered at 48 s; the first was
    // there before the second.
    check(
        &with(&[(8_000, receipt(2)), (38_000, Input::Tick)]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            0: submit 1 (81920 bytes), load
            0: submit 2 (81920 bytes), load
            0: submit 3 (81920 bytes), load
            0: 
            8000: delivered 2
            38000: close, LinkDown(TimedOut)
            deadline Some(38.5s)
        "#]],
    );
    check(
        &with(&[(8_000, receipt(2)), (9_000, receipt(1)), (48_000, Input::Tick)]),
        expect![[r#"
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), load
            0: submit 1 (81920 bytes), load
            0: submit 2 (81920 bytes), load
            0: submit 3 (81920 bytes), load
            0: 
            8000: delivered 2
            9000: delivered 1
            48000: close, LinkDown(TimedOut)
            deadline Some(48.5s)
        "#]],
    );
}

#[test]
fn a_certificate_request_is_repeated_until_it_is_answered() {
    let certificates = Input::Frame(Ok(GatewayFrame::Certificates {
        chain: vec![Payload(vec![1]), Payload(vec![2])],
    }));
    let bye = |reason| Input::Frame(Ok(GatewayFrame::Bye { reason }));
    check(
        &[
            (0, Input::Renew(vec![1])),
            (0, Input::Tick),
            (0, connected()),
            (0, welcome()),
            (1, bye(ByeReason::ShuttingDown)),
            (501, Input::Tick),
            (502, connected()),
            (503, welcome()),
            (504, certificates),
            (505, Input::Closed(LinkDownReason::Closed)),
            (2_000, Input::Tick),
            (2_001, connected()),
            (2_002, welcome()),
            (2_003, Input::Renew(vec![2])),
            (2_004, bye(ByeReason::RenewalRefused)),
            (9_000, Input::Tick),
            (9_001, connected()),
            (9_002, welcome()),
        ],
        expect![[r#"
            0: 
            0: connect
            0: hello awaiting 0
            0: Welcome(g, skew 1000 ms), renew (1 bytes), load
            1: close, LinkDown(Bye(ShuttingDown))
            501: connect
            502: hello awaiting 0
            503: Welcome(g, skew 1000 ms), renew (1 bytes), load
            504: Certificates(2)
            505: LinkDown(Closed)
            2000: connect
            2001: hello awaiting 0
            2002: Welcome(g, skew 1000 ms), load
            2003: renew (1 bytes)
            2004: close, LinkDown(Bye(RenewalRefused))
            9000: connect
            9001: hello awaiting 0
            9002: Welcome(g, skew 1000 ms), load
            deadline Some(19.002s)
        "#]],
    );
}

#[test]
fn what_the_institution_wants_again_is_passed_on() {
    let resend = Input::Frame(Ok(GatewayFrame::Resend {
        ids: vec![id(1), id(2)],
    }));
    check(
        &open(&[(1, Input::Loaded(None)), (2, resend)]),
        expect![[r#"
        0: connect
        0: hello awaiting 0
        0: Welcome(g, skew 1000 ms), load
        1: 
        2: Resend(2 documents)
        deadline Some(10.002s)
    "#]],
    );
}

#[test]
fn a_greeting_says_where_the_store_stands() {
    let mut machine = machine();
    let audit = AuditHead {
        log: LogId([3; 16]),
        number: 9,
        hash: [4; 32],
    };
    machine.step(Duration::ZERO, 0, Input::Standing(Standing { audit, pending: 5 }));
    machine.step(Duration::ZERO, 0, Input::Tick);
    let effects = machine.step(Duration::ZERO, 0, connected());
    let [
        Effect::Send(KioskFrame::Hello {
            audit: said,
            pending,
            at,
            ..
        }),
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!((*said, *pending, *at), (audit, 5, UtcMs(1_000_000)));
}

#[test]
fn every_farewell_has_a_class() {
    let class = |reason| LinkDownReason::Bye(reason).class();
    for number in 0..20 {
        let expect = match number {
            2 | 3 | 5 | 9 | 14.. => FailureClass::Transient { retry_after: None },
            4 => FailureClass::Transient {
                retry_after: Some(Duration::from_secs(2)),
            },
            _ => FailureClass::Permanent,
        };
        assert_eq!(class(ByeReason::from(number)), expect, "{number}");
    }
}
