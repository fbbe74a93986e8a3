//! The devices that the technician chose at the kiosk, over those of the configuration.
//!
//! The choice lies in the encrypted store, where nobody else can make one. It holds as long as the configuration's own
//! device is the one over which it was made: who edits `kiosk.toml` afterwards gets what it says.

use camera::{CameraEntry, CameraPin, Format};
use palm::ports::{PortChoice, PortListing};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use verification::capture::DeviceFault;
use verification::health::Cause;

use crate::config::{Camera, Config, Palm};

/// Under this name the store remembers the choice.
pub const CHOICE: &str = "devices";

/// Why a remembered choice is not followed.
#[derive(Debug, Error)]
#[error("the remembered choice of devices cannot be read")]
pub struct ChoiceError(#[from] toml::de::Error);

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    camera: Option<CameraChoice>,
    palm: Option<PalmChoice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CameraChoice {
    /// The configuration's camera when this one was chosen.
    over: String,
    device: Option<u32>,
    pin: Option<String>,
    clip: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PalmChoice {
    over: String,
    port: String,
    driver: String,
}

impl Choice {
    /// Reads what the store remembers.
    ///
    /// # Errors
    /// If it is none; then the devices of the configuration are used.
    pub fn parse(text: &str) -> Result<Self, ChoiceError> {
        Ok(toml::from_str(text)?)
    }

    /// For the store.
    pub fn text(&self) -> String {
        // Two small tables of text and numbers always have a form.
        toml::to_string(self).unwrap_or_default()
    }

    /// The camera that was chosen, if one was and may be used.
    pub fn camera(&self, config: &Config) -> Option<Camera> {
        let chosen = self.camera.as_ref()?;
        if chosen.over != told(&config.camera) {
            return None;
        }
        match (chosen.device, &chosen.pin, &chosen.clip) {
            (Some(index), Some(pin), None) => Some(Camera::Device {
                index,
                format: format(config),
                pin: Some(CameraPin::new(pin.as_str())),
            }),
            (None, None, Some(clip)) => replayed(config, clip),
            _ => None,
        }
    }

    /// Chooses a camera; `false` where it may not be used: production wants a real one with its pin.
    pub fn choose_camera(&mut self, camera: &Camera, config: &Config) -> bool {
        let over = told(&config.camera);
        let chosen = match camera {
            Camera::Device {
                index,
                pin: Some(pin),
                ..
            } => CameraChoice {
                over,
                device: Some(*index),
                pin: Some(pin.as_str().to_owned()),
                clip: None,
            },
            Camera::Replay { clip, .. } if config.demo => CameraChoice {
                over,
                device: None,
                pin: None,
                clip: Some(clip.clone()),
            },
            Camera::Device { .. } | Camera::Replay { .. } => return false,
        };
        self.camera = Some(chosen);
        true
    }

    /// Goes back to the camera of the configuration.
    pub fn forget_camera(&mut self) {
        self.camera = None;
    }

    /// The scanner that was chosen, if one was and may be used.
    pub fn palm(&self, config: &Config) -> Option<Palm> {
        let chosen = self.palm.as_ref()?;
        if chosen.over != palm_told(config) {
            return None;
        }
        let palm = scanner(config, &chosen.port, &chosen.driver)?;
        palm.is_allowed(config.policy.palm.seal).then_some(palm)
    }

    /// Chooses the scanner of this [`scanner_id`]; `false` where it is none or may not be used.
    pub fn choose_palm(&mut self, id: &str, config: &Config) -> bool {
        let Some((driver, port)) = id.split_once('@') else {
            return false;
        };
        let allowed =
            scanner(config, port, driver).is_some_and(|palm| palm.is_allowed(config.policy.palm.seal));
        if allowed {
            self.palm = Some(PalmChoice {
                over: palm_told(config),
                port: port.to_owned(),
                driver: driver.to_owned(),
            });
        }
        allowed
    }

    /// Goes back to the scanner of the configuration.
    pub fn forget_palm(&mut self) {
        self.palm = None;
    }
}

/// The configuration's device, for comparison.
fn told(camera: &Camera) -> String {
    format!("{camera:?}")
}

fn palm_told(config: &Config) -> String {
    format!("{:?}", config.palm)
}

fn format(config: &Config) -> Format {
    match &config.camera {
        Camera::Device { format, .. } => *format,
        Camera::Replay { .. } => Format::default(),
    }
}

/// Another clip of the folder that the configuration names. The name is that of a file in it, and leads nowhere else.
fn replayed(config: &Config, clip: &str) -> Option<Camera> {
    let Camera::Replay { folder, .. } = &config.camera else {
        return None;
    };
    let leads_away = clip.contains(['/', '\\']) || clip == "..";
    (config.demo && !leads_away).then(|| Camera::Replay {
        folder: folder.clone(),
        clip: clip.to_owned(),
    })
}

fn scanner(config: &Config, port: &str, driver: &str) -> Option<Palm> {
    let choice = port.parse::<PortChoice>().ok()?;
    Some(Palm::choosing(
        config.palm.as_ref(),
        choice,
        palm::driver(driver)?,
    ))
}

/// A device that can be chosen, or why it cannot.
#[derive(Debug, Clone)]
pub struct Offered<T> {
    /// Names it.
    pub id: String,
    /// Its name, as it says itself.
    pub name: String,
    /// What tells it from others.
    pub identity: String,
    /// What is against it.
    pub hindrance: Option<Cause>,
    /// The device.
    pub device: T,
}

/// The cameras to choose from: those of the machine, and in a demonstration the clips of the configured folder.
pub fn cameras(config: &Config) -> Vec<Offered<Camera>> {
    let devices = camera::list()
        .into_iter()
        .map(|entry| real(entry, format(config)));
    let clips = match &config.camera {
        Camera::Replay { folder, .. } if config.demo => camera::listed(folder).unwrap_or_default(),
        Camera::Replay { .. } | Camera::Device { .. } => Vec::new(),
    };
    let clips = clips.into_iter().filter_map(|listed| {
        let entry = listed.entry;
        let is_film = listed.contradiction.is_none() && entry.fps > 0.0;
        let camera = is_film.then(|| replayed(config, &entry.file)).flatten()?;
        Some(Offered {
            id: format!("clip:{}", entry.file),
            name: entry.file,
            identity: entry.label,
            hindrance: None,
            device: camera,
        })
    });
    devices.chain(clips).collect()
}

fn real(entry: CameraEntry, format: Format) -> Offered<Camera> {
    let fault = match (&entry.virtual_reason, entry.access) {
        (Some(_), _) => Some(DeviceFault::Virtual),
        (None, access) => access.err(),
    };
    Offered {
        id: format!("device:{}", entry.index),
        name: entry.identity.name.clone(),
        identity: entry.identity.bus_id.clone(),
        hindrance: fault.map(Cause::Device),
        device: Camera::Device {
            index: entry.index,
            format,
            pin: Some(CameraPin::of(&entry.identity)),
        },
    }
}

/// The scanners that may be there: each driver on each port that was found, and on the port of the configuration.
pub fn scanners(config: &Config, ports: &[PortListing]) -> Vec<Offered<String>> {
    let found = ports.iter().map(|port| {
        let name = port.usb.as_ref().and_then(|usb| usb.name.clone());
        (stable(port), name.unwrap_or_default(), port.fault)
    });
    let configured = config.palm.as_ref().map(|palm| palm.setup().choice.to_string());
    let configured = configured
        .filter(|own| ports.iter().all(|port| stable(port) != *own))
        .map(|own| (own, String::new(), None));
    found
        .chain(configured)
        .flat_map(|(port, name, fault)| {
            palm::DRIVERS.iter().map(move |driver| Offered {
                id: scanner_id(driver.name, &port),
                name: driver.name.to_owned(),
                identity: format!("{port} {name}").trim().to_owned(),
                hindrance: fault.map(Cause::Device),
                device: port.clone(),
            })
        })
        .collect()
}

/// Names a scanner by its driver and its port.
pub fn scanner_id(driver: &str, port: &str) -> String {
    format!("{driver}@{port}")
}

/// The name of a port that stays the same over a replug, as far as there is one.
fn stable(port: &PortListing) -> String {
    match (&port.usb, &port.by_id) {
        (Some(usb), _) => PortChoice::Usb {
            vendor: usb.vendor,
            product: usb.product,
            serial: usb.serial.clone(),
        }
        .to_string(),
        (None, Some(path)) => path.display().to_string(),
        (None, None) => port.port.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A demonstration with a clip, or production with a pinned camera.
    fn config(camera: &str, demo: bool) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.toml");
        let (mode, passive, keys) = if demo {
            ("demo", "where-installed", "file")
        } else {
            ("production", "required", "tpm")
        };
        let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/bank.toml");
        let text = format!(
            "mode = {mode:?}\nkiosk_id = \"kiosk-0001\"\ndata = \"/data\"\nmodels = \"/models\"\nprofile = {profile:?}\n\
             [organisation]\nname = \"Bank\"\nbin = \"050140000001\"\n[gateway]\nurl = \"wss://127.0.0.1:1/v1/kiosk\"\n\
             [keys]\nplace = {keys:?}\n[camera]\n{camera}\n[window]\nwidth = 1080\nheight = 1920\nkiosk = true\n\
             [policy]\npassive = {passive:?}\n[palm]\nport = \"usb:10c4:ea60\"\ndriver = \"xst\"\nbaud = 9600\n"
        );
        std::fs::write(&file, text).unwrap();
        Config::load(&file).unwrap()
    }

    fn device(index: u32, pin: Option<&str>) -> Camera {
        Camera::Device {
            index,
            format: Format::default(),
            pin: pin.map(CameraPin::new),
        }
    }

    #[test]
    fn a_camera_is_chosen_remembered_and_forgotten() {
        let config = config("device = 0\npin = \"usb a\"", false);
        let mut choice = Choice::default();
        assert!(choice.camera(&config).is_none());
        assert!(choice.choose_camera(&device(3, Some("usb b")), &config));
        let read = Choice::parse(&choice.text()).unwrap();
        assert_eq!(read, choice);
        assert_eq!(read.camera(&config), Some(device(3, Some("usb b"))));
        choice.forget_camera();
        assert!(choice.camera(&config).is_none());
    }

    #[test]
    fn production_takes_no_clip_and_no_camera_without_its_pin() {
        let real = config("device = 0\npin = \"usb a\"", false);
        let clip = Camera::Replay {
            folder: "/clips".into(),
            clip: "a.mp4".into(),
        };
        let mut choice = Choice::default();
        assert!(!choice.choose_camera(&clip, &real));
        assert!(!choice.choose_camera(&device(1, None), &real));
        assert_eq!(choice, Choice::default());
        // Nor one that was remembered by a demonstration.
        let forged = |device, clip: Option<&str>| Choice {
            camera: Some(CameraChoice {
                over: told(&real.camera),
                device,
                pin: None,
                clip: clip.map(str::to_owned),
            }),
            palm: None,
        };
        assert!(forged(None, Some("a.mp4")).camera(&real).is_none());
        assert!(forged(Some(1), None).camera(&real).is_none());
    }

    #[test]
    fn who_edits_the_configuration_gets_what_it_says() {
        let before = config("folder = \"/clips\"\nclip = \"b.mp4\"", true);
        let after = config("folder = \"/clips\"\nclip = \"c.mp4\"", true);
        let mut choice = Choice::default();
        let clip = replayed(&before, "a.mp4").unwrap();
        assert!(choice.choose_camera(&clip, &before));
        assert!(choice.camera(&before).is_some() && choice.camera(&after).is_none());
        for away in ["../x.mp4", "..", "/etc/passwd", "a\\b"] {
            assert!(replayed(&before, away).is_none(), "{away}");
        }
    }

    #[test]
    fn a_scanner_is_a_driver_on_a_port() {
        let config = config("device = 0\npin = \"usb a\"", false);
        let offers = scanners(&config, &[]);
        let ids: Vec<&str> = offers.iter().map(|offer| offer.id.as_str()).collect();
        assert!(ids.contains(&"reference@usb:10c4:ea60"), "{ids:?}");
        let mut choice = Choice::default();
        for wrong in [
            "",
            "reference",
            "nobody@usb:10c4:ea60",
            "reference@",
            "reference@usb:x",
        ] {
            assert!(!choice.choose_palm(wrong, &config), "{wrong}");
        }
        assert!(choice.choose_palm("xst@/dev/ttyS0", &config));
        let setup = choice.palm(&config).unwrap().setup();
        assert_eq!(
            (setup.choice.to_string().as_str(), setup.baud),
            ("/dev/ttyS0", Some(9600))
        );
        assert!(choice.choose_palm("reference@usb:10c4:ea60", &config));
        let read = Choice::parse(&choice.text()).unwrap();
        let setup = read.palm(&config).unwrap().setup();
        assert_eq!((setup.driver.name, setup.baud), ("reference", None));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Choice::parse(&text);
        }
    }
}
