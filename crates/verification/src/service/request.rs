//! Requests that somebody has to answer within a number of working days.

use super::Entry;
use crate::calendar::{NotCovered, WorkCalendar};
use crate::date::Date;

/// Which requests a service makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestDemand {
    /// The field whose choice says which one; without it there is one kind.
    pub by: Option<String>,
    /// The kinds.
    pub kinds: Vec<RequestKind>,
}

/// One kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKind {
    /// Its name, such as `erasure`.
    pub name: String,
    /// Within how many working days it is to be answered.
    pub working_days: u16,
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// Its kind.
    pub kind: String,
    /// The day up to which it is to be answered, in Kazakhstan.
    pub due: Date,
}

impl RequestDemand {
    /// The request that these entries make on this day.
    ///
    /// # Errors
    /// When the calendar does not reach so far.
    pub fn made(
        &self,
        entries: &[Entry],
        on: Date,
        calendar: &WorkCalendar,
    ) -> Result<Option<RequestRecord>, NotCovered> {
        let kind = match &self.by {
            None => self.kinds.first(),
            Some(field) => {
                let chosen = entries.iter().find(|entry| entry.field == *field);
                chosen.and_then(|entry| self.kinds.iter().find(|kind| kind.name == *entry.value.expose()))
            }
        };
        kind.map(|kind| {
            Ok(RequestRecord {
                kind: kind.name.clone(),
                due: calendar.add_working_days(on, kind.working_days)?,
            })
        })
        .transpose()
    }
}
