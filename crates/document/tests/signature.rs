//! Signatures: what is accepted, what is refused and why, and that `openssl` agrees.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::process::Command;
use std::sync::Arc;

use document::content::CONTENT_MAX_BYTES;
use document::signature::{
    ExternalSigner, P256Signer, RawSign, SIGNED_MAX_BYTES, SignError, Signer, VerifyError, anchors_from_pem,
    sign, verify, verify_as_signed, verify_of_known, verify_unanchored,
};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use sha2::{Digest, Sha256};
use verification::time::UtcMs;

const CONTENT: &[u8] = b"what was seen and decided";
/// 2026-06-01T12:00:00Z.
const SIGNED_AT: UtcMs = UtcMs(1_780_315_200_000);
const DAY_MS: i64 = 24 * 3600 * 1000;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    fn with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        change(&mut params);
        Self {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(),
        }
    }

    fn anchors(&self) -> Vec<Vec<u8>> {
        vec![self.issuer.der().to_vec()]
    }

    fn signer(&self) -> P256Signer {
        self.signer_with(|_| {})
    }

    /// With a key that lies elsewhere; `change` makes what it gives from the right signature.
    fn external(&self, change: fn(Vec<u8>) -> Result<Vec<u8>, &'static str>) -> ExternalSigner {
        let inner = self.signer();
        let certificate_der = inner.certificate_der().to_vec();
        let raw: Arc<RawSign> = {
            let inner = std::sync::Mutex::new(inner);
            Arc::new(move |message| Ok(change(inner.lock().unwrap().sign(message)?)?))
        };
        ExternalSigner::new(certificate_der, raw).unwrap()
    }

    fn signer_with(&self, change: impl FnOnce(&mut CertificateParams)) -> P256Signer {
        let mut params = params("kiosk-7");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        P256Signer::from_pkcs8_pem(&key.serialize_pem(), &certificate.pem()).unwrap()
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params
}

