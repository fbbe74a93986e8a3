//! An attempt did not pass, another one or another way is left.

use ::ipc::{AttemptReason, Intent, NextAttempt};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::aside::CannotPerform;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// Why it did not pass, what to do about it, and what is left.
#[component]
pub fn AttemptFailed(
    /// Why.
    reason: AttemptReason,
    /// How many attempts are left.
    left: u32,
    /// What is left.
    next: NextAttempt,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let words = words(reason);
    let advice = advice(reason, next);
    let people = next == NextAttempt::People;
    let next = next_words(next);
    let remains = next.used_up.is_none().then(|| {
        view! {
            <p class="result__left" data-testid="left" data-left=left>
                {kiosk.say_with(Key("attempt-failed-left"), move || vec![("left", left.into())])}
            </p>
        }
    });
    let retry = next.button.map(|label| {
        view! {
            <button
                type="button"
                class="button button--main"
                data-testid="retry"
                on:click=|_| ipc::send(Intent::Retry)
            >
                <Icon glyph=next.glyph />
                <span>{kiosk.say(label)}</span>
            </button>
        }
    });
    view! {
        <section class="screen" data-screen="attempt-failed" data-reason=words.name data-next=next.name>
            <div class="screen__body result">
                <span class="badge badge--wait">
                    <Icon glyph=next.glyph />
                </span>
                <Heading>{kiosk.say(words.title)}</Heading>
                <p class="result__words">{kiosk.say(words.reason)}</p>
                <div class="panel">
                    <h2>{kiosk.say(Key("attempt-failed-advice"))}</h2>
                    <p>{kiosk.say(advice)}</p>
                </div>
                {remains}
            </div>
            <div class="actions">
                <button
                    type="button"
                    class="button button--end"
                    data-testid="attempt-end"
                    on:click=|_| ipc::send(Intent::Cancel)
                >
                    <Icon glyph=Glyph::Cross />
                    <span>{kiosk.say(Key("cancel"))}</span>
                </button>
                <CannotPerform people=people />
                {retry}
            </div>
        </section>
    }
}

/// Where the reason is that nothing is left, saying so a second time would be no advice.
fn advice(reason: AttemptReason, next: NextAttempt) -> Key {
    let advice = words(reason).advice;
    match (reason, next) {
        (AttemptReason::PalmUsedUp, NextAttempt::Face) => advice,
        _ => next_words(next).used_up.unwrap_or(advice),
    }
}

struct NextWords {
    /// As in JSON.
    name: &'static str,
    glyph: Glyph,
    /// What another try is called, where there is one.
    button: Option<Key>,
    /// Said instead of an advice for an attempt that is not left.
    used_up: Option<Key>,
}

fn next_words(next: NextAttempt) -> NextWords {
    match next {
        NextAttempt::Again => NextWords {
            name: "again",
            glyph: Glyph::Again,
            button: Some(Key("retry")),
            used_up: None,
        },
        NextAttempt::Face => NextWords {
            name: "face",
            glyph: Glyph::Face,
            button: Some(Key("continue-with-face")),
            used_up: Some(Key("attempt-failed-palm-used-up")),
        },
        NextAttempt::People => NextWords {
            name: "people",
            glyph: Glyph::Staff,
            button: None,
            used_up: Some(Key("attempt-failed-used-up")),
        },
    }
}

struct Words {
    /// As in JSON.
    name: &'static str,
    title: Key,
    reason: Key,
    advice: Key,
}

