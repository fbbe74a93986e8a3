use super::*;
use crate::capture::FaceMeasures;
use crate::pad::testing::{neutral, seen};
use PadChallenge::{Blink, LookDown, LookUp, OpenMouth, Smile, TurnLeft, TurnRight};

/// A face over time: each stretch goes in a straight line from where the last one ended to its own values.
#[derive(Clone)]
struct Curve {
    stretches: Vec<(u64, FaceMeasures)>,
}

fn begin() -> Curve {
    from(neutral())
}

fn from(face: FaceMeasures) -> Curve {
    Curve {
        stretches: vec![(0, face)],
    }
}

impl Curve {
    /// Moves within so many milliseconds to the face that `change` makes of a neutral one.
    fn to(mut self, ms: u64, change: impl Fn(&mut FaceMeasures)) -> Self {
        let mut face = neutral();
        change(&mut face);
        self.stretches.push((ms, face));
        self
    }

    fn stay(mut self, ms: u64) -> Self {
        let (_, face) = self.stretches[self.stretches.len() - 1];
        self.stretches.push((ms, face));
        self
    }

    fn back(self, ms: u64) -> Self {
        self.to(ms, |_| ()).stay(600)
    }

    fn lasts_ms(&self) -> u64 {
        self.stretches.iter().map(|(ms, _)| ms).sum()
    }

    fn at(&self, ms: u64) -> FaceMeasures {
        let mut start = 0;
        let mut before = self.stretches[0].1;
        for (lasts, face) in &self.stretches {
            if ms < start + lasts {
                return between(&before, face, (ms - start) as f32 / *lasts as f32);
            }
            start += lasts;
            before = *face;
        }
        before
    }
}

fn between(from: &FaceMeasures, to: &FaceMeasures, part: f32) -> FaceMeasures {
    let mix = |measure: fn(&FaceMeasures) -> f32| measure(from) * (1.0 - part) + measure(to) * part;
    FaceMeasures {
        yaw_deg: mix(|face| face.yaw_deg),
        pitch_deg: mix(|face| face.pitch_deg),
        eye_left_ratio: mix(|face| face.eye_left_ratio),
        eye_right_ratio: mix(|face| face.eye_right_ratio),
        mouth_opening_ratio: mix(|face| face.mouth_opening_ratio),
        mouth_width_ratio: mix(|face| face.mouth_width_ratio),
        mouth_corner_ratio: mix(|face| face.mouth_corner_ratio),
        ..*from
    }
}

const RATES_HZ: [u64; 6] = [10, 12, 15, 25, 30, 60];

fn frames(curve: &Curve, rate_hz: u64) -> Vec<FaceObservation> {
    let count = curve.lasts_ms() * rate_hz / 1000;
    (0..count)
        .map(|frame| {
            let at_ms = frame * 1000 / rate_hz;
            seen(frame, at_ms, Some(curve.at(at_ms)))
        })
        .collect()
}

fn spot(frames: &[FaceObservation]) -> Vec<Spotted> {
    let policy = Policy::default();
    let mut spotter = ActionSpotter::default();
    let mut spotted: Vec<Spotted> = frames
        .iter()
        .flat_map(|seen| spotter.observe(seen, &policy))
        .collect();
    spotted.extend(spotter.finish());
    spotted
}

fn names(spotted: &[Spotted]) -> Vec<(PadChallenge, bool)> {
    spotted.iter().map(|one| (one.challenge, one.completed)).collect()
}

/// At every rate, the curve shows these completed actions and no others.
fn check(curve: Curve, expect: &[PadChallenge]) {
    for rate_hz in RATES_HZ {
        let expect: Vec<_> = expect.iter().map(|challenge| (*challenge, true)).collect();
        let got = spot(&frames(&curve, rate_hz));
        assert_eq!(names(&got), expect, "at {rate_hz} frames a second: {got:?}");
    }
}

fn lids(left: f32, right: f32) -> impl Fn(&mut FaceMeasures) {
    move |face| {
        face.eye_left_ratio *= left;
        face.eye_right_ratio *= right;
    }
}

fn turn(yaw_deg: f32) -> impl Fn(&mut FaceMeasures) {
    move |face| face.yaw_deg = yaw_deg
}

fn nod(pitch_deg: f32) -> impl Fn(&mut FaceMeasures) {
    move |face| face.pitch_deg = pitch_deg
}

fn mouth(opening: f32, width: f32, corner: f32) -> impl Fn(&mut FaceMeasures) {
    move |face| {
        face.mouth_opening_ratio = opening;
        face.mouth_width_ratio = width;
        face.mouth_corner_ratio = corner;
    }
}

fn blink(curve: Curve) -> Curve {
    curve.to(90, lids(0.2, 0.25)).stay(110).to(200, |_| ()).stay(300)
}