fn check(cms: &[u8], authority: &Authority, now: UtcMs, expect: &str) {
    let result = match verify(cms, &authority.anchors(), now) {
        Ok(verified) => {
            assert_eq!(verified.content.expose(), CONTENT);
            assert_eq!(verified.signing_time, SIGNED_AT);
            format!("good: {}", verified.signer_common_name)
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(result, expect);
}

#[test]
fn a_signature_is_accepted() {
    let authority = Authority::new("authority");
    let cms = sign(CONTENT, &authority.signer(), SIGNED_AT).unwrap();
    check(&cms, &authority, SIGNED_AT, "good: kiosk-7");
}

#[test]
fn signing_twice_gives_the_same_bytes() {
    let signer = Authority::new("authority").signer();
    assert_eq!(
        sign(CONTENT, &signer, SIGNED_AT).unwrap(),
        sign(CONTENT, &signer, SIGNED_AT).unwrap()
    );
}

#[test]
fn a_key_may_lie_elsewhere_and_fail() {
    let authority = Authority::new("authority");
    let cms = sign(CONTENT, &authority.external(Ok), SIGNED_AT).unwrap();
    check(&cms, &authority, SIGNED_AT, "good: kiosk-7");
    let fails = |change| sign(CONTENT, &authority.external(change), SIGNED_AT).unwrap_err();
    let no_key = fails(|_| Err("the device is gone"));
    assert!(matches!(&no_key, SignError::Key(source) if source.to_string() == "the device is gone"));
    for change in [
        |_: Vec<u8>| Ok(vec![]),
        |_| Ok(vec![7; 70]),
        |mut signature: Vec<u8>| {
            *signature.last_mut().unwrap() ^= 1;
            Ok(signature)
        },
        |mut signature: Vec<u8>| {
            signature.push(0);
            Ok(signature)
        },
    ] {
        assert!(matches!(fails(change), SignError::Unverifiable));
    }
    assert!(!format!("{:?}", authority.external(Ok)).contains("48"));
}

/// Another algorithm is the signer's own affair; one that says it is ours is not believed.
#[test]
fn a_certificate_of_another_key_is_noticed_at_once() {
    struct Mixed(P256Signer, P256Signer);
    impl Signer for Mixed {
        fn certificate_der(&self) -> &[u8] {
            self.0.certificate_der()
        }
        fn digest_algorithm(&self) -> const_oid::ObjectIdentifier {
            self.0.digest_algorithm()
        }
        fn signature_algorithm(&self) -> const_oid::ObjectIdentifier {
            self.0.signature_algorithm()
        }
        fn digest(&self, message: &[u8]) -> Vec<u8> {
            self.0.digest(message)
        }
        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
            self.1.sign(message)
        }
    }
    let authority = Authority::new("authority");
    let mixed = Mixed(authority.signer(), authority.signer());
    assert!(matches!(
        sign(CONTENT, &mixed, SIGNED_AT),
        Err(SignError::Unverifiable)
    ));
    assert!(matches!(
        ExternalSigner::new(b"no certificate".to_vec(), Arc::new(|_| Ok(Vec::new()))),
        Err(SignError::Certificate(_))
    ));
}

#[test]
fn papers_are_read_after_their_certificate_has_expired() {
    let authority = Authority::new("authority");
    let cms = sign(CONTENT, &authority.signer(), SIGNED_AT).unwrap();
    let verified = verify_as_signed(&cms, &authority.anchors()).unwrap();
    assert_eq!(verified, verify(&cms, &authority.anchors(), SIGNED_AT).unwrap());
    let young = authority.signer_with(|params| params.not_before = date_time_ymd(2026, 6, 2));
    let early = sign(CONTENT, &young, SIGNED_AT).unwrap();
    let refused = verify_as_signed(&early, &authority.anchors());
    assert!(matches!(refused, Err(VerifyError::ExpiredAtSigning)));
    let other = Authority::new("another").anchors();
    assert!(matches!(
        verify_as_signed(&cms, &other),
        Err(VerifyError::UnknownIssuer)
    ));
    let known = Sha256::digest(&verified.certificate_der).into();
    assert_eq!(verify_of_known(&cms, &known).unwrap(), verified);
    let unknown = verify_of_known(&early, &known);
    assert!(matches!(unknown, Err(VerifyError::UnknownIssuer)));
    let known = Sha256::digest(young.certificate_der()).into();
    let refused = verify_of_known(&early, &known);
    assert!(matches!(refused, Err(VerifyError::ExpiredAtSigning)));
    assert_eq!(verify_unanchored(&cms).unwrap(), verified);
    assert_eq!(verify_unanchored(&early).unwrap().signer_common_name, "kiosk-7");
    let mut changed = cms.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(verify_unanchored(&changed).is_err());
    let known = Sha256::digest(&verified.certificate_der).into();
    assert!(matches!(
        verify_of_known(&changed, &known),
        Err(VerifyError::Signature)
    ));
}

#[test]
fn openssl_agrees() {
    let authority = Authority::new("authority");
    let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("ca.pem"), authority.issuer.pem()).unwrap();
    fs::write(
        path("document.p7m"),
        sign(&content, &authority.signer(), SIGNED_AT).unwrap(),
    )
    .unwrap();
    let output = Command::new("openssl")
        .args([
            "cms", "-verify", "-cades", "-inform", "DER", "-purpose", "any", "-binary",
        ])
        .args(["-attime", &(SIGNED_AT.0 / 1000).to_string()])
        .arg("-in")
        .arg(path("document.p7m"))
        .arg("-CAfile")
        .arg(path("ca.pem"))
        .arg("-out")
        .arg(path("content"))
        .output()
        .expect("the openssl program, from the Debian package of that name");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(fs::read(path("content")).unwrap() == content);
}

