//! Bezel: the border of a display, or of a held print.
//!
//! A door, a window or a picture stands behind the person, whose head and shoulders interrupt its lines. Lines that
//! come down on both sides of the face, nearer to it than the shoulders reach, and that one lower line joins
//! across the body, lie before the person.

use std::ops::Range;

use opencv::core::{self, Mat, Rect, Size, Vec3b, Vec3s};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::FaceError;
use crate::image::reduced;
use crate::mesh::{POINTS, Point3};

/// The surroundings are looked at in a picture in which the face has this width.
const FACE_WIDTH: i32 = 40;
const WIDTH: i32 = 128;
const HEIGHT: i32 = 144;
/// Where the middle of the face lies in it.
const MIDDLE: (i32, i32) = (64, 50);
/// A face that is turned looks narrower than it is.
const FACE_ASPECT_MIN: f32 = 0.75;
/// The smallest step of brightness that is an edge: eight of 255 over two pixels, as Sobel's kernel counts.
const EDGE_MIN: u16 = 32;
/// An edge runs along its line within 34 degrees: its slope is this much steeper across than along, in halves.
const ALONG_HALVES: u16 = 3;
/// Nobody who wants to be seen holds a display more slanted than this: 11 degrees, in steps of 3.
const SLANTS: [f32; 9] = [-0.2, -0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2];
/// Sides are looked for from the ear to the width of the shoulders, 0.55 to 1.3 face widths from the middle: heads
/// are 15 cm wide and shoulders 37 to 41 cm.
const SIDE: (i32, i32) = (22, 52);
/// The lower edge is looked for from here below the chin: the throat, where the line of the jaw is left behind.
const BELOW_CHIN: i32 = 12;
/// The corners matter most, and so this much of each side above the lower edge is looked at by itself.
const CORNER: i32 = 20;
/// The lower edge may be hidden in at most two tenths of its 104 columns; of the middle 44 then more than this is
/// there.
const INNER_MIN: f32 = 0.5;
/// A border may be hidden in this part by fingers, and is seen as 0.5 then.
const HIDDEN_MAX: f32 = 0.1;
const SUPPORT_MIN: f32 = 1.0 - 2.0 * HIDDEN_MAX;
/// Rows and columns at the edge of a frame that are darker than this are bars that a camera or a converter added.
const BAR_MAX: u8 = 24;

/// 0 no border, 0.5 one that is hidden by a tenth, 1 a whole one.
pub(super) fn bezel(bgr: &Mat, points: &[Point3; POINTS], face: RectPx) -> Result<f32, FaceError> {
    let width = face.width.max(FACE_ASPECT_MIN * face.height);
    let scale = FACE_WIDTH as f32 / width.max(1.0);
    let middle = (face.x + face.width / 2.0, face.y + face.height / 2.0);
    let Some(around) = Around::cut(bgr, middle, scale)? else {
        return Ok(0.0);
    };
    // A cast saturates, and what is far outside stays there.
    let row = |at: usize| (((points[at].y - middle.1) * scale) as i32).clamp(-HEIGHT, HEIGHT) + MIDDLE.1;
    let eyes = i32::midpoint(row(33), row(263)).clamp(2, HEIGHT - CORNER);
    let chin = row(152).clamp(eyes, HEIGHT);
    let support = around.border(eyes, chin + BELOW_CHIN);
    Ok(((support - SUPPORT_MIN) / (1.0 - SUPPORT_MIN)).clamp(0.0, 1.0))
}

/// Upright and level edges around a face.
struct Around {
    upright: Vec<bool>,
    level: Vec<bool>,
}