fn words(reason: AttemptReason) -> Words {
    let words = |name, reason, advice| Words {
        name,
        title: Key("attempt-failed-title"),
        reason,
        advice,
    };
    match reason {
        AttemptReason::NotPerformed => words(
            "not-performed",
            Key("reason-not-performed"),
            Key("reason-not-performed-advice"),
        ),
        AttemptReason::WrongAction => words(
            "wrong-action",
            Key("reason-wrong-action"),
            Key("reason-wrong-action-advice"),
        ),
        AttemptReason::FaceLost => words(
            "face-lost",
            Key("reason-face-lost"),
            Key("reason-face-lost-advice"),
        ),
        AttemptReason::SeveralFaces => words(
            "several-faces",
            Key("reason-several-faces"),
            Key("reason-several-faces-advice"),
        ),
        AttemptReason::Jump => words("jump", Key("reason-jump"), Key("reason-jump-advice")),
        AttemptReason::AnotherPerson => words(
            "another-person",
            Key("reason-another-person"),
            Key("reason-another-person-advice"),
        ),
        AttemptReason::Frozen => words("frozen", Key("reason-frozen"), Key("reason-frozen-advice")),
        AttemptReason::NotBonaFide => words(
            "not-bona-fide",
            Key("reason-not-bona-fide"),
            Key("reason-not-bona-fide-advice"),
        ),
        AttemptReason::PalmNotRecognised => words(
            "palm-not-recognised",
            Key("reason-palm-not-recognised"),
            Key("reason-palm-not-recognised-advice"),
        ),
        AttemptReason::PalmNotBonaFide => words(
            "palm-not-bona-fide",
            Key("reason-palm-not-bona-fide"),
            Key("reason-palm-not-bona-fide-advice"),
        ),
        AttemptReason::NotAPalm => words(
            "not-a-palm",
            Key("reason-not-a-palm"),
            Key("reason-not-a-palm-advice"),
        ),
        AttemptReason::NoPalmShown => words(
            "no-palm-shown",
            Key("reason-no-palm-shown"),
            Key("reason-no-palm-shown-advice"),
        ),
        AttemptReason::HandTooCold => words(
            "hand-too-cold",
            Key("reason-hand-too-cold"),
            Key("reason-hand-too-cold-advice"),
        ),
        AttemptReason::HandTooWarm => words(
            "hand-too-warm",
            Key("reason-hand-too-warm"),
            Key("reason-hand-too-warm-advice"),
        ),
        AttemptReason::PalmNotMeasured => words(
            "palm-not-measured",
            Key("reason-palm-not-measured"),
            Key("reason-palm-not-measured-advice"),
        ),
        AttemptReason::PalmNotEnrolled => words(
            "palm-not-enrolled",
            Key("reason-palm-not-enrolled"),
            Key("reason-palm-not-enrolled-advice"),
        ),
        AttemptReason::PalmAlreadyEnrolled => words(
            "palm-already-enrolled",
            Key("reason-palm-already-enrolled"),
            Key("reason-palm-already-enrolled-advice"),
        ),
        // Nothing was tried, so nothing "did not work".
        AttemptReason::FaceUsedUp => Words {
            name: "face-used-up",
            title: Key("reason-face-used-up-title"),
            reason: Key("reason-face-used-up"),
            advice: Key("attempt-failed-used-up"),
        },
        AttemptReason::PalmUsedUp => Words {
            name: "palm-used-up",
            title: Key("reason-palm-used-up-title"),
            reason: Key("reason-palm-used-up"),
            advice: Key("reason-palm-used-up-advice"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody is sent to a face that is not open to them.
    #[test]
    fn the_advice_is_about_what_is_left() {
        let check = |reason, next, expect| assert_eq!(advice(reason, next), Key(expect));
        check(
            AttemptReason::NotPerformed,
            NextAttempt::Again,
            "reason-not-performed-advice",
        );
        check(
            AttemptReason::PalmUsedUp,
            NextAttempt::Face,
            "reason-palm-used-up-advice",
        );
        check(
            AttemptReason::PalmNotRecognised,
            NextAttempt::Face,
            "attempt-failed-palm-used-up",
        );
        for reason in [
            AttemptReason::PalmUsedUp,
            AttemptReason::FaceUsedUp,
            AttemptReason::NotPerformed,
        ] {
            check(reason, NextAttempt::People, "attempt-failed-used-up");
        }
    }

    #[test]
    fn names_are_those_of_the_shell() {
        let reasons = [
            AttemptReason::NotPerformed,
            AttemptReason::WrongAction,
            AttemptReason::FaceLost,
            AttemptReason::SeveralFaces,
            AttemptReason::Jump,
            AttemptReason::AnotherPerson,
            AttemptReason::Frozen,
            AttemptReason::NotBonaFide,
            AttemptReason::PalmNotRecognised,
            AttemptReason::PalmNotBonaFide,
            AttemptReason::NotAPalm,
            AttemptReason::NoPalmShown,
            AttemptReason::HandTooCold,
            AttemptReason::HandTooWarm,
            AttemptReason::PalmNotMeasured,
            AttemptReason::PalmNotEnrolled,
            AttemptReason::PalmAlreadyEnrolled,
            AttemptReason::FaceUsedUp,
            AttemptReason::PalmUsedUp,
        ];
        for reason in reasons {
            assert_eq!(serde_json::json!(words(reason).name), serde_json::json!(reason));
        }
        for next in [NextAttempt::Again, NextAttempt::Face, NextAttempt::People] {
            assert_eq!(serde_json::json!(next_words(next).name), serde_json::json!(next));
        }
    }
}
