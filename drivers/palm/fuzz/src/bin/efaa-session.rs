//! The conversation with a module of the EF-AA family, under a host that begins, stops and resets at any time, and a
//! module that says anything: each beginning has one end, an answer names the command that was sent, and left alone
//! everything ends.
//!
//! The input is a list of steps, each a byte that says which one and what belongs to it.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use palm::efaa::commands::{Command, EnrolSingle, Enrolment, ListIds, Reset, Status, Verify};
use palm::efaa::inbound::Purpose;
use palm::efaa::machine::{Ended, Input, Output, Request, Session};
use palm::efaa::protocol::Frame;

/// The machine wants to be told at least so often that time passes.
const STEP: Duration = Duration::from_millis(50);
/// Longer than any command may take.
const LONG: Duration = Duration::from_secs(30);

fuzz_target!(|input: &[u8]| {
    let Some((&first, mut steps)) = input.split_first() else {
        return;
    };
    let purpose = [Purpose::FacesAndPalms, Purpose::Palms][usize::from(first % 2)];
    let mut host = Host {
        session: Session::new(purpose),
        now: Duration::ZERO,
        under_way: None,
    };
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
            3 => host.reset(),
            4 => host.stop(),
            5 => {
                let reply = Frame::from_data(0, take(size).to_vec());
                host.hear(&reply.expect("a short one fits").encode());
            }
            6 => {
                let note = Frame::from_data(1, take(size).to_vec());
                host.hear(&note.expect("a short one fits").encode());
            }
            _ => host.lose(),
        }
    }
    host.wait_out(LONG);
    assert!(host.under_way.is_none(), "left alone, everything ends");
});

fn request(kind: usize) -> Request {
    let enrolment = Enrolment {
        tag: "t",
        admin: false,
        limit_s: 3,
    };
    match kind % 5 {
        0 => Request::new(&Status, &[], None),
        1 => Request::new(&ListIds::Plain, &[], None),
        2 => Request::new(&Verify { limit_s: 3 }, &[0x70], None),
        3 => Request::new(&EnrolSingle(enrolment), &[], None),
        _ => Request::new(&Status, &[], Some(Duration::from_millis(700))),
    }
}

struct Host {
    session: Session,
    now: Duration,
    under_way: Option<UnderWay>,
}

enum UnderWay {
    Command { request: Request, sent: bool },
    Reset,
}

impl Host {
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now += STEP;
            self.hear(&[]);
        }
    }

    /// The same until nothing is under way.
    fn wait_out(&mut self, time: Duration) {
        let until = self.now + time;
        while self.under_way.is_some() && self.now < until {
            self.wait(STEP);
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let outputs = self.session.handle(self.now, Input::Bytes(bytes));
        self.judge(outputs);
    }

    fn stop(&mut self) {
        let outputs = self.session.handle(self.now, Input::Stop);
        self.judge(outputs);
    }

    fn begin(&mut self, request: Request) {
        let outputs = self.session.handle(self.now, Input::Begin(request.clone()));
        self.replace(UnderWay::Command { request, sent: false }, outputs);
    }

    fn reset(&mut self) {
        let outputs = self.session.handle(self.now, Input::Reset);
        self.replace(UnderWay::Reset, outputs);
    }

    fn lose(&mut self) {
        self.session.lose();
        self.under_way = None;
    }

    /// What was under way before is stopped first.
    fn replace(&mut self, next: UnderWay, mut outputs: Vec<Output>) {
        if self.under_way.is_some() {
            assert_eq!(outputs.remove(0), Output::Ended(Ended::Stopped(None)));
        }
        self.under_way = Some(next);
        self.judge(outputs);
    }

    fn judge(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(frame) => match &mut self.under_way {
                    Some(UnderWay::Command { request, sent }) if request.frame == frame => *sent = true,
                    // A module is brought to standby by either.
                    _ => assert!(
                        frame == Reset.to_frame() || frame == Status.to_frame(),
                        "nobody wanted this sent"
                    ),
                },
                Output::Hand(_) => assert!(matches!(
                    self.under_way,
                    Some(UnderWay::Command { sent: true, .. })
                )),
                Output::Notice(_) => {}
                Output::Ended(ended) => {
                    let under_way = self.under_way.take().expect("an end has a beginning");
                    match (ended, under_way) {
                        (Ended::Reply(reply), UnderWay::Command { request, sent }) => {
                            assert!(sent && request.answers.contains(&reply.message));
                        }
                        (Ended::Standby, UnderWay::Reset) => {}
                        (Ended::Stopped(_) | Ended::Failed { .. }, _) => {}
                        (ended, _) => panic!("{ended:?} is not what was begun"),
                    }
                }
            }
        }
    }
}
