//! Cameras behind which no sensor stands.
//!
//! A virtual camera is the plainest way to inject a recording: any program may write frames into it, and the
//! reader sees an ordinary device. It is recognised by its driver, by the place of its node in sysfs and by its
//! name. A name is a weak sign, since the person who injects may choose it; it is looked at last, and catches what
//! has a driver of no known name. None of this is proof against an attacker who may change the kernel or solder:
//! that is what the pin, the challenges and the screen light are for.

use std::fmt;

/// Drivers in the kernel that make cameras out of software.
const DRIVERS: &[&str] = &[
    // Loopbacks: what a program writes into one node comes out of another.
    "v4l2loopback",
    "v4l2 loopback",
    "akvcam",
    "vcam",
    // Test drivers of the kernel itself.
    "vivid",
    "vimc",
    "visl",
    "vicodec",
    "vim2m",
    "vidtv",
];

/// Host controllers in software: a "USB camera" behind one of them is a program of this machine (gadget with
/// dummy_hcd) or of another one (USB/IP with vhci_hcd). Matched as the beginning of a folder of sysfs.
const SOFTWARE_BUSES: &[&str] = &["dummy_hcd", "vhci_hcd", "dummy_udc"];

/// Words in the names of known software cameras, lower case, separated by single blanks; a name matches if it
/// contains one of them as whole words. Whole words, since the OBSBOT cameras are real and OBS is not.
const NAMES: &[&str] = &[
    // What says it itself, such as "OBS Virtual Camera", "Dummy video device (0x0000)", "Windows Virtual Camera".
    "virtual",
    "virtualcam",
    "virtualcamera",
    "loopback",
    "v4l2loopback",
    "dummy",
    "fake",
    // Studios and broadcasters.
    "obs",
    "manycam",
    "xsplit",
    "vcam",
    "e2esoft",
    "splitcam",
    "youcam",
    "webcammax",
    "vmix",
    "ndi",
    "newtek",
    "wirecast",
    "ecamm",
    "camtwist",
    "webcamoid",
    "akvcam",
    "altercam",
    "sparkocam",
    "cyberlink",
    "unity video capture",
    "spout",
    "screen capture",
    "screencap",
    // Filters, backgrounds and avatars.
    "snap camera",
    "nvidia broadcast",
    "mmhmm",
    "chromacam",
    "finecam",
    "avatarify",
    "facerig",
    "animaze",
    "vseeface",
    "perfectcam",
    "magic camera",
    "swapface",
    "deepfacelive",
    "logi capture",
    "logitech capture",
    // Telephones and still cameras through a program.
    "droidcam",
    "iriun",
    "epoccam",
    "ivcam",
    "ip webcam",
    "ip camera adapter",
    "camo",
    "reincubate",
    "kinoni",
    "eos webcam utility",
    "imaging edge webcam",
    "nikon webcam utility",
    "gopro webcam",
    "scrcpy",
];

/// Why a camera counts as virtual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VirtualReason {
    /// Its driver makes cameras out of software.
    Driver(String),
    /// Its bus is a piece of software.
    Bus(String),
    /// No hardware stands behind its node.
    NoHardware,
    /// Its name is that of a known software camera; this is the part of it that was recognised.
    Name(&'static str),
}

impl fmt::Display for VirtualReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Driver(driver) => write!(f, "its driver {driver} makes cameras out of software"),
            Self::Bus(bus) => write!(f, "its bus {bus} is a piece of software"),
            Self::NoHardware => f.write_str("no hardware stands behind it"),
            Self::Name(word) => write!(f, "its name contains \"{word}\", as software cameras do"),
        }
    }
}

/// Judges what is known of a camera. `place` is the real path of its node in sysfs, if it has one.
pub(crate) fn virtual_reason(
    name: &str,
    driver: Option<&str>,
    place: Option<&std::path::Path>,
) -> Option<VirtualReason> {
    if let Some(driver) = driver
        && DRIVERS.iter().any(|known| is_driver(driver, known))
    {
        return Some(VirtualReason::Driver(driver.to_owned()));
    }
    if let Some(place) = place {
        let folders: Vec<String> = place
            .iter()
            .map(|folder| folder.to_string_lossy().into_owned())
            .collect();
        let software = |folder: &&String| SOFTWARE_BUSES.iter().any(|bus| folder.starts_with(bus));
        if let Some(bus) = folders.iter().find(software) {
            return Some(VirtualReason::Bus(bus.clone()));
        }
        if folders
            .windows(2)
            .any(|pair| pair[0] == "devices" && pair[1] == "virtual")
        {
            return Some(VirtualReason::NoHardware);
        }
    }
    virtual_name(name).map(VirtualReason::Name)
}

