//! The configuration file of a kiosk.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use camera::{CameraPin, Format, PixelFormat};
use custody::settings::{Gateway, Keys, Limits, SettingsError, Tables, bytes_of_hex};
use palm::ports::PortChoice;
use palm::watched::{Setup, ThermometerSetup};
use profile::ProfileError;
use profile::file::FileHours;
use profile::policy::FilePolicy;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use verification::calendar::WorkCalendar;
use verification::evidence::{Organisation, ProfileIdentity};
use verification::hours::OpeningHours;
use verification::identifier::Bin;
use verification::integrity::IntegrityPolicy;
use verification::policy::{Demand, OperatorPresence, PassivePad, Policy, PolicyError};
use verification::service::{ConsentDemand, IMAGES_CONSENT, PALM_CONSENT, Service};

use crate::behaviour::Behaviour;
use crate::operators::Operator;
use crate::screen::FileScreen;
use crate::technician::Technician;

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
    /// The profile of the institution cannot be used.
    #[error("the profile that {path} names cannot be used")]
    Profile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ProfileError,
    },
    /// The institution's BIN is none.
    #[error("[organisation] in {path}: bin is no business identification number")]
    Bin {
        /// The file.
        path: PathBuf,
    },
    /// A release key, an operator or the printer cannot be used.
    #[error("{table} in {path}: {message}")]
    Table {
        /// The table.
        table: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
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
    /// How the kiosk behaves around its sessions.
    pub behaviour: Behaviour,
    /// The screen under it.
    pub display: ipc::Display,
    /// The rules' numbers.
    pub policy: Policy,
    /// The services on offer.
    pub catalogue: Vec<Service>,
    /// The profile from which catalogue and policy come, with the changes of this kiosk.
    pub profile: ProfileIdentity,
    /// All that is in force, as text, of which the profile's hash is.
    pub in_force: String,
    /// The consent that the palm needs, as the profile words it.
    pub palm_consent: ConsentDemand,
    /// The consent that pictures for an examiner need, as the profile words it.
    pub images_consent: ConsentDemand,
    /// When the kiosk serves.
    pub hours: OpeningHours,
    /// The working days that deadlines count by.
    pub calendar: WorkCalendar,
    /// Where the release's files lie.
    pub integrity: Integrity,
    /// The printer of slips, if there is one.
    pub printer: Option<printer::Config>,
    /// Who may say to be present.
    pub operators: Vec<Operator>,
    /// Who may look after the kiosk at its own screen; without it nobody.
    pub technician: Option<Technician>,
    /// The file of the profile.
    pub profile_file: PathBuf,
    /// How the kiosk speaks, if it does.
    pub speech: Option<speech::voice::Setup>,
}

/// Where the release's files lie, and whose they must be.
#[derive(Debug, Clone, Default)]
pub struct Integrity {
    /// The folder of the installation; without it that of the program.
    pub folder: Option<PathBuf>,
    /// The manifest; without it the one in that folder.
    pub manifest: Option<PathBuf>,
    /// Keys of releases.
    pub keys: Vec<integrity::ReleaseKey>,
}

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq)]
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

    /// Another scanner in its place, or one where there is none. The key with which it must sign stays, and so does the
    /// thermometer; the speed of the line is the driver's own where that is another one.
    pub fn choosing(configured: Option<&Self>, choice: PortChoice, driver: &'static palm::Driver) -> Self {
        let before = configured.map(|palm| &palm.setup);
        Self {
            setup: Setup {
                choice,
                driver,
                baud: before
                    .filter(|setup| setup.driver.name == driver.name)
                    .and_then(|setup| setup.baud),
                device_key: before.and_then(|setup| setup.device_key.clone()),
                thermometer: before.and_then(|setup| setup.thermometer.clone()),
            },
        }
    }

    /// Whether the policy lets this scanner be used: one that must sign needs a key to be held against.
    pub fn is_allowed(&self, seal: Demand) -> bool {
        seal != Demand::Required || self.setup.device_key.is_some()
    }
}

impl std::fmt::Display for Palm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}", self.setup.driver.name, self.setup.choice)
    }
}

