//! `alaqan-palm-sim` as a person uses it, and its manual page.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use expect_test::{Expect, expect};
use palm::sim::{FAULTS, INSTRUCTIONS, Protocol};
use rustix::process::{Pid, Signal};

const SIM: &str = env!("CARGO_BIN_EXE_alaqan-palm-sim");
const PAGE: &str = include_str!("../../../docs/alaqan-palm-sim.1");

/// A simulator with its orders and its words.
struct Desk {
    child: Child,
    words: BufReader<ChildStdout>,
}

impl Desk {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(SIM)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let words = BufReader::new(child.stdout.take().unwrap());
        Self { child, words }
    }

    fn order(&mut self, text: &str) {
        self.child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.words.read_line(&mut line).unwrap();
        line
    }

    /// Its exit code, all other words, and the trace.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut words, mut trace) = (String::new(), String::new());
        self.words.read_to_string(&mut words).unwrap();
        let mut errors = self.child.stderr.take().unwrap();
        errors.read_to_string(&mut trace).unwrap();
        (self.child.wait().unwrap().code(), words, trace)
    }
}

#[test]
fn orders_are_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("palm");
    let mut desk = Desk::start(&[
        "--protocol",
        "reference",
        "--link",
        link.to_str().unwrap(),
        "--enrolled",
        "s-1",
        "--enrolled",
        "s-2",
        "--fault",
        "drip",
    ]);
    desk.order(
        "hand stranger\nfault late:list@2\nfault count-u8\ntemperature 12.5\nvolume 900\njump\n\nlist\n",
    );
    desk.order("clear\nhand s-1\nunplug\nlist\nreplug\nquit\n");
    let (code, words, trace) = desk.end();
    expect![[r#"
        reference listens on PORT
        115200 baud, 8N1; any other speed does too.
        Serial number SIM-0001.
        Public key 02A7C2329121CFCD56C3A1D2CB55BDE608659BC80AF7504744E8D69119E2D83348.
        Try: alaqan-palm info --driver reference --port PORT
        Enrolled: 1 s-1, 2 s-2.
        Going wrong: drip.
        the fault "count-u8" means nothing to reference
        unknown word "jump"; "help" lists all
        port: PORT
        enrolled: 1 s-1, 2 s-2
        hand: a stranger's
        readings: skin 12.5 °C, air 23.5 °C, hand 900 ml
        faults: drip, late:list@2
        unplugged
        port: none, it is unplugged; "replug" brings it back
        enrolled: 1 s-1, 2 s-2
        hand: that of s-1
        readings: skin 12.5 °C, air 23.5 °C, hand 900 ml
        faults: none
        plugged in: PORT
    "#]]
    .assert_eq(&words.replace(link.to_str().unwrap(), "PORT"));
    assert_eq!((code, trace.as_str()), (Some(0), ""));
    assert!(fs::symlink_metadata(&link).is_err());
}

#[test]
fn help_lists_the_faults_of_this_device_alone() {
    let mut desk = Desk::start(&["--protocol", "mcu-90615"]);
    desk.order("help\nvolume 3\nquit\n");
    let (_, words, _) = desk.end();
    for (form, _) in INSTRUCTIONS {
        assert!(words.contains(form), "{form}");
    }
    let faults = words.split_once("Faults: ").unwrap().1;
    for entry in FAULTS {
        let listed = faults.contains(&format!("\n  {}", entry.name));
        assert_eq!(listed, entry.whose.has(Protocol::Mcu90615), "{}", entry.name);
    }
    assert!(words.contains("mcu-90615 does not report that"));
}

#[test]
fn a_script_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.txt");
    fs::write(&script, "0 hand nobody # first\n\n5 list\n10 unplug\n10 quit\n").unwrap();
    let desk = Desk::start(&["--script", script.to_str().unwrap()]);
    let (code, words, _) = desk.end();
    assert!(
        words.ends_with("hand: nobody's\nfaults: none\nunplugged\n"),
        "{words}"
    );
    assert_eq!(code, Some(0));
}

/// Sends a reset through the port, and takes what the device says to it.
fn reset(port: &Path) -> [u8; 8] {
    let mut line = OpenOptions::new().read(true).write(true).open(port).unwrap();
    line.write_all(&[0xEF, 0xAA, 0x10, 0, 0, 0x10]).unwrap();
    let mut ready_and_reply = [0; 15];
    line.read_exact(&mut ready_and_reply).unwrap();
    ready_and_reply[7..].try_into().unwrap()
}

