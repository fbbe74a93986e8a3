//! The delivery machine between an owner that is late, a line that breaks and a gateway that says anything: nothing counts
//! as delivered that was not sent and answered, no more is under way than may be, every document that was handed out has
//! one end, and left alone with a good line everything is answered.
//!
//! The input is a list of steps, each a byte that says which one and what belongs to it.
#![no_main]

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sync::machine::{Effect, Event, Greeting, Input, LinkDownReason, Settings, Standing, Sync};
use sync::wire::{GatewayFrame, KioskFrame, Payload, RefusalCode, VERSION};
use verification::audit::{AuditHead, LogId};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

/// So many documents there are at most.
const DOCUMENTS_MAX: u8 = 40;

fuzz_target!(|input: &[u8]| {
    let mut world = World::new();
    let mut steps = input;
    while let Some((&step, rest)) = steps.split_first() {
        steps = rest;
        let size = step >> 4;
        match step % 16 {
            0 => world.put(),
            1..=3 => world.hear(),
            4 => world.input(Input::Connected { at: UtcMs(0) }),
            5 => world.input(Input::ConnectFailed(LinkDownReason::TimedOut)),
            6 => world.welcome(u16::from(size % 5), 20 * u32::from(size)),
            7 | 8 => world.answer(usize::from(size)),
            9 => world.postpone(usize::from(size)),
            10 => world.input(Input::Closed(LinkDownReason::Closed)),
            11 => world.input(Input::Alive),
            12 => world.wait(Duration::from_millis(1 << size)),
            13 => world.wait(Duration::from_secs(u64::from(size))),
            14 => world.say(GatewayFrame::Bye {
                reason: u32::from(size).into(),
            }),
            _ => {
                let (frame, rest) = steps.split_at(usize::from(size).min(steps.len()));
                steps = rest;
                world.bytes(&[&[0x82, VERSION][..], frame].concat());
            }
        }
        world.check();
    }
    for _ in 0..2_000 {
        if world.waiting() == 0 {
            break;
        }
        world.hear();
        world.hear();
        world.input(Input::Connected { at: UtcMs(0) });
        world.welcome(3, 60);
        world.answer(0);
        world.input(Input::Alive);
        world.wait(Duration::from_millis(700));
        world.check();
    }
    assert_eq!(world.waiting(), 0, "left alone, every document is answered");
});

#[derive(PartialEq)]
enum Place {
    Pending,
    InFlight,
    Delivered,
    Refused,
}

struct World {
    machine: Sync,
    now: Duration,
    events: VecDeque<Event>,
    /// Where the owner has each document; what it sends next is the first that is pending.
    documents: Vec<Place>,
    greeting: bool,
    window: (u16, u32),
    at_gateway: Vec<DocumentId>,
    /// How often each was offered, and how often said to be delivered.
    counts: HashMap<DocumentId, (u32, u32)>,
}

fn id(number: usize) -> DocumentId {
    DocumentId([number as u8; 16])
}

fn size(id: DocumentId) -> usize {
    1 + usize::from(id.0[0]) * 7 % 50
}

impl World {
    fn new() -> Self {
        let greeting = Greeting {
            kiosk_id: "k".into(),
            software: "1".into(),
            software_sha256: [0; 32],
            capabilities: Vec::new(),
        };
        let standing = Standing {
            audit: AuditHead::empty(LogId([1; 16])),
            pending: 0,
        };
        let mut world = Self {
            machine: Sync::new(Settings::default(), greeting, standing),
            now: Duration::ZERO,
            events: VecDeque::new(),
            documents: Vec::new(),
            greeting: false,
            window: (0, 0),
            at_gateway: Vec::new(),
            counts: HashMap::new(),
        };
        world.input(Input::Tick);
        world
    }

    fn input(&mut self, input: Input) {
        for effect in self.machine.step(self.now, 1 << 63, input) {
            match effect {
                Effect::Connect | Effect::Close => {
                    self.at_gateway.clear();
                    self.greeting = false;
                }
                Effect::Send(KioskFrame::Submit { id, document }) => {
                    assert_eq!(document.0.len(), size(id));
                    assert!(!self.at_gateway.contains(&id), "one is under way twice");
                    self.at_gateway.push(id);
                }
                Effect::Send(KioskFrame::Hello { .. }) => self.greeting = true,
                Effect::Send(_) | Effect::Ping => {}
                Effect::Load => self.events.push_back(Event::WantNext),
                Effect::Report(event) => {
                    if matches!(event, Event::LinkDown { .. }) {
                        self.at_gateway.clear();
                        self.greeting = false;
                    }
                    self.events.push_back(event);
                }
            }
        }
    }

