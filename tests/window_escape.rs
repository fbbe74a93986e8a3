//! Attempts to break out of the kiosk, in the real program and the real web view: with the keys and the mouse that a person
//! has, and with script, as if somebody had found a way to run one. The kiosk stays on its screen, nothing is executed, and
//! no request leaves.
//!
//! Keys and mouse come from the X server (XTest), not from the driver; the driver only looks.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;
mod watched;

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{IIN, Institution, LIMIT, alone, clip, hands};
use gallery::{KIOSK, LYING, run};
use serde_json::{Value, json};
use walk::{STEP_LIMIT, Walk, processes};
use watched::{script, state, watch};

/// A kiosk with the service that asks for every kind of field.
fn kiosk() -> (Institution, std::path::PathBuf) {
    let mut institution = Institution::found();
    institution.profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles/entries.toml");
    let config = institution.kiosk_config(&clip(), "", LYING);
    (institution, config)
}

/// Shortcuts of browsers, of GTK and of desktops.
const SHORTCUTS: &[&str] = &[
    "ctrl+t",
    "ctrl+n",
    "ctrl+w",
    "ctrl+r",
    "ctrl+shift+r",
    "ctrl+l",
    "ctrl+p",
    "ctrl+s",
    "ctrl+o",
    "ctrl+f",
    "ctrl+g",
    "ctrl+u",
    "ctrl+j",
    "ctrl+h",
    "ctrl+d",
    "ctrl+k",
    "ctrl+e",
    "ctrl+shift+n",
    "ctrl+shift+t",
    "ctrl+shift+p",
    "ctrl+shift+i",
    "ctrl+shift+j",
    "ctrl+shift+c",
    "ctrl+shift+d",
    "ctrl+alt+i",
    "ctrl+q",
    "ctrl+a",
    "ctrl+c",
    "ctrl+x",
    "ctrl+v",
    "ctrl+z",
    "ctrl+period",
    "ctrl+semicolon",
    "ctrl+plus",
    "ctrl+minus",
    "ctrl+0",
    "ctrl+KP_Add",
    "ctrl+KP_Subtract",
    "ctrl+Tab",
    "ctrl+shift+Tab",
    "ctrl+Page_Up",
    "ctrl+F4",
    "alt+Left",
    "alt+Right",
    "alt+Home",
    "alt+d",
    "alt+f",
    "alt+space",
    "alt+Tab",
    "alt+Escape",
    "alt+F4",
    "ctrl+Escape",
    "ctrl+alt+Delete",
    "F1",
    "F2",
    "F3",
    "F4",
    "F5",
    "F6",
    "F7",
    "F8",
    "F9",
    "F10",
    "F11",
    "F12",
    "shift+F10",
    "Menu",
    "XF86Back",
    "XF86Forward",
    "XF86Reload",
    "XF86HomePage",
    "XF86WWW",
    "XF86Search",
    "super",
    "super+d",
    "super+l",
    "Print",
];

#[test]
fn keys_of_browsers_and_desktops_do_nothing() {
    let _alone = alone();
    let (_institution, config) = kiosk();
    run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
        watch(&walk).await;
        let before = state(&walk).await;
        let windows = hands::windows();
        assert_eq!(windows, 1, "the kiosk's window alone is on this display");
        hands::point((640, 200));
        for shortcut in SHORTCUTS {
            hands::key(shortcut);
            assert_eq!(state(&walk).await, before, "after {shortcut}");
            assert_eq!(hands::windows(), windows, "after {shortcut}");
        }
        let keys = script(&walk, "return seen.keys;", Value::Null).await;
        let keys = keys.as_u64().unwrap();
        // Some are taken by GTK before the page sees them; if hardly any came, the test would not have pressed keys.
        assert!(keys > SHORTCUTS.len() as u64 / 2, "{keys} keys reached the page");
        walk.close().await.unwrap();
    });
}

