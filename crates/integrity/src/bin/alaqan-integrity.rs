//! `alaqan-integrity`: what a packager and an auditor do with the manifest of an installation.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use integrity::{
    Installation, IntegrityError, MANIFEST_NAME, Release, ReleaseKey, ReleaseSigner, Signs, Sources, list,
    make_key, signature_of, this_target,
};
use verification::integrity::{FilesState, IntegrityReport, Seen};
use verification::time::UtcMs;
use zeroize::Zeroizing;

/// Makes and checks the signed manifest of an installation, and says what else the kiosk would see on this machine.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done, and all is what it should be; 1 something differs, or the manifest does not count; 2 \
                  something cannot be read or written, or there is no manifest; 3 wrong use of the command."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List all files of a folder in a manifest, and sign it.
    Make {
        /// The folder as it will be installed.
        #[arg(long, value_name = "FOLDER")]
        folder: PathBuf,
        /// The release key: PKCS#8 in PEM, without a password. Without it the manifest is not signed.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// The manifest; its signature is written beside it, with `.sig` behind the name.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The version of the software.
        #[arg(long, value_name = "VERSION", default_value = env!("CARGO_PKG_VERSION"))]
        release: String,
        /// What it was built for.
        #[arg(long, value_name = "TARGET", default_value_t = this_target())]
        target: String,
        /// A folder, below the other one, in which nothing but listed files may stand; may be given several times. `.` is
        /// all of it, and what is taken where none is given.
        #[arg(long, value_name = "PATH", conflicts_with = "shared")]
        exclusive: Vec<String>,
        /// Other programs keep their files in the same folders: there is none in which nothing else may stand.
        #[arg(long)]
        shared: bool,
    },
    /// Check the files of a folder against a manifest and its signature.
    Check {
        /// The folder of the installation.
        #[arg(long, value_name = "FOLDER")]
        folder: PathBuf,
        /// The manifest, if it is not `alaqan.manifest` in that folder.
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
        /// A release key: PEM file; may be given several times.
        #[arg(long, value_name = "FILE", required = true)]
        public_key: Vec<PathBuf>,
        /// The version that must be installed.
        #[arg(long, value_name = "VERSION", requires = "target")]
        release: Option<String>,
        /// What it must have been built for.
        #[arg(long, value_name = "TARGET", requires = "release")]
        target: Option<String>,
    },
    /// Print what is seen of debuggers, code from elsewhere, and virtual machines.
    Environment,
    /// Make a new release key.
    Keygen {
        /// The private key, PKCS#8 in PEM. The file must not be there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The public key in PEM. The file must not be there yet.
        #[arg(long, value_name = "FILE")]
        public: PathBuf,
    },
}

/// What the exit code says.
enum Outcome {
    Good,
    Bad,
    CannotTell,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to tell where this cannot be printed.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(3)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match act(arguments.verb) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        Ok(Outcome::CannotTell) => ExitCode::from(2),
        Err(error) => {
            eprintln!("alaqan-integrity: {}", chain(&*error));
            ExitCode::from(2)
        }
    }
}

fn act(verb: Verb) -> Result<Outcome, Box<dyn Error>> {
    match verb {
        Verb::Make {
            folder,
            key,
            out,
            release,
            target,
            exclusive,
            shared,
        } => {
            let exclusive = if exclusive.is_empty() && !shared {
                vec![".".to_owned()]
            } else {
                exclusive
            };
            let signer = key.as_deref().map(signer).transpose()?;
            make(
                &folder,
                signer.as_ref(),
                &out,
                &Release {
                    version: release,
                    target,
                },
                &exclusive,
            )
        }
        Verb::Check {
            folder,
            manifest,
            public_key,
            release,
            target,
        } => {
            let installation = Installation {
                manifest: manifest.unwrap_or_else(|| folder.join(MANIFEST_NAME)),
                folder,
                keys: public_key
                    .iter()
                    .map(|file| public(file))
                    .collect::<Result<_, _>>()?,
                program: None,
                release: release
                    .zip(target)
                    .map(|(version, target)| Release { version, target }),
            };
            check(&installation)
        }
        Verb::Environment => environment(),
        Verb::Keygen { out, public } => keygen(&out, &public),
    }
}

fn make(
    folder: &Path,
    signer: Option<&ReleaseSigner>,
    out: &Path,
    release: &Release,
    exclusive: &[String],
) -> Result<Outcome, Box<dyn Error>> {
    let signature = signature_of(out);
    let own = [out.to_owned(), signature.clone()];
    let manifest = list(folder, &release.version, &release.target, exclusive, &own)?;
    let text = manifest.to_text();
    write(out, text.as_bytes())?;
    let mut said = format!(
        "{}: {} files of {} for {}",
        out.display(),
        manifest.files().len(),
        manifest.version(),
        manifest.target()
    );
    match signer {
        Some(signer) => {
            write(&signature, &signer.sign(text.as_bytes()))?;
            said += &format!(
                "\n{}: signed by {}",
                signature.display(),
                signer.public_key().to_hex()
            );
        }
        None => {
            // One that is left from before would be for another text.
            match std::fs::remove_file(&signature) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(unwritable(&signature)(error).into());
                }
                _ => said += &format!("\nnot signed; the signature belongs into {}", signature.display()),
            }
        }
    }
    writeln!(io::stdout(), "{said}")?;
    Ok(Outcome::Good)
}

