//! From a portrait to a clip.

use std::path::{Path, PathBuf};

use face::{Analyzer, ModelFolder, Point3};
use opencv::core::{self, CV_16SC3, Mat, Point, Point2f, Scalar, Size, Vector};
use opencv::prelude::*;
use opencv::videoio::VideoWriter;
use opencv::{imgcodecs, imgproc};

use crate::PuppetError;
use crate::motion::{FPS, Posture, Script, script, smooth};
use crate::warp::{Moved, Net};

const SIZE: Size = Size {
    width: 640,
    height: 480,
};
const CLIP: &str = "puppet.mp4";
/// Width of the face in the clip, which gives about 90 px between the eyes.
const FACE_WIDTH_PX: f32 = 205.0;
/// Standard deviation of the sensor noise, grey levels.
const NOISE: f64 = 2.0;
const NOISE_SEED: i32 = 20_251_122;
/// Distance of the camera, in face widths: about 60 cm.
const DISTANCE: f32 = 4.0;

/// Upper and lower lid, from the outer corner to the inner one, of the right eye and of the left.
const LIDS: [[[usize; 7]; 2]; 2] = [
    [
        [246, 161, 160, 159, 158, 157, 173],
        [7, 163, 144, 145, 153, 154, 155],
    ],
    [
        [466, 388, 387, 386, 385, 384, 398],
        [249, 390, 373, 374, 380, 381, 382],
    ],
];
/// The skin above the upper lid, in the same order.
const ABOVE_LIDS: [[usize; 7]; 2] = [
    [247, 30, 29, 27, 28, 56, 190],
    [467, 260, 259, 257, 258, 286, 414],
];
/// The edge of the lips towards the teeth.
const INNER_LIPS: [usize; 20] = [
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
];
const INNER_LIPS_UPPER: [usize; 9] = [191, 80, 81, 82, 13, 312, 311, 310, 415];
const MOUTH_CORNERS: [usize; 2] = [61, 291];
const LIP_LOWER: usize = 14;
const LIP_UPPER: usize = 13;
/// Outline of the face, once around.
const OUTLINE: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// Rings around the outline: how far out, and which part of the outline's motion they follow. So hair moves with
/// the face and the background stays.
const RINGS: [(f32, f32); 4] = [(1.12, 1.0), (1.25, 0.8), (1.5, 0.4), (1.9, 0.1)];

/// As [`render`], from a picture file and a folder of models.
///
/// # Errors
/// [`PuppetError::PortraitUnreadable`], and those of [`render`].
pub fn render_file(portrait: &Path, models: &Path, out_dir: &Path) -> Result<PathBuf, PuppetError> {
    let picture = imgcodecs::imread(portrait, imgcodecs::IMREAD_COLOR)?;
    if picture.empty() {
        return Err(PuppetError::PortraitUnreadable {
            path: portrait.to_owned(),
        });
    }
    render(&picture, &ModelFolder::open(models)?, out_dir)
}

/// Animates the largest face of a portrait (BGR): writes a clip and a `manifest.toml` of its events into a
/// folder, which is made if it is not there. Returns the path of the clip.
///
/// # Errors
/// [`PuppetError::NoFace`] if the detector sees none; [`PuppetError::Unwritable`].
pub fn render(portrait: &Mat, models: &ModelFolder, out_dir: &Path) -> Result<PathBuf, PuppetError> {
    let mut analyzer = Analyzer::new(models)?;
    let framed = framed(portrait, &mut analyzer)?;
    let points = analyzer.mesh_of(&framed)?.ok_or(PuppetError::NoFace)?;
    let puppet = Puppet::new(framed, points.to_vec())?;
    let script = script();

    std::fs::create_dir_all(out_dir).map_err(|source| PuppetError::Unwritable {
        path: out_dir.to_owned(),
        source: Some(source),
    })?;
    let path = out_dir.join(CLIP);
    let fourcc = VideoWriter::fourcc('m', 'p', '4', 'v')?;
    let mut writer = VideoWriter::new(&path, fourcc, f64::from(FPS), SIZE, true)?;
    if !writer.is_opened()? {
        return Err(PuppetError::Unwritable { path, source: None });
    }
    core::set_rng_seed(NOISE_SEED)?;
    for posture in &script.postures {
        writer.write(&noisy(&puppet.pose(posture)?)?)?;
    }
    writer.release()?;

    let list = out_dir.join("manifest.toml");
    std::fs::write(&list, manifest(&script)).map_err(|source| PuppetError::Unwritable {
        path: list,
        source: Some(source),
    })?;
    Ok(path)
}

