//! What stands where. Lengths are in points, from the upper left corner of the page.

use super::picture_size;
use super::words::{Face, Measure};
use crate::judge::Shown;
use crate::section::{Block, Picture, Row, Section};
use crate::texts::{Key, Texts};

/// A4.
pub(super) const PAGE_WIDTH_PT: f32 = 595.28;
/// A4.
pub(super) const PAGE_HEIGHT_PT: f32 = 841.89;

const MARGIN_PT: f32 = 45.0;
const FOOT_PT: f32 = 60.0;
const WIDTH_PT: f32 = PAGE_WIDTH_PT - 2.0 * MARGIN_PT;
const BOTTOM_PT: f32 = PAGE_HEIGHT_PT - FOOT_PT;
const LABEL_PT: f32 = 190.0;
const GAP_PT: f32 = 10.0;

const TEXT_PT: f32 = 9.0;
const SMALL_PT: f32 = 7.5;
/// Distance of lines, in sizes.
const LEADING: f32 = 1.35;
/// From the top of a line to where its letters stand, in sizes.
const ASCENT: f32 = 0.95;

const PICTURES_IN_ROW: usize = 3;
const PICTURE_HEIGHT_PT: f32 = 130.0;

const INK: (u8, u8, u8) = (27, 36, 48);
const FAINT: (u8, u8, u8) = (74, 86, 102);
const RULE: (u8, u8, u8) = (205, 212, 220);

/// Something drawn.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// A line of text; `y` is where its letters stand.
    Text {
        x: f32,
        y: f32,
        size: f32,
        face: Face,
        colour: (u8, u8, u8),
        text: String,
    },
    /// A filled rectangle.
    Bar {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        colour: (u8, u8, u8),
    },
    /// A picture.
    Picture {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        jpeg: Vec<u8>,
    },
}

/// Lines of one cell.
struct Cell {
    x: f32,
    lines: Vec<String>,
    face: Face,
    size: f32,
    colour: (u8, u8, u8),
}

/// The pages so far.
pub(super) struct Pages<'a> {
    measure: &'a Measure<'a>,
    full: Vec<Vec<Item>>,
    page: Vec<Item>,
    y: f32,
}

impl<'a> Pages<'a> {
    pub(super) fn new(measure: &'a Measure<'a>) -> Self {
        Self {
            measure,
            full: Vec::new(),
            page: Vec::new(),
            y: MARGIN_PT,
        }
    }

    pub(super) fn finish(mut self) -> Vec<Vec<Item>> {
        self.full.push(self.page);
        self.full
    }

    pub(super) fn title(&mut self, title: &str, subtitle: &str) {
        self.paragraph(title, Face::SemiBold, 18.0, INK);
        self.paragraph(subtitle, Face::Regular, 10.0, FAINT);
        self.y += GAP_PT / 2.0;
    }

    pub(super) fn note(&mut self, note: &str) {
        self.y += GAP_PT;
        self.paragraph(note, Face::Regular, SMALL_PT, FAINT);
    }

    pub(super) fn section(&mut self, section: &Section, unreadable: &str) {
        // A heading is not left alone at the end of a page.
        self.make_room(70.0);
        self.y += GAP_PT;
        self.paragraph(&section.title, Face::SemiBold, 12.0, INK);
        self.rule(INK, 1.0);
        for block in &section.blocks {
            match block {
                Block::Rows(rows) => self.rows(rows),
                Block::Table { caption, head, lines } => self.table(caption, head, lines),
                Block::Pictures(pictures) => self.pictures(pictures, unreadable),
                Block::Note(note) => {
                    self.y += 3.0;
                    self.paragraph(note, Face::SemiBold, TEXT_PT, INK);
                }
            }
        }
    }

    fn make_room(&mut self, height: f32) {
        if self.y + height > BOTTOM_PT && !self.page.is_empty() {
            self.full.push(std::mem::take(&mut self.page));
            self.y = MARGIN_PT;
        }
    }

