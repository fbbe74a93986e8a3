//! The technician's desk.

mod sound;

use ::ipc::{Desk, DeskPage, DeviceOffer, Intent, Said, Screen, Trial, Wish};
use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::hand::Hand;
use crate::components::heading::Heading;
use crate::components::health::{Figures, Parts, Serving, why_words};
use crate::components::icon::{Glyph, Icon};
use crate::components::scrolled::Scrolled;
use crate::ipc;
use crate::locale::{self, Key};
use crate::screens::palm::command;

use self::sound::SoundShown;

/// The five pages of the desk, one at a time.
#[component]
pub fn HealthShown(
    /// The page that is open.
    page: DeskPage,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let desk = Memo::new(move |last: Option<&Desk>| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::Health { desk }) => (**desk).clone(),
                _ => last.cloned().unwrap_or_default(),
            })
    });
    let tab = move |it: DeskPage| {
        let (name, key) = page_words(it);
        view! {
            <button
                type="button"
                class="chip"
                data-testid=format!("desk-{name}")
                aria-pressed=(it == page).to_string()
                on:click=move |_| wish(Wish::Show { page: it })
            >
                {kiosk.say(key)}
            </button>
        }
    };
    let body = match page {
        DeskPage::Overview => view! { <Overview desk /> }.into_any(),
        DeskPage::Camera => view! { <Cameras desk /> }.into_any(),
        DeskPage::Scanner => view! { <Scanners desk /> }.into_any(),
        DeskPage::Sound => view! { <SoundShown desk /> }.into_any(),
        DeskPage::Actions => view! { <Actions desk /> }.into_any(),
    };
    let said = Memo::new(move |_| desk.with(|desk| desk.said));
    view! {
        <section class="screen upkeep" data-screen="health" data-page=page_words(page).0>
            <Heading>{kiosk.say(Key("desk-title"))}</Heading>
            <div class="upkeep__pages" role="group" aria-label=kiosk.say(Key("desk-pages"))>
                {PAGES.map(tab).collect_view()}
            </div>
            <div class="screen__body upkeep__body">{body}</div>
            <p
                class="upkeep__said"
                role="status"
                data-testid="said"
                data-said=move || said.get().map_or("nothing", |said| said_words(said).0)
            >
                {move || said.get().map(|said| say_said(kiosk, said))}
            </p>
            <div class="actions">
                <button type="button" class="button" data-testid="staff-leave" on:click=|_| ipc::send(Intent::Back)>
                    <Icon glyph=Glyph::Leave />
                    <span>{kiosk.say(Key("staff-leave"))}</span>
                </button>
                {(page == DeskPage::Overview)
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="button button--main"
                                data-testid="test-again"
                                disabled=move || desk.with(|desk| desk.health.is_testing)
                                on:click=|_| wish(Wish::TestAgain)
                            >
                                <Icon glyph=Glyph::Again />
                                <span>
                                    {move || {
                                        let testing = desk.with(|desk| desk.health.is_testing);
                                        kiosk.say(if testing { Key("status-testing") } else { Key("desk-test-again") })()
                                    }}
                                </span>
                            </button>
                        }
                    })}
            </div>
        </section>
    }
}

const PAGES: [DeskPage; 5] = [
    DeskPage::Overview,
    DeskPage::Camera,
    DeskPage::Scanner,
    DeskPage::Sound,
    DeskPage::Actions,
];

fn page_words(page: DeskPage) -> (&'static str, Key) {
    match page {
        DeskPage::Overview => ("overview", Key("desk-overview")),
        DeskPage::Camera => ("camera", Key("desk-camera")),
        DeskPage::Scanner => ("scanner", Key("desk-scanner")),
        DeskPage::Sound => ("sound", Key("desk-sound")),
        DeskPage::Actions => ("actions", Key("desk-actions")),
    }
}

fn wish(wish: Wish) {
    ipc::send(Intent::Desk { wish });
}

fn say_said(kiosk: Kiosk, said: Said) -> String {
    let count = match said {
        Said::Exported { documents } => vec![("count", documents.into())],
        _ => vec![],
    };
    locale::text(kiosk.language.get(), said_words(said).1, count)
}

