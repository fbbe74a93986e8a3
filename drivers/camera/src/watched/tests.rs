//! Faults of a simulated camera, and a true blocking read of OpenCV.

use std::time::Instant;

use super::*;
use crate::testing::drawn;
use crate::{CameraPin, Fault, FaultHandle, Pace, Replay};

/// For what must succeed, however busy the machine is.
const PATIENT: Limits = Limits {
    open: Duration::from_secs(60),
    read: Duration::from_secs(60),
    close: Duration::from_secs(60),
};
/// For what must hang. A frame that is late on a busy machine is read by trying again.
const IMPATIENT: Limits = Limits {
    open: PATIENT.open,
    read: Duration::from_millis(500),
    close: PATIENT.close,
};

fn webcam(socket: &str) -> CameraIdentity {
    CameraIdentity {
        name: "Webcam".into(),
        bus_id: format!("usb 046d:0825 {socket}"),
        replay: false,
    }
}

fn watch(handle: &FaultHandle, pin: Option<&CameraPin>, limits: Limits) -> Result<Watched, CameraError> {
    let (handle, pin) = (handle.clone(), pin.cloned());
    Watched::open("0", limits, move || {
        let source = handle.open(pin.as_ref(), Pace::RealTime, Instant::now())?;
        Ok(Box::new(source))
    })
}

/// Reads until there is a frame.
fn frame(watched: &mut Watched) -> Frame {
    (0..100)
        .find_map(|_| watched.next_frame().ok().flatten())
        .expect("a frame")
}

/// Reads until there is a fault.
fn fault(watched: &mut Watched) -> CameraError {
    for _ in 0..300 {
        match watched.next_frame() {
            Ok(frame) => assert!(frame.is_some(), "a camera never ends"),
            Err(error) => return error,
        }
    }
    panic!("no fault in 300 frames");
}

#[test]
fn a_working_camera_gives_measured_frames() {
    let handle = FaultHandle::new(webcam("1-2"));
    let mut watched = watch(&handle, None, PATIENT).unwrap();
    assert_eq!(watched.identity(), &webcam("1-2"));
    assert_eq!(watched.rate_hz().map(f64::round), Some(30.0));
    let mut last = None;
    for _ in 0..5 {
        let frame = watched.next_frame().unwrap().unwrap();
        assert!(last.is_none_or(|last| last < frame.index));
        assert_eq!(frame.stream.unwrap().repeats, 0);
        last = Some(frame.index);
    }
}

#[test]
fn every_fault_has_its_name() {
    for (fault_set, expect) in [
        (Fault::Blocks, DeviceFault::Timeout),
        (Fault::Black, DeviceFault::Black),
        (Fault::Frozen, DeviceFault::Frozen),
        (Fault::Size(319, 241), DeviceFault::Format),
        (Fault::Size(20_000, 100), DeviceFault::Format),
        (Fault::Size(0, 0), DeviceFault::Format),
        (Fault::Size(1, 1), DeviceFault::Format),
        (Fault::Disconnected, DeviceFault::Disconnected),
    ] {
        let handle = FaultHandle::new(webcam("1-2"));
        let limits = if fault_set == Fault::Blocks {
            IMPATIENT
        } else {
            PATIENT
        };
        let mut watched = watch(&handle, None, limits).unwrap();
        frame(&mut watched);
        handle.set(fault_set);
        let error = fault(&mut watched);
        assert_eq!(error.fault(), expect, "{error}");
        handle.set(Fault::None);
        // What a camera can recover from by itself, it recovers from; a fresh one works in any case.
        let recovers = matches!(
            expect,
            DeviceFault::Timeout | DeviceFault::Black | DeviceFault::Frozen
        );
        let again = (0..100).any(|_| watched.next_frame().is_ok());
        assert_eq!(again, recovers, "{fault_set:?}");
        assert!(
            watch(&handle, None, PATIENT)
                .unwrap()
                .next_frame()
                .unwrap()
                .is_some()
        );
    }
}

