//! A slip as PDF and as dots, read back.
#![allow(clippy::unwrap_used)]

mod common;

use common::{DOCUMENT, english, kazakh, read_qr, russian, slips};
use printer::layout::{Paper, lay_out};
use printer::{Slip, pdf, raster};

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn pdf_of(slip: &Slip, paper: Paper) -> Vec<u8> {
    pdf::write(&lay_out(slip, paper).unwrap()).unwrap()
}

/// The text of a slip can be selected, Kazakh letters and all.
#[test]
fn the_pdf_holds_every_text() {
    for slip in slips() {
        for (name, paper) in Paper::ALL {
            let text = pdf_extract::extract_text_from_mem(&pdf_of(&slip, paper)).unwrap();
            let text = words(&text).concat();
            let lines = slip.lines.iter().flat_map(|line| [&line.label, &line.value]);
            for wanted in lines
                .chain(&slip.paragraphs)
                .chain([&slip.institution, &slip.title, &slip.footer])
            {
                let wanted = words(wanted).concat();
                assert!(text.contains(&wanted), "{name}: {wanted} is not in {text}");
            }
        }
    }
}

/// A line says itself as a whole to whoever copies it, although its letters come from several fonts.
#[test]
fn a_line_of_the_pdf_is_one_text() {
    let document = lopdf::Document::load_mem(&pdf_of(&kazakh(), Paper::Roll80)).unwrap();
    let page = *document.get_pages().get(&1).unwrap();
    let content = lopdf::content::Content::decode(&document.get_page_content(page).unwrap()).unwrap();
    let texts: Vec<String> = content
        .operations
        .iter()
        .filter(|operation| operation.operator == "BDC")
        .filter_map(|operation| operation.operands.get(1)?.as_dict().ok())
        .filter_map(|properties| lopdf::decode_text_string(properties.get(b"ActualText").ok()?).ok())
        .collect();
    assert!(texts.contains(&"Өтініштің түбіртегі".to_owned()), "{texts:?}");
}

#[test]
fn the_same_slip_gives_the_same_bytes() {
    assert_eq!(pdf_of(&russian(), Paper::A5), pdf_of(&russian(), Paper::A5));
}

#[test]
fn the_qr_code_is_read_from_the_dots() {
    for slip in slips() {
        for paper in [Paper::Roll58, Paper::Roll80, Paper::A5] {
            let bitmap = raster::draw(&lay_out(&slip, paper).unwrap()).unwrap();
            assert_eq!(bitmap.width(), paper.printable_dots());
            let read = read_qr(usize::from(bitmap.width()), bitmap.height(), |x, y| {
                bitmap.is_black(x, y)
            });
            assert_eq!(read, [DOCUMENT], "{}", paper.name());
        }
    }
}

/// A picture as a telephone takes it: larger, in greys, with a blur and a grey background.
#[test]
fn the_qr_code_is_read_from_a_picture() {
    let bitmap = raster::draw(&lay_out(&english(), Paper::Roll58).unwrap()).unwrap();
    let (width, height) = (usize::from(bitmap.width()) * 2, bitmap.height() * 2);
    let black = |x: usize, y: usize| u32::from(bitmap.is_black(x / 2, y / 2));
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        let around = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2)];
        let sum: u32 = around.iter().map(|(dx, dy)| black(x + dx, y + dy)).sum();
        u8::try_from(225 - 30 * sum).unwrap()
    });
    let grids = picture.detect_grids();
    let (meta, text) = grids.first().unwrap().decode().unwrap();
    // 0 stands for the level M in the code.
    assert_eq!((meta.ecc_level, text.as_str()), (0, DOCUMENT));
}

/// Nothing of a slip is in what a log would say of it.
#[test]
fn debug_says_nothing_of_a_slip() {
    let said = format!("{:?} {:?}", kazakh(), kazakh().lines);
    for text in ["Алатау", "0193", "Шот", "түбіртек"] {
        assert!(!said.contains(text), "{said}");
    }
}
