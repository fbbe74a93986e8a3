//! Frames between kiosk and gateway.
//!
//! One frame is one binary WebSocket message: a CBOR array of the frame version and the frame itself. Variants
//! and fields are numbered; a reader skips fields that it does not know, so that a field may be added without a
//! new version. A changed meaning is a new version.

use minicbor::{Decode, Encode};
use verification::evidence::DocumentId;

/// Version of the frames, first in every one of them.
pub const VERSION: u8 = 1;

/// The largest signed document, in bytes: 8 MiB of content, and the signature around it.
pub const DOCUMENT_MAX_BYTES: usize = 8 * 1024 * 1024 + 64 * 1024;

/// The largest frame, in bytes: a document and what stands around it.
pub const FRAME_MAX_BYTES: usize = DOCUMENT_MAX_BYTES + 64 * 1024;

/// How many awaited documents a greeting may name. More are not needed: the gateway knows what each kiosk has not
/// seen, and the list only covers a gateway that lost its own memory of that.
pub const AWAITING_MAX: usize = 1000;

/// From the kiosk to the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum KioskFrame {
    /// The first frame of a connection.
    #[n(0)]
    Hello {
        /// The version of the frames that the kiosk speaks.
        #[n(0)]
        protocol: u8,
        /// The name in the kiosk's certificate.
        #[n(1)]
        kiosk_id: String,
        /// Version of the kiosk's software.
        #[n(2)]
        software: String,
        /// Delivered documents whose answer has not been seen, at most [`AWAITING_MAX`].
        #[cbor(n(3), with = "document_ids")]
        awaiting: Vec<DocumentId>,
    },
    /// A document to keep. Answered by a receipt or a refusal.
    #[n(1)]
    Submit {
        /// Its id.
        #[cbor(n(0), with = "document_id")]
        id: DocumentId,
        /// The signed document.
        #[n(1)]
        document: Payload,
    },
    /// The answer about this document is stored in the kiosk and need not be sent again.
    #[n(2)]
    ResultSeen {
        /// The document.
        #[cbor(n(0), with = "document_id")]
        id: DocumentId,
    },
}

/// From the gateway to the kiosk.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum GatewayFrame {
    /// The answer to a greeting.
    #[n(0)]
    Welcome {
        /// The version of the frames that the gateway speaks.
        #[n(0)]
        protocol: u8,
        /// Name and software version of the gateway, for the log.
        #[n(1)]
        gateway: String,
    },
    /// The document is stored durably.
    #[n(1)]
    Receipt {
        /// The document.
        #[cbor(n(0), with = "document_id")]
        id: DocumentId,
    },
    /// The document is not stored.
    #[n(2)]
    Refused {
        /// The document.
        #[cbor(n(0), with = "document_id")]
        id: DocumentId,
        /// Why.
        #[n(1)]
        code: RefusalCode,
    },
    /// The centre has answered about a document.
    #[n(3)]
    Identified {
        /// The document.
        #[cbor(n(0), with = "document_id")]
        id: DocumentId,
        /// The answer, signed by the gateway.
        #[n(1)]
        document: Payload,
    },
    /// The gateway ends the connection.
    #[n(4)]
    Bye {
        /// Why.
        #[n(0)]
        reason: ByeReason,
    },
}

/// Why the gateway did not store a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum RefusalCode {
    /// The signature does not fit the document.
    #[n(0)]
    Signature,
    /// The signer's certificate is not trusted or not valid.
    #[n(1)]
    Certificate,
    /// The bytes are no document that the gateway understands.
    #[n(2)]
    Malformed,
    /// It is larger than the gateway takes.
    #[n(3)]
    TooLarge,
    /// It names another kiosk than the one that signed or sent it.
    #[n(4)]
    WrongKiosk,
    /// Another document is stored under this id, or the id is not the one inside the document.
    #[n(5)]
    IdConflict,
    /// The gateway cannot store anything now.
    #[n(6)]
    Unavailable {
        /// When to try again.
        #[n(0)]
        retry_after_ms: u64,
    },
}

