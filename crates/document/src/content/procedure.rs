//! What the institution's profile adds to a session: its name, what was entered, the request that was made.

use minicbor::{Decode, Encode};
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::{IntegrityRecord, PageQuality, ProfileIdentity, ReadDocument, StillQuality};
use verification::service::{Entry, RequestRecord};
use verification::time::UtcMs;

use super::DecodeError;
use crate::codes::canonical;

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct ProfileWire<'a> {
    #[b(0)]
    name: &'a str,
    #[cbor(n(1), with = "minicbor::bytes")]
    sha256: [u8; 32],
}

impl<'a> From<&'a ProfileIdentity> for ProfileWire<'a> {
    fn from(profile: &'a ProfileIdentity) -> Self {
        Self {
            name: &profile.name,
            sha256: profile.sha256,
        }
    }
}

impl From<ProfileWire<'_>> for ProfileIdentity {
    fn from(wire: ProfileWire<'_>) -> Self {
        Self {
            name: wire.name.to_owned(),
            sha256: wire.sha256,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct EntryWire<'a> {
    #[b(0)]
    field: &'a str,
    #[b(1)]
    value: &'a str,
    #[n(2)]
    look_alike: bool,
}

impl<'a> From<&'a Entry> for EntryWire<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            field: &entry.field,
            value: entry.value.expose(),
            look_alike: entry.look_alike,
        }
    }
}

impl From<EntryWire<'_>> for Entry {
    fn from(wire: EntryWire<'_>) -> Self {
        Self {
            field: wire.field.to_owned(),
            value: Sensitive::new(wire.value.to_owned()),
            look_alike: wire.look_alike,
        }
    }
}

/// A day of the calendar.
#[derive(Encode, Decode)]
#[cbor(map)]
struct DateWire {
    #[n(0)]
    year: i32,
    #[n(1)]
    month: u8,
    #[n(2)]
    day: u8,
}

impl From<Date> for DateWire {
    fn from(date: Date) -> Self {
        Self {
            year: date.year(),
            month: date.month(),
            day: date.day(),
        }
    }
}

impl TryFrom<DateWire> for Date {
    type Error = DecodeError;

    fn try_from(wire: DateWire) -> Result<Self, DecodeError> {
        Self::new(wire.year, wire.month, wire.day).ok_or(DecodeError::Malformed { at: None })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct ReadDocumentWire<'a> {
    #[b(0)]
    kind: &'a str,
    #[b(1)]
    number: &'a str,
    #[b(2)]
    surname: &'a str,
    #[b(3)]
    given_names: &'a str,
    #[n(4)]
    expires: DateWire,
}

impl<'a> From<&'a ReadDocument> for ReadDocumentWire<'a> {
    fn from(document: &'a ReadDocument) -> Self {
        Self {
            kind: &document.kind,
            number: document.number.expose(),
            surname: document.surname.expose(),
            given_names: document.given_names.expose(),
            expires: document.expires.into(),
        }
    }
}

impl TryFrom<ReadDocumentWire<'_>> for ReadDocument {
    type Error = DecodeError;

    fn try_from(wire: ReadDocumentWire<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            kind: wire.kind.to_owned(),
            number: Sensitive::new(wire.number.to_owned()),
            surname: Sensitive::new(wire.surname.to_owned()),
            given_names: Sensitive::new(wire.given_names.to_owned()),
            expires: wire.expires.try_into()?,
        })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct RequestWire<'a> {
    #[b(0)]
    kind: &'a str,
    #[n(1)]
    due: DateWire,
}

impl<'a> From<&'a RequestRecord> for RequestWire<'a> {
    fn from(request: &'a RequestRecord) -> Self {
        Self {
            kind: &request.kind,
            due: request.due.into(),
        }
    }
}

impl TryFrom<RequestWire<'_>> for RequestRecord {
    type Error = DecodeError;

    fn try_from(wire: RequestWire<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            kind: wire.kind.to_owned(),
            due: wire.due.try_into()?,
        })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct StillQualityWire {
    #[n(0)]
    inter_eye_distance_px: f32,
    #[n(1)]
    sharpness: f32,
    #[n(2)]
    luminance_mean: f32,
    #[n(3)]
    yaw_deg: f32,
    #[n(4)]
    pitch_deg: f32,
}

impl From<StillQuality> for StillQualityWire {
    fn from(quality: StillQuality) -> Self {
        Self {
            inter_eye_distance_px: canonical(quality.inter_eye_distance_px),
            sharpness: canonical(quality.sharpness),
            luminance_mean: canonical(quality.luminance_mean),
            yaw_deg: canonical(quality.yaw_deg),
            pitch_deg: canonical(quality.pitch_deg),
        }
    }
}

impl From<StillQualityWire> for StillQuality {
    fn from(wire: StillQualityWire) -> Self {
        Self {
            inter_eye_distance_px: wire.inter_eye_distance_px,
            sharpness: wire.sharpness,
            luminance_mean: wire.luminance_mean,
            yaw_deg: wire.yaw_deg,
            pitch_deg: wire.pitch_deg,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct PageQualityWire {
    #[n(0)]
    long_side_px: f32,
    #[n(1)]
    aspect: f32,
    #[n(2)]
    sharpness: f32,
    #[n(3)]
    glare_part: f32,
    #[n(4)]
    luminance_mean: f32,
}

impl From<PageQuality> for PageQualityWire {
    fn from(page: PageQuality) -> Self {
        Self {
            long_side_px: canonical(page.long_side_px),
            aspect: canonical(page.aspect),
            sharpness: canonical(page.sharpness),
            glare_part: canonical(page.glare_part),
            luminance_mean: canonical(page.luminance_mean),
        }
    }
}

impl From<PageQualityWire> for PageQuality {
    fn from(wire: PageQualityWire) -> Self {
        Self {
            long_side_px: wire.long_side_px,
            aspect: wire.aspect,
            sharpness: wire.sharpness,
            glare_part: wire.glare_part,
            luminance_mean: wire.luminance_mean,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct IntegrityWire<'a> {
    #[b(0)]
    codes: Vec<&'a str>,
    #[n(1)]
    checked_at_ms: i64,
}

impl<'a> From<&'a IntegrityRecord> for IntegrityWire<'a> {
    fn from(record: &'a IntegrityRecord) -> Self {
        Self {
            codes: record.codes.iter().map(String::as_str).collect(),
            checked_at_ms: record.checked_at.0,
        }
    }
}

impl From<IntegrityWire<'_>> for IntegrityRecord {
    fn from(wire: IntegrityWire<'_>) -> Self {
        Self {
            codes: super::owned(&wire.codes),
            checked_at: UtcMs(wire.checked_at_ms),
        }
    }
}
