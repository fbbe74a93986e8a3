//! A person's hands at the real devices: keys, buttons and wheel as the X server gives them to every program, through XTest.

use std::process::Command;

/// Runs `xdotool` (Debian package of that name) on the display of the test.
fn xdotool(arguments: &[&str]) {
    let output = Command::new("xdotool")
        .args(arguments)
        .output()
        .expect("xdotool can be started");
    assert!(
        output.status.success(),
        "xdotool {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Presses a combination of keys, such as `ctrl+shift+i`, and lets it go.
pub fn key(keys: &str) {
    xdotool(&["key", "--clearmodifiers", keys]);
}

/// Goes to a point of the window. The server has done it when `xdotool` ends; its `--sync` would wait for a movement, which
/// does not come where the pointer is there already.
pub fn point((x, y): (i64, i64)) {
    xdotool(&["mousemove", &x.to_string(), &y.to_string()]);
}

/// Presses a button of the mouse and lets it go: 1 is left, 2 the middle, 3 right, 4 and 5 the wheel.
pub fn click(button: u8) {
    xdotool(&["click", &button.to_string()]);
}

/// Turns the wheel while a key is held.
pub fn wheel_with(modifier: &str, times: u32) {
    for button in ["4", "5"] {
        let times = times.to_string();
        xdotool(&[
            "keydown", modifier, "click", "--repeat", &times, button, "keyup", modifier,
        ]);
    }
}

/// Presses the left button, moves, and lets it go.
pub fn drag(from: (i64, i64), to: (i64, i64)) {
    point(from);
    xdotool(&["mousedown", "1"]);
    for part in 1..=8 {
        point((
            from.0 + (to.0 - from.0) * part / 8,
            from.1 + (to.1 - from.1) * part / 8,
        ));
    }
    xdotool(&["mouseup", "1"]);
}

/// How many windows of programs the display shows.
pub fn windows() -> usize {
    let output = Command::new("xdotool")
        .args(["search", "--onlyvisible", "--name", "."])
        .output()
        .expect("xdotool can be started");
    output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .count()
}

/// Sends every window of this process what a window manager sends when somebody wants it closed; gives how many there were.
#[cfg(target_os = "linux")]
pub fn asks_to_close(process: u32) -> usize {
    use x11rb::connection::Connection;
    use x11rb::protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, MapState};

    let (connection, number) = x11rb::connect(None).expect("a display; `cargo xtask test` brings one");
    let atom = |name: &[u8]| connection.intern_atom(false, name).unwrap().reply().unwrap().atom;
    let (owner, protocols, close) = (
        atom(b"_NET_WM_PID"),
        atom(b"WM_PROTOCOLS"),
        atom(b"WM_DELETE_WINDOW"),
    );
    let mut windows = vec![connection.setup().roots[number].root];
    let mut asked = 0;
    while let Some(window) = windows.pop() {
        // A window may go while it is looked at.
        let Ok(tree) = connection.query_tree(window).unwrap().reply() else {
            continue;
        };
        windows.extend(tree.children);
        let of = connection.get_property(false, window, owner, AtomEnum::CARDINAL, 0, 1);
        let is_of_process = of.unwrap().reply().is_ok_and(|property| {
            property
                .value32()
                .is_some_and(|mut values| values.next() == Some(process))
        });
        let shown = connection.get_window_attributes(window).unwrap().reply();
        if is_of_process && shown.is_ok_and(|shown| shown.map_state == MapState::VIEWABLE) {
            let message =
                ClientMessageEvent::new(32, window, protocols, [close, x11rb::CURRENT_TIME, 0, 0, 0]);
            connection
                .send_event(false, window, EventMask::NO_EVENT, message)
                .unwrap();
            asked += 1;
        }
    }
    connection.flush().unwrap();
    asked
}

/// Types a text as a keyboard or a scanner does.
pub fn types(text: &str) {
    xdotool(&["type", "--delay", "20", "--", text]);
}
