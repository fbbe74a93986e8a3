//! The first certificate and the next ones.

use authority::{Fingerprint, Leaf, Serial, new_key, request_for};
use gateway::config::AuthorityKind;
use gateway::enrolment::issued;
use gateway::server::Gateway;
use gateway::store::Trust as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sync::wire::{ByeReason, GatewayFrame, KioskFrame, Payload};
use sync::{EnrolError, Trust};
use verification::Sensitive;

use crate::bank::{Bank, IIN, Kiosk, now};
use crate::raw::{Raw, aged, audit_log, head, papers};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A kiosk before it has papers.
struct Newcomer {
    key: Sensitive<String>,
    request: Vec<u8>,
}

impl Newcomer {
    fn new() -> Self {
        let key = new_key().unwrap();
        let request = request_for(&key).unwrap();
        Self { key, request }
    }

    fn enrol(
        &self,
        bank: &Bank,
        gateway: &Gateway,
        name: &str,
        code: &str,
    ) -> Result<sync::Enrolled, EnrolError> {
        let trust = Trust::Fingerprint(authority(bank).1);
        self.enrol_with(gateway, name, code, trust)
    }

    fn enrol_with(
        &self,
        gateway: &Gateway,
        name: &str,
        code: &str,
        trust: Trust,
    ) -> Result<sync::Enrolled, EnrolError> {
        let url = format!("wss://{}/v1/kiosk", gateway.address());
        sync::enrol(
            &url,
            &Sensitive::new(code.to_owned()),
            name,
            &self.request,
            trust,
            "test",
        )
    }
}

/// The authority's certificate and its SHA-256.
fn authority(bank: &Bank) -> (Vec<u8>, [u8; 32]) {
    let pem = std::fs::read(bank.folder.path().join("ca.pem")).unwrap();
    let der = CertificateDer::from_pem_slice(&pem).unwrap().to_vec();
    let fingerprint = Fingerprint::of(&der).0;
    (der, fingerprint)
}

#[test]
fn a_kiosk_enrols_with_its_code_and_delivers() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let code = bank.code("kiosk-1", HOUR_MS);
    let newcomer = Newcomer::new();
    let enrolled = newcomer.enrol(&bank, &gateway, "kiosk-1", &code).unwrap();
    let leaf = Leaf::check(&enrolled.chain[0], &authority(&bank).0).unwrap();
    assert_eq!(leaf.common_name, "kiosk-1");
    assert!((88..=90).contains(&leaf.validity.days_left(now())));

    let papers = papers(&bank, "kiosk-1", &enrolled.chain[0], newcomer.key.expose());
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let document = papers.document(1, IIN);
    kiosk.put(document.clone());
    kiosk.delivered(document.0);

    // The answer may have been lost on its way: the same key gets the same certificate, and no other key gets one.
    let again = newcomer
        .enrol(&bank, &gateway, "kiosk-1", &code.to_lowercase())
        .unwrap();
    assert_eq!(again.chain, enrolled.chain);
    let other = Newcomer::new().enrol(&bank, &gateway, "kiosk-1", &code);
    assert!(matches!(other, Err(EnrolError::CodeExpired)), "{other:?}");
    let log = audit_log(&bank);
    let issued = format!("certificate-issued {} kiosk-1", leaf.serial);
    for event in [
        "code-made kiosk-1",
        "code-redeemed kiosk-1",
        "kiosk-refused enrolment-expired kiosk-1 code-used",
        &issued,
    ] {
        assert!(log.iter().any(|noted| noted == event), "{event} in {log:?}");
    }
    assert!(!log.iter().any(|event| event.contains(&code)));
}

#[test]
fn codes_that_do_not_count() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let old = bank.code("kiosk-1", HOUR_MS);
    let check = |name: &str, code: &str, expect: fn(&EnrolError) -> bool| {
        let found = Newcomer::new().enrol(&bank, &gateway, name, code).unwrap_err();
        assert!(expect(&found), "{name} {found:?}");
    };
    let refused: fn(&EnrolError) -> bool = |error| matches!(error, EnrolError::CodeRefused);
    let expired: fn(&EnrolError) -> bool = |error| matches!(error, EnrolError::CodeExpired);
    check("kiosk-2", &old, refused);
    check("kiosk-1", "no code", refused);
    check("../kiosk", &old, refused);
    check("alaqan-gateway-answers", &old, refused);
    // A new code voids the one before.
    let new = bank.code("kiosk-1", HOUR_MS);
    check("kiosk-1", &old, refused);
    let late = bank.code("kiosk-3", -1);
    check("kiosk-3", &late, expired);
    for number in 0..20 {
        check("kiosk-1", &format!("00000-00000-00000-000{number:02}"), refused);
        check(&format!("stranger-{number}"), &new, refused);
    }
    let log = audit_log(&bank);
    for event in [
        "kiosk-refused enrolment-refused nobody code-unknown",
        "kiosk-refused enrolment-refused kiosk-1 no-code",
        "kiosk-refused enrolment-expired kiosk-3 code-expired",
    ] {
        assert!(log.iter().any(|noted| noted == event), "{event} in {log:?}");
    }
    // Once a minute, and with no name that a stranger made up.
    let refusals = log.iter().filter(|event| event.starts_with("kiosk-refused"));
    assert_eq!(refusals.count(), 3, "{log:?}");
    // Wrong ones spoil nothing.
    Newcomer::new().enrol(&bank, &gateway, "kiosk-1", &new).unwrap();
}

