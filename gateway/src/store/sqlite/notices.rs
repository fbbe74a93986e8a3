//! Notices in SQLite.

use async_trait::async_trait;
use institution::notice::NoticeId;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use verification::Sensitive;
use verification::time::UtcMs;

use super::schema::NEVER;
use super::writer::Work;
use super::{SqliteStore, signed, unsigned};
use crate::store::notices::{
    ClaimedNotice, ClaimedNotices, ListedNotice, NewNotice, NoticeFilter, NoticeStanding, NoticeState,
    Notices, Route,
};
use crate::store::{COUNT_MAX, StoreError};

/// The notices that nobody delivers and that are due, the longest due first.
const CLAIMABLE: &str = "SELECT id, attempts, body FROM notice
             WHERE route = ?1 AND delivered_at IS NULL AND next_try_at <= ?2 AND leased_until <= ?2
             ORDER BY next_try_at, number LIMIT ?3";

/// When the next notice is due that nobody delivers now.
const NEXT_DUE: &str = "SELECT next_try_at FROM notice
             WHERE route = ?1 AND delivered_at IS NULL AND next_try_at < ?3 AND leased_until <= ?2
             ORDER BY next_try_at, number LIMIT 1";

#[async_trait]
impl Notices for SqliteStore {
    async fn claim_notices(
        &self,
        route: Route,
        limit: u32,
        lease_ms: u64,
        now: UtcMs,
    ) -> Result<ClaimedNotices, StoreError> {
        let until = now.0.saturating_add_unsigned(lease_ms);
        // Nothing due means nothing to write: a gateway at rest leaves the disk alone.
        let idle = self
            .read(move |connection| {
                let due = claimable(connection, route, limit, now)?;
                Ok((due.is_empty(), next_due(connection, route, now)?))
            })
            .await?;
        if let (true, next_at) = idle {
            let notices = Vec::new();
            return Ok(ClaimedNotices { notices, next_at });
        }
        self.write(move |work| {
            let notices = claimable(work.connection, route, limit, now)?;
            for notice in &notices {
                work.execute(
                    "UPDATE notice SET leased_until = ?3 WHERE id = ?1 AND route = ?2",
                    params![notice.id.0, route.name(), until],
                )?;
            }
            let next_at = next_due(work.connection, route, now)?;
            Ok(ClaimedNotices { notices, next_at })
        })
        .await
    }

    async fn release_notices(&self, route: Route, ids: &[NoticeId]) -> Result<(), StoreError> {
        let ids = ids.to_vec();
        self.write(move |work| {
            for id in &ids {
                work.execute(
                    "UPDATE notice SET leased_until = 0 WHERE id = ?1 AND route = ?2",
                    params![id.0, route.name()],
                )?;
            }
            Ok(())
        })
        .await
    }

    async fn notice_delivered(&self, route: Route, id: NoticeId, now: UtcMs) -> Result<(), StoreError> {
        self.write(move |work| {
            work.execute(
                "UPDATE notice SET delivered_at = ?3, body = NULL, fault = NULL, leased_until = 0
                 WHERE id = ?1 AND route = ?2 AND delivered_at IS NULL",
                params![id.0, route.name(), now.0],
            )
            .map(|_| ())
        })
        .await
    }

    async fn notice_failed(
        &self,
        route: Route,
        id: NoticeId,
        fault: &str,
        next_try_at: Option<UtcMs>,
    ) -> Result<(), StoreError> {
        let fault = fault.to_owned();
        self.write(move |work| {
            work.execute(
                "UPDATE notice SET attempts = attempts + 1, fault = ?3, next_try_at = ?4, leased_until = 0
                 WHERE id = ?1 AND route = ?2 AND delivered_at IS NULL",
                params![id.0, route.name(), fault, next_try_at.map_or(NEVER, |at| at.0)],
            )
            .map(|_| ())
        })
        .await
    }

    async fn reclaim_notices(&self) -> Result<(), StoreError> {
        self.write(|work| {
            work.execute(
                "UPDATE notice SET leased_until = 0 WHERE delivered_at IS NULL AND leased_until > 0",
                [],
            )
            .map(|_| ())
        })
        .await
    }

