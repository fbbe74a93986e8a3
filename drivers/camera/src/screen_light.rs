//! The light of a screen on the skin in front of it, for recordings, which know of no screen.

use opencv::core::{self, CV_8U, CV_8UC1, Mat, Rect, Scalar, Size, Vector};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::CameraError;

/// In the middle of the ellipse, on encoded values, of which 0.08 are some 0.18 in linear light: a screen of 15 inches
/// and 250 cd/m2 gives 60 lx to a face at half a metre, in a room that gives it 300. The mean over the skin is about
/// half of that, so that an actor is no easier to believe than a person.
const GAIN_MAX: f64 = 0.08;
/// The ellipse is drawn in this size and enlarged, since it is smooth.
const SKETCH_PX: i32 = 64;

/// Lights an ellipse of the frame, most in its middle and not at all at its border.
#[derive(Default)]
pub(crate) struct ScreenLight {
    /// Where the face is; the middle of the frame if nobody said.
    face: Option<RectPx>,
    colour: Option<[u8; 3]>,
    /// For the present colour and this size of a frame: the part that is lit, and how much.
    drawn: Option<(Size, Rect, Mat)>,
}

impl ScreenLight {
    pub(crate) fn set_face(&mut self, face: RectPx) {
        (self.face, self.drawn) = (Some(face), None);
    }

    pub(crate) fn set_colour(&mut self, colour: Option<[u8; 3]>) {
        if colour != self.colour {
            (self.colour, self.drawn) = (colour, None);
        }
    }

    /// Lights a frame, if the screen shows a colour.
    pub(crate) fn add(&mut self, bgr: &mut Mat) -> Result<(), CameraError> {
        let Some(colour) = self.colour else { return Ok(()) };
        let size = bgr.size()?;
        if self.drawn.as_ref().is_none_or(|(drawn, ..)| *drawn != size) {
            let place = within(self.face, size);
            self.drawn = Some((size, place, gains(place, colour)?));
        }
        let Some((_, place, gains)) = &self.drawn else {
            return Ok(());
        };
        if place.empty() {
            return Ok(());
        }
        let mut part = Mat::roi_mut(bgr, *place)?;
        let (mut added, mut lit) = (Mat::default(), Mat::default());
        core::multiply(&part, gains, &mut added, GAIN_MAX / 255.0, -1)?;
        core::add_def(&part, &added, &mut lit)?;
        lit.copy_to(&mut part)?;
        Ok(())
    }
}

/// The pixels of the box around the ellipse that lie in the frame.
fn within(face: Option<RectPx>, frame: Size) -> Rect {
    let (width, height) = (frame.width as f32, frame.height as f32);
    let face = face.unwrap_or(RectPx {
        x: width * 0.25,
        y: height * 0.1,
        width: width * 0.5,
        height: height * 0.8,
    });
    // A conversion of a float saturates.
    let (left, top) = (face.x.clamp(0.0, width) as i32, face.y.clamp(0.0, height) as i32);
    let right = (face.x + face.width).clamp(0.0, width) as i32;
    let bottom = (face.y + face.height).clamp(0.0, height) as i32;
    Rect::new(left, top, (right - left).max(0), (bottom - top).max(0))
}

/// How much of the gain each pixel and channel gets, 0 to 255.
fn gains(place: Rect, [red, green, blue]: [u8; 3]) -> Result<Mat, CameraError> {
    if place.empty() {
        return Ok(Mat::default());
    }
    let middle = f64::from(SKETCH_PX - 1) / 2.0;
    let mut sketch = Mat::new_rows_cols_with_default(SKETCH_PX, SKETCH_PX, CV_8UC1, Scalar::all(0.0))?;
    for y in 0..SKETCH_PX {
        for x in 0..SKETCH_PX {
            let (dx, dy) = (f64::from(x) / middle - 1.0, f64::from(y) / middle - 1.0);
            *sketch.at_2d_mut::<u8>(y, x)? = (255.0 * (1.0 - dx * dx - dy * dy).max(0.0)) as u8;
        }
    }
    let mut ellipse = Mat::default();
    imgproc::resize(
        &sketch,
        &mut ellipse,
        place.size(),
        0.0,
        0.0,
        imgproc::INTER_LINEAR,
    )?;
    let mut channels = Vector::<Mat>::new();
    for part in [blue, green, red] {
        let mut channel = Mat::default();
        ellipse.convert_to(&mut channel, CV_8U, f64::from(part) / 255.0, 0.0)?;
        channels.push(channel);
    }
    let mut gains = Mat::default();
    core::merge(&channels, &mut gains)?;
    Ok(gains)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::{CV_8UC3, Vec3b};

    fn grey() -> Mat {
        Mat::new_rows_cols_with_default(120, 200, CV_8UC3, Scalar::all(160.0)).unwrap()
    }

    fn pixel(frame: &Mat, x: i32, y: i32) -> [u8; 3] {
        frame.at_2d::<Vec3b>(y, x).unwrap().0
    }

    #[test]
    fn the_middle_is_lit_in_the_colour_of_the_screen_and_the_border_is_not() {
        let mut light = ScreenLight::default();
        let mut check = |colour: Option<[u8; 3]>, middle: [u8; 3]| {
            light.set_colour(colour);
            let mut frame = grey();
            light.add(&mut frame).unwrap();
            assert_eq!(pixel(&frame, 100, 60), middle, "{colour:?}");
            for (x, y) in [(0, 0), (50, 60), (100, 12), (199, 119)] {
                assert_eq!(pixel(&frame, x, y), [160; 3], "{colour:?} at {x}, {y}");
            }
        };
        check(None, [160; 3]);
        check(Some([0, 0, 0]), [160; 3]);
        check(Some([255, 0, 0]), [160, 160, 173]);
        check(Some([0, 255, 255]), [173, 173, 160]);
        check(Some([128, 128, 128]), [166, 166, 166]);
    }

    #[test]
    fn the_face_may_be_anywhere_and_even_outside() {
        for (x, y, lit) in [
            (10.0, 10.0, true),
            (-30.0, -30.0, true),
            (500.0, 0.0, false),
            (f32::NAN, 0.0, false),
        ] {
            let mut light = ScreenLight::default();
            let (width, height) = (60.0, 60.0);
            light.set_face(RectPx { x, y, width, height });
            light.set_colour(Some([255; 3]));
            let mut frame = grey();
            light.add(&mut frame).unwrap();
            let changed = core::norm2_def(&frame, &grey()).unwrap() > 0.0;
            assert_eq!(changed, lit, "{x}, {y}");
        }
    }
}
