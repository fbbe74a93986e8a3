//! Small texts that the owner wants to find again, such as to whom packages are sealed. They are protected like all else
//! here: who can write on the disk cannot put others in their place.

use rusqlite::{OptionalExtension, params};

use super::SqliteOutbox;
use super::store::Durability;
use crate::OutboxError;

impl SqliteOutbox {
    /// Remembers a text under a name, in place of the one before. `false` if it was the same.
    ///
    /// # Errors
    /// If the store fails.
    pub fn remember(&mut self, name: &str, text: &str) -> Result<bool, OutboxError> {
        if self.remembered(name)?.as_deref() == Some(text) {
            return Ok(false);
        }
        let transaction = self.store.begin(Durability::Full)?;
        transaction
            .prepare_cached(
                "INSERT INTO note (name, text) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET text = ?2",
            )?
            .execute(params![name, text])?;
        self.store.commit(transaction)?;
        Ok(true)
    }

    /// What was remembered under a name.
    ///
    /// # Errors
    /// If the store fails.
    pub fn remembered(&self, name: &str) -> Result<Option<String>, OutboxError> {
        Ok(self
            .store
            .connection
            .prepare_cached("SELECT text FROM note WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    }
}
