//! What people, scanners and scripts may enter that is no entry, into every kind of field and every screen that takes text, in
//! the real program and the real web view: it stays text.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;
mod watched;

use std::path::{Path, PathBuf};

use common::{BIN, IIN, Institution, LIMIT, alone, clip, hands};
use gallery::{KIOSK, LYING, run};
use ipc::FieldInput;
use serde_json::{Value, json};
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::DocumentId;
use walk::{STEP_LIMIT, Walk};
use watched::{script, watch};

/// The code of the one on duty.
const CODE: &str = "0748151623";
/// The technician's.
const TECHNICIAN: &str = "70415926";

/// A kiosk with the service that asks for every kind of field, at which somebody of the institution must be present.
fn kiosk() -> (Institution, PathBuf) {
    let mut institution = Institution::found();
    institution.profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles/entries.toml");
    let code = |text: &str| Sensitive::new(text.to_owned());
    let policy = format!(
        "operator = \"required\"\nidle_limit_ms = 600000\n[[operators]]\nnumber = \"07\"\nname = \"staff-7\"\ncode = {:?}\n\
         [technician]\ncode = {:?}\n",
        alaqan::operators::hash(&code(CODE)).unwrap(),
        alaqan::technician::hash(&code(TECHNICIAN)).unwrap(),
    );
    let config = institution.kiosk_config(&clip(), &policy, LYING);
    (institution, config)
}

/// The fields of the service in which something is typed: one of each kind. Whoever adds a kind is led here by the compiler, and
/// adds a field of it to the profile.
fn typed_fields() -> Vec<&'static str> {
    let kinds = [
        FieldInput::Choice { options: Vec::new() },
        FieldInput::Amount,
        FieldInput::Count,
        FieldInput::Phone,
        FieldInput::Bin,
        FieldInput::CardNumber,
        FieldInput::Name,
        FieldInput::Text { max_chars: 0 },
        FieldInput::RequestNumber,
    ];
    let field = |kind: &FieldInput| match kind {
        FieldInput::Choice { .. } => None,
        FieldInput::Amount => Some("amount"),
        FieldInput::Count => Some("count"),
        FieldInput::Phone => Some("phone"),
        FieldInput::Bin => Some("bin"),
        FieldInput::CardNumber => Some("card-number"),
        FieldInput::Name => Some("name"),
        FieldInput::Text { .. } => Some("text"),
        FieldInput::RequestNumber => Some("request-number"),
    };
    kinds.iter().filter_map(field).collect()
}

/// What a person, a card reader or a script might enter.
fn hostile() -> Vec<String> {
    let mut entries: Vec<String> = [
        "<script>seen.executed++</script>",
        "<img src=x onerror=seen.executed++>",
        "\"><svg onload=seen.executed++>",
        "javascript:seen.executed++",
        "{{7*7}}${7*7}{ $count }",
        "'; DROP TABLE documents; --",
        "../../../../etc/passwd",
        "%s%s%s%n%p",
        "a\0b",
        "\u{1}\u{8}\t\r\n\u{1b}[2J\u{7f}",
        "\u{202e}\u{2066}\u{200f}דגל\u{202c}",
        "👩‍👩‍👧‍👦🇰🇿\u{fe0f}",
        "z\u{335}\u{321}\u{322}\u{489}\u{488}",
        "\u{feff}\u{fffd}\u{ffff}",
        "ﷺﷺﷺ",
        "880412401006\n880412401006",
        "８８０４１２４０１００６",
    ]
    .map(str::to_owned)
    .into();
    entries.push("1".repeat(100_000));
    entries.push("Ә".repeat(50_000));
    entries
}

/// Where text is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    Field(&'a str),
    Iin,
    Zone,
    Operator,
    CallBack,
    Staff,
}

