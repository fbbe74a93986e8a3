//! Glare: a reflection on a smooth surface before the face.
//!
//! A highlight on skin, on glasses or on teeth goes with the head. One on the glass of a display stays where it is
//! while the face below moves. It is looked for as places of the picture that stay clipped and stay inside the face
//! while the face moves by a third of its width.

use opencv::core::{Mat, Size, Vec3b};
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::FaceError;
use crate::image::reduced;

/// The picture is looked at in so many columns and rows.
const COLUMNS: i32 = 80;
const ROWS: i32 = 60;
/// A place whose darkest channel is at least this bright is clipped and has no colour of skin.
const WHITE_MIN: u8 = 240;
/// How far the face must move, in its width. A highlight on a round head goes at least half as far as the head, which
/// is four places and more here.
const MOVED_MIN: f32 = 0.33;
/// The middle of the box is face whatever its pose: this part is cut off on each side.
const MARGIN: f32 = 0.15;
/// Half a lamp: this part of the middle of the face that is glare gives 0.5.
const PART: f32 = 0.01;

/// Keeps which places stayed white inside the face.
#[derive(Default)]
pub(super) struct Glare {
    /// For each place, where the middle of the face was when it became white.
    since: Vec<Option<(f32, f32)>>,
    held: f32,
}

impl Glare {
    /// 0 none, 0.5 a hundredth of the face.
    pub(super) fn measure(&mut self, bgr: &Mat, face: RectPx) -> Result<f32, FaceError> {
        let small = reduced(bgr, bgr.size()?, Size::new(COLUMNS, ROWS))?;
        let scale = (
            COLUMNS as f32 / bgr.cols() as f32,
            ROWS as f32 / bgr.rows() as f32,
        );
        let middle = (face.x + face.width / 2.0, face.y + face.height / 2.0);
        let places = (COLUMNS * ROWS) as usize;
        self.since.resize(places, None);
        let (mut inside, mut glare) = (0_u32, 0_u32);
        for (at, (since, pixel)) in self
            .since
            .iter_mut()
            .zip(small.data_typed::<Vec3b>()?)
            .enumerate()
        {
            let x = (at % COLUMNS as usize) as f32 / scale.0;
            let y = (at / COLUMNS as usize) as f32 / scale.1;
            let in_face = (x - middle.0).abs() < face.width * (0.5 - MARGIN)
                && (y - middle.1).abs() < face.height * (0.5 - MARGIN);
            inside += u32::from(in_face);
            if !in_face || pixel.0.iter().any(|channel| *channel < WHITE_MIN) {
                *since = None;
                continue;
            }
            let from = *since.get_or_insert(middle);
            let moved = (middle.0 - from.0).hypot(middle.1 - from.1);
            glare += u32::from(moved > MOVED_MIN * face.width);
        }
        let now = (glare as f32 / inside.max(1) as f32 / (2.0 * PART)).clamp(0.0, 1.0);
        // A face that moves back has not wiped the glass: the finding holds until the face is another one.
        self.held = self.held.max(now);
        Ok(self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::{CV_8UC3, Rect, Scalar};
    use opencv::imgproc;

    fn check(highlight: impl Fn(f32) -> f32, seen: bool) {
        let mut glare = Glare::default();
        let mut got = 0.0;
        for step in 0..20_u8 {
            let moved = f32::from(step) * 4.0;
            let mut frame = Mat::new_rows_cols_with_default(480, 640, CV_8UC3, Scalar::all(120.0)).unwrap();
            let spot = Rect::new(300 + highlight(moved) as i32, 230, 24, 24);
            imgproc::rectangle(&mut frame, spot, Scalar::all(255.0), -1, 8, 0).unwrap();
            let face = RectPx {
                x: 180.0 + moved,
                y: 140.0,
                width: 180.0,
                height: 220.0,
            };
            got = glare.measure(&frame, face).unwrap();
        }
        assert_eq!(got > 0.5, seen, "{got}");
    }

    #[test]
    fn a_reflection_that_stays_while_the_face_goes_is_glare() {
        check(|_| 0.0, true);
        check(|moved| moved, false);
        check(|moved| moved / 2.0, false);
    }
}
