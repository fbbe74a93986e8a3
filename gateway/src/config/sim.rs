//! The configuration of the simulator of the identification centre.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ConfigError, default_log, parse, rebase};

/// The simulator's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimConfig {
    /// Address on which requests are awaited; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What is logged, as a `tracing` filter.
    #[serde(default = "default_log")]
    pub log: String,
    /// Certificate of the simulator, PEM.
    pub certificate: PathBuf,
    /// Its private key, PKCS#8 PEM.
    pub key: PathBuf,
    /// The score of a match, 0 to 1.
    #[serde(default = "default_score")]
    pub score: f32,
    /// How long every answer takes.
    #[serde(default)]
    pub latency_ms: u64,
    /// How long an answer takes for those whose script is `timeout`.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// The `Retry-After` of those whose script is `overload`.
    #[serde(default = "default_retry_after_s")]
    pub retry_after_s: u64,
    /// What happens for which IIN; `match` for all others. Test numbers only: this file is not protected.
    #[serde(default)]
    pub script: BTreeMap<String, Scripted>,
}

/// What the simulator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scripted {
    /// Answers with a match.
    Match,
    /// Answers that the images are of two persons.
    NoMatch,
    /// Answers that there is no such person.
    PersonNotFound,
    /// Answers that there is no reference of this person.
    NoReference,
    /// Answers 503, as if a state service were down.
    StateServiceError,
    /// Answers 429 with `Retry-After`.
    Overload,
    /// Answers a match, but very late.
    Timeout,
    /// Answers something that is not the agreed JSON.
    Malformed,
}

impl SimConfig {
    /// Reads and checks a configuration; paths come out absolute or relative to the working folder.
    ///
    /// # Errors
    /// Names the file, and the line where there is one.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = parse(file)?;
        rebase(&mut config.certificate, file);
        rebase(&mut config.key, file);
        if !(0.0..=1.0).contains(&config.score) {
            let fault = "is not between 0 and 1";
            return Err(ConfigError::Value {
                file: file.to_owned(),
                key: "score",
                fault,
            });
        }
        Ok(config)
    }
}

fn default_score() -> f32 {
    0.987
}

fn default_timeout_ms() -> u64 {
    60_000
}

fn default_retry_after_s() -> u64 {
    5
}
