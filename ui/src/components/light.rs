//! The light of the screen, by which the camera sees how a face answers a colour.

use ::ipc::{Screen, View};

/// The colour with which the screen is to light the face, if it is to.
pub fn of_view(view: &View) -> Option<[u8; 3]> {
    match view.screen {
        Screen::Face { light, .. } => light,
        _ => None,
    }
}

/// The colour as a value of CSS.
pub fn css([red, green, blue]: [u8; 3]) -> String {
    format!("rgb({red} {green} {blue})")
}

/// The colour as `data-light` says it: `0,96,255`, or `none`.
pub fn attribute(light: Option<[u8; 3]>) -> String {
    light.map_or_else(
        || "none".to_owned(),
        |[red, green, blue]| format!("{red},{green},{blue}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_in_words() {
        assert_eq!(attribute(Some([0, 96, 255])), "0,96,255");
        assert_eq!(attribute(None), "none");
        assert_eq!(css([0, 96, 255]), "rgb(0 96 255)");
    }
}
