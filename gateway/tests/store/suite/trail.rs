use std::sync::Arc;

use gateway::store::{Greeting, HeadCheck, NewDocument, Put, Store};
use verification::audit::{AuditHead, AuditRecord, AuditTrail};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use crate::bed::{Bed, document, head, id};

/// All records of a store's log, which must be whole.
pub async fn whole(store: &Arc<dyn Store>) -> Vec<AuditRecord> {
    let mut trail = AuditTrail::from(AuditHead::empty(store.log()));
    let mut records = Vec::new();
    loop {
        let page = store
            .audit_records(store.log(), trail.head().number, 7)
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        for record in page {
            trail.follow(&record).unwrap();
            records.push(record);
        }
    }
    assert_eq!(store.audit_head().await.unwrap(), trail.head());
    records
}

async fn events(store: &Arc<dyn Store>) -> Vec<String> {
    whole(store)
        .await
        .into_iter()
        .map(|record| record.event)
        .collect()
}

pub async fn every_change_has_its_record_and_the_chain_is_whole(bed: Bed) {
    let store = bed.open("a").await;
    let session = Some(SessionId([1; 16]));
    let first = store
        .append_audit("gateway-started", None, UtcMs(1))
        .await
        .unwrap();
    assert_eq!(first.number, 1);
    let new = NewDocument {
        notes: vec!["clock-ahead ms=400000".into()],
        ..document(1, b"x")
    };
    let stored = store.put(new, UtcMs(2)).await.unwrap();
    store.put(document(1, b"x"), UtcMs(3)).await.unwrap();
    store.put(document(1, b"y"), UtcMs(4)).await.unwrap();
    store.answered(id(1), b"a", UtcMs(5)).await.unwrap();
    store.answered(id(1), b"a", UtcMs(6)).await.unwrap();
    store.seen("k", id(1), UtcMs(7)).await.unwrap();
    store.seen("k", id(1), UtcMs(8)).await.unwrap();
    store
        .append_audit("a\u{e9}\u{4e00}", session, UtcMs(9))
        .await
        .unwrap();
    let records = whole(&store).await;
    let events: Vec<_> = records.iter().map(|record| record.event.as_str()).collect();
    let one = id(1);
    assert_eq!(
        events,
        [
            "gateway-started".to_owned(),
            format!("clock-ahead ms=400000 {one}"),
            format!("document-stored {one} k"),
            format!("document-refused-id-conflict {one} k"),
            format!("document-answered {one}"),
            format!("answer-seen {one}"),
            "a\u{e9}\u{4e00}".to_owned(),
        ]
    );
    assert_eq!(
        (records[2].number, records[2].hash),
        (stored.audit.number, stored.audit.hash)
    );
    assert_eq!((records[2].session, records[0].session), (session, None));
    // Nothing can follow a text that PostgreSQL would keep otherwise than it was hashed.
    store.append_audit("zero\0", None, UtcMs(9)).await.unwrap();
    whole(&store).await;
}

pub async fn a_forked_log_is_refused_in_any_order(bed: Bed) {
    let (store, second) = bed.two().await;
    let stores = [&store, &second];
    let mut number = 0_u8;
    let mut check = async |kiosk_id: &str, audit: AuditHead, expect: Put| {
        number += 1;
        let new = NewDocument {
            kiosk_id: kiosk_id.into(),
            audit: Some(audit),
            ..document(number, &[number])
        };
        let store = stores[usize::from(number % 2)];
        let put = store.put(new, UtcMs(i64::from(number))).await.unwrap().put;
        assert_eq!(put, expect, "{kiosk_id} {audit:?}");
        assert_eq!(
            store.document(id(number)).await.unwrap().is_some(),
            put == Put::New
        );
    };
    check("k", head(1, 9, 9), Put::New).await;
    check("k", head(1, 4, 4), Put::New).await;
    check("k", head(1, 9, 9), Put::New).await;
    check("k", head(1, 9, 8), Put::AuditFork).await;
    check("k", head(1, 4, 5), Put::AuditFork).await;
    check("k", head(1, 5, 5), Put::New).await;
    // Another log, and another kiosk.
    check("k", head(2, 4, 5), Put::New).await;
    check("other", head(1, 9, 8), Put::New).await;
    let heads = store.heads("k").await.unwrap();
    let seen: Vec<_> = heads.iter().map(|seen| seen.head).collect();
    assert_eq!(seen, [head(1, 9, 9), head(2, 4, 5)]);
    let log = head(2, 0, 0).log;
    let mut all = events(&store).await;
    all.extend(events(&second).await);
    assert!(all.contains(&format!("kiosk-log-new k {log}")), "{all:?}");
    assert!(all.contains(&format!("document-refused-audit-fork {} k", id(4))));
}

pub async fn a_greeting_is_held_against_all_that_was_seen(bed: Bed) {
    let (store, second) = bed.two().await;
    store.add_kiosk("k", UtcMs(1)).await.unwrap();
    let greeting = |audit| Greeting {
        kiosk_id: "k".into(),
        software: "alaqan 1".into(),
        software_sha256: [5; 32],
        audit,
        at: UtcMs(50),
    };
    let check = async |audit, expect| {
        assert_eq!(second.greeted(&greeting(audit), UtcMs(40)).await.unwrap(), expect);
    };
    check(head(1, 0, 1), HeadCheck::First).await;
    check(head(1, 5, 5), HeadCheck::Fits).await;
    check(head(1, 5, 5), HeadCheck::Fits).await;
    check(head(1, 5, 6), HeadCheck::Fork).await;
    let seen = head(1, 5, 5);
    check(head(1, 4, 4), HeadCheck::Regressed { seen }).await;
    check(head(2, 0, 1), HeadCheck::NewLog).await;
    let new = NewDocument {
        audit: Some(head(1, 8, 8)),
        ..document(1, b"x")
    };
    store.put(new, UtcMs(60)).await.unwrap();
    let seen = head(1, 8, 8);
    check(head(1, 7, 7), HeadCheck::Regressed { seen }).await;
    let fork = NewDocument {
        audit: Some(head(1, 8, 9)),
        ..document(2, b"x")
    };
    assert_eq!(store.put(fork, UtcMs(61)).await.unwrap().put, Put::AuditFork);
    let log = seen.log;
    let kept = store.head("k", log).await.unwrap().unwrap();
    assert_eq!(
        (kept.head, kept.first_seen_at, kept.seen_at),
        (seen, UtcMs(40), UtcMs(60))
    );

    let last = store.kiosk("k").await.unwrap().unwrap().last_greeting.unwrap();
    assert_eq!(
        (last.at, last.skew_ms, last.software_sha256),
        (UtcMs(40), 10, [5; 32])
    );
    assert_eq!(
        (last.software.as_str(), last.gateway.as_str()),
        ("alaqan 1", second.gateway())
    );
    let all = events(&second).await;
    for event in ["kiosk-log-forked", "kiosk-log-regressed", "kiosk-log-new"] {
        assert!(all.iter().any(|one| one.starts_with(event)), "{event}");
    }
}
