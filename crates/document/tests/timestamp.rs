//! Time stamps: what is accepted, what is refused and why, and that `openssl` agrees.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use document::signature::timestamp::{Request, StampError, TOKEN_MAX_BYTES, attach, detach, verify_stamp};
use document::signature::{P256Signer, VerifyError, sign, verify_as_signed};
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use verification::time::UtcMs;

mod time_authority;

use time_authority::{TimeAuthority, params};

const CONTENT: &[u8] = b"what was seen and decided";
/// 2026-06-01T12:00:00Z.
const SIGNED_AT: UtcMs = UtcMs(1_780_315_200_000);
const NONCE: [u8; 16] = [0x80, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

struct Signed {
    cms: Vec<u8>,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

fn signed() -> Signed {
    let mut authority = params("authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut kiosk = params("kiosk-7");
    kiosk.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().unwrap();
    let certificate = kiosk.signed_by(&key, &issuer).unwrap();
    let signer = P256Signer::from_pkcs8_pem(&key.serialize_pem(), &certificate.pem()).unwrap();
    let cms = sign(CONTENT, &signer, SIGNED_AT).unwrap();
    Signed { cms, issuer }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[test]
fn a_stamp_is_attached_and_comes_off_again() {
    let signed = signed();
    let authority = TimeAuthority::new();
    let before = now_ms();
    let request = Request::of(&signed.cms, NONCE).unwrap();
    let response = authority.answer(&request.to_der().unwrap());
    let stamp = request.accept(&response, &authority.anchors()).unwrap();
    assert_eq!(stamp.authority, "test time");
    assert_eq!(stamp.policy.to_string(), "1.2.3.4.1");
    assert!((before..=now_ms()).contains(&stamp.at.0), "{:?}", stamp.at);

    let stamped = attach(&signed.cms, &stamp.token_der).unwrap();
    let detached = detach(&stamped).unwrap();
    assert_eq!(detached.signed, signed.cms, "the signed bytes stay as they were");
    assert_eq!(detached.token.as_ref(), Some(&stamp.token_der));
    assert_eq!(
        verify_stamp(&signed.cms, &stamp.token_der, &authority.anchors()).unwrap(),
        stamp
    );
    let anchors = [signed.issuer.der().to_vec()];
    assert_eq!(
        verify_as_signed(&detached.signed, &anchors)
            .unwrap()
            .content
            .expose(),
        CONTENT
    );
    // A document has one form on the line.
    assert!(matches!(
        verify_as_signed(&stamped, &anchors),
        Err(VerifyError::Profile("unsigned attributes"))
    ));
    assert!(matches!(
        attach(&stamped, &stamp.token_der),
        Err(StampError::Stamped)
    ));
    assert!(matches!(Request::of(&stamped, NONCE), Err(StampError::Stamped)));
    assert_eq!(detach(&signed.cms).unwrap().token, None);

    // Others see the same: the signature still holds, and the stamp is for its value.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    fs::write(file("stamped"), &stamped).unwrap();
    fs::write(file("ca.pem"), signed.issuer.pem()).unwrap();
    fs::write(file("token"), &stamp.token_der).unwrap();
    fs::write(file("request"), request.to_der().unwrap()).unwrap();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned() + &said
    };
    openssl(&[
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-in",
        &file("stamped"),
        "-CAfile",
        &file("ca.pem"),
        "-purpose",
        "any",
        "-out",
        &file("content"),
    ]);
    assert_eq!(fs::read(file("content")).unwrap(), CONTENT);
    let root = authority.root_pem().display().to_string();
    openssl(&[
        "ts",
        "-verify",
        "-in",
        &file("token"),
        "-token_in",
        "-queryfile",
        &file("request"),
        "-CAfile",
        &root,
    ]);
    let query = openssl(&["ts", "-query", "-in", &file("request"), "-text"]);
    assert!(
        query.contains("sha256") && query.contains("Certificate required: yes"),
        "{query}"
    );
}

/// The older attribute names the certificate by SHA-1.
#[test]
fn each_way_of_naming_the_certificate_is_read() {
    for digest in ["sha1", "sha256", "sha512"] {
        let authority = TimeAuthority::naming_by(digest);
        let request = Request::of(&signed().cms, NONCE).unwrap();
        let response = authority.answer(&request.to_der().unwrap());
        let stamp = request.accept(&response, &authority.anchors());
        assert!(stamp.is_ok(), "{digest}: {stamp:?}");
    }
}

#[test]
fn each_refusal_has_its_name() {
    let (one, other) = (signed(), signed());
    let authority = TimeAuthority::new();
    let anchors = authority.anchors();
    let request = Request::of(&one.cms, NONCE).unwrap();
    let response = authority.answer(&request.to_der().unwrap());
    let stamp = request.accept(&response, &anchors).unwrap();
    let check = |result: Result<_, StampError>, expect: &str| {
        let result = result.map(|_| ());
        assert_eq!(
            result.map_or_else(|error| error.to_string(), |()| "good".to_owned()),
            expect
        );
    };
    check(request.accept(&response, &anchors), "good");
    let again = Request::of(&one.cms, [7; 16]).unwrap();
    check(
        again.accept(&response, &anchors),
        "the time stamp answers another request",
    );
    let for_other = Request::of(&other.cms, NONCE).unwrap();
    let elsewhere = "the time stamp is for another signature";
    check(for_other.accept(&response, &anchors), elsewhere);
    check(verify_stamp(&other.cms, &stamp.token_der, &anchors), elsewhere);
    let unknown = "the authority of time was certified by an unknown authority";
    check(request.accept(&response, &[]), unknown);
    check(
        request.accept(&response, &TimeAuthority::new().anchors()),
        unknown,
    );
    check(request.accept(&response, &[one.issuer.der().to_vec()]), unknown);
    check(request.accept(&[], &anchors), "the time stamp cannot be read");
    check(
        request.accept(&vec![0; TOKEN_MAX_BYTES + 1], &anchors),
        "a time stamp has at most 32768 bytes, this one has 32769",
    );
    // `badAlg`, as the server says to a request for a digest that it does not take.
    let mut weak = request.to_der().unwrap();
    let at = weak
        .windows(9)
        .position(|window| window == [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01])
        .unwrap();
    weak[at + 8] = 9;
    check(
        request.accept(&authority.answer(&weak), &anchors),
        "the authority of time gave no stamp: status 2, failure 0",
    );
    check(
        detach(b"no document").map(|_| stamp.clone()),
        "the signed document cannot be read",
    );
    check(
        attach(&one.cms, b"no token").map(|_| stamp.clone()),
        "the time stamp cannot be read",
    );
}

/// Who may sign something else may not stamp, whoever certified it.
#[test]
fn a_stamp_needs_a_certificate_for_stamps_alone() {
    let signed = signed();
    for (critical, expect) in [
        (Some(true), "good"),
        (
            Some(false),
            "the certificate of the signer is not one for time stamps alone",
        ),
        (
            None,
            "the certificate of the signer is not one for time stamps alone",
        ),
    ] {
        let authority = TimeAuthority::new();
        let request = Request::of(&signed.cms, NONCE).unwrap();
        let response = authority.answer(&request.to_der().unwrap());
        let token = request.accept(&response, &authority.anchors()).unwrap().token_der;
        let forged = authority.sign_again(&token, critical);
        let result = verify_stamp(&signed.cms, &forged, &authority.anchors());
        let found = result.map_or_else(|error| error.to_string(), |_| "good".to_owned());
        assert_eq!(found, expect, "{critical:?}");
    }
}

/// No byte of a token can be changed: it is signed, or says who signed, or is not read.
#[test]
fn a_changed_token_is_refused() {
    let signed = signed();
    let authority = TimeAuthority::new();
    let anchors = authority.anchors();
    let request = Request::of(&signed.cms, NONCE).unwrap();
    let response = authority.answer(&request.to_der().unwrap());
    let token = request.accept(&response, &anchors).unwrap().token_der;
    let good = verify_stamp(&signed.cms, &token, &anchors).unwrap();
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] ^= 1;
        if let Ok(stamp) = verify_stamp(&signed.cms, &changed, &anchors) {
            // The parameters of an algorithm and the like are covered by no signature, and say nothing.
            assert_eq!((stamp.at, &stamp.serial), (good.at, &good.serial), "byte {at}");
            assert_eq!(stamp.authority, good.authority, "byte {at}");
        }
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let request = Request::of(&stored().0, NONCE).unwrap();
        prop_assert!(request.accept(&bytes, &[]).is_err());
        prop_assert!(detach(&bytes).is_err());
        prop_assert!(verify_stamp(&bytes, &bytes, &[]).is_err());
        prop_assert!(attach(&stored().0, &bytes).is_err());
    }

    #[test]
    fn changed_responses_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let (cms, response, anchors) = stored();
        let request = Request::of(cms, NONCE).unwrap();
        prop_assert!(request.accept(&response[..cut.index(response.len())], anchors).is_err());
        let mut bytes = response.clone();
        for (at, byte) in &changes {
            let length = bytes.len();
            bytes[at.index(length)] = *byte;
        }
        if let Ok(stamp) = request.accept(&bytes, anchors) {
            prop_assert_eq!(stamp.authority, "test time");
        }
    }
}

/// A document, the response to it, and the anchors.
type Stored = (Vec<u8>, Vec<u8>, Vec<Vec<u8>>);

/// Made once, for openssl takes its time.
fn stored() -> &'static Stored {
    static STORED: std::sync::OnceLock<Stored> = std::sync::OnceLock::new();
    STORED.get_or_init(|| {
        let signed = signed();
        let authority = TimeAuthority::new();
        let request = Request::of(&signed.cms, NONCE).unwrap();
        let response = authority.answer(&request.to_der().unwrap());
        (signed.cms, response, authority.anchors())
    })
}