impl Around {
    /// `None` if hardly anything around the face is in the frame.
    fn cut(bgr: &Mat, middle: (f32, f32), scale: f32) -> Result<Option<Self>, FaceError> {
        // Where the canvas begins and ends in the frame, and the part of it that the frame fills.
        let (left, top) = (
            middle.0 - MIDDLE.0 as f32 / scale,
            middle.1 - MIDDLE.1 as f32 / scale,
        );
        let ends = (left + WIDTH as f32 / scale, top + HEIGHT as f32 / scale);
        let from = (left.max(0.0) as i32, top.max(0.0) as i32);
        let to = ((ends.0 as i32).min(bgr.cols()), (ends.1 as i32).min(bgr.rows()));
        if to.0 - from.0 < 8 || to.1 - from.1 < 8 {
            return Ok(None);
        }
        let part = Rect::new(from.0, from.1, to.0 - from.0, to.1 - from.1);
        let offset = (
            (((part.x as f32 - left) * scale).round() as i32).clamp(0, WIDTH - 1),
            (((part.y as f32 - top) * scale).round() as i32).clamp(0, HEIGHT - 1),
        );
        let size = Size::new(
            ((part.width as f32 * scale).round() as i32).clamp(1, WIDTH - offset.0),
            ((part.height as f32 * scale).round() as i32).clamp(1, HEIGHT - offset.1),
        );
        let small = reduced(&bgr.roi(part)?, part.size(), size)?;
        let shown = without_bars(&small)?;
        if shown.width < 8 || shown.height < 8 {
            return Ok(None);
        }
        let small = small.roi(shown)?.try_clone()?;
        let offset = (offset.0 + shown.x, offset.1 + shown.y);
        let slope = |dx: i32, dy: i32| -> Result<Mat, FaceError> {
            let mut slope = Mat::default();
            imgproc::sobel_def(&small, &mut slope, core::CV_16S, dx, dy)?;
            Ok(slope)
        };
        let (across, down) = (slope(1, 0)?, slope(0, 1)?);
        let mut edges = Self {
            upright: vec![false; (WIDTH * HEIGHT) as usize],
            level: vec![false; (WIDTH * HEIGHT) as usize],
        };
        let pairs = across
            .data_typed::<Vec3s>()?
            .iter()
            .zip(down.data_typed::<Vec3s>()?);
        for (at, (across, down)) in (0..).zip(pairs) {
            let (x, y) = (at % shown.width, at / shown.width);
            // The outermost pixels border on nothing.
            if x < 2 || y < 2 || x >= shown.width - 2 || y >= shown.height - 2 {
                continue;
            }
            let steepest = |slope: &Vec3s| {
                slope
                    .0
                    .iter()
                    .map(|value| value.unsigned_abs())
                    .max()
                    .unwrap_or(0)
            };
            let (across, down) = (steepest(across), steepest(down));
            let (x, y) = (x + offset.0, y + offset.1);
            // An edge may waver by a pixel across its line.
            if across > EDGE_MIN && 2 * across > ALONG_HALVES * down {
                (x - 1..=x + 1).for_each(|x| mark(&mut edges.upright, x, y));
            }
            if down > EDGE_MIN && 2 * down > ALONG_HALVES * across {
                (y - 1..=y + 1).for_each(|y| mark(&mut edges.level, x, y));
            }
        }
        Ok(Some(edges))
    }

    /// The part of the best border that is there: of the least of its three lines and two corners. What would say
    /// nothing is not looked for.
    fn border(&self, eyes: i32, lowest_from: i32) -> f32 {
        let mut best = SUPPORT_MIN;
        for slant in SLANTS {
            // A line has the number of the column, or row, in which it passes the middle of the face.
            let off = |places: i32, middle: i32| -> Vec<i32> {
                (0..places)
                    .map(|place| (slant * (place - middle) as f32).round() as i32)
                    .collect()
            };
            let (off_upright, off_level) = (off(HEIGHT, MIDDLE.1), off(WIDTH, MIDDLE.0));
            let level = Sums::new(lowest_from..HEIGHT - 2, 0..WIDTH, |line, x| {
                seen(&self.level, x, line - shift(&off_level, x))
            });
            // Between the innermost sides every border has its lower edge.
            let bottoms: Vec<i32> = (lowest_from..HEIGHT - 2)
                .filter(|row| level.part(*row, MIDDLE.0 - SIDE.0, MIDDLE.0 + SIDE.0) > INNER_MIN)
                .collect();
            if bottoms.is_empty() {
                continue;
            }
            let sides = [
                MIDDLE.0 - SIDE.1..MIDDLE.0 - SIDE.0,
                MIDDLE.0 + SIDE.0..MIDDLE.0 + SIDE.1,
            ];
            let uprights = sides.map(|lines| {
                let sums = Sums::new(lines.clone(), eyes..HEIGHT, |line, y| {
                    seen(&self.upright, line + shift(&off_upright, y), y)
                });
                (lines, sums)
            });
            for bottom in bottoms {
                let [(left, from), (right, to)] = uprights.each_ref().map(|(lines, sums)| {
                    let supports = lines.clone().map(|line| {
                        let end = (bottom - shift(&off_level, line)).clamp(eyes + CORNER, HEIGHT);
                        let support = sums.part(line, eyes, end).min(sums.part(line, end - CORNER, end));
                        (support, line + shift(&off_upright, bottom))
                    });
                    let better =
                        |best: (f32, i32), next: (f32, i32)| if next.0 > best.0 { next } else { best };
                    supports.fold((0.0, 0), better)
                });
                let sides = left.min(right);
                if sides > best {
                    best = best.max(sides.min(level.part(bottom, from.clamp(0, WIDTH), to.clamp(0, WIDTH))));
                }
            }
        }
        best
    }
}

/// The picture without dark bars at its edges.
fn without_bars(bgr: &Mat) -> Result<Rect, FaceError> {
    let (width, height) = (bgr.cols(), bgr.rows());
    let pixels = bgr.data_typed::<Vec3b>()?;
    let dark = |x: i32, y: i32| {
        let pixel = pixels.get((y * width + x) as usize);
        pixel.is_some_and(|pixel| pixel.0.iter().all(|channel| *channel < BAR_MAX))
    };
    let row = |y: &i32| (0..width).all(|x| dark(x, *y));
    let column = |x: &i32| (0..height).all(|y| dark(*x, y));
    let (top, bottom) = (
        (0..height).take_while(row).count(),
        (0..height).rev().take_while(row).count(),
    );
    let (left, right) = (
        (0..width).take_while(column).count(),
        (0..width).rev().take_while(column).count(),
    );
    Ok(Rect::new(
        left as i32,
        top as i32,
        width - (left + right) as i32,
        height - (top + bottom) as i32,
    ))
}

