use gateway::store::{
    CertificateRequest, Change, CodeCheck, ConnectionId, IssuedCertificate, NewCode, Redeemed, Registered,
    Revocation,
};
use tokio::sync::broadcast::Receiver;
use verification::time::UtcMs;

use crate::bed::{Bed, PATIENCE, document, id};

fn code(kiosk_id: &str, digest: u8) -> NewCode {
    NewCode {
        kiosk_id: kiosk_id.into(),
        code_sha256: [digest; 32],
        expires_at: UtcMs(100),
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
    // Somebody may have taken days to agree.
    check(1, 1, 100, CodeCheck::UsedBySameKey).await;
    check(1, 2, 7, CodeCheck::Used).await;
    assert_eq!(
        second.certificates(Some("k")).await.unwrap(),
        [certificate(1, "k", 1)]
    );
    assert!(store.kiosk("k").await.unwrap().is_some());
    // A new code makes the kiosk's former one void.
    store.add_code(&code("k", 3), UtcMs(8)).await.unwrap();
    check(1, 1, 9, CodeCheck::Wrong).await;
    check(3, 2, 9, CodeCheck::Good).await;
    let waits = Redeemed::Request(request("k", 2));
    let used = second.redeem_code("k", &[3; 32], &[2; 32], &waits, UtcMs(9));
    assert_eq!(used.await.unwrap(), CodeCheck::Good);
    assert_eq!(store.requests().await.unwrap(), [request("k", 2)]);
}

pub async fn wrong_codes_spoil_nothing(bed: Bed) {
    let (store, second) = bed.two().await;
    store.add_code(&code("k", 1), UtcMs(1)).await.unwrap();
    let before = crate::suite::trail::whole(&second).await.len();
    let check = async |kiosk_id: &str, digest: u8, expect| {
        let found = second
            .check_code(kiosk_id, &[digest; 32], &[1; 32], UtcMs(2))
            .await
            .unwrap();
        assert_eq!(found, expect);
    };
    for wrong in 2..100 {
        check("k", wrong, CodeCheck::Wrong).await;
        check("nobody", wrong, CodeCheck::Unknown).await;
    }
    check("k", 1, CodeCheck::Good).await;
    // Whoever tries is noted elsewhere, and not with every try.
    assert_eq!(crate::suite::trail::whole(&second).await.len(), before);
}

pub async fn a_kiosk_that_is_shut_out_gets_nothing(bed: Bed) {
    let (store, second) = bed.two().await;
    store.add_kiosk("k", UtcMs(1)).await.unwrap();
    assert!(
        store
            .add_certificate(&certificate(1, "k", 1), UtcMs(1))
            .await
            .unwrap()
    );
    assert!(
        store
            .add_certificate(&certificate(9, "j", 9), UtcMs(1))
            .await
            .unwrap()
    );
    store.add_request(&request("k", 3)).await.unwrap();
    store.add_code(&code("k", 1), UtcMs(1)).await.unwrap();
    let revocation = |at, reason| Revocation {
        serial: vec![1, 1],
        reason,
        revoked_at: UtcMs(at),
    };
    assert!(second.shut_out("k", "lost", 5, UtcMs(5)).await.unwrap());
    assert!(!second.shut_out("nobody", "lost", 5, UtcMs(5)).await.unwrap());
    assert_eq!(store.revocations().await.unwrap(), [revocation(5, 5)]);
    assert_eq!(
        (store.codes().await.unwrap(), store.requests().await.unwrap()),
        (vec![], vec![])
    );

    // Also with a code that is made while it is shut out.
    let next = certificate(2, "k", 2);
    let redeem = async |digest: u8| {
        let issued = Redeemed::Certificate(certificate(2, "k", 2));
        let digest = [digest; 32];
        let used = store.redeem_code("k", &digest, &[2; 32], &issued, UtcMs(6));
        used.await.unwrap()
    };
    assert_eq!(redeem(1).await, CodeCheck::Blocked);
    second.add_code(&code("k", 4), UtcMs(6)).await.unwrap();
    assert_eq!(redeem(4).await, CodeCheck::Blocked);
    assert!(!store.add_certificate(&next, UtcMs(6)).await.unwrap());
    assert_eq!(
        store.certificates(Some("k")).await.unwrap(),
        [certificate(1, "k", 1)]
    );

    // It is learned that the key was stolen: since when it is shut out stays.
    assert!(store.shut_out("k", "stolen", 1, UtcMs(8)).await.unwrap());
    assert_eq!(second.revocations().await.unwrap(), [revocation(5, 1)]);
    let blocked = second.kiosk("k").await.unwrap().unwrap().blocked;
    assert_eq!(blocked, Some((UtcMs(5), "stolen".into())));

    // Let in again, the former code is void.
    store.block_kiosk("k", None, UtcMs(9)).await.unwrap();
    assert_eq!(redeem(4).await, CodeCheck::Unknown);
    assert!(second.add_certificate(&next, UtcMs(9)).await.unwrap());
    assert_eq!(second.revocation(&[2, 1]).await.unwrap(), None);
}

pub async fn a_renewal_is_of_a_certificate_that_counts(bed: Bed) {
    let (store, second) = bed.two().await;
    for kiosk_id in ["k", "j"] {
        store.add_kiosk(kiosk_id, UtcMs(1)).await.unwrap();
    }
    store
        .add_certificate(&certificate(1, "k", 1), UtcMs(1))
        .await
        .unwrap();
    store
        .add_certificate(&certificate(2, "j", 2), UtcMs(1))
        .await
        .unwrap();
    let renew = async |shown: u8, renewed: Redeemed| {
        let shown = [shown, 1];
        let done = second.renew("k", &shown, &renewed, UtcMs(2));
        done.await.unwrap()
    };
    let next = |serial| Redeemed::Certificate(certificate(serial, "k", 3));
    assert!(!renew(2, next(3)).await);
    assert!(!renew(7, next(3)).await);
    assert!(renew(1, next(3)).await);
    assert!(renew(1, Redeemed::Request(request("k", 4))).await);
    assert_eq!(store.requests().await.unwrap(), [request("k", 4)]);
    let revocation = Revocation {
        serial: vec![1, 1],
        reason: 4,
        revoked_at: UtcMs(3),
    };
    store.revoke(&revocation, UtcMs(3)).await.unwrap();
    assert!(!renew(1, next(4)).await);
    assert!(renew(3, next(4)).await);
    store.block_kiosk("k", Some("lost"), UtcMs(4)).await.unwrap();
    assert!(!renew(4, next(5)).await);
    assert!(!renew(4, Redeemed::Request(request("k", 5))).await);
    assert_eq!(store.certificates(Some("k")).await.unwrap().len(), 3);
}

pub async fn a_signer_is_known_with_all_that_is_against_it(bed: Bed) {
    let (store, second) = bed.two().await;
    store.add_kiosk("k", UtcMs(1)).await.unwrap();
    store
        .add_certificate(&certificate(1, "k", 1), UtcMs(1))
        .await
        .unwrap();
    // Nobody has made this one known.
    store
        .add_certificate(&certificate(2, "j", 2), UtcMs(1))
        .await
        .unwrap();
    let mut expect = Registered {
        kiosk_id: "k".into(),
        fingerprint: [1; 32],
        blocked_since: None,
        revocation: None,
    };
    let found = async |serial: u8| second.registered(&[serial, 1]).await.unwrap();
    assert_eq!(found(1).await.as_ref(), Some(&expect));
    assert_eq!((found(2).await, found(3).await), (None, None));
    store.shut_out("k", "lost", 10, UtcMs(4)).await.unwrap();
    expect.blocked_since = Some(UtcMs(4));
    expect.revocation = Some(Revocation {
        serial: vec![1, 1],
        reason: 10,
        revoked_at: UtcMs(4),
    });
    assert_eq!(found(1).await, Some(expect));
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
    // That the key is compromised overrides what was said before, once; the earlier time stays.
    assert!(second.revoke(&revocation(2, 1, 20), UtcMs(20)).await.unwrap());
    for (reason, at) in [(4, 21), (10, 1)] {
        assert!(
            !second
                .revoke(&revocation(2, reason, at), UtcMs(21))
                .await
                .unwrap()
        );
    }
    assert_eq!(
        store.revocations().await.unwrap(),
        [revocation(1, 1, 5), revocation(2, 1, 9)]
    );
    let records = crate::suite::trail::whole(&second).await;
    let noted: Vec<&str> = records
        .iter()
        .map(|record| record.event.as_str())
        .filter(|event| event.starts_with("certificate-revoked 02"))
        .collect();
    assert_eq!(
        noted,
        [
            "certificate-revoked 02 reason=4",
            "certificate-revoked 02 reason=1"
        ]
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