#[test]
fn only_the_authority_that_was_read_out_is_told_the_code() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let code = bank.code("kiosk-1", HOUR_MS);
    let newcomer = Newcomer::new();
    let found = newcomer.enrol_with(&gateway, "kiosk-1", &code, Trust::Fingerprint([1; 32]));
    assert!(matches!(found, Err(EnrolError::OtherAuthority(_))), "{found:?}");
    let pem = std::fs::read(bank.folder.path().join("ca.pem")).unwrap();
    newcomer
        .enrol_with(&gateway, "kiosk-1", &code, Trust::Authority(pem))
        .unwrap();
}

#[test]
fn too_many_requests_in_a_minute_are_not_looked_at() {
    let mut bank = Bank::new();
    bank.config.authority.enrolments_per_minute = 1;
    let gateway = bank.gateway();
    let code = bank.code("kiosk-1", HOUR_MS);
    let newcomer = Newcomer::new();
    assert!(newcomer.enrol(&bank, &gateway, "kiosk-2", &code).is_err());
    let found = newcomer.enrol(&bank, &gateway, "kiosk-1", &code);
    // To be tried again, for nobody has looked at the code.
    assert!(matches!(found, Err(EnrolError::Unreachable(_))), "{found:?}");
    assert!(
        !audit_log(&bank)
            .iter()
            .any(|event| event.contains("kiosk-1") && event.contains("refused"))
    );
}

#[test]
fn a_certificate_is_renewed_in_its_last_third() {
    let mut bank = Bank::with_old_authority();
    let gateway = bank.gateway();
    let renew = |papers: &crate::bank::Enrolled, newcomer: &Newcomer| {
        let mut raw = Raw::connect(&bank, gateway.address(), Some(papers)).unwrap();
        let welcome = raw.greet(&papers.name, head(1, "a"), now());
        assert!(
            matches!(welcome, Some(GatewayFrame::Welcome { .. })),
            "{welcome:?}"
        );
        raw.send(&KioskFrame::Renew {
            csr: Payload(newcomer.request.clone()),
        });
        raw.next()
    };
    let newcomer = Newcomer::new();
    let due = aged(&bank, "kiosk-1", 61, 90, true);
    let Some(GatewayFrame::Certificates { chain }) = renew(&due, &newcomer) else {
        panic!("not renewed");
    };
    let leaf = Leaf::check(&chain[0].0, &authority(&bank).0).unwrap();
    assert_eq!(leaf.common_name, "kiosk-1");
    assert!(leaf.validity.days_left(now()) >= 89);
    assert_eq!(
        renew(&due, &newcomer),
        Some(GatewayFrame::Certificates { chain: chain.clone() })
    );
    let next = papers(&bank, "kiosk-1", &chain[0].0, newcomer.key.expose());
    let mut kiosk = Kiosk::start(next.client(gateway.address()));
    kiosk.up();

    let early = aged(&bank, "kiosk-2", 50, 90, true);
    let refused = Some(GatewayFrame::Bye {
        reason: ByeReason::RenewalRefused,
    });
    assert_eq!(renew(&early, &newcomer), refused);
    let mut broken = Newcomer::new();
    broken.request[100] ^= 1;
    let due = aged(&bank, "kiosk-3", 61, 90, true);
    assert_eq!(renew(&due, &broken), refused);
}

#[test]
fn an_external_authority_issues_in_its_own_time() {
    let mut bank = Bank::with_old_authority();
    bank.config.authority.kind = AuthorityKind::External;
    let gateway = bank.gateway();
    let code = bank.code("kiosk-1", HOUR_MS);
    let newcomer = Newcomer::new();
    for _ in 0..2 {
        let found = newcomer.enrol(&bank, &gateway, "kiosk-1", &code);
        assert!(matches!(found, Err(EnrolError::Pending)), "{found:?}");
    }
    let issue = |request: &[u8], name: &str| {
        let file = |name: &str| std::fs::read_to_string(bank.folder.path().join(name)).unwrap();
        let authority = authority::Authority::load(&Sensitive::new(file("ca.key")), &file("ca.pem")).unwrap();
        let request = authority::CertificateRequest::from_der(request).unwrap();
        let profile = authority::Profile::Kiosk(name.parse().unwrap());
        let serial = Serial::from_random([5; 16]);
        let der = authority
            .issue(&request, &profile, Default::default(), &serial, now())
            .unwrap();
        let store = bank.store();
        bank.runtime.block_on(async {
            let waiting = store.requests().await.unwrap();
            assert_eq!(waiting.len(), 1);
            assert!(authority::CertificateRequest::from_der(&waiting[0].der).is_ok());
            store
                .add_certificate(&issued(&der).unwrap(), now())
                .await
                .unwrap();
            assert_eq!(store.requests().await.unwrap(), []);
        });
        bank.ring();
        der
    };
    let der = issue(&newcomer.request, "kiosk-1");
    let enrolled = newcomer.enrol(&bank, &gateway, "kiosk-1", &code).unwrap();
    assert_eq!(enrolled.chain[0], der);
}

