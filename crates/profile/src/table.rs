//! What a profile offers, as text for people: a table for the terminal, and the reference in `docs/profiles/`.

use std::fmt::Write;

use verification::service::{ConsentDemand, Field, FieldKind, Group, Refusal, Requirement, Service, Test};

use crate::effective::{assisted_name, kind_name, refusal_name};
use crate::{Certainty, Profile};

/// One block of lines for each service: what is required, and what is asked for.
pub fn plain(profile: &Profile) -> String {
    let mut text = String::new();
    for service in &profile.catalogue {
        let mut line = |head: &str, rest: &str| {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{head:<16}{}", if rest.is_empty() { "-" } else { rest });
        };
        line("service", &service.id.0);
        line("  title", &service.title.en);
        line("  verification", &requirement(service));
        line("  ways", &ways(service).join(", "));
        line("  consents", &consents(service, |consent| consent.text.clone()));
        line(
            "  fields",
            &joined(
                service
                    .fields
                    .iter()
                    .map(|field| format!("{} ({})", field.name, kind(field))),
            ),
        );
        line("  deadlines", &deadlines(service));
        line(
            "  suspicions",
            &joined(service.suspicions.iter().map(|rule| rule.code.clone())),
        );
        line(
            "  acts",
            &joined(service.legal_basis.iter().map(|basis| basis.id.clone())),
        );
    }
    text
}

/// The same as Markdown, with what each consent leads to and how sure each act is.
pub fn markdown(profile: &Profile) -> String {
    let mut text = String::from("## Services\n");
    let mut put = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    for service in &profile.catalogue {
        put(&format!("\n### `{}`: {}\n", service.id.0, service.title.en));
        put(&format!("{}.\n", service.summary.en.trim_end_matches('.')));
        put("| | |\n|---|---|");
        let group = match service.group {
            Group::Services => "services",
            Group::OwnData => "own data",
        };
        put(&format!("| heading | {group} |"));
        put(&format!("| verification | {} |", requirement(service)));
        put(&format!("| ways | {} |", ways(service).join(", ")));
        put(&format!(
            "| consents | {} |",
            consents(service, |consent| format!(
                "`{}` v{}",
                consent.text, consent.version
            ))
        ));
        put(&format!("| deadlines | {} |", or_none(deadlines(service))));
        let suspicions = service
            .suspicions
            .iter()
            .map(|rule| format!("`{}` when {}", rule.code, condition(&rule.when)));
        put(&format!("| suspicion events | {} |", or_none(joined(suspicions))));
        let acts = service.legal_basis.iter().map(|basis| format!("`{}`", basis.id));
        put(&format!("| legal basis | {} |", joined(acts)));
        if !service.fields.is_empty() {
            put("\n| field | entry | asked | question |\n|---|---|---|---|");
        }
        for field in &service.fields {
            let asked = match &field.when {
                Some(when) => format!("when {}", condition(when)),
                None => "always".to_owned(),
            };
            let optional = if field.required { "" } else { ", may be left empty" };
            put(&format!(
                "| `{}` | {} | {asked}{optional} | {} |",
                field.name,
                kind(field),
                field.label.en
            ));
        }
    }
    put("\n## Consents\n");
    put("| consent | version | refused | wording |\n|---|---|---|---|");
    for consent in &profile.consents {
        let refused = match consent.refusal {
            Refusal::Ends => "the session ends",
            Refusal::Continues => "the session goes on without it",
            Refusal::Refers => "staff decide; the document says so",
        };
        let wording = match &consent.wording {
            Some(_) => "of the profile",
            None => "of the kiosk (`locales/*/consents.ftl`)",
        };
        let ConsentDemand {
            text,
            version,
            refusal,
            ..
        } = consent;
        put(&format!(
            "| `{text}` | {version} | `{}`: {refused} | {wording} |",
            refusal_name(*refusal)
        ));
    }
    put("\n## Legal basis\n");
    put("| act | certainty | what is taken from it |\n|---|---|---|");
    for act in &profile.acts {
        let certainty = match act.certainty {
            Certainty::Title => "`title`: the act is known, its duties are for the lawyer",
            Certainty::Press => "`press`: **to be confirmed by a lawyer**",
            Certainty::Secondary => "`secondary`: **to be confirmed by a lawyer**",
            Certainty::Confirmed => "`confirmed` by the institution's lawyer",
        };
        put(&format!(
            "| `{}`: {} | {certainty} | {} |",
            act.basis.id, act.basis.title.en, act.note
        ));
    }
    text
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn requirement(service: &Service) -> String {
    match &service.requirement {
        Requirement::Always => "always".to_owned(),
        Requirement::When(conditions) => {
            let conditions: Vec<_> = conditions.iter().map(condition).collect();
            format!("when {}", conditions.join(" or "))
        }
    }
}

fn condition(condition: &verification::service::Condition) -> String {
    match &condition.test {
        Test::Above(bound) => format!("{} is above {bound}", condition.field),
        Test::AtLeast(bound) => format!("{} is {bound} or more", condition.field),
        Test::Is(choice) => format!("{} is {choice}", condition.field),
    }
}

fn ways(service: &Service) -> Vec<&'static str> {
    let mut ways = Vec::new();
    ways.extend(service.face.then_some("face"));
    ways.extend(service.palm.then_some("palm"));
    ways.extend(service.hosted_page.then_some("hosted-page"));
    ways.extend(service.assisted.iter().map(|route| assisted_name(*route)));
    ways.extend(service.enrols_palm.then_some("then a palm is enrolled"));
    ways
}

fn consents(service: &Service, name: impl Fn(&ConsentDemand) -> String) -> String {
    or_none(joined(service.consents.iter().map(name)))
}

fn deadlines(service: &Service) -> String {
    let Some(request) = &service.request else {
        return String::new();
    };
    let days = |days: u16| if days == 1 { "working day" } else { "working days" };
    joined(
        request
            .kinds
            .iter()
            .map(|kind| format!("{} {} {}", kind.name, kind.working_days, days(kind.working_days))),
    )
}

fn kind(field: &Field) -> String {
    let name = kind_name(&field.kind);
    match &field.kind {
        FieldKind::Amount { min_tenge, max_tenge } => format!("{name}, {min_tenge} to {max_tenge} tenge"),
        FieldKind::Count { min, max } => format!("{name}, {min} to {max}"),
        FieldKind::Text { max_chars } => format!("{name}, up to {max_chars} characters"),
        FieldKind::Choice(options) => {
            let names: Vec<_> = options.iter().map(|option| option.name.as_str()).collect();
            format!("{name}: {}", names.join(" / "))
        }
        FieldKind::Phone { call_back: false } => format!("{name}, on which nobody is called back"),
        FieldKind::Phone { call_back: true }
        | FieldKind::Bin
        | FieldKind::CardNumber
        | FieldKind::Name
        | FieldKind::RequestNumber => name.to_owned(),
    }
}