impl Place<'_> {
    /// Its screen, as it stands on the page.
    fn selector(self) -> String {
        match self {
            Self::Field(name) => format!("[data-screen='field'][data-field='{name}']"),
            Self::Iin => "[data-screen='claim'][data-way='iin']".to_owned(),
            Self::Zone => "[data-screen='claim'][data-way='zone']".to_owned(),
            Self::Operator => "[data-screen='operator']".to_owned(),
            Self::CallBack => "[data-screen='call-back'][data-number='any']".to_owned(),
            Self::Staff => "[data-screen='technician-login']".to_owned(),
        }
    }

    /// What shows the entry, and tells how long it is.
    fn entry(self) -> &'static str {
        match self {
            Self::Field(_) => "field-value",
            Self::Iin => "claim-digits",
            Self::Zone => "zone",
            Self::Operator => "operator-digits",
            Self::CallBack => "call-back-value",
            Self::Staff => "staff-digits",
        }
    }

    /// The longest entry that it takes.
    fn longest(self) -> usize {
        match self {
            Self::Field("text") => 300,
            Self::Field("name") => 100,
            Self::Zone => 90,
            Self::Field(_) | Self::Iin | Self::Operator | Self::CallBack | Self::Staff => 16,
        }
    }

    /// What the screen would send for this entry.
    fn intent(self, entry: &str) -> Value {
        match self {
            Self::Field(field) => json!({ "kind": "answer-field", "field": field, "value": entry }),
            Self::Iin => json!({ "kind": "claim", "iin": entry }),
            Self::Zone => json!({ "kind": "claim-by-zone", "zone": entry }),
            Self::Operator => json!({ "kind": "enter-operator", "code": entry }),
            Self::CallBack => json!({ "kind": "call-back", "number": entry }),
            Self::Staff => json!({ "kind": "enter-staff-code", "code": entry }),
        }
    }
}

#[test]
fn what_is_entered_is_never_more_than_text() {
    let _alone = alone();
    let (_institution, config) = kiosk();
    run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
        watch(&walk).await;
        malformed_intents(&walk).await;
        walk.touch("begin").await.unwrap();
        walk.choose("every-kind").await.unwrap();
        fields(&walk).await;
        is_only_text(&walk, Place::Iin).await;
        is_only_text(&walk, Place::Zone).await;
        walk.touch("claim-by-iin").await.unwrap();
        walk.enter_iin(IIN).await.unwrap();
        is_only_text(&walk, Place::Operator).await;
        walk.type_on_screen(CODE).await.unwrap();
        walk.touch("operator-next").await.unwrap();
        walk.wait_for(&["method"], LIMIT).await.unwrap();
        walk.touch("method-video").await.unwrap();
        // The number that was given as a field is not asked for again; another may be entered.
        walk.touch("call-back-other").await.unwrap();
        is_only_text(&walk, Place::CallBack).await;
        walk.touch("back").await.unwrap();
        walk.wait_for(&["method"], STEP_LIMIT).await.unwrap();
        walk.touch("method-video").await.unwrap();
        walk.touch("call-back-given").await.unwrap();
        walk.wait_for(&["outcome"], LIMIT).await.unwrap();
        walk.touch("finish").await.unwrap();
        walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
        sends(&walk, json!({ "kind": "call-staff" })).await;
        is_only_text(&walk, Place::Staff).await;
        walk.touch("staff-leave").await.unwrap();
        walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
        let seen = script(&walk, "return seen;", Value::Null).await;
        assert_eq!(seen["executed"], 0);
        assert_eq!(seen["violations"], json!([]), "nothing even came so far");
        walk.close().await.unwrap();
    });
}

/// Over the consents, and through each field, which is answered rightly in the end.
async fn fields(walk: &Walk) {
    let day = Date::new(2026, 1, 2).unwrap();
    let request = verification::request::number(DocumentId([7; 16]), day).replace('-', "");
    let answers = [("request-number", &*request), ("bin", BIN)];
    let mut entered = Vec::new();
    loop {
        let screen = walk
            .wait_for(&["consent", "field", "claim"], STEP_LIMIT)
            .await
            .unwrap();
        match screen.as_str() {
            "consent" => {
                let text = walk.attribute("data-consent").await.unwrap();
                walk.touch("consent-agree").await.unwrap();
                walk.wait_for_change("data-consent", &text).await.unwrap();
            }
            "field" => {
                let field = walk.attribute("data-field").await.unwrap();
                if walk.attribute("data-input").await.unwrap() == "choice" {
                    no_choice(walk, &field).await;
                } else {
                    is_only_text(walk, Place::Field(&field)).await;
                    entered.push(field);
                }
                // The keyboard came in the language of that moment.
                if walk.is_there("layout-kk").await.unwrap() {
                    walk.touch("layout-kk").await.unwrap();
                }
                walk.answer_field(&answers).await.unwrap();
            }
            _ => break,
        }
    }
    assert_eq!(entered, typed_fields());
}

