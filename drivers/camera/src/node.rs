//! What Linux tells about its cameras: `/sys/class/video4linux` and the device files.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use verification::capture::{CameraIdentity, DeviceFault};

use crate::virtual_camera::{VirtualReason, virtual_reason};

/// Texts come from the device, which may say anything; what is longer than this is no name.
const TEXT_MAX: usize = 80;

/// A camera that was found, whether or not it may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraEntry {
    /// Number of the camera, as [`crate::CameraChoice::Index`] takes it.
    pub index: u32,
    /// Device file.
    pub path: PathBuf,
    /// What it is.
    pub identity: CameraIdentity,
    /// Driver in the kernel, such as `uvcvideo`; `None` where the node names none.
    pub driver: Option<String>,
    /// Why it counts as a virtual camera, if it does. Such a camera is never opened.
    pub virtual_reason: Option<VirtualReason>,
    /// Whether this program may open it now.
    pub access: Result<(), DeviceFault>,
}

/// Where the system keeps what it knows; another place in tests.
#[derive(Debug, Clone)]
pub(crate) struct System {
    /// Folder with one folder for each node.
    pub(crate) classes: PathBuf,
    /// Folder with the device files.
    pub(crate) devices: PathBuf,
}

impl Default for System {
    fn default() -> Self {
        Self {
            classes: "/sys/class/video4linux".into(),
            devices: "/dev".into(),
        }
    }
}

impl System {
    /// The cameras, by number.
    pub(crate) fn list(&self) -> Vec<CameraEntry> {
        let Ok(folder) = std::fs::read_dir(&self.classes) else {
            return Vec::new();
        };
        let mut cameras: Vec<CameraEntry> = folder
            .flatten()
            .filter_map(|node| {
                let index = node.file_name().to_str()?.strip_prefix("video")?.parse().ok()?;
                self.entry(index)
            })
            .collect();
        cameras.sort_by_key(|camera| camera.index);
        cameras
    }

    /// The camera behind a device file, which may be a link to it.
    pub(crate) fn find(&self, path: &Path) -> Option<CameraEntry> {
        let real = path.canonicalize().ok()?;
        self.list().into_iter().find(|camera| {
            camera.path == path || camera.path.canonicalize().is_ok_and(|camera| camera == real)
        })
    }

    /// The camera with a number, if it gives pictures.
    pub(crate) fn entry(&self, index: u32) -> Option<CameraEntry> {
        let class = self.classes.join(format!("video{index}"));
        if !class.exists() {
            return None;
        }
        // One camera has several nodes; the first gives pictures and the others only data about them.
        if text(&class.join("index")).is_some_and(|index| index != "0") {
            return None;
        }
        let path = self.devices.join(format!("video{index}"));
        let hardware = class.join("device").canonicalize().ok();
        let identity = CameraIdentity {
            name: text(&class.join("name")).unwrap_or_else(|| format!("video{index}")),
            bus_id: hardware.as_deref().map_or_else(|| "virtual".to_owned(), bus_id),
            replay: false,
        };
        let driver = hardware.as_deref().and_then(driver);
        let virtual_reason = match &hardware {
            None => Some(VirtualReason::NoHardware),
            Some(_) => virtual_reason(
                &identity.name,
                driver.as_deref(),
                class.canonicalize().ok().as_deref(),
            ),
        };
        Some(CameraEntry {
            index,
            access: access(&path),
            path,
            identity,
            driver,
            virtual_reason,
        })
    }
}

/// A line of a file of sysfs, without what a terminal or a log would take for commands.
fn text(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let plain: String = text
        .trim()
        .chars()
        .map(|letter| if letter.is_control() { '?' } else { letter })
        .take(TEXT_MAX)
        .collect();
    Some(plain).filter(|plain| !plain.is_empty())
}

fn driver(hardware: &Path) -> Option<String> {
    let link = hardware.join("driver").canonicalize().ok()?;
    Some(link.file_name()?.to_string_lossy().into_owned())
}

/// The place on the bus, with maker, product and serial number where it is a USB camera.
fn bus_id(hardware: &Path) -> String {
    let place = hardware.file_name().unwrap_or_default().to_string_lossy();
    let usb = |field: &str| text(&hardware.parent()?.join(field));
    match (usb("idVendor"), usb("idProduct"), usb("serial")) {
        (Some(vendor), Some(product), Some(serial)) => format!("usb {vendor}:{product} {serial} {place}"),
        (Some(vendor), Some(product), None) => format!("usb {vendor}:{product} {place}"),
        _ => place.into_owned(),
    }
}