fn check(installation: &Installation) -> Result<Outcome, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let mut failed = Ok(());
    let checked = installation.check(&mut |deviation| {
        if failed.is_ok() {
            // One line for each, whatever the file is called.
            failed = writeln!(out, "{}: {}", deviation.path.escape_debug(), deviation.what);
        }
    });
    failed?;
    if let Some(sha256) = checked.manifest_sha256 {
        let digits: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(out, "manifest {digits}")?;
    }
    let (said, outcome) = match &checked.files {
        FilesState::Intact { files } => (format!("intact: {files} files"), Outcome::Good),
        FilesState::Deviating(found) => {
            let said = format!(
                "not intact: of {} files {} altered, {} missing, {} unreadable; {} extra",
                found.files,
                found.altered.count(),
                found.missing.count(),
                found.unreadable.count(),
                found.extra.count()
            );
            let is_bad = found.altered.count() + found.missing.count() + found.extra.count() > 0;
            (said, if is_bad { Outcome::Bad } else { Outcome::CannotTell })
        }
        FilesState::NoKey => ("no release key".to_owned(), Outcome::CannotTell),
        FilesState::NoManifest => {
            let said = format!(
                "there is no manifest {}, or no signature beside it",
                installation.manifest.display()
            );
            (said, Outcome::CannotTell)
        }
        FilesState::UnreadableManifest => {
            let said = format!(
                "{} or its signature cannot be read",
                installation.manifest.display()
            );
            (said, Outcome::CannotTell)
        }
        FilesState::BadManifest => ("the signed manifest breaks a rule".to_owned(), Outcome::Bad),
        FilesState::BadSignature => (
            "no release key that was given made the signature for this manifest".to_owned(),
            Outcome::Bad,
        ),
        FilesState::OtherRelease { version, target } => (
            format!("the manifest is of another release: {version} for {target}"),
            Outcome::Bad,
        ),
    };
    writeln!(out, "{said}")?;
    Ok(outcome)
}

fn environment() -> Result<Outcome, Box<dyn Error>> {
    let program = std::env::current_exe().and_then(std::fs::canonicalize);
    let own: Vec<String> = program
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let signs = Signs::from_sources(&Sources::read(), &own);
    let mut out = io::stdout().lock();
    let topics = [
        ("debugger", &signs.debugger),
        ("code from elsewhere", &signs.injected_libraries),
        ("virtual environment", &signs.virtual_environment),
    ];
    for (topic, seen) in topics {
        match seen {
            Seen::No => writeln!(out, "{topic}: none seen")?,
            Seen::Unknown => writeln!(out, "{topic}: cannot be told")?,
            Seen::Yes(signs) => {
                writeln!(out, "{topic}:")?;
                for sign in signs {
                    writeln!(out, "  {sign}")?;
                }
            }
        }
    }
    let report = IntegrityReport {
        manifest_sha256: None,
        files: FilesState::NoKey,
        debugger: signs.debugger,
        injected_libraries: signs.injected_libraries,
        virtual_environment: signs.virtual_environment,
        checked_at: now(),
    };
    let codes = report.codes();
    let codes: Vec<&str> = codes
        .iter()
        .map(String::as_str)
        .filter(|code| !code.starts_with("files:"))
        .collect();
    writeln!(out, "codes: {}", codes.join(" "))?;
    Ok(Outcome::Good)
}

fn keygen(out: &Path, public: &Path) -> Result<Outcome, Box<dyn Error>> {
    let key = make_key()?;
    let mut options = File::options();
    options.write(true).create_new(true);
    // The public half first: a private key is not left behind where the other cannot be written.
    let mut file = options.open(public).map_err(unwritable(public))?;
    file.write_all(key.public_key().to_pem().as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(unwritable(public))?;
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(out).and_then(|mut file| {
        file.write_all(key.to_pem().as_bytes())?;
        file.sync_all()
    });
    if let Err(error) = written {
        // It is of no key that anybody has.
        let _ = std::fs::remove_file(public);
        return Err(unwritable(out)(error).into());
    }
    writeln!(io::stdout(), "{}", key.public_key().to_hex())?;
    Ok(Outcome::Good)
}

fn signer(file: &Path) -> Result<ReleaseSigner, Box<dyn Error>> {
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(unreadable(file))?);
    let key = ReleaseSigner::from_pem(&text);
    key.map_err(|error| format!("{}: {error}", file.display()).into())
}

fn public(file: &Path) -> Result<ReleaseKey, Box<dyn Error>> {
    let text = std::fs::read_to_string(file).map_err(unreadable(file))?;
    let key = ReleaseKey::parse(&text);
    key.map_err(|error| format!("{}: {error}", file.display()).into())
}

/// Writes a file whole or not at all: a kiosk that starts meanwhile reads the old one or the new one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), IntegrityError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let written = File::create(&new)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&new, path));
    written.map_err(|error| {
        // What is left of it is of no use; that it cannot be removed is the smaller trouble.
        let _ = std::fs::remove_file(&new);
        unwritable(path)(error)
    })
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> IntegrityError {
    let path = path.to_owned();
    |source| IntegrityError::Read { path, source }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> IntegrityError {
    let path = path.to_owned();
    |source| IntegrityError::Write { path, source }
}

/// An error and what caused it, on one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

fn now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