fn said_words(said: Said) -> (&'static str, Key) {
    match said {
        Said::Printing => ("printing", Key("desk-said-printing")),
        Said::Printed => ("printed", Key("desk-said-printed")),
        Said::NotPrinted => ("not-printed", Key("desk-said-not-printed")),
        Said::Exported { .. } => ("exported", Key("desk-said-exported")),
        Said::NotExported => ("not-exported", Key("desk-said-not-exported")),
        Said::Chosen => ("chosen", Key("desk-said-chosen")),
        Said::NotChosen => ("not-chosen", Key("desk-said-not-chosen")),
        Said::AsInstalled => ("as-installed", Key("desk-said-as-installed")),
    }
}

#[component]
fn Overview(desk: Memo<Desk>) -> impl IntoView {
    let health = Memo::new(move |_| desk.with(|desk| desk.health.clone()));
    view! {
        <Scrolled testid="health-scroll">
            <Serving health />
            <Parts health named=true />
            <Figures health />
        </Scrolled>
    }
}

/// The devices that were found, with what can be done with each.
#[component]
fn Offers(
    /// What they are.
    title: Key,
    /// The devices.
    offers: Memo<Vec<DeviceOffer>>,
    /// What is wished for a device that is to be tried, if it can be tried before it is chosen.
    #[prop(optional_no_strip)]
    to_try: Option<fn(String) -> Wish>,
    /// What is wished for one that is chosen.
    to_choose: fn(String) -> Wish,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let row = move |offer: DeviceOffer| {
        let (tried, chosen) = (offer.id.clone(), offer.id.clone());
        let hindered = offer.hindrance.is_some();
        let state = match (offer.hindrance, offer.is_used) {
            (Some(why), _) => Some((Glyph::Exclamation, why_words(why).1)),
            (None, true) => Some((Glyph::Check, Key("desk-used"))),
            (None, false) => None,
        };
        let state = state.map(|(glyph, key)| {
            view! {
                <span class="offer__state">
                    <Icon glyph />
                    <span>{kiosk.say(key)}</span>
                </span>
            }
        });
        let try_it = to_try.map(|to_try| {
            view! {
                <button
                    type="button"
                    class="button"
                    data-testid=format!("try-{tried}")
                    disabled=hindered
                    on:click=move |_| wish(to_try(tried.clone()))
                >
                    {kiosk.say(Key("desk-try"))}
                </button>
            }
        });
        view! {
            <li class="offer" data-used=offer.is_used.to_string()>
                <span class="offer__words">
                    <strong>{offer.name}</strong>
                    <span class="offer__identity">{offer.identity}</span>
                    {state}
                </span>
                {try_it}
                <button
                    type="button"
                    class="button"
                    data-testid=format!("choose-{}", offer.id)
                    disabled=hindered || offer.is_used
                    on:click=move |_| wish(to_choose(chosen.clone()))
                >
                    {kiosk.say(Key("desk-choose"))}
                </button>
            </li>
        }
    };
    view! {
        <div class="offers">
            <h2>{kiosk.say(title)}</h2>
            <Show when=move || offers.with(Vec::is_empty)>
                <p>{kiosk.say(Key("desk-nothing-found"))}</p>
            </Show>
            <Scrolled testid="offers-scroll">
                <ul class="offers__list" aria-label=kiosk.say(title)>
                    {move || offers.get().into_iter().map(row).collect_view()}
                </ul>
            </Scrolled>
        </div>
    }
}

#[component]
fn Cameras(desk: Memo<Desk>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let offers = Memo::new(move |_| desk.with(|desk| desk.cameras.clone()));
    let trial = Memo::new(move |_| desk.with(|desk| desk.trial));
    let canvas = NodeRef::<html::Canvas>::new();
    canvas.on_load(ipc::show_preview_on);
    on_cleanup(ipc::hide_preview);
    view! {
        <div class="upkeep__trial">
            <Offers
                title=Key("desk-cameras")
                offers
                to_try=Some(|id| Wish::TryCamera { id })
                to_choose=|id| Wish::ChooseCamera { id }
            />
            <div class="trial" data-testid="trial" data-trial=move || trial_name(trial.get())>
                <canvas
                    class="trial__picture"
                    class:trial__picture--live=move || trial.get() == Trial::Live
                    node_ref=canvas
                    role="img"
                    aria-label=kiosk.say(Key("desk-picture"))
                ></canvas>
                <p>{move || say_trial(kiosk, trial.get(), Key("desk-trial-nothing"))}</p>
                <button
                    type="button"
                    class="button"
                    data-testid="camera-as-installed"
                    disabled=move || desk.with(|desk| !desk.is_camera_chosen)
                    on:click=|_| wish(Wish::CameraAsInstalled)
                >
                    {kiosk.say(Key("desk-as-installed"))}
                </button>
            </div>
        </div>
    }
}

