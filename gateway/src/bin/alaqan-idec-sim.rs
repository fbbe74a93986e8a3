//! `alaqan-idec-sim`: a simulator of the identification centre.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gateway::config::{LogFormat, SimConfig};
use gateway::idec::sim::Simulator;
use gateway::process;

/// A SIMULATOR of the identification centre. It compares nothing: it answers by the script in its configuration.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// A file that is written once the simulator listens; it holds the address.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// Listen here instead of where the configuration says.
    #[arg(long)]
    listen: Option<std::net::SocketAddr>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan-idec-sim: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  because {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let mut config = SimConfig::load(&arguments.config)?;
    config.listen = arguments.listen.unwrap_or(config.listen);
    process::log_to_stderr(&config.log, LogFormat::Text)?;
    eprintln!(
        "This is a SIMULATOR of the identification centre. It looks at no face and no palm, and answers by a script."
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = process::stop_signal()?;
        let simulator = Simulator::start(config).await?;
        tracing::info!(address = %simulator.address(), "the simulator listens");
        if let Some(file) = &arguments.ready_file {
            process::write_ready(file, simulator.address())?;
        }
        stop.await;
        Ok(())
    })
}
