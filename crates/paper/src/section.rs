//! What every view is made of.

/// A part of a document under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// Something under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Values with their names.
    Rows(Vec<Row>),
    /// Values in columns.
    Table {
        /// What the table is about; empty where the heading says it.
        caption: String,
        /// The names of the columns.
        head: Vec<String>,
        /// One value for each column.
        lines: Vec<Vec<String>>,
    },
    /// Stills.
    Pictures(Vec<Picture>),
    /// A sentence.
    Note(String),
}

/// A value and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// The value.
    pub value: String,
    /// Whether it tells who the person is: it is not written to a terminal unasked.
    pub personal: bool,
}

/// A still. `Debug` hides the picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// For what it was kept.
    pub caption: String,
    /// JPEG.
    pub jpeg: Vec<u8>,
    /// As the document says.
    pub width_px: u32,
    /// As the document says.
    pub height_px: u32,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.caption, self.jpeg.len())
    }
}

impl Picture {
    /// Whether it begins as a JPEG file does.
    pub(crate) fn is_jpeg(&self) -> bool {
        self.jpeg.starts_with(&[0xff, 0xd8, 0xff])
    }
}

/// Characters that move others about, or that a terminal obeys, have no place in a document that people compare.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                '\u{fffd}'
            }
            letter if letter.is_control() => '\u{fffd}',
            letter => letter,
        })
        .collect()
}
