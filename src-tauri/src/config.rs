//! The configuration file of a kiosk.

use std::path::{Path, PathBuf};
use std::time::Duration;

use camera::{CameraPin, Format, PixelFormat};
use custody::settings::{Gateway, Keys, Limits, SettingsError, Tables, bytes_of_hex};
use palm::ports::PortChoice;
use palm::watched::{Setup, ThermometerSetup};
use serde::Deserialize;
use thiserror::Error;
use verification::evidence::Organisation;
use verification::pad::PadChallenge;
use verification::policy::{Demand, PalmPolicy, PassivePad, Policy, PolicyError, ScreenLight};
use verification::service::{PALM_CONSENT, Service, ServiceId};

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no valid configuration; the message names line and key.
    #[error("the configuration {path} is not valid: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        message: String,
    },
    /// The rules do not allow the policy.
    #[error("the policy in {path} cannot be used")]
    Policy {
        /// The file.
        path: PathBuf,
        /// What the rules ask for.
        source: PolicyError,
    },
    /// Neither a camera nor a clip, or both.
    #[error(
        "[camera] in {path} needs either `device`, with what is asked of it, or `folder` and `clip` alone"
    )]
    Camera {
        /// The file.
        path: PathBuf,
    },
    /// The palm scanner cannot be what the file says.
    #[error("[palm] in {path}: {message}")]
    Palm {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what there is to choose from.
        message: String,
    },
    /// Gateway, keys or limits cannot be used.
    #[error("{path} cannot be used")]
    Custody {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SettingsError,
    },
    /// A replay or a demonstration setting in production.
    #[error("{path} is for production, but {what}")]
    Production {
        /// The file.
        path: PathBuf,
        /// What production does not allow.
        what: &'static str,
    },
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether this is a demonstration; the screens always say so.
    pub demo: bool,
    /// Where documents, keys and certificates are kept, and where documents go.
    pub custody: custody::Settings,
    /// Folder of the models.
    pub models: PathBuf,
    /// Who orders the verifications.
    pub organisation: Organisation,
    /// Where frames come from.
    pub camera: Camera,
    /// The palm scanner, if there is one.
    pub palm: Option<Palm>,
    /// The window.
    pub window: Window,
    /// The rules' numbers.
    pub policy: Policy,
    /// The services on offer.
    pub catalogue: Vec<Service>,
}

/// Where frames come from.
#[derive(Debug, Clone)]
pub enum Camera {
    /// A camera of this machine.
    Device {
        /// Its number.
        index: u32,
        /// What is asked of it.
        format: Format,
        /// The one camera that it may be.
        pin: Option<CameraPin>,
    },
    /// A recorded person who answers prompts; shown as a replay.
    Replay {
        /// Folder with a `manifest.toml`.
        folder: PathBuf,
        /// File in that folder.
        clip: String,
    },
}

/// The palm scanner.
#[derive(Clone)]
pub struct Palm {
    setup: Setup,
}

impl Palm {
    /// What the scanner's thread starts from.
    pub fn setup(&self) -> Setup {
        self.setup.clone()
    }

    fn is_pinned(&self) -> bool {
        self.setup.device_key.is_some()
    }
}

impl std::fmt::Debug for Palm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}", self.setup.driver.name, self.setup.choice)
    }
}

