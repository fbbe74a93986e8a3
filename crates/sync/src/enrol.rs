//! The first certificate of a kiosk, for a one-time code.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::CertificateDer;
use tokio_tungstenite::tungstenite::{self, Message};
use verification::Sensitive;

use crate::client::{ConfigError, Gatekeeper, Socket, Target, bare, certificates, socket_reason};
use crate::machine::LinkDownReason;
use crate::wire::{ByeReason, Code, GatewayFrame, KioskFrame, Payload, VERSION, WireError};

/// How long the whole of it may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How long the farewell may take.
const FAREWELL_LIMIT: Duration = Duration::from_millis(500);

/// How the gateway is recognised before there is a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// By the authority's certificate, as PEM.
    Authority(Vec<u8>),
    /// By the SHA-256 of the authority's certificate (DER), which the gateway shows.
    Fingerprint([u8; 32]),
}

/// What an enrolled kiosk has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// In DER: the kiosk's certificate, and those between it and the authority, if there are any.
    pub chain: Vec<Vec<u8>>,
    /// The authority's certificate as PEM: the one that was trusted, and no other.
    pub authority_pem: Vec<u8>,
}

/// Why a kiosk was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The address or the authority given here cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The gateway does not know the code, or it is not for this name or this request. The gateway tells no more, so
    /// that nobody finds out codes by asking.
    #[error("the gateway does not accept the code for this name")]
    CodeRefused,
    /// The code is too old, or was used.
    #[error("the code is too old, or was used already")]
    CodeExpired,
    /// The institution keeps the request until somebody agrees to it. To be tried again later with the same code
    /// and the same key.
    #[error("the request waits for somebody's consent; try again later with the same code")]
    Pending,
    /// Nobody answers at the address, or not in time.
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(String),
    /// What answers there is not of the authority that is trusted. Nothing was sent to it.
    #[error("what answers at the address is not of the expected authority: {0}")]
    OtherAuthority(String),
    /// The certificate of the gateway is not valid at the time of this machine's clock, or the gateway finds the
    /// clocks too far apart.
    #[error("the clock of this machine is wrong, or the certificate of the gateway has expired: {0}")]
    Clock(String),
    /// What answers there speaks something else.
    #[error("what answers at the address is not a gateway of this version: {0}")]
    NotAGateway(String),
    /// The gateway cannot enrol anybody now.
    #[error("the gateway cannot enrol anybody now: {0}")]
    Unavailable(String),
    /// The system gave no runtime.
    #[error("the enrolment cannot be started")]
    System(#[source] std::io::Error),
}

