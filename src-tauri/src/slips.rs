//! The slip that a person may take home, and how its printing stands.

mod words;

use printer::{Config, Order, PrintError, Printer, Report};
use verification::evidence::Language;
use verification::time::UtcMs;

pub use words::Facts;

/// The printer, if there is one, and the slip of the session that is shown.
pub struct Slips {
    printer: Option<Printer>,
    ordered: Option<Order>,
    /// How the printer does while no slip is under way, and what became of the last one.
    stands: ipc::Slip,
}

impl Slips {
    /// Starts the printer's thread, where a printer is configured.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        config: Option<Config>,
        on_report: impl Fn(Report) + Send + 'static,
    ) -> std::io::Result<Self> {
        let printer = config
            .map(|config| Printer::start(config, on_report))
            .transpose()?;
        Ok(Self {
            stands: if printer.is_some() {
                ipc::Slip::Ready
            } else {
                ipc::Slip::None
            },
            printer,
            ordered: None,
        })
    }

    /// What the screen shows.
    pub fn stands(&self) -> ipc::Slip {
        self.stands
    }

    /// Orders the slip; `false` where there is no printer, or one is being printed already.
    pub fn print(&mut self, facts: &Facts<'_>, language: Language) -> bool {
        let (Some(printer), None) = (&self.printer, self.ordered) else {
            return false;
        };
        self.ordered = Some(printer.print(words::slip(facts, language)));
        self.stands = ipc::Slip::Printing;
        true
    }

    /// Orders a page that shows that the printer prints; as [`Slips::print`].
    pub fn print_test(&mut self, institution: &str, kiosk_id: &str, at: UtcMs, language: Language) -> bool {
        let (Some(printer), None) = (&self.printer, self.ordered) else {
            return false;
        };
        self.ordered = Some(printer.print(words::test_page(institution, kiosk_id, at, language)));
        self.stands = ipc::Slip::Printing;
        true
    }

    /// Takes what the printer says.
    pub fn hear(&mut self, report: &Report) {
        match report {
            Report::Done(order) if self.ordered == Some(*order) => {
                self.ordered = None;
                self.stands = ipc::Slip::Printed;
            }
            Report::Failed(order, error) if self.ordered == Some(*order) => {
                tracing::error!(%error, "the slip was not printed");
                self.ordered = None;
                self.stands = failed(error);
            }
            // Of a session that is over.
            Report::Done(_) | Report::Failed(..) => {}
            Report::State(state) => {
                let stands = match state {
                    Ok(_) => ipc::Slip::Ready,
                    Err(error) => {
                        tracing::warn!(%error, "the printer cannot be used");
                        failed(error)
                    }
                };
                if self.ordered.is_none() && self.stands != ipc::Slip::Printed {
                    self.stands = stands;
                }
            }
        }
    }

    /// The next person's slip is another one.
    pub fn forget(&mut self) {
        self.ordered = None;
        if self.stands != ipc::Slip::None {
            self.stands = ipc::Slip::Ready;
        }
    }
}

fn failed(error: &PrintError) -> ipc::Slip {
    match error {
        PrintError::OutOfPaper => ipc::Slip::NoPaper,
        _ => ipc::Slip::Failed,
    }
}
