//! The register of requests in SQLite.

use async_trait::async_trait;
use rusqlite::types::{Type, Value};
use rusqlite::{OptionalExtension, Row, params, params_from_iter};
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::request::RequestState;
use verification::time::UtcMs;

use super::writer::Work;
use super::{SqliteStore, notices, signed, unsigned};
use crate::store::requests::{
    OPEN, RequestChange, RequestFilter, RequestSet, RequestStanding, RequestVersion, Requests,
    SubjectRequest, changed_event, received_event, state_name,
};
use crate::store::{COUNT_MAX, NewDocument, StoreError};

const COLUMNS: &str =
    "place, document, number, kind, kiosk_id, institution_bin, received_at, due_at, state, version";

#[async_trait]
impl Requests for SqliteStore {
    async fn subject_requests(
        &self,
        filter: &RequestFilter,
        limit: u32,
    ) -> Result<Vec<SubjectRequest>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM subject_request WHERE place > ?");
        let mut values = vec![Value::Integer(signed(filter.after))];
        if filter.open || filter.overdue_at.is_some() {
            sql += &format!(" AND {OPEN}");
        }
        if let Some(at) = filter.overdue_at {
            sql += " AND due_at < ?";
            values.push(Value::Integer(at.0));
        }
        sql += " ORDER BY place LIMIT ?";
        values.push(Value::Integer(i64::from(limit)));
        self.read(move |connection| {
            connection
                .prepare_cached(&sql)?
                .query_map(params_from_iter(values), request)?
                .collect()
        })
        .await
    }

    async fn requests_numbered(&self, number: &str) -> Result<Vec<SubjectRequest>, StoreError> {
        let number = number.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM subject_request WHERE number = ?1 ORDER BY place"
                ))?
                .query_map(params![number], request)?
                .collect()
        })
        .await
    }

    async fn request_history(&self, document_id: DocumentId) -> Result<Vec<RequestVersion>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT version, state, reason, note, at, gateway FROM subject_request_version
                     WHERE document = ?1 ORDER BY version",
                )?
                .query_map(params![document_id.0], |row| {
                    let text = |column| {
                        let text: rusqlite::Result<Option<String>> = row.get(column);
                        text.map(|text| text.map(Sensitive::new))
                    };
                    let name: String = row.get(1)?;
                    Ok(RequestVersion {
                        version: row.get(0)?,
                        state: RequestState::from_name(&name, text(2)?).ok_or_else(unknown_state)?,
                        note: text(3)?,
                        at: UtcMs(row.get(4)?),
                        gateway: row.get(5)?,
                    })
                })?
                .collect()
        })
        .await
    }

    async fn set_request(&self, change: RequestChange, now: UtcMs) -> Result<RequestSet, StoreError> {
        self.write(move |work| {
            let version: Option<u32> = work
                .connection
                .prepare_cached("SELECT version FROM subject_request WHERE document = ?1")?
                .query_row(params![change.document_id.0], |row| row.get(0))
                .optional()?;
            match version {
                None => return Ok(RequestSet::Unknown),
                Some(version) if version != change.seen_version => return Ok(RequestSet::Stale),
                Some(_) => {}
            }
            let version = change.seen_version.saturating_add(1);
            work.execute(
                "UPDATE subject_request SET state = ?2, version = ?3 WHERE document = ?1",
                params![change.document_id.0, change.state.name(), version],
            )?;
            insert_version(work, &change, version, now)?;
            notices::insert(work, &change.notices, now)?;
            work.note(&changed_event(&change), None, now)?;
            Ok(RequestSet::Changed)
        })
        .await
    }

    async fn request_standing(&self, now: UtcMs) -> Result<RequestStanding, StoreError> {
        self.read(move |connection| {
            let count = |condition: &str| {
                let sql = format!(
                    "SELECT count(*) FROM (SELECT 1 FROM subject_request WHERE {OPEN}{condition} LIMIT {COUNT_MAX})"
                );
                connection
                    .prepare_cached(&sql)?
                    .query_row([], |row| row.get(0))
                    .map(unsigned)
            };
            Ok(RequestStanding {
                open: count("")?,
                overdue: count(&format!(" AND due_at < {}", now.0))?,
            })
        })
        .await
    }
}

/// Takes the request of a document that was just stored into the register.
pub(super) fn insert(work: &Work<'_>, document: &NewDocument, now: UtcMs) -> rusqlite::Result<()> {
    let Some(request) = &document.request else {
        return Ok(());
    };
    let state = RequestState::Received;
    work.execute(
        "INSERT INTO subject_request (document, number, kind, kiosk_id, institution_bin, received_at, due_at, state,
             version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)",
        params![
            document.id.0,
            request.number,
            request.kind,
            document.kiosk_id,
            request.institution_bin,
            request.received_at.0,
            request.due_at.0,
            state.name(),
        ],
    )?;
    let first = RequestChange {
        document_id: document.id,
        seen_version: 0,
        state,
        note: None,
        notices: Vec::new(),
    };
    insert_version(work, &first, 1, now)?;
    work.note(&received_event(document.id, request), document.session, now)?;
    Ok(())
}

fn insert_version(work: &Work<'_>, change: &RequestChange, version: u32, now: UtcMs) -> rusqlite::Result<()> {
    work.execute(
        "INSERT INTO subject_request_version (document, version, state, reason, note, at, gateway)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            change.document_id.0,
            version,
            change.state.name(),
            change.state.reason().map(Sensitive::expose),
            change.note.as_ref().map(Sensitive::expose),
            now.0,
            work.gateway(),
        ],
    )
    .map(|_| ())
}

fn request(row: &Row<'_>) -> rusqlite::Result<SubjectRequest> {
    let name: String = row.get(8)?;
    Ok(SubjectRequest {
        place: unsigned(row.get(0)?),
        document_id: DocumentId(row.get(1)?),
        number: row.get(2)?,
        kind: row.get(3)?,
        kiosk_id: row.get(4)?,
        institution_bin: row.get(5)?,
        received_at: UtcMs(row.get(6)?),
        due_at: UtcMs(row.get(7)?),
        state: state_name(&name).ok_or_else(unknown_state)?,
        version: row.get(9)?,
    })
}

fn unknown_state() -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(8, "state".into(), Type::Text)
}
