use gateway::store::{NewDocument, StoreError};
use verification::time::UtcMs;

use crate::bed::{Bed, document, id, now, until};

/// Longer than any test.
const LONG_MS: u64 = 600_000;

pub async fn nobody_else_is_given_what_is_claimed(bed: Bed) {
    let (store, second) = bed.two().await;
    let before = now();
    for number in 1..=4 {
        let new = NewDocument {
            asks: number != 2,
            ..document(number, b"x")
        };
        store.put(new, before).await.unwrap();
    }
    assert_eq!(store.claim(2, LONG_MS, now()).await.unwrap().ids, [id(1), id(3)]);
    assert_eq!(second.claim(0, LONG_MS, now()).await.unwrap().ids, []);
    let claimed = second.claim(9, LONG_MS, now()).await.unwrap();
    assert_eq!(claimed.ids, [id(4)]);
    // The next one may come when the first lease ends.
    let next_at = claimed.next_at.unwrap().0;
    assert!(
        (before.0 + 500_000..before.0 + 700_000).contains(&next_at),
        "{next_at}"
    );
    store.release(&[id(3)]).await.unwrap();
    assert_eq!(second.claim(9, LONG_MS, now()).await.unwrap().ids, [id(3)]);
    for number in [1, 3, 4] {
        store.answered(id(number), b"a", now()).await.unwrap();
    }
    let claimed = second.claim(9, LONG_MS, now()).await.unwrap();
    assert_eq!((claimed.ids, claimed.next_at), (vec![], None));
}

pub async fn a_failure_is_asked_about_again_in_its_time(bed: Bed) {
    let store = bed.open("a").await;
    for number in 1..=3 {
        store
            .put(document(number, b"x"), UtcMs(i64::from(number)))
            .await
            .unwrap();
    }
    let at = UtcMs(now().0 + 1_000_000);
    assert_eq!(store.claim(2, LONG_MS, now()).await.unwrap().ids, [id(1), id(2)]);
    store.failed(id(1), "down", Some(at)).await.unwrap();
    store.failed(id(2), "never", None).await.unwrap();
    let claimed = store.claim(9, 1, now()).await.unwrap();
    assert_eq!(claimed.ids, [id(3)]);
    store.answered(id(3), b"a", now()).await.unwrap();
    let claimed = store.claim(9, LONG_MS, UtcMs(at.0 - 1)).await.unwrap();
    assert_eq!((claimed.ids, claimed.next_at), (vec![], Some(at)));
    assert_eq!(store.claim(9, LONG_MS, at).await.unwrap().ids, [id(1)]);
    assert_eq!(store.document(id(1)).await.unwrap().unwrap().attempts, 1);
    // What comes too late about an answered one changes nothing.
    store.failed(id(3), "late", Some(at)).await.unwrap();
    assert_eq!(store.claim(9, LONG_MS, at).await.unwrap().ids, []);
}

pub async fn a_lease_ends_by_itself(bed: Bed) {
    let (dies, lives) = bed.two().await;
    dies.put(document(1, b"x"), now()).await.unwrap();
    assert_eq!(dies.claim(1, 50, now()).await.unwrap().ids, [id(1)]);
    drop(dies);
    until("the lease ends", async || {
        lives.claim(1, LONG_MS, now()).await.unwrap().ids == [id(1)]
    })
    .await;
}

pub async fn a_start_gives_back_what_was_claimed_in_the_former_life(bed: Bed) {
    let store = bed.open("a").await;
    for number in 1..=2 {
        store.put(document(number, b"x"), now()).await.unwrap();
    }
    store.claim(1, LONG_MS, now()).await.unwrap();
    store.failed(id(2), "rejected", None).await.unwrap();
    drop(store);
    let store = bed.open("a").await;
    assert_eq!(store.claim(9, LONG_MS, now()).await.unwrap().ids, []);
    store.retry_all(now()).await.unwrap();
    let mut ids = store.claim(9, LONG_MS, now()).await.unwrap().ids;
    ids.sort();
    assert_eq!(ids, [id(1), id(2)]);
}

pub async fn a_late_failure_takes_nothing_from_who_asks_now(bed: Bed) {
    let (late, asks) = bed.two().await;
    late.put(document(1, b"x"), now()).await.unwrap();
    assert_eq!(late.claim(1, 1, now()).await.unwrap().ids, [id(1)]);
    until("the lease ends", async || {
        asks.claim(1, LONG_MS, now()).await.unwrap().ids == [id(1)]
    })
    .await;
    if late.gateway() == asks.gateway() {
        // One gateway alone asks here, and it does not ask twice at a time.
        return;
    }
    late.failed(id(1), "late", Some(UtcMs(1))).await.unwrap();
    assert_eq!(late.claim(1, LONG_MS, now()).await.unwrap().ids, []);
    asks.failed(id(1), "down", Some(UtcMs(1))).await.unwrap();
    assert_eq!(late.claim(1, LONG_MS, now()).await.unwrap().ids, [id(1)]);
}

pub async fn a_name_or_file_is_of_one_running_gateway(bed: Bed) {
    let runs = bed.open("a").await;
    runs.run_alone().await.unwrap();
    // A tool of the operator does without, and does no harm when it ends.
    let tool = bed.open("a").await;
    tool.put(document(1, b"x"), UtcMs(1)).await.unwrap();
    drop(tool);
    let second = bed.open("a").await;
    match second.run_alone().await {
        Err(StoreError::Taken { gateway, .. }) => assert_eq!(gateway, "a"),
        other => panic!("{other:?}"),
    }
    drop(runs);
    second.run_alone().await.unwrap();
}
