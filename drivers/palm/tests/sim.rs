//! The simulator on real pseudo-terminals, as a host that knows the bytes sees it.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use palm::sim::{Fault, Presented, Protocol, Readings, SimError, SimSettings, Simulator};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::termios::QueueSelector;

/// A host that waits longer has met a broken simulator.
const LIMIT: Duration = Duration::from_secs(10);

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn settings(protocol: Protocol, faults: &[&str]) -> SimSettings {
    SimSettings {
        protocol,
        faults: faults.iter().map(|name| name.parse().unwrap()).collect(),
        note_interval: Duration::from_millis(10),
        enrolled: vec!["aigerim".to_owned()],
        ..SimSettings::default()
    }
}

struct Host {
    line: File,
    /// What was read and not yet heard.
    pending: Vec<u8>,
}

impl Host {
    /// Plainly, so that nothing is flushed and READY is there to be read.
    fn open(port: &Path) -> Self {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Self {
            line: rustix::fs::open(port, flags, Mode::empty()).unwrap().into(),
            pending: Vec::new(),
        }
    }

    fn say(&mut self, text: &str) {
        self.send(&hex(text));
    }

    fn send(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.wait(PollFlags::OUT);
            match self.line.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    }

    fn wait(&self, what: PollFlags) {
        let limit = Timespec::try_from(LIMIT).unwrap();
        let ready = poll(&mut [PollFd::new(&self.line, what)], Some(&limit)).unwrap();
        assert!(ready > 0, "nothing happens on the line");
    }

