//! Consents that a service asks for.

use super::Texts;

/// A consent, and what follows from its refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentDemand {
    /// Name of the text, such as `processing`.
    pub text: String,
    /// Version of the text.
    pub version: u32,
    /// What follows where it is refused.
    pub refusal: Refusal,
    /// The institution's own wording; without it the wording that comes with the kiosk is shown.
    pub wording: Option<ConsentText>,
}

impl ConsentDemand {
    /// A consent with the wording of the kiosk, without which the session ends.
    pub fn required(text: &str, version: u32) -> Self {
        Self {
            text: text.to_owned(),
            version,
            refusal: Refusal::Ends,
            wording: None,
        }
    }
}

/// What follows from a refused consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The session ends; nothing is kept of it but an audit record.
    Ends,
    /// The session goes on without what the consent is for.
    Continues,
    /// People of the institution go on: the session ends with a document that says so.
    Refers,
}

/// A wording of the institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentText {
    /// Heading.
    pub title: Texts,
    /// The text. A blank line starts a paragraph, `• ` a line of a list.
    pub body: Texts,
}
