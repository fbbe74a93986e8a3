//! Tells the institution's own systems what documents, answers and requests say.
//!
//! ```text
//!   intake ─────────┐                      ┌─> webhook ══ HTTPS ══> the institution
//!   identification ─┼─ Outlet ─> store ─> delivery
//!   operator ───────┘  notices  one queue  └─> folder ──> <id>.json
//! ```
//!
//! **Architecture Invariant:** a notice is stored in the transaction of what it speaks of, and leaves the queue only when the
//! receiver has it. So none is lost, and one that comes twice has the same id.

pub mod delivery;
pub mod folder;
pub mod webhook;

use std::path::PathBuf;
use std::sync::Arc;

use ::institution::KeyError;
use ::institution::envelope::Writer;
use ::institution::identity::{HashKey, IdentityRule};
use ::institution::notice::{Notice, RequestBody, notice_of_request, notices_of};
use document::content::Content;
use document::identification::Identification;
use tokio::sync::Notify;
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::config::{self, ConfigError, GatewayConfig, Identity};
use crate::store::{NewNotice, NewRequest, Route, SubjectRequest};
use crate::tls::TlsError;

/// Why the institution's systems cannot be told anything.
#[derive(Debug, thiserror::Error)]
pub enum OutletError {
    /// A file that the configuration names cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file holds no key. Nothing of it is said.
    #[error("{} cannot be used", file.display())]
    Key {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// The authority of the receiver cannot be used.
    #[error("the authority of the institution's receiver cannot be used")]
    Authority(#[source] TlsError),
    /// The HTTPS client cannot be made.
    #[error("the HTTPS client for the institution cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Makes notices, as the institution has configured it. Where nothing is configured there is none of these, and nothing is
/// put into the queue.
#[derive(Debug)]
pub struct Outlet {
    writer: Writer,
    routes: Vec<(Route, Arc<Notify>)>,
}

impl Outlet {
    /// Reads what notices are made with; `None` where no way is configured.
    ///
    /// # Errors
    /// When a key cannot be read.
    pub fn read(config: &GatewayConfig) -> Result<Option<Arc<Self>>, OutletError> {
        let Some(institution) = &config.institution else {
            return Ok(None);
        };
        let ways = [
            (Route::Webhook, institution.webhook.is_some()),
            (Route::Drop, institution.drop.is_some()),
        ];
        let open = ways.into_iter().filter(|(_, open)| *open);
        let routes: Vec<_> = open.map(|(route, _)| (route, Arc::default())).collect();
        let identity = match (institution.identity, &institution.identity_key_file) {
            (Identity::Iin, _) => IdentityRule::Iin,
            (Identity::Hash, Some(file)) => {
                let text = read_text(file)?;
                let key = HashKey::parse(text.expose()).map_err(|source| OutletError::Key {
                    file: file.clone(),
                    source,
                })?;
                IdentityRule::Hash(key)
            }
            // A hash without a key is what reading the configuration has refused.
            (Identity::None | Identity::Hash, _) => IdentityRule::None,
        };
        let outlet = Self {
            writer: Writer { identity },
            routes,
        };
        Ok((!outlet.routes.is_empty()).then(|| Arc::new(outlet)))
    }

    /// What is told of a document, or, with the answer, of the answer to it.
    pub fn tell_of(&self, content: &Content, answer: Option<&Identification>, now: UtcMs) -> Vec<NewNotice> {
        self.on_all_ways(&notices_of(content, answer), now)
    }

    /// What is told of a request that comes with a document.
    pub fn tell_of_new_request(
        &self,
        document_id: DocumentId,
        request: &NewRequest,
        now: UtcMs,
    ) -> Vec<NewNotice> {
        let body = RequestBody {
            document_id,
            number: request.number.clone(),
            kind: request.kind.clone(),
            received_at: request.received_at,
            due_at: request.due_at,
            state: "received",
            version: 1,
        };
        self.on_all_ways(&[notice_of_request(request.institution_bin.clone(), body)], now)
    }

    /// What is told of a request that is brought into another state, which makes its next version.
    pub fn tell_of_request(
        &self,
        request: &SubjectRequest,
        state: &'static str,
        now: UtcMs,
    ) -> Vec<NewNotice> {
        let body = RequestBody {
            document_id: request.document_id,
            number: request.number.clone(),
            kind: request.kind.clone(),
            received_at: request.received_at,
            due_at: request.due_at,
            state,
            version: request.version.saturating_add(1),
        };
        self.on_all_ways(&[notice_of_request(request.institution_bin.clone(), body)], now)
    }

    /// Says to this gateway's own deliveries that there may be something new.
    pub fn wake(&self) {
        for (_, wake) in &self.routes {
            wake.notify_one();
        }
    }

    fn on_all_ways(&self, notices: &[Notice], now: UtcMs) -> Vec<NewNotice> {
        let written = notices
            .iter()
            .map(|notice| (notice, self.writer.write(notice, now)));
        let copies = written.flat_map(|(notice, body)| {
            self.routes.iter().map(move |(route, _)| NewNotice {
                id: notice.id,
                route: *route,
                kind: notice.kind(),
                body: body.clone(),
            })
        });
        copies.collect()
    }

    fn waker(&self, route: Route) -> Arc<Notify> {
        let found = self.routes.iter().find(|(open, _)| *open == route);
        found.map_or_else(Arc::default, |(_, wake)| Arc::clone(wake))
    }
}

/// Reads a file with keys. What is no text is no key either, and is not quoted.
fn read_text(file: &std::path::Path) -> Result<Sensitive<String>, OutletError> {
    let bytes = Sensitive::new(config::read(file)?);
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| OutletError::Key {
        file: file.to_owned(),
        source: KeyError::Line(1),
    })?;
    Ok(Sensitive::new(text.to_owned()))
}
