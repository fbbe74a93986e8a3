//! `alaqan-idec-sim`: a simulator of the identification centre.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gateway::config::SimConfig;
use gateway::idec::sim::Simulator;
use tracing_subscriber::EnvFilter;

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
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&config.log)?)
        .with_writer(std::io::stderr)
        .init();
    eprintln!(
        "This is a SIMULATOR of the identification centre. It looks at no face and answers by a script."
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let simulator = Simulator::start(config).await?;
        tracing::info!(address = %simulator.address(), "the simulator listens");
        if let Some(file) = &arguments.ready_file {
            let mut temporary = file.as_os_str().to_owned();
            temporary.push(".new");
            std::fs::write(&temporary, format!("{}\n", simulator.address()))?;
            std::fs::rename(&temporary, file)?;
        }
        stop_signal().await?;
        Ok(())
    })
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
