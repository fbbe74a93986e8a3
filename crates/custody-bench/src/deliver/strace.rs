//! Whether a server brings what it acknowledges to the disk: its calls, counted by `strace`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::BenchError;

/// Calls that bring a file to the disk.
const CALLS: &str = "fsync,fdatasync,sync_file_range,msync";

/// How long it may take to look into a process, or to let go of it.
const LIMIT: Duration = Duration::from_secs(5);

/// Watches processes and those of their threads that are there.
#[derive(Debug)]
pub struct Watch {
    strace: Child,
}

impl Watch {
    /// Begins; `None` where there is no `strace` or it may not look.
    pub fn begin(processes: &[u32], log: &Path) -> Option<Self> {
        let strace = Command::new("strace")
            .args(["-f", "-e", &format!("trace={CALLS}"), "-o"])
            .arg(log)
            .args(
                processes
                    .iter()
                    .flat_map(|process| ["-p".to_owned(), process.to_string()]),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut watch = Self { strace };
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if processes.iter().all(|process| is_traced(*process)) {
                return Some(watch);
            }
            if !matches!(watch.strace.try_wait(), Ok(None)) {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Ends, and says how many such calls there were.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn end(mut self, log: &Path) -> Result<usize, BenchError> {
        let mut kill = Command::new("kill");
        let _ = kill.args(["-INT", &self.strace.id().to_string()]).status();
        let _ = self.strace.wait();
        let text = std::fs::read_to_string(log).map_err(BenchError::file(log))?;
        Ok(count(&text))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

fn is_traced(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|tracer| tracer.trim() != "0")
}

/// Calls in a log; one that was interrupted by another line counts once.
fn count(log: &str) -> usize {
    log.lines()
        .filter(|line| CALLS.split(',').any(|call| line.contains(&format!(" {call}("))))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_counts_once() {
        let log = "12 fsync(3) = 0\n12 fdatasync(4 <unfinished ...>\n13 fsync(3) = 0\n12 <... fdatasync resumed>) = 0\n\
                   14 --- SIGURG {si_signo=SIGURG} ---\n";
        assert_eq!(count(log), 3);
    }
}
