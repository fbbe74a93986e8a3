//! What a verb found, for a person and for a program.

use std::io::{self, Write};

use serde_json::Value;

use crate::exit::Exit;

/// What a verb found.
pub struct Report {
    /// For a program: one object.
    pub json: Value,
    /// For a person: whole lines.
    pub text: String,
    /// How the program ends.
    pub exit: Exit,
}

impl Report {
    /// Prints it to standard output in one of its forms.
    pub fn print(&self, json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if json {
            writeln!(out, "{}", self.json)?;
        } else {
            out.write_all(self.text.as_bytes())?;
        }
        out.flush()
    }
}

/// Lines of a name and a value, the values below each other. Empty values are left out.
pub fn lines<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let shown = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    shown
        .map(|(name, value)| format!("{name:<14} {value}\n"))
        .collect()
}