impl RefusalCode {
    /// The name of this code in stores and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Certificate => "certificate",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::WrongKiosk => "wrong-kiosk",
            Self::IdConflict => "id-conflict",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

/// Why the gateway ended the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum ByeReason {
    /// It speaks another version of the frames.
    #[n(0)]
    Version,
    /// The greeting names another kiosk than the certificate.
    #[n(1)]
    KioskMismatch,
    /// The kiosk sent something that makes no sense.
    #[n(2)]
    Malformed,
    /// The gateway stops.
    #[n(3)]
    ShuttingDown,
    /// The same kiosk has connected anew.
    #[n(4)]
    Replaced,
    /// More answers wait than the gateway keeps for one connection; the next one starts with them.
    #[n(5)]
    Overrun,
}

/// Bytes that `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Payload(#[cbor(n(0), with = "minicbor::bytes")] pub Vec<u8>);

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// More than [`FRAME_MAX_BYTES`].
    #[error("a frame of {0} bytes is too large")]
    TooLarge(usize),
    /// A version that this program does not speak.
    #[error("frames of version {0} are not understood")]
    Version(u64),
    /// Not the CBOR that was expected. The text names the place, never the content.
    #[error("a frame could not be read: {0}")]
    Malformed(String),
}

impl KioskFrame {
    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// Any bytes that are not exactly one frame of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let frame: Self = decode(bytes)?;
        match &frame {
            Self::Hello { awaiting, .. } if awaiting.len() > AWAITING_MAX => Err(WireError::Malformed(
                format!("{} awaited documents", awaiting.len()),
            )),
            _ => Ok(frame),
        }
    }
}

impl GatewayFrame {
    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// Any bytes that are not exactly one frame of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        decode(bytes)
    }
}

fn encode<T: Encode<()>>(frame: &T) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    // Writing to a vector cannot fail, and no type of this file refuses to be encoded; should that ever change,
    // an empty message is what the other side refuses as malformed.
    match encoder
        .array(2)
        .and_then(|e| e.u8(VERSION))
        .and_then(|e| e.encode(frame))
    {
        Ok(_) => encoder.into_writer(),
        Err(_) => Vec::new(),
    }
}

fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, WireError> {
    if bytes.len() > FRAME_MAX_BYTES {
        return Err(WireError::TooLarge(bytes.len()));
    }
    let malformed = |error: minicbor::decode::Error| WireError::Malformed(error.to_string());
    let mut decoder = minicbor::Decoder::new(bytes);
    if decoder.array().map_err(malformed)? != Some(2) {
        return Err(WireError::Malformed("not a version and a frame".into()));
    }
    let version = decoder.u64().map_err(malformed)?;
    if version != u64::from(VERSION) {
        return Err(WireError::Version(version));
    }
    let frame = decoder.decode().map_err(malformed)?;
    if decoder.position() != bytes.len() {
        return Err(WireError::Malformed("bytes after the frame".into()));
    }
    Ok(frame)
}

/// A document id as a CBOR byte string of 16 bytes.
mod document_id {
    use minicbor::bytes::ByteArray;
    use minicbor::encode::Write;
    use minicbor::{Decoder, Encoder};
    use verification::evidence::DocumentId;

    pub fn encode<C, W: Write>(
        id: &DocumentId,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&id.0)?.ok()
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<DocumentId, minicbor::decode::Error> {
        d.decode::<ByteArray<16>>().map(|bytes| DocumentId(bytes.into()))
    }
}

/// Document ids as a CBOR array.
mod document_ids {
    use minicbor::bytes::ByteArray;
    use minicbor::encode::Write;
    use minicbor::{Decoder, Encoder};
    use verification::evidence::DocumentId;

