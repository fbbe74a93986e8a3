//! What stands on a virtual display, asked from the X server itself, so that the clock stops at the same thing for each
//! program: the picture that a person sees.

use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, ImageFormat, Window};
use x11rb::rust_connection::RustConnection;

use crate::error::XtaskError;

/// Every so manyth row is looked at: a look takes a millisecond or two, and no letter of the screens is lower.
const ROW_STEP_PX: u16 = 12;
/// How often is looked while a picture is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(3);
/// A screen that stood still for so many looks has settled.
const STILL_LOOKS: usize = 8;
const STILL_EVERY: Duration = Duration::from_millis(250);
/// At most this part of a settled screen moves: a small animation does, one that is still being built does more.
const MOVING_MAX: f64 = 0.05;
/// A picture with less that stands out from its ground is none.
const CONTENT_MIN: f64 = 0.002;
/// The picture is there when so much of what stands out and stands still is as in the settled one.
const ALIKE_MIN: f64 = 0.99;

/// A connection to the display.
pub struct Screen {
    connection: RustConnection,
    root: Window,
    size_px: (u16, u16),
}

/// The pixels of the rows that are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look(Vec<[u8; 3]>);

/// A settled screen.
#[derive(Debug, Clone)]
pub struct Picture {
    look: Look,
    /// Which pixels count: those that stand out from the ground and do not move.
    counts: Vec<bool>,
}

/// When a program had drawn something, and when its picture was there.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Any pixel had changed.
    pub anything: Duration,
    /// The picture was there.
    pub picture: Duration,
}

impl Screen {
    /// Connects to the display with this name.
    pub fn connect(display: &str) -> Result<Self, XtaskError> {
        let (connection, number) = x11rb::connect(Some(display)).map_err(|error| failed(&error))?;
        let screen = &connection.setup().roots[number];
        let (root, size_px) = (screen.root, (screen.width_in_pixels, screen.height_in_pixels));
        Ok(Self {
            connection,
            root,
            size_px,
        })
    }

    /// Looks at the rows.
    pub fn look(&self) -> Result<Look, XtaskError> {
        let (width, height) = self.size_px;
        // All rows are asked for before the first answer is read.
        let asked: Result<Vec<_>, _> = (0..height)
            .step_by(usize::from(ROW_STEP_PX))
            .map(|row| {
                let row = i16::try_from(row).unwrap_or(i16::MAX);
                self.connection
                    .get_image(ImageFormat::Z_PIXMAP, self.root, 0, row, width, 1, u32::MAX)
            })
            .collect();
        let mut pixels = Vec::new();
        for row in asked.map_err(|error| failed(&error))? {
            let image = row.reply().map_err(|error| failed(&error))?;
            // Depth 24 comes as four bytes a pixel, of which the last one means nothing.
            pixels.extend(
                image
                    .data
                    .chunks_exact(4)
                    .map(|pixel| [pixel[0], pixel[1], pixel[2]]),
            );
        }
        Ok(Look(pixels))
    }

    /// Waits until the screen stands still with something on it.
    pub fn settled(&self, limit: Duration) -> Result<Picture, XtaskError> {
        let end = Instant::now() + limit;
        let mut looks: Vec<Look> = Vec::new();
        loop {
            looks.push(self.look()?);
            if looks.len() > STILL_LOOKS {
                looks.remove(0);
                if let Some(picture) = picture(&looks) {
                    return Ok(picture);
                }
            }
            if Instant::now() >= end {
                return Err(not_shown("a screen that stands still", limit));
            }
            std::thread::sleep(STILL_EVERY);
        }
    }

