//! The authority against the `openssl` program, and against requests and lists that are not what they should be.

// The lint's exception for tests knows only functions marked as tests.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

use authority::{
    Authority, AuthorityError, CertificateError, CertificateRequest, Fingerprint, Leaf, Lifetime, Profile,
    RequestError, Revocation, RevocationError, RevocationList, Serial,
};
use der::{Decode, Encode};
use proptest::prelude::*;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P384_SHA384};
use verification::time::UtcMs;

const NOW: UtcMs = UtcMs(1_790_000_000_000);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn serial(byte: u8) -> Serial {
    Serial::from_random([byte; 16])
}

fn authority() -> Authority {
    let made = Authority::create("Test authority", Lifetime::days(3650), &serial(1), NOW).unwrap();
    Authority::load(&made.key_pem, &made.certificate_pem).unwrap()
}

/// A request that asks for far more than a kiosk gets.
fn request() -> Vec<u8> {
    let mut params = CertificateParams::new(["evil.example".to_owned()]).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, "alaqan-gateway-answers");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    params.serialize_request(&key).unwrap().der().to_vec()
}

fn kiosk() -> Profile {
    Profile::Kiosk("kiosk-1".parse().unwrap())
}

fn issue(authority: &Authority, byte: u8) -> Vec<u8> {
    let request = CertificateRequest::from_der(&request()).unwrap();
    authority
        .issue(&request, &kiosk(), Lifetime::default(), &serial(byte), NOW)
        .unwrap()
}

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the openssl program is installed")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_certificate_holds_what_the_authority_says_and_nothing_of_the_request() {
    let authority = authority();
    let der = issue(&authority, 7);
    let leaf = Leaf::check(&der, authority.certificate_der()).unwrap();
    assert_eq!(leaf.common_name, "kiosk-1");
    assert_eq!(leaf.serial, serial(7));
    assert_eq!(leaf.validity.not_before, UtcMs(NOW.0 - 60 * 60 * 1000));
    assert_eq!(leaf.validity.not_after, UtcMs(NOW.0 + 90 * DAY_MS));
    assert_eq!(leaf.fingerprint, Fingerprint::of(&der));
    assert!(!der.windows(12).any(|part| part == b"evil.example"));

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("ca.pem"), authority.certificate_pem()).unwrap();
    std::fs::write(folder.join("kiosk.der"), &der).unwrap();
    let at = (NOW.0 / 1000).to_string();
    let verify = [
        "verify",
        "-x509_strict",
        "-purpose",
        "sslclient",
        "-attime",
        &at,
        "-CAfile",
        "ca.pem",
        "kiosk.der",
    ];
    let output = openssl(folder, &verify);
    assert!(output.status.success(), "{}", said(&output));
    let mut as_server = verify;
    as_server[3] = "sslserver";
    assert!(!openssl(folder, &as_server).status.success());
    let late = (NOW.0 / 1000 + 91 * 24 * 60 * 60).to_string();
    let mut later = verify;
    later[5] = &late;
    let output = openssl(folder, &later);
    assert!(
        !output.status.success() && said(&output).contains("expired"),
        "{}",
        said(&output)
    );

    let output = openssl(folder, &["x509", "-in", "kiosk.der", "-noout", "-text"]);
    let text = said(&output);
    for line in [
        "Subject: CN = kiosk-1",
        "Digital Signature",
        "TLS Web Client Authentication",
        "CA:FALSE",
        "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier",
        "01:07:07:07:07:07:07:07:07:07:07:07:07:07:07:07:07",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn a_request_made_by_openssl_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let make = [
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "k.pem",
        "-subj",
        "/CN=whoever",
        "-outform",
        "DER",
        "-out",
        "r.der",
    ];
    let output = openssl(folder, &make);
    assert!(output.status.success(), "{}", said(&output));
    CertificateRequest::from_der(&std::fs::read(folder.join("r.der")).unwrap()).unwrap();
    let rsa = [
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-subj", "/CN=x", "-outform",
        "DER", "-out", "r.der",
    ];
    assert!(openssl(folder, &rsa).status.success());
    let found = CertificateRequest::from_der(&std::fs::read(folder.join("r.der")).unwrap());
    assert!(matches!(found, Err(RequestError::Key)), "{found:?}");
}

