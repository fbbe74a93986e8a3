//! Stands in for a palm module: opens a pseudo-terminal and speaks the module's protocol there until it is told
//! to end (Ctrl-C or SIGTERM).

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("alaqan-palm-sim needs pseudo-terminals, which this system does not have");
    std::process::ExitCode::FAILURE
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use clap::Parser;
    match unix::run(unix::Arguments::parse()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan-palm-sim: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::error::Error;
    use std::path::PathBuf;
    use std::time::Duration;

    use signal_hook::iterator::Signals;

    use palm::sim::{Fault, Protocol, SimSettings, Simulator};

    /// Stands in for a palm module on a pseudo-terminal, until Ctrl-C or SIGTERM.
    ///
    /// The palm that was enrolled last lies on the sensor. Without faults it is captured after three state
    /// notes; what a module may do wrong is switched on by --fault, as often as wanted.
    #[derive(clap::Parser)]
    #[command(version)]
    pub struct Arguments {
        /// Which module to stand in for.
        #[arg(long, default_value = "dfrobot-ai10")]
        protocol: Protocol,
        /// Make a link of this name to the port; it goes away at the end.
        #[arg(long)]
        link: Option<PathBuf>,
        /// Write the name of the port into this file as soon as it can be opened.
        #[arg(long)]
        ready_file: Option<PathBuf>,
        /// The same seed gives the same run.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// What goes wrong, or what the module sees; an unknown name lists all.
        #[arg(long = "fault", value_name = "NAME")]
        faults: Vec<Fault>,
        /// Time between two state notes in milliseconds.
        #[arg(long, default_value_t = 480)]
        note_interval_ms: u64,
        /// Print each frame to standard error, payload masked.
        #[arg(long)]
        trace: bool,
    }

    pub fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
        let simulator = Simulator::start(SimSettings {
            protocol: arguments.protocol,
            link: arguments.link,
            seed: arguments.seed,
            faults: arguments.faults,
            note_interval: Duration::from_millis(arguments.note_interval_ms),
            trace: arguments.trace,
            ..SimSettings::default()
        })?;
        let mut signals = Signals::new([signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM])?;
        let port = simulator.port().display().to_string();
        println!("{} listens on {port}", arguments.protocol);
        if let Some(path) = arguments.ready_file {
            std::fs::write(&path, format!("{port}\n"))
                .map_err(|source| format!("could not write {}: {source}", path.display()))?;
        }
        signals.forever().next();
        Ok(())
    }
}
