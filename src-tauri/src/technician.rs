//! The technician's code, and where a technician may write what is pending.

use std::path::{Path, PathBuf};

use argon2::password_hash::PasswordHash;
use serde::Deserialize;
use verification::Sensitive;

use crate::operators::{self, OperatorError};

/// Digits of a technician's code, at least.
pub const CODE_DIGITS_MIN: usize = 8;

/// `[technician]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technician {
    /// Argon2id of the code, as `alaqan --technician-code` prints it.
    code: String,
    /// The folder of a medium to which pending documents are written.
    export: Option<PathBuf>,
}

impl Technician {
    /// Whether what the file says can be used.
    pub fn is_usable(&self) -> bool {
        PasswordHash::new(&self.code).is_ok()
    }

    /// Whether this is the code.
    pub fn is_code(&self, code: &Sensitive<String>) -> bool {
        operators::fits(&self.code, code)
    }

    /// The medium, if there is one.
    pub fn medium(&self) -> Option<&Path> {
        self.export.as_deref()
    }
}

/// What stands in the configuration for this code.
///
/// # Errors
/// When it is none.
pub fn hash(code: &Sensitive<String>) -> Result<String, OperatorError> {
    let digits = code.expose();
    if digits.len() < CODE_DIGITS_MIN || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OperatorError::Technician);
    }
    operators::argon2id(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_is_the_code() {
        let code = |text: &str| Sensitive::new(text.to_owned());
        let technician = Technician {
            code: hash(&code("70415926")).unwrap(),
            export: None,
        };
        assert!(technician.is_usable());
        assert!(technician.is_code(&code("70415926")));
        for wrong in ["70415927", "7041592", "704159260", "", "әң"] {
            assert!(!technician.is_code(&code(wrong)), "{wrong}");
        }
        for none in ["7041592", "7041592x", ""] {
            assert_eq!(hash(&code(none)), Err(OperatorError::Technician), "{none}");
        }
        let broken = Technician {
            code: "70415926".into(),
            export: None,
        };
        assert!(!broken.is_usable() && !broken.is_code(&code("70415926")));
    }
}
