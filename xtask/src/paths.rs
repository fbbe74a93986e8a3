//! Where things are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::XtaskError;

/// Folders that the verbs share, all absolute.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The checkout.
    pub root: PathBuf,
    /// Where cargo builds: CARGO_TARGET_DIR, else `target` in the checkout.
    pub target: PathBuf,
    /// What is kept between checkouts: wheels, Python packages, tools.
    pub cache: PathBuf,
    /// The models: ALAQAN_MODELS, else `models` in the cache.
    pub models: PathBuf,
}

impl Paths {
    /// Finds them from the environment.
    pub fn find() -> Result<Self, XtaskError> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .map(Path::to_path_buf)
            .ok_or_else(|| {
                XtaskError::Unsupported("this program was built outside of the checkout".into())
            })?;
        let absolute = |path: PathBuf| if path.is_absolute() { path } else { root.join(path) };
        let target = folder("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), absolute);
        let cache = folder("XDG_CACHE_HOME")
            .or_else(|| folder("LOCALAPPDATA"))
            .or_else(|| folder("HOME").map(|home| home.join(".cache")))
            .map_or_else(|| target.join("cache"), |cache| cache.join("alaqan"));
        let here = std::env::current_dir().map_err(XtaskError::file(".", "found"))?;
        let models = folder("ALAQAN_MODELS").map_or_else(|| cache.join("models"), |path| here.join(path));
        Ok(Self {
            root,
            target,
            cache,
            models,
        })
    }

    /// A program that cargo built in the development profile.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.target
            .join("debug")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

/// A folder named by an environment variable; an empty value counts as absent.
pub fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(|value: OsString| PathBuf::from(value))
}

/// Creates a folder and its parents.
pub fn create_folder(path: &Path) -> Result<(), XtaskError> {
    std::fs::create_dir_all(path).map_err(XtaskError::file(path, "created"))
}

/// Removes a folder and all in it, if it is there.
pub fn remove_folder(path: &Path) -> Result<(), XtaskError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(XtaskError::file(path, "removed")(error))
        }
        _ => Ok(()),
    }
}

/// Reads a text file.
pub fn read_text(path: &Path) -> Result<String, XtaskError> {
    std::fs::read_to_string(path).map_err(XtaskError::file(path, "read"))
}

/// Writes a file whole.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), XtaskError> {
    std::fs::write(path, bytes).map_err(XtaskError::file(path, "written"))
}

/// All files under a folder, sorted; nothing if the folder is absent.
pub fn files_under(folder: &Path) -> Result<Vec<PathBuf>, XtaskError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(XtaskError::file(folder, "read")(error)),
        };
        for entry in entries {
            let entry = entry.map_err(XtaskError::file(&folder, "read"))?;
            let kind = entry
                .file_type()
                .map_err(XtaskError::file(entry.path(), "read"))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
