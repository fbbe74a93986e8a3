//! An attempt did not pass, another one is left.

use ::ipc::{AttemptReason, Intent};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// Why it did not pass, what to do about it, and how many attempts are left.
#[component]
pub fn AttemptFailed(
    /// Why.
    reason: AttemptReason,
    /// How many attempts are left.
    left: u32,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let words = words(reason);
    view! {
        <section class="screen" data-screen="attempt-failed" data-reason=words.name>
            <div class="screen__body result">
                <span class="badge badge--wait">
                    <Icon glyph=Glyph::Again />
                </span>
                <Heading>{kiosk.say(Key("attempt-failed-title"))}</Heading>
                <p class="result__words">{kiosk.say(words.reason)}</p>
                <div class="panel">
                    <h2>{kiosk.say(Key("attempt-failed-advice"))}</h2>
                    <p>{kiosk.say(words.advice)}</p>
                </div>
                <p class="result__left" data-testid="left" data-left=left>
                    {kiosk.say_with(Key("attempt-failed-left"), move || vec![("left", left.into())])}
                </p>
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
                <button
                    type="button"
                    class="button button--main"
                    data-testid="retry"
                    on:click=|_| ipc::send(Intent::Retry)
                >
                    <Icon glyph=Glyph::Again />
                    <span>{kiosk.say(Key("retry"))}</span>
                </button>
            </div>
        </section>
    }
}

struct Words {
    /// As in JSON.
    name: &'static str,
    reason: Key,
    advice: Key,
}

fn words(reason: AttemptReason) -> Words {
    let words = |name, reason, advice| Words { name, reason, advice };
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ];
        for reason in reasons {
            assert_eq!(serde_json::json!(words(reason).name), serde_json::json!(reason));
        }
    }
}
