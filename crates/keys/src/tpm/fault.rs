//! What a TPM or its software stack answers, as this room says it.

use tss_esapi::Error;
use tss_esapi::constants::response_code::{Tss2ResponseCode, Tss2ResponseCodeKind as Kind};

use crate::{KeyError, Place, Trouble};

/// Why an operation gave nothing.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The TPM or the way to it. It may pass.
    Chip(Trouble, String),
    /// Nobody flushed what earlier programs left in the TPM.
    Full(String),
    /// The blob. It does not pass.
    Blob(String),
}

/// The part of a response code that tells which layer of the stack made it.
const LAYER_SHIFT: u32 = 16;
const LAYER_TCTI: u32 = 10;

impl Fault {
    /// Anything that a command on no particular blob answers.
    pub(crate) fn of_chip(error: Error) -> Self {
        let message = describe(error);
        let Error::Tss2Error(code) = error else {
            return Self::Chip(Trouble::Failed, message);
        };
        // The library's `kind` takes codes of every layer for the TPM's.
        if layer(code) == Some(LAYER_TCTI) {
            return Self::Chip(Trouble::Failed, message);
        }
        match code.kind() {
            Some(Kind::ObjectMemory | Kind::ObjectHandles | Kind::SessionMemory | Kind::SessionHandles) => {
                Self::Full(message)
            }
            Some(
                Kind::Retry
                | Kind::Yielded
                | Kind::Testing
                | Kind::NvRate
                | Kind::NvUnavailable
                | Kind::Memory,
            ) => Self::Chip(Trouble::Busy, message),
            Some(Kind::Lockout) => Self::Chip(Trouble::Locked, message),
            Some(Kind::AuthFail | Kind::BadAuth | Kind::AuthUnavailable) => Self::Chip(
                Trouble::Locked,
                format!("somebody set a password for its owner hierarchy ({message})"),
            ),
            Some(Kind::Hierarchy) => Self::Chip(
                Trouble::Locked,
                format!("somebody switched its owner hierarchy off ({message})"),
            ),
            _ => Self::Chip(Trouble::Failed, message),
        }
    }

    /// What loading a blob answers: a code that names a parameter is about the blob.
    pub(crate) fn of_blob(error: Error) -> Self {
        match error {
            Error::Tss2Error(code @ Tss2ResponseCode::FormatOne(_)) if layer(code) != Some(LAYER_TCTI) => {
                Self::Blob(format!("the TPM refuses its file ({})", describe(error)))
            }
            Error::Tss2Error(code)
                if code.kind() == Some(Kind::Sensitive) && layer(code) != Some(LAYER_TCTI) =>
            {
                Self::Blob(format!("the TPM refuses its file ({})", describe(error)))
            }
            Error::Tss2Error(_) => Self::of_chip(error),
            Error::WrapperError(_) => Self::Blob(format!("its file is damaged ({error})")),
        }
    }

    /// As an error of this room about the blob of a name.
    pub(crate) fn named(self, name: &str) -> KeyError {
        match self {
            Self::Chip(trouble, message) => unreachable_tpm(trouble, message),
            Self::Full(message) => unreachable_tpm(Trouble::Busy, message),
            Self::Blob(message) => KeyError::Unusable {
                name: name.to_owned(),
                place: Place::Tpm,
                message,
            },
        }
    }
}

/// The TPM does not answer.
pub(crate) fn unreachable_tpm(trouble: Trouble, message: String) -> KeyError {
    KeyError::Unreachable {
        place: Place::Tpm,
        trouble,
        message,
    }
}

fn describe(error: Error) -> String {
    let Error::Tss2Error(code) = error else {
        return error.to_string();
    };
    match (layer(code), raw(code)) {
        (Some(LAYER_TCTI), Some(raw)) => format!("the way to it broke, code {raw:#x}"),
        (_, Some(raw)) => format!("{code}, code {raw:#x}"),
        _ => code.to_string(),
    }
}

fn layer(code: Tss2ResponseCode) -> Option<u32> {
    raw(code).map(|raw| raw >> LAYER_SHIFT)
}

/// The number itself, which the library shows in text and in no other way.
fn raw(code: Tss2ResponseCode) -> Option<u32> {
    let text = match code {
        Tss2ResponseCode::Success => return None,
        Tss2ResponseCode::FormatZero(code) => code.to_string(),
        Tss2ResponseCode::FormatOne(code) => code.to_string(),
    };
    u32::from_str_radix(text.rsplit_once("0x")?.1, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: u32) -> Error {
        Error::Tss2Error(code.into())
    }

    #[test]
    fn codes_of_the_tpm_have_their_kind() {
        let check = |code: u32, expect: Trouble| {
            for layer in [0, 0x000b_0000] {
                match Fault::of_chip(error(layer | code)) {
                    Fault::Chip(trouble, message) => assert_eq!(trouble, expect, "{code:#x}: {message}"),
                    other => panic!("{code:#x}: {other:?}"),
                }
            }
        };
        check(0x921, Trouble::Locked); // TPM_RC_LOCKOUT
        check(0x9a2, Trouble::Locked); // TPM_RC_BAD_AUTH, first session
        check(0x185, Trouble::Locked); // TPM_RC_HIERARCHY, first handle
        check(0x922, Trouble::Busy); // TPM_RC_RETRY
        check(0x923, Trouble::Busy); // TPM_RC_NV_UNAVAILABLE
        check(0x908, Trouble::Busy); // TPM_RC_YIELDED
        check(0x100, Trouble::Failed); // TPM_RC_INITIALIZE
        check(0x101, Trouble::Failed); // TPM_RC_FAILURE
        for code in [0x902, 0x903, 0x905, 0x906] {
            assert!(matches!(Fault::of_chip(error(code)), Fault::Full(_)), "{code:#x}");
        }
    }

    #[test]
    fn a_broken_way_is_never_the_fault_of_a_blob() {
        // All codes that the layer between stack and TPM has.
        for code in (0..=0xff).map(|code| 0x000a_0000 | code) {
            for fault in [Fault::of_chip(error(code)), Fault::of_blob(error(code))] {
                assert!(
                    matches!(fault, Fault::Chip(Trouble::Failed, _)),
                    "{code:#x}: {fault:?}"
                );
            }
        }
        // What the TPM says of itself.
        for code in [0x921, 0x922, 0x100, 0x101] {
            assert!(
                matches!(Fault::of_blob(error(code)), Fault::Chip(..)),
                "{code:#x}"
            );
        }
    }

    #[test]
    fn a_refused_blob_is_unusable() {
        // TPM_RC_INTEGRITY, _SIZE, _TYPE, _BINDING of parameters; TPM_RC_SENSITIVE.
        for code in [0x1df, 0x1d5, 0x2ca, 0x1e5, 0x155] {
            let fault = Fault::of_blob(error(code)).named("store-1");
            assert!(
                matches!(&fault, KeyError::Unusable { name, .. } if name == "store-1"),
                "{fault:?}"
            );
        }
    }
}
