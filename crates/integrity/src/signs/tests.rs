//! Texts as the systems give them.

use proptest::prelude::*;

use super::*;

const FLAGS: &str = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 \
                     ht syscall nx rdtscp lm constant_tsc rep_good nopl cpuid pni pclmulqdq ssse3 fma cx16 sse4_1 sse4_2";

/// `/proc/cpuinfo` of one processor.
fn cpuinfo(model: &str, is_guest: bool) -> String {
    let guest = if is_guest { " hypervisor" } else { "" };
    format!(
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 158\nmodel name\t: {model}\nstepping\t: 10\n\
         flags\t\t: {FLAGS}{guest} lahf_lm abm\nbugs\t\t: spectre_v1\nvmx flags\t: vnmi preemption_timer\n\n"
    )
}

fn machine(dmi: &[(&str, &str)], is_guest: bool) -> Sources {
    Sources {
        system: System::Linux,
        dmi: dmi
            .iter()
            .map(|(name, text)| ((*name).to_owned(), format!("{text}\n")))
            .collect(),
        cpuinfo: Some(cpuinfo("Intel(R) Core(TM) i5-8500T CPU @ 2.10GHz", is_guest)),
        cgroup: Some("0::/user.slice/user-1000.slice/session-2.scope\n".into()),
        kernel: Some("6.1.0-18-amd64\n".into()),
        command_line: Some("BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-amd64 root=UUID=0f3e ro quiet\n".into()),
        ..Sources::default()
    }
}

/// The codes in their order, or what is there instead of them.
fn codes(seen: &Seen) -> String {
    match seen {
        Seen::No => "no".into(),
        Seen::Unknown => "unknown".into(),
        Seen::Yes(signs) => signs.iter().map(|sign| sign.code).collect::<Vec<_>>().join(" "),
    }
}

fn check_machine(dmi: &[(&str, &str)], is_guest: bool, expect: &str) {
    let found = virtual_environment(&machine(dmi, is_guest));
    assert_eq!(codes(&found), expect, "{found:?}");
}

#[test]
fn virtual_machines_are_known_by_their_firmware() {
    check_machine(
        &[
            ("sys_vendor", "VMware, Inc."),
            ("product_name", "VMware Virtual Platform"),
            ("product_version", "None"),
            ("bios_vendor", "Phoenix Technologies LTD"),
            ("bios_version", "6.00"),
            ("board_vendor", "Intel Corporation"),
            ("board_name", "440BX Desktop Reference Platform"),
            ("chassis_vendor", "No Enclosure"),
        ],
        true,
        "vmware vmware hypervisor",
    );
    check_machine(
        &[
            ("sys_vendor", "VMware, Inc."),
            ("product_name", "VMware7,1"),
            ("bios_vendor", "VMware, Inc."),
            ("bios_version", "VMW71.00V.18227214.B64.2106252220"),
        ],
        true,
        "vmware vmware vmware hypervisor",
    );
    check_machine(
        &[
            ("sys_vendor", "innotek GmbH"),
            ("product_name", "VirtualBox"),
            ("product_version", "1.2"),
            ("bios_vendor", "innotek GmbH"),
            ("bios_version", "VirtualBox"),
            ("board_vendor", "Oracle Corporation"),
            ("board_name", "VirtualBox"),
            ("chassis_vendor", "Oracle Corporation"),
        ],
        true,
        "virtualbox virtualbox virtualbox virtualbox hypervisor",
    );
    check_machine(
        &[
            ("sys_vendor", "QEMU"),
            ("product_name", "Standard PC (Q35 + ICH9, 2009)"),
            ("product_version", "pc-q35-7.2"),
            ("bios_vendor", "EFI Development Kit II / OVMF"),
            ("chassis_vendor", "QEMU"),
        ],
        true,
        "qemu qemu qemu hypervisor",
    );
    check_machine(
        &[
            ("sys_vendor", "Red Hat"),
            ("product_name", "KVM"),
            ("product_version", "RHEL-8.6.0 PC (Q35 + ICH9, 2009)"),
            ("bios_vendor", "SeaBIOS"),
        ],
        true,
        "qemu kvm hypervisor",
    );
    check_machine(
        &[
            ("sys_vendor", "Microsoft Corporation"),
            ("product_name", "Virtual Machine"),
            ("product_version", "Hyper-V UEFI Release v4.1"),
            ("bios_vendor", "Microsoft Corporation"),
            ("board_name", "Virtual Machine"),
        ],
        true,
        "hyper-v hypervisor",
    );
    check_machine(
        &[
            ("sys_vendor", "Xen"),
            ("product_name", "HVM domU"),
            ("product_version", "4.11.amazon"),
            ("bios_vendor", "Xen"),
            ("bios_version", "4.11.amazon"),
        ],
        true,
        "xen xen xen hypervisor",
    );
    check_machine(
        &[
            ("sys_vendor", "Parallels International GmbH."),
            ("product_name", "Parallels ARM Virtual Machine"),
        ],
        false,
        "parallels parallels",
    );
    check_machine(
        &[
            ("sys_vendor", "Amazon EC2"),
            ("product_name", "t3.micro"),
            ("bios_vendor", "Amazon EC2"),
        ],
        true,
        "amazon-ec2 hypervisor",
    );
    check_machine(
        &[
            ("sys_vendor", "Google"),
            ("product_name", "Google Compute Engine"),
        ],
        true,
        "google-compute hypervisor",
    );
}

