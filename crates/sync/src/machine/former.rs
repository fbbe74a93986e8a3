//! Documents that were under way and are not any more.

use std::collections::VecDeque;

use verification::evidence::DocumentId;

/// How many are remembered.
const FORMER_MAX: usize = 1024;

/// The newest of them, so that an answer about one that comes late, or twice, is known for what it is.
#[derive(Debug, Default)]
pub struct Former(VecDeque<DocumentId>);

impl Former {
    /// Whether this one was under way.
    pub fn contains(&self, id: DocumentId) -> bool {
        self.0.contains(&id)
    }

    /// This one is not under way any more.
    pub fn remember(&mut self, id: DocumentId) {
        if !self.contains(id) {
            self.0.push_back(id);
            if self.0.len() > FORMER_MAX {
                self.0.pop_front();
            }
        }
    }
}
