//! Small signs beside words. They are drawn in the colour of the text and hidden from screen readers, for the
//! words beside them say the same.

use leptos::prelude::*;

/// What a sign shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// Yes, done.
    Check,
    /// No, end.
    Cross,
    /// Attention.
    Exclamation,
    /// Half light, half dark.
    Contrast,
    /// A clock.
    Clock,
    /// A hand, palm to the front.
    Palm,
    /// A hand with a clock.
    PalmWaits,
    /// A face in a frame.
    Face,
    /// A video call.
    Video,
    /// A strip of film.
    Film,
    /// A flask: a trial.
    Flask,
    /// A sheet of paper.
    Document,
    /// A line that holds.
    Online,
    /// A line that is broken.
    Offline,
    /// An arrow to where one came from.
    Back,
    /// An arrow onwards.
    Next,
    /// The page before.
    Previous,
    /// The page behind.
    Following,
    /// Delete one character.
    Backspace,
    /// A round arrow: once more.
    Again,
    /// A bank.
    Bank,
    /// Banknotes.
    Money,
    /// A SIM card.
    Sim,
    /// A person's card.
    Card,
    /// A camera.
    Camera,
    /// A shield with a question mark.
    Shield,
    /// A plug.
    Plug,
    /// A door to leave by.
    Leave,
    /// An hourglass.
    Hourglass,
    /// A tool.
    Wrench,
    /// Gentle waves.
    Waves,
    /// A camera, crossed out.
    CameraCovered,
    /// Two windows, one over the other.
    Windows,
    /// Two bars: it stands still.
    Pause,
    /// An arrow up: large letters.
    Shift,
    /// A small and a large letter.
    LargeText,
    /// An arrow down to a line.
    Lower,
    /// A key with a one.
    Once,
    /// Up.
    Up,
    /// Down.
    Down,
    /// A mobile phone.
    Phone,
    /// A receiver that is rung.
    CallBack,
    /// A picture.
    Picture,
    /// A picture with a clock.
    PictureWaits,
    /// A person.
    Person,
    /// A person behind a counter.
    Staff,
    /// A magnifying glass that found nothing.
    NotFound,
    /// A card that is not taken.
    CardRefused,
    /// A printer.
    Printer,
    /// Keys of a keypad.
    Keypad,
    /// A sheet with a tick.
    DocumentDone,
    /// A loudspeaker that speaks.
    Speaker,
    /// A loudspeaker, crossed out.
    Silence,
    /// A loudspeaker and a plus.
    Louder,
    /// A loudspeaker and a minus.
    Quieter,
}

/// A sign, as tall as its font.
#[component]
pub fn Icon(
    /// What it shows.
    glyph: Glyph,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=outline(glyph)></path>
        </svg>
    }
}

