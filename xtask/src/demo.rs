//! The whole of Alaqan on one machine: gateway, IDEC simulator, palm simulator and the kiosk window.

mod clip;
mod configuration;
pub mod programs;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use crate::display::Display;
use crate::error::XtaskError;
use crate::models::Upstream;
use crate::paths::{self, Paths};
use crate::steps::{note, step};
use crate::{models, process, setup, speech, ui};
use clip::Camera;
use programs::{Interrupt, Programs};

/// How the demonstration is run.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Drive whole verifications without a person, check the last signed document, and end.
    #[arg(long, value_name = "NAME", value_parser = ["face", "palm"])]
    script: Option<String>,
    /// Folder of recorded clips with a manifest.toml; the default is ALAQAN_FOOTAGE.
    #[arg(long, value_name = "DIR")]
    clips: Option<PathBuf>,
    /// Replay this clip of the folder even if there is a camera.
    #[arg(long, value_name = "FILE")]
    clip: Option<String>,
    /// Forget the earlier demonstration first: keys, documents, outbox.
    #[arg(long)]
    fresh: bool,
    /// Where pictures of the window go; the default is `screenshots` in the demo folder.
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
    /// A window of ordinary size instead of the whole screen.
    #[arg(long)]
    windowed: bool,
    /// Not of the command line: how long a soak lasts.
    #[arg(skip)]
    soak: Option<Soak>,
}

/// How long a soak lasts.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Soak {
    /// How many sessions.
    #[arg(long, default_value_t = 5000)]
    sessions: u32,
    /// End after so many minutes, with the sessions walked so far.
    #[arg(long)]
    minutes: Option<u32>,
}

/// How a soak is run.
#[derive(Debug, clap::Args)]
pub struct SoakArguments {
    #[command(flatten)]
    soak: Soak,
    /// Where table and chart go; the default is `screenshots` in the demo folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs a soak: a demonstration from its beginning, with very many people who leave.
pub fn soak(paths: &Paths, arguments: &SoakArguments) -> Result<(), XtaskError> {
    let demonstration = Arguments {
        script: Some("soak".to_owned()),
        clips: None,
        clip: None,
        fresh: true,
        screenshots: arguments.out.clone(),
        windowed: false,
        soak: Some(arguments.soak),
    };
    perform(paths, &demonstration)
}

/// An upright kiosk screen, for where there is no display.
const KIOSK_SCREEN_PX: (u32, u32) = (1080, 1920);

/// Name of the one kiosk of the demonstration.
const KIOSK: &str = "kiosk-0001";

/// How long a program may take until it is ready.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// Installs and builds what is missing, starts everything and waits for the end.
pub fn perform(paths: &Paths, arguments: &Arguments) -> Result<(), XtaskError> {
    if cfg!(not(unix)) {
        return Err(XtaskError::Unsupported(
            "the demonstration needs pseudo-terminals: run it on Linux".into(),
        ));
    }
    setup::perform(paths)?;
    models::perform(paths, Upstream::TryOnce)?;
    ui::perform(paths, &ui::Arguments::default())?;
    build(paths)?;
    speech::render(paths)?;
    // Thousands of sessions, and their memory, are those of the program that is shipped.
    let kiosk = match arguments.soak {
        Some(_) => build_optimized(paths)?,
        None => paths.binary("alaqan"),
    };
    let stage = Stage::set(paths, arguments, kiosk)?;
    let mut programs = Programs::new(stage.folder.join("logs"), Interrupt::watch()?)?;
    let result = stage.play(paths, arguments, &mut programs);
    let logs = programs.end();
    match result {
        Err(XtaskError::Stopped) if arguments.script.is_none() => Ok(()),
        Err(XtaskError::Demo { what, .. }) => Err(XtaskError::Demo { what, logs }),
        result => result,
    }
}

/// Builds every program of the workspace: the same packages, and so the same features, as the tests have.
pub fn build(paths: &Paths) -> Result<(), XtaskError> {
    step("Building the programs", || {
        let mut cargo = process::cargo();
        cargo
            .current_dir(&paths.root)
            .args(["build", "--workspace", "--exclude", "ui", "--bins"]);
        process::run(&mut cargo)
    })
}

/// Builds the kiosk as it is shipped, and gives it.
pub fn build_optimized(paths: &Paths) -> Result<PathBuf, XtaskError> {
    step("Building the kiosk with optimization", || {
        let mut cargo = process::cargo();
        cargo
            .current_dir(&paths.root)
            .args(["build", "--quiet", "--release"]);
        process::run(cargo.args(["-p", "alaqan", "--bin", "alaqan"]))
    })?;
    let name = format!("alaqan{}", std::env::consts::EXE_SUFFIX);
    Ok(paths.target.join("release").join(name))
}

/// The folder of the demonstration and what is in it.
struct Stage {
    kiosk: PathBuf,
    folder: PathBuf,
    gateway: PathBuf,
    screenshots: PathBuf,
}

impl Stage {
    fn set(paths: &Paths, arguments: &Arguments, kiosk: PathBuf) -> Result<Self, XtaskError> {
        let here = std::env::current_dir().map_err(XtaskError::file(".", "found"))?;
        let folder =
            paths::folder("ALAQAN_DEMO").map_or_else(|| paths.target.join("demo"), |path| here.join(path));
        if arguments.fresh {
            paths::remove_folder(&folder)?;
            note("the earlier demonstration is forgotten");
        }
        let screenshots = match &arguments.screenshots {
            Some(path) => here.join(path),
            None => {
                let own = folder.join("screenshots");
                paths::remove_folder(&own)?;
                own
            }
        };
        for folder in [&folder, &screenshots, &folder.join("data"), &folder.join("ready")] {
            paths::create_folder(folder)?;
        }
        // Documents and keys of the demonstration are nobody else's business.
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(&folder, mode).map_err(XtaskError::file(&folder, "protected"))?;
        }
        Ok(Self {
            kiosk,
            gateway: folder.join("gateway"),
            folder,
            screenshots,
        })
    }

