//! What a place could not do.

use crate::Place;

/// What a place could not do. Nothing secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The name is taken; nothing was changed.
    #[error("there is already a key {0:?}")]
    Exists(String),
    /// A name that cannot be used: 1 to 64 of the characters a-z 0-9 - are.
    #[error("{0:?} cannot name a key")]
    Name(String),
    /// The name belongs to a key of the other kind: a secret was asked for and it is a device key, or the reverse.
    #[error("the key {0:?} is of the other kind")]
    Kind(String),
    /// The place does not answer. Later it may.
    #[error("the {place} cannot be used: {message}")]
    Unreachable {
        /// Which place.
        place: Place,
        /// What kind of trouble it is.
        trouble: Trouble,
        /// Why.
        message: String,
    },
    /// The key is there and cannot be had: damaged, or locked to another machine. Nothing was changed.
    #[error("the key {name:?} cannot be had from the {place}: {message}")]
    Unusable {
        /// Its name.
        name: String,
        /// Which place.
        place: Place,
        /// Why.
        message: String,
    },
    /// A key file or its folder is open to others than its owner, so that it may have been copied. It is not used.
    #[error(
        "{path} is open to other users of this machine (mode {mode:o}): the keys in it may have been copied"
    )]
    Exposed {
        /// Which file or folder.
        path: String,
        /// Its Unix permission bits.
        mode: u32,
    },
}

/// Why a place does not answer, as far as it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// There is none on this machine.
    Absent,
    /// It is there; this user may not use it.
    Permission,
    /// It is there and busy with somebody else.
    Busy,
    /// It refuses for now: a TPM after too many wrong passwords, a key store that nobody unlocked.
    Locked,
    /// Anything else: the message says what.
    Failed,
}
