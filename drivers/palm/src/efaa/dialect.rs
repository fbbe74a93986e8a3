//! What the modules of the family do differently, as data.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::commands::{Identified, UnlockKind};
use super::inbound::Purpose;

/// One dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Name of the driver.
    pub name: &'static str,
    /// What the module is made for.
    pub purpose: Purpose,
    /// Ids that the module gives to palms.
    pub palms: RangeInclusive<u16>,
    /// What the module accepts as the limit of a capture, in seconds.
    pub limit_s: RangeInclusive<u8>,
    /// How the module says that it recognised a palm.
    pub recognition: Recognition,
    /// How a palm is enrolled.
    pub enrolment: EnrolBy,
    /// How a palm is deleted.
    pub deletion: DeleteBy,
    /// How the palms are listed.
    pub listing: ListBy,
    /// Message ids of replies that answer a verification besides its own: something else was shown.
    pub other_finds: &'static [u8],
}

/// How a module says that it recognised a palm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognition {
    /// It knows nothing but palms.
    Always,
    /// The id is that of a palm, and the kind does not say that it was a face.
    ById,
    /// The kind says so.
    ByKind,
}

/// How a palm is enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolBy {
    /// The module takes what it sees first, and its id says what that was.
    Single,
    /// It is told to take a palm.
    Palm,
}

/// How a palm is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteBy {
    /// By its id.
    Id,
    /// By its id and what it is, palms with a command of their own.
    IdAndType,
}

/// How palms are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListBy {
    /// There is one list and one format.
    Plain,
    /// There is one list, in the format of this number: 0.
    Numbered,
    /// The list may hold faces alone; palms are counted in a format of their own.
    NumberedAndCounted,
}

/// Whether what a module found is a palm, or why that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A palm, and this is its id.
    Palm(u16),
    /// Something else.
    SomethingElse,
    /// A palm by its kind, under an id that no palm can have.
    Contradiction,
}

impl Dialect {
    /// What a successful verification found.
    pub fn found(&self, identified: Identified) -> Found {
        let Identified { id, kind } = identified;
        let is_palm = match self.recognition {
            Recognition::Always => true,
            Recognition::ById => self.palms.contains(&id) && kind != UnlockKind::Face,
            Recognition::ByKind => kind == UnlockKind::Palm,
        };
        if !is_palm {
            Found::SomethingElse
        } else if self.palms.contains(&id) {
            Found::Palm(id)
        } else {
            Found::Contradiction
        }
    }

    /// Whole seconds, rounded up, within what the module accepts.
    pub fn limit_s(&self, limit: Duration) -> u8 {
        let seconds = limit
            .as_secs()
            .saturating_add(u64::from(limit.subsec_nanos() > 0));
        u8::try_from(seconds)
            .unwrap_or(u8::MAX)
            .clamp(*self.limit_s.start(), *self.limit_s.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::efaa::{dfrobot_ai10, dfrobot_fp, xst};

    #[test]
    fn the_limit_is_rounded_up_and_kept_in_range() {
        let check = |dialect: &Dialect, limit: Duration, expect: u8| {
            assert_eq!(dialect.limit_s(limit), expect, "{} {limit:?}", dialect.name);
        };
        check(&dfrobot_ai10::DIALECT, Duration::ZERO, 3);
        check(&dfrobot_ai10::DIALECT, Duration::from_millis(9001), 10);
        check(&dfrobot_ai10::DIALECT, Duration::MAX, 20);
        check(&xst::DIALECT, Duration::ZERO, 1);
        check(&dfrobot_fp::DIALECT, Duration::MAX, 255);
    }

    #[test]
    fn only_a_palm_is_one() {
        use Found::{Contradiction, Palm, SomethingElse};
        use UnlockKind::{Face, Other};
        let check = |dialect: &Dialect, id: u16, kind: UnlockKind, expect: Found| {
            let found = dialect.found(Identified { id, kind });
            assert_eq!(found, expect, "{} {id} {kind:?}", dialect.name);
        };
        let ai10 = &dfrobot_ai10::DIALECT;
        check(ai10, 1001, UnlockKind::Palm, Palm(1001));
        check(ai10, 1001, Other(0), Palm(1001));
        check(ai10, 1001, Face, SomethingElse);
        check(ai10, 1000, UnlockKind::Palm, SomethingElse);
        let fp = &dfrobot_fp::DIALECT;
        check(fp, 501, UnlockKind::Palm, Palm(501));
        check(fp, 800, UnlockKind::Palm, Palm(800));
        check(fp, 501, Face, SomethingElse);
        check(fp, 501, Other(2), SomethingElse);
        check(fp, 500, UnlockKind::Palm, Contradiction);
        check(fp, 801, UnlockKind::Palm, Contradiction);
        let xst = &xst::DIALECT;
        check(xst, 1, Face, Palm(1));
        check(xst, 50, Other(0), Palm(50));
    }
}
