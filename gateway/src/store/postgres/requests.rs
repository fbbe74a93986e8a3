//! The register of requests in PostgreSQL.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::request::RequestState;
use verification::time::UtcMs;

use super::chain::Chain;
use super::row::{bytes, number};
use super::{PostgresStore, notices};
use crate::store::requests::{
    OPEN, RequestChange, RequestFilter, RequestSet, RequestStanding, RequestVersion, Requests,
    SubjectRequest, changed_event, state_name,
};
use crate::store::rules::signed;
use crate::store::sealed::Label;
use crate::store::{COUNT_MAX, NewDocument, StoreError};

const COLUMNS: &str =
    "place, document, number, kind, kiosk_id, institution_bin, received_at, due_at, state, version";

const UNKNOWN_STATE: StoreError = StoreError::Damaged("a request in an unknown state");

impl PostgresStore {
    async fn some_requests(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<SubjectRequest>, StoreError> {
        let rows = self.all(sql, params, request).await?;
        rows.into_iter().map(|row| row.ok_or(UNKNOWN_STATE)).collect()
    }

    fn open_text(
        &self,
        document_id: DocumentId,
        sealed: Option<Vec<u8>>,
    ) -> Result<Option<Sensitive<String>>, StoreError> {
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let plain = self.seal.open(Label::Request(document_id), &sealed)?;
        let text = std::str::from_utf8(plain.expose());
        let text = text.map_err(|_| StoreError::Damaged("a note that is no text"))?;
        Ok(Some(Sensitive::new(text.to_owned())))
    }
}

#[async_trait]
impl Requests for PostgresStore {
    async fn subject_requests(
        &self,
        filter: &RequestFilter,
        limit: u32,
    ) -> Result<Vec<SubjectRequest>, StoreError> {
        let (after, limit) = (signed(filter.after), i64::from(limit));
        let overdue_at = filter.overdue_at.map(|at| at.0);
        let mut sql = format!("SELECT {COLUMNS} FROM subject_request WHERE place > $1");
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&after, &limit];
        if filter.open || overdue_at.is_some() {
            sql += &format!(" AND {OPEN}");
        }
        if let Some(at) = &overdue_at {
            params.push(at);
            sql += " AND due_at < $3";
        }
        sql += " ORDER BY place LIMIT $2";
        self.some_requests(&sql, &params).await
    }

    async fn requests_numbered(&self, number: &str) -> Result<Vec<SubjectRequest>, StoreError> {
        let select = format!("SELECT {COLUMNS} FROM subject_request WHERE number = $1 ORDER BY place");
        self.some_requests(&select, &[&number.replace('\0', "?")]).await
    }

    async fn request_history(&self, document_id: DocumentId) -> Result<Vec<RequestVersion>, StoreError> {
        let select = "SELECT version, state, reason, note, at, gateway FROM subject_request_version
            WHERE document = $1 ORDER BY version";
        let read = |row: &Row| {
            let texts: (Option<Vec<u8>>, Option<Vec<u8>>) = (row.try_get(2)?, row.try_get(3)?);
            let (version, state): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
            let (at, gateway): (i64, String) = (row.try_get(4)?, row.try_get(5)?);
            Ok((version, state, texts, at, gateway))
        };
        let rows = self.all(select, &[&&document_id.0[..]], read).await?;
        let versions = rows
            .into_iter()
            .map(|(version, state, (reason, note), at, gateway)| {
                let reason = self.open_text(document_id, reason)?;
                Ok(RequestVersion {
                    version: version.try_into().unwrap_or(0),
                    state: RequestState::from_name(&state, reason).ok_or(UNKNOWN_STATE)?,
                    note: self.open_text(document_id, note)?,
                    at: UtcMs(at),
                    gateway,
                })
            });
        versions.collect()
    }

