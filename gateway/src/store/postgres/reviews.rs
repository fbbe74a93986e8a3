//! The queue of examiners in PostgreSQL.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::PostgresStore;
use super::chain::Chain;
use super::notices::seal_all;
use super::row::{bytes, number};
use super::writer::{Answered, answer};
use crate::store::reviews::{
    Review, ReviewDecision, ReviewEnd, ReviewFilter, ReviewKind, ReviewRow, ReviewStanding, ReviewState,
    ReviewStep, Reviews, ended_event, may_act, may_take, released_event, taken_event,
};
use crate::store::rules::signed;
use crate::store::sealed::Label;
use crate::store::{COUNT_MAX, NewDocument, StoreError};

const COLUMNS: &str =
    "place, document, kind, kiosk_id, service, received_at, examiner, taken_until, ended, reason,
    ended_at, calls_in_vain";

const UNKNOWN_KIND: StoreError = StoreError::Damaged("an entry of an unknown kind for examiners");

/// What one of the steps below does with the entry that it has locked.
enum Act<'a> {
    Take {
        examiner: &'a str,
        until: i64,
    },
    Release {
        examiner: &'a str,
        in_vain: bool,
    },
    Decide {
        decision: &'a ReviewDecision,
        answered: Option<Answered>,
    },
}

impl PostgresStore {
    /// Locks the audit log and the entry, and does one thing with it.
    async fn step(
        &self,
        document_id: DocumentId,
        act: Act<'_>,
        now: UtcMs,
    ) -> Result<ReviewStep, StoreError> {
        let fault = |error| self.link.fault(error);
        let call = async {
            let mut client = self.link.client().await?;
            let transaction = client.transaction().await.map_err(fault)?;
            let step = perform(&transaction, &self.gateway, document_id, &act, now);
            let step = step.await.map_err(fault)?.ok_or(UNKNOWN_KIND)?;
            if step == ReviewStep::Done {
                transaction.commit().await.map_err(fault)?;
            } else {
                transaction.rollback().await.map_err(fault)?;
            }
            Ok(step)
        };
        self.link.limited(call).await
    }
}

/// `None`: no gateway has written this entry. Whatever is not [`ReviewStep::Done`] is to be rolled back.
async fn perform(
    transaction: &Transaction<'_>,
    gateway: &str,
    document_id: DocumentId,
    act: &Act<'_>,
    now: UtcMs,
) -> Result<Option<ReviewStep>, Error> {
    let mut chain = Chain::lock(transaction, gateway).await?;
    let select = format!("SELECT {COLUMNS} FROM review WHERE document = $1 FOR UPDATE");
    let statement = transaction.prepare_cached(&select).await?;
    let id = &document_id.0[..];
    let Some(row) = transaction.query_opt(&statement, &[&id]).await? else {
        return Ok(Some(ReviewStep::Unknown));
    };
    let Some(found) = review(&row, now)? else {
        return Ok(None);
    };
    let (wanted, allowed) = match act {
        Act::Take { examiner, .. } => (found.kind, may_take(&found.state, examiner)),
        Act::Release { examiner, in_vain } => {
            let wanted = if *in_vain {
                ReviewKind::CallBack
            } else {
                found.kind
            };
            (wanted, may_act(&found.state, examiner))
        }
        Act::Decide { decision, .. } => (decision.end.kind(), may_act(&found.state, &decision.examiner)),
    };
    if wanted != found.kind {
        return Ok(Some(ReviewStep::Unknown));
    }
    if let Err(step) = allowed {
        return Ok(Some(step));
    }
    match act {
        Act::Take { examiner, until } => {
            let update = "UPDATE review SET examiner = $2, taken_until = $3 WHERE document = $1";
            transaction.execute(update, &[&id, examiner, until]).await?;
            chain.note(&taken_event(document_id, examiner), None, now);
        }
        Act::Release { examiner, in_vain } => {
            let update =
                "UPDATE review SET examiner = NULL, taken_until = 0, calls_in_vain = calls_in_vain + $2
                WHERE document = $1";
            transaction.execute(update, &[&id, &i32::from(*in_vain)]).await?;
            chain.note(&released_event(document_id, examiner, *in_vain), None, now);
        }
        Act::Decide { decision, answered } => {
            // An answer that is there already was given in another way, and counts.
            if let Some(answered) = answered
                && answer(transaction, &mut chain, &[answered]).await?.is_empty()
            {
                return Ok(Some(ReviewStep::Ended));
            }
            let reason = match decision.end {
                ReviewEnd::Refused(reason) => Some(reason),
                ReviewEnd::Accepted | ReviewEnd::Called => None,
            };
            let update = "UPDATE review SET ended = $2, reason = $3, ended_at = $4, taken_until = 0
                WHERE document = $1";
            let values: [&(dyn ToSql + Sync); 4] = [&id, &decision.end.name(), &reason, &now.0];
            transaction.execute(update, &values).await?;
            chain.note(&ended_event(decision), None, now);
        }
    }
    chain.write(transaction).await?;
    Ok(Some(ReviewStep::Done))
}

