//! An audit in words, and for other programs.

use document::auditlog::Fault;
use serde_json::{Value, json};

use super::{Audit, Outcome, PaperKind, Signed, Wrong};

/// For people.
pub fn to_text(audit: &Audit) -> String {
    let reading = &audit.reading;
    let found = &reading.examination;
    let log = reading
        .log
        .map_or_else(|| "without a name".to_owned(), |log| log.to_string());
    let mut lines = vec![
        format!("log      {log}, kept by {:?}", reading.keeper),
        format!("records  {}", found.records),
    ];
    if let Some(Signed::By(signer) | Signed::Claimed(signer, _)) = &reading.end {
        lines.push(format!("end      signed by {signer}"));
    }
    let of_log = |head: &verification::audit::AuditHead| Some(head.log) == reading.log;
    let heads = audit.papers.iter().flat_map(|paper| &paper.heads);
    let seen = heads.filter(|head| of_log(head)).count();
    lines.push(format!(
        "papers   {}, which have seen this log {seen} times; {} agree{}",
        audit.papers.len(),
        found.agreeing.len(),
        found
            .vouched_to
            .map_or(String::new(), |number| format!(", up to record {number}"))
    ));
    for wrong in audit.wrongs() {
        lines.push(format!("BAD      {}", in_words(audit, &wrong)));
    }
    for doubt in audit.doubts() {
        lines.push(format!("doubt    {doubt}"));
    }
    lines.push(format!("result   {}", in_one_word(audit.outcome())));
    lines.join("\n") + "\n"
}

fn in_words(audit: &Audit, wrong: &Wrong) -> String {
    match wrong {
        Wrong::Record(fault) => match audit.told_by(fault) {
            Some(paper) => format!("{fault} (so {paper} says)"),
            None => fault.to_string(),
        },
        Wrong::More(count) => format!("and {count} more"),
        Wrong::Line { line, why } => format!("line {line} cannot be read: {why}"),
        Wrong::NoEnd => {
            "the log has no signed end: it was cut off, or its export did not come to its end".to_owned()
        }
        Wrong::End(why) => format!("the signed end: {why}"),
    }
}

fn in_one_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Good => "good",
        Outcome::CannotTell => "cannot tell",
        Outcome::Bad => "bad",
    }
}

/// For other programs.
pub fn to_json(audit: &Audit) -> Value {
    let reading = &audit.reading;
    let found = &reading.examination;
    json!({
        "log": reading.log.map(|log| log.to_string()),
        "keeper": reading.keeper,
        "records": found.records,
        "head": {
            "number": found.head.number,
            "hash": found.head.hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        },
        "end_signed_by": reading.end.as_ref().map(|(Signed::By(signer) | Signed::Claimed(signer, _))| signer),
        "vouched_to": found.vouched_to,
        "papers": audit.papers.iter().map(|paper| json!({
            "name": paper.name,
            "kind": match paper.kind {
                PaperKind::Document => "document",
                PaperKind::Receipt => "receipt",
            },
            "counts": matches!(paper.signed, Ok(Signed::By(_))),
            "records": paper.heads.iter().filter(|head| Some(head.log) == reading.log).map(|head| head.number)
                .collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "wrong": audit.wrongs().iter().map(|wrong| wrong_to_json(audit, wrong)).collect::<Vec<_>>(),
        "doubts": audit.doubts(),
        "result": in_one_word(audit.outcome()),
    })
}

fn wrong_to_json(audit: &Audit, wrong: &Wrong) -> Value {
    let text = in_words(audit, wrong);
    let (kind, first, last) = match wrong {
        Wrong::Record(fault) => match fault {
            Fault::Edited { record, .. } => ("edited", *record, *record),
            Fault::HashEdited { record } => ("hash-edited", *record, *record),
            Fault::Broken { first, last } => ("broken", *first, *last),
            Fault::Removed { first, last } => ("removed", *first, *last),
            Fault::Reordered { record, .. } => ("reordered", *record, *record),
            Fault::Doubled { record } => ("doubled", *record, *record),
            Fault::Rewritten { first, last, .. } => ("rewritten", *first, *last),
            Fault::Cut { first, last, .. } => ("cut", *first, *last),
        },
        Wrong::Line { line, .. } => return json!({"kind": "line", "line": line, "text": text}),
        Wrong::More(count) => return json!({"kind": "more", "count": count, "text": text}),
        Wrong::NoEnd => return json!({"kind": "no-end", "text": text}),
        Wrong::End(_) => return json!({"kind": "end", "text": text}),
    };
    json!({"kind": kind, "first": first, "last": last, "text": text})
}
