//! Documents, questions and answers in SQLite.

use async_trait::async_trait;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::schema::NEVER;
use super::writer::Work;
use super::{SqliteStore, notices, requests, reviews, signed, unsigned};
use crate::idec::tariff::BankDay;
use crate::store::rules::{check_head, put_event};
use crate::store::{
    AnswerState, COUNT_MAX, Change, Claimed, Documents, Filter, HeadCheck, Listed, NewDocument, NewNotice,
    Put, Standing, StoreError, Stored, StoredDocument,
};

/// The documents that nobody asks about and that are due, the longest due first.
const CLAIMABLE: &str = "SELECT id FROM document
             WHERE asks = 1 AND answered_at IS NULL AND next_try_at <= ?1 AND leased_until <= ?1
             ORDER BY next_try_at, number LIMIT ?2";

/// When the next document is due that nobody asks about now.
const NEXT_DUE: &str = "SELECT min(at) FROM (
                 SELECT * FROM (SELECT max(next_try_at, leased_until) AS at FROM document
                     WHERE asks = 1 AND answered_at IS NULL AND leased_until > 0 AND leased_until > ?1
                         AND next_try_at < ?2
                     ORDER BY leased_until LIMIT 1)
                 UNION ALL
                 SELECT * FROM (SELECT next_try_at FROM document
                     WHERE asks = 1 AND answered_at IS NULL AND next_try_at < ?2 AND leased_until <= ?1
                     ORDER BY next_try_at, number LIMIT 1))";

/// Whether something else was seen at the same place of a kiosk's audit log.
const FORKS: &str = "SELECT EXISTS (SELECT 1 FROM document
                 WHERE kiosk_id = ?1 AND kiosk_log = ?2 AND kiosk_number = ?3 AND kiosk_hash <> ?4)
             OR EXISTS (SELECT 1 FROM kiosk_log
                 WHERE kiosk_id = ?1 AND log = ?2 AND number = ?3 AND hash <> ?4)";

/// Answers that a kiosk has not stored yet. Left to itself SQLite would take the index of all documents of the kiosk.
const UNSEEN: &str = "SELECT number, id FROM document INDEXED BY document_unseen
    WHERE kiosk_id = ?1 AND answered_at IS NOT NULL AND seen = 0";

#[async_trait]
impl Documents for SqliteStore {
    async fn put(&self, document: NewDocument, now: UtcMs) -> Result<Stored, StoreError> {
        let bytes = document.signed.expose().len();
        self.write_bytes(bytes, move |work| put(work, &document, now))
            .await
    }

