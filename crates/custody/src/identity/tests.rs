use keys::KeyChoice;
use rcgen::{CertificateSigningRequestParams, Issuer, KeyPair};
use tempfile::TempDir;

use super::*;

/// An authority, a place for keys and a folder for certificates.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) store: Arc<dyn KeyStore>,
    authority_pem: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = keys::open(&KeyChoice::File {
            folder: folder.path().join("keys"),
        })
        .unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority");
        let authority_pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self {
            folder,
            store,
            authority_pem,
            issuer: Issuer::new(params, key),
        }
    }

    fn certificates(&self) -> PathBuf {
        self.folder.path().join("identity")
    }

    pub(crate) fn apply(&self) -> Applicant {
        Applicant::new(&*self.store, &self.certificates(), "kiosk-0001").unwrap()
    }

    pub(crate) fn issue(&self, request: &[u8]) -> Vec<Vec<u8>> {
        let request = CertificateSigningRequestParams::from_der(&request.into()).unwrap();
        let mut request = request;
        request.params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        vec![request.signed_by(&self.issuer).unwrap().der().to_vec()]
    }

    pub(crate) fn admit(&self, applicant: Applicant) -> Identity {
        let chain = self.issue(&applicant.request);
        applicant
            .admit(
                &self.certificates(),
                chain,
                &self.authority_pem,
                "kiosk-0001",
                UtcMs(0),
            )
            .unwrap()
    }

    fn load(&self) -> Result<Option<Identity>, IdentityError> {
        Identity::load(&*self.store, &self.certificates())
    }
}

#[test]
fn a_kiosk_is_nobody_until_its_certificate_has_come() {
    let bench = Bench::new();
    assert!(bench.load().unwrap().is_none());
    let applicant = bench.apply();
    assert!(bench.load().unwrap().is_none());
    assert_eq!(
        bench.apply().request,
        applicant.request,
        "a second application is for the same key"
    );
    let identity = bench.admit(applicant);
    let loaded = bench.load().unwrap().unwrap();
    assert_eq!(
        (loaded.name.as_str(), &loaded.chain),
        ("device-1", &identity.chain)
    );
    assert_eq!(loaded.authority_pem, bench.authority_pem);
    let subject = Certificate::from_der(loaded.certificate()).unwrap();
    assert_eq!(subject.tbs_certificate.subject.to_string(), "CN=kiosk-0001");
}

#[test]
fn a_renewal_counts_from_its_certificate_on_and_lets_the_old_key_go() {
    let bench = Bench::new();
    bench.admit(bench.apply());
    let renewal = bench.apply();
    assert_eq!(renewal.name, "device-2");
    assert_eq!(bench.load().unwrap().unwrap().name, "device-1");
    bench.admit(renewal);
    let renewed = bench.load().unwrap().unwrap();
    assert_eq!(renewed.name, "device-2");
    renewed
        .forget_older(&*bench.store, &bench.certificates())
        .unwrap();
    assert_eq!(bench.store.names().unwrap(), ["device-2"]);
    assert!(!bench.certificates().join("device-1.pem").exists());
    assert_eq!(bench.apply().name, "device-3");
}

#[test]
fn a_certificate_for_another_key_is_refused_and_changes_nothing() {
    let bench = Bench::new();
    let other = Bench::new();
    let chain = bench.issue(&other.apply().request);
    let refused = bench.apply().admit(
        &bench.certificates(),
        chain,
        &bench.authority_pem,
        "kiosk-0001",
        UtcMs(0),
    );
    assert!(matches!(refused, Err(IdentityError::OtherKey)));
    let nonsense = bench.apply().admit(
        &bench.certificates(),
        vec![vec![1, 2, 3]],
        &bench.authority_pem,
        "kiosk-0001",
        UtcMs(0),
    );
    assert!(matches!(nonsense, Err(IdentityError::OtherKey)));
    assert!(bench.load().unwrap().is_none());
}

#[test]
fn a_key_that_is_gone_is_said_and_the_next_enrolment_makes_another() {
    let bench = Bench::new();
    bench.admit(bench.apply());
    bench.store.forget("device-1").unwrap();
    assert!(matches!(bench.load(), Err(IdentityError::KeyGone { .. })));
    let applicant = bench.apply();
    assert_eq!(applicant.name, "device-2");
    bench.admit(applicant);
    assert_eq!(bench.load().unwrap().unwrap().name, "device-2");
}

#[test]
fn it_is_renewed_when_two_thirds_of_its_time_are_over() {
    let bench = Bench::new();
    let identity = Identity {
        valid_from: UtcMs(1_000),
        expires_at: UtcMs(4_000),
        ..bench.admit(bench.apply())
    };
    assert!(!identity.is_to_be_renewed(UtcMs(2_999)));
    assert!(identity.is_to_be_renewed(UtcMs(3_000)));
}
