//! Serial ports of this machine, and whether this program may use them.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

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

/// Which port to open: one that is named, or the one of an adapter, wherever it is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortChoice {
    /// By its name, such as `/dev/ttyUSB0`, `/dev/serial/by-id/...` or `COM3`.
    Named(String),
    /// By the adapter on USB.
    Usb {
        /// Vendor id.
        vendor: u16,
        /// Product id.
        product: u16,
        /// Serial number of the adapter, where several of a kind are plugged in.
        serial: Option<String>,
    },
}

/// What is no choice of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PortChoiceError {
    /// Nothing.
    #[error("a port is missing")]
    Empty,
    /// It begins with `usb:`, and goes on in another way.
    #[error(
        "an adapter is written usb:VVVV:PPPP or usb:VVVV:PPPP:SERIAL, with the vendor and product id in four hexadecimal digits each"
    )]
    Usb,
}

impl FromStr for PortChoice {
    type Err = PortChoiceError;

    fn from_str(text: &str) -> Result<Self, PortChoiceError> {
        let Some(adapter) = text.strip_prefix("usb:") else {
            return match text {
                "" => Err(PortChoiceError::Empty),
                _ => Ok(Self::Named(text.to_owned())),
            };
        };
        // A serial number may itself hold colons.
        let mut parts = adapter.splitn(3, ':');
        let mut id = || {
            let digits = parts.next().filter(|part| part.len() == 4)?;
            // `from_str_radix` would take a sign.
            digits
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit())
                .then_some(())?;
            u16::from_str_radix(digits, 16).ok()
        };
        let (vendor, product) = (
            id().ok_or(PortChoiceError::Usb)?,
            id().ok_or(PortChoiceError::Usb)?,
        );
        match parts.next() {
            Some("") => Err(PortChoiceError::Usb),
            serial => Ok(Self::Usb {
                vendor,
                product,
                serial: serial.map(str::to_owned),
            }),
        }
    }
}

impl fmt::Display for PortChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Usb {
                vendor,
                product,
                serial,
            } => {
                write!(f, "usb:{vendor:04x}:{product:04x}")?;
                serial.iter().try_for_each(|serial| write!(f, ":{serial}"))
            }
        }
    }
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
