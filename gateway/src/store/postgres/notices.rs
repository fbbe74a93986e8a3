//! Notices in PostgreSQL.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use institution::notice::NoticeId;
use tokio_postgres::{Error, Row};
use verification::time::UtcMs;

use super::PostgresStore;
use super::chain::Chain;
use super::row::{bytes, number};
use super::schema::NEVER;
use crate::store::notices::{
    ClaimedNotice, ClaimedNotices, ListedNotice, NewNotice, NoticeFilter, NoticeStanding, NoticeState,
    Notices, Route,
};
use crate::store::rules::signed;
use crate::store::sealed::{Label, Seal};
use crate::store::{COUNT_MAX, StoreError};

/// The clock of the database, which all gateways share: leases are counted by it.
const CLOCK: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// A notice whose body is encrypted already.
#[derive(Debug)]
pub(super) struct SealedNotice {
    id: NoticeId,
    route: Route,
    kind: &'static str,
    body: Vec<u8>,
}

/// Encrypts the bodies of notices.
pub(super) fn seal_all(seal: &Seal, notices: &[NewNotice]) -> Result<Vec<SealedNotice>, StoreError> {
    let sealed = notices.iter().map(|notice| {
        Ok(SealedNotice {
            id: notice.id,
            route: notice.route,
            kind: notice.kind.name(),
            body: seal.seal(Label::Notice(notice.id), notice.body.expose())?,
        })
    });
    sealed.collect()
}

/// Stores notices, each with its time, in the transaction of what they speak of.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    notices: &[(&SealedNotice, UtcMs)],
) -> Result<(), Error> {
    if notices.is_empty() {
        return Ok(());
    }
    let insert = "INSERT INTO notice (id, route, kind, created_at, next_try_at, body)
        SELECT id, route, kind, at, at, body
        FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[], $5::bytea[])
            WITH ORDINALITY AS t (id, route, kind, at, body, place)
        ORDER BY place
        ON CONFLICT (id, route) DO NOTHING";
    let statement = transaction.prepare_cached(insert).await?;
    let ids: Vec<&[u8]> = notices.iter().map(|(notice, _)| &notice.id.0[..]).collect();
    let routes: Vec<&str> = notices.iter().map(|(notice, _)| notice.route.name()).collect();
    let kinds: Vec<&str> = notices.iter().map(|(notice, _)| notice.kind).collect();
    let times: Vec<i64> = notices.iter().map(|(_, at)| at.0).collect();
    let bodies: Vec<&[u8]> = notices.iter().map(|(notice, _)| &notice.body[..]).collect();
    transaction
        .execute(&statement, &[&ids, &routes, &kinds, &times, &bodies])
        .await
        .map(|_| ())
}

