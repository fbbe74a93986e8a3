//! Choice of the service.

use ::ipc::{Intent, Offer};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::scroll::{ScrollButtons, scrolled};
use crate::ipc;
use crate::locale::Key;

/// So many cards fit on every screen without scrolling.
const CARDS: usize = 6;

/// The services, and behind one card of its own what a person may ask about their own data.
#[component]
pub fn ServiceChoice(
    /// The services on offer.
    services: Vec<Offer>,
) -> impl IntoView {
    let (own_data, services): (Vec<Offer>, Vec<Offer>) =
        services.into_iter().partition(|offer| offer.own_data);
    // Which of the two lists is shown. This is no step of the session, so the shell does not know it.
    let own = RwSignal::new(false);
    move || {
        if own.get() {
            view! { <Offers offers=own_data.clone() own /> }.into_any()
        } else {
            let door = !own_data.is_empty();
            view! { <Offers offers=services.clone() own door /> }.into_any()
        }
    }
}

/// One list of offers, in pages.
#[component]
fn Offers(
    /// The offers.
    offers: Vec<Offer>,
    /// Whether this is the list about one's own data.
    own: RwSignal<bool>,
    /// Whether a card leads to that list.
    #[prop(optional)]
    door: bool,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let is_own = own.get_untracked();
    let per_page = CARDS - usize::from(door);
    let pages = offers.len().div_ceil(per_page).max(1);
    let page = RwSignal::new(0);
    let cards = move || {
        offers
            .iter()
            .skip(page.get() * per_page)
            .take(per_page)
            .cloned()
            .map(|offer| view! { <OfferCard offer /> })
            .collect_view()
    };
    let door = door.then(|| {
        view! {
            <button type="button" class="card card--door" data-testid="own-data" on:click=move |_| own.set(true)>
                <span class="card__sign">
                    <Icon glyph=Glyph::Person />
                </span>
                <span class="card__words">
                    <span class="card__title">{kiosk.say(Key("own-data-title"))}</span>
                    <span class="card__hint">{kiosk.say(Key("own-data-hint"))}</span>
                </span>
                <span class="card__go">
                    <Icon glyph=Glyph::Next />
                </span>
            </button>
        }
    });
    let turn = (pages > 1).then(|| view! { <Pager page pages /> });
    let back = if is_own {
        view! {
            <button type="button" class="button" data-testid="own-data-back" on:click=move |_| own.set(false)>
                <Icon glyph=Glyph::Back />
                <span>{kiosk.say(Key("own-data-back"))}</span>
            </button>
        }
        .into_any()
    } else {
        view! { <BackButton /> }.into_any()
    };
    let title = if is_own {
        Key("own-data-title")
    } else {
        Key("service-title")
    };
    let (scroll, area) = scrolled();
    view! {
        <section class="screen" data-screen="service" data-list=if is_own { "own-data" } else { "services" }>
            <Heading step=1>{kiosk.say(title)}</Heading>
            <div class="screen__body cards cards--many" node_ref=area>
                {cards} {door}
            </div>
            <div class="actions">
                {back} {turn} <ScrollButtons scroll testid="cards-scroll" />
            </div>
        </section>
    }
}

/// Which page it is, and the ways to the others.
#[component]
pub fn Pager(
    /// The page, from 0.
    page: RwSignal<usize>,
    /// How many there are.
    pages: usize,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let number = move || u32::try_from(page.get() + 1).unwrap_or(u32::MAX);
    let of = u32::try_from(pages).unwrap_or(u32::MAX);
    view! {
        <div class="pager">
            <button
                type="button"
                class="button"
                data-testid="page-previous"
                aria-label=kiosk.say(Key("page-previous"))
                disabled=move || page.get() == 0
                on:click=move |_| page.update(|page| *page = page.saturating_sub(1))
            >
                <Icon glyph=Glyph::Previous />
            </button>
            <p role="status" data-testid="page" data-page=number data-pages=of>
                {kiosk.say_with(Key("page"), move || vec![("number", number().into()), ("of", of.into())])}
            </p>
            <button
                type="button"
                class="button"
                data-testid="page-next"
                aria-label=kiosk.say(Key("page-next"))
                disabled=move || page.get() + 1 == pages
                on:click=move |_| page.update(|page| *page = (*page + 1).min(pages - 1))
            >
                <Icon glyph=Glyph::Following />
            </button>
        </div>
    }
}

#[component]
fn OfferCard(offer: Offer) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let Offer {
        id, title, summary, ..
    } = offer;
    view! {
        <button
            type="button"
            class="card"
            data-testid=format!("service-{id}")
            on:click={
                let id = id.clone();
                move |_| ipc::send(Intent::ChooseService { service: id.clone() })
            }
        >
            <span class="card__sign">
                <Icon glyph=sign(&id) />
            </span>
            <span class="card__words">
                <span class="card__title">{kiosk.say_texts(title)}</span>
                <span class="card__hint">{kiosk.say_texts(summary)}</span>
            </span>
            <span class="card__go">
                <Icon glyph=Glyph::Next />
            </span>
        </button>
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
