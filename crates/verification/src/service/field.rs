//! What a service asks to be entered.

use super::{Condition, Texts};
use crate::Sensitive;
use crate::amount::Tenge;
use crate::identifier::{Bin, BinError, CardNumber, Phone, PhoneError};
use crate::name::{self, NameError};
use crate::request;

/// One thing that is asked for; each has a screen of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the document, such as `amount`.
    pub name: String,
    /// What is entered.
    pub kind: FieldKind,
    /// Whether it may not be left empty.
    pub required: bool,
    /// The question.
    pub label: Texts,
    /// A sentence below it; may be empty.
    pub hint: Texts,
    /// It is asked for only where this holds of the fields before it.
    pub when: Option<Condition>,
}

/// What is entered into a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// An amount in whole tenge, within these bounds.
    Amount {
        /// Smallest.
        min_tenge: u64,
        /// Largest.
        max_tenge: u64,
    },
    /// How many of something, within these bounds.
    Count {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A mobile number of Kazakhstan.
    Phone {
        /// The person can be called on it: a number that is only about to be registered is nobody's yet.
        call_back: bool,
    },
    /// A business identification number.
    Bin,
    /// The number of an identity card.
    CardNumber,
    /// The name of a person.
    Name,
    /// Free text.
    Text {
        /// How many characters.
        max_chars: u16,
    },
    /// One of several.
    Choice(Vec<ChoiceOption>),
    /// The number of an earlier request.
    RequestNumber,
}

/// One of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceOption {
    /// Its name in the document.
    pub name: String,
    /// As it is offered.
    pub title: Texts,
}

/// What was entered, in the one form in which it is kept. Its value is personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The field.
    pub field: String,
    /// The value: digits for amounts and counts, `+7…` for a phone, the name of a choice.
    pub value: Sensitive<String>,
    /// The entry looks like what it is not: letters of another alphabet within a word.
    pub look_alike: bool,
}

impl Entry {
    /// The number that it is, for amounts and counts.
    pub fn number(&self) -> Option<u64> {
        self.value.expose().parse().ok()
    }
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Nothing was entered.
    #[error("something must be entered")]
    Missing,
    /// It has not the form of such a value.
    #[error("this is not the right form")]
    Shape,
    /// Below the smallest.
    #[error("at least {0}")]
    TooSmall(u64),
    /// Above the largest.
    #[error("at most {0}")]
    TooLarge(u64),
    /// Too many characters.
    #[error("at most {0} characters")]
    TooLong(u16),
    /// A number of another country.
    #[error("not a number of Kazakhstan")]
    Country,
    /// Not one of a mobile phone.
    #[error("not the number of a mobile phone")]
    NotMobile,
    /// A digit was mistyped.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// Characters that no name has.
    #[error("no name has such characters")]
    Letters,
    /// None of those on offer.
    #[error("none of the choices")]
    NotOffered,
}

impl Field {
    /// What was entered, in the form in which it is kept; nothing where it was left empty and may be.
    ///
    /// # Errors
    /// When the entry is none for this field.
    pub fn read(&self, typed: &Sensitive<String>) -> Result<Option<Entry>, FieldError> {
        let text = typed.expose().trim();
        if text.is_empty() {
            return if self.required {
                Err(FieldError::Missing)
            } else {
                Ok(None)
            };
        }
        let mut look_alike = false;
        let value = match &self.kind {
            FieldKind::Amount { min_tenge, max_tenge } => {
                let amount = text.parse::<Tenge>().map_err(|_| FieldError::Shape)?;
                within(amount.0, *min_tenge, *max_tenge)?
            }
            FieldKind::Count { min, max } => {
                let digits = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
                let count = digits.then(|| text.parse().ok()).flatten();
                within(count.ok_or(FieldError::Shape)?, *min, *max)?
            }
            FieldKind::Phone { .. } => text.parse::<Phone>().map_err(FieldError::from)?.expose(),
            FieldKind::Bin => text.parse::<Bin>().map_err(FieldError::from)?.expose(),
            FieldKind::CardNumber => text
                .parse::<CardNumber>()
                .map_err(|_| FieldError::Shape)?
                .expose(),
            FieldKind::Name => match name::check_name(text) {
                Ok(name) => name.expose().to_owned(),
                // Whoever looks at it decides; the person may have no other keyboard.
                Err(NameError::LookAlike(_)) => {
                    look_alike = true;
                    name::composed(text)
                }
                Err(NameError::Empty) => return Err(FieldError::Missing),
                Err(NameError::TooLong) => return Err(FieldError::TooLong(name::CHARACTERS_MAX)),
                Err(NameError::Character { .. } | NameError::Joint { .. } | NameError::Mixed { .. }) => {
                    return Err(FieldError::Letters);
                }
            },
            FieldKind::Text { max_chars } => {
                if text.chars().count() > usize::from(*max_chars) {
                    return Err(FieldError::TooLong(*max_chars));
                }
                if text.chars().any(|c| c.is_control() && c != '\n') {
                    return Err(FieldError::Shape);
                }
                text.to_owned()
            }
            FieldKind::Choice(options) => options
                .iter()
                .find(|option| option.name == text)
                .map(|option| option.name.clone())
                .ok_or(FieldError::NotOffered)?,
            FieldKind::RequestNumber => request::parse(text).map_err(|_| FieldError::CheckDigit)?,
        };
        Ok(Some(Entry {
            field: self.name.clone(),
            value: Sensitive::new(value),
            look_alike,
        }))
    }
}

fn within(value: u64, min: u64, max: u64) -> Result<String, FieldError> {
    if value < min {
        Err(FieldError::TooSmall(min))
    } else if value > max {
        Err(FieldError::TooLarge(max))
    } else {
        Ok(value.to_string())
    }
}

impl From<PhoneError> for FieldError {
    fn from(error: PhoneError) -> Self {
        match error {
            PhoneError::Character { .. } | PhoneError::Length { .. } => Self::Shape,
            PhoneError::Country => Self::Country,
            PhoneError::NotMobile => Self::NotMobile,
        }
    }
}

impl From<BinError> for FieldError {
    fn from(error: BinError) -> Self {
        match error {
            BinError::Shape | BinError::Month | BinError::Holder | BinError::Part => Self::Shape,
            BinError::CheckDigit => Self::CheckDigit,
        }
    }
}
