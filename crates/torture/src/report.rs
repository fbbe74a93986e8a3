//! What a person reads of a torture.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::campaign::Outcome;
use crate::plan::Shape;

/// The tables of a torture, as Markdown.
pub fn tables(shape: Shape, outcome: &Outcome) -> String {
    let mut text = String::new();
    let Outcome {
        ledger,
        healing,
        verdict,
        ..
    } = outcome;
    let rows: Vec<(&str, u64)> = vec![
        ("rounds", outcome.rounds.into()),
        ("documents that kiosks meant to put", ledger.intended.len() as u64),
        ("put (the kiosk was told so)", ledger.recorded.len() as u64),
        ("of these at the gateway, with the same bytes", verdict.kept),
        (
            "put, but the kiosk was killed before it could say so; at the gateway",
            verdict.unsaid,
        ),
        ("at the gateway altogether", outcome.stored),
        ("lost", count(verdict, "LOST")),
        ("at the gateway twice", count(verdict, "DOUBLED")),
        (
            "altered, unintended or unreadable at the gateway",
            count_strange(verdict),
        ),
        (
            "lost with a store that was damaged on purpose, and said so",
            verdict.quarantined,
        ),
        ("receipts noted", ledger.delivered.len() as u64),
        (
            "receipts noted again for the same document",
            ledger.delivered_again,
        ),
        (
            "receipts kept at the end and checked, all good",
            ledger.good_receipts,
        ),
        ("answers noted", ledger.identified.len() as u64),
        ("comparisons that the centre made", outcome.compared),
        (
            "questions repeated after an end of a gateway, answered without a comparison",
            outcome.repeated,
        ),
        ("connections welcomed by the gateway", ledger.times("line up")),
        ("connections of the line", outcome.fates.values().sum()),
        (
            "starts of a kiosk that opened its store",
            ledger.times("store opened"),
        ),
        ("longest queue of a kiosk", ledger.queue_max),
        ("stores set aside", healing.quarantined),
        (
            "of these opened again with their own key and their own bits",
            healing.reopened,
        ),
        ("documents delivered from these", healing.rescued),
        (
            "databases of the gateway replaced by an older copy",
            healing.restored,
        ),
        ("documents sent again after that", healing.resent),
        (
            "documents set aside as undeliverable, and offered again at the end",
            healing.wedged,
        ),
        ("files looked through", outcome.scanned.0),
        ("their bytes", outcome.scanned.1),
        ("violations", verdict.violations.len() as u64),
    ];
    table(&mut text, "what", rows.into_iter());
    let done: BTreeMap<&str, u64> = outcome.done.iter().map(|(name, times)| (*name, *times)).collect();
    table(&mut text, "done to them, by rounds", done.into_iter());
    let fates = outcome.fates.iter().map(|(name, times)| (*name, *times));
    table(&mut text, "fate of a connection", fates);
    let said = ledger.said.iter().map(|(name, times)| (name.as_str(), *times));
    table(&mut text, "said by kiosks", said);
    let _ = writeln!(
        text,
        "Seed {}, {} kiosk(s), {}; the rounds took {:.0} s, everything {:.0} s. Disk faults: {}.",
        shape.seed,
        shape.kiosks,
        if shape.postgres {
            "two gateways on one PostgreSQL"
        } else {
            "one gateway on SQLite"
        },
        outcome.rounds_took.as_secs_f32(),
        outcome.took.as_secs_f32(),
        outcome.disk,
    );
    text
}

fn table<'a>(text: &mut String, what: &str, rows: impl Iterator<Item = (&'a str, u64)>) {
    let _ = writeln!(text, "| {what} | times |\n|---|---:|");
    for (name, times) in rows {
        let _ = writeln!(text, "| {name} | {times} |");
    }
    text.push('\n');
}

fn count(verdict: &crate::judge::Verdict, word: &str) -> u64 {
    let is_it = |violation: &&crate::judge::Violation| violation.to_string().starts_with(word);
    verdict.violations.iter().filter(is_it).count() as u64
}

fn count_strange(verdict: &crate::judge::Verdict) -> u64 {
    ["ALTERED", "UNINTENDED", "UNREADABLE"]
        .into_iter()
        .map(|word| count(verdict, word))
        .sum()
}