#[test]
fn real_machines_are_not_suspected() {
    // A desktop, a tablet, a laptop and a rented whole machine: the vendors of the last three make virtual ones too.
    let check = |dmi: &[(&str, &str)]| check_machine(dmi, false, "no");
    check(&[
        ("sys_vendor", "Dell Inc."),
        ("product_name", "OptiPlex 7060"),
        ("product_version", ""),
        ("bios_vendor", "Dell Inc."),
        ("bios_version", "1.28.0"),
        ("board_vendor", "Dell Inc."),
        ("board_name", "0NC2VH"),
        ("chassis_vendor", "Dell Inc."),
    ]);
    check(&[
        ("sys_vendor", "Microsoft Corporation"),
        ("product_name", "Surface Pro 7"),
        ("bios_vendor", "Microsoft Corporation"),
        ("board_name", "Surface Pro 7"),
    ]);
    check(&[
        ("sys_vendor", "Google"),
        ("product_name", "Eve"),
        ("bios_vendor", "coreboot"),
    ]);
    check(&[
        ("sys_vendor", "Amazon EC2"),
        ("product_name", "c5.metal"),
        ("bios_vendor", "Amazon EC2"),
    ]);
    check(&[
        ("sys_vendor", "LENOVO"),
        ("product_name", "10RSS0VF00"),
        ("bios_vendor", "LENOVO"),
    ]);
}

#[test]
fn a_guest_without_a_name_is_still_a_guest() {
    // A kiosk's firmware that somebody copied into a virtual machine: the processor still says it.
    check_machine(
        &[("sys_vendor", "Dell Inc."), ("product_name", "OptiPlex 7060")],
        true,
        "hypervisor",
    );
    let check = |sources: &Sources, expect: &str| {
        let found = virtual_environment(sources);
        assert_eq!(codes(&found), expect, "{found:?}");
    };
    let firecracker = Sources {
        command_line: Some(
            "reboot=k panic=1 pci=off nomodules 8250.nr_uarts=0 i8042.noaux root=/dev/vda rw \
             virtio_mmio.device=4K@0xd0000000:5 virtio_mmio.device=4K@0xd0001000:6\n"
                .into(),
        ),
        ..machine(&[], true)
    };
    check(&firecracker, "hypervisor microvm");
    // A new one has its devices in tables, and no mark but the flag.
    check(&machine(&[], true), "hypervisor");
    let emulated = Sources {
        cpuinfo: Some(cpuinfo("QEMU Virtual CPU version 2.5+", false)),
        ..machine(&[("sys_vendor", "ASUS")], false)
    };
    check(&emulated, "qemu");
    let xen = Sources {
        hypervisor: Some("xen\n".into()),
        ..machine(&[], false)
    };
    check(&xen, "xen");
    let arm = Sources {
        cpuinfo: Some("processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\n".into()),
        device_tree: Some("linux,kvm\0".into()),
        ..machine(&[], false)
    };
    check(&arm, "kvm");
    let wsl = Sources {
        kernel: Some("5.15.153.1-microsoft-standard-WSL2\n".into()),
        ..machine(&[], true)
    };
    check(&wsl, "hypervisor wsl");
}

#[test]
fn what_cannot_be_looked_at_is_not_known() {
    let dell = [("sys_vendor", "Dell Inc.")];
    let check = |change: &dyn Fn(&mut Sources), expect: &str| {
        let mut sources = machine(&dell, false);
        change(&mut sources);
        let found = virtual_environment(&sources);
        assert_eq!(codes(&found), expect, "{found:?}");
    };
    check(&|_| {}, "no");
    check(&|sources| sources.dmi.clear(), "unknown");
    check(
        &|sources| sources.dmi = vec![("sys_vendor".into(), "\n".into())],
        "unknown",
    );
    check(&|sources| sources.cpuinfo = None, "unknown");
    check(&|sources| sources.cpuinfo = Some(String::new()), "unknown");
    check(&|sources| sources.system = System::Other, "unknown");
    let windows = |sources: &mut Sources| {
        sources.system = System::Windows;
        sources.cpuinfo = None;
    };
    check(&windows, "no");
    let signs = Signs::from_sources(&Sources::default(), &[]);
    assert_eq!(
        [
            &signs.debugger,
            &signs.injected_libraries,
            &signs.virtual_environment
        ],
        [&Seen::Unknown; 3]
    );
}

