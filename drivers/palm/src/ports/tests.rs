use super::*;
use proptest::prelude::*;

#[test]
fn a_choice_is_read_and_written() {
    let check = |text: &str, expect: Result<PortChoice, PortChoiceError>| {
        let parsed = text.parse::<PortChoice>();
        assert_eq!(parsed, expect, "{text:?}");
        if let Ok(choice) = parsed {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    };
    let usb = |vendor, product, serial: Option<&str>| {
        Ok(PortChoice::Usb {
            vendor,
            product,
            serial: serial.map(str::to_owned),
        })
    };
    check("/dev/ttyUSB0", Ok(PortChoice::Named("/dev/ttyUSB0".to_owned())));
    check("COM3", Ok(PortChoice::Named("COM3".to_owned())));
    check("usb:10c4:ea60", usb(0x10C4, 0xEA60, None));
    check("usb:10C4:EA60:0001", usb(0x10C4, 0xEA60, Some("0001")));
    check("usb:0403:6001:A:B", usb(0x0403, 0x6001, Some("A:B")));
    check("", Err(PortChoiceError::Empty));
    for wrong in [
        "usb:",
        "usb:10c4",
        "usb:10c4:",
        "usb:10c4:ea6",
        "usb:10c4:+a60",
        "usb:10c4:ea60:",
        "usb:10c4:ea600",
    ] {
        check(wrong, Err(PortChoiceError::Usb));
    }
}

fn listing(port: &str, usb: Option<(u16, u16, Option<&str>)>, fault: Option<DeviceFault>) -> PortListing {
    PortListing {
        port: port.to_owned(),
        by_id: usb.map(|_| PathBuf::from("/dev/serial/by-id").join(port.trim_start_matches("/dev/"))),
        usb: usb.map(|(vendor, product, serial)| UsbAdapter {
            vendor,
            product,
            serial: serial.map(str::to_owned),
            name: None,
        }),
        fault,
    }
}

#[test]
fn one_port_or_a_reason() {
    let ports = [
        listing("/dev/ttyS0", None, Some(DeviceFault::NoPermission)),
        listing("/dev/ttyUSB0", Some((0x10C4, 0xEA60, Some("left"))), None),
        listing("/dev/ttyUSB1", Some((0x10C4, 0xEA60, Some("right"))), None),
        listing(
            "/dev/ttyUSB2",
            Some((0x1A86, 0x7523, None)),
            Some(DeviceFault::NoPermission),
        ),
        listing(
            "/dev/ttyUSB3",
            Some((0x0403, 0x6001, None)),
            Some(DeviceFault::NotFound),
        ),
    ];
    let check = |choice: &str, expect: Result<&str, ChoiceFault>| {
        let found = choice
            .parse::<PortChoice>()
            .unwrap()
            .among(&ports)
            .map(|listing| listing.port.as_str());
        assert_eq!(found, expect, "{choice}");
    };
    check("usb:10c4:ea60:right", Ok("/dev/ttyUSB1"));
    check("/dev/ttyUSB0", Ok("/dev/ttyUSB0"));
    check("/dev/serial/by-id/ttyUSB0", Ok("/dev/ttyUSB0"));
    check(
        "usb:10c4:ea60",
        Err(ChoiceFault::Ambiguous(vec![
            "/dev/ttyUSB0".to_owned(),
            "/dev/ttyUSB1".to_owned(),
        ])),
    );
    check("usb:10c4:ea60:middle", Err(ChoiceFault::Absent));
    check(
        "usb:1a86:7523",
        Err(ChoiceFault::NoPermission("/dev/ttyUSB2".to_owned())),
    );
    check(
        "/dev/ttyS0",
        Err(ChoiceFault::NoPermission("/dev/ttyS0".to_owned())),
    );
    // It went away between the list and the look.
    check("usb:0403:6001", Err(ChoiceFault::Absent));
    check("usb:0403:6002", Err(ChoiceFault::Absent));
}

#[cfg(unix)]
#[test]
fn a_name_by_id_leads_to_its_port() {
    let folder = tempfile::tempdir().unwrap();
    let (target, name) = (
        folder.path().join("ttyUSB7"),
        folder.path().join("usb-Maker_Adapter_0001-if00-port0"),
    );
    std::fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink("ttyUSB7", &name).unwrap();
    std::os::unix::fs::symlink("ttyUSB8", folder.path().join("dangling")).unwrap();
    let target = target.canonicalize().unwrap();
    assert!(by_id(folder.path()).contains(&(target, name)));
    assert_eq!(by_id(Path::new("/nowhere")), []);
}

proptest! {
    #[test]
    fn whatever_is_written_reads_as_itself_or_not_at_all(text in "(usb:)?[0-9a-fA-F:+/]{0,14}|\\PC{0,20}") {
        if let Ok(choice) = text.parse::<PortChoice>() {
            let written = choice.to_string();
            prop_assert!(written.eq_ignore_ascii_case(&text));
            prop_assert_eq!(written.parse(), Ok(choice));
        }
    }
}
