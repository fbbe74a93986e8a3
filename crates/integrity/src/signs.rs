//! What texts of the operating system say about debuggers, code from elsewhere, and machines that are none.
//!
//! Each sign names what was seen and where. None of them is a proof, and that none is seen proves nothing: every text here is
//! one that whoever owns the system may write.

use verification::integrity::{Seen, Sign};

/// Texts as the operating system gave them. What could not be read is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// Which system it is, for what must be readable there.
    pub system: System,
    /// `/proc/self/status`
    pub status: Option<String>,
    /// The name of the program that traces this one, where one does.
    pub tracer: Option<String>,
    /// What Windows answers when it is asked for a debugger.
    pub is_debugged: Option<bool>,
    /// `/proc/self/maps`
    pub maps: Option<String>,
    /// `/etc/ld.so.preload`; where there is none, an empty text.
    pub preload: Option<String>,
    /// Variables of the program's environment, those of [`Sources::VARIABLES`] alone.
    pub environment: Vec<(String, String)>,
    /// Names and texts of what the firmware says of the machine: `/sys/class/dmi/id/*`, with these names on Windows too.
    pub dmi: Vec<(String, String)>,
    /// `/proc/cpuinfo`
    pub cpuinfo: Option<String>,
    /// `/sys/hypervisor/type`
    pub hypervisor: Option<String>,
    /// `/proc/device-tree/hypervisor/compatible`
    pub device_tree: Option<String>,
    /// `/proc/cmdline`
    pub command_line: Option<String>,
    /// `/proc/sys/kernel/osrelease`
    pub kernel: Option<String>,
    /// `/proc/self/cgroup`
    pub cgroup: Option<String>,
    /// `/run/systemd/container`
    pub container: Option<String>,
    /// Files that stand where container engines put their marks, of [`Sources::MARKS`].
    pub marks: Vec<String>,
}

/// A system, as far as it decides what can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum System {
    /// Linux: everything is a text.
    Linux,
    /// Windows: what the firmware says, and the debugger.
    Windows,
    /// Nothing is known of it.
    #[default]
    Other,
}

impl Sources {
    /// The variables that matter. No other is ever kept: an environment may hold anything.
    pub const VARIABLES: &[&str] = &[
        "LD_PRELOAD",
        "LD_AUDIT",
        "GTK_MODULES",
        "WEBKIT_INSPECTOR_SERVER",
        "WEBKIT_INSPECTOR_HTTP_SERVER",
        "WEBVIEW2_ADDITIONAL_BROWSER_ARGUMENTS",
        "container",
    ];

    /// Marks of container engines.
    pub const MARKS: &[&str] = &["/.dockerenv", "/run/.containerenv"];

    /// What the firmware says of a machine, by the names that Linux gives them.
    pub const DMI: &[&str] = &[
        "sys_vendor",
        "product_name",
        "product_version",
        "bios_vendor",
        "bios_version",
        "board_vendor",
        "board_name",
        "chassis_vendor",
    ];

