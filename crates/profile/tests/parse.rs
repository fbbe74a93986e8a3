//! What may stand in a profile: faults with their messages, and that no text makes the reader panic.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use profile::{Links, Profile, ProfileError, Source, Sources};
use proptest::prelude::*;
use proptest::sample::Index;
use verification::date::Date;
use verification::hours::{OpenDay, OpenSpan};

const PROFILE: &str = r#"format = 1
name = "small"
kind = "payment"
title = { kk = "Ұйым", ru = "Организация", en = "Organisation" }
calendar = "calendar.toml"
shared = "shared.toml"
use_services = ["status"]

[hours]
mon = ["09:00-13:00", "14:00-18:00"]

[[hours.special]]
date = "2026-12-31"
intervals = []

[policy]
attempts = 3
comparison_min = 0.95

[policy.palm]
scan_limit_ms = 10000
volume_max_ml = 750.0

[[act]]
id = "act-press"
certainty = "press"
title = { kk = "Қағидалар", ru = "Правила", en = "Rules" }
note = "No. 1"

[[consent]]
name = "palm"
version = 1
refusal = "ends"

[[service]]
id = "transfer"
title = { kk = "Аударым", ru = "Перевод", en = "Transfer" }
summary = { kk = "Аударым", ru = "Перевод", en = "Transfer" }
acts = ["act-press", "act-known"]
verification_when = [{ field = "amount", above = 1000 }]
ways = ["face", "hosted-page"]
assisted = ["video"]
consents = ["processing"]
request = { by = "what", kind = [{ name = "one", working_days = 3 }, { name = "two", working_days = 5 }] }

[[service.field]]
name = "amount"
kind = "amount"
min = 1
max = 5000
label = { kk = "Сома", ru = "Сумма", en = "Amount" }

[[service.field]]
name = "what"
kind = "choice"
label = { kk = "Не?", ru = "Что?", en = "What?" }
when = { field = "amount", at_least = 2000 }

[[service.field.option]]
name = "one"
title = { kk = "Бір", ru = "Один", en = "One" }

[[service.field.option]]
name = "two"
title = { kk = "Екі", ru = "Два", en = "Two" }

[[service.suspicion]]
code = "too-much"
when = { field = "what", is = "two" }
"#;

const SHARED: &str = r#"
[[act]]
id = "act-known"
certainty = "title"
title = { kk = "Заң № 2", ru = "Закон № 2", en = "Law No. 2" }
note = "read"

[[consent]]
name = "processing"
version = 2
refusal = "ends"
title = { kk = "Келісім", ru = "Согласие", en = "Consent" }
body = { kk = "Мәтін", ru = "Текст", en = "Text" }

[[service]]
id = "status"
title = { kk = "Жай-күйі", ru = "Состояние", en = "State" }
summary = { kk = "Жай-күйі", ru = "Состояние", en = "State" }
group = "own-data"
acts = ["act-known"]
ways = ["palm"]
assisted = ["image-based"]
consents = []
asks_request_state = true

[[service.field]]
name = "request-number"
kind = "request-number"
label = { kk = "Нөмір", ru = "Номер", en = "Number" }
hint = { kk = "Парақшада", ru = "На листке", en = "On the slip" }
"#;

const CALENDAR: &str = r#"years = [2026, 2027]
source = "invented"

[[day_off]]
date = "2026-03-08"
name = "a Sunday"
kind = "state"
certainty = "published"

[[day_off]]
date = "2026-03-09"
name = "instead"
kind = "transfer"
for = "2026-03-08"
certainty = "published"

[[working_weekend]]
date = "2026-03-14"
reason = "instead of nothing"
"#;

fn read(profile: &str, shared: &str, calendar: &str) -> Result<Profile, ProfileError> {
    let source = |name, text| Source { name, text };
    Profile::parse(&Sources {
        profile: source("small.toml", profile),
        calendar: source("calendar.toml", calendar),
        shared: Some(source("shared.toml", shared)),
    })
}

