//! The camera cannot be used just now.

use ::ipc::{CameraTrouble, Intent};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// What is wrong, that nothing is lost by it, and that the kiosk goes on by itself.
#[component]
pub fn CameraTroubleShown(
    /// What is wrong.
    trouble: CameraTrouble,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let words = words(trouble);
    view! {
        <section class="screen" data-screen="camera-trouble" data-trouble=words.name>
            <div class="screen__body result" role="status">
                <span class="badge badge--wait">
                    <Icon glyph=words.glyph />
                </span>
                <Heading>{kiosk.say(words.title)}</Heading>
                <p class="result__words">{kiosk.say(words.body)}</p>
                <div class="panel panel--lines">
                    <p class="panel__line">
                        <Icon glyph=Glyph::Check />
                        <span>{kiosk.say(Key("camera-trouble-attempts"))}</span>
                    </p>
                    <p class="panel__line">
                        <Icon glyph=Glyph::Again />
                        <span>{kiosk.say(Key("camera-trouble-goes-on"))}</span>
                    </p>
                </div>
            </div>
            <div class="actions">
                <button
                    type="button"
                    class="button button--end button--alone"
                    data-testid="camera-trouble-end"
                    on:click=|_| ipc::send(Intent::Cancel)
                >
                    <Icon glyph=Glyph::Cross />
                    <span>{kiosk.say(Key("cancel"))}</span>
                </button>
            </div>
        </section>
    }
}

struct Words {
    /// As in JSON.
    name: &'static str,
    glyph: Glyph,
    title: Key,
    body: Key,
}

fn words(trouble: CameraTrouble) -> Words {
    let (name, glyph, title, body) = match trouble {
        CameraTrouble::Missing => (
            "missing",
            Glyph::Plug,
            Key("camera-trouble-missing"),
            Key("camera-trouble-missing-body"),
        ),
        CameraTrouble::Busy => (
            "busy",
            Glyph::Windows,
            Key("camera-trouble-busy"),
            Key("camera-trouble-busy-body"),
        ),
        CameraTrouble::Silent => (
            "silent",
            Glyph::Hourglass,
            Key("camera-trouble-silent"),
            Key("camera-trouble-silent-body"),
        ),
        CameraTrouble::Black => (
            "black",
            Glyph::CameraCovered,
            Key("camera-trouble-black"),
            Key("camera-trouble-black-body"),
        ),
        CameraTrouble::Frozen => (
            "frozen",
            Glyph::Pause,
            Key("camera-trouble-frozen"),
            Key("camera-trouble-frozen-body"),
        ),
    };
    Words {
        name,
        glyph,
        title,
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_has_its_own_words_and_sign() {
        let troubles = [
            CameraTrouble::Missing,
            CameraTrouble::Busy,
            CameraTrouble::Silent,
            CameraTrouble::Black,
            CameraTrouble::Frozen,
        ];
        for (at, trouble) in troubles.into_iter().enumerate() {
            let shown = words(trouble);
            assert_eq!(serde_json::json!(shown.name), serde_json::json!(trouble));
            for other in troubles.into_iter().skip(at + 1).map(words) {
                assert_ne!(shown.title, other.title);
                assert_ne!(shown.glyph, other.glyph, "{} and {}", shown.name, other.name);
            }
        }
    }
}
