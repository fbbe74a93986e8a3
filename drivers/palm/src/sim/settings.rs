use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::fault::Fault;

/// What is stood in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    /// DFRobot AI10 (SEN0677): face and palm, EF-AA.
    #[default]
    DfrobotAi10,
    /// Xiangshi palm vein module, EF-AA.
    Xst,
    /// DFRobot FP001/FP002 (SEN0736/SEN0737): face and palm, EF-AA.
    DfrobotFp,
    /// MCU-90615, an infrared thermometer.
    Mcu90615,
    /// Alaqan's own protocol, as `docs/palm-protocol.md` has it.
    Reference,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::DfrobotAi10,
        Self::Xst,
        Self::DfrobotFp,
        Self::Mcu90615,
        Self::Reference,
    ];

    /// The name on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::DfrobotAi10 => "dfrobot-ai10",
            Self::Xst => "xst",
            Self::DfrobotFp => "dfrobot-fp",
            Self::Mcu90615 => "mcu-90615",
            Self::Reference => "reference",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A protocol that no simulator speaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol \"{0}\"; there are: {names}", names = Protocol::ALL.map(Protocol::name).join(", "))]
pub struct UnknownProtocol(String);

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, UnknownProtocol> {
        // The protocol notes write names with underscores.
        let name = text.replace('_', "-");
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name() == name)
            .ok_or_else(|| UnknownProtocol(text.to_owned()))
    }
}

/// Whose hand is before the sensor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Presented {
    /// The one that was enrolled last; a stranger's while nobody is enrolled.
    #[default]
    LastEnrolled,
    /// Nobody's.
    Nobody,
    /// One that is not enrolled.
    Stranger,
    /// The one that was enrolled under this tag; a stranger's if there is none.
    Tag(String),
}

/// What the sensors read. Each protocol reports of it what it can.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Readings {
    /// Volume of the hand.
    pub volume_ml: f32,
    /// Temperature of the skin of the palm.
    pub surface_celsius: f32,
    /// Temperature of the air.
    pub ambient_celsius: f32,
}

impl Default for Readings {
    /// An ordinary hand in an ordinary room.
    fn default() -> Self {
        Self {
            volume_ml: 360.0,
            surface_celsius: 33.4,
            ambient_celsius: 23.5,
        }
    }
}

/// How a simulated device behaves.
#[derive(Debug, Clone)]
pub struct SimSettings {
    /// What is stood in for.
    pub protocol: Protocol,
    /// A symbolic link to make to the port, for a name that does not change; an older link is replaced.
    pub link: Option<PathBuf>,
    /// The same seed gives the same run.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Time from power-on until it listens.
    pub boot: Duration,
    /// Whether power comes on a short moment after a host has opened the port, and goes when it is closed; otherwise it
    /// is on from the start.
    pub start_on_open: bool,
    /// Time between two state notes; about 480 ms on hardware.
    pub note_interval: Duration,
    /// Time from a reset to its reply; about 26 ms on hardware. Other replies come at once.
    pub reset_reply: Duration,
    /// Tags that are enrolled at the start, under the first ids that the device gives to palms.
    pub enrolled: Vec<String>,
    /// Whose hand is before the sensor.
    pub presented: Presented,
    /// Volume of the hand.
    pub volume_ml: f32,
    /// Temperature of the skin of the palm.
    pub surface_celsius: f32,
    /// Temperature of the air.
    pub ambient_celsius: f32,
    /// Whether to print the frames to standard error.
    pub trace: bool,
    /// Whether to print them with their payload, which is masked otherwise.
    pub show_payload: bool,
}

impl SimSettings {
    /// What the sensors read.
    pub fn readings(&self) -> Readings {
        Readings {
            volume_ml: self.volume_ml,
            surface_celsius: self.surface_celsius,
            ambient_celsius: self.ambient_celsius,
        }
    }
}

impl Default for SimSettings {
    fn default() -> Self {
        let readings = Readings::default();
        Self {
            protocol: Protocol::default(),
            link: None,
            seed: 1,
            faults: Vec::new(),
            boot: Duration::ZERO,
            start_on_open: false,
            note_interval: Duration::from_millis(480),
            reset_reply: Duration::from_millis(26),
            enrolled: Vec::new(),
            presented: Presented::default(),
            volume_ml: readings.volume_ml,
            surface_celsius: readings.surface_celsius,
            ambient_celsius: readings.ambient_celsius,
            trace: false,
            show_payload: false,
        }
    }
}
