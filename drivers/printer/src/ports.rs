//! The printers of this machine, and whether this program may use them.

use std::io;
use std::path::Path;

use serialport::SerialPortType;

use crate::{PrintError, escpos, system};

/// One place where a printer is or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What to open it by.
    pub port: String,
    /// The name of the driver that fits the place.
    pub driver: &'static str,
    /// What the system knows of it.
    pub about: Option<String>,
    /// Whether this program may open it, so far as can be told without opening.
    pub permitted: bool,
}

/// Serial ports, printers of the USB class and queues of the system. A serial port is listed whatever is on it.
///
/// # Errors
/// If the serial ports cannot be listed.
pub fn list() -> Result<Vec<Listing>, PrintError> {
    let mut all = serial_ports()?;
    all.extend(usb_printers(Path::new("/dev/usb")));
    all.extend(system::queues().into_iter().map(|queue| Listing {
        port: queue,
        driver: system::NAME,
        about: None,
        permitted: true,
    }));
    Ok(all)
}

fn serial_ports() -> Result<Vec<Listing>, PrintError> {
    // The crate panics on a Linux without this folder, as some containers are.
    if cfg!(target_os = "linux") && !Path::new("/sys/class/tty").is_dir() {
        return Ok(Vec::new());
    }
    let ports = serialport::available_ports()
        .map_err(|_| PrintError::Failed("the serial ports cannot be listed".to_owned()))?;
    let mut ports: Vec<Listing> = ports
        .into_iter()
        .map(|info| Listing {
            permitted: may_open(&info.port_name),
            port: info.port_name,
            driver: escpos::SERIAL,
            about: match info.port_type {
                SerialPortType::UsbPort(usb) => {
                    let ids = format!("usb {:04x}:{:04x}", usb.vid, usb.pid);
                    Some(usb.product.map_or(ids.clone(), |name| format!("{ids} {name}")))
                }
                _ => None,
            },
        })
        .collect();
    ports.sort_by(|one, other| one.port.cmp(&other.port));
    Ok(ports)
}

/// Linux shows printers of the USB class as `lp0` and so on, in a folder of their own.
fn usb_printers(folder: &Path) -> Vec<Listing> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut printers: Vec<Listing> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("lp"))
        .map(|entry| entry.path().to_string_lossy().into_owned())
        .map(|port| Listing {
            permitted: may_open(&port),
            port,
            driver: escpos::USB,
            about: None,
        })
        .collect();
    printers.sort_by(|one, other| one.port.cmp(&other.port));
    printers
}

/// Whether this program may open it; `true` where that cannot be told.
#[cfg(unix)]
fn may_open(port: &str) -> bool {
    use rustix::fs::{Access, access};
    use rustix::io::Errno;
    !matches!(
        access(port, Access::READ_OK | Access::WRITE_OK),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS)
    )
}

/// Windows tells only by opening.
#[cfg(not(unix))]
fn may_open(_port: &str) -> bool {
    true
}

/// What the failure to open a serial port means.
pub(crate) fn serial_fault(port: &str, error: &serialport::Error) -> PrintError {
    let name = port.to_owned();
    match error.kind() {
        serialport::ErrorKind::Io(io::ErrorKind::PermissionDenied) => PrintError::NoPermission(name),
        // The system's "busy" and a lock held by another program arrive as `NoDevice`; on Windows a missing port does
        // too, so there the list decides.
        serialport::ErrorKind::NoDevice if cfg!(unix) || is_listed(port) => PrintError::Busy(name),
        _ => PrintError::NotFound(name),
    }
}

fn is_listed(port: &str) -> bool {
    serial_ports().is_ok_and(|ports| {
        ports
            .iter()
            .any(|listing| listing.port.eq_ignore_ascii_case(port))
    })
}

/// What the failure to open a device file means.
pub(crate) fn file_fault(port: &str, error: &io::Error) -> PrintError {
    let name = port.to_owned();
    match error.kind() {
        io::ErrorKind::PermissionDenied => PrintError::NoPermission(name),
        io::ErrorKind::ResourceBusy | io::ErrorKind::WouldBlock => PrintError::Busy(name),
        _ => PrintError::NotFound(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printers_of_the_usb_class_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lp1", "lp0", "hiddev0"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = usb_printers(folder.path());
        let names: Vec<_> = found
            .iter()
            .map(|listing| listing.port.rsplit('/').next())
            .collect();
        assert_eq!(names, [Some("lp0"), Some("lp1")]);
        assert!(usb_printers(&folder.path().join("none")).is_empty());
    }

    #[test]
    fn failures_are_told_apart() {
        let check = |kind: io::ErrorKind, expect: &str| {
            assert_eq!(file_fault("lp0", &kind.into()).word(), expect);
        };
        check(io::ErrorKind::NotFound, "not-found");
        check(io::ErrorKind::PermissionDenied, "no-permission");
        check(io::ErrorKind::ResourceBusy, "busy");
        check(io::ErrorKind::WouldBlock, "busy");
    }
}