/// Other clients sign with other tools; `openssl` names the certificate by issuer and serial number as well.
#[test]
fn what_openssl_signs_is_accepted() {
    let authority = Authority::new("authority");
    let mut params = params("kiosk-7");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let now = UtcMs(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap());
    params.not_before = std::time::SystemTime::now().into();
    params.not_before -= std::time::Duration::from_secs(60);
    params.not_after = date_time_ymd(2100, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("kiosk.pem"), certificate.pem()).unwrap();
    fs::write(path("kiosk.key"), key.serialize_pem()).unwrap();
    fs::write(path("content"), CONTENT).unwrap();
    let output = Command::new("openssl")
        .args([
            "cms",
            "-sign",
            "-cades",
            "-binary",
            "-nodetach",
            "-nosmimecap",
            "-md",
            "sha256",
        ])
        .arg("-signer")
        .arg(path("kiosk.pem"))
        .arg("-inkey")
        .arg(path("kiosk.key"))
        .arg("-in")
        .arg(path("content"))
        .args(["-outform", "DER", "-out"])
        .arg(path("document.p7m"))
        .output()
        .expect("the openssl program, from the Debian package of that name");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let verified = verify_unanchored(&fs::read(path("document.p7m")).unwrap()).unwrap();
    assert_eq!(verified.content.expose(), CONTENT);
    assert_eq!(verified.signer_common_name, "kiosk-7");
    assert!(now.0 - verified.signing_time.0 < DAY_MS);
}

#[test]
fn times_are_checked() {
    let authority = Authority::new("authority");
    let cms = sign(CONTENT, &authority.signer(), SIGNED_AT).unwrap();
    let later = |days: i64| UtcMs(SIGNED_AT.0 + days * DAY_MS);
    check(&cms, &authority, later(213), "good: kiosk-7");
    check(
        &cms,
        &authority,
        later(215),
        "a certificate of the chain is not valid now",
    );
    check(
        &cms,
        &authority,
        later(-153),
        "a certificate of the chain is not valid now",
    );

    let young = authority.signer_with(|params| params.not_before = date_time_ymd(2026, 6, 2));
    let cms = sign(CONTENT, &young, SIGNED_AT).unwrap();
    check(
        &cms,
        &authority,
        later(2),
        "a certificate of the chain was not valid at the time of signing",
    );

    let expired = Authority::with("authority", |params| params.not_after = date_time_ymd(2026, 6, 1));
    let cms = sign(CONTENT, &expired.signer(), SIGNED_AT).unwrap();
    check(
        &cms,
        &expired,
        SIGNED_AT,
        "a certificate of the chain is not valid now",
    );
}

#[test]
fn the_chain_is_checked() {
    let authority = Authority::new("authority");
    let cms = sign(CONTENT, &authority.signer(), SIGNED_AT).unwrap();
    check(
        &cms,
        &Authority::new("another"),
        SIGNED_AT,
        "the certificate of the signer was issued by an unknown authority",
    );
    let namesake = Authority::new("authority");
    check(
        &cms,
        &namesake,
        SIGNED_AT,
        "the certificate of the signer was not signed by its issuer",
    );
    let both = [namesake.anchors(), authority.anchors()].concat();
    assert!(
        verify(&cms, &both, SIGNED_AT).is_ok(),
        "an authority may renew its key"
    );
    assert!(matches!(
        verify(&cms, &[], SIGNED_AT),
        Err(VerifyError::UnknownIssuer)
    ));
    assert!(matches!(
        verify(&cms, &[vec![1, 2]], SIGNED_AT),
        Err(VerifyError::Anchor(_))
    ));

    // A certificate that may only sign documents is made an anchor: it must not issue.
    let no_authority = Authority::with("authority", |params| params.is_ca = IsCa::ExplicitNoCa);
    let cms = sign(CONTENT, &no_authority.signer(), SIGNED_AT).unwrap();
    check(
        &cms,
        &no_authority,
        SIGNED_AT,
        "the trust anchor is no certification authority",
    );
    let no_issuing = Authority::with("authority", |params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    });
    let cms = sign(CONTENT, &no_issuing.signer(), SIGNED_AT).unwrap();
    check(
        &cms,
        &no_issuing,
        SIGNED_AT,
        "the trust anchor is no certification authority",
    );
}

