//! TLS 1.3 of the kiosk: which gateway is trusted, and what the kiosk shows of itself.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

use super::key::TlsKey;
use super::{ClientConfig, ConfigError, certificates};

/// TLS with the certificate of the kiosk.
pub fn with_certificate(config: &ClientConfig) -> Result<rustls::ClientConfig, ConfigError> {
    let keeper = Gatekeeper::of_authority(&config.authority_pem, config.pins.clone())?;
    let chain: Vec<_> = config
        .chain
        .iter()
        .map(|certificate| CertificateDer::from(certificate.clone()))
        .collect();
    if chain.is_empty() {
        return Err(ConfigError::Certificate("no certificate in it".into()));
    }
    let key = TlsKey(Arc::clone(&config.key));
    let certified = CertifiedKey::new(chain, Arc::new(key));
    certified.keys_match().map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => ConfigError::OtherKey,
        rustls::Error::InvalidCertificate(fault) => ConfigError::Certificate(fault.to_string()),
        error => ConfigError::Tls(error),
    })?;
    let mut tls = builder(keeper)?.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    // A resumed session would not show the certificate again, and so hide a new one or the revocation of an old one.
    tls.resumption = rustls::client::Resumption::disabled();
    Ok(tls)
}

/// TLS without a certificate of the kiosk.
pub fn bare(keeper: Gatekeeper) -> Result<rustls::ClientConfig, ConfigError> {
    Ok(builder(keeper)?.with_no_client_auth())
}

type Builder = rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert>;

fn builder(keeper: Gatekeeper) -> Result<Builder, ConfigError> {
    Ok(rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(ConfigError::Tls)?
        // The gatekeeper below leaves everything to the library, and only asks for more.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(keeper)))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Decides which gateway is trusted.
#[derive(Debug)]
pub struct Gatekeeper {
    authority: Authority,
    /// SHA-256 of the public keys that are trusted; all if there is none.
    pins: Vec<[u8; 32]>,
}

/// The one authority whose gateway is trusted.
#[derive(Debug)]
enum Authority {
    Known(Arc<WebPkiServerVerifier>),
    /// Known by the SHA-256 of its certificate, which the gateway shows; it is left in `found`.
    Fingerprint {
        sha256: [u8; 32],
        found: Arc<Mutex<Option<CertificateDer<'static>>>>,
    },
}

impl Gatekeeper {
    /// Trusts gateways of this authority (PEM), and with pins only those whose public key has one of them.
    ///
    /// # Errors
    /// When the authority cannot be read.
    pub fn of_authority(pem: &[u8], pins: Vec<[u8; 32]>) -> Result<Self, ConfigError> {
        let authority = Authority::Known(
            verifier(certificates(pem).map_err(ConfigError::Authority)?)
                .map_err(|error| ConfigError::Authority(error.to_string()))?,
        );
        Ok(Self { authority, pins })
    }

    /// Trusts gateways of the authority whose certificate has this SHA-256, and tells which that was.
    pub fn of_fingerprint(sha256: [u8; 32], found: Arc<Mutex<Option<CertificateDer<'static>>>>) -> Self {
        Self {
            authority: Authority::Fingerprint { sha256, found },
            pins: Vec::new(),
        }
    }
}

fn verifier(roots: Vec<CertificateDer<'static>>) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root)?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))
}

impl ServerCertVerifier for Gatekeeper {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verifier = match &self.authority {
            Authority::Known(verifier) => Arc::clone(verifier),
            Authority::Fingerprint { sha256, found } => {
                let authority = intermediates
                    .iter()
                    .find(|certificate| <[u8; 32]>::from(Sha256::digest(certificate)) == *sha256)
                    .ok_or(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))?
                    .clone()
                    .into_owned();
                let verifier = verifier(vec![authority.clone()])?;
                *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(authority);
                verifier
            }
        };
        let verified =
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        if !self.pins.is_empty() {
            let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
            let sha256: [u8; 32] = Sha256::digest(&key).into();
            if !self.pins.contains(&sha256) {
                return Err(rustls::Error::InvalidCertificate(
                    CertificateError::ApplicationVerificationFailure,
                ));
            }
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