/// What is in force is this text, and its hash these digits. They change with the format alone: then `format` changes too.
#[test]
fn the_effective_text_is_pinned() {
    let profile = read(PROFILE, SHARED, CALENDAR).unwrap();
    expect_test::expect_file!["effective.toml"].assert_eq(&profile.effective());
    expect_test::expect!["39133920d0fa675ea43a2573a5c7cedecc4ab4282e963450564c6895b4d6688e"]
        .assert_eq(&profile::hex(&profile.sha256));
    let text: toml::Table = toml::from_str(&profile.effective()).unwrap();
    assert_eq!(text["policy"]["palm"]["scan_limit_ms"].as_integer(), Some(10_000));
    assert_eq!(text["service"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_written_differently_and_means_the_same_has_one_hash() {
    let profile = read(PROFILE, SHARED, CALENDAR).unwrap();
    let same = |profile_text: &str, shared: &str, calendar: &str| {
        assert_eq!(
            read(profile_text, shared, calendar).unwrap().sha256,
            profile.sha256
        );
    };
    same(&format!("# A comment.\n{PROFILE}"), SHARED, CALENDAR);
    same(
        &PROFILE.replace("attempts = 3\ncomparison_min = 0.95", "comparison_min = 0.950"),
        SHARED,
        CALENDAR,
    );
    same(
        &PROFILE.replace("note = \"No. 1\"", "note = \"No. 2\""),
        SHARED,
        CALENDAR,
    );
    same(PROFILE, SHARED, &CALENDAR.replace("invented", "found"));
    // Where all numbers are the defaults, the table may be left out.
    let (before, rest) = PROFILE.split_once("[policy]").unwrap();
    let (_, after) = rest.split_once("\n[[act]]").unwrap();
    same(&format!("{before}[[act]]{after}"), SHARED, CALENDAR);
    // A service that stands in the profile itself is the same as one that is shared.
    let (_, service) = SHARED.split_once("[[service]]").unwrap();
    let own = PROFILE.replace("use_services = [\"status\"]\n", "") + "\n[[service]]" + service;
    same(&own, SHARED, CALENDAR);
}

#[test]
fn each_change_of_what_is_in_force_has_a_hash_of_its_own() {
    let mut seen = vec![read(PROFILE, SHARED, CALENDAR).unwrap().sha256];
    let mut differs = |profile: &str, shared: &str, calendar: &str, what: &str| {
        let hash = read(profile, shared, calendar)
            .unwrap_or_else(|error| panic!("{what}: {error}"))
            .sha256;
        assert!(!seen.contains(&hash), "{what}");
        seen.push(hash);
    };
    let changes = [
        ("name = \"small\"", "name = \"smaller\""),
        ("kind = \"payment\"", "kind = \"bank\""),
        ("en = \"Organisation\"", "en = \"Company\""),
        ("09:00-13:00", "09:30-13:00"),
        ("2026-12-31", "2026-12-30"),
        ("refusal = \"ends\"", "refusal = \"continues\""),
        ("above = 1000", "above = 1001"),
        ("above = 1000", "at_least = 1000"),
        ("\"face\", \"hosted-page\"", "\"face\""),
        ("\"face\", \"hosted-page\"", "\"face\", \"palm\", \"hosted-page\""),
        ("[\"video\"]", "[\"image-based\"]"),
        ("\"act-press\", \"act-known\"", "\"act-known\", \"act-press\""),
        ("working_days = 3", "working_days = 4"),
        ("max = 5000", "max = 5001"),
        ("min = 1", "min = 2"),
        ("ru = \"Сумма\"", "ru = \"Деньги\""),
        ("at_least = 2000", "at_least = 2001"),
        ("en = \"Two\"", "en = \"Second\""),
        ("code = \"too-much\"", "code = \"far-too-much\""),
        ("is = \"two\"", "is = \"one\""),
        ("max = 5000", "max = 5000\nrequired = false"),
        ("use_services = [\"status\"]", ""),
    ];
    for (from, to) in changes {
        assert!(PROFILE.contains(from), "{from}");
        differs(&PROFILE.replacen(from, to, 1), SHARED, CALENDAR, to);
    }
    let shared = [
        ("body = { kk = \"Мәтін\"", "body = { kk = \"Басқа\""),
        ("version = 2", "version = 3"),
    ];
    for (from, to) in shared {
        differs(PROFILE, &SHARED.replacen(from, to, 1), CALENDAR, to);
    }
    differs(PROFILE, SHARED, &CALENDAR.replace("2027", "2028"), "years");
    differs(
        PROFILE,
        SHARED,
        &CALENDAR.replace("2026-03-14", "2026-03-15"),
        "working weekend",
    );
    let policy = [
        ("attempts", "2"),
        ("challenges_per_attempt", "4"),
        ("challenge_set", "[\"turn-left\", \"blink\", \"smile\"]"),
        ("challenge_window_ms", "9000"),
        ("positioning_limit_ms", "50000"),
        ("idle_limit_ms", "90000"),
        ("identification_patience_ms", "7000"),
        ("inter_eye_distance_min_px", "70.0"),
        ("turn_min_deg", "19.0"),
        ("nod_min_deg", "16.0"),
        ("passive", "\"where-installed\""),
        ("passive_min", "0.6"),
        ("relief_min", "0.31"),
        ("cut_out_max", "0.4"),
        ("screen_max", "0.4"),
        ("likeness_min", "0.71"),
        ("light", "\"required\""),
        ("light_gain_min", "0.04"),
        ("comparison_min", "0.96"),
        ("nbas_enrolment_min", "0.97"),
        ("operator", "\"required\""),
        ("retention_years", "6"),
        ("palm.vascular", "\"where-measured\""),
        ("palm.volume", "\"where-measured\""),
        ("palm.temperature", "\"where-measured\""),
        ("palm.liveness", "\"where-measured\""),
        ("palm.seal", "\"required\""),
        ("palm.volume_min_ml", "160.0"),
        ("palm.volume_max_ml", "760.0"),
        ("palm.temperature_min_celsius", "21.0"),
        ("palm.temperature_max_celsius", "42.0"),
        ("palm.warmth_min_celsius", "0.6"),
        ("palm.vascular_quality_min", "0.6"),
        ("palm.liveness_min", "0.6"),
        ("palm.scan_limit_ms", "9000"),
        ("palm.nothing_presented_counts", "true"),
        ("palm.fallback_to_face", "false"),
        ("assisted.cannot_perform_max", "2"),
        ("assisted.page_long_side_min_px", "500.0"),
        ("assisted.page_sharpness_min", "0.06"),
        ("assisted.page_glare_max", "0.03"),
        ("assisted.page_luminance_min", "70.0"),
        ("assisted.page_luminance_max", "210.0"),
        ("assisted.page_movement_max", "0.02"),
        ("assisted.picture_hold_ms", "700"),
        ("assisted.picture_limit_ms", "100000"),
        ("assisted.pictures_max", "4"),
        ("integrity.files", "\"reported\""),
        ("integrity.debugger", "\"reported\""),
        ("integrity.injected_libraries", "\"required\""),
        ("integrity.virtual_environment", "\"required\""),
    ];
    let tried: Vec<_> = policy.iter().map(|(key, _)| *key).collect();
    let known: Vec<_> = profile::policy::KEYS.iter().map(|key| key.name).collect();
    assert_eq!(tried, known);
    let (before, rest) = PROFILE.split_once("[policy]").unwrap();
    let (_, after) = rest.split_once("\n[[act]]").unwrap();
    for (key, value) in policy {
        let text = format!("{before}[policy]\n{key} = {value}\n\n[[act]]{after}");
        differs(&text, SHARED, CALENDAR, key);
    }
}

/// Each message names file, line and key, and says what is allowed.
#[test]
fn faults_are_told_with_their_place() {
    let check = |profile: Result<Profile, ProfileError>, expect: &str| {
        let message = profile.unwrap_err().to_string();
        assert!(message.contains(expect), "{message}\nis not\n{expect}");
    };
    let own = |from: &str, to: &str, expect: &str| {
        assert!(PROFILE.contains(from), "{from}");
        check(read(&PROFILE.replacen(from, to, 1), SHARED, CALENDAR), expect);
    };
    own(
        "name = \"small\"",
        "nmae = \"small\"",
        "small.toml: TOML parse error at line 2",
    );
    own(
        "name = \"small\"",
        "nmae = \"small\"",
        "unknown field `nmae`, expected one of `format`, `name`",
    );
    own(
        "assisted = [\"video\"]",
        "assisted = []",
        "small.toml, line 36: service.assisted: allowed is \"video\", \"image-based\", or both",
    );
    own(
        "format = 1",
        "format = 2",
        "small.toml, line 1: format: this program reads format 1",
    );
    own(
        "\"payment\"",
        "\"shop\"",
        "unknown variant `shop`, expected one of `bank`, `microfinance`",
    );
    own(
        "name = \"small\"",
        "name = \"Small\"",
        "small.toml, line 2: name: \"Small\" must be lower-case letters",
    );
    own(", en = \"Organisation\"", "", "missing field `en`");
    own(
        "\"Организация\"",
        "\" \"",
        "line 4: title.ru: a text is wanted in each of kk, ru and en",
    );
    own(
        "\"Организация\"",
        "\"Oрганизация\"",
        "line 4: title.ru: the word \"Oрганизация\" mixes Latin and Cyrillic",
    );
    own(
        "\"Ұйым\"",
        "\"Ұйым SIM-карта\\u0007\"",
        "line 4: title.kk: has a control character",
    );
    own(
        "[\"status\"]",
        "[\"state\"]",
        "line 7: use_services: \"state\" is no service of the shared file; there are: status",
    );
    own(
        "14:00",
        "12:00",
        "line 10: hours.mon: \"12:00-18:00\" begins before the interval before it ends",
    );
    own(
        "18:00",
        "25:00",
        "line 10: hours.mon: \"14:00-25:00\" is no interval such as \"09:00-18:00\"",
    );
    own(
        "2026-12-31",
        "2026-02-30",
        "line 13: hours.special: \"2026-02-30\" is no day such as",
    );
    own(
        "[\"09:00-13:00\", \"14:00-18:00\"]",
        "[]",
        "line 9: hours: the institution is open on one day of the week",
    );
    own(
        "attempts = 3",
        "attempts = 4",
        "line 17: policy.attempts: the rules allow one to three attempts; allowed is 1 to 3",
    );
    own(
        "attempts = 3",
        "attempts = \"3\"",
        "invalid type: string \"3\", expected u8",
    );
    own(
        "= 0.95",
        "= 1.5",
        "line 18: policy.comparison_min: a threshold is outside its range; allowed is above 0, up to 1",
    );
    own(
        "= 10000",
        "= 100",
        "line 21: policy.palm.scan_limit_ms: a threshold is outside its range; allowed is 3000 to 20000",
    );
    let assisted = [
        ("pictures_max = 0", "1 to 10"),
        ("cannot_perform_max = 4", "0 to 3"),
        ("picture_limit_ms = 5000", "30000 to 600000"),
        ("page_sharpness_min = inf", "above 0, up to 1"),
    ];
    for (line, allowed) in assisted {
        let (key, _) = line.split_once(' ').unwrap();
        own(
            "[policy.palm]",
            &format!("[policy.assisted]\n{line}\n[policy.palm]"),
            &format!(
                "line 21: policy.assisted.{key}: a threshold is outside its range; allowed is {allowed}"
            ),
        );
    }
    own(
        "volume_max_ml = 750.0",
        "volume_max_ml = 700.0\nvolume_min_ml = 720.0",
        "line 16: policy: a threshold is outside its range",
    );
    own(
        "attempts = 3",
        "idle_limit_ms = 1",
        "line 17: policy.idle_limit_ms: is out of reach; allowed is 30000 to 1800000",
    );
    own(
        "attempts = 3",
        "retention_years = 1",
        "line 17: policy.retention_years: the rules ask for documents to be kept",
    );
    own(
        "[policy.palm]",
        "[policy.honesty]\n[policy.palm]",
        "unknown field `honesty`",
    );
    own(
        "en = \"Rules\"",
        "en = \"Rules No. 1\"",
        "line 25: act \"act-press\", title: an act that a lawyer has to confirm",
    );
    own(
        "version = 1",
        "version = 2",
        "line 31: consent \"palm\", version: the consent for the palm has version 1",
    );
    own(
        "version = 1",
        "version = 0",
        "line 31: consent \"palm\", version: counts from 1",
    );
    own(
        "refusal = \"ends\"",
        "refusal = \"ends\"\ntitle = { kk = \"А\", ru = \"А\", en = \"A\" }",
        "line 31: consent \"palm\", title: an own wording has both `title` and `body`",
    );
    own(
        "\"act-press\", \"act-known\"",
        "\"act-x\"",
        "service \"transfer\", acts: \"act-x\" is no act; there are: act-press, act-known",
    );
    own(
        "\"act-press\", \"act-known\"",
        "",
        "service \"transfer\", acts: names at least one act",
    );
    own(
        "\"act-press\", \"act-known\"",
        "\"act-press\", \"act-press\"",
        "\"act-press\" is named twice",
    );
    own(
        "[\"processing\"]",
        "[\"x\"]",
        "consents: \"x\" is no consent; there are: palm, processing",
    );
    own(
        "field = \"amount\", above",
        "field = \"sum\", above",
        "verification_when: there is no field \"sum\" before it is spoken of; there are: amount, what",
    );
    own(
        "above = 1000",
        "above = 5000",
        "the bound 5000 must divide what can be entered, 1 to 5000",
    );
    own(
        "above = 1000",
        "is = \"1\"",
        "`above` and `at_least` go with amounts and counts, `is` with choices",
    );
    own(
        "above = 1000",
        "above = 1, is = \"1\"",
        "a condition has exactly one of",
    );
    own(
        "is = \"two\"",
        "is = \"three\"",
        "\"three\" cannot be chosen; there are: one, two",
    );
    own(
        "field = \"amount\", at_least",
        "field = \"what\", at_least",
        "there is no field \"what\" before it is spoken of; there are: amount",
    );
    own(
        "[{ field = \"amount\", above = 1000 }]",
        "[]",
        "service \"transfer\": a verification is never required",
    );
    own(
        "[\"face\", \"hosted-page\"]",
        "[]",
        "service \"transfer\": no way to be verified is allowed",
    );
    own(
        "ways = [\"face\", \"hosted-page\"]",
        "ways = [\"face\"]\nenrols_palm = true",
        "with the consent `palm`",
    );
    own(
        "ways = [\"face\", \"hosted-page\"]\nassisted = [\"video\"]\nconsents = [\"processing\"]",
        "ways = [\"face\"]\nenrols_palm = true\nassisted = [\"video\"]\nconsents = [\"processing\", \"palm\"]",
        "service.assisted: allowed is nothing: no palm is enrolled by people",
    );
    own(
        "kind = \"amount\"",
        "kind = \"amount\"\ncall_back = false",
        "phones alone have `call_back`",
    );
    own(
        "by = \"what\"",
        "by = \"amount\"",
        "there is no suitable field \"amount\"",
    );
    own(
        "name = \"two\", working",
        "name = \"six\", working",
        "the request \"two\" needs one number of working days",
    );
    own(
        "working_days = 3",
        "working_days = 0",
        "request: working_days are 1 to 60",
    );
    own(
        "ways = [\"face\", \"hosted-page\"]",
        "ways = [\"face\"]\nasks_request_state = true",
        "go together",
    );
    own(
        "min = 1\n",
        "",
        "field \"amount\", min and max: amounts and counts have `min` and `max`",
    );
    own(
        "max = 5000",
        "max = 5000\nmax_chars = 3",
        "texts have `max_chars`",
    );
    own(
        "id = \"transfer\"",
        "id = \"status\"",
        "the service \"status\" is offered twice",
    );
    own(
        "name = \"what\"",
        "name = \"amount\"",
        "line 54: service \"transfer\", field: the field \"amount\" is there twice",
    );
    let own_option = PROFILE.replace("name = \"two\"\n", "name = \"one\"\n");
    check(
        read(&own_option, SHARED, CALENDAR),
        "the option \"one\" is there twice",
    );
    check(
        read(
            PROFILE,
            &SHARED.replace("id = \"act-known\"", "id = \"act known\""),
            CALENDAR,
        ),
        "shared.toml, line 3: act.id: \"act known\" must be lower-case",
    );
    let calendar = |from: &str, to: &str, expect: &str| {
        assert!(CALENDAR.contains(from), "{from}");
        check(read(PROFILE, SHARED, &CALENDAR.replacen(from, to, 1)), expect);
    };
    calendar(
        "[2026, 2027]",
        "[2027, 2026]",
        "calendar.toml, line 1: years: wants the first and the last year",
    );
    calendar(
        "\"2026-03-08\"",
        "\"2025-03-08\"",
        "calendar.toml, line 5: day_off.date: 2025-03-08 lies outside of `years`",
    );
    calendar("\"2026-03-09\"", "\"2026-03-08\"", "2026-03-08 is there twice");
    calendar("\"2026-03-09\"", "\"2026-03-07\"", "2026-03-07 is a weekend");
    calendar(
        "for = \"2026-03-08\"\n",
        "",
        "`for` names the holiday of a transfer",
    );
    calendar(
        "for = \"2026-03-08\"",
        "for = \"2026-03-10\"",
        "2026-03-10 is no state holiday on a weekend",
    );
    calendar(
        "2026-03-14",
        "2026-03-13",
        "line 18: working_weekend.date: 2026-03-13 is no Saturday or Sunday",
    );
    let lonely = CALENDAR.replace(
        "kind = \"transfer\"\nfor = \"2026-03-08\"",
        "kind = \"religious\"",
    );
    check(
        read(PROFILE, SHARED, &lonely),
        "2026-03-08 falls on a weekend and wants a day off",
    );
}

/// What the reference and the messages say of a key is what the reader does, at both ends of each range.
#[test]
fn what_is_said_to_be_allowed_is_allowed() {
    let (before, rest) = PROFILE.split_once("[policy]").unwrap();
    let (_, after) = rest.split_once("\n[[act]]").unwrap();
    let is_read = |key: &str, value: &str| {
        let text = format!("{before}[policy]\n{key} = {value}\n\n[[act]]{after}");
        read(&text, SHARED, CALENDAR).is_ok()
    };
    let mut ranges = 0;
    for key in profile::policy::KEYS {
        let (range, other) = key.allowed.split_once(", ").unwrap_or((key.allowed, ""));
        let words: Vec<_> = range.split(' ').collect();
        let (inside, outside) = match words[..] {
            [least, "to", most] if other.starts_with("below") => {
                (vec![least], vec![below(least), above(most)])
            }
            [least, "to", most] if other.starts_with("above") => {
                (vec![most], vec![below(least), above(most)])
            }
            [least, "to" | "or", most] if least.parse::<i64>().is_ok() && most != "more" => {
                (vec![least, most], vec![below(least), above(most)])
            }
            [least, "or", "more"] => (vec![least], vec![below(least)]),
            ["above", least] => match other.strip_prefix("up to ") {
                Some(most) => (vec![most], vec![least.to_owned(), above(most)]),
                None => (vec![], vec![least.to_owned()]),
            },
            _ => continue,
        };
        ranges += 1;
        let number = |value: &str| {
            let whole = key.name.ends_with("_ms") || is_whole(key.name);
            if whole || value.contains('.') {
                value.to_owned()
            } else {
                format!("{value}.0")
            }
        };
        for value in inside {
            assert!(is_read(key.name, &number(value)), "{} = {value}", key.name);
        }
        for value in outside {
            assert!(!is_read(key.name, &number(&value)), "{} = {value}", key.name);
        }
    }
    assert_eq!(ranges, 36);
}

fn is_whole(key: &str) -> bool {
    [
        "attempts",
        "challenges_per_attempt",
        "retention_years",
        "assisted.cannot_perform_max",
        "assisted.pictures_max",
    ]
    .contains(&key)
}

fn below(number: &str) -> String {
    (number.parse::<i64>().unwrap() - 1).to_string()
}

fn above(number: &str) -> String {
    (number.parse::<i64>().unwrap() + 1).to_string()
}

#[test]
fn what_a_profile_names_is_read_from_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.toml");
    let missing = |expect: &str| {
        let message = profile::load(&path).unwrap_err().to_string();
        assert!(
            message.contains(expect) && message.contains("cannot be read"),
            "{message}"
        );
    };
    missing("small.toml");
    std::fs::write(&path, PROFILE).unwrap();
    missing("calendar.toml");
    std::fs::write(folder.path().join("calendar.toml"), CALENDAR).unwrap();
    missing("shared.toml");
    std::fs::write(folder.path().join("shared.toml"), SHARED).unwrap();
    let loaded = profile::load(&path).unwrap();
    assert_eq!(loaded, read(PROFILE, SHARED, CALENDAR).unwrap());
    let date = |year, month, day| Date::new(year, month, day).unwrap();
    let span = |from, to| OpenSpan::new(from, to).unwrap();
    assert_eq!(loaded.hours.week[0].spans(), [span(540, 780), span(840, 1080)]);
    let special: Vec<_> = loaded.hours.special.into_iter().collect();
    assert_eq!(special, [(date(2026, 12, 31), OpenDay::default())]);
    let holidays: Vec<_> = loaded.calendar.holidays.into_iter().collect();
    assert_eq!(holidays, [date(2026, 3, 8), date(2026, 3, 9)]);
}

fn shipped(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// One change of a text: lines taken away, doubled or exchanged, or a piece put over another.
#[derive(Debug, Clone)]
enum Change {
    Drop(Index),
    Double(Index),
    Swap(Index, Index),
    Put(Index, String),
    Cut(Index),
    Number(Index, i64),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        index().prop_map(Change::Drop),
        index().prop_map(Change::Double),
        (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        (index(), "[a-zа-я0-9\"\\[\\]{}=.,#\n\\\\-]{1,6}").prop_map(|(at, text)| Change::Put(at, text)),
        index().prop_map(Change::Cut),
        (index(), any::<i64>()).prop_map(|(at, number)| Change::Number(at, number)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for change in changes {
        if lines.is_empty() {
            break;
        }
        let count = lines.len();
        match change {
            Change::Drop(at) => {
                lines.remove(at.index(count));
            }
            Change::Double(at) => {
                let line = lines[at.index(count)].clone();
                lines.insert(at.index(count), line);
            }
            Change::Swap(one, other) => lines.swap(one.index(count), other.index(count)),
            Change::Put(at, piece) => {
                let line = &mut lines[at.index(count)];
                let places: Vec<_> = line
                    .char_indices()
                    .map(|(place, _)| place)
                    .chain([line.len()])
                    .collect();
                line.insert_str(*at.get(&places), piece);
            }
            Change::Cut(at) => lines.truncate(at.index(count)),
            Change::Number(at, number) => {
                let line = &mut lines[at.index(count)];
                if let Some((key, _)) = line.split_once(" = ") {
                    *line = format!("{key} = {number}");
                }
            }
        }
    }
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever is written into a profile, it is read or refused; what is read can be used, and is valid TOML again.
    #[test]
    fn no_text_makes_the_reader_panic(
        of_profile in prop::collection::vec(change(), 0..4),
        of_shared in prop::collection::vec(change(), 0..3),
        of_calendar in prop::collection::vec(change(), 0..3),
        small in any::<bool>(),
    ) {
        let (profile, shared, calendar) = if small {
            (PROFILE.to_owned(), SHARED.to_owned(), CALENDAR.to_owned())
        } else {
            (shipped("crypto-platform.toml"), shipped("shared.toml"), shipped("calendar-kz.toml"))
        };
        let read = read(
            &changed(&profile, &of_profile),
            &changed(&shared, &of_shared),
            &changed(&calendar, &of_calendar),
        );
        match read {
            Ok(profile) => {
                prop_assert!(profile.policy.check().is_ok());
                prop_assert!(profile.catalogue.iter().all(|service| service.fault().is_none()));
                prop_assert!(toml::from_str::<toml::Table>(&profile.effective()).is_ok());
                prop_assert!(!profile::table::plain(&profile).is_empty());
            }
            Err(error) => prop_assert!(error.to_string().contains(".toml"), "{}", error),
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(text in "\\PC{0,200}") {
        let source = Source { name: "any.toml", text: &text };
        prop_assert!(Links::of(source).is_err());
        prop_assert!(profile::calendar::parse(source).is_err());
    }
}
