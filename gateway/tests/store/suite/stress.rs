use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gateway::store::{Filter, NewDocument, Put, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::task::JoinSet;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::bed::{Bed, document, head};
use crate::suite::trail::whole;

/// Every document comes this often, to both gateways.
const TIMES: usize = 4;

pub async fn a_crowd_stores_each_document_once(bed: Bed) {
    let (store, second) = bed.two().await;
    let mut puts = JoinSet::new();
    for number in 0..200_u16 {
        for time in 0..TIMES {
            let store = Arc::clone(if time % 2 == 0 { &store } else { &second });
            let new = NewDocument {
                id: DocumentId(u128::from(number).to_be_bytes()),
                kiosk_id: format!("k{}", number % 7),
                audit: Some(head(1, u64::from(number), 1)),
                ..document(0, &number.to_be_bytes())
            };
            puts.spawn(async move { (number, store.put(new, UtcMs(1)).await.unwrap()) });
        }
    }
    let mut stored: HashMap<u16, Vec<_>> = HashMap::new();
    while let Some(done) = puts.join_next().await {
        let (number, put) = done.unwrap();
        stored.entry(number).or_default().push(put);
    }
    for puts in stored.values() {
        assert_eq!(puts.len(), TIMES);
        assert_eq!(puts.iter().filter(|put| put.put == Put::New).count(), 1);
        assert!(
            puts.iter()
                .all(|put| put.audit == puts[0].audit && put.put != Put::Conflict)
        );
    }
    assert_eq!(store.list(&Filter::default(), 1000).await.unwrap().len(), 200);
    let mut records = whole(&store).await;
    if !Arc::ptr_eq(&store, &second) {
        records.extend(whole(&second).await);
    }
    let stored = records
        .iter()
        .filter(|record| record.event.starts_with("document-stored"));
    assert_eq!(stored.count(), 200);
}

/// One document that is put: few ids, kiosks and places in logs, so that many of them meet.
#[derive(Debug, Clone)]
struct One {
    id: u8,
    bytes: u8,
    kiosk: u8,
    number: u64,
    hash: u8,
    second: bool,
}

fn crowd() -> impl Strategy<Value = Vec<One>> {
    let one = (0_u8..12, 0_u8..2, 0_u8..2, 0_u64..5, 0_u8..2, any::<bool>());
    let one = one.prop_map(|(id, bytes, kiosk, number, hash, second)| One {
        id,
        bytes,
        kiosk,
        number,
        hash,
        second,
    });
    prop::collection::vec(one, 1..60)
}

/// By hand and not by the macro of `proptest`, since the store is asynchronous and one database serves all cases.
pub async fn any_crowd_keeps_the_rules(bed: Bed) {
    let (store, second) = bed.two().await;
    let mut runner = TestRunner::default();
    for case in 0..12_u8 {
        let crowd = crowd().new_tree(&mut runner).unwrap().current();
        let mut puts = JoinSet::new();
        for (place, one) in crowd.iter().cloned().enumerate() {
            let store: Arc<dyn Store> = Arc::clone(if one.second { &second } else { &store });
            let new = NewDocument {
                id: DocumentId([case, one.id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
                kiosk_id: format!("k{case}-{}", one.kiosk),
                audit: Some(head(1, one.number, one.hash)),
                ..document(0, &[one.bytes])
            };
            puts.spawn(async move { (place, store.put(new, UtcMs(1)).await.unwrap().put) });
        }
        let mut outcomes = vec![Put::Conflict; crowd.len()];
        while let Some(done) = puts.join_next().await {
            let (place, put) = done.unwrap();
            outcomes[place] = put;
        }
        judge(&crowd, &outcomes);
    }
    whole(&store).await;
    whole(&second).await;
}

fn judge(crowd: &[One], outcomes: &[Put]) {
    let mut ids: HashMap<u8, &One> = HashMap::new();
    let mut places = HashSet::new();
    for (one, put) in crowd.iter().zip(outcomes) {
        if *put == Put::New {
            assert!(
                ids.insert(one.id, one).is_none(),
                "two are new: {crowd:?} {outcomes:?}"
            );
            places.insert((one.kiosk, one.number, one.hash));
        }
    }
    for (kiosk, number, hash) in &places {
        assert!(
            !places.contains(&(*kiosk, *number, 1 - hash)),
            "a fork is stored: {crowd:?} {outcomes:?}"
        );
    }
    for (one, put) in crowd.iter().zip(outcomes) {
        let same = ids
            .get(&one.id)
            .is_some_and(|kept| (kept.kiosk, kept.bytes) == (one.kiosk, one.bytes));
        let fork = places.contains(&(one.kiosk, one.number, 1 - one.hash));
        let good = match put {
            Put::New => true,
            Put::Known => same,
            Put::Conflict => !same && ids.contains_key(&one.id),
            // What is refused for a fork has met one, unless the document itself came another time.
            Put::AuditFork => fork,
        };
        assert!(good, "{one:?} {put:?}: {crowd:?} {outcomes:?}");
    }
}
