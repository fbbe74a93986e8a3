//! Shares of small samples, and the error rates of ISO/IEC 30107-3. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ground::Label;
use crate::judge::Decision;

/// Quantile of the normal distribution for an interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A share: so many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// How many.
    pub of: u64,
    /// Of how many.
    pub all: u64,
}

impl Rate {
    /// Counts one more, that does or does not belong to the share.
    pub fn count(&mut self, belongs: bool) {
        self.of += u64::from(belongs);
        self.all += 1;
    }

    /// The share, 0 to 1; `None` of nothing.
    pub fn share(self) -> Option<f64> {
        (self.all > 0).then(|| self.of as f64 / self.all as f64)
    }

    /// The Wilson score interval of 95 % (Wilson, 1927), 0 to 1; `None` of nothing. It does not shrink to a point
    /// where nothing was seen: 0 of 3 says no more than "up to 56 %".
    pub fn interval(self) -> Option<(f64, f64)> {
        let share = self.share()?;
        let count = self.all as f64;
        let square = Z * Z;
        let middle = share + square / (2.0 * count);
        let half = Z * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
        let whole = 1.0 + square / count;
        Some((
            ((middle - half) / whole).max(0.0),
            ((middle + half) / whole).min(1.0),
        ))
    }
}

/// The error rates of one set of presentations.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PadRates {
    /// By species: attack presentations classified as bona fide, of all of the species.
    pub apcer: BTreeMap<String, Rate>,
    /// By species: attack presentations that show too little to be judged or were broken off, of all of the species.
    pub apnrr: BTreeMap<String, Rate>,
    /// By species: attack presentations that were not acquired, of all of the species.
    pub attack_not_acquired: BTreeMap<String, Rate>,
    /// Bona fide presentations classified as attacks, of those that were classified.
    pub bpcer: Rate,
    /// Bona fide presentations that show too little to be judged or were broken off, of all that can be acquired.
    pub bpnrr: Rate,
    /// Failures to acquire, of all bona fide presentations that can be acquired.
    pub failure_to_acquire: Rate,
    /// Why they were not acquired.
    pub failure_reasons: BTreeMap<String, u64>,
    /// Presentations that the list calls not acquirable: how many were not acquired indeed.
    pub expected_not_acquired: Rate,
    /// Of those, how many were classified as bona fide although there is nobody, or as an attack although there is
    /// no attack.
    pub expected_not_acquired_wrong: u64,
}

