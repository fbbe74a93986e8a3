//! What the program finds around itself when it starts, and wants otherwise: variables that open the window for others, and
//! an allocator that leaves in memory what was freed.

use std::ffi::OsString;

/// Set where a test drives the window.
pub const AUTOMATION: &str = "TAURI_WEBVIEW_AUTOMATION";

/// Whoever can set one of these could look into the page, or act in it. They are for developers and tests.
const OPEN_THE_WINDOW: &[&str] = &[
    AUTOMATION,
    "TAURI_AUTOMATION",
    "WEBKIT_INSPECTOR_SERVER",
    "WEBKIT_INSPECTOR_HTTP_SERVER",
    "GTK_DEBUG",
    "GTK_MODULES",
];

/// The first variable that is set and that production refuses.
pub fn opened_by(is_set: impl Fn(&str) -> bool) -> Option<&'static str> {
    OPEN_THE_WINDOW.iter().copied().find(|name| is_set(name))
}

/// Tunables of the GNU C library under which freed memory is overwritten. Without its caches for each thread, which keep
/// what was freed as it was, and with one arena for all threads, which share what was freed instead of keeping some each.
const TUNABLES: &str = "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165:glibc.malloc.arena_max=1";

/// The allocators of the web engine and of GLib give way to the system's, which the tunables are for. GLib's would also keep
/// a whole page of memory for the sake of one small piece in it, and grow with every web page.
const NO_OTHER_ALLOCATOR: [(&str, &str); 2] = [("Malloc", "1"), ("G_SLICE", "always-malloc")];

/// Variables under which all memory that is freed is overwritten, in this program and in the processes of its web view; none
/// where they are set already.
pub fn overwriting(get: impl Fn(&str) -> Option<OsString>) -> Option<[(&'static str, OsString); 3]> {
    let old = get("GLIBC_TUNABLES").unwrap_or_default();
    let is_there = old.to_string_lossy().contains("glibc.malloc.perturb=");
    let is_alone = NO_OTHER_ALLOCATOR
        .iter()
        .all(|(name, value)| get(name).is_some_and(|set| set == *value));
    if is_there && is_alone {
        return None;
    }
    let tunables = match old.to_string_lossy() {
        old if is_there => old.into_owned(),
        old if old.is_empty() => TUNABLES.to_owned(),
        old => format!("{old}:{TUNABLES}"),
    };
    let [engine, glib] = NO_OTHER_ALLOCATOR.map(|(name, value)| (name, value.into()));
    Some([("GLIBC_TUNABLES", tunables.into()), engine, glib])
}

/// Puts the program in its own place once more, with an allocator that overwrites what is freed. Returns where that is so
/// already, as under the systemd unit: then its libraries are not loaded twice. The process stays the same one.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn overwrite_what_is_freed() -> std::io::Result<()> {
    use std::os::unix::process::CommandExt;

    let Some(variables) = overwriting(|name| std::env::var_os(name)) else {
        return Ok(());
    };
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    Err(std::process::Command::new(std::env::current_exe()?)
        .arg0(name)
        .args(arguments)
        .envs(variables)
        .exec())
}

/// Other systems have no such switch; there the fresh web process of each person is what is done.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn overwrite_what_is_freed() -> std::io::Result<()> {
    Ok(())
}

/// Gives memory that is free back to the system, wherever it lies; the allocator by itself gives back only what lies at its end,
/// and grows by what is scattered.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library alone knows what is free")]
pub fn give_back_what_is_free() {
    // SAFETY: it asks for nothing, and may be called on any thread: malloc_trim(3).
    unsafe { libc::malloc_trim(0) };
}

/// Other systems do that by themselves, or cannot be asked.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back_what_is_free() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_opens_the_window_is_found() {
        assert_eq!(opened_by(|_| false), None);
        for name in OPEN_THE_WINDOW {
            assert_eq!(opened_by(|asked| asked == *name), Some(*name));
        }
    }

    #[test]
    fn the_unit_sets_what_the_program_would_set() {
        let unit = include_str!("../../packaging/linux/alaqan-kiosk.service");
        let set = |name: &str| {
            let start = format!("Environment={name}=");
            unit.lines()
                .find_map(|line| line.strip_prefix(&start))
                .map(OsString::from)
        };
        assert_eq!(set("GLIBC_TUNABLES").as_deref(), Some(TUNABLES.as_ref()));
        assert_eq!(overwriting(set), None, "it does not start itself once more");
        let gone = unit
            .lines()
            .find_map(|line| line.strip_prefix("UnsetEnvironment="))
            .expect("some are taken away");
        for name in OPEN_THE_WINDOW {
            assert!(gone.split(' ').any(|word| word == *name), "{name} would come in");
        }
    }

    #[test]
    fn the_allocator_is_asked_once() {
        let set = |tunables: Option<&str>, others: Option<[&str; 2]>| {
            let tunables = tunables.map(OsString::from);
            let [malloc, slices] = others.map_or([None, None], |others| others.map(|set| Some(set.into())));
            overwriting(move |name| match name {
                "Malloc" => malloc.clone(),
                "G_SLICE" => slices.clone(),
                _ => tunables.clone(),
            })
        };
        let alone = Some(["1", "always-malloc"]);
        let [(_, first), (_, malloc), (_, slices)] = set(None, None).expect("nothing is set");
        assert_eq!(first, TUNABLES);
        assert_eq!((malloc, slices), ("1".into(), "always-malloc".into()));
        assert_eq!(set(first.to_str(), alone), None, "the second time it is there");
        for others in [["0", "always-malloc"], ["1", "all"]] {
            assert!(set(first.to_str(), Some(others)).is_some(), "{others:?}");
        }
        let [(_, kept), ..] = set(Some("glibc.malloc.top_pad=0"), alone).expect("it is not asked for");
        assert_eq!(kept, format!("glibc.malloc.top_pad=0:{TUNABLES}").as_str());
        let [(_, own), ..] = set(Some("glibc.malloc.perturb=1"), None).expect("others keep their own");
        assert_eq!(own, "glibc.malloc.perturb=1");
    }
}
