use std::io;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::efaa::{self, EfAa};
use super::fault::Fault;
use super::machine::{Machine, Output};
use super::pty::Pty;
use super::reference::Reference;
use super::settings::{Presented, Protocol, Readings, SimSettings};
use super::thermometer::Thermometer;

/// Why a simulator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The system gives no pseudo-terminal.
    #[error("could not open a pseudo-terminal")]
    Pty(#[source] io::Error),
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
    /// The simulator has ended.
    #[error("the simulator has ended")]
    Ended,
}

/// A simulated device that runs on its own thread until it is dropped.
#[derive(Debug)]
pub struct Simulator {
    port: PathBuf,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Plugs a device in and powers it on.
    ///
    /// # Errors
    /// If the system has no pseudo-terminal left, or the link cannot be made.
    pub fn start(settings: SimSettings) -> Result<Self, SimError> {
        let pty = Pty::open(settings.link.as_deref(), settings.start_on_open)?;
        let port = pty.path().to_owned();
        let (sender, orders) = channel();
        let (wake, woken) = UnixStream::pair().map_err(SimError::Thread)?;
        for end in [&wake, &woken] {
            end.set_nonblocking(true).map_err(SimError::Thread)?;
        }
        let shell = Shell {
            machine: machine(&settings),
            pty: Some(pty),
            trace: settings.trace,
            link: settings.link,
            start_on_open: settings.start_on_open,
            power: Power::Off,
            orders,
            woken,
            origin: Instant::now(),
        };
        let thread = std::thread::Builder::new()
            .name("palm-sim".to_owned())
            .spawn(move || shell.run())
            .map_err(SimError::Thread)?;
        Ok(Self {
            port,
            handle: Handle {
                sender,
                wake: Arc::new(wake),
            },
            thread: Some(thread),
        })
    }

    /// The port to open: the link if one was asked for, which stays the same when the device is plugged in again.
    pub fn port(&self) -> &Path {
        &self.port
    }

    /// What changes the device while it runs.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.handle.order(Order::End);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nothing to add.
            let _ = thread.join();
        }
    }
}

/// Changes a simulated device while it runs. Every call has taken effect when it returns; on a simulator that has
/// ended it does nothing.
#[derive(Debug, Clone)]
pub struct Handle {
    sender: Sender<Order>,
    wake: Arc<UnixStream>,
}

enum Order {
    Faults(Vec<Fault>, SyncSender<()>),
    Present(Presented, SyncSender<()>),
    Readings(Readings, SyncSender<()>),
    Unplug(SyncSender<()>),
    Replug(SyncSender<Result<PathBuf, SimError>>),
    Reboot(SyncSender<()>),
    List(SyncSender<Vec<(u32, String)>>),
    Introduce(SyncSender<Vec<String>>),
    Port(SyncSender<Option<PathBuf>>),
    End,
}

impl Handle {
    /// Other faults from now on, in place of the earlier ones, and counted anew.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.ask(|done| Order::Faults(faults, done));
    }

    /// Another hand before the sensor, from the next capture on.
    pub fn present(&self, presented: Presented) {
        self.ask(|done| Order::Present(presented, done));
    }

    /// Other readings from now on.
    pub fn set_readings(&self, readings: Readings) {
        self.ask(|done| Order::Readings(readings, done));
    }

    /// Pulls the plug: the port is closed and the link removed, and a host that has it open sees a hang-up.
    pub fn unplug(&self) {
        self.ask(Order::Unplug);
    }

    /// Plugs the device in again, and powers it on: another pseudo-terminal under the same link. Its port is given
    /// back; where it is plugged in already, nothing happens.
    ///
    /// # Errors
    /// If the system has no pseudo-terminal left, the link cannot be made, or the simulator has ended.
    pub fn replug(&self) -> Result<PathBuf, SimError> {
        self.ask(Order::Replug).unwrap_or(Err(SimError::Ended))
    }

    /// Starts the device anew while it is plugged in; references are kept.
    pub fn reboot(&self) {
        self.ask(Order::Reboot);
    }

    /// All references of the device with their tags.
    pub fn enrolled(&self) -> Vec<(u32, String)> {
        self.ask(Order::List).unwrap_or_default()
    }

    /// What a person who plugs the device in may want to know of it, such as its public key; one thing a line.
    pub fn introduction(&self) -> Vec<String> {
        self.ask(Order::Introduce).unwrap_or_default()
    }

    /// The port to open; `None` while the device is unplugged, by hand or by a fault.
    pub fn port(&self) -> Option<PathBuf> {
        self.ask(Order::Port).flatten()
    }

    fn order(&self, order: Order) {
        // A simulator that has ended takes no more orders.
        let _ = self.sender.send(order);
        // If so many wake-ups wait already that one more does not fit, the thread will see them.
        let _ = (&*self.wake).write(&[1]);
    }

    fn ask<T>(&self, order: impl FnOnce(SyncSender<T>) -> Order) -> Option<T> {
        let (done, answer) = sync_channel(1);
        self.order(order(done));
        answer.recv().ok()
    }
}

/// The device alone, without a pseudo-terminal and without a clock; [`Machine::start`] powers it on.
pub fn machine(settings: &SimSettings) -> Box<dyn Machine> {
    match settings.protocol {
        Protocol::DfrobotAi10 => Box::new(EfAa::new(&efaa::AI10, settings)),
        Protocol::Xst => Box::new(EfAa::new(&efaa::XST, settings)),
        Protocol::DfrobotFp => Box::new(EfAa::new(&efaa::FP, settings)),
        Protocol::Mcu90615 => Box::new(Thermometer::new(settings)),
        Protocol::Reference => Box::new(Reference::new(settings)),
    }
}