#[test]
fn a_camera_that_cannot_be_opened_says_why() {
    for (fault_set, expect) in [
        (Fault::Disconnected, DeviceFault::NotFound),
        (Fault::Busy, DeviceFault::Busy),
        (Fault::NoPermission, DeviceFault::NoPermission),
    ] {
        let handle = FaultHandle::new(webcam("1-2"));
        handle.set(fault_set);
        assert_eq!(watch(&handle, None, PATIENT).err().unwrap().fault(), expect);
    }
    let panics = Watched::open("0", PATIENT, || panic!("a fault of a driver"));
    assert_eq!(panics.err().unwrap().fault(), DeviceFault::Disconnected);
}

#[test]
fn an_opening_that_hangs_ends_in_time_and_holds_up_nobody() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let soon = Limits {
        open: Duration::from_millis(300),
        ..PATIENT
    };
    let hangs = Watched::open("0", soon, move || {
        let _ = held.recv();
        Err(CameraError::device("0", DeviceFault::NotFound))
    });
    assert_eq!(hangs.err().unwrap().fault(), DeviceFault::Timeout);
    let handle = FaultHandle::new(webcam("1-2"));
    frame(&mut watch(&handle, None, PATIENT).unwrap());
    drop(release);
}

#[test]
fn after_a_replug_only_the_same_camera_is_taken() {
    let handle = FaultHandle::new(webcam("1-2"));
    let mut watched = watch(&handle, None, IMPATIENT).unwrap();
    let pin = CameraPin::of(watched.identity());
    handle.set(Fault::Blocks);
    assert_eq!(fault(&mut watched).fault(), DeviceFault::Timeout);
    // The old reader still hangs when the new one is opened.
    handle.set(Fault::Disconnected);
    assert_eq!(
        watch(&handle, Some(&pin), PATIENT).err().unwrap().fault(),
        DeviceFault::NotFound
    );
    handle.plug(webcam("1-2"));
    let mut again = watch(&handle, Some(&pin), PATIENT).unwrap();
    frame(&mut again);

    handle.plug(webcam("1-3"));
    let error = fault(&mut again);
    assert!(matches!(error, CameraError::IdentityChanged { .. }), "{error}");
    assert_eq!(error.fault(), DeviceFault::Identity);
    let error = watch(&handle, Some(&pin), PATIENT).err().unwrap();
    assert!(
        error.to_string().contains("1-2") && error.to_string().contains("1-3"),
        "{error}"
    );
    assert_eq!(error.fault(), DeviceFault::Identity);
}

#[test]
fn a_slow_reader_gets_the_newest_frame_and_a_gap() {
    let handle = FaultHandle::new(webcam("1-2"));
    // Frames without a pause between them, so that any reader is slow.
    let open = handle.clone();
    let mut watched = Watched::open("0", PATIENT, move || {
        Ok(Box::new(open.open(None, Pace::Free, Instant::now())?))
    })
    .unwrap();
    let first = watched.next_frame().unwrap().unwrap().index;
    let skipped = (0..1000).any(|_| {
        std::thread::yield_now();
        watched.next_frame().unwrap().unwrap().index > first + 1000
    });
    assert!(skipped, "a thousand frames were read one by one");
}

#[test]
fn a_replay_ends_and_its_stillness_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let still = folder.path().join("still.png");
    opencv::imgcodecs::imwrite(&still, &drawn(7), &opencv::core::Vector::new()).unwrap();
    let open = move || -> Result<Box<dyn FrameSource>, CameraError> {
        Ok(Box::new(Replay::open(&still, Pace::Free, Instant::now())?))
    };
    let mut watched = Watched::open("still.png", PATIENT, open).unwrap();
    let mut last = None;
    while let Some(frame) = watched.next_frame().unwrap() {
        last = frame.stream;
    }
    assert_eq!(last.unwrap().state, StreamState::Frozen);
    assert!(watched.next_frame().unwrap().is_none(), "the end stays the end");
}

