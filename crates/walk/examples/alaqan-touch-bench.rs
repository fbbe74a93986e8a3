//! How long a touch takes to the frame after what it changes, in the real window; `cargo xtask bench window` runs it.
//!
//! A touch comes from WebDriver and takes the way of any other from the web view's window on. The clock is the page's own: from
//! the event's own time of the finger's coming down, over its lifting, to the moment after the first frame that has the
//! change in it. How soon a button looks touched is measured under a finger that stays, and then slides off it. It prints the
//! view of the welcome screen and all times as JSON.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::error::CmdError;
use serde_json::{Value, json};
use walk::{STEP_LIMIT, Walk, WalkError};

/// Touches the kiosk's window and reports how long each touch took.
#[derive(Parser)]
struct Arguments {
    /// The kiosk program.
    #[arg(long)]
    kiosk: PathBuf,
    /// Its configuration.
    #[arg(long)]
    config: PathBuf,
    /// How many touches of each kind.
    #[arg(long, default_value_t = 100)]
    touches: usize,
}

/// A service that begins with a consent and asks who it is.
const SERVICE: &str = "account-opening";

/// Asks the shell for its view, as a page does. The page that is there gets no views any more.
const VIEW: &str = "
    const done = arguments[arguments.length - 1];
    const { Channel, invoke } = window.__TAURI__.core;
    const views = new Channel();
    views.onmessage = (view) => done(view);
    invoke('subscribe', { views, preview: new Channel() });";

/// Notes of every touch from now on when it came down and when the frame with the next change of the page was painted. A
/// message that is posted in a frame comes after it was painted.
const WATCH: &str = "
    window.touches = [];
    addEventListener('pointerdown', (event) => {
        const change = new MutationObserver(() => {
            change.disconnect();
            requestAnimationFrame(() => {
                const after = new MessageChannel();
                after.port1.onmessage = () => window.touches.push(performance.now() - event.timeStamp);
                after.port2.postMessage(null);
            });
        });
        change.observe(document.body, { subtree: true, childList: true, characterData: true });
    }, true);";

/// Notes of every touch from now on when it came down and when the frame was painted in which its button looks touched.
const WATCH_PRESSES: &str = "
    window.touches = [];
    addEventListener('pointerdown', (event) => {
        requestAnimationFrame(() => {
            if (!event.target.closest('button').matches(':active')) return;
            const after = new MessageChannel();
            after.port1.onmessage = () => window.touches.push(performance.now() - event.timeStamp);
            after.port2.postMessage(null);
        });
    }, true);";
/// So long a finger stays.
const STAYS: Duration = Duration::from_millis(120);

