use gateway::idec::tariff::BankDay;
use gateway::store::{
    Change, NewDocument, NewReview, Put, Review, ReviewDecision, ReviewEnd, ReviewFilter, ReviewKind,
    ReviewStanding, ReviewState, ReviewStep, Route, Store,
};
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::bed::{Bed, PATIENCE, document, id, now};
use crate::suite::notices::notice;
use crate::suite::trail::whole;

const LEASE_MS: u64 = 1_000;

/// A document for an examiner.
fn for_examiners(byte: u8, kind: ReviewKind) -> NewDocument {
    NewDocument {
        asks: false,
        review: Some(NewReview::of(kind, Some("account-opening"))),
        ..document(byte, b"x")
    }
}

fn decision(document_id: DocumentId, examiner: &str, end: ReviewEnd) -> ReviewDecision {
    let answer = (end.kind() == ReviewKind::Images).then(|| Sensitive::new(b"answer".to_vec()));
    ReviewDecision {
        document_id,
        examiner: examiner.into(),
        end,
        answer,
        notices: Vec::new(),
    }
}

async fn one(store: &dyn Store, document_id: DocumentId, at: i64) -> Review {
    store.review(document_id, UtcMs(at)).await.unwrap().unwrap()
}

/// The events of both gateways that speak of examiners, without those of other things.
async fn events(first: &std::sync::Arc<dyn Store>, second: &std::sync::Arc<dyn Store>) -> Vec<String> {
    let mut records = whole(first).await;
    if first.gateway() != second.gateway() {
        records.extend(whole(second).await);
    }
    records.sort_by_key(|record| record.at);
    let events = records.into_iter().map(|record| record.event);
    events.filter(|event| event.starts_with("review-")).collect()
}

pub async fn an_entry_comes_with_its_document_and_once(bed: Bed) {
    let (store, second) = bed.two().await;
    let new = for_examiners(1, ReviewKind::Images);
    assert_eq!(store.put(new.clone(), UtcMs(100)).await.unwrap().put, Put::New);
    assert_eq!(second.put(new.clone(), UtcMs(200)).await.unwrap().put, Put::Known);
    let conflict = NewDocument {
        sha256: [9; 32],
        ..new
    };
    assert_eq!(store.put(conflict, UtcMs(300)).await.unwrap().put, Put::Conflict);
    store.put(document(2, b"x"), UtcMs(300)).await.unwrap();
    let call = for_examiners(3, ReviewKind::CallBack);
    store.put(call, UtcMs(400)).await.unwrap();
    let expect = |place, byte, kind, received_at| Review {
        place,
        document_id: id(byte),
        kind,
        kiosk_id: "k".into(),
        service: Some("account-opening".into()),
        received_at: UtcMs(received_at),
        state: ReviewState::Waiting,
        calls_in_vain: 0,
    };
    let all = second
        .reviews(&ReviewFilter::default(), 9, UtcMs(500))
        .await
        .unwrap();
    assert_eq!(
        all,
        [
            expect(1, 1, ReviewKind::Images, 100),
            expect(2, 3, ReviewKind::CallBack, 400)
        ]
    );
    let calls = ReviewFilter {
        kind: Some(ReviewKind::CallBack),
        open: true,
        ..ReviewFilter::default()
    };
    assert_eq!(second.reviews(&calls, 9, UtcMs(500)).await.unwrap(), all[1..]);
    let rest = ReviewFilter {
        after: 1,
        ..ReviewFilter::default()
    };
    assert_eq!(store.reviews(&rest, 9, UtcMs(500)).await.unwrap(), all[1..]);
    assert_eq!(
        store
            .reviews(&ReviewFilter::default(), 1, UtcMs(500))
            .await
            .unwrap(),
        all[..1]
    );
    assert_eq!(store.review(id(2), UtcMs(500)).await.unwrap(), None);
    let standing = ReviewStanding {
        images: 1,
        call_backs: 1,
        oldest_at: Some(UtcMs(100)),
    };
    assert_eq!(second.review_standing().await.unwrap(), standing);
    // The centre is asked about the other one alone.
    let claimed = store.claim(9, 1, now()).await.unwrap();
    assert_eq!(claimed.ids, [id(2)]);
    assert_eq!(
        events(&store, &second).await,
        [
            format!("review-queued {} images", id(1)),
            format!("review-queued {} call-back", id(3))
        ]
    );
}

