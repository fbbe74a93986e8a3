//! Logs go to standard error; `ALAQAN_LOG` chooses what, in the syntax of `tracing_subscriber::EnvFilter`.
//!
//! error = needs a technician, warn = degraded, info = transitions, debug = effects, trace = frame headers
//! without payload. No sample, template, identifier or key is ever logged.

use tracing_subscriber::EnvFilter;

/// Starts logging. A second call changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_env("ALAQAN_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
