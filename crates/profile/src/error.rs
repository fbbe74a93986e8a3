//! Why a profile cannot be used.

use std::path::PathBuf;

use thiserror::Error;
use verification::policy::PolicyError;
use verification::service::ServiceFault;

/// Why a profile cannot be used. Each names the file, the place in it, and what is allowed there.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No TOML, an unknown key, or a value of another type; the message names line and column.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong and where.
        message: String,
    },
    /// A value that is not allowed.
    #[error("{file}, line {line}: {key}: {message}")]
    Value {
        /// The file.
        file: String,
        /// The line, from one.
        line: usize,
        /// The key, with the tables around it.
        key: String,
        /// What is wrong, and what is allowed.
        message: String,
    },
    /// The rules do not allow the policy.
    #[error("{file}, line {line}: {key}: {source}{allowed}")]
    Policy {
        /// The file.
        file: String,
        /// The line, from one.
        line: usize,
        /// The key, or `policy` where several do not go together.
        key: String,
        /// What the key may be, where it is one; else empty.
        allowed: String,
        /// What the rules ask for.
        source: PolicyError,
    },
    /// A service cannot be used.
    #[error("{file}, line {line}: service {service:?}: {source}")]
    Service {
        /// The file.
        file: String,
        /// The line, from one.
        line: usize,
        /// The service.
        service: String,
        /// What is wrong.
        source: ServiceFault,
    },
}
