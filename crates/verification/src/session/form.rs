//! The part of a session in which things are entered: the fields of the service, and who the person claims to be.

use super::{AuditEvent, ClaimFault, Effect, Facts, Session, Showing, State};
use crate::Sensitive;
use crate::calendar::NotCovered;
use crate::date::Date;
use crate::evidence::{Outcome, ReadDocument};
use crate::identifier::Iin;
use crate::mrz;
use crate::policy::OperatorPresence;
use crate::service::{FieldError, RequestRecord, Service};
use crate::time::Now;

impl Session {
    pub(super) fn form_showing(&self, name: &str, error: Option<FieldError>) -> Showing {
        let fields = self
            .facts
            .service
            .as_ref()
            .map_or(&[][..], |service| &service.fields);
        match fields.iter().position(|field| field.name == name) {
            Some(at) => Showing::Field {
                field: fields[at].clone(),
                number: at + 1,
                of: fields.len(),
                error,
            },
            None => Showing::Claim { error: None },
        }
    }

    /// Goes on with the first field that is asked for and has no answer; with the claim, where there is none.
    pub(super) fn next_field(&mut self, now: Now) -> Vec<super::Effect> {
        let facts = &self.facts;
        let Some(service) = &facts.service else {
            return Vec::new();
        };
        let open = service.fields_asked(&facts.entries).find(|field| {
            let has_entry = facts.entries.iter().any(|entry| entry.field == field.name);
            !has_entry && !facts.skipped.contains(&field.name)
        });
        if let Some(field) = open {
            self.state = State::Filling {
                field: field.name.clone(),
                error: None,
            };
            return Vec::new();
        }
        if !service.requires_verification(&facts.entries) {
            return self.record(now, Outcome::NotRequired);
        }
        self.state = State::Claiming { error: None };
        Vec::new()
    }

    pub(super) fn fill(&mut self, now: Now, name: &str, value: &Sensitive<String>) -> Vec<Effect> {
        let State::Filling { field: shown, .. } = &self.state else {
            return Vec::new();
        };
        if shown != name {
            return Vec::new();
        }
        let service = self.facts.service.as_ref();
        let Some(field) =
            service.and_then(|service| service.fields.iter().find(|field| field.name == name).cloned())
        else {
            return Vec::new();
        };
        self.touched_at = now.monotonic;
        match field.read(value) {
            Ok(entry) => {
                let filled = entry.is_some();
                match entry {
                    Some(entry) => self.facts.entries.push(entry),
                    None => self.facts.skipped.push(field.name.clone()),
                }
                let mut effects = vec![Effect::Audit(AuditEvent::FieldEntered {
                    field: field.name,
                    filled,
                })];
                effects.extend(self.next_field(now));
                effects
            }
            Err(error) => {
                self.state = State::Filling {
                    field: field.name.clone(),
                    error: Some(error),
                };
                vec![Effect::Audit(AuditEvent::FieldRefused(field.name))]
            }
        }
    }

    pub(super) fn claim(&mut self, now: Now, text: &Sensitive<String>) -> Vec<Effect> {
        let claimed = text.expose().parse::<Iin>().map_err(ClaimFault::Iin);
        self.claimed(now, claimed.map(|iin| (iin, None)))
    }

    pub(super) fn claim_by_zone(&mut self, now: Now, text: &Sensitive<String>) -> Vec<Effect> {
        let today = Date::from_utc(now.utc);
        let read = mrz::parse(text.expose(), today).map_err(ClaimFault::Zone);
        let claimed = read.and_then(|document| {
            if document.is_expired_on(today) {
                return Err(ClaimFault::Expired);
            }
            let iin = document.iin.clone().ok_or(ClaimFault::NoIin)?;
            Ok((iin, Some(ReadDocument::from(document))))
        });
        self.claimed(now, claimed)
    }

    fn claimed(&mut self, now: Now, claimed: Result<(Iin, Option<ReadDocument>), ClaimFault>) -> Vec<Effect> {
        if !matches!(self.state, State::Claiming { .. }) {
            return Vec::new();
        }
        self.touched_at = now.monotonic;
        let plausible = claimed.and_then(|(iin, document)| {
            let today = Date::from_utc(now.utc);
            if iin.is_plausible_on(today) {
                Ok((iin, document))
            } else {
                Err(ClaimFault::Implausible)
            }
        });
        match plausible {
            Ok((iin, document)) => {
                self.facts.claim = Some(iin);
                self.facts.identity_document = document;
                match self.opening.policy.operator {
                    OperatorPresence::Required => self.wait_for_operator(None),
                    OperatorPresence::NotRequired => self.state = State::ChoosingMethod,
                }
                vec![Effect::Audit(AuditEvent::ClaimEntered)]
            }
            Err(error) => {
                self.state = State::Claiming { error: Some(error) };
                vec![Effect::Audit(AuditEvent::ClaimRefused)]
            }
        }
    }

    pub(super) fn back_to_services(&mut self) {
        self.facts = Facts::default();
        self.state = State::ChoosingService;
    }

    /// To the field before, without its entry; to the services where there is none.
    pub(super) fn back_in_form(&mut self) {
        let service = self.facts.service.as_ref();
        let shown = match &self.state {
            State::Filling { field, .. } => Some(field.as_str()),
            _ => None,
        };
        let facts = &self.facts;
        let answered = |name: &str| {
            facts.entries.iter().any(|entry| entry.field == name)
                || facts.skipped.iter().any(|skip| skip == name)
        };
        let before = service.and_then(|service| {
            let all = service.fields.iter().map(|field| field.name.as_str());
            all.take_while(|name| Some(*name) != shown)
                .filter(|name| answered(name))
                .last()
                .map(str::to_owned)
        });
        let Some(field) = before else {
            return self.back_to_services();
        };
        self.facts.entries.retain(|entry| entry.field != field);
        self.facts.skipped.retain(|skip| *skip != field);
        self.state = State::Filling { field, error: None };
    }

    /// The request that a session of this outcome makes: there is one only where the person was captured, for the centre
    /// has to say who it is.
    pub(super) fn request(
        &self,
        service: &Service,
        outcome: Outcome,
        now: Now,
    ) -> Result<Option<RequestRecord>, NotCovered> {
        match &service.request {
            Some(demand) if outcome == Outcome::AwaitingIdentification => demand.made(
                &self.facts.entries,
                Date::from_utc(now.utc),
                &self.opening.calendar,
            ),
            _ => Ok(None),
        }
    }

    /// What the institution is to hear of: what the service's rules find in the entries, and what the session found.
    pub(super) fn suspicions(&self, service: &Service, outcome: Outcome) -> Vec<String> {
        let facts = &self.facts;
        let mut codes = service.suspicions_of(&facts.entries);
        let found = [
            (
                facts.entries.iter().any(|entry| entry.look_alike),
                "look-alike-letters",
            ),
            (outcome == Outcome::AttackSuspected, "attack-suspected"),
            (outcome == Outcome::NotVerified, "attempts-used-up"),
            (facts.palm.has_met_another(), "palm-of-another-person"),
        ];
        codes.extend(
            found
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, code)| code.to_owned()),
        );
        codes
    }
}
