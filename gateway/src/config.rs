//! The configuration files of the gateway and of the IDEC simulator.
//!
//! Paths in a file are relative to the folder of that file. An unknown key is an error: a misspelt limit must
//! not silently be the default one.

mod institution;
mod review;
mod sections;
mod sim;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use verification::Sensitive;

pub use institution::{FileDrop, Identity, Institution, Webhook};
pub use review::{CodeHash, Examiner, Review};
pub use sections::{
    Authority, AuthorityKind, Breaker, Idec, Instance, KeyAndCertificate, Limits, LogFormat, Ops, Packages,
    Postgres, StoreFiles, StoreKind, Tariff, Tls,
};
pub use sim::{Script, Scripted, ScriptedPage, SimConfig};

/// The gateway's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Address on which kiosks are awaited; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What is logged, as a `tracing` filter such as `info` or `gateway=debug`.
    #[serde(default = "default_log")]
    pub log: String,
    /// How its lines look.
    #[serde(default)]
    pub log_format: LogFormat,
    /// Which of several gateways this one is.
    #[serde(default)]
    pub gateway: Instance,
    /// How the gateway proves itself to kiosks, and they to it.
    pub tls: Tls,
    /// Who issues the certificates of kiosks.
    #[serde(default)]
    pub authority: Authority,
    /// With what answers and receipts are signed.
    pub signing: KeyAndCertificate,
    /// Where documents are kept.
    pub store: StoreFiles,
    /// The identification centre.
    pub idec: Idec,
    /// How much of everything there may be.
    #[serde(default)]
    pub limits: Limits,
    /// What operators ask; without it nobody can ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ops: Option<Ops>,
    /// Packages of kiosks without a line; without it there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<Packages>,
    /// The institution's own systems; without it they are told nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Institution>,
    /// Where examiners decide about pictures; without it they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// The people of the institution who decide there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examiners: Vec<Examiner>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, or one that it names, cannot be read.
    #[error("{} cannot be read", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not the TOML that was expected. The source names line and column.
    #[error("{} is not a valid configuration: {source}", file.display())]
    Syntax {
        /// Which file.
        file: PathBuf,
        /// What and where. Boxed for its size.
        source: Box<toml::de::Error>,
    },
    /// A value is outside its range.
    #[error("{}: {key} {fault}", file.display())]
    Value {
        /// Which file.
        file: PathBuf,
        /// Which key.
        key: &'static str,
        /// What is wrong with its value.
        fault: &'static str,
    },
    /// The database key is not 64 hexadecimal digits.
    #[error("{} does not hold 64 hexadecimal digits", file.display())]
    StoreKey {
        /// Which file.
        file: PathBuf,
    },
    /// A file with a password is empty or is not text.
    #[error("{} holds no password", file.display())]
    Password {
        /// Which file.
        file: PathBuf,
    },
}