    /// The process that traces this one; `None` if there is none, or nobody knows.
    pub(crate) fn tracer_pid(status: &str) -> Option<u32> {
        field(status, "TracerPid")?.parse().ok().filter(|pid| *pid != 0)
    }
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signs {
    /// Somebody steps through the program, or its screens.
    pub debugger: Seen,
    /// Code in the program from neither the system nor the installation.
    pub injected_libraries: Seen,
    /// A virtual machine, an emulator or a container.
    pub virtual_environment: Seen,
}

impl Signs {
    /// Judges the texts. `own` are folders and files of the installation, as the system writes their paths.
    pub fn from_sources(sources: &Sources, own: &[String]) -> Self {
        Self {
            debugger: debugger(sources),
            injected_libraries: injected(sources, own),
            virtual_environment: virtual_environment(sources),
        }
    }
}

/// Folders of the system, into which its packages alone write.
const SYSTEM_FOLDERS: &[&str] = &[
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/lib",
    "/lib32",
    "/lib64",
];

pub(crate) fn debugger(sources: &Sources) -> Seen {
    let mut signs = Vec::new();
    let traced = sources
        .status
        .as_deref()
        .and_then(|status| field(status, "TracerPid"));
    if let Some(pid) = traced.filter(|pid| *pid != "0") {
        let name = sources.tracer.as_deref().map_or("unknown", str::trim);
        signs.push(Sign::new("tracer", &format!("TracerPid {pid} ({name})")));
    }
    if sources.is_debugged == Some(true) {
        signs.push(Sign::new(
            "windows",
            "the system says that a debugger is attached",
        ));
    }
    for (name, text) in &sources.environment {
        // A web view that listens for an inspector lets others read and change its screens.
        let is_inspector = match name.as_str() {
            "WEBKIT_INSPECTOR_SERVER" | "WEBKIT_INSPECTOR_HTTP_SERVER" => !text.is_empty(),
            "WEBVIEW2_ADDITIONAL_BROWSER_ARGUMENTS" => text.contains("--remote-debugging"),
            _ => false,
        };
        if is_inspector {
            signs.push(Sign::new("inspector", &format!("{name}={text}")));
        }
    }
    Seen::from_signs(signs, traced.is_some() || sources.is_debugged.is_some())
}

fn injected(sources: &Sources, own: &[String]) -> Seen {
    let mut signs = Vec::new();
    for (name, text) in &sources.environment {
        let code = match name.as_str() {
            "LD_PRELOAD" => "ld-preload",
            "LD_AUDIT" => "ld-audit",
            "GTK_MODULES" => "gtk-modules",
            _ => continue,
        };
        if !text.trim().is_empty() {
            signs.push(Sign::new(code, &format!("{name}={text}")));
        }
    }
    let preload = sources.preload.as_deref().unwrap_or_default();
    for line in preload
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
    {
        if !line.is_empty() {
            signs.push(Sign::new("ld-so-preload", &format!("/etc/ld.so.preload: {line}")));
        }
    }
    let maps = sources.maps.as_deref();
    for path in maps.into_iter().flat_map(str::lines).filter_map(mapped_code) {
        let path = unescaped(path);
        let (file, code) = match path.strip_suffix(" (deleted)") {
            // It was exchanged after it was loaded, by an update or by somebody.
            Some(file) => (file, "deleted"),
            None => (path.as_str(), "library"),
        };
        let is_known = own.iter().any(|own| is_below(file, own))
            || SYSTEM_FOLDERS.iter().any(|folder| is_below(file, folder));
        if !is_known || code == "deleted" {
            signs.push(Sign::new(code, &path));
        }
    }
    // A program always maps itself: an empty text was none.
    let is_complete = maps.is_some_and(|maps| maps.lines().any(|line| mapped_code(line).is_some()));
    Seen::from_signs(signs, is_complete)
}

/// The file of a line of `/proc/<pid>/maps` from which code may run.
fn mapped_code(line: &str) -> Option<&str> {
    // address perms offset dev inode path; the path is the rest of the line and may hold blanks.
    let mut rest = line;
    let mut permissions = "";
    for number in 0..5 {
        let (word, after) = rest.trim_start().split_once(' ')?;
        if number == 1 {
            permissions = word;
        }
        rest = after;
    }
    let path = rest.trim_start();
    (permissions.contains('x') && path.starts_with('/')).then_some(path)
}

/// The kernel writes a line break in a path as `\012`.
fn unescaped(path: &str) -> String {
    path.replace("\\012", "\n")
}

fn is_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    let is_inside = path
        .strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    // The kernel writes no such paths; a test or another system might.
    is_inside && !folder.is_empty() && !path.split('/').any(|part| part == "..")
}