#[component]
fn Scanners(desk: Memo<Desk>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let offers = Memo::new(move |_| desk.with(|desk| desk.scanners.clone()));
    let trial = Memo::new(move |_| desk.with(|desk| desk.trial));
    let hand = Memo::new(move |_| match trial.get() {
        Trial::Hand { prompt } => Some(prompt),
        _ => None,
    });
    let prompt = Signal::derive(move || hand.get().unwrap_or(::ipc::HandPrompt::ShowHand));
    view! {
        <div class="upkeep__trial">
            <Offers
                title=Key("desk-scanners")
                offers
                to_try=None
                to_choose=|id| Wish::ChooseScanner { id }
            />
            <div class="trial" data-testid="trial" data-trial=move || trial_name(trial.get())>
                <Show when=move || hand.get().is_some()>
                    <div class="trial__hand">
                        <Hand prompt />
                    </div>
                </Show>
                <p aria-live="polite">
                    {move || match hand.get() {
                        Some(prompt) => kiosk.say(command(prompt))(),
                        None => say_trial(kiosk, trial.get(), Key("desk-trial-hand")),
                    }}
                </p>
                <button
                    type="button"
                    class="button"
                    data-testid="try-hand"
                    disabled=move || hand.get().is_some()
                    on:click=|_| wish(Wish::TryScanner)
                >
                    {kiosk.say(Key("desk-try-hand"))}
                </button>
                <button
                    type="button"
                    class="button"
                    data-testid="scanner-as-installed"
                    disabled=move || desk.with(|desk| !desk.is_scanner_chosen)
                    on:click=|_| wish(Wish::ScannerAsInstalled)
                >
                    {kiosk.say(Key("desk-as-installed"))}
                </button>
            </div>
        </div>
    }
}

fn trial_name(trial: Trial) -> &'static str {
    match trial {
        Trial::Nothing => "nothing",
        Trial::Opening => "opening",
        Trial::Live => "live",
        Trial::Hand { .. } => "hand",
        Trial::Failed { .. } => "failed",
    }
}

fn say_trial(kiosk: Kiosk, trial: Trial, nothing: Key) -> String {
    match trial {
        Trial::Nothing => kiosk.say(nothing)(),
        Trial::Opening => kiosk.say(Key("desk-trial-opening"))(),
        // The picture and the hand say it themselves.
        Trial::Live | Trial::Hand { .. } => String::new(),
        Trial::Failed { why } => {
            let why = kiosk.say(why_words(why).1)();
            locale::text(
                kiosk.language.get(),
                Key("desk-trial-failed"),
                vec![("why", why.into())],
            )
        }
    }
}

#[component]
fn Actions(desk: Memo<Desk>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let action = move |name: &'static str, glyph: Glyph, title: Key, hint: Option<Key>, wanted: Wish| {
        let hindered = hint.is_some();
        view! {
            <button
                type="button"
                class="card"
                data-testid=name
                disabled=hindered
                on:click=move |_| wish(wanted.clone())
            >
                <span class="card__sign">
                    <Icon glyph />
                </span>
                <span class="card__words">
                    <span class="card__title">{kiosk.say(title)}</span>
                    {hint.map(|hint| view! { <span class="card__hint">{kiosk.say(hint)}</span> })}
                </span>
            </button>
        }
    };
    let is_closed = Memo::new(move |_| desk.with(|desk| desk.health.is_closed_for_maintenance));
    let can_print = Memo::new(move |_| desk.with(|desk| desk.can_print));
    let can_export = Memo::new(move |_| desk.with(|desk| desk.can_export));
    view! {
        <div class="cards upkeep__actions">
            {move || {
                let none = (!can_print.get()).then_some(Key("desk-print-none"));
                action("desk-print", Glyph::Printer, Key("desk-print"), none, Wish::PrintTest)
            }}
            {move || {
                let none = (!can_export.get()).then_some(Key("desk-export-none"));
                action("desk-export", Glyph::DocumentDone, Key("desk-export"), none, Wish::Export)
            }}
            {move || {
                let closed = is_closed.get();
                let title = if closed { Key("desk-open") } else { Key("desk-close") };
                action("desk-maintain", Glyph::Wrench, title, None, Wish::Maintain { closed: !closed })
            }}
            {action("desk-restart", Glyph::Again, Key("desk-restart"), None, Wish::Restart)}
        </div>
    }
}
