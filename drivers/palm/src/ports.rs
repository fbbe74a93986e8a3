//! Serial ports of this machine, which of them is meant, and whether this program may use it.
//!
//! On Linux the list comes from sysfs. It is asked for again and again by whoever waits for a plug: a udev monitor
//! would be told, but links a C library into every kiosk, and has to be backed by the list anyway where no udev runs,
//! as in a container.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serialport::{SerialPortInfo, SerialPortType};
use verification::capture::DeviceFault;

use crate::PalmError;

/// One serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortListing {
    /// The name to open it by.
    pub port: String,
    /// A name that stays the same whatever else is plugged in, where the system makes one: udev on Linux, from the
    /// names and the number of the adapter.
    pub by_id: Option<PathBuf>,
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
        "an adapter is written usb:VVVV:PPPP or usb:VVVV:PPPP:SERIAL, with four hexadecimal digits for vendor and product"
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

/// Why no port fits a choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceFault {
    /// Nothing is plugged in that fits.
    #[error("nothing like it is plugged in")]
    Absent,
    /// Something fits, but this program may not open it.
    #[error("no permission to open {0}")]
    NoPermission(String),
    /// More than one fits.
    #[error("several ports fit: {}; add the serial number of the adapter, or name one by its path", .0.join(", "))]
    Ambiguous(Vec<String>),
}

impl ChoiceFault {
    /// The same in the words of all devices.
    pub fn fault(&self) -> DeviceFault {
        match self {
            // Several are as good as none: which is the scanner, nobody can tell.
            Self::Absent | Self::Ambiguous(_) => DeviceFault::NotFound,
            Self::NoPermission(_) => DeviceFault::NoPermission,
        }
    }
}

impl PortChoice {
    /// The port to open now. Opens nothing, so that it may be asked as often as one likes; after a replug the answer
    /// may be another one.
    ///
    /// # Errors
    /// [`PalmError::Choice`] if no port fits, several fit, or the one that fits may not be opened;
    /// [`PalmError::Ports`] if the ports cannot be listed.
    pub fn resolve(&self) -> Result<String, PalmError> {
        let found = match self {
            Self::Named(name) => match access_fault(name) {
                None => Ok(name.clone()),
                Some(DeviceFault::NoPermission) => Err(ChoiceFault::NoPermission(name.clone())),
                Some(_) => Err(ChoiceFault::Absent),
            },
            Self::Usb { .. } => self.among(&list()?).map(|listing| listing.port.clone()),
        };
        found.map_err(|source| PalmError::Choice {
            choice: self.to_string(),
            source,
        })
    }

    /// The one of these ports that is meant.
    pub fn among<'a>(&self, ports: &'a [PortListing]) -> Result<&'a PortListing, ChoiceFault> {
        let fitting: Vec<&PortListing> = ports.iter().filter(|listing| self.fits(listing)).collect();
        match fitting.as_slice() {
            [] => Err(ChoiceFault::Absent),
            [one] => match one.fault {
                None => Ok(one),
                Some(DeviceFault::NoPermission) => Err(ChoiceFault::NoPermission(one.port.clone())),
                Some(_) => Err(ChoiceFault::Absent),
            },
            several => Err(ChoiceFault::Ambiguous(
                several.iter().map(|listing| listing.port.clone()).collect(),
            )),
        }
    }

    fn fits(&self, listing: &PortListing) -> bool {
        match self {
            Self::Named(name) => {
                listing.port == *name
                    || listing
                        .by_id
                        .as_deref()
                        .is_some_and(|path| path == Path::new(name))
            }
            Self::Usb {
                vendor,
                product,
                serial,
            } => listing.usb.as_ref().is_some_and(|usb| {
                (usb.vendor, usb.product) == (*vendor, *product)
                    && (serial.is_none() || usb.serial == *serial)
            }),
        }
    }
}

/// All serial ports of this machine, those without permission included.
pub fn list() -> Result<Vec<PortListing>, PalmError> {
    // The crate panics on a Linux without this folder, as some containers are.
    if cfg!(target_os = "linux") && !Path::new("/sys/class/tty").is_dir() {
        return Ok(Vec::new());
    }
    let names = by_id(Path::new("/dev/serial/by-id"));
    let mut ports: Vec<_> = serialport::available_ports()
        .map_err(PalmError::Ports)?
        .into_iter()
        .map(|info| listing(info, &names))
        .collect();
    ports.sort_by(|one, other| one.port.cmp(&other.port));
    Ok(ports)
}

/// The names in a folder of links, each with the port that it stands for; none where there is no such folder.
fn by_id(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.path())
        .filter_map(|name| Some((name.canonicalize().ok()?, name)))
        .collect();
    names.sort();
    names
}

fn listing(info: SerialPortInfo, names: &[(PathBuf, PathBuf)]) -> PortListing {
    let port = Path::new(&info.port_name);
    let by_id = names.iter().find(|(target, _)| target == port);
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
        by_id: by_id.map(|(_, name)| name.clone()),
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

/// Whether the path leads to something that no serial port ever is, such as a folder.
pub(crate) fn is_no_port(path: &str) -> bool {
    // On Windows a port is a name and no path, and even to ask about it would open it.
    #[cfg(unix)]
    return std::fs::metadata(path)
        .is_ok_and(|metadata| !std::os::unix::fs::FileTypeExt::is_char_device(&metadata.file_type()));
    #[cfg(not(unix))]
    return path.is_empty();
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
    list().is_ok_and(|ports| {
        ports
            .iter()
            .any(|listing| listing.port.eq_ignore_ascii_case(port))
    })
}

#[cfg(test)]
mod tests;
