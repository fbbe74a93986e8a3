//! What the machine needs before anything can be built.

use std::path::Path;
use std::process::Command;

use crate::error::XtaskError;
use crate::paths::Paths;
use crate::process;
use crate::steps::{note, step};
use crate::wasm;

/// Debian packages, each with its reason. The one list.
const DEBIAN_PACKAGES: &[(&str, &str)] = &[
    ("libwebkit2gtk-4.1-dev", "the web view of the kiosk window"),
    (
        "webkit2gtk-driver",
        "drives the window in the scripted run and in tests",
    ),
    ("libopencv-dev", "camera and face"),
    ("clang", "the OpenCV binding reads OpenCV's headers with it"),
    ("libclang-dev", "the library half of clang"),
    ("libssl-dev", "the cipher under SQLCipher"),
    ("libudev-dev", "serial ports"),
    ("libasound2-dev", "sound: what the kiosk says"),
    ("espeak-ng", "renders spoken phrases, and says the rest"),
    ("libtss2-dev", "the TPM"),
    ("swtpm", "a TPM for tests"),
    ("gnome-keyring", "a key store of the system for tests"),
    ("dbus-daemon", "the bus on which that key store is reached"),
    ("pkg-config", "finds the libraries above"),
    ("curl", "asks a model's authors for it where no mirror has it"),
    ("xvfb", "a display where there is none"),
    ("xauth", "goes with xvfb"),
    ("python3-venv", "converts the face models"),
    ("openssl", "checks the signed document from outside"),
    (
        "fonts-noto-core",
        "letters of the three languages outside the kiosk's own fonts",
    ),
    ("chromium", "the browser in which the page of examiners is tested"),
    ("chromium-driver", "drives that browser"),
    ("postgresql", "the gateway's other store, started by its tests"),
    ("xdotool", "real keys and clicks for the tests of escapes"),
    ("systemd", "judges the unit of the kiosk in a test"),
    ("imagemagick", "screenshots of the virtual display"),
    (
        "npm",
        "gets axe-core, which looks at the screens, from its registry",
    ),
];

/// Installs what is missing; says nothing much if nothing is.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    packages()?;
    wasm::perform(paths)
}

fn packages() -> Result<(), XtaskError> {
    if !is_debian() {
        return other_system();
    }
    let missing = missing_packages()?;
    if missing.is_empty() {
        note("Debian packages: all installed");
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    let install = ["install", "-y", "--no-install-recommends"];
    let by_hand = format!(
        "apt-get update && apt-get {} {}",
        install.join(" "),
        names.join(" ")
    );
    let apt = || {
        let mut command = Command::new("apt-get");
        if !is_root() {
            command = Command::new("sudo");
            command.args(["-n", "apt-get"]);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    if !is_root() && process::ask(Command::new("sudo").args(["-n", "true"])).is_none() {
        return Err(XtaskError::ByHand {
            what: "Debian packages are missing, and only root may install them. Please run:".into(),
            command: format!("sudo sh -c '{by_hand}'"),
        });
    }
    step(&format!("Installing {} Debian packages", names.len()), || {
        for (name, reason) in &missing {
            note(format!("{name}: {reason}"));
        }
        process::run(apt().args(["-q", "update"]))?;
        process::run(apt().arg("-q").args(install).args(&names))
    })
}

fn missing_packages() -> Result<Vec<(&'static str, &'static str)>, XtaskError> {
    let names = DEBIAN_PACKAGES.iter().map(|(name, _)| *name);
    // The exit code is 1 as soon as one package is unknown; the known ones are listed all the same.
    let output = Command::new("dpkg-query")
        .args(["-W", "-f", "${Package} ${db:Status-Status}\n"])
        .args(names)
        .output()
        .map_err(|source| XtaskError::Start {
            program: "dpkg-query".into(),
            source,
        })?;
    let listed = String::from_utf8_lossy(&output.stdout);
    Ok(DEBIAN_PACKAGES
        .iter()
        .filter(|(name, _)| !is_installed(&listed, name))
        // Where Node.js came from its authors, npm came with it, and the package would not go beside it.
        .filter(|(name, _)| *name != "npm" || process::ask(Command::new("npm").arg("--version")).is_none())
        .copied()
        .collect())
}

fn is_installed(listed: &str, name: &str) -> bool {
    listed
        .lines()
        .any(|line| line.split_once(' ') == Some((name, "installed")))
}

fn is_debian() -> bool {
    let Ok(release) = std::fs::read_to_string("/etc/os-release") else {
        return false;
    };
    release_is_debian(&release) && Path::new("/usr/bin/dpkg-query").exists()
}

fn release_is_debian(release: &str) -> bool {
    release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| *key == "ID" || *key == "ID_LIKE")
        .any(|(_, value)| {
            value
                .trim_matches('"')
                .split(' ')
                .any(|id| id == "debian" || id == "ubuntu")
        })
}

fn other_system() -> Result<(), XtaskError> {
    let list: Vec<String> = DEBIAN_PACKAGES
        .iter()
        .map(|(name, reason)| format!("  {name:24} {reason}"))
        .collect();
    Err(XtaskError::Unsupported(format!(
        "This set-up knows Debian and Ubuntu. On this system please install what these Debian packages \
         bring, then build with cargo as usual:\n\n{}\n",
        list.join("\n")
    )))
}

fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_children_are_known() {
        let check = |release: &str, expect: bool| assert_eq!(release_is_debian(release), expect, "{release}");
        check("NAME=\"Debian GNU/Linux\"\nID=debian\n", true);
        check("ID=ubuntu\nID_LIKE=debian\n", true);
        check("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true);
        check("ID=fedora\nID_LIKE=\"rhel centos\"\n", false);
        check("PRETTY_NAME=debian\n", false);
        check("", false);
    }

    #[test]
    fn a_removed_package_is_missing() {
        let listed = "xvfb installed\nopenssl config-files\nlibssl-dev installed\n";
        let check = |name: &str, expect: bool| assert_eq!(is_installed(listed, name), expect, "{name}");
        check("xvfb", true);
        check("openssl", false);
        check("libssl", false);
        check("clang", false);
    }
}
