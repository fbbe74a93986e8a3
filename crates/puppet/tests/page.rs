//! Identity documents that are drawn, in perspective, blurred, dark, under a reflection and cut off: what is measured of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use face::observe_page;
use opencv::core::{CV_8UC3, Mat, Point, Rect, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;
use puppet::card;
use verification::page::{PageKind, PageMeasures, PagePrompt, prompt};
use verification::policy::AssistedPolicy;

const FRAME: (i32, i32) = (1280, 720);

/// A card before a background, its corners where they are told, in pixels of the frame.
fn frame(kind: PageKind, corners: [(f32, f32); 4], background: f64) -> Mat {
    card::in_frame(&card::draw(kind.aspect()).unwrap(), FRAME, corners, background).unwrap()
}

/// Right before the camera, with so long a long side.
fn upright(kind: PageKind, long: f32) -> [(f32, f32); 4] {
    let (half, tall) = (long / 2.0, long / kind.aspect() / 2.0);
    let (x, y) = (FRAME.0 as f32 / 2.0, FRAME.1 as f32 / 2.0);
    [
        (x - half, y - tall),
        (x + half, y - tall),
        (x + half, y + tall),
        (x - half, y + tall),
    ]
}

fn seen(frame: &Mat) -> PageMeasures {
    observe_page(frame, 7).unwrap().page.expect("a page")
}

fn said(frame: &Mat, kind: PageKind) -> PagePrompt {
    let page = observe_page(frame, 7).unwrap().page;
    prompt(page.as_ref(), page.as_ref(), kind, &AssistedPolicy::default())
}

fn blurred(frame: &Mat, sigma: f64) -> Mat {
    let mut soft = Mat::default();
    imgproc::gaussian_blur_def(frame, &mut soft, Size::new(0, 0), sigma).unwrap();
    soft
}

#[test]
fn a_page_is_found_where_it_is() {
    let tilted = [(330.0, 210.0), (960.0, 160.0), (990.0, 560.0), (300.0, 530.0)];
    for (kind, corners) in [
        (PageKind::Card, upright(PageKind::Card, 700.0)),
        (PageKind::Passport, upright(PageKind::Passport, 700.0)),
        (PageKind::Card, tilted),
    ] {
        for background in [30.0, 90.0, 250.0] {
            let page = seen(&frame(kind, corners, background));
            for (found, (x, y)) in page.corners.iter().zip(corners) {
                let off = (found.x * FRAME.0 as f32 - x).hypot(found.y * FRAME.1 as f32 - y);
                assert!(off < 14.0, "{kind:?} on {background}: {off} px off, {page:?}");
            }
        }
    }
}

#[test]
fn the_kind_follows_from_the_sides() {
    for kind in [PageKind::Card, PageKind::Passport] {
        let shown = frame(kind, upright(kind, 700.0), 40.0);
        let other = match kind {
            PageKind::Card => PageKind::Passport,
            PageKind::Passport => PageKind::Card,
        };
        assert_eq!(said(&shown, kind), PagePrompt::Hold, "{:?}", seen(&shown));
        assert_eq!(said(&shown, other), PagePrompt::OtherKind);
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let kind = PageKind::Card;
    let good = frame(kind, upright(kind, 700.0), 40.0);
    assert_eq!(said(&good, kind), PagePrompt::Hold);
    let far = frame(kind, upright(kind, 360.0), 40.0);
    assert_eq!(said(&far, kind), PagePrompt::Closer);
    assert_eq!(said(&blurred(&good, 5.0), kind), PagePrompt::Sharper);
    let mut dark = Mat::default();
    good.convert_to(&mut dark, -1, 0.25, 0.0).unwrap();
    assert_eq!(said(&dark, kind), PagePrompt::Brighter);
    let mut glare = good.clone();
    imgproc::circle(
        &mut glare,
        Point::new(640, 360),
        60,
        Scalar::all(255.0),
        imgproc::FILLED,
        imgproc::LINE_8,
        0,
    )
    .unwrap();
    assert_eq!(said(&glare, kind), PagePrompt::Glare);
    // Half of it outside of the picture.
    let cut = upright(kind, 700.0).map(|(x, y)| (x - 560.0, y));
    let cut = said(&frame(kind, cut, 40.0), kind);
    assert!(
        matches!(cut, PagePrompt::Show | PagePrompt::Whole | PagePrompt::OtherKind),
        "{cut:?}"
    );
}

/// What `page_sharpness_min` rests on; see `docs/eval-page.md`.
#[test]
fn blur_lowers_sharpness_at_any_size() {
    let least = AssistedPolicy::default().page_sharpness_min;
    for kind in [PageKind::Card, PageKind::Passport] {
        for long in [500.0, 700.0, 850.0_f32] {
            let shown = frame(kind, upright(kind, long), 40.0);
            // By parts of the letters: their height is 11 pixels where the long side is 480.
            let letter = f64::from(long) * 11.0 / 480.0;
            let [sharp, soft, lost] = [0.0, 0.1, 0.4].map(|part| match part {
                0.0 => seen(&shown).sharpness,
                part => seen(&blurred(&shown, part * letter)).sharpness,
            });
            println!("{kind:?} {long} px: {sharp:.4} {soft:.4} {lost:.4}");
            assert!(sharp >= least && soft >= least, "{kind:?} {long}: {sharp} {soft}");
            assert!(lost < least, "{kind:?} {long}: {lost}");
            assert!(sharp > soft && soft > lost);
        }
    }
}

#[test]
fn where_there_is_no_page_none_is_seen() {
    let empty = Mat::new_rows_cols_with_default(FRAME.1, FRAME.0, CV_8UC3, Scalar::all(90.0)).unwrap();
    assert_eq!(observe_page(&empty, 1).unwrap().page, None);
    let mut ball = empty.clone();
    imgproc::circle(
        &mut ball,
        Point::new(640, 360),
        250,
        Scalar::all(220.0),
        imgproc::FILLED,
        imgproc::LINE_8,
        0,
    )
    .unwrap();
    assert_eq!(observe_page(&ball, 1).unwrap().page, None);
    let mut square = empty;
    imgproc::rectangle(
        &mut square,
        Rect::new(400, 100, 500, 500),
        Scalar::all(220.0),
        imgproc::FILLED,
        imgproc::LINE_8,
        0,
    )
    .unwrap();
    assert_eq!(observe_page(&square, 1).unwrap().page, None);
}
