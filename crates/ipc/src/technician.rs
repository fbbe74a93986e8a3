//! What those who look after a kiosk see and want: the technician's desk, and the status for the staff of the branch.

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, HandPrompt, Language};

/// How the kiosk does. Nothing in it is personal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Health {
    /// What the self-test found of each part.
    pub parts: Vec<PartHealth>,
    /// A test is under way.
    pub is_testing: bool,
    /// Why nobody is served now, if nobody is.
    pub closed: Option<ErrorCode>,
    /// Somebody closed the kiosk for maintenance.
    pub is_closed_for_maintenance: bool,
    /// Whether the gateway is connected.
    pub is_online: bool,
    /// Name of the kiosk.
    pub kiosk_id: String,
    /// Version of the program.
    pub version: String,
    /// The institution's profile: its name, and the beginning of its hash.
    pub profile: String,
    /// Minutes since the program was started.
    pub uptime_min: u64,
    /// Documents that the gateway does not have yet.
    pub pending: u32,
    /// Documents and stores that were set aside.
    pub set_aside: u32,
    /// Persons who wait for a call of the institution, at all its kiosks; none where it is not known.
    pub call_backs: Option<u32>,
    /// Minutes since the gateway was last heard; none if it never was.
    pub heard_min_ago: Option<u64>,
    /// Mebibytes that are free on the disk.
    pub disk_free_mib: Option<u64>,
    /// Whole days until the certificate expires; none without one.
    pub certificate_days: Option<i64>,
    /// The gateway's clock minus the kiosk's, in seconds; none before the first greeting.
    pub clock_skew_s: Option<i64>,
}

/// A part and what was found of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartHealth {
    /// The part.
    pub part: Part,
    /// What was found.
    pub state: PartState,
    /// What it is, as it says itself, such as the name of a camera; may be empty.
    pub name: String,
}

/// A part of the kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The encrypted store.
    Store,
    /// The place of the keys.
    Keys,
    /// The kiosk's certificate.
    Certificate,
    /// The line to the gateway.
    Gateway,
    /// The camera.
    Camera,
    /// The models that measure a face.
    FaceModels,
    /// The palm scanner.
    PalmScanner,
    /// The thermometer beside it.
    Thermometer,
    /// The printer of slips.
    Printer,
    /// Something that sounds.
    Sound,
    /// Room on the disk.
    Disk,
    /// The clock.
    Clock,
    /// The installed files.
    Integrity,
    /// The display.
    Display,
}

/// What was found of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PartState {
    /// It was not looked at yet, or cannot be looked at.
    Unknown,
    /// It works.
    Works,
    /// This kiosk has none.
    NotFitted,
    /// It works, and somebody should see to it.
    Attention {
        /// Why.
        why: Why,
    },
    /// It does not work.
    Fails {
        /// Why.
        why: Why,
    },
}

/// What is wrong with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It is not plugged in.
    NotFound,
    /// The program may not use it.
    NoPermission,
    /// Another program uses it.
    Busy,
    /// It does not answer.
    Silent,
    /// It answers something unexpected.
    Unexpected,
    /// It was unplugged.
    Unplugged,
    /// The camera gives black pictures.
    Black,
    /// The camera's picture stands still.
    Frozen,
    /// The camera gives another format than it was asked for.
    Format,
    /// Another device is in its place.
    AnotherDevice,
    /// It is no real camera.
    Virtual,
    /// It does not measure what the policy requires.
    Unfit,
    /// There is no paper.
    NoPaper,
    /// There is no line now.
    Offline,
    /// There was no line for too long.
    Unsynced,
    /// The institution does not serve this kiosk.
    Refused,
    /// The kiosk was never enrolled.
    NotEnrolled,
    /// It expires soon, or has expired.
    Expires,
    /// Too little is left.
    Short,
    /// Too many documents wait.
    Pending,
    /// Something was set aside.
    SetAside,
    /// It is wrong.
    Wrong,
    /// A piece is missing.
    Incomplete,
}

/// The technician's desk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Desk {
    /// How the kiosk does.
    pub health: Health,
    /// Which page of the desk is open.
    pub page: DeskPage,
    /// The cameras that were found.
    pub cameras: Vec<DeviceOffer>,
    /// Whether a camera was chosen here, over the one of the configuration.
    pub is_camera_chosen: bool,
    /// The palm scanners that may be on the ports that were found.
    pub scanners: Vec<DeviceOffer>,
    /// Whether a scanner was chosen here, over the one of the configuration.
    pub is_scanner_chosen: bool,
    /// How the device of the page does while it is tried.
    pub trial: Trial,
    /// With what this kiosk speaks; looked at on the page of the sound.
    pub sound: Sound,
    /// Whether there is a printer.
    pub can_print: bool,
    /// Whether there is a medium to write to.
    pub can_export: bool,
    /// What became of the last wish.
    pub said: Option<Said>,
}