pub async fn an_entry_is_of_one_examiner_until_the_lease_ends(bed: Bed) {
    let (store, second) = bed.two().await;
    let new = for_examiners(1, ReviewKind::Images);
    store.put(new, UtcMs(100)).await.unwrap();
    let take = async |store: &dyn Store, who: &str, at: i64| {
        store.take_review(id(1), who, LEASE_MS, UtcMs(at)).await.unwrap()
    };
    assert_eq!(
        store.take_review(id(9), "a", LEASE_MS, UtcMs(200)).await.unwrap(),
        ReviewStep::Unknown
    );
    assert_eq!(take(&*store, "a", 200).await, ReviewStep::Done);
    let taken = |by: &str, until| ReviewState::Taken {
        by: by.into(),
        until: UtcMs(until),
    };
    assert_eq!(one(&*second, id(1), 201).await.state, taken("a", 1_200));
    assert_eq!(take(&*second, "b", 201).await, ReviewStep::HeldByOther);
    // For longer, as often as they like.
    assert_eq!(take(&*store, "a", 700).await, ReviewStep::Done);
    assert_eq!(one(&*second, id(1), 1_699).await.state, taken("a", 1_700));
    let end = decision(id(1), "b", ReviewEnd::Accepted);
    assert_eq!(
        second.decide_review(end.clone(), UtcMs(1_699)).await.unwrap(),
        ReviewStep::HeldByOther
    );
    assert_eq!(
        second
            .release_review(id(1), "b", false, UtcMs(1_699))
            .await
            .unwrap(),
        ReviewStep::HeldByOther
    );
    // The lease has ended: the former holder cannot act, and the next one can take it.
    let late = decision(id(1), "a", ReviewEnd::Accepted);
    assert_eq!(
        store.decide_review(late.clone(), UtcMs(1_700)).await.unwrap(),
        ReviewStep::NotHeld
    );
    assert_eq!(take(&*second, "b", 1_700).await, ReviewStep::Done);
    assert_eq!(
        store.decide_review(late, UtcMs(1_701)).await.unwrap(),
        ReviewStep::HeldByOther
    );
    assert_eq!(
        second
            .release_review(id(1), "b", false, UtcMs(1_800))
            .await
            .unwrap(),
        ReviewStep::Done
    );
    assert_eq!(one(&*store, id(1), 1_801).await.state, ReviewState::Waiting);
    assert_eq!(
        second.decide_review(end, UtcMs(1_801)).await.unwrap(),
        ReviewStep::NotHeld
    );
    assert_eq!(store.answer(id(1)).await.unwrap(), None);
    let said = events(&store, &second).await;
    let expect = ["queued", "taken", "taken", "taken", "released"].map(|what| format!("review-{what}"));
    let said: Vec<_> = said
        .iter()
        .map(|event| event.split(' ').next().unwrap())
        .collect();
    assert_eq!(said, expect);
}

