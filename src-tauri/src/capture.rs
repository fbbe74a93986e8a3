//! The thread that owns the camera and OpenCV: frames in, observations out. It measures and never decides.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use camera::{Actor, CameraChoice, CameraError, Device, Frame, FrameSource, Limits, Pace, Watched};
use face::Analyzer;
use verification::Sensitive;
use verification::capture::{CameraIdentity, CapturedSample, DeviceFault, FaceObservation};
use verification::evidence::StillPurpose;
use verification::pad::PadChallenge;
use verification::page::PageObservation;
use verification::session::Subject;

use crate::config::Camera;

/// What the owner asks of the thread.
#[derive(Debug)]
pub enum Command {
    /// Open the camera; answered by [`Report::Opened`].
    Open,
    /// Close it.
    Close,
    /// An attempt begins with the face that is seen now: nothing that was measured before belongs to it.
    Begin,
    /// Measure every frame for this from now on; a camera that is opened looks for a face.
    LookFor(Subject),
    /// Show these pictures in place of the camera's, or the camera's again where there are none.
    Show(Vec<Sensitive<Vec<u8>>>),
    /// Encode this frame; answered by [`Report::Kept`] while the camera is open.
    Keep {
        /// Number of the frame.
        frame: u64,
        /// For what.
        purpose: StillPurpose,
    },
    /// The screen now asks for this action. Only a replay listens.
    Cue(Option<PadChallenge>),
    /// Say that the thread lives.
    Answer(Sender<()>),
    /// The screen now has this colour, or looks as usual. Only a replay listens; a face is lit.
    Light(Option<[u8; 3]>),
    /// From the next opening on it is this camera.
    Use(Opener),
    /// See whether the camera opens and gives frames; answered by [`Report::Tested`]. It is closed afterwards, unless it
    /// was open.
    Test,
}

/// How to open a camera, in a command.
#[derive(Clone)]
pub struct Opener(pub OpenCamera);

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opener")
    }
}

/// What the thread reports.
#[derive(Debug)]
pub enum Report {
    /// The camera is open, or is not.
    Opened(Result<CameraIdentity, DeviceFault>),
    /// A frame was measured for a face.
    Observed(Box<FaceObservation>),
    /// A frame was measured for an identity document.
    PageSeen(PageObservation),
    /// Answers [`Command::Keep`].
    Kept {
        /// For what it was to be kept.
        purpose: StillPurpose,
        /// The picture; `None` if the frame is gone or cannot be encoded.
        sample: Option<CapturedSample>,
    },
    /// The camera failed and is closed.
    Failed(DeviceFault),
    /// Answers [`Command::Test`].
    Tested(Result<CameraIdentity, DeviceFault>),
}

/// How many frames can still be asked for. An answer to a measure comes within two or three frames.
const FRAMES_KEPT: usize = 12;
/// How many frames make a test. The first ones of many cameras are dark; that they come is what counts.
const FRAMES_TESTED: usize = 5;
/// Upper limit of a still: a picture of 1280 x 960 at good quality is about half of it.
const STILL_MAX_BYTES: usize = 400_000;
/// A recorded person is read from a file and kept compressed in memory before the first frame.
const REPLAY_LIMITS: Limits = Limits {
    open: Duration::from_secs(30),
    read: Duration::from_secs(2),
    close: Duration::from_millis(500),
};
/// Longer than it takes to notice a black or a frozen picture.
const SETTLING: Duration = Duration::from_millis(1_300);
/// Height of pictures that were kept, where they are shown to the person.
const SHOWN_HEIGHT_PX: u32 = 480;
/// Width of the preview; it is drawn at about this size.
const PREVIEW_WIDTH_PX: u32 = 640;

/// Opens the camera; given the zero of all times.
pub type OpenCamera = Arc<dyn Fn(Instant) -> Result<Watched, CameraError> + Send + Sync>;

/// How to open the camera of a configuration.
pub fn configured(camera: Camera) -> OpenCamera {
    Arc::new(move |origin| match camera.clone() {
        Camera::Device { index, format, pin } => {
            Watched::open(&index.to_string(), Limits::default(), move || {
                let choice = CameraChoice::Index(index);
                let device = Device::open(&choice, &format, pin.as_ref(), origin)?;
                Ok(Box::new(device))
            })
        }
        Camera::Replay { folder, clip } => Watched::open(&clip.clone(), REPLAY_LIMITS, move || {
            Ok(Box::new(Actor::open(folder, &clip, Pace::RealTime, origin)?))
        }),
    })
}

