//! When to connect, what to send next, when to give up on a silent line: decided without a clock, a socket or a
//! random source.
//!
//! The owner of a [`Sync`]
//! 1. calls [`Sync::step`] with the time, a fresh random number and what happened,
//! 2. performs the effects in their order,
//! 3. calls [`Sync::step`] with [`Input::Tick`] when [`Sync::deadline`] has come.
//!
//! Documents are sent in the order in which the owner hands them out, and answered in any. The gateway says how
//! many may be under way; see `window`.

mod former;
mod input;
mod link;
#[cfg(test)]
mod tests;
mod window;

use std::time::Duration;

use verification::evidence::DocumentId;
use verification::time::UtcMs;

pub use input::{Effect, Event, FailureClass, Greeting, Input, LinkDownReason, Settings, Standing};

use crate::wire::{
    AWAITING_MAX, ByeReason, DOCUMENT_MAX_BYTES, GatewayFrame, KioskFrame, Payload, RefusalCode, VERSION,
    WireError,
};
use former::Former;
use link::{Asking, Link, Open};
use window::Window;

/// By how much a postponed document is asked for later than its time.
const RECHECK_SLACK_MS: u64 = 100;

/// Delivery to one gateway. See the [module](self).
#[derive(Debug)]
pub struct Sync {
    settings: Settings,
    greeting: Greeting,
    standing: Standing,
    awaiting: Vec<DocumentId>,
    /// The certificate request that is not answered yet.
    renewal: Option<Vec<u8>>,
    link: Link,
    former: Former,
    /// Failures since the last proof that the line works; the exponent of the backoff.
    failures: u32,
    /// When the owner is asked again although nothing woke the machine.
    recheck_at: Duration,
}

impl Sync {
    /// A machine that connects at its first step.
    pub fn new(settings: Settings, greeting: Greeting, standing: Standing) -> Self {
        Self {
            settings,
            greeting,
            standing,
            awaiting: Vec::new(),
            renewal: None,
            link: Link::Resting {
                until: Duration::ZERO,
            },
            former: Former::default(),
            failures: 0,
            recheck_at: Duration::MAX,
        }
    }