    fn rule(&mut self, colour: (u8, u8, u8), height: f32) {
        self.page.push(Item::Bar {
            x: MARGIN_PT,
            y: self.y,
            width: WIDTH_PT,
            height,
            colour,
        });
        self.y += height + 2.0;
    }

    fn paragraph(&mut self, text: &str, face: Face, size: f32, colour: (u8, u8, u8)) {
        for line in self.measure.lines(text, face, size, WIDTH_PT) {
            self.line(vec![Cell {
                x: MARGIN_PT,
                lines: vec![line],
                face,
                size,
                colour,
            }]);
        }
    }

    fn rows(&mut self, rows: &[Row]) {
        self.y += 2.0;
        for row in rows {
            let label = self
                .measure
                .lines(&row.label, Face::Regular, TEXT_PT, LABEL_PT - GAP_PT);
            let value = self
                .measure
                .lines(&row.value, Face::Regular, TEXT_PT, WIDTH_PT - LABEL_PT);
            self.line(vec![
                Cell {
                    x: MARGIN_PT,
                    lines: label,
                    face: Face::Regular,
                    size: TEXT_PT,
                    colour: FAINT,
                },
                Cell {
                    x: MARGIN_PT + LABEL_PT,
                    lines: value,
                    face: Face::Regular,
                    size: TEXT_PT,
                    colour: INK,
                },
            ]);
            self.rule(RULE, 0.5);
        }
        self.y += 4.0;
    }

    fn table(&mut self, caption: &str, head: &[String], lines: &[Vec<String>]) {
        // The caption, the head and a line stay together.
        self.make_room(60.0);
        if !caption.is_empty() {
            self.y += 2.0;
            self.paragraph(caption, Face::SemiBold, TEXT_PT, INK);
        }
        let widths = self.widths(head, lines);
        self.table_line(head, &widths, FAINT, Face::SemiBold);
        for line in lines {
            let cells = line.iter().zip(&widths);
            let longest = cells.map(|(cell, width)| {
                self.measure
                    .lines(cell, Face::Regular, TEXT_PT, width - GAP_PT)
                    .len()
            });
            let height = longest.max().unwrap_or_default() as f32 * TEXT_PT * LEADING;
            if self.y + height > BOTTOM_PT {
                self.make_room(height);
                self.table_line(head, &widths, FAINT, Face::SemiBold);
            }
            self.table_line(line, &widths, INK, Face::Regular);
        }
        self.y += 6.0;
    }

    fn table_line(&mut self, cells: &[String], widths: &[f32], colour: (u8, u8, u8), face: Face) {
        let mut x = MARGIN_PT;
        let mut placed = Vec::new();
        for (cell, width) in cells.iter().zip(widths) {
            placed.push(Cell {
                x,
                lines: self.measure.lines(cell, face, TEXT_PT, width - GAP_PT),
                face,
                size: TEXT_PT,
                colour,
            });
            x += width;
        }
        self.line(placed);
        self.rule(RULE, 0.5);
    }

    /// Each column as wide as its widest cell, where that fits; otherwise the wide ones give of their width.
    fn widths(&self, head: &[String], lines: &[Vec<String>]) -> Vec<f32> {
        let wanted: Vec<f32> = (0..head.len())
            .map(|column| {
                let cells = lines.iter().filter_map(|line| line.get(column));
                let widest = cells.map(|cell| self.measure.width(cell, Face::Regular, TEXT_PT));
                let own = head
                    .get(column)
                    .map_or(0.0, |cell| self.measure.width(cell, Face::SemiBold, TEXT_PT));
                widest.fold(own, f32::max) + GAP_PT + 1.0
            })
            .collect();
        let sum: f32 = wanted.iter().sum();
        if sum <= WIDTH_PT {
            // What is left goes to all of them alike.
            let more = (WIDTH_PT - sum) / wanted.len().max(1) as f32;
            return wanted.into_iter().map(|width| width + more).collect();
        }
        // The level above which widths are cut, found by halving: narrow columns keep what they need.
        let (mut low, mut high) = (0.0, WIDTH_PT);
        for _ in 0..40 {
            let level: f32 = (low + high) / 2.0;
            let cut: f32 = wanted.iter().map(|width| width.min(level)).sum();
            if cut <= WIDTH_PT {
                low = level
            } else {
                high = level
            }
        }
        wanted.into_iter().map(|width| width.min(low)).collect()
    }

