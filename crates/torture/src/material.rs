//! What the kiosks have to say: made-up sessions of nobody.

use sha2::{Digest, Sha256};
use verification::Sensitive;
use verification::capture::{CameraIdentity, CapturedSample};
use verification::evidence::{
    DocumentId, Evidence, KioskIdentity, Language, Modality, Organisation, Outcome, SessionId, Still,
    StillPurpose,
};
use verification::policy::Policy;
use verification::service::ServiceId;
use verification::time::UtcMs;

/// Numbers of nobody, in the form of identification numbers: born on 1 January 1900, which no living person is, with a
/// right check digit.
pub const IINS: [&str; 4] = ["000101300019", "000101300029", "000101300039", "000101300049"];

/// Stands in every document, and must not be readable in any file.
pub const ORGANISATION: &str = "Qaraqshy Torture Savings Bank";

/// How every still begins: the first bytes of a JPEG file in the JFIF form.
pub const JPEG_HEADER: [u8; 11] = *b"\xff\xd8\xff\xe0\0\x10JFIF\0";

/// What follows: the rest of the first segment, the header of a frame of 640 by 480 pixels with one component, and that of
/// its scan. The gateway asks the centre about no picture that has no such form.
const JPEG_FRAME: &[u8] = b"\x01\x01\0\0\x01\0\x01\0\0\
    \xff\xc0\0\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\0\
    \xff\xda\0\x08\x01\x01\0\0\x3f\0";

/// Width and height of every still, in pixels, as they stand in [`JPEG_FRAME`].
const STILL_PX: (u32, u32) = (640, 480);

/// How every still ends.
const JPEG_END: [u8; 2] = *b"\xff\xd9";

/// Stands in every still, after the headers.
pub const STILL_MARK: &[u8] = b"a picture of nobody at all";

/// A made-up session that ended at this time.
pub fn evidence(kiosk_id: &str, id: DocumentId, now: UtcMs, random: &mut fastrand::Rng) -> Evidence {
    let mut session = [0; 16];
    random.fill(&mut session);
    // A final document in eight: nobody is to be identified by it.
    let ends = random.u8(0..8) == 0;
    Evidence {
        document_id: id,
        session_id: SessionId(session),
        organisation: Organisation {
            name: ORGANISATION.into(),
            bin: "050140000000".into(),
        },
        kiosk: KioskIdentity {
            kiosk_id: kiosk_id.into(),
            software: "torture".into(),
        },
        language: Language::Kk,
        service: Some(ServiceId("account-opening".into())),
        consents: Vec::new(),
        claim: IINS[random.usize(0..IINS.len())].parse().ok(),
        modality: Some(Modality::Face),
        started_at: UtcMs(now.0 - 30_000),
        ended_at: now,
        outcome: if ends {
            Outcome::Withdrawn
        } else {
            Outcome::AwaitingIdentification
        },
        camera: Some(CameraIdentity {
            name: "none".into(),
            bus_id: "0".into(),
            replay: true,
        }),
        attempts: Vec::new(),
        attempts_before: 0,
        palm: None,
        stills: if ends { Vec::new() } else { vec![still(random)] },
        policy: Policy::default(),
        audit: None,
        ..Evidence::blank()
    }
}

/// SHA-256 of all stills one after the other: by this the judge knows a document again, whoever signed it when.
pub fn stills_digest(evidence: &Evidence) -> [u8; 32] {
    let mut digest = Sha256::new();
    for still in &evidence.stills {
        digest.update(still.sample.jpeg.expose());
    }
    digest.finalize().into()
}

/// Bytes as incompressible as a picture, from 2 to 200 kilobytes; most are small, so that a thousand rounds do not write
/// gigabytes.
fn still(random: &mut fastrand::Rng) -> Still {
    let bytes = match random.u8(0..100) {
        0..=69 => random.usize(2_000..8_000),
        70..=94 => random.usize(8_000..40_000),
        _ => random.usize(40_000..200_000),
    };
    let mut jpeg = vec![0; bytes];
    random.fill(&mut jpeg);
    let marks = JPEG_HEADER.iter().chain(JPEG_FRAME).chain(STILL_MARK);
    for (byte, mark) in jpeg.iter_mut().zip(marks) {
        *byte = *mark;
    }
    for (byte, mark) in jpeg.iter_mut().rev().zip(JPEG_END.iter().rev()) {
        *byte = *mark;
    }
    Still {
        page: None,
        purpose: StillPurpose::Comparison,
        sample: CapturedSample {
            frame: 7,
            width_px: STILL_PX.0,
            height_px: STILL_PX.1,
            jpeg: Sensitive::new(jpeg),
        },
        quality: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Width and height of a picture, by its segments up to the compressed data.
    fn dimensions(jpeg: &[u8]) -> (u32, u32) {
        let two = |at: usize| u32::from(u16::from_be_bytes([jpeg[at], jpeg[at + 1]]));
        let (mut at, mut found) = (2, None);
        while jpeg[at + 1] != 0xda {
            assert_eq!(jpeg[at], 0xff, "no marker");
            if jpeg[at + 1] == 0xc0 {
                found = Some((two(at + 7), two(at + 5)));
            }
            at += 2 + two(at + 2) as usize;
        }
        found.unwrap()
    }

    #[test]
    fn what_is_made_up_can_be_signed_and_read_again() {
        let mut random = fastrand::Rng::with_seed(1);
        for number in 0..200 {
            let made = evidence(
                "kiosk-1",
                DocumentId([number; 16]),
                UtcMs(1_790_000_000_000),
                &mut random,
            );
            assert!(made.claim.is_some());
            let read = document::content::decode(&document::content::encode(&made)).unwrap();
            assert_eq!(stills_digest(&read), stills_digest(&made));
            for still in &made.stills {
                let jpeg = still.sample.jpeg.expose();
                assert!((2_000..200_000).contains(&jpeg.len()));
                assert!(jpeg.starts_with(&JPEG_HEADER) && jpeg.ends_with(&JPEG_END));
                assert!(jpeg[JPEG_HEADER.len() + JPEG_FRAME.len()..].starts_with(STILL_MARK));
                assert_eq!(dimensions(jpeg), (still.sample.width_px, still.sample.height_px));
            }
        }
    }
}