#[test]
fn each_action_is_seen_at_every_rate() {
    let start = || begin().stay(1000);
    check(start().to(400, turn(30.0)).stay(300).back(400), &[TurnLeft]);
    check(start().to(400, turn(-30.0)).stay(300).back(400), &[TurnRight]);
    check(start().to(400, nod(25.0)).stay(300).back(400), &[LookUp]);
    check(start().to(400, nod(-25.0)).stay(300).back(400), &[LookDown]);
    check(blink(start()), &[Blink]);
    check(
        start().to(200, mouth(0.5, 0.54, 0.3)).stay(400).back(300),
        &[OpenMouth],
    );
    check(
        start().to(250, mouth(0.02, 0.72, 0.14)).stay(900).back(400),
        &[Smile],
    );
}

#[test]
fn a_toothy_smile_is_no_open_mouth_and_an_open_mouth_no_smile() {
    let start = || begin().stay(1000);
    check(
        start().to(250, mouth(0.22, 0.74, 0.17)).stay(900).back(400),
        &[Smile],
    );
    check(
        start().to(250, mouth(0.45, 0.66, 0.26)).stay(900).back(400),
        &[OpenMouth],
    );
}

#[test]
fn what_is_no_action_is_none() {
    let start = || begin().stay(1000);
    let none = |curve: Curve| check(curve, &[]);
    none(begin().stay(5000));
    // A squint, a lowered gaze, a wink of either eye, one lid that hangs.
    none(start().to(100, lids(0.66, 0.62)).stay(400).back(150));
    none(start().to(100, lids(0.62, 0.6)).stay(3000).back(150));
    none(start().to(80, lids(0.1, 0.8)).stay(150).back(150));
    none(start().to(80, lids(0.8, 0.1)).stay(150).back(150));
    none(
        from({
            let mut face = neutral();
            lids(0.1, 1.0)(&mut face);
            face
        })
        .stay(3000),
    );
    // Eyes that close and stay closed, and a gaze that goes down with the lids and stays.
    none(start().to(150, lids(0.1, 0.1)).stay(2500).back(200));
    none(
        start()
            .to(100, lids(0.1, 0.1))
            .stay(200)
            .to(100, lids(0.65, 0.65))
            .stay(3000)
            .back(150),
    );
    // Lids that come down slowly, and with the head.
    none(start().to(900, lids(0.2, 0.2)).stay(100).back(300));
    none(
        start()
            .to(300, |face| {
                nod(-13.5)(face);
                lids(0.3, 0.3)(face);
            })
            .stay(200)
            .back(300),
    );
    // A sway, and the small angles that a moved photograph reads as.
    none(
        start()
            .to(500, turn(13.0))
            .to(900, turn(-13.0))
            .to(900, turn(12.0))
            .back(500),
    );
    none(start().to(500, turn(10.0)).to(900, nod(-8.0)).back(500));
    // Speech: lips part and close, spread and purse.
    let mut speech = start();
    for _ in 0..6 {
        speech = speech
            .to(90, mouth(0.16, 0.55, 0.26))
            .to(90, mouth(0.03, 0.60, 0.24))
            .to(120, mouth(0.12, 0.48, 0.25))
            .to(80, mouth(0.02, 0.55, 0.24));
    }
    none(speech.back(100));
    // A mouth that is drawn apart without being lifted.
    none(start().to(200, mouth(0.1, 0.65, 0.24)).stay(500).back(200));
}

#[test]
fn one_frame_with_both_lids_down_is_a_blink() {
    let mut clip = frames(&begin().stay(2000), 30);
    lids(0.4, 0.3)(clip[40].face.as_mut().unwrap());
    let spotted = spot(&clip);
    assert_eq!(names(&spotted), [(Blink, true)]);
    assert_eq!((spotted[0].first, spotted[0].peak, spotted[0].last), (39, 40, 41));
    assert_eq!(spotted[0].began_at, Duration::from_millis(1300));
}

#[test]
fn one_bad_measure_is_no_action_of_head_or_mouth() {
    for change in [turn(40.0)].map(Box::new) {
        let mut clip = frames(&begin().stay(2000), 30);
        change(clip[40].face.as_mut().unwrap());
        assert_eq!(spot(&clip), []);
    }
    let mut clip = frames(&begin().stay(2000), 30);
    mouth(0.6, 0.8, 0.1)(clip[40].face.as_mut().unwrap());
    assert_eq!(spot(&clip), []);
    let face = clip[41].face.as_mut().unwrap();
    (face.yaw_deg, face.pitch_deg, face.mouth_opening_ratio) = (f32::NAN, f32::INFINITY, f32::NAN);
    (face.eye_left_ratio, face.mouth_corner_ratio) = (f32::NAN, f32::NEG_INFINITY);
    assert_eq!(spot(&clip), []);
}

