//! A session of a desktop without a screen: a D-Bus of its own and an unlocked GNOME Keyring, all in a folder that is
//! deleted afterwards. The Debian packages `dbus-daemon` and `gnome-keyring`.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use keys::system::SystemStore;

/// Set in the process that runs inside.
const INSIDE: &str = "ALAQAN_KEYS_INSIDE_DESKTOP";

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A bus that starts nothing by itself: a key store that it started would be locked, and win over the unlocked one.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=HOME</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// The daemon reads the password of its keyring until the end of its input, and then goes to the background.
const KEYRING: &str = "gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";

/// Runs `body` in such a session. `test` is the name of the calling test, which is started again there.
pub fn inside(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_none() {
        return run(KEYRING, test);
    }
    // The daemon takes its name on the bus some moments after it went to the background.
    let deadline = Instant::now() + READY_WITHIN;
    while let Err(error) = SystemStore::open("probe") {
        assert!(Instant::now() < deadline, "{error}");
        std::thread::sleep(Duration::from_millis(5));
    }
    body();
}

/// Runs `body` where a D-Bus is, and no key store.
pub fn without(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_none() {
        return run("cat >/dev/null", test);
    }
    body();
}

fn run(daemon: &str, test: &str) {
    let home = tempfile::tempdir().unwrap();
    let bus = home.path().join("bus.conf");
    std::fs::write(&bus, BUS.replace("HOME", home.path().to_str().unwrap())).unwrap();
    let this = std::env::current_exe().unwrap();
    let script = format!(r#"{daemon} && exec "$0" "$@" </dev/null"#);
    let mut session = Command::new("dbus-run-session")
        .arg("--config-file")
        .arg(bus)
        .args(["--", "sh", "-c", &script])
        .arg(this)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dbus-run-session is installed by `cargo xtask setup`");
    session.stdin.take().unwrap().write_all(b"correct horse").unwrap();
    let output = session.wait_with_output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