/// The part of the portrait around the face, scaled to the size of the clip.
fn framed(portrait: &Mat, analyzer: &mut Analyzer) -> Result<Mat, PuppetError> {
    let points = analyzer.mesh_of(portrait)?.ok_or(PuppetError::NoFace)?;
    let (low, high) = bounds(&points);
    let scale = FACE_WIDTH_PX / (high.x - low.x).max(1.0);
    let (x, y) = ((low.x + high.x) / 2.0, (low.y + high.y) / 2.0);
    let transform = Mat::from_slice_2d(&[
        [scale, 0.0, SIZE.width as f32 / 2.0 - scale * x],
        [0.0, scale, SIZE.height as f32 * 0.48 - scale * y],
    ])?;
    let mut framed = Mat::default();
    imgproc::warp_affine(
        portrait,
        &mut framed,
        &transform,
        SIZE,
        imgproc::INTER_CUBIC,
        core::BORDER_REPLICATE,
        Scalar::all(0.0),
    )?;
    Ok(framed)
}

fn bounds(points: &[Point3]) -> (Point2f, Point2f) {
    let mut low = Point2f::new(f32::INFINITY, f32::INFINITY);
    let mut high = Point2f::new(f32::NEG_INFINITY, f32::NEG_INFINITY);
    for point in points {
        low = Point2f::new(low.x.min(point.x), low.y.min(point.y));
        high = Point2f::new(high.x.max(point.x), high.y.max(point.y));
    }
    (low, high)
}

/// The framed portrait with what is needed to move it.
struct Puppet {
    picture: Mat,
    points: Vec<Point3>,
    width: f32,
    /// The point about which the head turns.
    pivot: Point3,
    net: Net,
}

impl Puppet {
    fn new(picture: Mat, points: Vec<Point3>) -> Result<Self, PuppetError> {
        let (low, high) = bounds(&points);
        let width = high.x - low.x;
        let depth = points
            .iter()
            .map(|point| point.z)
            .fold(f32::NEG_INFINITY, f32::max);
        let pivot = Point3 {
            x: (low.x + high.x) / 2.0,
            y: (low.y + high.y) / 2.0,
            z: depth + 0.1 * width,
        };
        let mut source: Vec<Point2f> = points
            .iter()
            .map(|point| Point2f::new(point.x, point.y))
            .collect();
        source.extend(surroundings(&points, pivot).map(|(place, _, _)| place));
        source.extend(border());
        Ok(Self {
            picture,
            points,
            width,
            pivot,
            net: Net::new(source, SIZE)?,
        })
    }

    /// One frame, still without noise.
    fn pose(&self, posture: &Posture) -> Result<Mat, PuppetError> {
        let shaped = self.shaped(posture);
        let head: Vec<Moved> = self
            .points
            .iter()
            .zip(&shaped)
            .map(|(rest, shaped)| {
                let (was, is) = (self.seen(*rest, &Posture::default()), self.seen(*shaped, posture));
                let place = Point2f::new(
                    rest.x + is.place.x - was.place.x,
                    rest.y + is.place.y - was.place.y,
                );
                Moved {
                    place,
                    depth: is.depth,
                }
            })
            .collect();
        let mut moved = head.clone();
        let behind = self.pivot.z + 10.0 * self.width;
        for (place, outline, part) in surroundings(&self.points, self.pivot) {
            let (rest, now) = (self.points[outline], head[outline].place);
            let way = Point2f::new(now.x - rest.x, now.y - rest.y);
            let place = Point2f::new(place.x + part * way.x, place.y + part * way.y);
            moved.push(Moved {
                place: inside(place),
                depth: behind,
            });
        }
        moved.extend(border().map(|place| Moved { place, depth: behind }));
        let mut frame = self.net.warp(&self.picture, &moved)?;
        if posture.lids > 0.0 {
            for (lids, above) in LIDS.iter().zip(&ABOVE_LIDS) {
                self.close(&mut frame, &head, lids, above, posture.lids)?;
            }
        }
        if posture.mouth > 0.0 {
            let part = f64::from(smooth(posture.mouth * 1.5)) * 0.9;
            let dark = Scalar::new(28.0, 18.0, 42.0, 0.0);
            fill(&mut frame, &outline(&head, INNER_LIPS.into_iter()), dark, part)?;
        }
        Ok(frame)
    }

