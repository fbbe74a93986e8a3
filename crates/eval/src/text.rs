//! The report as text: Markdown, which also reads well in a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::actions::Finding;
use crate::judge::Decision;
use crate::rates::{PadRates, Rate};
use crate::report::{ActionRates, ClipReport, Report};
use crate::script::ScriptReport;

/// Whether the columns of a table are padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// For a terminal.
    Padded,
    /// For a document.
    Compact,
}

/// Everything but the curves.
pub fn markdown(report: &Report, layout: Layout) -> String {
    let mut text = String::new();
    // Writing to a String never fails.
    let _ = write_all(&mut text, report, layout);
    text
}

fn write_all(to: &mut String, report: &Report, layout: Layout) -> std::fmt::Result {
    let table = |to: &mut String, head, rows: &[Vec<String>]| table(to, layout, head, rows);
    writeln!(to, "## Presentations\n")?;
    let rows: Vec<Vec<String>> = report.clips.iter().map(clip_row).collect();
    table(to, CLIP_HEAD, &rows)?;
    writeln!(
        to,
        "\n`!` marks an error. Actions: found / expected, missed, false, neither."
    )?;
    writeln!(to, "\n## Presentation attack detection (ISO/IEC 30107-3)\n")?;
    table(to, RATE_HEAD, &pad_rows(&report.pad))?;
    for (name, rates) in [
        ("bona fide presentations", &report.actions_bona_fide),
        ("attack presentations (for information)", &report.actions_attack),
    ] {
        writeln!(to, "\n## Actions in {name}\n")?;
        actions(to, rates, layout)?;
    }
    if let Some(script) = &report.script {
        writeln!(to, "\n## Whole attempts with random plans\n")?;
        table(to, RATE_HEAD, &script_rates(script))?;
        writeln!(to)?;
        table(to, PERSON_HEAD, &person_rows(script))?;
    }
    if let Some(set) = &report.synthetic {
        writeln!(to, "\n## Rendered attacks (not among the recorded ones)\n")?;
        let rows: Vec<Vec<String>> = set.clips.iter().map(clip_row).collect();
        table(to, CLIP_HEAD, &rows)?;
        writeln!(to)?;
        table(to, RATE_HEAD, &attack_rows(&set.pad))?;
    }
    if !report.remarks.is_empty() {
        writeln!(to, "\n## Remarks\n")?;
        for remark in &report.remarks {
            writeln!(to, "- {remark}")?;
        }
    }
    Ok(())
}

/// The head of the table of presentations.
pub const CLIP_HEAD: &[&str] = &[
    "", "clip", "label", "frames", "size", "face px", "decision", "reason", "actions", "missed", "false",
    "neither",
];

/// One line of the table of clips.
pub fn clip_row(clip: &ClipReport) -> Vec<String> {
    let count = |wanted: Finding| {
        let count = clip
            .actions
            .iter()
            .filter(|action| action.finding == wanted)
            .count();
        if count == 0 {
            String::new()
        } else {
            count.to_string()
        }
    };
    let required = clip.events.iter().filter_map(|event| event.found);
    let (found, expected) = required.fold((0, 0), |(found, all), one| (found + u32::from(one), all + 1));
    let missed = expected - found;
    let expected_not_acquired = clip.not_acquirable && matches!(clip.decision, Decision::NotAcquired(_));
    vec![
        if clip.wrong { "!".into() } else { String::new() },
        clip.file.clone(),
        format!("{}{}", clip.label, if clip.rendered { " (rendered)" } else { "" }),
        clip.frames.to_string(),
        format!("{}x{}", clip.width_px, clip.height_px),
        clip.face_px.map_or_else(|| "-".into(), |px| format!("{px:.0}")),
        format!(
            "{}{}",
            clip.decision.word(),
            if expected_not_acquired { " (expected)" } else { "" }
        ),
        clip.decision.reason().to_owned(),
        if expected == 0 {
            "-".into()
        } else {
            format!("{found}/{expected}")
        },
        if missed == 0 {
            String::new()
        } else {
            missed.to_string()
        },
        count(Finding::False),
        count(Finding::Neither),
    ]
}

/// The head of a table of rates.
pub const RATE_HEAD: &[&str] = &["rate", "count", "share", "95 % interval (Wilson)"];

/// The lines of the table of error rates of attacks.
pub fn attack_rows(rates: &PadRates) -> Vec<Vec<String>> {
    let each =
        |name: &'static str, map: &'static str, species: &BTreeMap<String, Rate>| -> Vec<Vec<String>> {
            species
                .iter()
                .map(|(species, rate)| rate_row(format!("{name} {species}{map}"), *rate))
                .collect()
        };
    let mut rows = each("APCER", "", &rates.apcer);
    if let Some((species, rate)) = rates.apcer_max() {
        rows.push(rate_row(format!("APCER max ({species})"), rate));
    }
    rows.extend(each("APNRR", "", &rates.apnrr));
    rows.extend(each("attack", " not acquired", &rates.attack_not_acquired));
    rows
}