/// Whether a device file may be opened.
pub(crate) fn access(path: &Path) -> Result<(), DeviceFault> {
    match std::fs::File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(match error.kind() {
            ErrorKind::PermissionDenied => DeviceFault::NoPermission,
            ErrorKind::ResourceBusy => DeviceFault::Busy,
            _ => DeviceFault::NotFound,
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tree such as that of sysfs, in a temporary folder.
    pub(crate) struct Tree {
        root: tempfile::TempDir,
    }

    impl Tree {
        pub(crate) fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            for folder in ["class", "dev"] {
                std::fs::create_dir(root.path().join(folder)).unwrap();
            }
            Self { root }
        }

        pub(crate) fn system(&self) -> System {
            System {
                classes: self.root.path().join("class"),
                devices: self.root.path().join("dev"),
            }
        }

        pub(crate) fn device(&self, index: u32) -> PathBuf {
            self.root.path().join(format!("dev/video{index}"))
        }

        /// Takes a node away.
        pub(crate) fn unplug(&self, index: u32) {
            std::fs::remove_file(self.root.path().join(format!("class/video{index}"))).unwrap();
            std::fs::remove_file(self.device(index)).unwrap();
        }

        /// A node of a camera at a place below `devices`, as Linux lays it out: the class holds a link to the
        /// node, and the node one to its hardware.
        pub(crate) fn plug(&self, index: u32, name: &str, place: &str, driver: &str, usb: &[(&str, &str)]) {
            let hardware = self.root.path().join("devices").join(place);
            let node = hardware.join(format!("video4linux/video{index}"));
            std::fs::create_dir_all(&node).unwrap();
            std::fs::write(node.join("index"), "0\n").unwrap();
            std::fs::write(node.join("name"), format!("{name}\n")).unwrap();
            for (field, value) in usb {
                std::fs::write(hardware.parent().unwrap().join(field), format!("{value}\n")).unwrap();
            }
            if !place.starts_with("virtual") && !node.join("device").exists() {
                let drivers = self.root.path().join("drivers").join(driver);
                std::fs::create_dir_all(&drivers).unwrap();
                link(&drivers, &hardware.join("driver"));
                link(&hardware, &node.join("device"));
            }
            link(&node, &self.root.path().join(format!("class/video{index}")));
            std::fs::write(self.device(index), "").unwrap();
        }
    }

    #[cfg(unix)]
    pub(crate) fn link(to: &Path, at: &Path) {
        std::os::unix::fs::symlink(to, at).unwrap();
    }

    #[cfg(windows)]
    pub(crate) fn link(to: &Path, at: &Path) {
        std::os::windows::fs::symlink_dir(to, at).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn cameras_are_listed_with_place_driver_and_what_is_virtual() {
        let tree = Tree::new();
        let vendor = [("idVendor", "046d"), ("idProduct", "0825")];
        let serial = [
            ("idVendor", "046d"),
            ("idProduct", "082d"),
            ("serial", "A1\x1b[31m"),
        ];
        tree.plug(0, "Webcam", "pci0/usb1/1-2/1-2:1.0", "uvcvideo", &vendor);
        tree.plug(2, "Webcam", "pci0/usb1/1-3/1-3:1.0", "uvcvideo", &serial);
        tree.plug(4, "unicam", "platform/soc/fe801000.csi", "unicam", &[]);
        tree.plug(6, "HD Webcam", "virtual", "", &[]);
        tree.plug(7, "HD Webcam", "platform/vivid.0", "vivid", &[]);
        tree.plug(
            8,
            "HD Webcam",
            "platform/dummy_hcd.0/usb5/5-1/5-1:1.0",
            "uvcvideo",
            &vendor,
        );
        tree.plug(
            9,
            "OBS Virtual Camera",
            "pci0/usb1/1-4/1-4:1.0",
            "uvcvideo",
            &vendor,
        );
        // The second node of a camera, which gives data about the pictures.
        tree.plug(1, "Webcam", "pci0/usb1/1-2/1-2:1.1", "uvcvideo", &vendor);
        std::fs::write(tree.system().classes.join("video1/index"), "1\n").unwrap();
        std::fs::remove_file(tree.device(2)).unwrap();

        let got: Vec<String> = tree
            .system()
            .list()
            .iter()
            .map(|camera| {
                format!(
                    "{} | {} | {} | {} | {:?}",
                    camera.index,
                    camera.identity.bus_id,
                    camera.driver.as_deref().unwrap_or("-"),
                    camera
                        .virtual_reason
                        .as_ref()
                        .map_or("real".into(), VirtualReason::to_string),
                    camera.access
                )
            })
            .collect();
        assert_eq!(
            got,
            [
                "0 | usb 046d:0825 1-2:1.0 | uvcvideo | real | Ok(())",
                "2 | usb 046d:082d A1?[31m 1-3:1.0 | uvcvideo | real | Err(NotFound)",
                "4 | fe801000.csi | unicam | real | Ok(())",
                "6 | virtual | - | no hardware stands behind it | Ok(())",
                "7 | vivid.0 | vivid | its driver vivid makes cameras out of software | Ok(())",
                "8 | usb 046d:0825 5-1:1.0 | uvcvideo | its bus dummy_hcd.0 is a piece of software | Ok(())",
                "9 | usb 046d:0825 1-4:1.0 | uvcvideo | its name contains \"virtual\", as software cameras do | Ok(())",
            ]
        );
        let absent = System {
            classes: tree.system().classes.join("absent"),
            devices: tree.system().devices,
        };
        assert_eq!(absent.list(), []);
    }
}