    async fn document(&self, id: DocumentId) -> Result<Option<StoredDocument>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT kiosk_id, received_at, signed_at, bytes, sha256, attempts, kiosk_log, kiosk_number,
                         kiosk_hash, audit_log, audit_number, audit_hash
                     FROM document JOIN signed USING (number) WHERE id = ?1",
                )?
                .query_row(params![id.0], |row| {
                    Ok(StoredDocument {
                        kiosk_id: row.get(0)?,
                        received_at: UtcMs(row.get(1)?),
                        signed_at: row.get::<_, Option<_>>(2)?.map(UtcMs),
                        signed: Sensitive::new(row.get(3)?),
                        sha256: row.get(4)?,
                        attempts: row.get(5)?,
                        kiosk_audit: match row.get(6)? {
                            Some(log) => Some(head(log, row, 7)?),
                            None => None,
                        },
                        audit: head(row.get(9)?, row, 10)?,
                    })
                })
                .optional()
        })
        .await
    }

    async fn list(&self, filter: &Filter, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let (sql, values) = listing(filter, limit);
        self.read(move |connection| {
            connection
                .prepare_cached(&sql)?
                .query_map(params_from_iter(values), listed)?
                .collect()
        })
        .await
    }

    async fn standing(&self) -> Result<Standing, StoreError> {
        self.read(|connection| {
            let count = |condition: &str| {
                let sql = format!(
                    "SELECT count(*) FROM (SELECT 1 FROM document WHERE {condition} LIMIT {COUNT_MAX})"
                );
                connection
                    .prepare_cached(&sql)?
                    .query_row([], |row| row.get(0))
                    .map(unsigned)
            };
            let arrived = "SELECT coalesce(max(number), 0) FROM document";
            Ok(Standing {
                arrived: unsigned(
                    connection
                        .prepare_cached(arrived)?
                        .query_row([], |row| row.get(0))?,
                ),
                unanswered: count(&format!(
                    "asks = 1 AND answered_at IS NULL AND next_try_at < {NEVER}"
                ))?,
                rejected: count(&format!(
                    "asks = 1 AND answered_at IS NULL AND next_try_at = {NEVER}"
                ))?,
                unseen: count("answered_at IS NOT NULL AND seen = 0")?,
            })
        })
        .await
    }

    async fn claim(&self, limit: u32, lease_ms: u64, now: UtcMs) -> Result<Claimed, StoreError> {
        let until = now.0.saturating_add_unsigned(lease_ms);
        // Nothing due means nothing to write: a gateway at rest leaves the disk alone.
        let due = self
            .read(move |connection| claimable(connection, limit, now))
            .await?;
        if due.is_empty() || limit == 0 {
            let next_at = self.read(move |connection| next_due(connection, now)).await?;
            return Ok(Claimed { ids: due, next_at });
        }
        self.write(move |work| {
            let ids = claimable(work.connection, limit, now)?;
            for id in &ids {
                work.execute(
                    "UPDATE document SET leased_until = ?2 WHERE id = ?1",
                    params![id.0, until],
                )?;
            }
            let next_at = next_due(work.connection, now)?;
            Ok(Claimed { ids, next_at })
        })
        .await
    }

    async fn release(&self, ids: &[DocumentId]) -> Result<(), StoreError> {
        let ids = ids.to_vec();
        self.write(move |work| {
            for id in &ids {
                work.execute(
                    "UPDATE document SET leased_until = 0 WHERE id = ?1",
                    params![id.0],
                )?;
            }
            Ok(())
        })
        .await
    }

    async fn keep_answer(
        &self,
        id: DocumentId,
        answer: &[u8],
        is_comparison: bool,
        notices: Vec<NewNotice>,
        now: UtcMs,
    ) -> Result<bool, StoreError> {
        let answer = Sensitive::new(answer.to_vec());
        self.write_bytes(answer.expose().len(), move |work| {
            let kept = keep(work, id, &answer, &notices, now)?;
            if kept && is_comparison {
                work.execute(
                    "INSERT INTO comparison (day, gateway, count) VALUES (?1, ?2, 1)
                     ON CONFLICT (day, gateway) DO UPDATE SET count = count + 1",
                    params![BankDay::of(now).0, work.gateway()],
                )?;
            }
            Ok(kept)
        })
        .await
    }

    async fn comparisons(&self, from: BankDay) -> Result<Vec<(BankDay, u64)>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT day, sum(count) FROM comparison WHERE day >= ?1 GROUP BY day ORDER BY day",
                )?
                .query_map(params![from.0], |row| {
                    Ok((BankDay(row.get(0)?), unsigned(row.get(1)?)))
                })?
                .collect()
        })
        .await
    }

    async fn postponed(&self, id: DocumentId, next_try_at: UtcMs) -> Result<(), StoreError> {
        self.write(move |work| {
            work.execute(
                "UPDATE document SET next_try_at = ?2, leased_until = 0 WHERE id = ?1 AND answered_at IS NULL",
                params![id.0, next_try_at.0],
            )
            .map(|_| ())
        })
        .await
    }

    async fn announce(&self, change: Change) -> Result<(), StoreError> {
        // Nobody may be listening.
        let _ = self.changes.send(change);
        Ok(())
    }

    async fn failed(
        &self,
        id: DocumentId,
        fault: &str,
        next_try_at: Option<UtcMs>,
    ) -> Result<(), StoreError> {
        let fault = fault.to_owned();
        self.write(move |work| {
            work.execute(
                "UPDATE document SET attempts = attempts + 1, fault = ?2, next_try_at = ?3, leased_until = 0
                 WHERE id = ?1 AND answered_at IS NULL",
                params![id.0, fault, next_try_at.map_or(NEVER, |at| at.0)],
            )
            .map(|_| ())
        })
        .await
    }

    async fn retry_all(&self, now: UtcMs) -> Result<(), StoreError> {
        self.write(move |work| {
            work.execute(
                "UPDATE document SET next_try_at = min(next_try_at, ?1), leased_until = 0
                 WHERE asks = 1 AND answered_at IS NULL",
                params![now.0],
            )
            .map(|_| ())
        })
        .await
    }

    async fn answer(&self, id: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT bytes FROM answer JOIN document USING (number) WHERE id = ?1")?
                .query_row(params![id.0], |row| row.get(0))
                .optional()
        })
        .await
    }

    async fn owed(&self, kiosk_id: &str, awaiting: &[DocumentId]) -> Result<Vec<DocumentId>, StoreError> {
        let (kiosk_id, awaiting) = (kiosk_id.to_owned(), awaiting.to_vec());
        self.read(move |connection| {
            let mut owed: Vec<(i64, [u8; 16])> = connection
                .prepare_cached(UNSEEN)?
                .query_map(params![kiosk_id], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let mut one = connection.prepare_cached(
                "SELECT number, id FROM document WHERE id = ?1 AND kiosk_id = ?2 AND answered_at IS NOT NULL",
            )?;
            for id in awaiting {
                owed.extend(
                    one.query_row(params![id.0, kiosk_id], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()?,
                );
            }
            owed.sort_unstable();
            owed.dedup();
            Ok(owed.into_iter().map(|(_, id)| DocumentId(id)).collect())
        })
        .await
    }

    async fn seen(&self, kiosk_id: &str, id: DocumentId, now: UtcMs) -> Result<(), StoreError> {
        let kiosk_id = kiosk_id.to_owned();
        self.write(move |work| {
            let rows = work.execute(
                "UPDATE document SET seen = 1
                 WHERE id = ?1 AND kiosk_id = ?2 AND answered_at IS NOT NULL AND seen = 0",
                params![id.0, kiosk_id],
            )?;
            if rows == 1 {
                work.note(&format!("answer-seen {id}"), None, now)?;
            }
            Ok(())
        })
        .await
    }

    async fn request_resend(&self, kiosk_id: &str, ids: &[DocumentId], now: UtcMs) -> Result<(), StoreError> {
        let (kiosk_id, ids) = (kiosk_id.to_owned(), ids.to_vec());
        self.write(move |work| {
            for id in &ids {
                let rows = work.execute(
                    "INSERT INTO resend (kiosk_id, id) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
                    params![kiosk_id, id.0],
                )?;
                if rows == 1 {
                    work.note(&format!("resend-requested {id} {kiosk_id}"), None, now)?;
                }
            }
            work.changed(Change::ResendRequested { kiosk_id });
            Ok(())
        })
        .await
    }

    async fn resends(&self, kiosk_id: &str) -> Result<Vec<DocumentId>, StoreError> {
        let kiosk_id = kiosk_id.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT id FROM resend WHERE kiosk_id = ?1 ORDER BY number")?
                .query_map(params![kiosk_id], |row| row.get(0).map(DocumentId))?
                .collect()
        })
        .await
    }
}