impl PadRates {
    /// Counts over presentations: what each is, whether it can be acquired, and what was decided.
    pub fn over<'a>(presentations: impl Iterator<Item = (&'a Label, bool, &'a Decision)>) -> Self {
        let mut rates = Self::default();
        for (label, not_acquirable, decision) in presentations {
            rates.count(label, not_acquirable, decision);
        }
        rates
    }

    fn count(&mut self, label: &Label, not_acquirable: bool, decision: &Decision) {
        let bona_fide = matches!(decision, Decision::BonaFide);
        let attack = matches!(decision, Decision::Attack(_));
        // A presentation that was broken off is not classified either.
        let insufficient = matches!(decision, Decision::Insufficient(_) | Decision::Voided(_));
        let not_acquired = matches!(decision, Decision::NotAcquired(_));
        match label {
            // A clip that could not be read says nothing about anybody.
            _ if matches!(decision, Decision::Unreadable(_)) => {}
            Label::Unknown(_) => {}
            // An attack counts as one whatever the list says besides: nothing excuses an attack that passes.
            Label::Attack(species) => {
                let entry = |map: &mut BTreeMap<String, Rate>, belongs| {
                    map.entry(species.clone()).or_default().count(belongs);
                };
                entry(&mut self.apcer, bona_fide);
                entry(&mut self.apnrr, insufficient);
                entry(&mut self.attack_not_acquired, not_acquired);
            }
            Label::NoFace | Label::BonaFide if not_acquirable => {
                self.expected_not_acquired.count(not_acquired);
                let wrong = attack || (bona_fide && *label == Label::NoFace);
                self.expected_not_acquired_wrong += u64::from(wrong);
            }
            Label::NoFace | Label::BonaFide => {
                self.bpnrr.count(insufficient);
                self.failure_to_acquire.count(not_acquired);
                if bona_fide || attack {
                    self.bpcer.count(attack);
                }
                if let Decision::NotAcquired(reason) = decision {
                    *self.failure_reasons.entry(reason.clone()).or_default() += 1;
                }
            }
        }
    }

    /// The worst species and its rate.
    pub fn apcer_max(&self) -> Option<(&str, Rate)> {
        self.apcer
            .iter()
            .max_by(|(_, one), (_, other)| {
                let share = |rate: &Rate| rate.share().unwrap_or(0.0);
                share(one).total_cmp(&share(other))
            })
            .map(|(species, rate)| (species.as_str(), *rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_tables() {
        // Values of the R function prop.test(..., correct = FALSE), and of binom::binom.wilson.
        let check = |of, all, low: f64, high: f64| {
            let (got_low, got_high) = Rate { of, all }.interval().unwrap();
            assert!((got_low - low).abs() < 5e-4, "{of}/{all}: {got_low}");
            assert!((got_high - high).abs() < 5e-4, "{of}/{all}: {got_high}");
        };
        check(0, 3, 0.0, 0.5615);
        check(0, 10, 0.0, 0.2775);
        check(1, 10, 0.0179, 0.4042);
        check(5, 10, 0.2366, 0.7634);
        check(10, 10, 0.7225, 1.0);
        check(81, 263, 0.2553, 0.3662);
        assert_eq!(Rate::default().interval(), None);
        assert_eq!(Rate::default().share(), None);
    }

    fn rates(presentations: &[(&str, bool, Decision)]) -> PadRates {
        let labels: Vec<Label> = presentations
            .iter()
            .map(|(label, _, _)| Label::parse(label))
            .collect();
        PadRates::over(
            presentations
                .iter()
                .zip(&labels)
                .map(|((_, not_acquirable, decision), label)| (label, *not_acquirable, decision)),
        )
    }

    #[test]
    fn errors_are_counted_by_species_and_apart_from_what_is_not_classified() {
        let (pass, attack) = (Decision::BonaFide, Decision::Attack("passive".into()));
        let (too_little, absent) = (
            Decision::Insufficient("no action".into()),
            Decision::NotAcquired("too small".into()),
        );
        let unreadable = Decision::Unreadable("no video".into());
        let rates = rates(&[
            ("attack_print", false, pass.clone()),
            ("attack_print", false, attack.clone()),
            ("attack_print", true, too_little.clone()),
            ("attack_print", false, absent.clone()),
            ("attack_replay", false, attack.clone()),
            ("bona_fide", false, pass.clone()),
            ("bona_fide", false, pass.clone()),
            ("bona_fide", false, attack.clone()),
            ("bona_fide", false, too_little),
            ("bona_fide", false, absent.clone()),
            ("bona_fide", true, absent.clone()),
            ("bona_fide", true, attack),
            ("no_face", true, absent),
            ("no_face", true, pass.clone()),
            ("attack_print", false, unreadable.clone()),
            ("bona_fide", false, unreadable),
            ("spoof", false, pass),
        ]);
        assert_eq!(rates.apcer["print"], Rate { of: 1, all: 4 });
        assert_eq!(rates.apnrr["print"], Rate { of: 1, all: 4 });
        assert_eq!(rates.attack_not_acquired["print"], Rate { of: 1, all: 4 });
        assert_eq!(rates.apcer["replay"], Rate { of: 0, all: 1 });
        assert_eq!(rates.apcer_max(), Some(("print", Rate { of: 1, all: 4 })));
        assert_eq!(rates.bpcer, Rate { of: 1, all: 3 });
        assert_eq!(rates.bpnrr, Rate { of: 1, all: 5 });
        assert_eq!(rates.failure_to_acquire, Rate { of: 1, all: 5 });
        assert_eq!(rates.failure_reasons["too small"], 1);
        assert_eq!(rates.expected_not_acquired, Rate { of: 2, all: 4 });
        assert_eq!(rates.expected_not_acquired_wrong, 2);
    }
}