#[test]
fn a_renewal_by_an_external_authority_comes_over_the_open_connection() {
    let mut bank = Bank::with_old_authority();
    bank.config.authority.kind = AuthorityKind::External;
    let gateway = bank.gateway();
    let due = aged(&bank, "kiosk-1", 61, 90, true);
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&due)).unwrap();
    raw.greet("kiosk-1", head(1, "a"), now());
    let newcomer = Newcomer::new();
    raw.send(&KioskFrame::Renew {
        csr: Payload(newcomer.request.clone()),
    });
    let store = bank.store();
    crate::raw::until("the request", || {
        !bank.runtime.block_on(store.requests()).unwrap().is_empty()
    });
    let file = |name: &str| std::fs::read_to_string(bank.folder.path().join(name)).unwrap();
    let ca = authority::Authority::load(&Sensitive::new(file("ca.key")), &file("ca.pem")).unwrap();
    let request = authority::CertificateRequest::from_der(&newcomer.request).unwrap();
    let profile = authority::Profile::Kiosk("kiosk-1".parse().unwrap());
    let serial = Serial::from_random([6; 16]);
    let der = ca
        .issue(&request, &profile, Default::default(), &serial, now())
        .unwrap();
    bank.runtime
        .block_on(store.add_certificate(&issued(&der).unwrap(), now()))
        .unwrap();
    bank.ring();
    let Some(GatewayFrame::Certificates { chain }) = raw.next() else {
        panic!("no certificate");
    };
    assert_eq!(chain[0].0, der);
}

#[test]
fn the_list_of_an_external_authority_revokes() {
    let mut bank = Bank::with_old_authority();
    let papers = aged(&bank, "kiosk-1", 1, 90, true);
    let file = |name: &str| std::fs::read_to_string(bank.folder.path().join(name)).unwrap();
    let ca = authority::Authority::load(&Sensitive::new(file("ca.key")), &file("ca.pem")).unwrap();
    let list = bank.folder.path().join("crl.der");
    std::fs::write(&list, ca.revocation_list(&[], 1, now()).unwrap()).unwrap();
    bank.config.authority.kind = AuthorityKind::External;
    bank.config.authority.revocations = Some(list.clone());
    let gateway = bank.gateway();
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    kiosk.up();
    let der = CertificateDer::from_pem_slice(&papers.read("kiosk.pem")).unwrap();
    let revoked = authority::Revocation {
        serial: Leaf::from_der(&der).unwrap().serial,
        at: now(),
        reason: 1,
    };
    let serial = revoked.serial.clone();
    std::fs::write(&list, ca.revocation_list(&[revoked], 2, now()).unwrap()).unwrap();
    assert_eq!(kiosk.down(), sync::LinkDownReason::Bye(ByeReason::Revoked));
    let found = bank
        .runtime
        .block_on(async { bank.store().revocation(serial.as_bytes()).await });
    assert!(found.unwrap().unwrap().compromised());
}

#[test]
fn a_certificate_that_was_revoked_meanwhile_is_not_renewed() {
    let mut bank = Bank::with_old_authority();
    let gateway = bank.gateway();
    let due = aged(&bank, "kiosk-1", 61, 90, true);
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&due)).unwrap();
    raw.greet("kiosk-1", head(1, "a"), now());
    // The gateway is not told, as if its look into the store were late.
    let store = bank.store();
    bank.runtime
        .block_on(store.shut_out("kiosk-1", "lost", 5, now()))
        .unwrap();
    raw.send(&KioskFrame::Renew {
        csr: Payload(Newcomer::new().request),
    });
    assert_eq!(
        raw.next(),
        Some(GatewayFrame::Bye {
            reason: ByeReason::RenewalRefused
        })
    );
    assert_eq!(bank.runtime.block_on(store.certificates(None)).unwrap().len(), 1);
}

#[test]
fn an_operator_may_agree_after_the_code_has_expired() {
    let mut bank = Bank::with_old_authority();
    bank.config.authority.kind = AuthorityKind::External;
    let gateway = bank.gateway();
    let code = bank.code("kiosk-1", 5_000);
    let newcomer = Newcomer::new();
    let found = newcomer.enrol(&bank, &gateway, "kiosk-1", &code);
    assert!(matches!(found, Err(EnrolError::Pending)), "{found:?}");
    crate::raw::until("the end of the code", || {
        let codes = bank
            .runtime
            .block_on(async { bank.store().codes().await.unwrap() });
        codes[0].expires_at <= now()
    });
    let found = newcomer.enrol(&bank, &gateway, "kiosk-1", &code);
    assert!(matches!(found, Err(EnrolError::Pending)), "{found:?}");
    let other = Newcomer::new().enrol(&bank, &gateway, "kiosk-1", &code);
    assert!(matches!(other, Err(EnrolError::CodeExpired)), "{other:?}");
}
