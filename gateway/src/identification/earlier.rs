//! How an earlier request stands, for the answer to the person who made it.

use document::content::{self, Content};
use verification::evidence::{DocumentId, RequestStanding};
use verification::identifier::Iin;
use verification::request;

use crate::intake;
use crate::store::{Store, StoreError};

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum EarlierError {
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A blocking task was lost.
    #[error("a blocking task was lost")]
    Lost,
}

/// How the request stands whose number was entered, if one was asked about: that of the same person, or unknown. To be
/// asked only of a person who was confirmed.
pub async fn standing(
    store: &dyn Store,
    anchors: &[Vec<u8>],
    content: &Content,
) -> Result<Option<RequestStanding>, EarlierError> {
    if !content.asks_request_state {
        return Ok(None);
    }
    let mut entered = content.entries.iter();
    let Some(number) = entered.find_map(|entry| request::parse(entry.value.expose()).ok()) else {
        return Ok(Some(RequestStanding::Unknown));
    };
    for known in store.requests_numbered(&number).await? {
        let claimed = claimed_by(store, anchors, known.document_id).await?;
        if claimed.is_some() && claimed == content.claim {
            return Ok(Some(match known.state {
                "received" => RequestStanding::Received,
                "in-progress" => RequestStanding::InProgress,
                "ready" => RequestStanding::Ready,
                "answered" => RequestStanding::Answered,
                _ => RequestStanding::Refused,
            }));
        }
    }
    Ok(Some(RequestStanding::Unknown))
}

/// Whose identity a stored document claims. One that cannot be read must not cost another person the answer, and whose it
/// is cannot be known.
async fn claimed_by(
    store: &dyn Store,
    anchors: &[Vec<u8>],
    id: DocumentId,
) -> Result<Option<Iin>, EarlierError> {
    let Some(stored) = store.document(id).await? else {
        return Ok(None);
    };
    let anchors = anchors.to_vec();
    let read = tokio::task::spawn_blocking(move || {
        let verified = intake::verify(stored.signed.expose(), &anchors, None, stored.received_at);
        let (verified, _) = verified.map_err(|error| error.to_string())?;
        let content = content::decode(verified.content.expose()).map_err(|error| error.to_string())?;
        Ok::<_, String>(content.claim)
    });
    Ok(read
        .await
        .map_err(|_| EarlierError::Lost)?
        .unwrap_or_else(|fault| {
            tracing::error!(document = %id, fault, "the document of a request cannot be read");
            None
        }))
}
