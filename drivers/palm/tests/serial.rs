//! Opening a serial port: alone, or with the reason why not.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::error::Error;
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use palm::ports::PortChoice;
use palm::sim::{Protocol, SimSettings, Simulator};
use palm::{Opening, PalmError, PalmScanner};
use serialport::{SerialPort, TTYPort};
use verification::capture::DeviceFault;
use verification::palm::ScanOrder;

/// The user `nobody` on Linux.
const NOBODY: u32 = 65534;
/// Tells a copy of this program that it is to open a port, and which.
const PORT_TO_OPEN: &str = "ALAQAN_TEST_PORT";

fn open(port: &str) -> Result<Box<dyn PalmScanner>, PalmError> {
    let driver = palm::driver("dfrobot-ai10").unwrap();
    (driver.open)(&Opening {
        port: port.to_owned(),
        baud: driver.baud,
        device_key: None,
    })
}

/// A pseudo-terminal and the name of its far end. Both ends stay open, as a device stays plugged in.
fn pty() -> (TTYPort, TTYPort, String) {
    let (master, slave) = TTYPort::pair().unwrap();
    let name = slave.name().unwrap();
    (master, slave, name)
}

/// What opening a port said: the fault, the message and its cause.
fn said<T>(result: Result<T, PalmError>) -> String {
    match result {
        Ok(_) => "opened".to_owned(),
        Err(error) => {
            let cause = error.source().map(|cause| format!("; {cause}"));
            format!("{:?}: {error}{}", error.fault(), cause.unwrap_or_default())
        }
    }
}

/// Finds a port, and opens it.
fn resolve_and_open(port: &str) -> Result<Box<dyn PalmScanner>, PalmError> {
    let choice: PortChoice = port.parse().unwrap();
    open(&choice.resolve()?)
}

/// What another process says, `nobody`'s if it is so wished and this one may give its rights away.
fn said_elsewhere(port: &str, as_nobody: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("serial");
    // Copied by another program: a file that this one writes may be open in the child of another test for a moment, and
    // then it cannot be run.
    let copied = Command::new("cp")
        .arg(std::env::current_exe().unwrap())
        .arg(&program)
        .status()
        .unwrap();
    assert!(copied.success());
    let mut command = Command::new(&program);
    command
        .args(["--exact", "opens_for_another_process", "--nocapture"])
        .env(PORT_TO_OPEN, port)
        .current_dir("/");
    if as_nobody && fs::metadata(folder.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let said = output
        .lines()
        .find_map(|line| line.split_once("said <")?.1.split_once('>'));
    said.unwrap_or_else(|| panic!("{output}")).0.to_owned()
}

/// Half of [`said_elsewhere`]; says nothing where nobody asked.
#[test]
fn opens_for_another_process() {
    if let Ok(port) = std::env::var(PORT_TO_OPEN) {
        println!("said <{}; {}>", said(open(&port)), said(resolve_and_open(&port)));
    }
}

#[test]
fn a_port_is_opened_once() {
    let (_master, slave, name) = pty();
    // The end that stands for the device is held without a lock, as a cable holds it.
    drop(slave);
    let first = open(&name).unwrap();
    let busy = |said: String| {
        let begin = format!("Busy: could not open {name}: the device is used by another program");
        assert!(said.starts_with(&begin), "{said}");
    };
    busy(said(open(&name)));
    busy(said_elsewhere(&name, false));
    drop(first);
    assert_eq!(said_elsewhere(&name, false), "opened; opened");
    assert_eq!(said(open(&name)), "opened");
}

#[test]
fn another_name_of_an_open_port_is_the_same_port() {
    let (_master, slave, name) = pty();
    drop(slave);
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("palm");
    symlink(&name, &link).unwrap();
    let _first = open(&name).unwrap();
    assert_eq!(
        open(link.to_str().unwrap()).err().unwrap().fault(),
        DeviceFault::Busy
    );
}

#[test]
fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    File::create(path("file")).unwrap();
    symlink("nowhere", path("dangling")).unwrap();
    let check = |port: &str, expect: &str| {
        let said = said(open(port));
        assert!(said.starts_with(expect), "{said}");
    };
    let absent = |port: &str| format!("NotFound: could not open {port}: the device was not found; ");
    check(&path("missing"), &absent(&path("missing")));
    check(&path("dangling"), &absent(&path("dangling")));
    check("", &absent(""));
    check("\0", &absent("\0"));
    // A device, but none with a line.
    check("/dev/null", &absent("/dev/null"));
    let no_port = |port: &str| format!("NotFound: {port} is no serial port");
    check(&path("file"), &no_port(&path("file")));
    check(&path(""), &no_port(&path("")));
}