    /// The first so many bytes of what comes in, for which `enough` says so; all if the line goes away before.
    fn hear(&mut self, enough: impl Fn(&[u8]) -> Option<usize>) -> Vec<u8> {
        let mut buffer = [0; 256];
        loop {
            if let Some(count) = enough(&self.pending) {
                return self.pending.drain(..count).collect();
            }
            let start = &self.pending[..self.pending.len().min(2000)];
            assert!(self.pending.len() < 100_000, "not to be heard in {start:02X?}");
            self.wait(PollFlags::IN);
            match self.line.read(&mut buffer) {
                Ok(count) if count > 0 => self.pending.extend(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                _ => return std::mem::take(&mut self.pending),
            }
        }
    }

    /// Everything until these bytes have come, and them too.
    fn hear_until(&mut self, end: &str) -> Vec<u8> {
        let end = hex(end);
        self.hear(|heard| {
            let at = heard.windows(end.len()).position(|window| window == end);
            at.map(|at| at + end.len())
        })
    }

    fn hear_bytes(&mut self, count: usize) -> Vec<u8> {
        self.hear(|heard| (heard.len() >= count).then_some(count))
    }

    /// One frame of the reference protocol.
    fn hear_delimited(&mut self) -> Vec<u8> {
        self.hear(|heard| {
            let end = heard.get(1..)?.iter().position(|byte| *byte == 0);
            end.map(|end| end + 2)
        })
    }

    fn is_gone(&mut self) -> bool {
        self.hear(|_| None).is_empty()
    }
}

const READY: &str = "EF AA 01 00 01 00 00";
const RESET: &str = "EF AA 10 00 00 10";
const RESET_OK: &str = "EF AA 00 00 02 10 00 12";
const VERIFY: &str = "EF AA 12 00 02 00 0A 1A";
const STATUS: &str = "EF AA 11 00 00 11";
const STANDBY: &str = "EF AA 00 00 03 11 00 00 12";
const LIST: &str = "EF AA 24 00 00 24";
const NAME: &str =
    "61 69 67 65 72 69 6D 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
const FAR: &str = "EF AA 01 00 11 01 81 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 98";
const LOW: &str = "EF AA 01 00 11 01 84 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 9D";
const IN_PLACE: &str = "EF AA 01 00 11 01 80 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 99";

fn found() -> String {
    format!("EF AA 00 00 26 12 00 03 E9 {NAME} 00 FA 58")
}

/// What an AI10 says first to these bytes after READY, byte for byte.
fn check(faults: &[&str], say: &str, expect: &[&str]) {
    let simulator = Simulator::start(settings(Protocol::DfrobotAi10, faults)).unwrap();
    let mut host = Host::open(simulator.port());
    host.hear_until(READY);
    host.say(say);
    let expect = hex(&expect.join(" "));
    println!("{faults:?} {say}");
    let heard = host.hear_bytes(expect.len());
    assert_eq!(heard, expect, "{heard:02X?}");
}

#[test]
fn a_module_answers() {
    check(&[], RESET, &[RESET_OK]);
    check(&[], VERIFY, &[FAR, LOW, IN_PLACE, &found()]);
    check(&[], "EF AA 20 00 02 03 E9 C8", &["EF AA 00 00 02 20 00 22"]);
}

#[test]
fn each_fault_does_what_its_name_says() {
    let capture = |result: &str| format!("EF AA 00 00 02 12 {result}");
    let notes = [FAR, LOW, IN_PLACE];
    let verify = |fault: &str, end: &str| check(&[fault], VERIFY, &[&notes[..], &[end]].concat());
    verify("liveness", &capture("0C 1C"));
    verify("no-match", &capture("08 18"));
    verify("result=239", &capture("EF FF"));
    verify("result=0", &capture("00 10"));
    verify(
        "wrong-id:verify",
        &format!("EF AA 00 00 26 52 00 03 E9 {NAME} 00 FA 18"),
    );
    verify("zero-id", &format!("EF AA 00 00 26 12 00 00 00 {NAME} 00 FA B2"));
    verify(
        "short",
        "EF AA 00 00 14 12 00 03 E9 61 69 67 65 72 69 6D 00 00 00 00 00 00 00 00 00 90",
    );
    verify("drip", &found());
    verify("sticky:verify", &found());

    // A result for one command alone, and for the second time alone.
    let both = format!("{STATUS} {RESET}");
    check(
        &["result=5:status"],
        &both,
        &["EF AA 00 00 02 11 05 16", RESET_OK],
    );
    check(
        &["silence:status@1"],
        &format!("{STATUS} {RESET} {STATUS}"),
        &[RESET_OK, STANDBY],
    );
    check(
        &["bad-check:reset@2"],
        &format!("{RESET} {RESET}"),
        &[RESET_OK, "EF AA 00 00 02 10 00 48"],
    );
    check(&["stall:status@1"], &both, &["EF AA 00 00", RESET_OK]);
    check(&["late:status@1"], &both, &[STANDBY, RESET_OK]);

    check(&["ready-after-reset"], RESET, &[RESET_OK, READY]);
    check(
        &["late-abort"],
        &format!("{VERIFY} {RESET}"),
        &[RESET_OK, "EF AA 00 00 02 12 02 12"],
    );
    check(&["reboot"], VERIFY, &[FAR, READY]);
    check(&["progress"], VERIFY, &[FAR, "EF AA 00 00 03 14 00 32 25", LOW]);
    check(
        &["sync-in-data"],
        VERIFY,
        &["EF AA 01 00 11 01 81 00 EF AA 14 00 6E 00 78 00 00 00 00 00 00 00 D7"],
    );
    check(
        &["long-note"],
        VERIFY,
        &["EF AA 01 00 13 01 81 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 00 00 9A"],
    );
    check(
        &["face"],
        VERIFY,
        &[
            "EF AA 01 00 11 01 06 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 1F",
            "EF AA 01 00 11 01 00 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 19",
            &format!("EF AA 00 00 26 12 00 00 01 {NAME} 00 C8 81"),
        ],
    );
    check(
        &["nobody"],
        VERIFY,
        &["EF AA 01 00 11 01 01 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 18"],
    );
    let enrol = format!("EF AA 1D 00 23 00 {NAME} 00 05 47");
    check(
        &["full"],
        &enrol,
        &[FAR, LOW, IN_PLACE, "EF AA 00 00 02 1D 09 16"],
    );

    check(&["count-u8"], LIST, &["EF AA 00 00 05 24 00 01 03 E9 CA"]);
    check(&["count-u16"], LIST, &["EF AA 00 00 06 24 00 00 01 03 E9 C9"]);
    let long = format!("EF AA 00 00 CB 24 00 01 03 E9 {} 04", "00 ".repeat(198));
    check(&["long-list"], LIST, &[&long]);
    check(&["licence"], RESET, &["EF AA 01 00 01 08 08", RESET_OK]);
    check(
        &["broken"],
        STATUS,
        &["EF AA 01 00 01 02 02", "EF AA 00 00 03 11 00 02 10"],
    );
    check(
        &["boot-delay", "count-u16", "bad-check:list"],
        LIST,
        &["EF AA 00 00 06 24 00 00 01 03 E9 93"],
    );
}

#[test]
fn junk_comes_before_frames_and_garbage_instead_of_them() {
    let simulator = Simulator::start(settings(Protocol::DfrobotAi10, &["junk"])).unwrap();
    let mut host = Host::open(simulator.port());
    host.say(RESET);
    let heard = host.hear_until(RESET_OK);
    assert!(heard.len() > hex(RESET_OK).len());

    simulator.handle().set_faults(vec!["garbage".parse().unwrap()]);
    let heard = host.hear_bytes(5000);
    assert!(!heard.windows(8).any(|window| window == hex(RESET_OK)));
    simulator.handle().set_faults(Vec::new());
    host.say(RESET);
    host.hear_until(RESET_OK);
}

#[test]
fn a_line_breaks_in_the_middle_of_a_reply() {
    let simulator = Simulator::start(settings(Protocol::DfrobotAi10, &["hang-up"])).unwrap();
    let mut host = Host::open(simulator.port());
    host.say(VERIFY);
    let heard = host.hear(|_| None);
    assert!(heard.ends_with(&hex(&found())[..22]), "{heard:02X?}");
    assert_eq!(simulator.handle().port(), None);
    simulator.handle().replug().unwrap();
    Host::open(&simulator.handle().port().unwrap()).say(RESET);
}

#[test]
fn the_plug_is_pulled_and_put_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("palm");
    let simulator = Simulator::start(SimSettings {
        link: Some(link.clone()),
        ..settings(Protocol::DfrobotAi10, &[])
    })
    .unwrap();
    let device = simulator.handle();
    assert_eq!(simulator.port(), link);
    let mut host = Host::open(&link);
    for _ in 0..3 {
        device.unplug();
        assert!(host.is_gone());
        assert!(fs::symlink_metadata(&link).is_err());
        assert_eq!(device.port(), None);
        assert_eq!(device.replug().unwrap(), link);
        host = Host::open(&link);
        host.say(LIST);
        host.hear_until("EF AA 00 00 05 24 00 01 03 E9 CA");
    }
    device.unplug();
    device.unplug();
    assert_eq!(device.replug().unwrap(), device.replug().unwrap());
    drop(host);
    drop(simulator);
    assert!(fs::symlink_metadata(&link).is_err());
    assert!(matches!(device.replug(), Err(SimError::Ended)));
}