    /// Paints the skin of a closed lid, which the portrait does not show, and the lashes below it.
    fn close(
        &self,
        frame: &mut Mat,
        head: &[Moved],
        [upper, lower]: &[[usize; 7]; 2],
        above: &[usize; 7],
        lids: f32,
    ) -> Result<(), PuppetError> {
        let (skin, lid) = (self.points[above[3]], self.points[upper[3]]);
        let place = Point::new(
            (skin.x * 0.7 + lid.x * 0.3) as i32,
            (skin.y * 0.7 + lid.y * 0.3) as i32,
        );
        let colour = self.picture.at_2d::<core::Vec3b>(place.y, place.x)?;
        let colour = Scalar::new(
            f64::from(colour[0]),
            f64::from(colour[1]),
            f64::from(colour[2]),
            0.0,
        );
        let around = outline(head, above.iter().copied().chain(lower.iter().rev().copied()));
        fill(frame, &around, colour, f64::from(smooth(lids)) * 0.9)?;
        let lashes: Vector<Vector<Point>> = Vector::from_iter([outline(head, lower.iter().copied())]);
        let dark = Scalar::new(45.0, 50.0, 70.0, 0.0);
        imgproc::polylines(frame, &lashes, false, dark, 2, imgproc::LINE_AA, 0)?;
        Ok(())
    }

    /// The head at rest with other lids and another mouth.
    fn shaped(&self, posture: &Posture) -> Vec<Point3> {
        let mut points = self.points.clone();
        for (lids, above) in LIDS.iter().zip(&ABOVE_LIDS) {
            let [upper, lower] = lids;
            for ((upper, lower), above) in upper.iter().zip(lower).zip(above) {
                let way = self.points[*lower].y - self.points[*upper].y;
                points[*upper].y += way * 0.97 * posture.lids;
                points[*above].y += way * 0.45 * posture.lids;
                points[*lower].y -= way * 0.03 * posture.lids;
            }
        }
        let (upper, lower) = (self.points[LIP_UPPER], self.points[LIP_LOWER]);
        let jaw = 0.20 * self.width * posture.mouth;
        let lip_line = (upper.y + lower.y) / 2.0;
        for (at, point) in points.iter_mut().enumerate() {
            let rest = self.points[at];
            // The jaw: all below the line of the lips, less towards the cheeks and down to the throat.
            let below =
                smooth((rest.y - lip_line) / (0.25 * (lower.y - upper.y).max(0.02 * self.width)) + 0.5);
            let aside = (rest.x - lower.x).abs() / (0.62 * self.width);
            let follows = if INNER_LIPS_UPPER.contains(&at) {
                0.0
            } else {
                below
            };
            point.y += jaw * follows * (1.0 - smooth(aside));
            // The corners of the mouth, the lips and cheeks along with them: a smile widens and lifts them, an
            // open mouth narrows and lowers them.
            for corner in MOUTH_CORNERS {
                let corner = self.points[corner];
                let outwards = (corner.x - lower.x).signum();
                let (dx, dy) = ((rest.x - corner.x) / self.width, (rest.y - corner.y) / self.width);
                let near = self.width * (-(dx * dx + dy * dy) / (2.0 * 0.09 * 0.09)).exp();
                point.x += outwards * near * (0.09 * posture.smile - 0.06 * posture.mouth);
                point.y += near * (0.07 * posture.mouth - 0.03 * posture.smile);
            }
        }
        points
    }

    /// Where the camera sees a point of the turned head.
    fn seen(&self, point: Point3, posture: &Posture) -> Moved {
        let (yaw_sin, yaw_cos) = posture.yaw_deg.to_radians().sin_cos();
        let (pitch_sin, pitch_cos) = posture.pitch_deg.to_radians().sin_cos();
        let (x, y, z) = (
            point.x - self.pivot.x,
            point.y - self.pivot.y,
            point.z - self.pivot.z,
        );
        let (y, z) = (y * pitch_cos + z * pitch_sin, z * pitch_cos - y * pitch_sin);
        let (x, z) = (x * yaw_cos - z * yaw_sin, z * yaw_cos + x * yaw_sin);
        let scale = DISTANCE * self.width / (DISTANCE * self.width + z);
        let place = Point2f::new(
            self.pivot.x + x * scale + posture.sway.0 * self.width,
            self.pivot.y + y * scale + posture.sway.1 * self.width,
        );
        Moved {
            place: inside(place),
            depth: z,
        }
    }
}