/// How a text of the firmware is recognised.
enum Text {
    /// It is this.
    Is(&'static str),
    /// It begins so.
    Begins(&'static str),
}

use Text::{Begins, Is};

/// What firmwares of virtual machines say of themselves; large and small letters are one. That the vendor is Microsoft or
/// Google says nothing, since they build real machines too.
const FIRMWARE: &[(&str, &str, Text)] = &[
    ("vmware", "sys_vendor", Begins("vmware")),
    ("vmware", "product_name", Begins("vmware")),
    ("vmware", "bios_vendor", Begins("vmware")),
    ("virtualbox", "sys_vendor", Is("innotek gmbh")),
    ("virtualbox", "bios_vendor", Is("innotek gmbh")),
    ("virtualbox", "product_name", Is("virtualbox")),
    ("virtualbox", "board_name", Is("virtualbox")),
    ("qemu", "sys_vendor", Begins("qemu")),
    ("qemu", "chassis_vendor", Begins("qemu")),
    ("qemu", "product_name", Begins("standard pc (")),
    ("qemu", "bios_vendor", Is("seabios")),
    ("kvm", "product_name", Is("kvm")),
    ("kvm", "product_name", Is("rhev hypervisor")),
    ("hyper-v", "product_name", Is("virtual machine")),
    ("xen", "sys_vendor", Is("xen")),
    ("xen", "bios_vendor", Is("xen")),
    ("xen", "product_name", Is("hvm domu")),
    ("parallels", "sys_vendor", Begins("parallels")),
    ("parallels", "product_name", Begins("parallels")),
    ("bhyve", "bios_vendor", Is("bhyve")),
    ("bhyve", "product_name", Is("bhyve")),
    ("bochs", "bios_vendor", Is("bochs")),
    ("bochs", "sys_vendor", Is("bochs")),
    (
        "apple-virtualization",
        "product_name",
        Begins("apple virtualization"),
    ),
    ("nutanix", "product_name", Is("ahv")),
    ("openstack", "product_name", Begins("openstack")),
    ("google-compute", "product_name", Is("google compute engine")),
    ("alibaba-cloud", "product_name", Is("alibaba cloud ecs")),
    ("digitalocean", "sys_vendor", Is("digitalocean")),
    ("hetzner", "product_name", Is("vserver")),
];

/// Parts of the paths of control groups in which container engines put their programs.
const CONTROL_GROUPS: &[(&str, Text)] = &[
    ("container-docker", Is("docker")),
    ("container-docker", Begins("docker-")),
    ("container-podman", Begins("libpod-")),
    ("container-podman", Is("libpod_parent")),
    ("container-kubernetes", Begins("kubepods")),
    ("container-containerd", Begins("cri-containerd-")),
    ("container-crio", Begins("crio-")),
    ("container-lxc", Is("lxc")),
    ("container-lxc", Begins("lxc.payload")),
    ("container-garden", Is("garden")),
];

fn virtual_environment(sources: &Sources) -> Seen {
    let mut signs = Vec::new();
    firmware(sources, &mut signs);
    let flags = sources
        .cpuinfo
        .as_deref()
        .and_then(|cpuinfo| field(cpuinfo, "flags"));
    processor(sources, flags, &mut signs);
    kernel(sources, &mut signs);
    container(sources, &mut signs);
    let has_firmware = sources.dmi.iter().any(|(_, text)| !text.trim().is_empty());
    // A bare machine shows both; where one is missing, nobody can tell.
    let is_complete = match sources.system {
        System::Linux => has_firmware && flags.is_some(),
        System::Windows => has_firmware,
        System::Other => false,
    };
    Seen::from_signs(signs, is_complete)
}

fn firmware(sources: &Sources, signs: &mut Vec<Sign>) {
    let found = |name: &str| {
        let field = sources.dmi.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, text)| text.trim())
    };
    for (code, name, text) in FIRMWARE {
        if text.is_of(found(name)) {
            signs.push(Sign::new(code, &format!("firmware: {name} {:?}", found(name))));
        }
    }
    // Amazon lets whole machines too.
    let (vendor, product) = (found("sys_vendor"), found("product_name"));
    if vendor == "Amazon EC2" && !product.ends_with(".metal") && !product.contains(".metal-") {
        let seen = format!("firmware: sys_vendor {vendor:?}, product_name {product:?}");
        signs.push(Sign::new("amazon-ec2", &seen));
    }
}

