//! Choice of the method.

use ::ipc::{Availability, Intent, Method};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::calm::CalmCard;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::scroll::{ScrollButtons, scrolled};
use crate::ipc;
use crate::locale::Key;

/// One card for each method; those that cannot be used say why.
#[component]
pub fn MethodChoice(
    /// Methods and whether each can be used now.
    methods: Vec<(Method, Availability)>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let cards = methods
        .into_iter()
        .map(|(method, availability)| {
            let shown = words(method);
            let ready = availability == Availability::Ready;
            // Only the face is lit by the screen.
            let calm = (ready && method == Method::Face).then(|| view! { <CalmCard /> });
            view! {
                <div class="card-group">
                    <button
                        type="button"
                        class="card"
                        data-testid=shown.testid
                        disabled=!ready
                        on:click=move |_| ipc::send(Intent::ChooseMethod { method })
                    >
                        <span class="card__sign">
                            <Icon glyph=shown.glyph />
                        </span>
                        <span class="card__words">
                            <span class="card__title">{kiosk.say(shown.title)}</span>
                            <span class="card__hint">{kiosk.say(shown.hint)}</span>
                            <span class="card__availability" class:card__availability--ready=ready>
                                <Icon glyph=if ready { Glyph::Check } else { Glyph::Exclamation } />
                                <span>{kiosk.say(reason(availability))}</span>
                            </span>
                        </span>
                        <span class="card__go">{ready.then(|| view! { <Icon glyph=Glyph::Next /> })}</span>
                    </button>
                    {calm}
                </div>
            }
        })
        .collect_view();
    let (scroll, area) = scrolled();
    view! {
        <section class="screen" data-screen="method">
            <Heading step=4>{kiosk.say(Key("method-title"))}</Heading>
            <div class="screen__body cards cards--few" node_ref=area>
                {cards}
            </div>
            <div class="actions">
                <BackButton />
                <ScrollButtons scroll testid="cards-scroll" />
            </div>
        </section>
    }
}

/// How a method is offered.
pub struct Words {
    /// For tests.
    pub testid: &'static str,
    /// Its sign.
    pub glyph: Glyph,
    /// Its name.
    pub title: Key,
    /// One sentence about it.
    pub hint: Key,
}

/// How a method is offered, wherever it is.
pub fn words(method: Method) -> Words {
    match method {
        Method::Face => Words {
            testid: "method-face",
            glyph: Glyph::Face,
            title: Key("method-face"),
            hint: Key("method-face-hint"),
        },
        Method::Palm => Words {
            testid: "method-palm",
            glyph: Glyph::Palm,
            title: Key("method-palm"),
            hint: Key("method-palm-hint"),
        },
        Method::Phone => Words {
            testid: "method-phone",
            glyph: Glyph::Phone,
            title: Key("method-phone"),
            hint: Key("method-phone-hint"),
        },
        Method::Images => Words {
            testid: "method-images",
            glyph: Glyph::Picture,
            title: Key("method-images"),
            hint: Key("method-images-hint"),
        },
        Method::Video => Words {
            testid: "method-video",
            glyph: Glyph::Video,
            title: Key("method-video"),
            hint: Key("method-video-hint"),
        },
    }
}

fn reason(availability: Availability) -> Key {
    match availability {
        Availability::Ready => Key("availability-ready"),
        Availability::DeviceUnavailable => Key("availability-device-unavailable"),
        Availability::NotForThisService => Key("availability-not-for-this-service"),
        Availability::NotEnrolled => Key("availability-not-enrolled"),
        Availability::Offline => Key("availability-offline"),
    }
}
