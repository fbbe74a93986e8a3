//! Hears what the other gateways, and this one, have changed.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast;
use tokio::task::AbortHandle;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, NoTls};
use verification::evidence::DocumentId;

use super::session::PostgresSettings;
use crate::store::rules::hex;
use crate::store::{Change, ConnectionId};

/// Name of the channel. Its messages name documents, kiosks and connections, nothing else.
const CHANNEL: &str = "alaqan";

/// The pause before the server is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// Listens until it is aborted, again and again when the line is lost.
pub(super) fn start(settings: PostgresSettings, changes: broadcast::Sender<Change>) -> AbortHandle {
    let task = async move {
        loop {
            let ended = match settings.tls() {
                Ok(Some(tls)) => match settings.config().connect(tls).await {
                    Ok((client, connection)) => listen(client, connection, &changes).await,
                    Err(error) => Err(error),
                },
                _ => match settings.config().connect(NoTls).await {
                    Ok((client, connection)) => listen(client, connection, &changes).await,
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = ended {
                tracing::warn!(%error, "changes of other gateways cannot be heard");
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::spawn(task).abort_handle()
}

async fn listen<S, T>(
    client: Client,
    mut connection: Connection<S, T>,
    changes: &broadcast::Sender<Change>,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    let statement = format!("LISTEN {CHANNEL}");
    let mut started = Box::pin(client.batch_execute(&statement));
    let mut listening = false;
    loop {
        tokio::select! {
            done = &mut started, if !listening => {
                done?;
                listening = true;
                // What was said before is not repeated. Nobody may be listening here.
                let _ = changes.send(Change::Missed);
            }
            message = poll_fn(|context| connection.poll_message(context)) => match message {
                Some(Ok(AsyncMessage::Notification(notification))) => {
                    let _ = changes.send(read(notification.payload()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
        }
    }
}

/// The statement that says all changes of `$1`, once the transaction is committed.
pub(super) const NOTIFY: &str = "SELECT pg_notify('alaqan', t) FROM unnest($1::text[]) t";

/// A change as a message. Names of kiosks come last: they may hold anything.
pub(super) fn write(change: &Change) -> String {
    match change {
        Change::Answered { id, kiosk_id } => format!("answered {id} {kiosk_id}"),
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
