//! The one thread that writes. Whatever waits while it is at the disk shares its next transaction, and thereby one
//! flush: group commit.

use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::{broadcast, mpsc, oneshot};
use verification::audit::{AuditEntry, AuditHead, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use super::{signed, unsigned};
use crate::store::Change;

/// How many calls share a transaction at most.
const BATCH_MAX: usize = 256;

/// How many bytes of documents share a transaction, unless one of them is larger.
const BATCH_MAX_BYTES: usize = 16 * 1024 * 1024;

/// How many calls wait before their callers do.
const QUEUE_MAX: usize = 256;

type Fault = Arc<rusqlite::Error>;

/// What a call sees of the transaction in which it takes part.
pub(super) struct Work<'a> {
    pub connection: &'a Connection,
    gateway: &'a str,
    log: LogId,
    changes: std::cell::RefCell<Vec<Change>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(connection: &'a Connection, gateway: &'a str, log: LogId) -> Self {
        Self {
            connection,
            gateway,
            log,
            changes: std::cell::RefCell::default(),
        }
    }

    pub(super) fn gateway(&self) -> &str {
        self.gateway
    }

    /// Runs a statement; gives the number of rows that it changed.
    pub(super) fn execute(&self, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<usize> {
        self.connection.prepare_cached(sql)?.execute(params)
    }

    /// Appends a record to the audit log of this gateway.
    ///
    /// The head is read from the file and not kept in memory: a tool of the operator may write while the gateway runs.
    pub(super) fn note(
        &self,
        event: &str,
        session: Option<SessionId>,
        at: UtcMs,
    ) -> rusqlite::Result<AuditHead> {
        let head = self.head()?.follow(&AuditEntry { at, session, event });
        let number = signed(head.number);
        self.execute(
            "INSERT INTO audit_record (log, number, at, session, event, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                head.log.0,
                number,
                at.0,
                session.map(|session| session.0),
                event,
                head.hash
            ],
        )?;
        self.execute(
            "UPDATE audit_log SET number = ?2, hash = ?3 WHERE log = ?1",
            params![head.log.0, number, head.hash],
        )?;
        Ok(head)
    }

    /// Where the audit log of this gateway stands.
    pub(super) fn head(&self) -> rusqlite::Result<AuditHead> {
        self.connection
            .prepare_cached("SELECT number, hash FROM audit_log WHERE log = ?1")?
            .query_row(params![self.log.0], |row| {
                Ok(AuditHead {
                    log: self.log,
                    number: unsigned(row.get(0)?),
                    hash: row.get(1)?,
                })
            })
    }

    /// Says to all listeners, once the transaction is on the disk, what has changed.
    pub(super) fn changed(&self, change: Change) {
        self.changes.borrow_mut().push(change);
    }
}

type Waiting = Box<dyn Job>;

/// A call that waits for its turn.
trait Job: Send {
    fn run(&mut self, work: &Work<'_>) -> rusqlite::Result<()>;
    /// How much it writes, as far as that matters.
    fn bytes(&self) -> usize;
    /// The transaction is on the disk, or is not.
    fn finish(self: Box<Self>, committed: Result<(), Fault>);
}

struct Call<T, F> {
    bytes: usize,
    call: Option<F>,
    outcome: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnOnce(&Work<'_>) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, work: &Work<'_>) -> rusqlite::Result<()> {
        let Some(call) = self.call.take() else {
            return Ok(());
        };
        work.connection.execute_batch("SAVEPOINT call")?;
        match call(work) {
            Ok(value) => {
                work.connection.execute_batch("RELEASE call")?;
                self.outcome = Some(Ok(value));
            }
            Err(error) => {
                self.outcome = Some(Err(Arc::new(error)));
                work.changes.borrow_mut().clear();
                // After some faults the database has rolled everything back by itself; then this fails, and so does
                // the whole transaction.
                work.connection.execute_batch("ROLLBACK TO call; RELEASE call")?;
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn finish(self: Box<Self>, committed: Result<(), Fault>) {
        let outcome = match (committed, self.outcome) {
            (_, Some(Err(error))) | (Err(error), _) => Err(error),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => return,
        };
        // Who asked may have gone.
        let _ = self.reply.send(outcome);
    }
}

/// The queue before the writing thread. Dropped, it waits until what is in the queue is done.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        gateway: String,
        log: LogId,
        changes: broadcast::Sender<Change>,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || run(connection, &gateway, log, &changes, queue))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Runs `call`, which writes so many `bytes`, in the next transaction; answers once that is on the disk. `None`: the
    /// thread is gone.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        bytes: usize,
        call: impl FnOnce(&Work<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Option<Result<T, Fault>> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Call {
            bytes,
            call: Some(call),
            outcome: None,
            reply,
        });
        self.jobs.as_ref()?.send(job).await.ok()?;
        answer.await.ok()
    }

