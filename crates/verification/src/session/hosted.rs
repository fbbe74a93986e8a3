//! The part of a session that happens at the centre's own page, on the person's phone.
//!
//! The document is recorded first and says that nothing was captured here; the gateway opens the page, its address comes
//! back to be shown, and the centre's answer comes as any other.

use std::time::Duration;

use super::{AuditEvent, Effect, Session, State};
use crate::Sensitive;
use crate::evidence::{DocumentId, Modality, Outcome, Route};
use crate::time::Now;

/// How long the screen waits for the phone: the window in which the page can be used, and what it takes to open it.
pub(super) const PATIENCE: Duration = Duration::from_secs(330);

impl Session {
    pub(super) fn choose_hosted_page(&mut self, now: Now) -> Vec<Effect> {
        let service = self.facts.service.as_ref();
        let allowed = service.is_some_and(|service| service.hosted_page);
        if !matches!(self.state, State::ChoosingMethod) || !allowed {
            return Vec::new();
        }
        self.touched_at = now.monotonic;
        self.facts.route = Route::HostedPage;
        self.facts.modality = Some(Modality::Face);
        let mut effects = vec![Effect::Audit(AuditEvent::HostedPageChosen)];
        effects.extend(self.record(now, Outcome::AwaitingIdentification));
        effects
    }

    pub(super) fn hosted_page_opened(
        &mut self,
        document_id: DocumentId,
        opened: Sensitive<String>,
    ) -> Vec<Effect> {
        match &mut self.state {
            State::AtHostedPage { url, .. } if document_id == self.opening.document_id => {
                *url = Some(opened);
                vec![Effect::Audit(AuditEvent::HostedPageOpened)]
            }
            _ => Vec::new(),
        }
    }
}
