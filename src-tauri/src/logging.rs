//! Logs go to standard error. `ALAQAN_LOG` is how much the kiosk's own rooms say: `error`, `warn`, `info` (as
//! without it), `debug` or `trace`.
//!
//! error = needs a technician, warn = degraded, info = transitions, debug = effects, trace = frame headers
//! without payload. No sample, template, identifier or key is ever logged.
//!
//! Libraries may only warn, whatever is asked for: the trace of a WebSocket library holds whole messages.

use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

/// The rooms that run in the kiosk.
const ROOMS: [&str; 10] = [
    "alaqan",
    "camera",
    "custody",
    "document",
    "face",
    "keys",
    "outbox",
    "palm",
    "sync",
    "verification",
];

/// Lets the kiosk's rooms say everything up to `level`, and libraries warn.
pub fn filter(level: Level) -> EnvFilter {
    let rooms = ROOMS
        .iter()
        .filter_map(|room| format!("{room}={level}").parse::<Directive>().ok());
    rooms.fold(EnvFilter::new("warn"), EnvFilter::add_directive)
}

/// Starts logging. A second call changes nothing.
pub fn start() {
    let asked = std::env::var("ALAQAN_LOG").unwrap_or_default();
    let level = asked.parse().unwrap_or(Level::INFO);
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter(level))
        .with_writer(std::io::stderr)
        .try_init();
}
