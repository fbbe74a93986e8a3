//! The configuration files of the gateway and of the IDEC simulator.
//!
//! Paths in a file are relative to the folder of that file. An unknown key is an error: a misspelt limit must
//! not silently be the default one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use verification::Sensitive;

/// The gateway's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Address on which kiosks are awaited; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What is logged, as a `tracing` filter such as `info` or `gateway=debug`.
    #[serde(default = "default_log")]
    pub log: String,
    /// How the gateway proves itself to kiosks, and they to it.
    pub tls: Tls,
    /// With what answers are signed.
    pub signing: KeyAndCertificate,
    /// Where documents are kept.
    pub store: StoreFiles,
    /// The identification centre.
    pub idec: Idec,
}

/// Keys of the WebSocket endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificate of the gateway, PEM.
    pub certificate: PathBuf,
    /// Its private key, PKCS#8 PEM.
    pub key: PathBuf,
    /// Certificate of the authority that issues the kiosks' certificates, PEM.
    pub authority: PathBuf,
}

/// A private key and its certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAndCertificate {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// The private key, PKCS#8 PEM.
    pub key: PathBuf,
}

/// The encrypted store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreFiles {
    /// The database.
    pub file: PathBuf,
    /// A file with its key: 64 hexadecimal digits.
    pub key: PathBuf,
}

/// The identification centre, and how it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idec {
    /// Base address, `https://…`; comparisons are posted to `/v1/comparisons` under it.
    pub url: String,
    /// Certificate of the authority that issued the centre's certificate, PEM; no other is trusted.
    pub authority: PathBuf,
    /// How long one request may take.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
    /// From which score on a comparison is a match, 0 to 1. Where the policy in a document asks for more, that
    /// counts.
    #[serde(default = "default_comparison_min")]
    pub comparison_min: f32,
    /// The pause after a first failure; it doubles with every further one.
    #[serde(default = "default_retry_min_ms")]
    pub retry_min_ms: u64,
    /// The longest pause, unless the centre asks for a longer one.
    #[serde(default = "default_retry_max_ms")]
    pub retry_max_ms: u64,
    /// How many documents are asked about at once.
    #[serde(default = "default_parallel")]
    pub parallel: u16,
}

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
}

impl GatewayConfig {
    /// Reads and checks a configuration; paths come out absolute or relative to the working folder.
    ///
    /// # Errors
    /// Names the file, and the line where there is one.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = parse(file)?;
        let paths = [
            &mut config.tls.certificate,
            &mut config.tls.key,
            &mut config.tls.authority,
            &mut config.signing.certificate,
            &mut config.signing.key,
            &mut config.store.file,
            &mut config.store.key,
            &mut config.idec.authority,
        ];
        for path in paths {
            rebase(path, file);
        }
        let value = |key, fault| {
            Err(ConfigError::Value {
                file: file.to_owned(),
                key,
                fault,
            })
        };
        if !config.idec.url.starts_with("https://") {
            return value("idec.url", "does not start with https://");
        }
        if !(0.0..=1.0).contains(&config.idec.comparison_min) {
            return value("idec.comparison_min", "is not between 0 and 1");
        }
        if config.idec.deadline_ms == 0 || config.idec.retry_min_ms == 0 {
            return value("idec.deadline_ms or idec.retry_min_ms", "is 0");
        }
        if config.idec.retry_max_ms < config.idec.retry_min_ms {
            return value("idec.retry_max_ms", "is less than idec.retry_min_ms");
        }
        if config.idec.parallel == 0 {
            return value("idec.parallel", "is 0");
        }
        Ok(config)
    }

    /// The effective configuration as TOML. Holds paths, never what is in the files.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }
}

impl Idec {
    /// How long one request may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
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

fn default_deadline_ms() -> u64 {
    10_000
}

fn default_comparison_min() -> f32 {
    0.95
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

fn default_score() -> f32 {
    0.987
}

fn default_timeout_ms() -> u64 {
    60_000
}

fn default_retry_after_s() -> u64 {
    5
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
listen = "127.0.0.1:0"
[tls]
certificate = "a.pem"
key = "a.key"
authority = "ca.pem"
[signing]
certificate = "s.pem"
key = "s.key"
[store]
file = "g.db"
key = "g.key"
[idec]
url = "https://localhost:1"
authority = "/abs/ca.pem"
"#;

    fn load(text: &str) -> Result<GatewayConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gateway.toml");
        std::fs::write(&file, text).unwrap();
        GatewayConfig::load(&file)
            .map_err(|error| error.to_string().replace(&file.display().to_string(), "FILE"))
    }

    fn check(change: (&str, &str), expect: &str) {
        let text = GOOD.replace(change.0, change.1);
        assert_ne!(text, GOOD);
        let message = load(&text).unwrap_err();
        assert!(message.contains(expect), "{message}");
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        check(("[tls]", "[tls]\nkee = 1"), "line 4");
        check(("[tls]", "[tls]\nkee = 1"), "unknown field `kee`");
        check(
            ("listen = \"127.0.0.1:0\"", "listen = 5"),
            "FILE is not a valid configuration",
        );
        check(("https://", "http://"), "idec.url does not start with https://");
        check(
            ("[idec]", "[idec]\ncomparison_min = 95"),
            "idec.comparison_min is not between 0 and 1",
        );
        check(
            ("[idec]", "[idec]\ncomparison_min = nan"),
            "idec.comparison_min is not between 0 and 1",
        );
        check(("[idec]", "[idec]\nretry_max_ms = 5"), "idec.retry_max_ms");
        assert!(
            GatewayConfig::load(Path::new("/nowhere/x.toml"))
                .unwrap_err()
                .to_string()
                .contains("/nowhere/x.toml")
        );
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let config = load(GOOD).unwrap();
        assert_eq!(load(&config.to_toml()), Ok(config.clone()));
        assert!(config.tls.key.is_absolute());
        assert_eq!(config.idec.authority, Path::new("/abs/ca.pem"));
    }

    #[test]
    fn the_store_key_is_64_digits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        for (text, good) in [
            ("0f".repeat(32) + "\n", true),
            ("0f".repeat(31), false),
            ("xx".repeat(32), false),
            ("яя".repeat(16), false),
            (String::new(), false),
        ] {
            std::fs::write(&file, &text).unwrap();
            assert_eq!(read_store_key(&file).is_ok(), good, "{text}");
        }
        std::fs::write(&file, "0f".repeat(32)).unwrap();
        assert_eq!(read_store_key(&file).unwrap().expose(), &[0x0f; 32]);
    }
}
