//! What a person, or a script in his place, orders a simulated device to do while it runs.

use std::str::FromStr;
use std::time::Duration;

use super::fault::{Fault, FaultError};
use super::settings::Presented;

/// One order.
#[derive(Debug, Clone, PartialEq)]
pub enum Instruction {
    /// Say what can be ordered.
    Help,
    /// Put this hand before the sensor.
    Hand(Presented),
    /// Add a fault.
    Fault(Fault),
    /// Take all faults away.
    Clear,
    /// Pull the plug.
    Unplug,
    /// Plug in again.
    Replug,
    /// Start the device anew.
    Reboot,
    /// The skin has this temperature in degrees Celsius.
    Temperature(f32),
    /// The air has this temperature in degrees Celsius.
    Ambient(f32),
    /// The hand has this volume in millilitres.
    Volume(f32),
    /// Say what is enrolled, and what goes wrong.
    List,
    /// End.
    Quit,
}

/// Every order as it is written, and what it does.
pub const INSTRUCTIONS: [(&str, &str); 13] = [
    ("help", "this list, and the faults"),
    (
        "hand last",
        "the hand that was enrolled last is before the sensor",
    ),
    ("hand nobody", "nobody's hand is"),
    ("hand stranger", "a hand is that is not enrolled"),
    ("hand TAG", "the hand that was enrolled under this tag is"),
    ("fault NAME", "something more goes wrong"),
    ("clear", "nothing goes wrong any more"),
    ("unplug, replug", "the plug is pulled, and put in again"),
    ("reboot", "the device starts anew"),
    (
        "temperature CELSIUS, ambient CELSIUS",
        "what its thermometers read",
    ),
    ("volume ML", "the volume of the hand"),
    ("list", "the references of the device, the hand, and the faults"),
    ("quit", "end"),
];

/// A line that is no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstructionError {
    /// Nobody knows this word.
    #[error("unknown word \"{0}\"; \"help\" lists all")]
    Unknown(String),
    /// What belongs after this word is missing, too much, or no number.
    #[error("write \"{0}\"")]
    Form(&'static str),
    /// The fault is none.
    #[error(transparent)]
    Fault(#[from] FaultError),
}

impl FromStr for Instruction {
    type Err = InstructionError;

    fn from_str(line: &str) -> Result<Self, InstructionError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |text: &str, form| match text.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(InstructionError::Form(form)),
        };
        match words.as_slice() {
            ["help" | "?"] => Ok(Self::Help),
            ["clear"] => Ok(Self::Clear),
            ["unplug"] => Ok(Self::Unplug),
            ["replug"] => Ok(Self::Replug),
            ["reboot"] => Ok(Self::Reboot),
            ["list"] => Ok(Self::List),
            ["quit" | "exit"] => Ok(Self::Quit),
            ["hand", hand] => Ok(Self::Hand(self::hand(hand))),
            ["fault", fault] => Ok(Self::Fault(fault.parse()?)),
            ["temperature", value] => Ok(Self::Temperature(number(value, "temperature CELSIUS")?)),
            ["ambient", value] => Ok(Self::Ambient(number(value, "ambient CELSIUS")?)),
            ["volume", value] => Ok(Self::Volume(number(value, "volume ML")?)),
            ["hand", ..] => Err(InstructionError::Form("hand last|nobody|stranger|TAG")),
            ["fault", ..] => Err(InstructionError::Form("fault NAME")),
            ["temperature", ..] => Err(InstructionError::Form("temperature CELSIUS")),
            ["ambient", ..] => Err(InstructionError::Form("ambient CELSIUS")),
            ["volume", ..] => Err(InstructionError::Form("volume ML")),
            [word, ..] => Err(InstructionError::Unknown((*word).to_owned())),
            [] => Err(InstructionError::Unknown(String::new())),
        }
    }
}

/// The hand of this name.
pub fn hand(name: &str) -> Presented {
    match name {
        "last" => Presented::LastEnrolled,
        "nobody" => Presented::Nobody,
        "stranger" => Presented::Stranger,
        tag => Presented::Tag(tag.to_owned()),
    }
}

