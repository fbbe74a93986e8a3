//! Looks at palm scanners from a command line, for technicians.

mod arguments;
mod capture;
mod exit;
mod failure;
mod interrupt;
mod look;
mod report;
mod scanner;
mod watch;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Verb};
use crate::failure::Failure;
use crate::report::Report;

fn main() -> ExitCode {
    let Arguments { json, verb } = Arguments::parse();
    let done = match perform(&verb, json) {
        Ok(Some(report)) => report.print(json).map(|()| report.exit),
        Ok(None) => Ok(exit::Exit::Done),
        Err(failure) => {
            failure.explain();
            failure
                .report()
                .map_or(Ok(()), |report| {
                    // In text the explanation on standard error has said it all.
                    if json { report.print(json) } else { Ok(()) }
                })
                .map(|()| failure.exit())
        }
    };
    // Whoever closed standard output has no ear for a message about it.
    done.unwrap_or(exit::Exit::Output).into()
}

/// What the verb found; `None` if it has printed it itself.
fn perform(verb: &Verb, json: bool) -> Result<Option<Report>, Failure> {
    let report = match verb {
        Verb::List => look::list()?,
        Verb::Info(choice) => look::info(choice)?,
        Verb::SelfTest(choice) => look::self_test(choice)?,
        Verb::Enrol { choice, tag, limit } => capture::enrol(choice, tag, *limit)?,
        Verb::Verify { choice, limit } => capture::verify(choice, *limit)?,
        Verb::Ids(choice) => look::ids(choice)?,
        Verb::Delete { choice, id } => look::delete(choice, *id)?,
        Verb::Watch(choice) => return watch::watch(choice, json).map(|()| None),
    };
    Ok(Some(report))
}
