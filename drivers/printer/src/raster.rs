//! A layout as black and white dots, for printers that know no letters of ours: Kazakh letters are in no code page of
//! a receipt printer, so text is sent as a picture.

use ab_glyph::{Font, Glyph, Point, PxScale};

use crate::PrintError;
use crate::font::{Fonts, fonts};
use crate::layout::{DOTS_PER_MM, Item, Layout, Line, Qr};

/// How much of a dot a letter must cover to make it black.
const COVERAGE: f32 = 0.45;

/// A picture of one bit a dot. It has no `Debug`: it shows a slip.
#[derive(Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: u16,
    rows: Vec<Vec<u8>>,
}

impl Bitmap {
    /// A white one. `width` is in dots and is rounded up to whole bytes.
    pub fn new(width: u16, height: usize) -> Self {
        let bytes = usize::from(width.div_ceil(8));
        Self {
            width: width.div_ceil(8) * 8,
            rows: vec![vec![0; bytes]; height],
        }
    }

    /// Width in dots, a multiple of 8.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Height in dots.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// The rows from above: eight dots a byte, the leftmost in the highest bit, a set bit is black.
    pub fn rows(&self) -> &[Vec<u8>] {
        &self.rows
    }

    /// Whether a dot is black; outside of the picture none is.
    pub fn is_black(&self, x: usize, y: usize) -> bool {
        let byte = self.rows.get(y).and_then(|row| row.get(x / 8));
        byte.is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    /// Makes a dot black; one outside of the picture is let go.
    pub fn blacken(&mut self, x: usize, y: usize) {
        if let Some(byte) = self.rows.get_mut(y).and_then(|row| row.get_mut(x / 8)) {
            *byte |= 0x80 >> (x % 8);
        }
    }

    fn fill(&mut self, x: usize, y: usize, width: usize, height: usize) {
        for y in y..y + height {
            for x in x..x + width {
                self.blacken(x, y);
            }
        }
    }
}

/// Draws a layout at 203 dpi. Several sheets come below each other.
///
/// # Errors
/// [`PrintError::Failed`] if the fonts cannot be read.
pub fn draw(layout: &Layout) -> Result<Bitmap, PrintError> {
    let fonts = fonts()?;
    let heights: Vec<usize> = layout.pages.iter().map(|page| dots(page.height_mm) + 1).collect();
    let mut bitmap = Bitmap::new(layout.paper.printable_dots(), heights.iter().sum());
    let mut top = 0;
    for (page, height) in layout.pages.iter().zip(heights) {
        for item in &page.items {
            match item {
                Item::Text(line) => text(&mut bitmap, fonts, line, top),
                Item::Rule { y_mm, thickness_mm } => {
                    let width = usize::from(bitmap.width);
                    bitmap.fill(0, top + dots(*y_mm), width, dots(*thickness_mm).max(1));
                }
                Item::Qr(qr) => code(&mut bitmap, qr, top),
            }
        }
        top += height;
    }
    Ok(bitmap)
}

/// Rounded; nothing on paper is negative or longer than a roll.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn dots(mm: f32) -> usize {
    (mm * f32::from(DOTS_PER_MM)).round().clamp(0.0, 1e6) as usize
}

fn code(bitmap: &mut Bitmap, qr: &Qr, top: usize) {
    let side = usize::from(qr.module_dots);
    let (left, top) = (dots(qr.x_mm), top + dots(qr.y_mm));
    for (row, line) in qr.dark.chunks(usize::from(qr.modules).max(1)).enumerate() {
        for (column, _) in line.iter().enumerate().filter(|(_, dark)| **dark) {
            bitmap.fill(left + column * side, top + row * side, side, side);
        }
    }
}

fn text(bitmap: &mut Bitmap, fonts: &Fonts, line: &Line, top: usize) {
    let per_mm = f32::from(DOTS_PER_MM);
    let size = line.size_mm * per_mm;
    let mut x = line.x_mm * per_mm;
    // On a whole dot, so that all lines look alike.
    let baseline = (line.baseline_mm * per_mm).round();
    for character in line.text.chars() {
        let placed = fonts.place(character, line.weight);
        let position = Point { x, y: baseline };
        x += placed.advance * size;
        let Some(face) = fonts.face(placed.part, line.weight) else {
            continue;
        };
        // The scale of the library is the height of a line, not the size of the font.
        let Some(em) = face.units_per_em().filter(|em| *em > 0.0) else {
            continue;
        };
        let scale = PxScale::from(size * face.height_unscaled() / em);
        let glyph = Glyph {
            id: placed.glyph,
            scale,
            position,
        };
        if let Some(outline) = face.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|column, row, coverage| {
                if coverage >= COVERAGE {
                    let x = corner.x + to_float(column);
                    let y = corner.y + to_float(row);
                    if x >= 0.0 && y >= 0.0 {
                        bitmap.blacken(whole(x), top + whole(y));
                    }
                }
            });
        }
    }
}

/// Exact: a glyph has far fewer dots.
#[allow(clippy::cast_precision_loss)]
fn to_float(dots: u32) -> f32 {
    dots as f32
}

/// Exact: the corner of a glyph lies on a whole dot.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(dots: f32) -> usize {
    dots.round().clamp(0.0, 1e6) as usize
}
