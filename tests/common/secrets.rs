//! Looks for what must not be readable: in the log and in every file that a story leaves.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// All that is logged, at the most talkative level.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Listens from now on. One story of a test program can do so.
    pub fn listen() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_env_filter(alaqan::logging::filter(tracing::Level::TRACE))
            .with_writer(move || writer.clone())
            .try_init()
            .expect("this story alone listens to the log");
        log
    }

    /// Panics if a secret was logged.
    pub fn keeps(&self, secrets: &[Vec<u8>]) {
        let log = self.0.lock().unwrap();
        assert!(log.len() > 1_000, "the log was listened to");
        for secret in secrets {
            assert!(!holds(&log, secret), "a secret is in the log");
        }
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Panics if a secret is readable in a file of the folder.
pub fn folder_keeps(folder: &Path, secrets: &[Vec<u8>]) {
    let mut files = 0;
    each_file(folder, &mut |path, bytes| {
        files += 1;
        for secret in secrets {
            assert!(
                !holds(bytes, secret),
                "a secret is readable in {}",
                path.display()
            );
        }
    });
    assert!(files > 5);
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

fn each_file(folder: &Path, look: &mut impl FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, look);
        } else if path.is_file() {
            look(&path, &std::fs::read(&path).unwrap());
        }
    }
}
