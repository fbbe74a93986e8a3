//! Where the connection stands, and the conversation on it.

use std::time::Duration;

use verification::time::UtcMs;

use super::Effect;
use super::window::Window;
use crate::wire::{KioskFrame, Payload};

/// ```text
///                    Tick at `until`              Connected                  Welcome
///   start ─> Resting ──────────────> Connecting ────────────> Greeting ───────────────> Open
///               ^                        │                        │                       │
///               └────────────────────────┴────────────────────────┴───────────────────────┘
///                 ConnectFailed, Closed, Bye, nonsense, or a limit has passed
/// ```
#[derive(Debug)]
pub enum Link {
    /// No connection until this time.
    Resting { until: Duration },
    /// The shell makes a connection.
    Connecting { give_up_at: Duration },
    /// The greeting is sent.
    Greeting {
        give_up_at: Duration,
        sent_at: Duration,
        /// The kiosk's clock at that time.
        clock: UtcMs,
    },
    /// Documents flow.
    Open(Open),
}

#[derive(Debug)]
pub struct Open {
    /// When the gateway was last heard.
    pub heard_at: Duration,
    /// It was asked for a sign and has not given one yet.
    pub pinged: bool,
    pub window: Window,
    pub asking: Asking,
}

/// ```text
///             ┌── Wake, recheck ──> Asked ──┐
///   Nothing ──┘                     ^   │   ├── Loaded(None) ──> Nothing
///                       there is room   │   └── Loaded(Some) ──> Asked, if there is room for one more
///                                   │   v
///                                   Full
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// The owner has nothing that could be sent now.
    Nothing,
    /// The owner looks for the next document. `again` when something was put since it was asked.
    Asked { again: bool },
    /// No more may be under way.
    Full,
}

impl Open {
    /// Asks the owner for the next document if it may be sent.
    pub fn ask(&mut self, effects: &mut Vec<Effect>) {
        if self.window.has_room() {
            self.asking = Asking::Asked { again: false };
            effects.push(Effect::Load);
        } else {
            self.asking = Asking::Full;
        }
    }

    /// Sends the document that waits for its place, if it fits.
    pub fn advance(&mut self, now: Duration, effects: &mut Vec<Effect>) {
        if let Some((id, document)) = self.window.send(now) {
            effects.push(Effect::Send(KioskFrame::Submit {
                id,
                document: Payload(document),
            }));
        }
    }
}