#[test]
fn it_goes_on_at_the_end_of_its_orders_and_ends_by_a_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let (link, ready) = (folder.path().join("palm"), folder.path().join("ready"));
        let names = [link.to_str().unwrap(), ready.to_str().unwrap()];
        let mut desk = Desk::start(&["--link", names[0], "--ready-file", names[1], "--trace"]);
        drop(desk.child.stdin.take());
        assert_eq!(desk.line(), format!("dfrobot-ai10 listens on {}\n", names[0]));
        assert_eq!(reset(&link), [0xEF, 0xAA, 0, 0, 2, 0x10, 0, 0x12]);
        assert_eq!(fs::read_to_string(&ready).unwrap(), format!("{}\n", names[0]));
        let pid = Pid::from_child(&desk.child);
        rustix::process::kill_process(pid, signal).unwrap();
        let (code, _, trace) = desk.end();
        assert_eq!(code, Some(0));
        assert!(fs::symlink_metadata(&link).is_err());
        assert!(trace.contains("reply to reset: ok"), "{trace}");
        assert!(trace.contains("EF AA 00 00 02 [2 bytes masked]"), "{trace}");
    }
}

#[test]
fn payload_is_shown_only_when_asked_for() {
    let check = |arguments: &[&str], shown: bool| {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("palm");
        let mut desk = Desk::start(&[&["--link", link.to_str().unwrap(), "--trace"], arguments].concat());
        desk.line();
        reset(&link);
        desk.order("quit\n");
        let (_, _, trace) = desk.end();
        assert_eq!(trace.contains("EF AA 00 00 02 10 00 12"), shown, "{trace}");
    };
    check(&[], false);
    check(&["--show-payload"], true);
}

fn check_refusal(arguments: &[&str], code: i32, expect: &Expect) {
    let (found, words, errors) = Desk::start(arguments).end();
    assert_eq!((found, words.as_str()), (Some(code), ""), "{arguments:?}");
    expect.assert_eq(&errors);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    check_refusal(
        &["--fault", "volume=3"],
        2,
        &expect![[r#"
            alaqan-palm-sim: the fault "volume=3" means nothing to dfrobot-ai10
        "#]],
    );
    check_refusal(
        &["--protocol", "fujitsu"],
        2,
        &expect![[r#"
            error: invalid value 'fujitsu' for '--protocol <NAME>': unknown protocol "fujitsu"; there are: dfrobot-ai10, xst, dfrobot-fp, mcu-90615, reference

            For more information, try '--help'.
        "#]],
    );
    check_refusal(
        &["--enrolled", "Aigerim Omarova"],
        2,
        &expect![[r#"
            error: invalid value 'Aigerim Omarova' for '--enrolled <TAG>': a tag has 1 to 31 printable ASCII characters and no blank

            For more information, try '--help'.
        "#]],
    );
    check_refusal(
        &["--script", "/no/such/script"],
        1,
        &expect![[r#"
            alaqan-palm-sim: could not read /no/such/script: No such file or directory (os error 2)
        "#]],
    );
    check_refusal(
        &["--link", "/no/such/folder/palm"],
        1,
        &expect![[r#"
            alaqan-palm-sim: could not make the link /no/such/folder/palm
              because: No such file or directory (os error 2)
        "#]],
    );
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.txt");
    fs::write(&script, "0 list\nsoon unplug\n").unwrap();
    let (code, _, errors) = Desk::start(&["--script", script.to_str().unwrap()]).end();
    let expect = "line 2: write the time in milliseconds since the start first, such as \"1500 unplug\"\n";
    assert!(code == Some(2) && errors.ends_with(expect), "{errors}");
}

/// The page without the marks of its markup: what a person reads.
fn plain_page() -> String {
    PAGE.replace("\\-", "-")
        .replace(['"', '\\'], "")
        .replace("fI", "")
        .replace("fB", "")
        .replace("fR", "")
}

#[test]
fn the_manual_page_knows_every_fault_option_protocol_and_order() {
    let page = plain_page();
    let words: Vec<&str> = page
        .split(|letter: char| letter.is_whitespace() || letter == ',')
        .collect();
    let faults = PAGE.split_once(".SH FAULTS").unwrap().1;
    for entry in FAULTS {
        let name = match entry.value {
            Some(_) => format!("{}=", entry.name),
            None => entry.name.to_owned(),
        };
        assert!(faults.split(['\n', ' ']).any(|word| word == name), "fault {name}");
    }
    let help = Command::new(SIM).arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let options: Vec<&str> = help
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("--"))
        .collect();
    assert!(options.len() > 12);
    for option in options {
        let option = format!("--{}", option.trim_end_matches([',', '.']));
        assert!(words.contains(&option.as_str()), "option {option}");
    }
    for protocol in Protocol::ALL {
        assert!(words.contains(&protocol.name()), "protocol {protocol}");
    }
    for (form, _) in INSTRUCTIONS {
        for word in form
            .split([' ', ','])
            .filter(|word| word.chars().all(char::is_lowercase))
        {
            assert!(words.contains(&word) || word.is_empty(), "order {form}");
        }
    }
}

/// Where groff is installed: it knows better than we do what a page may hold.
#[test]
fn the_manual_page_is_clean() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/alaqan-palm-sim.1");
    if let Ok(checked) = Command::new("groff").args(["-man", "-ww", "-z", page]).output() {
        assert_eq!(String::from_utf8_lossy(&checked.stderr), "");
    }
}
