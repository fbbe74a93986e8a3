//! Dialect of the DFRobot FP001 and FP002 (SEN0736, SEN0737): face and palm in one module, told apart explicitly.

use super::dialect::{DeleteBy, Dialect, EnrolBy, ListBy, Recognition};
use super::inbound::Purpose;

/// Name of the driver.
pub const NAME: &str = "dfrobot-fp";

/// The dialect. Ids 1 to 500 are faces.
pub const DIALECT: Dialect = Dialect {
    name: NAME,
    purpose: Purpose::FacesAndPalms,
    palms: 501..=800,
    limit_s: 1..=255,
    recognition: Recognition::ByKind,
    enrolment: EnrolBy::Palm,
    deletion: DeleteBy::IdAndType,
    listing: ListBy::NumberedAndCounted,
    other_finds: &[],
};
