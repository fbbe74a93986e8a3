//! The folder of models, and a network made from one of them.

mod builder;
mod kernels;
mod network;
mod onnx;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use opencv::core::{self, Mat};
use opencv::prelude::*;

use crate::FaceError;
use crate::models::network::Program;

const DETECTOR: &str = "mediapipe_face_detection_short_range.onnx";
const MESH: &str = "mediapipe_face_landmark_468.onnx";
const EYES: &str = "mediapipe_iris_landmark.onnx";
const PASSIVE_V2: &str = "minifasnet_v2_scale2.7_80x80.onnx";
const PASSIVE_V1SE: &str = "minifasnet_v1se_scale4.0_80x80.onnx";

/// The models as read from a folder. Detector, mesh and eyes are needed; the passive pair is used where both are
/// there.
#[derive(Clone)]
pub struct ModelFolder {
    pub(crate) detector: ModelFile,
    pub(crate) mesh: ModelFile,
    pub(crate) eyes: ModelFile,
    pub(crate) passive: Option<[ModelFile; 2]>,
}

/// One model as read from its file.
#[derive(Clone)]
pub(crate) struct ModelFile {
    name: &'static str,
    bytes: Vec<u8>,
}

impl ModelFolder {
    /// Reads the models of a folder.
    ///
    /// # Errors
    /// [`FaceError::ModelMissing`] for the detector, the mesh or the eyes, [`FaceError::ModelUnreadable`] for any
    /// that is there. Whether the contents are good shows in [`crate::Analyzer::new`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FaceError> {
        let folder = path.as_ref();
        let needed = |name| {
            read(folder, name)?.ok_or_else(|| FaceError::ModelMissing {
                file: name,
                folder: folder.to_owned(),
            })
        };
        Ok(Self {
            detector: needed(DETECTOR)?,
            mesh: needed(MESH)?,
            eyes: needed(EYES)?,
            passive: read(folder, PASSIVE_V2)?
                .zip(read(folder, PASSIVE_V1SE)?)
                .map(|(v2, v1se)| [v2, v1se]),
        })
    }
}

fn read(folder: &Path, name: &'static str) -> Result<Option<ModelFile>, FaceError> {
    let path: PathBuf = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(ModelFile { name, bytes })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FaceError::ModelUnreadable { path, source }),
    }
}

/// How the values of a network's input are made from the blue, green and red of a pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pixels {
    pub(crate) order: Order,
    pub(crate) scale: f32,
    /// Added after the scale.
    pub(crate) shift: f32,
}

/// Which colour comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Bgr,
    Rgb,
}

/// A network with known shapes of input and outputs.
///
/// The room runs its networks itself: on the same two cores OpenCV 4.6 takes more than twice as long for them, and
/// no other engine that a kiosk could ship is as quick (`docs/bench-face.md`).
pub(crate) struct Network {
    program: Program,
    side_px: i32,
    pixels: Pixels,
}

impl Network {
    /// Builds the network and runs it once on a black picture, so that the first frame is as quick as the others.
    /// `outputs` pairs the name of each output with its count of values.
    ///
    /// # Errors
    /// [`FaceError::ModelCorrupt`] for any file that is not such a network.
    pub(crate) fn new(
        model: &ModelFile,
        side_px: i32,
        pixels: Pixels,
        outputs: &[(&str, usize)],
    ) -> Result<Self, FaceError> {
        let corrupt = |reason: String| FaceError::ModelCorrupt {
            file: model.name,
            reason,
        };
        let names: Vec<&str> = outputs.iter().map(|(name, _)| *name).collect();
        let side = usize::try_from(side_px).unwrap_or(0);
        let program = onnx::read(&model.bytes, side, &names).map_err(corrupt)?;
        for ((name, count), found) in outputs.iter().zip(program.output_lens()) {
            if found != *count {
                return Err(corrupt(format!("output {name} has {found} values, not {count}")));
            }
        }
        let mut network = Self {
            program,
            side_px,
            pixels,
        };
        let black = Mat::new_rows_cols_with_default(side_px, side_px, core::CV_8UC3, core::Scalar::all(0.0))?;
        network.run(&black)?;
        Ok(network)
    }

    /// Runs the network on a square BGR picture of the side given to [`Network::new`]; the values of each output in
    /// the order given there.
    pub(crate) fn run(&mut self, bgr: &Mat) -> Result<Vec<Vec<f32>>, FaceError> {
        let Pixels { order, scale, shift } = self.pixels;
        let value = |[blue, green, red]: [u8; 3]| {
            let ordered = match order {
                Order::Bgr => [blue, green, red],
                Order::Rgb => [red, green, blue],
            };
            ordered.map(|part| f32::from(part) * scale + shift)
        };
        let square = bgr.typ() == core::CV_8UC3 && bgr.rows() == self.side_px && bgr.cols() == self.side_px;
        let outputs = if square {
            self.program.run(bgr.data_bytes()?, value)
        } else {
            None
        };
        outputs.ok_or(FaceError::UnusableFrame)
    }
}
