//! A simulated MCU-90615: an infrared thermometer that streams once it is told to.

use std::time::Duration;

use super::fault::{Fault, FaultKind, Faults, Verb};
use super::machine::{Machine, Output};
use super::settings::{Presented, Readings, SimSettings};
use super::trace::{Listing, Trace};
use super::wire::{Outgoing, Wire};

const START: [u8; 3] = [0xA5, 0x45, 0xEA];
const INTERVAL: Duration = Duration::from_millis(100);
/// Without a hand it sees the ceiling, which is little warmer than the air.
const CEILING_CELSIUS: f32 = 0.3;

const LURES: &[&[u8]] = &[
    &[0x5A],
    &[0x5A, 0x5A, 0x5A],
    &[0x5A, 0x5A, 0x45],
    &[0x5A, 0x5A, 0x45, 0x04, 0x0D],
];

pub(super) struct Thermometer {
    wire: Wire,
    boot: Duration,
    readings: Readings,
    presented: Presented,
    inbox: Vec<u8>,
    starts_at: Option<Duration>,
    next_at: Option<Duration>,
    now: Duration,
}

impl Thermometer {
    pub fn new(settings: &SimSettings) -> Self {
        let trace = Trace::new(settings.trace, settings.show_payload);
        Self {
            wire: Wire::new(Faults::new(&settings.faults), trace, settings.seed, LURES),
            boot: settings.boot,
            readings: settings.readings(),
            presented: settings.presented.clone(),
            inbox: Vec::new(),
            starts_at: None,
            next_at: None,
            now: Duration::ZERO,
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.inbox.push(*byte);
            if self.inbox == START {
                self.inbox.clear();
                let listing = Listing {
                    name: "start streaming".to_owned(),
                    header: START.to_vec(),
                    ..Listing::default()
                };
                self.wire.trace.frame(self.now, ">", &listing);
                self.next_at.get_or_insert(self.now);
            }
            while !START.starts_with(&self.inbox) {
                self.inbox.remove(0);
                self.wire.trace.noise(self.now, 1);
            }
        }
    }

    /// Header, the two temperatures in hundredths of a degree with the high byte first, and the low byte of the sum.
    fn send(&mut self, at: Duration) {
        let faults = &mut self.wire.faults;
        let skin = faults.find(Verb::Start, |kind| matches!(kind, FaultKind::Temperature(_)));
        let air = faults.find(Verb::Start, |kind| matches!(kind, FaultKind::Ambient(_)));
        let ambient = match air {
            Some(FaultKind::Ambient(celsius)) => celsius,
            _ => self.readings.ambient_celsius,
        };
        let object = match skin {
            Some(FaultKind::Temperature(celsius)) => celsius,
            _ if self.presented == Presented::Nobody => ambient + CEILING_CELSIUS,
            _ => self.readings.surface_celsius,
        };
        let header = vec![0x5A, 0x5A, 0x45, 0x04];
        let payload = [hundredths(object), hundredths(ambient)].concat();
        let mut bytes = [header.as_slice(), &payload].concat();
        let mut check = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        let mut remark = "";
        if self.wire.faults.strike(FaultKind::BadCheck, Verb::Start) {
            check ^= 0x5A;
            remark = "wrong check byte";
        }
        bytes.push(check);
        self.wire.send(Outgoing {
            at,
            verb: Verb::Start,
            breaks: true,
            waits: true,
            bytes,
            listing: Listing {
                name: "temperatures".to_owned(),
                header,
                payload,
                check: vec![check],
                remark,
            },
        });
    }
}

fn hundredths(celsius: f32) -> [u8; 2] {
    // The conversion stops at the ends of the range, where a frame can say no more.
    ((celsius * 100.0).round() as i16).to_be_bytes()
}

impl Machine for Thermometer {
    fn start(&mut self, now: Duration) {
        self.now = now;
        self.wire.cut();
        self.inbox.clear();
        self.next_at = None;
        self.starts_at = Some(self.wire.start(now, self.boot));
    }

    fn step(&mut self, now: Duration, bytes: &[u8]) -> Vec<Output> {
        self.now = now;
        if let Some(at) = self.starts_at {
            if now < at {
                return self.wire.due(now);
            }
            self.starts_at = None;
        }
        self.hear(bytes);
        if let Some(at) = self.next_at.filter(|at| *at <= now) {
            self.send(at);
            // What could not be sent in time is not made up for.
            self.next_at = Some((at + INTERVAL).max(now));
        }
        self.wire.due(now)
    }

    fn deadline(&self) -> Option<Duration> {
        [self.starts_at, self.next_at, self.wire.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn set_faults(&mut self, faults: &[Fault]) {
        self.wire.set_faults(self.now, Faults::new(faults));
    }

    fn present(&mut self, presented: Presented) {
        self.presented = presented;
    }

    fn set_readings(&mut self, readings: Readings) {
        self.readings = readings;
    }

    fn enrolled(&self) -> Vec<(u32, String)> {
        Vec::new()
    }

    fn introduction(&self) -> Vec<String> {
        vec![
            "115200 baud, 8N1; any other speed does too.".to_owned(),
            "It streams as soon as a host tells it to: A5 45 EA.".to_owned(),
        ]
    }

    fn take_trace(&mut self) -> Vec<String> {
        self.wire.trace.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it sends within a second after these bytes, one entry for each send.
    fn check(faults: &[&str], host: &[u8], expect: &[&[u8]]) {
        let faults: Vec<Fault> = faults.iter().map(|name| name.parse().unwrap()).collect();
        let mut device = Thermometer::new(&SimSettings {
            faults: faults.clone(),
            surface_celsius: 33.4,
            ambient_celsius: -1.0,
            ..SimSettings::default()
        });
        device.start(Duration::ZERO);
        let mut said = device.step(Duration::ZERO, host);
        while let Some(next) = device.deadline().filter(|next| *next < INTERVAL * 2) {
            said.extend(device.step(next, &[]));
        }
        let expect: Vec<Output> = expect.iter().map(|bytes| Output::Bytes(bytes.to_vec())).collect();
        assert_eq!(said, expect, "{faults:?}");
    }

    const FRAME: [u8; 9] = [0x5A, 0x5A, 0x45, 0x04, 0x0D, 0x0C, 0xFF, 0x9C, 0xB1];

    #[test]
    fn streams_when_told_to() {
        check(&[], &[], &[]);
        check(&[], &[0xA5, 0x45, 0xEB], &[]);
        check(&[], &START, &[&FRAME, &FRAME]);
        check(&[], &[0xA5, 0xA5, 0x45, 0xA5, 0x45, 0xEA], &[&FRAME, &FRAME]);
    }

    #[test]
    fn goes_wrong_as_told() {
        check(
            &["bad-check@1"],
            &START,
            &[&[0x5A, 0x5A, 0x45, 0x04, 0x0D, 0x0C, 0xFF, 0x9C, 0xEB], &FRAME],
        );
        check(&["silence"], &START, &[]);
        check(&["sticky"], &START, &[&[FRAME, FRAME].concat()]);
        check(&["stall@1"], &START, &[&FRAME[..4], &FRAME]);
        check(
            &["temperature=12.5"],
            &START,
            &[
                &[0x5A, 0x5A, 0x45, 0x04, 0x04, 0xE2, 0xFF, 0x9C, 0x7E],
                &[0x5A, 0x5A, 0x45, 0x04, 0x04, 0xE2, 0xFF, 0x9C, 0x7E],
            ],
        );
    }
}
