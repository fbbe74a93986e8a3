//! The decision over all evidence of one attempt. No single score decides, and missing evidence is not bona
//! fide.

use super::{AttackSign, PadDecision};
use crate::policy::{PassivePad, Policy};

/// What presentation attack detection has to go by, once all prompted actions were performed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PadEvidence {
    /// Median of the passive probabilities "real" over the attempt.
    pub passive_real: Option<f32>,
}

/// Decides whether the presentation was bona fide. The prompted actions are judged by
/// [`super::attempt::FaceAttempt`]; only an attempt that performed them all comes here.
pub fn decide(evidence: PadEvidence, policy: &Policy) -> PadDecision {
    match (evidence.passive_real, policy.passive) {
        (Some(real), _) if real >= policy.passive_min => PadDecision::BonaFide,
        (Some(_), _) => PadDecision::Attack(AttackSign::Passive),
        (None, PassivePad::WhereInstalled) => PadDecision::BonaFide,
        (None, PassivePad::Required) => PadDecision::Attack(AttackSign::PassiveMissing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_invalid_score_is_not_bona_fide_where_the_models_are_required() {
        let check = |passive_real, passive, expect| {
            let policy = Policy {
                passive,
                ..Policy::default()
            };
            assert_eq!(decide(PadEvidence { passive_real }, &policy), expect);
        };
        check(Some(0.9), PassivePad::Required, PadDecision::BonaFide);
        check(
            Some(0.1),
            PassivePad::Required,
            PadDecision::Attack(AttackSign::Passive),
        );
        check(
            Some(0.1),
            PassivePad::WhereInstalled,
            PadDecision::Attack(AttackSign::Passive),
        );
        check(
            Some(f32::NAN),
            PassivePad::WhereInstalled,
            PadDecision::Attack(AttackSign::Passive),
        );
        check(
            None,
            PassivePad::Required,
            PadDecision::Attack(AttackSign::PassiveMissing),
        );
        check(None, PassivePad::WhereInstalled, PadDecision::BonaFide);
    }
}
