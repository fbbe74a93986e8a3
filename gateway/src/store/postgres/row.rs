//! Values in rows.

use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Error, Row};
use verification::audit::{AuditHead, LogId};

use crate::store::rules::unsigned;

/// Bytes of a fixed length.
struct Fixed<const N: usize>([u8; N]);

impl<'a, const N: usize> FromSql<'a> for Fixed<N> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::BYTEA
    }
}

pub(super) fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], Error> {
    row.try_get::<_, Fixed<N>>(column).map(|fixed| fixed.0)
}

pub(super) fn maybe_bytes<const N: usize>(row: &Row, column: usize) -> Result<Option<[u8; N]>, Error> {
    let fixed: Option<Fixed<N>> = row.try_get(column)?;
    Ok(fixed.map(|fixed| fixed.0))
}

pub(super) fn number(row: &Row, column: usize) -> Result<u64, Error> {
    row.try_get(column).map(unsigned)
}

/// A head whose log, number and hash stand at `column` and behind it.
pub(super) fn head(row: &Row, column: usize) -> Result<AuditHead, Error> {
    Ok(AuditHead {
        log: LogId(bytes(row, column)?),
        number: number(row, column + 1)?,
        hash: bytes(row, column + 2)?,
    })
}