#[test]
fn containers_leave_marks() {
    let check = |change: &dyn Fn(&mut Sources), expect: &str| {
        let mut sources = machine(&[("sys_vendor", "Dell Inc.")], false);
        change(&mut sources);
        let found = virtual_environment(&sources);
        assert_eq!(codes(&found), expect, "{found:?}");
    };
    let id = "2b3f".repeat(16);
    let group = |path: String| move |sources: &mut Sources| sources.cgroup = Some(format!("0::{path}\n"));
    check(
        &|sources| sources.marks = vec!["/.dockerenv".into()],
        "container-docker",
    );
    check(
        &|sources| sources.marks = vec!["/run/.containerenv".into()],
        "container-podman",
    );
    check(
        &|sources| sources.container = Some("systemd-nspawn\n".into()),
        "container-nspawn",
    );
    check(
        &|sources| sources.environment = vec![("container".into(), "oci".into())],
        "container",
    );
    check(&group(format!("/docker/{id}")), "container-docker");
    check(
        &group(format!("/system.slice/docker-{id}.scope")),
        "container-docker",
    );
    check(
        &group(format!(
            "/kubepods.slice/kubepods-pod1.slice/cri-containerd-{id}.scope"
        )),
        "container-kubernetes container-containerd",
    );
    check(&group("/lxc.payload.kiosk/init.scope".into()), "container-lxc");
    check(
        &group(format!("/machine.slice/libpod-{id}.scope/container")),
        "container-podman",
    );
    // Ordinary services and sessions, also one that only sounds like an engine.
    for path in [
        "/",
        "/system.slice/alaqan.service",
        "/user.slice/user-1000.slice/user@1000.service/app.slice/alaqan.scope",
        "/system.slice/dockerless.service",
    ] {
        check(&group(path.into()), "no");
    }
    check(
        &|sources| {
            sources.cgroup =
                Some("12:cpuset:/docker/1\n11:cpu,cpuacct:/docker/1\n1:name=systemd:/docker/1\n".into());
        },
        "container-docker",
    );
}

#[test]
fn a_tracer_is_named() {
    let check = |status: Option<&str>, expect: Seen| {
        let sources = Sources {
            status: status.map(Into::into),
            tracer: Some("gdb\n".into()),
            ..Sources::default()
        };
        assert_eq!(debugger(&sources), expect);
    };
    let status = |pid: &str| {
        format!(
            "Name:\talaqan\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t812\nTracerPid:\t{pid}\nUid:\t1000\n"
        )
    };
    check(Some(&status("0")), Seen::No);
    check(
        Some(&status("4242")),
        Seen::Yes(vec![Sign::new("tracer", "TracerPid 4242 (gdb)")]),
    );
    check(Some("Name:\talaqan\n"), Seen::Unknown);
    check(None, Seen::Unknown);
    assert_eq!(Sources::tracer_pid(&status("4242")), Some(4242));
    assert_eq!(Sources::tracer_pid(&status("0")), None);
    let windows = |is_debugged| {
        debugger(&Sources {
            is_debugged,
            ..Sources::default()
        })
    };
    assert_eq!(codes(&windows(Some(true))), "windows");
    assert_eq!(codes(&windows(Some(false))), "no");
    assert_eq!(codes(&windows(None)), "unknown");
}

#[test]
fn an_inspector_of_the_screens_is_a_debugger() {
    let check = |name: &str, text: &str, expect: &str| {
        let found = debugger(&Sources {
            status: Some("TracerPid:\t0\n".into()),
            environment: vec![(name.into(), text.into())],
            ..Sources::default()
        });
        assert_eq!(codes(&found), expect, "{name}={text}");
    };
    check("WEBKIT_INSPECTOR_SERVER", "127.0.0.1:9222", "inspector");
    check("WEBKIT_INSPECTOR_HTTP_SERVER", "127.0.0.1:9222", "inspector");
    check("WEBKIT_INSPECTOR_SERVER", "", "no");
    let browser = "WEBVIEW2_ADDITIONAL_BROWSER_ARGUMENTS";
    check(browser, "--remote-debugging-port=9222", "inspector");
    check(browser, "--disable-gpu", "no");
}