impl GatewayConfig {
    /// Reads and checks a configuration; paths come out absolute or relative to the working folder.
    ///
    /// # Errors
    /// Names the file, and the line or the key where there is one.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = parse(file)?;
        let paths = [
            &mut config.tls.certificate,
            &mut config.tls.key,
            &mut config.tls.authority,
            &mut config.authority.key,
            &mut config.signing.certificate,
            &mut config.signing.key,
            &mut config.store.file,
            &mut config.store.key,
            &mut config.idec.authority,
        ];
        for path in paths {
            rebase(path, file);
        }
        let server = config.store.postgres.iter_mut();
        let optional = server
            .flat_map(|server| [server.password_file.as_mut(), server.authority.as_mut()])
            .chain([config.authority.revocations.as_mut()])
            .chain([config.packages.as_mut().map(|packages| &mut packages.key)]);
        for path in optional.flatten() {
            rebase(path, file);
        }
        for path in config.institution.iter_mut().flat_map(Institution::paths) {
            rebase(path, file);
        }
        for path in config.review.iter_mut().flat_map(Review::paths) {
            rebase(path, file);
        }
        let institution = || config.institution.as_ref().and_then(Institution::fault);
        let review = || review::fault(config.review.as_ref(), &config.examiners);
        match config.fault().or_else(institution).or_else(review) {
            Some((key, fault)) => Err(ConfigError::Value {
                file: file.to_owned(),
                key,
                fault,
            }),
            None => Ok(config),
        }
    }

    /// The first value outside of its range, and what is wrong with it.
    fn fault(&self) -> Option<(&'static str, &'static str)> {
        let name = &self.gateway.name;
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let (idec, store, limits, authority) = (&self.idec, &self.store, &self.limits, &self.authority);
        let checks = [
            (
                name.is_empty() || name.len() > 64 || !name.bytes().all(letters),
                "gateway.name",
                "is not 1 to 64 of the characters a-z A-Z 0-9 . _ -",
            ),
            (
                !idec.url.starts_with("https://"),
                "idec.url",
                "does not start with https://",
            ),
            (
                !(0.0..=1.0).contains(&idec.comparison_min),
                "idec.comparison_min",
                "is not between 0 and 1",
            ),
            (idec.deadline_ms == 0, "idec.deadline_ms", "is 0"),
            (idec.retry_min_ms == 0, "idec.retry_min_ms", "is 0"),
            (
                idec.retry_max_ms < idec.retry_min_ms,
                "idec.retry_max_ms",
                "is less than idec.retry_min_ms",
            ),
            (idec.parallel == 0, "idec.parallel", "is 0"),
            (
                !(0.0..=1.0).contains(&idec.nbas_enrolment_min),
                "idec.nbas_enrolment_min",
                "is not between 0 and 1",
            ),
            (idec.breaker.failures == 0, "idec.breaker.failures", "is 0"),
            (idec.breaker.open_ms == 0, "idec.breaker.open_ms", "is 0"),
            (idec.hosted.poll_ms == 0, "idec.hosted.poll_ms", "is 0"),
            (
                idec.hosted.poll_later_ms == 0,
                "idec.hosted.poll_later_ms",
                "is 0",
            ),
            (idec.hosted.window_ms == 0, "idec.hosted.window_ms", "is 0"),
            (
                idec.hosted
                    .return_url
                    .as_ref()
                    .is_some_and(|url| !url.starts_with("https://")),
                "idec.hosted.return_url",
                "does not start with https://",
            ),
            (
                !idec.tariff.is_rising(),
                "idec.tariff.steps",
                "are not in rising order",
            ),
            (
                store.kind == StoreKind::Postgres && store.postgres.is_none(),
                "store.kind",
                "is postgres, and there is no table [store.postgres]",
            ),
            (
                store.kind == StoreKind::Sqlite && store.postgres.is_some(),
                "store.kind",
                "is sqlite, and there is a table [store.postgres]",
            ),
            (
                store
                    .postgres
                    .as_ref()
                    .is_some_and(|server| server.connections < 2),
                "store.postgres.connections",
                "is less than 2",
            ),
            (
                store
                    .postgres
                    .as_ref()
                    .is_some_and(|server| server.authority.is_none() && !server.is_local()),
                "store.postgres.authority",
                "is missing: a connection to another machine must be encrypted",
            ),
            (
                !(1..=3650).contains(&authority.certificate_days),
                "authority.certificate_days",
                "is not between 1 and 3650",
            ),
            (
                authority.kind == AuthorityKind::Embedded && authority.revocations.is_some(),
                "authority.revocations",
                "is for an external authority; the embedded one keeps its own list",
            ),
            (
                !(1..=24 * 30).contains(&authority.code_hours),
                "authority.code_hours",
                "is not between 1 and 720",
            ),
            (
                authority.enrolments_per_minute == 0,
                "authority.enrolments_per_minute",
                "is 0",
            ),
            (limits.connections_max == 0, "limits.connections_max", "is 0"),
            (limits.handshakes_max == 0, "limits.handshakes_max", "is 0"),
            (limits.window_documents == 0, "limits.window_documents", "is 0"),
            (
                limits.window_bytes < 64 * 1024,
                "limits.window_bytes",
                "is less than 65536",
            ),
            (limits.clock_skew_max_s == 0, "limits.clock_skew_max_s", "is 0"),
            (limits.stop_limit_ms == 0, "limits.stop_limit_ms", "is 0"),
        ];
        checks
            .into_iter()
            .find(|(wrong, ..)| *wrong)
            .map(|(_, key, fault)| (key, fault))
    }

    /// The effective configuration as TOML. Holds paths, never what is in the files.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }
}

/// Reads a file that a configuration names.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(file).map_err(|source| ConfigError::Read {
        file: file.to_owned(),
        source,
    })
}

/// Reads the key of the store.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub fn read_store_key(file: &Path) -> Result<Sensitive<[u8; 32]>, ConfigError> {
    let wrong = || ConfigError::StoreKey {
        file: file.to_owned(),
    };
    let text = Sensitive::new(read(file)?);
    let digits = text.expose().trim_ascii();
    if digits.len() != 64 {
        return Err(wrong());
    }
    let mut bytes = [0_u8; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(Sensitive::new(bytes))
}

/// Reads a password: the first line of a file.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn read_password(file: &Path) -> Result<Sensitive<String>, ConfigError> {
    let bytes = Sensitive::new(read(file)?);
    let text = std::str::from_utf8(bytes.expose()).ok();
    match text.and_then(|text| text.lines().next()).map(str::trim) {
        Some(line) if !line.is_empty() => Ok(Sensitive::new(line.to_owned())),
        _ => Err(ConfigError::Password {
            file: file.to_owned(),
        }),
    }
}

fn parse<T: for<'de> Deserialize<'de>>(file: &Path) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Read {
        file: file.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| ConfigError::Syntax {
        file: file.to_owned(),
        source: Box::new(source),
    })
}

fn rebase(path: &mut PathBuf, file: &Path) {
    if let Some(folder) = file.parent() {
        // An absolute path replaces the folder whole.
        *path = folder.join(&path);
    }
}

fn default_log() -> String {
    "info".into()
}

#[cfg(test)]
mod tests;