/// Asks the gateway at `url` for the first certificate of the kiosk `kiosk_id`: `csr` is a request for it (PKCS#10 in
/// DER), `code` the one-time code, `software` the version of the kiosk's software. Blocks, at most half a minute.
///
/// The code is sent only to a gateway that has shown that it is of the trusted authority.
///
/// # Errors
/// See [`EnrolError`]. The code stays good where the gateway did not say otherwise: a try that was cut off may be repeated
/// with the same code and the same key.
pub fn enrol(
    url: &str,
    code: &Sensitive<String>,
    kiosk_id: &str,
    csr: &[u8],
    trust: Trust,
    software: &str,
) -> Result<Enrolled, EnrolError> {
    let found = Arc::new(Mutex::new(None));
    let keeper = match &trust {
        Trust::Authority(pem) => Gatekeeper::of_authority(pem, Vec::new())?,
        Trust::Fingerprint(sha256) => Gatekeeper::of_fingerprint(*sha256, Arc::clone(&found)),
    };
    let target = Target::new(url, bare(keeper)?)?;
    let frame = KioskFrame::Enrol {
        protocol: VERSION,
        code: Code(code.expose().clone()),
        kiosk_id: kiosk_id.to_owned(),
        csr: Payload(csr.to_vec()),
        software: software.to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(EnrolError::System)?;
    let done = runtime.block_on(async {
        match tokio::time::timeout(LIMIT, ask(target, &frame)).await {
            Ok(done) => done,
            Err(_) => Err(EnrolError::Unreachable("it does not answer in time".into())),
        }
    });
    // A name that is still being resolved must not hold up the end.
    runtime.shutdown_background();
    let mut chain = done?;
    let trusted = match &trust {
        Trust::Authority(pem) => certificates(pem).map_err(ConfigError::Authority)?,
        Trust::Fingerprint(_) => {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.take().into_iter().collect()
        }
    };
    // The authority itself is kept apart, and only as it was trusted.
    chain.retain(|certificate| trusted.iter().all(|trusted| trusted.as_ref() != certificate));
    if chain.is_empty() {
        return Err(EnrolError::NotAGateway("no certificate came".into()));
    }
    let authority_pem = match trust {
        Trust::Authority(pem) => pem,
        Trust::Fingerprint(_) => trusted.iter().map(pem).collect::<String>().into_bytes(),
    };
    Ok(Enrolled { chain, authority_pem })
}

async fn ask(target: Target, frame: &KioskFrame) -> Result<Vec<Vec<u8>>, EnrolError> {
    let mut socket = target.dial().await.map_err(meaning)?;
    let answer = exchange(&mut socket, frame).await;
    let _ = tokio::time::timeout(FAREWELL_LIMIT, socket.close(None)).await;
    match answer.map_err(meaning)? {
        GatewayFrame::Certificates { chain } => Ok(chain.into_iter().map(|one| one.0).collect()),
        GatewayFrame::Bye { reason } => Err(meaning(LinkDownReason::Bye(reason))),
        _ => Err(EnrolError::NotAGateway("another answer came".into())),
    }
}

async fn exchange(socket: &mut Socket, frame: &KioskFrame) -> Result<GatewayFrame, LinkDownReason> {
    let sent = socket.send(Message::Binary(frame.encode().into())).await;
    sent.map_err(socket_reason)?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                return GatewayFrame::decode(&bytes).map_err(|error| match error {
                    WireError::Version(_) => LinkDownReason::Bye(ByeReason::Version),
                    error => LinkDownReason::Nonsense(error.to_string()),
                });
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Text(_))) => return Err(LinkDownReason::Nonsense("a text came".into())),
            Some(Ok(Message::Close(_)) | Err(tungstenite::Error::ConnectionClosed)) | None => {
                return Err(LinkDownReason::Closed);
            }
            Some(Err(error)) => return Err(socket_reason(error)),
        }
    }
}

/// What the end of the line means to somebody who has no certificate yet.
fn meaning(reason: LinkDownReason) -> EnrolError {
    let text = reason.to_string();
    match reason {
        LinkDownReason::Unreachable(why) => EnrolError::Unreachable(why),
        LinkDownReason::TimedOut | LinkDownReason::Closed => EnrolError::Unreachable(text),
        LinkDownReason::GatewayUntrusted(why) => EnrolError::OtherAuthority(why),
        LinkDownReason::ClockOrValidity(why) => EnrolError::Clock(why),
        LinkDownReason::KioskExpired | LinkDownReason::KioskRefused(_) => {
            EnrolError::Unavailable("it takes no connections without a certificate".into())
        }
        LinkDownReason::NotAGateway(why) | LinkDownReason::Nonsense(why) => EnrolError::NotAGateway(why),
        LinkDownReason::Bye(reason) => match reason {
            ByeReason::EnrolmentRefused => EnrolError::CodeRefused,
            ByeReason::EnrolmentExpired => EnrolError::CodeExpired,
            ByeReason::EnrolmentPending => EnrolError::Pending,
            ByeReason::ClockSkew => EnrolError::Clock(text),
            ByeReason::Version | ByeReason::Malformed => EnrolError::NotAGateway(text),
            ByeReason::KioskMismatch
            | ByeReason::ShuttingDown
            | ByeReason::Replaced
            | ByeReason::Overrun
            | ByeReason::Unknown
            | ByeReason::Revoked
            | ByeReason::RenewalRefused
            | ByeReason::AuditRegressed
            | ByeReason::Other(_) => EnrolError::Unavailable(text),
        },
    }
}

/// A certificate as PEM (RFC 7468).
fn pem(certificate: &CertificateDer<'_>) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (at, character) in STANDARD.encode(certificate).chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}
