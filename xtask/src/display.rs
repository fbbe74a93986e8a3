//! A display where there is none.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::XtaskError;
use crate::steps::note;

/// A display for windows: the one that is there, or a virtual one that ends with this value.
#[derive(Debug)]
pub enum Display {
    /// The display of the person at this machine.
    Real,
    /// An X server without a screen.
    Virtual {
        /// Its name, such as `:99`.
        name: String,
        /// The server.
        server: Child,
    },
}

impl Display {
    /// Takes the display of the environment, or starts a virtual one of this size.
    pub fn find(size_px: (u32, u32)) -> Result<Self, XtaskError> {
        let named = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
        if named("DISPLAY") {
            Ok(Self::Real)
        } else {
            Self::virtual_one(size_px)
        }
    }

    /// Starts a virtual display on a free number.
    pub fn virtual_one(size_px: (u32, u32)) -> Result<Self, XtaskError> {
        let start = |source| XtaskError::Start {
            program: "Xvfb".into(),
            source,
        };
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                &format!("{}x{}x24", size_px.0, size_px.1),
            ])
            .args(["-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(start)?;
        let mut number = String::new();
        // The server writes its number once it can be connected to, and closes its output if it fails.
        if let Some(output) = server.stdout.take() {
            BufReader::new(output).read_line(&mut number).map_err(start)?;
        }
        let name = format!(":{}", number.trim());
        let display = Self::Virtual { name, server };
        if number.trim().is_empty() {
            return Err(XtaskError::Unsupported(
                "the virtual display Xvfb did not start".into(),
            ));
        }
        note(format!(
            "a virtual display of {} x {} pixels is used",
            size_px.0, size_px.1
        ));
        Ok(display)
    }

    /// Makes a command open its windows here.
    pub fn lend(&self, command: &mut Command) {
        if let Self::Virtual { name, .. } = self {
            // There is no session bus for accessibility behind a virtual display. The renderer of the web view
            // stays as it is: without DMA-BUF a driven window was seen to answer no more.
            command
                .env("DISPLAY", name)
                .env("GDK_BACKEND", "x11")
                .env_remove("WAYLAND_DISPLAY");
            command.env("NO_AT_BRIDGE", "1");
        }
    }

    /// Takes a picture of the whole virtual display; a real one is private and is left alone.
    pub fn photograph(&self, file: &Path) -> bool {
        let Self::Virtual { name, .. } = self else {
            return false;
        };
        let mut import = Command::new("import");
        import.args(["-display", name, "-window", "root"]).arg(file);
        crate::process::ask(&mut import).is_some()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Self::Virtual { server, .. } = self {
            // It has no state that a gentler end would save.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
