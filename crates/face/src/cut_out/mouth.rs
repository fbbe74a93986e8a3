//! A mouth that opens in a face that stays as it was.
//!
//! The lower jaw carries lip and chin together, so that the skin between them moves, and stretches, when the mouth
//! opens. Paper with a hole for the mouth cannot follow. The chin of a face with an open mouth is therefore compared
//! with the chin of the same face while the mouth was closed, both brought to the place of the upper face: on
//! paper it is the same picture, as much as brow and cheeks are; on skin it is another.

use opencv::core::{self, Mat, Point2f, Rect, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;

use crate::FaceError;
use crate::image::inside;
use crate::mesh::{POINTS, Point3, bounding_box};
use crate::pose::HeadPose;
use crate::ratios::Ratios;

const WIDTH: i32 = 96;
const HEIGHT: i32 = 112;
/// Where points that neither jaw nor lips move lie in the patch. The outer eye corners are 56 px apart.
const STEADY: [(usize, f32, f32); 9] = [
    (33, 20.0, 34.0),
    (133, 37.0, 35.2),
    (362, 59.0, 35.2),
    (263, 76.0, 34.0),
    (168, 48.0, 31.6),
    (6, 48.0, 36.9),
    (197, 48.0, 41.7),
    (195, 48.0, 46.2),
    (5, 48.0, 51.0),
];
/// Left, top, width and height of a place of the patch.
type Place = (i32, i32, i32, i32);
/// Lower edge of the lower lip, and tip of the chin.
const CHIN: (usize, usize) = (17, 152);
/// Half the width of the skin between them that is compared, and how far it stays off the lip and off the outline.
const CHIN_HALF_WIDTH: i32 = 19;
const CHIN_OFF: i32 = 3;
/// Lower than this the chin of a closed mouth is hidden or missed.
const CHIN_HEIGHT_MIN: i32 = 8;
/// Brow, root of the nose and upper cheeks. The eyes between them are left out.
const STEADY_SKIN: [Place; 4] = [
    (22, 12, 52, 10),
    (41, 24, 14, 36),
    (16, 46, 18, 14),
    (62, 46, 18, 14),
];
/// Finer structures than this are noise of the sensor, and coarser ones are shading, which a nod changes.
const FINE_PX: f64 = 1.0;
const COARSE_PX: f64 = 6.0;
/// The mesh trembles by one to two pixels of the patch.
const SEARCH_PX: i32 = 2;
/// The mouth is open from this rise of its opening ratio. The lips are then 10 px of the patch apart, and the chin
/// has gone down by more than the coarsest structure that is compared.
const OPENED_MIN: f32 = 0.3;
/// A face whose mouth is closed more than that of the reference by this becomes the reference.
const CLOSED_MORE: f32 = 0.04;
/// A mouth that is as open as that of the reference within this may lend it a new pose.
const AS_CLOSED: f32 = 0.06;
/// A smile widens the mouth and parts the lips without the jaw.
const WIDENED_MAX: f32 = 1.12;
/// By which the poses of two pictures may differ.
const POSE_DIFFERENCE_MAX_DEG: f32 = 8.0;
/// Where the upper face itself is not found again, by blur or by a grimace, nothing can be told.
const STEADY_MIN: f32 = 0.6;

/// Half of its likeness a chin may keep by shading alone; only what it keeps beyond speaks for paper.
const BY_SHADING: f32 = 0.5;

/// Compares the chin under an open mouth with the chin under the closed one.
#[derive(Default)]
pub(super) struct JawMeter {
    reference: Option<Reference>,
}

struct Reference {
    patch: Patch,
    opening: f32,
    width: f32,
    yaw_deg: f32,
    pitch_deg: f32,
}

impl JawMeter {
    /// How much the chin stays as it was, 0 as skin, 1 as paper; `None` unless the mouth is open and was closed
    /// before in nearly the same pose.
    pub(super) fn measure(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        pose: HeadPose,
        ratios: &Ratios,
    ) -> Result<Option<f32>, FaceError> {
        let (opening, width) = (ratios.mouth_opening, ratios.mouth_width);
        let another = match &self.reference {
            None => true,
            Some(known) => {
                let turned = (pose.yaw_deg - known.yaw_deg).hypot(pose.pitch_deg - known.pitch_deg);
                let opened = opening - known.opening;
                if opened > OPENED_MIN
                    && turned < POSE_DIFFERENCE_MAX_DEG
                    && width < WIDENED_MAX * known.width
                {
                    return Ok(Patch::cut(bgr, points)?.and_then(|patch| patch.stays(&known.patch)));
                }
                opened < -CLOSED_MORE || (opened.abs() < AS_CLOSED && turned > POSE_DIFFERENCE_MAX_DEG / 2.0)
            }
        };
        if another
            && let Some(patch) = Patch::cut(bgr, points)?
            && patch.chin.3 >= CHIN_HEIGHT_MIN
        {
            self.reference = Some(Reference {
                patch,
                opening,
                width,
                yaw_deg: pose.yaw_deg,
                pitch_deg: pose.pitch_deg,
            });
        }
        Ok(None)
    }
}

/// The face brought to one place and size, without noise and shading.
struct Patch {
    levels: Vec<f32>,
    chin: Place,
}

impl Patch {
    /// `None` where the points cannot be brought to the patch.
    fn cut(bgr: &Mat, points: &[Point3; POINTS]) -> Result<Option<Self>, FaceError> {
        let Some(face) = inside(bounding_box(points), bgr.cols(), bgr.rows()) else {
            return Ok(None);
        };
        let Some(similarity) = Similarity::to_patch(points, face) else {
            return Ok(None);
        };
        let mut grey = Mat::default();
        imgproc::cvt_color_def(&bgr.roi(face)?, &mut grey, imgproc::COLOR_BGR2GRAY)?;
        if similarity.scale() < 0.7 {
            let sigma = f64::from(0.4 / similarity.scale()).min(8.0);
            let mut soft = Mat::default();
            imgproc::gaussian_blur_def(&grey, &mut soft, Size::new(0, 0), sigma)?;
            grey = soft;
        }
        let mut patch = Mat::default();
        imgproc::warp_affine(
            &grey,
            &mut patch,
            &similarity.matrix()?,
            Size::new(WIDTH, HEIGHT),
            imgproc::INTER_LINEAR,
            core::BORDER_REPLICATE,
            Scalar::all(0.0),
        )?;
        let mut levels = Mat::default();
        patch.convert_to_def(&mut levels, core::CV_32F)?;
        let (mut fine, mut coarse, mut band) = (Mat::default(), Mat::default(), Mat::default());
        imgproc::gaussian_blur_def(&levels, &mut fine, Size::new(0, 0), FINE_PX)?;
        imgproc::gaussian_blur_def(&fine, &mut coarse, Size::new(0, 0), COARSE_PX)?;
        core::subtract_def(&fine, &coarse, &mut band)?;
        let row =
            |at: usize| similarity.row(points[at].x - face.x as f32, points[at].y - face.y as f32) as i32;
        let top = row(CHIN.0).clamp(0, HEIGHT) + CHIN_OFF;
        let bottom = row(CHIN.1).clamp(0, HEIGHT - SEARCH_PX) - CHIN_OFF;
        Ok(Some(Self {
            levels: band.data_typed::<f32>()?.to_vec(),
            chin: (
                WIDTH / 2 - CHIN_HALF_WIDTH,
                top,
                2 * CHIN_HALF_WIDTH,
                bottom - top,
            ),
        }))
    }

    /// How much of the likeness of the upper face the chin keeps beyond what shading may keep, 0 to 1; `None` where
    /// the upper face itself keeps none.
    fn stays(&self, reference: &Self) -> Option<f32> {
        let steady = self.likeness(reference, &STEADY_SKIN);
        if steady < STEADY_MIN {
            return None;
        }
        let kept = self.likeness(reference, &[reference.chin]) / steady;
        Some(((kept - BY_SHADING) / (1.0 - BY_SHADING)).clamp(0.0, 1.0))
    }

    /// The best correlation of some places over small shifts.
    fn likeness(&self, reference: &Self, places: &[Place]) -> f32 {
        let shifts = || -SEARCH_PX..=SEARCH_PX;
        shifts()
            .flat_map(|down| shifts().map(move |right| (right, down)))
            .map(|shift| self.correlation(reference, places, shift))
            .fold(-1.0, f32::max)
    }

    fn correlation(&self, reference: &Self, places: &[Place], (right, down): (i32, i32)) -> f32 {
        let (mut count, mut a1, mut b1, mut aa, mut bb, mut ab) =
            (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
        for (left, top, width, height) in places {
            for y in *top..top + height {
                let row = |patch: &'_ Self, x: i32, y: i32| -> Option<(usize, usize)> {
                    let from = usize::try_from(y * WIDTH + x).ok()?;
                    let to = from + usize::try_from(*width).ok()?;
                    (to <= patch.levels.len()).then_some((from, to))
                };
                let (Some(one), Some(other)) = (row(reference, *left, y), row(self, left + right, y + down))
                else {
                    continue;
                };
                for (a, b) in reference.levels[one.0..one.1]
                    .iter()
                    .zip(&self.levels[other.0..other.1])
                {
                    count += 1.0;
                    a1 += a;
                    b1 += b;
                    aa += a * a;
                    bb += b * b;
                    ab += a * b;
                }
            }
        }
        let spread = (aa - a1 * a1 / count) * (bb - b1 * b1 / count);
        // Places without any structure are alike in nothing.
        if spread > 1.0 {
            (ab - a1 * b1 / count) / spread.sqrt()
        } else {
            0.0
        }
    }
}

/// Turn, scale and shift from a part of the frame to the patch: the least squares fit of the steady points.
struct Similarity {
    cos: f32,
    sin: f32,
    shift: Point2f,
}

impl Similarity {
    fn to_patch(points: &[Point3; POINTS], part: Rect) -> Option<Self> {
        let count = STEADY.len() as f32;
        let from = |at: usize| (points[at].x - part.x as f32, points[at].y - part.y as f32);
        let (mut fx, mut fy, mut tx, mut ty) = (0.0, 0.0, 0.0, 0.0);
        for (at, x, y) in STEADY {
            fx += from(at).0 / count;
            fy += from(at).1 / count;
            tx += x / count;
            ty += y / count;
        }
        let (mut along, mut across, mut size) = (0.0, 0.0, 0.0);
        for (at, x, y) in STEADY {
            let (ax, ay, bx, by) = (from(at).0 - fx, from(at).1 - fy, x - tx, y - ty);
            along += ax * bx + ay * by;
            across += ax * by - ay * bx;
            size += ax * ax + ay * ay;
        }
        // Points on one spot, of a face of a few pixels.
        if size < 16.0 {
            return None;
        }
        let (cos, sin) = (along / size, across / size);
        let found = Self {
            cos,
            sin,
            shift: Point2f::new(tx - cos * fx + sin * fy, ty - sin * fx - cos * fy),
        };
        (found.scale() > 0.01).then_some(found)
    }

    /// The row of the patch on which a place of the part lies.
    fn row(&self, x: f32, y: f32) -> f32 {
        self.sin * x + self.cos * y + self.shift.y
    }

    fn scale(&self) -> f32 {
        self.cos.hypot(self.sin)
    }

    fn matrix(&self) -> opencv::Result<Mat> {
        Mat::from_slice_2d(&[
            [self.cos, -self.sin, self.shift.x],
            [self.sin, self.cos, self.shift.y],
        ])
    }
}
