//! The files as they are written: what may stand in them, and nothing of what it means.
//!
//! The documentation of these structs becomes the JSON Schema that editors show.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::policy::FilePolicy;
use crate::{Certainty, InstitutionKind};

/// A profile of an institution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Alaqan profile")]
pub struct FileProfile {
    /// Version of this format: 1.
    #[schemars(with = "u32", range(min = 1, max = 1))]
    pub format: Spanned<u32>,
    /// Name of the profile in documents: lower-case letters, digits and hyphens.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Kind of institution.
    pub kind: InstitutionKind,
    /// The institution, as it is shown.
    pub title: FileTexts,
    /// File of the working calendar, beside this one.
    pub calendar: String,
    /// File of what several profiles share, beside this one.
    pub shared: Option<String>,
    /// Services of the shared file that are offered, behind those of this file, in this order.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub use_services: Vec<Spanned<String>>,
    /// Opening hours.
    #[schemars(with = "FileHours")]
    pub hours: Spanned<FileHours>,
    /// The rules' numbers.
    #[schemars(with = "Option<FilePolicy>")]
    pub policy: Option<Spanned<FilePolicy>>,
    /// Acts on which services rest, besides those of the shared file.
    #[serde(default)]
    pub act: Vec<FileAct>,
    /// Consents; one of the same name in the shared file does not count.
    #[serde(default)]
    pub consent: Vec<FileConsent>,
    /// The services, in the order in which they are offered.
    #[serde(default)]
    pub service: Vec<FileService>,
}

/// The JSON Schema of a profile, made from the structs of this file.
pub fn schema() -> String {
    let schema = schemars::schema_for!(FileProfile);
    // The alternate form is indented; maps, lists and texts can always be written.
    format!("{:#}\n", sorted(schema.to_value()))
}

/// The same with the keys of each map in order, whatever the library keeps them in: that depends on who else uses it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(parts) => {
            let mut parts: Vec<_> = parts.into_iter().map(|(key, part)| (key, sorted(part))).collect();
            parts.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(parts.into_iter().collect())
        }
        Value::Array(parts) => Value::Array(parts.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// What several profiles share.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileShared {
    /// Acts on which services rest.
    #[serde(default)]
    pub act: Vec<FileAct>,
    /// Consents.
    #[serde(default)]
    pub consent: Vec<FileConsent>,
    /// Services that a profile may name in `use_services`.
    #[serde(default)]
    pub service: Vec<FileService>,
}

/// A text in the three languages.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileTexts {
    /// Kazakh.
    #[schemars(with = "String")]
    pub kk: Spanned<String>,
    /// Russian.
    #[schemars(with = "String")]
    pub ru: Spanned<String>,
    /// English.
    #[schemars(with = "String")]
    pub en: Spanned<String>,
}

/// Opening hours in local time. A day that is not named is closed. Each interval is written as "09:00-18:00".
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileHours {
    /// Monday.
    #[serde(default)]
    pub mon: Vec<String>,
    /// Tuesday.
    #[serde(default)]
    pub tue: Vec<String>,
    /// Wednesday.
    #[serde(default)]
    pub wed: Vec<String>,
    /// Thursday.
    #[serde(default)]
    pub thu: Vec<String>,
    /// Friday.
    #[serde(default)]
    pub fri: Vec<String>,
    /// Saturday.
    #[serde(default)]
    pub sat: Vec<String>,
    /// Sunday.
    #[serde(default)]
    pub sun: Vec<String>,
    /// Days that are different.
    #[serde(default)]
    pub special: Vec<FileSpecialDay>,
}

/// A day that is different.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSpecialDay {
    /// The day, as "2026-12-31".
    #[schemars(with = "String")]
    pub date: Spanned<String>,
    /// The intervals of that day; none means closed.
    pub intervals: Vec<String>,
}

/// An act.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileAct {
    /// Name in the documents, such as "kz-law-94-v".
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// As it is shown; without digits where a lawyer has to confirm the act first ("press", "secondary").
    pub title: FileTexts,
    /// Citation, what is taken from it, what is open. Never shown to a customer.
    pub note: String,
}

/// A consent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileConsent {
    /// Name of the text, such as "processing".
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Version of the text; a change of the text is a new version.
    pub version: u32,
    /// What follows where it is refused.
    pub refusal: FileRefusal,
    /// Heading of the institution's own wording; goes with `body`. Without both the kiosk's own wording is shown.
    pub title: Option<FileTexts>,
    /// The wording. A blank line starts a paragraph, "• " a line of a list.
    pub body: Option<FileTexts>,
}

/// What follows from a refused consent.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileRefusal {
    /// The session ends.
    Ends,
    /// The session goes on without what the consent is for.
    Continues,
    /// People of the institution go on.
    Refers,
}

