//! How the kiosk does: the parts, the figures, and what there is to do, for the staff and for the technician.

use ::ipc::{Health, Part, PartHealth, PartState, Why};
use fluent_bundle::FluentValue;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::locale::{self, Key};
use crate::screens::out_of_service::code_name;

/// Whether somebody is served, and why not.
#[component]
pub fn Serving(
    /// How it does.
    health: Memo<Health>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let closed = Memo::new(move |_| health.with(|health| health.closed.map(code_name)));
    view! {
        <p
            class="serving"
            class:serving--not=move || closed.get().is_some()
            data-testid="serving"
            data-closed=move || closed.get().unwrap_or("no")
        >
            {move || view! { <Icon glyph=if closed.get().is_some() { Glyph::Cross } else { Glyph::Check } /> }}
            <span>
                {move || match closed.get() {
                    Some(code) => locale::text(kiosk.language.get(), Key("status-closed"), vec![("code", code.into())]),
                    None => kiosk.say(Key("status-serves"))(),
                }}
            </span>
        </p>
    }
}

/// One tile for each part: a sign, its name, how it stands in words, and what it says that it is.
#[component]
pub fn Parts(
    /// How it does.
    health: Memo<Health>,
    /// Whether to name devices, which tells the technician which they are.
    named: bool,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let tile = move |found: PartHealth| {
        let (glyph, name, state) = shown(found.state);
        let (part, words) = part_words(found.part);
        let why = why_of(found.state).map(|why| {
            let (name, title, _) = why_words(why);
            view! { <span class="tile__why" data-why=name>{kiosk.say(title)}</span> }
        });
        let device = (named && !found.name.is_empty())
            .then(|| view! { <span class="tile__name">{found.name.clone()}</span> });
        view! {
            <li class=format!("tile tile--{name}") data-part=part data-state=name>
                <Icon glyph />
                <span class="tile__words">
                    <strong class="tile__part">{kiosk.say(words)}</strong>
                    <span class="tile__state">{kiosk.say(state)}</span>
                    {why}
                    {device}
                </span>
            </li>
        }
    };
    let parts = Memo::new(move |_| health.with(|health| health.parts.clone()));
    view! {
        <ul class="tiles" aria-label=kiosk.say(Key("status-parts"))>
            {move || parts.get().into_iter().map(tile).collect_view()}
        </ul>
    }
}

/// What to do about each part that is not well, one after the other.
#[component]
pub fn Todo(
    /// How it does.
    health: Memo<Health>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let unwell = Memo::new(move |_| {
        health.with(|health| {
            let parts = health.parts.iter();
            parts
                .filter_map(|found| Some((found.part, why_of(found.state)?)))
                .collect::<Vec<_>>()
        })
    });
    let line = move |(part, why): (Part, Why)| {
        let (_, title, advice) = why_words(why);
        view! {
            <li>
                <strong>{kiosk.say(part_words(part).1)}": "{kiosk.say(title)}". "</strong>
                <span>{kiosk.say(advice)}</span>
            </li>
        }
    };
    view! {
        <section class="todo" data-testid="todo" data-count=move || unwell.with(Vec::len)>
            <h2>{kiosk.say(Key("status-todo"))}</h2>
            <Show when=move || unwell.with(Vec::is_empty)>
                <p>{kiosk.say(Key("status-all-well"))}</p>
            </Show>
            <ul class="todo__list">{move || unwell.get().into_iter().map(line).collect_view()}</ul>
        </section>
    }
}

/// Names and numbers.
#[component]
pub fn Figures(
    /// How it does.
    health: Memo<Health>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let figure = move |name: &'static str, key: Key, value: fn(&Health, &Say<'_>) -> String| {
        let text = move || {
            let language = kiosk.language.get();
            let say = |key, arguments| locale::text(language, key, arguments);
            health.with(|health| value(health, &say))
        };
        view! {
            <div class="figure">
                <dt>{kiosk.say(key)}</dt>
                <dd data-testid=name>{text}</dd>
            </div>
        }
    };
    view! {
        <dl class="figures" aria-label=kiosk.say(Key("figures-title"))>
            {figure("figure-kiosk", Key("figure-kiosk"), |health, _| health.kiosk_id.clone())}
            {figure("figure-version", Key("figure-version"), |health, _| health.version.clone())}
            {figure("figure-profile", Key("figure-profile"), |health, _| health.profile.clone())}
            {figure("figure-uptime", Key("figure-uptime"), |health, say| time(say, Key("figure-time"), health.uptime_min))}
            {figure("figure-pending", Key("figure-pending"), |health, _| health.pending.to_string())}
            {figure("figure-set-aside", Key("figure-set-aside"), |health, _| health.set_aside.to_string())}
            {figure(
                "figure-call-backs",
                Key("figure-call-backs"),
                |health, say| {
                    let count = health.call_backs.map(FluentValue::from);
                    known(say, Key("figure-persons"), "count", count)
                },
            )}
            {figure(
                "figure-heard",
                Key("figure-heard"),
                |health, say| match health.heard_min_ago {
                    Some(minutes) => time(say, Key("figure-ago"), minutes),
                    None => say(Key("figure-unknown"), vec![]),
                },
            )}
            {figure(
                "figure-disk",
                Key("figure-disk"),
                |health, say| {
                    let gib = health.disk_free_mib.map(|mib| mib / 1024);
                    known(say, Key("figure-gib"), "gib", gib.map(FluentValue::from))
                },
            )}
            {figure(
                "figure-certificate",
                Key("figure-certificate"),
                |health, say| known(say, Key("figure-days"), "days", health.certificate_days.map(FluentValue::from)),
            )}
            {figure(
                "figure-clock",
                Key("figure-clock"),
                |health, say| known(say, Key("figure-seconds"), "seconds", health.clock_skew_s.map(FluentValue::from)),
            )}
        </dl>
    }
}

