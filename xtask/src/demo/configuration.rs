//! The configuration file of the kiosk in the demonstration.

use std::path::Path;

use serde::Serialize;

use super::KIOSK;
use super::KIOSK_SCREEN_PX;
use super::clip::Camera;

/// What differs from one demonstration to the next.
pub struct Facts<'a> {
    /// Folder of the outbox.
    pub data: &'a Path,
    /// Folder of the models.
    pub models: &'a Path,
    /// The profile of the institution.
    pub profile: &'a Path,
    /// Host and port of the gateway.
    pub gateway_address: &'a str,
    /// Port of the palm scanner.
    pub palm: &'a Path,
    /// The pack of spoken phrases.
    pub phrases: &'a Path,
    /// Where frames come from.
    pub camera: &'a Camera,
    /// Whether the kiosk is an ordinary window.
    pub windowed: bool,
}

#[derive(Serialize)]
struct File<'a> {
    mode: &'a str,
    kiosk_id: &'a str,
    data: &'a Path,
    models: &'a Path,
    profile: &'a Path,
    organisation: Organisation<'a>,
    gateway: Gateway,
    keys: Keys,
    camera: FileCamera<'a>,
    palm: Palm<'a>,
    window: Window,
    policy: Policy<'a>,
    hours: Hours,
    speech: Speech<'a>,
}

#[derive(Serialize)]
struct Speech<'a> {
    pack: &'a Path,
}

/// A demonstration is open at any time.
#[derive(Serialize)]
struct Hours {
    mon: [&'static str; 1],
    tue: [&'static str; 1],
    wed: [&'static str; 1],
    thu: [&'static str; 1],
    fri: [&'static str; 1],
    sat: [&'static str; 1],
    sun: [&'static str; 1],
}

const ALL_DAY: [&str; 1] = ["00:00-24:00"];

#[derive(Serialize)]
struct Organisation<'a> {
    name: &'a str,
    bin: &'a str,
}

#[derive(Serialize)]
struct Gateway {
    url: String,
}

#[derive(Serialize)]
struct Keys {
    place: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FileCamera<'a> {
    Device { device: u32 },
    Replay { folder: &'a Path, clip: &'a str },
}

#[derive(Serialize)]
struct Palm<'a> {
    port: &'a Path,
    driver: &'static str,
}

/// What the palm scanner of the demonstration speaks: the one protocol that measures all that the rules ask for.
pub const PALM_DRIVER: &str = "reference";

#[derive(Serialize)]
struct Window {
    width: u32,
    height: u32,
    kiosk: bool,
}

#[derive(Serialize)]
struct Policy<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_set: Option<&'a [&'static str]>,
    passive: &'static str,
}

/// The file's text.
pub fn text(facts: &Facts<'_>) -> String {
    let (camera, challenge_set) = match facts.camera {
        Camera::Device { number } => (FileCamera::Device { device: *number }, None),
        Camera::Replay {
            folder, clip, offers, ..
        } => (FileCamera::Replay { folder, clip }, Some(offers.as_slice())),
    };
    let file = File {
        mode: "demo",
        kiosk_id: KIOSK,
        data: facts.data,
        models: facts.models,
        profile: facts.profile,
        organisation: Organisation {
            name: "Demo Bank",
            bin: "050140000001",
        },
        gateway: Gateway {
            url: format!("wss://{}/v1/kiosk", facts.gateway_address),
        },
        keys: Keys { place: "file" },
        camera,
        palm: Palm {
            port: facts.palm,
            driver: PALM_DRIVER,
        },
        window: Window {
            width: if facts.windowed {
                KIOSK_SCREEN_PX.0 / 2
            } else {
                KIOSK_SCREEN_PX.0
            },
            height: if facts.windowed {
                KIOSK_SCREEN_PX.1 / 2
            } else {
                KIOSK_SCREEN_PX.1
            },
            kiosk: !facts.windowed,
        },
        policy: Policy {
            challenge_set,
            // The passive pair cannot be had from the package registries; a demonstration goes without, and the
            // document says so.
            passive: "where-installed",
        },
        hours: Hours {
            mon: ALL_DAY,
            tue: ALL_DAY,
            wed: ALL_DAY,
            thu: ALL_DAY,
            fri: ALL_DAY,
            sat: ALL_DAY,
            sun: ALL_DAY,
        },
        speech: Speech { pack: facts.phrases },
    };
    let body = toml::to_string(&file).unwrap_or_else(|error| unreachable!("only text and numbers: {error}"));
    format!("# Written by `cargo xtask run` at every start.\n{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_the_kiosk_reads() {
        let check = |camera: &Camera, expect: &str| {
            let text = text(&Facts {
                data: Path::new("/d/data"),
                models: Path::new("/m"),
                profile: Path::new("/p/bank.toml"),
                gateway_address: "127.0.0.1:8443",
                palm: Path::new("/d/palm"),
                phrases: Path::new("/d/phrases.pack"),
                camera,
                windowed: false,
            });
            let (_, rest) = text.split_once("[gateway]").unwrap();
            assert_eq!(rest, expect);
        };
        check(
            &Camera::Device { number: 2 },
            r#"
url = "wss://127.0.0.1:8443/v1/kiosk"

[keys]
place = "file"

[camera]
device = 2

[palm]
port = "/d/palm"
driver = "reference"

[window]
width = 1080
height = 1920
kiosk = true

[policy]
passive = "where-installed"

[hours]
mon = ["00:00-24:00"]
tue = ["00:00-24:00"]
wed = ["00:00-24:00"]
thu = ["00:00-24:00"]
fri = ["00:00-24:00"]
sat = ["00:00-24:00"]
sun = ["00:00-24:00"]

[speech]
pack = "/d/phrases.pack"
"#,
        );
        let replay = Camera::Replay {
            folder: "/c".into(),
            clip: "a.mp4".into(),
            offers: vec!["turn-left", "blink", "smile"],
            made: false,
        };
        check(
            &replay,
            r#"
url = "wss://127.0.0.1:8443/v1/kiosk"

[keys]
place = "file"

[camera]
folder = "/c"
clip = "a.mp4"

[palm]
port = "/d/palm"
driver = "reference"

[window]
width = 1080
height = 1920
kiosk = true

[policy]
challenge_set = ["turn-left", "blink", "smile"]
passive = "where-installed"

[hours]
mon = ["00:00-24:00"]
tue = ["00:00-24:00"]
wed = ["00:00-24:00"]
thu = ["00:00-24:00"]
fri = ["00:00-24:00"]
sat = ["00:00-24:00"]
sun = ["00:00-24:00"]

[speech]
pack = "/d/phrases.pack"
"#,
        );
    }
}
