//! Looks at printers of slips from a command line, for technicians.

mod exit;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use printer::layout::Paper;
use printer::{Config, Flow, PaperLevel, PrintError, Slip, SlipLine, Status};
use serde_json::{Value, json};

/// Looks at printers of slips, for technicians: what is plugged in, how it does, and whether it prints.
#[derive(Parser)]
#[command(name = "alaqan-printer", version, after_help = exit::table())]
struct Arguments {
    /// Print one JSON object to standard output.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List serial ports, printers of the USB class and queues of the system, and whether this user may use them.
    List,
    /// Ask the printer how it does.
    Status(Choice),
    /// Print a slip with the letters of all three languages and a QR code. It says nothing of anybody.
    Test(Choice),
}

/// Which printer.
#[derive(Args)]
struct Choice {
    /// A serial port such as /dev/ttyUSB0 or COM3, a device file such as /dev/usb/lp0, or the name of a queue.
    #[arg(long)]
    port: String,
    /// What speaks to it.
    #[arg(long, value_parser = printer::PRINTERS.iter().map(|driver| driver.name).collect::<Vec<_>>(),
          default_value = printer::escpos::SERIAL)]
    driver: String,
    /// Speed of a serial line in baud.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = printer::escpos::BAUD)]
    baud: u32,
    /// Flow control of a serial line.
    #[arg(long, value_enum, default_value_t = Control::Hardware)]
    flow: Control,
    /// The paper in it; sheets only for a printer of the system.
    #[arg(long, value_parser = Paper::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
          default_value = Paper::Roll80.name())]
    paper: String,
    /// For a printer of the system: the program that takes a PDF on its standard input, and after it, each with this
    /// option again, its arguments. Without it `lp`.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    command: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Control {
    None,
    Hardware,
    Software,
}

impl Choice {
    fn config(&self) -> Result<Config, PrintError> {
        let driver =
            printer::driver(&self.driver).ok_or_else(|| PrintError::NotFound(self.driver.clone()))?;
        Ok(Config {
            baud: Some(self.baud),
            flow: match self.flow {
                Control::None => Flow::None,
                Control::Hardware => Flow::Hardware,
                Control::Software => Flow::Software,
            },
            paper: Paper::named(&self.paper),
            command: self.command.clone(),
            ..Config::new(driver, &self.port)
        })
    }
}

fn main() -> ExitCode {
    let Arguments { json, verb } = Arguments::parse();
    let (object, text, code) = match perform(&verb) {
        Ok((object, text, fault)) => {
            if let Some(fault) = &fault {
                explain(fault);
            }
            (object, text, fault.map_or(0, |fault| exit::code(&fault)))
        }
        Err(error) => {
            explain(&error);
            let object = json!({ "fault": error.word(), "message": error.to_string() });
            (object, String::new(), exit::code(&error))
        }
    };
    let said = if json { format!("{object}\n") } else { text };
    let mut output = std::io::stdout();
    let written = output.write_all(said.as_bytes()).and_then(|()| output.flush());
    // Whoever closed standard output has no ear for a message about it.
    ExitCode::from(if written.is_ok() { code } else { 1 })
}

/// What was found, as an object and as text, and what is wrong with a printer that answers.
type Found = (Value, String, Option<PrintError>);

fn perform(verb: &Verb) -> Result<Found, PrintError> {
    match verb {
        Verb::List => list(),
        Verb::Status(choice) => {
            let status = printer::open(&choice.config()?)?.status()?;
            let (object, text) = told(&status);
            Ok((object, text, status.ready().err()))
        }
        Verb::Test(choice) => {
            printer::open(&choice.config()?)?.print(&test_slip(choice))?;
            Ok((json!({ "printed": true }), "printed\n".to_owned(), None))
        }
    }
}

fn list() -> Result<Found, PrintError> {
    let found = printer::ports::list()?;
    let objects: Vec<Value> = found
        .iter()
        .map(|one| {
            json!({
                "port": one.port, "driver": one.driver, "about": one.about, "permitted": one.permitted,
            })
        })
        .collect();
    let text = if found.is_empty() {
        "no printer and no serial port\n".to_owned()
    } else {
        found
            .iter()
            .map(|one| {
                let about = one.about.as_deref().unwrap_or_default();
                let denied = if one.permitted { "" } else { "no permission" };
                format!("{} {} {about} {denied}", one.port, one.driver)
                    .trim_end()
                    .to_owned()
                    + "\n"
            })
            .collect()
    };
    Ok((json!({ "printers": objects }), text, None))
}

fn told(status: &Status) -> (Value, String) {
    let paper = match status.paper {
        PaperLevel::Enough => "enough",
        PaperLevel::Low => "low",
        PaperLevel::Out => "out",
    };
    let object = json!({
        "ready": status.ready().is_ok(), "offline": status.offline, "cover_open": status.cover_open, "paper": paper,
        "cutter_error": status.cutter_error, "failed": status.failed,
    });
    let word = |set: bool| if set { "yes" } else { "no" };
    let text = format!(
        "ready: {}\noffline: {}\ncover open: {}\npaper: {paper}\ncutter stuck: {}\nfailed: {}\n",
        word(status.ready().is_ok()),
        word(status.offline),
        word(status.cover_open),
        word(status.cutter_error),
        word(status.failed),
    );
    (object, text)
}

/// It stands for no session, and says so in all three languages.
fn test_slip(choice: &Choice) -> Slip {
    let line = |label: &str, value: &str| SlipLine {
        label: label.to_owned(),
        value: value.to_owned(),
    };
    Slip {
        language: "kk".to_owned(),
        institution: "Alaqan".to_owned(),
        title: "Сынақ · Проверка · Test".to_owned(),
        lines: vec![
            line("Принтер / Printer", &choice.driver),
            line("Қағаз / Бумага / Paper", &choice.paper),
        ],
        paragraphs: vec![
            "Қазақша: Ә ә Ғ ғ Қ қ Ң ң Ө ө Ұ ұ Ү ү Һ һ І і".to_owned(),
            "Русский: съешь же ещё этих мягких булок, выпей чаю".to_owned(),
            "English: the quick brown fox jumps over the lazy dog".to_owned(),
        ],
        qr: Some("alaqan:test".to_owned()),
        footer: "0123456789 ₸ № «»".to_owned(),
    }
}

/// Says to a person what happened, and what can be done.
fn explain(error: &PrintError) {
    eprintln!("alaqan-printer: {error}");
    let advice = match error {
        PrintError::NotFound(_) => "`alaqan-printer list` shows what this machine has.",
        PrintError::NoPermission(_) if cfg!(unix) => {
            "Serial ports usually belong to the group `dialout`, printers to `lp`: add the user and log in again."
        }
        PrintError::Busy(_) => "End the program that uses it: a kiosk, a terminal program, or CUPS.",
        PrintError::Timeout(_) => "Check power, cable, speed and flow control.",
        PrintError::Protocol(_) => "Check the speed, and that an ESC/POS printer is on the port.",
        PrintError::Disconnected(_) => "Check plug and cable.",
        _ => return,
    };
    eprintln!("  {advice}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }
}
