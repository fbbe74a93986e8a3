//! Stands in for a palm scanner or a thermometer: opens a pseudo-terminal and speaks the device's protocol there
//! until it is told to end.

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("alaqan-palm-sim needs pseudo-terminals, which this system does not have");
    std::process::ExitCode::FAILURE
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use clap::Parser;
    use std::process::ExitCode;
    match unix::run(unix::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("alaqan-palm-sim: {}", failure.error);
            let mut cause = failure.error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::from(failure.code)
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::error::Error;
    use std::io::{BufRead, IsTerminal, Write};
    use std::path::{Path, PathBuf};
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    use std::time::{Duration, Instant};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use palm::sim::{
        FAULTS, Fault, FaultKind, Handle, INSTRUCTIONS, Instruction, Presented, Protocol, Readings, Script,
        SimSettings, Simulator, hand,
    };

    /// Stands in for a palm scanner, or for a thermometer beside one, on a pseudo-terminal.
    ///
    /// While it runs, it takes orders on its standard input ("help" lists them), and goes on at the end of it. It
    /// ends at "quit", Ctrl-C or SIGTERM. See alaqan-palm-sim(1).
    #[derive(clap::Parser)]
    #[command(version, after_long_help = faults_help(None))]
    pub struct Arguments {
        /// What to stand in for: dfrobot-ai10, xst, dfrobot-fp, mcu-90615 or reference.
        #[arg(long, value_name = "NAME", default_value_t)]
        protocol: Protocol,
        /// Make a link of this name to the port; it goes away at the end.
        #[arg(long, value_name = "PATH")]
        link: Option<PathBuf>,
        /// Write the name of the port into this file as soon as it can be opened.
        #[arg(long, value_name = "FILE")]
        ready_file: Option<PathBuf>,
        /// The same seed gives the same run; the reference protocol also has its key and serial number from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// A reference that is there at the start, by its tag; as often as wanted.
        #[arg(long, value_name = "TAG", value_parser = tag)]
        enrolled: Vec<String>,
        /// Whose hand is before the sensor: last, nobody, stranger, or a tag.
        #[arg(long, value_name = "HAND", default_value = "last", value_parser = |name: &str| Ok::<_, String>(hand(name)))]
        hand: Presented,
        /// What goes wrong, or what the device sees; as often as wanted.
        #[arg(long = "fault", value_name = "FAULT")]
        faults: Vec<Fault>,
        /// Give the orders of this file: one a line, each after its time in milliseconds.
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
        /// Time between two state notes.
        #[arg(long, value_name = "MS", default_value_t = 480)]
        note_interval_ms: u64,
        /// Time from a reset, or a cancellation, to its answer.
        #[arg(long, value_name = "MS", default_value_t = 26)]
        reset_reply_ms: u64,
        /// Time that a start takes.
        #[arg(long, value_name = "MS", default_value_t = 0)]
        boot_ms: u64,
        /// Start only after a host has opened the port, 0.3 s later, and end when it closes it; and so each time.
        #[arg(long)]
        start_on_open: bool,
        /// Print each frame to standard error, payload masked.
        #[arg(long)]
        trace: bool,
        /// Print the payload too. Only simulated data can be seen; never get used to this with a real device.
        #[arg(long, requires = "trace")]
        show_payload: bool,
    }

    /// Why it ends, and with which code.
    pub struct Failure {
        pub error: Box<dyn Error>,
        pub code: u8,
    }

    impl<E: Into<Box<dyn Error>>> From<E> for Failure {
        fn from(error: E) -> Self {
            let error = error.into();
            Self { error, code: 1 }
        }
    }

    /// What was asked for makes no sense: the code of a wrong command line.
    fn misuse(error: impl Into<Box<dyn Error>>) -> Failure {
        let error = error.into();
        Failure { error, code: 2 }
    }

    fn tag(text: &str) -> Result<String, String> {
        let fits = (1..=31).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let refused = || "a tag has 1 to 31 printable ASCII characters and no blank".to_owned();
        fits.then(|| text.to_owned()).ok_or_else(refused)
    }

    enum Event {
        Order(String),
        End,
    }

    pub fn run(arguments: Arguments) -> Result<(), Failure> {
        for fault in &arguments.faults {
            refuse_foreign(fault, arguments.protocol).map_err(misuse)?;
        }
        let script = match &arguments.script {
            Some(path) => read_script(path, arguments.protocol)?,
            None => Script::default(),
        };
        let (sender, events) = channel();
        watch_signals(sender.clone())?;
        let settings = SimSettings {
            protocol: arguments.protocol,
            link: arguments.link,
            seed: arguments.seed,
            faults: arguments.faults.clone(),
            note_interval: Duration::from_millis(arguments.note_interval_ms),
            reset_reply: Duration::from_millis(arguments.reset_reply_ms),
            boot: Duration::from_millis(arguments.boot_ms),
            start_on_open: arguments.start_on_open,
            enrolled: arguments.enrolled,
            presented: arguments.hand.clone(),
            trace: arguments.trace,
            show_payload: arguments.show_payload,
            ..SimSettings::default()
        };
        let readings = settings.readings();
        let simulator = Simulator::start(settings)?;
        let port = simulator.port().display().to_string();
        let desk = Desk {
            protocol: arguments.protocol,
            device: simulator.handle(),
            faults: arguments.faults,
            hand: arguments.hand,
            readings,
            prompts: std::io::stdin().is_terminal() && !in_background(),
        };
        say(&format!("{} listens on {port}", arguments.protocol));
        desk.introduce(&port);
        if let Some(path) = arguments.ready_file {
            std::fs::write(&path, format!("{port}\n"))
                .map_err(|source| format!("could not write {}: {source}", path.display()))?;
        }
        if !in_background() {
            std::thread::Builder::new()
                .name("orders".to_owned())
                .spawn(move || read_orders(&sender))?;
        }
        let prompts = desk.prompts;
        desk.serve(&events, script);
        if prompts {
            say("");
        }
        // Ending the simulator here removes the link.
        drop(simulator);
        Ok(())
    }

    fn refuse_foreign(fault: &Fault, protocol: Protocol) -> Result<(), String> {
        if fault.fits(protocol) {
            return Ok(());
        }
        Err(format!("the fault \"{fault}\" means nothing to {protocol}"))
    }

    fn read_script(path: &Path, protocol: Protocol) -> Result<Script, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| format!("could not read {}: {source}", path.display()))?;
        let script: Script = text
            .parse()
            .map_err(|error| misuse(format!("{}, {error}", path.display())))?;
        for (_, instruction) in &script.0 {
            if let Instruction::Fault(fault) = instruction {
                refuse_foreign(fault, protocol)
                    .map_err(|error| misuse(format!("{}: {error}", path.display())))?;
            }
        }
        Ok(script)
    }

    fn watch_signals(sender: Sender<Event>) -> Result<(), Failure> {
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

    /// Whether a shell has started it with `&`: reading from the terminal would then stop it.
    fn in_background() -> bool {
        rustix::termios::tcgetpgrp(std::io::stdin())
            .is_ok_and(|foreground| foreground != rustix::process::getpgrp())
    }

    /// At the end of the input, or where there is none, it simply goes on.
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
    }

    /// Where orders come in.
    struct Desk {
        protocol: Protocol,
        device: Handle,
        faults: Vec<Fault>,
        hand: Presented,
        readings: Readings,
        prompts: bool,
    }

    impl Desk {
        fn introduce(&self, port: &str) {
            for line in self.device.introduction() {
                say(&line);
            }
            if self.protocol != Protocol::Mcu90615 {
                say(&format!(
                    "Try: alaqan-palm info --driver {} --port {port}",
                    self.protocol
                ));
            }
            let enrolled = self.device.enrolled();
            if !enrolled.is_empty() {
                say(&format!("Enrolled: {}.", listing(&enrolled)));
            }
            if !self.faults.is_empty() {
                say(&format!("Going wrong: {}.", faults(&self.faults)));
            }
            if self.prompts {
                say("Type \"help\" for what can be changed while it runs, \"quit\" to end.");
            }
        }

        fn serve(mut self, events: &Receiver<Event>, script: Script) {
            let start = Instant::now();
            let mut script = script.0.into_iter().peekable();
            self.prompt();
            loop {
                let next = script.peek().map(|(at, _)| at.saturating_sub(start.elapsed()));
                let event = match next {
                    Some(wait) => events.recv_timeout(wait),
                    None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
                };
                let instruction = match event {
                    Ok(Event::Order(line)) if line.trim().is_empty() => None,
                    Ok(Event::Order(line)) => match line.parse() {
                        Ok(instruction) => Some(instruction),
                        Err(error) => {
                            say(&format!("{error}"));
                            None
                        }
                    },
                    Err(RecvTimeoutError::Timeout) => script.next().map(|(_, instruction)| instruction),
                    Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return,
                };
                match instruction {
                    Some(Instruction::Quit) => return,
                    Some(instruction) => self.obey(instruction),
                    None => {}
                }
                self.prompt();
            }
        }

        fn prompt(&self) {
            if self.prompts {
                let _ = write!(std::io::stdout(), "> ");
                let _ = std::io::stdout().flush();
            }
        }

        fn obey(&mut self, instruction: Instruction) {
            match instruction {
                Instruction::Help => {
                    for (form, what) in INSTRUCTIONS {
                        say(&format!("  {form:<38} {what}"));
                    }
                    say(&faults_help(Some(self.protocol)));
                }
                Instruction::Hand(hand) => {
                    self.hand = hand.clone();
                    self.device.present(hand);
                }
                Instruction::Fault(fault) => match refuse_foreign(&fault, self.protocol) {
                    Ok(()) => {
                        self.faults.push(fault);
                        self.device.set_faults(self.faults.clone());
                    }
                    Err(error) => say(&error),
                },
                Instruction::Clear => {
                    self.faults.clear();
                    self.device.set_faults(Vec::new());
                }
                Instruction::Unplug => {
                    self.device.unplug();
                    say("unplugged");
                }
                Instruction::Replug => match self.device.replug() {
                    Ok(port) => say(&format!("plugged in: {}", port.display())),
                    Err(error) => say(&format!("could not plug in: {error}")),
                },
                Instruction::Reboot => self.device.reboot(),
                Instruction::Temperature(celsius) => {
                    self.read(FaultKind::Temperature(celsius), |readings| {
                        readings.surface_celsius = celsius
                    });
                }
                Instruction::Ambient(celsius) => {
                    self.read(FaultKind::Ambient(celsius), |readings| {
                        readings.ambient_celsius = celsius
                    });
                }
                Instruction::Volume(ml) => {
                    self.read(FaultKind::Volume(ml), |readings| readings.volume_ml = ml);
                }
                Instruction::List => self.list(),
                Instruction::Quit => {}
            }
        }

        /// Who knows the fault of this reading reports the reading.
        fn read(&mut self, reading: FaultKind, change: impl FnOnce(&mut Readings)) {
            if !Fault::from(reading).fits(self.protocol) {
                return say(&format!("{} does not report that", self.protocol));
            }
            change(&mut self.readings);
            self.device.set_readings(self.readings);
        }

        fn list(&self) {
            match self.device.port() {
                Some(port) => say(&format!("port: {}", port.display())),
                None => say("port: none, it is unplugged; \"replug\" brings it back"),
            }
            say(&format!("enrolled: {}", listing(&self.device.enrolled())));
            let hand = match &self.hand {
                Presented::LastEnrolled => "the one enrolled last".to_owned(),
                Presented::Nobody => "nobody's".to_owned(),
                Presented::Stranger => "a stranger's".to_owned(),
                Presented::Tag(tag) => format!("that of {tag}"),
            };
            say(&format!("hand: {hand}"));
            let Readings {
                volume_ml,
                surface_celsius,
                ambient_celsius,
            } = self.readings;
            let temperatures = format!("skin {surface_celsius} °C, air {ambient_celsius} °C");
            match self.protocol {
                Protocol::Reference => say(&format!("readings: {temperatures}, hand {volume_ml} ml")),
                Protocol::Mcu90615 => say(&format!("readings: {temperatures}")),
                Protocol::DfrobotAi10 | Protocol::Xst | Protocol::DfrobotFp => {}
            }
            say(&format!("faults: {}", faults(&self.faults)));
        }
    }

    fn listing(enrolled: &[(u32, String)]) -> String {
        let texts: Vec<String> = enrolled.iter().map(|(id, tag)| format!("{id} {tag}")).collect();
        if texts.is_empty() {
            return "nobody".to_owned();
        }
        texts.join(", ")
    }

    fn faults(faults: &[Fault]) -> String {
        let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
        if texts.is_empty() {
            return "none".to_owned();
        }
        texts.join(", ")
    }

    /// All faults, or those of one protocol.
    fn faults_help(protocol: Option<Protocol>) -> String {
        let mut lines = vec![
            "Faults: NAME for ever, NAME@2 the second time alone, NAME:list with that command alone."
                .to_owned(),
        ];
        for entry in FAULTS {
            if protocol.is_none_or(|protocol| entry.whose.has(protocol)) {
                let form = match entry.value {
                    Some(value) => format!("{}={value}", entry.name),
                    None => entry.name.to_owned(),
                };
                lines.push(format!("  {form:<22} {}", entry.what));
            }
        }
        lines.join("\n")
    }
}