    /// Cells beside each other, on one page where a page can hold them.
    fn line(&mut self, cells: Vec<Cell>) {
        let height = |cell: &Cell| cell.lines.len() as f32 * cell.size * LEADING;
        let tallest = cells.iter().map(height).fold(0.0, f32::max);
        self.make_room(tallest.min(BOTTOM_PT - MARGIN_PT));
        let longest = cells
            .iter()
            .map(|cell| cell.lines.len())
            .max()
            .unwrap_or_default();
        let step = cells.iter().map(|cell| cell.size * LEADING).fold(0.0, f32::max);
        for place in 0..longest {
            // Only a cell that is longer than a page comes here with too little room.
            self.make_room(step);
            for cell in &cells {
                let Some(text) = cell.lines.get(place).filter(|text| !text.is_empty()) else {
                    continue;
                };
                self.page.push(Item::Text {
                    x: cell.x,
                    y: self.y + cell.size * ASCENT,
                    size: cell.size,
                    face: cell.face,
                    colour: cell.colour,
                    text: text.clone(),
                });
            }
            self.y += step;
        }
        self.y += 1.5;
    }

    fn pictures(&mut self, pictures: &[Picture], unreadable: &str) {
        let column = WIDTH_PT / PICTURES_IN_ROW as f32;
        let wide = column - GAP_PT;
        for row in pictures.chunks(PICTURES_IN_ROW) {
            let captions: Vec<Vec<String>> = row
                .iter()
                .map(|picture| {
                    self.measure
                        .lines(&picture.caption, Face::Regular, SMALL_PT, wide)
                })
                .collect();
            let lines = captions.iter().map(Vec::len).max().unwrap_or_default();
            self.y += 4.0;
            self.make_room(PICTURE_HEIGHT_PT + lines as f32 * SMALL_PT * LEADING + 10.0);
            for (place, picture) in row.iter().enumerate() {
                let x = MARGIN_PT + place as f32 * column;
                match picture_size(&picture.jpeg) {
                    Some((width_px, height_px)) => {
                        let scale = (wide / width_px as f32).min(PICTURE_HEIGHT_PT / height_px as f32);
                        self.page.push(Item::Picture {
                            x,
                            y: self.y,
                            width: width_px as f32 * scale,
                            height: height_px as f32 * scale,
                            jpeg: picture.jpeg.clone(),
                        });
                    }
                    None => self.page.push(Item::Text {
                        x,
                        y: self.y + TEXT_PT,
                        size: TEXT_PT,
                        face: Face::Regular,
                        colour: FAINT,
                        text: self.measure.drawable(unreadable),
                    }),
                }
            }
            self.y += PICTURE_HEIGHT_PT + 3.0;
            let cells = captions.into_iter().enumerate().map(|(place, lines)| Cell {
                x: MARGIN_PT + place as f32 * column,
                lines,
                face: Face::Regular,
                size: SMALL_PT,
                colour: FAINT,
            });
            self.line(cells.collect());
        }
    }
}

/// The number of the page, and which document it is of.
pub(super) fn foot(shown: &Shown, texts: &Texts, measure: &Measure<'_>, page: usize, of: usize) -> Vec<Item> {
    let number = texts.say_with(
        Key("paper-page"),
        [("page", &page.to_string()), ("of", &of.to_string())],
    );
    let y = PAGE_HEIGHT_PT - FOOT_PT / 2.0;
    let text = |x, text: String| Item::Text {
        x,
        y,
        size: SMALL_PT,
        face: Face::Regular,
        colour: FAINT,
        text,
    };
    let right = PAGE_WIDTH_PT - MARGIN_PT - measure.width(&number, Face::Regular, SMALL_PT);
    vec![
        text(MARGIN_PT, shown.content.document_id.to_string()),
        text(right, measure.drawable(&number)),
    ]
}
