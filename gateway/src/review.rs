//! People of the institution look at pictures and decide; a page and an API for them.
//!
//! ```text
//!   examiner ══ HTTPS ══ listener ─> guard ─┬─> pages ─┐
//!                                           └─> api ───┴─> desk ─> store
//! ```
//!
//! Nothing here is on unless the configuration has a table `[review]`. The pages hold no script; pictures go out of memory
//! into the answer and nowhere else. What programs may ask stands in `docs/review.md`.

mod api;
mod desk;
pub mod examiners;
mod guard;
mod listener;
mod lockout;
mod office;
mod pages;
mod reasons;
mod sessions;
mod words;

pub use desk::{Decision, Desk, DeskError, Picture};
pub use examiners::HashError;
pub use listener::Listener;
pub use office::Office;