#[test]
fn says_what_is_wrong_with_a_request() {
    let good = request();
    let check = |bytes: &[u8], expect: fn(&RequestError) -> bool| {
        let error = CertificateRequest::from_der(bytes).unwrap_err();
        assert!(expect(&error), "{error:?}");
    };
    check(&[], |error| matches!(error, RequestError::Malformed(_)));
    check(&good[..good.len() - 1], |error| {
        matches!(error, RequestError::Malformed(_))
    });
    check(&[0; 9000], |error| matches!(error, RequestError::TooLarge(9000)));
    let mut more = good.clone();
    more.push(0);
    check(&more, |error| matches!(error, RequestError::Malformed(_)));

    let edited = |change: &dyn Fn(&mut x509_cert::request::CertReq)| {
        let mut request = x509_cert::request::CertReq::from_der(&good).unwrap();
        change(&mut request);
        request.to_der().unwrap()
    };
    let other = x509_cert::request::CertReq::from_der(&request()).unwrap();
    check(
        &edited(&|request| request.signature = other.signature.clone()),
        |error| matches!(error, RequestError::Signature),
    );
    check(
        &edited(&|request| request.info.public_key = other.info.public_key.clone()),
        |error| matches!(error, RequestError::Signature),
    );
    check(
        &edited(&|request| request.info.subject = Default::default()),
        |error| matches!(error, RequestError::Signature),
    );
    check(
        &edited(&|request| request.algorithm.oid = const_oid::db::rfc5912::ECDSA_WITH_SHA_384),
        |error| matches!(error, RequestError::Algorithm),
    );
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let p384 = CertificateParams::new([])
        .unwrap()
        .serialize_request(&key)
        .unwrap();
    check(p384.der(), |error| matches!(error, RequestError::Key));
}

#[test]
fn an_authority_is_not_taken_for_another() {
    let (ours, theirs) = (authority(), authority());
    let der = issue(&theirs, 3);
    let check = |found: Result<Leaf, CertificateError>, expect: fn(&CertificateError) -> bool| {
        let error = found.unwrap_err();
        assert!(expect(&error), "{error:?}");
    };
    check(Leaf::check(&der, ours.certificate_der()), |error| {
        matches!(error, CertificateError::Issuer)
    });
    check(
        Leaf::check(ours.certificate_der(), ours.certificate_der()),
        |error| matches!(error, CertificateError::Purpose),
    );
    let request = CertificateRequest::from_der(&request()).unwrap();
    let server = Profile::Server {
        common_name: "g".into(),
        hosts: vec!["localhost".into(), "::1".into()],
    };
    let server = ours
        .issue(&request, &server, Lifetime::days(1), &serial(9), NOW)
        .unwrap();
    check(Leaf::check(&server, ours.certificate_der()), |error| {
        matches!(error, CertificateError::Purpose)
    });
    check(Leaf::from_der(&[0; 70_000]), |error| {
        matches!(error, CertificateError::TooLarge(_))
    });
    check(Leaf::from_der(b"x"), |error| {
        matches!(error, CertificateError::Malformed(_))
    });

    let (one, other) = (
        Authority::create("A", Lifetime::days(9), &serial(1), NOW).unwrap(),
        Authority::create("A", Lifetime::days(9), &serial(1), NOW).unwrap(),
    );
    let found = Authority::load(&one.key_pem, &other.certificate_pem);
    assert!(matches!(found, Err(AuthorityError::KeyMismatch)), "{found:?}");
}

#[test]
fn nothing_is_issued_beyond_the_end_of_the_authority() {
    let made = Authority::create("Short", Lifetime::days(10), &serial(1), NOW).unwrap();
    let authority = Authority::load(&made.key_pem, &made.certificate_pem).unwrap();
    let leaf = Leaf::from_der(&issue(&authority, 2)).unwrap();
    assert_eq!(leaf.validity.not_after, authority.validity().not_after);
    let request = CertificateRequest::from_der(&request()).unwrap();
    let late = UtcMs(NOW.0 + 11 * DAY_MS);
    let found = authority.issue(&request, &kiosk(), Lifetime::default(), &serial(3), late);
    assert!(matches!(found, Err(AuthorityError::Expired)), "{found:?}");
}

