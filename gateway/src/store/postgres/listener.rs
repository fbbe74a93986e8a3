//! Hears what the other gateways, and this one, have changed.

use std::future::poll_fn;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{broadcast, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, NoTls};
use verification::evidence::DocumentId;

use super::session::{CALL_LIMIT, PostgresSettings, SESSION};
use crate::store::rules::hex;
use crate::store::{Change, ConnectionId};

/// Name of the channel. Its messages name documents, kiosks and connections, nothing else.
const CHANNEL: &str = "alaqan";

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The pause before the server is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// How often it is asked whether the line is alive and the server still flushes.
const PULSE: Duration = Duration::from_secs(10);

/// How long a gateway that has lost its name with its line may be without it. By then the server has noticed that the
/// former line is gone.
const NAMELESS_LIMIT: Duration = Duration::from_secs(60);

/// The pause before a name that another one holds is tried again.
const NAME_PAUSE: Duration = Duration::from_millis(100);

/// Takes the name `$1` for as long as the connection lives. The first number tells these locks from those of kiosks.
const TAKE_NAME: &str = "SELECT pg_try_advisory_lock(1634492785, hashtext($1))";

/// What the server has switched off without which an acknowledgement means nothing.
pub(super) const UNSAFE: &str = "SELECT name FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'";

/// Who has the name of this gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// The server has not said.
    Unknown,
    /// This one.
    Held,
    /// Another one.
    Elsewhere,
}

/// Hears the changes, and holds the name of the gateway if it is to. Stops when it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    task: AbortHandle,
    wanted: watch::Sender<bool>,
    hold: watch::Receiver<Hold>,
    ended: watch::Receiver<bool>,
}

impl Listener {
    /// Listens until it is dropped, again and again when the line is lost.
    pub(super) fn start(
        settings: PostgresSettings,
        gateway: String,
        changes: broadcast::Sender<Change>,
    ) -> Self {
        let (wanted, wish) = watch::channel(false);
        let (held, hold) = watch::channel(Hold::Unknown);
        let (end, ended) = watch::channel(false);
        let session = Session {
            gateway,
            changes,
            wish,
            held,
            end,
        };
        let task = tokio::spawn(session.run(settings)).abort_handle();
        Self {
            task,
            wanted,
            hold,
            ended,
        }
    }

    /// Takes the name of the gateway, and keeps it.
    pub(super) async fn hold_name(&self, limit: Duration) -> Hold {
        self.wanted.send_replace(true);
        let mut hold = self.hold.clone();
        let _ = tokio::time::timeout(limit, hold.wait_for(|hold| *hold == Hold::Held)).await;
        *hold.borrow()
    }