/// Says a text in the language of the screen.
type Say<'a> = dyn Fn(Key, locale::Arguments) -> String + 'a;

fn time(say: &Say<'_>, key: Key, minutes: u64) -> String {
    // As text: a number of hours wants no groups of digits.
    let (hours, minutes) = ((minutes / 60).to_string(), (minutes % 60).to_string());
    say(key, vec![("hours", hours.into()), ("minutes", minutes.into())])
}

fn known(say: &Say<'_>, key: Key, name: &'static str, value: Option<FluentValue<'static>>) -> String {
    match value {
        Some(value) => say(key, vec![(name, value)]),
        None => say(Key("figure-unknown"), vec![]),
    }
}

fn why_of(state: PartState) -> Option<Why> {
    match state {
        PartState::Attention { why } | PartState::Fails { why } => Some(why),
        PartState::Unknown | PartState::Works | PartState::NotFitted => None,
    }
}

/// A sign, a name and the words: never the colour alone.
fn shown(state: PartState) -> (Glyph, &'static str, Key) {
    match state {
        PartState::Unknown => (Glyph::Hourglass, "unknown", Key("state-unknown")),
        PartState::Works => (Glyph::Check, "works", Key("state-works")),
        PartState::NotFitted => (Glyph::Pause, "not-fitted", Key("state-not-fitted")),
        PartState::Attention { .. } => (Glyph::Exclamation, "attention", Key("state-attention")),
        PartState::Fails { .. } => (Glyph::Cross, "fails", Key("state-fails")),
    }
}

fn part_words(part: Part) -> (&'static str, Key) {
    match part {
        Part::Store => ("store", Key("part-store")),
        Part::Keys => ("keys", Key("part-keys")),
        Part::Certificate => ("certificate", Key("part-certificate")),
        Part::Gateway => ("gateway", Key("part-gateway")),
        Part::Camera => ("camera", Key("part-camera")),
        Part::FaceModels => ("face-models", Key("part-face-models")),
        Part::PalmScanner => ("palm-scanner", Key("part-palm-scanner")),
        Part::Thermometer => ("thermometer", Key("part-thermometer")),
        Part::Printer => ("printer", Key("part-printer")),
        Part::Sound => ("sound", Key("part-sound")),
        Part::Disk => ("disk", Key("part-disk")),
        Part::Clock => ("clock", Key("part-clock")),
        Part::Integrity => ("integrity", Key("part-integrity")),
        Part::Display => ("display", Key("part-display")),
    }
}

