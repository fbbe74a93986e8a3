//! Where everything of a slip stands. Both backends draw the same layout, so that the PDF and the paper of a receipt
//! printer have the same lines.
//!
//! Lengths are millimetres from the upper left corner of what can be printed on, sizes of letters too. No kerning is
//! applied, in neither backend.

use unicode_linebreak::BreakOpportunity;

use crate::font::{Fonts, Weight, fonts};
use crate::{PrintError, Slip};

/// Dots of a receipt printer in a millimetre: 203 dpi.
pub const DOTS_PER_MM: u16 = 8;

/// One point in millimetres.
const POINT_MM: f32 = 25.4 / 72.0;
/// Light around a QR code on each side, in modules: the standard asks for four.
const QUIET_MODULES: u16 = 4;
/// How wide a QR code should be at most, with its light.
const QR_MAX_MM: u16 = 36;
/// A module smaller than this is not read by telephones.
const MODULE_MIN_DOTS: u16 = 3;
/// A slip of more is no slip, and would empty the roll.
const CHARACTERS_MAX: usize = 8_000;

/// On what a slip is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// A roll of 58 mm, 384 dots of it printable.
    Roll58,
    /// A roll of 80 mm, 576 dots of it printable.
    #[default]
    Roll80,
    /// Sheets of 148 by 210 mm.
    A5,
    /// Sheets of 210 by 297 mm.
    A4,
}

impl Paper {
    /// All, with the names that configuration and command lines have for them.
    pub const ALL: [(&str, Self); 4] = [
        ("roll-58", Self::Roll58),
        ("roll-80", Self::Roll80),
        ("a5", Self::A5),
        ("a4", Self::A4),
    ];

    /// The paper of this name.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, paper)| *paper)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, paper)| *paper == self);
        found.map_or("", |(name, _)| name)
    }

    /// How wide it is, in millimetres.
    pub fn width_mm(self) -> u16 {
        match self {
            Self::Roll58 => 58,
            Self::Roll80 => 80,
            Self::A5 => 148,
            Self::A4 => 210,
        }
    }

    /// How wide the part is that can be printed on, in millimetres.
    pub fn printable_mm(self) -> u16 {
        match self {
            Self::Roll58 => 48,
            Self::Roll80 => 72,
            Self::A5 => 120,
            Self::A4 => 170,
        }
    }

    /// How wide that part is on a receipt printer, in dots.
    pub fn printable_dots(self) -> u16 {
        self.printable_mm() * DOTS_PER_MM
    }

    /// How high a sheet is; a roll has no height.
    pub fn height_mm(self) -> Option<u16> {
        match self {
            Self::Roll58 | Self::Roll80 => None,
            Self::A5 => Some(210),
            Self::A4 => Some(297),
        }
    }

    /// The white above and below, in millimetres.
    pub fn margin_mm(self) -> u16 {
        match self {
            Self::Roll58 | Self::Roll80 => 3,
            Self::A5 => 14,
            Self::A4 => 20,
        }
    }

    /// How much larger letters are than on a roll.
    fn scale(self) -> f32 {
        match self {
            Self::Roll58 => 0.9,
            Self::Roll80 => 1.0,
            Self::A5 => 1.1,
            Self::A4 => 1.2,
        }
    }
}

/// A slip with the place of everything. It has no `Debug`: it holds the texts of a slip.
#[derive(Clone, PartialEq)]
pub struct Layout {
    /// On what.
    pub paper: Paper,
    /// Language of the texts, BCP 47.
    pub language: String,
    /// Title of the slip.
    pub title: String,
    /// The sheets; a roll has one, as long as needed.
    pub pages: Vec<Page>,
}

/// One sheet.
#[derive(Clone, PartialEq)]
pub struct Page {
    /// Height of what is printed on, without the margin.
    pub height_mm: f32,
    /// What stands there, from above.
    pub items: Vec<Item>,
}

/// One thing on paper.
#[derive(Clone, PartialEq)]
pub enum Item {
    /// One line of text.
    Text(Line),
    /// A line across the paper.
    Rule {
        /// Its upper edge.
        y_mm: f32,
        /// How thick it is.
        thickness_mm: f32,
    },
    /// A QR code.
    Qr(Qr),
}

/// One line of text, or a part of one.
#[derive(Clone, PartialEq)]
pub struct Line {
    /// The text.
    pub text: String,
    /// Where it begins.
    pub x_mm: f32,
    /// Where its letters stand.
    pub baseline_mm: f32,
    /// Size of the font.
    pub size_mm: f32,
    /// How heavy.
    pub weight: Weight,
}

