//! When to connect, what to send next, when to give up on a silent line: decided without a clock, a socket or a
//! random source.
//!
//! The owner of a [`Sync`]
//! 1. calls [`Sync::step`] with the time, a fresh random number and what happened,
//! 2. performs the effects in their order,
//! 3. calls [`Sync::step`] with [`Input::Tick`] when [`Sync::deadline`] has come.
//!
//! One document is in flight at a time. That keeps the order, bounds the memory, and costs one round trip per
//! document, which is nothing at the pace of people at a kiosk.

use std::time::Duration;

use verification::evidence::DocumentId;

use crate::wire::{
    AWAITING_MAX, ByeReason, DOCUMENT_MAX_BYTES, GatewayFrame, KioskFrame, Payload, RefusalCode, VERSION,
    WireError,
};

/// Times of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Upper bound of the first pause after a failure.
    pub backoff_min: Duration,
    /// Upper bound of every pause, unless the gateway asks for a longer one.
    pub backoff_max: Duration,
    /// How long a connection may take to be made, and a greeting to be answered.
    pub connect_limit: Duration,
    /// After how long without a sign of the gateway it is asked for one.
    pub ping_after: Duration,
    /// After how long without a sign of the gateway the line is given up.
    pub silence_limit: Duration,
    /// How slow a line may be. A document under way is given the time that it takes at this rate, since neither
    /// a receipt nor an answer to a ping can come before it has passed.
    pub slowest_bytes_per_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(60),
            connect_limit: Duration::from_secs(15),
            ping_after: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            slowest_bytes_per_s: 8 * 1024,
        }
    }
}

/// Who greets the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The name in the kiosk's certificate.
    pub kiosk_id: String,
    /// Version of the kiosk's software.
    pub software: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The connection that [`Effect::Connect`] asked for is there.
    Connected,
    /// It is not.
    ConnectFailed(LinkDownReason),
    /// A binary message came.
    Frame(Result<GatewayFrame, WireError>),
    /// Another sign of the gateway came, such as the answer to a ping.
    Alive,
    /// The connection is gone.
    Closed(LinkDownReason),
    /// The owner has put a document.
    Wake,
    /// The answer to [`Effect::Load`].
    Loaded(Option<(DocumentId, Vec<u8>)>),
    /// The documents whose answers the owner has not seen; replaces the former list.
    Awaiting(Vec<DocumentId>),
    /// The owner has stored the answer about this document.
    Seen(DocumentId),
    /// The [deadline](Sync::deadline) may have come.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a connection. Answered by [`Input::Connected`] or [`Input::ConnectFailed`].
    Connect,
    /// Send this.
    Send(KioskFrame),
    /// Send a WebSocket ping.
    Ping,
    /// Drop the connection, or the attempt at one. Not answered.
    Close,
    /// Ask the owner for the next document. Answered by [`Input::Loaded`].
    Load,
    /// Tell the owner.
    Report(Event),
}

/// What the owner is told.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// The gateway has welcomed the kiosk.
    LinkUp,
    /// The line is down, or could not be made. What was in flight is not delivered.
    LinkDown {
        /// Why.
        reason: LinkDownReason,
    },
    /// The next document is wanted; answered by an offer, even if there is none.
    WantNext,
    /// The gateway keeps this document.
    Delivered {
        /// The document.
        id: DocumentId,
    },
    /// The gateway will never take this document as it is.
    Refused {
        /// The document.
        id: DocumentId,
        /// Why.
        code: RefusalCode,
    },
    /// The gateway does not take this document now. It is asked for again after this time.
    Postponed {
        /// The document.
        id: DocumentId,
        /// After how long.
        retry_after_ms: u64,
    },
    /// The answer of the centre about a document, signed by the gateway. May come more than once.
    Identified {
        /// The document.
        id: DocumentId,
        /// The signed answer.
        document: Vec<u8>,
    },
}

impl std::fmt::Debug for Event {
    /// Says everything but the content of documents.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LinkUp => f.write_str("LinkUp"),
            Self::LinkDown { reason } => write!(f, "LinkDown({reason:?})"),
            Self::WantNext => f.write_str("WantNext"),
            Self::Delivered { id } => write!(f, "Delivered({id})"),
            Self::Refused { id, code } => write!(f, "Refused({id}, {})", code.name()),
            Self::Postponed { id, retry_after_ms } => write!(f, "Postponed({id}, {retry_after_ms} ms)"),
            Self::Identified { id, document } => write!(f, "Identified({id}, {} bytes)", document.len()),
        }
    }
}

