//! Follows points from one small picture to another (Lucas and Kanade, 1981; forward and back, Kalal, 2010).
//!
//! OpenCV has the same in its `video` module, which nothing else here needs: a library more to install on every
//! kiosk, for a hundred lines on pictures of 128 pixels.

use super::sampling::Square;

/// Half the window. Small against the nose, since a window that sees two depths measures their mean.
const HALF: usize = 6;
const WINDOW: usize = 2 * HALF + 1;
/// With a border of one pixel for the gradients.
const BORDERED: usize = WINDOW + 2;
const STEPS: usize = 6;
/// Steps shorter than this change nothing any more, in pixels.
const STILL_PX: f32 = 0.03;
/// A point is where it was said to be if the way back ends this near to its start, in pixels.
const RETURN_PX: f32 = 1.5;
/// The guess is never so far off, in pixels.
const FAR_PX: f32 = 12.0;
/// Smaller eigenvalue of the gradients of a window of evened-out grey below which nothing can be followed.
const TEXTURE_MIN: f32 = 1e-3;

/// A picture at two sizes.
pub(crate) struct Pyramid {
    whole: Square,
    half: Square,
}

impl Pyramid {
    pub(crate) fn new(whole: Square) -> Self {
        Self {
            half: whole.halved(),
            whole,
        }
    }
}

/// Where a point of the one picture is in the other; `None` if it cannot be found there.
pub(crate) fn follow(from: &Pyramid, to: &Pyramid, start: [f32; 2]) -> Option<[f32; 2]> {
    let there = one_way(from, to, start)?;
    let back = one_way(to, from, there)?;
    let far = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    (far(back, start) < RETURN_PX && far(there, start) < FAR_PX).then_some(there)
}

/// How well a window can be followed: the smaller eigenvalue of its gradients. 0 where it leaves the picture.
pub(crate) fn texture(picture: &Pyramid, at: [f32; 2]) -> f32 {
    Template::new(&picture.whole, at).map_or(0.0, |template| template.texture)
}

fn one_way(from: &Pyramid, to: &Pyramid, start: [f32; 2]) -> Option<[f32; 2]> {
    let coarse = step(
        &from.half,
        &to.half,
        start.map(|value| value / 2.0 - 0.25),
        [0.0, 0.0],
    )
    // Where the coarse picture says nothing the fine one may.
    .unwrap_or([0.0, 0.0]);
    let moved = step(&from.whole, &to.whole, start, coarse.map(|value| value * 2.0))?;
    Some([start[0] + moved[0], start[1] + moved[1]])
}

/// How far a window moved, from a first guess.
fn step(from: &Square, to: &Square, at: [f32; 2], guess: [f32; 2]) -> Option<[f32; 2]> {
    let template = Template::new(from, at)?;
    let mut moved = guess;
    let mut window = [0.0; WINDOW * WINDOW];
    for _ in 0..STEPS {
        read(to, [at[0] + moved[0], at[1] + moved[1]], HALF, &mut window)?;
        let change = template.change(&window);
        moved = [moved[0] - change[0], moved[1] - change[1]];
        if change[0].hypot(change[1]) < STILL_PX {
            break;
        }
    }
    Some(moved)
}

struct Template {
    values: [f32; WINDOW * WINDOW],
    across: [f32; WINDOW * WINDOW],
    down: [f32; WINDOW * WINDOW],
    inverse: [f32; 3],
    texture: f32,
}

