//! Cameras of the machine, through OpenCV.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use opencv::core::{Mat, Size};
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture, VideoWriter};
use verification::capture::{CameraIdentity, DeviceFault};

use crate::node::{CameraEntry, System, access};
use crate::{CameraError, Format, Frame, FrameSource, format};

/// How often an open camera is looked up again. Reading three small files of sysfs costs far less than a frame.
const IDENTITY_CHECK_EVERY: Duration = Duration::from_secs(1);

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

/// The one camera that may be opened: its [`CameraIdentity::bus_id`], as `alaqan-cameras` prints it. For a USB
/// camera that is maker, product, serial number and socket. Of two cameras of one model without serial numbers, it
/// tells which is in the socket, and not whether they were exchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraPin(String);

impl CameraPin {
    /// A pin from the configuration.
    pub fn new(bus_id: impl Into<String>) -> Self {
        Self(bus_id.into().trim().to_owned())
    }

    /// As it stands in a configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pin that lets only this camera be opened again.
    pub fn of(identity: &CameraIdentity) -> Self {
        Self::new(identity.bus_id.as_str())
    }

    /// Whether this camera is the pinned one.
    ///
    /// # Errors
    /// [`CameraError::PinMismatch`], which names both.
    pub fn check(&self, identity: &CameraIdentity) -> Result<(), CameraError> {
        if identity.bus_id == self.0 {
            return Ok(());
        }
        Err(CameraError::PinMismatch {
            camera: identity.name.clone(),
            expected: self.0.clone(),
            found: identity.bus_id.clone(),
        })
    }
}

/// The cameras of this machine, by number, virtual ones among them. Where the system does not tell (Windows), the
/// list is empty and a camera is opened by its number alone.
pub fn list() -> Vec<CameraEntry> {
    System::default().list()
}

/// An open camera.
pub struct Device {
    identity: CameraIdentity,
    capture: VideoCapture,
    watch: Option<IdentityWatch>,
    agreed: Size,
    rate_hz: f64,
    origin: Instant,
    next: u64,
}

impl Device {
    /// Opens a camera, if it is real and the pinned one, and agrees on a format with it. `origin` is the instant
    /// from which [`Frame::at`] is counted.
    ///
    /// Where the system does not tell what a camera is (Windows through OpenCV), any camera is taken without a pin
    /// and none with one, and virtual cameras cannot be recognised.
    ///
    /// # Errors
    /// [`CameraError::Device`] with `NotFound`, `NoPermission` or `Busy`; [`CameraError::Virtual`];
    /// [`CameraError::PinMismatch`], [`CameraError::PinUnconfirmed`]; [`CameraError::FormatRefused`].
    pub fn open(
        choice: &CameraChoice,
        format: &Format,
        pin: Option<&CameraPin>,
        origin: Instant,
    ) -> Result<Self, CameraError> {
        let system = System::default();
        let (opened, identity, watch) = if cfg!(target_os = "linux") {
            let camera = choose(&system, choice, pin)?;
            let opened = VideoCapture::from_file(&camera.path, videoio::CAP_V4L2);
            let identity = camera.identity.clone();
            (opened, identity, Some(IdentityWatch::new(system, camera)))
        } else {
            let (index, identity) = untold(choice, pin)?;
            (VideoCapture::new(index, videoio::CAP_ANY), identity, None)
        };
        // Where the node may be opened and the stream may not, somebody else has it. Without a node there is no
        // way to tell.
        let refused = if watch.is_some() {
            DeviceFault::Busy
        } else {
            DeviceFault::NotFound
        };
        let fail = || CameraError::device(&identity.name, refused);
        let mut capture = opened.map_err(|_| fail())?;
        if !capture.is_opened()? {
            return Err(fail());
        }
        let (agreed, rate_hz) = agree(&mut capture, format, &identity.name)?;
        Ok(Self {
            identity,
            capture,
            watch,
            agreed,
            rate_hz,
            origin,
            next: 0,
        })
    }
}

/// The camera that was chosen, if it may be opened.
fn choose(
    system: &System,
    choice: &CameraChoice,
    pin: Option<&CameraPin>,
) -> Result<CameraEntry, CameraError> {
    let (name, found) = match choice {
        CameraChoice::Index(index) => (index.to_string(), system.entry(*index)),
        CameraChoice::Path(path) => (path.display().to_string(), system.find(path)),
    };
    let Some(camera) = found else {
        return Err(CameraError::device(&name, DeviceFault::NotFound));
    };
    if let Some(reason) = camera.virtual_reason {
        return Err(CameraError::Virtual {
            camera: camera.identity.name,
            reason,
        });
    }
    if let Some(pin) = pin {
        pin.check(&camera.identity)?;
    }
    access(&camera.path).map_err(|fault| CameraError::device(&name, fault))?;
    Ok(camera)
}

/// Number and identity of a camera of which the system tells nothing.
fn untold(choice: &CameraChoice, pin: Option<&CameraPin>) -> Result<(i32, CameraIdentity), CameraError> {
    let (camera, index) = match choice {
        CameraChoice::Index(index) => (index.to_string(), i32::try_from(*index).ok()),
        CameraChoice::Path(path) => (path.display().to_string(), None),
    };
    if let Some(CameraPin(expected)) = pin {
        return Err(CameraError::PinUnconfirmed {
            camera,
            expected: expected.clone(),
        });
    }
    let Some(index) = index else {
        return Err(CameraError::device(&camera, DeviceFault::NotFound));
    };
    let identity = CameraIdentity {
        name: camera,
        bus_id: "unknown".to_owned(),
        replay: false,
    };
    Ok((index, identity))
}