/// The window.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// Without frame, over the whole screen.
    pub kiosk: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mode: Mode,
    kiosk_id: String,
    data: PathBuf,
    models: PathBuf,
    organisation: FileOrganisation,
    gateway: Gateway,
    keys: Option<Keys>,
    #[serde(default)]
    custody: Limits,
    camera: FileCamera,
    palm: Option<FilePalm>,
    window: Window,
    #[serde(default)]
    policy: FilePolicy,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Demo,
    Production,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOrganisation {
    name: String,
    bin: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCamera {
    device: Option<u32>,
    pin: Option<String>,
    width_px: Option<u32>,
    height_px: Option<u32>,
    rate_hz: Option<u32>,
    pixels: Option<Pixels>,
    folder: Option<PathBuf>,
    clip: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Pixels {
    Mjpeg,
    Yuyv,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Light {
    Required,
    Supporting,
    Off,
}

impl FileCamera {
    /// A camera or a replay, not both and not neither. A replay has the format that it was recorded in.
    fn camera(self) -> Option<Camera> {
        let wishes = Format::default();
        let format = Format {
            width_px: self.width_px.unwrap_or(wishes.width_px),
            height_px: self.height_px.unwrap_or(wishes.height_px),
            pixels: match self.pixels {
                None | Some(Pixels::Mjpeg) => PixelFormat::Mjpeg,
                Some(Pixels::Yuyv) => PixelFormat::Yuyv,
            },
            rate_hz: self.rate_hz.unwrap_or(wishes.rate_hz),
        };
        let of_device = self.pin.is_some()
            || self.width_px.is_some()
            || self.height_px.is_some()
            || self.rate_hz.is_some()
            || self.pixels.is_some();
        match (self.device, self.folder, self.clip) {
            (Some(index), None, None) => Some(Camera::Device {
                index,
                format,
                pin: self.pin.map(CameraPin::new),
            }),
            (None, Some(folder), Some(clip)) if !of_device => Some(Camera::Replay { folder, clip }),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePalm {
    port: String,
    driver: String,
    baud: Option<u32>,
    device_key: Option<String>,
    thermometer: Option<FileThermometer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileThermometer {
    port: String,
    driver: String,
}

/// Bytes of a compressed point of P-256 (SEC 1, 2.3.3).
const DEVICE_KEY_LEN: usize = 33;

impl FilePalm {
    fn palm(self) -> Result<Palm, String> {
        let port = |text: &str| {
            text.parse::<PortChoice>()
                .map_err(|error| format!("port {text:?}: {error}"))
        };
        let unknown = |name: &str, names: Vec<&str>| {
            format!("there is no driver {name:?}; there are: {}", names.join(", "))
        };
        let driver = palm::driver(&self.driver).ok_or_else(|| {
            unknown(
                &self.driver,
                palm::DRIVERS.iter().map(|driver| driver.name).collect(),
            )
        })?;
        let thermometer = self.thermometer.map(|file| {
            let driver = palm::thermometer::thermometer(&file.driver).ok_or_else(|| {
                let all = palm::thermometer::THERMOMETERS;
                unknown(&file.driver, all.iter().map(|driver| driver.name).collect())
            })?;
            Ok::<_, String>(ThermometerSetup {
                choice: port(&file.port)?,
                driver,
            })
        });
        let device_key = self.device_key.map(|text| {
            bytes_of_hex::<DEVICE_KEY_LEN>(&text)
                .map(Vec::from)
                .ok_or_else(|| format!("device_key wants {DEVICE_KEY_LEN} bytes in hexadecimal digits"))
        });
        Ok(Palm {
            setup: Setup {
                choice: port(&self.port)?,
                driver,
                baud: self.baud,
                device_key: device_key.transpose()?,
                thermometer: thermometer.transpose()?,
            },
        })
    }
}

/// Every field may be left out; the default of [`Policy`] then holds.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct FilePolicy {
    attempts: Option<u8>,
    challenges_per_attempt: Option<u8>,
    challenge_set: Option<Vec<Challenge>>,
    challenge_window_ms: Option<u64>,
    positioning_limit_ms: Option<u64>,
    idle_limit_ms: Option<u64>,
    identification_patience_ms: Option<u64>,
    inter_eye_distance_min_px: Option<f32>,
    turn_min_deg: Option<f32>,
    nod_min_deg: Option<f32>,
    passive: Option<Passive>,
    passive_min: Option<f32>,
    relief_min: Option<f32>,
    cut_out_max: Option<f32>,
    screen_max: Option<f32>,
    likeness_min: Option<f32>,
    light: Option<Light>,
    light_gain_min: Option<f32>,
    comparison_min: Option<f32>,
    #[serde(default)]
    palm: FilePalmPolicy,
}

/// As [`FilePolicy`], for the palm.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct FilePalmPolicy {
    vascular: Option<FileDemand>,
    volume: Option<FileDemand>,
    temperature: Option<FileDemand>,
    liveness: Option<FileDemand>,
    seal: Option<FileDemand>,
    volume_min_ml: Option<f32>,
    volume_max_ml: Option<f32>,
    temperature_min_celsius: Option<f32>,
    temperature_max_celsius: Option<f32>,
    warmth_min_celsius: Option<f32>,
    vascular_quality_min: Option<f32>,
    liveness_min: Option<f32>,
    scan_limit_ms: Option<u64>,
    nothing_presented_counts: Option<bool>,
    fallback_to_face: Option<bool>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum FileDemand {
    Required,
    WhereMeasured,
}

impl From<FileDemand> for Demand {
    fn from(demand: FileDemand) -> Self {
        match demand {
            FileDemand::Required => Self::Required,
            FileDemand::WhereMeasured => Self::WhereMeasured,
        }
    }
}

impl FilePalmPolicy {
    fn effective(self, rules: &PalmPolicy) -> PalmPolicy {
        let demand = |given: Option<FileDemand>, rule: Demand| given.map_or(rule, Demand::from);
        PalmPolicy {
            vascular: demand(self.vascular, rules.vascular),
            volume: demand(self.volume, rules.volume),
            temperature: demand(self.temperature, rules.temperature),
            liveness: demand(self.liveness, rules.liveness),
            seal: demand(self.seal, rules.seal),
            volume_min_ml: self.volume_min_ml.unwrap_or(rules.volume_min_ml),
            volume_max_ml: self.volume_max_ml.unwrap_or(rules.volume_max_ml),
            temperature_min_celsius: self
                .temperature_min_celsius
                .unwrap_or(rules.temperature_min_celsius),
            temperature_max_celsius: self
                .temperature_max_celsius
                .unwrap_or(rules.temperature_max_celsius),
            warmth_min_celsius: self.warmth_min_celsius.unwrap_or(rules.warmth_min_celsius),
            vascular_quality_min: self.vascular_quality_min.unwrap_or(rules.vascular_quality_min),
            liveness_min: self.liveness_min.unwrap_or(rules.liveness_min),
            scan_limit: self.scan_limit_ms.map_or(rules.scan_limit, Duration::from_millis),
            nothing_presented_counts: self
                .nothing_presented_counts
                .unwrap_or(rules.nothing_presented_counts),
            fallback_to_face: self.fallback_to_face.unwrap_or(rules.fallback_to_face),
        }
    }
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Challenge {
    TurnLeft,
    TurnRight,
    LookUp,
    LookDown,
    Blink,
    OpenMouth,
    Smile,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Passive {
    Required,
    WhereInstalled,
}

impl From<Challenge> for PadChallenge {
    fn from(challenge: Challenge) -> Self {
        match challenge {
            Challenge::TurnLeft => Self::TurnLeft,
            Challenge::TurnRight => Self::TurnRight,
            Challenge::LookUp => Self::LookUp,
            Challenge::LookDown => Self::LookDown,
            Challenge::Blink => Self::Blink,
            Challenge::OpenMouth => Self::OpenMouth,
            Challenge::Smile => Self::Smile,
        }
    }
}

impl FilePolicy {
    fn effective(self) -> Policy {
        let rules = Policy::default();
        let time = |given: Option<u64>, rule: Duration| given.map_or(rule, Duration::from_millis);
        Policy {
            attempts: self.attempts.unwrap_or(rules.attempts),
            challenges_per_attempt: self
                .challenges_per_attempt
                .unwrap_or(rules.challenges_per_attempt),
            challenge_set: self.challenge_set.map_or(rules.challenge_set, |set| {
                set.into_iter().map(PadChallenge::from).collect()
            }),
            challenge_window: time(self.challenge_window_ms, rules.challenge_window),
            positioning_limit: time(self.positioning_limit_ms, rules.positioning_limit),
            idle_limit: time(self.idle_limit_ms, rules.idle_limit),
            identification_patience: time(self.identification_patience_ms, rules.identification_patience),
            inter_eye_distance_min_px: self
                .inter_eye_distance_min_px
                .unwrap_or(rules.inter_eye_distance_min_px),
            turn_min_deg: self.turn_min_deg.unwrap_or(rules.turn_min_deg),
            nod_min_deg: self.nod_min_deg.unwrap_or(rules.nod_min_deg),
            passive: match self.passive {
                None | Some(Passive::Required) => PassivePad::Required,
                Some(Passive::WhereInstalled) => PassivePad::WhereInstalled,
            },
            passive_min: self.passive_min.unwrap_or(rules.passive_min),
            relief_min: self.relief_min.unwrap_or(rules.relief_min),
            cut_out_max: self.cut_out_max.unwrap_or(rules.cut_out_max),
            screen_max: self.screen_max.unwrap_or(rules.screen_max),
            likeness_min: self.likeness_min.unwrap_or(rules.likeness_min),
            light: match self.light {
                None => rules.light,
                Some(Light::Required) => ScreenLight::Required,
                Some(Light::Supporting) => ScreenLight::Supporting,
                Some(Light::Off) => ScreenLight::Off,
            },
            light_gain_min: self.light_gain_min.unwrap_or(rules.light_gain_min),
            comparison_min: self.comparison_min.unwrap_or(rules.comparison_min),
            palm: self.palm.effective(&rules.palm),
            ..rules
        }
    }
}

impl Config {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let path = || path.to_owned();
        let file: File = toml::from_str(text).map_err(|error| ConfigError::Parse {
            path: path(),
            message: error.to_string(),
        })?;
        let policy = file.policy.effective();
        policy
            .check()
            .map_err(|source| ConfigError::Policy { path: path(), source })?;
        let camera = file
            .camera
            .camera()
            .ok_or_else(|| ConfigError::Camera { path: path() })?;
        let palm = file.palm.map(FilePalm::palm).transpose();
        let palm = palm.map_err(|message| ConfigError::Palm {
            path: path(),
            message,
        })?;
        if policy.palm.seal == Demand::Required && palm.as_ref().is_some_and(|palm| !palm.is_pinned()) {
            return Err(ConfigError::Palm {
                path: path(),
                message: "the policy requires the scanner's signature; device_key must say whose".to_owned(),
            });
        }
        let demo = file.mode == Mode::Demo;
        if !demo {
            let refuse = |what| Err(ConfigError::Production { path: path(), what });
            if matches!(camera, Camera::Replay { .. }) {
                return refuse("the camera is a replayed clip");
            }
            if matches!(camera, Camera::Device { pin: None, .. }) {
                return refuse("the camera is not pinned (`pin` in [camera])");
            }
            if policy.passive != PassivePad::Required {
                return refuse("the passive models are not required");
            }
        }
        let custody = Tables {
            demo,
            kiosk_id: file.kiosk_id,
            data: file.data,
            gateway: file.gateway,
            keys: file.keys,
            limits: file.custody,
        };
        Ok(Self {
            demo,
            custody: custody
                .settings()
                .map_err(|source| ConfigError::Custody { path: path(), source })?,
            models: file.models,
            organisation: Organisation {
                name: file.organisation.name,
                bin: file.organisation.bin,
            },
            camera,
            palm,
            window: file.window,
            policy,
            catalogue: catalogue(),
        })
    }
}

/// The services of the first version. They become data of the institution's profile with the service catalogue.
fn catalogue() -> Vec<Service> {
    let service = |id: &str| Service {
        id: ServiceId(id.to_owned()),
        consents: vec![("processing".to_owned(), 2), ("automated-decision".to_owned(), 1)],
        face: true,
        palm: true,
        enrols_palm: false,
    };
    let mut enrolment = Service {
        palm: false,
        enrols_palm: true,
        ..service("palm-enrolment")
    };
    let (text, version) = PALM_CONSENT;
    enrolment.consents.push((text.to_owned(), version));
    vec![
        service("account-opening"),
        service("online-loan"),
        Service {
            palm: false,
            ..service("sim-registration")
        },
        service("data-update"),
        enrolment,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        mode = "demo"
        kiosk_id = "kiosk-0001"
        data = "/data"
        models = "/models"
        [organisation]
        name = "Demo Bank"
        bin = "050140000000"
        [gateway]
        url = "wss://127.0.0.1:1/v1/kiosk"
        [camera]
        device = 0
        [window]
        width = 1080
        height = 1920
        kiosk = true
        [policy]
        passive = "where-installed"
    "#;

    fn check(text: &str, expect: &str) {
        let error = Config::parse(text, Path::new("kiosk.toml")).unwrap_err();
        let message = crate::chain(&error);
        assert!(message.contains(expect), "{message}");
        assert!(message.contains("kiosk.toml"), "{message}");
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        assert!(Config::parse(GOOD, Path::new("kiosk.toml")).is_ok());
        check("", "missing field `mode`");
        check(
            &GOOD.replace("kiosk = true", "kiosk = true\nkisok = 1"),
            "unknown field `kisok`",
        );
        check(
            &GOOD.replace("device = 0", "device = 0\nclip = \"a.mp4\""),
            "either `device`, with what is asked of it, or `folder` and `clip` alone",
        );
        check(
            &GOOD.replace("device = 0", "folder = \"/a\"\nclip = \"a.mp4\"\npin = \"usb\""),
            "`folder` and `clip` alone",
        );
        check(
            &GOOD.replace("[window]", "[palm]\nport = \"COM3\"\ndriver = \"x\"\n[window]"),
            "there is no driver \"x\"; there are: dfrobot-ai10",
        );
        let palm = |rest: &str| {
            let table = format!("[palm]\nport = \"COM3\"\ndriver = \"dfrobot-ai10\"\n{rest}\n[window]");
            GOOD.replace("[window]", &table)
        };
        assert!(Config::parse(&palm(""), Path::new("kiosk.toml")).is_ok());
        check(&palm("device_key = \"0203\""), "device_key wants 33 bytes");
        let sealed = |text: String| text.replace("[policy]", "[policy.palm]\nseal = \"required\"\n[policy]");
        check(&sealed(palm("")), "device_key must say whose");
        let key = format!("device_key = \"{}\"", "02".repeat(33));
        assert!(Config::parse(&sealed(palm(&key)), Path::new("kiosk.toml")).is_ok());
        check(
            &palm("thermometer = { port = \"COM4\", driver = \"x\" }"),
            "there is no driver \"x\"; there are: mcu-90615",
        );
        check(
            &GOOD.replace("[policy]", "[policy.palm]\nvolume_min_ml = 800.0\n[policy]"),
            "outside its range",
        );
        check(
            &GOOD.replace("[policy]", "[policy]\nattempts = 9"),
            "one to three attempts",
        );
        check(
            &GOOD.replace("[policy]", "[policy]\nchallenge_set = [\"blink\"]"),
            "three different prompted actions",
        );
        check(
            &GOOD.replace("[policy]", "[policy]\nturn_min_deg = nan"),
            "outside its range",
        );
        let production = GOOD.replace("\"demo\"", "\"production\"");
        check(&production, "the camera is not pinned");
        let production = production.replace("device = 0", "device = 0\npin = \"usb 046d:0825 1-2:1.0\"");
        check(&production, "the passive models are not required");
        let production = production.replace("where-installed", "required");
        check(&production, "keys may not lie in files");
        let sealed = production.replace("[camera]", "[keys]\nplace = \"tpm\"\n[camera]");
        assert!(Config::parse(&sealed, Path::new("kiosk.toml")).is_ok());
        check(
            &GOOD.replace("[camera]", "[custody]\npending_stop = 1\n[camera]"),
            "the limit pending closes",
        );
        let line = crate::chain(&Config::parse("mode = \"demo\"\nkiosk_id = 7", Path::new("k")).unwrap_err());
        assert!(line.contains("line 2"), "{line}");
    }

    /// The annotated example knows every key, and its policy is the default one.
    #[test]
    fn the_example_is_right() {
        let example = include_str!("../../docs/kiosk.toml")
            .replace("passive = \"required\"", "passive = \"where-installed\"");
        let config = Config::parse(&example, Path::new("kiosk.toml")).unwrap();
        assert_eq!(
            config.policy,
            Policy {
                passive: PassivePad::WhereInstalled,
                ..Policy::default()
            }
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Config::load(Path::new("/nowhere/kiosk.toml")).unwrap_err();
        assert!(crate::chain(&error).contains("/nowhere/kiosk.toml"));
    }
}
