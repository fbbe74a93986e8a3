//! The driver, the tool and the simulator as real processes, on a pseudo-terminal with real bytes.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;

use common::{DOCUMENT, kazakh, read_qr, russian, slips};
use printer::layout::Paper;
use printer::{Config, PaperLevel, PrintError, Printer, Report, SlipPrinter};
use tempfile::TempDir;

const SIM: &str = env!("CARGO_BIN_EXE_alaqan-printer-sim");
const TOOL: &str = env!("CARGO_BIN_EXE_alaqan-printer");

/// A simulated printer, ended with its value.
struct Sim {
    folder: TempDir,
    child: Child,
    orders: ChildStdin,
    words: BufReader<ChildStdout>,
}

impl Sim {
    fn start(faults: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(SIM);
        command
            .arg("--link")
            .arg(folder.path().join("printer"))
            .arg("--folder")
            .arg(folder.path().join("slips"));
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut sim = Self {
            orders: child.stdin.take().unwrap(),
            words: BufReader::new(child.stdout.take().unwrap()),
            folder,
            child,
        };
        assert!(sim.word().starts_with("listens on "));
        sim
    }

    /// The next line that it says.
    fn word(&mut self) -> String {
        let mut line = String::new();
        self.words.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Gives an order, and waits until it says that it is obeyed.
    fn order(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.word()
    }

    fn port(&self) -> String {
        self.folder.path().join("printer").to_str().unwrap().to_owned()
    }

    fn slip(&self, number: u32) -> PathBuf {
        self.folder.path().join(format!("slips/slip-{number:04}.png"))
    }

    fn config(&self, driver: &str, paper: Paper) -> Config {
        Config {
            paper: Some(paper),
            ..Config::new(printer::driver(driver).unwrap(), self.port())
        }
    }

    fn open(&self) -> Box<dyn SlipPrinter> {
        printer::open(&self.config("escpos-serial", Paper::Roll80)).unwrap()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Width, height and dots of a picture that was printed.
fn picture(path: &Path) -> (usize, usize, Vec<u8>) {
    let mut decoder = png::Decoder::new(BufReader::new(fs::File::open(path).unwrap()));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut dots = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut dots).unwrap();
    (info.width as usize, info.height as usize, dots)
}

#[test]
fn slips_come_out_in_every_language_and_on_both_rolls() {
    let mut sim = Sim::start(&[]);
    let mut number = 0;
    for (driver, paper) in [
        ("escpos-serial", Paper::Roll80),
        ("escpos-serial", Paper::Roll58),
        ("escpos-usb", Paper::Roll80),
    ] {
        let mut printer = printer::open(&sim.config(driver, paper)).unwrap();
        assert!(printer.status().unwrap().ready().is_ok());
        for slip in slips() {
            printer.print(&slip).unwrap();
            number += 1;
            assert!(sim.word().starts_with(&format!("printed slip-{number:04}.png, ")));
            let (width, height, dots) = picture(&sim.slip(number));
            assert_eq!(width, usize::from(paper.printable_dots()));
            let read = read_qr(width, height, |x, y| dots[y * width + x] == 0);
            assert_eq!(read, [DOCUMENT]);
        }
    }
    assert_eq!(sim.order("list"), "slips: 9; strange bytes: 0; dropped: no");
}

/// Whatever is wrong is told by its name, on asking and on printing.
#[test]
fn every_fault_has_its_error() {
    let check = |fault: &str, expect: &str| {
        let sim = Sim::start(&[fault]);
        let word = sim
            .open()
            .print(&kazakh())
            .map_or_else(|error| error.word(), |()| "printed");
        assert_eq!(word, expect, "{fault}");
    };
    check("paper-out", "out-of-paper");
    check("paper-out@100", "out-of-paper");
    check("cover-open", "cover-open");
    check("cover-open@100", "cover-open");
    check("cutter", "failed");
    check("silent", "timeout");
    check("hang", "timeout");
    check("hang@100", "timeout");
    check("garbage", "protocol");
    check("unplug@100", "disconnected");
    check("paper-low", "printed");
    check("slow=30000", "printed");
}

#[test]
fn a_status_says_what_is_wrong() {
    let mut sim = Sim::start(&["paper-low"]);
    let mut printer = sim.open();
    let status = printer.status().unwrap();
    assert_eq!((status.paper, status.ready()), (PaperLevel::Low, Ok(())));
    assert_eq!(sim.order("fault cover-open"), "done");
    let status = printer.status().unwrap();
    assert!(status.cover_open && status.offline);
    assert_eq!(sim.order("unplug"), "unplugged");
    assert_eq!(printer.status().unwrap_err().word(), "disconnected");
    assert!(sim.order("replug").starts_with("listens on "));
    assert!(sim.open().status().unwrap().ready().is_ok());
}

/// The rest of a slip does not come out in front of the next person.
#[test]
fn what_was_not_printed_is_dropped() {
    let mut sim = Sim::start(&["paper-out@100"]);
    let mut printer = sim.open();
    assert_eq!(printer.print(&kazakh()), Err(PrintError::OutOfPaper));
    assert_eq!(printer.status().unwrap().paper, PaperLevel::Out);
    assert_eq!(sim.order("list"), "slips: 0; strange bytes: 0; dropped: yes");
    assert_eq!(sim.order("clear"), "done");
    printer.print(&russian()).unwrap();
    sim.word();
    let (_, height, _) = picture(&sim.slip(1));
    let layout = printer::layout::lay_out(&russian(), Paper::Roll80).unwrap();
    let whole = printer::raster::draw(&layout).unwrap().height();
    assert_eq!(height, whole + 16);
}

#[test]
fn a_printer_is_held_for_one_program() {
    let sim = Sim::start(&[]);
    for driver in ["escpos-serial", "escpos-usb"] {
        let _held = printer::open(&sim.config(driver, Paper::Roll80)).unwrap();
        let again = printer::open(&sim.config(driver, Paper::Roll80)).err().unwrap();
        assert_eq!(again.word(), "busy", "{driver}");
    }
}

#[test]
fn what_is_no_printer_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lp0");
    fs::write(&file, "").unwrap();
    let check = |driver: &str, port: &str, expect: &str| {
        let config = Config::new(printer::driver(driver).unwrap(), port);
        assert_eq!(
            printer::open(&config).err().unwrap().word(),
            expect,
            "{driver} {port}"
        );
    };
    check("escpos-serial", "/dev/no-such-port", "not-found");
    check("escpos-usb", "/dev/no-such-port", "not-found");
    check("escpos-usb", file.to_str().unwrap(), "not-found");
    check("system", "-o", "not-found");
    assert_eq!(fs::read(&file).unwrap(), b"");
}

#[test]
fn the_thread_answers_each_slip_once_whatever_happens() {
    let mut sim = Sim::start(&[]);
    let (sender, reports) = mpsc::channel();
    let printer = Printer::start(sim.config("escpos-serial", Paper::Roll80), move |report| {
        drop(sender.send(report));
    })
    .unwrap();
    let answer = || loop {
        match reports.recv().unwrap() {
            Report::State(_) => {}
            answer => return answer,
        }
    };
    let order = printer.print(kazakh());
    assert_eq!(answer(), Report::Done(order));
    assert!(sim.word().starts_with("printed slip-0001.png"));
    sim.order("fault cover-open");
    let order = printer.print(kazakh());
    assert_eq!(answer(), Report::Failed(order, PrintError::CoverOpen));
    sim.order("unplug");
    let order = printer.print(kazakh());
    assert!(matches!(answer(), Report::Failed(at, _) if at == order));
    sim.order("replug");
    let order = printer.print(russian());
    assert_eq!(answer(), Report::Done(order));
    drop(printer);
    assert!(reports.iter().all(|report| matches!(report, Report::State(_))));
}

// The system's printer.

/// A folder with programs that stand in for those of CUPS, and nothing else in it.
struct Cups(TempDir);

impl Cups {
    /// `lp` keeps what it is given beside itself, and says what it was called with; then it does `end`.
    fn new(end: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let lp = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > {home}/arguments\ncat > {home}/job\n{end}\n");
        let lpstat = "#!/bin/sh\ncase $1 in\n-e) echo slips ;;\n*) echo 'printer slips is idle.  enabled since today'; \
            printf '\\tAlerts: media-empty-error\\n' ;;\nesac\n";
        for (name, text) in [("lp", lp.as_str()), ("lpstat", lpstat)] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    fn tool(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(TOOL);
        let path = format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap());
        command.args(arguments).env("PATH", path).stdin(Stdio::null());
        command
    }

