//! From one key to another.

use verification::Sensitive;

use super::SqliteOutbox;
use super::file::set_key;
use super::keys::write_key_id;
use super::store::Durability;
use crate::OutboxError;

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
    pub fn rekey(&mut self, new: &Sensitive<[u8; 32]>) -> Result<(), OutboxError> {
        self.store.settle()?;
        // From here on what is committed is on the disk.
        self.store.begin(Durability::Full)?.rollback()?;
        self.store.connection.flush_prepared_statement_cache();
        set_key(&self.store.connection, "rekey", new)?;
        self.store.set_key(new);
        self.store.settle()?;
        write_key_id(&self.store.path, new).map_err(|source| OutboxError::File {
            path: self.store.path.clone(),
            source,
        })
    }
}