    /// When [`Input::Tick`] is due, on the clock of [`Sync::step`]; `None` while only an input can change anything.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.link {
            Link::Resting { until } => Some(*until),
            Link::Connecting { give_up_at } | Link::Greeting { give_up_at, .. } => Some(*give_up_at),
            Link::Open(open) => {
                // While documents are under way on a slow line, no answer to a ping can be expected.
                let silence = match open.window.deadline() {
                    Some(deadline) => deadline,
                    None if open.pinged => open.heard_at.saturating_add(self.settings.silence_limit),
                    None => open.heard_at.saturating_add(self.settings.ping_after),
                };
                Some(match open.asking {
                    Asking::Nothing => silence.min(self.recheck_at),
                    Asking::Asked { .. } | Asking::Full => silence,
                })
            }
        }
    }

    /// Takes one input at the time `now` and says what is to be done. `random` is a fresh random number; it
    /// spreads the attempts of many kiosks.
    pub fn step(&mut self, now: Duration, random: u64, input: Input) -> Vec<Effect> {
        match input {
            Input::Tick => self.tick(now, random),
            Input::Connected { at } => self.connected(now, at),
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
            Input::Standing(standing) => {
                self.standing = standing;
                Vec::new()
            }
            Input::Renew(csr) => {
                self.renewal = Some(csr);
                match self.link {
                    Link::Open(_) => self.renew().into_iter().collect(),
                    // It follows the next greeting.
                    _ => Vec::new(),
                }
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
                let silent_at = open
                    .window
                    .deadline()
                    .unwrap_or(open.heard_at.saturating_add(self.settings.silence_limit));
                if now >= silent_at {
                    return self.drop_link(now, random, LinkDownReason::TimedOut);
                }
                let mut effects = Vec::new();
                if open.asking == Asking::Nothing && now >= self.recheck_at {
                    self.recheck_at = Duration::MAX;
                    open.ask(&mut effects);
                }
                if open.window.is_idle()
                    && !open.pinged
                    && now >= open.heard_at.saturating_add(self.settings.ping_after)
                {
                    open.pinged = true;
                    effects.push(Effect::Ping);
                }
                effects
            }
        }
    }

    fn connected(&mut self, now: Duration, at: UtcMs) -> Vec<Effect> {
        if !matches!(self.link, Link::Connecting { .. }) {
            return Vec::new();
        }
        self.link = Link::Greeting {
            give_up_at: now.saturating_add(self.settings.connect_limit),
            sent_at: now,
            clock: at,
        };
        vec![Effect::Send(KioskFrame::Hello {
            protocol: VERSION,
            kiosk_id: self.greeting.kiosk_id.clone(),
            software: self.greeting.software.clone(),
            awaiting: self.awaiting.clone(),
            software_sha256: self.greeting.software_sha256,
            capabilities: self.greeting.capabilities.clone(),
            audit: self.standing.audit,
            at,
            pending: self.standing.pending,
        })]
    }

    fn frame(&mut self, now: Duration, random: u64, frame: Result<GatewayFrame, WireError>) -> Vec<Effect> {
        self.heard(now);
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return self.drop_link(now, random, LinkDownReason::Nonsense(error.to_string())),
        };
        match &self.link {
            Link::Resting { .. } | Link::Connecting { .. } => return Vec::new(),
            Link::Greeting { .. } => return self.welcome(now, random, frame),
            Link::Open(_) => {}
        }
        match frame {
            GatewayFrame::Receipt { id, receipt } => {
                let receipt = receipt.0;
                self.answered(now, random, id, Event::Delivered { id, receipt })
            }
            GatewayFrame::Refused { id, code } => {
                let event = match code {
                    RefusalCode::Unavailable { retry_after_ms } => Event::Postponed { id, retry_after_ms },
                    code => Event::Refused { id, code },
                };
                self.answered(now, random, id, event)
            }
            GatewayFrame::Identified { id, document } => {
                self.failures = 0;
                vec![Effect::Report(Event::Identified {
                    id,
                    document: document.0,
                })]
            }
            GatewayFrame::Resend { ids } => vec![Effect::Report(Event::Resend { ids })],
            GatewayFrame::Certificates { chain } => {
                self.renewal = None;
                let chain = chain.into_iter().map(|certificate| certificate.0).collect();
                vec![Effect::Report(Event::Certificates { chain })]
            }
            GatewayFrame::HostedPage { id, url, expires_at } => {
                vec![Effect::Report(Event::HostedPage { id, url, expires_at })]
            }
            GatewayFrame::CallBacks { waiting } => vec![Effect::Report(Event::CallBacks { waiting })],
            GatewayFrame::Bye { reason } => self.drop_link(now, random, LinkDownReason::Bye(reason)),
            GatewayFrame::Welcome { .. } => {
                self.drop_link(now, random, LinkDownReason::Nonsense("a second welcome".into()))
            }
        }
    }

    /// The gateway has said what becomes of a document.
    fn answered(&mut self, now: Duration, random: u64, id: DocumentId, event: Event) -> Vec<Effect> {
        let Link::Open(open) = &mut self.link else {
            return Vec::new();
        };
        if !open.window.answered(now, id) {
            // The owner knows already what became of it: it was told, or has it back. If it is offered again, it
            // is answered again.
            if self.former.contains(id) {
                return Vec::new();
            }
            let reason = LinkDownReason::Nonsense("an answer about a document that was not sent".into());
            return self.drop_link(now, random, reason);
        }
        self.failures = 0;
        if let Event::Postponed { retry_after_ms, .. } = event {
            // A little later, for the owner reads its own clock after this one.
            let wait = Duration::from_millis(retry_after_ms.saturating_add(RECHECK_SLACK_MS));
            self.recheck_at = self.recheck_at.min(now.saturating_add(wait));
        }
        let mut effects = vec![Effect::Report(event)];
        open.advance(now, &mut effects);
        if open.asking == Asking::Full {
            open.ask(&mut effects);
        }
        self.former.remember(id);
        effects
    }

    fn welcome(&mut self, now: Duration, random: u64, frame: GatewayFrame) -> Vec<Effect> {
        let Link::Greeting { sent_at, clock, .. } = self.link else {
            return Vec::new();
        };
        match frame {
            GatewayFrame::Welcome {
                protocol: VERSION,
                gateway,
                window_documents,
                window_bytes,
                at,
                export_recipient,
            } => {
                let mut open = Open {
                    heard_at: now,
                    pinged: false,
                    window: Window::new(
                        window_documents.min(self.settings.window_documents_max),
                        window_bytes.min(self.settings.window_bytes_max),
                        self.settings.slowest_bytes_per_s,
                        self.settings.silence_limit,
                    ),
                    asking: Asking::Nothing,
                };
                let mut effects = vec![Effect::Report(Event::Welcome {
                    gateway,
                    skew_ms: skew_ms(clock, now.saturating_sub(sent_at), at),
                    export_recipient,
                })];
                effects.extend(self.renew());
                open.ask(&mut effects);
                self.link = Link::Open(open);
                effects
            }
            GatewayFrame::Welcome { .. } => {
                self.drop_link(now, random, LinkDownReason::Bye(ByeReason::Version))
            }
            GatewayFrame::Bye { reason } => self.drop_link(now, random, LinkDownReason::Bye(reason)),
            _ => self.drop_link(now, random, LinkDownReason::Nonsense("no welcome".into())),
        }
    }

    fn wake(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        // Every new connection starts by asking the owner.
        if let Link::Open(open) = &mut self.link {
            match &mut open.asking {
                Asking::Nothing => open.ask(&mut effects),
                Asking::Asked { again } => *again = true,
                Asking::Full => {}
            }
        }
        effects
    }

    fn loaded(&mut self, now: Duration, document: Option<(DocumentId, Vec<u8>)>) -> Vec<Effect> {
        // An answer to a question of an earlier connection may still come. It is as good as a new one; what
        // cannot be taken now is given back, so that the owner does not believe it to be under way.
        let give_back = |id| {
            Effect::Report(Event::Postponed {
                id,
                retry_after_ms: 0,
            })
        };
        let Link::Open(open) = &mut self.link else {
            return document.map_or_else(Vec::new, |(id, _)| vec![give_back(id)]);
        };
        let mut effects = Vec::new();
        match document {
            None if open.asking == (Asking::Asked { again: true }) => open.ask(&mut effects),
            None => {
                // While no more may be under way, nobody was asked: the answer is to an earlier question.
                if open.asking != Asking::Full {
                    open.asking = Asking::Nothing;
                }
                self.recheck_at = self
                    .recheck_at
                    .min(now.saturating_add(self.settings.recheck_after));
            }
            Some((id, bytes)) if bytes.len() > DOCUMENT_MAX_BYTES => {
                effects.push(Effect::Report(Event::Refused {
                    id,
                    code: RefusalCode::TooLarge,
                }));
                open.ask(&mut effects);
            }
            Some((id, _)) if open.window.has(id) => open.ask(&mut effects),
            Some((id, bytes)) if open.window.can_hold() => {
                open.window.hold(id, bytes);
                open.advance(now, &mut effects);
                open.ask(&mut effects);
            }
            Some((id, _)) => {
                effects.push(give_back(id));
                open.ask(&mut effects);
            }
        }
        effects
    }

    fn renew(&self) -> Option<Effect> {
        let csr = Payload(self.renewal.clone()?);
        Some(Effect::Send(KioskFrame::Renew { csr }))
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

    fn drop_link(&mut self, now: Duration, random: u64, reason: LinkDownReason) -> Vec<Effect> {
        if matches!(self.link, Link::Resting { .. }) {
            return Vec::new();
        }
        let mut effects = vec![Effect::Close];
        effects.extend(self.rest(now, random, reason));
        effects
    }

    fn rest(&mut self, now: Duration, random: u64, reason: LinkDownReason) -> Vec<Effect> {
        if reason == LinkDownReason::Bye(ByeReason::RenewalRefused) {
            // The same request would be refused again.
            self.renewal = None;
        }
        let pause = self.pause(random, reason.class());
        self.failures = self.failures.saturating_add(1);
        let resting = Link::Resting {
            until: now.saturating_add(pause),
        };
        if let Link::Open(open) = std::mem::replace(&mut self.link, resting) {
            open.window.ids().for_each(|id| self.former.remember(id));
        }
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

/// By how much the gateway's clock is ahead of the kiosk's, if the welcome was written half-way between the
/// greeting and now.
fn skew_ms(kiosk: UtcMs, round_trip: Duration, gateway: UtcMs) -> i64 {
    let half_ms = i64::try_from(round_trip.as_millis() / 2).unwrap_or(i64::MAX);
    gateway.0.saturating_sub(kiosk.0.saturating_add(half_ms))
}
