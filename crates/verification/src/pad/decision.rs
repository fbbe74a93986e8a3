//! The decision over all evidence of one presentation. No single score decides, and missing evidence is not bona
//! fide.

use super::parts::{Finding, PadPart, PartRecord};
use super::{AttackSign, PadDecision};
use crate::policy::{PassivePad, Policy, ScreenLight};

/// Decides whether a presentation was bona fide from what its parts say. `turned` says whether a turn of the head
/// was asked for and performed; then its relief must have been seen.
///
/// Any part that speaks against ends it, in the order of how directly it shows the medium. Then each part that the
/// policy asks for must speak for the presentation: silence is not enough.
pub fn decide(parts: &[PartRecord], turned: bool, policy: &Policy) -> PadDecision {
    let finding = |part| {
        parts
            .iter()
            .find(|record| record.part == part)
            .map_or(Finding::Silent, |record| record.finding)
    };
    let against = [
        (PadPart::Passive, AttackSign::Passive),
        (PadPart::Relief, AttackSign::Flat),
        (PadPart::CutOut, AttackSign::CutOut),
        (PadPart::Moire, AttackSign::Screen),
        (PadPart::Bezel, AttackSign::Screen),
        (PadPart::Glare, AttackSign::Screen),
        (PadPart::Flicker, AttackSign::Screen),
        (PadPart::Light, AttackSign::LightIgnored),
    ];
    // How much a face must answer depends on the display and the room. Before somebody has measured that on the spot
    // and requires an answer, none is no accusation.
    let may_accuse = |part| part != PadPart::Light || policy.light == ScreenLight::Required;
    if let Some((_, sign)) = against
        .into_iter()
        .find(|(part, _)| may_accuse(*part) && finding(*part) == Finding::Against)
    {
        return PadDecision::Attack(sign);
    }
    let needed = [
        (
            policy.passive == PassivePad::Required,
            PadPart::Passive,
            AttackSign::PassiveMissing,
        ),
        (turned, PadPart::Relief, AttackSign::ReliefMissing),
        (true, PadPart::Likeness, AttackSign::LikenessMissing),
        (
            policy.light == ScreenLight::Required,
            PadPart::Light,
            AttackSign::LightMissing,
        ),
    ];
    needed
        .into_iter()
        .find(|(needed, part, _)| *needed && finding(*part) != Finding::For)
        .map_or(PadDecision::BonaFide, |(_, _, missing)| {
            PadDecision::Attack(missing)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(part: PadPart, finding: Finding) -> PartRecord {
        PartRecord {
            part,
            value: None,
            threshold: 0.0,
            samples: 0,
            finding,
        }
    }

    #[test]
    fn a_face_that_could_not_be_compared_with_itself_is_not_known_to_have_stayed() {
        for finding in [Finding::Silent, Finding::Against] {
            let parts = [
                part(PadPart::Passive, Finding::For),
                part(PadPart::Likeness, finding),
            ];
            assert_eq!(
                decide(&parts, false, &Policy::default()),
                PadDecision::Attack(AttackSign::LikenessMissing)
            );
        }
    }

    #[test]
    fn silence_is_not_bona_fide_where_a_part_is_asked_for() {
        use Finding::{Against, For, Silent};
        use PadPart::{CutOut, Light, Passive, Relief};
        let bona_fide = PadDecision::BonaFide;
        let attack = PadDecision::Attack;
        let check = |parts: &[(PadPart, Finding)], turned, passive, light, expect| {
            let parts = [parts, &[(PadPart::Likeness, For)]].concat();
            let policy = Policy {
                passive,
                light,
                ..Policy::default()
            };
            let parts: Vec<_> = parts.iter().map(|(at, finding)| part(*at, *finding)).collect();
            assert_eq!(decide(&parts, turned, &policy), expect, "{parts:?}");
        };
        let (required, installed) = (PassivePad::Required, PassivePad::WhereInstalled);
        let (light_required, supporting) = (ScreenLight::Required, ScreenLight::Supporting);
        check(&[(Passive, For)], false, required, supporting, bona_fide);
        check(
            &[],
            false,
            required,
            supporting,
            attack(AttackSign::PassiveMissing),
        );
        check(&[], false, installed, supporting, bona_fide);
        check(
            &[(Passive, Against)],
            false,
            installed,
            supporting,
            attack(AttackSign::Passive),
        );
        check(
            &[(Passive, For), (Relief, Silent)],
            true,
            required,
            supporting,
            attack(AttackSign::ReliefMissing),
        );
        check(
            &[(Passive, For), (Relief, Against)],
            false,
            required,
            supporting,
            attack(AttackSign::Flat),
        );
        check(
            &[(Passive, For), (Relief, For), (CutOut, Against)],
            true,
            required,
            supporting,
            attack(AttackSign::CutOut),
        );
        check(
            &[(Passive, For), (Relief, For), (Light, Silent)],
            true,
            required,
            light_required,
            attack(AttackSign::LightMissing),
        );
        check(
            &[(Passive, For), (Relief, For), (Light, Against)],
            true,
            required,
            light_required,
            attack(AttackSign::LightIgnored),
        );
        check(
            &[(Passive, For), (Relief, For), (Light, Against)],
            true,
            required,
            supporting,
            bona_fide,
        );
        check(
            &[(Passive, For), (Relief, For), (Light, For)],
            true,
            required,
            light_required,
            bona_fide,
        );
    }
}