/// A QR code of dark and light modules. The light around it lies outside of what is given here.
#[derive(Clone, PartialEq)]
pub struct Qr {
    /// Where the first module begins; a whole number of dots.
    pub x_mm: f32,
    /// The upper edge of it.
    pub y_mm: f32,
    /// Side of a module, in dots of a receipt printer.
    pub module_dots: u16,
    /// How many modules a side has.
    pub modules: u16,
    /// Row by row, whether each is dark.
    pub dark: Vec<bool>,
}

/// Puts everything of a slip in its place.
///
/// # Errors
/// [`PrintError::Failed`] if the QR code holds too much to be printed on this paper, or the slip is far too long.
pub fn lay_out(slip: &Slip, paper: Paper) -> Result<Layout, PrintError> {
    if characters(slip) > CHARACTERS_MAX {
        return Err(PrintError::Failed("the slip is too long".to_owned()));
    }
    let mut sheet = Sheet::new(fonts()?, paper);
    sheet.block(&slip.institution, 9.5, Weight::Regular, Align::Centre);
    sheet.gap(1.0);
    sheet.block(&slip.title, 13.0, Weight::Bold, Align::Centre);
    sheet.gap(1.5);
    if !slip.lines.is_empty() {
        sheet.rule();
        for line in &slip.lines {
            sheet.pair(&line.label, &line.value);
        }
        sheet.rule();
    }
    for paragraph in &slip.paragraphs {
        sheet.block(paragraph, 9.0, Weight::Regular, Align::Left);
        sheet.gap(1.5);
    }
    if let Some(payload) = slip.qr.as_deref().filter(|payload| !payload.is_empty()) {
        sheet.qr(payload)?;
    }
    sheet.block(&slip.footer, 7.5, Weight::Regular, Align::Centre);
    Ok(Layout {
        paper,
        language: slip.language.clone(),
        title: slip.title.clone(),
        pages: sheet.finish(),
    })
}

fn characters(slip: &Slip) -> usize {
    let lines = slip.lines.iter().flat_map(|line| [&line.label, &line.value]);
    let texts = lines
        .chain(&slip.paragraphs)
        .chain([&slip.institution, &slip.title, &slip.footer]);
    texts.map(|text| text.chars().count()).sum()
}

#[derive(Clone, Copy)]
enum Align {
    Left,
    Centre,
}

/// What is being filled.
struct Sheet {
    fonts: &'static Fonts,
    paper: Paper,
    width_mm: f32,
    /// How much fits on a sheet.
    height_max_mm: Option<f32>,
    y_mm: f32,
    items: Vec<Item>,
    pages: Vec<Page>,
}

impl Sheet {
    fn new(fonts: &'static Fonts, paper: Paper) -> Self {
        let height = paper
            .height_mm()
            .map(|height| f32::from(height - 2 * paper.margin_mm()));
        Self {
            fonts,
            paper,
            width_mm: f32::from(paper.printable_mm()),
            height_max_mm: height,
            y_mm: 0.0,
            items: Vec::new(),
            pages: Vec::new(),
        }
    }

    /// Lets go of `mm`, but not at the top of a sheet.
    fn gap(&mut self, mm: f32) {
        if !self.items.is_empty() {
            self.y_mm += mm * self.paper.scale();
        }
    }

    /// Begins a new sheet where so much does not fit on this one.
    fn need(&mut self, height_mm: f32) {
        let full = self.height_max_mm.is_some_and(|max| self.y_mm + height_mm > max);
        if full && !self.items.is_empty() {
            self.end_page();
        }
    }

    fn end_page(&mut self) {
        self.pages.push(Page {
            height_mm: self.y_mm,
            items: std::mem::take(&mut self.items),
        });
        self.y_mm = 0.0;
    }

    fn finish(mut self) -> Vec<Page> {
        if !self.items.is_empty() || self.pages.is_empty() {
            self.end_page();
        }
        self.pages
    }

    fn size_mm(&self, points: f32) -> f32 {
        points * self.paper.scale() * POINT_MM
    }

    fn rule(&mut self) {
        self.need(3.0);
        self.items.push(Item::Rule {
            y_mm: self.y_mm,
            thickness_mm: 0.25,
        });
        self.y_mm += 1.5;
    }