impl Template {
    fn new(picture: &Square, at: [f32; 2]) -> Option<Self> {
        let mut bordered = [0.0; BORDERED * BORDERED];
        read(picture, at, HALF + 1, &mut bordered)?;
        let mut template = Self {
            values: [0.0; WINDOW * WINDOW],
            across: [0.0; WINDOW * WINDOW],
            down: [0.0; WINDOW * WINDOW],
            inverse: [0.0; 3],
            texture: 0.0,
        };
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for row in 0..WINDOW {
            for column in 0..WINDOW {
                let here = (row + 1) * BORDERED + column + 1;
                let pixel = row * WINDOW + column;
                let across = (bordered[here + 1] - bordered[here - 1]) / 2.0;
                let down = (bordered[here + BORDERED] - bordered[here - BORDERED]) / 2.0;
                template.values[pixel] = bordered[here];
                template.across[pixel] = across;
                template.down[pixel] = down;
                xx += across * across;
                xy += across * down;
                yy += down * down;
            }
        }
        let determinant = xx * yy - xy * xy;
        let smaller = (xx + yy - ((xx - yy).powi(2) + 4.0 * xy * xy).sqrt()) / 2.0;
        template.texture = smaller / (WINDOW * WINDOW) as f32;
        if template.texture.is_nan() || template.texture < TEXTURE_MIN {
            return None;
        }
        template.inverse = [yy / determinant, -xy / determinant, xx / determinant];
        Some(template)
    }

    fn change(&self, window: &[f32; WINDOW * WINDOW]) -> [f32; 2] {
        let (mut across, mut down) = (0.0, 0.0);
        let gradients = self.across.iter().zip(&self.down);
        for ((value, expect), (x, y)) in window.iter().zip(&self.values).zip(gradients) {
            let error = value - expect;
            across += x * error;
            down += y * error;
        }
        let [a, b, c] = self.inverse;
        [a * across + b * down, b * across + c * down]
    }
}

/// Reads a window around a place between the pixels; `None` where it leaves the picture.
fn read(picture: &Square, at: [f32; 2], half: usize, window: &mut [f32]) -> Option<()> {
    let side = 2 * half + 1;
    let (left, top) = (at[0] - half as f32, at[1] - half as f32);
    let last = picture.side as f32 - 2.0 - side as f32;
    if !((0.0..=last).contains(&left) && (0.0..=last).contains(&top)) {
        return None;
    }
    let (x, y) = (left as usize, top as usize);
    let (part_x, part_y) = (left - x as f32, top - y as f32);
    let weights = [
        (1.0 - part_x) * (1.0 - part_y),
        part_x * (1.0 - part_y),
        (1.0 - part_x) * part_y,
        part_x * part_y,
    ];
    for (row, values) in window.chunks_exact_mut(side).enumerate() {
        let start = (y + row) * picture.side + x;
        let upper = picture.values.get(start..=start + side)?;
        let start = start + picture.side;
        let lower = picture.values.get(start..=start + side)?;
        for (value, (upper, lower)) in values.iter_mut().zip(upper.windows(2).zip(lower.windows(2))) {
            let ([a, b], [c, d]) = (upper, lower) else {
                continue;
            };
            *value = weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Soft hills, moved.
    fn hills(x: f32, y: f32) -> Pyramid {
        let values = (0..128 * 128)
            .map(|pixel| {
                let (u, v) = ((pixel % 128) as f32 - x, (pixel / 128) as f32 - y);
                (u * 0.31).sin() + (v * 0.27).cos() + (u * 0.11 + v * 0.17).sin()
            })
            .collect();
        Pyramid::new(Square { side: 128, values })
    }

    fn check(x: f32, y: f32) {
        let found = follow(&hills(0.0, 0.0), &hills(x, y), [64.0, 60.0]).unwrap();
        assert!(
            (found[0] - 64.0 - x).abs() < 0.1 && (found[1] - 60.0 - y).abs() < 0.1,
            "moved by {x}, {y} and found at {found:?}"
        );
    }

    #[test]
    fn a_moved_pattern_is_found_where_it_went() {
        check(0.0, 0.0);
        check(0.4, -0.3);
        check(3.2, -2.6);
        check(-4.0, 1.5);
    }

    #[test]
    fn nothing_is_found_without_texture_or_outside() {
        let blank = Pyramid::new(Square {
            side: 128,
            values: vec![1.0; 128 * 128],
        });
        assert_eq!(follow(&blank, &blank, [64.0, 64.0]), None);
        for at in [
            [1.0, 64.0],
            [64.0, 200.0],
            [f32::NAN, 64.0],
            [-5.0, f32::INFINITY],
        ] {
            assert_eq!(follow(&hills(0.0, 0.0), &hills(0.0, 0.0), at), None);
        }
    }
}
