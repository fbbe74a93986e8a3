//! What was printed.

/// A piece of paper that was cut off.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Rows from above, eight dots a byte, a set bit is black. They may differ in length.
    pub rows: Vec<Vec<u8>>,
}

impl Page {
    /// Width in dots.
    pub fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or_default() * 8
    }

    /// Whether a dot is black.
    pub fn is_black(&self, x: usize, y: usize) -> bool {
        let byte = self.rows.get(y).and_then(|row| row.get(x / 8));
        byte.is_some_and(|byte| byte >> (7 - x % 8) & 1 == 1)
    }

    /// As a PNG of one bit a dot. A page of no size is `None`.
    pub fn png(&self) -> Option<Vec<u8>> {
        let bytes = self.width() / 8;
        let (width, height) = (
            u32::try_from(self.width()).ok()?,
            u32::try_from(self.rows.len()).ok()?,
        );
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header().ok()?;
        // In a picture a set bit is white.
        let dots: Vec<u8> = self
            .rows
            .iter()
            .flat_map(|row| (0..bytes).map(|at| !row.get(at).copied().unwrap_or_default()))
            .collect();
        writer.write_image_data(&dots).ok()?;
        writer.finish().ok()?;
        Some(file)
    }
}
