//! TLS of both servers, and names in certificates.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use verification::Sensitive;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Decode, EncodePem, Tag, Tagged};

/// Why TLS cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate, or one that cannot be read. Says which.
    #[error("{0} holds no certificate that can be read")]
    Certificate(String),
    /// The private key cannot be read. Nothing of it is said.
    #[error("{0} holds no private key that can be read")]
    Key(String),
    /// Certificate and key do not belong together, or cannot be used.
    #[error("certificate and key cannot be used for TLS")]
    Rustls(#[source] rustls::Error),
    /// The authority cannot be used to check clients.
    #[error("the authority cannot be used to check clients")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
}

/// Whether clients have to show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients<'a> {
    /// None is asked for.
    Anybody,
    /// Who shows one must have it from this authority (PEM) and within its validity. Who shows none is let in to
    /// enrol, and for nothing else.
    Of(&'a [u8]),
}

/// TLS 1.3 with these certificates.
///
/// No session is resumed: a resumed one would not look at the certificate of the client again.
pub fn server_config(
    certificate_pem: &[u8],
    key_pem: &Sensitive<Vec<u8>>,
    clients: Clients<'_>,
) -> Result<rustls::ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Rustls)?;
    let builder = match clients {
        Clients::Of(pem) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(pem)?), provider)
                .allow_unauthenticated()
                .build()
                .map_err(TlsError::Verifier)?;
            builder.with_client_cert_verifier(verifier)
        }
        Clients::Anybody => builder.with_no_client_auth(),
    };
    let key =
        PrivateKeyDer::from_pem_slice(key_pem.expose()).map_err(|_| TlsError::Key("the key file".into()))?;
    let mut chain = certificates(certificate_pem)?;
    if let Clients::Of(authority_pem) = clients {
        // Who enrols knows no more of the authority than its SHA-256, and has to be shown it.
        chain.extend(
            certificates(authority_pem)?
                .into_iter()
                .take(1)
                .filter(|authority| {
                    !certificates(certificate_pem).is_ok_and(|sent| sent.contains(authority))
                }),
        );
    }
    let mut config = builder.with_single_cert(chain, key).map_err(TlsError::Rustls)?;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// TLS of a client that trusts this authority and no other.
pub fn client_config(authority_pem: &[u8]) -> Result<rustls::ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Rustls)?
        .with_root_certificates(roots(authority_pem)?)
        .with_no_client_auth())
}

/// The certificates of a PEM file; at least one.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = || TlsError::Certificate("a certificate file".into());
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| wrong())?;
    if all.is_empty() { Err(wrong()) } else { Ok(all) }
}

fn roots(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(TlsError::Rustls)?;
    }
    Ok(roots)
}

/// The one common name of the subject, if there is exactly one.
pub fn common_name(certificate: &[u8]) -> Option<String> {
    const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let subject = &certificate.tbs_certificate.subject;
    let mut names = subject
        .0
        .iter()
        .flat_map(|set| set.0.iter())
        .filter(|part| part.oid == COMMON_NAME);
    let (Some(name), None) = (names.next(), names.next()) else {
        return None;
    };
    match name.value.tag() {
        Tag::Utf8String => name
            .value
            .decode_as::<Utf8StringRef<'_>>()
            .ok()
            .map(|text| text.as_str().to_owned()),
        _ => name
            .value
            .decode_as::<PrintableStringRef<'_>>()
            .ok()
            .map(|text| text.as_str().to_owned()),
    }
}

/// A certificate as text.
pub fn to_pem(certificate: &[u8]) -> Option<String> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    certificate.to_pem(LineEnding::LF).ok()
}

/// As [`common_name`], of the first certificate of a PEM file.
pub fn common_name_of_pem(pem: &[u8]) -> Option<String> {
    certificates(pem)
        .ok()?
        .first()
        .and_then(|certificate| common_name(certificate))
}