fn mark(edges: &mut [bool], x: i32, y: i32) {
    if (0..WIDTH).contains(&x)
        && (0..HEIGHT).contains(&y)
        && let Some(edge) = edges.get_mut((y * WIDTH + x) as usize)
    {
        *edge = true;
    }
}

fn seen(edges: &[bool], x: i32, y: i32) -> bool {
    (0..WIDTH).contains(&x)
        && (0..HEIGHT).contains(&y)
        && edges.get((y * WIDTH + x) as usize).copied().unwrap_or(false)
}

fn shift(shifts: &[i32], place: i32) -> i32 {
    usize::try_from(place)
        .ok()
        .and_then(|place| shifts.get(place))
        .copied()
        .unwrap_or(0)
}

/// For some lines, how many edges lie on each before each place.
struct Sums {
    lines: Range<i32>,
    places: Range<i32>,
    sums: Vec<u16>,
}

impl Sums {
    fn new(lines: Range<i32>, places: Range<i32>, edge: impl Fn(i32, i32) -> bool) -> Self {
        let mut sums = Vec::with_capacity(lines.len() * (places.len() + 1));
        for line in lines.clone() {
            let mut sum = 0;
            sums.push(sum);
            for place in places.clone() {
                sum += u16::from(edge(line, place));
                sums.push(sum);
            }
        }
        Self { lines, places, sums }
    }

    /// The part of a line between two places that is edge.
    fn part(&self, line: i32, from: i32, to: i32) -> f32 {
        if to <= from || !self.lines.contains(&line) {
            return 0.0;
        }
        let row = (line - self.lines.start) as usize * (self.places.len() + 1);
        let at = |place: i32| {
            let place = place.clamp(self.places.start, self.places.end) - self.places.start;
            self.sums.get(row + place as usize).copied().unwrap_or(0)
        };
        f32::from(at(to).saturating_sub(at(from))) / (to - from) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::bounding_box;
    use crate::testing::{FACE_CENTRE, drawn_face, face_points};
    use opencv::core::{CV_8UC3, Point, Scalar};

    const DARK: Scalar = Scalar::new(30.0, 30.0, 30.0, 0.0);

    /// A head with shoulders before what `behind` draws and behind what `before` draws.
    fn scene(behind: impl Fn(&mut Mat), before: impl Fn(&mut Mat)) -> f32 {
        let head = drawn_face([200, 200, 200], [110, 140, 200]);
        let mut frame = Mat::new_rows_cols_with_default(480, 640, CV_8UC3, Scalar::all(200.0)).unwrap();
        behind(&mut frame);
        let (shoulders, cloth) = (Point::new(320, 480), Scalar::new(120.0, 60.0, 40.0, 0.0));
        imgproc::ellipse(
            &mut frame,
            shoulders,
            Size::new(210, 130),
            0.0,
            0.0,
            360.0,
            cloth,
            -1,
            8,
            0,
        )
        .unwrap();
        let centre = Point::new(FACE_CENTRE.0 as i32, FACE_CENTRE.1 as i32);
        let mut mask = Mat::new_rows_cols_with_default(480, 640, core::CV_8UC1, Scalar::all(0.0)).unwrap();
        imgproc::ellipse(
            &mut mask,
            centre,
            Size::new(80, 100),
            0.0,
            0.0,
            360.0,
            Scalar::all(255.0),
            -1,
            8,
            0,
        )
        .unwrap();
        head.copy_to_masked(&mut frame, &mask).unwrap();
        before(&mut frame);
        let points = face_points();
        bezel(&frame, &points, bounding_box(&points)).unwrap()
    }

    fn border(frame: &mut Mat, rect: Rect) {
        imgproc::rectangle(frame, rect, DARK, 14, 8, 0).unwrap();
    }

    #[test]
    fn a_border_before_the_body_is_seen_and_one_behind_it_is_none() {
        let device = Rect::new(200, 60, 240, 340);
        assert!(scene(|_| {}, |frame| border(frame, device)) > 0.5);
        assert!(scene(|frame| border(frame, device), |_| {}) < 0.5);
        assert_eq!(scene(|_| {}, |_| {}), 0.0);
        // A door behind and the edge of a table before.
        let door = |frame: &mut Mat| border(frame, Rect::new(180, 20, 280, 450));
        let table = |frame: &mut Mat| {
            imgproc::rectangle(frame, Rect::new(0, 440, 640, 40), DARK, -1, 8, 0).unwrap();
        };
        assert!(scene(door, table) < 0.5);
    }

    #[test]
    fn bars_of_the_format_are_no_border() {
        let bars = |frame: &mut Mat| {
            for bar in [
                Rect::new(0, 0, 190, 480),
                Rect::new(450, 0, 190, 480),
                Rect::new(0, 420, 640, 60),
            ] {
                imgproc::rectangle(frame, bar, Scalar::all(0.0), -1, 8, 0).unwrap();
            }
        };
        assert!(scene(|_| {}, bars) < 0.5);
    }
}
