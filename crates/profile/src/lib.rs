//! The institution's profile as data: what the kiosk's rules measure against, when the institution works, and which
//! services it offers.
//!
//! A profile is a TOML file that names two more: the working calendar of the country, and, where it wants, a file of
//! what several profiles share. [`Profile::parse`] takes their texts and touches no disk; [`load`] reads them.
//! What a profile means stands in `verification`: [`Policy`] and [`Service`] are filled here and judged there.
//!
//! **Architecture Invariant:** whatever of a profile can change a decision or a screen stands in its effective text, and
//! the name of the profile in a document is the hash of that text ([`Profile::effective`]). The writers take every
//! struct apart field by field, so that a new field cannot be forgotten.

pub mod calendar;
mod effective;
mod error;
pub mod file;
mod hours;
mod parse;
pub mod policy;
pub mod table;

use std::path::Path;

use sha2::{Digest, Sha256};
use verification::calendar::WorkCalendar;
use verification::hours::OpeningHours;
use verification::policy::Policy;
use verification::service::{ConsentDemand, LegalBasis, Service, Texts};

pub use error::ProfileError;
pub use parse::{Links, Source, Sources, hours};

/// What kind of institution a profile is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum InstitutionKind {
    /// A bank.
    Bank,
    /// A microfinance organisation.
    Microfinance,
    /// A payment organisation.
    Payment,
    /// An operator of mobile communication.
    MobileOperator,
    /// A platform on which digital assets are exchanged.
    CryptoPlatform,
    /// A desk of the migration service.
    MigrationDesk,
}

impl InstitutionKind {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Microfinance => "microfinance",
            Self::Payment => "payment",
            Self::MobileOperator => "mobile-operator",
            Self::CryptoPlatform => "crypto-platform",
            Self::MigrationDesk => "migration-desk",
        }
    }
}

/// How sure it is that an act says what the profile takes from it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// That the act exists under this title was read in a source of the act itself, or is general knowledge. Which
    /// duties follow from it is for the institution's lawyer.
    Title,
    /// A report of the press: a lawyer confirms it first. Such an act is shown without number and date.
    Press,
    /// Somebody else's analysis: a lawyer confirms it first. Such an act is shown without number and date.
    Secondary,
    /// The institution's lawyer has confirmed act and duty.
    Confirmed,
}

impl Certainty {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Press => "press",
            Self::Secondary => "secondary",
            Self::Confirmed => "confirmed",
        }
    }

    /// Whether a lawyer has to confirm the act itself before a number of it is shown to anybody.
    pub fn is_to_be_confirmed(self) -> bool {
        matches!(self, Self::Press | Self::Secondary)
    }
}

/// An act on which services rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Name in the documents, and title as it is shown.
    pub basis: LegalBasis,
    /// How sure it is.
    pub certainty: Certainty,
    /// For whoever configures the kiosk: citation, what is taken from it, what is open. Never shown to a customer.
    pub note: String,
}

/// A checked profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name, such as `bank`; stands in every document.
    pub name: String,
    /// For which kind of institution.
    pub kind: InstitutionKind,
    /// As it is shown.
    pub title: Texts,
    /// The rules' numbers, with all defaults. [`Policy::check`] found nothing against it.
    pub policy: Policy,
    /// When the institution works.
    pub hours: OpeningHours,
    /// The working calendar of the country.
    pub calendar: WorkCalendar,
    /// Acts that the services name, in the order of the files.
    pub acts: Vec<Act>,
    /// All consents of the profile, also where no service asks for them at its beginning: the one for the palm is asked
    /// for when a person chooses the palm.
    pub consents: Vec<ConsentDemand>,
    /// The services on offer, in order. [`Service::fault`] found nothing against any.
    pub catalogue: Vec<Service>,
    /// SHA-256 of [`Self::effective`]. It stands in every document.
    pub sha256: [u8; 32],
}

impl Profile {
    /// For how many years the institution keeps documents and pictures.
    pub fn retention_years(&self) -> u16 {
        self.policy.retention_years
    }

    /// The consent of this name, with the institution's wording where it has one.
    pub fn consent(&self, text: &str) -> Option<&ConsentDemand> {
        self.consents.iter().find(|consent| consent.text == text)
    }

