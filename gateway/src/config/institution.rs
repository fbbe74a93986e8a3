//! What the institution's own systems are told, and by which ways.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Whether and how results name the person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// Not at all.
    #[default]
    None,
    /// By the identification number.
    Iin,
    /// By a keyed hash of it.
    Hash,
}

/// The institution's systems. Without a way nothing is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Institution {
    /// Whether and how results name the person.
    #[serde(default)]
    pub identity: Identity,
    /// A file with the key of the hash: 64 to 256 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_key_file: Option<PathBuf>,
    /// By HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// By files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<FileDrop>,
}

/// Where notices are posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The whole address, `https://…`.
    pub url: String,
    /// Certificate of the authority that issued the receiver's certificate, PEM; no other is trusted.
    pub authority: PathBuf,
    /// A file with the keys that sign: a name and 64 to 128 hexadecimal digits in each line.
    pub key_file: PathBuf,
    /// How long one try may take, in milliseconds.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
    /// The pause after a first failure, in milliseconds; it doubles with every further one.
    #[serde(default = "default_retry_min_ms")]
    pub retry_min_ms: u64,
    /// The longest pause, in milliseconds, unless the receiver asks for a longer one.
    #[serde(default = "default_retry_max_ms")]
    pub retry_max_ms: u64,
    /// How many notices are under way at once.
    #[serde(default = "default_parallel")]
    pub parallel: u16,
}

/// Where notices are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDrop {
    /// The folder, which must be there.
    pub folder: PathBuf,
    /// As for the webhook.
    #[serde(default = "default_retry_min_ms")]
    pub retry_min_ms: u64,
    /// As for the webhook.
    #[serde(default = "default_retry_max_ms")]
    pub retry_max_ms: u64,
}

impl Institution {
    /// The files and folders that it names.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let webhook = self.webhook.iter_mut();
        webhook
            .flat_map(|webhook| [&mut webhook.authority, &mut webhook.key_file])
            .chain(self.drop.iter_mut().map(|drop| &mut drop.folder))
            .chain(self.identity_key_file.iter_mut())
    }

    /// The first value outside of its range, and what is wrong with it.
    pub(super) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let webhook = |wrong: fn(&Webhook) -> bool| self.webhook.as_ref().is_some_and(wrong);
        let drop = |wrong: fn(&FileDrop) -> bool| self.drop.as_ref().is_some_and(wrong);
        let checks = [
            (
                (self.identity == Identity::Hash) != self.identity_key_file.is_some(),
                "institution.identity_key_file",
                "goes with identity = \"hash\", and only with it",
            ),
            (
                webhook(|webhook| !webhook.url.starts_with("https://")),
                "institution.webhook.url",
                "does not start with https://",
            ),
            (
                webhook(|webhook| webhook.deadline_ms == 0),
                "institution.webhook.deadline_ms",
                "is 0",
            ),
            (
                webhook(|webhook| webhook.parallel == 0),
                "institution.webhook.parallel",
                "is 0",
            ),
            (
                webhook(|webhook| webhook.retry_min_ms == 0),
                "institution.webhook.retry_min_ms",
                "is 0",
            ),
            (
                webhook(|webhook| webhook.retry_max_ms < webhook.retry_min_ms),
                "institution.webhook.retry_max_ms",
                "is less than retry_min_ms",
            ),
            (
                drop(|drop| drop.retry_min_ms == 0),
                "institution.drop.retry_min_ms",
                "is 0",
            ),
            (
                drop(|drop| drop.retry_max_ms < drop.retry_min_ms),
                "institution.drop.retry_max_ms",
                "is less than retry_min_ms",
            ),
        ];
        checks
            .into_iter()
            .find(|(wrong, ..)| *wrong)
            .map(|(_, key, fault)| (key, fault))
    }
}

fn default_deadline_ms() -> u64 {
    10_000
}

fn default_retry_min_ms() -> u64 {
    1_000
}

fn default_retry_max_ms() -> u64 {
    300_000
}

fn default_parallel() -> u16 {
    4
}
