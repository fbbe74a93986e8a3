//! The camera cannot be used just now.

use ::ipc::CameraTrouble;
use leptos::prelude::*;

use crate::components::icon::Glyph;
use crate::components::trouble::{Trouble, TroubleShown};
use crate::locale::Key;

/// What is wrong with it.
#[component]
pub fn CameraTroubleShown(
    /// What is wrong.
    trouble: CameraTrouble,
) -> impl IntoView {
    view! { <TroubleShown screen="camera-trouble" trouble=words(trouble) goes_on=Key("camera-trouble-goes-on") /> }
}

fn words(trouble: CameraTrouble) -> Trouble {
    let (name, glyph, title, body) = match trouble {
        CameraTrouble::Missing => (
            "missing",
            Glyph::Plug,
            Key("camera-trouble-missing"),
            Key("camera-trouble-missing-body"),
        ),
        CameraTrouble::Busy => (
            "busy",
            Glyph::Windows,
            Key("camera-trouble-busy"),
            Key("camera-trouble-busy-body"),
        ),
        CameraTrouble::Silent => (
            "silent",
            Glyph::Hourglass,
            Key("camera-trouble-silent"),
            Key("camera-trouble-silent-body"),
        ),
        CameraTrouble::Black => (
            "black",
            Glyph::CameraCovered,
            Key("camera-trouble-black"),
            Key("camera-trouble-black-body"),
        ),
        CameraTrouble::Frozen => (
            "frozen",
            Glyph::Pause,
            Key("camera-trouble-frozen"),
            Key("camera-trouble-frozen-body"),
        ),
    };
    Trouble {
        name,
        glyph,
        title,
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::trouble::check_all_differ;

    #[test]
    fn each_trouble_has_its_own_words_and_sign() {
        let troubles = [
            CameraTrouble::Missing,
            CameraTrouble::Busy,
            CameraTrouble::Silent,
            CameraTrouble::Black,
            CameraTrouble::Frozen,
        ];
        check_all_differ(&troubles, words);
    }
}
