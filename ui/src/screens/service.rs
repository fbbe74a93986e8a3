//! Choice of the service.

use ::ipc::Intent;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// One card for each service of the catalogue.
#[component]
pub fn ServiceChoice(
    /// Names of the services.
    services: Vec<String>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let cards = services
        .into_iter()
        .map(|service| {
            let title = kiosk.say_named(format!("service-{service}"));
            let hint = kiosk.say_named(format!("service-{service}-hint"));
            view! {
                <button
                    type="button"
                    class="card"
                    data-testid=format!("service-{service}")
                    on:click={
                        let service = service.clone();
                        move |_| ipc::send(Intent::ChooseService { service: service.clone() })
                    }
                >
                    <span class="card__sign">
                        <Icon glyph=sign(&service) />
                    </span>
                    <span class="card__words">
                        <span class="card__title">{title}</span>
                        <span class="card__hint">{hint}</span>
                    </span>
                    <span class="card__go">
                        <Icon glyph=Glyph::Next />
                    </span>
                </button>
            }
        })
        .collect_view();
    view! {
        <section class="screen" data-screen="service">
            <Heading step=1>{kiosk.say(Key("service-title"))}</Heading>
            <div class="screen__body cards">{cards}</div>
            <div class="actions">
                <BackButton />
            </div>
        </section>
    }
}

/// A service without a sign of its own gets that of a document.
fn sign(service: &str) -> Glyph {
    match service {
        "account-opening" => Glyph::Bank,
        "online-loan" => Glyph::Money,
        "sim-registration" => Glyph::Sim,
        "data-update" => Glyph::Card,
        "palm-enrolment" => Glyph::Palm,
        _ => Glyph::Document,
    }
}
