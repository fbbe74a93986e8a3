//! Reads the page: its words in their order, its live regions, and the control that has the focus.

use std::cell::Cell;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, HtmlElement, MutationObserver, MutationObserverInit, Node};

/// Words that stand together on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// As they stand there.
    pub text: String,
    /// Tag of their language, where it is not the one of the page.
    pub language: Option<String>,
    /// Whether they are about the person.
    pub private: bool,
}

/// What a screen reader would notice at once.
pub struct Region {
    /// Its words now.
    pub words: Vec<Words>,
    /// Whether it is for errors.
    pub alert: bool,
    /// Whether it is for prompts.
    pub assertive: bool,
}

/// What a look at the page finds.
pub struct Look {
    /// Differs between screens, and between languages.
    pub name: String,
    /// The heading.
    pub heading: Vec<Words>,
    /// All other words, without those of controls.
    pub body: Vec<Words>,
    /// The live regions, in their order.
    pub regions: Vec<Region>,
    /// Whether there is something to choose.
    pub choices: bool,
    /// Whether it is the warning of an idle session.
    pub warning: bool,
}

/// A control.
pub struct Control {
    /// What it is called.
    pub name: Vec<Words>,
    /// Whether it is a button.
    pub is_button: bool,
    /// Whether it is switched on, if it is a switch.
    pub pressed: Option<bool>,
}

/// Where a person types.
pub struct Entry {
    /// Whether it takes digits alone.
    pub digits_only: bool,
    /// Whether what is typed is hidden.
    pub masked: bool,
}

/// What can have the focus, in the order of the page.
const CONTROLS: &str = "button:not([disabled]), [tabindex=\"0\"]";
const REGIONS: &str = "[role=\"status\"], [role=\"alert\"], [aria-live]";

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn find(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok().flatten()
}

/// All that fit, in the order of the page.
fn all(root: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = root.query_selector_all(selector) else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|at| found.item(at)?.dyn_into().ok())
        .collect()
}

/// Looks at the screen, or at the warning over it. None while there is none.
pub fn look() -> Option<Look> {
    let warning = find("[role=\"alertdialog\"]");
    let is_warning = warning.is_some();
    let root = warning.or_else(|| find("[data-screen]"))?;
    let heading = root
        .query_selector("h1, [role=\"alertdialog\"] h2")
        .ok()
        .flatten();
    let heading_words = heading.as_ref().map(words_of).unwrap_or_default();
    let mut body = Vec::new();
    collect(&root, None, false, heading.as_ref(), &mut body);
    let language = document()
        .and_then(|page| page.document_element())
        .and_then(|page| page.get_attribute("lang"));
    let name = heading_words
        .iter()
        .map(|words| words.text.as_str())
        .chain(language.as_deref())
        .chain(root.get_attribute("data-screen").as_deref())
        .chain(root.get_attribute("data-way").as_deref())
        .collect::<Vec<_>>()
        .join("\n");
    let regions = if is_warning { Vec::new() } else { regions(&root) };
    Some(Look {
        name,
        heading: heading_words,
        body,
        regions,
        choices: !all(&root, "button:not([disabled])").is_empty(),
        warning: is_warning,
    })
}

fn regions(root: &Element) -> Vec<Region> {
    all(root, REGIONS)
        .into_iter()
        .filter(|region| {
            // One in another is a part of it.
            let parent = region.parent_element();
            parent.is_none_or(|parent| parent.closest(REGIONS).ok().flatten().is_none())
        })
        .map(|region| {
            let role = region.get_attribute("role").unwrap_or_default();
            Region {
                words: words_of(&region),
                alert: role == "alert",
                assertive: region
                    .get_attribute("aria-live")
                    .is_some_and(|live| live == "assertive"),
            }
        })
        .collect()
}

fn words_of(root: &Element) -> Vec<Words> {
    let mut words = Vec::new();
    let language = root
        .closest("[lang]")
        .ok()
        .flatten()
        .filter(|element| element.tag_name() != "HTML")
        .and_then(|element| element.get_attribute("lang"));
    let private = root.closest("[data-private]").ok().flatten().is_some();
    collect(root, language.as_deref(), private, None, &mut words);
    words
}

/// Collects the words below an element. Controls are passed over unless one is the root: they are said when they have the
/// focus.
fn collect(
    root: &Element,
    language: Option<&str>,
    private: bool,
    but: Option<&Element>,
    words: &mut Vec<Words>,
) {
    if root
        .get_attribute("data-private")
        .is_some_and(|how| how == "spell")
    {
        let letters: Vec<String> = root
            .text_content()
            .unwrap_or_default()
            .chars()
            .filter(|letter| !letter.is_whitespace())
            .map(String::from)
            .collect();
        words.push(Words {
            text: letters.join(" "),
            language: language.map(str::to_owned),
            private: true,
        });
        return;
    }
    let children = root.child_nodes();
    for at in 0..children.length() {
        let Some(child) = children.item(at) else { continue };
        if child.node_type() == Node::TEXT_NODE {
            let text = child.text_content().unwrap_or_default();
            if text.chars().any(char::is_alphanumeric) {
                words.push(Words {
                    text: text.trim().to_owned(),
                    language: language.map(str::to_owned),
                    private,
                });
            }
            continue;
        }
        let Ok(child) = child.dyn_into::<Element>() else {
            continue;
        };
        if but == Some(&child) || is_silent(&child) {
            continue;
        }
        let own = child.get_attribute("lang");
        let typed = child.get_attribute("role").is_some_and(|role| role == "textbox");
        let private = private || typed || child.has_attribute("data-private");
        collect(&child, own.as_deref().or(language), private, but, words);
    }
}