/// The part of a name by which a software camera is known.
fn virtual_name(name: &str) -> Option<&'static str> {
    let words = words(name);
    NAMES
        .iter()
        .find(|known| words.contains(&self::words(known)))
        .copied()
}

/// Lower case, everything but letters and digits as one blank, and a blank at both ends.
fn words(name: &str) -> String {
    let mut words = String::from(" ");
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            words.push(letter);
        } else if !words.ends_with(' ') {
            words.push(' ');
        }
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
    words
}

/// Drivers are told with or without "platform:", a number or other capitals.
fn is_driver(driver: &str, known: &str) -> bool {
    words(driver)
        .trim_start_matches(" platform")
        .trim_start()
        .starts_with(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    #[test]
    fn software_cameras_are_known_by_driver_place_or_name() {
        let usb = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/video4linux/video0";
        let check = |name: &str, driver: Option<&str>, place: &str, expect: &str| {
            let got = virtual_reason(name, driver, Some(Path::new(place)));
            let got = got.map_or_else(|| "real".to_owned(), |reason| reason.to_string());
            assert!(got.contains(expect), "{name} {driver:?} {place}: {got}");
        };
        for name in [
            "HD Pro Webcam C920",
            "Logitech BRIO",
            "OBSBOT Tiny 2",
            "Integrated Camera: Integrated C",
            "USB 2.0 Camera",
            "Камера",
            "Camouflage Hunter 3",
            "",
        ] {
            check(name, Some("uvcvideo"), usb, "real");
        }
        for (name, word) in [
            ("OBS Virtual Camera", "virtual"),
            ("OBS-Camera", "obs"),
            ("Dummy video device (0x0000)", "dummy"),
            ("ManyCam Virtual Webcam", "virtual"),
            ("MANYCAM", "manycam"),
            ("XSplit VCam", "xsplit"),
            ("Snap  Camera", "snap camera"),
            ("DroidCam Source 3", "droidcam"),
            ("Iriun Webcam", "iriun"),
            ("EpocCam HD", "epoccam"),
            ("e2eSoft VCam", "vcam"),
            ("NVIDIA Broadcast", "nvidia broadcast"),
            ("Camera (NVIDIA_Broadcast)", "nvidia broadcast"),
            ("mmhmm", "mmhmm"),
            ("CamTwist", "camtwist"),
            ("Reincubate Camo", "camo"),
            ("SplitCam", "splitcam"),
            ("CyberLink YouCam 10", "youcam"),
            ("NDI Webcam Video 1", "ndi"),
        ] {
            check(name, Some("uvcvideo"), usb, &format!("\"{word}\""));
        }
        for driver in [
            "v4l2loopback",
            "v4l2 loopback",
            "V4L2Loopback-000",
            "platform:v4l2loopback-000",
            "vivid",
            "vimc",
            "akvcam",
        ] {
            check("HD Pro Webcam C920", Some(driver), usb, "driver");
        }
        check(
            "Webcam",
            None,
            "/sys/devices/virtual/video4linux/video9",
            "no hardware",
        );
        let gadget = "/sys/devices/platform/dummy_hcd.0/usb5/5-1/5-1:1.0/video4linux/video2";
        check("HD Pro Webcam C920", Some("uvcvideo"), gadget, "dummy_hcd.0");
        let network = "/sys/devices/platform/vhci_hcd.0/usb7/7-1/7-1:1.0/video4linux/video2";
        check("HD Pro Webcam C920", Some("uvcvideo"), network, "vhci_hcd.0");
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(name in "(?s).{0,40}", driver in "(?s).{0,20}") {
            let _ = virtual_reason(&name, Some(&driver), Some(Path::new(&name)));
        }
    }

    #[test]
    fn every_name_of_the_table_is_found_by_itself() {
        for name in NAMES {
            assert!(virtual_name(&name.to_uppercase()).is_some(), "{name}");
        }
    }
}
