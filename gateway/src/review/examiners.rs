//! Who an examiner is: number, secret, hash.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use verification::Sensitive;

use crate::config::{CodeHash, Examiner};

/// A secret has at least so many characters: it is typed on a network, and not at a kiosk beside which somebody stands.
pub const SECRET_CHARS_MIN: usize = 12;

/// And at most so many bytes, so that nobody keeps the gateway busy with one.
pub const SECRET_BYTES_MAX: usize = 256;

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too short or too long.
    #[error("a secret has at least {SECRET_CHARS_MIN} characters and at most {SECRET_BYTES_MAX} bytes")]
    Shape,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// The hash cannot be made.
    #[error("the secret cannot be hashed")]
    Hash,
}

/// What stands in the configuration for this secret.
///
/// # Errors
/// When it is too short or too long, or the system gives no random numbers.
pub fn hash(secret: &Sensitive<String>) -> Result<CodeHash, HashError> {
    let text = secret.expose();
    if text.chars().count() < SECRET_CHARS_MIN || text.len() > SECRET_BYTES_MAX {
        return Err(HashError::Shape);
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(HashError::Random)?;
    let salt = SaltString::encode_b64(&random).map_err(|_| HashError::Hash)?;
    let hash = Argon2::default().hash_password(text.as_bytes(), &salt);
    hash.map(|hash| CodeHash::new(hash.to_string()))
        .map_err(|_| HashError::Hash)
}

/// Those of the configuration.
#[derive(Debug)]
pub struct Examiners {
    known: Vec<Examiner>,
    /// Of a secret that nobody has: what a number is held against that nobody has, so that it takes as long.
    nobody: CodeHash,
}

impl Examiners {
    /// Those of a configuration.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(known: Vec<Examiner>) -> Result<Self, HashError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(HashError::Random)?;
        let digits = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            known,
            nobody: hash(&Sensitive::new(digits))?,
        })
    }

    /// The code of the examiner with this number.
    pub fn name_of(&self, number: &str) -> Option<&str> {
        self.find(number).map(|examiner| examiner.name.as_str())
    }

    /// Whether this is the secret of that number. Takes some tens of milliseconds, whether there is such a number or not.
    pub fn fits(&self, number: &str, secret: &Sensitive<String>) -> bool {
        let found = self.find(number);
        let code = found.map_or(&self.nobody, |examiner| &examiner.code);
        let Ok(hash) = PasswordHash::new(code.expose()) else {
            return false;
        };
        let secret = secret.expose().as_bytes();
        let fits =
            secret.len() <= SECRET_BYTES_MAX && Argon2::default().verify_password(secret, &hash).is_ok();
        fits && found.is_some()
    }

    fn find(&self, number: &str) -> Option<&Examiner> {
        self.known.iter().find(|examiner| examiner.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_says_who_is_there() {
        let secret = |text: &str| Sensitive::new(text.to_owned());
        let examiner = Examiner {
            number: "07".into(),
            name: "staff-7".into(),
            code: hash(&secret("құпия сөз 12")).unwrap(),
        };
        let examiners = Examiners::new(vec![examiner]).unwrap();
        assert!(examiners.fits("07", &secret("құпия сөз 12")));
        assert_eq!(examiners.name_of("07"), Some("staff-7"));
        for (number, text) in [
            ("07", "құпия сөз 13"),
            ("08", "құпия сөз 12"),
            ("", ""),
            ("07", ""),
        ] {
            assert!(!examiners.fits(number, &secret(text)), "{number} {text}");
        }
        assert_eq!(examiners.name_of("08"), None);
        for text in ["elevenchars", &"x".repeat(SECRET_BYTES_MAX + 1)] {
            assert!(matches!(hash(&secret(text)), Err(HashError::Shape)));
        }
        assert!(!format!("{examiners:?}").contains("argon2"));
    }
}
