//! A PostgreSQL server of Debian's package, for two gateways, which can be killed.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::error::TortureError;
use crate::programs::{PATIENCE, Running, append, output};

/// The port, which is only a part of the socket's name.
pub const PORT: u16 = 5432;
/// The database, and the role.
pub const DATABASE: &str = "alaqan";

/// A server. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    log: PathBuf,
    running: Option<Running>,
}

impl Server {
    /// Makes a cluster in this folder, which must not be there, and starts it.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn found(folder: &Path, log: &Path) -> Result<Self, TortureError> {
        std::fs::create_dir_all(folder).map_err(TortureError::file(folder, "created"))?;
        if let Some((user, group)) = account()? {
            chown(folder, Some(user), Some(group)).map_err(TortureError::file(folder, "given away"))?;
        }
        let data = folder.join("data");
        let mut init = unprivileged("initdb")?;
        init.args([
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--username",
            DATABASE,
        ]);
        output(init.arg("--pgdata").arg(&data))?;
        let mut server = Self {
            folder: folder.to_owned(),
            log: log.to_owned(),
            running: None,
        };
        server.start()?;
        let mut create = unprivileged("createdb")?;
        create
            .args(["--username", DATABASE, "--host"])
            .arg(&server.folder);
        output(create.arg(DATABASE))?;
        Ok(server)
    }

    /// The folder of its socket.
    pub fn host(&self) -> &Path {
        &self.folder
    }

    /// Starts it, if it does not run, and waits until it takes connections.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(&mut self) -> Result<(), TortureError> {
        if self.running.as_mut().is_some_and(Running::runs) {
            return Ok(());
        }
        let mut command = unprivileged("postgres")?;
        command.arg("-D").arg(self.folder.join("data"));
        command.arg("-k").arg(&self.folder);
        command.args(["-p", &PORT.to_string(), "-c", "listen_addresses="]);
        // A group of its own, so that a kill reaches all of its processes.
        command
            .stdin(Stdio::null())
            .stdout(append(&self.log)?)
            .process_group(0);
        let end = Instant::now() + PATIENCE;
        // What is left of a server that was killed may hold the shared memory for a moment.
        while Instant::now() < end {
            let mut running = Running::start("postgres", &mut command, &self.log)?;
            while running.runs() && Instant::now() < end {
                let mut ask = unprivileged("pg_isready")?;
                ask.args(["--quiet", "--host"]).arg(&self.folder);
                if output(&mut ask).is_ok() {
                    self.running = Some(running);
                    return Ok(());
                }
            }
        }
        Err(TortureError::Late("PostgreSQL does not start".into()))
    }

    /// SIGKILL for all of its processes.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let group = rustix::process::Pid::from_child(running.child());
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            running.kill();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The account under which the server runs: not root, who is refused.
fn account() -> Result<Option<(u32, u32)>, TortureError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let path = Path::new("/etc/passwd");
    let accounts = std::fs::read_to_string(path).map_err(TortureError::file(path, "read"))?;
    let line = accounts.lines().find(|line| line.starts_with("postgres:"));
    let number = |column: usize| line?.split(':').nth(column)?.parse().ok();
    match (number(2), number(3)) {
        (Some(user), Some(group)) => Ok(Some((user, group))),
        _ => Err(missing()),
    }
}

fn missing() -> TortureError {
    TortureError::Late(
        "PostgreSQL of Debian's package `postgresql` is not there: see `cargo xtask setup`".into(),
    )
}

/// A program of the newest PostgreSQL that is installed, as the account that may run it.
fn unprivileged(name: &str) -> Result<Command, TortureError> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").map_err(|_| missing())?;
    let mut programs: Vec<PathBuf> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin").join(name)))
        .filter(|program| program.exists())
        .collect();
    programs.sort();
    let program = programs.pop().ok_or_else(missing)?;
    let Some((user, group)) = account()? else {
        return Ok(Command::new(program));
    };
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={user}"))
        .arg(format!("--regid={group}"));
    command.arg("--clear-groups").arg(program);
    Ok(command)
}
