//! The presence of a person of the institution, where the policy wants one.

use super::{AuditEvent, Effect, Session, State};
use crate::Sensitive;
use crate::evidence::Outcome;
use crate::time::Now;

/// So many codes that are nobody's end the session.
const WRONG_MAX: u8 = 3;

impl Session {
    pub(super) fn enter_operator(&mut self, now: Now, code: Sensitive<String>) -> Vec<Effect> {
        let State::Operator { checking, .. } = &mut self.state else {
            return Vec::new();
        };
        if *checking {
            return Vec::new();
        }
        *checking = true;
        self.touched_at = now.monotonic;
        self.asked_at = now.monotonic;
        vec![Effect::CheckOperator(code)]
    }

    pub(super) fn operator_checked(&mut self, now: Now, operator: Option<String>) -> Vec<Effect> {
        let State::Operator { checking: true, .. } = self.state else {
            return Vec::new();
        };
        self.touched_at = now.monotonic;
        if let Some(operator) = operator {
            self.facts.operator = Some(operator.clone());
            self.state = State::ChoosingMethod;
            return vec![Effect::Audit(AuditEvent::OperatorPresent(operator))];
        }
        let mut effects = vec![Effect::Audit(AuditEvent::OperatorRefused)];
        self.wrong_codes += 1;
        if self.wrong_codes >= WRONG_MAX {
            effects.extend(self.end_before_capture(now, Outcome::Withdrawn));
        } else {
            self.state = State::Operator {
                wrong: true,
                checking: false,
            };
        }
        effects
    }
}
