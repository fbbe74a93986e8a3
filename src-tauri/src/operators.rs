//! The people of the institution who say with a code that they are present.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use serde::Deserialize;
use thiserror::Error;
use verification::Sensitive;

use crate::technician::CODE_DIGITS_MIN;

/// Digits of an operator's number, which a code begins with.
const NUMBER_DIGITS: usize = 2;

/// Digits behind the number, at least.
const SECRET_DIGITS_MIN: usize = 6;

/// One of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The number that the code begins with, two digits.
    number: String,
    /// The name that stands in documents, such as a staff number.
    name: String,
    /// Argon2id of the whole code, as `alaqan --operator-code` prints it.
    code: String,
}

/// Why a code cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OperatorError {
    /// Not two digits and at least six behind them.
    #[error("a code is the operator's number, two digits, and at least {SECRET_DIGITS_MIN} digits behind it")]
    Shape,
    /// Not eight digits.
    #[error("a technician's code is at least {CODE_DIGITS_MIN} digits")]
    Technician,
    /// The system gives no randomness, or the hash cannot be made.
    #[error("the code cannot be hashed")]
    Hash,
}

impl Operator {
    /// Whether what the file says can be used.
    pub fn is_usable(&self) -> bool {
        let digits = self.number.bytes().all(|byte| byte.is_ascii_digit());
        digits
            && self.number.len() == NUMBER_DIGITS
            && !self.name.is_empty()
            && PasswordHash::new(&self.code).is_ok()
    }

    /// The number that the code begins with.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The name that stands in documents.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is the operator's code.
    pub fn is_code(&self, code: &Sensitive<String>) -> bool {
        fits(&self.code, code)
    }
}

/// Whose number this code begins with.
pub fn of_number<'a>(operators: &'a [Operator], code: &Sensitive<String>) -> Option<&'a Operator> {
    let number = code.expose().get(..NUMBER_DIGITS)?;
    operators.iter().find(|operator| operator.number == number)
}

/// Whose code this is.
pub fn of_code<'a>(operators: &'a [Operator], code: &Sensitive<String>) -> Option<&'a Operator> {
    of_number(operators, code).filter(|operator| operator.is_code(code))
}

/// What stands in the configuration for this code.
///
/// # Errors
/// When it is no code.
pub fn hash(code: &Sensitive<String>) -> Result<String, OperatorError> {
    let digits = code.expose();
    let is_code =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() >= NUMBER_DIGITS + SECRET_DIGITS_MIN;
    if !is_code {
        return Err(OperatorError::Shape);
    }
    argon2id(digits)
}

/// Whether a code is that of a hash. Takes some tens of milliseconds, whether it is or not.
pub(crate) fn fits(hash: &str, code: &Sensitive<String>) -> bool {
    let code = code.expose().as_bytes();
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(code, &hash).is_ok())
}

/// The hash of a code, with a salt of its own.
pub(crate) fn argon2id(digits: &str) -> Result<String, OperatorError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| OperatorError::Hash)?;
    let salt = SaltString::encode_b64(&random).map_err(|_| OperatorError::Hash)?;
    let hash = Argon2::default().hash_password(digits.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| OperatorError::Hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_who_is_there() {
        let code = |text: &str| Sensitive::new(text.to_owned());
        let operator = Operator {
            number: "07".into(),
            name: "staff-7".into(),
            code: hash(&code("07123456")).unwrap(),
        };
        assert!(operator.is_usable());
        let operators = [operator];
        let check = |text: &str, expect: Option<&str>| {
            let found = of_code(&operators, &code(text)).map(Operator::name);
            assert_eq!(found, expect, "{text}");
        };
        check("07123456", Some("staff-7"));
        check("07123457", None);
        check("08123456", None);
        check("0", None);
        check("", None);
        check("әң", None);
        assert_eq!(hash(&code("0712345")), Err(OperatorError::Shape));
        assert_eq!(hash(&code("07abcdef")), Err(OperatorError::Shape));
    }
}
