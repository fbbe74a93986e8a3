//! From one key to another.

use verification::Sensitive;
use verification::time::UtcMs;

use super::file::set_key;
use super::keys::{key_id, write_key_id};
use super::{SqliteOutbox, log};
use crate::OutboxError;
use crate::sqlite::store::Durability;

impl SqliteOutbox {
    /// Locks the store with another key; every page is written anew, in one transaction. Until this has returned, the
    /// ring for the next opening must hold both keys: the program may die at any moment, and then one of them opens the
    /// store, whole.
    ///
    /// It takes as much room again as the file, for as long as it lasts, and a minute or so for a gigabyte: to be called
    /// when nobody waits.
    ///
    /// # Errors
    /// If the store fails; then either key may open it the next time.
    pub fn rekey(&mut self, new: &Sensitive<[u8; 32]>, now: UtcMs) -> Result<(), OutboxError> {
        self.store.settle()?;
        let transaction = self.store.begin(Durability::Full)?;
        log::append(&transaction, now, None, &format!("StoreRekeyed {}", key_id(new)))?;
        self.store.commit(transaction)?;
        self.store.connection.flush_prepared_statement_cache();
        set_key(&self.store.connection, "rekey", new)?;
        self.store.settle()?;
        write_key_id(&self.store.path, new).map_err(|source| OutboxError::File {
            path: self.store.path.clone(),
            source,
        })
    }
}
