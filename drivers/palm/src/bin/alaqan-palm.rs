//! Looks at palm scanners from a command line, for technicians.

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use palm::ports::{self, PortListing};
use palm::{ModuleStatus, Opening, PalmError, ScannerInfo};
use serde_json::{Value, json};
use verification::capture::DeviceFault;

/// Looks at palm scanners.
///
/// Exit codes: 0 done; 2 wrong arguments; 3 not found; 4 no permission; 5 used by another program; 6 no answer;
/// 7 an answer that is no use; 8 disconnected; 9 the module answers but reports that it has failed.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the serial ports and whether they may be opened.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ask the scanner on a port what it is and how it does.
    Info {
        /// The port, such as /dev/ttyUSB0 or COM3.
        #[arg(long)]
        port: String,
        /// What is on the port.
        #[arg(long, value_parser = palm::DRIVERS.iter().map(|driver| driver.name).collect::<Vec<_>>(),
              default_value = palm::efaa::dfrobot_ai10::NAME)]
        driver: String,
        /// Speed of the line, unless it is the driver's own.
        #[arg(long)]
        baud: Option<u32>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// The module answers, and says that it does not work.
const EXIT_UNHEALTHY: u8 = 9;

fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::List { json } => list(json),
        Verb::Info {
            port,
            driver,
            baud,
            json,
        } => info(&port, &driver, baud, json),
    };
    done.unwrap_or_else(|error| {
        eprintln!("alaqan-palm: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
        if let Some(advice) = advice(error.fault()) {
            eprintln!("  {advice}");
        }
        ExitCode::from(exit_code(error.fault()))
    })
}

fn exit_code(fault: DeviceFault) -> u8 {
    match fault {
        DeviceFault::NotFound => 3,
        DeviceFault::NoPermission => 4,
        DeviceFault::Busy => 5,
        DeviceFault::Timeout => 6,
        // The last five are faults of cameras alone.
        DeviceFault::Protocol
        | DeviceFault::Black
        | DeviceFault::Frozen
        | DeviceFault::Format
        | DeviceFault::Identity
        | DeviceFault::Virtual => 7,
        DeviceFault::Disconnected => 8,
    }
}

fn advice(fault: DeviceFault) -> Option<&'static str> {
    match fault {
        DeviceFault::NotFound => Some("`alaqan-palm list` shows the ports of this machine."),
        DeviceFault::NoPermission if cfg!(unix) => {
            Some("Serial ports usually belong to the group `dialout`: add the user to it and log in again.")
        }
        DeviceFault::Timeout => {
            Some("Check power and cable, and that a scanner of this kind is on the port.")
        }
        DeviceFault::Protocol
        | DeviceFault::Black
        | DeviceFault::Frozen
        | DeviceFault::Format
        | DeviceFault::Identity
        | DeviceFault::Virtual => Some("Check that the speed and the kind of scanner are right."),
        DeviceFault::NoPermission | DeviceFault::Busy | DeviceFault::Disconnected => None,
    }
}

fn list(json: bool) -> Result<ExitCode, PalmError> {
    let ports = ports::list()?;
    if json {
        println!("{}", Value::from_iter(ports.iter().map(port_json)));
    } else if ports.is_empty() {
        println!("This machine has no serial port.");
    } else {
        for port in &ports {
            let usb = port.usb.as_ref().map_or(String::new(), |usb| {
                format!(
                    "  {:04x}:{:04x} {}",
                    usb.vendor,
                    usb.product,
                    usb.name.as_deref().unwrap_or_default()
                )
            });
            let access = port
                .fault
                .map_or("accessible".to_owned(), |fault| fault.to_string());
            println!("{:<20} {access}{usb}", port.port);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn port_json(port: &PortListing) -> Value {
    json!({
        "port": port.port,
        "fault": port.fault.map(fault_word),
        "usb": port.usb.as_ref().map(|usb| json!({
            "vendor": usb.vendor,
            "product": usb.product,
            "serial": usb.serial,
            "name": usb.name,
        })),
    })
}

fn fault_word(fault: DeviceFault) -> &'static str {
    match fault {
        DeviceFault::NotFound => "not-found",
        DeviceFault::NoPermission => "no-permission",
        DeviceFault::Busy => "busy",
        DeviceFault::Timeout => "timeout",
        DeviceFault::Protocol
        | DeviceFault::Black
        | DeviceFault::Frozen
        | DeviceFault::Format
        | DeviceFault::Identity
        | DeviceFault::Virtual => "protocol",
        DeviceFault::Disconnected => "disconnected",
    }
}

fn info(port: &str, driver: &str, baud: Option<u32>, json: bool) -> Result<ExitCode, PalmError> {
    // The argument parser lets only names of drivers pass.
    let Some(driver) = palm::driver(driver) else {
        return Ok(ExitCode::from(2));
    };
    let opening = Opening {
        port: port.to_owned(),
        baud: baud.unwrap_or(driver.baud),
        device_key: None,
    };
    let info = (driver.open)(&opening)?.info()?;
    if json {
        println!("{}", info_json(port, &info));
    } else {
        let words: Vec<&str> = capabilities(&info)
            .into_iter()
            .filter_map(|(word, has)| has.then_some(word))
            .collect();
        println!("port      {port}");
        println!("driver    {}", info.identity.driver);
        println!("firmware  {}", info.identity.firmware);
        println!("serial    {}", info.identity.serial);
        println!("status    {}", status_word(info.status));
        println!("measures  {}", words.join(", "));
    }
    let healthy = matches!(info.status, ModuleStatus::Standby | ModuleStatus::Busy);
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_UNHEALTHY)
    })
}

fn info_json(port: &str, info: &ScannerInfo) -> Value {
    json!({
        "port": port,
        "driver": info.identity.driver,
        "firmware": info.identity.firmware,
        "serial": info.identity.serial,
        "status": status_word(info.status),
        "capabilities": Value::from_iter(capabilities(info).map(|(word, has)| (word, Value::from(has)))),
    })
}

fn capabilities(info: &ScannerInfo) -> [(&'static str, bool); 5] {
    let has = info.identity.capabilities;
    [
        ("vascular", has.vascular),
        ("volume", has.volume),
        ("temperature", has.temperature),
        ("liveness", has.liveness),
        ("seal", has.seal),
    ]
}

fn status_word(status: ModuleStatus) -> &'static str {
    match status {
        ModuleStatus::Standby => "standby",
        ModuleStatus::Busy => "busy",
        ModuleStatus::Error => "error",
        ModuleStatus::NotInitialised => "not-initialised",
        ModuleStatus::Updating => "updating",
    }
}