    fn say(&mut self, frame: GatewayFrame) {
        self.input(Input::Frame(Ok(frame)));
    }

    /// Fewer than a document's id has, so that this never answers anything.
    fn bytes(&mut self, bytes: &[u8]) {
        let frame = GatewayFrame::decode(bytes);
        if let Ok(GatewayFrame::Welcome {
            window_documents,
            window_bytes,
            ..
        }) = frame
            && self.greeting
        {
            self.window = (window_documents, window_bytes);
        }
        self.greeting = false;
        self.input(Input::Frame(frame));
    }

    fn put(&mut self) {
        if self.documents.len() < usize::from(DOCUMENTS_MAX) {
            self.documents.push(Place::Pending);
            self.input(Input::Wake);
        }
    }

    /// The owner comes to its oldest event.
    fn hear(&mut self) {
        let Some(event) = self.events.pop_front() else {
            return;
        };
        match event {
            Event::WantNext => {
                let next = self.documents.iter().position(|place| *place == Place::Pending);
                if let Some(number) = next {
                    self.documents[number] = Place::InFlight;
                    self.counts.entry(id(number)).or_default().0 += 1;
                }
                self.input(Input::Loaded(next.map(|number| {
                    let id = id(number);
                    (id, vec![0; size(id)])
                })));
            }
            Event::LinkDown { .. } => {
                for place in &mut self.documents {
                    if *place == Place::InFlight {
                        *place = Place::Pending;
                    }
                }
            }
            Event::Delivered { id, .. } => {
                let counts = self.counts.entry(id).or_default();
                counts.1 += 1;
                assert!(counts.1 <= counts.0, "delivered more often than offered");
                self.settle(id, Place::Delivered);
            }
            Event::Refused { id, .. } => self.settle(id, Place::Refused),
            Event::Postponed { id, .. } => {
                let place = &mut self.documents[usize::from(id.0[0])];
                if *place == Place::InFlight {
                    *place = Place::Pending;
                }
            }
            Event::Welcome { .. }
            | Event::Identified { .. }
            | Event::Resend { .. }
            | Event::Certificates { .. }
            | Event::HostedPage { .. }
            | Event::CallBacks { .. } => {}
        }
    }

    fn settle(&mut self, id: DocumentId, place: Place) {
        let now = &mut self.documents[usize::from(id.0[0])];
        if matches!(now, Place::Pending | Place::InFlight) {
            *now = place;
        }
    }

    fn welcome(&mut self, window_documents: u16, window_bytes: u32) {
        if self.greeting {
            self.greeting = false;
            self.window = (window_documents, window_bytes);
            self.say(GatewayFrame::Welcome {
                protocol: VERSION,
                gateway: "g".into(),
                window_documents,
                window_bytes,
                at: UtcMs(0),
                export_recipient: None,
            });
        }
    }

    fn pick(&mut self, number: usize) -> Option<DocumentId> {
        let at = number.checked_rem(self.at_gateway.len())?;
        Some(self.at_gateway.remove(at))
    }

    fn answer(&mut self, number: usize) {
        if let Some(id) = self.pick(number) {
            let bad = id.0[0] % 7 == 3;
            self.say(if bad {
                let code = RefusalCode::AuditFork;
                GatewayFrame::Refused { id, code }
            } else {
                let receipt = Payload(Vec::new());
                GatewayFrame::Receipt { id, receipt }
            });
        }
    }

    fn postpone(&mut self, number: usize) {
        if let Some(id) = self.pick(number) {
            let code = RefusalCode::Unavailable { retry_after_ms: 300 };
            self.say(GatewayFrame::Refused { id, code });
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.input(Input::Tick);
    }

    fn waiting(&self) -> usize {
        let waits = |place: &&Place| matches!(place, Place::Pending | Place::InFlight);
        self.documents.iter().filter(waits).count()
    }

    fn check(&self) {
        let (documents, bytes) = self.window;
        let under_way: usize = self.at_gateway.iter().map(|id| size(*id)).sum();
        assert!(
            self.at_gateway.len() <= 1
                || self.at_gateway.len() <= usize::from(documents) && under_way <= bytes as usize
        );
    }
}
