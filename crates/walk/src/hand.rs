//! A hand at the screen: it sees pixels and touches them, as an X server lets every program do. The window is then as in a branch,
//! where nobody drives the web view.

use std::path::Path;

use x11rb::connection::Connection;
use x11rb::errors::ConnectionError;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt, ImageFormat, MOTION_NOTIFY_EVENT, Window,
};
use x11rb::protocol::xtest;
use x11rb::rust_connection::RustConnection;

use crate::{Place, WalkError};

/// The main button of a pointer; a touch is one, too.
const MAIN_BUTTON: u8 = 1;
/// The pointer rests where nothing is.
const ASIDE_PX: (i16, i16) = (0, 0);

/// A connection to the display of the environment.
pub struct Hand {
    connection: RustConnection,
    root: Window,
    width_px: u16,
    height_px: u16,
}

impl Hand {
    /// # Errors
    /// [`WalkError::Display`] where there is no display.
    pub fn of_environment() -> Result<Self, WalkError> {
        let (connection, number) = x11rb::connect(None).map_err(failed)?;
        let screen = connection.setup().roots.get(number);
        let screen = screen.ok_or_else(|| WalkError::Display("the display has no screen".to_owned()))?;
        Ok(Self {
            root: screen.root,
            width_px: screen.width_in_pixels,
            height_px: screen.height_in_pixels,
            connection,
        })
    }

    /// The pixels of a place.
    ///
    /// # Errors
    /// [`WalkError::Display`], also where a part of the place is outside of the screen.
    pub fn look(&self, place: Place) -> Result<Vec<u8>, WalkError> {
        let Place {
            left_px,
            top_px,
            width_px,
            height_px,
        } = place;
        let (kind, all) = (ImageFormat::Z_PIXMAP, u32::MAX);
        let image = self
            .connection
            .get_image(kind, self.root, left_px, top_px, width_px, height_px, all)
            .map_err(failed)?;
        Ok(image.reply().map_err(failed)?.data)
    }

    /// Writes what stands on the whole screen (PNG).
    ///
    /// # Errors
    /// [`WalkError::Display`], and [`WalkError::Picture`] where the file cannot be written.
    pub fn picture(&self, path: &Path) -> Result<(), WalkError> {
        let whole = Place {
            left_px: 0,
            top_px: 0,
            width_px: self.width_px,
            height_px: self.height_px,
        };
        // Four bytes a pixel: blue, green, red, and one without a meaning.
        let seen = self.look(whole)?;
        let (pixels, _) = seen.as_chunks::<4>();
        let rgb: Vec<u8> = pixels
            .iter()
            .flat_map(|[blue, green, red, _]| [*red, *green, *blue])
            .collect();
        let failed = |source| WalkError::Picture {
            path: path.to_owned(),
            source,
        };
        let file = std::fs::File::create(path).map_err(failed)?;
        let mut encoder = png::Encoder::new(file, self.width_px.into(), self.height_px.into());
        encoder.set_color(png::ColorType::Rgb);
        let written = encoder
            .write_header()
            .and_then(|mut picture| picture.write_image_data(&rgb));
        written.map_err(|error| failed(error.into()))
    }

    /// Touches the middle of a place and goes aside.
    ///
    /// # Errors
    /// [`WalkError::Display`].
    pub fn touch(&self, place: Place) -> Result<(), WalkError> {
        let middle = place.middle_px();
        let done = self.send(MOTION_NOTIFY_EVENT, 0, middle).and_then(|()| {
            self.send(BUTTON_PRESS_EVENT, MAIN_BUTTON, middle)?;
            self.send(BUTTON_RELEASE_EVENT, MAIN_BUTTON, middle)?;
            self.send(MOTION_NOTIFY_EVENT, 0, ASIDE_PX)?;
            self.connection.flush()
        });
        done.map_err(failed)
    }

    fn send(&self, kind: u8, detail: u8, (x, y): (i16, i16)) -> Result<(), ConnectionError> {
        xtest::fake_input(&self.connection, kind, detail, 0, self.root, x, y, 0).map(drop)
    }
}

fn failed(error: impl std::fmt::Display) -> WalkError {
    WalkError::Display(error.to_string())
}