pub async fn a_decision_comes_with_its_answer_and_once(bed: Bed) {
    let (store, second) = bed.two().await;
    for (byte, kind) in [
        (1, ReviewKind::Images),
        (2, ReviewKind::Images),
        (3, ReviewKind::CallBack),
    ] {
        store.put(for_examiners(byte, kind), UtcMs(100)).await.unwrap();
        let taken = store.take_review(id(byte), "a", LEASE_MS, UtcMs(200)).await;
        assert_eq!(taken.unwrap(), ReviewStep::Done);
    }
    let refused = ReviewDecision {
        notices: vec![notice(7, Route::Drop)],
        ..decision(id(1), "a", ReviewEnd::Refused("document-expired"))
    };
    let mut changes = store.changes();
    assert_eq!(
        store.decide_review(refused, UtcMs(300)).await.unwrap(),
        ReviewStep::Done
    );
    let answered = Change::Answered {
        id: id(1),
        kiosk_id: "k".into(),
    };
    let heard = async { while changes.recv().await.unwrap() != answered {} };
    tokio::time::timeout(PATIENCE, heard).await.unwrap();
    let again = ReviewDecision {
        notices: vec![notice(8, Route::Drop)],
        answer: Some(Sensitive::new(b"another answer".to_vec())),
        ..decision(id(1), "a", ReviewEnd::Accepted)
    };
    assert_eq!(
        second.decide_review(again, UtcMs(301)).await.unwrap(),
        ReviewStep::Ended
    );
    assert_eq!(
        second
            .take_review(id(1), "b", LEASE_MS, UtcMs(9_000))
            .await
            .unwrap(),
        ReviewStep::Ended
    );
    assert_eq!(
        second.answer(id(1)).await.unwrap().as_deref(),
        Some(&b"answer"[..])
    );
    assert_eq!(second.owed("k", &[]).await.unwrap(), [id(1)]);
    assert_eq!(
        one(&*second, id(1), 400).await.state,
        ReviewState::Ended {
            end: "refused".into(),
            reason: Some("document-expired".into()),
            by: "a".into(),
            at: UtcMs(300),
        }
    );
    let claimed = store.claim_notices(Route::Drop, 9, 1, now()).await.unwrap();
    assert_eq!(claimed.notices.len(), 1);
    // An answer that is there already counts, and nothing of the second one is kept.
    assert!(
        store
            .answered(id(2), b"in another way", UtcMs(310))
            .await
            .unwrap()
    );
    let late = decision(id(2), "a", ReviewEnd::Accepted);
    assert_eq!(
        store.decide_review(late, UtcMs(311)).await.unwrap(),
        ReviewStep::Ended
    );
    assert!(one(&*store, id(2), 312).await.state.is_held_by("a"));
    // What is for pictures is not for a call, and the other way round.
    let wrong = decision(id(3), "a", ReviewEnd::Accepted);
    assert_eq!(
        store.decide_review(wrong, UtcMs(320)).await.unwrap(),
        ReviewStep::Unknown
    );
    let standing = store.review_standing().await.unwrap();
    assert_eq!((standing.images, standing.call_backs), (1, 1));
    assert_eq!(store.comparisons(BankDay::FIRST).await.unwrap(), []);
    let said = events(&store, &second).await;
    assert_eq!(
        said.last(),
        Some(&format!("review-refused {} a document-expired", id(1)))
    );
}

pub async fn calls_are_counted_until_the_person_is_reached(bed: Bed) {
    let store = bed.open("a").await;
    for (byte, kind) in [(1, ReviewKind::CallBack), (2, ReviewKind::Images)] {
        store.put(for_examiners(byte, kind), UtcMs(100)).await.unwrap();
    }
    for round in 1..=2 {
        let at = UtcMs(round * 10_000);
        store.take_review(id(1), "a", LEASE_MS, at).await.unwrap();
        assert_eq!(
            store.release_review(id(1), "a", true, at).await.unwrap(),
            ReviewStep::Done
        );
    }
    let review = one(&*store, id(1), 30_000).await;
    assert_eq!((review.calls_in_vain, review.state), (2, ReviewState::Waiting));
    // Pictures are not called.
    store
        .take_review(id(2), "a", LEASE_MS, UtcMs(30_000))
        .await
        .unwrap();
    assert_eq!(
        store
            .release_review(id(2), "a", true, UtcMs(30_001))
            .await
            .unwrap(),
        ReviewStep::Unknown
    );
    store
        .take_review(id(1), "b", LEASE_MS, UtcMs(40_000))
        .await
        .unwrap();
    let reached = decision(id(1), "b", ReviewEnd::Called);
    assert_eq!(
        store.decide_review(reached, UtcMs(40_001)).await.unwrap(),
        ReviewStep::Done
    );
    let open = ReviewFilter {
        open: true,
        ..ReviewFilter::default()
    };
    let left = store.reviews(&open, 9, UtcMs(50_000)).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(store.answer(id(1)).await.unwrap(), None);
    let said = events(&store, &store).await;
    let not_reached = format!("review-not-reached {} a", id(1));
    assert_eq!(said.iter().filter(|event| **event == not_reached).count(), 2);
    assert_eq!(said.last(), Some(&format!("review-called {} b", id(1))));
}
