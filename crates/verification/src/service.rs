//! What the public asks for.

/// Names a service in the catalogue, such as `account-opening`; also the key of its texts in the locales.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceId(pub String);

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
}
