//! What holds of every profile that comes with the project, of its page, and of the reference.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use profile::policy::KEYS;
use profile::{Profile, file, load, table};
use verification::date::Date;
use verification::policy::Policy;
use verification::service::{NBAS_CONSENT, PALM_CONSENT, Refusal, Requirement, Service};

const NAMES: [&str; 6] = [
    "bank",
    "microfinance",
    "payment",
    "mobile-operator",
    "crypto-platform",
    "migration-desk",
];

/// What stands below this line of a page is made by the program.
const MADE: &str = "<!-- What follows is printed by `alaqan-profile services --format markdown`. -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shipped(name: &str) -> Profile {
    let path = root().join("profiles").join(name).with_extension("toml");
    load(&path).unwrap_or_else(|error| panic!("{error}"))
}

fn service<'a>(profile: &'a Profile, id: &str) -> &'a Service {
    let mut services = profile.catalogue.iter();
    services
        .find(|service| service.id.0 == id)
        .expect("the service is offered")
}

#[test]
fn each_can_be_used_and_is_named_as_its_file() {
    for name in NAMES {
        let profile = shipped(name);
        assert_eq!(profile.name, name);
        assert_eq!(profile.kind.name(), name);
        assert!(profile.policy.check().is_ok());
        assert!(profile.catalogue.iter().all(|service| service.fault().is_none()));
        assert!(profile.retention_years() >= 5);
        assert!(profile.calendar.covers.contains(&2026));
    }
    let files = std::fs::read_dir(root().join("profiles")).unwrap();
    assert_eq!(
        files.count(),
        NAMES.len() + 2,
        "a file in profiles/ that no test looks at"
    );
}

#[test]
fn each_offers_the_rights_of_a_person_with_their_deadlines() {
    for name in NAMES {
        let profile = shipped(name);
        let request = service(&profile, "personal-data").request.as_ref().unwrap();
        let days: Vec<_> = request
            .kinds
            .iter()
            .map(|kind| (kind.name.as_str(), kind.working_days))
            .collect();
        let expect = [
            ("information", 3),
            ("correction", 1),
            ("blocking", 1),
            ("erasure", 1),
            ("consent-withdrawal", 15),
            ("decision-dispute", 3),
        ];
        assert_eq!(days, expect);
        assert!(service(&profile, "request-status").asks_request_state);
    }
    let desk = shipped("migration-desk");
    let record = service(&desk, "biometric-record-request")
        .request
        .as_ref()
        .unwrap();
    assert_eq!((record.by.as_ref(), record.kinds[0].working_days), (None, 5));
}

/// Consents come first, and what follows from a refusal is the same everywhere. Only the bank may speak of "the bank".
#[test]
fn consents_are_asked_for_and_speak_of_the_right_institution() {
    for name in NAMES {
        let profile = shipped(name);
        let refusal = |text: &str| {
            profile
                .consent(text)
                .map(|consent| (consent.version, consent.refusal))
        };
        // The bank's is the kiosk's own wording.
        let processing = if name == "bank" { 2 } else { 3 };
        assert_eq!(refusal("processing"), Some((processing, Refusal::Ends)));
        assert_eq!(refusal("automated-decision"), Some((1, Refusal::Refers)));
        assert_eq!(refusal(NBAS_CONSENT), Some((2, Refusal::Continues)));
        assert_eq!(refusal(PALM_CONSENT.0), Some((1, Refusal::Ends)));
        for service in &profile.catalogue {
            let texts: Vec<_> = service
                .consents
                .iter()
                .map(|consent| consent.text.as_str())
                .collect();
            assert_eq!(
                texts[..2],
                ["processing", "automated-decision"],
                "{name}: {}",
                service.id.0
            );
            assert_eq!(
                texts.contains(&PALM_CONSENT.0),
                service.enrols_palm,
                "{name}: {}",
                service.id.0
            );
        }
        if name != "bank" {
            for consent in &profile.consents {
                assert!(
                    consent.wording.is_some(),
                    "{name}: {} speaks of the bank",
                    consent.text
                );
            }
            let effective = profile.effective().to_lowercase();
            let mut words = effective.split(|letter: char| !letter.is_alphabetic());
            let banks = [
                "bank",
                "банк",
                "банка",
                "банку",
                "банке",
                "банкке",
                "банкте",
                "банктегі",
                "банкті",
            ];
            let found = words.find(|word| banks.contains(word));
            assert_eq!(found, None, "{name}");
        }
    }
}

/// The example on the page of the migration desk, and the turn of the year, counted by the shipped calendar.
#[test]
fn the_calendar_knows_holidays_and_transfers() {
    let calendar = shipped("migration-desk").calendar;
    let date = |year, month, day| Date::new(year, month, day).unwrap();
    let check = |from: Date, working_days: u16, expect: Date| {
        let found = calendar.add_working_days(from, working_days);
        assert_eq!(found, Ok(expect), "{working_days} working days from {from}");
    };
    check(date(2026, 5, 5), 5, date(2026, 5, 14));
    check(date(2026, 3, 20), 1, date(2026, 3, 26));
    check(date(2026, 12, 31), 3, date(2027, 1, 8));
    check(date(2027, 3, 12), 5, date(2027, 3, 25));
    // 30 August 2026 is a Sunday and no holiday any more: Monday is a working day.
    check(date(2026, 8, 28), 1, date(2026, 8, 31));
    assert_eq!(calendar.covers, 2026..=2027);
}

