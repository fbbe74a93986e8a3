//! Answer to the light of the kiosk's own screen.
//!
//! The kiosk shows a random row of colours, and the light of its screen falls on the face. A face answers with its
//! colour; a replayed face shines by itself and answers little; a recording of an earlier session answers another
//! row. Pure: time, random bytes and measures come in.
//!
//! # How large the answer is
//! A display of luminance L and area A lights a surface at the distance d, that faces it, with
//! `π L A / (A + π d²)` lux (a disk of the same area). At 250 cd/m² and 0.5 m that is 127 lx for 24 inches, 62 lx for
//! 15 inches and 28 lx for 10. Office light of 300 to 500 lx on the desk is 150 to 300 lx on an upright face. A colour
//! that takes away one channel therefore changes this channel on the face by 0.1 (10 inches, bright) to 0.8 (24
//! inches, dim), and the logarithm of the ratio of two channels by as much. A wall 1.5 m behind the face is four
//! times as far from the screen and gets a sixteenth. A tablet that replays a face adds to 200 to 500 cd/m² of its
//! own what its glass reflects, 4 % of 30 to 130 lx over π: a thousandth.

use std::time::Duration;

use super::plan;
use crate::capture::LightMeasures;
use crate::policy::ScreenLight;

/// Colours of a plan, linear light, red, green, blue.
///
/// No red is saturated: its share of the three channels stays below 0.8, from which on WCAG 2.3.1 counts red flashes.
const NORMAL: [[f32; 3]; 4] = [
    [1.0, 0.2, 0.1],
    [0.1, 0.9, 0.15],
    [0.15, 0.25, 1.0],
    [0.7, 0.7, 0.7],
];
/// Of one relative luminance within a few hundredths, so that no change of them is a flash.
const CALM: [[f32; 3]; 4] = [
    [0.75, 0.2, 0.05],
    [0.05, 0.39, 0.1],
    [0.2, 0.28, 0.8],
    [0.3, 0.3, 0.3],
];
/// Delays of screen, camera and driver together: 20 to 250 ms, and more where the screen is drawn by a busy
/// processor; in steps of half a frame and more.
const LAGS_MS: [u64; 10] = [0, 40, 80, 120, 160, 200, 250, 300, 350, 400];
/// A frame that is exposed while the colour changes holds both.
const SETTLING: Duration = Duration::from_millis(50);
/// Differences of neighbouring steps that must have been seen, of those that the plan has: all but so many.
const MISSING_MAX: usize = 2;
/// A face answers if its answer lies so many standard errors above none ...
const CERTAIN: f32 = 4.0;
/// ... and not more than this part of all plans would fit as well.
const CHANCE_MAX: f32 = 0.005;
/// A face does not answer if the expected answer lies so many standard errors above what was measured.
const ABSENT: f32 = 3.0;

/// How the colours change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LightMode {
    /// Eight colours, one every 400 ms: at most 1.25 flashes a second, where WCAG 2.3.1 allows three.
    Normal,
    /// Six colours of one luminance, one a second: no flash at all.
    Calm,
}

impl LightMode {
    /// Random bytes that [`LightPlan::draw`] needs, one a colour.
    pub const fn steps(self) -> usize {
        match self {
            Self::Normal => 8,
            Self::Calm => 6,
        }
    }

    /// How long each colour stays.
    pub const fn step(self) -> Duration {
        match self {
            Self::Normal => Duration::from_millis(400),
            Self::Calm => Duration::from_millis(1000),
        }
    }

    const fn colours(self) -> [[f32; 3]; 4] {
        match self {
            Self::Normal => NORMAL,
            Self::Calm => CALM,
        }
    }
}

/// A row of colours that nobody can foresee. Neighbours differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LightPlan {
    mode: LightMode,
    letters: Vec<u8>,
}

