//! The kiosk from a finished session to the receipt: composes outbox, keys, documents and the line to the gateway.