#[test]
fn a_list_of_revocations_is_understood_by_openssl_and_by_us() {
    let authority = authority();
    let revoked = [
        Revocation {
            serial: serial(7),
            at: UtcMs(NOW.0 - 5000),
            reason: 1,
        },
        Revocation {
            serial: Serial::from_bytes(&[0x80]),
            at: NOW,
            reason: 0,
        },
    ];
    let list = authority.revocation_list(&revoked, 300, NOW).unwrap();
    let read = RevocationList::read(&list, authority.certificate_der()).unwrap();
    assert_eq!(read.revoked_at(&serial(7)), Some(UtcMs(NOW.0 - 5000)));
    assert_eq!(read.revoked_at(&Serial::from_bytes(&[0, 0x80])), Some(NOW));
    assert_eq!(read.revoked_at(&serial(8)), None);
    let mut all: Vec<Revocation> = read.all().collect();
    all.sort_by_key(|revocation| revocation.at);
    assert_eq!(all, revoked);
    assert_eq!((read.number(), read.all().count()), (Some(300), 2));
    assert!(!read.stale(NOW) && read.stale(UtcMs(NOW.0 + 8 * DAY_MS)));

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("ca.pem"), authority.certificate_pem()).unwrap();
    std::fs::write(folder.join("list.der"), &list).unwrap();
    let to_pem = [
        "crl", "-inform", "DER", "-in", "list.der", "-out", "list.pem", "-CAfile", "ca.pem", "-verify",
    ];
    let output = openssl(folder, &to_pem);
    assert!(
        output.status.success() && said(&output).contains("verify OK"),
        "{}",
        said(&output)
    );
    let pem = std::fs::read(folder.join("list.pem")).unwrap();
    assert_eq!(
        RevocationList::read(&pem, authority.certificate_der()).unwrap(),
        read
    );
    let at = (NOW.0 / 1000).to_string();
    for (byte, good) in [(7, false), (8, true)] {
        std::fs::write(folder.join("kiosk.der"), issue(&authority, byte)).unwrap();
        let verify = [
            "verify",
            "-crl_check",
            "-attime",
            &at,
            "-CAfile",
            "ca.pem",
            "-CRLfile",
            "list.pem",
            "kiosk.der",
        ];
        let output = openssl(folder, &verify);
        assert_eq!(output.status.success(), good, "{}", said(&output));
        assert_eq!(said(&output).contains("revoked"), !good);
    }

    let other = self::authority();
    let found = RevocationList::read(&list, other.certificate_der());
    assert!(matches!(found, Err(RevocationError::Issuer)), "{found:?}");
    let mut changed = list.clone();
    let at = changed.windows(4).position(|part| part == [7; 4]).unwrap();
    changed[at] = 8;
    let found = RevocationList::read(&changed, authority.certificate_der());
    assert!(matches!(found, Err(RevocationError::Issuer)), "{found:?}");
}

#[test]
fn a_partial_list_is_not_taken_for_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let made = Authority::create("Test authority", Lifetime::days(3650), &serial(1), NOW).unwrap();
    let authority = Authority::load(&made.key_pem, &made.certificate_pem).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.certificate_pem()).unwrap();
    std::fs::write(folder.join("ca.key"), made.key_pem.expose()).unwrap();
    std::fs::write(folder.join("index"), "").unwrap();
    std::fs::write(folder.join("number"), "01\n").unwrap();
    std::fs::write(
        folder.join("c.cnf"),
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=5\n\
         crl_extensions=e\n[e]\nissuingDistributionPoint=critical,@i\n[i]\nonlyuser=TRUE\n",
    )
    .unwrap();
    let make = [
        "ca", "-config", "c.cnf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.pem", "-out", "l.pem",
    ];
    let output = openssl(folder, &make);
    assert!(output.status.success(), "{}", said(&output));
    let pem = std::fs::read(folder.join("l.pem")).unwrap();
    let found = RevocationList::read(&pem, authority.certificate_der());
    assert!(matches!(found, Err(RevocationError::Partial)), "{found:?}");
}

#[test]
fn serials_are_read_as_they_are_shown() {
    let check = |text: &str, expect: Option<&str>| {
        assert_eq!(
            Serial::parse(text).map(|serial| serial.to_string()).as_deref(),
            expect,
            "{text}"
        );
    };
    check("01ff", Some("01ff"));
    check("01:FF", Some("01ff"));
    check("0001", Some("01"));
    check("1", None);
    check("", None);
    check("0g", None);
    check("+1", None);
    check("ә", None);
    check(&"00".repeat(40), None);
}

proptest! {
    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(CertificateRequest::from_der(&bytes).is_err());
        prop_assert!(Leaf::check(&bytes, &bytes).is_err());
        prop_assert!(RevocationList::read(&bytes, &bytes).is_err());
    }

    #[test]
    fn no_change_of_a_request_is_accepted(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = request();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(CertificateRequest::from_der(&bytes).is_err());
    }
}

/// A certificate of an authority elsewhere may be anything; what documents cannot be signed with is not imported.
#[test]
fn a_certificate_must_be_good_for_documents() {
    use rcgen::{
        BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
        KeyPair, KeyUsagePurpose,
    };
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Bank");
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let check = |change: fn(&mut CertificateParams)| {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "kiosk-1");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        Leaf::check(leaf.der(), ca.der()).map(|leaf| leaf.common_name)
    };
    assert_eq!(check(|_| {}).unwrap(), "kiosk-1");
    let found = check(|params| params.key_usages.clear());
    assert!(matches!(found, Err(CertificateError::Usage)), "{found:?}");
    let found = check(|params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement]);
    assert!(matches!(found, Err(CertificateError::Usage)), "{found:?}");
    let found = check(|params| {
        let mut odd = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        odd.set_criticality(true);
        params.custom_extensions.push(odd);
    });
    assert!(
        matches!(found, Err(CertificateError::CriticalExtension(_))),
        "{found:?}"
    );
    let found = check(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    assert!(matches!(found, Err(CertificateError::Purpose)), "{found:?}");
}