    pub fn encode<C, W: Write>(
        ids: &[DocumentId],
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(ids.len() as u64)?;
        for id in ids {
            e.bytes(&id.0)?;
        }
        Ok(())
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<DocumentId>, minicbor::decode::Error> {
        d.array_iter::<ByteArray<16>>()?
            .map(|bytes| Ok(DocumentId(bytes?.into())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    const ID: DocumentId = DocumentId([0xa1; 16]);

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn check_kiosk(frame: KioskFrame, expect: Expect) {
        let bytes = frame.encode();
        assert_eq!(KioskFrame::decode(&bytes).as_ref(), Ok(&frame));
        expect.assert_eq(&hex(&bytes));
    }

    fn check_gateway(frame: GatewayFrame, expect: Expect) {
        let bytes = frame.encode();
        assert_eq!(GatewayFrame::decode(&bytes).as_ref(), Ok(&frame));
        expect.assert_eq(&hex(&bytes));
    }

    #[test]
    fn frames_of_the_kiosk_keep_their_bytes() {
        check_kiosk(
            KioskFrame::Hello {
                protocol: VERSION,
                kiosk_id: "k-1".into(),
                software: "0.1.0".into(),
                awaiting: vec![ID],
            },
            expect!["820182008401636b2d3165302e312e308150a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"],
        );
        check_kiosk(
            KioskFrame::Submit {
                id: ID,
                document: Payload(vec![1, 2, 3]),
            },
            expect!["820182018250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a143010203"],
        );
        check_kiosk(
            KioskFrame::ResultSeen { id: ID },
            expect!["820182028150a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"],
        );
    }

    #[test]
    fn frames_of_the_gateway_keep_their_bytes() {
        check_gateway(
            GatewayFrame::Welcome {
                protocol: VERSION,
                gateway: "g".into(),
            },
            expect!["8201820082016167"],
        );
        check_gateway(
            GatewayFrame::Receipt { id: ID },
            expect!["820182018150a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"],
        );
        check_gateway(
            GatewayFrame::Refused {
                id: ID,
                code: RefusalCode::Signature,
            },
            expect!["820182028250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1820080"],
        );
        check_gateway(
            GatewayFrame::Refused {
                id: ID,
                code: RefusalCode::Certificate,
            },
            expect!["820182028250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1820180"],
        );
        check_gateway(
            GatewayFrame::Refused {
                id: ID,
                code: RefusalCode::Malformed,
            },
            expect!["820182028250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1820280"],
        );
        check_gateway(
            GatewayFrame::Refused {
                id: ID,
                code: RefusalCode::TooLarge,
            },
            expect!["820182028250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1820380"],
        );
        check_gateway(
            GatewayFrame::Refused {
                id: ID,
                code: RefusalCode::WrongKiosk,
            },
            expect!["820182028250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1820480"],
        );
        check_gateway(
            GatewayFrame::Refused {
                id: ID,
                code: RefusalCode::IdConflict,
            },
            expect!["820182028250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1820580"],
        );
        check_gateway(
            GatewayFrame::Refused {
                id: ID,
                code: RefusalCode::Unavailable { retry_after_ms: 500 },
            },
            expect!["820182028250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a18206811901f4"],
        );
        check_gateway(
            GatewayFrame::Identified {
                id: ID,
                document: Payload(vec![9]),
            },
            expect!["820182038250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a14109"],
        );
        check_gateway(
            GatewayFrame::Bye {
                reason: ByeReason::Version,
            },
            expect!["8201820481820080"],
        );
        check_gateway(
            GatewayFrame::Bye {
                reason: ByeReason::KioskMismatch,
            },
            expect!["8201820481820180"],
        );
        check_gateway(
            GatewayFrame::Bye {
                reason: ByeReason::Malformed,
            },
            expect!["8201820481820280"],
        );
        check_gateway(
            GatewayFrame::Bye {
                reason: ByeReason::ShuttingDown,
            },
            expect!["8201820481820380"],
        );
        check_gateway(
            GatewayFrame::Bye {
                reason: ByeReason::Replaced,
            },
            expect!["8201820481820480"],
        );
        check_gateway(
            GatewayFrame::Bye {
                reason: ByeReason::Overrun,
            },
            expect!["8201820481820580"],
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let receipt = GatewayFrame::Receipt { id: ID }.encode();
        let mut longer = receipt.clone();
        longer.push(0);
        let mut newer = receipt.clone();
        newer[1] = VERSION + 1;
        assert_eq!(GatewayFrame::decode(&newer), Err(WireError::Version(2)));
        assert!(matches!(
            GatewayFrame::decode(&longer),
            Err(WireError::Malformed(_))
        ));
        assert!(matches!(
            GatewayFrame::decode(&receipt[..receipt.len() - 1]),
            Err(WireError::Malformed(_))
        ));
        assert!(matches!(GatewayFrame::decode(&[]), Err(WireError::Malformed(_))));
        let huge = vec![0; FRAME_MAX_BYTES + 1];
        assert_eq!(
            GatewayFrame::decode(&huge),
            Err(WireError::TooLarge(FRAME_MAX_BYTES + 1))
        );
        let greedy = KioskFrame::Hello {
            protocol: VERSION,
            kiosk_id: String::new(),
            software: String::new(),
            awaiting: vec![ID; AWAITING_MAX + 1],
        };
        assert!(matches!(
            KioskFrame::decode(&greedy.encode()),
            Err(WireError::Malformed(_))
        ));
    }

    #[test]
    fn the_largest_document_fits() {
        let frame = KioskFrame::Submit {
            id: ID,
            document: Payload(vec![7; DOCUMENT_MAX_BYTES]),
        };
        assert_eq!(KioskFrame::decode(&frame.encode()), Ok(frame));
    }

    #[test]
    fn debug_hides_documents() {
        let frame = KioskFrame::Submit {
            id: ID,
            document: Payload(vec![77, 78, 79]),
        };
        expect!["Submit { id: DocumentId([161, 161, 161, 161, 161, 161, 161, 161, 161, 161, 161, 161, 161, 161, 161, 161]), document: (3 bytes) }"]
            .assert_eq(&format!("{frame:?}"));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = KioskFrame::decode(&bytes);
            let _ = GatewayFrame::decode(&bytes);
        }

        #[test]
        fn never_panics_on_damage(at in 0_usize..60, byte: u8, cut in 0_usize..60) {
            let hello = KioskFrame::Hello {
                protocol: VERSION, kiosk_id: "kiosk".into(), software: "1".into(), awaiting: vec![ID],
            };
            let identified = GatewayFrame::Identified { id: ID, document: Payload(vec![9; 20]) };
            for mut bytes in [hello.encode(), identified.encode()] {
                let last = bytes.len() - 1;
                bytes[at.min(last)] = byte;
                bytes.truncate(bytes.len() - cut.min(last));
                let _ = KioskFrame::decode(&bytes);
                let _ = GatewayFrame::decode(&bytes);
            }
        }

        #[test]
        fn reads_what_it_wrote(kiosk_id: String, software: String, ids: Vec<[u8; 16]>, document: Vec<u8>, ms: u64) {
            let awaiting = ids.into_iter().map(DocumentId).collect();
            for frame in [
                KioskFrame::Hello { protocol: VERSION, kiosk_id, software, awaiting },
                KioskFrame::Submit { id: ID, document: Payload(document.clone()) },
            ] {
                prop_assert_eq!(KioskFrame::decode(&frame.encode()), Ok(frame));
            }
            for frame in [
                GatewayFrame::Identified { id: ID, document: Payload(document) },
                GatewayFrame::Refused { id: ID, code: RefusalCode::Unavailable { retry_after_ms: ms } },
            ] {
                prop_assert_eq!(GatewayFrame::decode(&frame.encode()), Ok(frame));
            }
        }
    }
}
