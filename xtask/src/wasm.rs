//! The compiler for wasm.
//!
//! Normally the toolchain in use with the wasm target, which rustup adds. Rustup's server is none of the package
//! registries, though, and a machine that reaches nothing else gets the compiler that Debian builds its web
//! programs with: its packages are unpacked into the cache, installed nowhere, and the standard library is built
//! from their sources together with the screens.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

/// The target of the screens.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler and its sources; what they need in turn is found by [`wanted_dependencies`].
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "libstd-rust-web-dev"];

/// Makes sure that there is a compiler for wasm.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    if is_installed() {
        note("wasm target: installed");
        return Ok(());
    }
    let debian = DebianCompiler::at(paths);
    if debian.is_unpacked() {
        note(format!("wasm: Debian's compiler in {}", debian.root.display()));
        return Ok(());
    }
    let added = step(
        &format!("Adding the target {TARGET} to the Rust toolchain"),
        || {
            let mut command = Command::new("rustup");
            command.args(["target", "add", TARGET]);
            if let Some(toolchain) = std::env::var_os("RUSTUP_TOOLCHAIN") {
                command.arg("--toolchain").arg(toolchain);
            }
            process::run(&mut command)
        },
    );
    match added {
        Err(error) if has("apt-get") => {
            note(format!("{error}; Debian's compiler is taken instead"));
            step("Unpacking Debian's compiler for the web (about 110 MB)", || {
                debian.unpack()
            })
        }
        added => added,
    }
}

/// Whether the toolchain in use has the target.
pub fn is_installed() -> bool {
    sysroot().is_some_and(|root| root.join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

/// Makes a cargo command build for wasm and gives the folder in which it puts its results.
pub fn aim(paths: &Paths, cargo: &mut Command) -> Result<PathBuf, XtaskError> {
    cargo.args(["--target", TARGET]);
    if is_installed() {
        return Ok(paths.target.join(TARGET));
    }
    let debian = DebianCompiler::at(paths);
    let linker = linker().ok_or_else(|| XtaskError::ByHand {
        what: "There is no linker for wasm. Please add the target where rustup's server can be reached:"
            .into(),
        command: format!("rustup target add {TARGET}"),
    })?;
    // Building the standard library is not stable yet, hence the variable that lets a stable compiler do it.
    cargo
        .arg("-Zbuild-std=std,panic_abort")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", debian.program());
    cargo
        .env("LD_LIBRARY_PATH", debian.library_path())
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    let target = paths.target.join("debian-web");
    cargo.arg("--target-dir").arg(&target);
    Ok(target.join(TARGET))
}

/// The packages of Debian's compiler, unpacked.
struct DebianCompiler {
    root: PathBuf,
}

impl DebianCompiler {
    fn at(paths: &Paths) -> Self {
        Self {
            root: paths.cache.join("debian-web"),
        }
    }

    fn program(&self) -> PathBuf {
        self.root.join("usr/bin/rustc")
    }

    fn is_unpacked(&self) -> bool {
        let mut rustc = Command::new(self.program());
        rustc.arg("-V").env("LD_LIBRARY_PATH", self.library_path());
        self.root.join("complete").exists() && process::ask(&mut rustc).is_some()
    }

    /// Where its compiler and the LLVM under it are; the latter's folder carries a version.
    fn library_path(&self) -> OsString {
        let mut folders = vec![self.root.join("usr/lib/x86_64-linux-gnu")];
        if let Ok(entries) = std::fs::read_dir(self.root.join("usr/lib")) {
            let llvm = entries
                .filter_map(Result::ok)
                .map(|entry| entry.path().join("lib"));
            folders.extend(llvm.filter(|path| path.to_string_lossy().contains("/llvm-")));
        }
        std::env::join_paths(folders).unwrap_or_default()
    }

    fn unpack(&self) -> Result<(), XtaskError> {
        let downloads = self.root.join("downloads");
        paths::create_folder(&downloads)?;
        let mut wanted: Vec<String> = DEBIAN_PACKAGES.map(str::to_owned).to_vec();
        let mut at = 0;
        while let Some(name) = wanted.get(at).cloned() {
            at += 1;
            note(&name);
            let archive = download(&downloads, &name)?;
            process::run(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&self.root))?;
            let depends = process::output(Command::new("dpkg-deb").arg("-f").arg(&archive).arg("Depends"))?;
            for dependency in wanted_dependencies(&String::from_utf8_lossy(&depends)) {
                if !wanted.contains(&dependency) {
                    wanted.push(dependency);
                }
            }
            std::fs::remove_file(&archive).map_err(XtaskError::file(&archive, "removed"))?;
        }
        paths::write(&self.root.join("complete"), "")
    }
}

/// Downloads one Debian package into an empty folder.
fn download(folder: &Path, name: &str) -> Result<PathBuf, XtaskError> {
    process::run(
        Command::new("apt-get")
            .current_dir(folder)
            .args(["-q", "download", name]),
    )?;
    let archive = paths::files_under(folder)?
        .into_iter()
        .find(|file| file.extension().is_some_and(|end| end == "deb"));
    archive.ok_or_else(|| XtaskError::Unsupported(format!("apt-get did not download {name}")))
}

/// The names in a `Depends` field that are parts of the compiler; all others are on every Debian machine.
fn wanted_dependencies(depends: &str) -> Vec<String> {
    depends
        .split(',')
        .filter_map(|dependency| dependency.split_whitespace().next())
        .filter(|name| name.starts_with("libstd-rust-web") || name.starts_with("libllvm"))
        .map(str::to_owned)
        .collect()
}

/// The linker that every toolchain of rustup carries.
fn linker() -> Option<PathBuf> {
    let about = process::ask(rustc().arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "))?;
    Some(sysroot()?.join("lib/rustlib").join(host).join("bin/rust-lld")).filter(|linker| linker.exists())
}

fn sysroot() -> Option<PathBuf> {
    process::ask(rustc().args(["--print", "sysroot"])).map(PathBuf::from)
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

fn has(program: &str) -> bool {
    process::ask(Command::new(program).arg("--version")).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parts_of_the_compiler_are_followed() {
        let check =
            |depends: &str, expect: &[&str]| assert_eq!(wanted_dependencies(depends), expect, "{depends}");
        check("", &[]);
        check("libc6 (>= 2.34), libllvm22, libstdc++6 (>= 11)\n", &["libllvm22"]);
        check(
            "libgcc-s1 (>= 3.0), libstd-rust-web-dev (= 1.96.0), gcc",
            &["libstd-rust-web-dev"],
        );
    }
}