#[test]
fn a_link_is_replaced_and_a_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("palm");
    std::os::unix::fs::symlink("/nowhere", &link).unwrap();
    let with_link = || SimSettings {
        link: Some(link.clone()),
        ..SimSettings::default()
    };
    let first = Simulator::start(with_link()).unwrap();
    // A second one takes the name over, and the first one then leaves it alone.
    let second = Simulator::start(with_link()).unwrap();
    drop(first);
    Host::open(&link).say(RESET);
    drop(second);
    assert!(fs::symlink_metadata(&link).is_err());
    fs::write(&link, "kept").unwrap();
    assert!(matches!(
        Simulator::start(with_link()),
        Err(SimError::LinkTaken(_))
    ));
    assert_eq!(fs::read_to_string(&link).unwrap(), "kept");
    let nowhere = SimSettings {
        link: Some(folder.path().join("no/such/folder")),
        ..SimSettings::default()
    };
    assert!(matches!(Simulator::start(nowhere), Err(SimError::Link { .. })));
}

#[test]
fn a_device_starts_anew_and_keeps_its_references() {
    let simulator = Simulator::start(settings(Protocol::Xst, &[])).unwrap();
    let device = simulator.handle();
    let mut host = Host::open(simulator.port());
    host.hear_until(READY);
    host.say(VERIFY);
    host.hear_until("81 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 9D");
    device.reboot();
    host.hear_until(READY);
    assert_eq!(device.enrolled(), [(1, "aigerim".to_owned())]);
    host.say(STATUS);
    host.hear_until(STANDBY);
}

#[test]
fn another_hand_gives_another_result() {
    let simulator = Simulator::start(settings(Protocol::DfrobotAi10, &[])).unwrap();
    let mut host = Host::open(simulator.port());
    let mut check = |hand: Presented, expect: &str| {
        simulator.handle().present(hand);
        host.say("EF AA 12 00 02 00 01 11");
        host.hear_until(expect);
    };
    check(Presented::Stranger, "EF AA 00 00 02 12 08 18");
    check(Presented::Nobody, "EF AA 00 00 02 12 0D 1D");
    check(Presented::Tag("aigerim".to_owned()), &found());
    check(Presented::Tag("water".to_owned()), "EF AA 00 00 02 12 08 18");
    check(Presented::LastEnrolled, &found());
}

