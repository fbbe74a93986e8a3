use gateway::idec::tariff::BankDay;
use gateway::store::{Change, NewDocument, StoreError};
use verification::time::UtcMs;

use crate::bed::{Bed, PATIENCE, document, id, now, until};

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

pub async fn comparisons_are_counted_once_and_by_the_day(bed: Bed) {
    let (store, second) = bed.two().await;
    for number in 1..=6 {
        store.put(document(number, b"x"), UtcMs(1)).await.unwrap();
    }
    // The last millisecond of a day in Kazakhstan, and the first one of the next.
    let (last, first) = (UtcMs(1_795_373_999_999), UtcMs(1_795_374_000_000));
    let (day, next) = (BankDay::of(last), BankDay::of(first));
    assert_eq!(next.0, day.0 + 1);
    assert!(store.compared(id(1), b"a", last).await.unwrap());
    assert!(second.compared(id(2), b"a", last).await.unwrap());
    // What is there already was counted, and what is answered here costs nothing.
    assert!(!second.compared(id(1), b"b", last).await.unwrap());
    assert!(store.answered(id(3), b"own", last).await.unwrap());
    assert!(!store.compared(id(3), b"a", last).await.unwrap());
    assert!(!store.compared(id(9), b"of nothing", last).await.unwrap());
    assert_eq!(store.comparisons(BankDay::FIRST).await.unwrap(), [(day, 2)]);
    // At once, from both.
    let (a, b, c, d) = tokio::join!(
        store.compared(id(4), b"a", first),
        second.compared(id(4), b"a", first),
        store.compared(id(5), b"a", first),
        second.compared(id(6), b"a", first),
    );
    assert!(a.unwrap() ^ b.unwrap());
    assert!(c.unwrap() && d.unwrap());
    let expect = [(day, 2), (next, 3)];
    assert_eq!(second.comparisons(BankDay::FIRST).await.unwrap(), expect);
    assert_eq!(store.comparisons(next).await.unwrap(), expect[1..]);
    assert_eq!(store.comparisons(BankDay(next.0 + 1)).await.unwrap(), []);
    drop((store, second));
    let store = bed.open("a").await;
    assert_eq!(store.comparisons(BankDay::FIRST).await.unwrap(), expect);
}

pub async fn what_is_postponed_has_not_failed(bed: Bed) {
    let (store, second) = bed.two().await;
    let (t0, at) = (now(), UtcMs(now().0 + 1_000_000));
    store.put(document(1, b"x"), t0).await.unwrap();
    assert_eq!(store.claim(1, LONG_MS, t0).await.unwrap().ids, [id(1)]);
    store.postponed(id(1), at).await.unwrap();
    assert_eq!(store.document(id(1)).await.unwrap().unwrap().attempts, 0);
    let claimed = second.claim(9, LONG_MS, UtcMs(at.0 - 1)).await.unwrap();
    assert_eq!((claimed.ids, claimed.next_at), (vec![], Some(at)));
    assert_eq!(second.claim(9, LONG_MS, at).await.unwrap().ids, [id(1)]);
    if store.gateway() != second.gateway() {
        // Who has lost its lease takes nothing from who asks now.
        store.postponed(id(1), UtcMs(1)).await.unwrap();
        assert_eq!(store.claim(9, LONG_MS, at).await.unwrap().ids, []);
    }
    second.answered(id(1), b"a", at).await.unwrap();
    second.postponed(id(1), UtcMs(1)).await.unwrap();
    assert_eq!(second.claim(9, LONG_MS, at).await.unwrap().ids, []);
}

pub async fn what_is_announced_is_heard_by_all(bed: Bed) {
    let (store, second) = bed.two().await;
    let mut heard = [store.changes(), second.changes()];
    let page = Change::HostedOpened {
        id: id(1),
        kiosk_id: "a kiosk".into(),
    };
    for changes in &mut heard {
        // A line that is still being made hears it the next time.
        let mut last = store.announce(page.clone()).await;
        loop {
            last.unwrap();
            match tokio::time::timeout(PATIENCE, changes.recv())
                .await
                .unwrap()
                .unwrap()
            {
                change if change == page => break,
                _ => last = store.announce(page.clone()).await,
            }
        }
    }
}