#[test]
fn thresholds_are_data() {
    let bank = shipped("bank");
    assert!(matches!(&service(&bank, "online-loan").requirement, Requirement::When(when) if when.len() == 1));
    let operator = shipped("mobile-operator");
    let sim = service(&operator, "sim-registration");
    assert_eq!(sim.requirement, Requirement::Always);
    let check = |numbers: &str, fields: &[&str], suspicions: &[&str]| {
        let read = |name: &str, typed: &str| {
            let field = sim.fields.iter().find(|field| field.name == name).unwrap();
            field
                .read(&verification::Sensitive::new(typed.to_owned()))
                .unwrap()
                .unwrap()
        };
        let entries = [read("subscriber", "own"), read("numbers", numbers)];
        let asked: Vec<_> = sim
            .fields_asked(&entries)
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(asked, fields);
        assert_eq!(sim.suspicions_of(&entries), suspicions);
    };
    let few = ["subscriber", "new-number", "numbers"];
    check("10", &few, &[]);
    let many = ["subscriber", "new-number", "numbers", "purposes", "devices"];
    check("11", &many, &["numbers-above-cap"]);
}

/// No number of an act that a lawyer has to confirm is shown to a customer.
#[test]
fn what_is_to_be_confirmed_is_marked() {
    for name in NAMES {
        let profile = shipped(name);
        for act in &profile.acts {
            assert!(!act.note.is_empty(), "{name}: {}", act.basis.id);
            let title = &act.basis.title;
            let digits = [&title.kk, &title.ru, &title.en]
                .iter()
                .any(|text| text.contains(char::is_numeric));
            assert!(
                !(act.certainty.is_to_be_confirmed() && digits),
                "{name}: {}",
                act.basis.id
            );
        }
    }
}

/// A page names every service, field and consent of its profile, because that part of it is made from the profile.
#[test]
fn each_page_is_of_its_profile() {
    for name in NAMES {
        let profile = shipped(name);
        let path = root().join("docs/profiles").join(name).with_extension("md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (written, _) = page
            .split_once(MADE)
            .expect("the page has the line below which it is made");
        assert!(written.contains(&format!("profiles/{name}.toml")), "{name}");
        let page = format!("{written}{MADE}\n{}", table::markdown(&profile));
        expect_file![path].assert_eq(&page);
        let named = |what: &str| assert!(page.contains(&format!("`{what}`")), "{name}: {what}");
        for consent in &profile.consents {
            named(&consent.text);
        }
        for service in &profile.catalogue {
            named(&service.id.0);
            service.fields.iter().for_each(|field| named(&field.name));
            service.legal_basis.iter().for_each(|basis| named(&basis.id));
        }
    }
}

/// Tables of the format name each key that the schema has.
#[test]
fn the_reference_knows_each_key() {
    let path = root().join("docs/profiles/README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let effective: toml::Table = toml::from_str(&shipped("bank").effective()).unwrap();
    let defaults = Profile {
        policy: Policy::default(),
        ..shipped("bank")
    };
    let defaults: toml::Table = toml::from_str(&defaults.effective()).unwrap();
    assert_eq!(defaults["hours"], effective["hours"]);
    let mut table = String::from("| key | default | allowed | meaning |\n|---|---|---|---|\n");
    for key in KEYS {
        let value = key
            .name
            .split('.')
            .fold(&defaults["policy"], |value, part| &value[part]);
        writeln!(
            table,
            "| `{}` | `{value}` | {} | {} |",
            key.name, key.allowed, key.meaning
        )
        .unwrap();
    }
    let (before, rest) = page.split_once("<!-- keys of the policy -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of the keys -->\n").unwrap();
    let page = format!("{before}<!-- keys of the policy -->\n{table}<!-- end of the keys -->\n{after}");
    expect_file![path].assert_eq(&page);
    let schema: serde_json::Value = serde_json::from_str(&file::schema()).unwrap();
    let mut keys = Vec::new();
    properties(&schema, &mut keys);
    assert!(keys.len() > 60, "{keys:?}");
    for key in keys {
        let named = page.contains(&format!("`{key}`"))
            || page.contains(&format!("`palm.{key}`"))
            || page.contains(&format!("`assisted.{key}`"))
            || page.contains(&format!("`integrity.{key}`"));
        assert!(named, "docs/profiles/README.md does not tell of `{key}`");
    }
}

fn properties(schema: &serde_json::Value, keys: &mut Vec<String>) {
    if let Some(known) = schema.get("properties").and_then(|known| known.as_object()) {
        keys.extend(known.keys().cloned());
    }
    match schema {
        serde_json::Value::Object(parts) => parts.values().for_each(|part| properties(part, keys)),
        serde_json::Value::Array(parts) => parts.iter().for_each(|part| properties(part, keys)),
        _ => {}
    }
}

#[test]
fn the_schema_is_the_one_of_the_files() {
    expect_file![root().join("docs/profiles/profile.schema.json")].assert_eq(&file::schema());
}

/// Each key of the policy that may be set is in the schema, and no other.
#[test]
fn the_keys_of_the_policy_are_those_of_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&file::schema()).unwrap();
    let of = |name: &str| {
        let known = schema["$defs"][name]["properties"].as_object().unwrap();
        known.keys().cloned().collect::<Vec<_>>()
    };
    let mut known = of("FilePolicy");
    let tables = [
        ("palm", "FilePalmPolicy"),
        ("assisted", "FileAssistedPolicy"),
        ("integrity", "FileIntegrityPolicy"),
    ];
    known.retain(|key| tables.iter().all(|(table, _)| key != table));
    for (table, name) in tables {
        known.extend(of(name).into_iter().map(|key| format!("{table}.{key}")));
    }
    known.sort();
    let mut keys: Vec<_> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    keys.sort();
    assert_eq!(keys, known);
}