/// Stores an answer, unless there is one.
pub(super) fn keep(
    work: &Work<'_>,
    id: DocumentId,
    answer: &Sensitive<Vec<u8>>,
    notices: &[NewNotice],
    now: UtcMs,
) -> rusqlite::Result<bool> {
    let found = work
        .connection
        .prepare_cached("SELECT number, kiosk_id FROM document WHERE id = ?1 AND answered_at IS NULL")?
        .query_row(params![id.0], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let Some((number, kiosk_id)) = found else {
        return Ok(false);
    };
    work.execute(
        "INSERT INTO answer (number, bytes) VALUES (?1, ?2)",
        params![number, answer.expose()],
    )?;
    work.execute(
        "UPDATE document SET answered_at = ?2, fault = NULL, leased_until = 0 WHERE number = ?1",
        params![number, now.0],
    )?;
    notices::insert(work, notices, now)?;
    work.note(&format!("document-answered {id}"), None, now)?;
    work.changed(Change::Answered { id, kiosk_id });
    Ok(true)
}

fn put(work: &Work<'_>, document: &NewDocument, now: UtcMs) -> rusqlite::Result<Stored> {
    let id = document.id;
    let known = work
        .connection
        .prepare_cached(
            "SELECT sha256 = ?2 AND kiosk_id = ?3, received_at, audit_log, audit_number, audit_hash
             FROM document WHERE id = ?1",
        )?
        .query_row(params![id.0, document.sha256, document.kiosk_id], |row| {
            let put = if row.get(0)? { Put::Known } else { Put::Conflict };
            Ok(Stored {
                put,
                received_at: UtcMs(row.get(1)?),
                audit: head(row.get(2)?, row, 3)?,
            })
        })
        .optional()?;
    let refused = |put, received_at| {
        let audit = work.note(&put_event(put, document), document.session, now)?;
        Ok(Stored {
            put,
            received_at,
            audit,
        })
    };
    match known {
        Some(known) if known.put == Put::Known => {
            work.execute(
                "DELETE FROM resend WHERE id = ?1 AND kiosk_id = ?2",
                params![id.0, document.kiosk_id],
            )?;
            return Ok(known);
        }
        Some(known) => return refused(Put::Conflict, known.received_at),
        None => {}
    }
    if let Some(kiosk_head) = document.audit
        && forks(work, &document.kiosk_id, kiosk_head)?
    {
        return refused(Put::AuditFork, now);
    }
    for note in &document.notes {
        work.note(&format!("{note} {id}"), document.session, now)?;
    }
    if let Some(kiosk_head) = document.audit {
        see_head(work, &document.kiosk_id, kiosk_head, now)?;
    }
    let audit = work.note(&put_event(Put::New, document), document.session, now)?;
    work.execute(
        "INSERT INTO document (id, kiosk_id, outcome, received_at, signed_at, sha256, kiosk_log, kiosk_number,
             kiosk_hash, audit_log, audit_number, audit_hash, asks, next_try_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?4)",
        params![
            id.0,
            document.kiosk_id,
            document.outcome,
            now.0,
            document.signed_at.0,
            document.sha256,
            document.audit.map(|head| head.log.0),
            document.audit.map(|head| signed(head.number)),
            document.audit.map(|head| head.hash),
            audit.log.0,
            signed(audit.number),
            audit.hash,
            document.asks,
        ],
    )?;
    work.execute(
        "INSERT INTO signed (number, bytes) VALUES (?1, ?2)",
        params![work.connection.last_insert_rowid(), document.signed.expose()],
    )?;
    requests::insert(work, document, now)?;
    reviews::insert(work, document, now)?;
    notices::insert(work, &document.notices, now)?;
    work.execute(
        "DELETE FROM resend WHERE id = ?1 AND kiosk_id = ?2",
        params![id.0, document.kiosk_id],
    )?;
    Ok(Stored {
        put: Put::New,
        received_at: now,
        audit,
    })
}

