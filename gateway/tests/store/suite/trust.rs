use gateway::store::{
    CertificateRequest, Change, CodeCheck, ConnectionId, IssuedCertificate, NewCode, Redeemed, Revocation,
};
use tokio::sync::broadcast::Receiver;
use verification::time::UtcMs;

use crate::bed::{Bed, PATIENCE, document, id};

fn code(kiosk_id: &str, digest: u8) -> NewCode {
    NewCode {
        kiosk_id: kiosk_id.into(),
        code_sha256: [digest; 32],
        expires_at: UtcMs(100),
        attempts_max: 2,
    }
}

fn certificate(serial: u8, kiosk_id: &str, key: u8) -> IssuedCertificate {
    IssuedCertificate {
        serial: vec![serial, 1],
        kiosk_id: kiosk_id.into(),
        not_before: UtcMs(1),
        not_after: UtcMs(1000),
        fingerprint: [serial; 32],
        key_sha256: [key; 32],
        der: vec![serial; 9],
    }
}

fn request(kiosk_id: &str, key: u8) -> CertificateRequest {
    CertificateRequest {
        kiosk_id: kiosk_id.into(),
        key_sha256: [key; 32],
        der: vec![key; 5],
        requested_at: UtcMs(7),
    }
}

pub async fn a_code_is_used_once(bed: Bed) {
    let (store, second) = bed.two().await;
    let check = async |digest: u8, key: u8, at, expect| {
        let found = second
            .check_code("k", &[digest; 32], &[key; 32], UtcMs(at))
            .await
            .unwrap();
        assert_eq!(found, expect);
    };
    check(1, 1, 5, CodeCheck::Unknown).await;
    store.add_code(&code("k", 1), UtcMs(1)).await.unwrap();
    check(1, 1, 5, CodeCheck::Good).await;
    check(1, 1, 100, CodeCheck::Expired).await;
    let issued = Redeemed::Certificate(certificate(1, "k", 1));
    let redeem = async |key: u8| {
        let key = [key; 32];
        let used = store.redeem_code("k", &[1; 32], &key, &issued, UtcMs(6));
        used.await.unwrap()
    };
    assert_eq!(redeem(1).await, CodeCheck::Good);
    assert_eq!(redeem(1).await, CodeCheck::UsedBySameKey);
    assert_eq!(redeem(2).await, CodeCheck::Used);
    check(1, 1, 7, CodeCheck::UsedBySameKey).await;
    check(1, 2, 7, CodeCheck::Used).await;
    assert_eq!(
        second.certificates(Some("k")).await.unwrap(),
        [certificate(1, "k", 1)]
    );
    assert!(store.kiosk("k").await.unwrap().is_some());
    // A new code makes the kiosk's former one void.
    store.add_code(&code("k", 3), UtcMs(8)).await.unwrap();
    check(1, 1, 9, CodeCheck::Wrong { left: 1 }).await;
    check(3, 2, 9, CodeCheck::Good).await;
    let waits = Redeemed::Request(request("k", 2));
    let used = second.redeem_code("k", &[3; 32], &[2; 32], &waits, UtcMs(9));
    assert_eq!(used.await.unwrap(), CodeCheck::Good);
    assert_eq!(store.requests().await.unwrap(), [request("k", 2)]);
}

pub async fn wrong_codes_are_counted_until_it_is_void(bed: Bed) {
    let (store, second) = bed.two().await;
    store.add_code(&code("k", 1), UtcMs(1)).await.unwrap();
    store.add_code(&code("other", 2), UtcMs(1)).await.unwrap();
    let check = async |kiosk_id: &str, digest: u8, expect| {
        let found = second
            .check_code(kiosk_id, &[digest; 32], &[1; 32], UtcMs(2))
            .await
            .unwrap();
        assert_eq!(found, expect);
    };
    check("k", 2, CodeCheck::Wrong { left: 1 }).await;
    check("k", 3, CodeCheck::Wrong { left: 0 }).await;
    check("k", 1, CodeCheck::Exhausted).await;
    check("other", 2, CodeCheck::Good).await;
    let records = crate::suite::trail::whole(&second).await;
    let refused = records
        .iter()
        .filter(|record| record.event.starts_with("code-refused"));
    assert_eq!(refused.count(), 3);
}

pub async fn certificates_and_requests_are_kept(bed: Bed) {
    let (store, second) = bed.two().await;
    for key in [1, 2] {
        store.add_request(&request("k", key)).await.unwrap();
    }
    store.add_request(&request("k", 1)).await.unwrap();
    assert_eq!(
        second.requests().await.unwrap(),
        [request("k", 1), request("k", 2)]
    );
    store
        .add_certificate(&certificate(1, "k", 1), UtcMs(8))
        .await
        .unwrap();
    store
        .add_certificate(&certificate(2, "j", 9), UtcMs(8))
        .await
        .unwrap();
    store
        .add_certificate(&certificate(3, "k", 1), UtcMs(9))
        .await
        .unwrap();
    assert_eq!(second.requests().await.unwrap(), [request("k", 2)]);
    let of_kiosk = second.certificates(Some("k")).await.unwrap();
    assert_eq!(of_kiosk, [certificate(3, "k", 1), certificate(1, "k", 1)]);
    assert_eq!(second.certificates(None).await.unwrap().len(), 3);
    assert_eq!(
        second.certificate(&[2, 1]).await.unwrap(),
        Some(certificate(2, "j", 9))
    );
    assert_eq!(second.certificate(&[9]).await.unwrap(), None);
    // The same serial number again is a fault, and spoils nothing.
    assert!(
        store
            .add_certificate(&certificate(2, "x", 1), UtcMs(9))
            .await
            .is_err()
    );
    assert_eq!(second.certificates(None).await.unwrap().len(), 3);
    assert_eq!(store.next_number("crl").await.unwrap(), 1);
    assert_eq!(second.next_number("crl").await.unwrap(), 2);
    assert_eq!(second.next_number("other").await.unwrap(), 1);
}

