//! The gateway's answer to a document, as a document of its own.

use minicbor::{Decode, Encode};
pub use verification::evidence::Verdict;
use verification::evidence::{DocumentId, Modality, RefusalReason, RequestStanding, Source};
use verification::time::UtcMs;

use crate::codes::{
    ModalityCode, NbasCode, RefusalReasonCode, RequestStandingCode, SourceCode, VerdictCode, canonical,
    from_bytes, to_bytes,
};
use crate::content::DecodeError;

/// Version of the format that [`encode`] writes. Version 1 knew no palm and always had a threshold; version 2 had the
/// first four verdicts alone, no name of the centre's answer, and said nothing about the NBAS; version 3 came from the centre
/// alone.
pub const VERSION: u32 = 4;

/// Common name of the certificate that signs answers. A kiosk accepts an answer from no other signer, and no
/// kiosk is ever enrolled under this name.
pub const SIGNER_COMMON_NAME: &str = "alaqan-gateway-answers";

/// Whether the picture was marked for the national biometric authentication system (NBAS) after a match of a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nbas {
    /// No: the person did not consent to it.
    NoConsent,
    /// No: the score is a match, but below the one from which pictures are added.
    BelowThreshold,
    /// Yes, and the centre has confirmed it.
    Marked,
    /// It was to be, but the centre did not confirm it.
    Failed,
}

/// The answer of the Identification Data Exchange Center to one document, as the gateway passes it on; or that of an
/// examiner of the institution, where the document holds pictures for one.
#[derive(Debug, Clone, PartialEq)]
pub struct Identification {
    /// The document that is answered.
    pub document_id: DocumentId,
    /// What was compared.
    pub modality: Modality,
    /// What was found.
    pub verdict: Verdict,
    /// Comparison score, 0 to 1; absent if nothing was compared, or the centre gave none for a palm.
    pub score: Option<f32>,
    /// The score from which the gateway takes a comparison for a match; absent for the palm, where the centre's word
    /// alone counts.
    pub threshold: Option<f32>,
    /// Where the reference comes from, in the centre's own words; empty where it did not compare.
    pub reference_source: String,
    /// Date of the reference as the centre gives it.
    pub reference_date: Option<String>,
    /// The centre's name for this request.
    pub centre_request_id: String,
    /// When the centre answered, or the gateway found that it is not to be asked.
    pub answered_at: UtcMs,
    /// The centre's own name for its answer, where it gives one.
    pub centre_answer_id: Option<String>,
    /// What became of the NBAS; absent where that is no question: without a match, and for the palm.
    pub nbas: Option<Nbas>,
    /// How the earlier request stands that the document asks about; absent where it asks about none, and where the centre
    /// has not confirmed the person.
    pub request: Option<RequestStanding>,
    /// Who decided. An examiner compares by eye: score, threshold and NBAS are then absent, and the verdict is
    /// [`Verdict::Match`] where the pictures were accepted.
    pub decided_by: Source,
    /// The code of the examiner, as those of operators: no name of a person. Present where an examiner decided.
    pub examiner: Option<String>,
    /// Why an examiner refused; absent where nobody did.
    pub reason: Option<RefusalReason>,
}

/// The canonical bytes of an answer: what the gateway signs.
pub fn encode(identification: &Identification) -> Vec<u8> {
    to_bytes(&IdentificationWire {
        version: VERSION,
        document_id: identification.document_id.0,
        verdict: identification.verdict.into(),
        score: identification.score.map(canonical),
        threshold: identification.threshold.map(canonical),
        reference_source: &identification.reference_source,
        reference_date: identification.reference_date.as_deref(),
        centre_request_id: &identification.centre_request_id,
        answered_at_ms: identification.answered_at.0,
        modality: identification.modality.into(),
        centre_answer_id: identification.centre_answer_id.as_deref(),
        nbas: identification.nbas.map(Into::into),
        request: identification.request.map(Into::into),
        decided_by: identification.decided_by.into(),
        examiner: identification.examiner.as_deref(),
        reason: identification.reason.map(Into::into),
    })
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// As [`crate::content::decode`].
pub fn decode(bytes: &[u8]) -> Result<Identification, DecodeError> {
    let wire: IdentificationWire<'_> = from_bytes(bytes, VERSION)?;
    let identification = Identification {
        document_id: DocumentId(wire.document_id),
        modality: wire.modality.into(),
        verdict: wire.verdict.into(),
        score: wire.score,
        threshold: wire.threshold,
        reference_source: wire.reference_source.to_owned(),
        reference_date: wire.reference_date.map(str::to_owned),
        centre_request_id: wire.centre_request_id.to_owned(),
        answered_at: UtcMs(wire.answered_at_ms),
        centre_answer_id: wire.centre_answer_id.map(str::to_owned),
        nbas: wire.nbas.map(Into::into),
        request: wire.request.map(Into::into),
        decided_by: wire.decided_by.into(),
        examiner: wire.examiner.map(str::to_owned),
        reason: wire.reason.map(Into::into),
    };
    if encode(&identification) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(identification)
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct IdentificationWire<'a> {
    #[n(0)]
    version: u32,
    #[cbor(n(1), with = "minicbor::bytes")]
    document_id: [u8; 16],
    #[n(2)]
    verdict: VerdictCode,
    #[n(3)]
    score: Option<f32>,
    #[n(4)]
    threshold: Option<f32>,
    #[b(5)]
    reference_source: &'a str,
    #[b(6)]
    reference_date: Option<&'a str>,
    #[b(7)]
    centre_request_id: &'a str,
    #[n(8)]
    answered_at_ms: i64,
    #[n(9)]
    modality: ModalityCode,
    #[b(10)]
    centre_answer_id: Option<&'a str>,
    #[n(11)]
    nbas: Option<NbasCode>,
    #[n(12)]
    request: Option<RequestStandingCode>,
    #[n(13)]
    decided_by: SourceCode,
    #[b(14)]
    examiner: Option<&'a str>,
    #[n(15)]
    reason: Option<RefusalReasonCode>,
}
