//! Whatever happens, in whatever order.

use std::collections::{HashMap, HashSet, VecDeque};

use proptest::prelude::*;

use super::*;

/// An owner that keeps its documents as the outbox does, and hears of events later than they happen.
#[derive(Default)]
struct Owner {
    events: VecDeque<Event>,
    pending: VecDeque<DocumentId>,
    in_flight: Vec<DocumentId>,
    delivered: Vec<DocumentId>,
    refused: HashSet<DocumentId>,
    /// How often each was offered.
    offers: HashMap<DocumentId, u32>,
    /// How often each was said to be delivered.
    receipts: HashMap<DocumentId, u32>,
}

/// Documents are of different sizes, by their number.
fn size(id: DocumentId) -> usize {
    1 + usize::from(id.0[0]) * 7 % 20
}

/// The gateway is of one mind about each.
fn is_bad(id: DocumentId) -> bool {
    id.0[0] % 7 == 3
}

impl Owner {
    /// Takes note of the oldest event; an offer follows from some.
    fn hear(&mut self) -> Option<Input> {
        match self.events.pop_front()? {
            Event::WantNext => {
                let next = self.pending.pop_front();
                if let Some(id) = next {
                    self.in_flight.push(id);
                    *self.offers.entry(id).or_default() += 1;
                }
                return Some(Input::Loaded(next.map(|id| (id, vec![1; size(id)]))));
            }
            Event::LinkDown { .. } => {
                let mut all: Vec<_> = self.in_flight.drain(..).chain(self.pending.drain(..)).collect();
                all.sort_unstable();
                self.pending = all.into();
            }
            Event::Delivered { id, receipt } => {
                assert_eq!(receipt, id.0, "a receipt of another document");
                *self.receipts.entry(id).or_default() += 1;
                if self.forget(id) {
                    self.delivered.push(id);
                }
            }
            Event::Refused { id, .. } => {
                if self.forget(id) {
                    self.refused.insert(id);
                }
            }
            Event::Postponed { id, .. } => {
                if let Some(at) = self.in_flight.iter().position(|other| *other == id) {
                    self.in_flight.remove(at);
                    self.pending.push_back(id);
                }
            }
            Event::Welcome { .. }
            | Event::Identified { .. }
            | Event::Resend { .. }
            | Event::Certificates { .. }
            | Event::HostedPage { .. }
            | Event::CallBacks { .. } => {}
        }
        None
    }

    /// It waits no more. False if it did not.
    fn forget(&mut self, id: DocumentId) -> bool {
        let before = self.pending.len() + self.in_flight.len();
        self.pending.retain(|other| *other != id);
        self.in_flight.retain(|other| *other != id);
        self.pending.len() + self.in_flight.len() < before
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Put,
    /// The owner comes to its events.
    Hear,
    Connected,
    ConnectFailed,
    /// With this window.
    Welcome(u16, u32),
    /// The gateway answers about one of its documents; which one is left to chance.
    Answer(u8),
    /// The gateway says what it said before.
    Again(u8),
    Postpone(u8),
    Nonsense,
    Closed,
    Bye(u8),
    Alive,
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Put),
        9 => Just(Step::Hear),
        4 => Just(Step::Connected),
        1 => Just(Step::ConnectFailed),
        4 => (0_u16..5, 0_u32..60).prop_map(|(documents, bytes)| Step::Welcome(documents, bytes)),
        6 => any::<u8>().prop_map(Step::Answer),
        1 => any::<u8>().prop_map(Step::Again),
        1 => any::<u8>().prop_map(Step::Postpone),
        1 => Just(Step::Nonsense),
        1 => Just(Step::Closed),
        1 => (0_u8..16).prop_map(Step::Bye),
        1 => Just(Step::Alive),
        2 => (0_u16..40_000).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..160)
}

struct World {
    machine: Sync,
    owner: Owner,
    now: Duration,
    window: (u16, u32),
    /// What the gateway has been sent on this connection and not answered.
    at_gateway: Vec<DocumentId>,
    /// What it has answered.
    answered: Vec<GatewayFrame>,
    stored: HashSet<DocumentId>,
}

impl World {
    fn new() -> Self {
        Self {
            machine: machine(),
            owner: Owner::default(),
            now: Duration::ZERO,
            window: (0, 0),
            at_gateway: Vec::new(),
            answered: Vec::new(),
            stored: HashSet::new(),
        }
    }

    fn input(&mut self, input: Input) {
        for effect in self.machine.step(self.now, 0x8000_0000_0000_0000, input) {
            match effect {
                Effect::Connect | Effect::Close => self.at_gateway.clear(),
                Effect::Send(KioskFrame::Submit { id, .. }) => {
                    assert!(!self.at_gateway.contains(&id), "one is under way twice");
                    self.at_gateway.push(id);
                }
                Effect::Send(_) | Effect::Ping => {}
                Effect::Load => self.owner.events.push_back(Event::WantNext),
                Effect::Report(event) => self.owner.events.push_back(event),
            }
        }
    }

    fn say(&mut self, frame: GatewayFrame) {
        self.input(Input::Frame(Ok(frame)));
    }

