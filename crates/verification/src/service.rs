//! What the public asks for: the catalogue of services, which is data of the institution's profile.
//!
//! A service says when a verification is required, which ways it allows, which consents and fields it asks for, on which
//! law it rests, and what follows from it. Nothing here knows one service by its name: a new one needs no code.

mod condition;
mod consent;
mod field;
mod request;

pub use condition::{Condition, Test};
pub use consent::{ConsentDemand, ConsentText, Refusal};
pub use field::{ChoiceOption, Entry, Field, FieldError, FieldKind};
pub use request::{RequestDemand, RequestKind, RequestRecord};

/// Names a service in the catalogue, such as `account-opening`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceId(pub String);

/// The consent of its own that the palm needs, with the version of its text.
pub const PALM_CONSENT: (&str, u32) = ("palm", 1);

/// The consent of its own to pictures of the face and of the identity document for an examiner, with the version of its text.
pub const IMAGES_CONSENT: (&str, u32) = ("images", 1);

/// The consent to the enrolment of the picture in the national system of biometric authentication (NBAS).
pub const NBAS_CONSENT: &str = "nbas-enrolment";

/// A text of the profile in the three languages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    /// Kazakh.
    pub kk: String,
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

/// On which law a service rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalBasis {
    /// A short name that stands in the documents, such as `kz-law-94-v`.
    pub id: String,
    /// The act, as it is shown.
    pub title: Texts,
}

/// A way to be verified that needs other people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssistedRoute {
    /// A video conference.
    Video,
    /// Pictures of face and identity document that a person looks at.
    ImageBased,
}

/// Under which heading a service is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Group {
    /// What the institution does for its clients.
    #[default]
    Services,
    /// What a person may ask about the own data.
    OwnData,
}

/// When a verification is required.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Requirement {
    /// Always.
    #[default]
    Always,
    /// When one of these holds. Otherwise the session ends with the finding that none is required.
    When(Vec<Condition>),
}

/// Something in the entries that the institution is to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspicionRule {
    /// The code of the event, such as `numbers-above-cap`.
    pub code: String,
    /// When it is raised.
    pub when: Condition,
}

/// One service of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Its name.
    pub id: ServiceId,
    /// As it is offered.
    pub title: Texts,
    /// One sentence about it.
    pub summary: Texts,
    /// Under which heading.
    pub group: Group,
    /// On which law it rests.
    pub legal_basis: Vec<LegalBasis>,
    /// When a verification is required.
    pub requirement: Requirement,
    /// What is asked for before anything else.
    pub consents: Vec<ConsentDemand>,
    /// What is asked for after the consents.
    pub fields: Vec<Field>,
    /// Whether the face may be used.
    pub face: bool,
    /// Whether the palm may be used.
    pub palm: bool,
    /// Whether the centre's own page on the person's phone may be used.
    pub hosted_page: bool,
    /// Ways that need other people.
    pub assisted: Vec<AssistedRoute>,
    /// Whether a palm is enrolled after the face has passed.
    pub enrols_palm: bool,
    /// The request that is made with it, which somebody has to answer within a time.
    pub request: Option<RequestDemand>,
    /// Whether the answer tells how an earlier request stands, whose number is entered in the field of that kind.
    pub asks_request_state: bool,
    /// What in the entries the institution is to hear of.
    pub suspicions: Vec<SuspicionRule>,
}

impl Default for ServiceId {
    fn default() -> Self {
        Self("unnamed".to_owned())
    }
}

impl Service {
    /// Whether a verification is required with these entries.
    pub fn requires_verification(&self, entries: &[Entry]) -> bool {
        match &self.requirement {
            Requirement::Always => true,
            Requirement::When(conditions) => conditions.iter().any(|condition| condition.holds(entries)),
        }
    }

    /// The fields that are asked for with these entries: one behind a condition only where it holds.
    pub fn fields_asked<'a>(&'a self, entries: &'a [Entry]) -> impl Iterator<Item = &'a Field> {
        self.fields
            .iter()
            .filter(|field| field.when.as_ref().is_none_or(|when| when.holds(entries)))
    }