    async fn set_request(&self, change: RequestChange, now: UtcMs) -> Result<RequestSet, StoreError> {
        let seal = |text: Option<&Sensitive<String>>| {
            let sealed = text.map(|text| {
                let label = Label::Request(change.document_id);
                self.seal.seal(label, text.expose().as_bytes())
            });
            sealed.transpose()
        };
        let (reason, note) = (seal(change.state.reason())?, seal(change.note.as_ref())?);
        let sealed = notices::seal_all(&self.seal, &change.notices)?;
        let fault = |error| self.link.fault(error);
        let call = async {
            let mut client = self.link.client().await?;
            let transaction = client.transaction().await.map_err(fault)?;
            let set = async {
                let mut chain = Chain::lock(&transaction, &self.gateway).await?;
                let id = &change.document_id.0[..];
                let select = "SELECT version FROM subject_request WHERE document = $1 FOR UPDATE";
                let seen = i32::try_from(change.seen_version).unwrap_or(i32::MAX);
                match transaction.query_opt(select, &[&id]).await? {
                    None => return Ok(RequestSet::Unknown),
                    Some(row) if row.try_get::<_, i32>(0)? != seen => return Ok(RequestSet::Stale),
                    Some(_) => {}
                }
                let version = seen.saturating_add(1);
                let update = "UPDATE subject_request SET state = $2, version = $3 WHERE document = $1";
                let state = change.state.name();
                transaction.execute(update, &[&id, &state, &version]).await?;
                let insert = "INSERT INTO subject_request_version
                    (document, version, state, reason, note, at, gateway) VALUES ($1, $2, $3, $4, $5, $6, $7)";
                let values: [&(dyn ToSql + Sync); 7] =
                    [&id, &version, &state, &reason, &note, &now.0, &self.gateway];
                transaction.execute(insert, &values).await?;
                let sealed: Vec<_> = sealed.iter().map(|notice| (notice, now)).collect();
                notices::insert(&transaction, &sealed).await?;
                chain.note(&changed_event(&change), None, now);
                chain.write(&transaction).await?;
                Ok(RequestSet::Changed)
            };
            let set = set.await.map_err(fault)?;
            transaction.commit().await.map_err(fault)?;
            Ok(set)
        };
        self.link.limited(call).await
    }

    async fn request_standing(&self, now: UtcMs) -> Result<RequestStanding, StoreError> {
        let count = |condition: &str| {
            format!(
                "(SELECT count(*) FROM (SELECT 1 FROM subject_request WHERE {OPEN}{condition} LIMIT {COUNT_MAX}) t)"
            )
        };
        let select = format!("SELECT {}, {}", count(""), count(" AND due_at < $1"));
        let row = self.one(&select, &[&now.0]).await?;
        let read = |column| number(&row, column).map_err(|error| self.link.fault(error));
        Ok(RequestStanding {
            open: read(0)?,
            overdue: read(1)?,
        })
    }
}

/// Takes the requests of documents that were just stored into the register.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    gateway: &str,
    documents: impl Iterator<Item = (&NewDocument, UtcMs)>,
) -> Result<(), Error> {
    let state = RequestState::Received.name();
    for (document, now) in documents {
        let Some(request) = &document.request else {
            continue;
        };
        let id = &document.id.0[..];
        let insert = "INSERT INTO subject_request
            (document, number, kind, kiosk_id, institution_bin, received_at, due_at, state, version)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)";
        let statement = transaction.prepare_cached(insert).await?;
        let values: [&(dyn ToSql + Sync); 8] = [
            &id,
            &request.number,
            &request.kind,
            &document.kiosk_id,
            &request.institution_bin,
            &request.received_at.0,
            &request.due_at.0,
            &state,
        ];
        transaction.execute(&statement, &values).await?;
        let insert = "INSERT INTO subject_request_version (document, version, state, at, gateway)
            VALUES ($1, 1, $2, $3, $4)";
        let statement = transaction.prepare_cached(insert).await?;
        transaction
            .execute(&statement, &[&id, &state, &now.0, &gateway])
            .await?;
    }
    Ok(())
}

/// `None`: no gateway has written this.
fn request(row: &Row) -> Result<Option<SubjectRequest>, Error> {
    let Some(state) = state_name(row.try_get(8)?) else {
        return Ok(None);
    };
    let version: i32 = row.try_get(9)?;
    Ok(Some(SubjectRequest {
        place: number(row, 0)?,
        document_id: DocumentId(bytes(row, 1)?),
        number: row.try_get(2)?,
        kind: row.try_get(3)?,
        kiosk_id: row.try_get(4)?,
        institution_bin: row.try_get(5)?,
        received_at: UtcMs(row.try_get(6)?),
        due_at: UtcMs(row.try_get(7)?),
        state,
        version: version.try_into().unwrap_or(0),
    }))
}
