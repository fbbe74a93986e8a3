//! The end.

use ::ipc::{Day, Intent, Outcome, PicturesRefused, RequestState, Screen, Slip};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::qr::Qr;
use crate::ipc;
use crate::locale::{self, Key};

/// How the session ended, under which number it is recorded, what follows, and the slip.
#[component]
pub fn OutcomeShown(
    /// How it ended.
    outcome: Outcome,
    /// The number of the record; empty if nothing was recorded.
    record: String,
    /// Whether a palm was enrolled.
    enrolled_palm: bool,
    /// The request that was made: its number, and up to when it is to be answered.
    request: Option<(String, Day)>,
    /// How an earlier request stands.
    request_state: Option<RequestState>,
    /// Why the pictures were refused.
    refused: Option<PicturesRefused>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let slip = Memo::new(move |last: Option<&Slip>| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::Outcome { slip, .. }) => *slip,
                _ => last.copied().unwrap_or(Slip::None),
            })
    });
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
    let body = if refused.is_some() {
        Key("outcome-refused-body")
    } else {
        body
    };
    let reason = refused.map(|reason| {
        let RefusedWords { name, reason, advice } = refused_words(reason);
        view! {
            <div class="panel" data-testid="refused" data-reason=name>
                <h2>{kiosk.say(Key("outcome-refused"))}</h2>
                <p data-private="">{kiosk.say(reason)}</p>
                <p data-private="">{kiosk.say(advice)}</p>
            </div>
        }
    });
    let number = (!record.is_empty()).then(|| {
        view! {
            <div class="panel record">
                <Qr text=record.clone() label=Key("outcome-record-qr") />
                <div class="record__words">
                    <h2>{kiosk.say(Key("outcome-record"))}</h2>
                    <p class="record__number" data-testid="record" data-private="spell">
                        {groups(&record).into_iter().map(|group| view! { <span>{group}</span> }).collect_view()}
                    </p>
                </div>
            </div>
        }
    });
    let request = request.map(|(number, due)| {
        view! {
            <div class="panel">
                <h2>{kiosk.say(Key("outcome-request"))}</h2>
                <p class="request__number" data-testid="request" data-private="spell">
                    {number}
                </p>
                <p data-testid="request-due">
                    {kiosk.say_with(
                        Key("outcome-request-due"),
                        move || vec![("date", locale::date(kiosk.language.get(), due).into())],
                    )}
                </p>
            </div>
        }
    });
    let state = request_state.map(|state| {
        let (name, words) = state_words(state);
        view! {
            <div class="panel" data-testid="request-state" data-state=name>
                <h2>{kiosk.say(Key("outcome-request-state"))}</h2>
                <p data-private="">{kiosk.say(words)}</p>
            </div>
        }
    });
    let slip_line = move || {
        slip_words(slip.get()).line.map(|line| {
            view! {
                <p class="panel__line slip">
                    <Icon glyph=Glyph::Printer />
                    <span>{kiosk.say(line)}</span>
                </p>
            }
        })
    };
    let print = move || {
        slip_words(slip.get()).button.map(|words| {
            view! {
                <button
                    type="button"
                    class="button"
                    data-testid="print"
                    on:click=|_| ipc::send(Intent::Print)
                >
                    <Icon glyph=Glyph::Printer />
                    <span>{kiosk.say(words)}</span>
                </button>
            }
        })
    };
    view! {
        <section
            class="screen"
            data-screen="outcome"
            data-outcome=name
            data-record=record
            data-slip=move || slip_words(slip.get()).name
        >
            <div class="screen__body result" role="status">
                <span class=format!("badge {badge}")>
                    <Icon glyph />
                </span>
                <Heading>{kiosk.say(title)}</Heading>
                <p class="result__words">{kiosk.say(body)}</p>
                <div class="panels">{reason} {state} {request} {number}</div>
                <div role="status" data-testid="slip">
                    {slip_line}
                </div>
            </div>
            <div class="actions">
                {print}
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
        Outcome::AwaitingExaminer => (
            "awaiting-examiner",
            "badge--wait",
            Glyph::PictureWaits,
            Key("outcome-awaiting-examiner"),
            Key("outcome-awaiting-examiner-body"),
        ),
        Outcome::NotRequired => (
            "not-required",
            "badge--good",
            Glyph::DocumentDone,
            Key("outcome-not-required"),
            Key("outcome-not-required-body"),
        ),
        Outcome::Referred => (
            "referred",
            "badge--calm",
            Glyph::Staff,
            Key("outcome-referred"),
            Key("outcome-referred-body"),
        ),
        Outcome::CallBackRequested => (
            "call-back-requested",
            "badge--calm",
            Glyph::CallBack,
            Key("outcome-call-back-requested"),
            Key("outcome-call-back-requested-body"),
        ),
        Outcome::PersonNotFound => (
            "person-not-found",
            "badge--wait",
            Glyph::NotFound,
            Key("outcome-person-not-found"),
            Key("outcome-person-not-found-body"),
        ),
        Outcome::NoReference => (
            "no-reference",
            "badge--wait",
            Glyph::Person,
            Key("outcome-no-reference"),
            Key("outcome-no-reference-body"),
        ),
        Outcome::DocumentTypeNotAccepted => (
            "document-type-not-accepted",
            "badge--wait",
            Glyph::CardRefused,
            Key("outcome-document-type-not-accepted"),
            Key("outcome-document-type-not-accepted-body"),
        ),
        Outcome::QualityInsufficient => (
            "quality-insufficient",
            "badge--wait",
            Glyph::Picture,
            Key("outcome-quality-insufficient"),
            Key("outcome-quality-insufficient-body"),
        ),
        Outcome::NotCompleted => (
            "not-completed",
            "badge--calm",
            Glyph::Phone,
            Key("outcome-not-completed"),
            Key("outcome-not-completed-body"),
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

/// The name as in JSON, and the words.
fn state_words(state: RequestState) -> (&'static str, Key) {
    match state {
        RequestState::Received => ("received", Key("request-state-received")),
        RequestState::InProgress => ("in-progress", Key("request-state-in-progress")),
        RequestState::Ready => ("ready", Key("request-state-ready")),
        RequestState::Answered => ("answered", Key("request-state-answered")),
        RequestState::Refused => ("refused", Key("request-state-refused")),
        RequestState::Unknown => ("unknown", Key("request-state-unknown")),
    }
}

struct RefusedWords {
    /// As in JSON.
    name: &'static str,
    reason: Key,
    /// What the person can do next.
    advice: Key,
}

fn refused_words(reason: PicturesRefused) -> RefusedWords {
    let (name, reason, advice) = match reason {
        PicturesRefused::FaceNotOfDocument => (
            "face-not-of-document",
            Key("refused-face-not-of-document"),
            Key("refused-face-not-of-document-advice"),
        ),
        PicturesRefused::DocumentNotOfClaim => (
            "document-not-of-claim",
            Key("refused-document-not-of-claim"),
            Key("refused-document-not-of-claim-advice"),
        ),
        PicturesRefused::DocumentUnreadable => (
            "document-unreadable",
            Key("refused-document-unreadable"),
            Key("refused-document-unreadable-advice"),
        ),
        PicturesRefused::DocumentExpired => (
            "document-expired",
            Key("refused-document-expired"),
            Key("refused-document-expired-advice"),
        ),
        PicturesRefused::DocumentAltered => (
            "document-altered",
            Key("refused-document-altered"),
            Key("refused-document-altered-advice"),
        ),
        PicturesRefused::PictureUnusable => (
            "picture-unusable",
            Key("refused-picture-unusable"),
            Key("refused-picture-unusable-advice"),
        ),
    };
    RefusedWords { name, reason, advice }
}

struct SlipWords {
    /// As in JSON.
    name: &'static str,
    /// How it stands.
    line: Option<Key>,
    /// What a touch asks for.
    button: Option<Key>,
}

fn slip_words(slip: Slip) -> SlipWords {
    let (name, line, button) = match slip {
        Slip::None => ("none", None, None),
        Slip::Ready => ("ready", None, Some(Key("slip-print"))),
        Slip::Printing => ("printing", Some(Key("slip-printing")), None),
        Slip::Printed => ("printed", Some(Key("slip-printed")), None),
        Slip::Failed => ("failed", Some(Key("slip-failed")), Some(Key("slip-again"))),
        Slip::NoPaper => ("no-paper", Some(Key("slip-no-paper")), Some(Key("slip-again"))),
    };
    SlipWords { name, line, button }
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
            Outcome::AwaitingExaminer,
            Outcome::NotRequired,
            Outcome::Referred,
            Outcome::CallBackRequested,
            Outcome::PersonNotFound,
            Outcome::NoReference,
            Outcome::DocumentTypeNotAccepted,
            Outcome::QualityInsufficient,
            Outcome::NotCompleted,
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
    fn states_have_the_names_of_the_shell() {
        let states = [
            RequestState::Received,
            RequestState::InProgress,
            RequestState::Ready,
            RequestState::Answered,
            RequestState::Refused,
            RequestState::Unknown,
        ];
        for state in states {
            assert_eq!(serde_json::json!(state_words(state).0), serde_json::json!(state));
        }
        let refusals = [
            PicturesRefused::FaceNotOfDocument,
            PicturesRefused::DocumentNotOfClaim,
            PicturesRefused::DocumentUnreadable,
            PicturesRefused::DocumentExpired,
            PicturesRefused::DocumentAltered,
            PicturesRefused::PictureUnusable,
        ];
        for (at, reason) in refusals.into_iter().enumerate() {
            let words = refused_words(reason);
            assert_eq!(serde_json::json!(words.name), serde_json::json!(reason));
            for other in refusals.into_iter().skip(at + 1).map(refused_words) {
                assert_ne!(words.reason, other.reason);
                assert_ne!(words.advice, other.advice);
            }
        }
        let slips = [
            Slip::None,
            Slip::Ready,
            Slip::Printing,
            Slip::Printed,
            Slip::Failed,
            Slip::NoPaper,
        ];
        for slip in slips {
            assert_eq!(serde_json::json!(slip_words(slip).name), serde_json::json!(slip));
        }
    }

    /// No touch asks for a second slip while one is under way, or was given.
    #[test]
    fn a_slip_can_be_asked_for_where_there_is_none_yet() {
        let check = |slip, expect: bool| assert_eq!(slip_words(slip).button.is_some(), expect, "{slip:?}");
        check(Slip::None, false);
        check(Slip::Ready, true);
        check(Slip::Printing, false);
        check(Slip::Printed, false);
        check(Slip::Failed, true);
        check(Slip::NoPaper, true);
    }

    #[test]
    fn a_number_is_read_in_groups_of_four() {
        assert_eq!(groups("0af3912c77"), ["0af3", "912c", "77"]);
        assert_eq!(groups("ҚҢҒӘӨ"), ["ҚҢҒӘ", "Ө"]);
        assert_eq!(groups(""), Vec::<String>::new());
    }
}
