//! Inter, the font of the screens, unpacked from the files that the screens use.
//!
//! Each file holds a part of the alphabet, and Kazakh words mix letters of two of them. The files are variable fonts;
//! two weights are made of them.

use std::sync::OnceLock;

use ab_glyph::{Font, FontVec, GlyphId, VariableFont};

use crate::PrintError;

/// The files, in the order in which a letter is looked for.
const FILES: [&[u8]; 4] = [
    include_bytes!("../../../ui/static/fonts/inter-latin.woff2"),
    include_bytes!("../../../ui/static/fonts/inter-cyrillic.woff2"),
    include_bytes!("../../../ui/static/fonts/inter-cyrillic-ext.woff2"),
    include_bytes!("../../../ui/static/fonts/inter-latin-ext.woff2"),
];

/// How heavy letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// What is read.
    Regular,
    /// What is looked for.
    Bold,
}

impl Weight {
    /// Its place on the axis `wght`. The paper of receipt printers is coarse: thin strokes would break.
    pub(crate) fn axis(self) -> f32 {
        match self {
            Self::Regular => 450.0,
            Self::Bold => 700.0,
        }
    }
}

/// One file in both weights.
struct Part {
    bytes: Vec<u8>,
    regular: FontVec,
    bold: FontVec,
}

/// All files.
pub(crate) struct Fonts(Vec<Part>);

/// One glyph of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    /// Which file.
    pub part: usize,
    /// Which glyph in it.
    pub glyph: GlyphId,
    /// How far it moves on, as a part of the font's size.
    pub advance: f32,
}

/// The fonts; they are unpacked once.
///
/// # Errors
/// [`PrintError::Failed`] if a file cannot be read: the program was built of something else than the fonts.
pub(crate) fn fonts() -> Result<&'static Fonts, PrintError> {
    static FONTS: OnceLock<Option<Fonts>> = OnceLock::new();
    FONTS
        .get_or_init(|| FILES.into_iter().map(part).collect::<Option<_>>().map(Fonts))
        .as_ref()
        .ok_or_else(|| PrintError::Failed("a font of this program cannot be read".to_owned()))
}

fn part(file: &[u8]) -> Option<Part> {
    let bytes = wuff::decompress_woff2(file).ok()?;
    let weighted = |weight: Weight| {
        let mut font = FontVec::try_from_vec(bytes.clone()).ok()?;
        font.set_variation(b"wght", weight.axis()).then_some(font)
    };
    Some(Part {
        regular: weighted(Weight::Regular)?,
        bold: weighted(Weight::Bold)?,
        bytes,
    })
}

impl Fonts {
    /// How many files there are.
    pub fn parts(&self) -> usize {
        self.0.len()
    }

    /// The unpacked file of a part.
    pub fn bytes(&self, part: usize) -> Option<&[u8]> {
        self.0.get(part).map(|part| part.bytes.as_slice())
    }

    /// A part in a weight.
    pub fn face(&self, part: usize, weight: Weight) -> Option<&FontVec> {
        self.0.get(part).map(|part| part.face(weight))
    }

    /// The glyph of a character. One that no file has is drawn as an empty box: a person who sees it can ask, one
    /// who sees nothing cannot.
    pub fn place(&self, character: char, weight: Weight) -> Placed {
        let found = self.0.iter().enumerate().find_map(|(part, fonts)| {
            let face = fonts.face(weight);
            let glyph = face.glyph_id(character);
            (glyph.0 != 0).then(|| (part, glyph, advance(face, glyph)))
        });
        let (part, glyph, advance) = found.unwrap_or_else(|| {
            let missing = GlyphId(0);
            let face = self.0.first().map(|fonts| fonts.face(weight));
            (0, missing, face.map_or(0.0, |face| advance(face, missing)))
        });
        Placed { part, glyph, advance }
    }

    /// How wide a text is, in the unit of `size`.
    pub fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        let widths = text
            .chars()
            .map(|character| self.place(character, weight).advance);
        widths.sum::<f32>() * size
    }
}

impl Part {
    fn face(&self, weight: Weight) -> &FontVec {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

fn advance(face: &FontVec, glyph: GlyphId) -> f32 {
    let em = face.units_per_em().filter(|em| *em > 0.0);
    em.map_or(0.0, |em| face.h_advance_unscaled(glyph) / em)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All letters of the three languages, digits, and what stands between them.
    const LETTERS: &str = "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯаәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя\
        ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:;!?-–—«»“”()/№₸%+@·…\u{a0}";

    #[test]
    fn every_letter_has_a_glyph() {
        let fonts = fonts().unwrap();
        for letter in LETTERS.chars() {
            for weight in [Weight::Regular, Weight::Bold] {
                let placed = fonts.place(letter, weight);
                assert_ne!(placed.glyph.0, 0, "{letter}");
                assert!(placed.advance > 0.1, "{letter}");
            }
        }
        assert_eq!(fonts.place('汉', Weight::Regular).glyph.0, 0);
    }

    #[test]
    fn bold_is_wider() {
        let fonts = fonts().unwrap();
        let width = |weight| fonts.width("Электрондық құжат", weight, 10.0);
        assert!(width(Weight::Bold) > width(Weight::Regular));
    }
}
