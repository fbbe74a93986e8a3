//! Posts notices to the institution by HTTPS.

use std::time::Duration;

use ::institution::courier::{self, Class, Failure};
use ::institution::notice::NoticeId;
use ::institution::signature::{ID_HEADER, SIGNATURE_HEADER, SigningKeys, TIMESTAMP_HEADER, timestamp};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use verification::time::UtcMs;

use super::{OutletError, read_text};
use crate::config;
use crate::tls;

/// How much of an answer is read: enough to use the connection again after an ordinary one. The status says it all, and
/// what else is in it is neither kept nor logged.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// The receiver of notices.
#[derive(Debug)]
pub struct Webhook {
    url: String,
    keys: SigningKeys,
    client: reqwest::Client,
}

impl Webhook {
    /// The receiver of this configuration.
    ///
    /// # Errors
    /// When its authority or the keys cannot be used.
    pub fn open(settings: &config::Webhook) -> Result<Self, OutletError> {
        let text = read_text(&settings.key_file)?;
        let keys = SigningKeys::parse(text.expose()).map_err(|source| OutletError::Key {
            file: settings.key_file.clone(),
            source,
        })?;
        let authority = config::read(&settings.authority)?;
        let deadline = Duration::from_millis(settings.deadline_ms);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client_config(&authority).map_err(OutletError::Authority)?)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(deadline)
            // Shorter than the whole, so that a receiver that is away is told from one that does not answer.
            .connect_timeout(deadline / 2)
            .build()
            .map_err(OutletError::Client)?;
        Ok(Self {
            url: settings.url.clone(),
            keys,
            client,
        })
    }

    /// Posts one notice.
    ///
    /// # Errors
    /// Says what the failure means for the next try.
    pub async fn post(&self, id: NoticeId, body: &[u8], now: UtcMs) -> Result<(), Failure> {
        let timestamp = timestamp(now);
        let signature = self.keys.header(&timestamp, body);
        let mut response = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ID_HEADER, id.to_string())
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, signature)
            .body(body.to_vec())
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after_ms = retry_after
            .and_then(|value| value.to_str().ok())
            .and_then(|value| courier::retry_after_ms(value, now));
        let outcome = courier::of_status(response.status().as_u16(), retry_after_ms);
        let mut left = ANSWER_MAX_BYTES;
        while let Ok(Some(chunk)) = response.chunk().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
        outcome
    }
}

fn failure(error: &reqwest::Error) -> Failure {
    // The innermost source says most, and nothing of what was sent.
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    // A receiver that takes the connection and then is silent may be so about this notice alone.
    let (class, reason) = match (error.is_connect(), error.is_timeout()) {
        (true, _) => (
            Class::Network,
            format!("the receiver cannot be reached: {innermost}"),
        ),
        (false, true) => (
            Class::Transient { retry_after_ms: None },
            "the receiver does not answer in time".to_owned(),
        ),
        (false, false) => (
            Class::Transient { retry_after_ms: None },
            format!("the receiver gives no answer: {innermost}"),
        ),
    };
    Failure { class, reason }
}
