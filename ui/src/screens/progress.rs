//! The kiosk works.

use ::ipc::Stage;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::locale::Key;

/// What the kiosk works on.
#[component]
pub fn Progress(
    /// The stage.
    stage: Stage,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let (name, glyph, key) = match stage {
        Stage::Camera => ("camera", Glyph::Camera, Key("progress-camera")),
        Stage::Scanner => ("scanner", Glyph::Palm, Key("progress-scanner")),
        Stage::Recording => ("recording", Glyph::Document, Key("progress-recording")),
        Stage::Identifying => ("identifying", Glyph::Hourglass, Key("progress-identifying")),
        Stage::Examining => ("examining", Glyph::Staff, Key("progress-examining")),
    };
    view! {
        <section class="screen" data-screen="progress" data-stage=name>
            <div class="screen__body result">
                <span class="badge badge--turns">
                    <Icon glyph />
                </span>
                <Heading>{kiosk.say(key)}</Heading>
                <p class="result__words" role="status">
                    {kiosk.say(Key("progress-wait"))}
                </p>
            </div>
        </section>
    }
}