#[test]
fn keys_of_browsers_do_nothing_to_what_is_being_entered() {
    let _alone = alone();
    let (_institution, config) = kiosk();
    run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
        watch(&walk).await;
        walk.touch("begin").await.unwrap();
        walk.choose("entries").await.unwrap();
        goes_to_the_text(&walk).await;
        hands::point((640, 200));
        // By the same hands, so that there is something to cut, to copy and to select, and the keys are known to go there.
        for letter in ["a", "l", "m", "a"] {
            hands::key(letter);
        }
        walk.client()
            .wait()
            .at_most(STEP_LIMIT)
            .for_element(walk::css("[data-testid='field-value'][data-entered='4']"))
            .await
            .unwrap();
        let before = state(&walk).await;
        // With the key of the desktop a letter is a letter, where no desktop takes it.
        for shortcut in SHORTCUTS.iter().filter(|keys| !keys.starts_with("super+")) {
            hands::key(shortcut);
            assert_eq!(state(&walk).await, before, "after {shortcut}");
            assert_eq!(hands::windows(), 1, "after {shortcut}");
        }
        walk.close().await.unwrap();
    });
}

/// Over consents and fields to the one for free text.
async fn goes_to_the_text(walk: &Walk) {
    loop {
        match walk
            .wait_for(&["consent", "field"], STEP_LIMIT)
            .await
            .unwrap()
            .as_str()
        {
            "consent" => {
                let text = walk.attribute("data-consent").await.unwrap();
                walk.touch("consent-agree").await.unwrap();
                walk.wait_for_change("data-consent", &text).await.unwrap();
            }
            _ if walk.attribute("data-input").await.unwrap() == "text" => return,
            _ => drop(walk.answer_field(&[]).await.unwrap()),
        }
    }
}

/// Whoever asks a window to close, as a window manager does for the cross in its corner and for Alt+F4.
#[test]
fn a_kiosk_is_not_closed_and_an_ordinary_window_is() {
    let _alone = alone();
    for in_branch in [true, false] {
        let (_institution, config) = kiosk();
        let text = std::fs::read_to_string(&config).unwrap();
        assert!(text.contains("kiosk = false"));
        std::fs::write(
            &config,
            text.replace("kiosk = false", &format!("kiosk = {in_branch}")),
        )
        .unwrap();
        run(async {
            let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
            walk.identify_as("entries", IIN).await.unwrap();
            let process = processes::kiosk(&config).unwrap();
            if !in_branch {
                assert!(hands::asks_to_close(process.id) > 0);
                let end = std::time::Instant::now() + STEP_LIMIT;
                while processes::kiosk(&config).is_some() {
                    assert!(
                        std::time::Instant::now() < end,
                        "nobody heard that it was to close"
                    );
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                return;
            }
            watch(&walk).await;
            let before = state(&walk).await;
            let web_processes = processes::web_processes(process.id);
            for _ in 0..3 {
                assert!(hands::asks_to_close(process.id) > 0, "there is a window to ask");
                for shortcut in ["alt+F4", "ctrl+w", "ctrl+q"] {
                    hands::key(shortcut);
                }
                assert_eq!(state(&walk).await, before);
            }
            assert_eq!(processes::kiosk(&config), Some(process.clone()));
            assert_eq!(processes::web_processes(process.id), web_processes);
            // The person goes on as if nothing had been.
            walk.touch("cancel").await.unwrap();
            walk.wait_for(&["outcome"], LIMIT).await.unwrap();
            walk.close().await.unwrap();
        });
    }
}

#[test]
fn the_mouse_opens_and_takes_nothing() {
    let _alone = alone();
    let (_institution, config) = kiosk();
    run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        walk.identify_as("entries", IIN).await.unwrap();
        watch(&walk).await;
        let before = state(&walk).await;
        let places = script(
            &walk,
            "return [...document.querySelectorAll('h1, main p, svg, .toolbar__brand, footer')].slice(0, 8)
                 .map(found => { const box = found.getBoundingClientRect();
                                 return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]; });",
            Value::Null,
        )
        .await;
        let places: Vec<(i64, i64)> = serde_json::from_value(places).unwrap();
        assert!(places.len() > 3);
        for place in places.iter().copied() {
            hands::point(place);
            // The right and the middle button, and the ones that go back and forward.
            for button in [3, 2, 8, 9] {
                hands::click(button);
                assert_eq!(state(&walk).await, before, "button {button} at {place:?}");
                assert_eq!(hands::windows(), 1, "button {button} at {place:?}");
            }
            hands::wheel_with("ctrl", 3);
            assert_eq!(state(&walk).await, before, "the wheel with Ctrl at {place:?}");
            hands::drag(place, (place.0 + 150, place.1 + 90));
            assert_eq!(state(&walk).await, before, "dragged from {place:?}");
        }
        let seen = script(&walk, "return seen;", Value::Null).await;
        // What the hands did has arrived; otherwise nothing would have been tried.
        for (button, name) in [(0, "left"), (1, "middle"), (2, "right")] {
            let pressed = seen["down"][button].as_u64().unwrap();
            assert!(pressed >= places.len() as u64, "the {name} button: {seen}");
        }
        for what in ["menuAsked", "held"] {
            let times = seen[what].as_u64().unwrap();
            assert!(times >= places.len() as u64, "{what}: {seen}");
        }
        assert_eq!(seen["menus"], 0, "menus that the page did not refuse");
        assert_eq!(seen["dragsLeft"], 0, "something was dragged");
        assert_eq!(seen["dropped"], 0);
        let draggable =
            "for (const found of document.querySelectorAll('*')) if (found.draggable) return found.outerHTML;
             return '';";
        assert_eq!(
            script(&walk, draggable, Value::Null).await,
            "",
            "something can be dragged"
        );
        walk.close().await.unwrap();
    });
}

