//! What both programs of this room share: the log, the ready file, the end.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{EnvFilter, ParseError, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// The project's own rooms. All else is a library, through which documents, questions and keys may pass.
const OURS: [&str; 7] = [
    "alaqan_gateway",
    "alaqan_idec_sim",
    "authority",
    "document",
    "gateway",
    "sync",
    "verification",
];

/// Whether this may be logged at all: the traces of libraries hold whole messages, so they may only warn, whatever the
/// configuration says.
fn harmless(metadata: &Metadata<'_>) -> bool {
    let room = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::WARN || OURS.contains(&room)
}

/// Logs to the standard error, filtered and written as the configuration says.
///
/// # Errors
/// When the filter is none.
pub fn log_to_stderr(filter: &str, format: LogFormat) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(filter)?;
    let ansi = io::stderr().is_terminal();
    subscriber(filter, format, ansi, io::stderr).init();
    Ok(())
}

/// What is written where, once both filters have let it through.
fn subscriber<W>(filter: EnvFilter, format: LogFormat, ansi: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(ansi)
        .with_writer(writer);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(harmless))
        .with(lines)
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn libraries_only_warn_whatever_the_configuration_says() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let paper = Paper::default();
            let copy = paper.clone();
            let filter = EnvFilter::new("trace,hyper::proto=trace,tokio_postgres=debug,gateway::store=trace");
            let log = subscriber(filter, format, false, move || copy.clone());
            tracing::subscriber::with_default(log, || {
                tracing::trace!(target: "hyper::proto", "whole message");
                tracing::debug!(target: "tokio_postgres::query", "whole message");
                tracing::info!(target: "some_library", "whole message");
                tracing::warn!(target: "hyper::proto", "library warns");
                tracing::trace!(target: "gateway::store", "own words");
            });
            let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
            assert!(!text.contains("whole message"), "{text}");
            assert!(
                text.contains("library warns") && text.contains("own words"),
                "{text}"
            );
        }
    }
}
