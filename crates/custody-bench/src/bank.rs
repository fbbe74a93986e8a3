//! The gateway, as a program with papers of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::error::BenchError;
use crate::process::{self, Program};

const NAME: &str = "alaqan-gateway";

/// A folder that `alaqan-gateway init` has filled.
#[derive(Debug)]
pub struct Bank {
    folder: TempDir,
    program: PathBuf,
}

/// A gateway that runs.
#[derive(Debug)]
pub struct Gateway {
    program: Program,
    /// `host:port`.
    pub address: String,
}

/// Key, certificate and authority of a kiosk, as PEM.
#[derive(Debug, Clone)]
pub struct Papers {
    /// Name of the kiosk.
    pub name: String,
    /// The private key.
    pub key: String,
    /// Its certificate.
    pub certificate: String,
    /// The certificate of the authority.
    pub authority: String,
}

impl Bank {
    /// Makes authority, keys and configuration.
    ///
    /// # Errors
    /// When the program fails.
    pub fn found(program: &Path, within: &Path) -> Result<Self, BenchError> {
        let folder = tempfile::tempdir_in(within).map_err(BenchError::file(within))?;
        let bank = Self {
            folder,
            program: program.to_owned(),
        };
        let mut init = Command::new(program);
        init.args(["init", "--listen", "127.0.0.1:0", "--dir"])
            .arg(bank.folder());
        process::run(NAME, &mut init)?;
        Ok(bank)
    }

    /// Where all of it lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces a part of the configuration; it must be there.
    ///
    /// # Errors
    /// When it is not, or the file cannot be written.
    pub fn configure(&self, from: &str, to: &str) -> Result<(), BenchError> {
        let path = self.folder().join("gateway.toml");
        let text = std::fs::read_to_string(&path).map_err(BenchError::file(&path))?;
        if !text.contains(from) {
            return Err(BenchError::Peer(format!(
                "the configuration of the gateway has no {from:?}"
            )));
        }
        std::fs::write(&path, text.replacen(from, to, 1)).map_err(BenchError::file(&path))
    }

    /// Gives a kiosk its papers.
    ///
    /// # Errors
    /// When the program fails.
    pub fn enrol(&self, name: &str) -> Result<Papers, BenchError> {
        let out = self.folder().join("kiosks").join(name);
        let mut enrol = Command::new(&self.program);
        enrol.arg("enrol").arg("--dir").arg(self.folder());
        enrol.args(["--kiosk", name]).arg("--out").arg(&out);
        process::run(NAME, &mut enrol)?;
        let read = |file: &str| {
            let path = out.join(file);
            std::fs::read_to_string(&path).map_err(BenchError::file(path))
        };
        Ok(Papers {
            name: name.to_owned(),
            key: read("kiosk.key")?,
            certificate: read("kiosk.pem")?,
            authority: read("ca.pem")?,
        })
    }

    /// A file of the bank, as text.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, file: &str) -> Result<String, BenchError> {
        let path = self.folder().join(file);
        std::fs::read_to_string(&path).map_err(BenchError::file(path))
    }

    /// Starts the gateway.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn open(&self) -> Result<Gateway, BenchError> {
        let ready = self.folder().join("ready");
        let _ = std::fs::remove_file(&ready);
        let mut run = Command::new(&self.program);
        run.arg("run")
            .arg("--config")
            .arg(self.folder().join("gateway.toml"));
        run.arg("--ready-file").arg(&ready);
        let mut program = Program::start(NAME, &mut run, &self.folder().join("gateway.log"))?;
        let address = program.until(|| {
            std::fs::read_to_string(&ready)
                .ok()
                .filter(|text| !text.is_empty())
        })?;
        Ok(Gateway {
            program,
            address: address.trim().to_owned(),
        })
    }
}

impl Gateway {
    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// Where kiosks find it.
    pub fn url(&self) -> String {
        format!("wss://{}/v1/kiosk", self.address)
    }
}
