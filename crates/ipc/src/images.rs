//! Pictures for an examiner.

use serde::{Deserialize, Serialize};

use crate::Prompt;

/// Which identity document a person shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageKind {
    /// A card with two sides.
    Card,
    /// The page of a passport that shows the face.
    Passport,
}

/// One of the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Picture {
    /// The face.
    Portrait,
    /// The side of the identity document that shows the face.
    DocumentFront,
    /// The other side of the identity document.
    DocumentBack,
}

/// Where the pictures stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImagesStage {
    /// What is going to happen, and the choice of the identity document.
    Intro,
    /// The camera looks.
    Taking,
    /// The picture is shown: use it, or take it again.
    Shown,
    /// The picture did not succeed in time.
    Failed,
    /// All pictures are shown once more.
    Review,
}

/// What to do so that the picture can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", content = "prompt", rename_all = "kebab-case")]
pub enum PictureHint {
    /// With the face.
    Face(Prompt),
    /// With the identity document.
    Page(PagePrompt),
}

/// What to do with the identity document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PagePrompt {
    /// Hold it before the camera.
    Show,
    /// It is of another kind than the one that was chosen.
    OtherKind,
    /// Bring it into the picture whole.
    Whole,
    /// Bring it nearer.
    Closer,
    /// More light.
    Brighter,
    /// Less light.
    Darker,
    /// Tilt it, so that nothing is reflected.
    Glare,
    /// Hold it still.
    Still,
    /// It is blurred: a little nearer or farther, and still.
    Sharper,
    /// All is well: hold it as it is.
    Hold,
}