impl std::fmt::Debug for Palm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
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
    behaviour: Behaviour,
    #[serde(default)]
    screen: FileScreen,
    /// Beside this file, unless it is an absolute path.
    profile: PathBuf,
    #[serde(default)]
    policy: FilePolicy,
    hours: Option<Spanned<FileHours>>,
    #[serde(default)]
    integrity: FileIntegrity,
    printer: Option<FilePrinter>,
    #[serde(default)]
    operators: Vec<Operator>,
    technician: Option<Technician>,
    speech: Option<crate::speech::FileSpeech>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct FileIntegrity {
    folder: Option<PathBuf>,
    manifest: Option<PathBuf>,
    #[serde(default)]
    release_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePrinter {
    driver: String,
    port: String,
    baud: Option<u32>,
    flow: Option<FileFlow>,
    paper: Option<FilePaper>,
    #[serde(default)]
    command: Vec<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum FilePaper {
    #[serde(rename = "roll-58")]
    Roll58,
    #[serde(rename = "roll-80")]
    Roll80,
    A5,
    A4,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum FileFlow {
    None,
    Hardware,
    Software,
}

impl FilePrinter {
    fn config(self) -> Result<printer::Config, String> {
        let names = || {
            printer::PRINTERS
                .iter()
                .map(|driver| driver.name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let driver = printer::driver(&self.driver)
            .ok_or_else(|| format!("there is no driver {:?}; there are: {}", self.driver, names()))?;
        Ok(printer::Config {
            baud: self.baud,
            flow: match self.flow {
                None | Some(FileFlow::Hardware) => printer::Flow::Hardware,
                Some(FileFlow::None) => printer::Flow::None,
                Some(FileFlow::Software) => printer::Flow::Software,
            },
            paper: self.paper.map(|paper| match paper {
                FilePaper::Roll58 => printer::layout::Paper::Roll58,
                FilePaper::Roll80 => printer::layout::Paper::Roll80,
                FilePaper::A5 => printer::layout::Paper::A5,
                FilePaper::A4 => printer::layout::Paper::A4,
            }),
            command: self.command,
            ..printer::Config::new(driver, self.port)
        })
    }
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
        let demo = file.mode == Mode::Demo;
        let beside = path().parent().map(|folder| folder.join(&file.profile));
        let profile_file = beside.unwrap_or(file.profile);
        let profile =
            profile::load(&profile_file).map_err(|source| ConfigError::Profile { path: path(), source })?;
        let mut policy = file.policy.over(profile.policy.clone());
        if demo {
            policy.integrity = IntegrityPolicy::demo();
        }
        let source = profile::Source {
            name: &path().display().to_string(),
            text,
        };
        let hours = file.hours.map(|table| profile::hours(source, &table)).transpose();
        let hours = hours.map_err(|source| ConfigError::Profile { path: path(), source })?;
        let profile = profile.of_kiosk(policy.clone(), hours);
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
        if palm
            .as_ref()
            .is_some_and(|palm| !palm.is_allowed(policy.palm.seal))
        {
            return Err(ConfigError::Palm {
                path: path(),
                message: "the policy requires the scanner's signature; device_key must say whose".to_owned(),
            });
        }
        let table = |table, message| ConfigError::Table {
            table,
            path: path(),
            message,
        };
        if !demo && file.organisation.bin.parse::<Bin>().is_err() {
            return Err(ConfigError::Bin { path: path() });
        }
        let unusable = file.operators.iter().find(|operator| !operator.is_usable());
        if let Some(operator) = unusable {
            let message = format!(
                "operator {:?} needs a number of two digits, a name and a code",
                operator.number()
            );
            return Err(table("[[operators]]", message));
        }
        let mut numbers = HashSet::new();
        if let Some(twice) = file
            .operators
            .iter()
            .find(|operator| !numbers.insert(operator.number()))
        {
            let message = format!("there are two operators {:?}", twice.number());
            return Err(table("[[operators]]", message));
        }
        if file
            .technician
            .as_ref()
            .is_some_and(|technician| !technician.is_usable())
        {
            let message = "code is not what `alaqan --technician-code` prints".to_owned();
            return Err(table("[technician]", message));
        }
        if policy.operator == OperatorPresence::Required && file.operators.is_empty() {
            let message = "the policy wants one to be present, and there is none".to_owned();
            return Err(table("[[operators]]", message));
        }
        let keys = file
            .integrity
            .release_keys
            .iter()
            .map(|text| integrity::ReleaseKey::parse(text));
        let keys = keys
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| table("[integrity]", error.to_string()))?;
        let printer = file.printer.map(FilePrinter::config).transpose();
        let printer = printer.map_err(|message| table("[printer]", message))?;
        let display = file.screen.display(file.window);
        let display = display.map_err(|message| table("[screen]", message))?;
        let speech = file.speech.map(|speech| speech.setup(demo)).transpose();
        let speech = speech.map_err(|message| table("[speech]", message))?;
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
            if !file.behaviour.fresh_page {
                return refuse("persons share a page (`fresh_page` in [behaviour])");
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
            behaviour: file.behaviour,
            display,
            policy,
            profile: ProfileIdentity {
                name: profile.name.clone(),
                sha256: profile.sha256,
            },
            in_force: profile.effective(),
            images_consent: profile
                .consent(IMAGES_CONSENT.0)
                .cloned()
                .unwrap_or_else(|| ConsentDemand::required(IMAGES_CONSENT.0, IMAGES_CONSENT.1)),
            palm_consent: profile
                .consent(PALM_CONSENT.0)
                .cloned()
                .unwrap_or_else(|| ConsentDemand::required(PALM_CONSENT.0, PALM_CONSENT.1)),
            hours: profile.hours,
            calendar: profile.calendar,
            catalogue: profile.catalogue,
            integrity: Integrity {
                folder: file.integrity.folder,
                manifest: file.integrity.manifest,
                keys,
            },
            printer,
            operators: file.operators,
            technician: file.technician,
            profile_file,
            speech,
        })
    }
}

#[cfg(test)]
mod tests {
    use verification::Sensitive;

    use super::*;

    const GOOD: &str = r#"
        profile = "../profiles/bank.toml"
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

    /// A file that need not be there, from which the profiles are found.
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/kiosk.toml");

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new(FILE))
    }

    fn check(text: &str, expect: &str) {
        let error = parse(text).unwrap_err();
        let message = crate::chain(&error);
        assert!(message.contains(expect), "{message}");
        assert!(message.contains("kiosk.toml"), "{message}");
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        assert!(parse(GOOD).is_ok());
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
        assert!(parse(&palm("")).is_ok());
        check(&palm("device_key = \"0203\""), "device_key wants 33 bytes");
        let sealed = |text: String| text.replace("[policy]", "[policy.palm]\nseal = \"required\"\n[policy]");
        check(&sealed(palm("")), "device_key must say whose");
        let key = format!("device_key = \"{}\"", "02".repeat(33));
        assert!(parse(&sealed(palm(&key))).is_ok());
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
        let with = |table: &str| GOOD.replace("[window]", &format!("{table}\n[window]"));
        check(
            &with("[printer]\ndriver = \"x\"\nport = \"p\""),
            "there is no driver \"x\"; there are: escpos-serial",
        );
        check(&with("[screen]\npx_per_mm = 0.0"), "those of no screen");
        check(&with("[integrity]\nrelease_keys = [\"02\"]"), "[integrity]");
        check(
            &with("[[operators]]\nnumber = \"7\"\nname = \"a\"\ncode = \"b\""),
            "operator \"7\" needs a number of two digits",
        );
        let hash = crate::operators::hash(&Sensitive::new("07123456".to_owned())).unwrap();
        let twice = format!("[[operators]]\nnumber = \"07\"\nname = \"a\"\ncode = {hash:?}\n").repeat(2);
        check(&with(&twice), "there are two operators \"07\"");
        check(&with("[technician]\ncode = \"70415926\""), "[technician]");
        check(
            &GOOD.replace("[policy]", "[policy]\noperator = \"required\""),
            "the policy wants one to be present",
        );
        check(
            &with("[hours]\nmon = [\"18:00-09:00\"]"),
            "is no interval such as",
        );
        check(
            &GOOD.replace("bank.toml", "nowhere.toml"),
            "nowhere.toml cannot be read",
        );
        let production = GOOD.replace("\"demo\"", "\"production\"");
        check(&production, "no business identification number");
        let production = production.replace("050140000000", "050140000001");
        check(&production, "the camera is not pinned");
        let production = production.replace("device = 0", "device = 0\npin = \"usb 046d:0825 1-2:1.0\"");
        check(&production, "the passive models are not required");
        let production = production.replace("where-installed", "required");
        check(&production, "keys may not lie in files");
        let sealed = production.replace("[camera]", "[keys]\nplace = \"tpm\"\n[camera]");
        assert!(parse(&sealed).is_ok());
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
        let config = parse(&example).unwrap();
        assert_eq!(
            config.policy,
            Policy {
                passive: PassivePad::WhereInstalled,
                integrity: IntegrityPolicy::demo(),
                ..Policy::default()
            }
        );
        assert_eq!(config.profile.name, "bank");
        assert!(config.printer.is_some());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Config::load(Path::new("/nowhere/kiosk.toml")).unwrap_err();
        assert!(crate::chain(&error).contains("/nowhere/kiosk.toml"));
    }
}