impl LightPlan {
    /// Draws a row from random bytes, of which it needs [`LightMode::steps`]; `None` of fewer.
    pub fn draw(mode: LightMode, random: &[u8]) -> Option<Self> {
        let random = random.get(..mode.steps())?;
        let mut letters: Vec<u8> = Vec::with_capacity(random.len());
        for byte in random {
            let letter = match letters.last() {
                None => byte % 4,
                // One of the three others; a byte is even among three within a hundredth.
                Some(last) => (last + 1 + byte % 3) % 4,
            };
            letters.push(letter);
        }
        Some(Self { mode, letters })
    }

    /// The row of an attempt, from the last of its random bytes; `None` where the policy leaves the screen as it is.
    pub fn of_attempt(
        light: ScreenLight,
        mode: LightMode,
        random: &[u8; plan::RANDOM_BYTES],
    ) -> Option<Self> {
        let (_, for_light) = random.split_at(plan::RANDOM_BYTES - plan::LIGHT_BYTES);
        match light {
            ScreenLight::Off => None,
            ScreenLight::Required | ScreenLight::Supporting => Self::draw(mode, for_light),
        }
    }

    /// How the colours change.
    pub fn mode(&self) -> LightMode {
        self.mode
    }

    /// The colours in their order, linear light, red, green, blue, 0 to 1. Each stays for [`LightMode::step`].
    pub fn colours(&self) -> impl Iterator<Item = [f32; 3]> {
        let colours = self.mode.colours();
        self.letters
            .iter()
            .filter_map(move |letter| colours.get(usize::from(*letter)).copied())
    }

    /// The colour to show at a time since the start; `None` when the row is over.
    pub fn colour_at(&self, since_start: Duration) -> Option<[f32; 3]> {
        let step = since_start.as_millis() / self.mode.step().as_millis();
        self.colours().nth(usize::try_from(step).ok()?)
    }

    /// How long the whole row takes.
    pub fn duration(&self) -> Duration {
        self.mode.step() * u32::try_from(self.letters.len()).unwrap_or(u32::MAX)
    }
}

/// What a screen does to the face: the change of the logarithm of a ratio of two channels that a change of one
/// channel of the screen from black to full makes.
///
/// `luminance_cd_m2` of the white screen, its lit `area_m2`, `distance_m` of the face, and `ambient_lx` on the
/// face; all above 0, else 0 is returned.
pub fn expected_gain(luminance_cd_m2: f32, area_m2: f32, distance_m: f32, ambient_lx: f32) -> f32 {
    use std::f32::consts::PI;
    let positive = [luminance_cd_m2, area_m2, distance_m, ambient_lx]
        .iter()
        .all(|value| *value > 0.0);
    if !positive {
        return 0.0;
    }
    let screen_lx = PI * luminance_cd_m2 * area_m2 / (area_m2 + PI * distance_m * distance_m);
    // While one channel changes by its all, the screen gives half of its light on the average.
    screen_lx / (ambient_lx + screen_lx / 2.0)
}

/// Whether a face answers the light of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LightVerdict {
    /// It does, and more than what surrounds it.
    Responds,
    /// It clearly does not.
    DoesNot,
    /// Noise, daylight or movement leave it open, or a row of colours that was not shown is answered.
    Unclear,
}

/// The answer, in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LightFit {
    /// Correlation with the plan, -1 to 1.
    pub correlation: f32,
    /// Size of the answer of the face less that of its surround, as in [`expected_gain`].
    pub gain: f32,
    /// Standard error of `gain`.
    pub gain_error: f32,
    /// Size of the answer of the surround alone; an automatic white balance makes it negative.
    pub surround_gain: f32,
    /// Delay at which the correlation is best.
    pub lag: Duration,
    /// Part of all plans of this mode that fit at least as well, this one among them: the probability that a face
    /// that answers nothing fits so well by chance.
    pub chance: f32,
}

impl LightFit {
    /// What follows, if a face would answer with at least `expected_gain`.
    pub fn verdict(&self, expected_gain: f32) -> LightVerdict {
        let certain = self.gain > CERTAIN * self.gain_error && self.chance <= CHANCE_MAX;
        // The inverse square law: what is farther from the screen answers less. `gain` is the difference already.
        if certain && self.gain >= expected_gain / 4.0 {
            return LightVerdict::Responds;
        }
        if self.gain + ABSENT * self.gain_error < expected_gain {
            return LightVerdict::DoesNot;
        }
        LightVerdict::Unclear
    }
}