/// Whether something else was seen at the same place of the kiosk's audit log.
fn forks(work: &Work<'_>, kiosk_id: &str, head: AuditHead) -> rusqlite::Result<bool> {
    work.connection.prepare_cached(FORKS)?.query_row(
        params![kiosk_id, head.log.0, signed(head.number), head.hash],
        |row| row.get(0),
    )
}

/// Checks a head of a kiosk's audit log, and remembers it if it is the highest one.
pub(super) fn see_head(
    work: &Work<'_>,
    kiosk_id: &str,
    head: AuditHead,
    now: UtcMs,
) -> rusqlite::Result<HeadCheck> {
    let highest = work
        .connection
        .prepare_cached("SELECT number, hash FROM kiosk_log WHERE kiosk_id = ?1 AND log = ?2")?
        .query_row(params![kiosk_id, head.log.0], |row| {
            Ok(AuditHead {
                log: head.log,
                number: unsigned(row.get(0)?),
                hash: row.get(1)?,
            })
        })
        .optional()?;
    let others_seen = highest.is_none()
        && work
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM kiosk_log WHERE kiosk_id = ?1)")?
            .query_row(params![kiosk_id], |row| row.get(0))?;
    let check = check_head(highest, others_seen, head);
    match check {
        HeadCheck::First | HeadCheck::NewLog => {
            work.execute(
                "INSERT INTO kiosk_log (kiosk_id, log, number, hash, first_seen_at, seen_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                params![kiosk_id, head.log.0, signed(head.number), head.hash, now.0],
            )?;
            if check == HeadCheck::NewLog {
                work.note(&format!("kiosk-log-new {kiosk_id} {}", head.log), None, now)?;
            }
        }
        HeadCheck::Fits => {
            work.execute(
                "UPDATE kiosk_log SET number = ?3, hash = ?4, seen_at = ?5 WHERE kiosk_id = ?1 AND log = ?2",
                params![kiosk_id, head.log.0, signed(head.number), head.hash, now.0],
            )?;
        }
        HeadCheck::Regressed { .. } | HeadCheck::Fork => {}
    }
    Ok(check)
}

