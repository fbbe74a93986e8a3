//! What goes over the socket between a [`Stage`](crate::Stage) and its window: one line of JSON for each message.

use std::path::Path;

use ipc::{Display, Intent, View};
use serde::{Deserialize, Serialize};

use crate::StageError;

/// What the window is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Show this.
    View(Box<View>),
}

impl Order {
    /// Reads a line.
    pub fn read(line: &str) -> Result<Self, StageError> {
        Ok(serde_json::from_str(line)?)
    }
}

/// What the window tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// A page is there.
    Subscribed,
    /// The person wants this.
    Intent(Intent),
}

impl Said {
    /// Reads a line.
    pub fn read(line: &str) -> Result<Self, StageError> {
        Ok(serde_json::from_str(line)?)
    }

    /// What the person wants, if it is that.
    pub fn intent(self) -> Option<Intent> {
        match self {
            Self::Intent(intent) => Some(intent),
            Self::Subscribed => None,
        }
    }
}

/// Where the window of the stage finds its teller, and how large it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Port on this machine.
    pub port: u16,
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// The screen that the window pretends to stand on.
    pub display: Display,
}

impl Settings {
    /// As a file.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self, StageError> {
        let settings = |message: String| StageError::Settings {
            path: path.to_owned(),
            message,
        };
        let text = std::fs::read_to_string(path).map_err(|error| settings(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| settings(error.to_string()))
    }
}