    fn play(&self, paths: &Paths, arguments: &Arguments, programs: &mut Programs) -> Result<(), XtaskError> {
        let scripted = arguments.script.is_some();
        let camera = Camera::choose(
            paths,
            arguments.clips.as_deref(),
            arguments.clip.as_deref(),
            scripted,
        )?;
        note(camera.statement());
        // A soak touches whatever stands on the screen.
        let display = match arguments.soak {
            Some(_) => Display::virtual_one(KIOSK_SCREEN_PX)?,
            None => Display::find(KIOSK_SCREEN_PX)?,
        };
        let address = step("Starting gateway, IDEC simulator and palm simulator", || {
            self.start(paths, programs)
        })?;
        let config = self.configure(paths, arguments, &camera, &address)?;
        if !self.folder.join("data").join("identity").exists() {
            step("Enrolling the kiosk with a one-time code", || {
                self.enrol(paths, &config)
            })?;
        }
        note(format!("demo folder {}", self.folder.display()));
        match &arguments.script {
            Some(script) => self.walk(paths, script, arguments.soak, &config, &display, programs),
            None => self.show(&config, &display, programs),
        }
    }

    /// Starts what stands behind the kiosk and gives the gateway's address.
    fn start(&self, paths: &Paths, programs: &mut Programs) -> Result<String, XtaskError> {
        let gateway = || Command::new(paths.binary("alaqan-gateway"));
        if !self.gateway.join("gateway.toml").exists() {
            programs.perform(
                "gateway-init",
                gateway().args(["init", "--dir"]).arg(&self.gateway),
            )?;
        }
        let ready = |name: &str| self.folder.join("ready").join(name);
        // Free ports, because the ones in the configuration files may be taken.
        let listen = ["--listen", "127.0.0.1:0"];
        let mut centre = Command::new(paths.binary("alaqan-idec-sim"));
        centre
            .args(listen)
            .arg("--config")
            .arg(self.gateway.join("idec.toml"));
        let centre = programs.start("idec-sim", &mut centre, Some(&ready("idec-sim")))?;
        let mut palm = Command::new(paths.binary("alaqan-palm-sim"));
        palm.args(["--protocol", configuration::PALM_DRIVER, "--link"])
            .arg(self.palm());
        // It forgets everybody when it ends. With another seed it is another scanner, in which nobody is enrolled yet.
        palm.args(["--seed", &seconds_since_1970().to_string()]);
        programs.start("palm-sim", &mut palm, Some(&ready("palm-sim")))?;
        let mut run = gateway();
        run.arg("run")
            .args(listen)
            .args(["--idec-url", &format!("https://{centre}")]);
        run.arg("--config").arg(self.gateway.join("gateway.toml"));
        programs.start("gateway", &mut run, Some(&ready("gateway")))
    }

    /// What a technician does: the gateway gives a code, and the code is typed at the kiosk.
    fn enrol(&self, paths: &Paths, config: &Path) -> Result<(), XtaskError> {
        let mut add = Command::new(paths.binary("alaqan-gateway"));
        add.args(["kiosk", "add", "--kiosk", KIOSK, "--config"])
            .arg(self.gateway.join("gateway.toml"));
        let shown = String::from_utf8_lossy(&process::output(&mut add)?).into_owned();
        let field = |name: &str| {
            shown
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
                .unwrap_or_default()
        };
        let mut enrol = Command::new(paths.binary("alaqan-custody"));
        enrol
            .arg("--config")
            .arg(config)
            .args(["enrol", "--authority-sha256", field("authority:")]);
        process::output_of(&mut enrol, field("code:").as_bytes()).map(|_| ())
    }

    fn palm(&self) -> PathBuf {
        self.folder.join("palm")
    }

    fn configure(
        &self,
        paths: &Paths,
        arguments: &Arguments,
        camera: &Camera,
        address: &str,
    ) -> Result<PathBuf, XtaskError> {
        let file = self.folder.join("kiosk.toml");
        let facts = configuration::Facts {
            data: &self.folder.join("data"),
            models: &paths.models,
            profile: &paths.root.join("profiles/bank.toml"),
            gateway_address: address,
            palm: &self.palm(),
            phrases: &speech::pack(paths),
            camera,
            windowed: arguments.windowed,
        };
        paths::write(&file, configuration::text(&facts))?;
        Ok(file)
    }

