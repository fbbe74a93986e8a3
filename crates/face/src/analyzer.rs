//! Follows the face from frame to frame.

use std::time::Duration;

use opencv::core::Mat;
use opencv::prelude::*;
use verification::capture::{FaceMeasures, FaceObservation, RectPx};

use crate::costs::{Cost, Costs};
use crate::cut_out::CutOutMeter;
use crate::detector::{Detector, VIEWS};
use crate::eyes::Eyes;
use crate::image::{area, as_bgr, overlap};
use crate::light::light;
use crate::likeness::Likeness;
use crate::mesh::{Crop, Mesh, MeshFit, POINTS, Point3, bounding_box, cut};
use crate::occlusion::occlusion;
use crate::passive::PassivePair;
use crate::pose::{Head, head};
use crate::quality::quality;
use crate::ratios::ratios;
use crate::relief::ReliefMeter;
use crate::scene::Scene;
use crate::screen::ScreenWatch;
use crate::{FaceError, ModelFolder};

/// Below this presence a face counts as lost.
const PRESENCE_MIN: f32 = 0.5;
/// While a face is followed, the detector looks at another part of the frame after so many frames, so that a second
/// face is noticed within half a second and no frame waits for more than one look.
const DETECT_EVERY: u32 = 5;
/// A detection is the followed face if their boxes share this part.
const SAME_FACE_OVERLAP: f32 = 0.2;
/// Another face is followed instead only when it is clearly larger, so that two equal ones do not alternate.
const LARGER: f32 = 1.5;

/// The points of the mesh of one face, by their MediaPipe number.
pub type MeshPoints = [Point3; POINTS];

/// Turns frames into observations. It keeps the place of the face between frames, so frames must be given in
/// their order; one analyzer belongs to one camera.
pub struct Analyzer {
    detector: Detector,
    mesh: Mesh,
    eyes: Eyes,
    passive: Option<PassivePair>,
    followed: Option<Crop>,
    faces: u32,
    since_detection: u32,
    looks: usize,
    /// Other faces that the last looks have found.
    others: [u32; VIEWS],
    present_frames: u64,
    scene: Scene,
    relief: ReliefMeter,
    likeness: Likeness,
    screen: ScreenWatch,
    cut_out: CutOutMeter,
    costs: Costs,
}

impl Analyzer {
    /// Loads the networks.
    ///
    /// # Errors
    /// [`FaceError::ModelCorrupt`], naming the file.
    pub fn new(models: &ModelFolder) -> Result<Self, FaceError> {
        Ok(Self {
            detector: Detector::new(&models.detector)?,
            mesh: Mesh::new(&models.mesh)?,
            eyes: Eyes::new(&models.eyes)?,
            passive: models.passive.as_ref().map(PassivePair::new).transpose()?,
            followed: None,
            faces: 0,
            since_detection: 0,
            looks: 0,
            others: [0; VIEWS],
            present_frames: 0,
            scene: Scene::default(),
            relief: ReliefMeter::default(),
            likeness: Likeness::default(),
            screen: ScreenWatch::default(),
            cut_out: CutOutMeter::default(),
            costs: Costs::default(),
        })
    }

    /// Whether the passive pair is installed.
    pub fn has_passive(&self) -> bool {
        self.passive.is_some()
    }

    /// Forgets the followed face, as before the first frame of another subject.
    pub fn reset(&mut self) {
        self.followed = None;
        self.faces = 0;
        self.eyes.forget();
        self.since_detection = 0;
        self.looks = 0;
        self.others = [0; VIEWS];
        self.present_frames = 0;
        self.scene = Scene::default();
        self.begin();
    }

    /// Begins a presentation of the face that is followed: all that was kept of earlier frames to compare with, the
    /// picture of the reference face among it, is forgotten.
    pub fn begin(&mut self) {
        self.relief = ReliefMeter::default();
        self.likeness = Likeness::default();
        self.screen = ScreenWatch::default();
        self.cut_out = CutOutMeter::default();
    }

    /// Measures one frame (BGR, BGRA or grey, 8 bits). `frame` and `at` are copied into the observation.
    ///
    /// # Errors
    /// [`FaceError::UnusableFrame`] for a frame without such pixels, [`FaceError::OpenCv`].
    pub fn observe(&mut self, bgr: &Mat, frame: u64, at: Duration) -> Result<FaceObservation, FaceError> {
        let bgr = as_bgr(bgr)?;
        let (luminance_mean, scene_change) = self.costs.time("scene", || self.scene.look(&bgr))?;
        let fit = self.follow(&bgr)?;
        let face = match &fit {
            Some(fit) => self.measure(&bgr, fit)?,
            None => None,
        };
        Ok(FaceObservation {
            frame,
            at,
            frame_width_px: u32::try_from(bgr.cols()).unwrap_or(0),
            frame_height_px: u32::try_from(bgr.rows()).unwrap_or(0),
            faces: self.faces,
            luminance_mean,
            scene_change,
            stream: None,
            face,
        })
    }

    /// As [`Analyzer::observe`], with what each stage took, for `cargo xtask bench face`. A stage that a frame does
    /// without is missing, and one that it has twice is there twice.
    ///
    /// # Errors
    /// As [`Analyzer::observe`].
    #[doc(hidden)]
    pub fn observe_by_stages(
        &mut self,
        bgr: &Mat,
        frame: u64,
        at: Duration,
    ) -> Result<(FaceObservation, Vec<Cost>), FaceError> {
        self.costs = Costs::kept();
        let observation = self.observe(bgr, frame, at);
        let costs = std::mem::take(&mut self.costs).into_list();
        Ok((observation?, costs))
    }