#[test]
fn missing_frames_do_not_matter() {
    let curve = blink(begin().stay(1000)).to(400, turn(30.0)).stay(300).back(400);
    let clip = frames(&curve, 30);
    for step in [2, 3] {
        let kept: Vec<_> = clip
            .iter()
            .filter(|seen| seen.frame % step != 1)
            .cloned()
            .collect();
        assert_eq!(
            names(&spot(&kept)),
            [(Blink, true), (TurnLeft, true)],
            "every {step}"
        );
    }
}

#[test]
fn what_began_before_the_first_frame_is_no_action() {
    let changed = |change: &dyn Fn(&mut FaceMeasures)| {
        let mut face = neutral();
        change(&mut face);
        from(face).stay(700).back(300).stay(1000)
    };
    check(changed(&turn(40.0)), &[]);
    check(changed(&lids(0.2, 0.2)), &[]);
    check(changed(&mouth(0.5, 0.54, 0.3)), &[]);
    check(changed(&mouth(0.02, 0.72, 0.14)), &[]);
    // And it does not hide what comes after it.
    check(blink(changed(&lids(0.2, 0.2))), &[Blink]);
}

#[test]
fn the_own_neutral_counts_not_the_average_one() {
    // Somebody who stands a little turned below a camera, with narrow eyes and a mouth that stands open a little.
    let mut own = neutral();
    (own.yaw_deg, own.pitch_deg) = (14.0, 20.0);
    lids(0.6, 0.6)(&mut own);
    mouth(0.15, 0.6, 0.2)(&mut own);
    let mut acts = own;
    acts.yaw_deg = -8.0;
    let curve = Curve {
        stretches: vec![
            (0, own),
            (2000, own),
            (400, acts),
            (300, acts),
            (400, own),
            (600, own),
        ],
    };
    check(curve, &[TurnRight]);
    let mut acts = own;
    lids(0.3, 0.3)(&mut acts);
    let curve = Curve {
        stretches: vec![
            (0, own),
            (2000, own),
            (80, acts),
            (100, acts),
            (150, own),
            (600, own),
        ],
    };
    check(curve, &[Blink]);
}

#[test]
fn an_action_that_does_not_end_is_left_open() {
    let curve = begin().stay(1000).to(300, mouth(0.5, 0.54, 0.3)).stay(800);
    let clip = frames(&curve, 30);
    let spotted = spot(&clip);
    assert_eq!(names(&spotted), [(OpenMouth, false)]);
    assert_eq!(spotted[0].last, clip.len() as u64 - 1);
    // Eyes that never open again are no blink, and what is held for ever is how somebody stands.
    assert_eq!(
        spot(&frames(&begin().stay(1000).to(100, lids(0.1, 0.1)).stay(500), 30)),
        []
    );
    assert_eq!(
        spot(&frames(&begin().stay(1000).to(300, turn(30.0)).stay(12_000), 15)),
        []
    );
}

#[test]
fn a_face_that_is_lost_leaves_the_action_open() {
    let curve = begin().stay(1000).to(300, nod(-30.0)).stay(1500).back(300);
    let mut clip = frames(&curve, 30);
    for seen in &mut clip[42..60] {
        (seen.faces, seen.face) = (0, None);
    }
    assert_eq!(names(&spot(&clip)), [(LookDown, false)]);
}

#[test]
fn only_one_face_that_is_near_enough_is_judged() {
    let curve = blink(begin().stay(1000));
    let mut two = frames(&curve, 30);
    two.iter_mut().for_each(|seen| seen.faces = 2);
    assert_eq!(spot(&two), []);
    let mut far = frames(&curve, 30);
    for seen in &mut far {
        seen.face.as_mut().unwrap().quality.inter_eye_distance_px = 40.0;
    }
    assert_eq!(spot(&far), []);
}

#[test]
fn what_is_under_way_can_be_asked() {
    let policy = Policy::default();
    let mut spotter = ActionSpotter::default();
    assert_eq!((spotter.deviation(), spotter.under_way(TurnLeft)), (None, None));
    for seen in frames(&begin().stay(1000), 30) {
        spotter.observe(&seen, &policy);
    }
    assert!(spotter.deviation().unwrap().is_neutral(&policy));
    let mut face = neutral();
    turn(2.0 * policy.turn_min_deg)(&mut face);
    for frame in 30..36 {
        spotter.observe(&seen(frame, frame * 1000 / 30, Some(face)), &policy);
    }
    assert!((spotter.under_way(TurnLeft).unwrap() - 2.0).abs() < 0.01);
    assert_eq!(spotter.under_way(TurnRight), None);
    let deviation = spotter.deviation().unwrap();
    assert!(deviation.is_wrong(TurnRight, &policy) && !deviation.is_wrong(TurnLeft, &policy));
    spotter.observe(&seen(36, 1200, None), &policy);
    assert_eq!(spotter.deviation(), None);
}
