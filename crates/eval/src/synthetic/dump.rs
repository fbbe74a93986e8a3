//! Rendered attacks as a folder of clips with a list, for looking at and for measuring again.

use std::fs;
use std::path::{Path, PathBuf};

use camera::ClipEntry;
use opencv::core::{Mat, Size};
use opencv::prelude::*;
use opencv::videoio::VideoWriter;

use crate::error::EvalError;
use crate::play::PlayError;

/// A folder that is being written.
pub struct Dump {
    folder: PathBuf,
    list: String,
    clip: Option<(VideoWriter, u32)>,
}

impl Dump {
    /// Makes the folder.
    ///
    /// # Errors
    /// [`EvalError::DumpInCheckout`], [`EvalError::Write`].
    pub fn open(folder: &Path) -> Result<Self, EvalError> {
        fs::create_dir_all(folder).map_err(written(folder))?;
        let absolute = folder.canonicalize().map_err(written(folder))?;
        if absolute.ancestors().any(|above| above.join(".git").exists()) {
            return Err(EvalError::DumpInCheckout { folder: absolute });
        }
        Ok(Self {
            folder: absolute,
            list: String::new(),
            clip: None,
        })
    }

    /// Adds a frame to the present clip.
    ///
    /// # Errors
    /// [`PlayError::OpenCv`].
    pub fn write(&mut self, entry: &ClipEntry, frame: &Mat) -> Result<(), PlayError> {
        let (writer, frames) = match &mut self.clip {
            Some(clip) => clip,
            None => {
                let path = self.folder.join(file(entry));
                let size = Size::new(frame.cols(), frame.rows());
                let fourcc = VideoWriter::fourcc('M', 'J', 'P', 'G')?;
                let writer = VideoWriter::new(path, fourcc, entry.fps, size, true)?;
                self.clip.insert((writer, 0))
            }
        };
        writer.write(frame)?;
        *frames += 1;
        Ok(())
    }

    /// Ends the present clip and lists it.
    ///
    /// # Errors
    /// [`EvalError::Write`].
    pub fn finish(&mut self, entry: &ClipEntry) -> Result<(), EvalError> {
        let Some((_, frames)) = self.clip.take() else {
            return Ok(());
        };
        self.list.push_str(&format!(
            "[[clip]]\nfile = {:?}\nlabel = {:?}\nsubject = {:?}\nframes = {frames}\nfps = {:?}\nsynthetic = true\n\n",
            file(entry),
            entry.label,
            entry.subject,
            entry.fps
        ));
        let list = self.folder.join("manifest.toml");
        fs::write(&list, &self.list).map_err(written(&list))
    }
}

/// The name as one word, so that any program can open it.
fn file(entry: &ClipEntry) -> String {
    format!("{}.avi", entry.file.replace(' ', "-"))
}

fn written(path: &Path) -> impl FnOnce(std::io::Error) -> EvalError {
    let path = path.to_owned();
    move |source| EvalError::Write { path, source }
}