    /// The mesh of the largest face of a single picture; `None` if there is no face. For test material.
    ///
    /// # Errors
    /// As [`Analyzer::observe`].
    pub fn mesh_of(&mut self, bgr: &Mat) -> Result<Option<MeshPoints>, FaceError> {
        self.reset();
        let bgr = as_bgr(bgr)?;
        // The second fit starts from the points of the first and is the more exact one.
        self.follow(&bgr)?;
        let fit = self.follow(&bgr)?;
        self.reset();
        Ok(fit.map(|fit| fit.points))
    }

    /// Finds the face where it was, or anywhere, and counts the faces when it is time to.
    fn follow(&mut self, bgr: &Mat) -> Result<Option<MeshFit>, FaceError> {
        let mut fit = match self.followed {
            Some(crop) => self.fit(bgr, &crop)?,
            None => None,
        };
        self.since_detection += 1;
        let lost = fit.is_none();
        if lost || self.since_detection >= DETECT_EVERY {
            self.since_detection = 0;
            self.looks += 1;
            let detections = if lost {
                self.costs
                    .time("detector, all views", || self.detector.detect(bgr))?
            } else {
                self.costs.time("detector, one view", || {
                    self.detector.detect_view(bgr, self.looks)
                })?
            };
            let mut faces = u32::from(fit.is_some());
            let mut boxes: Vec<RectPx> = fit.iter().map(|fit| bounding_box(&fit.points)).collect();
            for detection in detections {
                if boxes
                    .iter()
                    .any(|known| overlap(*known, detection.box_px) > SAME_FACE_OVERLAP)
                {
                    continue;
                }
                let Some(other) = self.fit(bgr, &Crop::of_detection(&detection))? else {
                    continue;
                };
                let other_box = bounding_box(&other.points);
                if boxes
                    .iter()
                    .any(|known| overlap(*known, other_box) > SAME_FACE_OVERLAP)
                {
                    continue;
                }
                boxes.push(other_box);
                faces += 1;
                let followed_area = fit.as_ref().map(|fit| area(bounding_box(&fit.points)));
                if followed_area.is_none_or(|followed| area(other_box) > LARGER * followed) {
                    fit = Some(other);
                }
            }
            let others = faces.saturating_sub(1);
            if lost {
                self.others = [others; VIEWS];
            } else {
                self.others[self.looks % VIEWS] = others;
            }
            self.faces = match &fit {
                Some(_) => 1 + self.others.iter().max().copied().unwrap_or(0),
                None => 0,
            };
        }
        self.followed = fit.as_ref().map(|fit| Crop::of_mesh(&fit.points));
        Ok(fit)
    }

    fn fit(&mut self, bgr: &Mat, crop: &Crop) -> Result<Option<MeshFit>, FaceError> {
        let Some(square) = self.costs.time("crop", || cut(bgr, crop))? else {
            return Ok(None);
        };
        let fit = self.costs.time("mesh", || self.mesh.fit(&square, crop))?;
        Ok(fit.filter(|fit| fit.presence >= PRESENCE_MIN))
    }

    fn measure(&mut self, bgr: &Mat, fit: &MeshFit) -> Result<Option<FaceMeasures>, FaceError> {
        let box_px = bounding_box(&fit.points);
        // Kiosk cameras and webcams see 55 to 80 degrees across, a focal length of about the longer side.
        let focal_px = f64::from(bgr.cols().max(bgr.rows()));
        let points = &fit.points;
        let costs = &mut self.costs;
        let solved = costs.time("pose and ratios", || -> Result<_, FaceError> {
            let head = head(points, focal_px)?;
            Ok(head.map(|head| (head, ratios(points, &head))))
        });
        let Some((head, ratios)) = solved? else {
            return Ok(None);
        };
        let Head {
            pose, distance_cm, ..
        } = head;
        let eyes = costs.time("eyes", || self.eyes.measure(bgr, points, &head, ratios.eyes))?;
        let quality = costs.time("quality and occlusion", || {
            let occlusion = occlusion(bgr, points)?;
            quality(bgr, points, box_px, ratios.inter_eye_distance_px, occlusion)
        })?;
        let Some(quality) = quality else {
            return Ok(None);
        };
        let passive_real = match &mut self.passive {
            Some(passive) => costs.time("passive pair", || {
                passive.real_in_turns(bgr, box_px, self.present_frames)
            })?,
            None => None,
        };
        let continuity = costs.time("likeness and change", || {
            self.likeness.measure(bgr, points, &head)
        })?;
        let relief = costs.time("relief", || self.relief.measure(bgr, points, &head))?;
        let cut_out = costs.time("cut-out", || self.cut_out.measure(bgr, points, &head))?;
        let light = costs.time("light", || light(bgr, points))?;
        let screen = costs.time("screen", || {
            self.screen.measure(bgr, points, box_px, light.as_ref())
        })?;
        self.present_frames += 1;
        Ok(Some(FaceMeasures {
            box_px,
            presence: fit.presence,
            yaw_deg: pose.yaw_deg,
            pitch_deg: pose.pitch_deg,
            roll_deg: pose.roll_deg,
            eye_left_ratio: eyes.left,
            eye_right_ratio: eyes.right,
            mouth_opening_ratio: ratios.mouth_opening,
            mouth_width_ratio: ratios.mouth_width,
            mouth_corner_ratio: ratios.mouth_corner,
            distance_mm: distance_cm * 10.0,
            quality,
            passive_real,
            relief,
            likeness: continuity.likeness,
            face_change: continuity.face_change,
            cut_out,
            screen,
            light,
        }))
    }
}
