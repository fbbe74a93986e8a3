use gateway::store::{AnswerState, Filter, NewDocument, Put, StoreError};
use verification::time::UtcMs;

use crate::bed::{Bed, document, head, id};

pub async fn putting_twice_is_harmless_and_another_document_is_noticed(bed: Bed) {
    let (store, second) = bed.two().await;
    let with_head = NewDocument {
        audit: Some(head(1, 4, 9)),
        ..document(1, b"one")
    };
    let first = store.put(with_head.clone(), UtcMs(5)).await.unwrap();
    assert_eq!((first.put, first.received_at), (Put::New, UtcMs(5)));
    // Also where another gateway is asked: the receipt says the same.
    let again = second.put(with_head, UtcMs(6)).await.unwrap();
    assert_eq!(
        (again.put, again.received_at, again.audit),
        (Put::Known, UtcMs(5), first.audit)
    );

    let refused = second.put(document(1, b"two"), UtcMs(7)).await.unwrap();
    assert_eq!((refused.put, refused.received_at), (Put::Conflict, UtcMs(5)));
    let of_another = NewDocument {
        kiosk_id: "other".into(),
        ..document(1, b"one")
    };
    assert_eq!(store.put(of_another, UtcMs(7)).await.unwrap().put, Put::Conflict);

    let stored = store.document(id(1)).await.unwrap().unwrap();
    assert_eq!(stored.signed.expose(), b"one");
    assert_eq!((stored.received_at, stored.signed_at), (UtcMs(5), Some(UtcMs(3))));
    assert_eq!(
        (stored.kiosk_audit, stored.audit),
        (Some(head(1, 4, 9)), first.audit)
    );
    assert_eq!(stored.sha256, document(1, b"one").sha256);
    assert!(store.document(id(2)).await.unwrap().is_none());
}

pub async fn a_restart_loses_nothing_and_the_key_is_needed(bed: Bed) {
    let store = bed.open("a").await;
    let log = store.log();
    store.put(document(1, b"one"), UtcMs(5)).await.unwrap();
    store.failed(id(1), "down\0", None).await.unwrap();
    drop(store);
    assert!(matches!(bed.open_with("a", 2).await, Err(StoreError::Key { .. })));
    let store = bed.open("a").await;
    assert_eq!(store.log(), log);
    assert_eq!(store.document(id(1)).await.unwrap().unwrap().attempts, 1);
    // Another gateway begins a log of its own.
    let other = bed.open("b").await;
    assert_ne!(other.log(), log);
    let names: Vec<_> = other
        .audit_logs()
        .await
        .unwrap()
        .into_iter()
        .map(|log| log.gateway)
        .collect();
    assert_eq!(names, ["a", "b"]);
}

pub async fn answers_are_kept_once_and_owed_until_seen(bed: Bed) {
    let (store, second) = bed.two().await;
    for number in 1..=3 {
        store
            .put(document(number, b"x"), UtcMs(i64::from(number)))
            .await
            .unwrap();
    }
    assert!(store.answered(id(2), b"first", UtcMs(9)).await.unwrap());
    assert!(!second.answered(id(2), b"second", UtcMs(9)).await.unwrap());
    assert!(!second.answered(id(9), b"of nothing", UtcMs(9)).await.unwrap());
    assert_eq!(
        second.answer(id(2)).await.unwrap().as_deref(),
        Some(&b"first"[..])
    );
    assert_eq!(store.answer(id(1)).await.unwrap(), None);
    assert_eq!(second.owed("k", &[id(2), id(1)]).await.unwrap(), [id(2)]);
    assert_eq!(store.owed("other", &[id(2)]).await.unwrap(), []);
    store.seen("other", id(2), UtcMs(10)).await.unwrap();
    assert_eq!(store.owed("k", &[]).await.unwrap(), [id(2)]);
    store.seen("k", id(2), UtcMs(10)).await.unwrap();
    assert_eq!(store.owed("k", &[]).await.unwrap(), []);
    assert_eq!(store.owed("k", &[id(2)]).await.unwrap(), [id(2)]);

    store.answered(id(3), b"late", UtcMs(11)).await.unwrap();
    assert_eq!(store.owed("k", &[id(2)]).await.unwrap(), [id(2), id(3)]);
}