    /// A person uses the kiosk until they close it or interrupt this program.
    fn show(&self, config: &Path, display: &Display, programs: &mut Programs) -> Result<(), XtaskError> {
        let mut kiosk = Command::new(&self.kiosk);
        kiosk.arg("--config").arg(config);
        display.lend(&mut kiosk);
        programs.start("kiosk", &mut kiosk, None)?;
        println!("-> The kiosk is open; Ctrl-C ends it all");
        let picture = self.screenshots.join("now.png");
        let mut announced = false;
        let mut taken = Instant::now();
        programs.wait_for("kiosk", || {
            if taken.elapsed() > Duration::from_secs(5) {
                taken = Instant::now();
                if display.photograph(&picture) && !announced {
                    announced = true;
                    note(format!(
                        "the virtual display is photographed every 5 s into {}",
                        picture.display()
                    ));
                }
            }
        })
    }

    /// The walk program uses the kiosk; then the document is asked back from the gateway and checked.
    fn walk(
        &self,
        paths: &Paths,
        script: &str,
        soak: Option<Soak>,
        config: &Path,
        display: &Display,
        programs: &mut Programs,
    ) -> Result<(), XtaskError> {
        let record = self.folder.join("ready").join("record");
        programs::remove_file(&record)?;
        let mut walk = Command::new(paths.binary("alaqan-walk"));
        walk.arg("--kiosk").arg(&self.kiosk).arg("--config").arg(config);
        walk.args(["--script", script, "--screenshots"])
            .arg(&self.screenshots);
        walk.arg("--record").arg(&record);
        if let Some(soak) = soak {
            walk.args(["--sessions", &soak.sessions.to_string()]);
            if let Some(minutes) = soak.minutes {
                walk.args(["--minutes", &minutes.to_string()]);
            }
        }
        display.lend(&mut walk);
        step(&format!("Driving the window: {script}"), || {
            programs.start_shown("walk", &mut walk)?;
            programs.wait_for("walk", || {})
        })?;
        note(format!("screenshots in {}", self.screenshots.display()));
        if soak.is_some() {
            // Table and chart are all there is to see.
            return Ok(());
        }
        let document = paths::read_text(&record)?.trim().to_owned();
        step(&format!("Checking document {document} from outside"), || {
            let line = self.listed(paths, &document)?.ok_or_else(|| XtaskError::Demo {
                what: format!("the gateway does not hold document {document}"),
                logs: String::new(),
            })?;
            note(format!("gateway   {line}"));
            self.check(paths, &document)
        })
    }

    /// What the gateway says of a document, if it holds it.
    fn listed(&self, paths: &Paths, document: &str) -> Result<Option<String>, XtaskError> {
        let mut list = Command::new(paths.binary("alaqan-gateway"));
        list.args(["list", "--config"])
            .arg(self.gateway.join("gateway.toml"));
        let text = process::output(&mut list)?;
        Ok(line_of(&String::from_utf8_lossy(&text), document))
    }

    fn check(&self, paths: &Paths, document: &str) -> Result<(), XtaskError> {
        let file = self.folder.join(format!("document-{document}.p7m"));
        let mut export = Command::new(paths.binary("alaqan-gateway"));
        export
            .args(["export", "--config"])
            .arg(self.gateway.join("gateway.toml"));
        export.args(["--document", document, "--out"]).arg(&file);
        process::output(&mut export)?;
        let mut openssl = Command::new("openssl");
        openssl
            .args([
                "cms", "-verify", "-cades", "-binary", "-purpose", "any", "-inform", "DER", "-in",
            ])
            .arg(&file);
        openssl.arg("-CAfile").arg(self.gateway.join("ca.pem"));
        // The content is personal; here only the signature is asked about.
        openssl.args(["-out", "/dev/null"]);
        process::output(&mut openssl)?;
        note(format!("document  {}", file.display()));
        note(format!("check it  {}", process::line(&openssl)));
        Ok(())
    }
}

fn seconds_since_1970() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// The line of a list that begins with this id.
fn line_of(list: &str, document: &str) -> Option<String> {
    let line = list
        .lines()
        .find(|line| line.split_whitespace().next() == Some(document))?;
    Some(line.split('\t').collect::<Vec<_>>().join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_found_in_a_list() {
        let id = "00112233445566778899aabbccddeeff";
        let check =
            |list: &str, expect: Option<&str>| assert_eq!(line_of(list, id).as_deref(), expect, "{list}");
        check("", None);
        check(&format!("{id}0\tkiosk-0001\n"), None);
        check(&format!("kiosk-0001\t{id}\n"), None);
        check(
            &format!("\n{id}\tkiosk-0001\tawaited\n"),
            Some(&format!("{id}  kiosk-0001  awaited")),
        );
    }
}
