//! The kiosk: composition root of camera, face, palm, outbox and sync around one
//! [`verification::session::Session`], with a Tauri window in front.
//!
//! **Architecture Invariant:** no rule lives here. This crate converts, wires and performs.
//!
//! **Architecture Invariant:** one thread owns the session and the outbox ([`kiosk`]), one owns the camera and
//! OpenCV ([`capture`]); they talk by channels.

pub mod behaviour;
pub mod capture;
pub mod commands;
pub mod config;
pub mod convert;
mod devices;
mod guard;
pub mod kiosk;
pub mod logging;
pub mod operators;
pub mod pages;
mod scanner;
mod screen;
mod selftest;
mod slips;
pub mod speech;
mod surroundings;
pub mod technician;
mod watchdog;

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tauri::{Manager, RunEvent, WindowEvent};
use thiserror::Error;
use verification::identifier::{Iin, IinError};

use crate::commands::Shell;
use crate::config::{Config, ConfigError, Window};
use crate::kiosk::{Kiosk, StartError};
use crate::pages::Pages;
use crate::pages::machine::Rules;
use crate::speech::Speech;
use crate::watchdog::Watchdog;

/// Why the program ended.
#[derive(Debug, Error)]
pub enum RunError {
    /// The configuration cannot be used.
    #[error("the kiosk was not started")]
    Config(#[from] ConfigError),
    /// The kiosk cannot start.
    #[error("the kiosk cannot start")]
    Start(#[from] StartError),
    /// The voice cannot start.
    #[error("the voice cannot start")]
    Speech(#[from] ::speech::SpeechError),
    /// The window failed.
    #[error("the window failed")]
    Window(#[from] tauri::Error),
    /// A variable for developers and tests is set, through which others could look into the window.
    #[error("production does not start while {variable} is set")]
    Opened {
        /// The variable.
        variable: &'static str,
    },
    /// The program cannot be put into its place once more.
    #[error("freed memory cannot be overwritten")]
    Memory(#[source] std::io::Error),
    /// The window ended the program with this code.
    #[error("the window ended with code {0}")]
    Ended(i32),
    /// Nothing can be read from standard input.
    #[error("nothing can be read from standard input")]
    Input(#[source] std::io::Error),
    /// What was given is no code of an operator or technician. It is not repeated here.
    #[error("this is no code that can be used")]
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

/// Runs the kiosk until it is told to end.
pub fn run(config: &Path) -> Result<(), RunError> {
    let config = Config::load(config)?;
    if !config.demo
        && let Some(variable) = surroundings::opened_by(|name| std::env::var_os(name).is_some())
    {
        return Err(RunError::Opened { variable });
    }
    surroundings::overwrite_what_is_freed().map_err(RunError::Memory)?;
    logging::start();
    let (window, rules) = (config.window, config.behaviour.rules());
    let speech = Speech::start(config.speech.clone())?;
    // Models and store are opened while the window opens, since either takes long. What cannot work ends the program with a
    // message, as the configuration does above.
    let (failed, failure) = channel();
    let kiosk = Kiosk::start_beside(config, speech.clone(), move |opened| {
        if let Err(error) = opened {
            // Whoever listens is the end of the program; without one it has ended already.
            let _ = failed.send(error);
        }
    })?;
    show(window, rules, speech, Box::new(kiosk), failure)
}

/// Opens the window and shows what the shell sends, until the program is told to end. What comes by `failure` ends it.
pub fn show(
    window: Window,
    rules: Rules,
    speech: Speech,
    shell: Box<dyn Shell>,
    failure: Receiver<StartError>,
) -> Result<(), RunError> {
    let origin = Instant::now();
    let mut context = tauri::generate_context!();
    if window.kiosk {
        // Nothing shows it, and the toolkit keeps a copy of it for each page that ever was.
        context.set_default_window_icon(None);
    }
    let reason = Arc::new(Mutex::new(None));
    let found = Arc::clone(&reason);
    let app = tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![
            commands::subscribe,
            commands::intent,
            commands::hear,
            commands::speak
        ])
        .manage(shell)
        .manage(speech)
        .setup(move |app| {
            #[cfg(unix)]
            close_on_signal(app.handle().clone())?;
            close_on_failure(app.handle().clone(), failure, found)?;
            app.manage(Pages::start(app.handle().clone(), window, rules, origin)?);
            let (views, frames) = (app.handle().clone(), app.handle().clone());
            app.state::<Box<dyn Shell>>().subscribe(
                Box::new(move |view| {
                    views.state::<Speech>().viewed(view);
                    views.state::<Pages>().show(view);
                }),
                Box::new(move |jpeg| frames.state::<Pages>().preview(jpeg)),
            );
            let heard = app.handle().clone();
            app.state::<Speech>()
                .listen(move |state| heard.state::<Pages>().voice_stands(state));
            let (asked, seen) = (app.handle().clone(), app.handle().clone());
            let watchdog = Watchdog::start(
                origin,
                move |answer| asked.state::<Box<dyn Shell>>().ask(answer),
                move || seen.state::<Pages>().well_at(),
            )?;
            app.manage(Mutex::new(Some(watchdog)));
            Ok(())
        })
        .build(context)?;
    let code = app.run_return(move |app, event| match event {
        // A kiosk is not closed by those who use it. An ordinary window is, and ends the program.
        RunEvent::WindowEvent {
            event: WindowEvent::CloseRequested { api, .. },
            ..
        } => {
            api.prevent_close();
            if !window.kiosk {
                app.exit(0);
            }
        }
        // Without a code the last window is gone, which happens while a dead page is replaced.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        // The event loop ends the process without dropping what the program holds.
        RunEvent::Exit => {
            let watchdog = app.state::<Mutex<Option<Watchdog>>>();
            drop(watchdog.lock().unwrap_or_else(PoisonError::into_inner).take());
            app.state::<Pages>().stop();
            app.state::<Box<dyn Shell>>().stop();
        }
        _ => {}
    });
    let reason = reason.lock().unwrap_or_else(PoisonError::into_inner).take();
    match reason {
        Some(error) => Err(RunError::Start(error)),
        None if code == 0 => Ok(()),
        None => Err(RunError::Ended(code)),
    }
}

/// Closes the window when what the kiosk needs turns out not to work, and keeps why.
fn close_on_failure(
    app: tauri::AppHandle,
    failure: Receiver<StartError>,
    found: Arc<Mutex<Option<StartError>>>,
) -> std::io::Result<()> {
    std::thread::Builder::new().name("start".into()).spawn(move || {
        // The other end is gone as soon as all is open.
        if let Ok(error) = failure.recv() {
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            app.exit(1);
        }
    })?;
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