    /// Waits for a picture, counted from `start`; `empty` is the screen as it was before.
    pub fn wait_for(
        &self,
        picture: &Picture,
        empty: &Look,
        start: Instant,
        limit: Duration,
    ) -> Result<Shown, XtaskError> {
        let mut anything = None;
        loop {
            let look = self.look()?;
            let now = start.elapsed();
            if anything.is_none() && look != *empty {
                anything = Some(now);
            }
            if picture.is_in(&look) {
                return Ok(Shown {
                    anything: anything.unwrap_or(now),
                    picture: now,
                });
            }
            if now >= limit {
                return Err(not_shown("the screen of the first start", limit));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until the screen is as it was.
    pub fn wait_for_empty(&self, empty: &Look, limit: Duration) -> Result<(), XtaskError> {
        let start = Instant::now();
        while self.look()? != *empty {
            if start.elapsed() >= limit {
                return Err(not_shown("the empty screen", limit));
            }
            std::thread::sleep(STILL_EVERY);
        }
        Ok(())
    }
}

impl Picture {
    fn is_in(&self, look: &Look) -> bool {
        let (mut alike, mut counted) = (0_usize, 0_usize);
        for ((wanted, found), counts) in self.look.0.iter().zip(&look.0).zip(&self.counts) {
            if *counts {
                counted += 1;
                alike += usize::from(wanted == found);
            }
        }
        counted > 0 && alike as f64 >= counted as f64 * ALIKE_MIN
    }

    /// Which part of the screen counts.
    pub fn counted(&self) -> f64 {
        part(
            self.counts.iter().filter(|counts| **counts).count(),
            self.counts.len(),
        )
    }
}

/// The settled picture of these looks, if they are of one.
fn picture(looks: &[Look]) -> Option<Picture> {
    let (last, before) = looks.split_last()?;
    let mut counts: Vec<bool> = (0..last.0.len())
        .map(|at| before.iter().all(|look| look.0.get(at) == last.0.get(at)))
        .collect();
    let moving = counts.iter().filter(|still| !**still).count();
    if part(moving, counts.len()) > MOVING_MAX {
        return None;
    }
    let ground = most_common(&last.0)?;
    for (counts, pixel) in counts.iter_mut().zip(&last.0) {
        *counts &= *pixel != ground;
    }
    let picture = Picture {
        look: last.clone(),
        counts,
    };
    (picture.counted() >= CONTENT_MIN).then_some(picture)
}

fn most_common(pixels: &[[u8; 3]]) -> Option<[u8; 3]> {
    let mut sorted = pixels.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|one, other| one == other)
        .max_by_key(|run| run.len())
        .map(|run| run[0])
}

fn part(some: usize, all: usize) -> f64 {
    some as f64 / all.max(1) as f64
}

fn failed(error: &dyn std::fmt::Display) -> XtaskError {
    XtaskError::Unsupported(format!("the X server does not answer: {error}"))
}

fn not_shown(what: &str, limit: Duration) -> XtaskError {
    XtaskError::Demo {
        what: format!("{what} was not there after {} s", limit.as_secs()),
        logs: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUND: [u8; 3] = [255, 255, 255];
    const INK: [u8; 3] = [0, 80, 60];

    /// A screen of a thousand pixels with this many of ink, and one pixel of this colour at its end.
    fn look(ink: usize, last: u8) -> Look {
        let mut pixels = vec![GROUND; 1000];
        pixels[..ink].fill(INK);
        pixels[999] = [last, 0, 0];
        Look(pixels)
    }

    #[test]
    fn what_moves_a_little_does_not_count_and_does_not_hinder() {
        let looks: Vec<Look> = (0..4).map(|at| look(100, at)).collect();
        let picture = picture(&looks).unwrap();
        assert_eq!(picture.counted(), 0.1);
        assert!(picture.is_in(&look(100, 77)));
        assert!(!picture.is_in(&look(98, 77)));
    }

    #[test]
    fn a_screen_that_is_being_built_has_not_settled() {
        let looks: Vec<Look> = (0..4).map(|at| look(100 * at, 0)).collect();
        assert!(picture(&looks).is_none());
    }

    #[test]
    fn an_empty_screen_is_no_picture() {
        let empty = Look(vec![GROUND; 1000]);
        assert!(picture(&[empty.clone(), empty]).is_none());
        assert!(picture(&[]).is_none());
    }
}
