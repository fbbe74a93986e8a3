//! Why a verb did not do what it was asked for, and with which exit code it says so.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use gateway::authority::AuthorityError;
use gateway::config::ConfigError;
use gateway::server::GatewayError;
use gateway::storage::OpenError;
use gateway::store::StoreError;

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration, or a file that it names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened or used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gateway cannot start.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The demo authority.
    #[error(transparent)]
    Demo(#[from] AuthorityError),
    /// A name is no name of a kiosk.
    #[error(transparent)]
    Name(#[from] authority::NameError),
    /// What was named is not there.
    #[error("{0}")]
    Missing(String),
    /// The gateway is not ready, or does not answer.
    #[error("the gateway is not ready: {0}")]
    NotReady(String),
    /// The system gives no threads.
    #[error("the system gives no threads")]
    Runtime(#[source] std::io::Error),
    /// Anything else. Says what.
    #[error("{what}")]
    Other {
        /// What could not be done.
        what: String,
        /// Why.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl CliError {
    /// A file cannot be written.
    pub fn write(file: &Path, source: std::io::Error) -> Self {
        Self::because(format!("{} cannot be written", file.display()), source)
    }

    /// Something cannot be done.
    pub fn because(what: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Other {
            what: what.into(),
            source: Some(source.into()),
        }
    }

    /// Something cannot be done, and that says it all.
    pub fn plain(what: impl Into<String>) -> Self {
        Self::Other {
            what: what.into(),
            source: None,
        }
    }

    /// The exit code; the table stands in the help.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Missing(_) => 3,
            Self::Config(_) | Self::Gateway(GatewayError::Config(_)) => 4,
            Self::Store(_) | Self::Gateway(GatewayError::Store(_) | GatewayError::Open(_)) => 5,
            Self::NotReady(_) => 6,
            _ => 1,
        })
    }

    /// The error and its sources.
    pub fn in_one_line(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            let cause = error.to_string();
            if !text.contains(&cause) {
                text += &format!(": {cause}");
            }
            source = error.source();
        }
        text
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Config(error) => Self::Config(error),
            OpenError::Store(error) => Self::Store(error),
        }
    }
}
