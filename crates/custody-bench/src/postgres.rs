//! A PostgreSQL server of its own, from the programs that the system has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::error::BenchError;
use crate::process::{self, Program};

/// Role and database.
const NAME: &str = "alaqan";

/// A server that runs, reachable by a socket in its folder alone.
#[derive(Debug)]
pub struct Postgres {
    /// Stopped before the folder goes.
    program: Stopping,
    folder: TempDir,
}

/// The server, which is told to end: killed, it would leave shared memory behind.
#[derive(Debug)]
struct Stopping {
    stop: Command,
    program: Program,
}

impl Drop for Stopping {
    fn drop(&mut self) {
        let _ = process::run("pg_ctl", &mut self.stop);
    }
}

impl Postgres {
    /// Makes a cluster with the settings that the server comes with, and starts it. `None` where there is no PostgreSQL.
    ///
    /// # Errors
    /// When there is one and it does not come up.
    pub fn start() -> Result<Option<Self>, BenchError> {
        let Some(programs) = programs() else {
            return Ok(None);
        };
        // Not below the home of root, where the server's own user may not look.
        let temporary = std::env::temp_dir();
        let folder = tempfile::tempdir_in(&temporary).map_err(BenchError::file(temporary))?;
        let owner = owner();
        own(folder.path(), owner)?;
        let data = folder.path().join("data");
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            become_owner(&mut command, owner);
            command.current_dir(folder.path());
            command
        };
        let mut init = command("initdb");
        init.args(["--auth=trust", "--encoding=UTF8", "--no-locale", "-U", NAME, "-D"])
            .arg(&data);
        process::run("initdb", &mut init)?;
        let mut run = command("postgres");
        run.arg("-D").arg(&data).arg("-k").arg(folder.path());
        run.args(["-c", "listen_addresses="]);
        let mut program = Program::start("postgres", &mut run, &folder.path().join("postgres.log"))?;
        let socket = folder.path().join(".s.PGSQL.5432");
        program.until(|| socket.exists().then_some(()))?;
        program.until(|| {
            let mut create = command("createdb");
            create.arg("-h").arg(folder.path()).args(["-U", NAME, NAME]);
            process::run("createdb", &mut create).ok()
        })?;
        let mut stop = command("pg_ctl");
        stop.args(["stop", "-m", "immediate", "-D"]).arg(&data);
        Ok(Some(Self {
            program: Stopping { stop, program },
            folder,
        }))
    }

    /// The server and the processes that work for it just now.
    pub fn processes(&self) -> Vec<u32> {
        let server = self.program.program.id();
        let parent = |process: u32| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
            line.trim().parse::<u32>().ok()
        };
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let children = numbers.filter(|process| parent(*process) == Some(server));
        std::iter::once(server).chain(children).collect()
    }

    /// The part of the gateway's configuration that names it.
    pub fn table(&self) -> String {
        let host = self.folder.path().display().to_string();
        format!("[store.postgres]\nhost = {host:?}\ndatabase = \"{NAME}\"\nuser = \"{NAME}\"\n")
    }
}

/// Where Debian keeps the newest server's programs.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs)
}

/// Whose processes the server's are: root may not run it, so it is the user that the package made.
fn owner() -> Option<(u32, u32)> {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").ok()?) == 0 {
        let users = fs::read_to_string("/etc/passwd").ok()?;
        return user(&users, "postgres");
    }
    None
}

fn user(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = users
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
    let id = fields.nth(1)?.parse().ok()?;
    Some((id, fields.next()?.parse().ok()?))
}

#[cfg(unix)]
fn own(folder: &Path, owner: Option<(u32, u32)>) -> Result<(), BenchError> {
    let Some((user, group)) = owner else {
        return Ok(());
    };
    std::os::unix::fs::chown(folder, Some(user), Some(group)).map_err(BenchError::file(folder))
}

#[cfg(unix)]
fn become_owner(command: &mut Command, owner: Option<(u32, u32)>) {
    use std::os::unix::process::CommandExt;
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
}

#[cfg(not(unix))]
fn own(_folder: &Path, _owner: Option<(u32, u32)>) -> Result<(), BenchError> {
    Ok(())
}

#[cfg(not(unix))]
fn become_owner(_command: &mut Command, _owner: Option<(u32, u32)>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\npostgresql:x:5:6::/:/bin/sh\npostgres:x:101:102::/:/bin/sh\n";
        assert_eq!(user(users, "postgres"), Some((101, 102)));
        assert_eq!(user(users, "post"), None);
        assert_eq!(user("postgres:x:a:b", "postgres"), None);
    }
}
