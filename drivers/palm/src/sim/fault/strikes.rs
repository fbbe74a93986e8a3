use std::mem::discriminant;

use super::{Fault, FaultKind, Verb};

/// The faults of a device, each with the number of times at which it could have happened.
#[derive(Debug, Default)]
pub(in crate::sim) struct Faults(Vec<(Fault, u32)>);

impl Faults {
    pub fn new(faults: &[Fault]) -> Self {
        Self(faults.iter().map(|fault| (*fault, 0)).collect())
    }

    /// Whether this kind of fault happens now, with this command. To be asked once each time that it could.
    pub fn strike(&mut self, kind: FaultKind, verb: Verb) -> bool {
        self.find(verb, |found| discriminant(&found) == discriminant(&kind))
            .is_some()
    }

    /// The first kind that happens now, of those for which `is` says so.
    pub fn find(&mut self, verb: Verb, is: impl Fn(FaultKind) -> bool) -> Option<FaultKind> {
        let mut struck = None;
        for (fault, count) in &mut self.0 {
            if !is(fault.kind) || fault.verb.is_some_and(|wanted| wanted != verb) {
                continue;
            }
            *count = count.saturating_add(1);
            if fault.nth.is_none_or(|nth| nth == *count) && struck.is_none() {
                struck = Some(fault.kind);
            }
        }
        struck
    }

    /// Like [`Self::find`], for faults that mean anything but captures unless they name a command.
    pub fn find_outside_captures(&mut self, verb: Verb, is: impl Fn(FaultKind) -> bool) -> Option<FaultKind> {
        let named = |fault: &Fault| fault.verb == Some(verb);
        if verb.measures() && !self.0.iter().any(|(fault, _)| is(fault.kind) && named(fault)) {
            return None;
        }
        self.find(verb, is)
    }

    /// Like [`Self::find`], for faults that mean captures alone unless they name a command.
    pub fn find_in_capture(&mut self, verb: Verb, is: impl Fn(FaultKind) -> bool) -> Option<FaultKind> {
        if verb.measures() {
            return self.find(verb, is);
        }
        let mut struck = None;
        for (fault, count) in &mut self.0 {
            if is(fault.kind) && fault.verb == Some(verb) {
                *count = count.saturating_add(1);
                if fault.nth.is_none_or(|nth| nth == *count) && struck.is_none() {
                    struck = Some(fault.kind);
                }
            }
        }
        struck
    }

    /// Whether this kind of fault is there for ever and with every command.
    pub fn always(&self, kind: FaultKind) -> bool {
        self.0.iter().any(|(fault, _)| *fault == Fault::from(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_when_it_is_told_to() {
        let check = |text: &str, expect: [bool; 4]| {
            let fault: Fault = text.parse().unwrap();
            let mut faults = Faults::new(&[fault]);
            let verbs = [Verb::List, Verb::Verify, Verb::List, Verb::List];
            assert_eq!(
                verbs.map(|verb| faults.strike(FaultKind::Late, verb)),
                expect,
                "{text}"
            );
        };
        check("late", [true; 4]);
        check("late@2", [false, true, false, false]);
        check("late:list", [true, false, true, true]);
        check("late:list@2", [false, false, true, false]);
        check("drip", [false; 4]);
    }
}
