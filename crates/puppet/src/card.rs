//! A drawn identity document of nobody, to be held before a camera that is none.
//!
//! No picture of a real document is anywhere in this project: what is drawn here has lines of text, a place for a face, an
//! emblem and fine lines, as such documents have.

use opencv::core::{self, CV_8UC3, Mat, Point, Point2f, Rect, Scalar, Size, Vector};
use opencv::prelude::*;
use opencv::{imgcodecs, imgproc};

use crate::PuppetError;

/// Width of the drawing; a card of 85.6 mm then has 12 pixels to the millimetre.
const WIDTH_PX: i32 = 1024;
/// Capitals of 2 mm on a card.
const TEXT_SCALE: f64 = 0.95;

/// Draws the side with the face, for a document whose long side is so many short sides.
///
/// # Errors
/// [`PuppetError::OpenCv`].
pub fn draw(aspect: f32) -> Result<Mat, PuppetError> {
    let height = (WIDTH_PX as f32 / aspect) as i32;
    let mut card =
        Mat::new_rows_cols_with_default(height, WIDTH_PX, CV_8UC3, Scalar::new(206.0, 198.0, 176.0, 0.0))?;
    // The fine lines of the ground.
    for at in (0..height + WIDTH_PX).step_by(14) {
        let (from, to) = (Point::new(at, 0), Point::new(at - height, height));
        imgproc::line(
            &mut card,
            from,
            to,
            Scalar::new(190.0, 176.0, 150.0, 0.0),
            1,
            imgproc::LINE_AA,
            0,
        )?;
    }
    let filled = imgproc::FILLED;
    let face = Rect::new(56, height / 5, 260, height / 2);
    imgproc::rectangle(
        &mut card,
        face,
        Scalar::new(214.0, 206.0, 196.0, 0.0),
        filled,
        imgproc::LINE_8,
        0,
    )?;
    imgproc::ellipse(
        &mut card,
        Point::new(face.x + face.width / 2, face.y + face.height / 2),
        Size::new(face.width / 3, face.height * 2 / 5),
        0.0,
        0.0,
        360.0,
        Scalar::new(120.0, 146.0, 186.0, 0.0),
        filled,
        imgproc::LINE_AA,
        0,
    )?;
    let ink = Scalar::new(42.0, 36.0, 34.0, 0.0);
    let lines = [
        "SPECIMEN / NOBODY",
        "SURNAME  SYNAQ",
        "NAME  ULGI",
        "BORN  01.01.1900",
        "NO 000000000",
        "VALID TO 31.12.2099",
    ];
    let step = height / 8;
    for (line, text) in (1..).zip(lines) {
        imgproc::put_text(
            &mut card,
            text,
            Point::new(370, step * line + step / 2),
            imgproc::FONT_HERSHEY_SIMPLEX,
            TEXT_SCALE,
            ink,
            2,
            imgproc::LINE_AA,
            false,
        )?;
    }
    imgproc::put_text(
        &mut card,
        "<<<SPECIMEN<<NOBODY<<0000000000<<<<<",
        Point::new(48, height - step / 2),
        imgproc::FONT_HERSHEY_SIMPLEX,
        TEXT_SCALE,
        ink,
        2,
        imgproc::LINE_AA,
        false,
    )?;
    Ok(card)
}

/// Puts a drawing into a frame of this size on an even ground, its corners clockwise from its own top left one where they
/// are told, in pixels.
///
/// # Errors
/// [`PuppetError::OpenCv`].
pub fn in_frame(
    card: &Mat,
    (width, height): (i32, i32),
    corners: [(f32, f32); 4],
    ground: f64,
) -> Result<Mat, PuppetError> {
    let (right, bottom) = ((card.cols() - 1) as f32, (card.rows() - 1) as f32);
    let from = Vector::<Point2f>::from_slice(&[
        Point2f::new(0.0, 0.0),
        Point2f::new(right, 0.0),
        Point2f::new(right, bottom),
        Point2f::new(0.0, bottom),
    ]);
    let to: Vector<Point2f> = corners.into_iter().map(|(x, y)| Point2f::new(x, y)).collect();
    let how = imgproc::get_perspective_transform_def(&from, &to)?;
    // A lens shows the mean of what falls on a pixel; sampling a larger drawing would show what no lens does.
    let mut soft = Mat::default();
    let shrinks = right
        / (corners[1].0 - corners[0].0)
            .hypot(corners[1].1 - corners[0].1)
            .max(1.0);
    if shrinks > 1.0 {
        imgproc::gaussian_blur_def(card, &mut soft, Size::new(0, 0), f64::from(shrinks) * 0.45)?;
    } else {
        soft = card.clone();
    }
    let size = Size::new(width, height);
    let mut frame = Mat::new_size_with_default(size, CV_8UC3, Scalar::all(ground))?;
    let mut laid = Mat::default();
    imgproc::warp_perspective(
        &soft,
        &mut laid,
        &how,
        size,
        imgproc::INTER_LINEAR,
        core::BORDER_CONSTANT,
        Scalar::all(0.0),
    )?;
    let whole = Mat::new_rows_cols_with_default(card.rows(), card.cols(), core::CV_8UC1, Scalar::all(255.0))?;
    let mut mask = Mat::default();
    imgproc::warp_perspective(
        &whole,
        &mut mask,
        &how,
        size,
        imgproc::INTER_NEAREST,
        core::BORDER_CONSTANT,
        Scalar::all(0.0),
    )?;
    laid.copy_to_masked(&mut frame, &mask)?;
    Ok(frame)
}

/// A document held upright before a camera with frames of this size, filling most of them, as JPEG.
///
/// # Errors
/// [`PuppetError::OpenCv`].
pub fn held(aspect: f32, (width, height): (i32, i32)) -> Result<Vec<u8>, PuppetError> {
    let (wide, tall) = (width as f32, height as f32);
    let long = (0.86 * wide).min(0.86 * tall * aspect);
    let (across, down) = (long / 2.0, long / aspect / 2.0);
    let (x, y) = (wide / 2.0, tall / 2.0);
    let corners = [
        (x - across, y - down),
        (x + across, y - down),
        (x + across, y + down),
        (x - across, y + down),
    ];
    let frame = in_frame(&draw(aspect)?, (width, height), corners, 60.0)?;
    let mut bytes: Vector<u8> = Vector::new();
    imgcodecs::imencode_def(".jpg", &frame, &mut bytes)?;
    Ok(bytes.to_vec())
}
