use gateway::store::{NewDocument, NewNotice, NoticeFilter, NoticeStanding, NoticeState, Put, Route, Store};
use institution::notice::{Kind, NoticeId};
use verification::Sensitive;
use verification::time::UtcMs;

use crate::bed::{Bed, document, id, now, until};
use crate::suite::trail::whole;

/// Longer than any test.
const LONG_MS: u64 = 600_000;

fn notice_id(number: u8) -> NoticeId {
    NoticeId([number; 16])
}

pub fn notice(number: u8, route: Route) -> NewNotice {
    NewNotice {
        id: notice_id(number),
        route,
        kind: Kind::Result,
        body: Sensitive::new(format!("body {number}").into_bytes()),
    }
}

/// Stores a document, and with it notices of these numbers.
async fn told(store: &dyn Store, number: u8, notices: &[u8], at: UtcMs) -> Put {
    let new = NewDocument {
        notices: notices.iter().map(|one| notice(*one, Route::Webhook)).collect(),
        ..document(number, b"x")
    };
    store.put(new, at).await.unwrap().put
}

async fn claimed(store: &dyn Store, limit: u32, at: UtcMs) -> Vec<NoticeId> {
    let claimed = store.claim_notices(Route::Webhook, limit, LONG_MS, at).await;
    claimed
        .unwrap()
        .notices
        .into_iter()
        .map(|notice| notice.id)
        .collect()
}

async fn listed(store: &dyn Store) -> Vec<(NoticeId, Route, NoticeState)> {
    let listed = store.notices(&NoticeFilter::default(), 99).await.unwrap();
    listed
        .into_iter()
        .map(|notice| (notice.id, notice.route, notice.state))
        .collect()
}

fn fresh() -> NoticeState {
    NoticeState::Waiting {
        attempts: 0,
        fault: None,
    }
}

pub async fn a_notice_comes_with_what_it_speaks_of_or_not_at_all(bed: Bed) {
    let (store, second) = bed.two().await;
    let both = NewDocument {
        notices: vec![notice(1, Route::Webhook), notice(1, Route::Drop)],
        ..document(1, b"x")
    };
    assert_eq!(store.put(both.clone(), now()).await.unwrap().put, Put::New);
    // What is there already, and what is refused, is told of once or never.
    assert_eq!(second.put(both, now()).await.unwrap().put, Put::Known);
    let conflict = NewDocument {
        notices: vec![notice(2, Route::Webhook)],
        ..document(1, b"y")
    };
    assert_eq!(store.put(conflict, now()).await.unwrap().put, Put::Conflict);
    let answer = |number| vec![notice(number, Route::Webhook)];
    assert!(store.answered_with(id(1), b"a", answer(3), now()).await.unwrap());
    assert!(!second.answered_with(id(1), b"b", answer(4), now()).await.unwrap());
    assert!(!store.answered_with(id(9), b"b", answer(5), now()).await.unwrap());
    let expect = [
        (notice_id(1), Route::Webhook, fresh()),
        (notice_id(1), Route::Drop, fresh()),
        (notice_id(3), Route::Webhook, fresh()),
    ];
    assert_eq!(listed(&*second).await, expect);
    // The same fact told again is the same notice.
    told(&*store, 2, &[1, 6], now()).await;
    assert_eq!(listed(&*store).await.len(), 4);
    let claimed = store.claim_notices(Route::Drop, 9, LONG_MS, now()).await.unwrap();
    assert_eq!(claimed.notices.len(), 1);
    assert_eq!(claimed.notices[0].body.expose(), b"body 1");
}

pub async fn many_at_once_each_bring_their_own(bed: Bed) {
    let (first, second) = bed.two().await;
    let mut puts = tokio::task::JoinSet::new();
    for number in 0..40_u8 {
        let store = if number % 2 == 0 {
            first.clone()
        } else {
            second.clone()
        };
        puts.spawn(async move { told(&*store, number, &[2 * number, 2 * number + 1], now()).await });
    }
    assert!(puts.join_all().await.into_iter().all(|put| put == Put::New));
    let mut ids = Vec::new();
    for store in [&first, &second].into_iter().cycle() {
        let some = claimed(&**store, 7, now()).await;
        if some.is_empty() {
            break;
        }
        ids.extend(some);
    }
    ids.sort();
    assert_eq!(ids, (0..80).map(notice_id).collect::<Vec<_>>());
}