fn processor(sources: &Sources, flags: Option<&str>, signs: &mut Vec<Sign>) {
    let cpuinfo = sources.cpuinfo.as_deref().unwrap_or_default();
    let model = field(cpuinfo, "model name").unwrap_or_default();
    let code = if model.contains("QEMU") {
        Some("qemu")
    } else if model.contains("KVM processor") {
        Some("kvm")
    } else {
        None
    };
    if let Some(code) = code {
        signs.push(Sign::new(code, &format!("/proc/cpuinfo: model name {model:?}")));
    }
    if flags.is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor")) {
        signs.push(Sign::new("hypervisor", "/proc/cpuinfo: flag hypervisor"));
    }
}

fn kernel(sources: &Sources, signs: &mut Vec<Sign>) {
    if let Some(kind) = sources
        .hypervisor
        .as_deref()
        .map(str::trim)
        .filter(|kind| !kind.is_empty())
    {
        let code = if kind == "xen" { "xen" } else { "hypervisor" };
        signs.push(Sign::new(code, &format!("/sys/hypervisor/type: {kind}")));
    }
    if let Some(kind) = &sources.device_tree {
        let kind = kind.trim_matches(['\0', '\n', ' ']);
        let code = match kind.split(',').next().unwrap_or_default() {
            "linux" => "kvm",
            "xen" => "xen",
            "vmware" => "vmware",
            _ => "hypervisor",
        };
        signs.push(Sign::new(code, &format!("device tree: hypervisor {kind}")));
    }
    let words = sources.command_line.as_deref().unwrap_or_default();
    // Such devices have no bus on which they could be found, so that Firecracker and its like name them here.
    if let Some(word) = words
        .split_whitespace()
        .find(|word| word.starts_with("virtio_mmio.device="))
    {
        signs.push(Sign::new("microvm", &format!("/proc/cmdline: {word}")));
    }
    if let Some(kernel) = sources.kernel.as_deref().map(str::trim)
        && kernel.to_lowercase().contains("microsoft")
    {
        signs.push(Sign::new("wsl", &format!("kernel {kernel}")));
    }
}

fn container(sources: &Sources, signs: &mut Vec<Sign>) {
    for mark in &sources.marks {
        let code = match mark.as_str() {
            "/.dockerenv" => "container-docker",
            "/run/.containerenv" => "container-podman",
            _ => "container",
        };
        signs.push(Sign::new(code, &format!("{mark} is there")));
    }
    let variable = sources.environment.iter().find(|(name, _)| name == "container");
    let told = [
        ("/run/systemd/container", sources.container.as_deref()),
        ("variable container", variable.map(|(_, text)| text.as_str())),
    ];
    for (place, text) in told {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            continue;
        };
        let code = match text {
            "docker" => "container-docker",
            "podman" => "container-podman",
            "lxc" | "lxc-libvirt" => "container-lxc",
            "systemd-nspawn" => "container-nspawn",
            "wsl" => "wsl",
            _ => "container",
        };
        signs.push(Sign::new(code, &format!("{place}: {text}")));
    }
    // hierarchy-ID:controller-list:cgroup-path
    let groups = sources.cgroup.as_deref().unwrap_or_default().lines();
    for path in groups.filter_map(|line| line.splitn(3, ':').nth(2)) {
        for part in path.split('/').map(|part| part.to_lowercase()) {
            let engine = CONTROL_GROUPS.iter().find(|(_, text)| text.is_of(&part));
            if let Some((code, _)) = engine {
                signs.push(Sign::new(code, &format!("/proc/self/cgroup: {path}")));
            }
        }
    }
}

impl Text {
    fn is_of(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        match self {
            Is(whole) => text == *whole,
            Begins(start) => text.starts_with(start),
        }
    }
}

/// The first `name: text` of lines, with any blanks around the colon.
fn field<'a>(lines: &'a str, name: &str) -> Option<&'a str> {
    lines.lines().find_map(|line| {
        let (found, text) = line.split_once(':')?;
        (found.trim() == name).then(|| text.trim())
    })
}

#[cfg(test)]
mod tests;
