//! Why a document is refused, and why a connection is ended. Each is a number, which is never given to another
//! meaning; a number that a reader does not know is `Other`.

use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder};

/// Why the gateway did not store a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalCode {
    /// 0: the signature does not fit the document.
    Signature,
    /// 1: the signer's certificate is not trusted or not valid.
    Certificate,
    /// 2: the bytes are no document that the gateway understands.
    Malformed,
    /// 3: it is larger than the gateway takes.
    TooLarge,
    /// 4: it names another kiosk than the one that signed or sent it.
    WrongKiosk,
    /// 5: another document is stored under this id, or the id is not the one inside the document.
    IdConflict,
    /// 6: the gateway cannot store anything now.
    Unavailable {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// 7: the audit log of the kiosk, as this document shows it, contradicts what the gateway was shown before.
    AuditFork,
    /// A number that this program does not know.
    Other(u32),
}

/// The number of [`RefusalCode::Unavailable`], the only one with a second number behind it.
const UNAVAILABLE: u32 = 6;

impl RefusalCode {
    /// The name of this code in stores and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Certificate => "certificate",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::WrongKiosk => "wrong-kiosk",
            Self::IdConflict => "id-conflict",
            Self::Unavailable { .. } => "unavailable",
            Self::AuditFork => "audit-fork",
            Self::Other(_) => "other",
        }
    }

    /// Its number in frames.
    pub fn number(self) -> u32 {
        match self {
            Self::Signature => 0,
            Self::Certificate => 1,
            Self::Malformed => 2,
            Self::TooLarge => 3,
            Self::WrongKiosk => 4,
            Self::IdConflict => 5,
            Self::Unavailable { .. } => UNAVAILABLE,
            Self::AuditFork => 7,
            Self::Other(number) => number,
        }
    }
}

impl<C> Encode<C> for RefusalCode {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Self::Unavailable { retry_after_ms } => e.array(2)?.u32(UNAVAILABLE)?.u64(*retry_after_ms)?.ok(),
            code => e.array(1)?.u32(code.number())?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for RefusalCode {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let missing = || minicbor::decode::Error::message("a refusal without its number").at(at);
        let mut left = d.array()?.ok_or_else(missing)?;
        let number = d.u32()?;
        left = left.checked_sub(1).ok_or_else(missing)?;
        let code = match number {
            0 => Self::Signature,
            1 => Self::Certificate,
            2 => Self::Malformed,
            3 => Self::TooLarge,
            4 => Self::WrongKiosk,
            5 => Self::IdConflict,
            UNAVAILABLE => {
                left = left.checked_sub(1).ok_or_else(missing)?;
                Self::Unavailable {
                    retry_after_ms: d.u64()?,
                }
            }
            7 => Self::AuditFork,
            number => Self::Other(number),
        };
        for _ in 0..left {
            d.skip()?;
        }
        Ok(code)
    }
}

/// Why the gateway ended the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByeReason {
    /// 0: it speaks another version of the frames.
    Version,
    /// 1: the greeting names another kiosk than the certificate.
    KioskMismatch,
    /// 2: the kiosk sent something that makes no sense.
    Malformed,
    /// 3: the gateway stops.
    ShuttingDown,
    /// 4: the same kiosk has connected anew.
    Replaced,
    /// 5: more answers wait than the gateway keeps for one connection; the next one starts with them.
    Overrun,
    /// 6: the gateway knows no kiosk of this name.
    Unknown,
    /// 7: the kiosk, or its certificate, was revoked.
    Revoked,
    /// 8: the code, the name or the request is not good for a certificate.
    EnrolmentRefused,
    /// 9: there is no new certificate for this request.
    RenewalRefused,
    /// 10: the clocks of kiosk and gateway are too far apart.
    ClockSkew,
    /// 11: the audit log of the kiosk stands behind what the gateway was shown before.
    AuditRegressed,
    /// 12: the code was good, but is too old or was used.
    EnrolmentExpired,
    /// 13: the request is kept, and somebody of the institution has to agree to it. To be asked again later with
    /// the same code and the same request.
    EnrolmentPending,
    /// A number that this program does not know.
    Other(u32),
}

impl ByeReason {
    /// Its number in frames.
    pub fn number(self) -> u32 {
        match self {
            Self::Version => 0,
            Self::KioskMismatch => 1,
            Self::Malformed => 2,
            Self::ShuttingDown => 3,
            Self::Replaced => 4,
            Self::Overrun => 5,
            Self::Unknown => 6,
            Self::Revoked => 7,
            Self::EnrolmentRefused => 8,
            Self::RenewalRefused => 9,
            Self::ClockSkew => 10,
            Self::AuditRegressed => 11,
            Self::EnrolmentExpired => 12,
            Self::EnrolmentPending => 13,
            Self::Other(number) => number,
        }
    }
}

impl From<u32> for ByeReason {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Version,
            1 => Self::KioskMismatch,
            2 => Self::Malformed,
            3 => Self::ShuttingDown,
            4 => Self::Replaced,
            5 => Self::Overrun,
            6 => Self::Unknown,
            7 => Self::Revoked,
            8 => Self::EnrolmentRefused,
            9 => Self::RenewalRefused,
            10 => Self::ClockSkew,
            11 => Self::AuditRegressed,
            12 => Self::EnrolmentExpired,
            13 => Self::EnrolmentPending,
            number => Self::Other(number),
        }
    }
}

impl<C> Encode<C> for ByeReason {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u32(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for ByeReason {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.u32().map(Self::from)
    }
}
