//! A watchdog: reads any source on a thread of its own, so that a read that never returns holds nobody up.
//!
//! OpenCV may block for ever in `read()` when a camera is unplugged or its firmware hangs (OpenCV issues 14044 and
//! 22677), and nothing can interrupt it. So the thread that hangs is left behind: it ends when the kernel lets it
//! go, and meanwhile nobody waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opencv::core::Size;
use opencv::prelude::*;
use verification::capture::{CameraIdentity, DeviceFault, StreamState};
use verification::pad::PadChallenge;

use crate::{CameraError, Fingerprint, Frame, FrameSource, Regularity, format};

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To open the camera.
    pub open: Duration,
    /// For the next frame.
    pub read: Duration,
    /// For a reader that is not hung to give the camera back when it is closed, so that it can be opened again
    /// at once.
    pub close: Duration,
}

impl Default for Limits {
    /// A fault must be on the screen within two seconds; a fifth of a second is left for the way there. The first
    /// frame of a USB camera takes up to one second, and any later one less. Media Foundation on Windows
    /// takes many seconds to open a camera that works, so more is allowed there. A frame in the making is over
    /// within 133 ms even in the dim.
    fn default() -> Self {
        Self {
            open: Duration::from_millis(if cfg!(windows) { 15_000 } else { 1_800 }),
            read: Duration::from_millis(1_800),
            close: Duration::from_millis(500),
        }
    }
}

/// Each holds a stack and a few frames. Where so many hang, the next one would hang as well, and a kiosk that tries
/// again every few seconds for a week must not run out of memory.
const LEFT_BEHIND_MAX: usize = 16;

/// Readers that were left behind and still hang.
static LEFT_BEHIND: AtomicUsize = AtomicUsize::new(0);