/// A page of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeskPage {
    /// Self-test and figures.
    #[default]
    Overview,
    /// Choice of the camera, with its picture.
    Camera,
    /// Choice of the palm scanner, with the position of a hand.
    Scanner,
    /// With what the kiosk speaks, and how that sounds.
    Sound,
    /// Printer, export, maintenance, restart.
    Actions,
}

/// With what the kiosk speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sound {
    /// Whether this kiosk is set up to speak.
    pub is_set_up: bool,
    /// Whether a sound device works.
    pub has_device: bool,
    /// Whether a headset is plugged.
    pub has_headset: bool,
    /// Step of volume, from 1.
    pub volume: u8,
    /// Steps of volume.
    pub volumes: u8,
    /// The pack of phrases.
    pub pack: Pack,
    /// The program that synthesises what the pack has not; empty where there is none.
    pub engine: String,
    /// What is there of each language; none before it was looked at.
    pub languages: Vec<VoiceHealth>,
    /// The test phrase.
    pub trial: SoundTrial,
}

/// The pack of phrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Pack {
    /// It was not looked at yet.
    #[default]
    Unknown,
    /// None is set up: everything is synthesised.
    None,
    /// One is set up, and cannot be used.
    Unusable,
    /// It holds so many phrases.
    Holds {
        /// How many.
        phrases: u32,
    },
}

/// What is there of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceHealth {
    /// The language.
    pub language: Language,
    /// How many phrases the present texts have.
    pub wanted: u32,
    /// How many of them are in the pack.
    pub found: u32,
    /// Whether the synthesiser speaks it.
    pub is_synthesised: bool,
}

/// How the test phrase does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SoundTrial {
    /// None was played since the page was opened.
    #[default]
    Nothing,
    /// It is being played.
    Playing,
    /// It is over.
    Played {
        /// From where its sound came.
        from: SoundFrom,
    },
}

/// From where sound came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SoundFrom {
    /// All of it from the pack.
    Pack,
    /// All of it from the synthesiser.
    Engine,
    /// From both.
    Both,
    /// Something could not be said.
    Missing,
}

/// A device that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceOffer {
    /// For [`Wish::TryCamera`] and the like.
    pub id: String,
    /// Its name, as it says itself.
    pub name: String,
    /// What tells it from others of its kind.
    pub identity: String,
    /// Why it cannot be chosen, if it cannot.
    pub hindrance: Option<Why>,
    /// It is the one in use.
    pub is_used: bool,
}

/// How a device does while it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Trial {
    /// Nothing is tried.
    #[default]
    Nothing,
    /// It is being opened.
    Opening,
    /// It gives pictures, which go the way of all previews.
    Live,
    /// The scanner sees this.
    Hand {
        /// What the hand would have to do.
        prompt: HandPrompt,
    },
    /// It cannot be used.
    Failed {
        /// Why.
        why: Why,
    },
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Said {
    /// The page is being printed.
    Printing,
    /// The page was printed.
    Printed,
    /// The page was not printed.
    NotPrinted,
    /// So many documents were written to the medium.
    Exported {
        /// How many.
        documents: u32,
    },
    /// The medium cannot be written to; nothing is lost.
    NotExported,
    /// The device is chosen, and in use.
    Chosen,
    /// The device cannot be chosen here.
    NotChosen,
    /// The device of the configuration is in use again.
    AsInstalled,
}

/// What the technician wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "kebab-case")]
pub enum Wish {
    /// Open a page.
    Show {
        /// Which.
        page: DeskPage,
    },
    /// Test everything again.
    TestAgain,
    /// Open a camera and show its picture; nothing is kept.
    TryCamera {
        /// One of [`Desk`]'s `cameras`.
        id: String,
    },
    /// Use this camera from now on, and no other.
    ChooseCamera {
        /// One of [`Desk`]'s `cameras`.
        id: String,
    },
    /// Use the camera of the configuration.
    CameraAsInstalled,
    /// Show where the scanner that is in use sees a hand; nothing is kept.
    TryScanner,
    /// Use this scanner from now on.
    ChooseScanner {
        /// One of [`Desk`]'s `scanners`.
        id: String,
    },
    /// Use the scanner of the configuration.
    ScannerAsInstalled,
    /// Play a phrase, whether or not screens are spoken.
    TrySound {
        /// In this language.
        language: Language,
        /// The phrase, as it stands on the page.
        text: String,
    },
    /// Print a page that shows that the printer prints.
    PrintTest,
    /// Write what is pending to the medium, sealed to the institution.
    Export,
    /// Close the kiosk for maintenance, or open it again.
    Maintain {
        /// Whether it is to be closed.
        closed: bool,
    },
    /// Start the kiosk anew.
    Restart,
}