    fn test(&self, more: &[&str]) -> Output {
        let arguments = [["test", "--driver", "system", "--port", "slips"].as_slice(), more].concat();
        self.tool(&arguments).output().unwrap()
    }
}

#[test]
fn lp_is_given_a_pdf_and_nothing_is_left_on_disk() {
    let cups = Cups::new("exit 0");
    // Wherever a temporary file could be made, none may be: neither in the folders for them, nor where it runs.
    let empty = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let path = empty.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    let (temporary, home, here) = (place("temporary"), place("home"), place("here"));
    let output = cups
        .tool(&["test", "--driver", "system", "--port", "slips", "--paper", "a5"])
        .env("TMPDIR", &temporary)
        .env("HOME", &home)
        .env("XDG_CACHE_HOME", &home)
        .env("XDG_RUNTIME_DIR", &home)
        .current_dir(&here)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    for folder in [&temporary, &home, &here] {
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "{}", folder.display());
    }
    let arguments = fs::read_to_string(cups.0.path().join("arguments")).unwrap();
    assert_eq!(arguments, "-d\nslips\n-t\nAlaqan\n-o\nmedia=A5\n");
    let text = pdf_extract::extract_text(cups.0.path().join("job")).unwrap();
    let text = text.split_whitespace().collect::<String>();
    assert!(text.contains("Қазақша:ӘәҒғҚқҢңӨөҰұҮүҺһІі"), "{text}");
}