/// The documents that nobody asks about and that are due, the longest due first.
fn claimable(connection: &Connection, limit: u32, now: UtcMs) -> rusqlite::Result<Vec<DocumentId>> {
    connection
        .prepare_cached(CLAIMABLE)?
        .query_map(params![now.0, limit], |row| row.get(0).map(DocumentId))?
        .collect()
}

/// When the next document is due that nobody asks about now: its own time, or the end of a lease.
fn next_due(connection: &Connection, now: UtcMs) -> rusqlite::Result<Option<UtcMs>> {
    connection
        .prepare_cached(NEXT_DUE)?
        .query_row(params![now.0, NEVER], |row| {
            Ok(row.get::<_, Option<_>>(0)?.map(UtcMs))
        })
}

fn listing(filter: &Filter, limit: u32) -> (String, Vec<Value>) {
    let mut sql = String::from(
        "SELECT number, id, kiosk_id, outcome, received_at, signed_at, asks, attempts, next_try_at, fault,
             answered_at IS NOT NULL, seen
         FROM document WHERE number > ?",
    );
    let mut values = vec![Value::Integer(signed(filter.after))];
    if let Some(kiosk_id) = &filter.kiosk_id {
        sql += " AND kiosk_id = ?";
        values.push(Value::Text(kiosk_id.clone()));
    }
    if let Some(since) = filter.since {
        sql += " AND received_at >= ?";
        values.push(Value::Integer(since.0));
    }
    if let Some(before) = filter.before {
        sql += " AND received_at < ?";
        values.push(Value::Integer(before.0));
    }
    if filter.unanswered {
        sql += " AND asks = 1 AND answered_at IS NULL";
    }
    sql += " ORDER BY number LIMIT ?";
    values.push(Value::Integer(i64::from(limit)));
    (sql, values)
}

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let (asks, attempts, next_try_at): (bool, u32, i64) = (row.get(6)?, row.get(7)?, row.get(8)?);
    let (fault, answered, seen): (Option<String>, bool, bool) = (row.get(9)?, row.get(10)?, row.get(11)?);
    Ok(Listed {
        number: unsigned(row.get(0)?),
        id: DocumentId(row.get(1)?),
        kiosk_id: row.get(2)?,
        outcome: row.get(3)?,
        received_at: UtcMs(row.get(4)?),
        signed_at: row.get::<_, Option<_>>(5)?.map(UtcMs),
        answer: AnswerState::of(
            asks,
            answered.then_some(seen),
            attempts,
            next_try_at == NEVER,
            fault,
        ),
    })
}

/// A head whose number and hash stand at `column` and behind it.
fn head(log: [u8; 16], row: &Row<'_>, column: usize) -> rusqlite::Result<AuditHead> {
    Ok(AuditHead {
        log: LogId(log),
        number: unsigned(row.get(column)?),
        hash: row.get(column + 1)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::tests::store;

    #[tokio::test]
    async fn no_statement_walks_through_all_documents() {
        let (_folder, store) = store();
        let limited = |filter: &Filter| listing(filter, 9).0;
        let by_kiosk = Filter {
            kiosk_id: Some("k".into()),
            ..Filter::default()
        };
        let statements = [
            (CLAIMABLE.to_owned(), "document_unanswered"),
            (NEXT_DUE.to_owned(), "document_leased"),
            (FORKS.to_owned(), "document_head"),
            (UNSEEN.to_owned(), "document_unseen"),
            (limited(&Filter::default()), "INTEGER PRIMARY KEY"),
            (limited(&by_kiosk), "document_kiosk"),
        ];
        let plans = store.read(move |connection| {
            let mut plans = Vec::new();
            for (sql, index) in statements {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let count = statement.parameter_count();
                let steps: rusqlite::Result<Vec<String>> = statement
                    .query_map(params_from_iter(vec![Value::Null; count]), |row| row.get(3))?
                    .collect();
                plans.push((index, steps?));
            }
            Ok(plans)
        });
        for (index, steps) in plans.await.unwrap() {
            assert!(
                steps.iter().any(|step| step.contains(index)),
                "{index}: {steps:?}"
            );
            let walks = |step: &&String| step.starts_with("SCAN document") && !step.contains("USING");
            assert_eq!(steps.iter().find(walks), None, "{steps:?}");
            assert!(
                !steps.iter().any(|step| step.contains("TEMP B-TREE")),
                "{index}: {steps:?}"
            );
        }
    }
}
