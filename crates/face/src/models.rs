//! The folder of models, and a network made from one of them.

use std::path::{Path, PathBuf};

use opencv::core::{Mat, Vector};
use opencv::dnn;
use opencv::prelude::*;

use crate::FaceError;

const DETECTOR: &str = "mediapipe_face_detection_short_range.onnx";
const MESH: &str = "mediapipe_face_landmark_468.onnx";
const PASSIVE_V2: &str = "minifasnet_v2_scale2.7_80x80.onnx";
const PASSIVE_V1SE: &str = "minifasnet_v1se_scale4.0_80x80.onnx";

/// The models as read from a folder. Detector and mesh are needed; the passive pair is used where both are there.
#[derive(Clone)]
pub struct ModelFolder {
    pub(crate) detector: ModelFile,
    pub(crate) mesh: ModelFile,
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
    /// [`FaceError::ModelMissing`] for the detector or the mesh, [`FaceError::ModelUnreadable`] for any that is
    /// there. Whether the contents are good shows in [`crate::Analyzer::new`].
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

/// A network with known shapes of input and outputs.
pub(crate) struct Network {
    net: dnn::Net,
    outputs: Vector<String>,
}

impl Network {
    /// Builds the network and runs it once on a blank input, so that a wrong file is noticed now and the first
    /// frame is as quick as the others. `outputs` pairs the name of each output with its count of values.
    pub(crate) fn new(model: &ModelFile, side_px: i32, outputs: &[(&str, usize)]) -> Result<Self, FaceError> {
        let corrupt = |reason: String| FaceError::ModelCorrupt {
            file: model.name,
            reason,
        };
        let net = dnn::read_net_from_onnx_buffer(&Vector::from_slice(&model.bytes))
            .map_err(|error| corrupt(error.message))?;
        let mut network = Self {
            net,
            outputs: outputs.iter().map(|(name, _)| *name).collect(),
        };
        let blank = Mat::new_nd_with_default(
            &[1, 3, side_px, side_px],
            opencv::core::CV_32F,
            opencv::core::Scalar::all(0.0),
        )?;
        let values = network.run(&blank).map_err(|error| corrupt(error.to_string()))?;
        for ((name, count), value) in outputs.iter().zip(&values) {
            if value.len() != *count {
                return Err(corrupt(format!(
                    "output {name} has {} values, not {count}",
                    value.len()
                )));
            }
        }
        Ok(network)
    }

    /// Runs the network; the values of each output in the order given to [`Network::new`].
    pub(crate) fn run(&mut self, blob: &Mat) -> opencv::Result<Vec<Vec<f32>>> {
        self.net.set_input_def(blob)?;
        let mut outputs: Vector<Mat> = Vector::new();
        self.net.forward(&mut outputs, &self.outputs)?;
        outputs
            .iter()
            .map(|output| Ok(output.data_typed::<f32>()?.to_vec()))
            .collect()
    }
}
