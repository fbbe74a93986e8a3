//! A real TPM emulator for each test: the Debian package `swtpm`.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running emulator. It is killed when dropped.
pub struct Swtpm {
    state: TempDir,
    port: u16,
    process: Child,
}

impl Swtpm {
    /// A TPM fresh from the factory.
    pub fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let port = free_listeners().0.local_addr().unwrap().port();
            if let Some(process) = spawn(state.path(), port) {
                return Self { state, port, process };
            }
            assert!(Instant::now() < deadline, "no swtpm");
        }
    }

    /// How it is reached.
    pub fn tcti(&self) -> String {
        format!("swtpm:host=127.0.0.1,port={}", self.port)
    }

    /// Where it takes commands.
    pub fn address(&self) -> (Ipv4Addr, u16) {
        (Ipv4Addr::LOCALHOST, self.port)
    }

    /// Pulls its plug.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Switches it on again, with what it had remembered.
    pub fn restart(&mut self) {
        self.process = spawn(self.state.path(), self.port).expect("the ports of before");
    }

    /// Puts another one in its place, at the same address.
    pub fn replace(&mut self) {
        self.kill();
        self.state = tempfile::tempdir().unwrap();
        self.restart();
    }
}

impl Drop for Swtpm {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Two ports in a row: the second is of the control channel.
pub fn free_listeners() -> (TcpListener, TcpListener) {
    loop {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let next = first.local_addr().unwrap().port().checked_add(1);
        if let Some(second) = next.and_then(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()) {
            return (first, second);
        }
    }
}

/// `None` if somebody else took a port meanwhile.
fn spawn(state: &Path, port: u16) -> Option<Child> {
    let mut process = Command::new("swtpm")
        .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
        .args(["--server", &format!("type=tcp,port={port}")])
        .args(["--ctrl", &format!("type=tcp,port={}", port + 1)])
        .args(["--tpmstate", &format!("dir={}", state.display())])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("swtpm is installed by `cargo xtask setup`");
    let deadline = Instant::now() + READY_WITHIN;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        assert!(Instant::now() < deadline, "swtpm does not answer");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Somebody else may be the one who answers.
    process.try_wait().unwrap().is_none().then_some(process)
}
