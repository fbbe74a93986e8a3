//! The stage, told a story at a time, and what a script finds on its screens.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipc::Language;
use serde_json::Value;
use stage::fixtures::Fixture;
use stage::{Look, Size, Stage};

const STAGE: &str = env!("CARGO_BIN_EXE_alaqan-stage");

/// One window at a time: the display has one focus.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the stage, tells the story, and closes it.
pub fn tell(size: Size, story: impl AsyncFnOnce(&mut Stage)) {
    let _alone = alone();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let mut stage = Stage::open(Path::new(STAGE), size).await.unwrap();
            story(&mut stage).await;
            stage.close().await.unwrap();
        });
}

/// What a script finds wrong on each of these screens, as one list of all.
pub async fn find(stage: &mut Stage, fixtures: &[Fixture], looks: &[Look], script: &str) -> Vec<String> {
    let mut all = Vec::new();
    for look in looks {
        for fixture in fixtures {
            stage.show_as(fixture, *look).await.unwrap();
            let wrong = found(stage, script).await;
            all.extend(
                wrong
                    .iter()
                    .map(|wrong| format!("{} {look}: {wrong}", fixture.name)),
            );
        }
    }
    all
}

pub fn in_each_language(change: impl Fn(&mut Look)) -> Vec<Look> {
    [Language::Kk, Language::Ru, Language::En]
        .map(|language| {
            let mut look = Look::plain(language);
            change(&mut look);
            look
        })
        .to_vec()
}

pub fn nothing(found: &[String]) {
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}

/// What a script finds wrong now.
pub async fn found(stage: &Stage, script: &str) -> Vec<String> {
    let wrong = stage.ask(script).await.unwrap();
    let wrong = wrong.as_array().expect("the script gives a list").iter();
    wrong.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Notes which buttons are now wholly in sight, so that a touch of their middle reaches them; says which have not been yet, and
/// by which button one scrolls on in this direction.
fn reached(direction: &str) -> String {
    format!(
        r"
        const whole = (element) => {{
            const box = element.getBoundingClientRect();
            const within = (top, left, bottom, right) =>
                box.top >= top - 1 && box.left >= left - 1 && box.bottom <= bottom + 1 && box.right <= right + 1;
            if (!within(0, 0, innerHeight, innerWidth)) return false;
            for (let around = element.parentElement; around && around !== document.body; around = around.parentElement) {{
                if (getComputedStyle(around).overflowY === 'visible') continue;
                const edge = around.getBoundingClientRect();
                if (!within(edge.top, edge.left, edge.bottom, edge.right)) return false;
            }}
            const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return at !== null && (at === element || element.contains(at));
        }};
        const waits = (element) =>
            element.closest('[inert]') || getComputedStyle(element).visibility === 'hidden' || element.getClientRects().length === 0;
        const buttons = [...document.querySelectorAll('button')].filter((element) => !waits(element));
        for (const element of buttons) if (whole(element)) element.wasReached = true;
        const next = buttons.filter((element) =>
            element.matches('.scroll__button') && element.dataset.testid.endsWith('-{direction}') &&
            element.getAttribute('aria-disabled') === 'false' && whole(element));
        // A list within the page first.
        next.sort((one, other) => one.dataset.testid.startsWith('page-') - other.dataset.testid.startsWith('page-'));
        return {{
            missing: buttons.filter((element) => !element.wasReached)
                .map((element) => element.dataset.testid ?? element.textContent.trim().slice(0, 40)),
            next: next[0]?.dataset.testid ?? null,
        }};"
    )
}

/// Where all that scrolls stands.
const STANDS: &str =
    "return [...document.querySelectorAll('*')].map((it) => it.scrollTop).filter((top) => top > 0).join()";

/// Presses down to the end of the screen by its own buttons, and up again where that was not enough; gives what never came
/// wholly into sight.
pub async fn out_of_reach(stage: &mut Stage) -> Vec<String> {
    const PRESSES_MAX: usize = 60;
    let mut missing = Vec::new();
    for direction in ["down", "up"] {
        let script = reached(direction);
        for press in 0.. {
            let seen = stage.ask(&script).await.unwrap();
            let names = seen["missing"].as_array().unwrap().iter();
            missing = names.filter_map(Value::as_str).map(str::to_owned).collect();
            let Some(next) = seen["next"].as_str() else { break };
            assert!(press < PRESSES_MAX, "{next} has no end");
            let before = stage.ask(STANDS).await.unwrap();
            stage.walk.touch(next).await.unwrap();
            // Where it had come to its end, only the button learns that.
            for _ in 0..10 {
                if stage.ask(STANDS).await.unwrap() != before {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        if missing.is_empty() {
            break;
        }
    }
    missing
}
