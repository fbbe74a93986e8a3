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

/// One draw of 32 random bytes serves so many actions: four bytes for the action and four for the pause.
pub const CHALLENGES_MAX: u8 = 4;

/// Draws `count` different actions from `set`, in random order, with random pauses of 400 to 1,200 ms.
///
/// `random` is 32 bytes of the operating system's randomness, used for this one draw: whoever does not know
/// them cannot foresee the plan. More than [`CHALLENGES_MAX`], or fewer than `count` different actions in `set`,
/// give a shorter plan; [`crate::policy::Policy::check`] rules both out.
pub fn draw(set: &[PadChallenge], count: u8, random: [u8; 32]) -> Vec<PlannedChallenge> {
    let mut left = set.to_vec();
    left.sort_unstable();
    left.dedup();
    let mut bytes = random
        .chunks_exact(4)
        .map(|four| four.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)));
    let mut pick = |below: u64| bytes.next().map_or(0, |value| (u64::from(value) * below) >> 32);
    let count = usize::from(count.min(CHALLENGES_MAX)).min(left.len());
    (0..count)
        .map(|_| {
            let at = usize::try_from(pick(left.len() as u64)).unwrap_or(0);
            let challenge = left.swap_remove(at);
            PlannedChallenge {
                challenge,
                pause: Duration::from_millis(400 + pick(801)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_actions_differ_and_the_pauses_are_bounded(random: [u8; 32]) {
            let plan = draw(&PadChallenge::ALL, 3, random);
            let different: BTreeSet<_> = plan.iter().map(|planned| planned.challenge).collect();
            prop_assert_eq!(different.len(), 3);
            for planned in plan {
                prop_assert!((400..=1200).contains(&planned.pause.as_millis()));
            }
        }
    }

    #[test]
    fn every_order_occurs() {
        let set = [
            PadChallenge::TurnLeft,
            PadChallenge::TurnRight,
            PadChallenge::Blink,
        ];
        let mut orders = BTreeSet::new();
        for seed in 0u8..=255 {
            let mut random = [0; 32];
            for (at, byte) in random.iter_mut().enumerate() {
                *byte = seed
                    .wrapping_mul(37)
                    .wrapping_add(u8::try_from(at).unwrap().wrapping_mul(101))
                    ^ seed.rotate_left(3);
            }
            orders.insert(
                draw(&set, 3, random)
                    .iter()
                    .map(|planned| planned.challenge)
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(orders.len(), 6);
    }
}
