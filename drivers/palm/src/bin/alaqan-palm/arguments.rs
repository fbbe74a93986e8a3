//! What may be typed.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use palm::ports::PortChoice;
use verification::palm::SubjectTag;

use crate::exit;

/// Looks at palm scanners, for technicians: what is plugged in, whether it works, and what it sees.
///
/// References and their templates stay in the scanner. Enrol only with a tag that says nothing about the person: the
/// scanner shows it to anyone who asks over the cable.
#[derive(Parser)]
#[command(name = "alaqan-palm", version, after_help = exit::table())]
pub struct Arguments {
    /// Print one JSON object to standard output; for `watch`, one in each line.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What can be done.
#[derive(Subcommand)]
pub enum Verb {
    /// List the serial ports, and whether this user may open them.
    List,
    /// Ask the scanner what it is and how it does.
    Info(Choice),
    /// Let the scanner and the line be checked, part by part.
    SelfTest(Choice),
    /// Store a palm in the scanner under a tag. Ctrl-C cancels.
    Enrol {
        #[command(flatten)]
        choice: Choice,
        /// 1 to 31 printable ASCII characters that say nothing about the person.
        #[arg(long, value_parser = tag)]
        tag: SubjectTag,
        /// How long the scanner may look for a palm, in seconds; each kind of scanner has limits of its own.
        #[arg(long = "limit-s", value_name = "N", value_parser = limit, default_value = "10")]
        limit: Duration,
    },
    /// Compare a palm with all that are stored in the scanner. Ctrl-C cancels.
    Verify {
        #[command(flatten)]
        choice: Choice,
        /// How long the scanner may look for a palm, in seconds; each kind of scanner has limits of its own.
        #[arg(long = "limit-s", value_name = "N", value_parser = limit, default_value = "10")]
        limit: Duration,
    },
    /// List the ids of all references in the scanner.
    Ids(Choice),
    /// Delete the reference with this id, and read the list back as proof. One that is not there is as good as deleted.
    Delete {
        #[command(flatten)]
        choice: Choice,
        /// The id, as `ids` shows it.
        id: u32,
    },
    /// Show when a scanner comes, goes, starts anew or sees a hand, until Ctrl-C. Waits for one that is not there.
    Watch(Choice),
}

/// Which scanner.
#[derive(Args)]
pub struct Choice {
    /// A port such as /dev/ttyUSB0, /dev/serial/by-id/... or COM3, or an adapter wherever it is plugged in:
    /// usb:VVVV:PPPP or usb:VVVV:PPPP:SERIAL.
    #[arg(long)]
    pub port: PortChoice,
    /// What is on the port.
    #[arg(long, value_parser = names(palm::DRIVERS.iter().map(|driver| driver.name)),
          default_value = palm::efaa::dfrobot_ai10::NAME)]
    pub driver: String,
    /// Speed of the line in baud, if it is not the driver's own.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub baud: Option<u32>,
    /// The one key with which the scanner may sign: 33 bytes of hexadecimal digits (SEC1, compressed).
    #[arg(long, value_name = "HEX", value_parser = device_key)]
    pub device_key: Option<DeviceKey>,
    /// The port of a thermometer beside the scanner, written as for --port.
    #[arg(long)]
    pub thermometer_port: Option<PortChoice>,
    /// What is on that port.
    #[arg(long, requires = "thermometer_port",
          value_parser = names(palm::thermometer::THERMOMETERS.iter().map(|driver| driver.name)),
          default_value = palm::thermometer::THERMOMETERS[0].name)]
    pub thermometer_driver: String,
}

/// A public key, SEC1 compressed.
#[derive(Clone)]
pub struct DeviceKey(pub Vec<u8>);

fn names(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    names.collect()
}

fn tag(text: &str) -> Result<SubjectTag, &'static str> {
    SubjectTag::new(text).ok_or("a tag is 1 to 31 printable ASCII characters without spaces")
}

fn limit(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (1..=255).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or("a limit is 1 to 255 whole seconds")
}

fn device_key(text: &str) -> Result<DeviceKey, &'static str> {
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let digits = str::from_utf8(pair)
                .ok()
                .filter(|_| pair.iter().all(u8::is_ascii_hexdigit))?;
            u8::from_str_radix(digits, 16).ok()
        })
        .collect();
    bytes
        .filter(|bytes| text.len() == 66 && matches!(bytes.first(), Some(2 | 3)))
        .map(DeviceKey)
        .ok_or("a key is 66 hexadecimal digits that begin with 02 or 03")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_key_is_a_compressed_point() {
        let check = |text: &str, expect: bool| assert_eq!(device_key(text).is_ok(), expect, "{text}");
        check(&format!("02{}", "a0".repeat(32)), true);
        check(&format!("03{}", "FF".repeat(32)), true);
        check(&format!("04{}", "a0".repeat(32)), false);
        check(&format!("02{}", "a0".repeat(31)), false);
        check(&format!("02{}+1", "a0".repeat(31)), false);
        check(&format!("02{}0", "a0".repeat(31)), false);
        check(&"ә".repeat(33), false);
        check("", false);
    }

    #[test]
    fn a_limit_is_whole_seconds() {
        let check = |text: &str, expect: Option<u64>| {
            assert_eq!(limit(text).ok(), expect.map(Duration::from_secs), "{text}");
        };
        check("1", Some(1));
        check("255", Some(255));
        check("0", None);
        check("256", None);
        check("1.5", None);
        check("-1", None);
    }
}
