//! The frame around every screen, and what all screens share.

use ::ipc::{Desk, Display, ErrorCode, Health, Intent, Language, Link, Screen, Slip, Texts, View};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::components::idle::IdleWarning;
use crate::components::light;
use crate::components::scroll::{Scroll, ScrollButtons};
use crate::components::sight::{self, Sight};
use crate::components::speech::SpeechBar;
use crate::components::status::{Notices, StatusStrip};
use crate::components::toolbar::Toolbar;
use crate::ipc;
use crate::locale::{self, Arguments, Key};
use crate::screens::assisted::Assisted;
use crate::screens::attempt_failed::AttemptFailed;
use crate::screens::attract::Attract;
use crate::screens::call_back::CallBack;
use crate::screens::camera_trouble::CameraTroubleShown;
use crate::screens::claim::Claim;
use crate::screens::closed::Closed;
use crate::screens::consent::Consent;
use crate::screens::face::Face;
use crate::screens::field::FieldShown;
use crate::screens::health::HealthShown;
use crate::screens::images::Images;
use crate::screens::method::MethodChoice;
use crate::screens::operator::Operator;
use crate::screens::out_of_service::OutOfService;
use crate::screens::outcome::OutcomeShown;
use crate::screens::palm::Palm;
use crate::screens::phone::Phone;
use crate::screens::progress::Progress;
use crate::screens::scanner_trouble::ScannerTroubleShown;
use crate::screens::service::ServiceChoice;
use crate::screens::status::Status;
use crate::screens::technician_login::TechnicianLogin;
use crate::screens::welcome::Welcome;
use crate::speech;

/// What every screen needs; found by [`Kiosk::of_context`].
#[derive(Clone, Copy)]
pub struct Kiosk {
    /// The newest view; `None` until the shell has sent one.
    pub view: RwSignal<Option<View>>,
    /// Language of the newest view.
    pub language: Memo<Language>,
    /// How this person wants to see the screen.
    pub sight: Sight,
    /// Whether a part of the screen is out of reach for who sits, so that the controls can be moved.
    pub can_be_low: RwSignal<bool>,
    /// Whether this person chose calm colours. The shell keeps it, for it is the shell that chooses the colours.
    pub calm: Memo<bool>,
}

impl Kiosk {
    /// The one that [`App`] provides.
    pub fn of_context() -> Self {
        expect_context()
    }

    /// Whether the warning of an idle session covers the screen now. Not reactive: for handlers of events.
    pub fn is_idle_warned(self) -> bool {
        self.view
            .with_untracked(|view| view.as_ref().is_some_and(|view| view.idle_warning_s.is_some()))
    }

    /// A text that follows the language.
    pub fn say(self, key: Key) -> impl Fn() -> String + Copy + Send + 'static {
        move || locale::text(self.language.get(), key, vec![])
    }

    /// A text with variables that follows the language, and the variables where they are reactive.
    pub fn say_with(
        self,
        key: Key,
        arguments: impl Fn() -> Arguments + Send + 'static,
    ) -> impl Fn() -> String + Send + 'static {
        move || locale::text(self.language.get(), key, arguments())
    }

    /// A text of the institution that follows the language.
    pub fn say_texts(self, texts: Texts) -> impl Fn() -> String + Send + Sync + 'static {
        move || locale::own(self.language.get(), &texts)
    }
}

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let view = RwSignal::new(None::<View>);
    let language = Memo::new(move |_| {
        view.with(|view| view.as_ref().map_or_else(Language::default, |view| view.language))
    });
    let sight = Sight::new();
    let can_be_low = RwSignal::new(false);
    let calm = Memo::new(move |_| view.with(|view| view.as_ref().is_some_and(|view| view.calm)));
    let light = Memo::new(move |_| view.with(|view| view.as_ref().and_then(light::of_view)));
    let kiosk = Kiosk {
        view,
        language,
        sight,
        can_be_low,
        calm,
    };
    provide_context(kiosk);
    speech::provide(kiosk);

    let display = StoredValue::new(None::<Display>);
    let measure = move || {
        if let Some(display) = display.get_value() {
            sight::measure(display, can_be_low);
        }
    };
    // A window that is still being opened has no size yet, and its size is not its last one.
    let resized = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());
    ipc::subscribe(
        move |told| {
            display.set_value(Some(told));
            measure();
        },
        move |new| {
            let ended = new.screen == Screen::Welcome
                && view.with_untracked(|old| old.as_ref().is_some_and(|old| old.screen != Screen::Welcome));
            if ended {
                // The next person starts with the ordinary colours and sizes.
                sight.reset();
                speech::forget();
            }
            view.set(Some(new));
        },
        move || view.set(Some(without_shell())),
    );
    ipc::tell_display();
    Effect::new(move || ipc::set_document_language(locale::tag(language.get())));
    sight.follow();

    let frame = Memo::new(move |_| view.with(|view| view.as_ref().map(|view| frame(&view.screen))));
    let in_use = Memo::new(move |_| frame.with(|frame| frame.as_ref().is_some_and(is_in_use)));
    let idle = Memo::new(move |_| view.with(|view| view.as_ref().and_then(|view| view.idle_warning_s)));
    let idle_shown = Memo::new(move |_| idle.get().is_some());
    let on_key = move || {
        if kiosk.is_idle_warned() {
            ipc::send(Intent::StayAlive);
        } else if in_use.get_untracked() {
            ipc::touched();
        }
    };
    let on_pointer = move || {
        // While the warning is up it answers the touch itself.
        if in_use.get_untracked() && !kiosk.is_idle_warned() {
            ipc::touched();
        }
    };

    // What does not fit with large texts is reached by buttons. Each screen begins at its top.
    let scroll = Scroll::new();
    let area = NodeRef::<html::Div>::new();
    area.on_load(move |area| scroll.follow(area.into()));
    Effect::new(move || {
        frame.track();
        if let Some(area) = area.get() {
            area.set_scroll_top(0);
        }
    });

    view! {
        <div
            class="kiosk"
            class:kiosk--lit=move || light.get().is_some()
            class:kiosk--calm=move || calm.get()
            // By CSSOM: the content security policy refuses the attribute.
            style=("--light", move || light.get().map(light::css))
            on:pointerdown=move |_| on_pointer()
            on:keydown=move |_| on_key()
            // A long touch must not open the menu of a browser.
            on:contextmenu=|event| event.prevent_default()
        >
            <div class="kiosk__page" inert=move || idle_shown.get()>
                <div class="kiosk__area" node_ref=area>
                    <div class="kiosk__content">
                        <header>
                            <Toolbar />
                            <Notices />
                        </header>
                        <main class="kiosk__main">{move || frame.get().map(show)}</main>
                        <SpeechBar />
                        <StatusStrip />
                    </div>
                </div>
                <ScrollButtons scroll testid="page-scroll" landmark=true />
            </div>
            <Show when=move || idle_shown.get()>
                <IdleWarning seconds=Signal::derive(move || idle.get().unwrap_or_default()) />
            </Show>
        </div>
    }
}

