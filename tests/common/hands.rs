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
