//! Whatever happens, in whatever order.

use proptest::prelude::*;

use super::*;

/// What can happen to a session, in any order.
#[derive(Debug, Clone)]
enum Event {
    Begin(&'static str),
    Reset,
    Stop,
    Frame(u8, Vec<u8>),
    Bytes(Vec<u8>),
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let command = prop::sample::select(vec!["status", "list", "verify", "enrol", "progress"]);
    let message = prop::sample::select(vec![0x10u8, 0x11, 0x12, 0x14, 0x1D, 0x24, 0x70, 0x99]);
    let result = prop::sample::select(vec![0u8, 0, 1, 2, 8, 13, 14]);
    prop_oneof![
        3 => command.prop_map(Event::Begin),
        1 => Just(Event::Reset),
        1 => Just(Event::Stop),
        6 => (message, result, prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(message, result, rest)| {
            Event::Frame(0, [&[message, result], rest.as_slice()].concat())
        }),
        1 => Just(Event::Frame(1, vec![0])),
        1 => any::<u8>().prop_map(|state| Event::Frame(1, vec![1, state, 0])),
        1 => prop::collection::vec(any::<u8>(), 0..30).prop_map(Event::Bytes),
        2 => (0u64..700).prop_map(Event::Wait),
    ]
}

proptest! {
    /// Whatever comes in whatever order: no panic, one end for each beginning, and an answer is always a reply to the
    /// very command that waits, which came after that command was sent.
    #[test]
    fn every_command_has_one_end_and_its_own_answer(events in prop::collection::vec(event(), 0..60)) {
        let mut session = Session::new(Purpose::FacesAndPalms);
        let mut now = Duration::ZERO;
        let mut under_way: Option<Option<Request>> = None;
        let mut sent = false;
        let mut heard: Vec<u8> = Vec::new();
        let wait_out = vec![Event::Wait(12_000)];
        for event in events.into_iter().chain(wait_out) {
            let mut rounds = 1;
            let bytes = match &event {
                Event::Frame(kind, data) => Frame::from_data(*kind, data.clone()).unwrap().encode(),
                Event::Bytes(bytes) => bytes.clone(),
                Event::Wait(ms) => {
                    rounds = ms / 20 + 1;
                    Vec::new()
                }
                _ => Vec::new(),
            };
            for _ in 0..rounds {
                now += STEP;
                let before = under_way.clone();
                let input = match &event {
                    Event::Begin(name) => {
                        under_way = Some(Some(request(name)));
                        Input::Begin(request(name))
                    }
                    Event::Reset => {
                        under_way = Some(None);
                        Input::Reset
                    }
                    Event::Stop => Input::Stop,
                    _ => Input::Bytes(&bytes),
                };
                let begins = matches!(input, Input::Begin(_) | Input::Reset);
                let mut ended_before = begins && before.is_some();
                if begins {
                    sent = false;
                    heard.clear();
                }
                if let Event::Frame(0, data) = &event {
                    heard.extend(data.first());
                }
                for output in session.handle(now, input) {
                    match output {
                        Output::Send(frame) => {
                            let own = under_way.iter().flatten().any(|request| request.frame == frame);
                            prop_assert!(own || [Reset.to_frame(), Status.to_frame()].contains(&frame));
                            if own {
                                sent = true;
                                heard.clear();
                            }
                        }
                        Output::Ended(Ended::Stopped(None)) if ended_before => ended_before = false,
                        Output::Ended(ended) => {
                            let ending = under_way.take();
                            prop_assert!(ending.is_some(), "ended without a beginning: {:?}", ended);
                            let request = ending.flatten();
                            match ended {
                                Ended::Reply(reply) => {
                                    prop_assert!(sent);
                                    prop_assert!(request.unwrap().answers.contains(&reply.message));
                                }
                                Ended::Standby => prop_assert!(request.is_none()),
                                Ended::Stopped(_) | Ended::Failed { .. } => {}
                            }
                        }
                        Output::Hand(_) => prop_assert!(sent),
                        Output::Notice(_) => {}
                    }
                }
                prop_assert!(!ended_before, "what was pre-empted has ended");
            }
        }
        prop_assert!(under_way.is_none(), "left alone, every command ends");
    }
}
