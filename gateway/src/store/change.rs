//! What has changed in the store, for all gateways that use it.

use verification::evidence::DocumentId;

use super::trust::ConnectionId;

/// A change that some gateway made, this one included. A hint: what it says stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The centre has answered about a document of this kiosk.
    Answered {
        /// The document.
        id: DocumentId,
        /// The kiosk that waits for the answer.
        kiosk_id: String,
    },
    /// The centre has opened a page for the person of this document; where it is, is asked of the centre.
    HostedOpened {
        /// The document.
        id: DocumentId,
        /// The kiosk at which the person is.
        kiosk_id: String,
    },
    /// The kiosk is connected by this connection and no other.
    Arrived {
        /// The kiosk.
        kiosk_id: String,
        /// Its connection.
        connection: ConnectionId,
    },
    /// The kiosk is to send documents again.
    ResendRequested {
        /// The kiosk.
        kiosk_id: String,
    },
    /// A certificate was stored for this kiosk.
    Certified {
        /// The kiosk.
        kiosk_id: String,
    },
    /// Certificates were revoked, or kiosks shut out or let in.
    TrustChanged,
    /// Changes may have been missed: all that others could have said has to be looked up.
    Missed,
}
