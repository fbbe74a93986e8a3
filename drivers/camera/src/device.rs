//! Cameras of the machine, through OpenCV.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use opencv::core::Mat;
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture, VideoWriter};
use verification::capture::{CameraIdentity, DeviceFault};

use crate::{CameraError, Frame, FrameSource};

/// A camera that was found, whether or not it may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraEntry {
    /// Number of the camera, as [`CameraChoice::Index`] takes it.
    pub index: u32,
    /// Device file.
    pub path: PathBuf,
    /// What it is.
    pub identity: CameraIdentity,
    /// Whether this program may open it now.
    pub access: Result<(), DeviceFault>,
}

/// Which camera to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraChoice {
    /// By its number.
    Index(u32),
    /// By its device file, such as `/dev/v4l/by-id/...`, which stays the same over restarts. Linux only.
    Path(PathBuf),
}

impl FromStr for CameraChoice {
    type Err = std::convert::Infallible;

    /// Digits are a number, anything else is a path.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::Path(text.into()), Self::Index))
    }
}

/// The cameras of this machine, by number. Where the system does not tell (Windows), the list is empty and a
/// camera is opened by its number alone.
pub fn list() -> Vec<CameraEntry> {
    list_in(Path::new("/sys/class/video4linux"), Path::new("/dev"))
}

fn list_in(classes: &Path, devices: &Path) -> Vec<CameraEntry> {
    let Ok(folder) = std::fs::read_dir(classes) else {
        return Vec::new();
    };
    let mut cameras: Vec<CameraEntry> = folder
        .flatten()
        .filter_map(|node| {
            let index = node.file_name().to_str()?.strip_prefix("video")?.parse().ok()?;
            entry(index, &node.path(), devices)
        })
        .collect();
    cameras.sort_by_key(|camera| camera.index);
    cameras
}

fn entry(index: u32, class: &Path, devices: &Path) -> Option<CameraEntry> {
    let text = |path: PathBuf| Some(std::fs::read_to_string(path).ok()?.trim().to_owned());
    // One camera has several nodes; the first gives pictures and the others only data about them.
    if text(class.join("index")).is_some_and(|index| index != "0") {
        return None;
    }
    let path = devices.join(format!("video{index}"));
    let identity = CameraIdentity {
        name: text(class.join("name")).unwrap_or_else(|| format!("video{index}")),
        bus_id: bus_id(class),
        replay: false,
    };
    Some(CameraEntry {
        index,
        access: access(&path),
        path,
        identity,
    })
}

/// The place on the bus, with maker, product and serial number where it is a USB camera; `virtual` where no
/// hardware stands behind the node.
fn bus_id(class: &Path) -> String {
    let Ok(interface) = class.join("device").canonicalize() else {
        return "virtual".to_owned();
    };
    let place = interface
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let usb = |field: &str| {
        let value = std::fs::read_to_string(interface.parent()?.join(field)).ok()?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    match (usb("idVendor"), usb("idProduct"), usb("serial")) {
        (Some(vendor), Some(product), Some(serial)) => format!("usb {vendor}:{product} {serial} {place}"),
        (Some(vendor), Some(product), None) => format!("usb {vendor}:{product} {place}"),
        _ => place,
    }
}

fn access(path: &Path) -> Result<(), DeviceFault> {
    match std::fs::File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(match error.kind() {
            ErrorKind::PermissionDenied => DeviceFault::NoPermission,
            ErrorKind::ResourceBusy => DeviceFault::Busy,
            _ => DeviceFault::NotFound,
        }),
    }
}

/// An open camera.
pub struct Device {
    identity: CameraIdentity,
    capture: VideoCapture,
    /// Gone when the camera is unplugged; OpenCV alone may take ten seconds to notice, or never does.
    node: Option<PathBuf>,
    origin: Instant,
    next: u64,
}

impl Device {
    /// Opens a camera and asks it for frames of this size; it may give others. `origin` is the instant from which
    /// [`Frame::at`] is counted.
    ///
    /// # Errors
    /// [`CameraError::Device`] with `NotFound`, `NoPermission` or `Busy`.
    pub fn open(
        choice: &CameraChoice,
        width_px: u32,
        height_px: u32,
        origin: Instant,
    ) -> Result<Self, CameraError> {
        let (camera, node, identity) = locate(choice);
        let fail = |fault| CameraError::Device {
            camera: camera.clone(),
            fault,
        };
        if let Some(node) = &node {
            access(node).map_err(fail)?;
        }
        let opened = match (&node, choice) {
            (Some(node), _) => VideoCapture::from_file(node, videoio::CAP_V4L2),
            (None, CameraChoice::Index(index)) => {
                let index = i32::try_from(*index).map_err(|_| fail(DeviceFault::NotFound))?;
                VideoCapture::new(index, videoio::CAP_ANY)
            }
            (None, CameraChoice::Path(_)) => return Err(fail(DeviceFault::NotFound)),
        };
        // Where the node may be opened and the stream may not, somebody else has it. Without a node there is no
        // way to tell.
        let refused = if node.is_some() {
            DeviceFault::Busy
        } else {
            DeviceFault::NotFound
        };
        let mut capture = opened.map_err(|_| fail(refused))?;
        if !capture.is_opened()? {
            return Err(fail(refused));
        }
        // Compressed frames, since plain ones of this size do not fit USB 2 at full rate; a queue of one, since
        // an old frame is of no use.
        capture.set(
            videoio::CAP_PROP_FOURCC,
            f64::from(VideoWriter::fourcc('M', 'J', 'P', 'G')?),
        )?;
        capture.set(videoio::CAP_PROP_FRAME_WIDTH, f64::from(width_px))?;
        capture.set(videoio::CAP_PROP_FRAME_HEIGHT, f64::from(height_px))?;
        capture.set(videoio::CAP_PROP_BUFFERSIZE, 1.0)?;
        Ok(Self {
            identity,
            capture,
            node,
            origin,
            next: 0,
        })
    }

