//! Every screen as a picture, and sheets to look at them.

use std::path::{Path, PathBuf};

use crate::display::Display;
use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::steps::{note, step};
use crate::{demo, process, setup, ui};

/// Holds the largest windows, upright and lying.
const SCREEN_PX: (u32, u32) = (1920, 1920);

/// What is pictured.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the pictures go; the folder is emptied first.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// One of each kind of screen and those that differ most from it, not every variant.
    #[arg(long)]
    telling: bool,
    /// Only screens whose names begin so; may be given several times.
    #[arg(long = "screen", value_name = "NAME")]
    screens: Vec<String>,
    /// What moves for a moment is shown as it is so many milliseconds after its beginning.
    #[arg(long, value_name = "MS")]
    moment: Option<u32>,
    /// Only the few of the documents, small, into docs/pictures.
    #[arg(long, conflicts_with_all = ["out", "telling", "screens", "moment"])]
    docs: bool,
}

/// Builds the screens and the stage, and takes the pictures.
pub fn perform(paths: &Paths, arguments: &Arguments) -> Result<(), XtaskError> {
    setup::perform(paths)?;
    ui::perform(paths, &ui::Arguments::default())?;
    demo::build(paths)?;
    if arguments.docs {
        return take(
            paths,
            &paths.root.join("docs/pictures"),
            &["--documents".to_owned()],
        );
    }
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| paths.target.join("pictures"));
    // Only what this verb made: never another folder of the person at this machine.
    let made = out.join("index.html");
    if out.exists() && !made.exists() && std::fs::read_dir(&out).is_ok_and(|mut files| files.next().is_some())
    {
        return Err(XtaskError::Unsupported(format!(
            "{} is not empty and holds no earlier pictures",
            out.display()
        )));
    }
    paths::remove_folder(&out)?;
    let mut which = Vec::new();
    if arguments.telling {
        which.push("--telling".to_owned());
    }
    which.extend(arguments.screens.iter().map(|name| format!("--screen={name}")));
    which.extend(arguments.moment.map(|ms| format!("--moment={ms}")));
    take(paths, &out, &which)?;
    note(format!("to be looked at: {}", made.display()));
    Ok(())
}

fn take(paths: &Paths, out: &Path, which: &[String]) -> Result<(), XtaskError> {
    // Never the screen of the person at this machine: the windows want exact sizes.
    let display = Display::virtual_one(SCREEN_PX)?;
    step("Taking the pictures", || {
        let mut pictures = std::process::Command::new(paths.binary("alaqan-pictures"));
        pictures
            .arg("--stage")
            .arg(paths.binary("alaqan-stage"))
            .arg("--out")
            .arg(out)
            .args(which);
        display.lend(&mut pictures);
        process::run(&mut pictures)
    })
}