#[async_trait]
impl Notices for PostgresStore {
    async fn claim_notices(
        &self,
        route: Route,
        limit: u32,
        lease_ms: u64,
        now: UtcMs,
    ) -> Result<ClaimedNotices, StoreError> {
        // The inner statement is performed once and first, or the limit would not hold.
        let claim = format!(
            "WITH due AS MATERIALIZED (
                 SELECT number FROM notice
                 WHERE route = $1 AND delivered_at IS NULL AND next_try_at <= $2 AND leased_until <= {CLOCK}
                 ORDER BY next_try_at, number LIMIT $3 FOR UPDATE SKIP LOCKED),
             taken AS (
                 UPDATE notice n SET leased_by = $4, leased_until = {CLOCK} + $5
                 FROM due WHERE n.number = due.number
                 RETURNING n.id, n.attempts, n.body, n.next_try_at, n.number)
             SELECT id, attempts, body FROM taken ORDER BY next_try_at, number"
        );
        let (limit, lease_ms) = (i64::from(limit), signed(lease_ms));
        let read = |row: &Row| {
            let attempts: i32 = row.try_get(1)?;
            Ok((
                NoticeId(bytes(row, 0)?),
                attempts.try_into().unwrap_or(0),
                row.try_get::<_, Vec<u8>>(2)?,
            ))
        };
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&route.name(), &now.0, &limit, &self.gateway, &lease_ms];
        let taken: Vec<(NoticeId, u32, Vec<u8>)> = self.all(&claim, &params, read).await?;
        let mut notices = Vec::with_capacity(taken.len());
        for (id, attempts, sealed) in taken {
            match self.seal.open(Label::Notice(id), &sealed) {
                Ok(body) => notices.push(ClaimedNotice { id, attempts, body }),
                // The others go on; this one is for the operator.
                Err(error) => {
                    tracing::error!(notice = %id, %error, "a notice cannot be read");
                    self.notice_failed(route, id, &error.to_string(), None).await?;
                }
            }
        }
        let next = format!(
            "SELECT next_try_at FROM notice
             WHERE route = $1 AND delivered_at IS NULL AND next_try_at < {NEVER} AND leased_until <= {CLOCK}
             ORDER BY next_try_at, number LIMIT 1"
        );
        let next_at = self
            .maybe(&next, &[&route.name()], |row| row.try_get(0).map(UtcMs))
            .await?;
        Ok(ClaimedNotices { notices, next_at })
    }

    async fn release_notices(&self, route: Route, ids: &[NoticeId]) -> Result<(), StoreError> {
        let ids: Vec<&[u8]> = ids.iter().map(|id| &id.0[..]).collect();
        let update = "UPDATE notice SET leased_by = NULL, leased_until = 0
            WHERE id = ANY($1) AND route = $2 AND leased_by = $3";
        self.execute(update, &[&ids, &route.name(), &self.gateway])
            .await
            .map(|_| ())
    }

    async fn notice_delivered(&self, route: Route, id: NoticeId, now: UtcMs) -> Result<(), StoreError> {
        let update = "UPDATE notice
            SET delivered_at = $3, body = NULL, fault = NULL, leased_by = NULL, leased_until = 0
            WHERE id = $1 AND route = $2 AND delivered_at IS NULL";
        self.execute(update, &[&&id.0[..], &route.name(), &now.0])
            .await
            .map(|_| ())
    }

    async fn notice_failed(
        &self,
        route: Route,
        id: NoticeId,
        fault: &str,
        next_try_at: Option<UtcMs>,
    ) -> Result<(), StoreError> {
        let fault = fault.replace('\0', "?");
        let next = next_try_at.map_or(NEVER, |at| at.0);
        // Who delivers now, after the lease of this gateway has ended, keeps it.
        let update = "UPDATE notice
            SET attempts = attempts + 1, fault = $3, next_try_at = $4, leased_by = NULL, leased_until = 0
            WHERE id = $1 AND route = $2 AND delivered_at IS NULL AND coalesce(leased_by, $5) = $5";
        self.execute(update, &[&&id.0[..], &route.name(), &fault, &next, &self.gateway])
            .await
            .map(|_| ())
    }

    async fn reclaim_notices(&self) -> Result<(), StoreError> {
        let update = "UPDATE notice SET leased_by = NULL, leased_until = 0
            WHERE leased_by = $1 AND leased_until > 0 AND delivered_at IS NULL";
        self.execute(update, &[&self.gateway]).await.map(|_| ())
    }

    async fn retry_notices(&self, now: UtcMs) -> Result<u64, StoreError> {
        let fault = |error| self.link.fault(error);
        let retried = async {
            let mut client = self.link.client().await?;
            let transaction = client.transaction().await.map_err(fault)?;
            let retried = async {
                let mut chain = Chain::lock(&transaction, &self.gateway).await?;
                let update = format!(
                    "UPDATE notice SET next_try_at = $1 WHERE delivered_at IS NULL AND next_try_at = {NEVER}"
                );
                let rows = transaction.execute(&update, &[&now.0]).await?;
                if rows > 0 {
                    chain.note(&format!("notices-retried {rows}"), None, now);
                }
                chain.write(&transaction).await?;
                Ok(rows)
            };
            let rows = retried.await.map_err(fault)?;
            transaction.commit().await.map_err(fault)?;
            Ok(rows)
        };
        self.link.limited(retried).await
    }

    async fn notices(&self, filter: &NoticeFilter, limit: u32) -> Result<Vec<ListedNotice>, StoreError> {
        let mut sql = String::from(
            "SELECT number, id, route, kind, created_at, attempts, next_try_at, fault, delivered_at
             FROM notice WHERE number > $1",
        );
        if filter.undelivered || filter.rejected {
            sql += " AND delivered_at IS NULL";
        }
        if filter.rejected {
            sql += &format!(" AND next_try_at = {NEVER}");
        }
        sql += " ORDER BY number LIMIT $2";
        let rows = self
            .all(&sql, &[&signed(filter.after), &i64::from(limit)], listed)
            .await?;
        rows.into_iter()
            .map(|row| row.ok_or(StoreError::Damaged("a notice with an unknown route")))
            .collect()
    }

    async fn notice_standing(&self) -> Result<NoticeStanding, StoreError> {
        let count = |condition: &str| {
            format!(
                "(SELECT count(*) FROM (SELECT 1 FROM notice WHERE delivered_at IS NULL AND {condition}
                  LIMIT {COUNT_MAX}) t)"
            )
        };
        let select = format!(
            "SELECT {}, {}",
            count(&format!("next_try_at < {NEVER}")),
            count(&format!("next_try_at = {NEVER}"))
        );
        let row = self.one(&select, &[]).await?;
        let read = |column| number(&row, column).map_err(|error| self.link.fault(error));
        Ok(NoticeStanding {
            waiting: read(0)?,
            rejected: read(1)?,
        })
    }
}

/// `None`: no gateway has written this.
fn listed(row: &Row) -> Result<Option<ListedNotice>, Error> {
    let Some(route) = Route::from_name(row.try_get(2)?) else {
        return Ok(None);
    };
    let attempts: i32 = row.try_get(5)?;
    let delivered_at: Option<i64> = row.try_get(8)?;
    Ok(Some(ListedNotice {
        number: number(row, 0)?,
        id: NoticeId(bytes(row, 1)?),
        route,
        kind: row.try_get(3)?,
        created_at: UtcMs(row.try_get(4)?),
        state: NoticeState::of(
            attempts.try_into().unwrap_or(0),
            row.try_get::<_, i64>(6)? == NEVER,
            row.try_get(7)?,
            delivered_at.map(UtcMs),
        ),
    }))
}
