//! How large the screen is and where it hangs, as the file says it: `[screen]`.

use ipc::Display;
use serde::Deserialize;

use crate::config::Window;

/// The table `[screen]`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileScreen {
    px_per_mm: Option<f64>,
    diagonal_inch: Option<f64>,
    bottom_edge_mm: Option<f64>,
}

const MM_PER_INCH: f64 = 25.4;

impl FileScreen {
    /// The screen that is meant; what is wrong otherwise.
    ///
    /// The diagonal is that of the window's pixels, which are all pixels of the screen where the window covers it.
    pub fn display(self, window: Window) -> Result<Display, String> {
        let px_per_mm = match (self.px_per_mm, self.diagonal_inch) {
            (Some(_), Some(_)) => return Err("either px_per_mm or diagonal_inch".to_owned()),
            (Some(px_per_mm), None) => px_per_mm,
            (None, Some(inches)) => {
                f64::from(window.width).hypot(f64::from(window.height)) / (inches * MM_PER_INCH)
            }
            (None, None) => Display::UNKNOWN.px_per_mm,
        };
        // From a wall of lamps to a telephone; a number that is none is outside, too.
        if !(0.5..=25.0).contains(&px_per_mm) {
            return Err(format!("{px_per_mm} pixels a millimetre are those of no screen"));
        }
        if self
            .bottom_edge_mm
            .is_some_and(|mm| !(0.0..=2500.0).contains(&mm))
        {
            return Err("bottom_edge_mm is the height above the floor, 0 to 2500".to_owned());
        }
        Ok(Display {
            px_per_mm,
            bottom_edge_mm: self.bottom_edge_mm,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPRIGHT: Window = Window {
        width: 1080,
        height: 1920,
        kiosk: true,
    };

    fn read(text: &str) -> Result<Display, String> {
        toml::from_str::<FileScreen>(text)
            .map_err(|error| error.to_string())?
            .display(UPRIGHT)
    }

    #[test]
    fn a_screen_is_known_by_its_pixels_or_its_diagonal() {
        assert_eq!(read(""), Ok(Display::UNKNOWN));
        let known = read("px_per_mm = 2.71\nbottom_edge_mm = 750").unwrap();
        assert_eq!(known.px_per_mm, 2.71);
        assert_eq!(known.bottom_edge_mm, Some(750.0));
        let measured = read("diagonal_inch = 32").unwrap();
        assert!((measured.px_per_mm - 2.71).abs() < 0.005, "{measured:?}");
    }

    #[test]
    fn what_is_no_screen_is_refused() {
        for text in [
            "px_per_mm = 2.7\ndiagonal_inch = 32",
            "px_per_mm = 0",
            "px_per_mm = nan",
            "px_per_mm = -3",
            "diagonal_inch = 0",
            "diagonal_inch = 900",
            "bottom_edge_mm = -1",
            "bottom_edge_mm = inf",
            "width = 3",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