#[test]
fn a_thermometer_streams_what_it_is_told() {
    let simulator = Simulator::start(settings(Protocol::Mcu90615, &[])).unwrap();
    let mut host = Host::open(simulator.port());
    host.say("A5 45 EA");
    host.hear_until("5A 5A 45 04 0D 0C 09 2E 4D");
    simulator.handle().set_readings(Readings {
        surface_celsius: 12.5,
        ambient_celsius: -3.0,
        ..Readings::default()
    });
    host.hear_until("5A 5A 45 04 04 E2 FE D4 B5");
    simulator.handle().present(Presented::Nobody);
    host.hear_until("5A 5A 45 04 FE F2 FE D4 BF");
}

/// Frames of the examples of the page.
#[test]
fn a_reference_scanner_greets() {
    let simulator = Simulator::start(settings(Protocol::Reference, &[])).unwrap();
    let mut host = Host::open(simulator.port());
    host.hear_delimited();
    host.say("00 01 0A 01 01 01 01 01 94 30 F6 F6 00");
    let heard = host.hear_delimited();
    assert_eq!(heard[..9], hex("00 01 09 81 01 01 01 01 01"), "{heard:02X?}");
    host.say("00 09 01 03 04 01 D3 C3 ED C3 00");
    let heard = host.hear_delimited();
    assert_eq!(heard[2..5], hex("01 83 04")[..], "{heard:02X?}");
}

#[test]
fn a_host_comes_and_goes() {
    let simulator = Simulator::start(settings(Protocol::DfrobotFp, &[])).unwrap();
    for _ in 0..20 {
        let mut host = Host::open(simulator.port());
        host.say("EF AA 24 00 01 02 27");
        host.hear_until("EF AA 00 00 06 24 00 00 01 01 F5 D7");
    }
}

fn resident_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}

#[test]
fn a_host_that_never_reads_costs_no_memory() {
    for faults in [&[][..], &["late", "drip"], &["garbage"]] {
        let simulator = Simulator::start(settings(Protocol::DfrobotAi10, faults)).unwrap();
        let mut host = Host::open(simulator.port());
        let questions = hex(STATUS).repeat(2000);
        host.send(&questions);
        let before_kb = resident_kb();
        for _ in 0..30 {
            host.send(&questions);
        }
        let grown_kb = resident_kb().saturating_sub(before_kb);
        assert!(grown_kb < 8_000, "{grown_kb} kB with {faults:?}");
        simulator.handle().set_faults(Vec::new());
        simulator.handle().reboot();
        rustix::termios::tcflush(&host.line, QueueSelector::IFlush).unwrap();
        host.say(RESET);
        host.hear_until(RESET_OK);
    }
}

#[test]
fn every_fault_belongs_to_some_protocol() {
    for entry in palm::sim::FAULTS {
        let fault = Fault::from(entry.kind);
        let fitting = Protocol::ALL.into_iter().filter(|protocol| fault.fits(*protocol));
        assert!(fitting.count() > 0, "{}", entry.name);
    }
}

#[test]
fn a_device_that_starts_on_open_says_ready_to_each_host() {
    let simulator = Simulator::start(SimSettings {
        start_on_open: true,
        enrolled: vec!["s-1".to_owned()],
        ..SimSettings::default()
    })
    .unwrap();
    for _ in 0..2 {
        let mut host = serialport::new(simulator.port().to_str().unwrap(), 115_200)
            .timeout(Duration::from_secs(20))
            .open()
            .unwrap();
        // As a host does that forgets what was said before it came.
        host.clear(serialport::ClearBuffer::All).unwrap();
        let mut ready = [0; 7];
        host.read_exact(&mut ready).unwrap();
        assert_eq!(ready, [0xEF, 0xAA, 0x01, 0x00, 0x01, 0x00, 0x00]);
        host.write_all(&[0xEF, 0xAA, 0x11, 0x00, 0x00, 0x11]).unwrap();
        let mut standby = [0; 9];
        host.read_exact(&mut standby).unwrap();
        assert_eq!(standby, [0xEF, 0xAA, 0, 0, 3, 0x11, 0, 0, 0x12]);
        // An answer that nobody takes is not there for the next host.
        host.write_all(&[0xEF, 0xAA, 0x11, 0x00, 0x00, 0x11]).unwrap();
        drop(host);
        // Asked now, it has seen that the host is gone; and references stay.
        assert_eq!(simulator.handle().enrolled(), [(1001, "s-1".to_owned())]);
    }
}
