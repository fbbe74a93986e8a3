use gateway::store::{
    NewDocument, NewRequest, Put, RequestChange, RequestFilter, RequestSet, RequestStanding, Route, Store,
    SubjectRequest,
};
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::DocumentId;
use verification::request::{RequestState, number};
use verification::time::UtcMs;

use crate::bed::{Bed, document, id, now};
use crate::suite::notices::notice;
use crate::suite::trail::whole;

/// A document with a request that is due then.
fn asks(byte: u8, due_at: i64) -> NewDocument {
    NewDocument {
        request: Some(NewRequest::of(
            id(byte),
            "consent-withdrawal",
            UtcMs(1_000),
            UtcMs(due_at),
            "050140000000",
        )),
        ..document(byte, b"x")
    }
}

fn change(document_id: DocumentId, seen_version: u32, state: RequestState) -> RequestChange {
    RequestChange {
        document_id,
        seen_version,
        state,
        note: None,
        notices: Vec::new(),
    }
}

async fn all(store: &dyn Store, filter: RequestFilter) -> Vec<SubjectRequest> {
    store.subject_requests(&filter, 99).await.unwrap()
}

pub async fn a_request_comes_with_its_document_and_once(bed: Bed) {
    let (store, second) = bed.two().await;
    assert_eq!(
        store.put(asks(1, 5_000), UtcMs(2_000)).await.unwrap().put,
        Put::New
    );
    assert_eq!(
        second.put(asks(1, 5_000), UtcMs(3_000)).await.unwrap().put,
        Put::Known
    );
    let conflict = NewDocument {
        sha256: [9; 32],
        ..asks(1, 9_000)
    };
    assert_eq!(
        store.put(conflict, UtcMs(3_000)).await.unwrap().put,
        Put::Conflict
    );
    store.put(document(2, b"x"), UtcMs(3_000)).await.unwrap();
    let number = number(id(1), Date::from_utc(UtcMs(1_000)));
    let expect = SubjectRequest {
        place: 1,
        document_id: id(1),
        number: number.clone(),
        kind: "consent-withdrawal".into(),
        kiosk_id: "k".into(),
        institution_bin: "050140000000".into(),
        received_at: UtcMs(1_000),
        due_at: UtcMs(5_000),
        state: "received",
        version: 1,
    };
    assert_eq!(
        all(&*second, RequestFilter::default()).await,
        std::slice::from_ref(&expect)
    );
    assert_eq!(second.requests_numbered(&number).await.unwrap(), [expect]);
    assert_eq!(second.requests_numbered("nothing\0").await.unwrap(), []);
    let history = second.request_history(id(1)).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(
        (
            history[0].version,
            &history[0].state,
            history[0].at,
            &*history[0].gateway
        ),
        (1, &RequestState::Received, UtcMs(2_000), "a")
    );
    let records = whole(&store).await;
    let received = format!("request-received {} {number} consent-withdrawal", id(1));
    assert_eq!(
        records.iter().filter(|record| record.event == received).count(),
        1
    );
}

pub async fn every_change_of_a_request_is_kept(bed: Bed) {
    let (store, second) = bed.two().await;
    store.put(asks(1, 5_000), UtcMs(2_000)).await.unwrap();
    let secret = |text: &str| Some(Sensitive::new(text.to_owned()));
    let first = RequestChange {
        note: secret("asked the archive"),
        notices: vec![notice(7, Route::Drop)],
        ..change(id(1), 1, RequestState::InProgress)
    };
    assert_eq!(
        store.set_request(first.clone(), UtcMs(2_100)).await.unwrap(),
        RequestSet::Changed
    );
    // Somebody else was quicker; neither a version nor a notice comes of it.
    let late = RequestChange {
        notices: vec![notice(8, Route::Drop)],
        ..first
    };
    assert_eq!(
        second.set_request(late, UtcMs(2_200)).await.unwrap(),
        RequestSet::Stale
    );
    let none = change(id(9), 1, RequestState::Ready);
    assert_eq!(
        second.set_request(none, UtcMs(2_200)).await.unwrap(),
        RequestSet::Unknown
    );
    let reason = Sensitive::new("the contract is still in force".to_owned());
    let refused = change(id(1), 2, RequestState::Refused { reason });
    assert_eq!(
        second.set_request(refused.clone(), UtcMs(2_300)).await.unwrap(),
        RequestSet::Changed
    );
    let history = store.request_history(id(1)).await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|version| {
            (
                version.version,
                version.state.clone(),
                version.note.clone(),
                version.at.0,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, RequestState::Received, None, 2_000),
            (2, RequestState::InProgress, secret("asked the archive"), 2_100),
            (3, refused.state, None, 2_300),
        ]
    );
    assert_eq!(history[2].gateway, second.gateway());
    let stands = all(&*store, RequestFilter::default()).await;
    assert_eq!((stands[0].state, stands[0].version), ("refused", 3));
    let claimed = store.claim_notices(Route::Drop, 9, 1, now()).await.unwrap();
    assert_eq!(claimed.notices.len(), 1);
    let mut records = whole(&store).await;
    if second.gateway() != store.gateway() {
        records.extend(whole(&second).await);
    }
    let events: Vec<_> = records
        .iter()
        .map(|record| record.event.as_str())
        .filter(|event| event.starts_with("request-") && !event.starts_with("request-received"))
        .collect();
    assert_eq!(
        events,
        [
            format!("request-in-progress {}", id(1)),
            format!("request-refused {}", id(1))
        ]
    );
}

pub async fn what_is_overdue_is_found(bed: Bed) {
    let store = bed.open("a").await;
    for (byte, due_at) in [(1, 3_000), (2, 4_000), (3, 9_000)] {
        store.put(asks(byte, due_at), UtcMs(2_000)).await.unwrap();
    }
    store
        .set_request(change(id(1), 1, RequestState::Answered), UtcMs(2_500))
        .await
        .unwrap();
    store
        .set_request(change(id(2), 1, RequestState::Ready), UtcMs(2_500))
        .await
        .unwrap();
    let ids = |requests: Vec<SubjectRequest>| {
        requests
            .into_iter()
            .map(|request| request.document_id)
            .collect::<Vec<_>>()
    };
    let open = RequestFilter {
        open: true,
        ..RequestFilter::default()
    };
    assert_eq!(ids(all(&*store, open).await), [id(2), id(3)]);
    let overdue = RequestFilter {
        overdue_at: Some(UtcMs(4_001)),
        ..RequestFilter::default()
    };
    let found = all(&*store, overdue).await;
    assert!(found[0].is_overdue(UtcMs(4_001)) && !found[0].is_overdue(UtcMs(4_000)));
    assert_eq!(ids(found), [id(2)]);
    let page = store
        .subject_requests(&RequestFilter::default(), 2)
        .await
        .unwrap();
    assert_eq!(page.len(), 2);
    let rest = RequestFilter {
        after: page[1].place,
        ..RequestFilter::default()
    };
    assert_eq!(ids(all(&*store, rest).await), [id(3)]);
    let standing = |open, overdue| RequestStanding { open, overdue };
    assert_eq!(
        store.request_standing(UtcMs(4_000)).await.unwrap(),
        standing(2, 0)
    );
    assert_eq!(
        store.request_standing(UtcMs(9_001)).await.unwrap(),
        standing(2, 2)
    );
}
