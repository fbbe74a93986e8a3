//! A PostgreSQL server of Debian's package, in a temporary folder, for one test or for all.
//!
//! A shell keeps it: when the test program ends, in whatever way, the shell reads the end of its input, stops the server
//! and removes the folder.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use gateway::store::postgres::PostgresSettings;

use crate::bed::PATIENCE;

/// Run by `sh`: the folder is `$1`, the program and its arguments follow. Says the process id of each server that it
/// starts; for each line that it reads it starts another one.
const KEEPER: &str = r#"
folder=$1; shift
run() { "$@" >>"$folder/log" 2>&1 & pid=$!; echo $pid; }
run "$@"
while read -r line; do wait $pid; run "$@"; done
kill -QUIT $pid; wait $pid
rm -rf "$folder"
"#;

pub struct Server {
    folder: PathBuf,
    keeper: Child,
    pids: BufReader<std::process::ChildStdout>,
    pid: u32,
    port: u16,
    databases: AtomicU32,
}

pub struct Database {
    name: String,
    host: String,
    port: u16,
    authority_pem: Option<Vec<u8>>,
}

/// The server of all tests that do not harm it.
pub fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[]))
}

/// The account under which the server runs: not root, who is refused.
fn account() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self")
        .map(|own| std::os::unix::fs::MetadataExt::uid(&own))
        .unwrap()
        != 0
    {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let line = accounts
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .expect("the account `postgres` of Debian's package `postgresql`");
    let number = |column| line.split(':').nth(column).unwrap().parse().unwrap();
    Some((number(2), number(3)))
}

/// A program of the newest PostgreSQL that is installed.
pub fn program(name: &str) -> PathBuf {
    let versions =
        fs::read_dir("/usr/lib/postgresql").expect("Debian's package `postgresql`: see `cargo xtask setup`");
    let mut programs: Vec<_> = versions
        .map(|version| version.unwrap().path().join("bin").join(name))
        .filter(|program| program.exists())
        .collect();
    programs.sort();
    programs.pop().expect("Debian's package `postgresql`")
}

/// The program, as the account that may run it.
fn unprivileged(program: &Path) -> Command {
    match account() {
        None => Command::new(program),
        Some((user, group)) => {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={group}"))
                .arg("--clear-groups")
                .arg(program);
            command
        }
    }
}

fn good(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {message}");
    output.stdout
}

impl Server {
    /// With these settings, such as `fsync=off`.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_with(settings, 5432, |_| {})
    }

    /// As [`start`](Self::start), on this port of TCP if it is to listen there; `prepare` puts files into the folder,
    /// which belong to the server then.
    pub fn start_with(settings: &[&str], port: u16, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        prepare(&folder);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        if let Some((user, group)) = account() {
            chown(&folder, Some(user), Some(group)).unwrap();
            for entry in fs::read_dir(&folder).unwrap() {
                chown(entry.unwrap().path(), Some(user), Some(group)).unwrap();
            }
        }
        let data = folder.join("data");
        good(
            unprivileged(&program("initdb"))
                .current_dir(&folder)
                .arg("-D")
                .arg(&data)
                .args([
                    "-A",
                    "trust",
                    "-U",
                    "alaqan",
                    "--no-sync",
                    "-E",
                    "UTF8",
                    "--locale=C",
                ]),
        );
        let mut server = unprivileged(&program("postgres"));
        server.arg("-D").arg(&data).arg("-k").arg(&folder);
        server.args([
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=200",
            "-c",
            "log_min_messages=fatal",
        ]);
        for setting in settings {
            server.args(["-c", setting]);
        }
        let mut keeper = Command::new("sh")
            .current_dir(&folder)
            .args(["-c", KEEPER, "sh"])
            .arg(&folder)
            .arg(server.get_program())
            .args(server.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pids = BufReader::new(keeper.stdout.take().unwrap());
        let mut server = Self {
            folder,
            keeper,
            pids,
            pid: 0,
            port,
            databases: AtomicU32::new(0),
        };
        server.started();
        server
    }

    fn started(&mut self) {
        let mut line = String::new();
        self.pids.read_line(&mut line).unwrap();
        self.pid = line.trim().parse().unwrap();
        let end = Instant::now() + PATIENCE;
        while !self.psql("postgres", "SELECT 1").status.success() {
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "the server does not start: {}", log());
        }
    }

    /// Kills the server and its processes as a power failure would.
    pub fn kill(&mut self) {
        // Its processes notice the end of the first one and end themselves.
        good(Command::new("kill").arg("-9").arg(self.pid.to_string()));
    }

    /// Starts it again after [`kill`](Self::kill).
    pub fn restart(&mut self) {
        // The processes of the former one must be gone; the new one refuses to start before.
        writeln!(self.keeper.stdin.as_mut().unwrap(), "again").unwrap();
        self.started();
    }

    fn psql(&self, database: &str, sql: &str) -> std::process::Output {
        Command::new(program("psql"))
            .stdin(Stdio::null())
            .arg("-h")
            .arg(&self.folder)
            .args([
                "-p",
                &self.port.to_string(),
                "-U",
                "alaqan",
                "-d",
                database,
                "-X",
                "-A",
                "-t",
                "-c",
                sql,
            ])
            .output()
            .unwrap()
    }

    /// What a statement gives, as text.
    pub fn ask(&self, database: &str, sql: &str) -> String {
        let output = self.psql(database, sql);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A dump of a database, as an administrator makes it.
    pub fn dump(&self, database: &Database) -> Vec<u8> {
        good(
            Command::new(program("pg_dump"))
                .arg("-h")
                .arg(&self.folder)
                .args([
                    "-p",
                    &self.port.to_string(),
                    "-U",
                    "alaqan",
                    "--inserts",
                    &database.name,
                ]),
        )
    }

    /// The folder with all files of the server.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A new, empty database.
    pub fn database(&self) -> Database {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.ask("postgres", &format!("CREATE DATABASE {name}"));
        Database {
            name,
            host: self.folder.to_str().unwrap().to_owned(),
            port: self.port,
            authority_pem: None,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Database {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As reached over TCP and TLS.
    pub fn over_tls(mut self, host: &str, authority_pem: Vec<u8>) -> Self {
        self.host = host.into();
        self.authority_pem = Some(authority_pem);
        self
    }

    /// The same one, by another way.
    pub fn at(&self, host: &str, port: u16) -> Self {
        Self {
            name: self.name.clone(),
            host: host.into(),
            port,
            authority_pem: None,
        }
    }

    pub fn settings(&self) -> PostgresSettings {
        PostgresSettings {
            host: self.host.clone(),
            port: self.port,
            database: self.name.clone(),
            user: "alaqan".into(),
            password: None,
            authority_pem: self.authority_pem.clone(),
            connections: 4,
        }
    }
}
