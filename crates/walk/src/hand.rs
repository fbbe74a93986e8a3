//! A hand at the screen: it sees pixels and touches them, as an X server lets every program do. The window is then as in a branch,
//! where nobody drives the web view.

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
}

impl Hand {
    /// # Errors
    /// [`WalkError::Display`] where there is no display.
    pub fn of_environment() -> Result<Self, WalkError> {
        let (connection, number) = x11rb::connect(None).map_err(failed)?;
        let root = connection.setup().roots.get(number).map(|screen| screen.root);
        let root = root.ok_or_else(|| WalkError::Display("the display has no screen".to_owned()))?;
        Ok(Self { connection, root })
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