/// OpenCV reading motion JPEG from a pipe: a read that nothing can interrupt while the writer is silent.
#[cfg(unix)]
mod pipe {
    use std::fs::File;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::sync::mpsc::{Sender, channel};
    use std::thread::JoinHandle;

    use opencv::core::{Mat, Vector};
    use opencv::imgcodecs;
    use opencv::videoio::{self, VideoCapture};

    use super::*;

    struct Pipe {
        identity: CameraIdentity,
        capture: VideoCapture,
        next: u64,
    }

    impl Pipe {
        fn open(path: &Path) -> Result<Box<dyn FrameSource>, CameraError> {
            let capture = VideoCapture::from_file(path, videoio::CAP_FFMPEG)?;
            if !capture.is_opened()? {
                return Err(CameraError::device("pipe", DeviceFault::NotFound));
            }
            Ok(Box::new(Self {
                identity: webcam("pipe"),
                capture,
                next: 0,
            }))
        }
    }

    impl FrameSource for Pipe {
        fn identity(&self) -> &CameraIdentity {
            &self.identity
        }

        fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
            let mut bgr = Mat::default();
            if !self.capture.read(&mut bgr)? {
                return Err(CameraError::device("pipe", DeviceFault::Disconnected));
            }
            let index = self.next;
            self.next += 1;
            Ok(Some(Frame {
                index,
                at: Duration::from_millis(33 * index),
                bgr,
                stream: None,
            }))
        }
    }

    fn pipe(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    /// Writes frames into a pipe.
    struct Writer {
        silent: Sender<()>,
        thread: JoinHandle<File>,
    }

    impl Writer {
        fn start(path: PathBuf) -> Self {
            let (silent, told) = channel();
            let thread = std::thread::spawn(move || {
                let mut pipe = File::create(path).unwrap();
                let mut number = 0;
                while told.try_recv().is_err() {
                    let mut jpeg = Vector::new();
                    imgcodecs::imencode(".jpg", &drawn(number % 256), &mut jpeg, &Vector::new()).unwrap();
                    pipe.write_all(jpeg.as_slice()).unwrap();
                    number += 1;
                }
                pipe
            });
            Self { silent, thread }
        }

        /// Stops writing and hands out the end of the pipe, which stays open as long as it is kept.
        fn fall_silent(self) -> File {
            self.silent.send(()).unwrap();
            self.thread.join().unwrap()
        }
    }

    fn open(path: &Path) -> Watched {
        let path = path.to_owned();
        Watched::open("pipe", IMPATIENT, move || Pipe::open(&path)).unwrap()
    }

    #[test]
    fn a_read_that_blocks_for_ever_is_left_behind_and_a_new_one_works() {
        let folder = tempfile::tempdir().unwrap();
        let first = pipe(folder.path(), "first.mjpeg");
        let writer = Writer::start(first.clone());
        let mut watched = open(&first);
        frame(&mut watched);
        let silent = writer.fall_silent();
        // The pipe is open and nothing comes.
        assert_eq!(fault(&mut watched).fault(), DeviceFault::Timeout);
        assert_eq!(watched.next_frame().unwrap_err().fault(), DeviceFault::Timeout);
        let shared = Arc::clone(&watched.shared);
        drop(watched);
        assert!(shared.lock().left_behind && !shared.lock().finished);

        let second = pipe(folder.path(), "second.mjpeg");
        let writer = Writer::start(second.clone());
        let mut again = open(&second);
        frame(&mut again);
        // A writer that goes away is a camera that is unplugged.
        drop(writer.fall_silent());
        let gone = (0..100).any(|_| fault(&mut again).fault() == DeviceFault::Disconnected);
        assert!(gone);

        // The one left behind ends as soon as its read returns.
        drop(silent);
        assert!(
            shared
                .wait(Duration::from_secs(60), |state| state.finished)
                .finished
        );
    }
}
