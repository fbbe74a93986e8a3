//! An enrolled kiosk and its gateway, to be measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use super::KIOSK_SCREEN_PX;
use crate::demo::programs::{Interrupt, Programs};
use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;

/// Name of the kiosk.
const KIOSK: &str = "kiosk-0001";

/// Where a gateway tells operators how it stands, unless its configuration says otherwise.
const OPERATION: &str = "127.0.0.1:8445";

/// A kiosk that is enrolled, with its gateway running.
pub struct Stage {
    /// The kiosk's configuration file.
    pub config: PathBuf,
    /// Holds the gateway.
    _programs: Programs,
}

impl Stage {
    /// Sets it up anew in this folder.
    pub fn set(paths: &Paths, folder: &Path, interrupt: &Interrupt) -> Result<Self, XtaskError> {
        paths::remove_folder(folder)?;
        paths::create_folder(&folder.join("data"))?;
        let gateway = folder.join("gateway");
        let mut programs = Programs::new(folder.join("logs"), interrupt.clone())?;
        let program = || Command::new(paths.binary("alaqan-gateway"));
        programs.perform("gateway-init", program().args(["init", "--dir"]).arg(&gateway))?;
        let gateway_config = gateway.join("gateway.toml");
        // Another gateway of this machine may have the port for operators, which nobody asks here.
        let own = paths::read_text(&gateway_config)?.replace(OPERATION, "127.0.0.1:0");
        paths::write(&gateway_config, own)?;
        let mut run = program();
        run.args(["run", "--listen", "127.0.0.1:0", "--config"])
            .arg(&gateway_config);
        let address = programs.start("gateway", &mut run, Some(&folder.join("ready")))?;
        let config = folder.join("kiosk.toml");
        paths::write(&config, text(paths, folder, &address))?;
        enrol(paths, &config, &gateway_config)?;
        Ok(Self {
            config,
            _programs: programs,
        })
    }
}

/// What a technician does: the gateway gives a code, and the code is typed at the kiosk.
fn enrol(paths: &Paths, config: &Path, gateway_config: &Path) -> Result<(), XtaskError> {
    let mut add = Command::new(paths.binary("alaqan-gateway"));
    add.args(["kiosk", "add", "--kiosk", KIOSK, "--config"])
        .arg(gateway_config);
    let shown = String::from_utf8_lossy(&process::output(&mut add)?).into_owned();
    let field = |name: &str| {
        let line = shown.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim).unwrap_or_default()
    };
    let mut enrol = Command::new(paths.binary("alaqan-custody"));
    enrol
        .arg("--config")
        .arg(config)
        .args(["enrol", "--authority-sha256", field("authority:")]);
    process::output_of(&mut enrol, field("code:").as_bytes()).map(|_| ())
}

#[derive(Serialize)]
struct File<'a> {
    mode: &'a str,
    kiosk_id: &'a str,
    data: PathBuf,
    models: &'a Path,
    profile: PathBuf,
    organisation: Organisation<'a>,
    gateway: Gateway,
    keys: Keys<'a>,
    camera: Camera,
    window: Window,
    policy: Policy<'a>,
    hours: std::collections::BTreeMap<&'a str, [&'a str; 1]>,
}

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
struct Keys<'a> {
    place: &'a str,
}

/// It is not opened before somebody is to be captured.
#[derive(Serialize)]
struct Camera {
    device: u32,
}

#[derive(Serialize)]
struct Window {
    width: u32,
    height: u32,
    kiosk: bool,
}

#[derive(Serialize)]
struct Policy<'a> {
    passive: &'a str,
}

fn text(paths: &Paths, folder: &Path, gateway_address: &str) -> String {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let file = File {
        mode: "demo",
        kiosk_id: KIOSK,
        data: folder.join("data"),
        models: &paths.models,
        profile: paths.root.join("profiles/bank.toml"),
        organisation: Organisation {
            name: "Demo Bank",
            bin: "050140000001",
        },
        gateway: Gateway {
            url: format!("wss://{gateway_address}/v1/kiosk"),
        },
        keys: Keys { place: "file" },
        camera: Camera { device: 0 },
        window: Window {
            width: KIOSK_SCREEN_PX.0,
            height: KIOSK_SCREEN_PX.1,
            kiosk: true,
        },
        policy: Policy {
            passive: "where-installed",
        },
        hours: days.map(|day| (day, ["00:00-24:00"])).into(),
    };
    toml::to_string(&file).unwrap_or_else(|error| unreachable!("only text and numbers: {error}"))
}