fn is_silent(element: &Element) -> bool {
    let is = |name: &str, value: &str| element.get_attribute(name).is_some_and(|found| found == value);
    element.tag_name() == "BUTTON" || is("aria-hidden", "true") || is("role", "img") || is("role", "group")
}

/// Where a person types now, if anywhere.
pub fn entry() -> Option<Entry> {
    if find("[role=\"alertdialog\"]").is_some() {
        return None;
    }
    let keypad = find("[data-screen] .keypad");
    let keyboard = find("[data-screen] .keyboard");
    (keypad.is_some() || keyboard.is_some()).then(|| Entry {
        digits_only: keyboard.is_none(),
        masked: find("[data-screen] .typed__masked").is_some(),
    })
}

thread_local! {
    static LOOKING: Cell<bool> = const { Cell::new(false) };
}

/// Calls this after the page has changed, once for all that changed together.
pub fn on_change(handle: impl Fn() + Copy + 'static) {
    let on_mutation = Closure::<dyn Fn()>::new(move || {
        if !LOOKING.replace(true) {
            request_animation_frame(move || {
                LOOKING.set(false);
                handle();
            });
        }
    });
    let observed = || -> Result<(), JsValue> {
        let observer = MutationObserver::new(on_mutation.as_ref().unchecked_ref())?;
        let what = MutationObserverInit::new();
        what.set_child_list(true);
        what.set_character_data(true);
        what.set_subtree(true);
        let body = document().and_then(|page| page.body()).ok_or("no page")?;
        observer.observe_with_options(&body, &what)
    };
    if let Err(error) = observed() {
        leptos::logging::error!("could not follow the page: {error:?}");
    }
    // The page is followed as long as it is there.
    on_mutation.forget();
}

/// Calls this with the control that takes the focus. A heading is none: it is announced with its screen.
pub fn on_focus(handle: impl Fn(Control) + 'static) {
    let handle = window_event_listener(ev::focusin, move |event| {
        let element = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let Some(element) = element.filter(|element| element.matches(CONTROLS).unwrap_or_default()) else {
            return;
        };
        // The warning is announced as a screen is.
        if element.closest("[role=\"alertdialog\"]").ok().flatten().is_some() {
            return;
        }
        handle(control(&element));
    });
    // Listeners live as long as the page.
    std::mem::forget(handle);
}

fn control(element: &Element) -> Control {
    let name = match element.get_attribute("aria-label") {
        Some(label) => vec![Words {
            text: label,
            language: None,
            private: false,
        }],
        None => words_of(element),
    };
    Control {
        name,
        is_button: element.tag_name() == "BUTTON",
        pressed: element
            .get_attribute("aria-pressed")
            .map(|pressed| pressed == "true"),
    }
}

/// Calls this when something is touched or pressed: with the character of a key on the screen, or with nothing.
pub fn on_press(handle: impl Fn(Option<String>) + 'static) {
    let handle = window_event_listener(ev::click, move |event| {
        let element = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let key = element.and_then(|element| element.closest(".keypad .key, .keyboard .key").ok().flatten());
        let character = key
            .and_then(|key| key.text_content())
            .map(|text| text.trim().to_owned())
            .filter(|text| text.chars().count() == 1);
        handle(character);
    });
    std::mem::forget(handle);
}

/// Calls this with the name of each key; where it says that the key means nothing else, it does nothing else.
pub fn on_key(handle: impl Fn(&str) -> bool + 'static) {
    let handle = window_event_listener(ev::keydown, move |event| {
        let shortcut = event.ctrl_key() || event.alt_key() || event.meta_key();
        if !shortcut && handle(&event.key()) {
            event.prevent_default();
        }
    });
    std::mem::forget(handle);
}

/// Gives the focus to the next control, or to the one before.
pub fn move_focus(onwards: bool) {
    let Some(page) = document() else { return };
    let Some(root) = find("[role=\"alertdialog\"]").or_else(|| find(".kiosk__page")) else {
        return;
    };
    let controls = all(&root, CONTROLS);
    let Some(now) = page.active_element() else { return };
    let at = controls.iter().position(|control| *control == now);
    let next = match (at, onwards) {
        (Some(at), true) => (at + 1) % controls.len(),
        (Some(0), false) => controls.len().saturating_sub(1),
        (Some(at), false) => at - 1,
        // From a heading, what follows it.
        (None, _) => {
            let follows = |control: &Element| {
                now.compare_document_position(control) & Node::DOCUMENT_POSITION_FOLLOWING != 0
            };
            let first = controls.iter().position(follows).unwrap_or_default();
            if onwards {
                first
            } else {
                (first + controls.len()).saturating_sub(1) % controls.len().max(1)
            }
        }
    };
    if let Some(control) = controls
        .get(next)
        .and_then(|control| control.dyn_ref::<HtmlElement>())
    {
        // A control that went meanwhile takes no focus.
        let _ = control.focus();
    }
}
