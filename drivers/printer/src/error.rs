/// Why a slip was not printed, or a printer cannot be asked. Nothing of a slip stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// No printer of this name.
    #[error("the printer {0} was not found")]
    NotFound(String),
    /// It is there, but this program may not use it.
    #[error("no permission to use the printer {0}")]
    NoPermission(String),
    /// Another program has it.
    #[error("the printer {0} is used by another program")]
    Busy(String),
    /// It did not answer, or did not take what was sent, in time.
    #[error("the printer did not answer in time: {0}")]
    Timeout(&'static str),
    /// It answered something that its protocol does not know.
    #[error("the printer answered something unexpected: {0}")]
    Protocol(&'static str),
    /// It went away while it was used.
    #[error("the printer was disconnected: {0}")]
    Disconnected(&'static str),
    /// The roll is at its end.
    #[error("the printer is out of paper")]
    OutOfPaper,
    /// The cover is open.
    #[error("the cover of the printer is open")]
    CoverOpen,
    /// Anything else, in words for a technician.
    #[error("printing failed: {0}")]
    Failed(String),
}

impl PrintError {
    /// One word that stays the same, for scripts and logs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not-found",
            Self::NoPermission(_) => "no-permission",
            Self::Busy(_) => "busy",
            Self::Timeout(_) => "timeout",
            Self::Protocol(_) => "protocol",
            Self::Disconnected(_) => "disconnected",
            Self::OutOfPaper => "out-of-paper",
            Self::CoverOpen => "cover-open",
            Self::Failed(_) => "failed",
        }
    }
}
