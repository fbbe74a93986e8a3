use std::time::{SystemTime, UNIX_EPOCH};

use verification::custody::CustodyLimits;

use super::*;
use crate::identity::tests::Bench;

fn now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UtcMs(i64::try_from(since.as_millis()).unwrap())
}

/// Of a kiosk whose gateway never answers.
fn open(bench: &Bench, now: UtcMs) -> Custody {
    let settings = Settings {
        kiosk_id: "kiosk-0001".to_owned(),
        data: bench.folder.path().to_owned(),
        // Port 9 discards, where anything listens at all.
        pins: Vec::new(),
        url: "wss://127.0.0.1:9/v1/kiosk".to_owned(),
        keys: keys::KeyChoice::File {
            folder: bench.folder.path().join("keys"),
        },
        limits: CustodyLimits::default(),
        line: sync::Settings::default(),
    };
    let software = Software::running("test", Vec::new());
    Custody::open(settings, software, Arc::clone(&bench.store), now, |_| {}).unwrap()
}

fn events(custody: &Custody) -> Vec<String> {
    let records = custody.outbox.audit_records(0, usize::MAX).unwrap();
    records.into_iter().map(|record| record.event).collect()
}

#[test]
fn who_is_not_enrolled_records_nothing() {
    let bench = Bench::new();
    let mut custody = open(&bench, now());
    assert_eq!(custody.closed(now()).unwrap(), Some(Concern::NotEnrolled));
    bench.admit(bench.apply());
    custody.tick(now()).unwrap();
    assert_eq!(custody.closed(now()).unwrap(), None);
    assert!(
        events(&custody)
            .iter()
            .any(|event| event == "IdentityLoaded key=device-1")
    );
}

#[test]
fn a_certificate_is_renewed_with_a_new_key_while_the_kiosk_runs() {
    let bench = Bench::new();
    let identity = bench.admit(bench.apply());
    let late = UtcMs(identity.valid_from.0 + (identity.expires_at.0 - identity.valid_from.0) / 4 * 3);
    let mut custody = open(&bench, late);
    custody.online = true;
    custody.tick(late).unwrap();
    let request = custody.renewal.as_ref().unwrap().request.clone();

    let other = Bench::new();
    custody
        .renewed(bench.issue(&other.apply().request), late)
        .unwrap();
    assert_eq!(custody.identity.as_ref().unwrap().identity.name, "device-1");
    assert!(
        custody.renewal.is_none(),
        "a certificate for another key ends the application"
    );

    custody.tried_at = None;
    custody.tick(late).unwrap();
    assert_eq!(
        custody.renewal.as_ref().unwrap().request,
        request,
        "for the same new key"
    );
    custody.renewed(bench.issue(&request), late).unwrap();
    assert_eq!(custody.identity.as_ref().unwrap().identity.name, "device-2");
    assert!(
        bench.store.names().unwrap().contains(&"device-1".to_owned()),
        "until the new one has served"
    );
    custody.welcome("gateway", 0, None, late).unwrap();
    assert_eq!(bench.store.names().unwrap(), ["device-2", "store-1"]);
    drop(custody);
    let custody = open(&bench, late);
    assert_eq!(custody.identity.as_ref().unwrap().identity.name, "device-2");
}

#[test]
fn a_clock_that_was_wrong_once_does_not_close_the_kiosk_for_ever() {
    let bench = Bench::new();
    bench.admit(bench.apply());
    let right = now();
    let wrong = UtcMs(right.0 + 10 * 365 * 24 * 60 * 60 * 1000);
    let mut custody = open(&bench, wrong);
    custody.audit(None, "SessionOpened", wrong).unwrap();
    drop(custody);
    let mut custody = open(&bench, right);
    assert_eq!(custody.closed(right).unwrap(), Some(Concern::Clock));
    custody.welcome("gateway", 20, None, right).unwrap();
    assert_eq!(custody.closed(right).unwrap(), None);
    drop(custody);
    let mut custody = open(&bench, right);
    assert_eq!(custody.closed(right).unwrap(), None, "also after a restart");
}

#[test]
fn receipts_of_others_let_nothing_go() {
    let bench = Bench::new();
    bench.admit(bench.apply());
    let at = now();
    let mut custody = open(&bench, at);
    let document = SignedDocument {
        id: DocumentId([7; 16]),
        bytes: vec![1, 2, 3],
    };
    custody.outbox.put(&document, &[], at).unwrap();
    custody.offer(at).unwrap();
    custody.delivered(document.id, b"no receipt at all", at).unwrap();
    assert!(custody.outbox.state(document.id).unwrap().is_some());
    assert!(
        custody.outbox.next(at).unwrap().is_none(),
        "it is not offered at once"
    );
    let later = UtcMs(at.0 + DOUBT_PAUSE_MS);
    assert_eq!(custody.outbox.next(later).unwrap(), Some(document));
    assert!(
        events(&custody)
            .iter()
            .any(|event| event.starts_with("ReceiptDoubted "))
    );
}

#[test]
fn a_page_of_the_centre_is_for_a_document_that_awaits_its_answer() {
    let bench = Bench::new();
    let at = now();
    let mut custody = open(&bench, at);
    let document = SignedDocument {
        id: DocumentId([7; 16]),
        bytes: vec![1, 2, 3],
    };
    let page = || {
        Event(sync::Event::HostedPage {
            id: document.id,
            url: sync::wire::Link("https://centre.example/1".into()),
            expires_at: UtcMs(9),
        })
    };
    // Not delivered, and so not awaited, yet.
    custody.outbox.put(&document, &[], at).unwrap();
    assert_eq!(custody.handle(page(), at).unwrap(), Happened::Nothing);
    custody.outbox.receipt(document.id, b"receipt", at, at).unwrap();
    let happened = custody.handle(page(), at).unwrap();
    assert!(!format!("{happened:?}").contains("centre.example"));
    assert_eq!(
        happened,
        Happened::HostedPage {
            document_id: document.id,
            url: Sensitive::new("https://centre.example/1".into()),
            expires_at: UtcMs(9),
        }
    );
    custody.outbox.identified(document.id, at).unwrap();
    assert_eq!(custody.handle(page(), at).unwrap(), Happened::Nothing);
}

#[test]
fn who_waits_for_a_call_is_known_while_there_is_a_line() {
    let bench = Bench::new();
    let at = now();
    let mut custody = open(&bench, at);
    assert_eq!(custody.call_backs(), None);
    for waiting in [2, 0] {
        let said = Event(sync::Event::CallBacks { waiting });
        assert_eq!(custody.handle(said, at).unwrap(), Happened::Nothing);
        assert_eq!(custody.call_backs(), Some(waiting));
    }
    let reason = sync::LinkDownReason::Closed;
    custody
        .handle(Event(sync::Event::LinkDown { reason }), at)
        .unwrap();
    assert_eq!(custody.call_backs(), None);
}

#[test]
fn keys_of_the_store_follow_each_other() {
    let bench = Bench::new();
    let mut custody = open(&bench, now());
    let keys = Arc::clone(&bench.store);
    assert_eq!(
        crate::rotate(&custody.settings.clone(), custody.outbox(), &*keys).unwrap(),
        2
    );
    drop(custody);
    assert_eq!(keys.names().unwrap(), ["store-2"]);
    let opened = crate::open_store(&open(&bench, now()).settings.clone(), &keys, now());
    assert!(opened.is_err(), "one program at a time has the store");
    drop(opened);
    let custody = open(&bench, now());
    assert!(events(&custody).len() > 1, "it is the same store");
}