/// The root user may open everything, so another user is asked.
#[test]
fn no_permission_is_told_apart_from_absence() {
    let (_master, slave, name) = pty();
    drop(slave);
    fs::set_permissions(&name, Permissions::from_mode(0o600)).unwrap();
    let owner = fs::metadata(&name).unwrap().uid();
    if owner != 0 {
        fs::set_permissions(&name, Permissions::from_mode(0o000)).unwrap();
    }
    let said = said_elsewhere(&name, true);
    let begin = format!("NoPermission: could not open {name}: no permission to open the device");
    assert!(said.starts_with(&begin), "{said}");
    let end = format!("NoPermission: could not find the port {name}; no permission to open {name}");
    assert!(said.ends_with(&end), "{said}");
}

#[test]
fn a_named_port_resolves_to_itself_while_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("palm");
    let choice: PortChoice = link.to_str().unwrap().parse().unwrap();
    let absent = format!("NotFound: could not find the port {choice}; nothing like it is plugged in");
    assert_eq!(said(choice.resolve()), absent);
    let (_master, _slave, name) = pty();
    symlink(&name, &link).unwrap();
    assert_eq!(choice.resolve().unwrap(), link.to_str().unwrap());
    fs::remove_file(&link).unwrap();
    assert_eq!(said(choice.resolve()), absent);
}

#[test]
fn an_adapter_that_is_not_plugged_in_is_absent() {
    let choice: PortChoice = "usb:ffff:fffe:nobody".parse().unwrap();
    let expect = "NotFound: could not find the port usb:ffff:fffe:nobody; nothing like it is plugged in";
    assert_eq!(said(choice.resolve()), expect);
}

#[test]
fn a_pulled_plug_is_an_error_of_the_idle_line() {
    let (master, slave, name) = pty();
    drop(slave);
    let mut scanner = open(&name).unwrap();
    assert_eq!(scanner.listen().unwrap(), None);
    drop(master);
    assert_eq!(scanner.listen().unwrap_err().fault(), DeviceFault::Disconnected);
    assert_eq!(scanner.info().unwrap_err().fault(), DeviceFault::Disconnected);
}

/// A program that had the port open before us, so that no lock keeps it out, and takes what it can get.
struct Thief {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Thief {
    fn start(port: &Path) -> Self {
        let mut line = File::options().read(true).write(true).open(port).unwrap();
        let flags = rustix::fs::fcntl_getfl(&line).unwrap();
        rustix::fs::fcntl_setfl(&line, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let ended = done.clone();
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                // Whether there was a byte, and whether the line is still there, does not matter to it.
                let _ = line.read(&mut [0]);
            }
        });
        Self {
            done,
            thread: Some(thread),
        }
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Does something on a thread of its own, which a call that never ends would keep for ever.
fn ends<T: Send + 'static>(what: &str, call: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, result) = mpsc::channel();
    std::thread::spawn(move || drop(sender.send(call())));
    let limit = Duration::from_secs(60);
    result
        .recv_timeout(limit)
        .unwrap_or_else(|_| panic!("{what} does not end"))
}

