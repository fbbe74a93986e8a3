//! When something holds, by what was entered.

use super::Entry;

/// Holds or not, by the entry in one field. A field that was not asked for makes nothing hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The field.
    pub field: String,
    /// What its entry must be.
    pub test: Test,
}

/// What an entry must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// An amount in tenge or a count, greater than this.
    Above(u64),
    /// An amount in tenge or a count, this or greater.
    AtLeast(u64),
    /// This choice.
    Is(String),
}

impl Condition {
    /// Whether it holds.
    pub fn holds(&self, entries: &[Entry]) -> bool {
        let Some(entry) = entries.iter().find(|entry| entry.field == self.field) else {
            return false;
        };
        match &self.test {
            Test::Above(bound) => entry.number().is_some_and(|number| number > *bound),
            Test::AtLeast(bound) => entry.number().is_some_and(|number| number >= *bound),
            Test::Is(choice) => entry.value.expose() == choice,
        }
    }
}
