//! Documents, questions and answers in PostgreSQL.

use async_trait::async_trait;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::PostgresStore;
use super::chain::Chain;
use super::listener::{self, NOTIFY};
use super::notices::seal_all;
use super::row::{bytes, head, maybe_bytes, number};
use super::schema::NEVER;
use super::writer::{Answered, Document, Seen};
use crate::idec::tariff::BankDay;
use crate::store::rules::signed;
use crate::store::sealed::Label;
use crate::store::{
    AnswerState, COUNT_MAX, Change, Claimed, Documents, Filter, Listed, NewDocument, NewNotice, Standing,
    StoreError, Stored, StoredDocument,
};

/// The clock of the database, which all gateways share: leases are counted by it.
const CLOCK: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

#[async_trait]
impl Documents for PostgresStore {
    async fn put(&self, document: NewDocument, now: UtcMs) -> Result<Stored, StoreError> {
        let sealed = self
            .seal
            .seal(Label::Signed(document.id), document.signed.expose())?;
        let notices = seal_all(&self.seal, &document.notices)?;
        self.writer
            .put(Document {
                document,
                sealed,
                notices,
                now,
            })
            .await
    }

    async fn document(&self, id: DocumentId) -> Result<Option<StoredDocument>, StoreError> {
        let select =
            "SELECT kiosk_id, received_at, signed_at, signed, sha256, attempts, kiosk_log, kiosk_number,
                kiosk_hash, audit_log, audit_number, audit_hash
            FROM document WHERE id = $1";
        let read = |row: &Row| {
            let sealed: Vec<u8> = row.try_get(3)?;
            let kiosk_log: Option<[u8; 16]> = maybe_bytes(row, 6)?;
            let document = StoredDocument {
                kiosk_id: row.try_get(0)?,
                received_at: UtcMs(row.try_get(1)?),
                signed_at: Some(UtcMs(row.try_get(2)?)),
                signed: Sensitive::new(Vec::new()),
                sha256: bytes(row, 4)?,
                kiosk_audit: match kiosk_log {
                    Some(_) => Some(head(row, 6)?),
                    None => None,
                },
                audit: head(row, 9)?,
                attempts: row.try_get::<_, i32>(5)?.try_into().unwrap_or(0),
            };
            Ok((sealed, document))
        };
        let Some((sealed, document)) = self.maybe(select, &[&&id.0[..]], read).await? else {
            return Ok(None);
        };
        let signed = self.seal.open(Label::Signed(id), &sealed)?;
        Ok(Some(StoredDocument { signed, ..document }))
    }