/// Logarithms of two ratios of channels, or changes of them.
type Chroma = [f32; 2];

/// Something for each letter and each letter after it.
type OfPairs<T> = [[T; 4]; 4];

/// Collects what is measured while the colours are shown.
#[derive(Debug, Clone, Default)]
pub struct LightResponse {
    samples: Vec<(Duration, Chroma, Chroma)>,
}

/// More frames than any plan lasts at 60 a second; later ones are dropped.
const SAMPLES_MAX: usize = 1024;

impl LightResponse {
    /// Adds the measures of a frame, with its time since the start of the plan. What is no number is passed over.
    pub fn add(&mut self, since_start: Duration, light: &LightMeasures) {
        let (face, surround) = (chroma(light.face_rgb), chroma(light.surround_rgb));
        let finite = face.iter().chain(&surround).all(|value| value.is_finite());
        if finite && self.samples.len() < SAMPLES_MAX {
            self.samples.push((since_start, face, surround));
        }
    }

    /// Compares the answer with a plan; `None` if too few of its steps were seen.
    pub fn fit(&self, plan: &LightPlan) -> Option<LightFit> {
        let changes: Vec<(Duration, Changes)> = LAGS_MS
            .iter()
            .filter_map(|lag| {
                let lag = Duration::from_millis(*lag);
                Some((lag, self.changes(plan, lag)?))
            })
            .collect();
        let best_of = |letters: &[u8]| {
            changes
                .iter()
                .filter_map(|(lag, changes)| Some((changes.correlate(letters)?, *lag, changes)))
                .max_by(|a, b| a.0.value.total_cmp(&b.0.value))
        };
        let (own, lag, change) = best_of(&plan.letters)?;
        let (mut total, mut as_good) = (0_u32, 0_u32);
        for_all_plans(plan.letters.len(), |letters| {
            total += 1;
            as_good += u32::from(best_of(letters).is_some_and(|(other, ..)| other.value >= own.value - 1e-6));
        });
        // Residuals of a fit with one unknown. Differences of neighbours share a step, so that of two channels no
        // more than one for each step counts.
        let residual = (change.power * (1.0 - own.value * own.value)).max(0.0);
        let gain_error = (residual / change.seen.max(1) as f32 / own.plan_power).sqrt();
        Some(LightFit {
            correlation: own.value,
            gain: own.gain,
            gain_error,
            surround_gain: change.surround_gain(plan),
            lag,
            chance: as_good as f32 / total.max(1) as f32,
        })
    }

    /// What changed from each step to the next, if the picture comes later than the plan by `lag`.
    fn changes(&self, plan: &LightPlan, lag: Duration) -> Option<Changes> {
        let length = plan.mode.step();
        let means: Vec<Option<(Chroma, Chroma)>> = (0_u32..)
            .take(plan.letters.len())
            .map(|step| {
                let (from, to) = (length * step + lag + SETTLING, length * (step + 1) + lag);
                let within = self.samples.iter().filter(|(at, ..)| (from..to).contains(at));
                let (mut count, mut face, mut surround) = (0.0_f32, [0.0_f32; 2], [0.0_f32; 2]);
                for (_, of_face, of_surround) in within {
                    count += 1.0;
                    for channel in 0..2 {
                        face[channel] += of_face[channel];
                        surround[channel] += of_surround[channel];
                    }
                }
                (count >= 2.0).then(|| (face.map(|sum| sum / count), surround.map(|sum| sum / count)))
            })
            .collect();
        let mut changes = Changes::default();
        for (pair, at) in means.windows(2).zip(1..) {
            let [Some(before), Some(after)] = pair else {
                changes.common.push([[None; 4]; 4]);
                continue;
            };
            let surround = [0, 1].map(|channel| after.1[channel] - before.1[channel]);
            let face = [0, 1].map(|channel| after.0[channel] - before.0[channel] - surround[channel]);
            changes.seen += 1;
            changes.power += face[0] * face[0] + face[1] * face[1];
            changes.surround.push((at, surround));
            changes.common.push(pairs_of_colours(plan.mode).map(|row| {
                row.map(|change| {
                    let common = face[0] * change[0] + face[1] * change[1];
                    Some((common, change[0] * change[0] + change[1] * change[1]))
                })
            }));
        }
        let enough = changes.seen + MISSING_MAX + 1 >= plan.letters.len();
        // A face whose colour does not change at all answers nothing; it is not unknown.
        changes.power = changes.power.max(f32::MIN_POSITIVE);
        enough.then_some(changes)
    }
}

