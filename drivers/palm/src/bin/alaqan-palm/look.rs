//! The verbs that look at a scanner, and the one that deletes.

use palm::ports::{self, PortChoice, PortListing, UsbAdapter};
use palm::{ModuleStatus, PalmError};
use serde_json::{Value, json};
use verification::palm::PalmReference;

use crate::arguments::Choice;
use crate::exit::Exit;
use crate::report::{Report, lines};
use crate::{scanner, words};

/// All serial ports.
pub fn list() -> Result<Report, PalmError> {
    let ports = ports::list()?;
    let text = if ports.is_empty() {
        "This machine has no serial port.\n".to_owned()
    } else {
        ports.iter().map(port_text).collect()
    };
    Ok(Report {
        json: json!({ "ports": Value::from_iter(ports.iter().map(port_json)) }),
        text,
        exit: Exit::Done,
    })
}

/// The port and whether it may be opened, and below it the other names by which it can be chosen.
fn port_text(port: &PortListing) -> String {
    let access = port
        .fault
        .map_or("accessible".to_owned(), |fault| fault.to_string());
    let mut text = format!("{:<20} {access}\n", port.port);
    if let Some(path) = &port.by_id {
        text += &format!("    {}\n", path.display());
    }
    if let Some(usb) = &port.usb {
        let name = usb.name.as_deref().unwrap_or_default();
        text += &format!("    {}  {name}\n", choice_of(usb));
    }
    text
}

fn port_json(port: &PortListing) -> Value {
    json!({
        "port": port.port,
        "by_id": port.by_id.as_ref().map(|path| path.display().to_string()),
        "fault": port.fault.map(words::fault),
        "usb": port.usb.as_ref().map(|usb| json!({
            "choice": choice_of(usb).to_string(),
            "vendor": usb.vendor,
            "product": usb.product,
            "serial": usb.serial,
            "name": usb.name,
        })),
    })
}

/// How this adapter is chosen, wherever it is plugged in.
fn choice_of(usb: &UsbAdapter) -> PortChoice {
    PortChoice::Usb {
        vendor: usb.vendor,
        product: usb.product,
        serial: usb.serial.clone(),
    }
}

/// What the scanner is and how it does.
pub fn info(choice: &Choice) -> Result<Report, PalmError> {
    let info = scanner::open(choice)?.info()?;
    let identity = &info.identity;
    let capabilities = words::capabilities(identity.capabilities);
    let measures: Vec<&str> = capabilities
        .iter()
        .filter_map(|(word, has)| has.then_some(*word))
        .collect();
    Ok(Report {
        json: json!({
            "port": choice.port.to_string(),
            "driver": identity.driver,
            "model": identity.model,
            "firmware": identity.firmware,
            "serial": identity.serial,
            "thermometer": identity.thermometer,
            "status": words::status(info.status),
            "capabilities": Value::from_iter(capabilities.map(|(word, has)| (word, Value::from(has)))),
        }),
        text: lines([
            ("port", choice.port.to_string()),
            ("driver", identity.driver.clone()),
            ("model", identity.model.clone()),
            ("firmware", identity.firmware.clone()),
            ("serial", identity.serial.clone()),
            ("thermometer", identity.thermometer.clone().unwrap_or_default()),
            ("status", words::status(info.status).to_owned()),
            ("capabilities", measures.join(", ")),
        ]),
        exit: match info.status {
            ModuleStatus::Standby | ModuleStatus::Busy => Exit::Done,
            ModuleStatus::Error | ModuleStatus::NotInitialised | ModuleStatus::Updating => Exit::Unhealthy,
        },
    })
}

/// Each part of the scanner, and whether it works.
pub fn self_test(choice: &Choice) -> Result<Report, PalmError> {
    let checks = scanner::open(choice)?.self_test()?;
    let passed = checks.iter().all(|check| check.passed);
    let as_json = checks
        .iter()
        .map(|check| json!({ "name": check.name, "passed": check.passed, "detail": check.detail }));
    let width = checks
        .iter()
        .map(|check| check.name.chars().count())
        .max()
        .unwrap_or(0);
    let as_text = checks.iter().map(|check| {
        let word = if check.passed { "works " } else { "FAILED" };
        format!("{:<width$}  {word}  {}\n", check.name, check.detail)
    });
    Ok(Report {
        json: json!({ "passed": passed, "checks": Value::from_iter(as_json) }),
        text: as_text.collect(),
        exit: if passed { Exit::Done } else { Exit::SelfTest },
    })
}

/// The ids of all references.
pub fn ids(choice: &Choice) -> Result<Report, PalmError> {
    let ids = scanner::open(choice)?.list()?;
    let text = if ids.is_empty() {
        "No palm is stored.\n".to_owned()
    } else {
        ids.iter().map(|id| format!("{}\n", id.0)).collect()
    };
    Ok(Report {
        json: json!({ "references": Value::from_iter(ids.iter().map(|id| id.0)) }),
        text,
        exit: Exit::Done,
    })
}

/// Deletes one reference.
pub fn delete(choice: &Choice, id: u32) -> Result<Report, PalmError> {
    scanner::open(choice)?.delete(PalmReference(id))?;
    Ok(Report {
        json: json!({ "deleted": id }),
        text: format!("{id} is not in the scanner any more.\n"),
        exit: Exit::Done,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use verification::capture::DeviceFault;

    #[test]
    fn a_port_is_shown_with_all_its_names() {
        let port = PortListing {
            port: "/dev/ttyUSB0".to_owned(),
            by_id: Some("/dev/serial/by-id/usb-CP2102_0001".into()),
            usb: Some(UsbAdapter {
                vendor: 0x10C4,
                product: 0xEA60,
                serial: Some("0001".to_owned()),
                name: Some("CP2102".to_owned()),
            }),
            fault: Some(DeviceFault::NoPermission),
        };
        expect![[r#"
            /dev/ttyUSB0         no permission to open the device
                /dev/serial/by-id/usb-CP2102_0001
                usb:10c4:ea60:0001  CP2102
        "#]]
        .assert_eq(&port_text(&port));
        expect![[r#"{"by_id":"/dev/serial/by-id/usb-CP2102_0001","fault":"no-permission","port":"/dev/ttyUSB0","usb":{"choice":"usb:10c4:ea60:0001","name":"CP2102","product":60000,"serial":"0001","vendor":4292}}"#]].assert_eq(&port_json(&port).to_string());
    }
}