    fn block(&mut self, text: &str, points: f32, weight: Weight, align: Align) {
        let size_mm = self.size_mm(points);
        for text in broken(self.fonts, text, weight, size_mm, self.width_mm) {
            let free = self.width_mm - self.fonts.width(&text, weight, size_mm);
            let x_mm = match align {
                Align::Left => 0.0,
                Align::Centre => (free / 2.0).max(0.0),
            };
            self.need(size_mm * 1.3);
            self.put(text, x_mm, size_mm, weight);
            self.y_mm += size_mm * 1.3;
        }
    }

    /// Does not move on.
    fn put(&mut self, text: String, x_mm: f32, size_mm: f32, weight: Weight) {
        self.items.push(Item::Text(Line {
            text,
            x_mm,
            baseline_mm: self.y_mm + size_mm,
            size_mm,
            weight,
        }));
    }

    /// A label at the left and its value at the right; below each other where they do not fit.
    fn pair(&mut self, label: &str, value: &str) {
        let (label_mm, value_mm) = (self.size_mm(8.5), self.size_mm(9.5));
        let label_width = self.fonts.width(label, Weight::Regular, label_mm);
        let value_width = self.fonts.width(value, Weight::Bold, value_mm);
        let broken_by_hand = [label, value].iter().any(|text| text.contains(['\n', '\r']));
        if label_width + value_width + 3.0 <= self.width_mm && !broken_by_hand {
            self.need(value_mm * 1.3);
            self.put(label.to_owned(), 0.0, label_mm, Weight::Regular);
            // On the line of the value, whatever the sizes.
            if let Some(Item::Text(line)) = self.items.last_mut() {
                line.baseline_mm += value_mm - label_mm;
            }
            self.put(
                value.to_owned(),
                self.width_mm - value_width,
                value_mm,
                Weight::Bold,
            );
            self.y_mm += value_mm * 1.3;
        } else {
            self.block(label, 8.5, Weight::Regular, Align::Left);
            self.block(value, 9.5, Weight::Bold, Align::Left);
        }
        self.gap(0.8);
    }

    fn qr(&mut self, payload: &str) -> Result<(), PrintError> {
        let refused = || PrintError::Failed("the QR code holds too much for this paper".to_owned());
        let code = qrcode::QrCode::with_error_correction_level(payload, qrcode::EcLevel::M)
            .map_err(|_| refused())?;
        let dark: Vec<bool> = code
            .to_colors()
            .into_iter()
            .map(|color| color == qrcode::Color::Dark)
            .collect();
        let modules = u16::try_from(code.width()).map_err(|_| refused())?;
        let whole = modules + 2 * QUIET_MODULES;
        let wanted = QR_MAX_MM * DOTS_PER_MM / whole;
        let module_dots = wanted.max(MODULE_MIN_DOTS);
        if whole * module_dots > self.paper.printable_dots() {
            return Err(refused());
        }
        let dots = f32::from(DOTS_PER_MM);
        let side_mm = f32::from(whole * module_dots) / dots;
        self.need(side_mm);
        let quiet_mm = f32::from(QUIET_MODULES * module_dots) / dots;
        // Whole dots, or modules would differ in size on a receipt printer.
        let left = (self.paper.printable_dots() - whole * module_dots) / 2;
        self.y_mm = (self.y_mm * dots).ceil() / dots;
        self.items.push(Item::Qr(Qr {
            x_mm: f32::from(left) / dots + quiet_mm,
            y_mm: self.y_mm + quiet_mm,
            module_dots,
            modules,
            dark,
        }));
        self.y_mm += side_mm;
        Ok(())
    }
}

