//! The gate before the centre: each comparison costs money, so no picture is sent that cannot be compared. Pure.
//!
//! It looks at the form of the file and at what was measured of the picture, and decodes nothing: a decoder that is fed
//! from outside is a door that is not needed here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a picture must be like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualityGate {
    /// The least width and height, in pixels.
    pub image_min_px: u32,
    /// The largest file, in bytes.
    pub image_max_bytes: usize,
    /// The least value of measures by their name; an empty table asks for none. A picture of which one was not taken is not
    /// held against it.
    pub measures_min: BTreeMap<String, f32>,
}

impl Default for QualityGate {
    fn default() -> Self {
        Self {
            image_min_px: 240,
            image_max_bytes: 4 * 1024 * 1024,
            // What the policy of the kiosk has by default; see `Policy::inter_eye_distance_min_px`.
            measures_min: BTreeMap::from([("inter_eye_distance_px".to_owned(), 60.0)]),
        }
    }
}

/// What is known of a picture before it is sent. No `Debug`: it holds the picture.
#[derive(Clone)]
pub struct ProbeQuality<'a> {
    /// The file, JPEG.
    pub jpeg: &'a [u8],
    /// Width and height that the document says, in pixels.
    pub said_px: (u32, u32),
    /// What was measured of it, by name.
    pub measures: BTreeMap<&'static str, f32>,
}

/// Why a picture is not sent. Holds no more of it than numbers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QualityFault {
    /// The file is larger than the centre is to be sent; holds its bytes.
    #[error("the picture has {0} bytes")]
    TooLarge(usize),
    /// The file is no whole JPEG; holds what is missing or wrong.
    #[error("the picture is no whole JPEG: {0}")]
    NotJpeg(&'static str),
    /// It has other dimensions than the document says, in pixels.
    #[error("the picture has {found:?} pixels and the document says {said:?}")]
    OtherSize {
        /// What stands in the file.
        found: (u32, u32),
        /// What stands in the document.
        said: (u32, u32),
    },
    /// It has too few pixels; holds width and height.
    #[error("the picture has {}x{} pixels", .0.0, .0.1)]
    TooSmall((u32, u32)),
    /// One of its measures is below the least value.
    #[error("{name} of the picture is {value}, and at least {min} is asked for")]
    Measure {
        /// Which.
        name: &'static str,
        /// What was measured.
        value: f32,
        /// What is asked for.
        min: f32,
    },
}

impl QualityFault {
    /// Its name in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too-large",
            Self::NotJpeg(_) => "not-jpeg",
            Self::OtherSize { .. } => "other-size",
            Self::TooSmall(_) => "too-small",
            Self::Measure { .. } => "measure",
        }
    }
}

