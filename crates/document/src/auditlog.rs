//! The form in which an audit log leaves a kiosk or a gateway, for auditors: one JSON object in each line.
//!
//! ```text
//! {"format":"alaqan-audit","version":1,"log":"<32 hex digits>","keeper":"kiosk-7"}
//! {"number":1,"at":1780315190000,"session":"<32 hex digits>","event":"SessionOpened","hash":"<64 hex digits>"}
//! …
//! {"statement":"<base64 of a CMS>"}
//! ```
//!
//! `at` is in milliseconds of UTC, `session` is left out where there is none. The last line is a [`Statement`] of the head
//! of the log, signed by who keeps it. How a hash is made stands at [`AuditHead::follow`].

mod examine;
mod writer;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use verification::audit::{AuditHead, AuditRecord, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use crate::codes::{AuditHeadWire, from_bytes, to_bytes};
use crate::content::DecodeError;

pub use self::examine::{Examination, Examiner, FAULTS_MAX, Fault};
pub use self::writer::{LogWriter, WriteError};

/// Version of the form and of the statement.
pub const VERSION: u32 = 1;

/// No line is longer.
pub const LINE_MAX_BYTES: usize = 64 * 1024;

const FORMAT: &str = "alaqan-audit";
const STATEMENT_KIND: &str = "alaqan-audit-head";

/// One line of an exported log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The first one: which log this is.
    Opening {
        /// The log.
        log: LogId,
        /// Who keeps it: the name of a kiosk or of a gateway.
        keeper: String,
    },
    /// A record.
    Record(AuditRecord),
    /// The last one: a [`Statement`], signed.
    Closing {
        /// The CMS structure.
        signed_statement: Vec<u8>,
    },
}

/// Why a line cannot be read. Says nothing of what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    /// Longer than [`LINE_MAX_BYTES`].
    #[error("the line is longer than {LINE_MAX_BYTES} bytes")]
    TooLong,
    /// No JSON object, or with a member that is not known here.
    #[error("the line is no JSON object of this form (column {column})")]
    Json {
        /// Where, from 1.
        column: usize,
    },
    /// A member is missing, of another form, or does not belong to the others; holds which.
    #[error("in the line, \"{0}\" is missing, wrong, or out of place")]
    Member(&'static str),
    /// Another version of the form; holds which.
    #[error("version {0} of the form is not known here")]
    Version(u32),
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keeper: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
}

/// A line, without the line break.
pub fn write_line(line: &Line) -> String {
    let json = match line {
        Line::Opening { log, keeper } => LineJson {
            format: Some(FORMAT.to_owned()),
            version: Some(VERSION),
            log: Some(log.to_string()),
            keeper: Some(keeper.clone()),
            ..LineJson::default()
        },
        Line::Record(record) => LineJson {
            number: Some(record.number),
            at: Some(record.at.0),
            session: record.session.map(|session| to_hex(&session.0)),
            event: Some(record.event.clone()),
            hash: Some(to_hex(&record.hash)),
            ..LineJson::default()
        },
        Line::Closing { signed_statement } => LineJson {
            statement: Some(BASE64.encode(signed_statement)),
            ..LineJson::default()
        },
    };
    match serde_json::to_string(&json) {
        Ok(text) => text,
        // Strings and numbers under names that are strings: there is nothing that JSON cannot say.
        Err(error) => unreachable!("writing a line: {error}"),
    }
}

/// Reads a line, without its line break.
///
/// # Errors
/// Says which part of the line is wrong. Never panics.
pub fn read_line(text: &str) -> Result<Line, LineError> {
    if text.len() > LINE_MAX_BYTES {
        return Err(LineError::TooLong);
    }
    let json: LineJson = serde_json::from_str(text).map_err(|error| LineError::Json {
        column: error.column(),
    })?;
    match json {
        LineJson {
            format: Some(format),
            version: Some(version),
            log: Some(log),
            keeper: Some(keeper),
            number: None,
            at: None,
            session: None,
            event: None,
            hash: None,
            statement: None,
        } => {
            if format != FORMAT {
                return Err(LineError::Member("format"));
            }
            if version != VERSION {
                return Err(LineError::Version(version));
            }
            Ok(Line::Opening {
                log: LogId(from_hex(&log).ok_or(LineError::Member("log"))?),
                keeper,
            })
        }
        LineJson {
            format: None,
            version: None,
            log: None,
            keeper: None,
            number: Some(number),
            at: Some(at),
            session,
            event: Some(event),
            hash: Some(hash),
            statement: None,
        } => Ok(Line::Record(AuditRecord {
            number,
            at: UtcMs(at),
            session: session
                .map(|session| from_hex(&session).ok_or(LineError::Member("session")))
                .transpose()?
                .map(SessionId),
            event,
            hash: from_hex(&hash).ok_or(LineError::Member("hash"))?,
        })),
        LineJson {
            format: None,
            version: None,
            log: None,
            keeper: None,
            number: None,
            at: None,
            session: None,
            event: None,
            hash: None,
            statement: Some(statement),
        } => Ok(Line::Closing {
            signed_statement: BASE64
                .decode(statement)
                .map_err(|_| LineError::Member("statement"))?,
        }),
        json => Err(LineError::Member(first_missing(&json))),
    }
}

/// Which member keeps a line from being one of the three kinds.
fn first_missing(json: &LineJson) -> &'static str {
    let record = json.number.is_some() || json.event.is_some() || json.hash.is_some();
    let members: &[(bool, &'static str)] = if record {
        &[
            (json.number.is_some(), "number"),
            (json.at.is_some(), "at"),
            (json.event.is_some(), "event"),
            (json.hash.is_some(), "hash"),
            (json.statement.is_none(), "statement"),
            (json.log.is_none(), "log"),
        ]
    } else {
        &[
            (json.format.is_some(), "format"),
            (json.version.is_some(), "version"),
            (json.log.is_some(), "log"),
            (json.keeper.is_some(), "keeper"),
            (json.statement.is_none(), "statement"),
        ]
    };
    members
        .iter()
        .find(|(good, _)| !good)
        .map_or("format", |(_, name)| name)
}

/// What the keeper of a log says of it, and signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Who keeps the log.
    pub keeper: String,
    /// Where it stood.
    pub head: AuditHead,
    /// When.
    pub at: UtcMs,
}

/// The canonical bytes of a statement: what is signed.
pub fn encode_statement(statement: &Statement) -> Vec<u8> {
    to_bytes(&StatementWire {
        version: VERSION,
        kind: STATEMENT_KIND,
        keeper: &statement.keeper,
        head: statement.head.into(),
        at_ms: statement.at.0,
    })
}

/// Reads what [`encode_statement`] wrote.
///
/// # Errors
/// As [`crate::content::decode`].
pub fn decode_statement(bytes: &[u8]) -> Result<Statement, DecodeError> {
    let wire: StatementWire<'_> = from_bytes(bytes, VERSION)?;
    let statement = Statement {
        keeper: wire.keeper.to_owned(),
        head: wire.head.into(),
        at: UtcMs(wire.at_ms),
    };
    // The kind is compared with it.
    if encode_statement(&statement) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(statement)
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StatementWire<'a> {
    #[n(0)]
    version: u32,
    #[b(1)]
    kind: &'a str,
    #[b(2)]
    keeper: &'a str,
    #[n(3)]
    head: AuditHeadWire,
    #[n(4)]
    at_ms: i64,
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lower case alone: one value has one form.
fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}
