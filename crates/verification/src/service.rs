//! What the public asks for.

/// Names a service in the catalogue, such as `account-opening`; also the key of its texts in the locales.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceId(pub String);

/// The consent of its own that the palm needs, with the version of its text.
pub const PALM_CONSENT: (&str, u32) = ("palm", 1);

/// One service of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub id: ServiceId,
    /// Consents that must be given, each with the version of its text.
    pub consents: Vec<(String, u32)>,
    /// Whether the face may be used.
    pub face: bool,
    /// Whether the palm may be used.
    pub palm: bool,
    /// Whether a palm is enrolled after the face has passed.
    pub enrols_palm: bool,
}