/// Ways out for whoever can run a script in the page; `given` is an address that listens.
const WAYS_OUT: &[(&str, &str)] = &[
    ("location", "location = given; await wait();"),
    (
        "location.replace",
        "location.replace(given + 'replace'); await wait();",
    ),
    (
        "location to a file",
        "location = 'file:///etc/passwd'; await wait();",
    ),
    (
        "location to data",
        "location = 'data:text/html,<h1>out'; await wait();",
    ),
    (
        "location to javascript",
        "location = 'javascript:void(seen.executed++)'; await wait();",
    ),
    (
        "another page of the kiosk's own",
        "location = 'view-source:tauri://localhost/index.html'; await wait();",
    ),
    ("window.open", "open(given); await wait();"),
    ("window.open of a file", "open('file:///etc/'); await wait();"),
    ("window.open of nothing", "open('about:blank'); await wait();"),
    (
        "target _blank",
        "const a = add('a'); a.href = given; a.target = '_blank'; a.click(); await wait();",
    ),
    (
        "javascript: link",
        "const a = add('a'); a.href = 'javascript:seen.executed++'; a.click(); await wait();",
    ),
    (
        "download",
        "const a = add('a'); a.href = 'index.html'; a.download = 'x.html'; a.click(); await wait();",
    ),
    (
        "download of a blob",
        "const a = add('a'); a.href = URL.createObjectURL(new Blob(['x'])); a.download = 'x'; \
      a.click(); await wait();",
    ),
    (
        "download of data",
        "const a = add('a'); a.href = 'data:application/octet-stream,x'; a.download = 'x.bin'; a.click(); await wait();",
    ),
    ("mailto", "location = 'mailto:a@example.org'; await wait();"),
    (
        "form",
        "const form = add('form'); form.action = given; form.method = 'post'; form.submit(); await wait();",
    ),
    (
        "meta refresh",
        "const meta = document.createElement('meta'); meta.httpEquiv = 'refresh'; \
      meta.content = '0;url=' + given; document.head.append(meta); await wait();",
    ),
    (
        "base",
        "const base = document.createElement('base'); base.href = given; document.head.append(base); \
      await fetch('x').catch(() => {}); base.remove();",
    ),
    ("frame", "add('iframe').src = given; await wait();"),
    (
        "frame of a document",
        "add('iframe').srcdoc = '<script>parent.seen.executed++</script>'; await wait();",
    ),
    (
        "object",
        "const found = add('object'); found.data = given; await wait();",
    ),
    ("fetch", "await fetch(given).catch(() => {});"),
    (
        "XMLHttpRequest",
        "const r = new XMLHttpRequest(); r.open('GET', given); r.onerror = () => {}; \
      try { r.send(); } catch {} await wait();",
    ),
    ("beacon", "navigator.sendBeacon(given, 'x'); await wait();"),
    (
        "WebSocket",
        "try { new WebSocket(given.replace('http', 'ws')); } catch {} await wait();",
    ),
    (
        "EventSource",
        "try { new EventSource(given); } catch {} await wait();",
    ),
    ("picture", "add('img').src = given; await wait();"),
    ("sound", "add('audio').src = given; await wait();"),
    (
        "style",
        "add('div').style.backgroundImage = `url(${given})`; await wait();",
    ),
    (
        "style sheet",
        "const link = document.createElement('link'); link.rel = 'stylesheet'; link.href = given; \
      document.head.append(link); await wait();",
    ),
    (
        "prefetch",
        "const link = document.createElement('link'); link.rel = 'prefetch'; link.href = given; \
      document.head.append(link); await wait();",
    ),
    (
        "dns-prefetch",
        "const link = document.createElement('link'); link.rel = 'preconnect'; link.href = given; \
      document.head.append(link); await wait();",
    ),
    (
        "script from outside",
        "const s = document.createElement('script'); s.src = given; document.head.append(s); \
      await wait();",
    ),
    (
        "inline script",
        "const s = document.createElement('script'); s.textContent = 'seen.executed++'; \
      document.head.append(s); await wait();",
    ),
    (
        "handler in an attribute",
        "add('div').innerHTML = '<img src=x onerror=\"seen.executed++\">'; await wait();",
    ),
    ("eval", "try { eval('seen.executed++'); } catch {}"),
    ("Function", "try { new Function('seen.executed++')(); } catch {}"),
    (
        "timer with text",
        "setTimeout('seen.executed++', 0); await wait();",
    ),
    (
        "worker",
        "try { new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))).onmessage = () => seen.executed++; } \
      catch {} await wait();",
    ),
    (
        "service worker",
        "try { await navigator.serviceWorker.register('alaqan.js'); seen.executed++; } catch {}",
    ),
    (
        "file dialog",
        "const input = add('input'); input.type = 'file'; input.click(); await wait();",
    ),
    (
        "folder dialog",
        "try { await showDirectoryPicker(); seen.executed++; } catch {}",
    ),
    (
        "colour dialog",
        "const input = add('input'); input.type = 'color'; input.click(); await wait();",
    ),
    ("print", "print(); await wait();"),
    ("alert", "alert('out'); await wait();"),
    ("confirm", "if (confirm('out')) seen.executed++;"),
    ("prompt", "if (prompt('out') !== null) seen.executed++;"),
    (
        "notification",
        "try { if (await Notification.requestPermission() === 'granted') seen.executed++; } catch {}",
    ),
    (
        "place",
        "await new Promise(done => navigator.geolocation ? navigator.geolocation.getCurrentPosition( \
      () => { seen.executed++; done(); }, done) : done());",
    ),
    (
        "camera",
        "try { await navigator.mediaDevices.getUserMedia({ video: true }); seen.executed++; } catch {}",
    ),
    (
        "clipboard",
        "try { await navigator.clipboard.readText(); seen.executed++; } catch {}",
    ),
    (
        "full screen",
        "try { await document.documentElement.requestFullscreen(); } catch {}",
    ),
    ("storage", "try { localStorage.setItem('a', 'b'); } catch {}"),
];

