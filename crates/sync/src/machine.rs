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

/// By how much a postponed document is asked for later than its time.
const RECHECK_SLACK_MS: u64 = 100;

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
    /// After how long an owner that had nothing to send is asked again unwoken. Documents that the owner holds
    /// back until a time of its own, also from before a restart, are found this way.
    pub recheck_after: Duration,
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
            recheck_after: Duration::from_secs(30),
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
            Self::Nonsense(_)
            | Self::Bye(ByeReason::ShuttingDown | ByeReason::Malformed | ByeReason::Overrun) => {
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
    /// When the owner is asked again although nothing woke the machine.
    recheck_at: Duration,
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
            recheck_at: Duration::MAX,
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
                Flight::Nothing => self.silence_deadline(open).min(self.recheck_at),
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
                if matches!(open.flight, Flight::Nothing) && now >= self.recheck_at {
                    self.recheck_at = Duration::MAX;
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
                    // A little later, for the owner reads its own clock after this one.
                    let wait = Duration::from_millis(retry_after_ms.saturating_add(RECHECK_SLACK_MS));
                    self.recheck_at = self.recheck_at.min(now.saturating_add(wait));
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
                self.recheck_at = self
                    .recheck_at
                    .min(now.saturating_add(self.settings.recheck_after));
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

#[cfg(test)]
mod tests {
    use std::collections::{HashSet, VecDeque};

    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> DocumentId {
        DocumentId([number; 16])
    }

    fn machine() -> Sync {
        Sync::new(
            Settings::default(),
            Greeting {
                kiosk_id: "k".into(),
                software: "1".into(),
            },
        )
    }

    fn short(effect: &Effect) -> String {
        match effect {
            Effect::Send(KioskFrame::Submit { id, document }) => format!("submit {} {document:?}", id.0[0]),
            Effect::Send(KioskFrame::Hello { awaiting, .. }) => format!("hello awaiting {}", awaiting.len()),
            Effect::Send(KioskFrame::ResultSeen { id }) => format!("seen {}", id.0[0]),
            Effect::Report(Event::Delivered { id }) => format!("delivered {}", id.0[0]),
            Effect::Report(Event::Refused { id, code }) => format!("refused {} {}", id.0[0], code.name()),
            Effect::Report(Event::Postponed { id, retry_after_ms }) => {
                format!("postponed {} {retry_after_ms} ms", id.0[0])
            }
            Effect::Report(Event::Identified { id, .. }) => format!("identified {}", id.0[0]),
            Effect::Report(event) => format!("{event:?}"),
            effect => format!("{effect:?}").to_lowercase(),
        }
    }

    /// Runs inputs, each with its time in milliseconds, and compares the effects and the last deadline. The
    /// random number is the largest one, so that pauses are as long as they can be.
    fn check(script: &[(u64, Input)], expect: Expect) {
        let mut machine = machine();
        let mut trace = String::new();
        for (at_ms, input) in script {
            let effects = machine.step(Duration::from_millis(*at_ms), u64::MAX, input.clone());
            let effects: Vec<String> = effects.iter().map(short).collect();
            trace += &format!("{at_ms}: {}\n", effects.join(", "));
        }
        trace += &format!("deadline {:?}\n", machine.deadline());
        expect.assert_eq(&trace);
    }

    fn welcome() -> Input {
        Input::Frame(Ok(GatewayFrame::Welcome {
            protocol: VERSION,
            gateway: "g".into(),
        }))
    }

    fn receipt(number: u8) -> Input {
        Input::Frame(Ok(GatewayFrame::Receipt { id: id(number) }))
    }

    fn refused(number: u8, code: RefusalCode) -> Input {
        Input::Frame(Ok(GatewayFrame::Refused { id: id(number), code }))
    }

    fn loaded(number: u8) -> Input {
        Input::Loaded(Some((id(number), vec![number; 3])))
    }

    /// Connected and asked for the first document at 0 ms.
    fn open(rest: &[(u64, Input)]) -> Vec<(u64, Input)> {
        let mut script = vec![(0, Input::Tick), (0, Input::Connected), (0, welcome())];
        script.extend_from_slice(rest);
        script
    }

    #[test]
    fn delivers_one_after_the_other_and_passes_answers_on() {
        let identified = GatewayFrame::Identified {
            id: id(1),
            document: Payload(vec![1]),
        };
        check(
            &[
                (0, Input::Awaiting(vec![id(7)])),
                (0, Input::Tick),
                (5, Input::Connected),
                (9, welcome()),
                (10, loaded(1)),
                (11, Input::Wake),
                (20, receipt(1)),
                (21, loaded(2)),
                (30, receipt(2)),
                (31, Input::Loaded(None)),
                (40, Input::Frame(Ok(identified))),
                (41, Input::Seen(id(1))),
                (50, Input::Wake),
                (51, Input::Wake),
                (52, Input::Loaded(None)),
                (53, loaded(3)),
            ],
            expect![[r#"
                0: 
                0: connect
                5: hello awaiting 1
                9: LinkUp, load
                10: submit 1 (3 bytes)
                11: 
                20: delivered 1, load
                21: submit 2 (3 bytes)
                30: delivered 2, load
                31: 
                40: identified 1
                41: seen 1
                50: load
                51: 
                52: load
                53: submit 3 (3 bytes)
                deadline Some(30.053s)
            "#]],
        );
    }

    #[test]
    fn a_document_that_is_refused_or_postponed_does_not_block_the_next() {
        check(
            &open(&[
                (1, loaded(1)),
                (2, refused(1, RefusalCode::Signature)),
                (3, loaded(2)),
                (4, refused(2, RefusalCode::Unavailable { retry_after_ms: 700 })),
                (5, loaded(3)),
                (6, receipt(3)),
                (7, Input::Loaded(None)),
                (803, Input::Tick),
                (804, Input::Tick),
                (805, loaded(2)),
                (806, receipt(2)),
                (807, Input::Loaded(None)),
                (20_000, Input::Alive),
                (30_806, Input::Tick),
                (30_807, Input::Tick),
            ]),
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: LinkUp, load
                1: submit 1 (3 bytes)
                2: refused 1 signature, load
                3: submit 2 (3 bytes)
                4: postponed 2 700 ms, load
                5: submit 3 (3 bytes)
                6: delivered 3, load
                7: 
                803: 
                804: load
                805: submit 2 (3 bytes)
                806: delivered 2, load
                807: 
                20000: 
                30806: ping
                30807: load
                deadline Some(50s)
            "#]],
        );
    }

    #[test]
    fn a_document_that_is_too_large_is_not_sent() {
        check(
            &open(&[
                (1, Input::Loaded(Some((id(1), vec![0; DOCUMENT_MAX_BYTES + 1])))),
                (2, loaded(2)),
            ]),
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: LinkUp, load
                1: refused 1 too-large, load
                2: submit 2 (3 bytes)
                deadline Some(30.002s)
            "#]],
        );
    }

    #[test]
    fn a_silent_line_is_asked_and_then_given_up() {
        check(
            &open(&[
                (1, Input::Loaded(None)),
                (9_999, Input::Tick),
                (10_000, Input::Tick),
                (10_050, Input::Alive),
                (20_050, Input::Tick),
                (40_049, Input::Tick),
                (40_050, Input::Tick),
            ]),
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: LinkUp, load
                1: 
                9999: 
                10000: ping
                10050: 
                20050: ping
                40049: load
                40050: close, LinkDown(TimedOut)
                deadline Some(40.55s)
            "#]],
        );
    }

    #[test]
    fn a_large_document_is_given_the_time_it_needs() {
        check(
            &open(&[
                (0, Input::Loaded(Some((id(1), vec![0; 8 * 1024 * 100])))),
                (100_000, Input::Tick),
                (130_000, Input::Tick),
            ]),
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: LinkUp, load
                0: submit 1 (819200 bytes)
                100000: 
                130000: close, LinkDown(TimedOut)
                deadline Some(130.5s)
            "#]],
        );
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let unreachable = || Input::ConnectFailed(LinkDownReason::Unreachable("x".into()));
        check(
            &[
                (0, Input::Tick),
                (0, unreachable()),
                (500, Input::Tick),
                (500, unreachable()),
                (1_499, Input::Tick),
                (1_500, Input::Tick),
                (1_500, unreachable()),
                (100_000, Input::Tick),
                (115_000, Input::Tick),
                (200_000, Input::Tick),
                (
                    200_000,
                    Input::ConnectFailed(LinkDownReason::GatewayUntrusted("x".into())),
                ),
            ],
            expect![[r#"
                0: connect
                0: LinkDown(Unreachable("x"))
                500: connect
                500: LinkDown(Unreachable("x"))
                1499: 
                1500: connect
                1500: LinkDown(Unreachable("x"))
                100000: connect
                115000: close, LinkDown(TimedOut)
                200000: connect
                200000: LinkDown(GatewayUntrusted("x"))
                deadline Some(260s)
            "#]],
        );
        let mut machine = machine();
        for attempt in 0..100 {
            let now = Duration::from_secs(attempt * 100);
            assert_eq!(machine.step(now, 0, Input::Tick), [Effect::Connect]);
            machine.step(now, u64::MAX, unreachable());
            assert!(machine.deadline() <= Some(now + Settings::default().backoff_max));
        }
    }

    #[test]
    fn a_gateway_that_drops_every_connection_is_not_hammered() {
        let mut machine = machine();
        let mut now = Duration::ZERO;
        for _ in 0..20 {
            machine.step(now, 0, Input::Tick);
            machine.step(now, 0, Input::Connected);
            machine.step(now, 0, welcome());
            machine.step(now, u64::MAX, Input::Closed(LinkDownReason::Closed));
            now = machine.deadline().unwrap();
        }
        assert!(now > Duration::from_secs(600), "{now:?}");
    }

    #[test]
    fn answers_that_make_no_sense_end_the_connection() {
        check(
            &open(&[(1, loaded(1)), (2, receipt(9))]),
            expect![[r#"
            0: connect
            0: hello awaiting 0
            0: LinkUp, load
            1: submit 1 (3 bytes)
            2: close, LinkDown(Nonsense("an answer about a document that was not sent"))
            deadline Some(502ms)
        "#]],
        );
        check(
            &open(&[(1, Input::Loaded(None)), (2, receipt(1))]),
            expect![[r#"
            0: connect
            0: hello awaiting 0
            0: LinkUp, load
            1: 
            2: close, LinkDown(Nonsense("an answer about a document that was not sent"))
            deadline Some(502ms)
        "#]],
        );
        check(
            &open(&[(1, loaded(1)), (2, refused(2, RefusalCode::Malformed))]),
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: LinkUp, load
                1: submit 1 (3 bytes)
                2: close, LinkDown(Nonsense("an answer about a document that was not sent"))
                deadline Some(502ms)
            "#]],
        );
        check(
            &open(&[(1, welcome())]),
            expect![[r#"
            0: connect
            0: hello awaiting 0
            0: LinkUp, load
            1: close, LinkDown(Nonsense("a second welcome"))
            deadline Some(501ms)
        "#]],
        );
        check(
            &open(&[(1, Input::Frame(Err(WireError::Version(9))))]),
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: LinkUp, load
                1: close, LinkDown(Nonsense("frames of version 9 are not understood"))
                deadline Some(501ms)
            "#]],
        );
        check(
            &open(&[(
                1,
                Input::Frame(Ok(GatewayFrame::Bye {
                    reason: ByeReason::ShuttingDown,
                })),
            )]),
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: LinkUp, load
                1: close, LinkDown(Bye(ShuttingDown))
                deadline Some(501ms)
            "#]],
        );
        check(
            &[(0, Input::Tick), (0, Input::Connected), (0, receipt(1))],
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: close, LinkDown(Nonsense("no welcome"))
                deadline Some(500ms)
            "#]],
        );
        check(
            &[
                (0, Input::Tick),
                (0, Input::Connected),
                (
                    0,
                    Input::Frame(Ok(GatewayFrame::Welcome {
                        protocol: 9,
                        gateway: "g".into(),
                    })),
                ),
            ],
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: close, LinkDown(Bye(Version))
                deadline Some(60s)
            "#]],
        );
    }

    #[test]
    fn what_was_offered_too_late_is_given_back() {
        check(
            &open(&[
                (1, Input::Closed(LinkDownReason::Closed)),
                (2, loaded(1)),
                (501, Input::Tick),
                (502, Input::Connected),
                (503, welcome()),
                (504, loaded(1)),
                (505, loaded(2)),
            ]),
            expect![[r#"
                0: connect
                0: hello awaiting 0
                0: LinkUp, load
                1: LinkDown(Closed)
                2: postponed 1 0 ms
                501: connect
                502: hello awaiting 0
                503: LinkUp, load
                504: submit 1 (3 bytes)
                505: postponed 2 0 ms
                deadline Some(30.504s)
            "#]],
        );
    }

    /// An owner that keeps its documents as the outbox does.
    #[derive(Default)]
    struct Owner {
        pending: VecDeque<DocumentId>,
        in_flight: Vec<DocumentId>,
        delivered: Vec<DocumentId>,
        refused: HashSet<DocumentId>,
        /// Questions that it has not answered yet.
        asked: u32,
    }

    impl Owner {
        fn next(&mut self) -> Option<(DocumentId, Vec<u8>)> {
            let id = self.pending.pop_front()?;
            self.in_flight.push(id);
            Some((id, vec![1]))
        }

        fn take_back(&mut self, id: DocumentId) {
            if let Some(at) = self.in_flight.iter().position(|other| *other == id) {
                self.in_flight.remove(at);
                self.pending.push_back(id);
            }
        }

        fn hear(&mut self, event: Event) {
            match event {
                Event::LinkDown { .. } => {
                    let mut all: Vec<_> = self.in_flight.drain(..).chain(self.pending.drain(..)).collect();
                    all.sort_unstable();
                    self.pending = all.into();
                }
                Event::WantNext | Event::LinkUp | Event::Identified { .. } => {}
                Event::Delivered { id } => {
                    self.forget(id);
                    if !self.delivered.contains(&id) {
                        self.delivered.push(id);
                    }
                }
                Event::Refused { id, .. } => {
                    self.forget(id);
                    self.refused.insert(id);
                }
                Event::Postponed { id, .. } => self.take_back(id),
            }
        }

        fn forget(&mut self, id: DocumentId) {
            self.pending.retain(|other| *other != id);
            self.in_flight.retain(|other| *other != id);
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Put,
        Answer,
        Connected,
        ConnectFailed,
        Welcome,
        Receipt,
        Refuse,
        Postpone,
        Nonsense,
        Closed,
        Alive,
        Wait(u16),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => Just(Step::Put),
            6 => Just(Step::Answer),
            4 => Just(Step::Connected),
            1 => Just(Step::ConnectFailed),
            4 => Just(Step::Welcome),
            5 => Just(Step::Receipt),
            1 => Just(Step::Refuse),
            1 => Just(Step::Postpone),
            1 => Just(Step::Nonsense),
            1 => Just(Step::Closed),
            1 => Just(Step::Alive),
            2 => (0_u16..40_000).prop_map(Step::Wait),
        ];
        proptest::collection::vec(step, 0..120)
    }

    struct World {
        machine: Sync,
        owner: Owner,
        now: Duration,
        /// What the gateway has been sent on this connection and not answered.
        at_gateway: Vec<DocumentId>,
        stored: HashSet<DocumentId>,
    }

    impl World {
        fn new() -> Self {
            Self {
                machine: machine(),
                owner: Owner::default(),
                now: Duration::ZERO,
                at_gateway: Vec::new(),
                stored: HashSet::new(),
            }
        }

        fn input(&mut self, input: Input) {
            for effect in self.machine.step(self.now, 0x8000_0000_0000_0000, input) {
                match effect {
                    Effect::Connect | Effect::Close => self.at_gateway.clear(),
                    Effect::Send(KioskFrame::Submit { id, .. }) => self.at_gateway.push(id),
                    Effect::Send(_) | Effect::Ping => {}
                    Effect::Load => self.owner.asked += 1,
                    Effect::Report(event) => self.owner.hear(event),
                }
            }
        }

        fn step(&mut self, step: Step, put: &mut u8) {
            match step {
                Step::Put => {
                    *put += 1;
                    self.owner.pending.push_back(id(*put));
                    self.input(Input::Wake);
                }
                Step::Answer if self.owner.asked > 0 => {
                    self.owner.asked -= 1;
                    let next = self.owner.next();
                    self.input(Input::Loaded(next));
                }
                Step::Answer => {}
                Step::Connected => self.input(Input::Connected),
                Step::ConnectFailed => self.input(Input::ConnectFailed(LinkDownReason::TimedOut)),
                Step::Welcome if matches!(self.machine.link, Link::Greeting { .. }) => self.input(welcome()),
                Step::Welcome => {}
                Step::Receipt => {
                    if let Some(id) = self.at_gateway.pop() {
                        self.stored.insert(id);
                        self.input(Input::Frame(Ok(GatewayFrame::Receipt { id })));
                    }
                }
                Step::Refuse => {
                    if let Some(id) = self.at_gateway.pop() {
                        let code = RefusalCode::Signature;
                        self.input(Input::Frame(Ok(GatewayFrame::Refused { id, code })));
                    }
                }
                Step::Postpone => {
                    if let Some(id) = self.at_gateway.pop() {
                        let code = RefusalCode::Unavailable { retry_after_ms: 900 };
                        self.input(Input::Frame(Ok(GatewayFrame::Refused { id, code })));
                    }
                }
                Step::Nonsense => self.input(receipt(255)),
                Step::Closed => {
                    self.at_gateway.clear();
                    self.input(Input::Closed(LinkDownReason::Closed));
                }
                Step::Alive => self.input(Input::Alive),
                Step::Wait(ms) => {
                    self.now += Duration::from_millis(u64::from(ms));
                    self.input(Input::Tick);
                }
            }
        }

        fn check(&self, put: u8) {
            for number in 1..=put {
                let id = id(number);
                let places = self.owner.pending.iter().filter(|other| **other == id).count()
                    + self.owner.in_flight.iter().filter(|other| **other == id).count()
                    + usize::from(self.owner.delivered.contains(&id))
                    + usize::from(self.owner.refused.contains(&id));
                assert_eq!(places, 1, "document {number} is in {places} places");
            }
            for id in &self.owner.delivered {
                assert!(self.stored.contains(id), "delivered without a receipt");
            }
            assert!(self.at_gateway.len() <= 1, "more than one in flight");
        }
    }

    proptest! {
        /// Whatever happens, every document is in exactly one place from the owner's view; and once the line is
        /// good again, every one of them is delivered.
        #[test]
        fn loses_and_doubles_nothing(steps in steps()) {
            let mut world = World::new();
            let mut put = 0;
            for step in steps {
                world.step(step, &mut put);
                world.check(put);
            }
            for _ in 0..2_000 {
                let quiet = [Step::Answer, Step::Connected, Step::Welcome, Step::Receipt, Step::Wait(500), Step::Alive];
                for step in quiet {
                    world.step(step, &mut put);
                }
                if world.owner.pending.is_empty() && world.owner.in_flight.is_empty() {
                    break;
                }
            }
            world.check(put);
            prop_assert_eq!(world.owner.delivered.len() + world.owner.refused.len(), usize::from(put));
        }
    }
}
