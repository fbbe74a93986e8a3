//! The stages of an analysis one by one, for `cargo xtask bench face`.

use std::time::{Duration, Instant};

use opencv::core::Mat;
use opencv::prelude::*;

use crate::detector::Detector;
use crate::mesh::{Crop, Mesh, bounding_box, cut};
use crate::passive::PassivePair;
use crate::pose::head;
use crate::ratios::ratios;
use crate::{FaceError, ModelFolder};

/// Runs the stages that have an input of their own, on a face that it follows like [`crate::Analyzer`].
pub struct Stages {
    detector: Detector,
    mesh: Mesh,
    passive: Option<PassivePair>,
    followed: Option<Crop>,
    frames: usize,
}

/// What one stage of one frame took.
pub type Cost = (&'static str, Duration);

impl Stages {
    /// Loads the networks.
    ///
    /// # Errors
    /// As [`crate::Analyzer::new`].
    pub fn new(models: &ModelFolder) -> Result<Self, FaceError> {
        Ok(Self {
            detector: Detector::new(&models.detector)?,
            mesh: Mesh::new(&models.mesh)?,
            passive: models.passive.as_ref().map(PassivePair::new).transpose()?,
            followed: None,
            frames: 0,
        })
    }

    /// Forgets the followed face.
    pub fn reset(&mut self) {
        self.followed = None;
    }

    /// What each stage takes on a frame of three channels; without a face it is the detector alone.
    ///
    /// # Errors
    /// [`FaceError::OpenCv`].
    pub fn measure(&mut self, bgr: &Mat) -> Result<Vec<Cost>, FaceError> {
        let mut costs = Vec::new();
        self.frames += 1;
        let detections = timed(&mut costs, "detector, one view", || {
            self.detector.detect_view(bgr, self.frames)
        })?;
        let crop = self
            .followed
            .or_else(|| detections.first().map(Crop::of_detection));
        self.followed = None;
        let Some(crop) = crop else {
            return Ok(costs);
        };
        let square = timed(&mut costs, "crop", || cut(bgr, &crop))?;
        let fit = timed(&mut costs, "mesh", || self.mesh.fit_cut(&square, &crop))?;
        let Some(fit) = fit.filter(|fit| fit.presence >= 0.5) else {
            return Ok(costs);
        };
        self.followed = Some(Crop::of_mesh(&fit.points));
        let focal_px = f64::from(bgr.cols().max(bgr.rows()));
        timed(&mut costs, "pose and ratios", || {
            let head = head(&fit.points, focal_px)?;
            Ok(head.map(|head| ratios(&fit.points, &head)))
        })?;
        if let Some(passive) = &mut self.passive {
            let face = bounding_box(&fit.points);
            timed(&mut costs, "passive, both networks", || passive.real(bgr, face))?;
        }
        Ok(costs)
    }
}

fn timed<T>(
    costs: &mut Vec<Cost>,
    name: &'static str,
    work: impl FnOnce() -> Result<T, FaceError>,
) -> Result<T, FaceError> {
    let start = Instant::now();
    let done = work()?;
    costs.push((name, start.elapsed()));
    Ok(done)
}
