//! QR codes, drawn as one path.

use leptos::prelude::*;
use qrcode::{Color, EcLevel, QrCode};

use crate::app::Kiosk;
use crate::locale::Key;

/// Empty modules around a code, as ISO/IEC 18004 wants them.
const QUIET: usize = 4;

/// The side of a code in modules with the quiet zone, and its dark modules as a path; none if there is too much text for
/// a code.
fn drawn(text: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        // Neighbours become one bar: a tenth of the path, and no seams between them.
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                let (left, top, length) = (x + QUIET, y + QUIET, run.len());
                path += &format!("M{left} {top}h{length}v1h-{length}z");
            }
            x += run.len();
        }
    }
    Some((width + 2 * QUIET, path))
}

/// A code, dark on light in every choice of colours.
#[component]
pub fn Qr(
    /// What it says.
    text: String,
    /// What it is, for those who do not see it.
    label: Key,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    drawn(&text).map(|(side, path)| {
        view! {
            <svg
                class="qr"
                viewBox=format!("0 0 {side} {side}")
                role="img"
                aria-label=kiosk.say(label)
                data-testid="qr"
                shape-rendering="crispEdges"
                focusable="false"
            >
                <rect class="qr__ground" width=side height=side></rect>
                <path class="qr__modules" d=path></path>
            </svg>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dark modules that the path covers.
    fn covered(path: &str) -> Vec<(usize, usize)> {
        let bars = path.split('M').skip(1);
        bars.flat_map(|bar| {
            let (place, rest) = bar.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            (x..x + length).map(move |x| (x, y))
        })
        .collect()
    }

    #[test]
    fn the_path_covers_exactly_the_dark_modules() {
        let text = "https://page.example/s/0af3912c77";
        let (side, path) = drawn(text).unwrap();
        let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).unwrap();
        assert_eq!(side, code.width() + 8);
        let mut dark = Vec::new();
        for y in 0..code.width() {
            for x in 0..code.width() {
                if code[(x, y)] == Color::Dark {
                    dark.push((x + QUIET, y + QUIET));
                }
            }
        }
        assert_eq!(covered(&path), dark);
    }

    #[test]
    fn too_much_text_is_no_code_and_no_panic() {
        assert!(drawn(&"x".repeat(4_000)).is_none());
        assert!(drawn("").is_some());
    }
}