    /// Waits until the name is lost for good, or the server does not flush any more, or the task has panicked.
    pub(super) async fn ended(&self) {
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the task knows from one connection to the next.
struct Session {
    gateway: String,
    changes: broadcast::Sender<Change>,
    wish: watch::Receiver<bool>,
    held: watch::Sender<Hold>,
    end: watch::Sender<bool>,
}

impl Session {
    async fn run(mut self, settings: PostgresSettings) {
        loop {
            let ended = match settings.tls() {
                Ok(Some(tls)) => self.connect(settings.config().connect(tls)).await,
                _ => self.connect(settings.config().connect(NoTls)).await,
            };
            if let Err(error) = ended {
                tracing::warn!(
                    error = &*error as &dyn std::error::Error,
                    "changes of other gateways cannot be heard"
                );
            }
            self.held.send_replace(Hold::Unknown);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn connect<S, T>(
        &mut self,
        connecting: impl Future<Output = Result<(Client, Connection<S, T>), Error>>,
    ) -> Result<(), Fault>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
        T: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (client, mut connection) = timeout(CALL_LIMIT, connecting).await??;
        let changes = self.changes.clone();
        let attended = self.attend(&client);
        tokio::pin!(attended);
        loop {
            tokio::select! {
                done = &mut attended => return done,
                message = poll_fn(|context| connection.poll_message(context)) => match message {
                    Some(Ok(AsyncMessage::Notification(notification))) => {
                        // Nobody may be listening here.
                        let _ = changes.send(read(notification.payload()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Begins to listen, and sees to it that the line lives and the name is held, until one of them fails.
    async fn attend(&mut self, client: &Client) -> Result<(), Fault> {
        let begin = format!("{SESSION} LISTEN {CHANNEL}");
        timeout(CALL_LIMIT, client.batch_execute(&begin)).await??;
        // What was said before is not repeated.
        let _ = self.changes.send(Change::Missed);
        let nameless = Instant::now();
        loop {
            let off = timeout(CALL_LIMIT, client.query(UNSAFE, &[])).await??;
            if let Some(row) = off.first() {
                let setting: &str = row.try_get(0)?;
                tracing::error!(setting, "the server does not flush any more what it acknowledges");
                self.end.send_replace(true);
            }
            if *self.wish.borrow_and_update() && *self.held.borrow() != Hold::Held {
                self.take_name(client, nameless).await?;
            }
            tokio::select! {
                () = tokio::time::sleep(PULSE) => {}
                changed = self.wish.changed() => changed?,
            }
        }
    }

    /// Tries until the name is this gateway's.
    async fn take_name(&self, client: &Client, since: Instant) -> Result<(), Fault> {
        loop {
            let row = timeout(CALL_LIMIT, client.query_one(TAKE_NAME, &[&self.gateway])).await??;
            if row.try_get(0)? {
                self.held.send_replace(Hold::Held);
                return Ok(());
            }
            self.held.send_replace(Hold::Elsewhere);
            if since.elapsed() > NAMELESS_LIMIT && !*self.end.borrow() {
                tracing::error!(
                    gateway = self.gateway,
                    "another gateway of this name has taken over"
                );
                self.end.send_replace(true);
            }
            tokio::time::sleep(NAME_PAUSE).await;
        }
    }
}

/// The statement that says all changes of `$1`, once the transaction is committed.
pub(super) const NOTIFY: &str = "SELECT pg_notify('alaqan', t) FROM unnest($1::text[]) t";

/// A change as a message. Names of kiosks come last: they may hold anything.
pub(super) fn write(change: &Change) -> String {
    match change {
        Change::Answered { id, kiosk_id } => format!("answered {id} {kiosk_id}"),
        Change::HostedOpened { id, kiosk_id } => format!("hosted {id} {kiosk_id}"),
        Change::Arrived { kiosk_id, connection } => format!("arrived {connection} {kiosk_id}"),
        Change::ResendRequested { kiosk_id } => format!("resend {kiosk_id}"),
        Change::Certified { kiosk_id } => format!("certified {kiosk_id}"),
        Change::TrustChanged => "trust".into(),
        Change::Missed => "missed".into(),
    }
}

/// What a message says. One that a newer gateway has written and this one does not know makes it look everything up.
fn read(message: &str) -> Change {
    let (word, rest) = message.split_once(' ').unwrap_or((message, ""));
    let named = |rest: &str| {
        let (id, kiosk_id) = rest.split_once(' ')?;
        Some((unhex(id)?, kiosk_id.to_owned()))
    };
    let kiosk_id = rest.to_owned();
    let change = match word {
        "answered" => named(rest).map(|(id, kiosk_id)| Change::Answered {
            id: DocumentId(id),
            kiosk_id,
        }),
        "hosted" => named(rest).map(|(id, kiosk_id)| Change::HostedOpened {
            id: DocumentId(id),
            kiosk_id,
        }),
        "arrived" => named(rest).map(|(connection, kiosk_id)| Change::Arrived {
            kiosk_id,
            connection: ConnectionId(connection),
        }),
        "resend" => Some(Change::ResendRequested { kiosk_id }),
        "certified" => Some(Change::Certified { kiosk_id }),
        "trust" => Some(Change::TrustChanged),
        _ => None,
    };
    change.unwrap_or(Change::Missed)
}

fn unhex(digits: &str) -> Option<[u8; 16]> {
    let bytes = u128::from_str_radix(digits, 16).ok()?.to_be_bytes();
    (hex(&bytes) == digits).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(kiosk_id in any::<String>(), id in any::<[u8; 16]>()) {
            for change in [
                Change::Answered { id: DocumentId(id), kiosk_id: kiosk_id.clone() },
                Change::HostedOpened { id: DocumentId(id), kiosk_id: kiosk_id.clone() },
                Change::Arrived { kiosk_id: kiosk_id.clone(), connection: ConnectionId(id) },
                Change::ResendRequested { kiosk_id: kiosk_id.clone() },
                Change::Certified { kiosk_id: kiosk_id.clone() },
                Change::TrustChanged,
                Change::Missed,
            ] {
                prop_assert_eq!(read(&write(&change)), change);
            }
        }

        #[test]
        fn never_panics(message in any::<String>()) {
            read(&message);
        }
    }
}
