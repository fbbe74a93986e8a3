//! `alaqan-custody-bench`: the measuring program of `cargo xtask bench custody`. Prints what it found as JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use custody_bench::error::BenchError;
use custody_bench::report::Part;
use custody_bench::{deliver, echo, idle, put};

/// Measures the custody of documents against others.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    part: Wanted,
}

#[derive(Subcommand)]
enum Wanted {
    /// Putting a document into the outbox against a plain INSERT into SQLCipher.
    Put {
        /// A folder on the disk that is to be measured.
        #[arg(long)]
        folder: PathBuf,
        /// Few rows and few seconds, to see that it works.
        #[arg(long)]
        quick: bool,
    },
    /// Documents to the gateway against messages to nats-server JetStream.
    Deliver {
        /// A folder on the disk that is to be measured.
        #[arg(long)]
        folder: PathBuf,
        /// `alaqan-gateway`.
        #[arg(long)]
        gateway: PathBuf,
        /// `nats-server`; may be given for several versions.
        #[arg(long)]
        nats: Vec<PathBuf>,
        /// Few documents and few seconds, to see that it works.
        #[arg(long)]
        quick: bool,
    },
    /// Ten thousand idle kiosks on one gateway against a bare echo.
    Idle {
        /// A folder on the disk that is to be measured.
        #[arg(long)]
        folder: PathBuf,
        /// `alaqan-gateway`.
        #[arg(long)]
        gateway: PathBuf,
        /// Few kiosks and few seconds, to see that it works.
        #[arg(long)]
        quick: bool,
    },
    /// Be the bare echo, until killed.
    Echo {
        /// A folder with the gateway's certificate and key and the authority's certificate.
        #[arg(long)]
        papers: PathBuf,
        /// With small buffers for each connection.
        #[arg(long)]
        small: bool,
    },
}

fn main() -> ExitCode {
    match measure(Arguments::parse().part) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(part)) => match serde_json::to_string(&part) {
            Ok(json) => {
                println!("{json}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error),
        },
        Err(error) => fail(&error),
    }
}

fn measure(wanted: Wanted) -> Result<Option<Part>, BenchError> {
    let part = match wanted {
        Wanted::Put { folder, quick } => put::measure(&folder, if quick { &put::QUICK } else { &put::FULL }),
        Wanted::Deliver {
            folder,
            gateway,
            nats,
            quick,
        } => deliver::measure(
            &folder,
            &deliver::Programs { gateway, nats },
            if quick { &deliver::QUICK } else { &deliver::FULL },
        ),
        Wanted::Idle {
            folder,
            gateway,
            quick,
        } => {
            let extent = if quick { &idle::QUICK } else { &idle::FULL };
            idle::measure(&folder, &gateway, &idle::me()?, extent)
        }
        Wanted::Echo { papers, small } => return echo::serve(&papers, small).map(|()| None),
    };
    part.map(Some)
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    eprintln!("alaqan-custody-bench: {text}");
    ExitCode::FAILURE
}
