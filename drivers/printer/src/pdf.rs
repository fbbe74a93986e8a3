//! A layout as a PDF with text that can be selected, searched and read aloud.

use krilla::Data;
use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, Tag, TagGroup, TagTree,
};
use krilla::text::{Font, GlyphId, KrillaGlyph};

use crate::PrintError;
use crate::font::{Fonts, Placed, Weight, fonts};
use crate::layout::{DOTS_PER_MM, Item, Layout, Line, Qr};

/// Points in a millimetre.
const POINTS: f32 = 72.0 / 25.4;

/// Writes a layout as a PDF. The same layout gives the same bytes: no time and no random id is in it.
///
/// # Errors
/// [`PrintError::Failed`] if the file cannot be made.
pub fn write(layout: &Layout) -> Result<Vec<u8>, PrintError> {
    let fonts = fonts()?;
    let faces = Faces::load(fonts)?;
    let mut document = Document::new();
    let mut tree = TagTree::new().with_lang(Some(layout.language.clone()));
    let paper = layout.paper;
    let margin_mm = f32::from(paper.margin_mm());
    let left_mm = f32::from(paper.width_mm() - paper.printable_mm()) / 2.0;
    for page in &layout.pages {
        let height_mm = paper
            .height_mm()
            .map_or(page.height_mm + 2.0 * margin_mm, f32::from);
        let size = PageSettings::from_wh(f32::from(paper.width_mm()) * POINTS, height_mm * POINTS);
        let size = size.ok_or_else(|| failed("a page has no size"))?;
        let mut sheet = document.start_page_with(size);
        let mut surface = sheet.surface();
        let at = |x_mm: f32, y_mm: f32| ((left_mm + x_mm) * POINTS, (margin_mm + y_mm) * POINTS);
        for item in &page.items {
            match item {
                Item::Text(line) => {
                    let (x, y) = at(line.x_mm, line.baseline_mm);
                    let written = text(&mut surface, fonts, &faces, line, x, y);
                    tree.push(TagGroup::with_children(Tag::P, vec![Node::Leaf(written)]));
                }
                Item::Rule { y_mm, thickness_mm } => {
                    let (x, y) = at(0.0, *y_mm);
                    let width = f32::from(paper.printable_mm()) * POINTS;
                    let rect = Rect::from_xywh(x, y, width, thickness_mm * POINTS);
                    fill(&mut surface, rect);
                }
                Item::Qr(qr) => {
                    let (x, y) = at(qr.x_mm, qr.y_mm);
                    fill(&mut surface, modules(qr, x, y));
                }
            }
        }
        surface.finish();
        sheet.finish();
    }
    document.set_tag_tree(tree);
    document.set_metadata(
        Metadata::new()
            .title(layout.title.clone())
            .language(layout.language.clone())
            .creator("Alaqan".to_owned()),
    );
    // Its words could quote a text of the slip.
    document.finish().map_err(|_| failed("the PDF could not be made"))
}

fn failed(why: &str) -> PrintError {
    PrintError::Failed(why.to_owned())
}

/// The dark modules, those beside each other in one piece.
fn modules(qr: &Qr, x: f32, y: f32) -> Vec<Rect> {
    let side = f32::from(qr.module_dots) / f32::from(DOTS_PER_MM) * POINTS;
    let mut rects = Vec::new();
    let mut top = y;
    for row in qr.dark.chunks(usize::from(qr.modules).max(1)) {
        let mut left = x;
        for run in row.chunk_by(|one, other| one == other) {
            let width = run.iter().fold(0.0, |width, _| width + side);
            if run.first() == Some(&true) {
                rects.extend(Rect::from_xywh(left, top, width, side));
            }
            left += width;
        }
        top += side;
    }
    rects
}

/// Fills rectangles with black. They say nothing to whoever has the page read aloud.
fn fill(surface: &mut Surface<'_>, rects: impl IntoIterator<Item = Rect>) {
    let mut path = PathBuilder::new();
    for rect in rects {
        path.push_rect(rect);
    }
    if let Some(path) = path.finish() {
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other)));
        surface.draw_path(&path);
        surface.end_tagged();
    }
}

/// The fonts as the PDF library knows them.
struct Faces(Vec<[Font; 2]>);

impl Faces {
    fn load(fonts: &Fonts) -> Result<Self, PrintError> {
        let face = |bytes: &[u8], weight: Weight| {
            let axis = (krilla::text::Tag::new(b"wght"), weight.axis());
            Font::new_variable(Data::from(bytes.to_vec()), 0, &[axis])
        };
        let pair = |part: usize| {
            let bytes = fonts.bytes(part)?;
            Some([face(bytes, Weight::Regular)?, face(bytes, Weight::Bold)?])
        };
        let faces: Option<Vec<_>> = (0..fonts.parts()).map(pair).collect();
        faces
            .map(Self)
            .ok_or_else(|| failed("a font of this program cannot be embedded"))
    }

    fn get(&self, part: usize, weight: Weight) -> Option<Font> {
        let [regular, bold] = self.0.get(part)?;
        Some(match weight {
            Weight::Regular => regular.clone(),
            Weight::Bold => bold.clone(),
        })
    }
}

/// Writes one line. Its letters may come from several fonts; the line says its whole text, so that whoever copies it
/// does not get a word in pieces.
fn text(surface: &mut Surface<'_>, fonts: &Fonts, faces: &Faces, line: &Line, x: f32, y: f32) -> Identifier {
    let size = line.size_mm * POINTS;
    let tag = SpanTag::empty().with_actual_text(Some(&line.text));
    let written = surface.start_tagged(ContentTag::Span(tag));
    let placed: Vec<(usize, char, Placed)> = line
        .text
        .char_indices()
        .map(|(at, character)| (at, character, fonts.place(character, line.weight)))
        .collect();
    let mut x = x;
    for run in placed.chunk_by(|(_, _, one), (_, _, other)| one.part == other.part) {
        let glyphs: Vec<KrillaGlyph> = run.iter().map(glyph).collect();
        let advance: f32 = run.iter().map(|(_, _, placed)| placed.advance).sum();
        let part = run.first().map_or(0, |(_, _, placed)| placed.part);
        if let Some(face) = faces.get(part, line.weight) {
            surface.draw_glyphs(Point::from_xy(x, y), &glyphs, face, &line.text, size, false);
        }
        x += advance * size;
    }
    surface.end_tagged();
    written
}

fn glyph((at, character, placed): &(usize, char, Placed)) -> KrillaGlyph {
    let id = GlyphId::new(u32::from(placed.glyph.0));
    KrillaGlyph::new(
        id,
        placed.advance,
        0.0,
        0.0,
        0.0,
        *at..*at + character.len_utf8(),
        None,
    )
}
