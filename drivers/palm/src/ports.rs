//! Serial ports of this machine, and whether this program may use them.

use std::path::Path;

use serialport::{SerialPortInfo, SerialPortType};
use verification::capture::DeviceFault;

use crate::PalmError;

/// One serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortListing {
    /// The name to open it by.
    pub port: String,
    /// The adapter, where the port hangs on USB.
    pub usb: Option<UsbAdapter>,
    /// Why it cannot be opened, so far as can be told without opening it: opening would disturb the device.
    pub fault: Option<DeviceFault>,
}

/// A serial adapter on USB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbAdapter {
    /// Vendor id.
    pub vendor: u16,
    /// Product id.
    pub product: u16,
    /// Serial number of the adapter.
    pub serial: Option<String>,
    /// Product name.
    pub name: Option<String>,
}

/// All serial ports of this machine, those without permission included.
pub fn list() -> Result<Vec<PortListing>, PalmError> {
    // The crate panics on a Linux without this folder, as some containers are.
    if cfg!(target_os = "linux") && !Path::new("/sys/class/tty").is_dir() {
        return Ok(Vec::new());
    }
    let mut ports: Vec<_> = serialport::available_ports()
        .map_err(PalmError::Ports)?
        .into_iter()
        .map(listing)
        .collect();
    ports.sort_by(|one, other| one.port.cmp(&other.port));
    Ok(ports)
}

fn listing(info: SerialPortInfo) -> PortListing {
    let usb = match info.port_type {
        SerialPortType::UsbPort(usb) => Some(UsbAdapter {
            vendor: usb.vid,
            product: usb.pid,
            serial: usb.serial_number,
            name: usb.product,
        }),
        _ => None,
    };
    PortListing {
        fault: access_fault(&info.port_name),
        port: info.port_name,
        usb,
    }
}

/// Why this program may not open the port; `None` if it may, or if that cannot be told.
#[cfg(unix)]
pub fn access_fault(port: &str) -> Option<DeviceFault> {
    use rustix::fs::{Access, access};
    use rustix::io::Errno;
    match access(port, Access::READ_OK | Access::WRITE_OK) {
        Ok(()) => None,
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Some(DeviceFault::NoPermission),
        Err(_) => Some(DeviceFault::NotFound),
    }
}

/// Why this program may not open the port; Windows tells only by opening.
#[cfg(not(unix))]
pub fn access_fault(_port: &str) -> Option<DeviceFault> {
    None
}

/// What the failure to open a port means in the words of all devices.
pub(crate) fn open_fault(port: &str, error: &serialport::Error) -> DeviceFault {
    use std::io::ErrorKind as Io;
    match error.kind() {
        serialport::ErrorKind::Io(Io::PermissionDenied) => DeviceFault::NoPermission,
        // The system's "busy" and a lock held by another program arrive as `NoDevice`; on Windows a missing port
        // does too, so there the list decides.
        serialport::ErrorKind::NoDevice if cfg!(unix) || is_listed(port) => DeviceFault::Busy,
        // Also a path that is no serial port at all: the scanner is not found there.
        _ => DeviceFault::NotFound,
    }
}

fn is_listed(port: &str) -> bool {
    list().is_ok_and(|ports| ports.iter().any(|listing| listing.port == port))
}
