//! An authority of time: `openssl ts`, which shares nothing with what is tested, with a certificate of a test authority.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// `SEQUENCE { id-kp-timeStamping }`.
const FOR_TIME_STAMPS: &[u8] = &[
    0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08,
];

/// An authority of time and who certified it.
pub struct TimeAuthority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

pub fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2090, 1, 1);
    params
}

/// With the purpose as critical, as not, or without any.
fn for_stamps(critical: Option<bool>) -> CertificateParams {
    let mut stamps = params("test time");
    stamps.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if let Some(critical) = critical {
        let mut purpose = CustomExtension::from_oid_content(&[2, 5, 29, 37], FOR_TIME_STAMPS.to_vec());
        purpose.set_criticality(critical);
        stamps.custom_extensions = vec![purpose];
    }
    stamps
}

impl TimeAuthority {
    pub fn new() -> Self {
        Self::naming_by("sha256")
    }

    /// Names its certificate in a stamp by this digest.
    pub fn naming_by(named_by: &str) -> Self {
        let mut authority = params("time root");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let stamps = for_stamps(Some(true));
        let key = KeyPair::generate().unwrap();
        let certificate = stamps.signed_by(&key, &issuer).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::write(file("root.pem"), issuer.pem()).unwrap();
        fs::write(file("time.pem"), certificate.pem()).unwrap();
        fs::write(file("time.key"), key.serialize_pem()).unwrap();
        fs::write(file("serial"), "01\n").unwrap();
        let serial = file("serial").display().to_string();
        fs::write(
            file("time.cnf"),
            format!(
                "[tsa]\ndefault_tsa = here\n[here]\nserial = {serial}\nsigner_digest = sha256\n\
                 default_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1, millisecs:500\n\
                 clock_precision_digits = 3\nordering = yes\ntsa_name = yes\ness_cert_id_chain = no\n\
                 ess_cert_id_alg = {named_by}\n"
            ),
        )
        .unwrap();
        Self { folder, issuer }
    }

    #[allow(dead_code, reason = "not every test reads stamps by itself")]
    pub fn anchors(&self) -> Vec<Vec<u8>> {
        vec![self.issuer.der().to_vec()]
    }

    /// The certificate of who certified it, PEM.
    #[allow(dead_code, reason = "not every test has a program read it")]
    pub fn root_pem(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// What a token says, signed by another holder of a certificate of the same authority.
    #[allow(dead_code, reason = "not every test forges")]
    pub fn sign_again(&self, token: &[u8], critical: Option<bool>) -> Vec<u8> {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let key = KeyPair::generate().unwrap();
        let certificate = for_stamps(critical).signed_by(&key, &self.issuer).unwrap();
        fs::write(file("other.pem"), certificate.pem() + &key.serialize_pem()).unwrap();
        fs::write(file("token"), token).unwrap();
        let run = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
        };
        run(&[
            "cms",
            "-verify",
            "-noverify",
            "-inform",
            "DER",
            "-in",
            &file("token"),
            "-out",
            &file("info"),
        ]);
        run(&[
            "cms",
            "-sign",
            "-cades",
            "-binary",
            "-nodetach",
            "-econtent_type",
            "1.2.840.113549.1.9.16.1.4",
            "-in",
            &file("info"),
            "-signer",
            &file("other.pem"),
            "-md",
            "sha256",
            "-outform",
            "DER",
            "-out",
            &file("again"),
        ]);
        fs::read(file("again")).unwrap()
    }

    /// The response to a request, both DER.
    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        let file = |name: &str| self.folder.path().join(name);
        fs::write(file("request"), request).unwrap();
        let run = |path: &Path| path.display().to_string();
        let status = Command::new("openssl")
            .args(["ts", "-reply", "-config", &run(&file("time.cnf"))])
            .args([
                "-queryfile",
                &run(&file("request")),
                "-signer",
                &run(&file("time.pem")),
            ])
            .args(["-inkey", &run(&file("time.key")), "-out", &run(&file("response"))])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("openssl is installed");
        assert!(status.success(), "openssl answers");
        fs::read(file("response")).unwrap()
    }
}