/// Whether a picture is worth a comparison.
///
/// # Errors
/// The first fault.
pub fn check(probe: &ProbeQuality<'_>, gate: &QualityGate) -> Result<(), QualityFault> {
    if probe.jpeg.len() > gate.image_max_bytes {
        return Err(QualityFault::TooLarge(probe.jpeg.len()));
    }
    let found = dimensions(probe.jpeg).map_err(QualityFault::NotJpeg)?;
    if found != probe.said_px {
        return Err(QualityFault::OtherSize {
            found,
            said: probe.said_px,
        });
    }
    if found.0.min(found.1) < gate.image_min_px {
        return Err(QualityFault::TooSmall(found));
    }
    for (name, value) in &probe.measures {
        // What is not a number is not enough either.
        if let Some(min) = gate.measures_min.get(*name)
            && (value.is_nan() || value < min)
        {
            return Err(QualityFault::Measure {
                name,
                value: *value,
                min: *min,
            });
        }
    }
    Ok(())
}

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// Width and height of a JPEG, in pixels: follows its segments from the beginning to the compressed data.
fn dimensions(jpeg: &[u8]) -> Result<(u32, u32), &'static str> {
    const CUT: &str = "it ends in a segment";
    let mut rest = jpeg.strip_prefix(&[0xff, 0xd8]).ok_or("no beginning")?;
    if !jpeg.ends_with(&[0xff, END]) {
        return Err("no end");
    }
    let mut found = None;
    loop {
        rest = rest.strip_prefix(&[0xff]).ok_or("no marker where one must be")?;
        // A marker may be preceded by any number of fill bytes.
        while let Some(shorter) = rest.strip_prefix(&[0xff]) {
            rest = shorter;
        }
        let (&marker, behind) = rest.split_first().ok_or(CUT)?;
        match marker {
            END => return Err("no picture"),
            // Those without a segment, and one that must not be in a file.
            0x00 | 0x01 | 0xd0..=0xd8 => return Err("a marker that does not belong there"),
            _ => {}
        }
        let (length, _) = behind.split_first_chunk::<2>().ok_or(CUT)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length < 2 || length > behind.len() {
            return Err(CUT);
        }
        let (segment, next) = behind.split_at(length);
        match (marker, found) {
            // The frame headers of all kinds; between them stand Huffman tables, an extension and arithmetic coding.
            (0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf, None) => {
                let (&[_, _, _, h1, h0, w1, w0], _) = segment
                    .split_first_chunk::<7>()
                    .ok_or("a frame header without dimensions")?;
                let px = |high, low| u32::from(u16::from_be_bytes([high, low]));
                found = Some((px(w1, w0), px(h1, h0)));
            }
            (0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf, Some(_)) => {
                return Err("two frame headers");
            }
            (SCAN, None) => return Err("no frame header"),
            // Behind it there must be more than the end.
            (SCAN, Some(_)) if next.len() <= 2 => return Err("no compressed data"),
            (SCAN, Some(px)) => return Ok(px),
            _ => {}
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file whose segments are right, of this size.
    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
        let mut file = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
        file.extend([0xff, 0xff, 0xc0, 0, 11, 8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0]);
        file.extend([0xff, SCAN, 0, 8, 1, 1, 0, 0, 63, 0, 0x55, 0x66, 0xff, END]);
        file
    }

    fn checked(
        jpeg: &[u8],
        said_px: (u32, u32),
        measures: &[(&'static str, f32)],
    ) -> Result<(), QualityFault> {
        let gate = QualityGate {
            image_max_bytes: 1000,
            measures_min: [("sharpness".to_owned(), 0.5)].into(),
            ..QualityGate::default()
        };
        let measures = measures.iter().copied().collect();
        let probe = ProbeQuality {
            jpeg,
            said_px,
            measures,
        };
        check(&probe, &gate)
    }

    #[test]
    fn a_picture_has_a_form_and_a_size() {
        let good = jpeg(240, 300);
        assert_eq!(checked(&good, (240, 300), &[]), Ok(()));
        let not_jpeg = |bytes: &[u8], why| {
            assert_eq!(checked(bytes, (240, 300), &[]), Err(QualityFault::NotJpeg(why)));
        };
        not_jpeg(b"", "no beginning");
        not_jpeg(b"\xff\xd8", "no end");
        not_jpeg(b"\x89PNG\xff\xd9", "no beginning");
        not_jpeg(
            b"\xff\xd8\xff a picture of nobody \xff\xd9",
            "it ends in a segment",
        );
        not_jpeg(b"\xff\xd8\xff\xd9", "no picture");
        not_jpeg(&good[..good.len() - 1], "no end");
        let mut no_frame = good.clone();
        no_frame[22] = 0xe1;
        not_jpeg(&no_frame, "no frame header");
        let mut empty = good.clone();
        empty.drain(good.len() - 4..good.len() - 2);
        not_jpeg(&empty, "no compressed data");
        let small = jpeg(1000, 239);
        assert_eq!(
            checked(&small, (1000, 239), &[]),
            Err(QualityFault::TooSmall((1000, 239)))
        );
        let other = QualityFault::OtherSize {
            found: (240, 300),
            said: (300, 240),
        };
        assert_eq!(checked(&good, (300, 240), &[]), Err(other));
        let large = [&good[..], &[0; 1000]].concat();
        assert_eq!(
            checked(&large, (240, 300), &[]),
            Err(QualityFault::TooLarge(large.len()))
        );
    }

    #[test]
    fn measures_that_were_taken_are_held_against_their_least_values() {
        let good = jpeg(240, 240);
        let check = |measures: &[(&'static str, f32)]| checked(&good, (240, 240), measures).is_ok();
        assert!(check(&[]) && check(&[("sharpness", 0.5)]) && check(&[("other", 0.1)]));
        assert!(!check(&[("sharpness", 0.49)]) && !check(&[("sharpness", f32::NAN)]));
    }

    #[test]
    fn a_gate_that_asks_for_no_measure_stays_so_in_a_file() {
        let open = QualityGate {
            measures_min: BTreeMap::new(),
            ..QualityGate::default()
        };
        let read = |text: &str| toml::from_str::<QualityGate>(text).unwrap();
        assert_eq!(read(&toml::to_string(&open).unwrap()), open);
        assert_eq!(read("[measures_min]"), open);
        assert_eq!(read("").measures_min["inter_eye_distance_px"], 60.0);
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = dimensions(&bytes);
            let _ = dimensions(&[&[0xff, 0xd8], &bytes[..], &[0xff, END]].concat());
        }

        #[test]
        fn damage_never_panics(at in 0_usize..48, byte: u8, cut in 0_usize..48) {
            let mut file = jpeg(300, 300);
            let last = file.len() - 1;
            file[at.min(last)] = byte;
            let _ = dimensions(&file);
            file.drain(cut.min(last)..last.max(cut.min(last)).saturating_sub(1).max(cut.min(last)));
            let _ = dimensions(&file);
        }

        #[test]
        fn the_size_is_read_as_it_was_written(width: u16, height: u16) {
            prop_assert_eq!(dimensions(&jpeg(width, height)), Ok((u32::from(width), u32::from(height))));
        }
    }
}
