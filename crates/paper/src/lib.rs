//! Documents as people read them: in words, as a page, on paper, in three languages; and whether their signatures hold.
//!
//! ```text
//! signed document ─┐
//! answer, receipt ─┼─> judge ──> Shown ──> sections ──> text | html | pdf
//! authorities ─────┘                └────> json
//! ```
//!
//! **Architecture Invariant:** what is shown was read from the signed bytes, and nothing is shown whose signature does not fit
//! its bytes: [`judge`] gives no [`Shown`] then.
//!
//! **Architecture Invariant:** what cannot be told now, for want of an authority or of a fresh list of revocations, is never
//! called invalid (`tests/judge.rs`).
//!
//! A new field of a document becomes a row of one of the functions in `sections/`, each of which makes one [`Section`] from the
//! [`Content`](document::content::Content); no form of output has to know of it.

mod error;
mod html;
mod json;
mod judge;
mod pdf;
mod section;
mod sections;
mod text;
mod texts;
pub mod time_authority;

pub use self::error::PaperError;
pub use self::html::html;
pub use self::json::json;
pub use self::judge::{
    Judged, Kind, Papers, Reason, Shown, Signed, State, Trust, judge, reason_text, state_text,
};
pub use self::pdf::pdf;
pub use self::section::{Block, Picture, Row, Section};
pub use self::sections::sections;
pub use self::text::text;
pub use self::texts::LANGUAGES;

/// The published schema of documents, answers and receipts, in CDDL (RFC 8610).
pub const SCHEMA: &str = include_str!("../../../docs/document.cddl");
