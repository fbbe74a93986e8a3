//! Kills, cuts and corrupts the custody of documents, and counts afterwards. Never shipped.
