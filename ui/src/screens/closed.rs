//! Outside the opening hours.

use ::ipc::Day;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::locale::{self, Key};

/// That the kiosk rests, and until when.
#[component]
pub fn Closed(
    /// When it opens next: the day, hour and minute in Kazakhstan.
    opens: Option<(Day, u8, u8)>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let opens = opens.map(|(day, hour, minute)| {
        view! {
            <div class="panel">
                <p data-testid="opens">
                    {kiosk.say_with(
                        Key("closed-opens"),
                        move || {
                            vec![
                                ("date", locale::date(kiosk.language.get(), day).into()),
                                ("time", locale::time_of_day(hour, minute).into()),
                            ]
                        },
                    )}
                </p>
            </div>
        }
    });
    view! {
        <section class="screen" data-screen="closed">
            <div class="screen__body result">
                <span class="badge badge--calm">
                    <Icon glyph=Glyph::Clock />
                </span>
                <Heading>{kiosk.say(Key("closed-title"))}</Heading>
                <p class="result__words">{kiosk.say(Key("closed-body"))}</p>
                {opens}
            </div>
        </section>
    }
}
