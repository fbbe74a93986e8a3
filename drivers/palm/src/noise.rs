//! Bytes on an idle line that are no message: another device, another speed, or a broken wire.

use crate::Notice;

/// So many bytes in a row without a message in them are worth a question.
const BYTES_MAX: usize = 64;

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct Noise {
    bytes: usize,
}

impl Noise {
    /// Begins anew: there was a message, or something was asked.
    pub fn clear(&mut self) {
        self.bytes = 0;
    }

    /// So many more came in. Says so once there are too many, and then begins anew.
    pub fn add(&mut self, bytes: usize) -> Option<Notice> {
        self.bytes = self.bytes.saturating_add(bytes);
        (self.bytes >= BYTES_MAX).then(|| {
            self.clear();
            Notice::Fault("what comes in is no message of its protocol".to_owned())
        })
    }
}