/// How long after a host has opened the port power comes on, if that is what it waits for: by then the host has set the
/// line and flushed it.
const POWER_DELAY: Duration = Duration::from_millis(300);
/// How often it looks for a host meanwhile.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Whether a device that waits for a host has power.
#[derive(Debug, Clone, Copy)]
enum Power {
    Off,
    /// A host has come; power comes at this time.
    OnAt(Duration),
    On,
}

/// The one place with a clock and a port.
struct Shell {
    machine: Box<dyn Machine>,
    pty: Option<Pty>,
    trace: bool,
    link: Option<PathBuf>,
    start_on_open: bool,
    power: Power,
    orders: Receiver<Order>,
    woken: UnixStream,
    origin: Instant,
}

impl Shell {
    fn run(mut self) {
        if !self.start_on_open {
            self.machine.start(self.origin.elapsed());
            self.power = Power::On;
        }
        let mut buffer = [0; 512];
        loop {
            while let Ok(order) = self.orders.try_recv() {
                if matches!(order, Order::End) {
                    return;
                }
                // Whoever orders something may have closed the port just before.
                self.look_for_host();
                self.obey(order);
            }
            self.look_for_host();
            if let Some(pty) = &self.pty {
                let bytes = pty.receive(&mut buffer);
                if !matches!(self.power, Power::On) {
                    // Nothing hears what comes in.
                    if self.pause().is_err() {
                        return;
                    }
                    continue;
                }
                let outputs = self.machine.step(self.origin.elapsed(), bytes);
                for line in self.machine.take_trace() {
                    say(&line);
                }
                let idle = bytes.is_empty();
                if !self.perform(outputs) && !idle {
                    continue;
                }
            }
            if self.sleep().is_err() {
                return;
            }
        }
    }

    /// Switches power where it follows the host.
    fn look_for_host(&mut self) {
        let (true, Some(pty)) = (self.start_on_open, &self.pty) else {
            return;
        };
        let now = self.origin.elapsed();
        self.power = match (pty.is_open(), self.power) {
            (false, Power::On) => {
                pty.forget();
                Power::Off
            }
            (false, Power::Off | Power::OnAt(_)) => Power::Off,
            (true, Power::Off) => Power::OnAt(now + POWER_DELAY),
            (true, Power::OnAt(at)) if now >= at => {
                self.machine.start(now);
                Power::On
            }
            (true, power) => power,
        };
    }

    /// Until something is ordered, but not for long.
    fn pause(&mut self) -> io::Result<()> {
        let wait = Timespec::try_from(LOOK_INTERVAL).unwrap_or_default();
        match poll(&mut [PollFd::new(&self.woken, PollFlags::IN)], Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let _ = (&self.woken).read(&mut [0; 64]);
        Ok(())
    }

    /// Whether the line went away.
    fn perform(&mut self, outputs: Vec<Output>) -> bool {
        for output in outputs {
            match (output, &self.pty) {
                (Output::Bytes(bytes), Some(pty)) => pty.send(&bytes),
                (_, pty) => {
                    pty.iter().for_each(Pty::drain);
                    self.pty = None;
                    if self.trace {
                        say("- the line goes away");
                    }
                    return true;
                }
            }
        }
        false
    }

    /// Until something comes in, is ordered or is due.
    fn sleep(&mut self) -> io::Result<()> {
        let wait = self
            .pty
            .as_ref()
            .and_then(|_| self.machine.deadline())
            .map(|deadline| deadline.saturating_sub(self.origin.elapsed()));
        let wait = wait.map(|wait| Timespec::try_from(wait).unwrap_or_default());
        let mut watched = vec![PollFd::new(&self.woken, PollFlags::IN)];
        watched.extend(
            self.pty
                .as_ref()
                .map(|pty| PollFd::new(&pty.master, PollFlags::IN)),
        );
        match poll(&mut watched, wait.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // However many wake-ups there are, the orders are all looked at.
        let _ = (&self.woken).read(&mut [0; 64]);
        Ok(())
    }

    fn obey(&mut self, order: Order) {
        // Nobody waits for an answer whose channel is closed.
        match order {
            Order::Faults(faults, done) => {
                self.machine.set_faults(&faults);
                let _ = done.send(());
            }
            Order::Present(presented, done) => {
                self.machine.present(presented);
                let _ = done.send(());
            }
            Order::Readings(readings, done) => {
                self.machine.set_readings(readings);
                let _ = done.send(());
            }
            Order::Unplug(done) => {
                self.pty = None;
                let _ = done.send(());
            }
            Order::Replug(done) => {
                let _ = done.send(self.replug());
            }
            Order::Reboot(done) => {
                self.machine.start(self.origin.elapsed());
                let _ = done.send(());
            }
            Order::List(done) => {
                let _ = done.send(self.machine.enrolled());
            }
            Order::Introduce(done) => {
                let _ = done.send(self.machine.introduction());
            }
            Order::Port(done) => {
                let _ = done.send(self.pty.as_ref().map(|pty| pty.path().to_owned()));
            }
            Order::End => {}
        }
    }

    fn replug(&mut self) -> Result<PathBuf, SimError> {
        if let Some(pty) = &self.pty {
            return Ok(pty.path().to_owned());
        }
        let pty = Pty::open(self.link.as_deref(), self.start_on_open)?;
        let path = pty.path().to_owned();
        self.pty = Some(pty);
        self.machine.start(self.origin.elapsed());
        if self.start_on_open {
            self.power = Power::Off;
        }
        Ok(path)
    }
}

/// A trace that nobody reads is no reason to end.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