/// Nothing is typed here; a script may answer all the same.
async fn no_choice(walk: &Walk, field: &str) {
    for entry in hostile() {
        sends(walk, Place::Field(field).intent(&entry)).await;
        nothing_ran(walk, &entry).await;
        assert_eq!(walk.attribute("data-field").await.unwrap(), field);
    }
}

/// Enters everything hostile into the screen that is shown: by the keys of a keyboard, by events of keys, and by intents past
/// the screen. What is taken all the same, such as any text where texts are asked for, is gone back from.
async fn is_only_text(walk: &Walk, place: Place<'_>) {
    if place == Place::Zone {
        walk.touch("claim-by-zone").await.unwrap();
    }
    let client = walk.client();
    let shown = client
        .wait()
        .at_most(STEP_LIMIT)
        .for_element(walk::css(&place.selector()))
        .await;
    assert!(shown.is_ok(), "{place:?} is not shown");
    let mut characters = 0;
    for (at, entry) in hostile().into_iter().enumerate() {
        returns_to(walk, place).await;
        clears(walk, place).await;
        if at == 0 {
            hands::point((640, 60));
            hands::types(&entry);
            nothing_ran(walk, &entry).await;
        }
        characters += by_keys(walk, place, &entry).await;
        nothing_ran(walk, &entry).await;
        // Of an operator three wrong codes end the session.
        if place != Place::Operator {
            by_keys(walk, place, "\n").await;
            nothing_ran(walk, &entry).await;
            returns_to(walk, place).await;
        }
        // Two of them leave one for the right code.
        if place == Place::Operator && at >= 2 {
            continue;
        }
        sends(walk, place.intent(&entry)).await;
        nothing_ran(walk, &entry).await;
        if place == Place::Operator {
            // There is no way back while the code is looked at.
            for _ in 0..200 {
                if walk.screen().await.unwrap() != "operator" {
                    break;
                }
                walk.touch("back").await.unwrap();
                settles(walk).await;
            }
            assert_eq!(walk.screen().await.unwrap(), "claim");
        }
    }
    assert!(characters > 0, "no key reached {place:?}");
    returns_to(walk, place).await;
    clears(walk, place).await;
}

/// Gives each character of a text, as far as any entry takes it, to the page as a key; a line end is the enter key. Gives how
/// long the entry is then.
async fn by_keys(walk: &Walk, place: Place<'_>, entry: &str) -> usize {
    let short: String = entry.chars().take(place.longest() + 50).collect();
    let body = "for (const character of given.text) {
            const key = given.text === '\\n' ? 'Enter' : character;
            for (const type of ['keydown', 'keypress', 'keyup'])
                document.body.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
        }
        const paste = new DataTransfer(); paste.setData('text/html', given.text);
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: paste, bubbles: true }));
        return true;";
    assert_eq!(script(walk, body, json!({ "text": short })).await, json!(true));
    settles(walk).await;
    let length = "return Number(document.querySelector(`[data-testid='${given}']`)?.dataset.entered ?? 0);";
    let length = script(walk, length, json!(place.entry())).await;
    usize::try_from(length.as_u64().unwrap()).unwrap()
}

/// Sends an intent past the screen, and waits until the page shows what came of it.
async fn sends(walk: &Walk, intent: Value) {
    let body = "try { await __TAURI__.core.invoke('intent', { intent: given }); } catch {} return true;";
    assert_eq!(script(walk, body, intent).await, json!(true));
    settles(walk).await;
}

/// Waits until the shell has done all that was asked of it, and the page shows it: both do one thing after the other, and the
/// language comes last.
async fn settles(walk: &Walk) {
    let body = "const language = document.documentElement.lang === 'ru' ? 'en' : 'ru';
        await __TAURI__.core.invoke('intent', { intent: { kind: 'set-language', language } });
        while (document.documentElement.lang !== language) await new Promise(done => setTimeout(done, 5));
        return true;";
    assert_eq!(script(walk, body, Value::Null).await, json!(true));
}

