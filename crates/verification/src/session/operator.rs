//! The presence of a person of the institution, where the policy wants one.

use super::{AuditEvent, Effect, Session, State};
use crate::Sensitive;
use crate::evidence::Outcome;
use crate::lockout::Locked;
use crate::time::Now;

/// So many codes that are nobody's end the session.
const WRONG_MAX: u8 = 3;

/// What became of the code of a person of the institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorCheck {
    /// It is this person's.
    Present(String),
    /// It is nobody's.
    Nobody,
    /// It was not looked at, for others before it were wrong, in this session or in those before.
    Paused(Locked),
}

/// Why a code did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRefusal {
    /// It is nobody's.
    Wrong,
    /// It was not looked at.
    Paused(Locked),
}

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

    pub(super) fn operator_checked(&mut self, now: Now, check: OperatorCheck) -> Vec<Effect> {
        let State::Operator { checking: true, .. } = self.state else {
            return Vec::new();
        };
        self.touched_at = now.monotonic;
        match check {
            OperatorCheck::Present(operator) => {
                self.facts.operator = Some(operator.clone());
                self.state = State::ChoosingMethod;
                vec![Effect::Audit(AuditEvent::OperatorPresent(operator))]
            }
            OperatorCheck::Nobody => {
                self.wrong_codes += 1;
                let mut effects = vec![Effect::Audit(AuditEvent::OperatorRefused)];
                if self.wrong_codes >= WRONG_MAX {
                    effects.extend(self.end_before_capture(now, Outcome::Withdrawn));
                } else {
                    self.wait_for_operator(Some(CodeRefusal::Wrong));
                }
                effects
            }
            OperatorCheck::Paused(locked) => {
                self.wait_for_operator(Some(CodeRefusal::Paused(locked)));
                vec![Effect::Audit(AuditEvent::OperatorPaused)]
            }
        }
    }

    pub(super) fn wait_for_operator(&mut self, refused: Option<CodeRefusal>) {
        self.state = State::Operator {
            refused,
            checking: false,
        };
    }
}
