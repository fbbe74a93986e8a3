//! What custody starts from: a part of the kiosk's configuration file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use keys::KeyChoice;
use serde::Deserialize;
use thiserror::Error;
use verification::custody::{Bounds, CustodyLimits, LimitsError};

/// What custody starts from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name given at enrolment.
    pub kiosk_id: String,
    /// Folder of the store, the certificates and, where keys lie in files or are sealed into files, of these.
    pub data: PathBuf,
    /// Address of the gateway, `wss://…`.
    pub url: String,
    /// SHA-256 of the gateways' public keys; where there is none, each gateway of the authority is trusted.
    pub pins: Vec<[u8; 32]>,
    /// Where secrets and the device key are kept.
    pub keys: KeyChoice,
    /// When to worry, and how long to keep what was delivered.
    pub limits: CustodyLimits,
    /// Times of the line.
    pub line: sync::Settings,
}

impl Settings {
    /// The encrypted store.
    pub fn store(&self) -> PathBuf {
        self.data.join("outbox.db")
    }

    /// The folder of the kiosk's certificates and of the authority's.
    pub fn identity(&self) -> PathBuf {
        self.data.join("identity")
    }
}

/// `[gateway]` of the kiosk's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Address, `wss://…`.
    pub url: String,
    /// SHA-256 of the public keys (SubjectPublicKeyInfo) that a gateway may have, as hexadecimal digits. Where it is left
    /// out, each gateway is trusted whose certificate is of the institution's authority.
    #[serde(default)]
    key_sha256: Vec<Sha256Text>,
}

/// A SHA-256 as 64 hexadecimal digits.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Sha256Text([u8; 32]);

impl TryFrom<String> for Sha256Text {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        bytes_of_hex(&text).map(Self).ok_or("not 64 hexadecimal digits")
    }
}

/// The bytes of a text of as many pairs of hexadecimal digits.
pub fn bytes_of_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| !pair.contains('+'))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

/// `[keys]` of the kiosk's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    place: Place,
    /// How the TPM is reached.
    tcti: Option<String>,
}

/// As [`keys::Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Place {
    Tpm,
    System,
    File,
}

/// The TPM of this machine, through the kernel's resource manager.
const TPM_OF_THE_MACHINE: &str = "device:/dev/tpmrm0";

impl Keys {
    fn choice(self, kiosk_id: &str, data: &Path) -> KeyChoice {
        let folder = data.join("keys");
        match self.place {
            Place::Tpm => KeyChoice::Tpm {
                tcti: self.tcti.unwrap_or_else(|| TPM_OF_THE_MACHINE.to_owned()),
                folder,
            },
            Place::System => KeyChoice::System {
                service: format!("alaqan-{kiosk_id}"),
            },
            Place::File => KeyChoice::File { folder },
        }
    }
}

/// `[custody]` of the kiosk's configuration. What is left out is as in [`CustodyLimits::default`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pending_warn: Option<u64>,
    pending_stop: Option<u64>,
    pending_mib_warn: Option<u64>,
    pending_mib_stop: Option<u64>,
    unsynced_h_warn: Option<u64>,
    unsynced_h_stop: Option<u64>,
    disk_free_mib_warn: Option<u64>,
    disk_free_mib_stop: Option<u64>,
    clock_skew_s_warn: Option<u64>,
    clock_skew_s_stop: Option<u64>,
    certificate_days_warn: Option<u64>,
    retained_h: Option<u64>,
}

impl Limits {
    fn effective(&self) -> CustodyLimits {
        let rules = CustodyLimits::default();
        let mib = |given: Option<u64>, rule: u64| given.map_or(rule, |mib| mib.saturating_mul(1024 * 1024));
        let time = |given: Option<u64>, unit_s: u64, rule: Duration| {
            given.map_or(rule, |count| Duration::from_secs(count.saturating_mul(unit_s)))
        };
        const HOUR_S: u64 = 60 * 60;
        CustodyLimits {
            pending: Bounds {
                warn: self.pending_warn.unwrap_or(rules.pending.warn),
                stop: self.pending_stop.unwrap_or(rules.pending.stop),
            },
            pending_bytes: Bounds {
                warn: mib(self.pending_mib_warn, rules.pending_bytes.warn),
                stop: mib(self.pending_mib_stop, rules.pending_bytes.stop),
            },
            unsynced: Bounds {
                warn: time(self.unsynced_h_warn, HOUR_S, rules.unsynced.warn),
                stop: time(self.unsynced_h_stop, HOUR_S, rules.unsynced.stop),
            },
            disk_free_bytes: Bounds {
                warn: mib(self.disk_free_mib_warn, rules.disk_free_bytes.warn),
                stop: mib(self.disk_free_mib_stop, rules.disk_free_bytes.stop),
            },
            clock_skew: Bounds {
                warn: time(self.clock_skew_s_warn, 1, rules.clock_skew.warn),
                stop: time(self.clock_skew_s_stop, 1, rules.clock_skew.stop),
            },
            certificate_left: Bounds {
                warn: time(
                    self.certificate_days_warn,
                    24 * HOUR_S,
                    rules.certificate_left.warn,
                ),
                stop: rules.certificate_left.stop,
            },
            retained: time(self.retained_h, HOUR_S, rules.retained),
        }
    }
}

