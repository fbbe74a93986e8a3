//! Who decides about pictures, and where.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use argon2::password_hash::PasswordHash;
use serde::{Deserialize, Serialize, Serializer};

/// No number and no code of an examiner is longer.
const NAME_MAX: usize = 32;

/// The listener of examiners. It is for the institution's own network, never for the internet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Address of the pages and of the API, by HTTPS; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its certificate, PEM, with those that lead to an authority that the browsers of examiners trust.
    pub certificate: PathBuf,
    /// Its private key, PKCS#8 PEM.
    pub key: PathBuf,
    /// How long an examiner has a document before others may take it.
    #[serde(default = "default_lease_ms")]
    pub lease_ms: u64,
    /// After how long without a request an examiner has to say again who they are.
    #[serde(default = "default_idle_ms")]
    pub idle_ms: u64,
    /// After how long in any case.
    #[serde(default = "default_session_ms")]
    pub session_ms: u64,
    /// After how many wrong codes an examiner is locked out.
    #[serde(default = "default_failures_max")]
    pub failures_max: u32,
    /// For how long.
    #[serde(default = "default_locked_ms")]
    pub locked_ms: u64,
    /// How many times one address may try to log in in a minute.
    #[serde(default = "default_logins_per_minute")]
    pub logins_per_minute: u32,
}

/// A person of the institution who decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examiner {
    /// What they log in with.
    pub number: String,
    /// The code that stands in answers and in the audit log, such as a staff number; never a name. Whoever is an operator at
    /// kiosks has the same code there.
    pub name: String,
    /// Argon2id of their secret, as `alaqan-gateway examiner hash` prints it.
    pub code: CodeHash,
}

/// A hash. It is read and never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct CodeHash(String);

impl CodeHash {
    /// A hash from its text, whatever that is.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Its text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hash)")
    }
}

impl Serialize for CodeHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hash)")
    }
}

impl Review {
    /// The files that it names.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.certificate, &mut self.key].into_iter()
    }
}

/// The first value outside of its range, and what is wrong with it.
pub(super) fn fault(review: Option<&Review>, examiners: &[Examiner]) -> Option<(&'static str, &'static str)> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_name = |text: &str| !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(letters);
    let any = |wrong: &dyn Fn(&Examiner) -> bool| examiners.iter().any(wrong);
    let twice = |key: fn(&Examiner) -> &str| {
        let mut seen = BTreeSet::new();
        examiners
            .iter()
            .any(|examiner| !seen.insert(key(examiner).to_ascii_lowercase()))
    };
    let zero = |value: fn(&Review) -> u64| review.is_some_and(|review| value(review) == 0);
    let checks = [
        (
            any(&|examiner| !is_name(&examiner.number)),
            "examiners.number",
            "is not 1 to 32 of the characters a-z A-Z 0-9 . _ -",
        ),
        (
            any(&|examiner| !is_name(&examiner.name)),
            "examiners.name",
            "is not 1 to 32 of the characters a-z A-Z 0-9 . _ -",
        ),
        (
            any(&|examiner| {
                PasswordHash::new(examiner.code.expose())
                    .map_or(true, |hash| hash.algorithm.as_str() != "argon2id")
            }),
            "examiners.code",
            "is not what `alaqan-gateway examiner hash` prints",
        ),
        (
            twice(|examiner| &examiner.number),
            "examiners.number",
            "is there twice",
        ),
        (
            twice(|examiner| &examiner.name),
            "examiners.name",
            "is there twice",
        ),
        (
            review.is_none() && !examiners.is_empty(),
            "examiners",
            "are there, and there is no table [review]",
        ),
        (zero(|review| review.lease_ms), "review.lease_ms", "is 0"),
        (zero(|review| review.idle_ms), "review.idle_ms", "is 0"),
        (zero(|review| review.session_ms), "review.session_ms", "is 0"),
        (
            zero(|review| u64::from(review.failures_max)),
            "review.failures_max",
            "is 0",
        ),
        (zero(|review| review.locked_ms), "review.locked_ms", "is 0"),
        (
            zero(|review| u64::from(review.logins_per_minute)),
            "review.logins_per_minute",
            "is 0",
        ),
    ];
    checks
        .into_iter()
        .find(|(wrong, ..)| *wrong)
        .map(|(_, key, fault)| (key, fault))
}

fn default_lease_ms() -> u64 {
    15 * 60 * 1000
}

fn default_idle_ms() -> u64 {
    10 * 60 * 1000
}

fn default_session_ms() -> u64 {
    8 * 60 * 60 * 1000
}

fn default_failures_max() -> u32 {
    5
}

fn default_locked_ms() -> u64 {
    15 * 60 * 1000
}

fn default_logins_per_minute() -> u32 {
    10
}