/// Orders with the time since the start at which they are given, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script(pub Vec<(Duration, Instruction)>);

/// What is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct ScriptError {
    /// 1 for the first.
    pub line: usize,
    /// What is wrong with it.
    pub fault: ScriptFault,
}

/// What is wrong with a line of a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptFault {
    /// It does not begin with a time.
    #[error("write the time in milliseconds since the start first, such as \"1500 unplug\"")]
    Time,
    /// Its time is before that of the line before it.
    #[error("its time is before that of the line before it")]
    Order,
    /// The rest is no order.
    #[error(transparent)]
    Instruction(#[from] InstructionError),
}

impl FromStr for Script {
    type Err = ScriptError;

    /// One order a line, after its time in milliseconds; `#` begins a comment.
    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut script: Vec<(Duration, Instruction)> = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let earliest = script.last().map(|(at, _)| *at);
            script.push(step(content, earliest).map_err(|fault| ScriptError { line, fault })?);
        }
        Ok(Self(script))
    }
}

fn step(content: &str, earliest: Option<Duration>) -> Result<(Duration, Instruction), ScriptFault> {
    let (time, order) = content.split_once(char::is_whitespace).ok_or(ScriptFault::Time)?;
    let at = Duration::from_millis(time.parse().map_err(|_| ScriptFault::Time)?);
    if earliest.is_some_and(|earliest| at < earliest) {
        return Err(ScriptFault::Order);
    }
    Ok((at, order.parse()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn understands_orders() {
        let check = |line: &str, expect: Instruction| {
            assert_eq!(line.parse::<Instruction>(), Ok(expect), "{line}");
        };
        check("help", Instruction::Help);
        check(" hand  nobody ", Instruction::Hand(Presented::Nobody));
        check(
            "hand s-81f2",
            Instruction::Hand(Presented::Tag("s-81f2".to_owned())),
        );
        check(
            "fault late:list@2",
            Instruction::Fault("late:list@2".parse().unwrap()),
        );
        check("temperature -12.5", Instruction::Temperature(-12.5));
        check("volume 900", Instruction::Volume(900.0));
        check("quit", Instruction::Quit);
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |line: &str, expect: &str| {
            let error = line.parse::<Instruction>().unwrap_err().to_string();
            assert!(error.starts_with(expect), "{line}: {error}");
        };
        check("jump", "unknown word \"jump\"; \"help\" lists all");
        check("hand", "write \"hand last|nobody|stranger|TAG\"");
        check("volume much", "write \"volume ML\"");
        check("volume NaN", "write \"volume ML\"");
        check("fault rain", "unknown fault \"rain\"; there are: boot-delay, ");
    }

    #[test]
    fn reads_scripts() {
        let script: Script = "# first\n\n0 hand nobody\n1500 unplug # hard\n1500 replug\n"
            .parse()
            .unwrap();
        let times: Vec<u128> = script.0.iter().map(|(at, _)| at.as_millis()).collect();
        assert_eq!(times, [0, 1500, 1500]);
        assert_eq!(script.0[1].1, Instruction::Unplug);
        let check = |text: &str, expect: &str| {
            assert_eq!(text.parse::<Script>().unwrap_err().to_string(), expect);
        };
        check(
            "\nunplug",
            "line 2: write the time in milliseconds since the start first, such as \"1500 unplug\"",
        );
        check(
            "soon unplug",
            "line 1: write the time in milliseconds since the start first, such as \"1500 unplug\"",
        );
        check(
            "5 unplug\n4 replug",
            "line 2: its time is before that of the line before it",
        );
        check("5 jump", "line 1: unknown word \"jump\"; \"help\" lists all");
    }

    proptest! {
        #[test]
        fn survives_any_text(text in "\\PC{0,80}", lines in "([0-9]{1,4} (fault|hand|volume) [a-z=0-9:@.-]{0,9}\n){0,4}") {
            let _ = text.parse::<Instruction>();
            let _ = text.parse::<Script>();
            let _ = lines.parse::<Script>();
        }
    }
}
