//! How a kiosk becomes known: a one-time code with which it enrols.

use authority::{CODE_RANDOM_BYTES, Fingerprint, KioskName, OneTimeCode};
use verification::Sensitive;
use verification::time::UtcMs;

use crate::config::GatewayConfig;
use crate::server::{self, GatewayError};
use crate::store::{NewCode, Store, StoreError};

/// Why no kiosk was invited.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// The authority's certificate cannot be read.
    #[error("the authority's certificate cannot be used")]
    Authority(#[source] Box<GatewayError>),
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no randomness.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
}

/// What a technician takes to the kiosk.
#[derive(Debug)]
pub struct Invitation {
    /// The one-time code. It is shown once and kept nowhere.
    pub code: Sensitive<String>,
    /// Until when it is good.
    pub expires_at: UtcMs,
    /// SHA-256 of the authority's certificate.
    pub authority: Fingerprint,
}

/// Makes a kiosk known and gives it a new one-time code; a former code of it is void. A kiosk that was shut out is let in
/// again; its old certificates stay revoked.
///
/// # Errors
/// When the authority's certificate cannot be read or the database fails.
pub async fn invite(
    config: &GatewayConfig,
    store: &dyn Store,
    kiosk: &KioskName,
    now: UtcMs,
) -> Result<Invitation, InvitationError> {
    let authority =
        server::authority_der(config).map_err(|error| InvitationError::Authority(Box::new(error)))?;
    let mut random = [0; CODE_RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(InvitationError::Random)?;
    let code = OneTimeCode::from_random(&Sensitive::new(random));
    let rules = &config.authority;
    let expires_at = UtcMs(now.0.saturating_add(i64::from(rules.code_hours) * 60 * 60 * 1000));
    store.add_kiosk(kiosk.as_str(), now).await?;
    let new = NewCode {
        kiosk_id: kiosk.as_str().to_owned(),
        code_sha256: code.digest().to_bytes(),
        expires_at,
    };
    // A former code is void before the kiosk is let in again.
    store.add_code(&new, now).await?;
    let known = store.kiosk(kiosk.as_str()).await?;
    if known.is_some_and(|known| known.blocked.is_some()) {
        store.block_kiosk(kiosk.as_str(), None, now).await?;
    }
    Ok(Invitation {
        code: code.reveal(),
        expires_at,
        authority: Fingerprint::of(&authority),
    })
}