pub async fn a_revocation_counts_from_its_first_time(bed: Bed) {
    let (store, second) = bed.two().await;
    let revocation = |serial: u8, reason, at| Revocation {
        serial: vec![serial],
        reason,
        revoked_at: UtcMs(at),
    };
    assert!(store.revoke(&revocation(1, 1, 5), UtcMs(6)).await.unwrap());
    assert!(!second.revoke(&revocation(1, 4, 9), UtcMs(9)).await.unwrap());
    assert!(second.revoke(&revocation(2, 4, 9), UtcMs(9)).await.unwrap());
    assert_eq!(second.revocation(&[1]).await.unwrap(), Some(revocation(1, 1, 5)));
    assert_eq!(second.revocation(&[3]).await.unwrap(), None);
    assert_eq!(
        store.revocations().await.unwrap(),
        [revocation(1, 1, 5), revocation(2, 4, 9)]
    );
}

pub async fn kiosks_are_known_blocked_and_let_in(bed: Bed) {
    let (store, second) = bed.two().await;
    for kiosk_id in ["b", "B", "a"] {
        store.add_kiosk(kiosk_id, UtcMs(5)).await.unwrap();
        second.add_kiosk(kiosk_id, UtcMs(6)).await.unwrap();
    }
    let names: Vec<_> = second
        .kiosks()
        .await
        .unwrap()
        .into_iter()
        .map(|kiosk| kiosk.kiosk_id)
        .collect();
    assert_eq!(names, ["B", "a", "b"]);
    assert!(store.block_kiosk("a", Some("stolen"), UtcMs(7)).await.unwrap());
    assert!(
        !store
            .block_kiosk("nobody", Some("stolen"), UtcMs(7))
            .await
            .unwrap()
    );
    let kiosk = second.kiosk("a").await.unwrap().unwrap();
    assert_eq!(
        (kiosk.known_since, kiosk.blocked),
        (UtcMs(5), Some((UtcMs(7), "stolen".into())))
    );
    second.block_kiosk("a", None, UtcMs(8)).await.unwrap();
    assert_eq!(store.kiosk("a").await.unwrap().unwrap().blocked, None);
    assert_eq!(store.kiosk("nobody").await.unwrap(), None);
}

async fn heard(changes: &mut Receiver<Change>, expect: Change) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while changes.recv().await.unwrap() != expect {}
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("{expect:?} was not heard"));
}

pub async fn changes_are_heard(bed: Bed) {
    let (store, second) = bed.two().await;
    let mut changes = second.changes();
    if !std::ptr::eq(&*store, &*second) {
        // It listens from here on.
        heard(&mut changes, Change::Missed).await;
    }
    store.put(document(1, b"x"), UtcMs(1)).await.unwrap();
    store.answered(id(1), b"a", UtcMs(2)).await.unwrap();
    let kiosk_id = "k".to_owned();
    heard(
        &mut changes,
        Change::Answered {
            id: id(1),
            kiosk_id: kiosk_id.clone(),
        },
    )
    .await;
    let odd = "a name with spaces, ' and \u{4e00}".to_owned();
    for connection in [ConnectionId([1; 16]), ConnectionId([2; 16])] {
        store.arrive(&odd, connection, UtcMs(3)).await.unwrap();
        heard(
            &mut changes,
            Change::Arrived {
                kiosk_id: odd.clone(),
                connection,
            },
        )
        .await;
    }
    // The former connection is replaced, and its end ends nothing.
    second.leave(&odd, ConnectionId([1; 16])).await.unwrap();
    let asked = ["nobody".to_owned(), odd.clone()];
    assert_eq!(
        second.connected(&asked).await.unwrap(),
        [(odd.clone(), ConnectionId([2; 16]))]
    );
    second.leave(&odd, ConnectionId([2; 16])).await.unwrap();
    assert_eq!(store.connected(&asked).await.unwrap(), []);

    store.request_resend("k", &[id(1)], UtcMs(4)).await.unwrap();
    heard(
        &mut changes,
        Change::ResendRequested {
            kiosk_id: kiosk_id.clone(),
        },
    )
    .await;
    store
        .add_certificate(&certificate(1, "k", 1), UtcMs(5))
        .await
        .unwrap();
    heard(&mut changes, Change::Certified { kiosk_id }).await;
    let revocation = Revocation {
        serial: vec![1],
        reason: 0,
        revoked_at: UtcMs(5),
    };
    store.revoke(&revocation, UtcMs(5)).await.unwrap();
    heard(&mut changes, Change::TrustChanged).await;
}
