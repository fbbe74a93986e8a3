//! The working calendar of the country: days off, and weekends on which people work.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use verification::calendar::WorkCalendar;
use verification::date::{Date, Weekday};

use crate::error::ProfileError;
use crate::hours::day;
use crate::parse::Source;

/// The file of a working calendar.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileCalendar {
    /// First and last year for which the calendar is complete.
    #[schemars(with = "[i32; 2]")]
    years: Spanned<[i32; 2]>,
    /// Where the days are from, for whoever checks them.
    #[expect(dead_code, reason = "for whoever reads the file")]
    source: String,
    /// Days off besides Saturdays and Sundays.
    #[serde(default)]
    day_off: Vec<FileDayOff>,
    /// Saturdays and Sundays on which people work.
    #[serde(default)]
    working_weekend: Vec<FileWorkingWeekend>,
}

/// A day off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileDayOff {
    /// The day, as `2026-12-31`.
    #[schemars(with = "String")]
    date: Spanned<String>,
    /// What is celebrated, for whoever checks the file.
    #[expect(dead_code, reason = "for whoever reads the file")]
    name: String,
    /// Why it is off.
    kind: DayOffKind,
    /// How sure that is.
    certainty: DayCertainty,
    /// For a transfer: the holiday that fell on a weekend.
    #[serde(rename = "for")]
    instead_of: Option<String>,
    /// What is open.
    #[expect(dead_code, reason = "for whoever reads the file")]
    note: Option<String>,
}

/// Why a day is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DayOffKind {
    /// A national or state holiday; if it falls on a weekend, the next working day is off too.
    State,
    /// A religious holiday that is off; it is not transferred.
    Religious,
    /// A day off instead of a holiday that fell on a weekend.
    Transfer,
}

/// How sure a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DayCertainty {
    /// It stands in a published calendar.
    Published,
    /// It follows from the law on holidays and the Labour Code, and no calendar of that year has been seen.
    Rule,
    /// The press reported it; to be confirmed.
    Press,
    /// Nobody has announced it; it is computed and may move.
    Expected,
}

/// A weekend day on which people work.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileWorkingWeekend {
    /// The day, as `2026-12-31`.
    #[schemars(with = "String")]
    date: Spanned<String>,
    /// By which act, for whoever checks the file.
    #[expect(dead_code, reason = "for whoever reads the file")]
    reason: String,
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Reads and checks a calendar.
///
/// # Errors
/// When the text is no calendar: the message names file, line and key.
pub fn parse(source: Source<'_>) -> Result<WorkCalendar, ProfileError> {
    let file: FileCalendar = source.read()?;
    let [first, last] = *file.years.get_ref();
    if !(2000..=2100).contains(&first) || !(first..=2100).contains(&last) {
        let message = "wants the first and the last year, from 2000 to 2100".to_owned();
        return Err(source.value(&file.years.span(), "years", message));
    }
    let years = first..=last;
    let read = |key: &str, text: &Spanned<String>| {
        let wrong = |message| source.value(&text.span(), key, message);
        let day = day(text.get_ref()).map_err(wrong)?;
        if !years.contains(&day.year()) {
            return Err(wrong(format!("{day} lies outside of `years`, {first} to {last}")));
        }
        Ok(day)
    };
    let mut off = BTreeSet::new();
    let mut holidays_on_weekends: Vec<(Date, &FileDayOff)> = Vec::new();
    for entry in &file.day_off {
        let wrong = |message| source.value(&entry.date.span(), "day_off.date", message);
        let day = read("day_off.date", &entry.date)?;
        if off.contains(&day) {
            return Err(wrong(format!("{day} is there twice")));
        }
        if (entry.kind == DayOffKind::Transfer) != entry.instead_of.is_some() {
            return Err(wrong(
                "`for` names the holiday of a transfer, and stands with one only".to_owned(),
            ));
        }
        if entry.kind == DayOffKind::Transfer && is_weekend(day) {
            return Err(wrong(format!(
                "{day} is a weekend: a holiday is transferred to a working day"
            )));
        }
        if entry.kind == DayOffKind::State && is_weekend(day) && entry.certainty != DayCertainty::Expected {
            holidays_on_weekends.push((day, entry));
        }
        off.insert(day);
    }
    for entry in &file.day_off {
        let Some(holiday) = &entry.instead_of else {
            continue;
        };
        let wrong = |message| source.value(&entry.date.span(), "day_off.for", message);
        let holiday = crate::hours::day(holiday).map_err(wrong)?;
        let before = holidays_on_weekends.len();
        holidays_on_weekends.retain(|(day, _)| *day != holiday);
        if holidays_on_weekends.len() == before {
            return Err(wrong(format!(
                "{holiday} is no state holiday on a weekend, or was transferred before"
            )));
        }
    }
    if let Some((day, entry)) = holidays_on_weekends.first() {
        let message =
            format!("{day} falls on a weekend and wants a day off of the kind \"transfer\" with `for`");
        return Err(source.value(&entry.date.span(), "day_off.date", message));
    }
    let mut working = BTreeSet::new();
    for entry in &file.working_weekend {
        let wrong = |message| source.value(&entry.date.span(), "working_weekend.date", message);
        let day = read("working_weekend.date", &entry.date)?;
        if !is_weekend(day) || off.contains(&day) || !working.insert(day) {
            return Err(wrong(format!(
                "{day} is no Saturday or Sunday, or a day off, or there twice"
            )));
        }
    }
    Ok(WorkCalendar {
        holidays: off,
        working_weekends: working,
        covers: years,
    })
}
