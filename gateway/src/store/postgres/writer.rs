//! The one task that stores documents, answers and what was seen. Whatever waits while the server is at its disk
//! shares the next transaction, and thereby one flush: group commit.
//!
//! This matters here even more than inside the gateway: the audit log is a chain, so its transactions can only come one
//! after the other.

mod batch;

use tokio::sync::{mpsc, oneshot};
use verification::audit::AuditHead;
use verification::evidence::{DocumentId, SessionId};
use verification::time::UtcMs;

use self::batch::Reply;
pub(super) use self::batch::answer;
use super::Link;
use super::notices::SealedNotice;
use crate::store::{NewDocument, StoreError, Stored};

/// How many calls share a transaction at most.
const BATCH_MAX: usize = 256;

/// How many bytes of documents share a transaction, unless one of them is larger.
const BATCH_MAX_BYTES: usize = 16 * 1024 * 1024;

/// How many calls wait before their callers do.
const QUEUE_MAX: usize = 1024;

/// A document to be put. Its bytes are encrypted already.
#[derive(Debug)]
pub(super) struct Document {
    pub document: NewDocument,
    pub sealed: Vec<u8>,
    pub notices: Vec<SealedNotice>,
    pub now: UtcMs,
}

/// An answer to be stored. Its bytes are encrypted already.
#[derive(Debug)]
pub(super) struct Answered {
    pub id: DocumentId,
    pub sealed: Vec<u8>,
    /// Whether the centre is paid for it.
    pub is_comparison: bool,
    pub notices: Vec<SealedNotice>,
    pub now: UtcMs,
}

/// An answer that a kiosk has stored.
#[derive(Debug)]
pub(super) struct Seen {
    pub kiosk_id: String,
    pub id: DocumentId,
    pub now: UtcMs,
}

/// A record for the audit log.
#[derive(Debug)]
pub(super) struct Note {
    pub event: String,
    pub session: Option<SessionId>,
    pub now: UtcMs,
}

#[derive(Debug)]
enum Write {
    Put(Box<Document>),
    Answered(Answered),
    Seen(Seen),
    Note(Note),
}

impl Write {
    fn bytes(&self) -> usize {
        match self {
            Self::Put(document) => document.sealed.len(),
            Self::Answered(answered) => answered.sealed.len(),
            Self::Seen(_) | Self::Note(_) => 0,
        }
    }
}

struct Call {
    write: Write,
    reply: oneshot::Sender<Result<Reply, StoreError>>,
}

/// The queue before the writing task. That ends when the queue is dropped and empty.
#[derive(Debug)]
pub(super) struct Writer {
    calls: mpsc::Sender<Call>,
}

impl Writer {
    pub(super) fn start(link: Link, gateway: String) -> Self {
        let (calls, queue) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(run(link, gateway, queue));
        Self { calls }
    }

    pub(super) async fn put(&self, document: Document) -> Result<Stored, StoreError> {
        match self.call(Write::Put(Box::new(document))).await? {
            Reply::Stored(stored) => Ok(stored),
            _ => Err(StoreError::Closed),
        }
    }

    pub(super) async fn answered(&self, answered: Answered) -> Result<bool, StoreError> {
        match self.call(Write::Answered(answered)).await? {
            Reply::Kept(kept) => Ok(kept),
            _ => Err(StoreError::Closed),
        }
    }

    pub(super) async fn seen(&self, seen: Seen) -> Result<(), StoreError> {
        self.call(Write::Seen(seen)).await.map(|_| ())
    }

    pub(super) async fn note(&self, note: Note) -> Result<AuditHead, StoreError> {
        match self.call(Write::Note(note)).await? {
            Reply::Noted(head) => Ok(head),
            _ => Err(StoreError::Closed),
        }
    }

    /// Waits until the task is gone, which it is before this is dropped only by a panic.
    pub(super) async fn ended(&self) {
        self.calls.closed().await;
    }

    async fn call(&self, write: Write) -> Result<Reply, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = Call { write, reply };
        self.calls.send(call).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

async fn run(link: Link, gateway: String, mut queue: mpsc::Receiver<Call>) {
    let mut next = None;
    while let Some(first) = match next.take() {
        Some(call) => Some(call),
        None => queue.recv().await,
    } {
        let mut bytes = first.write.bytes();
        let (mut writes, mut replies) = (vec![first.write], vec![first.reply]);
        while writes.len() < BATCH_MAX
            && let Ok(call) = queue.try_recv()
        {
            bytes += call.write.bytes();
            if bytes > BATCH_MAX_BYTES {
                next = Some(call);
                break;
            }
            writes.push(call.write);
            replies.push(call.reply);
        }
        for (reply, outcome) in replies.into_iter().zip(commit(&link, &gateway, &writes).await) {
            // Who asked may have gone.
            let _ = reply.send(outcome);
        }
    }
}

/// One outcome for each write. One that the server does not take spoils nothing but itself.
async fn commit(link: &Link, gateway: &str, writes: &[Write]) -> Vec<Result<Reply, StoreError>> {
    match batch::commit(link, gateway, writes).await {
        Ok(replies) => replies.into_iter().map(Ok).collect(),
        Err(error @ (StoreError::Postgres { .. } | StoreError::Unavailable { .. }))
            if writes.len() > 1 && is_of_one(&error) =>
        {
            let mut outcomes = Vec::with_capacity(writes.len());
            for write in writes {
                let outcome = batch::commit(link, gateway, std::slice::from_ref(write)).await;
                outcomes.push(outcome.and_then(|mut replies| replies.pop().ok_or(StoreError::Closed)));
            }
            outcomes
        }
        Err(error) => writes.iter().map(|_| Err(error.clone())).collect(),
    }
}

/// Whether a fault may lie in one of the writes, or in their meeting those of another gateway, and not in the server.
fn is_of_one(error: &StoreError) -> bool {
    let source: &(dyn std::error::Error + 'static) = match error {
        StoreError::Postgres { .. } => return true,
        StoreError::Unavailable { source, .. } => &**source,
        _ => return false,
    };
    let source = source.downcast_ref::<tokio_postgres::Error>();
    source
        .and_then(tokio_postgres::Error::code)
        .is_some_and(|state| state.code().starts_with("40"))
}
