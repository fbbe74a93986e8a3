//! The kiosk: composition root of camera, face, palm, outbox and sync around one
//! [`verification::session::Session`], with a Tauri window in front.
//!
//! **Architecture Invariant:** no rule lives here. This crate converts, wires and performs.
//!
//! **Architecture Invariant:** one thread owns the session and the outbox ([`kiosk`]), one owns the camera and
//! OpenCV ([`capture`]); they talk by channels.

pub mod capture;
mod commands;
pub mod config;
pub mod convert;
mod guard;
pub mod kiosk;
pub mod logging;
pub mod operators;
mod scanner;
mod slips;

use std::path::Path;

use tauri::{Manager, WebviewUrl, WebviewWindowBuilder};
use thiserror::Error;
use verification::identifier::{Iin, IinError};

use crate::config::{Config, ConfigError};
use crate::kiosk::{Kiosk, StartError};

/// Why the program ended.
#[derive(Debug, Error)]
pub enum RunError {
    /// The configuration cannot be used.
    #[error("the kiosk was not started")]
    Config(#[from] ConfigError),
    /// The kiosk cannot start.
    #[error("the kiosk cannot start")]
    Start(#[from] StartError),
    /// The window failed.
    #[error("the window failed")]
    Window(#[from] tauri::Error),
    /// Nothing can be read from standard input.
    #[error("nothing can be read from standard input")]
    Input(#[source] std::io::Error),
    /// What was given is no code of an operator. It is not repeated here.
    #[error("this is no code of an operator")]
    Operator(#[from] operators::OperatorError),
    /// What was given is no IIN. It is not repeated here.
    #[error("this is no IIN")]
    Iin(#[from] IinError),
}

/// An error and its causes in one line.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Forgets whose palm references are in the scanner of a kiosk that is not running; gives how many are to be deleted from
/// it, which the kiosk does as soon as it runs.
pub fn forget_palm(config: &Path, iin: &str) -> Result<usize, RunError> {
    logging::start();
    let subject = iin.parse::<Iin>()?;
    Ok(kiosk::forget_palm(&Config::load(config)?, &subject)?)
}

/// What is in force at a kiosk, as text, and the hash of it.
pub fn policy_in_force(config: &Path) -> Result<String, RunError> {
    let config = Config::load(config)?;
    let hash = profile::hex(&config.profile.sha256);
    Ok(format!(
        "{}# SHA-256 of the text above: {hash}\n",
        config.in_force
    ))
}

/// Runs the kiosk until its window is closed.
pub fn run(config: &Path) -> Result<(), RunError> {
    logging::start();
    let config = Config::load(config)?;
    let window = config.window;
    let kiosk = Kiosk::start(config)?;
    tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![commands::subscribe, commands::intent])
        .manage(kiosk)
        .setup(move |app| {
            #[cfg(unix)]
            close_on_signal(app.handle().clone())?;
            WebviewWindowBuilder::new(app, "kiosk", WebviewUrl::App("index.html".into()))
                .title("Alaqan")
                .inner_size(window.width.into(), window.height.into())
                .position(0.0, 0.0)
                .fullscreen(window.kiosk)
                .decorations(!window.kiosk)
                .resizable(!window.kiosk)
                .devtools(false)
                .disable_drag_drop_handler()
                .on_navigation(is_own_page)
                .build()?;
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            // The event loop ends the process without dropping what the program holds.
            if let tauri::RunEvent::Exit = event {
                app.state::<Kiosk>().stop();
            }
        });
    Ok(())
}

/// Closes the window when the system asks the program to end, so that a session under way leaves its record.
#[cfg(unix)]
fn close_on_signal(app: tauri::AppHandle) -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            if signals.forever().next().is_some() {
                app.exit(0);
            }
        })?;
    Ok(())
}

/// The window shows the pages that the program carries, and no other.
fn is_own_page(url: &tauri::Url) -> bool {
    match url.scheme() {
        "tauri" => true,
        // On Windows the carried pages are served under this name.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_goes_nowhere_else() {
        let check = |url: &str, expect| assert_eq!(is_own_page(&url.parse().unwrap()), expect, "{url}");
        check("tauri://localhost/index.html", true);
        check("http://tauri.localhost/index.html", true);
        check("https://example.org/", false);
        check("file:///etc/passwd", false);
        check("data:text/html,x", false);
        check("https://tauri.localhost.example.org/", false);
    }
}
