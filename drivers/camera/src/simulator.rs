//! A camera for tests, with a handle that switches its faults.
//!
//! The handle is the socket and what is plugged into it; it outlives the sources that are opened from it, as a
//! camera does. By itself a source draws frames with the noise of a sensor; around another source it hands that
//! one's frames on, so that a recorded person can be unplugged.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opencv::core::{self, CV_8UC3, Mat, Scalar, Size, Vector};
use opencv::prelude::*;
use opencv::{imgcodecs, imgproc};
use verification::capture::{CameraIdentity, DeviceFault};
use verification::pad::PadChallenge;

use crate::grain::Grain;
use crate::replay::Clock;
use crate::{CameraError, CameraPin, Frame, FrameSource, Pace};

/// Size of drawn frames.
const DRAWN_PX: (i32, i32) = (320, 240);
/// Rate of drawn frames.
const DRAWN_HZ: f64 = 30.0;

/// What is wrong with the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// A read does not return until the fault is another one.
    Blocks,
    /// Frames without light, with the noise of a sensor.
    Black,
    /// The last frame, again and again.
    Frozen,
    /// Frames of this width and height in pixels, whatever was agreed. Of a size at which there is no picture
    /// (0), the frame is empty.
    Size(i32, i32),
    /// It is not plugged in: an open source ends, and none can be opened.
    Disconnected,
    /// Another program has it: none can be opened.
    Busy,
    /// This program may not open it.
    NoPermission,
}

/// The socket of the simulated camera. Clones are the same socket.
#[derive(Clone)]
pub struct FaultHandle {
    shared: Arc<Shared>,
}

struct Shared {
    camera: Mutex<Camera>,
    changed: Condvar,
}

