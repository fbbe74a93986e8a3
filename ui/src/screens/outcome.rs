//! The end.

use ::ipc::{Intent, Outcome};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// How the session ended and under which number it is recorded.
#[component]
pub fn OutcomeShown(
    /// How it ended.
    outcome: Outcome,
    /// The number of the record; empty if nothing was recorded.
    record: String,
    /// Whether a palm was enrolled.
    enrolled_palm: bool,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let Words {
        name,
        badge,
        glyph,
        title,
        body,
    } = if enrolled_palm {
        palm_words(outcome)
    } else {
        words(outcome)
    };
    let number = (!record.is_empty()).then(|| {
        view! {
            <div class="panel record">
                <h2>{kiosk.say(Key("outcome-record"))}</h2>
                <p class="record__number" data-testid="record">
                    {groups(&record).into_iter().map(|group| view! { <span>{group}</span> }).collect_view()}
                </p>
            </div>
        }
    });
    view! {
        <section class="screen" data-screen="outcome" data-outcome=name data-record=record>
            <div class="screen__body result" role="status">
                <span class=format!("badge {badge}")>
                    <Icon glyph />
                </span>
                <Heading>{kiosk.say(title)}</Heading>
                <p class="result__words">{kiosk.say(body)}</p>
                {number}
            </div>
            <div class="actions">
                <button
                    type="button"
                    class="button button--main"
                    data-testid="finish"
                    on:click=|_| ipc::send(Intent::Finish)
                >
                    <span>{kiosk.say(Key("finish"))}</span>
                    <Icon glyph=Glyph::Leave />
                </button>
            </div>
        </section>
    }
}

struct Words {
    /// As in JSON.
    name: &'static str,
    badge: &'static str,
    glyph: Glyph,
    title: Key,
    body: Key,
}

/// Each outcome differs from every other in its words and its sign; colour only repeats them.
fn words(outcome: Outcome) -> Words {
    let (name, badge, glyph, title, body) = match outcome {
        Outcome::Verified => (
            "verified",
            "badge--good",
            Glyph::Check,
            Key("outcome-verified"),
            Key("outcome-verified-body"),
        ),
        Outcome::NotVerified => (
            "not-verified",
            "badge--bad",
            Glyph::Cross,
            Key("outcome-not-verified"),
            Key("outcome-not-verified-body"),
        ),
        Outcome::AttackSuspected => (
            "attack-suspected",
            "badge--bad",
            Glyph::Shield,
            Key("outcome-attack-suspected"),
            Key("outcome-attack-suspected-body"),
        ),
        Outcome::FailureToAcquire => (
            "failure-to-acquire",
            "badge--wait",
            Glyph::Camera,
            Key("outcome-failure-to-acquire"),
            Key("outcome-failure-to-acquire-body"),
        ),
        Outcome::Withdrawn => (
            "withdrawn",
            "badge--calm",
            Glyph::Leave,
            Key("outcome-withdrawn"),
            Key("outcome-withdrawn-body"),
        ),
        Outcome::TimedOut => (
            "timed-out",
            "badge--calm",
            Glyph::Clock,
            Key("outcome-timed-out"),
            Key("outcome-timed-out-body"),
        ),
        Outcome::DeviceUnavailable => (
            "device-unavailable",
            "badge--wait",
            Glyph::Plug,
            Key("outcome-device-unavailable"),
            Key("outcome-device-unavailable-body"),
        ),
        Outcome::AwaitingIdentification => (
            "awaiting-identification",
            "badge--wait",
            Glyph::Hourglass,
            Key("outcome-awaiting-identification"),
            Key("outcome-awaiting-identification-body"),
        ),
    };
    Words {
        name,
        badge,
        glyph,
        title,
        body,
    }
}

/// As [`words`], where a palm was enrolled: it can be used once the centre has confirmed the person.
fn palm_words(outcome: Outcome) -> Words {
    match outcome {
        Outcome::AwaitingIdentification => Words {
            glyph: Glyph::PalmWaits,
            title: Key("outcome-palm-awaits-confirmation"),
            body: Key("outcome-palm-awaits-confirmation-body"),
            ..words(outcome)
        },
        Outcome::Verified => Words {
            glyph: Glyph::Palm,
            title: Key("outcome-palm-registered"),
            body: Key("outcome-palm-registered-body"),
            ..words(outcome)
        },
        // Not confirmed, so it is deleted again.
        _ => words(outcome),
    }
}

/// Splits a number into groups of four, which a person can read out and copy.
fn groups(record: &str) -> Vec<String> {
    let characters: Vec<char> = record.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_palm_counts_as_registered_only_once_the_centre_has_confirmed() {
        let check = |outcome, expect| assert_eq!(palm_words(outcome).title, expect, "{outcome:?}");
        check(
            Outcome::AwaitingIdentification,
            Key("outcome-palm-awaits-confirmation"),
        );
        check(Outcome::Verified, Key("outcome-palm-registered"));
        check(Outcome::NotVerified, Key("outcome-not-verified"));
    }

    #[test]
    fn each_outcome_has_its_own_words_and_sign() {
        let outcomes = [
            Outcome::Verified,
            Outcome::NotVerified,
            Outcome::AttackSuspected,
            Outcome::FailureToAcquire,
            Outcome::Withdrawn,
            Outcome::TimedOut,
            Outcome::DeviceUnavailable,
            Outcome::AwaitingIdentification,
        ];
        for (at, outcome) in outcomes.into_iter().enumerate() {
            let shown = words(outcome);
            assert_eq!(serde_json::json!(shown.name), serde_json::json!(outcome));
            for other in outcomes.into_iter().skip(at + 1).map(words) {
                assert_ne!(shown.title, other.title);
                assert_ne!(shown.glyph, other.glyph, "{} and {}", shown.name, other.name);
            }
        }
    }

    #[test]
    fn a_number_is_read_in_groups_of_four() {
        assert_eq!(groups("0af3912c77"), ["0af3", "912c", "77"]);
        assert_eq!(groups("ҚҢҒӘӨ"), ["ҚҢҒӘ", "Ө"]);
        assert_eq!(groups(""), Vec::<String>::new());
    }
}
