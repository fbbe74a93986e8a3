//! What a part found, as it goes to `cargo xtask bench custody`: tables, verdicts and notes in JSON.

use serde::Serialize;

/// One part of the bench.
#[derive(Debug, Serialize)]
pub struct Part {
    /// `put`, `deliver` or `idle`.
    pub name: &'static str,
    /// It ends after so many seconds at the latest.
    pub bound_s: u64,
    /// It took so many.
    pub took_s: f64,
    /// What was measured.
    pub tables: Vec<Table>,
    /// The goals, and whether they were met.
    pub verdicts: Vec<Verdict>,
    /// What a reader must know beside the numbers.
    pub notes: Vec<String>,
}

/// One table.
#[derive(Debug, Default, Serialize)]
pub struct Table {
    /// Heads; the first column holds names, the others numbers.
    pub columns: Vec<String>,
    /// Its lines.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// With these heads.
    pub fn new(columns: &[&str]) -> Self {
        Self {
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// One more line; says it at once on the standard error, for whoever waits.
    pub fn push(&mut self, row: Vec<String>) {
        eprintln!("   {}", row.join("  "));
        self.rows.push(row);
    }
}

/// A goal and what became of it.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// What was wanted.
    pub goal: String,
    /// Whether it was reached; `None` where it could not be measured.
    pub met: Option<bool>,
    /// What was found.
    pub found: String,
}

/// What is said where the time was up before the last line.
pub fn cut_short(bound_s: u64) -> String {
    format!(
        "**Cut short**: the bound of {bound_s} s was reached, and the lines that are missing were not measured."
    )
}

/// A number with so many digits that three of them say something.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if !size.is_finite() => "–".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_matter() {
        for (value, expect) in [
            (0.0, "0.00"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (1234.5, "1234"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number(value), expect);
        }
    }
}
