//! Reads what [`Signs`](crate::Signs) are judged from. What cannot be read is left out.

use std::io::Read;
use std::path::Path;

use verification::integrity::Seen;

use crate::check::open_file;
use crate::signs::{self, Sources, System};

/// Of no text more is read. That of the mapped files of a program with a web view has some hundred thousand bytes.
const TEXT_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Whether somebody debugs the program at this moment. It takes less than a millisecond.
pub fn debugger_now() -> Seen {
    signs::debugger(&Sources::of_debugger())
}

impl Sources {
    /// Reads all of them from the system on which the program runs.
    pub fn read() -> Self {
        let mut sources = Self::of_debugger();
        if cfg!(target_os = "linux") {
            sources.read_linux();
        }
        #[cfg(windows)]
        {
            sources.dmi = windows::dmi();
        }
        sources
    }

    fn of_debugger() -> Self {
        let mut sources = Self {
            system: if cfg!(target_os = "linux") {
                System::Linux
            } else if cfg!(windows) {
                System::Windows
            } else {
                System::Other
            },
            environment: environment(),
            ..Self::default()
        };
        if cfg!(target_os = "linux") {
            sources.status = text("/proc/self/status");
            let tracer = sources.status.as_deref().and_then(Self::tracer_pid);
            sources.tracer = tracer.and_then(|pid| text(&format!("/proc/{pid}/comm")));
        }
        #[cfg(windows)]
        {
            sources.is_debugged = windows::is_debugged();
        }
        sources
    }

    fn read_linux(&mut self) {
        self.maps = text("/proc/self/maps");
        self.preload = match Path::new("/etc/ld.so.preload").try_exists() {
            Ok(false) => Some(String::new()),
            _ => text("/etc/ld.so.preload"),
        };
        for name in Self::DMI {
            if let Some(found) = text(&format!("/sys/class/dmi/id/{name}")) {
                self.dmi.push(((*name).to_owned(), found));
            }
        }
        self.cpuinfo = text("/proc/cpuinfo");
        self.hypervisor = text("/sys/hypervisor/type");
        self.device_tree = text("/proc/device-tree/hypervisor/compatible");
        self.command_line = text("/proc/cmdline");
        self.kernel = text("/proc/sys/kernel/osrelease");
        self.cgroup = text("/proc/self/cgroup");
        self.container = text("/run/systemd/container");
        let marks = Self::MARKS.iter().filter(|mark| Path::new(mark).exists());
        self.marks = marks.map(|mark| (*mark).to_owned()).collect();
    }
}

/// The variables that matter, both as the program has them now and as it was started with: a library that was loaded first
/// may have removed its own.
fn environment() -> Vec<(String, String)> {
    let now = Sources::VARIABLES.iter().filter_map(|name| {
        let text = std::env::var_os(name)?;
        Some(((*name).to_owned(), text.to_string_lossy().into_owned()))
    });
    let mut found: Vec<(String, String)> = now.collect();
    let at_start = text("/proc/self/environ").unwrap_or_default();
    for (name, text) in at_start.split('\0').filter_map(|pair| pair.split_once('=')) {
        let pair = (name.to_owned(), text.to_owned());
        if Sources::VARIABLES.contains(&name) && !found.contains(&pair) {
            found.push(pair);
        }
    }
    found
}

fn text(path: &str) -> Option<String> {
    let file = open_file(Path::new(path), true).ok()?;
    let mut bytes = Vec::new();
    file.take(TEXT_MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(windows)]
mod windows {
    use windows_registry::LOCAL_MACHINE;
    use windows_sys::Win32::System::Diagnostics::Debug::{CheckRemoteDebuggerPresent, IsDebuggerPresent};
    use windows_sys::Win32::System::Threading::GetCurrentProcess;

    /// Where Windows keeps what the firmware says, and how Linux calls each.
    const BIOS: &str = r"HARDWARE\DESCRIPTION\System\BIOS";
    const NAMES: &[(&str, &str)] = &[
        ("sys_vendor", "SystemManufacturer"),
        ("product_name", "SystemProductName"),
        ("product_version", "SystemVersion"),
        ("bios_vendor", "BIOSVendor"),
        ("bios_version", "BIOSVersion"),
        ("board_vendor", "BaseBoardManufacturer"),
        ("board_name", "BaseBoardProduct"),
    ];

    pub(super) fn dmi() -> Vec<(String, String)> {
        let Ok(key) = LOCAL_MACHINE.open(BIOS) else {
            return Vec::new();
        };
        let found = NAMES
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), key.get_string(value).ok()?)));
        found.collect()
    }

    /// Whether a debugger of this machine is attached. `None` where Windows does not tell.
    #[expect(
        unsafe_code,
        reason = "Windows offers no other way to ask, and the library no safe one"
    )]
    pub(super) fn is_debugged() -> Option<bool> {
        let mut is_attached = 0;
        // SAFETY: the first call takes nothing. The handle of the own process is always valid and is never closed, and the
        // pointer is to a variable of this function that outlives the call.
        let (is_present, asked) = unsafe {
            (
                IsDebuggerPresent(),
                CheckRemoteDebuggerPresent(GetCurrentProcess(), &raw mut is_attached),
            )
        };
        match (is_present != 0, asked != 0) {
            (true, _) => Some(true),
            (false, true) => Some(is_attached != 0),
            (false, false) => None,
        }
    }
}
