//! Whether something covers the mouth or the eyes.
//!
//! Cloth and paper hold no blood: they are less red than the forehead of the same person under the same light, while
//! lips and the tip of the nose are as red or redder in skin of every shade, with a beard and without one. Light
//! passes a dark lens twice, so that the skin below the eyes loses three quarters of its light and more behind it.

use opencv::core::Mat;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};
use crate::skin::{Colour, FOREHEAD, Quad, colour_of};

const NOSE_TIP: Quad = [45, 275, 274, 44];
const LIPS: Quad = [37, 267, 314, 84];
const CHIN: Quad = [204, 424, 377, 148];
const LOWER_CHEEKS: [Quad; 2] = [[187, 206, 212, 214], [411, 426, 432, 434]];
const BELOW_EYES: [Quad; 2] = [[228, 231, 120, 118], [448, 451, 349, 347]];

/// A place is half sure to be covered when its logarithm of red over green lies so far below that of the forehead.
/// Skin has about 1.5 to 2.2 times as much red as green and undyed cloth as much of both, a distance of 0.4 to 0.8;
/// the places of one face differ by 0.15, and lips and tip of the nose upwards.
const PALER: f32 = 0.25;
/// The same of the skin below the eyes, where veins show and light differs more.
const PALER_BELOW_EYES: f32 = 0.45;
/// A place is half sure to be behind a dark lens at this logarithm of its luminance over that of the forehead. The
/// lightest sunglasses (EN ISO 12312-1, category 2) let 43 of 100 parts through each way, so 18 back: -1.7. Clear
/// ones let 80 through, -0.45; the shade of a brow adds -1 at most.
const DARKER: f32 = -1.5;
/// Black cloth sends back a twenty-fifth of the light and skin a third to a half, -2.1 to -2.5. Lips are that dark in an
/// open mouth, but then the tip of the nose is not: its shade is -1.1 at most.
const BLACK: f32 = -1.7;
/// Cloth has one colour over lips and chin; a beard ends at the lips. In logarithm of luminance.
const UNIFORM: f32 = 0.5;

/// As the fields of [`verification::capture::FaceQuality`] that end in `occlusion`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Occlusion {
    pub(crate) mouth: f32,
    pub(crate) eyes: f32,
}

pub(crate) fn occlusion(bgr: &Mat, points: &[Point3; POINTS]) -> Result<Occlusion, FaceError> {
    let Some(skin) = colour_of(bgr, points, FOREHEAD)? else {
        return Ok(Occlusion::default());
    };
    let at = |quad: Quad| colour_of(bgr, points, quad);
    let (lips, chin) = (at(LIPS)?, at(CHIN)?);
    let pale =
        |place: Option<Colour>| covered(place.map_or(0.0, |place| skin.redness() - place.redness()), PALER);
    let black = |place: Option<Colour>| covered(place.map_or(0.0, |place| darkness(&skin, &place)), -BLACK);
    let tip = at(NOSE_TIP)?;
    let below_nose = pale(chin)
        .min(pale(at(LOWER_CHEEKS[0])?))
        .min(pale(at(LOWER_CHEEKS[1])?))
        .min(match (lips, chin) {
            (Some(lips), Some(chin)) => 1.0 - covered(darkness(&chin, &lips).abs(), UNIFORM),
            _ => 0.0,
        });
    let mut eyes = 0.0;
    for quad in BELOW_EYES {
        let Some(place) = at(quad)? else { continue };
        let dark = covered(darkness(&skin, &place), -DARKER);
        let pale = covered(skin.redness() - place.redness(), PALER_BELOW_EYES);
        eyes += dark.max(pale) / 2.0;
    }
    Ok(Occlusion {
        mouth: pale(lips)
            .min(pale(tip).max(below_nose))
            .max(black(lips).min(black(tip))),
        eyes,
    })
}

/// How much darker the second place is than the first, logarithm.
fn darkness(first: &Colour, second: &Colour) -> f32 {
    ((first.luminance() + 0.002) / (second.luminance() + 0.002)).ln()
}

/// 0 up to half of the limit, 0.5 at it, 1 from one and a half of it.
fn covered(value: f32, limit: f32) -> f32 {
    (value / limit - 0.5).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{drawn_face, face_points, paint};

    const SKIN: [u8; 3] = [110, 140, 200];

    fn check(covered: &[Quad], bgr: [u8; 3], mouth: bool, eyes: bool) {
        let mut frame = drawn_face([200, 200, 200], SKIN);
        for quad in covered {
            paint(&mut frame, &face_points(), *quad, bgr);
        }
        let got = occlusion(&frame, &face_points()).unwrap();
        assert_eq!(
            (got.mouth > 0.5, got.eyes > 0.5),
            (mouth, eyes),
            "{bgr:?} {got:?}"
        );
    }

    const MASK: [Quad; 5] = [NOSE_TIP, LIPS, CHIN, LOWER_CHEEKS[0], LOWER_CHEEKS[1]];
    const BEARD: [Quad; 3] = [CHIN, LOWER_CHEEKS[0], LOWER_CHEEKS[1]];

    #[test]
    fn cloth_over_the_mouth_is_seen_and_a_beard_is_none() {
        for cloth in [[230, 230, 230], [200, 160, 120], [30, 30, 30], [120, 160, 110]] {
            check(&MASK, cloth, true, false);
            check(&MASK[1..], cloth, true, false);
        }
        check(&[], SKIN, false, false);
        check(&BEARD, [30, 32, 36], false, false);
        check(&[LIPS], [80, 80, 170], false, false);
        // Teeth between a beard.
        let mut frame = drawn_face([200, 200, 200], SKIN);
        for quad in BEARD {
            paint(&mut frame, &face_points(), quad, [30, 32, 36]);
        }
        paint(&mut frame, &face_points(), LIPS, [220, 225, 230]);
        assert!(occlusion(&frame, &face_points()).unwrap().mouth < 0.5);
    }

    #[test]
    fn dark_lenses_are_seen_and_clear_ones_are_none() {
        let through = |part: f32| SKIN.map(|value| (f32::from(value) * part.powf(1.0 / 2.2)) as u8);
        check(&BELOW_EYES, through(0.8 * 0.8), false, false);
        check(&BELOW_EYES, through(0.15 * 0.15), false, true);
        check(&BELOW_EYES, [200, 170, 120], false, true);
        check(&BELOW_EYES[..1], through(0.15 * 0.15), false, false);
    }
}