#[test]
fn no_script_leads_out() {
    let _alone = alone();
    let (_institution, config) = kiosk();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let called = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&called);
    // Where the web engine would put what it downloads.
    let home = tempfile::tempdir().unwrap();
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    run(async {
        let folders = [("HOME", home.path())];
        let walk = Walk::start_within(Path::new(KIOSK), &config, &folders)
            .await
            .unwrap();
        walk.identify_as("entries", IIN).await.unwrap();
        watch(&walk).await;
        let before = state(&walk).await;
        let web_processes = processes::web_processes(processes::kiosk(&config).unwrap().id).len();
        let helpers = "
            const add = name => { const made = document.createElement(name); made.className = 'attempt';
                                  document.querySelector('main').append(made); return made; };
            // Two frames and a message: what was begun has had its turn.
            const wait = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel(); port1.onmessage = done; port2.postMessage(0); })));";
        for (name, way) in WAYS_OUT {
            let body = format!("{helpers} {way} return true;");
            script(&walk, &body, json!(address)).await;
            let clean =
                "document.querySelectorAll('.attempt').forEach(found => found.remove()); return true;";
            script(&walk, clean, Value::Null).await;
            assert_eq!(state(&walk).await, before, "after {name}");
            assert_eq!(hands::windows(), 1, "after {name}");
            assert_eq!(
                called.load(Ordering::SeqCst),
                0,
                "a line left the kiosk, after {name}"
            );
        }
        assert_eq!(called.load(Ordering::SeqCst), 0, "a line left the kiosk");
        let seen = script(&walk, "return seen;", Value::Null).await;
        assert_eq!(seen["executed"], 0);
        let violations: Vec<String> = serde_json::from_value(seen["violations"].clone()).unwrap();
        for directive in [
            "connect-src",
            "frame-src",
            "img-src",
            "script-src-elem",
            "style-src-elem",
        ] {
            assert!(
                violations.iter().any(|violated| violated == directive),
                "{directive} was not asked: {violations:?}"
            );
        }
        let kiosk = processes::kiosk(&config).unwrap().id;
        assert_eq!(processes::web_processes(kiosk).len(), web_processes, "one page");
        // The person goes on as if nothing had been.
        walk.touch("cancel").await.unwrap();
        walk.wait_for(&["outcome"], LIMIT).await.unwrap();
        walk.close().await.unwrap();
    });
    let entries = std::fs::read_dir(home.path()).unwrap();
    let downloaded: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| !name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(downloaded.is_empty(), "{downloaded:?}");
}