/// Why the line is down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkDownReason {
    /// The address does not answer.
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(String),
    /// No sign of the gateway for too long.
    #[error("the gateway does not answer in time")]
    TimedOut,
    /// The connection ended without a word.
    #[error("the connection to the gateway was closed")]
    Closed,
    /// The certificate of the gateway is not one of the expected authority, or not for this address.
    #[error("the certificate of the gateway is not trusted: {0}")]
    GatewayUntrusted(String),
    /// The gateway does not accept the certificate of this kiosk.
    #[error("the gateway does not accept the certificate of this kiosk: {0}")]
    KioskRefused(String),
    /// Something that is not a gateway answers at the address.
    #[error("what answers at the address is not a gateway: {0}")]
    NotAGateway(String),
    /// The gateway sent something that makes no sense.
    #[error("the gateway sent something that makes no sense: {0}")]
    Nonsense(String),
    /// The gateway ended the connection with a reason.
    #[error("the gateway ended the connection: {0:?}")]
    Bye(ByeReason),
}

/// What a failure says about the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// The line; it may come back at any time.
    Network,
    /// The gateway asks for a pause.
    Transient {
        /// At least this long, if it said so.
        retry_after: Option<Duration>,
    },
    /// It will not change by itself; tried again all the same, but seldom.
    Permanent,
}

impl LinkDownReason {
    /// What this failure says about the next try.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Closed => FailureClass::Network,
            Self::Nonsense(_) | Self::Bye(ByeReason::ShuttingDown | ByeReason::Malformed) => {
                FailureClass::Transient { retry_after: None }
            }
            Self::GatewayUntrusted(_)
            | Self::KioskRefused(_)
            | Self::NotAGateway(_)
            | Self::Bye(ByeReason::Version | ByeReason::KioskMismatch | ByeReason::Replaced) => {
                FailureClass::Permanent
            }
        }
    }
}

/// ```text
///                    Tick at `until`              Connected                  Welcome
///   start ─> Resting ──────────────> Connecting ────────────> Greeting ───────────────> Open
///               ^                        │                        │                       │
///               └────────────────────────┴────────────────────────┴───────────────────────┘
///                 ConnectFailed, Closed, Bye, nonsense, or a limit has passed
/// ```
#[derive(Debug)]
enum Link {
    /// No connection until this time.
    Resting { until: Duration },
    /// The shell makes a connection.
    Connecting { give_up_at: Duration },
    /// The greeting is sent.
    Greeting { give_up_at: Duration },
    /// Documents flow.
    Open(Open),
}

#[derive(Debug)]
struct Open {
    /// When the gateway was last heard.
    heard_at: Duration,
    /// When it was last asked for a sign, if not answered yet.
    pinged: bool,
    flight: Flight,
}

/// ```text
///   Nothing ── Wake, recheck ──> Asked ── Loaded(Some) ──> Sent
///      ^                        │  ^                        │
///      └───── Loaded(None) ─────┘  └─ Receipt or Refused ───┘
/// ```
#[derive(Debug)]
enum Flight {
    /// The owner has nothing that could be sent now.
    Nothing,
    /// The owner looks for the next document. `again` when something was put since it was asked.
    Asked { again: bool },
    /// The gateway has this document, or will have it soon, and owes an answer.
    Sent { id: DocumentId, give_up_at: Duration },
}

/// Delivery to one gateway. See the [module](self).
#[derive(Debug)]
pub struct Sync {
    settings: Settings,
    greeting: Greeting,
    awaiting: Vec<DocumentId>,
    link: Link,
    /// Failures since the last proof that the line works; the exponent of the backoff.
    failures: u32,
    /// When a postponed document is due.
    recheck_at: Option<Duration>,
}

impl Sync {
    /// A machine that connects at its first step.
    pub fn new(settings: Settings, greeting: Greeting) -> Self {
        Self {
            settings,
            greeting,
            awaiting: Vec::new(),
            link: Link::Resting {
                until: Duration::ZERO,
            },
            failures: 0,
            recheck_at: None,
        }
    }