/// The running thread. It ends when this is dropped.
pub struct Capture {
    commands: Option<Sender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Capture {
    /// Starts the thread. `origin` is the zero of all times; `report` and `preview` are called on the thread.
    pub fn start(
        camera: OpenCamera,
        mut analyzer: Analyzer,
        origin: Instant,
        report: impl Fn(Report) + Send + 'static,
        preview: impl Fn(Vec<u8>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (commands, inbox) = channel();
        let thread = std::thread::Builder::new().name("camera".into()).spawn(move || {
            let worker = Worker {
                camera: RefCell::new(camera),
                origin,
                report,
                preview,
            };
            // A fault in here costs the camera, not the kiosk: it is reported, and the next one may open it anew.
            while catch_unwind(AssertUnwindSafe(|| worker.run(&mut analyzer, &inbox))).is_err() {
                (worker.report)(Report::Failed(DeviceFault::Protocol));
            }
        })?;
        Ok(Self {
            commands: Some(commands),
            thread: Some(thread),
        })
    }

    /// Hands a command to the thread.
    pub fn command(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // The thread lives as long as this.
            let _ = commands.send(command);
        }
    }
}

/// A camera that hangs in the kernel cannot be joined; it is left behind after this time.
const JOIN_LIMIT: Duration = Duration::from_secs(3);

impl Drop for Capture {
    fn drop(&mut self) {
        self.commands = None;
        let Some(thread) = self.thread.take() else { return };
        let end = Instant::now() + JOIN_LIMIT;
        while !thread.is_finished() {
            if Instant::now() >= end {
                tracing::error!("the camera does not answer and is left behind");
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = thread.join();
    }
}

struct Worker<R, P> {
    camera: RefCell<OpenCamera>,
    origin: Instant,
    report: R,
    preview: P,
}

/// An open camera.
struct Open {
    source: Watched,
    recent: VecDeque<Frame>,
    looks_for: Subject,
    /// Pictures that were kept are on the screen, and the camera's is not.
    shows_kept: bool,
}

impl<R: Fn(Report), P: Fn(Vec<u8>)> Worker<R, P> {
    fn run(&self, analyzer: &mut Analyzer, inbox: &Receiver<Command>) {
        let mut open: Option<Open> = None;
        let mut settles = false;
        loop {
            let command = if open.is_some() {
                match inbox.try_recv() {
                    Ok(command) => Some(command),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => return,
                }
            } else {
                match inbox.recv() {
                    Ok(command) => Some(command),
                    Err(_) => return,
                }
            };
            match (command, &mut open) {
                (Some(Command::Answer(to)), _) => drop(to.send(())),
                (Some(Command::Open), _) => {
                    open = None;
                    match self.open(settles) {
                        Ok(opened) => {
                            analyzer.reset();
                            settles = false;
                            (self.report)(Report::Opened(Ok(opened.source.identity().clone())));
                            open = Some(opened);
                        }
                        Err(fault) => (self.report)(Report::Opened(Err(fault))),
                    }
                }
                (Some(Command::Close), _) => {
                    open = None;
                    // Nothing of the person stays until the next one comes.
                    analyzer.reset();
                }
                (Some(Command::Use(opener)), _) => *self.camera.borrow_mut() = opener.0,
                (Some(Command::Test), None) => {
                    // The kiosk waits for the answer, also where the test itself breaks.
                    let tested = catch_unwind(AssertUnwindSafe(|| self.test(settles)));
                    (self.report)(Report::Tested(tested.unwrap_or(Err(DeviceFault::Protocol))));
                    settles = false;
                }
                // It gives frames, or says so by itself.
                (Some(Command::Test), Some(open)) => {
                    (self.report)(Report::Tested(Ok(open.source.identity().clone())));
                }
                (Some(Command::Begin), Some(_)) => analyzer.begin(),
                (Some(Command::LookFor(subject)), Some(open)) => {
                    open.looks_for = subject;
                    analyzer.reset();
                }
                (Some(Command::Show(pictures)), Some(open)) => self.show(open, &pictures),
                (Some(Command::Keep { frame, purpose }), Some(open)) => self.keep(open, frame, purpose),
                (Some(Command::Cue(prompt)), Some(open)) => open.source.cue(prompt),
                (Some(Command::Light(screen)), Some(open)) => open.source.light(screen),
                (Some(_), None) => {}
                (None, Some(camera)) => {
                    if let Err(fault) = self.measure(camera, analyzer) {
                        open = None;
                        analyzer.reset();
                        settles = matches!(fault, DeviceFault::Black | DeviceFault::Frozen);
                        (self.report)(Report::Failed(fault));
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// Opens the camera. One that gave pictures in which nothing was to be seen or nothing moved `settles` first, since
    /// it shows only after a while whether it still does.
    fn open(&self, settles: bool) -> Result<Open, DeviceFault> {
        let failed = |error: CameraError| {
            tracing::error!(error = crate::chain(&error), "the camera cannot be opened");
            error.fault()
        };
        let camera = Arc::clone(&self.camera.borrow());
        let mut source = camera(self.origin).map_err(failed)?;
        let opened = Instant::now();
        while settles && opened.elapsed() < SETTLING {
            if source.next_frame().map_err(failed)?.is_none() {
                break;
            }
        }
        Ok(Open {
            source,
            recent: VecDeque::with_capacity(FRAMES_KEPT),
            looks_for: Subject::Face,
            shows_kept: false,
        })
    }

    /// Opens the camera for a few frames, at which nobody looks.
    fn test(&self, settles: bool) -> Result<CameraIdentity, DeviceFault> {
        let mut open = self.open(settles)?;
        for _ in 0..FRAMES_TESTED {
            match open.source.next_frame() {
                Ok(Some(_)) => {}
                Ok(None) => return Err(DeviceFault::Disconnected),
                Err(error) => return Err(error.fault()),
            }
        }
        Ok(open.source.identity().clone())
    }

    fn measure(&self, open: &mut Open, analyzer: &mut Analyzer) -> Result<(), DeviceFault> {
        let frame = match open.source.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => return Err(DeviceFault::Disconnected),
            Err(error) => {
                tracing::error!(error = crate::chain(&error), "the camera gives no frame");
                return Err(error.fault());
            }
        };
        let unmeasured = |error: face::FaceError| {
            tracing::error!(error = crate::chain(&error), "the frame cannot be measured");
            DeviceFault::Protocol
        };
        let report = match open.looks_for {
            Subject::Face => {
                let mut seen = analyzer
                    .observe(&frame.bgr, frame.index, frame.at)
                    .map_err(unmeasured)?;
                seen.stream = frame.stream;
                Report::Observed(Box::new(seen))
            }
            Subject::Page => {
                Report::PageSeen(face::observe_page(&frame.bgr, frame.index).map_err(unmeasured)?)
            }
        };
        // Every second frame is enough for a mirror and leaves the processor to the measuring.
        if !open.shows_kept
            && frame.index.is_multiple_of(2)
            && let Ok(jpeg) = face::encode_preview(&frame.bgr, PREVIEW_WIDTH_PX, true)
        {
            (self.preview)(jpeg);
        }
        if open.recent.len() == FRAMES_KEPT {
            open.recent.pop_front();
        }
        open.recent.push_back(frame);
        (self.report)(report);
        Ok(())
    }

    /// What a person is shown of the own pictures is not mirrored: letters are to be read.
    fn show(&self, open: &mut Open, pictures: &[Sensitive<Vec<u8>>]) {
        open.shows_kept = !pictures.is_empty();
        if pictures.is_empty() {
            return;
        }
        let jpegs: Vec<&[u8]> = pictures
            .iter()
            .map(|picture| picture.expose().as_slice())
            .collect();
        match face::contact_sheet(&jpegs, SHOWN_HEIGHT_PX) {
            Ok(jpeg) => (self.preview)(jpeg),
            Err(error) => tracing::error!(error = crate::chain(&error), "the pictures cannot be shown"),
        }
    }

    fn keep(&self, open: &Open, frame: u64, purpose: StillPurpose) {
        let kept = open.recent.iter().find(|kept| kept.index == frame);
        let sample = kept.and_then(
            |kept| match face::encode_still(&kept.bgr, frame, STILL_MAX_BYTES) {
                Ok(sample) => Some(sample),
                Err(error) => {
                    tracing::error!(error = crate::chain(&error), "the still cannot be encoded");
                    None
                }
            },
        );
        if kept.is_none() {
            tracing::warn!(frame, "the frame is gone before it could be kept");
        }
        (self.report)(Report::Kept { purpose, sample });
    }
}
