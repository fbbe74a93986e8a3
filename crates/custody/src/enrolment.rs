//! How a kiosk gets its identity: a one-time code, a key that is made here, and a certificate for it.

use keys::KeyStore;
use thiserror::Error;
use verification::Sensitive;
use verification::time::UtcMs;

use crate::Settings;
use crate::identity::{Applicant, Identity, IdentityError};

/// Why a kiosk was not enrolled. What was there before is as it was.
#[derive(Debug, Error)]
pub enum EnrolError {
    /// The device key or the folder of the certificates cannot be used.
    #[error("the kiosk's identity cannot be made")]
    Identity(#[from] IdentityError),
    /// The gateway does not enrol this kiosk, or cannot be asked.
    #[error("the gateway did not enrol this kiosk")]
    Line(#[from] sync::EnrolError),
}

/// Makes a device key, has the gateway certify it against a one-time code, and keeps the certificate. A kiosk that runs takes
/// it up within a minute. A key that an earlier try left behind is used again.
///
/// # Errors
/// When the place of the keys fails, or the gateway cannot be reached or trusted, or refuses. The code is still good then,
/// unless the gateway says that it is not.
pub fn enrol(
    settings: &Settings,
    keys: &dyn KeyStore,
    code: &Sensitive<String>,
    trust: sync::Trust,
    version: &str,
    now: UtcMs,
) -> Result<Identity, EnrolError> {
    let folder = settings.identity();
    let applicant = Applicant::new(keys, &folder, &settings.kiosk_id)?;
    let enrolled = sync::enrol(
        &settings.url,
        code,
        &settings.kiosk_id,
        &applicant.request,
        trust,
        version,
    )?;
    let identity = applicant.admit(
        &folder,
        enrolled.chain,
        &enrolled.authority_pem,
        &settings.kiosk_id,
        now,
    )?;
    Ok(identity)
}
