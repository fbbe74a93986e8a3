//! How wide words are, and where lines break.

use ttf_parser::Face as FontFace;

/// Which of the two weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Regular,
    SemiBold,
}

/// The two fonts, as far as their widths.
pub(super) struct Measure<'a> {
    regular: FontFace<'a>,
    semi_bold: FontFace<'a>,
}

impl<'a> Measure<'a> {
    pub(super) fn new(regular: &'a [u8], semi_bold: &'a [u8]) -> Option<Self> {
        Some(Self {
            regular: FontFace::parse(regular, 0).ok()?,
            semi_bold: FontFace::parse(semi_bold, 0).ok()?,
        })
    }

    fn face(&self, face: Face) -> &FontFace<'a> {
        match face {
            Face::Regular => &self.regular,
            Face::SemiBold => &self.semi_bold,
        }
    }

    /// The text with a question mark for each letter that the fonts have not: a paper shows no empty box that might be
    /// anything.
    pub(super) fn drawable(&self, text: &str) -> String {
        let known = |letter: char| {
            [&self.regular, &self.semi_bold]
                .iter()
                .all(|face| face.glyph_index(letter).is_some_and(|glyph| glyph.0 != 0))
        };
        text.chars()
            .map(|letter| if known(letter) { letter } else { '?' })
            .collect()
    }

    /// In points.
    pub(super) fn width(&self, text: &str, face: Face, size: f32) -> f32 {
        let face = self.face(face);
        let units: u32 = text
            .chars()
            .filter_map(|letter| face.glyph_index(letter))
            .filter_map(|glyph| face.glyph_hor_advance(glyph))
            .map(u32::from)
            .sum();
        units as f32 * size / f32::from(face.units_per_em())
    }

    /// Breaks a text between words, and a word that is wider than a line between letters. Gives at least one line.
    pub(super) fn lines(&self, text: &str, face: Face, size: f32, width: f32) -> Vec<String> {
        let text = self.drawable(text);
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ') {
            let longer = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if self.width(&longer, face, size) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                line.push(letter);
                if self.width(&line, face, size) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, letter.to_string()));
                }
            }
        }
        lines.push(line);
        lines
    }
}