/// What decides that a screen is built anew: all of it, except for what changes while the person is busy on it
/// and must find their entry, and the picture that they act by, where they were.
fn frame(screen: &Screen) -> Screen {
    match screen {
        Screen::Claim { .. } => Screen::Claim { error: None },
        Screen::Field { .. } => {
            let mut field = screen.clone();
            if let Screen::Field { error, .. } = &mut field {
                *error = None;
            }
            field
        }
        Screen::Operator { .. } => Screen::Operator { refused: None },
        Screen::Phone { .. } => Screen::Phone { url: None },
        Screen::TechnicianLogin { .. } => Screen::TechnicianLogin {
            wrong: false,
            locked_s: None,
        },
        Screen::Health { desk } => Screen::Health {
            desk: Box::new(Desk {
                page: desk.page,
                ..Desk::default()
            }),
        },
        Screen::Status { .. } => Screen::Status {
            health: Box::new(Health::default()),
        },
        Screen::CallBack { given, .. } => Screen::CallBack {
            error: None,
            given: *given,
        },
        Screen::Images { stage, picture, .. } => Screen::Images {
            stage: *stage,
            picture: *picture,
            page: None,
            hint: None,
            number: 0,
            of: 0,
            left: 0,
        },
        Screen::Outcome { .. } => {
            let mut outcome = screen.clone();
            if let Screen::Outcome { slip, .. } = &mut outcome {
                *slip = Slip::None;
            }
            outcome
        }
        Screen::Face { .. } => Screen::Face {
            prompt: ::ipc::Prompt::ShowFace,
            done: 0,
            of: 0,
            attempt: 0,
            attempts: 0,
            light: None,
        },
        Screen::Palm { purpose, .. } => Screen::Palm {
            purpose: *purpose,
            prompt: ::ipc::HandPrompt::ShowHand,
            attempt: 0,
            attempts: 0,
        },
        other => other.clone(),
    }
}

/// Whether a touch keeps the screen: a session, and the welcome too, on which somebody looks around or listens. The screen
/// that attracts takes touches itself.
fn is_in_use(screen: &Screen) -> bool {
    *screen != Screen::Attract
}