/// As in JSON, what is wrong, and what to do.
pub fn why_words(why: Why) -> (&'static str, Key, Key) {
    match why {
        Why::NotFound => ("not-found", Key("why-not-found"), Key("why-not-found-advice")),
        Why::NoPermission => (
            "no-permission",
            Key("why-no-permission"),
            Key("why-no-permission-advice"),
        ),
        Why::Busy => ("busy", Key("why-busy"), Key("why-busy-advice")),
        Why::Silent => ("silent", Key("why-silent"), Key("why-silent-advice")),
        Why::Unexpected => ("unexpected", Key("why-unexpected"), Key("why-unexpected-advice")),
        Why::Unplugged => ("unplugged", Key("why-unplugged"), Key("why-unplugged-advice")),
        Why::Black => ("black", Key("why-black"), Key("why-black-advice")),
        Why::Frozen => ("frozen", Key("why-frozen"), Key("why-frozen-advice")),
        Why::Format => ("format", Key("why-format"), Key("why-format-advice")),
        Why::AnotherDevice => (
            "another-device",
            Key("why-another-device"),
            Key("why-another-device-advice"),
        ),
        Why::Virtual => ("virtual", Key("why-virtual"), Key("why-virtual-advice")),
        Why::Unfit => ("unfit", Key("why-unfit"), Key("why-unfit-advice")),
        Why::NoPaper => ("no-paper", Key("why-no-paper"), Key("why-no-paper-advice")),
        Why::Offline => ("offline", Key("why-offline"), Key("why-offline-advice")),
        Why::Unsynced => ("unsynced", Key("why-unsynced"), Key("why-unsynced-advice")),
        Why::Refused => ("refused", Key("why-refused"), Key("why-refused-advice")),
        Why::NotEnrolled => (
            "not-enrolled",
            Key("why-not-enrolled"),
            Key("why-not-enrolled-advice"),
        ),
        Why::Expires => ("expires", Key("why-expires"), Key("why-expires-advice")),
        Why::Short => ("short", Key("why-short"), Key("why-short-advice")),
        Why::Pending => ("pending", Key("why-pending"), Key("why-pending-advice")),
        Why::SetAside => ("set-aside", Key("why-set-aside"), Key("why-set-aside-advice")),
        Why::Wrong => ("wrong", Key("why-wrong"), Key("why-wrong-advice")),
        Why::Incomplete => ("incomplete", Key("why-incomplete"), Key("why-incomplete-advice")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::LANGUAGES;

    const PARTS: [Part; 14] = [
        Part::Store,
        Part::Keys,
        Part::Certificate,
        Part::Gateway,
        Part::Camera,
        Part::FaceModels,
        Part::PalmScanner,
        Part::Thermometer,
        Part::Printer,
        Part::Sound,
        Part::Disk,
        Part::Clock,
        Part::Integrity,
        Part::Display,
    ];

    const WHYS: [Why; 23] = [
        Why::NotFound,
        Why::NoPermission,
        Why::Busy,
        Why::Silent,
        Why::Unexpected,
        Why::Unplugged,
        Why::Black,
        Why::Frozen,
        Why::Format,
        Why::AnotherDevice,
        Why::Virtual,
        Why::Unfit,
        Why::NoPaper,
        Why::Offline,
        Why::Unsynced,
        Why::Refused,
        Why::NotEnrolled,
        Why::Expires,
        Why::Short,
        Why::Pending,
        Why::SetAside,
        Why::Wrong,
        Why::Incomplete,
    ];

    #[test]
    fn names_are_those_of_the_shell() {
        for part in PARTS {
            assert_eq!(serde_json::json!(part_words(part).0), serde_json::json!(part));
        }
        for why in WHYS {
            assert_eq!(serde_json::json!(why_words(why).0), serde_json::json!(why));
        }
        for state in [
            PartState::Unknown,
            PartState::Works,
            PartState::NotFitted,
            PartState::Attention { why: Why::Wrong },
            PartState::Fails { why: Why::Wrong },
        ] {
            assert_eq!(
                serde_json::json!(shown(state).1),
                serde_json::json!(state)["kind"]
            );
        }
    }

    /// No two parts and no two states are told apart by their colour alone.
    #[test]
    fn parts_and_states_differ_in_words() {
        let states = ["unknown", "works", "not-fitted", "attention", "fails"];
        for language in LANGUAGES {
            let say = |key: Key| locale::text(language, key, vec![]);
            let parts = PARTS.map(|part| say(part_words(part).1));
            let told = states.map(|state| locale::named(language, &format!("state-{state}"), vec![]));
            for texts in [&parts[..], &told[..]] {
                for (at, text) in texts.iter().enumerate() {
                    assert!(!texts[..at].contains(text), "{text}");
                }
            }
        }
    }

    #[test]
    fn figures_are_written_as_the_languages_write_them() {
        let say = |key: Key, arguments| locale::text(::ipc::Language::Ru, key, arguments);
        assert_eq!(time(&say, Key("figure-ago"), 1505), "25\u{a0}ч 5\u{a0}мин назад");
        let days = |days: i64| known(&say, Key("figure-days"), "days", Some(days.into()));
        assert_eq!(
            [days(1), days(22), days(60)],
            ["1\u{a0}день", "22\u{a0}дня", "60\u{a0}дней"]
        );
        assert_eq!(known(&say, Key("figure-gib"), "gib", None), "неизвестно");
        let persons = |count: u32| known(&say, Key("figure-persons"), "count", Some(count.into()));
        assert_eq!(
            [persons(0), persons(1), persons(4)],
            ["0\u{a0}человек", "1\u{a0}человек", "4\u{a0}человека"]
        );
    }
}
