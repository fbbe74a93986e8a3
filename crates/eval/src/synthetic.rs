//! Attack presentations rendered from the folder's own bona fide ones, in memory, so that there is something to
//! measure also where nobody has filmed an attack.
//!
//! They are simpler than real attacks and say nothing about how often those succeed: a rendered print that passes is
//! a fault, one that does not is no proof. They are counted apart and never among the recorded ones.

pub mod donor;
pub mod dump;
mod mask;
mod paint;
mod print;
mod screen;
mod stream;

use std::path::Path;
use std::time::Duration;

use camera::{ClipEntry, ClipEvent, Frame};
use face::{Analyzer, ModelFolder};
use opencv::core::Mat;

use crate::play::PlayError;
use donor::Donor;

/// No rendered presentation is longer.
const LENGTH_MAX_S: f64 = 5.0;

/// A kind of rendered attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Species {
    /// A flat photo, turned and nodded by hand.
    FlatPrint,
    /// The same photo, bent about its upright axis as far as a head is.
    BentPrint,
    /// The photo of another person with holes, worn by a living one.
    CutOutMask,
    /// The stream stands still for a while.
    Freeze,
    /// The stream goes on with another person.
    Switch,
    /// A recording on a display.
    ScreenReplay,
}

impl Species {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::FlatPrint,
        Self::BentPrint,
        Self::CutOutMask,
        Self::Freeze,
        Self::Switch,
        Self::ScreenReplay,
    ];

    /// The name in the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::FlatPrint => "synthetic_flat_print",
            Self::BentPrint => "synthetic_bent_print",
            Self::CutOutMask => "synthetic_cut_out_mask",
            Self::Freeze => "synthetic_freeze",
            Self::Switch => "synthetic_switch",
            Self::ScreenReplay => "synthetic_screen_replay",
        }
    }

    /// Whether it takes two persons.
    fn needs_another(self) -> bool {
        matches!(self, Self::CutOutMask | Self::Switch)
    }
}

/// A presentation that is rendered frame by frame.
pub struct Rendering {
    /// Its entry, as a list would hold it.
    pub entry: ClipEntry,
    fps: f64,
    frames: u32,
    index: u32,
    painter: Painter,
}

/// What paints the frames.
enum Painter {
    Print(Box<print::Print>),
    Mask(Box<mask::CutOutMask>),
    Freeze(stream::Freeze),
    Switch(stream::Switch),
    Screen(Box<screen::ScreenReplay>),
}

impl Rendering {
    /// Prepares one attack on `donor`, with the help of `other`.
    ///
    /// # Errors
    /// [`PlayError`] if a clip or a model cannot be used.
    pub fn new(
        species: Species,
        donor: &Donor,
        other: &Donor,
        models: &ModelFolder,
        seed: u64,
    ) -> Result<Self, PlayError> {
        let painter = match species {
            Species::FlatPrint | Species::BentPrint => {
                let bent = species == Species::BentPrint;
                Painter::Print(Box::new(print::Print::new(donor, other, bent, seed)?))
            }
            Species::CutOutMask => {
                let analyzer = Analyzer::new(models)?;
                Painter::Mask(Box::new(mask::CutOutMask::new(donor, other, analyzer, seed)?))
            }
            Species::Freeze => Painter::Freeze(stream::Freeze::new(donor)?),
            Species::Switch => Painter::Switch(stream::Switch::new(donor, other)?),
            Species::ScreenReplay => Painter::Screen(Box::new(screen::ScreenReplay::new(donor, seed)?)),
        };
        let fps = donor.fps();
        let (of, with) = (&donor.clip.file, &other.clip.file);
        let frames = match species {
            Species::FlatPrint | Species::BentPrint => u32::MAX,
            _ => (LENGTH_MAX_S * fps) as u32,
        };
        Ok(Self {
            entry: ClipEntry {
                file: if species.needs_another() {
                    format!("{} of {of} and {with}", species.word())
                } else {
                    format!("{} of {of}", species.word())
                },
                label: format!("attack_{}", species.word()),
                subject: donor.clip.subject.clone(),
                shows: String::new(),
                frames,
                fps,
                synthetic: true,
                events: events(species, donor, frames),
            },
            fps,
            frames,
            index: 0,
            painter,
        })
    }

    /// The next frame; `None` at the end.
    ///
    /// # Errors
    /// [`PlayError`].
    pub fn next_frame(&mut self) -> Result<Option<Frame>, PlayError> {
        if self.index >= self.frames {
            return Ok(None);
        }
        let painted: Option<Mat> = match &mut self.painter {
            Painter::Print(print) => print.next_frame()?,
            Painter::Mask(mask) => mask.next_frame()?,
            Painter::Freeze(freeze) => freeze.next_frame()?,
            Painter::Switch(switch) => switch.next_frame()?,
            Painter::Screen(screen) => screen.next_frame()?,
        };
        let index = self.index;
        self.index += 1;
        Ok(painted.map(|bgr| Frame {
            index: u64::from(index),
            at: Duration::from_secs_f64(f64::from(index) / self.fps),
            bgr,
            stream: None,
        }))
    }
}

/// Behind a mask and on a display a person acts as recorded; a print does nothing that counts.
fn events(species: Species, donor: &Donor, frames: u32) -> Vec<ClipEvent> {
    if !matches!(species, Species::CutOutMask | Species::ScreenReplay) {
        return Vec::new();
    }
    let events = donor.clip.events.iter().cloned();
    events.filter(|event| event.last < frames).collect()
}

/// Calls `each` with every rendering that a folder allows: each species on each donor. The other person of an attack
/// is the next donor, so that everybody is in turn.
///
/// # Errors
/// [`PlayError`] if the models cannot be used.
pub fn each_rendering(
    folder: &Path,
    clips: &[ClipEntry],
    models: &ModelFolder,
    seed: u64,
    mut each: impl FnMut(Species, Rendering),
) -> Result<(), PlayError> {
    let mut analyzer = Analyzer::new(models)?;
    let donors = donor::donors(folder, clips, &mut analyzer)?;
    for (at, donor) in donors.iter().enumerate() {
        let other = &donors[(at + 1) % donors.len()];
        for (number, species) in Species::ALL.into_iter().enumerate() {
            if species.needs_another() && donors.len() < 2 {
                continue;
            }
            let seed = seed ^ ((at as u64) << 8) ^ number as u64;
            each(species, Rendering::new(species, donor, other, models, seed)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
