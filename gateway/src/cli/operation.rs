//! Running the gateway, and asking a running one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use gateway::config::GatewayConfig;
use gateway::process;
use gateway::server::Gateway;

use super::{CliError, Done};

/// How long a gateway may take to say how it is.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct Run {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// A file that is written once the gateway listens; it holds the address.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// A file that is written once operators can ask; it holds the address of health, readiness and metrics.
    #[arg(long)]
    ops_ready_file: Option<PathBuf>,
    /// Listen here instead of where the configuration says.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Ask the centre under this address instead of the one in the configuration.
    #[arg(long)]
    idec_url: Option<String>,
}

pub fn run(run: Run) -> Done {
    let mut config = GatewayConfig::load(&run.config)?;
    config.listen = run.listen.unwrap_or(config.listen);
    config.idec.url = run.idec_url.unwrap_or(config.idec.url);
    process::log_to_stderr(&config.log, config.log_format)
        .map_err(|error| CliError::because("the log cannot be begun", error))?;
    let open_files = process::raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CliError::Runtime)?;
    runtime.block_on(async {
        let stop =
            process::stop_signal().map_err(|error| CliError::because("signals cannot be heard", error))?;
        let mut gateway = Gateway::start(&config).await?;
        tracing::info!(
            name = config.gateway.name,
            connections_max = config.limits.connections_max,
            open_files,
            "documents, receipts and answers are kept"
        );
        if let Some(ops) = gateway.ops_address() {
            tracing::info!(%ops, "health, readiness and metrics are answered");
            write_ready(run.ops_ready_file.as_deref(), ops)?;
        }
        tracing::info!(address = %gateway.address(), "the gateway listens");
        write_ready(run.ready_file.as_deref(), gateway.address())?;
        tokio::select! {
            () = stop => {}
            fallen = gateway.fallen() => return Err(CliError::because("the gateway has ended", fallen)),
        }
        tracing::info!("the gateway stops");
        gateway.stop().await;
        Ok(())
    })
}

fn write_ready(file: Option<&Path>, address: SocketAddr) -> Done {
    match file {
        Some(file) => process::write_ready(file, address).map_err(|source| CliError::write(file, source)),
        None => Ok(()),
    }
}

/// Asks a running gateway whether it is ready.
pub fn health(config: &Path, address: Option<SocketAddr>) -> Done {
    let ops = GatewayConfig::load(config)?.ops.map(|ops| ops.listen);
    let address = address
        .or(ops)
        .ok_or_else(|| CliError::plain("the configuration has no table [ops], and no --address was given"))?;
    let answer =
        ask(address).map_err(|error| CliError::NotReady(format!("{address} does not answer: {error}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.starts_with("HTTP/1.1 200 ") {
        print!("{body}");
        return Ok(());
    }
    Err(CliError::NotReady(body.trim().replace('\n', "; ")))
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut tcp = TcpStream::connect_timeout(&address, ANSWER_LIMIT)?;
    tcp.set_read_timeout(Some(ANSWER_LIMIT))?;
    tcp.set_write_timeout(Some(ANSWER_LIMIT))?;
    write!(
        tcp,
        "GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    tcp.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}