struct Camera {
    fault: Fault,
    identity: CameraIdentity,
    /// What is held before the lens, as an encoded picture.
    held: Option<Arc<Vec<u8>>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Camera> {
        self.camera.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultHandle {
    /// A working camera with this identity.
    pub fn new(identity: CameraIdentity) -> Self {
        let camera = Camera {
            fault: Fault::None,
            identity,
            held: None,
        };
        Self {
            shared: Arc::new(Shared {
                camera: Mutex::new(camera),
                changed: Condvar::new(),
            }),
        }
    }

    /// Switches the fault, also for sources that are open. A read that blocks goes on.
    pub fn set(&self, fault: Fault) {
        self.shared.lock().fault = fault;
        self.shared.changed.notify_all();
    }

    /// Holds a picture (JPEG or PNG) before the lens, so that nothing else is seen, or takes it away.
    pub fn hold(&self, picture: Option<Vec<u8>>) {
        self.shared.lock().held = picture.map(Arc::new);
    }

    /// Plugs in a camera, the same or another one. A source of another one that is still open ends with
    /// [`CameraError::IdentityChanged`].
    pub fn plug(&self, identity: CameraIdentity) {
        let mut camera = self.shared.lock();
        camera.identity = identity;
        camera.fault = Fault::None;
        drop(camera);
        self.shared.changed.notify_all();
    }

    /// Opens the camera; it draws its frames. `origin` is the instant from which [`Frame::at`] is counted.
    ///
    /// # Errors
    /// [`CameraError::Device`] by the fault, [`CameraError::PinMismatch`].
    pub fn open(
        &self,
        pin: Option<&CameraPin>,
        pace: Pace,
        origin: Instant,
    ) -> Result<FaultySource, CameraError> {
        let drawn = Drawn {
            identity: self.shared.lock().identity.clone(),
            clock: Clock::new(pace, DRAWN_HZ, origin),
            grain: Grain::default(),
        };
        self.around(pin, Box::new(drawn))
    }

    /// Opens the camera around another source, whose frames it hands on.
    ///
    /// # Errors
    /// As [`FaultHandle::open`].
    pub fn around(
        &self,
        pin: Option<&CameraPin>,
        inner: Box<dyn FrameSource>,
    ) -> Result<FaultySource, CameraError> {
        let camera = self.shared.lock();
        let fail = |fault| Err(CameraError::device(&camera.identity.name, fault));
        match camera.fault {
            Fault::Disconnected => return fail(DeviceFault::NotFound),
            Fault::Busy => return fail(DeviceFault::Busy),
            Fault::NoPermission => return fail(DeviceFault::NoPermission),
            _ => {}
        }
        if let Some(pin) = pin {
            pin.check(&camera.identity)?;
        }
        Ok(FaultySource {
            identity: camera.identity.clone(),
            shared: Arc::clone(&self.shared),
            inner,
            newest: None,
            grain: Grain::default(),
        })
    }
}

/// An open simulated camera.
pub struct FaultySource {
    identity: CameraIdentity,
    shared: Arc<Shared>,
    inner: Box<dyn FrameSource>,
    /// The last frame without a fault.
    newest: Option<Mat>,
    grain: Grain,
}

impl FrameSource for FaultySource {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn rate_hz(&self) -> Option<f64> {
        self.inner.rate_hz()
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let Some(mut frame) = self.inner.next_frame()? else {
            return Ok(None);
        };
        let (fault, held) = {
            let blocks = |camera: &mut Camera| camera.fault == Fault::Blocks;
            let camera = self
                .shared
                .changed
                .wait_while(self.shared.lock(), blocks)
                .unwrap_or_else(PoisonError::into_inner);
            if camera.fault != Fault::Disconnected && camera.identity != self.identity {
                return Err(CameraError::IdentityChanged {
                    expected: self.identity.bus_id.clone(),
                    found: camera.identity.bus_id.clone(),
                });
            }
            (camera.fault, camera.held.clone())
        };
        if let Some(held) = held {
            frame.bgr = self.grain.add(&laid_over(&held, frame.bgr.size()?)?)?;
        }
        let filled = |width: i32, height: i32, level: f64| {
            Mat::new_rows_cols_with_default(height, width, CV_8UC3, Scalar::all(level))
        };
        match fault {
            Fault::Disconnected => {
                return Err(CameraError::device(
                    &self.identity.name,
                    DeviceFault::Disconnected,
                ));
            }
            Fault::Black => {
                frame.bgr = self
                    .grain
                    .add(&filled(frame.bgr.cols(), frame.bgr.rows(), 8.0)?)?
            }
            Fault::Frozen => {
                if let Some(newest) = &self.newest {
                    frame.bgr = newest.clone();
                }
            }
            Fault::Size(width, height) if width < 1 || height < 1 => frame.bgr = Mat::default(),
            Fault::Size(width, height) => frame.bgr = filled(width, height, 90.0)?,
            // A camera that is open stays open.
            Fault::None | Fault::Blocks | Fault::Busy | Fault::NoPermission => {}
        }
        self.newest = Some(frame.bgr.clone());
        Ok(Some(frame))
    }

    fn cue(&mut self, prompt: Option<PadChallenge>) {
        self.inner.cue(prompt);
    }

    fn light(&mut self, screen: Option<[u8; 3]>) {
        self.inner.light(screen);
    }
}

/// A picture that is held before the lens: turned as the frame stands, as large as it fits, and in its own shape, since a
/// lens stretches nothing. Around it its edges go on.
fn laid_over(encoded: &[u8], frame: Size) -> Result<Mat, CameraError> {
    let bytes = Vector::<u8>::from_slice(encoded);
    let mut picture = imgcodecs::imdecode(&bytes, imgcodecs::IMREAD_COLOR)?;
    if (picture.cols() > picture.rows()) != (frame.width > frame.height) {
        let mut turned = Mat::default();
        core::rotate(&picture, &mut turned, core::ROTATE_90_CLOCKWISE)?;
        picture = turned;
    }
    let part = |room: i32, side: i32| f64::from(room) / f64::from(side.max(1));
    let scale = part(frame.width, picture.cols()).min(part(frame.height, picture.rows()));
    let scaled = |side: i32, room: i32| ((f64::from(side) * scale).round() as i32).clamp(1, room.max(1));
    let (width, height) = (
        scaled(picture.cols(), frame.width),
        scaled(picture.rows(), frame.height),
    );
    let mut fitted = Mat::default();
    imgproc::resize(
        &picture,
        &mut fitted,
        Size::new(width, height),
        0.0,
        0.0,
        imgproc::INTER_AREA,
    )?;
    let (left, top) = ((frame.width - width) / 2, (frame.height - height) / 2);
    let mut whole = Mat::default();
    core::copy_make_border_def(
        &fitted,
        &mut whole,
        top,
        frame.height - height - top,
        left,
        frame.width - width - left,
        core::BORDER_REPLICATE,
    )?;
    Ok(whole)
}

/// Grey frames, brighter to the right, with noise.
struct Drawn {
    identity: CameraIdentity,
    clock: Clock,
    grain: Grain,
}

impl FrameSource for Drawn {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn rate_hz(&self) -> Option<f64> {
        Some(DRAWN_HZ)
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let (_, index, at) = self.clock.tick();
        let (width, height) = DRAWN_PX;
        let mut bgr = Mat::new_rows_cols_with_default(height, width, CV_8UC3, Scalar::all(60.0))?;
        let right = opencv::core::Rect::new(width / 2, 0, width - width / 2, height);
        Mat::roi_mut(&mut bgr, right)?.set_scalar(Scalar::all(160.0))?;
        Ok(Some(Frame {
            index,
            at,
            bgr: self.grain.add(&bgr)?,
            stream: None,
        }))
    }
}
