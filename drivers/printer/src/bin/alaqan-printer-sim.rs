//! Stands in for a receipt printer: opens a pseudo-terminal, speaks ESC/POS there until it is told to end, and writes
//! what it has printed as PNG files.

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("alaqan-printer-sim needs pseudo-terminals, which this system does not have");
    std::process::ExitCode::FAILURE
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use clap::Parser;
    match unix::run(unix::Arguments::parse()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan-printer-sim: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::error::Error;
    use std::io::{BufRead, Write};
    use std::path::{Path, PathBuf};
    use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
    use std::time::{Duration, Instant};

    use printer::sim::{FAULTS, Fault, Machine, Page, Pty};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// How long it waits for bytes before it looks at its orders again.
    const TICK: Duration = Duration::from_millis(5);
    /// How fast it prints: 250 mm in a second, as a quick receipt printer does.
    const ROWS_A_SECOND: u128 = 2_000;

    /// Stands in for a receipt printer on a pseudo-terminal, for tests and practice.
    ///
    /// While it runs, it takes orders on its standard input ("help" lists them), and goes on at the end of it. It ends at
    /// "quit", Ctrl-C or SIGTERM.
    #[derive(clap::Parser)]
    #[command(version, after_long_help = help())]
    pub struct Arguments {
        /// Make a link of this name to the port; it goes away at the end.
        #[arg(long, value_name = "PATH")]
        link: Option<PathBuf>,
        /// Write each slip that was cut off into this folder, as slip-0001.png and so on.
        #[arg(long, value_name = "FOLDER")]
        folder: Option<PathBuf>,
        /// What goes wrong; as often as wanted.
        #[arg(long = "fault", value_name = "FAULT")]
        faults: Vec<Fault>,
    }

    fn help() -> String {
        let faults = FAULTS.iter().map(|(form, what)| format!("  {form:<20} {what}\n"));
        format!(
            "Orders:\n  fault FAULT          one more thing goes wrong\n  clear                nothing goes wrong any more\n  \
             unplug               the plug is pulled\n  replug               and put in again, which also clears all faults\n  \
             list                 what it does\n  quit                 end\n\nFaults:\n{}",
            faults.collect::<String>()
        )
    }

    enum Event {
        Order(String),
        End,
    }

    pub fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
        let (sender, events) = channel();
        watch_signals(sender.clone())?;
        let mut device = Device {
            pty: None,
            machine: Machine::default(),
            link: arguments.link,
            folder: arguments.folder,
            slips: 0,
            allowed: 0.0,
            took: Instant::now(),
            worked: Instant::now(),
            row_debt: 0,
        };
        if let Some(folder) = &device.folder {
            std::fs::create_dir_all(folder)?;
        }
        device.machine.set_faults(arguments.faults);
        device.plug_in()?;
        std::thread::Builder::new()
            .name("orders".to_owned())
            .spawn(move || read_orders(&sender))?;
        device.serve(&events)
    }

    fn watch_signals(sender: Sender<Event>) -> std::io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                if signals.forever().next().is_some() {
                    // If nobody listens any more, it is ending already.
                    let _ = sender.send(Event::End);
                }
            })?;
        Ok(())
    }

    /// At the end of the input it simply goes on.
    fn read_orders(sender: &Sender<Event>) {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(Event::Order(line)).is_err() {
                return;
            }
        }
    }

    /// Prints a line; that nobody reads it is no reason to end.
    fn say(line: &str) {
        let _ = writeln!(std::io::stdout(), "{line}");
        let _ = std::io::stdout().flush();
    }

    struct Device {
        pty: Option<Pty>,
        machine: Machine,
        link: Option<PathBuf>,
        folder: Option<PathBuf>,
        slips: u32,
        /// How many bytes a slow one may take by now.
        allowed: f64,
        took: Instant,
        worked: Instant,
        /// How much may be printed by now, in rows times nanoseconds of a second.
        row_debt: u128,
    }

    impl Device {
        fn plug_in(&mut self) -> std::io::Result<()> {
            let pty = Pty::open(self.link.as_deref())?;
            say(&format!("listens on {}", pty.path().display()));
            self.pty = Some(pty);
            Ok(())
        }

        fn serve(&mut self, events: &Receiver<Event>) -> Result<(), Box<dyn Error>> {
            loop {
                match events.try_recv() {
                    Ok(Event::Order(line)) => {
                        if self.obey(line.trim())? {
                            return Ok(());
                        }
                        continue;
                    }
                    Ok(Event::End) | Err(TryRecvError::Disconnected) => return Ok(()),
                    Err(TryRecvError::Empty) => {}
                }
                self.take();
                self.work()?;
            }
        }

        /// Takes what the host has sent, so far as it can.
        fn take(&mut self) {
            let Some(pty) = &self.pty else {
                return std::thread::sleep(TICK);
            };
            let mut room = self.machine.room().min(4096);
            let elapsed = self.took.elapsed();
            self.took = Instant::now();
            if let Some(speed) = self.machine.bytes_a_second().map(f64::from) {
                self.allowed = (self.allowed + speed * elapsed.as_secs_f64()).min(speed);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let allowed = self.allowed as usize;
                room = room.min(allowed);
            }
            if self.machine.hangs() || room == 0 {
                return std::thread::sleep(TICK);
            }
            pty.wait(TICK);
            let mut buffer = vec![0; room];
            let bytes = pty.receive(&mut buffer);
            self.allowed = (self.allowed - bytes.len() as f64).max(0.0);
            let answers = self.machine.receive(bytes);
            pty.send(&answers);
        }

        /// Prints as much as time has gone by.
        fn work(&mut self) -> Result<(), Box<dyn Error>> {
            let elapsed = self.worked.elapsed();
            self.worked = Instant::now();
            self.row_debt = (self.row_debt + elapsed.as_nanos() * ROWS_A_SECOND).min(100 * 1_000_000_000);
            let rows = usize::try_from(self.row_debt / 1_000_000_000)?;
            self.row_debt %= 1_000_000_000;
            let answers = self.machine.work(rows);
            if let Some(pty) = &self.pty {
                pty.send(&answers);
            }
            if self.machine.is_unplugged() && self.pty.is_some() {
                self.unplug();
            }
            for page in self.machine.take_pages() {
                self.slips += 1;
                self.keep(&page)?;
            }
            Ok(())
        }

        fn keep(&self, page: &Page) -> Result<(), Box<dyn Error>> {
            let (name, size) = (
                format!("slip-{:04}.png", self.slips),
                format!("{} by {} dots", page.width(), page.rows.len()),
            );
            if let (Some(folder), Some(png)) = (&self.folder, page.png()) {
                write(&folder.join(&name), &png)?;
            }
            say(&format!("printed {name}, {size}"));
            Ok(())
        }

        fn unplug(&mut self) {
            self.pty = None;
            self.machine.power_off();
            say("unplugged");
        }

        /// Whether it is to end.
        fn obey(&mut self, order: &str) -> Result<bool, Box<dyn Error>> {
            match order.split_once(' ').unwrap_or((order, "")) {
                ("", _) => {}
                ("quit", _) => return Ok(true),
                ("help", _) => say(help().trim_end()),
                ("fault", fault) => match fault.trim().parse() {
                    Ok(fault) => {
                        let mut faults = self.machine.faults().to_vec();
                        faults.push(fault);
                        self.machine.set_faults(faults);
                        say("done");
                    }
                    Err(error) => say(&error.to_string()),
                },
                ("clear", _) => {
                    self.machine.set_faults(Vec::new());
                    say("done");
                }
                ("unplug", _) => self.unplug(),
                ("replug", _) => {
                    self.machine.set_faults(Vec::new());
                    // The link of the old one must go first.
                    self.pty = None;
                    self.plug_in()?;
                }
                ("list", _) => say(&format!(
                    "slips: {}; strange bytes: {}; dropped: {}",
                    self.slips,
                    self.machine.strange(),
                    if self.machine.dropped() > 0 { "yes" } else { "no" }
                )),
                _ => say(&format!("unknown word \"{order}\"; \"help\" lists all")),
            }
            Ok(false)
        }
    }

    /// Whoever looks into the folder finds whole pictures only.
    fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let part = path.with_extension("part");
        std::fs::write(&part, bytes)?;
        std::fs::rename(&part, path)
    }
}
