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
    /// How many enrolments are answered 503 before the first one is taken.
    #[serde(default)]
    pub enrolment_faults: u32,
    /// After how long a page finishes by itself whose script says how.
    #[serde(default)]
    pub hosted_after_ms: u64,
    /// Where pages are, as those see it who open them; `https://` and the address it listens on, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_base_url: Option<String>,
    /// The score of these IINs instead of the one of their answer.
    #[serde(default)]
    pub scores: BTreeMap<String, f32>,
    /// What happens for which IIN; `match` for all others. Test numbers only: this file is not protected.
    #[serde(default)]
    pub script: BTreeMap<String, Script>,
    /// How the pages of which IIN finish by themselves; all others wait for who presses a button on them.
    #[serde(default)]
    pub hosted_script: BTreeMap<String, ScriptedPage>,
}

/// What happens for an IIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Script {
    /// Always the same.
    Always(Scripted),
    /// One after the other with each question that was not answered before; the last one stays. At least one.
    Sequence(Vec<Scripted>),
}

impl Script {
    /// What happens with the question of this number, from 0.
    pub fn at(&self, number: usize) -> Scripted {
        match self {
            Self::Always(scripted) => *scripted,
            Self::Sequence(all) => *all.get(number).or_else(|| all.last()).unwrap_or(&Scripted::Match),
        }
    }
}

impl From<Scripted> for Script {
    fn from(scripted: Scripted) -> Self {
        Self::Always(scripted)
    }
}

impl<const N: usize> From<[Scripted; N]> for Script {
    fn from(sequence: [Scripted; N]) -> Self {
        Self::Sequence(sequence.into())
    }
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
    /// Answers that the kind of document is not accepted of which the reference is.
    DocumentTypeNotAccepted,
    /// Answers 503, as if a state service were down.
    StateServiceError,
    /// Answers 429 with `Retry-After`.
    Overload,
    /// Answers a match, but very late.
    Timeout,
    /// Answers something that is not the agreed JSON.
    Malformed,
}

/// How a page finishes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptedPage {
    /// With a match.
    Match,
    /// With no match.
    NoMatch,
    /// The person leaves it.
    Cancel,
    /// Nobody does anything, until it is too late for the simulator.
    Expire,
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
        let is_score = |score: &f32| (0.0..=1.0).contains(score);
        let is_empty = |script: &Script| *script == Script::Sequence(Vec::new());
        let checks = [
            (!is_score(&config.score), "score", "is not between 0 and 1"),
            (
                !config.scores.values().all(is_score),
                "scores",
                "are not all between 0 and 1",
            ),
            (
                config.script.values().any(is_empty),
                "script",
                "has a sequence without an answer",
            ),
            (
                config
                    .hosted_base_url
                    .as_ref()
                    .is_some_and(|url| !url.starts_with("https://")),
                "hosted_base_url",
                "does not start with https://",
            ),
        ];
        match checks.into_iter().find(|(wrong, ..)| *wrong) {
            Some((_, key, fault)) => Err(ConfigError::Value {
                file: file.to_owned(),
                key,
                fault,
            }),
            None => Ok(config),
        }
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
