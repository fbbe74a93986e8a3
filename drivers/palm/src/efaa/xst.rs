//! Dialect of the Xiangshi "XST" palm vein module, protocol V1.1: palms alone, and up to 50 of them.
//!
//! It says where the palm is by notes of its own number, and may push the progress of an enrolment as replies that
//! nobody asked for. Its thresholds (D4) stay as they are: the source knows one byte where the family has two.

use super::dialect::{DeleteBy, Dialect, EnrolBy, ListBy, Recognition};
use super::inbound::Purpose;

/// Name of the driver.
pub const NAME: &str = "xst";

/// The dialect. The module says itself when it is full, so no id is refused for being above 50.
pub const DIALECT: Dialect = Dialect {
    name: NAME,
    purpose: Purpose::Palms,
    palms: 1..=0xFFFE,
    limit_s: 1..=255,
    recognition: Recognition::Always,
    enrolment: EnrolBy::Single,
    deletion: DeleteBy::Id,
    listing: ListBy::Plain,
    other_finds: &[],
};