    async fn list(&self, filter: &Filter, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let (after, limit) = (signed(filter.after), i64::from(limit));
        let (since, before) = (filter.since.map(|at| at.0), filter.before.map(|at| at.0));
        let mut sql = String::from(
            "SELECT number, id, kiosk_id, outcome, received_at, signed_at, asks, attempts, next_try_at, fault,
                 answered_at IS NOT NULL, seen
             FROM document WHERE number > $1",
        );
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&after];
        if let Some(kiosk_id) = &filter.kiosk_id {
            params.push(kiosk_id);
            sql += &format!(" AND kiosk_id = ${}", params.len());
        }
        if let Some(since) = &since {
            params.push(since);
            sql += &format!(" AND received_at >= ${}", params.len());
        }
        if let Some(before) = &before {
            params.push(before);
            sql += &format!(" AND received_at < ${}", params.len());
        }
        if filter.unanswered {
            sql += " AND asks AND answered_at IS NULL";
        }
        params.push(&limit);
        sql += &format!(" ORDER BY number LIMIT ${}", params.len());
        self.all(&sql, &params, listed).await
    }

    async fn standing(&self) -> Result<Standing, StoreError> {
        let count = |condition: &str| {
            format!("(SELECT count(*) FROM (SELECT 1 FROM document WHERE {condition} LIMIT {COUNT_MAX}) t)")
        };
        let select = format!(
            "SELECT (SELECT coalesce(max(number), 0) FROM document), {}, {}, {}",
            count(&format!("asks AND answered_at IS NULL AND next_try_at < {NEVER}")),
            count(&format!("asks AND answered_at IS NULL AND next_try_at = {NEVER}")),
            count("answered_at IS NOT NULL AND NOT seen"),
        );
        let row = self.one(&select, &[]).await?;
        let read = |column| number(&row, column).map_err(|error| self.link.fault(error));
        Ok(Standing {
            arrived: read(0)?,
            unanswered: read(1)?,
            rejected: read(2)?,
            unseen: read(3)?,
        })
    }

    async fn claim(&self, limit: u32, lease_ms: u64, now: UtcMs) -> Result<Claimed, StoreError> {
        // The inner statement is performed once and first, or the limit would not hold.
        let claim = format!(
            "WITH due AS MATERIALIZED (
                 SELECT number FROM document
                 WHERE asks AND answered_at IS NULL AND next_try_at <= $1 AND leased_until <= {CLOCK}
                 ORDER BY next_try_at, number LIMIT $2 FOR UPDATE SKIP LOCKED),
             taken AS (
                 UPDATE document d SET leased_by = $3, leased_until = {CLOCK} + $4
                 FROM due WHERE d.number = due.number RETURNING d.id, d.next_try_at, d.number)
             SELECT id FROM taken ORDER BY next_try_at, number"
        );
        let (limit, lease_ms) = (i64::from(limit), signed(lease_ms));
        let ids = self
            .all(&claim, &[&now.0, &limit, &self.gateway, &lease_ms], |row| {
                bytes(row, 0).map(DocumentId)
            })
            .await?;
        let next = format!(
            "SELECT min(at) FROM (
                 (SELECT greatest(next_try_at, $1 + leased_until - {CLOCK}) AS at FROM document
                  WHERE asks AND answered_at IS NULL AND leased_until > 0 AND leased_until > {CLOCK}
                      AND next_try_at < {NEVER}
                  ORDER BY leased_until LIMIT 1)
                 UNION ALL
                 (SELECT next_try_at FROM document
                  WHERE asks AND answered_at IS NULL AND next_try_at < {NEVER} AND leased_until <= {CLOCK}
                  ORDER BY next_try_at, number LIMIT 1)) t"
        );
        let row = self.one(&next, &[&now.0]).await?;
        let next_at: Option<i64> = row.try_get(0).map_err(|error| self.link.fault(error))?;
        Ok(Claimed {
            ids,
            next_at: next_at.map(UtcMs),
        })
    }

    async fn release(&self, ids: &[DocumentId]) -> Result<(), StoreError> {
        let ids: Vec<&[u8]> = ids.iter().map(|id| &id.0[..]).collect();
        let update =
            "UPDATE document SET leased_by = NULL, leased_until = 0 WHERE id = ANY($1) AND leased_by = $2";
        self.execute(update, &[&ids, &self.gateway]).await.map(|_| ())
    }

    async fn keep_answer(
        &self,
        id: DocumentId,
        answer: &[u8],
        is_comparison: bool,
        notices: Vec<NewNotice>,
        now: UtcMs,
    ) -> Result<bool, StoreError> {
        let sealed = self.seal.seal(Label::Answer(id), answer)?;
        let notices = seal_all(&self.seal, &notices)?;
        let answered = Answered {
            id,
            sealed,
            is_comparison,
            notices,
            now,
        };
        self.writer.answered(answered).await
    }

    async fn comparisons(&self, from: BankDay) -> Result<Vec<(BankDay, u64)>, StoreError> {
        let select =
            "SELECT day, sum(count)::bigint FROM comparison WHERE day >= $1 GROUP BY day ORDER BY day";
        self.all(select, &[&from.0], |row| {
            Ok((BankDay(row.try_get(0)?), number(row, 1)?))
        })
        .await
    }

    async fn postponed(&self, id: DocumentId, next_try_at: UtcMs) -> Result<(), StoreError> {
        let update = "UPDATE document SET next_try_at = $2, leased_by = NULL, leased_until = 0
            WHERE id = $1 AND answered_at IS NULL AND coalesce(leased_by, $3) = $3";
        self.execute(update, &[&&id.0[..], &next_try_at.0, &self.gateway])
            .await
            .map(|_| ())
    }

    async fn announce(&self, change: Change) -> Result<(), StoreError> {
        let messages = vec![listener::write(&change)];
        self.all(NOTIFY, &[&messages], |_| Ok(())).await.map(|_| ())
    }

    async fn failed(
        &self,
        id: DocumentId,
        fault: &str,
        next_try_at: Option<UtcMs>,
    ) -> Result<(), StoreError> {
        let fault = fault.replace('\0', "?");
        let next = next_try_at.map_or(NEVER, |at| at.0);
        let update = "UPDATE document
            SET attempts = attempts + 1, fault = $2, next_try_at = $3, leased_by = NULL, leased_until = 0
            WHERE id = $1 AND answered_at IS NULL AND coalesce(leased_by, $4) = $4";
        // Who holds the question now, after the lease of this gateway has ended, keeps it.
        self.execute(update, &[&&id.0[..], &fault, &next, &self.gateway])
            .await
            .map(|_| ())
    }

    async fn retry_all(&self, now: UtcMs) -> Result<(), StoreError> {
        let own = "UPDATE document SET leased_by = NULL, leased_until = 0
            WHERE leased_by = $1 AND leased_until > 0 AND asks AND answered_at IS NULL";
        self.execute(own, &[&self.gateway]).await?;
        // What others ask about now keeps its time.
        let all = format!(
            "UPDATE document SET next_try_at = $1
             WHERE asks AND answered_at IS NULL AND next_try_at > $1 AND leased_until <= {CLOCK}"
        );
        self.execute(&all, &[&now.0]).await.map(|_| ())
    }

    async fn answer(&self, id: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        let select = "SELECT answer FROM document WHERE id = $1 AND answer IS NOT NULL";
        let read = |row: &Row| row.try_get::<_, Vec<u8>>(0);
        let Some(sealed) = self.maybe(select, &[&&id.0[..]], read).await? else {
            return Ok(None);
        };
        let answer = self.seal.open(Label::Answer(id), &sealed)?;
        Ok(Some(answer.expose().clone()))
    }

    async fn owed(&self, kiosk_id: &str, awaiting: &[DocumentId]) -> Result<Vec<DocumentId>, StoreError> {
        let awaiting: Vec<&[u8]> = awaiting.iter().map(|id| &id.0[..]).collect();
        let select =
            "SELECT id, number FROM document WHERE kiosk_id = $1 AND answered_at IS NOT NULL AND NOT seen
            UNION
            SELECT id, number FROM document WHERE id = ANY($2) AND kiosk_id = $1 AND answered_at IS NOT NULL
            ORDER BY number";
        self.all(select, &[&kiosk_id, &awaiting], |row| {
            bytes(row, 0).map(DocumentId)
        })
        .await
    }

    async fn seen(&self, kiosk_id: &str, id: DocumentId, now: UtcMs) -> Result<(), StoreError> {
        let kiosk_id = kiosk_id.to_owned();
        self.writer.seen(Seen { kiosk_id, id, now }).await
    }

    async fn request_resend(&self, kiosk_id: &str, ids: &[DocumentId], now: UtcMs) -> Result<(), StoreError> {
        let fault = |error| self.link.fault(error);
        let requested = async {
            let mut client = self.link.client().await?;
            let transaction = client.transaction().await.map_err(fault)?;
            let requested = async {
                let mut chain = Chain::lock(&transaction, &self.gateway).await?;
                let insert = "INSERT INTO resend (kiosk_id, id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
                for id in ids {
                    if transaction.execute(insert, &[&kiosk_id, &&id.0[..]]).await? == 1 {
                        chain.note(&format!("resend-requested {id} {kiosk_id}"), None, now);
                    }
                }
                let change = Change::ResendRequested {
                    kiosk_id: kiosk_id.to_owned(),
                };
                transaction
                    .execute(NOTIFY, &[&vec![listener::write(&change)]])
                    .await?;
                chain.write(&transaction).await
            };
            requested.await.map_err(fault)?;
            transaction.commit().await.map_err(fault)
        };
        self.link.limited(requested).await
    }

    async fn resends(&self, kiosk_id: &str) -> Result<Vec<DocumentId>, StoreError> {
        let select = "SELECT id FROM resend WHERE kiosk_id = $1 ORDER BY number";
        self.all(select, &[&kiosk_id], |row| bytes(row, 0).map(DocumentId))
            .await
    }
}

fn listed(row: &Row) -> Result<Listed, Error> {
    let (asks, attempts, next_try_at): (bool, i32, i64) = (row.try_get(6)?, row.try_get(7)?, row.try_get(8)?);
    let (fault, answered, seen): (Option<String>, bool, bool) =
        (row.try_get(9)?, row.try_get(10)?, row.try_get(11)?);
    let attempts = attempts.try_into().unwrap_or(0);
    Ok(Listed {
        number: number(row, 0)?,
        id: DocumentId(bytes(row, 1)?),
        kiosk_id: row.try_get(2)?,
        outcome: row.try_get(3)?,
        received_at: UtcMs(row.try_get(4)?),
        signed_at: Some(UtcMs(row.try_get(5)?)),
        answer: AnswerState::of(
            asks,
            answered.then_some(seen),
            attempts,
            next_try_at == NEVER,
            fault,
        ),
    })
}