    async fn retry_notices(&self, now: UtcMs) -> Result<u64, StoreError> {
        self.write(move |work| {
            let rows = work.execute(
                "UPDATE notice SET next_try_at = ?1 WHERE delivered_at IS NULL AND next_try_at = ?2",
                params![now.0, NEVER],
            )?;
            if rows > 0 {
                work.note(&format!("notices-retried {rows}"), None, now)?;
            }
            Ok(rows as u64)
        })
        .await
    }

    async fn notices(&self, filter: &NoticeFilter, limit: u32) -> Result<Vec<ListedNotice>, StoreError> {
        let filter = *filter;
        self.read(move |connection| {
            let mut sql = String::from(
                "SELECT number, id, route, kind, created_at, attempts, next_try_at, fault, delivered_at
                 FROM notice WHERE number > ?1",
            );
            if filter.undelivered || filter.rejected {
                sql += " AND delivered_at IS NULL";
            }
            if filter.rejected {
                sql += &format!(" AND next_try_at = {NEVER}");
            }
            sql += " ORDER BY number LIMIT ?2";
            connection
                .prepare_cached(&sql)?
                .query_map(params![signed(filter.after), limit], listed)?
                .collect()
        })
        .await
    }

    async fn notice_standing(&self) -> Result<NoticeStanding, StoreError> {
        self.read(|connection| {
            let count = |condition: &str| {
                let sql = format!(
                    "SELECT count(*) FROM (SELECT 1 FROM notice WHERE delivered_at IS NULL AND {condition}
                     LIMIT {COUNT_MAX})"
                );
                connection
                    .prepare_cached(&sql)?
                    .query_row([], |row| row.get(0))
                    .map(unsigned)
            };
            Ok(NoticeStanding {
                waiting: count(&format!("next_try_at < {NEVER}"))?,
                rejected: count(&format!("next_try_at = {NEVER}"))?,
            })
        })
        .await
    }
}

/// Stores notices in the transaction of what they speak of.
pub(super) fn insert(work: &Work<'_>, notices: &[NewNotice], now: UtcMs) -> rusqlite::Result<()> {
    for notice in notices {
        work.execute(
            "INSERT INTO notice (id, route, kind, created_at, next_try_at, body) VALUES (?1, ?2, ?3, ?4, ?4, ?5)
             ON CONFLICT (id, route) DO NOTHING",
            params![
                notice.id.0,
                notice.route.name(),
                notice.kind.name(),
                now.0,
                notice.body.expose()
            ],
        )?;
    }
    Ok(())
}

fn claimable(
    connection: &Connection,
    route: Route,
    limit: u32,
    now: UtcMs,
) -> rusqlite::Result<Vec<ClaimedNotice>> {
    connection
        .prepare_cached(CLAIMABLE)?
        .query_map(params![route.name(), now.0, limit], |row| {
            Ok(ClaimedNotice {
                id: NoticeId(row.get(0)?),
                attempts: row.get(1)?,
                body: Sensitive::new(row.get(2)?),
            })
        })?
        .collect()
}

fn next_due(connection: &Connection, route: Route, now: UtcMs) -> rusqlite::Result<Option<UtcMs>> {
    connection
        .prepare_cached(NEXT_DUE)?
        .query_row(params![route.name(), now.0, NEVER], |row| row.get(0).map(UtcMs))
        .optional()
}

fn listed(row: &Row<'_>) -> rusqlite::Result<ListedNotice> {
    let route: String = row.get(2)?;
    let unknown = || rusqlite::Error::InvalidColumnType(2, "route".into(), Type::Text);
    Ok(ListedNotice {
        number: unsigned(row.get(0)?),
        id: NoticeId(row.get(1)?),
        route: Route::from_name(&route).ok_or_else(unknown)?,
        kind: row.get(3)?,
        created_at: UtcMs(row.get(4)?),
        state: NoticeState::of(
            row.get(5)?,
            row.get::<_, i64>(6)? == NEVER,
            row.get(7)?,
            row.get::<_, Option<_>>(8)?.map(UtcMs),
        ),
    })
}