/// A service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileService {
    /// Its name: lower-case letters, digits and hyphens.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// As it is offered.
    pub title: FileTexts,
    /// One sentence about it.
    pub summary: FileTexts,
    /// Under which heading it is offered; "services" where it is left out.
    #[serde(default)]
    pub group: FileGroup,
    /// Names of acts.
    #[schemars(with = "Vec<String>")]
    pub acts: Vec<Spanned<String>>,
    /// A verification is required where one of these holds; always, where this is left out.
    pub verification_when: Option<Vec<FileCondition>>,
    /// How a person may be verified at the kiosk.
    pub ways: Vec<FileWay>,
    /// Ways that need other people: at least one, for whoever cannot be measured or does not want to be. None where a palm is
    /// enrolled.
    #[serde(default)]
    pub assisted: Vec<FileAssisted>,
    /// Whether a palm is enrolled after the face has passed.
    #[serde(default)]
    pub enrols_palm: bool,
    /// Names of consents, in the order in which they are asked for.
    #[schemars(with = "Vec<String>")]
    pub consents: Vec<Spanned<String>>,
    /// What is asked for after the consents.
    #[serde(default)]
    pub field: Vec<FileField>,
    /// The request that is made with it.
    pub request: Option<FileRequest>,
    /// Whether it tells how an earlier request stands.
    #[serde(default)]
    pub asks_request_state: bool,
    /// What in the entries the institution is to hear of.
    #[serde(default)]
    pub suspicion: Vec<FileSuspicion>,
}

/// Under which heading a service is offered.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileGroup {
    /// What the institution does for its clients.
    #[default]
    Services,
    /// What a person may ask about the own data.
    OwnData,
}

/// How a person may be verified at the kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileWay {
    /// The face, in front of the kiosk's camera.
    Face,
    /// The palm, at the kiosk's scanner, with its own consent.
    Palm,
    /// The centre's own page, on the person's phone.
    HostedPage,
}

/// A way that needs other people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileAssisted {
    /// A video conference.
    Video,
    /// Pictures of face and identity document that a person looks at.
    ImageBased,
}

/// When something holds, by the entry in a field. Exactly one of `above`, `at_least` and `is` is given.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileCondition {
    /// The field.
    #[schemars(with = "String")]
    pub field: Spanned<String>,
    /// The amount or count is greater than this.
    pub above: Option<u64>,
    /// The amount or count is this or greater.
    pub at_least: Option<u64>,
    /// This choice.
    pub is: Option<String>,
}

/// Something that is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileField {
    /// Its name in the document.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// What is entered.
    pub kind: FileFieldKind,
    /// Whether it may not be left empty; true where it is left out.
    #[serde(default = "yes")]
    pub required: bool,
    /// The question.
    pub label: FileTexts,
    /// A sentence below it.
    pub hint: Option<FileTexts>,
    /// It is asked for only where this holds.
    pub when: Option<FileCondition>,
    /// Smallest amount in tenge or count; for these kinds alone.
    pub min: Option<u64>,
    /// Largest amount in tenge or count; for these kinds alone.
    pub max: Option<u64>,
    /// Whether the person can be called on the number; true where it is left out; for phones alone.
    pub call_back: Option<bool>,
    /// How many characters; for texts alone.
    pub max_chars: Option<u16>,
    /// What can be chosen; for choices alone.
    #[serde(default)]
    pub option: Vec<FileOption>,
}

fn yes() -> bool {
    true
}

/// What is entered into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileFieldKind {
    /// An amount in whole tenge; wants `min` and `max`.
    Amount,
    /// How many of something; wants `min` and `max`.
    Count,
    /// A mobile number of Kazakhstan.
    Phone,
    /// A business identification number.
    Bin,
    /// The number of an identity card.
    CardNumber,
    /// The name of a person.
    Name,
    /// Free text; wants `max_chars`.
    Text,
    /// One of several; wants `option`.
    Choice,
    /// The number of an earlier request.
    RequestNumber,
}

/// One of several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileOption {
    /// Its name in the document.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// As it is offered.
    pub title: FileTexts,
}

/// A request that somebody has to answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRequest {
    /// The choice that says which kind it is; without it there is one kind.
    pub by: Option<String>,
    /// The kinds.
    pub kind: Vec<FileRequestKind>,
}

/// One kind of request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRequestKind {
    /// Its name; that of the choice, where `by` names one.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Within how many working days it is to be answered: 1 to 60.
    pub working_days: u16,
}

/// Something in the entries that the institution is to hear of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSuspicion {
    /// The code of the event: lower-case letters, digits and hyphens.
    #[schemars(with = "String")]
    pub code: Spanned<String>,
    /// When it is raised.
    pub when: FileCondition,
}