/// Asks for a format and reads back what the camera made of it.
fn agree(capture: &mut VideoCapture, format: &Format, camera: &str) -> Result<(Size, f64), CameraError> {
    let [a, b, c, d] = format.pixels.fourcc();
    let fourcc = VideoWriter::fourcc(a, b, c, d)?;
    // The queue of the driver stays as long as it is: whoever reads without pause, as [`crate::Watched`] does, finds
    // it empty, and with a queue of one a camera loses every second frame while the first is decoded.
    // Whether a camera took a wish is seen below; OpenCV's answer to a single one is not to be trusted.
    for (property, value) in [
        (videoio::CAP_PROP_FOURCC, f64::from(fourcc)),
        (videoio::CAP_PROP_FRAME_WIDTH, f64::from(format.width_px)),
        (videoio::CAP_PROP_FRAME_HEIGHT, f64::from(format.height_px)),
        (videoio::CAP_PROP_FPS, f64::from(format.rate_hz)),
    ] {
        capture.set(property, value)?;
    }
    let given = Given {
        width_px: capture.get(videoio::CAP_PROP_FRAME_WIDTH)?,
        height_px: capture.get(videoio::CAP_PROP_FRAME_HEIGHT)?,
        fourcc: capture.get(videoio::CAP_PROP_FOURCC)?,
        rate_hz: capture.get(videoio::CAP_PROP_FPS)?,
    };
    given.check(format, f64::from(fourcc), camera)
}

/// What a camera says that it gives. OpenCV tells 0 or less for what it does not know.
#[derive(Debug, Clone, Copy)]
struct Given {
    width_px: f64,
    height_px: f64,
    fourcc: f64,
    rate_hz: f64,
}

impl Given {
    fn check(self, asked: &Format, fourcc: f64, camera: &str) -> Result<(Size, f64), CameraError> {
        let size = self.width_px == f64::from(asked.width_px) && self.height_px == f64::from(asked.height_px);
        // Other systems than Linux tell the format after decoding.
        let pixels = !cfg!(target_os = "linux") || self.fourcc <= 0.0 || self.fourcc == fourcc;
        if !size || !pixels {
            return Err(CameraError::FormatRefused {
                camera: camera.to_owned(),
                asked: asked.to_string(),
                given: format!(
                    "{} x {} {} at {} Hz",
                    self.width_px,
                    self.height_px,
                    letters(self.fourcc),
                    self.rate_hz
                ),
            });
        }
        // The conversion saturates, and a size that does not fit was never asked for.
        let agreed = Size::new(self.width_px as i32, self.height_px as i32);
        let told = (1.0..=240.0).contains(&self.rate_hz);
        Ok((
            agreed,
            if told {
                self.rate_hz
            } else {
                f64::from(asked.rate_hz)
            },
        ))
    }
}

/// A format's four letters.
fn letters(fourcc: f64) -> String {
    (fourcc.max(0.0) as u32)
        .to_le_bytes()
        .into_iter()
        .map(|byte| {
            let letter = char::from(byte);
            if letter.is_ascii_graphic() { letter } else { '?' }
        })
        .collect()
}

/// Looks up every second whether the node of an open camera still belongs to it.
struct IdentityWatch {
    system: System,
    camera: CameraEntry,
    checked: Instant,
}

impl IdentityWatch {
    fn new(system: System, camera: CameraEntry) -> Self {
        Self {
            system,
            camera,
            checked: Instant::now(),
        }
    }

    /// Checks now.
    fn check(&self) -> Result<(), CameraError> {
        let expected = &self.camera.identity;
        match self.system.entry(self.camera.index) {
            None => Err(CameraError::device(&expected.name, DeviceFault::Disconnected)),
            Some(found) if found.identity != *expected => Err(CameraError::IdentityChanged {
                expected: format!("{}, {}", expected.name, expected.bus_id),
                found: format!("{}, {}", found.identity.name, found.identity.bus_id),
            }),
            Some(_) => Ok(()),
        }
    }

    /// Checks the file at every frame and the rest when it is time.
    fn glance(&mut self) -> Result<(), CameraError> {
        // Gone when the camera is unplugged; OpenCV alone may take ten seconds to notice, or never does.
        if !self.camera.path.exists() {
            let name = &self.camera.identity.name;
            return Err(CameraError::device(name, DeviceFault::Disconnected));
        }
        if self.checked.elapsed() < IDENTITY_CHECK_EVERY {
            return Ok(());
        }
        self.checked = Instant::now();
        self.check()
    }
}

impl FrameSource for Device {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn rate_hz(&self) -> Option<f64> {
        Some(self.rate_hz)
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let mut bgr = Mat::default();
        let read = self.capture.read(&mut bgr);
        let at = self.origin.elapsed();
        if let Some(watch) = &mut self.watch {
            watch.glance()?;
        }
        if !matches!(read, Ok(true)) || bgr.empty() {
            return Err(CameraError::device(
                &self.identity.name,
                DeviceFault::Disconnected,
            ));
        }
        format::check(&bgr, Some(self.agreed))?;
        let index = self.next;
        self.next += 1;
        Ok(Some(Frame {
            index,
            at,
            bgr,
            stream: None,
        }))
    }
}

#[cfg(test)]
mod tests;
