//! Fields of a payload, read from its front, and text.

use std::fmt;

/// Why a payload is no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// It ends too early.
    #[error("the payload ends too early")]
    Short,
    /// A field holds what it must not.
    #[error("the payload holds an impossible {0}")]
    Impossible(&'static str),
    /// A kind that this version does not know; it is to be ignored.
    #[error("a message of the unknown kind {0:02x}")]
    UnknownKind(u8),
}

/// What is left of a payload.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl Fields<'_> {
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], MessageFault> {
        let (field, rest) = self.0.split_first_chunk().ok_or(MessageFault::Short)?;
        self.0 = rest;
        Ok(*field)
    }

    pub fn u8(&mut self) -> Result<u8, MessageFault> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub fn u16(&mut self) -> Result<u16, MessageFault> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, MessageFault> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, MessageFault> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn text(&mut self) -> Result<Text, MessageFault> {
        self.array().map(Text)
    }
}

/// A text field as it came. `Debug` shows its length only: it may be a tag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text(pub [u8; 32]);

impl Text {
    /// The field for this text, of which only the first 31 bytes find room.
    pub fn new(text: &str) -> Self {
        let mut field = [0; 32];
        for (to, from) in field.iter_mut().zip(text.bytes().take(31)) {
            *to = from;
        }
        Self(field)
    }

    /// The characters up to the first that is not printable ASCII.
    pub fn read(&self) -> String {
        let printable = self.0.iter().take_while(|byte| matches!(byte, 0x20..=0x7E));
        printable.map(|byte| char::from(*byte)).collect()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.read().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_where_it_is_no_text() {
        let check = |field: &[u8], expect: &str| {
            let mut bytes = [0; 32];
            bytes[..field.len()].copy_from_slice(field);
            assert_eq!(Text(bytes).read(), expect);
        };
        check(b"VEX-000042", "VEX-000042");
        check(b"", "");
        check(b"a\xFFb", "a");
        check("Айгерім".as_bytes(), "");
        check(&[b'x'; 32], &"x".repeat(32));
    }

    #[test]
    fn text_is_cut_to_its_field() {
        assert_eq!(Text::new(&"x".repeat(40)).read(), "x".repeat(31));
        assert_eq!(format!("{:?}", Text::new("s-81f2")), "Text(6 characters)");
    }
}