pub async fn a_claimed_notice_is_nobody_elses_until_it_ends(bed: Bed) {
    let (store, second) = bed.two().await;
    for number in 1..=3 {
        told(&*store, number, &[number], UtcMs(i64::from(number))).await;
    }
    assert_eq!(claimed(&*store, 2, now()).await, [notice_id(1), notice_id(2)]);
    assert_eq!(claimed(&*second, 0, now()).await, []);
    assert_eq!(claimed(&*second, 9, now()).await, [notice_id(3)]);
    assert_eq!(claimed(&*second, 9, now()).await, []);
    store.release_notices(Route::Drop, &[notice_id(2)]).await.unwrap();
    assert_eq!(claimed(&*second, 9, now()).await, []);
    store
        .release_notices(Route::Webhook, &[notice_id(2)])
        .await
        .unwrap();
    assert_eq!(claimed(&*second, 9, now()).await, [notice_id(2)]);

    let at = UtcMs(now().0 + 1_000_000);
    store
        .notice_failed(Route::Webhook, notice_id(1), "down", Some(at))
        .await
        .unwrap();
    second
        .notice_failed(Route::Webhook, notice_id(2), "never", None)
        .await
        .unwrap();
    second
        .notice_delivered(Route::Webhook, notice_id(3), UtcMs(70))
        .await
        .unwrap();
    // What comes too late about a delivered one changes nothing.
    second
        .notice_failed(Route::Webhook, notice_id(3), "late", Some(at))
        .await
        .unwrap();
    let waiting = NoticeState::Waiting {
        attempts: 1,
        fault: Some("down".into()),
    };
    let rejected = NoticeState::Rejected {
        fault: "never".into(),
    };
    let expect = [
        (notice_id(1), Route::Webhook, waiting),
        (notice_id(2), Route::Webhook, rejected),
        (
            notice_id(3),
            Route::Webhook,
            NoticeState::Delivered { at: UtcMs(70) },
        ),
    ];
    assert_eq!(listed(&*store).await, expect);
    let standing = NoticeStanding {
        waiting: 1,
        rejected: 1,
    };
    assert_eq!(second.notice_standing().await.unwrap(), standing);
    let next = second
        .claim_notices(Route::Webhook, 9, LONG_MS, now())
        .await
        .unwrap();
    assert_eq!((next.notices.len(), next.next_at), (0, Some(at)));
    let again = second
        .claim_notices(Route::Webhook, 9, LONG_MS, at)
        .await
        .unwrap();
    assert_eq!((again.notices.len(), again.notices[0].attempts), (1, 1));

    // The operator says when what was refused is tried again.
    let filter = |rejected| NoticeFilter {
        undelivered: true,
        rejected,
        after: 0,
    };
    assert_eq!(store.notices(&filter(true), 9).await.unwrap().len(), 1);
    assert_eq!(store.notices(&filter(false), 9).await.unwrap().len(), 2);
    assert_eq!(store.retry_notices(UtcMs(80)).await.unwrap(), 1);
    assert_eq!(store.retry_notices(UtcMs(80)).await.unwrap(), 0);
    assert_eq!(claimed(&*store, 9, now()).await, [notice_id(2)]);
    let records = whole(&store).await;
    let retried = records
        .iter()
        .filter(|record| record.event == "notices-retried 1");
    assert_eq!(retried.count(), 1);
}

pub async fn a_lease_of_a_notice_ends(bed: Bed) {
    let (dies, lives) = bed.two().await;
    told(&*dies, 1, &[1], now()).await;
    let short = dies.claim_notices(Route::Webhook, 1, 50, now()).await.unwrap();
    assert_eq!(short.notices.len(), 1);
    until("the lease ends", async || {
        claimed(&*lives, 9, now()).await == [notice_id(1)]
    })
    .await;
    if dies.gateway() == lives.gateway() {
        return;
    }
    // Who delivers now keeps it, whatever the other one says late.
    dies.notice_failed(Route::Webhook, notice_id(1), "late", Some(UtcMs(1)))
        .await
        .unwrap();
    dies.release_notices(Route::Webhook, &[notice_id(1)])
        .await
        .unwrap();
    dies.reclaim_notices().await.unwrap();
    assert_eq!(claimed(&*dies, 9, now()).await, []);
}

pub async fn a_start_gives_back_claimed_notices(bed: Bed) {
    let store = bed.open("a").await;
    told(&*store, 1, &[1, 2], now()).await;
    assert_eq!(claimed(&*store, 1, now()).await, [notice_id(1)]);
    drop(store);
    let store = bed.open("a").await;
    store.reclaim_notices().await.unwrap();
    assert_eq!(claimed(&*store, 9, now()).await, [notice_id(1), notice_id(2)]);
}
