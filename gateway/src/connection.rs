//! One kiosk on one connection.
//!
//! ```text
//!   TLS ─ no certificate ──> one Enrol ──> certificates, or a farewell
//!    └─── certificate ─────> Hello: name, registry, revocations, audit head, clock ──> Welcome ──> documents
//!                                └─ anything amiss ──> audit log, metrics, farewell
//! ```

mod attending;
mod enrolling;
mod greeting;
mod line;
mod measured;
mod opening;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use document::signature::ExternalSigner;
use sync::wire::{ByeReason, RefusalCode};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use verification::evidence::DocumentId;

use crate::config::Limits;
use crate::enrolment::Registrar;
use crate::institution::Outlet;
use crate::metrics::{Metrics, reason_name};
use crate::presence::Presence;
use crate::registry::ShutOut;
use crate::store::{Store, StoreError};
use crate::utc_now;

use self::line::End;
use self::opening::Papers;

/// How often one reason to refuse one kiosk is written into the audit log at most. A kiosk that tries again every few
/// seconds must not fill it.
const NOTE_INTERVAL: Duration = Duration::from_secs(60);

/// Of how many refusals it is remembered when they were noted last.
const NOTES_MAX: usize = 4096;

/// What was refused, of which kiosk and why, and when that was noted last with how many since.
type Noted = HashMap<(&'static str, String, &'static str), (Instant, u32)>;

/// What all connections share.
pub struct Shared {
    pub acceptor: TlsAcceptor,
    pub anchors: Vec<Vec<u8>>,
    pub store: Arc<dyn Store>,
    pub presence: Arc<Presence>,
    pub registrar: Registrar,
    /// Signs receipts.
    pub signer: Arc<Mutex<ExternalSigner>>,
    /// Notified when a document was stored.
    pub stored: Arc<Notify>,
    pub metrics: Arc<Metrics>,
    /// Tells the institution's systems.
    pub outlet: Option<Arc<Outlet>>,
    pub limits: Limits,
    /// One place for each handshake that may be under way.
    pub handshakes: Semaphore,
    /// Who may open packages of documents that come by another way.
    pub export_recipient: Option<String>,
    /// Who is shut out; changes while connections are open.
    pub shut_out: watch::Receiver<Arc<ShutOut>>,
    /// SHA-256 of the key for which each of these kiosks waits for a certificate of the external authority.
    pub awaiting_certificate: Mutex<HashMap<String, [u8; 32]>>,
    /// When each refusal was noted last, and how many have followed since.
    pub noted: Mutex<Noted>,
}

impl Shared {
    /// Writes a refusal into the log, the metrics and, not too often, into the audit log.
    async fn refused(&self, kiosk_id: &str, reason: ByeReason, detail: &str) {
        let name = reason_name(reason);
        tracing::warn!(kiosk = kiosk_id, reason = name, detail, "a kiosk was refused");
        if let Some(more) = self.notable("kiosk", kiosk_id, name) {
            let mut event = format!("kiosk-refused {name} {}", presentable(kiosk_id));
            if !detail.is_empty() {
                event += &format!(" {detail}");
            }
            if more > 0 {
                event += &format!(" and={more}");
            }
            self.logged(self.store.append_audit(&event, None, utc_now()).await);
        }
    }

    /// As [`Shared::refused`], of somebody whose certificate TLS does not take, and who has no name therefore.
    async fn refused_by_tls(&self, fault: &'static str) {
        if let Some(more) = self.notable("certificate", "", fault) {
            let mut event = format!("certificate-refused {fault}");
            if more > 0 {
                event += &format!(" and={more}");
            }
            self.logged(self.store.append_audit(&event, None, utc_now()).await);
        }
    }

    /// As [`Shared::refused`], of a document.
    async fn refused_document(&self, kiosk_id: &str, id: DocumentId, code: RefusalCode) {
        self.metrics.document_refused(code);
        // The one is no fault of the kiosk, and the store itself has noted the other.
        if matches!(code, RefusalCode::Unavailable { .. } | RefusalCode::AuditFork) {
            return;
        }
        if let Some(more) = self.notable("document", kiosk_id, code.name()) {
            let mut event = format!(
                "document-refused {} {} id={id}",
                code.name(),
                presentable(kiosk_id)
            );
            if more > 0 {
                event += &format!(" and={more}");
            }
            self.logged(self.store.append_audit(&event, None, utc_now()).await);
        }
    }