/// The lines of the table of all error rates.
pub fn pad_rows(rates: &PadRates) -> Vec<Vec<String>> {
    let mut rows = attack_rows(rates);
    rows.push(rate_row("BPCER".into(), rates.bpcer));
    rows.push(rate_row("BPNRR".into(), rates.bpnrr));
    rows.push(rate_row("failure to acquire".into(), rates.failure_to_acquire));
    for (reason, count) in &rates.failure_reasons {
        rows.push(vec![
            format!("- {reason}"),
            count.to_string(),
            String::new(),
            String::new(),
        ]);
    }
    rows.push(rate_row(
        "expected not acquired, and not acquired".into(),
        rates.expected_not_acquired,
    ));
    rows
}

/// The head of the table of attempts.
pub const PERSON_HEAD: &[&str] = &["subject", "label", "clips", "offers", "plan", "result"];

/// The lines of the table of attempts.
pub fn person_rows(script: &ScriptReport) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for person in &script.people {
        let line = |plan: String, result: String| {
            vec![
                person.subject.clone(),
                person.label.clone(),
                person.files.join(", "),
                person.offers.join(", "),
                plan,
                result,
            ]
        };
        if let Some(reason) = &person.not_counted {
            rows.push(line(String::new(), format!("not counted: {reason}")));
        }
        for attempt in &person.attempts {
            let result = if attempt.passed {
                "passed"
            } else {
                &attempt.failure
            };
            let result = format!("{result} ({:.1} s)", attempt.seconds);
            rows.push(line(attempt.plan.join(", "), result));
        }
    }
    rows
}

/// The lines of the table of how attempts ended.
pub fn script_rates(script: &ScriptReport) -> Vec<Vec<String>> {
    let reasons = |failures: &BTreeMap<String, u64>| -> Vec<Vec<String>> {
        failures
            .iter()
            .map(|(reason, count)| {
                vec![
                    format!("- {reason}"),
                    count.to_string(),
                    String::new(),
                    String::new(),
                ]
            })
            .collect()
    };
    let mut rows = vec![rate_row(
        "bona fide attempts that passed".into(),
        script.bona_fide_passed,
    )];
    rows.extend(reasons(&script.bona_fide_failures));
    rows.push(rate_row(
        "attack attempts that passed".into(),
        script.attacks_passed,
    ));
    rows.extend(reasons(&script.attack_failures));
    rows
}

fn rate_row(name: String, rate: Rate) -> Vec<String> {
    vec![
        name,
        format!("{}/{}", rate.of, rate.all),
        share(rate),
        interval(rate),
    ]
}

/// The share in percent.
pub fn share(rate: Rate) -> String {
    rate.share()
        .map_or_else(|| "-".into(), |share| format!("{:.1} %", 100.0 * share))
}

/// The interval in percent.
pub fn interval(rate: Rate) -> String {
    rate.interval().map_or_else(
        || "-".into(),
        |(low, high)| format!("{:.1} - {:.1} %", 100.0 * low, 100.0 * high),
    )
}

fn actions(to: &mut String, rates: &ActionRates, layout: Layout) -> std::fmt::Result {
    table(to, layout, RATE_HEAD, &action_rows(rates))?;
    writeln!(to, "\n{}\n", action_line(rates))?;
    table(to, layout, KIND_HEAD, &kind_rows(rates))?;
    if !rates.left_out.is_empty() {
        writeln!(to, "\nLeft out, not acquired: {}.", rates.left_out.join(", "))?;
    }
    Ok(())
}

/// The lines of the table of recall and precision.
pub fn action_rows(rates: &ActionRates) -> Vec<Vec<String>> {
    vec![
        rate_row("recall".into(), rates.recall),
        rate_row(
            "recall, with those not acquired".into(),
            rates.recall_with_not_acquired,
        ),
        rate_row("precision".into(), rates.precision),
    ]
}

/// What the table of recall and precision does not say.
pub fn action_line(rates: &ActionRates) -> String {
    format!(
        "{} action(s) count for nothing; {} false action(s) in {} clip(s) without any action.",
        rates.neither, rates.false_where_nothing_happens, rates.presentations_where_nothing_happens
    )
}

/// The head of the table of kinds.
pub const KIND_HEAD: &[&str] = &["action", "found", "missed", "false"];

/// The lines of the table of kinds.
pub fn kind_rows(rates: &ActionRates) -> Vec<Vec<String>> {
    rates
        .kinds
        .iter()
        .map(|(kind, rates)| {
            vec![
                kind.clone(),
                format!("{}/{}", rates.found, rates.events),
                rates.missed.join(", "),
                rates.false_actions.join(", "),
            ]
        })
        .collect()
}

/// A table in Markdown.
fn table(to: &mut String, layout: Layout, head: &[&str], rows: &[Vec<String>]) -> std::fmt::Result {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        let longest = cells.chain([head[column]]).map(|cell| cell.chars().count()).max();
        match layout {
            Layout::Padded => longest.unwrap_or(0).max(3),
            Layout::Compact => 0,
        }
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |to: &mut String, cells: &mut dyn Iterator<Item = &str>| -> std::fmt::Result {
        for (cell, width) in cells.zip(&widths) {
            // A bar would end the cell.
            let cell = cell.replace('|', "/");
            write!(to, "| {cell:<width$} ")?;
        }
        writeln!(to, "|")
    };
    line(to, &mut head.iter().copied())?;
    for width in &widths {
        write!(to, "|{}", "-".repeat((width + 2).max(3)))?;
    }
    writeln!(to, "|")?;
    for row in rows {
        line(to, &mut row.iter().map(String::as_str))?;
    }
    Ok(())
}