#[async_trait]
impl Reviews for PostgresStore {
    async fn reviews(
        &self,
        filter: &ReviewFilter,
        limit: u32,
        now: UtcMs,
    ) -> Result<Vec<Review>, StoreError> {
        let (after, limit) = (signed(filter.after), i64::from(limit));
        let kind = filter.kind.map(ReviewKind::name);
        let mut sql = format!("SELECT {COLUMNS} FROM review WHERE place > $1");
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&after, &limit];
        if let Some(kind) = &kind {
            params.push(kind);
            sql += " AND kind = $3";
        }
        if filter.open {
            sql += " AND ended IS NULL";
        }
        sql += " ORDER BY place LIMIT $2";
        let rows = self.all(&sql, &params, |row| review(row, now)).await?;
        rows.into_iter().map(|row| row.ok_or(UNKNOWN_KIND)).collect()
    }

    async fn review(&self, document_id: DocumentId, now: UtcMs) -> Result<Option<Review>, StoreError> {
        let select = format!("SELECT {COLUMNS} FROM review WHERE document = $1");
        let found = self
            .maybe(&select, &[&&document_id.0[..]], |row| review(row, now))
            .await?;
        found.map(|row| row.ok_or(UNKNOWN_KIND)).transpose()
    }

    async fn take_review(
        &self,
        document_id: DocumentId,
        examiner: &str,
        lease_ms: u64,
        now: UtcMs,
    ) -> Result<ReviewStep, StoreError> {
        let until = now.0.saturating_add_unsigned(lease_ms);
        self.step(document_id, Act::Take { examiner, until }, now).await
    }

    async fn release_review(
        &self,
        document_id: DocumentId,
        examiner: &str,
        in_vain: bool,
        now: UtcMs,
    ) -> Result<ReviewStep, StoreError> {
        self.step(document_id, Act::Release { examiner, in_vain }, now)
            .await
    }

    async fn decide_review(&self, decision: ReviewDecision, now: UtcMs) -> Result<ReviewStep, StoreError> {
        let id = decision.document_id;
        let answered = match &decision.answer {
            None => None,
            Some(answer) => Some(Answered {
                id,
                sealed: self.seal.seal(Label::Answer(id), answer.expose())?,
                is_comparison: false,
                notices: seal_all(&self.seal, &decision.notices)?,
                now,
            }),
        };
        let decision = &decision;
        self.step(id, Act::Decide { decision, answered }, now).await
    }

    async fn review_standing(&self) -> Result<ReviewStanding, StoreError> {
        let count = |kind: ReviewKind| {
            format!(
                "(SELECT count(*) FROM
                  (SELECT 1 FROM review WHERE ended IS NULL AND kind = '{}' LIMIT {COUNT_MAX}) t)",
                kind.name()
            )
        };
        let select = format!(
            "SELECT {}, {}, (SELECT min(received_at) FROM review WHERE ended IS NULL)",
            count(ReviewKind::Images),
            count(ReviewKind::CallBack)
        );
        let row = self.one(&select, &[]).await?;
        let fault = |error| self.link.fault(error);
        let oldest_at: Option<i64> = row.try_get(2).map_err(fault)?;
        Ok(ReviewStanding {
            images: number(&row, 0).map_err(fault)?,
            call_backs: number(&row, 1).map_err(fault)?,
            oldest_at: oldest_at.map(UtcMs),
        })
    }
}

/// Puts documents that were just stored into the queue.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    documents: impl Iterator<Item = (&NewDocument, UtcMs)>,
) -> Result<(), Error> {
    for (document, now) in documents {
        let Some(review) = &document.review else {
            continue;
        };
        let insert = "INSERT INTO review (document, kind, kiosk_id, service, received_at)
            VALUES ($1, $2, $3, $4, $5)";
        let statement = transaction.prepare_cached(insert).await?;
        let values: [&(dyn ToSql + Sync); 5] = [
            &&document.id.0[..],
            &review.kind.name(),
            &document.kiosk_id,
            &review.service,
            &now.0,
        ];
        transaction.execute(&statement, &values).await?;
    }
    Ok(())
}

/// `None`: no gateway has written this.
fn review(row: &Row, now: UtcMs) -> Result<Option<Review>, Error> {
    let Some(kind) = ReviewKind::from_name(row.try_get(2)?) else {
        return Ok(None);
    };
    let state = ReviewRow {
        by: row.try_get(6)?,
        taken_until: row.try_get(7)?,
        end: row.try_get(8)?,
        reason: row.try_get(9)?,
        ended_at: row.try_get(10)?,
    };
    let calls_in_vain: i32 = row.try_get(11)?;
    Ok(Some(Review {
        place: number(row, 0)?,
        document_id: DocumentId(bytes(row, 1)?),
        kind,
        kiosk_id: row.try_get(3)?,
        service: row.try_get(4)?,
        received_at: UtcMs(row.try_get(5)?),
        state: ReviewState::of(state, now),
        calls_in_vain: calls_in_vain.try_into().unwrap_or(0),
    }))
}