/// A source that is read on a thread of its own.
///
/// - Only the newest frame is kept: a slow reader gets fresh frames, and those left out show as a gap in
///   [`Frame::index`].
/// - Every frame is checked (size and kind, the same throughout) and measured ([`Frame::stream`]).
/// - A camera that gives black or frozen frames is a fault; a replay that does so is only measured, since there is
///   no camera to be repaired.
///
/// After `Timeout`, `Black` or `Frozen` it may be asked again, and gives frames as soon as there are good ones. All
/// other faults are final: drop it and open a new one, which never waits for this one.
pub struct Watched {
    shared: Arc<Shared>,
    identity: CameraIdentity,
    rate_hz: Option<f64>,
    limits: Limits,
    /// The last read or opening took too long.
    hung: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    opened: Option<(CameraIdentity, Option<f64>)>,
    newest: Option<Frame>,
    /// Why there are no more frames. `Ok` is the end of a replay.
    end: Option<Result<(), CameraError>>,
    prompt: Option<Option<PadChallenge>>,
    screen: Option<Option<[u8; 3]>>,
    /// Nobody reads any more.
    closed: bool,
    /// The thread has given the camera back.
    finished: bool,
    left_behind: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is the case, or the limit has passed.
    fn wait(&self, limit: Duration, until: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed
            .wait_timeout_while(self.lock(), limit, |state| !until(state))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

impl Watched {
    /// Opens a source on its own thread and begins to read it. `camera` names it in errors.
    ///
    /// # Errors
    /// Those of `open`; [`CameraError::Device`] with `Timeout` where it takes too long, or too many earlier readers
    /// hang.
    pub fn open(
        camera: &str,
        limits: Limits,
        open: impl FnOnce() -> Result<Box<dyn FrameSource>, CameraError> + Send + 'static,
    ) -> Result<Self, CameraError> {
        let timeout = || CameraError::device(camera, DeviceFault::Timeout);
        if LEFT_BEHIND.load(Ordering::Relaxed) >= LEFT_BEHIND_MAX {
            return Err(timeout());
        }
        let shared = Arc::new(Shared::default());
        let reader = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("frames".into())
            .spawn(move || read(&reader, open))
            .map_err(|_| timeout())?;
        let mut watched = Self {
            identity: CameraIdentity {
                name: camera.to_owned(),
                bus_id: "unknown".to_owned(),
                replay: false,
            },
            rate_hz: None,
            limits,
            hung: false,
            shared: Arc::clone(&shared),
        };
        let mut state = shared.wait(limits.open, |state| state.opened.is_some() || state.finished);
        if let Some((identity, rate_hz)) = state.opened.take() {
            (watched.identity, watched.rate_hz) = (identity, rate_hz);
            return Ok(watched);
        }
        let error = match state.end.take() {
            Some(Err(error)) => error,
            // The thread ended in a panic.
            _ if state.finished => CameraError::device(camera, DeviceFault::Disconnected),
            _ => {
                watched.hung = true;
                timeout()
            }
        };
        drop(state);
        Err(error)
    }
}

impl FrameSource for Watched {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn rate_hz(&self) -> Option<f64> {
        self.rate_hz
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let mut state = self.shared.wait(self.limits.read, |state| {
            state.newest.is_some() || state.end.is_some() || state.finished
        });
        self.hung = false;
        let fault = if let Some(frame) = state.newest.take() {
            match frame.stream.map(|stream| stream.state) {
                Some(StreamState::Black) if !self.identity.replay => DeviceFault::Black,
                Some(StreamState::Frozen) if !self.identity.replay => DeviceFault::Frozen,
                _ => return Ok(Some(frame)),
            }
        } else {
            match state.end.take() {
                Some(Err(error)) => return Err(error),
                Some(Ok(())) if self.identity.replay => {
                    state.end = Some(Ok(()));
                    return Ok(None);
                }
                // A camera never ends; and the error was told already, or the thread ended in a panic.
                Some(Ok(())) => DeviceFault::Disconnected,
                None if state.finished => DeviceFault::Disconnected,
                None => {
                    self.hung = true;
                    DeviceFault::Timeout
                }
            }
        };
        Err(CameraError::device(&self.identity.name, fault))
    }

    fn cue(&mut self, prompt: Option<PadChallenge>) {
        self.shared.lock().prompt = Some(prompt);
    }

    fn light(&mut self, screen: Option<[u8; 3]>) {
        self.shared.lock().screen = Some(screen);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        let limit = if self.hung {
            Duration::ZERO
        } else {
            self.limits.close
        };
        let mut state = self.shared.wait(limit, |state| state.finished);
        if !state.finished {
            state.left_behind = true;
            LEFT_BEHIND.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Tells that the thread has ended, also where it ends in a panic.
struct Finish<'a>(&'a Shared);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.finished = true;
        if state.left_behind {
            LEFT_BEHIND.fetch_sub(1, Ordering::Relaxed);
        }
        self.0.changed.notify_all();
    }
}

/// The thread.
fn read(shared: &Shared, open: impl FnOnce() -> Result<Box<dyn FrameSource>, CameraError>) {
    // Dropped last, when the source has been closed.
    let _finish = Finish(shared);
    let mut source = match open() {
        Ok(source) => source,
        Err(error) => {
            shared.lock().end = Some(Err(error));
            return;
        }
    };
    let mut watch = Watch {
        regularity: Regularity::new(source.rate_hz()),
        size: None,
    };
    shared.lock().opened = Some((source.identity().clone(), source.rate_hz()));
    shared.changed.notify_all();
    loop {
        let (closed, prompt, screen) = {
            let mut state = shared.lock();
            (state.closed, state.prompt.take(), state.screen.take())
        };
        if closed {
            return;
        }
        if let Some(prompt) = prompt {
            source.cue(prompt);
        }
        if let Some(screen) = screen {
            source.light(screen);
        }
        let next = source.next_frame().and_then(|frame| match frame {
            Some(frame) => watch.look(frame).map(Some),
            None => Ok(None),
        });
        let mut state = shared.lock();
        let end = match next {
            Ok(Some(frame)) => {
                state.newest = Some(frame);
                None
            }
            Ok(None) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        };
        let ended = end.is_some();
        state.end = end;
        drop(state);
        shared.changed.notify_all();
        if ended {
            return;
        }
    }
}

/// Looks at each frame before anybody measures it.
struct Watch {
    regularity: Regularity,
    size: Option<Size>,
}

impl Watch {
    fn look(&mut self, mut frame: Frame) -> Result<Frame, CameraError> {
        format::check(&frame.bgr, self.size)?;
        self.size = Some(frame.bgr.size()?);
        let fingerprint = Fingerprint::of(&frame.bgr)?;
        frame.stream = Some(self.regularity.see(frame.index, frame.at, &fingerprint));
        Ok(frame)
    }
}

#[cfg(test)]
mod tests;