    /// Waits until the thread is gone, which it is before this is dropped only by a panic.
    pub(super) async fn ended(&self) {
        if let Some(jobs) = &self.jobs {
            jobs.closed().await;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn run(
    mut connection: Connection,
    gateway: &str,
    log: LogId,
    changes: &broadcast::Sender<Change>,
    mut queue: mpsc::Receiver<Waiting>,
) {
    let mut next = None;
    while let Some(first) = next.take().or_else(|| queue.blocking_recv()) {
        let mut batch;
        (batch, next) = fill(first, &mut queue);
        let committed = commit(&mut connection, gateway, log, &mut batch);
        let committed = committed.map_err(Arc::new).map(|changed| {
            for change in changed {
                // Nobody may be listening.
                let _ = changes.send(change);
            }
        });
        for job in batch {
            job.finish(committed.clone());
        }
    }
}

/// What shares the next transaction, and what was taken from the queue and does not fit into it.
fn fill(first: Waiting, queue: &mut mpsc::Receiver<Waiting>) -> (Vec<Waiting>, Option<Waiting>) {
    let mut bytes = first.bytes();
    let mut batch = vec![first];
    while batch.len() < BATCH_MAX
        && let Ok(job) = queue.try_recv()
    {
        bytes += job.bytes();
        if bytes > BATCH_MAX_BYTES {
            return (batch, Some(job));
        }
        batch.push(job);
    }
    (batch, None)
}

fn commit(
    connection: &mut Connection,
    gateway: &str,
    log: LogId,
    batch: &mut [Waiting],
) -> rusqlite::Result<Vec<Change>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut changed = Vec::new();
    for job in batch {
        let work = Work::new(&transaction, gateway, log);
        job.run(&work)?;
        changed.append(&mut work.changes.into_inner());
    }
    transaction.commit()?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A job that weighs so many bytes.
    fn job(bytes: usize) -> Waiting {
        let (reply, _) = oneshot::channel();
        let call = Some(|_: &Work<'_>| Ok(()));
        Box::new(Call {
            bytes,
            call,
            outcome: None,
            reply,
        })
    }

    #[test]
    fn a_transaction_and_the_queue_are_bounded() {
        const MIB: usize = 1024 * 1024;
        let check = |waiting: &[usize], expect: usize, left: bool| {
            let (jobs, mut queue) = mpsc::channel(QUEUE_MAX);
            for bytes in &waiting[1..] {
                jobs.try_send(job(*bytes)).ok().unwrap();
            }
            let (batch, next) = fill(job(waiting[0]), &mut queue);
            assert_eq!((batch.len(), next.is_some()), (expect, left), "{waiting:?}");
        };
        check(&[0], 1, false);
        check(&[8 * MIB, 8 * MIB, 0], 3, false);
        check(&[8 * MIB, 8 * MIB, 1, 0], 2, true);
        check(&[20 * MIB, 0], 1, true);
        check(&[0; QUEUE_MAX + 1], BATCH_MAX, false);
        let (jobs, _queue) = mpsc::channel(QUEUE_MAX);
        let taken = (0..).take_while(|_| jobs.try_send(job(0)).is_ok()).count();
        assert_eq!(taken, QUEUE_MAX);
    }
}
