//! What holds of any frame. How pages are measured is tested where they are drawn, in `puppet/tests/page.rs`.

use opencv::core::{CV_8UC3, Rect};
use proptest::prelude::*;

use super::*;

#[test]
fn no_picture_is_an_error() {
    assert!(observe_page(&Mat::default(), 0).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A frame of any size and content yields an observation or an error, never a panic.
    #[test]
    fn no_frame_panics(width in 1..90_i32, height in 1..90_i32, noise in any::<bool>(), boxed in any::<[u8; 4]>()) {
        let mut some = Mat::new_rows_cols_with_default(height, width, CV_8UC3, Scalar::all(0.0)).unwrap();
        if noise {
            core::randu(&mut some, &Scalar::all(0.0), &Scalar::all(256.0)).unwrap();
        }
        let [x, y, wide, tall] = boxed.map(i32::from);
        imgproc::rectangle(
            &mut some,
            Rect::new(x % width, y % height, wide, tall),
            Scalar::all(230.0),
            imgproc::FILLED,
            imgproc::LINE_8,
            0,
        ).unwrap();
        if let Some(page) = observe_page(&some, 3).unwrap().page {
            prop_assert!(page.sharpness >= 0.0 && (0.0..=1.0).contains(&page.glare_part));
        }
    }
}
