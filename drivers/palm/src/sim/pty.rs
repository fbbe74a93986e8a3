use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serialport::{SerialPort, TTYPort};

use super::ai10::{Ai10, Output};
use super::fault::Fault;

/// How long the loop may sleep before it looks whether it is to stop.
const NAP: Duration = Duration::from_millis(50);

/// How a simulated module behaves.
#[derive(Debug, Clone)]
pub struct SimSettings {
    /// A symbolic link to make to the port, for a name that does not change; an older link is replaced.
    pub link: Option<PathBuf>,
    /// The same seed gives the same run.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Time between state notes; about 480 ms on hardware.
    pub note_interval: Duration,
    /// Whether to print the frames to standard error, payload masked.
    pub trace: bool,
}

impl Default for SimSettings {
    fn default() -> Self {
        Self {
            link: None,
            seed: 1,
            faults: Vec::new(),
            note_interval: Duration::from_millis(480),
            trace: false,
        }
    }
}

/// Why a simulator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The system gives no pseudo-terminal.
    #[error("could not open a pseudo-terminal")]
    Pty(#[source] serialport::Error),
    /// The link cannot be made.
    #[error("could not make the link {link}")]
    Link {
        /// The link.
        link: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is something else where the link should be.
    #[error("{0} exists and is no link: it is left alone")]
    LinkTaken(PathBuf),
    /// The thread cannot be started.
    #[error("could not start the thread of the simulator")]
    Thread(#[source] io::Error),
}

/// A simulated AI10 that runs on its own thread until it is dropped, stopped, or hangs up by a fault.
pub struct Simulator {
    port: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _link: Option<Link>,
}

impl Simulator {
    /// Powers the module on.
    pub fn start(settings: SimSettings) -> Result<Self, SimError> {
        let (master, slave) = TTYPort::pair().map_err(SimError::Pty)?;
        let pty = PathBuf::from(slave.name().unwrap_or_default());
        let link = settings.link.map(|path| Link::make(path, &pty)).transpose()?;
        let port = link.as_ref().map_or(pty, |link| link.path.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let module = Ai10::new(
            settings.seed,
            settings.faults,
            settings.note_interval,
            settings.trace,
        );
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("palm-sim".to_owned())
            .spawn(move || serve(module, master, slave, &stopped))
            .map_err(SimError::Thread)?;
        Ok(Self {
            port,
            stop,
            thread: Some(thread),
            _link: link,
        })
    }

    /// The port to open: the link if one was asked for.
    pub fn port(&self) -> &Path {
        &self.port
    }

    /// Set it to power the module off; a signal handler may do so.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Waits until the module is off, and removes the link.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nothing to add.
            let _ = thread.join();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.join();
    }
}

/// `_slave` is held open: the master would read errors while no host has the port open.
fn serve(mut module: Ai10, mut master: TTYPort, _slave: TTYPort, stop: &AtomicBool) {
    let origin = Instant::now();
    let mut buffer = [0; 512];
    let mut received = 0;
    while !stop.load(Ordering::Relaxed) {
        let outputs = module.step(origin.elapsed(), buffer.get(..received).unwrap_or_default());
        for line in module.trace.iter_mut().flat_map(std::mem::take) {
            eprintln!("{line}");
        }
        for output in outputs {
            match output {
                // A host that does not read loses bytes, as on a real line.
                Output::Bytes(bytes) => drop(master.write_all(&bytes)),
                Output::HangUp => return,
            }
        }
        let pause = module
            .deadline()
            .map_or(NAP, |deadline| deadline.saturating_sub(origin.elapsed()).min(NAP));
        received = match master.set_timeout(pause) {
            Ok(()) => master.read(&mut buffer).unwrap_or(0),
            Err(_) => return,
        };
    }
}

/// A symbolic link that goes away with its value, unless somebody has pointed it elsewhere meanwhile.
struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    fn make(path: PathBuf, target: &Path) -> Result<Self, SimError> {
        match std::fs::symlink_metadata(&path) {
            Ok(found) if !found.is_symlink() => return Err(SimError::LinkTaken(path)),
            Ok(_) => std::fs::remove_file(&path),
            Err(_) => Ok(()),
        }
        .and_then(|()| std::os::unix::fs::symlink(target, &path))
        .map_err(|source| SimError::Link {
            link: path.clone(),
            source,
        })?;
        Ok(Self {
            path,
            target: target.to_owned(),
        })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if std::fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            // Nobody is left to be told.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
