//! Whom the gateway serves, and whom not: each refusal has its reason, and stands in the audit log.

use gateway::store::{Documents, Revocation, Trust};
use sync::LinkDownReason;
use sync::wire::{ByeReason, GatewayFrame, KioskFrame, Payload};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::bank::{Bank, IIN, Kiosk, now};
use crate::raw::{Raw, aged, audit_log, head, hello, until};

const HOUR_MS: i64 = 60 * 60 * 1000;

fn bye(frame: Option<GatewayFrame>) -> ByeReason {
    match frame {
        Some(GatewayFrame::Bye { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_that_nobody_noted_is_unknown() {
    let mut bank = Bank::with_old_authority();
    let gateway = bank.gateway();
    let papers = aged(&bank, "kiosk-1", 1, 90, false);
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    assert_eq!(bye(raw.greet("kiosk-1", head(1, "a"), now())), ByeReason::Unknown);

    // The name alone is not enough, and neither is being an authority's own signer of answers.
    aged(&bank, "kiosk-2", 1, 90, true);
    let papers = aged(&bank, "kiosk-2", 1, 90, false);
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    assert_eq!(bye(raw.greet("kiosk-2", head(1, "a"), now())), ByeReason::Unknown);
    let log = audit_log(&bank);
    for name in ["kiosk-1", "kiosk-2"] {
        let event = format!("kiosk-refused unknown {name} serial=");
        assert!(log.iter().any(|noted| noted.starts_with(&event)), "{log:?}");
    }
}

#[test]
fn an_expired_certificate_does_not_pass_tls() {
    let mut bank = Bank::with_old_authority();
    let gateway = bank.gateway();
    let papers = aged(&bank, "kiosk-1", 100, 90, true);
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    assert_eq!(kiosk.down(), LinkDownReason::KioskExpired);
    drop(kiosk);
    let of_another_bank = Bank::new().enrol_and_keep("kiosk-1");
    let mut stranger = of_another_bank.1.client(gateway.address());
    // It believes our gateway, so that it is the gateway's turn to refuse.
    stranger.authority_pem = papers.read("ca.pem");
    let mut kiosk = Kiosk::start(stranger);
    assert!(matches!(kiosk.down(), LinkDownReason::KioskRefused(_)));
    // It is noted once the alert is on its way.
    for fault in ["expired", "other-authority"] {
        let event = format!("certificate-refused {fault}");
        until(&event, || audit_log(&bank).contains(&event));
    }
}

#[test]
fn revocation_reaches_an_open_connection() {
    let mut bank = Bank::with_old_authority();
    let gateway = bank.gateway();
    let papers = aged(&bank, "kiosk-1", 1, 90, true);
    let other = bank.enrol("kiosk-2");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    kiosk.up();
    let mut stays = Kiosk::start(other.client(gateway.address()));
    stays.up();

    // As the operator's tool does it: beside the running gateway.
    let store = bank.store();
    bank.runtime.block_on(async {
        let serial = store
            .certificates(Some("kiosk-1"))
            .await
            .unwrap()
            .remove(0)
            .serial;
        let revocation = Revocation {
            serial,
            reason: 1,
            revoked_at: now(),
        };
        assert!(store.revoke(&revocation, now()).await.unwrap());
    });
    bank.ring();
    assert_eq!(kiosk.down(), LinkDownReason::Bye(ByeReason::Revoked));
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    assert_eq!(bye(raw.greet("kiosk-1", head(1, "a"), now())), ByeReason::Revoked);
    let (id, signed) = other.document(1, IIN);
    stays.put((id, signed));
    stays.delivered(id);

    let blocked = store.block_kiosk("kiosk-2", Some("stolen"), now());
    assert!(bank.runtime.block_on(blocked).unwrap());
    bank.ring();
    assert_eq!(stays.down(), LinkDownReason::Bye(ByeReason::Revoked));
    assert!(
        audit_log(&bank)
            .iter()
            .any(|event| event.starts_with("kiosk-refused revoked kiosk-2"))
    );

    // Let in again, without the running gateway having looked who is listed: the store decides.
    let let_in = store.block_kiosk("kiosk-2", None, now());
    assert!(bank.runtime.block_on(let_in).unwrap());
    let mut again = Kiosk::start(other.client(gateway.address()));
    again.up();
    let (id, signed) = other.document(2, IIN);
    again.put((id, signed));
    again.delivered(id);
}

#[test]
fn a_greeting_in_anothers_name_is_refused() {
    let mut bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    bank.enrol("kiosk-2");
    let gateway = bank.gateway();
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    assert_eq!(
        bye(raw.greet("kiosk-2", head(1, "a"), now())),
        ByeReason::KioskMismatch
    );
    let expect = "kiosk-refused kiosk-mismatch kiosk-1 named=kiosk-2";
    assert!(audit_log(&bank).iter().any(|event| event == expect));
}

#[test]
fn a_replayed_or_forked_audit_log_is_refused() {
    let mut bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let greet = |audit| {
        let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
        raw.greet("kiosk-1", audit, now())
    };
    let welcomed = |audit| assert!(matches!(greet(audit), Some(GatewayFrame::Welcome { .. })));
    welcomed(head(5, "a"));
    welcomed(head(5, "a"));
    assert_eq!(bye(greet(head(4, "a"))), ByeReason::AuditRegressed);
    assert_eq!(bye(greet(head(5, "b"))), ByeReason::AuditRegressed);
    welcomed(head(6, "a"));
    let log = audit_log(&bank);
    assert!(
        log.iter()
            .any(|event| event.starts_with("kiosk-log-regressed kiosk-1"))
    );
    assert!(
        log.iter()
            .any(|event| event.starts_with("kiosk-log-forked kiosk-1"))
    );
}

#[test]
fn a_wrong_clock_is_told_noted_and_served_all_the_same() {
    let mut bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    let late = UtcMs(now().0 - HOUR_MS);
    let Some(GatewayFrame::Welcome { at, .. }) = raw.greet("kiosk-1", head(1, "a"), late) else {
        panic!("not welcomed");
    };
    assert!((at.0 - now().0).abs() < HOUR_MS);
    let (id, signed) = papers.document(1, IIN);
    raw.send(&KioskFrame::Submit {
        id,
        document: Payload(signed),
    });
    assert!(matches!(raw.next(), Some(GatewayFrame::Receipt { id: got, .. }) if got == id));
    let log = audit_log(&bank);
    let skew = "kiosk-clock-wrong kiosk-1 skew-ms=-";
    assert!(log.iter().any(|event| event.starts_with(skew)), "{log:?}");
    assert!(
        log.iter().any(|event| event.starts_with("clock-skew-ms=-")),
        "{log:?}"
    );
}

#[test]
fn nobody_gets_further_than_enrolment_without_a_certificate() {
    let mut bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let stranger = || Raw::connect(&bank, gateway.address(), None).unwrap();
    let (id, signed) = papers.document(1, IIN);
    let submit = KioskFrame::Submit {
        id,
        document: Payload(signed),
    };
    let mut raw = stranger();
    raw.send(&submit);
    assert_eq!(raw.farewell(), Some(ByeReason::Unknown));
    assert_eq!(raw.next(), None);
    let mut raw = stranger();
    raw.send(&hello("kiosk-1", head(1, "a"), now()));
    assert_eq!(raw.farewell(), Some(ByeReason::Unknown));
    let mut raw = stranger();
    raw.send(&KioskFrame::Submit {
        id,
        document: Payload(vec![0; 20_000]),
    });
    assert_eq!(raw.farewell(), Some(ByeReason::Malformed));
    assert_eq!(bank.list(), []);
    let log = audit_log(&bank);
    assert!(
        log.iter()
            .any(|event| event == "kiosk-refused unknown nobody no-certificate")
    );
}

#[test]
fn a_refusal_is_noted_once_a_minute() {
    let mut bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    for _ in 0..5 {
        let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
        assert_eq!(
            bye(raw.greet("kiosk-9", head(1, "a"), now())),
            ByeReason::KioskMismatch
        );
    }
    let noted = |event: &String| event.starts_with("kiosk-refused kiosk-mismatch");
    assert_eq!(audit_log(&bank).iter().filter(|event| noted(event)).count(), 1);
}

#[test]
fn documents_are_asked_for_again() {
    let mut bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let ids = [DocumentId([1; 16]), DocumentId([2; 16])];
    let store = bank.store();
    let ask = |id| {
        bank.runtime
            .block_on(store.request_resend("kiosk-1", &[id], now()))
            .unwrap()
    };
    ask(ids[0]);
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    let welcome = raw.greet("kiosk-1", head(1, "a"), now());
    let Some(GatewayFrame::Welcome {
        export_recipient,
        window_documents,
        ..
    }) = welcome
    else {
        panic!("{welcome:?}");
    };
    assert!(export_recipient.unwrap().starts_with("age1"));
    assert_eq!(window_documents, bank.config.limits.window_documents);
    assert_eq!(raw.next(), Some(GatewayFrame::Resend { ids: vec![ids[0]] }));
    ask(ids[1]);
    bank.ring();
    assert_eq!(raw.next(), Some(GatewayFrame::Resend { ids: ids.to_vec() }));
    // The wish ends when it is fulfilled.
    let (id, signed) = papers.document(1, IIN);
    raw.send(&KioskFrame::Submit {
        id,
        document: Payload(signed),
    });
    assert!(matches!(raw.next(), Some(GatewayFrame::Receipt { .. })));
    until("the end of the wish", || {
        bank.runtime.block_on(store.resends("kiosk-1")).unwrap() == [ids[1]]
    });
}

#[test]
fn nobody_is_heard_at_length_before_it_is_let_in() {
    let mut bank = Bank::with_old_authority();
    let gateway = bank.gateway();
    // Whoever is not in the registry hears so without having said anything.
    let unknown = aged(&bank, "kiosk-1", 1, 90, false);
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&unknown)).unwrap();
    assert_eq!(bye(raw.next()), ByeReason::Unknown);
    // A greeting is small, whatever else a frame may hold.
    let papers = aged(&bank, "kiosk-2", 1, 90, true);
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    raw.send(&KioskFrame::Submit {
        id: DocumentId([1; 16]),
        document: Payload(vec![0; 1024 * 1024]),
    });
    assert_eq!(raw.farewell(), Some(ByeReason::Malformed));
    // Once it is let in, documents may be large.
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    raw.greet("kiosk-2", head(1, "a"), now());
    raw.send(&KioskFrame::Submit {
        id: DocumentId([1; 16]),
        document: Payload(vec![0; 1024 * 1024]),
    });
    let refused = raw.next();
    assert!(
        matches!(refused, Some(GatewayFrame::Refused { .. })),
        "{refused:?}"
    );
    let event = format!("document-refused malformed kiosk-2 id={}", DocumentId([1; 16]));
    assert!(audit_log(&bank).contains(&event));
}

#[test]
fn an_impossible_head_is_refused() {
    let mut bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    let mut audit = head(1, "a");
    audit.number = i64::MAX as u64 + 1;
    assert_eq!(bye(raw.greet("kiosk-1", audit, now())), ByeReason::Malformed);
    let store = bank.store();
    assert_eq!(bank.runtime.block_on(store.heads("kiosk-1")).unwrap(), []);
}

#[test]
fn silent_strangers_hold_no_place_for_handshakes() {
    let mut bank = Bank::new();
    bank.config.limits.handshakes_max = 1;
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let silent: Vec<_> = (0..4)
        .map(|_| std::net::TcpStream::connect(gateway.address()).unwrap())
        .collect();
    // Each of them would hold the only place for longer than this kiosk waits.
    let mut client = papers.client(gateway.address());
    client.settings.connect_limit = std::time::Duration::from_secs(10);
    let mut kiosk = Kiosk::start(client);
    kiosk.up();
    drop(silent);
}