    fn disconnected(&self) -> CameraError {
        CameraError::Device {
            camera: self.identity.name.clone(),
            fault: DeviceFault::Disconnected,
        }
    }
}

/// Name for messages, device file where the system has them, and identity.
fn locate(choice: &CameraChoice) -> (String, Option<PathBuf>, CameraIdentity) {
    let path = match choice {
        CameraChoice::Index(index) => PathBuf::from(format!("/dev/video{index}")),
        CameraChoice::Path(path) => path.clone(),
    };
    let node = cfg!(target_os = "linux").then(|| path.canonicalize().unwrap_or(path));
    let known = list()
        .into_iter()
        .find(|camera| node.as_ref() == Some(&camera.path));
    let name = match choice {
        CameraChoice::Index(index) => index.to_string(),
        CameraChoice::Path(path) => path.display().to_string(),
    };
    let unknown = || CameraIdentity {
        name: name.clone(),
        bus_id: "unknown".to_owned(),
        replay: false,
    };
    let identity = known.map_or_else(unknown, |camera| camera.identity);
    (name, node, identity)
}

impl FrameSource for Device {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let mut bgr = Mat::default();
        let read = self.capture.read(&mut bgr);
        let at = self.origin.elapsed();
        let node_gone = self.node.as_ref().is_some_and(|node| !node.exists());
        if !matches!(read, Ok(true)) || bgr.empty() || node_gone {
            return Err(self.disconnected());
        }
        let index = self.next;
        self.next += 1;
        Ok(Some(Frame { index, at, bgr }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_a_path_names_a_camera() {
        assert_eq!("2".parse(), Ok(CameraChoice::Index(2)));
        assert_eq!(
            "/dev/video2".parse(),
            Ok(CameraChoice::Path("/dev/video2".into()))
        );
    }

    #[test]
    fn a_camera_that_is_not_there_is_not_found() {
        for choice in [
            CameraChoice::Index(987),
            CameraChoice::Path("/dev/no-such-camera".into()),
        ] {
            let error = Device::open(&choice, 640, 480, Instant::now()).err().unwrap();
            assert_eq!(error.fault(), DeviceFault::NotFound, "{error}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_first_nodes_are_listed_with_their_place_on_the_bus() {
        let root = tempfile::tempdir().unwrap();
        let (classes, devices, usb) = (
            root.path().join("class"),
            root.path().join("dev"),
            root.path().join("devices/usb1/1-2"),
        );
        std::fs::create_dir_all(usb.join("1-2:1.0")).unwrap();
        std::fs::create_dir_all(&devices).unwrap();
        std::fs::write(usb.join("idVendor"), "046d\n").unwrap();
        std::fs::write(usb.join("idProduct"), "0825\n").unwrap();
        let node = |index: u32, place: &str, name: &str, hardware: bool| {
            let class = classes.join(format!("video{index}"));
            std::fs::create_dir_all(&class).unwrap();
            std::fs::write(class.join("index"), place).unwrap();
            std::fs::write(class.join("name"), name).unwrap();
            if hardware {
                std::os::unix::fs::symlink(usb.join("1-2:1.0"), class.join("device")).unwrap();
            }
        };
        node(10, "0\n", "Loopback\n", false);
        node(0, "0\n", "Webcam\n", true);
        node(1, "1\n", "Webcam data\n", true);
        std::fs::write(devices.join("video0"), "").unwrap();

        let got = list_in(&classes, &devices);
        let facts: Vec<_> = got
            .iter()
            .map(|camera| {
                (
                    camera.index,
                    camera.identity.name.as_str(),
                    camera.identity.bus_id.as_str(),
                    camera.access,
                )
            })
            .collect();
        assert_eq!(
            facts,
            [
                (0, "Webcam", "usb 046d:0825 1-2:1.0", Ok(())),
                (10, "Loopback", "virtual", Err(DeviceFault::NotFound)),
            ]
        );
        assert_eq!(list_in(&root.path().join("absent"), &devices), []);
    }
}