fn outline(head: &[Moved], points: impl Iterator<Item = usize>) -> Vector<Point> {
    points
        .map(|at| Point::new(head[at].place.x.round() as i32, head[at].place.y.round() as i32))
        .collect()
}

/// Mixes a colour into a polygon, with a soft edge.
fn fill(frame: &mut Mat, polygon: &Vector<Point>, colour: Scalar, part: f64) -> Result<(), PuppetError> {
    let mut mask = Mat::new_size_with_default(SIZE, core::CV_32FC3, Scalar::all(0.0))?;
    let polygons: Vector<Vector<Point>> = Vector::from_iter([polygon.clone()]);
    imgproc::fill_poly_def(&mut mask, &polygons, Scalar::all(part))?;
    let mut soft = Mat::default();
    imgproc::gaussian_blur_def(&mask, &mut soft, Size::new(5, 5), 1.2)?;
    // frame + mask * (colour - frame)
    let (mut plain, mut mixed) = (Mat::default(), Mat::default());
    frame.convert_to_def(&mut plain, core::CV_32F)?;
    let whole = Mat::new_size_with_default(SIZE, core::CV_32FC3, colour)?;
    let mut way = Mat::default();
    core::subtract_def(&whole, &plain, &mut way)?;
    let mut step = Mat::default();
    core::multiply_def(&way, &soft, &mut step)?;
    core::add_def(&plain, &step, &mut mixed)?;
    mixed.convert_to_def(frame, core::CV_8U)?;
    Ok(())
}

/// Points around the face: the place, the point of the outline that is followed, and how much of its motion.
fn surroundings(points: &[Point3], pivot: Point3) -> impl Iterator<Item = (Point2f, usize, f32)> {
    RINGS.into_iter().flat_map(move |(out, part)| {
        OUTLINE.into_iter().map(move |at| {
            let rest = points[at];
            let place = Point2f::new(
                pivot.x + out * (rest.x - pivot.x),
                pivot.y + out * (rest.y - pivot.y),
            );
            (inside(place), at, part)
        })
    })
}

/// Points along the edge of the picture, which never move.
fn border() -> impl Iterator<Item = Point2f> {
    let (right, bottom) = ((SIZE.width - 1) as f32, (SIZE.height - 1) as f32);
    (0..8).flat_map(move |step| {
        let part = step as f32 / 8.0;
        [
            Point2f::new(right * part, 0.0),
            Point2f::new(right, bottom * part),
            Point2f::new(right * (1.0 - part), bottom),
            Point2f::new(0.0, bottom * (1.0 - part)),
        ]
    })
}

/// Kept off the edge, on which the fixed points lie.
fn inside(point: Point2f) -> Point2f {
    let (right, bottom) = ((SIZE.width - 3) as f32, (SIZE.height - 3) as f32);
    Point2f::new(point.x.clamp(2.0, right), point.y.clamp(2.0, bottom))
}

fn noisy(frame: &Mat) -> Result<Mat, PuppetError> {
    let mut noise = Mat::new_size_with_default(SIZE, CV_16SC3, Scalar::all(0.0))?;
    core::randn(&mut noise, &Scalar::all(0.0), &Scalar::all(NOISE))?;
    let mut sum = Mat::default();
    core::add(frame, &noise, &mut sum, &core::no_array(), core::CV_8U)?;
    Ok(sum)
}

/// The list of clips in the form of the footage's.
fn manifest(script: &Script) -> String {
    let mut text = format!(
        "# Made by alaqan-puppet.\n\n[[clip]]\nfile = \"{CLIP}\"\nlabel = \"bona_fide\"\nsubject = \"puppet\"\n\
         shows = \"One portrait, animated through the face mesh: proves the plumbing only, never the biometrics.\"\n\
         frames = {}\nfps = {FPS}.0\nwidth = {}\nheight = {}\nsynthetic = true\n",
        script.length(),
        SIZE.width,
        SIZE.height,
    );
    for event in &script.events {
        text.push_str(&format!(
            "\n  [[clip.event]]\n  type = \"{}\"\n  first = {}\n  last = {}\n",
            event.kind, event.first, event.last
        ));
        if let Some(peak) = event.peak {
            text.push_str(&format!("  peak = {peak}\n"));
        }
    }
    text
}
