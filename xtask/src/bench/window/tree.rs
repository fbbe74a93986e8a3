//! A program and all that it started, and what they hold in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::XtaskError;

/// How long a program may take to end by itself.
const END_LIMIT: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What processes hold, in kibibytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Each page counted in parts where several processes share it.
    pub pss_kib: u64,
    /// Pages that one process alone has.
    pub private_kib: u64,
    /// How many processes.
    pub processes: usize,
    /// PSS by the name of the process.
    pub by_name: BTreeMap<String, u64>,
}

/// A running program; what is left of it and of its children is killed when this is dropped.
pub struct Tree {
    child: Child,
}

impl Tree {
    /// Starts it in a process group of its own, without input and with its output thrown away.
    pub fn start(command: &mut Command) -> Result<(Self, Instant), XtaskError> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let start = Instant::now();
        let child = command.spawn().map_err(|source| XtaskError::Start {
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })?;
        Ok((Self { child }, start))
    }

    /// Whether the program has ended, and how.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(status.to_string())
    }

    /// What all its processes hold now.
    pub fn memory(&self) -> Memory {
        let mut memory = Memory::default();
        for process in self.processes() {
            let folder = Path::new("/proc").join(process.to_string());
            // A process that has ended meanwhile holds nothing.
            let Ok(rollup) = std::fs::read_to_string(folder.join("smaps_rollup")) else {
                continue;
            };
            let name = std::fs::read_to_string(folder.join("comm")).unwrap_or_default();
            let pss = field(&rollup, "Pss:");
            memory.pss_kib += pss;
            memory.private_kib += field(&rollup, "Private_Clean:") + field(&rollup, "Private_Dirty:");
            memory.processes += 1;
            *memory.by_name.entry(name.trim().to_owned()).or_default() += pss;
        }
        memory
    }

    /// Asks the program to end, and ends what remains by force.
    pub fn end(mut self) {
        let left = self.processes();
        signal(&[self.child.id()], Signal::Ask);
        let start = Instant::now();
        while self.ended().is_none() && start.elapsed() < END_LIMIT {
            std::thread::sleep(LOOK_EVERY);
        }
        signal(&left, Signal::Force);
    }

    /// The program, what it started, and what they started.
    fn processes(&self) -> Vec<u32> {
        descendants(self.child.id(), &parents())
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        signal(&self.processes(), Signal::Force);
        let _ = self.child.wait();
    }
}

/// Each process of the machine: its own id, its parent and its group.
fn parents() -> Vec<[u32; 3]> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let [parent, group] = parent_and_group(&stat)?;
            Some([id, parent, group])
        })
        .collect()
}

/// The name stands in brackets and may hold anything, brackets too.
fn parent_and_group(stat: &str) -> Option<[u32; 2]> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some([parent, group])
}

/// Also those whose parent has ended, as long as they stayed in the group of the first one.
fn descendants(first: u32, all: &[[u32; 3]]) -> Vec<u32> {
    let mut found = vec![first];
    let mut at = 0;
    found.extend(
        all.iter()
            .filter(|[id, _, group]| *group == first && *id != first)
            .map(|[id, ..]| *id),
    );
    while let Some(parent) = found.get(at).copied() {
        at += 1;
        for [id, of, _] in all {
            if *of == parent && !found.contains(id) {
                found.push(*id);
            }
        }
    }
    found
}

fn field(rollup: &str, name: &str) -> u64 {
    rollup
        .lines()
        .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[derive(Clone, Copy)]
enum Signal {
    Ask,
    Force,
}

#[cfg(unix)]
fn signal(processes: &[u32], signal: Signal) {
    let signal = match signal {
        Signal::Ask => rustix::process::Signal::TERM,
        Signal::Force => rustix::process::Signal::KILL,
    };
    for process in processes {
        let process = i32::try_from(*process)
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(process) = process {
            // One that has ended cannot be told, and need not be.
            let _ = rustix::process::kill_process(process, signal);
        }
    }
}

#[cfg(not(unix))]
fn signal(_: &[u32], _: Signal) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_confuse() {
        assert_eq!(parent_and_group("7 (a) b) S 3 5 5 0 -1"), Some([3, 5]));
        assert_eq!(parent_and_group("7 (a"), None);
        assert_eq!(parent_and_group("7 (a) S x"), None);
    }

    #[test]
    fn grandchildren_and_orphans_of_the_group_are_found() {
        let all = [
            [10, 1, 10],
            [11, 10, 10],
            [12, 11, 12],
            [13, 1, 10],
            [14, 1, 14],
            [15, 13, 15],
        ];
        let mut found = descendants(10, &all);
        found.sort_unstable();
        assert_eq!(found, [10, 11, 12, 13, 15]);
    }

    #[test]
    fn a_field_of_the_kernel_is_read() {
        let text = "Rss:  10 kB\nPss:                 512 kB\nPss_Dirty: 7 kB\n";
        assert_eq!(field(text, "Pss:"), 512);
        assert_eq!(field(text, "Private_Dirty:"), 0);
        assert_eq!(field("", "Pss:"), 0);
    }
}