/// The lines of a sign in a square of 24, drawn by a pen that is 2 wide.
fn outline(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Check => "M4.5 12.5 10 18 19.5 7",
        Glyph::Cross => "M6 6 18 18M18 6 6 18",
        Glyph::Exclamation => "M12 4.5V14M12 18.5V19.5",
        Glyph::Contrast => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18V21M12 7.5H19M12 12H20.8M12 16.5H19",
        Glyph::Clock => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7V12.5L15.5 15",
        Glyph::Palm => {
            "M8 12.5V6.2a1.4 1.4 0 0 1 2.8 0V11M10.8 11V4.4a1.4 1.4 0 0 1 2.8 0V11M13.6 11V5.6a1.4 1.4 0 0 1 2.8 0\
             V12M16.4 12V8.6a1.4 1.4 0 0 1 2.8 0V14.5C19.2 18.6 16.8 21 13.4 21C10.4 21 9 19.8 7.4 17.2\
             L4.6 12.9a1.5 1.5 0 0 1 2.4-1.7L8 12.5"
        }
        Glyph::PalmWaits => {
            "M4.5 11V6.6a1.2 1.2 0 0 1 2.4 0V10M6.9 10V4.4a1.2 1.2 0 0 1 2.4 0V10M9.3 10V5.4a1.2 1.2 0 0 1 2.4 0\
             V10M11.7 10V8a1.2 1.2 0 0 1 2.4 0V9.5M4.5 11L3.6 9.9a1.2 1.2 0 0 0-1.9 1.5L4 15.4C5.2 17.6 6.4 18.6 8.6 18.8\
             M16.5 11.5a5.2 5.2 0 1 0 0 10.4a5.2 5.2 0 1 0 0-10.4M16.5 14V17L18.6 18.2"
        }
        Glyph::Face => {
            "M3 8V4.5A1.5 1.5 0 0 1 4.5 3H8M16 3H19.5A1.5 1.5 0 0 1 21 4.5V8M21 16V19.5A1.5 1.5 0 0 1 19.5 21H16\
             M8 21H4.5A1.5 1.5 0 0 1 3 19.5V16M9 9V10.5M15 9V10.5M12 9V13H11M8.8 15.6C10.6 17.2 13.4 17.2 15.2 15.6"
        }
        Glyph::Video => {
            "M4.5 6H13.5A1.5 1.5 0 0 1 15 7.5V16.5A1.5 1.5 0 0 1 13.5 18H4.5A1.5 1.5 0 0 1 3 16.5V7.5\
             A1.5 1.5 0 0 1 4.5 6M15 10.5 21 7V17L15 13.5"
        }
        Glyph::Film => "M4 4H20V20H4ZM8 4V20M16 4V20M4 8H8M4 12H20M4 16H8M16 8H20M16 16H20",
        Glyph::Flask => {
            "M9 3H15M10 3V9L4.8 18.4A1.7 1.7 0 0 0 6.3 21H17.7A1.7 1.7 0 0 0 19.2 18.4L14 9V3M7.5 15H16.5"
        }
        Glyph::Document => "M6 3H14L19 8V21H6ZM14 3V8H19M9 13H16M9 17H16",
        Glyph::Online => {
            "M3 9.5C8.2 4.5 15.8 4.5 21 9.5M6.3 13C9.6 10 14.4 10 17.7 13M9.6 16.4C11 15.2 13 15.2 14.4 16.4M12 19.5V20"
        }
        Glyph::Offline => {
            "M3 9.5C4.6 8 6.4 6.9 8.3 6.3M13 5.8C15.9 6 18.7 7.3 21 9.5M6.3 13C7.4 12 8.7 11.3 10 11M15.5 11.4L17.7 13M12 19.5V20M4 3L20 21"
        }
        Glyph::Back => "M20 12H4M10.5 5.5 4 12 10.5 18.5",
        Glyph::Next => "M4 12H20M13.5 5.5 20 12 13.5 18.5",
        Glyph::Previous => "M14.5 5 7.5 12 14.5 19",
        Glyph::Following => "M9.5 5 16.5 12 9.5 19",
        Glyph::Backspace => {
            "M8.5 5H20A1.5 1.5 0 0 1 21.5 6.5V17.5A1.5 1.5 0 0 1 20 19H8.5L2.5 12ZM11.5 9 17 15M17 9 11.5 15"
        }
        Glyph::Again => "M19.5 12A7.5 7.5 0 1 1 17 6.4L19.5 8.6M19.5 3.8V8.6H14.7",
        Glyph::Bank => "M3 9.5 12 4 21 9.5ZM5.5 9.5V17.5M10 9.5V17.5M14 9.5V17.5M18.5 9.5V17.5M3 20H21",
        Glyph::Money => "M3 6.5H21V17.5H3ZM8.5 9.5H15.5M8.5 12H15.5M12 12V15.5M5.5 9.5V9.6M18.5 14.5V14.6",
        Glyph::Sim => "M6 3H14L19 8V21H6ZM9 12H16V18H9ZM12.5 12V18M9 15H16",
        Glyph::Card => {
            "M3 5H21V19H3ZM8 9.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6M5.4 16.2C6 14.4 10 14.4 10.6 16.2M14 10H18M14 14H18"
        }
        Glyph::Camera => "M3 8H7L9 5H15L17 8H21V19H3ZM12 9.5a3.7 3.7 0 1 0 0 7.4a3.7 3.7 0 1 0 0-7.4",
        Glyph::Shield => {
            "M12 3 19.5 6V11.5C19.5 16 16.5 19.4 12 21C7.5 19.4 4.5 16 4.5 11.5V6ZM9.7 9.6C9.7 6.8 14.3 6.8 14.3 9.6C14.3 11.4 12 11.5 12 13.4M12 16.6V16.7"
        }
        Glyph::Plug => "M9 3V8M15 3V8M6.5 8H17.5V11.5A5.5 5.5 0 0 1 6.5 11.5ZM12 17V21",
        Glyph::Leave => "M14 4H5V20H14M10 12H21M17 8 21 12 17 16",
        Glyph::Hourglass => "M6 3H18M6 21H18M7.5 3V6.5L12 12L7.5 17.5V21M16.5 3V6.5L12 12L16.5 17.5V21",
        Glyph::Waves => "M3 8.5C6 5 9 5 12 8.5S18 12 21 8.5M3 15.5C6 12 9 12 12 15.5S18 19 21 15.5",
        Glyph::CameraCovered => {
            "M3 8H7L9 5H15L17 8H21V19H3ZM12 9.5a3.7 3.7 0 1 0 0 7.4a3.7 3.7 0 1 0 0-7.4M2.5 2.5 21.5 21.5"
        }
        Glyph::Windows => "M8 4H21V15H8ZM8 8H21M16 15V20H3V9H8",
        Glyph::LargeText => "M2.5 19 6 10.5 9.5 19M3.7 16H8.3M10.5 19 15.75 5 21 19M12.3 14.5H19.2",
        Glyph::Lower => "M12 3.5V15.5M6.5 10 12 15.5 17.5 10M4 20.5H20",
        Glyph::Once => "M4.5 3.5H19.5V16.5H4.5ZM10 8.5 12.5 6.5V13.5M3 20.5H21",
        Glyph::Up => "M5 15.5 12 8.5 19 15.5",
        Glyph::Down => "M5 8.5 12 15.5 19 8.5",
        Glyph::Shift => "M12 4 4.5 12H9V19.5H15V12H19.5Z",
        Glyph::Phone => "M7.5 2.5H16.5V21.5H7.5ZM11 18.5H13M7.5 6H16.5",
        Glyph::CallBack => {
            "M6.5 3.5H9.3L10.8 8.2 8.7 10C9.8 12.4 11.6 14.2 14 15.3L15.8 13.2 20.5 14.7V17.5A3 3 0 0 1 17.5 20.5\
             C10 20.2 3.8 14 3.5 6.5A3 3 0 0 1 6.5 3.5M14.5 7A3.6 3.6 0 0 1 17.2 9.7M14.8 3A7.6 7.6 0 0 1 21.2 9.4"
        }
        Glyph::Picture => "M3 5H21V19H3ZM3 16 9 11 13.5 15 16.5 12.5 21 16M15.5 8.5V8.6",
        Glyph::PictureWaits => {
            "M21 8.5V4H2.5V17.5H8.5M2.5 14.5 7.5 10 10 12.2M13.5 7.5V7.6\
             M16.5 11.5a5.2 5.2 0 1 0 0 10.4a5.2 5.2 0 1 0 0-10.4M16.5 14V17L18.6 18.2"
        }
        Glyph::Person => "M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M4.5 20.5C5 13.8 19 13.8 19.5 20.5Z",
        Glyph::Staff => {
            "M12 3a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7M5.5 16C6.5 11.6 17.5 11.6 18.5 16M2.5 16H21.5V20.5H2.5Z"
        }
        Glyph::NotFound => {
            "M10.5 3.5a7 7 0 1 0 0 14a7 7 0 1 0 0-14M15.6 15.6 21 21M8.3 8.3 12.7 12.7M12.7 8.3 8.3 12.7"
        }
        Glyph::CardRefused => "M3 5H21V19H3ZM3 9.5H21M9.5 12 14.5 17M14.5 12 9.5 17",
        Glyph::Printer => "M7 9V3H17V9M7 17H3.5V9H20.5V17H17M7 14H17V21H7Z",
        Glyph::Keypad => {
            "M5 5V5.1M12 5V5.1M19 5V5.1M5 12V12.1M12 12V12.1M19 12V12.1M5 19V19.1M12 19V19.1M19 19V19.1"
        }
        Glyph::DocumentDone => "M6 3H14L19 8V21H6ZM14 3V8H19M9 14.5 11.5 17 16 12",
        Glyph::Speaker => {
            "M3 9.5H7L12 5V19L7 14.5H3ZM15.5 9C17 10.5 17 13.5 15.5 15M18.3 6.5C21.3 9.5 21.3 14.5 18.3 17.5"
        }
        Glyph::Silence => "M3 9.5H7L12 5V19L7 14.5H3ZM15.5 9.5 20.5 14.5M20.5 9.5 15.5 14.5",
        Glyph::Louder => "M3 9.5H7L12 5V19L7 14.5H3ZM15 12H21M18 9V15",
        Glyph::Quieter => "M3 9.5H7L12 5V19L7 14.5H3ZM15 12H21",
        Glyph::Pause => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M9.5 9V15M14.5 9V15",
        Glyph::Wrench => {
            "M20 7.2A5 5 0 0 1 13.4 12.6L6.6 19.4A1.9 1.9 0 0 1 3.9 16.7L10.9 9.9A5 5 0 0 1 16.6 3.6L13.8 6.5L14.4 9.4L17.3 10Z"
        }
    }
}