#[test]
fn the_certificate_is_checked() {
    let refused = |change: fn(&mut CertificateParams), expect: &str| {
        let authority = Authority::new("authority");
        let cms = sign(CONTENT, &authority.signer_with(change), SIGNED_AT).unwrap();
        check(&cms, &authority, SIGNED_AT, expect);
    };
    let usage = "the certificate of the signer may not be used to sign documents";
    refused(|params| params.key_usages = vec![], usage);
    refused(
        |params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement],
        usage,
    );
    refused(
        |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        usage,
    );
    refused(
        |params| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(true);
            params.custom_extensions = vec![extension];
        },
        "the certificate of the signer has the unknown critical extension 1.2.3.4",
    );
    refused(
        |params| {
            params
                .distinguished_name
                .remove(DnType::CommonName)
                .then_some(())
                .unwrap()
        },
        "the certificate of the signer has no single common name",
    );
}

#[test]
fn no_bit_may_change() {
    let authority = Authority::new("authority");
    let anchors = authority.anchors();
    let cms = sign(CONTENT, &authority.signer(), SIGNED_AT).unwrap();
    for at in 0..cms.len() {
        for bit in 0..8 {
            let mut changed = cms.clone();
            changed[at] ^= 1 << bit;
            assert!(
                verify(&changed, &anchors, SIGNED_AT).is_err(),
                "bit {bit} of byte {at}"
            );
        }
        assert!(
            verify(&cms[..at], &anchors, SIGNED_AT).is_err(),
            "the first {at} bytes"
        );
    }
    let longer = [cms.as_slice(), &[0]].concat();
    assert!(matches!(
        verify(&longer, &anchors, SIGNED_AT),
        Err(VerifyError::Malformed(_))
    ));
}

/// Each replacement keeps the structure readable, so that the named check is reached.
#[test]
fn each_change_has_its_name() {
    let authority = Authority::new("authority");
    let cms = sign(CONTENT, &authority.signer(), SIGNED_AT).unwrap();
    let refused = |from: &[u8], to: &[u8], expect: &str| {
        assert_eq!(from.len(), to.len());
        let at = cms.windows(from.len()).position(|window| window == from).unwrap();
        let changed = [&cms[..at], to, &cms[at + from.len()..]].concat();
        check(&changed, &authority, SIGNED_AT, expect);
    };
    refused(
        b"decided",
        b"decides",
        "the content is not the one that was signed",
    );
    // Inside the certificate first: its hash is among the signed attributes.
    refused(
        b"kiosk-7",
        b"kiosk-8",
        "the signature was made for another certificate",
    );
    refused(b"260601120000Z", b"260601120001Z", "the signature is wrong");
    refused(
        &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02],
        &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03],
        "the CMS structure is no SignedData",
    );
    refused(
        &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05],
        &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e],
        "the signed attribute signingTime is not there exactly once",
    );
}

/// The parser takes a set in any order, and the signature is over the ordered one; the bytes are still others.
#[test]
fn one_signature_has_one_form() {
    let authority = Authority::new("authority");
    let mut cms = sign(CONTENT, &authority.signer(), SIGNED_AT).unwrap();
    let pkcs9 = |last: u8| [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, last];
    let start = |oid: [u8; 11]| cms.windows(11).position(|window| window == oid).unwrap() - 2;
    let (content_type, signing_time) = (start(pkcs9(3)), start(pkcs9(5)));
    assert_eq!(
        content_type + 26,
        signing_time,
        "the two attributes are neighbours"
    );
    cms[content_type..signing_time + 30].rotate_left(26);
    check(&cms, &authority, SIGNED_AT, "the signed document is not in DER");
}