/// The lines of a text that is to be no wider than `width`. A word that is wider by itself is broken anywhere.
fn broken(fonts: &Fonts, text: &str, weight: Weight, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut start = 0;
    for (end, opportunity) in unicode_linebreak::linebreaks(text) {
        let piece = text.get(start..end).unwrap_or_default();
        start = end;
        let visible = piece.trim_end();
        if !line.is_empty() && fonts.width(&format!("{line}{visible}"), weight, size) > width {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        for character in piece.chars().filter(|character| !character.is_control()) {
            let wider = line.len() >= character.len_utf8()
                && !character.is_whitespace()
                && fonts.width(&line, weight, size) + fonts.place(character, weight).advance * size > width;
            if wider {
                let rest = line.split_off(after_hyphen(&line));
                lines.push(std::mem::replace(&mut line, rest));
            }
            line.push(character);
        }
        if opportunity == BreakOpportunity::Mandatory {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
    }
    // Empty lines between others were wanted; at the end nobody sees them.
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Where to break in a word that is too long: after its last hyphen, as in the id of a document, if there is one in the
/// second half; otherwise at the end.
fn after_hyphen(line: &str) -> usize {
    let found = line.rfind('-').map(|at| at + 1);
    found.filter(|at| *at > line.len() / 2).unwrap_or(line.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SlipLine;

    fn texts(layout: &Layout) -> Vec<&Line> {
        let items = layout.pages.iter().flat_map(|page| &page.items);
        items
            .filter_map(|item| match item {
                Item::Text(line) => Some(line),
                _ => None,
            })
            .collect()
    }

    fn squeezed(text: &str) -> String {
        text.chars()
            .filter(|sign| !sign.is_whitespace() && !sign.is_control())
            .collect()
    }

    #[test]
    fn a_paragraph_is_broken_between_words() {
        let fonts = fonts().unwrap();
        let text = "Биометриялық деректер осы түбіртекте жоқ";
        let lines = broken(fonts, text, Weight::Regular, 3.0, 40.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn an_id_is_broken_after_a_hyphen() {
        let text = "0193a5e2-7c1b-7d44-9a3e-5f0c2b7d9e11";
        let lines = broken(fonts().unwrap(), text, Weight::Bold, 3.0, 48.0);
        assert_eq!(lines, ["0193a5e2-7c1b-7d44-9a3e-", "5f0c2b7d9e11"]);
    }

    #[test]
    fn a_label_and_its_value_share_a_line_where_they_fit() {
        let check = |value: &str, expect: bool| {
            let lines = vec![SlipLine {
                label: "Құжат".to_owned(),
                value: value.to_owned(),
            }];
            let slip = Slip {
                lines,
                ..Slip::default()
            };
            let layout = lay_out(&slip, Paper::Roll80).unwrap();
            let lines = texts(&layout);
            let shared = lines[0].baseline_mm == lines[1].baseline_mm;
            assert_eq!(shared, expect, "{value}");
        };
        check("0193-77aa", true);
        check("0193-77aa-0193-77aa-0193-77aa-0193-77aa-0193-77aa", false);
    }

    #[test]
    fn sheets_are_turned() {
        let slip = Slip {
            paragraphs: vec!["слово ".repeat(40); 30],
            ..Slip::default()
        };
        let pages = |paper| lay_out(&slip, paper).unwrap().pages.len();
        assert_eq!(pages(Paper::Roll80), 1);
        assert!(pages(Paper::A5) > 1);
        assert!(pages(Paper::A5) > pages(Paper::A4));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let slip = |qr: usize, paragraph: usize| Slip {
            qr: Some("x".repeat(qr)),
            paragraphs: vec!["x".repeat(paragraph)],
            ..Slip::default()
        };
        let check = |slip: &Slip, paper, expect: bool| {
            assert_eq!(lay_out(slip, paper).is_ok(), expect);
        };
        check(&slip(36, 100), Paper::Roll58, true);
        check(&slip(1000, 0), Paper::Roll58, false);
        check(&slip(1000, 0), Paper::Roll80, true);
        check(&slip(5000, 0), Paper::A4, false);
        check(&slip(36, 9000), Paper::A4, false);
    }

    proptest! {
        /// Nothing is lost, nothing stands beside the paper, whatever the texts are.
        #[test]
        fn every_text_is_laid_out(
            title in ".{0,60}", label in "\\PC{0,40}", value in "[а-яәғқңөұүһіA-Z0-9 \n-]{0,80}",
            paragraph in "(\\PC|\n){0,300}", paper in 0usize..4,
        ) {
            let slip = Slip {
                title: title.clone(),
                lines: vec![SlipLine { label: label.clone(), value: value.clone() }],
                paragraphs: vec![paragraph.clone()],
                ..Slip::default()
            };
            let paper = Paper::ALL[paper].1;
            let layout = lay_out(&slip, paper).unwrap();
            let fonts = fonts().unwrap();
            let mut all = String::new();
            for line in texts(&layout) {
                all.push_str(&line.text);
                let width = fonts.width(&line.text, line.weight, line.size_mm);
                prop_assert!(line.text.chars().count() <= 1 || line.x_mm + width <= f32::from(paper.printable_mm()) + 0.01);
            }
            prop_assert_eq!(squeezed(&all), squeezed(&format!("{title}{label}{value}{paragraph}")));
            for page in &layout.pages {
                let max = paper.height_mm().map(|height| f32::from(height - 2 * paper.margin_mm()));
                prop_assert!(max.is_none_or(|max| page.height_mm <= max + 3.0));
            }
        }
    }
}
