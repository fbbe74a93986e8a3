//! The open file: transactions, and when they reach the disk.

use std::cell::Cell;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::OutboxError;

/// What a transaction promises once it is committed. Either survives the end of the program at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// It survives a loss of power, and so does all that was before it.
    Full,
    /// A loss of power may undo it, whole; for what comes again then.
    Lazy,
}

#[derive(Debug)]
pub(super) struct Store {
    pub(super) connection: Connection,
    durability: Cell<Durability>,
    /// Something was committed lazily and may not be on the disk yet.
    is_dirty: Cell<bool>,
}

impl Store {
    /// The connection is in WAL mode, with synchronous FULL.
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            durability: Cell::new(Durability::Full),
            is_dirty: Cell::new(false),
        }
    }

    pub(super) fn begin(&self, durability: Durability) -> Result<Transaction<'_>, OutboxError> {
        if self.durability.get() != durability {
            let synchronous = match durability {
                Durability::Full => "FULL",
                Durability::Lazy => "NORMAL",
            };
            self.connection.pragma_update(None, "synchronous", synchronous)?;
            self.durability.set(durability);
        }
        Ok(Transaction::new_unchecked(
            &self.connection,
            TransactionBehavior::Immediate,
        )?)
    }

    pub(super) fn commit(&self, transaction: Transaction<'_>) -> Result<(), OutboxError> {
        transaction.commit()?;
        self.is_dirty.set(self.durability.get() == Durability::Lazy);
        Ok(())
    }

    /// Brings to the disk what was committed lazily.
    pub(super) fn flush(&self) -> Result<(), OutboxError> {
        if self.is_dirty.get() {
            self.settle()?;
        }
        Ok(())
    }

    /// Moves the journal into the file.
    pub(super) fn settle(&self) -> Result<(), OutboxError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.is_dirty.set(false);
        Ok(())
    }
}