pub async fn lists_are_filtered_and_go_on(bed: Bed) {
    let store = bed.open("a").await;
    for number in 1..=5 {
        let new = NewDocument {
            kiosk_id: if number % 2 == 0 {
                "even".into()
            } else {
                "odd".into()
            },
            asks: number != 5,
            ..document(number, b"x")
        };
        store.put(new, UtcMs(i64::from(number) * 10)).await.unwrap();
    }
    store.answered(id(1), b"a", UtcMs(60)).await.unwrap();
    store.answered(id(2), b"a", UtcMs(60)).await.unwrap();
    store.seen("even", id(2), UtcMs(61)).await.unwrap();
    store.failed(id(3), "rejected", None).await.unwrap();
    store.failed(id(4), "down", Some(UtcMs(99))).await.unwrap();

    let all = store.list(&Filter::default(), 9).await.unwrap();
    let states: Vec<_> = all.iter().map(|listed| listed.answer.clone()).collect();
    assert_eq!(
        states,
        [
            AnswerState::Answered { seen: false },
            AnswerState::Answered { seen: true },
            AnswerState::Rejected {
                fault: "rejected".into()
            },
            AnswerState::Awaited {
                attempts: 1,
                fault: Some("down".into())
            },
            AnswerState::NotAsked,
        ]
    );
    assert_eq!(all[0].signed_at, Some(UtcMs(3)));
    let check = async |filter: Filter, limit, expect: &[u8]| {
        let listed = store.list(&filter, limit).await.unwrap();
        let ids: Vec<u8> = listed.iter().map(|listed| listed.id.0[0]).collect();
        assert_eq!(ids, expect, "{filter:?}");
    };
    let of = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    check(of(&|filter| filter.after = all[1].number), 2, &[3, 4]).await;
    check(of(&|filter| filter.kiosk_id = Some("odd".into())), 9, &[1, 3, 5]).await;
    check(of(&|filter| filter.since = Some(UtcMs(30))), 9, &[3, 4, 5]).await;
    check(of(&|filter| filter.before = Some(UtcMs(30))), 9, &[1, 2]).await;
    check(of(&|filter| filter.unanswered = true), 9, &[3, 4]).await;
    let narrow = |filter: &mut Filter| {
        filter.kiosk_id = Some("odd".into());
        filter.since = Some(UtcMs(20));
        filter.before = Some(UtcMs(50));
        filter.unanswered = true;
    };
    check(of(&narrow), 9, &[3]).await;

    let standing = store.standing().await.unwrap();
    assert_eq!(
        (
            standing.arrived,
            standing.unanswered,
            standing.rejected,
            standing.unseen
        ),
        (5, 1, 1, 1)
    );
}

pub async fn a_resend_is_wished_until_the_document_comes(bed: Bed) {
    let (store, second) = bed.two().await;
    store.put(document(2, b"x"), UtcMs(1)).await.unwrap();
    store
        .request_resend("k", &[id(2), id(1), id(2)], UtcMs(2))
        .await
        .unwrap();
    store.request_resend("other", &[id(7)], UtcMs(2)).await.unwrap();
    assert_eq!(second.resends("k").await.unwrap(), [id(2), id(1)]);
    // What is refused, or comes from another kiosk, is not what was wished for.
    let conflict = second.put(document(2, b"y"), UtcMs(3)).await.unwrap();
    assert_eq!(conflict.put, Put::Conflict);
    let of_another = NewDocument {
        audit: Some(head(1, 4, 9)),
        ..document(7, b"x")
    };
    assert_eq!(second.put(of_another, UtcMs(3)).await.unwrap().put, Put::New);
    let fork = NewDocument {
        audit: Some(head(1, 4, 8)),
        ..document(1, b"x")
    };
    assert_eq!(second.put(fork, UtcMs(3)).await.unwrap().put, Put::AuditFork);
    assert_eq!(second.resends("k").await.unwrap(), [id(2), id(1)]);
    // One that is known, and one that is not.
    assert_eq!(
        second.put(document(2, b"x"), UtcMs(3)).await.unwrap().put,
        Put::Known
    );
    assert_eq!(
        second.put(document(1, b"x"), UtcMs(3)).await.unwrap().put,
        Put::New
    );
    assert_eq!(store.resends("k").await.unwrap(), []);
    assert_eq!(store.resends("other").await.unwrap(), [id(7)]);
}
