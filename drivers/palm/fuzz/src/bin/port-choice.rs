//! The choice of a port: what is understood is written again so that it is understood as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::ports::{PortChoice, PortListing, UsbAdapter};

fuzz_target!(|text: &str| {
    let Ok(choice) = text.parse::<PortChoice>() else {
        return;
    };
    let again: PortChoice = choice.to_string().parse().expect("it was understood before");
    assert_eq!(again, choice);
    let adapter = UsbAdapter {
        vendor: 0x10C4,
        product: 0xEA60,
        serial: Some("0001".to_owned()),
        name: None,
    };
    let listing = |port: &str| PortListing {
        port: port.to_owned(),
        by_id: None,
        usb: Some(adapter.clone()),
        fault: None,
    };
    let found = choice.among(&[listing("/dev/ttyUSB0")]).is_ok();
    let named = matches!(&choice, PortChoice::Named(name) if name == "/dev/ttyUSB0");
    assert!(!found || named || text.starts_with("usb:"));
});
