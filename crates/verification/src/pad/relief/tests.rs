use proptest::prelude::*;

use super::*;
use crate::policy::Policy;

/// Someone who sways by `sway` and shows `part` of the turn as parallax. Errors of a fiftieth of a head's turn come and
/// go like those of a camera, and the reference is wrong by more than all of the sway.
fn swaying(frames: u32, sway: f32, part: f32) -> Vec<ReliefMeasures> {
    (0..frames)
        .map(|at| {
            let at = at as f32;
            let turn = [sway * (0.3 * at).sin(), 0.5 * sway * (0.17 * at).cos()];
            let wrong = [0.004 * (5.1 * at).sin() + 0.1, 0.004 * (3.7 * at).cos() - 0.1];
            ReliefMeasures {
                reference: 0,
                turn,
                parallax: [0, 1].map(|axis| part * turn[axis] + wrong[axis]),
                residual_mm: 0.3,
            }
        })
        .collect()
}

fn check(seen: &[ReliefMeasures], expect: Finding) {
    let (value, samples, finding) = relief(seen, Policy::default().relief_min);
    assert_eq!(finding, expect, "{value:?} of {samples}");
    assert!(samples <= seen.len());
}

#[test]
fn a_sway_tells_a_head_from_a_sheet() {
    check(&swaying(60, 0.1, 0.5), Finding::For);
    check(&swaying(60, 0.1, 0.1), Finding::Against);
    check(&swaying(60, 0.1, 0.3), Finding::Silent);
    check(&swaying(60, 0.05, -0.1), Finding::Against);
}

#[test]
fn too_little_tells_nothing() {
    for part in [0.0, 0.5, 1.0] {
        check(&[], Finding::Silent);
        check(&swaying(4, 0.1, part), Finding::Silent);
        // Somebody who keeps still.
        check(&swaying(200, 0.01, part), Finding::Silent);
        // A pose that never changes.
        check(&vec![swaying(1, 0.1, part)[0]; 50], Finding::Silent);
    }
}

#[test]
fn a_stray_pose_does_not_make_a_sheet_of_a_head() {
    check(&swaying(200, 0.1, 0.2), Finding::Against);
    check(&swaying(200, 0.02, 0.2), Finding::Silent);
}

#[test]
fn a_turn_to_one_side_is_enough() {
    let to_one_side = |part| {
        let mut seen = swaying(60, 0.1, part);
        for one in &mut seen {
            let aside = one.turn[0].abs() - one.turn[0];
            one.turn[0] += aside;
            one.parallax[0] += part * aside;
        }
        seen
    };
    check(&to_one_side(0.5), Finding::For);
    check(&to_one_side(0.1), Finding::Against);
}

#[test]
fn frames_that_repeat_one_error_are_not_many() {
    // The same five looks, each as if it were seen for two seconds.
    let slow: Vec<ReliefMeasures> = swaying(5, 0.1, 0.2)
        .into_iter()
        .zip([0.02, -0.03, 0.03, -0.02, 0.0])
        .flat_map(|(mut one, wrong)| {
            one.parallax[0] += wrong;
            vec![one; 60]
        })
        .collect();
    check(&slow, Finding::Silent);
}

#[test]
fn each_reference_is_wrong_by_itself() {
    let mut seen = swaying(80, 0.06, 0.1);
    for (at, one) in (0..).zip(&mut seen) {
        one.reference = at / 20;
        one.turn[0] += 0.03 * one.reference as f32;
        one.parallax[0] += 0.05 * one.reference as f32;
    }
    check(&seen, Finding::Against);
}

#[test]
fn a_few_wrong_frames_are_outvoted() {
    for (part, expect) in [(0.1, Finding::Against), (0.55, Finding::For)] {
        let mut seen = swaying(90, 0.1, part);
        for one in seen.iter_mut().step_by(12) {
            one.parallax = [0.5, -0.8];
        }
        seen[5].parallax[0] = f32::NAN;
        seen[6].turn[1] = f32::INFINITY;
        seen[7].residual_mm = f32::NAN;
        check(&seen, expect);
    }
}

#[test]
fn a_face_that_acts_is_not_taken_for_a_sheet() {
    let mut seen = swaying(90, 0.1, 0.0);
    for one in seen.iter_mut().take(46) {
        one.residual_mm = 1.2;
    }
    check(&seen, Finding::Silent);
}

#[test]
fn a_real_turn_decides_by_itself() {
    let turned = |part: f32, frames: usize| {
        let mut seen = swaying(60, 0.1, 0.5);
        for one in seen.iter_mut().take(frames) {
            one.turn = [0.3, 0.2];
            one.parallax = one.turn.map(|turn| part * turn);
            one.residual_mm = 1.5;
        }
        seen
    };
    check(&turned(0.1, 3), Finding::Against);
    check(&turned(0.1, 2), Finding::For);
    check(&turned(0.4, 3), Finding::For);
    assert_eq!(relief(&turned(0.4, 3), 0.3).1, 3);
}

proptest! {
    #[test]
    fn no_measures_are_a_panic(
        values in prop::collection::vec((0..3_u32, any::<[f32; 2]>(), any::<[f32; 2]>(), any::<f32>()), 0..60)
    ) {
        let seen: Vec<ReliefMeasures> = values
            .into_iter()
            .map(|(reference, turn, parallax, residual_mm)| ReliefMeasures { reference, turn, parallax, residual_mm })
            .collect();
        let (value, samples, _) = relief(&seen, 0.3);
        prop_assert!(samples <= seen.len());
        prop_assert!(value.is_none_or(|value| !value.is_infinite()));
    }
}
