//! Which actions are asked for, in which order and after which pauses.

use std::time::Duration;

use super::PadChallenge;

/// One action to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedChallenge {
    /// The action.
    pub challenge: PadChallenge,
    /// How long the subject is neutral before the prompt.
    pub pause: Duration,
}

/// More actions than this nobody has patience for.
pub const CHALLENGES_MAX: u8 = 4;
/// Random bytes of one attempt: four for each choice of actions, which are at most eleven, and the last
/// [`LIGHT_BYTES`] for the colours of the screen.
pub const RANDOM_BYTES: usize = 64;
/// Random bytes that are left for [`super::light::LightPlan::draw`].
pub const LIGHT_BYTES: usize = 8;

/// Draws `count` different actions from `set`, in random order, with random pauses of 400 to 1,200 ms.
///
/// One of them is a turn of the head where `set` has one, for only a turn shows whether the head has a relief.
/// Which turn it is and when it comes is drawn like the rest.
///
/// `random` is the operating system's randomness, used for this one draw: whoever does not know it cannot foresee
/// the plan. More than [`CHALLENGES_MAX`], or fewer than `count` different actions in `set`, give a shorter plan;
/// [`crate::policy::Policy::check`] rules both out.
pub fn draw(set: &[PadChallenge], count: u8, random: [u8; RANDOM_BYTES]) -> Vec<PlannedChallenge> {
    let mut left = set.to_vec();
    left.sort_unstable();
    left.dedup();
    let mut bytes = random
        .chunks_exact(4)
        .map(|four| four.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)));
    let mut pick = |below: usize| {
        let value = bytes.next().map_or(0, u64::from);
        usize::try_from((value * below as u64) >> 32).unwrap_or(0)
    };
    let count = usize::from(count.min(CHALLENGES_MAX)).min(left.len());
    let (turns, mut others): (Vec<_>, Vec<_>) = left.into_iter().partition(|challenge| challenge.is_turn());
    let mut drawn = Vec::with_capacity(count);
    if count > 0 && !turns.is_empty() {
        let chosen = pick(turns.len());
        for (at, turn) in turns.into_iter().enumerate() {
            if at == chosen { &mut drawn } else { &mut others }.push(turn);
        }
    }
    while drawn.len() < count {
        let at = pick(others.len());
        drawn.push(others.swap_remove(at));
    }
    for at in (1..drawn.len()).rev() {
        drawn.swap(at, pick(at + 1));
    }
    drawn
        .into_iter()
        .map(|challenge| PlannedChallenge {
            challenge,
            pause: Duration::from_millis(400 + pick(801) as u64),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_actions_differ_and_the_pauses_are_bounded(random: [u8; RANDOM_BYTES]) {
            let plan = draw(&PadChallenge::ALL, 3, random);
            let different: BTreeSet<_> = plan.iter().map(|planned| planned.challenge).collect();
            prop_assert_eq!(different.len(), 3);
            prop_assert!(plan.iter().any(|planned| planned.challenge.is_turn()));
            for planned in plan {
                prop_assert!((400..=1200).contains(&planned.pause.as_millis()));
            }
        }
    }

    #[test]
    fn every_order_occurs_and_none_is_much_more_likely() {
        // All that can be drawn: a turn is among the three of five actions.
        let set = [
            PadChallenge::TurnLeft,
            PadChallenge::TurnRight,
            PadChallenge::LookUp,
            PadChallenge::Blink,
            PadChallenge::Smile,
        ];
        let mut orders: BTreeMap<Vec<PadChallenge>, u32> = BTreeMap::new();
        let mut state = 1u64;
        for _ in 0..6_000 {
            let random = std::array::from_fn(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            });
            let order = draw(&set, 3, random)
                .iter()
                .map(|planned| planned.challenge)
                .collect();
            *orders.entry(order).or_default() += 1;
        }
        // 60 ordered triples, less the 6 without a turn.
        assert_eq!(orders.len(), 54);
        // Those with both turns are drawn in two ways.
        assert!(
            orders.values().all(|times| (40..=260).contains(times)),
            "{orders:?}"
        );
    }

    #[test]
    fn a_set_without_turns_gives_a_plan_too() {
        let set = [PadChallenge::Blink, PadChallenge::Smile, PadChallenge::OpenMouth];
        assert_eq!(draw(&set, 3, [9; RANDOM_BYTES]).len(), 3);
        assert_eq!(draw(&[], 3, [9; RANDOM_BYTES]), []);
    }
}
