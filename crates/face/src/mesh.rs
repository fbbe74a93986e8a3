//! The 468-point mesh of MediaPipe on a crop around one face.

use opencv::core::{Mat, Point2f};
use verification::capture::RectPx;

use crate::FaceError;
use crate::detector::{Detection, sigmoid};
use crate::image::warped;
use crate::models::{ModelFile, Network, Order, Pixels};

const SIDE_PX: i32 = 192;
/// Points of the mesh.
pub(crate) const POINTS: usize = 468;
/// The crop's side over the longer side of the face, as MediaPipe's own graph.
const CROP_MARGIN: f32 = 1.5;
/// Outer corner of the subject's right eye, and of the left.
const OUTER_EYES: (usize, usize) = (33, 263);

/// A point of the mesh: `x` and `y` in pixels of the frame, `z` in the same unit, smaller towards the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point3 {
    /// To the right of the picture.
    pub x: f32,
    /// Down.
    pub y: f32,
    /// Away from the camera, relative to the head.
    pub z: f32,
}

/// A square of the frame, turned so that the eyes are level in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crop {
    centre: Point2f,
    side_px: f32,
    angle_rad: f32,
}

impl Crop {
    /// Around a face that was just detected.
    pub(crate) fn of_detection(detection: &Detection) -> Self {
        let face = detection.box_px;
        Self {
            centre: Point2f::new(face.x + face.width / 2.0, face.y + face.height / 2.0),
            side_px: face.width.max(face.height) * CROP_MARGIN,
            angle_rad: angle(detection.eye_right, detection.eye_left),
        }
    }

    /// Around a face that was seen in the frame before.
    pub(crate) fn of_mesh(points: &[Point3; POINTS]) -> Self {
        let corner = |at: usize| Point2f::new(points[at].x, points[at].y);
        let angle_rad = angle(corner(OUTER_EYES.0), corner(OUTER_EYES.1));
        let (sin, cos) = angle_rad.sin_cos();
        let level = points.map(|point| Point3 {
            x: point.x * cos + point.y * sin,
            y: point.y * cos - point.x * sin,
            z: point.z,
        });
        let face = bounding_box(&level);
        let (x, y) = (face.x + face.width / 2.0, face.y + face.height / 2.0);
        Self {
            centre: Point2f::new(x * cos - y * sin, x * sin + y * cos),
            side_px: face.width.max(face.height) * CROP_MARGIN,
            angle_rad,
        }
    }

    /// Whether the crop can be cut at all.
    fn usable(&self) -> bool {
        let finite = self.centre.x.is_finite() && self.centre.y.is_finite() && self.angle_rad.is_finite();
        finite && (4.0..20_000.0).contains(&self.side_px)
    }

    /// The point of the frame at a place of the crop; both are parts of the side, 0 to 1.
    fn at(&self, u: f32, v: f32) -> Point2f {
        let (sin, cos) = self.angle_rad.sin_cos();
        let (x, y) = ((u - 0.5) * self.side_px, (v - 0.5) * self.side_px);
        Point2f::new(
            self.centre.x + x * cos - y * sin,
            self.centre.y + x * sin + y * cos,
        )
    }
}

fn angle(from: Point2f, to: Point2f) -> f32 {
    (to.y - from.y).atan2(to.x - from.x)
}

/// The smallest rectangle around all points.
pub(crate) fn bounding_box(points: &[Point3]) -> RectPx {
    let span = |value: fn(&Point3) -> f32| {
        let values = points.iter().map(value);
        values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let ((left, right), (top, bottom)) = (span(|point| point.x), span(|point| point.y));
    RectPx {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    }
}

/// The mesh of one face in one frame.
#[derive(Debug, Clone)]
pub(crate) struct MeshFit {
    pub(crate) points: [Point3; POINTS],
    /// How sure the model is that a face is in the crop, 0 to 1.
    pub(crate) presence: f32,
}

pub(crate) struct Mesh {
    network: Network,
}

impl Mesh {
    pub(crate) fn new(model: &ModelFile) -> Result<Self, FaceError> {
        let outputs = [("conv2d_21", POINTS * 3), ("conv2d_31", 1)];
        let pixels = Pixels {
            order: Order::Rgb,
            scale: 1.0 / 255.0,
            shift: 0.0,
        };
        Ok(Self {
            network: Network::new(model, SIDE_PX, pixels, &outputs)?,
        })
    }

    /// Fits the mesh into a crop that was cut out by [`cut`]; `None` if the model gives wild numbers.
    pub(crate) fn fit(&mut self, square: &Mat, crop: &Crop) -> Result<Option<MeshFit>, FaceError> {
        let outputs = self.network.run(square)?;
        let [values, presence] = outputs.as_slice() else {
            return Ok(None);
        };
        let scale = 1.0 / SIDE_PX as f32;
        let mut points = [Point3 {
            x: 0.0,
            y: 0.0,
            z: 0.0,
        }; POINTS];
        for (point, value) in points.iter_mut().zip(values.chunks_exact(3)) {
            let [x, y, z] = *value else { continue };
            let place = crop.at(x * scale, y * scale);
            *point = Point3 {
                x: place.x,
                y: place.y,
                z: z * scale * crop.side_px,
            };
        }
        let finite = points
            .iter()
            .all(|point| point.x.is_finite() && point.y.is_finite() && point.z.is_finite());
        let presence = presence.first().map_or(0.0, |logit| sigmoid(*logit));
        Ok(finite.then_some(MeshFit { points, presence }))
    }
}

/// The crop as the model wants it; `None` if the crop is degenerate.
pub(crate) fn cut(bgr: &Mat, crop: &Crop) -> Result<Option<Mat>, FaceError> {
    if !crop.usable() {
        return Ok(None);
    }
    warped(bgr, SIDE_PX as usize, |u, v| crop.at(u, v)).map(Some)
}