#[test]
fn a_second_reader_keeps_no_call_from_ending() {
    let simulate = |protocol| {
        Simulator::start(SimSettings {
            protocol,
            ..SimSettings::default()
        })
        .unwrap()
    };
    // What is stolen, and thus whether a call fails, is chance; that it ends is not.
    let named = |what: &str, fault: Option<DeviceFault>| {
        use DeviceFault::{Disconnected, Protocol, Timeout};
        assert!(
            matches!(fault, None | Some(Timeout | Protocol | Disconnected)),
            "{what}: {fault:?}"
        );
    };
    for name in ["dfrobot-ai10", "reference"] {
        let simulator = simulate(name.parse().unwrap());
        let _thief = Thief::start(simulator.port());
        let opening = Opening {
            port: simulator.port().to_str().unwrap().to_owned(),
            baud: 115_200,
            device_key: None,
        };
        let mut scanner = (palm::driver(name).unwrap().open)(&opening).unwrap();
        let faults = ends(name, move || {
            let order = ScanOrder {
                limit: Duration::from_secs(2),
                challenge: [7; 32],
            };
            let mut faults = Vec::new();
            for _ in 0..3 {
                faults.push(scanner.info().err().map(|error| error.fault()));
            }
            let scan = scanner.verify(&order, &mut |_| ControlFlow::Continue(()));
            faults.push(scan.err().map(|error| error.fault()));
            faults
        });
        faults.into_iter().for_each(|fault| named(name, fault));
    }
    let simulator = simulate(Protocol::Mcu90615);
    let _thief = Thief::start(simulator.port());
    let driver = palm::thermometer::thermometer("mcu-90615").unwrap();
    let mut thermometer = (driver.open)(simulator.port().to_str().unwrap(), driver.baud).unwrap();
    let fault = ends("thermometer", move || {
        thermometer.info().err().map(|error| error.fault())
    });
    named("thermometer", fault);
}

#[test]
fn a_line_that_takes_nothing_keeps_no_call_from_ending() {
    // Nobody reads the far end: what is sent fills it up.
    let (_master, slave, name) = pty();
    drop(slave);
    let mut line = File::options().read(true).write(true).open(&name).unwrap();
    let flags = rustix::fs::fcntl_getfl(&line).unwrap();
    rustix::fs::fcntl_setfl(&line, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    let mut scanner = open(&name).unwrap();
    while line.write(&[0; 4096]).is_ok() {}
    let fault = ends("info", move || scanner.info().unwrap_err().fault());
    assert_eq!(fault, DeviceFault::Timeout);
}

/// What stands before each `==` and after it, in the order of the file.
fn adapters_of_the_rule(rule: &str) -> Vec<String> {
    let value = |line: &str, key: &str| {
        let (_, rest) = line.split_once(&format!("ATTRS{{{key}}}==\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let active = rule.lines().filter(|line| !line.starts_with('#'));
    active
        .filter_map(|line| {
            Some(format!(
                "{}:{}",
                value(line, "idVendor")?,
                value(line, "idProduct")?
            ))
        })
        .collect()
}

#[test]
fn rule_and_page_name_the_same_adapters() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let rule = fs::read_to_string(root.join("packaging/linux/60-alaqan-palm.rules")).unwrap();
    let page = fs::read_to_string(root.join("docs/palm-installation.md")).unwrap();
    let mut of_rule = adapters_of_the_rule(&rule);
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| chip |"))
        .take_while(|line| !line.is_empty());
    let mut of_page: Vec<String> = rows
        .skip(2)
        .flat_map(|row| {
            row.rsplit('|')
                .nth(1)
                .unwrap()
                .split(';')
                .map(|id| id.trim().to_owned())
        })
        .collect();
    of_rule.sort();
    of_page.sort();
    assert_eq!(of_rule, of_page);
    assert!(of_rule.len() > 5);
    for id in of_rule {
        assert!(format!("usb:{id}").parse::<PortChoice>().is_ok(), "{id}");
    }
    // The other adapters of the machine are not ours.
    assert!(rule.contains("ENV{ALAQAN_PALM}!=\"1\", GOTO="));
}

/// Where udev is too old to check a rule, or absent, this proves no more than the test above.
#[test]
fn udev_accepts_the_rule() {
    let rule = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/linux/60-alaqan-palm.rules");
    let knows =
        |output: &std::process::Output| !String::from_utf8_lossy(&output.stderr).contains("Unknown command");
    match Command::new("udevadm")
        .arg("verify")
        .arg("--no-style")
        .arg(&rule)
        .output()
    {
        Ok(output) if knows(&output) => {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        _ => assert!(rule.is_file()),
    }
}
