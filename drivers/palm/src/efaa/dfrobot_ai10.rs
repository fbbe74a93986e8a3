//! Dialect of the DFRobot AI10 (SEN0677): face, palm and QR code in one module, of which the palm is used.

use super::dialect::{DeleteBy, Dialect, EnrolBy, ListBy, Recognition};
use super::inbound::Purpose;

/// Name of the driver.
pub const NAME: &str = "dfrobot-ai10";

/// Message id with which the module answers a verification when a QR code is shown.
const QR_SCAN: u8 = 0x70;

/// The dialect. Ids up to 1000 are faces.
pub const DIALECT: Dialect = Dialect {
    name: NAME,
    purpose: Purpose::FacesAndPalms,
    palms: 1001..=0xFFFE,
    limit_s: 3..=20,
    recognition: Recognition::ById,
    enrolment: EnrolBy::Single,
    deletion: DeleteBy::Id,
    listing: ListBy::Numbered,
    other_finds: &[QR_SCAN],
};