/// Nothing of what was entered has become a part of the page.
async fn nothing_ran(walk: &Walk, entry: &str) {
    let body = "return [document.querySelectorAll(
            'main script, main img, main iframe, main object, main embed, main style, main a, main svg[onload]').length,
            seen.executed];";
    let entry: String = entry.chars().take(40).collect();
    assert_eq!(script(walk, body, Value::Null).await, json!([0, 0]), "{entry:?}");
}

/// Back from wherever an entry that was taken has led.
async fn returns_to(walk: &Walk, place: Place<'_>) {
    let selector = place.selector();
    for _ in 0..4 {
        let there = "return document.querySelector(given) !== null;";
        if script(walk, there, json!(selector)).await == json!(true) {
            return;
        }
        match (walk.screen().await.unwrap().as_str(), place) {
            ("claim", Place::Zone) if walk.is_there("claim-by-zone").await.unwrap() => {
                walk.touch("claim-by-zone").await.unwrap();
            }
            ("call-back", Place::CallBack) => walk.touch("call-back-other").await.unwrap(),
            ("claim", Place::Operator) => walk.enter_iin(IIN).await.unwrap(),
            _ => walk.touch("back").await.unwrap(),
        }
        settles(walk).await;
    }
    let shown = walk.screen().await.unwrap();
    panic!("there is no way back to {place:?} from {shown}");
}

/// Empties the entry.
async fn clears(walk: &Walk, place: Place<'_>) {
    let body = "for (let deleted = 0; deleted < given; deleted++)
            document.body.dispatchEvent(
                new KeyboardEvent('keydown', { key: 'Backspace', bubbles: true, cancelable: true }));
        return true;";
    assert_eq!(script(walk, body, json!(place.longest())).await, json!(true));
    settles(walk).await;
    let left = walk.value_of(place.entry(), "data-entered").await.unwrap();
    assert_eq!(left, "0");
}

/// Intents that are none: refused, and the kiosk stays where it is.
async fn malformed_intents(walk: &Walk) {
    let body =
        "try { await __TAURI__.core.invoke('intent', given); return 'taken'; } catch { return 'refused'; }";
    let bad = [
        json!({}),
        json!({ "intent": null }),
        json!({ "intent": "begin" }),
        json!({ "intent": [] }),
        json!({ "intent": [7] }),
        json!({ "intent": 7 }),
        json!({ "intent": { "kind": "no-such-intent" } }),
        json!({ "intent": { "kind": 1 } }),
        json!({ "intent": { "kind": "claim" } }),
        json!({ "intent": { "kind": "claim", "iin": 880_412_401_006_u64 } }),
        json!({ "intent": { "kind": "claim", "iin": { "deep": [[[[[[]]]]]] } } }),
        json!({ "intent": { "kind": "claim", "iin": null } }),
        json!({ "intent": { "kind": "set-language", "language": "de" } }),
        json!({ "intent": { "kind": "set-calm", "calm": "yes" } }),
        json!({ "intent": { "kind": "choose-method", "method": "skip" } }),
        json!({ "intent": { "kind": "answer-consent", "text": "processing", "given": 1 } }),
    ];
    for intent in bad {
        assert_eq!(script(walk, body, intent.clone()).await, "refused", "{intent}");
        assert_eq!(walk.screen().await.unwrap(), "welcome", "{intent}");
    }
    // Well made, and at the wrong time: taken, and without effect.
    for intent in [
        json!({ "intent": { "kind": "claim", "iin": IIN } }),
        json!({ "intent": { "kind": "choose-method", "method": "face" } }),
        json!({ "intent": { "kind": "choose-service", "service": "../../x" } }),
        json!({ "intent": { "kind": "finish" } }),
        json!({ "intent": { "kind": "print" } }),
    ] {
        assert_eq!(script(walk, body, intent.clone()).await, "taken", "{intent}");
        assert_eq!(walk.screen().await.unwrap(), "welcome", "{intent}");
    }
}
