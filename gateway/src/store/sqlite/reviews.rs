//! The queue of examiners in SQLite.

use async_trait::async_trait;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::writer::Work;
use super::{SqliteStore, documents, signed, unsigned};
use crate::store::reviews::{
    Review, ReviewDecision, ReviewFilter, ReviewKind, ReviewRow, ReviewStanding, ReviewState, ReviewStep,
    Reviews, ended_event, may_act, may_take, queued_event, released_event, taken_event,
};
use crate::store::{COUNT_MAX, NewDocument, StoreError};

const COLUMNS: &str =
    "place, document, kind, kiosk_id, service, received_at, examiner, taken_until, ended, reason,
    ended_at, calls_in_vain";

#[async_trait]
impl Reviews for SqliteStore {
    async fn reviews(
        &self,
        filter: &ReviewFilter,
        limit: u32,
        now: UtcMs,
    ) -> Result<Vec<Review>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM review WHERE place > ?");
        let mut values = vec![Value::Integer(signed(filter.after))];
        if let Some(kind) = filter.kind {
            sql += " AND kind = ?";
            values.push(Value::Text(kind.name().to_owned()));
        }
        if filter.open {
            sql += " AND ended IS NULL";
        }
        sql += " ORDER BY place LIMIT ?";
        values.push(Value::Integer(i64::from(limit)));
        self.read(move |connection| {
            connection
                .prepare_cached(&sql)?
                .query_map(params_from_iter(values), |row| review(row, now))?
                .collect()
        })
        .await
    }

    async fn review(&self, document_id: DocumentId, now: UtcMs) -> Result<Option<Review>, StoreError> {
        self.read(move |connection| find(connection, document_id, now))
            .await
    }

    async fn take_review(
        &self,
        document_id: DocumentId,
        examiner: &str,
        lease_ms: u64,
        now: UtcMs,
    ) -> Result<ReviewStep, StoreError> {
        let examiner = examiner.to_owned();
        let until = now.0.saturating_add_unsigned(lease_ms);
        self.write(move |work| {
            let Some(review) = find(work.connection, document_id, now)? else {
                return Ok(ReviewStep::Unknown);
            };
            if let Err(step) = may_take(&review.state, &examiner) {
                return Ok(step);
            }
            work.execute(
                "UPDATE review SET examiner = ?2, taken_until = ?3 WHERE document = ?1",
                params![document_id.0, examiner, until],
            )?;
            work.note(&taken_event(document_id, &examiner), None, now)?;
            Ok(ReviewStep::Done)
        })
        .await
    }

    async fn release_review(
        &self,
        document_id: DocumentId,
        examiner: &str,
        in_vain: bool,
        now: UtcMs,
    ) -> Result<ReviewStep, StoreError> {
        let examiner = examiner.to_owned();
        self.write(move |work| {
            let found = find(work.connection, document_id, now)?;
            let Some(review) = found.filter(|found| !in_vain || found.kind == ReviewKind::CallBack) else {
                return Ok(ReviewStep::Unknown);
            };
            if let Err(step) = may_act(&review.state, &examiner) {
                return Ok(step);
            }
            work.execute(
                "UPDATE review SET examiner = NULL, taken_until = 0, calls_in_vain = calls_in_vain + ?2
                 WHERE document = ?1",
                params![document_id.0, in_vain],
            )?;
            work.note(&released_event(document_id, &examiner, in_vain), None, now)?;
            Ok(ReviewStep::Done)
        })
        .await
    }

    async fn decide_review(&self, decision: ReviewDecision, now: UtcMs) -> Result<ReviewStep, StoreError> {
        let bytes = decision.answer.as_ref().map_or(0, |answer| answer.expose().len());
        self.write_bytes(bytes, move |work| decide(work, &decision, now))
            .await
    }

    async fn review_standing(&self) -> Result<ReviewStanding, StoreError> {
        self.read(|connection| {
            let count = |kind: ReviewKind| {
                let sql = format!(
                    "SELECT count(*) FROM
                     (SELECT 1 FROM review WHERE ended IS NULL AND kind = ?1 LIMIT {COUNT_MAX})"
                );
                connection
                    .prepare_cached(&sql)?
                    .query_row(params![kind.name()], |row| row.get(0))
                    .map(unsigned)
            };
            let oldest = "SELECT min(received_at) FROM review WHERE ended IS NULL";
            Ok(ReviewStanding {
                images: count(ReviewKind::Images)?,
                call_backs: count(ReviewKind::CallBack)?,
                oldest_at: connection
                    .prepare_cached(oldest)?
                    .query_row([], |row| row.get::<_, Option<_>>(0))?
                    .map(UtcMs),
            })
        })
        .await
    }
}

fn decide(work: &Work<'_>, decision: &ReviewDecision, now: UtcMs) -> rusqlite::Result<ReviewStep> {
    let id = decision.document_id;
    let found = find(work.connection, id, now)?;
    let Some(review) = found.filter(|found| found.kind == decision.end.kind()) else {
        return Ok(ReviewStep::Unknown);
    };
    if let Err(step) = may_act(&review.state, &decision.examiner) {
        return Ok(step);
    }
    // An answer that is there already was given in another way, and counts: then nothing of this one is kept.
    if let Some(answer) = &decision.answer
        && !documents::keep(work, id, answer, &decision.notices, now)?
    {
        return Ok(ReviewStep::Ended);
    }
    let reason = match decision.end {
        crate::store::ReviewEnd::Refused(reason) => Some(reason),
        _ => None,
    };
    work.execute(
        "UPDATE review SET ended = ?2, reason = ?3, ended_at = ?4, taken_until = 0 WHERE document = ?1",
        params![id.0, decision.end.name(), reason, now.0],
    )?;
    work.note(&ended_event(decision), None, now)?;
    Ok(ReviewStep::Done)
}

/// Puts a document that was just stored into the queue.
pub(super) fn insert(work: &Work<'_>, document: &NewDocument, now: UtcMs) -> rusqlite::Result<()> {
    let Some(review) = &document.review else {
        return Ok(());
    };
    work.execute(
        "INSERT INTO review (document, kind, kiosk_id, service, received_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            document.id.0,
            review.kind.name(),
            document.kiosk_id,
            review.service,
            now.0
        ],
    )?;
    work.note(&queued_event(document.id, review), document.session, now)?;
    Ok(())
}

fn find(connection: &Connection, document_id: DocumentId, now: UtcMs) -> rusqlite::Result<Option<Review>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM review WHERE document = ?1"))?
        .query_row(params![document_id.0], |row| review(row, now))
        .optional()
}

fn review(row: &Row<'_>, now: UtcMs) -> rusqlite::Result<Review> {
    let kind: String = row.get(2)?;
    let unknown = || rusqlite::Error::InvalidColumnType(2, "kind".into(), Type::Text);
    let state = ReviewRow {
        by: row.get(6)?,
        taken_until: row.get(7)?,
        end: row.get(8)?,
        reason: row.get(9)?,
        ended_at: row.get(10)?,
    };
    Ok(Review {
        place: unsigned(row.get(0)?),
        document_id: DocumentId(row.get(1)?),
        kind: ReviewKind::from_name(&kind).ok_or_else(unknown)?,
        kiosk_id: row.get(3)?,
        service: row.get(4)?,
        received_at: UtcMs(row.get(5)?),
        state: ReviewState::of(state, now),
        calls_in_vain: row.get(11)?,
    })
}