    /// The codes of what is suspicious about these entries, in the order of the rules.
    pub fn suspicions_of(&self, entries: &[Entry]) -> Vec<String> {
        self.suspicions
            .iter()
            .filter(|rule| rule.when.holds(entries))
            .map(|rule| rule.code.clone())
            .collect()
    }

    /// What is against using this service; nothing if it can be used.
    pub fn fault(&self) -> Option<ServiceFault> {
        let known = |name: &str| self.fields.iter().position(|field| field.name == name);
        let after =
            |condition: &Condition, at: usize| known(&condition.field).is_none_or(|found| found >= at);
        let conditions = match &self.requirement {
            Requirement::Always => &[][..],
            Requirement::When(conditions) => conditions,
        };
        let end = self.fields.len();
        let dangling = conditions
            .iter()
            .chain(self.suspicions.iter().map(|rule| &rule.when))
            .find(|condition| after(condition, end))
            .or_else(|| {
                self.fields
                    .iter()
                    .enumerate()
                    .find_map(|(at, field)| field.when.as_ref().filter(|condition| after(condition, at)))
            });
        if let Some(condition) = dangling {
            return Some(ServiceFault::UnknownField(condition.field.clone()));
        }
        if matches!(&self.requirement, Requirement::When(conditions) if conditions.is_empty()) {
            return Some(ServiceFault::NeverRequired);
        }
        if !self.face && !self.palm && !self.hosted_page {
            return Some(ServiceFault::NoWay);
        }
        let consents_to_palm = self.consents.iter().any(|consent| consent.text == PALM_CONSENT.0);
        if self.enrols_palm && (!self.face || self.palm || !consents_to_palm) {
            return Some(ServiceFault::Enrolment);
        }
        for (at, field) in self.fields.iter().enumerate() {
            if self.fields[..at].iter().any(|other| other.name == field.name) {
                return Some(ServiceFault::TwiceTheSameField(field.name.clone()));
            }
        }
        match &self.request {
            Some(RequestDemand { by: Some(by), kinds }) => {
                let field = self.fields.iter().find(|field| field.name == *by);
                let Some(FieldKind::Choice(options)) = field.map(|field| &field.kind) else {
                    return Some(ServiceFault::UnknownField(by.clone()));
                };
                let is_without = |option: &&ChoiceOption| !kinds.iter().any(|kind| kind.name == option.name);
                if let Some(option) = options.iter().find(is_without) {
                    return Some(ServiceFault::NoDeadline(option.name.clone()));
                }
            }
            Some(RequestDemand { by: None, kinds }) if kinds.len() != 1 => {
                return Some(ServiceFault::NoDeadline(self.id.0.clone()));
            }
            _ => {}
        }
        let has_number = self
            .fields
            .iter()
            .any(|field| field.kind == FieldKind::RequestNumber);
        (self.asks_request_state != has_number).then_some(ServiceFault::RequestState)
    }
}

/// Why a service cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceFault {
    /// A condition or a request speaks of a field that is not there, or comes only later, or is no choice.
    #[error("there is no suitable field {0:?} before it is spoken of")]
    UnknownField(String),
    /// Conditions are announced, and there is none.
    #[error("a verification is never required: `when` is empty")]
    NeverRequired,
    /// Neither face nor palm nor the centre's page.
    #[error("no way to be verified is allowed")]
    NoWay,
    /// A palm is enrolled behind a face that passed, with the consent to it.
    #[error("a palm is enrolled behind the face alone, and with the consent `palm`")]
    Enrolment,
    /// Two fields have one name.
    #[error("the field {0:?} is there twice")]
    TwiceTheSameField(String),
    /// A kind of request has no deadline.
    #[error("the request {0:?} needs one number of working days")]
    NoDeadline(String),
    /// The state of a request is asked for without its number, or the other way round.
    #[error("`asks_request_state` and a field of the kind `request-number` go together")]
    RequestState,
}

#[cfg(test)]
mod tests;