fn show(screen: Screen) -> AnyView {
    match screen {
        Screen::Attract => view! { <Attract /> }.into_any(),
        Screen::Welcome => view! { <Welcome /> }.into_any(),
        Screen::Service { services } => view! { <ServiceChoice services /> }.into_any(),
        Screen::Consent {
            text,
            version,
            wording,
            refusal,
            number,
            of,
        } => view! { <Consent text version wording refusal number of /> }.into_any(),
        Screen::Field {
            field,
            input,
            required,
            label,
            hint,
            number,
            of,
            ..
        } => view! { <FieldShown field input required label hint number of /> }.into_any(),
        Screen::Claim { .. } => view! { <Claim /> }.into_any(),
        Screen::Operator { .. } => view! { <Operator /> }.into_any(),
        Screen::Phone { .. } => view! { <Phone /> }.into_any(),
        Screen::Assisted { methods, left, spent } => view! { <Assisted methods left spent /> }.into_any(),
        Screen::CallBack { given, .. } => view! { <CallBack given /> }.into_any(),
        Screen::Images { stage, .. } => view! { <Images stage /> }.into_any(),
        Screen::Method { methods } => view! { <MethodChoice methods /> }.into_any(),
        Screen::Face { .. } => view! { <Face /> }.into_any(),
        Screen::CameraTrouble { trouble } => view! { <CameraTroubleShown trouble /> }.into_any(),
        Screen::Palm { .. } => view! { <Palm /> }.into_any(),
        Screen::ScannerTrouble { trouble } => view! { <ScannerTroubleShown trouble /> }.into_any(),
        Screen::AttemptFailed { reason, left, next } => {
            view! { <AttemptFailed reason left next /> }.into_any()
        }
        Screen::Progress { stage } => view! { <Progress stage /> }.into_any(),
        Screen::Outcome {
            outcome,
            record,
            enrolled_palm,
            request,
            request_state,
            refused,
            ..
        } => view! { <OutcomeShown outcome record enrolled_palm request request_state refused /> }.into_any(),
        Screen::Closed { opens } => view! { <Closed opens /> }.into_any(),
        Screen::OutOfService { code } => view! { <OutOfService code /> }.into_any(),
        Screen::TechnicianLogin { .. } => view! { <TechnicianLogin /> }.into_any(),
        Screen::Health { desk } => view! { <HealthShown page=desk.page /> }.into_any(),
        Screen::Status { .. } => view! { <Status /> }.into_any(),
    }
}

/// What is shown when the page does not stand in the shell, or the shell refuses it.
pub fn without_shell() -> View {
    View {
        language: Language::default(),
        screen: Screen::OutOfService {
            code: ErrorCode::Internal,
        },
        link: Link::Offline,
        pending: 0,
        attention: Vec::new(),
        replay: None,
        demo: false,
        idle_warning_s: None,
        calm: false,
        may_stand_aside: false,
    }
}

#[cfg(test)]
mod tests {
    use ::ipc::{
        ClaimError, CodeRefusal, FieldError, FieldInput, HandPrompt, Outcome, PalmPurpose, Prompt, Refusal,
    };

    use super::*;

    #[test]
    fn a_screen_survives_what_changes_on_it() {
        let wrong = Screen::Claim {
            error: Some(ClaimError::Shape),
        };
        assert_eq!(frame(&wrong), frame(&Screen::Claim { error: None }));
        let desk = |page, said| Screen::Health {
            desk: Box::new(Desk {
                page,
                said,
                ..Desk::default()
            }),
        };
        let (camera, actions) = (::ipc::DeskPage::Camera, ::ipc::DeskPage::Actions);
        assert_eq!(
            frame(&desk(camera, Some(::ipc::Said::Chosen))),
            frame(&desk(camera, None))
        );
        assert_ne!(frame(&desk(camera, None)), frame(&desk(actions, None)));
        let face = |prompt, done, light| Screen::Face {
            prompt,
            done,
            of: 3,
            attempt: 1,
            attempts: 3,
            light,
        };
        assert_eq!(
            frame(&face(Prompt::Closer, 0, None)),
            frame(&face(Prompt::Smile, 2, Some([0, 96, 255])))
        );
        let palm = |prompt, attempt| Screen::Palm {
            purpose: PalmPurpose::Verify,
            prompt,
            attempt,
            attempts: 3,
        };
        assert_eq!(
            frame(&palm(HandPrompt::ShowHand, 1)),
            frame(&palm(HandPrompt::HoldStill, 2))
        );
        let field = |name: &str, error| Screen::Field {
            field: name.into(),
            input: FieldInput::Amount,
            required: true,
            label: Texts::default(),
            hint: Texts::default(),
            number: 1,
            of: 2,
            error,
        };
        assert_eq!(
            frame(&field("amount", Some(FieldError::Missing))),
            frame(&field("amount", None))
        );
        assert_ne!(frame(&field("amount", None)), frame(&field("income", None)));
        assert_eq!(
            frame(&Screen::Operator {
                refused: Some(CodeRefusal::Wrong)
            }),
            frame(&Screen::Operator { refused: None })
        );
        let phone = |url: Option<&str>| Screen::Phone {
            url: url.map(str::to_owned),
        };
        assert_eq!(frame(&phone(Some("https://page.example"))), frame(&phone(None)));
        let outcome = |outcome, slip| Screen::Outcome {
            outcome,
            record: "0af3".into(),
            enrolled_palm: false,
            request: None,
            request_state: None,
            refused: None,
            slip,
        };
        assert_eq!(
            frame(&outcome(Outcome::Verified, Slip::Ready)),
            frame(&outcome(Outcome::Verified, Slip::Printed))
        );
        assert_ne!(
            frame(&outcome(Outcome::Verified, Slip::Ready)),
            frame(&outcome(Outcome::AwaitingIdentification, Slip::Ready))
        );
        let consent = |text: &str| Screen::Consent {
            text: text.into(),
            version: 1,
            wording: None,
            refusal: Refusal::Ends,
            number: 1,
            of: 2,
        };
        assert_ne!(
            frame(&consent("processing")),
            frame(&consent("automated-decision"))
        );
    }
}
