//! The line to an authority of time (RFC 3161 over HTTP). All that is decided is in
//! [`document::signature::timestamp`]; this carries bytes.

use std::sync::Arc;
use std::time::Duration;

use document::signature::timestamp::{QUERY_TYPE, REPLY_TYPE, Request, Stamp, TOKEN_MAX_BYTES};

use crate::PaperError;

/// Asks the authority of time at this address for a stamp over the signature of a document. `anchors` are as for
/// [`Request::accept`]; the nonce is fresh randomness.
///
/// Plain HTTP is as good as HTTPS here: the stamp is signed, and nothing but a digest goes out.
///
/// # Errors
/// See [`PaperError`].
pub async fn stamp(
    url: &str,
    signed: &[u8],
    nonce: [u8; 16],
    anchors: &[Vec<u8>],
    deadline: Duration,
) -> Result<Stamp, PaperError> {
    let request = Request::of(signed, nonce).map_err(PaperError::Stamp)?;
    let body = request.to_der().map_err(PaperError::Stamp)?;
    let mut response = client(deadline)?
        .post(url)
        .header("content-type", QUERY_TYPE)
        .header("accept", REPLY_TYPE)
        .body(body)
        .send()
        .await
        .map_err(PaperError::Http)?;
    if !response.status().is_success() {
        return Err(PaperError::Status(response.status().as_u16()));
    }
    let mut answer = Vec::new();
    while let Some(part) = response.chunk().await.map_err(PaperError::Http)? {
        if answer.len() + part.len() > TOKEN_MAX_BYTES {
            return Err(PaperError::TooLong);
        }
        answer.extend_from_slice(&part);
    }
    request.accept(&answer, anchors).map_err(PaperError::Stamp)
}

fn client(deadline: Duration) -> Result<reqwest::Client, PaperError> {
    // Nobody is trusted for TLS: the stamp itself is what is verified, and an authority of time is asked over HTTP.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(PaperError::Tls)?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(deadline)
        .build()
        .map_err(PaperError::Http)
}
