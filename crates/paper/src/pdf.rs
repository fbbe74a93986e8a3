//! A document on paper: PDF/A-2u, so that it can be kept and its text found again.
//!
//! Blocks are laid one below the other; a line that does not fit goes to the next page, and the head of a table goes with it.

mod layout;
mod words;

use jiff::Timestamp;
use krilla::Document;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use verification::evidence::Language;
use verification::time::UtcMs;

use self::layout::{Item, PAGE_HEIGHT_PT, PAGE_WIDTH_PT, Pages};
use self::words::{Face, Measure};
use crate::PaperError;
use crate::judge::Shown;
use crate::sections::sections_in;
use crate::texts::{Key, Texts};

const REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("../fonts/Inter-SemiBold.ttf");

/// The document as a PDF. It holds the stills and says who the person is.
///
/// # Errors
/// [`PaperError::Pdf`] where the library refuses.
pub fn pdf(shown: &Shown, language: Language) -> Result<Vec<u8>, PaperError> {
    let texts = Texts::new(language);
    let measure = Measure::new(REGULAR, SEMI_BOLD).ok_or_else(|| refused("the fonts"))?;
    let pages = lay_out(shown, &texts, &measure);
    let fonts = Fonts {
        regular: Font::new(REGULAR.into(), 0).ok_or_else(|| refused("the font"))?,
        semi_bold: Font::new(SEMI_BOLD.into(), 0).ok_or_else(|| refused("the font"))?,
    };
    let mut document = archival()?;
    document.set_metadata(metadata(shown, &texts));
    let count = pages.len();
    for (place, items) in (1..).zip(pages) {
        let settings = PageSettings::from_wh(PAGE_WIDTH_PT, PAGE_HEIGHT_PT)
            .ok_or_else(|| refused("the size of the page"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for item in items {
            draw(&mut surface, item, &fonts)?;
        }
        for item in layout::foot(shown, &texts, &measure, place, count) {
            draw(&mut surface, item, &fonts)?;
        }
        surface.finish();
        page.finish();
    }
    document
        .finish()
        // What the library says may quote the text that it could not draw.
        .map_err(|_| refused("the document"))
}

fn archival() -> Result<Document, PaperError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_U)
        .finish()
        .map_err(|_| refused("the form of PDF"))?;
    Ok(Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    }))
}

struct Fonts {
    regular: Font,
    semi_bold: Font,
}

fn refused(what: &str) -> PaperError {
    PaperError::Pdf(what.to_owned())
}

fn lay_out(shown: &Shown, texts: &Texts, measure: &Measure<'_>) -> Vec<Vec<Item>> {
    let mut pages = Pages::new(measure);
    pages.title(&texts.say(Key("paper-title")), &texts.say(Key("paper-subtitle")));
    for section in sections_in(shown, texts) {
        pages.section(&section, &texts.say(Key("paper-picture-unreadable")));
    }
    pages.note(&texts.say(Key("paper-footer")));
    pages.finish()
}

/// A document has one PDF: the only time in it is its own.
fn metadata(shown: &Shown, texts: &Texts) -> Metadata {
    let id = shown.content.document_id.to_string();
    let metadata = Metadata::new()
        .title(format!("{} {id}", texts.say(Key("paper-title"))))
        .language(texts.language().tag().to_owned())
        .document_id(id)
        .creator("alaqan-document".to_owned());
    match date(shown.signature.signing_time) {
        Some(date) => metadata.creation_date(date),
        None => metadata,
    }
}

fn date(at: UtcMs) -> Option<DateTime> {
    let time = Timestamp::from_millisecond(at.0)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC);
    let part = |value: i8| u8::try_from(value).ok();
    Some(
        DateTime::new(u16::try_from(time.year()).ok()?)
            .month(part(time.month())?)
            .day(part(time.day())?)
            .hour(part(time.hour())?)
            .minute(part(time.minute())?)
            .second(part(time.second())?)
            .utc_offset_hour(0)
            .utc_offset_minute(0),
    )
}

fn fill((red, green, blue): (u8, u8, u8)) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}

fn draw(surface: &mut Surface<'_>, item: Item, fonts: &Fonts) -> Result<(), PaperError> {
    match item {
        Item::Text {
            x,
            y,
            size,
            face,
            colour,
            text,
        } => {
            surface.set_fill(Some(fill(colour)));
            let font = match face {
                Face::Regular => fonts.regular.clone(),
                Face::SemiBold => fonts.semi_bold.clone(),
            };
            surface.draw_text(
                Point::from_xy(x, y),
                font,
                size,
                &text,
                false,
                TextDirection::LeftToRight,
            );
        }
        Item::Bar {
            x,
            y,
            width,
            height,
            colour,
        } => {
            let Some(bar) = Rect::from_xywh(x, y, width, height) else {
                return Ok(());
            };
            let mut builder = PathBuilder::new();
            builder.push_rect(bar);
            if let Some(path) = builder.finish() {
                surface.set_fill(Some(fill(colour)));
                surface.draw_path(&path);
            }
        }
        Item::Picture {
            x,
            y,
            width,
            height,
            jpeg,
        } => {
            let image = Image::from_jpeg(jpeg.into(), false).map_err(|_| refused("a picture"))?;
            let size = Size::from_wh(width, height).ok_or_else(|| refused("the size of a picture"))?;
            surface.push_transform(&Transform::from_translate(x, y));
            surface.draw_image(image, size);
            surface.pop();
        }
    }
    Ok(())
}

/// Width and height of a picture that can be drawn, in pixels. One bad picture must not cost the whole paper, and the library
/// looks into pictures at the very end: so each is tried on a page of its own.
fn picture_size(jpeg: &[u8]) -> Option<(u32, u32)> {
    let image = Image::from_jpeg(jpeg.to_vec().into(), false).ok()?;
    let size = Some(image.size()).filter(|(width, height)| *width > 0 && *height > 0)?;
    let mut trial = archival().ok()?;
    trial.set_metadata(
        Metadata::new()
            .title("trial".to_owned())
            .language("en".to_owned())
            .creation_date(DateTime::new(1970)),
    );
    let mut page = trial.start_page_with(PageSettings::from_wh(PAGE_WIDTH_PT, PAGE_HEIGHT_PT)?);
    let mut surface = page.surface();
    surface.draw_image(image, Size::from_wh(1.0, 1.0)?);
    surface.finish();
    page.finish();
    trial.finish().ok().map(|_| size)
}

#[cfg(test)]
mod tests;
