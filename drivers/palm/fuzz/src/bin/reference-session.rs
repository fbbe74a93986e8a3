//! The host's side of the reference protocol, under a host that begins and cancels at any time, and a scanner that says
//! anything: each request has one end, an answer is one to the request that waits, and left alone everything ends.
//!
//! The input is a list of steps, each a byte that says which one and what belongs to it.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use palm::reference::fields::Text;
use palm::reference::frame::Packet;
use palm::reference::message::{Request, kind};
use palm::reference::session::{Output, Session};

/// The machine wants to be told at least so often that time passes.
const STEP: Duration = Duration::from_millis(50);
/// Longer than any request may take.
const LONG: Duration = Duration::from_secs(30);

fuzz_target!(|input: &[u8]| {
    let mut host = Host {
        session: Session::new(0),
        now: Duration::ZERO,
        waiting: None,
        cancelled: None,
    };
    let mut steps = input;
    while let Some((&step, rest)) = steps.split_first() {
        steps = rest;
        let mut take = |most: usize| {
            let (taken, rest) = steps.split_at(most.min(steps.len()));
            steps = rest;
            taken
        };
        let size = usize::from(step >> 3);
        match step % 8 {
            0 => host.wait(STEP * u32::from(step >> 3)),
            1 => host.hear(take(size)),
            2 => host.begin(request(size)),
            4 => host.cancel(),
            5 => {
                let length = take(1).first().copied().unwrap_or_default();
                if let &[version, kind, low, high, ref payload @ ..] = take(length.into()) {
                    let id = u16::from_le_bytes([low, high]);
                    let packet = Packet::new(version, kind, id, payload.to_vec());
                    host.hear(&packet.expect("a short one fits").to_frame());
                }
            }
            6 => while host.session.notice().is_some() {},
            7 => host.forget(),
            _ => host.hear(&[]),
        }
    }
    let until = host.now + LONG;
    while host.waiting.is_some() && host.now < until {
        host.wait(STEP);
    }
    assert!(host.waiting.is_none(), "left alone, everything ends");
});

fn request(which: usize) -> Request {
    match which % 10 {
        0 => Request::Hello {
            lowest: 1,
            highest: 1,
        },
        1 => Request::Identity,
        2 => Request::SelfTest,
        3 => Request::Status,
        4 => Request::Head,
        5 => Request::Capture {
            limit_ms: 3000,
            challenge: [7; 32],
        },
        6 => Request::Enrol {
            limit_ms: 3000,
            tag: Text::new("t"),
        },
        7 => Request::List { after: 0 },
        8 => Request::Delete { reference: 1 },
        _ => Request::Cancel { job: 0 },
    }
}

struct Host {
    session: Session,
    now: Duration,
    /// Kind of the request that waits for an answer.
    waiting: Option<u8>,
    /// Kind of the job that is being cancelled.
    cancelled: Option<u8>,
}

impl Host {
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now += STEP;
            self.hear(&[]);
        }
    }

    fn begin(&mut self, request: Request) {
        self.waiting = Some(request.kind());
        self.cancelled = None;
        assert!(!self.session.begin(self.now, request).is_empty());
    }

    fn cancel(&mut self) {
        if self.session.cancel(self.now).is_some() {
            self.cancelled = self.waiting.replace(kind::CANCEL);
            assert!(self.cancelled.is_some(), "there was nothing to cancel");
        }
    }

    fn forget(&mut self) {
        self.session.forget();
        self.waiting = None;
    }

    fn hear(&mut self, bytes: &[u8]) {
        for output in self.session.step(self.now, bytes) {
            match output {
                Output::Send(_) | Output::Hand(_) => assert!(self.waiting.is_some()),
                Output::Answer(reply) => {
                    let request = self.waiting.take().expect("an answer has a request");
                    assert!(reply.answers(request));
                }
                Output::Late(reply) => {
                    assert_eq!(self.waiting, Some(kind::CANCEL));
                    assert!(self.cancelled.is_some_and(|job| reply.answers(job)));
                }
                Output::Fault(_) => {
                    self.waiting.take().expect("a fault has a request");
                }
            }
        }
    }
}
