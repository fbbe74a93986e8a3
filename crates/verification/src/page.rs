//! The picture of an identity document: what is measured of it, and whether it can be read.
//!
//! Cards are of the size ID-1 of ISO/IEC 7810, the data pages of passports of the size ID-3.

use crate::evidence::PageQuality;
use crate::policy::AssistedPolicy;

/// Which identity document a person holds before the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageKind {
    /// A card with two sides.
    Card,
    /// The page of a passport that shows the face.
    Passport,
}

impl PageKind {
    /// Long side in short sides: 85.60 to 53.98 mm, and 125 to 88 mm.
    pub fn aspect(self) -> f32 {
        match self {
            Self::Card => 85.60 / 53.98,
            Self::Passport => 125.0 / 88.0,
        }
    }
}

/// A corner, in parts of the width and the height of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corner {
    /// From the left, 0 to 1.
    pub x: f32,
    /// From the top, 0 to 1.
    pub y: f32,
}

/// What was measured of the one page in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageMeasures {
    /// Its corners, clockwise, from the one nearest to the top left of the picture on.
    pub corners: [Corner; 4],
    /// Length of the long side in the picture, in pixels: the mean of both.
    pub long_side_px: f32,
    /// The long side in short ones.
    pub aspect: f32,
    /// Variance of the Laplacian on the page, straightened to one width, by the variance of its luminance: so neither the
    /// distance nor the light nor what is printed decides alone.
    pub sharpness: f32,
    /// Part of the page that is saturated and without colour, 0 to 1.
    pub glare_part: f32,
    /// Mean luminance of the page, 0 to 255.
    pub luminance_mean: f32,
}

impl From<&PageMeasures> for PageQuality {
    fn from(page: &PageMeasures) -> Self {
        Self {
            long_side_px: page.long_side_px,
            aspect: page.aspect,
            sharpness: page.sharpness,
            glare_part: page.glare_part,
            luminance_mean: page.luminance_mean,
        }
    }
}

/// One frame, measured for an identity document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageObservation {
    /// Number of the frame.
    pub frame: u64,
    /// The page; absent where no shape of a page is seen.
    pub page: Option<PageMeasures>,
}

/// What to do for the picture of an identity document, the most pressing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PagePrompt {
    /// No page is seen.
    Show,
    /// A page of another shape is seen than the one that was chosen.
    OtherKind,
    /// An edge leaves the picture.
    Whole,
    /// It is too small in the picture.
    Closer,
    /// It is too dark.
    Brighter,
    /// It is too bright, all over.
    Darker,
    /// A reflection covers a part of it.
    Glare,
    /// It moves.
    Still,
    /// It is blurred.
    Sharper,
    /// All is well: it is to be held as it is.
    Hold,
}

/// A page lies in the picture whole when no corner is nearer to the edge than this part of the picture; what is nearer
/// was cut, or may have been.
const MARGIN_PART: f32 = 0.01;
/// Aspects may differ by this part: a page that is tilted by 25 degrees loses a tenth, and ID-1 and ID-3 are a ninth
/// apart. In between the nearer one counts.
const ASPECT_TOLERANCE: f32 = 0.15;

/// What the person is to do, by this picture and the one before. A measure that is no number is never well.
pub fn prompt(
    now: Option<&PageMeasures>,
    before: Option<&PageMeasures>,
    kind: PageKind,
    policy: &AssistedPolicy,
) -> PagePrompt {
    let Some(page) = now else {
        return PagePrompt::Show;
    };
    let inside = |part: f32| (MARGIN_PART..=1.0 - MARGIN_PART).contains(&part);
    if !page
        .corners
        .iter()
        .all(|corner| inside(corner.x) && inside(corner.y))
    {
        PagePrompt::Whole
    } else if !is_of_kind(page.aspect, kind) {
        PagePrompt::OtherKind
    } else if !at_least(page.long_side_px, policy.page_long_side_min_px) {
        PagePrompt::Closer
    } else if !at_least(page.luminance_mean, policy.page_luminance_min) {
        PagePrompt::Brighter
    } else if !at_least(policy.page_luminance_max, page.luminance_mean) {
        PagePrompt::Darker
    } else if !at_least(policy.page_glare_max, page.glare_part) {
        PagePrompt::Glare
    } else if !before.is_some_and(|before| is_still(before, page, policy.page_movement_max)) {
        PagePrompt::Still
    } else if !at_least(page.sharpness, policy.page_sharpness_min) {
        PagePrompt::Sharper
    } else {
        PagePrompt::Hold
    }
}

fn at_least(value: f32, min: f32) -> bool {
    value >= min
}

fn is_of_kind(aspect: f32, kind: PageKind) -> bool {
    let off = |kind: PageKind| (aspect / kind.aspect() - 1.0).abs();
    let other = match kind {
        PageKind::Card => PageKind::Passport,
        PageKind::Passport => PageKind::Card,
    };
    off(kind) <= ASPECT_TOLERANCE && off(kind) <= off(other)
}

/// Whether no corner moved by more than this, in parts of the picture.
fn is_still(before: &PageMeasures, now: &PageMeasures, most: f32) -> bool {
    let mut pairs = before.corners.iter().zip(&now.corners);
    pairs.all(|(before, now)| at_least(most, (before.x - now.x).hypot(before.y - now.y)))
}

#[cfg(test)]
mod tests;