    /// What of the profile is in force, as text: valid TOML with everything filled in, always in the same order.
    ///
    /// The form is described in `docs/profiles/README.md`. Comments, order of keys and sharing between files do not show
    /// in it; notes for whoever configures do not either.
    pub fn effective(&self) -> String {
        effective::write(self)
    }

    /// The profile with another policy and, where given, other hours: those of one kiosk. The hash is that of what is in
    /// force.
    #[must_use]
    pub fn of_kiosk(mut self, policy: Policy, hours: Option<OpeningHours>) -> Self {
        self.policy = policy;
        if let Some(hours) = hours {
            self.hours = hours;
        }
        self.sealed()
    }

    fn sealed(mut self) -> Self {
        self.sha256 = Sha256::digest(self.effective().as_bytes()).into();
        self
    }
}

/// A hash as hexadecimal digits.
pub fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a profile and the files that it names, which lie beside it.
///
/// # Errors
/// When a file cannot be read, or says what it may not.
pub fn load(path: &Path) -> Result<Profile, ProfileError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|source| ProfileError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let name = path.display().to_string();
    let text = read(path)?;
    let links = Links::of(Source {
        name: &name,
        text: &text,
    })?;
    let beside = |file: &str| path.with_file_name(file);
    let calendar = beside(&links.calendar);
    let calendar_name = calendar.display().to_string();
    let calendar_text = read(&calendar)?;
    let shared = links.shared.as_deref().map(beside);
    let shared_name = shared.as_ref().map(|path| path.display().to_string());
    let shared_text = shared.as_deref().map(read).transpose()?;
    Profile::parse(&Sources {
        profile: Source {
            name: &name,
            text: &text,
        },
        calendar: Source {
            name: &calendar_name,
            text: &calendar_text,
        },
        shared: shared_name
            .as_deref()
            .zip(shared_text.as_deref())
            .map(|(name, text)| Source { name, text }),
    })
}

#[cfg(test)]
mod tests {
    use verification::date::Date;
    use verification::hours::{OpenDay, OpenSpan};
    use verification::time::UtcMs;

    use super::*;

    fn bank() -> Profile {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/bank.toml");
        load(Path::new(file)).unwrap()
    }

    #[test]
    fn the_rules_count_by_what_the_file_says() {
        let profile = bank();
        let hours = &profile.hours;
        // Monday, 23 November 2026: opens at nine of Kazakhstan, four of UTC.
        let monday = Date::new(2026, 11, 23).unwrap().start_utc().0;
        let at = |minutes: i64| UtcMs(monday + minutes * 60_000);
        assert!(!hours.is_open(at(8 * 60 + 59)));
        assert!(hours.is_open(at(9 * 60)));
        assert!(!hours.is_open(at(18 * 60)));
        // The day before is a Sunday.
        assert_eq!(hours.opens_next(at(-60)), Some(at(9 * 60)));
        let calendar = &profile.calendar;
        let friday = Date::new(2026, 11, 27).unwrap();
        let due = calendar.add_working_days(friday, 1).unwrap();
        assert_eq!(due, Date::new(2026, 11, 30).unwrap());
        let new_year = Date::new(2027, 1, 1).unwrap();
        assert_eq!(calendar.is_working_day(new_year), Ok(false));
    }

    #[test]
    fn a_kiosk_of_its_own_has_a_hash_of_its_own() {
        let profile = bank();
        let same = profile.clone().of_kiosk(profile.policy.clone(), None);
        assert_eq!(same, profile);
        let policy = Policy {
            comparison_min: 0.97,
            ..profile.policy.clone()
        };
        assert_ne!(profile.clone().of_kiosk(policy, None).sha256, profile.sha256);
        let all_day = OpenDay::new(vec![OpenSpan::new(0, 1440).unwrap()]).unwrap();
        let hours = OpeningHours {
            week: std::array::from_fn(|_| all_day.clone()),
            ..OpeningHours::default()
        };
        let always = profile.clone().of_kiosk(profile.policy.clone(), Some(hours));
        assert_ne!(always.sha256, profile.sha256);
        assert!(always.hours.is_open(UtcMs(0)));
    }
}