/// Commands of Tauri and of its plugins.
const COMMANDS: &[&str] = &[
    "plugin:shell|open",
    "plugin:shell|execute",
    "plugin:fs|read_text_file",
    "plugin:fs|write_text_file",
    "plugin:dialog|open",
    "plugin:process|exit",
    "plugin:process|restart",
    "plugin:opener|open_url",
    "plugin:http|fetch",
    "plugin:app|version",
    "plugin:app|set_app_theme",
    "plugin:path|resolve_directory",
    "plugin:event|emit",
    "plugin:event|listen",
    "plugin:window|close",
    "plugin:window|destroy",
    "plugin:window|minimize",
    "plugin:window|set_fullscreen",
    "plugin:window|create",
    "plugin:webview|create_webview_window",
    "plugin:webview|internal_toggle_devtools",
    "plugin:webview|set_webview_zoom",
    "plugin:webview|print",
    "plugin:menu|new",
    "plugin:tray|new",
    "plugin:image|from_path",
    "plugin:resources|close",
    "no_such_command",
];

#[test]
fn no_other_command_is_obeyed() {
    let _alone = alone();
    let (_institution, config) = kiosk();
    run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
        watch(&walk).await;
        let before = state(&walk).await;
        let body = "try { return ['obeyed', await __TAURI__.core.invoke(given, {})]; } catch (error) { return 'refused'; }";
        for command in COMMANDS {
            assert_eq!(
                script(&walk, body, json!(command)).await,
                json!("refused"),
                "{command}"
            );
        }
        assert_eq!(state(&walk).await, before);
        assert_eq!(hands::windows(), 1);
        walk.close().await.unwrap();
    });
}