const MAPS: &str = "\
55d0c7a00000-55d0c7a02000 r--p 00000000 08:01 131 /opt/alaqan/bin/alaqan
55d0c7a02000-55d0c7a07000 r-xp 00002000 08:01 131 /opt/alaqan/bin/alaqan
55d0c8e00000-55d0c8e21000 rw-p 00000000 00:00 0 [heap]
7f3c90000000-7f3c90021000 rwxp 00000000 00:00 0 
7f3ca1000000-7f3ca1180000 r-xp 00026000 08:01 2621 /usr/lib/x86_64-linux-gnu/libc.so.6
7f3ca1200000-7f3ca1210000 r-xp 00026000 08:01 2622 /opt/alaqan/lib/libopencv_core.so.406
7f3ca1300000-7f3ca1310000 r--p 00000000 08:01 2623 /home/kiosk/.cache/fontconfig/1.cache-8
7ffd1b1f9000-7ffd1b1fb000 r-xp 00000000 00:00 0 [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]
";

#[test]
fn code_from_elsewhere_is_named() {
    let check = |more: &str, expect: &[(&'static str, &str)]| {
        let sources = Sources {
            maps: Some(format!("{MAPS}{more}")),
            ..Sources::default()
        };
        let found = injected(&sources, &["/opt/alaqan".into()]);
        let signs: Vec<Sign> = expect.iter().map(|(code, seen)| Sign::new(code, seen)).collect();
        assert_eq!(found, Seen::from_signs(signs, true));
    };
    let line = |path: &str| format!("7f3ca2000000-7f3ca2001000 r-xp 00001000 08:01 77 {path}\n");
    check("", &[]);
    check(&line("/tmp/hook.so"), &[("library", "/tmp/hook.so")]);
    check(&line("/tmp/with blank.so"), &[("library", "/tmp/with blank.so")]);
    check(
        &line("/opt/alaqan-other/x.so"),
        &[("library", "/opt/alaqan-other/x.so")],
    );
    check(
        &line("/usr/local/lib/x.so"),
        &[("library", "/usr/local/lib/x.so")],
    );
    check(
        &line("/usr/lib/../../tmp/x.so"),
        &[("library", "/usr/lib/../../tmp/x.so")],
    );
    check(&line("/usr/libfake/x.so"), &[("library", "/usr/libfake/x.so")]);
    check(
        &line("/memfd:payload (deleted)"),
        &[("deleted", "/memfd:payload (deleted)")],
    );
    check(
        &line("/usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)"),
        &[("deleted", "/usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)")],
    );
    check(
        &line(r"/tmp/a\012/usr/lib/b.so"),
        &[("library", "/tmp/a\n/usr/lib/b.so")],
    );
    // Many pieces of one file are one sign.
    check(&line("/tmp/hook.so").repeat(3), &[("library", "/tmp/hook.so")]);
}

#[test]
fn what_is_loaded_before_the_program_is_named() {
    let check = |environment: &[(&str, &str)], preload: &str, expect: &str| {
        let found = injected(
            &Sources {
                maps: Some(MAPS.into()),
                preload: Some(preload.into()),
                environment: environment
                    .iter()
                    .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                    .collect(),
                ..Sources::default()
            },
            &["/opt/alaqan/".into()],
        );
        assert_eq!(codes(&found), expect);
    };
    check(&[("LD_PRELOAD", ""), ("container", "lxc")], "# nothing\n\n", "no");
    check(&[("LD_PRELOAD", "/usr/lib/libx.so")], "", "ld-preload");
    check(
        &[("LD_AUDIT", "/tmp/a.so"), ("GTK_MODULES", "gail")],
        "",
        "ld-audit gtk-modules",
    );
    check(&[], "/lib/libsnoop.so # why\n", "ld-so-preload");
}

proptest! {
    #[test]
    fn no_text_panics(texts in proptest::collection::vec(any::<String>(), 8), names in 0..8usize) {
        let mut texts = texts.into_iter();
        let mut next = || texts.next();
        let sources = Sources {
            system: System::Linux,
            status: next(),
            maps: next(),
            preload: next(),
            cpuinfo: next(),
            cgroup: next(),
            command_line: next(),
            dmi: vec![(Sources::DMI[names].to_owned(), next().unwrap_or_default())],
            environment: vec![("LD_PRELOAD".into(), next().unwrap_or_default())],
            ..Sources::default()
        };
        Signs::from_sources(&sources, &[String::new()]);
    }

    #[test]
    fn no_line_of_maps_panics(line in "[0-9a-f]{1,4}-[0-9a-f]{1,4} [rwxp-]{0,4} [0-9 :]{0,12}[/a-z ()\\\\0-9]{0,20}") {
        let sources = Sources { maps: Some(line), ..Sources::default() };
        injected(&sources, &[]);
    }
}