/// How long the shell takes to answer a call that changes nothing.
const CALLS: &str = "
    const done = arguments[arguments.length - 1];
    (async () => {
        const ms = [];
        for (let at = 0; at < arguments[0]; at += 1) {
            const start = performance.now();
            await window.__TAURI__.core.invoke('intent', { intent: { kind: 'stay-alive' } });
            ms.push(performance.now() - start);
        }
        done(ms);
    })();";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let measured = match runtime {
        Ok(runtime) => runtime.block_on(measure(&arguments)),
        Err(error) => {
            eprintln!("alaqan-touch-bench: {error}");
            return ExitCode::FAILURE;
        }
    };
    match measured {
        Ok(measured) => {
            println!("{measured}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("alaqan-touch-bench: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Result<Value, WalkError> {
    let Arguments {
        kiosk,
        config,
        touches,
    } = arguments;
    let walk = Walk::start(kiosk, config).await?;
    walk.wait_for(&["welcome"], STEP_LIMIT).await?;

    // Each session ends with a fresh page, which is not measured, and which knows of no watching.
    let (mut screens, mut languages) = (Vec::new(), Vec::new());
    for _ in 0..touches.div_ceil(2) {
        ask(&walk, "watch touches", WATCH, vec![]).await?;
        languages.push(touch(&walk, "language-ru").await?);
        languages.push(touch(&walk, "language-kk").await?);
        screens.push(touch(&walk, "begin").await?);
        walk.wait_for(&["service"], STEP_LIMIT).await?;
        screens.push(touch(&walk, &format!("service-{SERVICE}")).await?);
        leave(&walk).await?;
    }

    ask(&walk, "watch touches", WATCH, vec![]).await?;
    walk.touch("begin").await?;
    walk.choose(SERVICE).await?;
    walk.fill_in(&[]).await?;
    walk.wait_for(&["claim"], STEP_LIMIT).await?;
    let mut keys = Vec::new();
    for at in 0..touches.div_ceil(2) {
        keys.push(touch(&walk, &format!("key-{}", at % 10)).await?);
        keys.push(touch(&walk, "key-delete").await?);
    }
    let calls = walk.client().execute_async(CALLS, vec![json!(touches)]).await;
    let calls = calls.map_err(|source| failed("ask the shell", source))?;
    leave(&walk).await?;
    ask(&walk, "watch presses", WATCH_PRESSES, vec![]).await?;
    let mut presses = Vec::new();
    for _ in 0..*touches {
        presses.push(press(&walk, "begin").await?);
    }
    let view = walk.client().execute_async(VIEW, vec![]).await;
    let view = view.map_err(|source| failed("ask for the view", source))?;
    walk.close().await?;
    Ok(json!({
        "view": view,
        "touches": [
            { "name": "the button looks touched", "ms": presses },
            { "name": "key of the keypad", "ms": keys },
            { "name": "another screen, by the shell", "ms": screens },
            { "name": "another language, by the shell", "ms": languages },
            { "name": "a call to the shell and back", "ms": calls },
        ],
    }))
}

/// Ends the session and goes on in the fresh page.
async fn leave(walk: &Walk) -> Result<(), WalkError> {
    let page = walk.handle().await?;
    walk.touch("cancel").await?;
    walk.wait_for(&["outcome"], STEP_LIMIT).await?;
    walk.touch("finish").await?;
    walk.follow_from(&page).await?;
    walk.wait_for(&["welcome"], STEP_LIMIT).await?;
    Ok(())
}

/// Touches and gives how long it took.
async fn touch(walk: &Walk, test_id: &str) -> Result<f64, WalkError> {
    forget(walk).await?;
    walk.touch(test_id).await?;
    noted(walk, test_id).await
}

/// Puts a finger on it, lets it slide off, and gives how long it took until it looked touched. Nothing else happens.
async fn press(walk: &Walk, test_id: &str) -> Result<f64, WalkError> {
    forget(walk).await?;
    let (x, y) = walk.place_of(test_id).await?.middle_px();
    let to = |x: f64, y: f64| PointerAction::MoveTo { duration: None, x, y };
    let finger = MouseActions::new("finger".to_owned())
        .then(to(x.into(), y.into()))
        .then(PointerAction::Down {
            button: MOUSE_BUTTON_LEFT,
        })
        .then(PointerAction::Pause { duration: STAYS })
        .then(to(0.0, 0.0))
        .then(PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        });
    let pressed = walk.client().perform_actions(finger).await;
    pressed.map_err(|source| failed("press a button", source))?;
    noted(walk, test_id).await
}

async fn forget(walk: &Walk) -> Result<(), WalkError> {
    let script = "window.touches.length = 0;";
    ask(walk, "forget earlier touches", script, vec![]).await?;
    Ok(())
}

/// How long the touch took, once it is noted.
async fn noted(walk: &Walk, test_id: &str) -> Result<f64, WalkError> {
    let end = tokio::time::Instant::now() + STEP_LIMIT;
    loop {
        let noted = ask(walk, "read a time", "return window.touches[0] ?? null;", vec![]).await?;
        if let Some(ms) = noted.as_f64() {
            return Ok(ms);
        }
        if tokio::time::Instant::now() >= end {
            return Err(WalkError::Screen {
                expected: format!("a change after the touch of {test_id}"),
                shown: walk.screen().await?,
            });
        }
        // Not at once: the question itself takes time of the page.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn ask(walk: &Walk, step: &str, script: &str, arguments: Vec<Value>) -> Result<Value, WalkError> {
    let done = walk.client().execute(script, arguments).await;
    done.map_err(|source| failed(step, source))
}

fn failed(step: &str, source: CmdError) -> WalkError {
    WalkError::Step {
        step: step.to_owned(),
        source: Box::new(source),
    }
}