/// Why a configuration cannot be used for custody.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no valid configuration; the message names line and key.
    #[error("{path} is not a valid configuration: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        message: String,
    },
    /// A limit makes no sense.
    #[error("[custody]")]
    Limits(#[from] LimitsError),
    /// Keys in files are for demonstrations.
    #[error(
        "this is production, where keys may not lie in files: [keys] place must be \"tpm\", or \"system\" for the key \
         store of the operating system"
    )]
    KeysInFiles,
}

/// What the configuration file says of custody.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Whether this is a demonstration, in which keys may lie in files.
    pub demo: bool,
    /// Name given at enrolment.
    pub kiosk_id: String,
    /// Folder for the kiosk's data.
    pub data: PathBuf,
    /// `[gateway]`.
    pub gateway: Gateway,
    /// `[keys]`; files where it is left out, which production refuses.
    pub keys: Option<Keys>,
    /// `[custody]`.
    pub limits: Limits,
}

impl Tables {
    /// Checks them.
    ///
    /// # Errors
    /// Says which value cannot be used, and why.
    pub fn settings(self) -> Result<Settings, SettingsError> {
        let limits = self.limits.effective();
        limits.check()?;
        let keys = self.keys.unwrap_or(Keys {
            place: Place::File,
            tcti: None,
        });
        if keys.place == Place::File && !self.demo {
            return Err(SettingsError::KeysInFiles);
        }
        Ok(Settings {
            keys: keys.choice(&self.kiosk_id, &self.data),
            kiosk_id: self.kiosk_id,
            data: self.data,
            pins: self.gateway.key_sha256.iter().map(|sha256| sha256.0).collect(),
            url: self.gateway.url,
            limits,
            line: sync::Settings::default(),
        })
    }
}

/// The kiosk's configuration file, as far as the tools of custody look into it.
#[derive(Deserialize)]
struct File {
    mode: Mode,
    kiosk_id: String,
    data: PathBuf,
    gateway: Gateway,
    keys: Option<Keys>,
    #[serde(default)]
    custody: Limits,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Demo,
    Production,
}

impl Settings {
    /// Reads what the kiosk's configuration file says of custody.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Read {
            path: path.to_owned(),
            source,
        })?;
        let file: File = toml::from_str(&text).map_err(|error| SettingsError::Parse {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
        Tables {
            demo: file.mode == Mode::Demo,
            kiosk_id: file.kiosk_id,
            data: file.data,
            gateway: file.gateway,
            keys: file.keys,
            limits: file.custody,
        }
        .settings()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        mode = "demo"
        kiosk_id = "kiosk-0001"
        data = "/data"
        window = "not looked at"
        [gateway]
        url = "wss://127.0.0.1:1/v1/kiosk"
    "#;

    fn load(text: &str) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kiosk.toml");
        std::fs::write(&path, text).unwrap();
        Settings::load(&path)
    }

    #[test]
    fn keys_lie_in_files_only_in_a_demonstration() {
        let settings = load(GOOD).unwrap();
        assert!(matches!(settings.keys, KeyChoice::File { folder } if folder == Path::new("/data/keys")));
        assert_eq!(settings.limits, CustodyLimits::default());
        let production = GOOD.replace("demo", "production");
        assert!(matches!(load(&production), Err(SettingsError::KeysInFiles)));
        let said = format!("{production}\n[keys]\nplace = \"file\"");
        assert!(matches!(load(&said), Err(SettingsError::KeysInFiles)));
        let tpm = format!("{production}\n[keys]\nplace = \"tpm\"");
        let settings = load(&tpm).unwrap();
        assert!(matches!(settings.keys, KeyChoice::Tpm { tcti, .. } if tcti == TPM_OF_THE_MACHINE));
    }

    #[test]
    fn a_gateway_may_be_known_by_its_key() {
        assert!(load(GOOD).unwrap().pins.is_empty());
        let pinned = format!(
            "{GOOD}\nkey_sha256 = [\"{}\", \"{}\"]",
            "0a".repeat(32),
            "fF".repeat(32)
        );
        assert_eq!(load(&pinned).unwrap().pins, [[10; 32], [255; 32]]);
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |text: &str, expect: &str| {
            let error = load(text).unwrap_err();
            let message = crate::chain(&error);
            assert!(message.contains(expect), "{message}");
        };
        check(&GOOD.replace("url", "ulr"), "unknown field `ulr`");
        check(
            &format!("{GOOD}\nkey_sha256 = [\"+a{}\"]", "0a".repeat(31)),
            "not 64 hexadecimal digits",
        );
        check(
            &format!("{GOOD}\n[custody]\npending_stop = 1"),
            "the limit pending closes",
        );
        check(
            &format!("{GOOD}\n[custody]\npending = 1"),
            "unknown field `pending`",
        );
        check(
            &format!("{GOOD}\n[keys]\nplace = \"pocket\""),
            "unknown variant `pocket`",
        );
    }
}