    /// When [`Input::Tick`] is due, on the clock of [`Sync::step`]; `None` while only an input can change anything.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.link {
            Link::Resting { until } => Some(*until),
            Link::Connecting { give_up_at } | Link::Greeting { give_up_at } => Some(*give_up_at),
            Link::Open(open) => Some(match open.flight {
                Flight::Sent { give_up_at, .. } => give_up_at,
                Flight::Asked { .. } => self.silence_deadline(open),
                Flight::Nothing => self
                    .silence_deadline(open)
                    .min(self.recheck_at.unwrap_or(Duration::MAX)),
            }),
        }
    }

    /// Takes one input at the time `now` and says what is to be done. `random` is a fresh random number; it
    /// spreads the attempts of many kiosks.
    pub fn step(&mut self, now: Duration, random: u64, input: Input) -> Vec<Effect> {
        match input {
            Input::Tick => self.tick(now, random),
            Input::Connected => self.connected(now),
            Input::ConnectFailed(reason) => match self.link {
                Link::Connecting { .. } => self.rest(now, random, reason),
                _ => Vec::new(),
            },
            Input::Closed(reason) => match self.link {
                Link::Greeting { .. } | Link::Open(_) => self.rest(now, random, reason),
                _ => Vec::new(),
            },
            Input::Alive => {
                self.heard(now);
                Vec::new()
            }
            Input::Frame(frame) => self.frame(now, random, frame),
            Input::Wake => self.wake(),
            Input::Loaded(document) => self.loaded(now, document),
            Input::Awaiting(mut ids) => {
                ids.truncate(AWAITING_MAX);
                self.awaiting = ids;
                Vec::new()
            }
            Input::Seen(id) => match self.link {
                Link::Open(_) => vec![Effect::Send(KioskFrame::ResultSeen { id })],
                // The gateway sends the answer again after the next greeting.
                _ => Vec::new(),
            },
        }
    }

    fn tick(&mut self, now: Duration, random: u64) -> Vec<Effect> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        match &mut self.link {
            Link::Resting { .. } => {
                self.link = Link::Connecting {
                    give_up_at: now.saturating_add(self.settings.connect_limit),
                };
                vec![Effect::Connect]
            }
            Link::Connecting { .. } | Link::Greeting { .. } => {
                self.drop_link(now, random, LinkDownReason::TimedOut)
            }
            Link::Open(open) => {
                if matches!(open.flight, Flight::Sent { .. })
                    || now >= open.heard_at.saturating_add(self.settings.silence_limit)
                {
                    return self.drop_link(now, random, LinkDownReason::TimedOut);
                }
                let mut effects = Vec::new();
                if matches!(open.flight, Flight::Nothing) && self.recheck_at.is_some_and(|at| now >= at) {
                    self.recheck_at = None;
                    open.flight = Flight::Asked { again: false };
                    effects.push(Effect::Load);
                }
                if !open.pinged && now >= open.heard_at.saturating_add(self.settings.ping_after) {
                    open.pinged = true;
                    effects.push(Effect::Ping);
                }
                effects
            }
        }
    }

    fn connected(&mut self, now: Duration) -> Vec<Effect> {
        if !matches!(self.link, Link::Connecting { .. }) {
            return Vec::new();
        }
        self.link = Link::Greeting {
            give_up_at: now.saturating_add(self.settings.connect_limit),
        };
        vec![Effect::Send(KioskFrame::Hello {
            protocol: VERSION,
            kiosk_id: self.greeting.kiosk_id.clone(),
            software: self.greeting.software.clone(),
            awaiting: self.awaiting.clone(),
        })]
    }

    fn frame(&mut self, now: Duration, random: u64, frame: Result<GatewayFrame, WireError>) -> Vec<Effect> {
        self.heard(now);
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return self.drop_link(now, random, LinkDownReason::Nonsense(error.to_string())),
        };
        let flight = match &mut self.link {
            Link::Resting { .. } | Link::Connecting { .. } => return Vec::new(),
            Link::Greeting { .. } => return self.welcome(now, random, frame),
            Link::Open(open) => &mut open.flight,
        };
        let in_flight = match flight {
            Flight::Sent { id, .. } => Some(*id),
            Flight::Nothing | Flight::Asked { .. } => None,
        };
        let event = match frame {
            GatewayFrame::Receipt { id } if in_flight == Some(id) => Event::Delivered { id },
            GatewayFrame::Refused { id, code } if in_flight == Some(id) => match code {
                RefusalCode::Unavailable { retry_after_ms } => {
                    let at = now.saturating_add(Duration::from_millis(retry_after_ms));
                    self.recheck_at = Some(self.recheck_at.map_or(at, |earlier| earlier.min(at)));
                    Event::Postponed { id, retry_after_ms }
                }
                code => Event::Refused { id, code },
            },
            GatewayFrame::Identified { id, document } => {
                self.failures = 0;
                return vec![Effect::Report(Event::Identified {
                    id,
                    document: document.0,
                })];
            }
            GatewayFrame::Bye { reason } => return self.drop_link(now, random, LinkDownReason::Bye(reason)),
            GatewayFrame::Receipt { .. } | GatewayFrame::Refused { .. } => {
                let reason = LinkDownReason::Nonsense("an answer about a document that was not sent".into());
                return self.drop_link(now, random, reason);
            }
            GatewayFrame::Welcome { .. } => {
                return self.drop_link(now, random, LinkDownReason::Nonsense("a second welcome".into()));
            }
        };
        self.failures = 0;
        *flight = Flight::Asked { again: false };
        vec![Effect::Report(event), Effect::Load]
    }

    fn welcome(&mut self, now: Duration, random: u64, frame: GatewayFrame) -> Vec<Effect> {
        match frame {
            GatewayFrame::Welcome {
                protocol: VERSION, ..
            } => {
                self.link = Link::Open(Open {
                    heard_at: now,
                    pinged: false,
                    flight: Flight::Asked { again: false },
                });
                vec![Effect::Report(Event::LinkUp), Effect::Load]
            }
            GatewayFrame::Welcome { .. } => {
                self.drop_link(now, random, LinkDownReason::Bye(ByeReason::Version))
            }
            GatewayFrame::Bye { reason } => self.drop_link(now, random, LinkDownReason::Bye(reason)),
            _ => self.drop_link(now, random, LinkDownReason::Nonsense("no welcome".into())),
        }
    }

    fn wake(&mut self) -> Vec<Effect> {
        let Link::Open(open) = &mut self.link else {
            // Every new connection starts by asking the owner.
            return Vec::new();
        };
        match &mut open.flight {
            Flight::Nothing => {
                open.flight = Flight::Asked { again: false };
                vec![Effect::Load]
            }
            Flight::Asked { again } => {
                *again = true;
                Vec::new()
            }
            Flight::Sent { .. } => Vec::new(),
        }
    }

    fn loaded(&mut self, now: Duration, document: Option<(DocumentId, Vec<u8>)>) -> Vec<Effect> {
        // An answer to a question of an earlier connection may still come. It is as good as a new one; what
        // cannot be sent now is given back, so that the owner does not believe it to be under way.
        let give_back = |id| {
            vec![Effect::Report(Event::Postponed {
                id,
                retry_after_ms: 0,
            })]
        };
        let Link::Open(open) = &mut self.link else {
            return document.map_or_else(Vec::new, |(id, _)| give_back(id));
        };
        match (&open.flight, document) {
            (Flight::Sent { id: sent, .. }, Some((id, _))) if *sent != id => give_back(id),
            (Flight::Sent { .. }, _) => Vec::new(),
            (Flight::Asked { again: true }, None) => {
                open.flight = Flight::Asked { again: false };
                vec![Effect::Load]
            }
            (_, None) => {
                open.flight = Flight::Nothing;
                Vec::new()
            }
            (_, Some((id, bytes))) if bytes.len() > DOCUMENT_MAX_BYTES => {
                open.flight = Flight::Asked { again: false };
                vec![
                    Effect::Report(Event::Refused {
                        id,
                        code: RefusalCode::TooLarge,
                    }),
                    Effect::Load,
                ]
            }
            (_, Some((id, bytes))) => {
                let travel_s = bytes.len() as u64 / u64::from(self.settings.slowest_bytes_per_s.max(1));
                let limit = self
                    .settings
                    .silence_limit
                    .saturating_add(Duration::from_secs(travel_s));
                open.flight = Flight::Sent {
                    id,
                    give_up_at: now.saturating_add(limit),
                };
                vec![Effect::Send(KioskFrame::Submit {
                    id,
                    document: Payload(bytes),
                })]
            }
        }
    }

    fn heard(&mut self, now: Duration) {
        if let Link::Open(open) = &mut self.link {
            if open.pinged {
                // It answers, and not only at once after the greeting.
                self.failures = 0;
            }
            open.heard_at = now;
            open.pinged = false;
        }
    }

    fn silence_deadline(&self, open: &Open) -> Duration {
        let after = if open.pinged {
            self.settings.silence_limit
        } else {
            self.settings.ping_after
        };
        open.heard_at.saturating_add(after)
    }

    fn drop_link(&mut self, now: Duration, random: u64, reason: LinkDownReason) -> Vec<Effect> {
        if matches!(self.link, Link::Resting { .. }) {
            return Vec::new();
        }
        let mut effects = vec![Effect::Close];
        effects.extend(self.rest(now, random, reason));
        effects
    }

    fn rest(&mut self, now: Duration, random: u64, reason: LinkDownReason) -> Vec<Effect> {
        let pause = self.pause(random, reason.class());
        self.failures = self.failures.saturating_add(1);
        self.link = Link::Resting {
            until: now.saturating_add(pause),
        };
        vec![Effect::Report(Event::LinkDown { reason })]
    }

    /// Full jitter: anything between nothing and an upper bound that doubles with every failure.
    fn pause(&self, random: u64, class: FailureClass) -> Duration {
        let Settings {
            backoff_min,
            backoff_max,
            ..
        } = self.settings;
        let doubled = backoff_min
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(backoff_max);
        let (least, most) = match class {
            FailureClass::Network | FailureClass::Transient { retry_after: None } => {
                (Duration::ZERO, doubled)
            }
            FailureClass::Transient {
                retry_after: Some(after),
            } => (after, doubled),
            FailureClass::Permanent => (backoff_max / 2, backoff_max / 2),
        };
        // The top 32 bits as a part of one.
        let part = (random >> 32) as f64 / f64::from(u32::MAX);
        least.saturating_add(most.mul_f64(part))
    }
}
