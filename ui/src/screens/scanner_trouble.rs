//! The palm scanner cannot be used just now.

use ::ipc::ScannerTrouble;
use leptos::prelude::*;

use crate::components::icon::Glyph;
use crate::components::trouble::{Trouble, TroubleShown};
use crate::locale::Key;

/// What is wrong with it.
#[component]
pub fn ScannerTroubleShown(
    /// What is wrong.
    trouble: ScannerTrouble,
) -> impl IntoView {
    view! { <TroubleShown screen="scanner-trouble" trouble=words(trouble) goes_on=Key("scanner-trouble-goes-on") /> }
}

fn words(trouble: ScannerTrouble) -> Trouble {
    let (name, glyph, title, body) = match trouble {
        ScannerTrouble::Missing => (
            "missing",
            Glyph::Plug,
            Key("scanner-trouble-missing"),
            Key("scanner-trouble-missing-body"),
        ),
        ScannerTrouble::Busy => (
            "busy",
            Glyph::Windows,
            Key("scanner-trouble-busy"),
            Key("scanner-trouble-busy-body"),
        ),
        ScannerTrouble::Silent => (
            "silent",
            Glyph::Hourglass,
            Key("scanner-trouble-silent"),
            Key("scanner-trouble-silent-body"),
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
            ScannerTrouble::Missing,
            ScannerTrouble::Busy,
            ScannerTrouble::Silent,
        ];
        check_all_differ(&troubles, words);
    }
}