/// Logarithms of red over green and of blue over green. An automatic exposure changes neither; an automatic white
/// balance changes those of face and surround alike, so that it falls out of their difference.
fn chroma([r, g, b]: [f32; 3]) -> Chroma {
    let log = |value: f32| (value + 0.001).ln();
    [log(r) - log(g), log(b) - log(g)]
}

/// Changes of chroma from step to step. Slow drift of the white balance and of the pose hardly shows in them.
#[derive(Default)]
struct Changes {
    /// How many were seen.
    seen: usize,
    /// Sum of squares of those of the face less its surround.
    power: f32,
    /// What each of them has in common with every change of colours, from the first letter to the second, and the
    /// square of that change; `None` for a change that was not seen.
    common: Vec<OfPairs<Option<(f32, f32)>>>,
    /// Those of the surround, with the letter after the change.
    surround: Vec<(usize, Chroma)>,
}

#[derive(Debug, Clone, Copy)]
struct Correlation {
    value: f32,
    gain: f32,
    plan_power: f32,
}

impl Changes {
    fn correlate(&self, letters: &[u8]) -> Option<Correlation> {
        let (mut common, mut plan_power) = (0.0_f32, 0.0_f32);
        for (pair, table) in letters.windows(2).zip(&self.common) {
            let [before, after] = pair else { continue };
            let entry = table
                .get(usize::from(*before))
                .and_then(|row| row.get(usize::from(*after)));
            if let Some(Some((with_face, power))) = entry {
                common += with_face;
                plan_power += power;
            }
        }
        (plan_power > 0.0 && self.power > 0.0).then(|| Correlation {
            value: common / (plan_power * self.power).sqrt(),
            gain: common / plan_power,
            plan_power,
        })
    }

    fn surround_gain(&self, plan: &LightPlan) -> f32 {
        let pairs = pairs_of_colours(plan.mode);
        let (mut common, mut power) = (0.0_f32, 0.0_f32);
        for (at, surround) in &self.surround {
            let letter = |at: usize| plan.letters.get(at).copied().map_or(0, usize::from);
            let (before, after) = (letter(at - 1), letter(*at));
            let Some(change) = pairs.get(before).and_then(|row| row.get(after)) else {
                continue;
            };
            common += surround[0] * change[0] + surround[1] * change[1];
            power += change[0] * change[0] + change[1] * change[1];
        }
        if power > 0.0 { common / power } else { 0.0 }
    }
}

/// Change of red less green and of blue less green from each letter to each other one.
fn pairs_of_colours(mode: LightMode) -> OfPairs<Chroma> {
    let colours = mode.colours();
    colours.map(|[r0, g0, b0]| colours.map(|[r1, g1, b1]| [(r1 - g1) - (r0 - g0), (b1 - g1) - (b0 - g0)]))
}

/// Calls `with` for the letters of every plan with so many colours.
fn for_all_plans(count: usize, mut with: impl FnMut(&[u8])) {
    let Some(later) = u32::try_from(count).ok().and_then(|count| count.checked_sub(1)) else {
        return;
    };
    let mut letters = vec![0_u8; count];
    for first in 0..4_u8 {
        for mut code in 0..3_u32.pow(later) {
            let mut last = first;
            for (at, letter) in letters.iter_mut().enumerate() {
                if at > 0 {
                    last = (last + 1 + (code % 3) as u8) % 4;
                    code /= 3;
                }
                *letter = last;
            }
            with(&letters);
        }
    }
}

#[cfg(test)]
mod tests;
