//! A page that is watched from within: what an attempt to break out of it did to it.
#![allow(dead_code, reason = "each story uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use serde_json::Value;
use walk::Walk;

/// Runs the body of an asynchronous function in the page; its argument is `given`.
pub async fn script(walk: &Walk, body: &str, given: Value) -> Value {
    let whole = format!(
        "const done = arguments[arguments.length - 1]; const given = arguments[0];
         (async () => {{ {body} }})().then(done, error => done('error: ' + error));"
    );
    walk.client().execute_async(&whole, vec![given]).await.unwrap()
}

/// Puts watchers into the page: what went through it that must not.
pub async fn watch(walk: &Walk) {
    let body = r"
        window.seen = { keys: 0, menus: 0, violations: [], dropped: 0, executed: 0, loads: 0,
                        down: [0, 0, 0, 0, 0], menuAsked: 0, held: 0, dragged: 0, dragsLeft: 0 };
        addEventListener('keydown', () => seen.keys++, true);
        addEventListener('mousedown', event => seen.down[event.button]++, true);
        addEventListener('contextmenu', () => seen.menuAsked++, true);
        addEventListener('mousemove', event => { if (event.buttons === 1) seen.held++; }, true);
        addEventListener('dragstart', () => seen.dragged++, true);
        // Behind the page's own handlers, which must have prevented these.
        addEventListener('contextmenu', event => { if (!event.defaultPrevented) seen.menus++; });
        addEventListener('dragstart', event => { if (!event.defaultPrevented) seen.dragsLeft++; });
        addEventListener('securitypolicyviolation', event => seen.violations.push(event.effectiveDirective));
        addEventListener('drop', () => seen.dropped++, true);
        return true;";
    assert_eq!(script(walk, body, Value::Null).await, Value::Bool(true));
}

/// Everything about the page that an attempt might have changed. The watchers are among it: a page that was loaded again
/// has none.
pub async fn state(walk: &Walk) -> Value {
    let body = r"
        return {
            address: location.href,
            watched: typeof seen === 'object',
            executed: window.seen?.executed,
            history: history.length,
            zoom: devicePixelRatio,
            scale: visualViewport.scale,
            width: innerWidth,
            height: innerHeight,
            selected: getSelection().toString(),
            entered: [...document.querySelectorAll('[data-entered]')].map(found => found.textContent),
            screen: document.querySelector('[data-screen]')?.dataset.screen,
            fullscreen: document.fullscreenElement !== null,
            editable: document.designMode,
            frames: frames.length,
        };";
    script(walk, body, Value::Null).await
}