    /// How many refusals have passed unnoted, where this one is to be noted.
    fn notable(&self, what: &'static str, kiosk_id: &str, reason: &'static str) -> Option<u32> {
        let now = Instant::now();
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (what, kiosk_id.to_owned(), reason);
        if let Some((at, more)) = noted.get_mut(&key)
            && now.duration_since(*at) < NOTE_INTERVAL
        {
            *more += 1;
            return None;
        }
        let more = noted.insert(key, (now, 0)).map_or(0, |(_, more)| more);
        if noted.len() > NOTES_MAX {
            noted.retain(|_, (at, _)| now.duration_since(*at) < NOTE_INTERVAL);
        }
        if noted.len() > NOTES_MAX {
            noted.clear();
        }
        Some(more)
    }

    /// Notes that a kiosk waits for a certificate of the external authority.
    fn awaits_certificate(&self, kiosk_id: &str, key_sha256: [u8; 32]) {
        self.awaiting().insert(kiosk_id.to_owned(), key_sha256);
    }

    /// For which key a kiosk waits for a certificate.
    pub fn awaited_key(&self, kiosk_id: &str) -> Option<[u8; 32]> {
        self.awaiting().get(kiosk_id).copied()
    }

    /// Which kiosks wait for a certificate.
    pub fn awaiting_certificates(&self) -> Vec<String> {
        self.awaiting().keys().cloned().collect()
    }

    /// Notes that a kiosk has its certificate, or is gone.
    pub fn awaits_no_more(&self, kiosk_id: &str) {
        self.awaiting().remove(kiosk_id);
    }

    /// The map is whole between any two statements.
    fn awaiting(&self) -> MutexGuard<'_, HashMap<String, [u8; 32]>> {
        self.awaiting_certificate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What the store gives; its failure is logged and counted.
    pub fn logged<T>(&self, outcome: Result<T, StoreError>) -> Option<T> {
        outcome
            .inspect_err(|error| {
                self.metrics.store_failed();
                tracing::error!(error = error as &dyn std::error::Error, "the store failed");
            })
            .ok()
    }
}

/// A name as it may stand in the audit log: one of an external authority may hold anything.
fn presentable(kiosk_id: &str) -> String {
    if kiosk_id.is_empty() {
        return "nobody".to_owned();
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    kiosk_id
        .chars()
        .take(64)
        .map(|c| if allowed(c) { c } else { '?' })
        .collect()
}

/// Serves one connection to its end.
pub async fn serve(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr, mut stop: watch::Receiver<bool>) {
    // What is needed for a moment is boxed, so that an idle kiosk does not pay for it all the time.
    let opened = tokio::select! {
        opened = Box::pin(opening::open(&shared, tcp)) => opened,
        () = crate::stopped(&mut stop) => return,
    };
    let (mut line, papers) = match opened {
        Ok(opened) => opened,
        Err(failed) => {
            shared.metrics.turned_away(failed.step);
            tracing::warn!(%peer, step = failed.step, reason = failed.reason, "a connection was refused");
            return;
        }
    };
    let end = match papers {
        Papers::None => Box::pin(enrolling::enrol(&shared, &mut line, peer)).await,
        Papers::Kiosk(leaf) => {
            let kiosk_id = leaf.common_name.clone();
            let end = match Box::pin(greeting::greet(&shared, &mut line, &leaf, &mut stop)).await {
                Ok(awaiting) => attending::attend(&shared, &mut line, *leaf, awaiting, &mut stop).await,
                Err(end) => end,
            };
            match &end {
                End::Gone => tracing::info!(kiosk = kiosk_id, "a kiosk has left"),
                End::Bye(reason) => {
                    tracing::info!(
                        kiosk = kiosk_id,
                        reason = reason_name(*reason),
                        "a connection was ended"
                    );
                }
            }
            end
        }
    };
    if let End::Bye(reason) = end {
        shared.metrics.bye(reason);
    }
    Box::pin(line::farewell(line, end)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a connection holds while nothing happens on it, beside the buffers of TLS and WebSocket.
    #[test]
    fn an_idle_kiosk_costs_little() {
        fn size<A, B, C, D, F: Future>(_: impl Fn(A, B, C, D) -> F) -> usize {
            size_of::<F>()
        }
        let bytes = size(serve);
        println!("{bytes} bytes");
        assert!(bytes <= 3 * 1024, "{bytes}");
    }

    #[test]
    fn names_in_the_audit_log_are_tame() {
        let check = |name: &str, expect: &str| assert_eq!(presentable(name), expect);
        check("kiosk-1", "kiosk-1");
        check("", "nobody");
        check("a b\nc=ә", "a?b?c??");
        check(&"x".repeat(100), &"x".repeat(64));
    }
}