    /// One of the documents that the gateway owes an answer about.
    fn pick(&mut self, number: u8) -> Option<DocumentId> {
        let at = usize::from(number).checked_rem(self.at_gateway.len())?;
        Some(self.at_gateway.remove(at))
    }

    fn step(&mut self, step: Step, put: &mut u8) {
        match step {
            Step::Put => {
                *put += 1;
                self.owner.pending.push_back(id(*put));
                self.input(Input::Wake);
            }
            Step::Hear => {
                if let Some(input) = self.owner.hear() {
                    self.input(input);
                }
            }
            Step::Connected => self.input(connected()),
            Step::ConnectFailed => self.input(Input::ConnectFailed(LinkDownReason::TimedOut)),
            Step::Welcome(documents, bytes) => {
                if matches!(self.machine.link, Link::Greeting { .. }) {
                    self.window = (documents.max(1), bytes);
                    self.input(welcome_to(documents, bytes));
                }
            }
            Step::Answer(number) => {
                if let Some(id) = self.pick(number) {
                    let frame = if is_bad(id) {
                        let code = RefusalCode::Signature;
                        GatewayFrame::Refused { id, code }
                    } else {
                        self.stored.insert(id);
                        let receipt = Payload(id.0.to_vec());
                        GatewayFrame::Receipt { id, receipt }
                    };
                    self.answered.push(frame.clone());
                    self.say(frame);
                }
            }
            Step::Again(number) => {
                let open = matches!(self.machine.link, Link::Open(_));
                let at = usize::from(number).checked_rem(self.answered.len());
                if let (true, Some(at)) = (open, at) {
                    let frame = self.answered[at].clone();
                    if let GatewayFrame::Receipt { id, .. } | GatewayFrame::Refused { id, .. } = frame {
                        // It may be under way once more; then this answers it.
                        self.at_gateway.retain(|other| *other != id);
                    }
                    self.say(frame);
                    assert!(
                        matches!(self.machine.link, Link::Open(_)),
                        "a repeated answer breaks the line"
                    );
                }
            }
            Step::Postpone(number) => {
                if let Some(id) = self.pick(number) {
                    let code = RefusalCode::Unavailable { retry_after_ms: 900 };
                    self.say(GatewayFrame::Refused { id, code });
                }
            }
            Step::Nonsense => self.input(receipt(255)),
            Step::Closed => {
                self.at_gateway.clear();
                self.input(Input::Closed(LinkDownReason::Closed));
            }
            Step::Bye(number) => self.say(GatewayFrame::Bye {
                reason: u32::from(number).into(),
            }),
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
            let owner = &self.owner;
            let places = owner.pending.iter().filter(|other| **other == id).count()
                + owner.in_flight.iter().filter(|other| **other == id).count()
                + owner.delivered.iter().filter(|other| **other == id).count()
                + usize::from(owner.refused.contains(&id));
            assert_eq!(places, 1, "document {number} is in {places} places");
            assert!(
                owner.receipts.get(&id) <= owner.offers.get(&id),
                "document {number} was delivered more often than it was offered"
            );
        }
        for id in &self.owner.delivered {
            assert!(self.stored.contains(id), "delivered without a receipt");
        }
        let under_way = self.at_gateway.len();
        let bytes: usize = self.at_gateway.iter().map(|id| size(*id)).sum();
        assert!(
            under_way <= 1
                || under_way <= usize::from(self.window.0)
                    && bytes <= usize::try_from(self.window.1).unwrap(),
            "{under_way} documents of {bytes} bytes in a window of {:?}",
            self.window
        );
    }
}

proptest! {
    /// Every document is in exactly one place from the owner's view, no more is under way than may be; and once the
    /// line is good again, all that the gateway takes is delivered.
    #[test]
    fn loses_and_doubles_nothing(steps in steps()) {
        let mut world = World::new();
        let mut put = 0;
        for step in steps {
            world.step(step, &mut put);
            world.check(put);
        }
        for round in 0..3_000_u32 {
            let quiet = [
                Step::Hear, Step::Hear, Step::Connected, Step::Welcome(3, 30), Step::Answer(round as u8),
                Step::Wait(500), Step::Alive,
            ];
            for step in quiet {
                world.step(step, &mut put);
            }
            world.check(put);
            if world.owner.pending.is_empty() && world.owner.in_flight.is_empty() {
                break;
            }
        }
        prop_assert_eq!(world.owner.delivered.len() + world.owner.refused.len(), usize::from(put));
    }

    /// From whatever state, somebody who only ticks sees a new connection being made.
    #[test]
    fn always_comes_back(steps in steps()) {
        let mut world = World::new();
        let mut put = 0;
        for step in steps {
            world.step(step, &mut put);
        }
        // The line is dead from here on: nothing is heard any more.
        let mut connects = 0;
        for _ in 0..200 {
            let Some(deadline) = world.machine.deadline() else {
                break;
            };
            world.now = world.now.max(deadline);
            let effects = world.machine.step(world.now, u64::MAX, Input::Tick);
            connects += effects.iter().filter(|effect| **effect == Effect::Connect).count();
        }
        prop_assert!(connects > 20, "{} attempts", connects);
    }
}