#[test]
fn sizes_are_limited() {
    let authority = Authority::new("authority");
    let signer = authority.signer();
    let largest = sign(&vec![7; CONTENT_MAX_BYTES], &signer, SIGNED_AT).unwrap();
    assert!(verify(&largest, &authority.anchors(), SIGNED_AT).is_ok());
    let too_large = sign(&vec![7; CONTENT_MAX_BYTES + 1], &signer, SIGNED_AT);
    assert!(matches!(too_large, Err(SignError::TooLarge(_))));
    let result = verify(&vec![0x30; SIGNED_MAX_BYTES + 1], &[], SIGNED_AT);
    assert!(matches!(result, Err(VerifyError::TooLarge(_))));
}

#[test]
fn a_signer_needs_its_own_key() {
    let authority = Authority::new("authority");
    let key = KeyPair::generate().unwrap().serialize_pem();
    let certificate = authority.issuer.pem();
    let failure = |key: &str, certificate: &str| P256Signer::from_pkcs8_pem(key, certificate).unwrap_err();
    assert!(matches!(failure(&key, &certificate), SignError::KeyMismatch));
    assert!(matches!(failure("no key", &certificate), SignError::Key(_)));
    assert!(matches!(
        failure(&key, "no certificate"),
        SignError::Certificate(_)
    ));
    assert_eq!(format!("{:?}", authority.signer()), "P256Signer(sensitive)");
    assert!(!authority.signer().certificate_der().is_empty());
}

#[test]
fn the_time_of_signing_is_bounded() {
    let authority = Authority::new("authority");
    let signer = authority.signer();
    for at in [UtcMs(-1), UtcMs(i64::MIN), UtcMs(i64::MAX)] {
        assert!(matches!(sign(CONTENT, &signer, at), Err(SignError::Time)));
    }
    // 2051, where UTCTime ends and GeneralizedTime begins.
    let cms = sign(CONTENT, &signer, UtcMs(2_556_057_600_000)).unwrap();
    let result = verify(&cms, &authority.anchors(), SIGNED_AT);
    assert!(matches!(result, Err(VerifyError::ExpiredAtSigning)));
}

#[test]
fn anchors_are_read_from_pem() {
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let pem = one.issuer.pem() + &other.issuer.pem();
    assert_eq!(
        anchors_from_pem(pem.as_bytes()).unwrap(),
        [one.anchors(), other.anchors()].concat()
    );
    assert_eq!(anchors_from_pem(pem.trim_end().as_bytes()).unwrap().len(), 2);
    let key = KeyPair::generate().unwrap().serialize_pem();
    for wrong in [
        "",
        "\n",
        "\r\n \n",
        "-",
        "no certificate",
        &pem[..pem.len() - 9],
        &(pem.clone() + &key),
    ] {
        let result = anchors_from_pem(wrong.as_bytes());
        assert!(matches!(result, Err(SignError::Certificate(_))), "{wrong}");
    }
}

proptest! {
    #[test]
    fn garbage_is_no_anchor(text in "[-A-Z \\n]{0,60}(-----END CERTIFICATE-----)?[-A-Z \\n]{0,9}") {
        prop_assert!(anchors_from_pem(text.as_bytes()).is_err());
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(verify(&bytes, &[], SIGNED_AT).is_err());
    }

    #[test]
    fn mutations_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        thread_local! {
            static GOOD: (Vec<u8>, Vec<Vec<u8>>) = {
                let authority = Authority::new("authority");
                (sign(CONTENT, &authority.signer(), SIGNED_AT).unwrap(), authority.anchors())
            };
        }
        GOOD.with(|(cms, anchors)| {
            let mut changed = cms.clone();
            for (at, byte) in &changes {
                changed[at.index(cms.len())] = *byte;
            }
            if cuts {
                changed.truncate(cut.index(cms.len()));
            }
            prop_assert_eq!(verify(&changed, anchors, SIGNED_AT).is_ok(), &changed == cms);
            Ok(())
        })?;
    }
}