#[test]
fn lp_that_refuses_is_told() {
    let check = |end: &str, expect: i32| {
        let output = Cups::new(end).test(&[]);
        assert_eq!(output.status.code(), Some(expect), "{end}");
    };
    check("echo 'lp: The printer or class does not exist.' >&2; exit 1", 3);
    check("echo 'lp: Forbidden' >&2; exit 1", 4);
    check("exit 1", 11);
}

#[test]
fn the_queue_is_asked() {
    let cups = Cups::new("exit 0");
    let status = cups
        .tool(&["status", "--driver", "system", "--port", "slips"])
        .output()
        .unwrap();
    assert_eq!(status.status.code(), Some(9));
    let list = cups.tool(&["list", "--json"]).output().unwrap();
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let printers = list["printers"].as_array().unwrap();
    assert!(
        printers
            .iter()
            .any(|one| one["port"] == "slips" && one["driver"] == "system")
    );
}

#[test]
fn another_program_may_print() {
    let folder = tempfile::tempdir().unwrap();
    let job = folder.path().join("job");
    let script = format!("cat > {}", job.display());
    let output = Cups::new("exit 9").test(&["--command", "sh", "--command", "-c", "--command", &script]);
    assert_eq!(output.status.code(), Some(0));
    assert!(fs::read(&job).unwrap().starts_with(b"%PDF-"));
    let missing = Cups::new("exit 9").test(&["--command", "/no/such/program"]);
    assert_eq!(missing.status.code(), Some(11));
}

// The tool.

fn tool(sim: &Sim, verb: &str) -> Output {
    Command::new(TOOL)
        .args([verb, "--port", &sim.port(), "--json"])
        .output()
        .unwrap()
}

#[test]
fn exit_codes_tell_faults_apart() {
    let check = |fault: &str, verb: &str, code: i32, word: &str| {
        let sim = Sim::start(&[fault]);
        let output = tool(&sim, verb);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{fault} {verb}");
        if verb == "test" {
            assert_eq!(said["fault"], word);
        }
    };
    check("silent", "status", 6, "timeout");
    check("garbage", "test", 7, "protocol");
    check("unplug@10", "test", 8, "disconnected");
    check("paper-out", "status", 9, "out-of-paper");
    check("paper-out", "test", 9, "out-of-paper");
    check("cover-open", "test", 10, "cover-open");
    check("cutter", "test", 11, "failed");
    let run = |arguments: &[&str]| Command::new(TOOL).args(arguments).output().unwrap().status.code();
    assert_eq!(run(&["status", "--port", "/dev/no-such-port"]), Some(3));
    assert_eq!(run(&["status", "--port", "x", "--driver", "fax"]), Some(2));
    let sim = Sim::start(&[]);
    let _held = sim.open();
    assert_eq!(tool(&sim, "status").status.code(), Some(5));
}

/// `--help` and the manual page name the same verbs, options, drivers and exit codes.
#[test]
fn the_manual_page_tells_what_the_program_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/alaqan-printer.1");
    // Roff escapes hyphens.
    let page = fs::read_to_string(path).unwrap().replace("\\-", "-");
    let help = |arguments: &[&str]| {
        let output = Command::new(TOOL).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let whole = help(&["--help"]);
    let codes = whole.split_once("Exit codes:\n").unwrap().1;
    for line in codes.lines() {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        let entry = format!(".TP\n.B {code}\n{}\n", meaning.trim());
        assert!(page.contains(&entry), "{entry}");
    }
    let verbs = whole
        .split_once("Commands:\n")
        .unwrap()
        .1
        .split_once("\n\n")
        .unwrap()
        .0;
    for verb in verbs.lines().filter_map(|line| line.split_whitespace().next()) {
        if verb != "help" {
            assert!(page.contains(&format!(".B alaqan-printer {verb}")), "{verb}");
            for word in help(&[verb, "--help"]).split(|sign: char| !(sign.is_alphanumeric() || sign == '-')) {
                assert!(!word.starts_with("--") || page.contains(word), "{verb} {word}");
            }
        }
    }
    for driver in printer::PRINTERS {
        assert!(page.contains(driver.name), "{}", driver.name);
    }
    for (paper, _) in Paper::ALL {
        assert!(page.contains(paper), "{paper}");
    }
    for number in page
        .lines()
        .filter_map(|line| line.strip_prefix(".B ")?.parse::<u8>().ok())
    {
        assert!(
            codes
                .lines()
                .any(|line| line.trim().starts_with(&format!("{number} "))),
            "{number}"
        );
    }
    let options = page
        .split(|sign: char| !(sign.is_alphanumeric() || sign == '-'))
        .filter(|word| word.starts_with("--") && word.len() > 2);
    let known = ["list", "status", "test"]
        .map(|verb| help(&[verb, "--help"]))
        .concat();
    for option in options {
        let simulators = ["--link", "--folder"].contains(&option);
        assert!(
            known.contains(option) || simulators || option == "--version",
            "{option}"
        );
    }
}
