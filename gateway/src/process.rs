//! What both programs of this room share: the log, the ready file, the end.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;

use crate::config::LogFormat;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Libraries through which documents and questions pass. Their traces hold whole messages, so they may only warn,
/// whatever the configuration says.
const CARRIERS: [&str; 6] = [
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "tokio_tungstenite",
    "tungstenite",
];

/// Logs to the standard error, filtered and written as the configuration says.
///
/// # Errors
/// When the filter is none.
pub fn log_to_stderr(filter: &str, format: LogFormat) -> Result<(), ParseError> {
    let mut filter = EnvFilter::try_new(filter)?;
    for carrier in CARRIERS {
        filter = filter.add_directive(format!("{carrier}=warn").parse()?);
    }
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Lets the process open as many files as the system allows it to: each kiosk is one. Gives how many that are, where
/// the system says so.
pub fn raise_open_files() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limit.maximum,
            Err(error) => {
                tracing::warn!(%error, "the limit of open files cannot be raised");
                limit.current
            }
        }
    }
    #[cfg(not(unix))]
    None
}

/// Writes the address into a file for whoever waits for it. The file appears whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_ready(file: &Path, address: SocketAddr) -> io::Result<()> {
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(".new");
    std::fs::write(&temporary, format!("{address}\n"))?;
    std::fs::rename(&temporary, file)
}

/// The wish that the program ends: SIGTERM or Ctrl-C. It is heard from the call on, not only from the first poll.
///
/// # Errors
/// When the system does not let signals be heard.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The wish that the program ends: Ctrl-C. It is heard from the call on, not only from the first poll.
///
/// # Errors
/// When the system does not let signals be heard.
#[cfg(windows)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        let _ = interrupt.recv().await;
    })
}
