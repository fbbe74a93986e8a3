//! Time stamps (RFC 3161): what an authority of time says about when a signature was there.
//!
//! ```text
//! signed document ── SHA-256 of its SignatureValue, nonce ──> Request ── HTTP ──> authority of time
//!        │                                                       └── accept(response) ──> Stamp
//!        └──────────────── attach(token) ──> the form CAdES-T ── detach ──> the same signed document, and the token
//! ```
//!
//! The token is an unsigned attribute of the signer (ETSI EN 319 122-1, section 5.3): nothing that is signed changes, and
//! [`detach`] gives back the very bytes to which it was attached. The line between kiosk and gateway knows no stamped
//! documents; [`verify`](super::verify) refuses them, so that a document has one form wherever its bytes count.
//!
//! Whether a certificate of the authority of time was revoked is not looked at here: it needs a network.

mod token;

use cms::content_info::ContentInfo;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;
use der::asn1::{Any, BitString, Null, OctetString, SetOfVec, Uint};
use der::{Decode, Encode, Sequence};
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;
use thiserror::Error;
use verification::time::UtcMs;
use x509_cert::attr::Attribute;

use super::verify::parse;
use super::{VerifyError, content_info};

/// No token is longer: a chain of certificates and its signatures.
pub const TOKEN_MAX_BYTES: usize = 32 * 1024;

/// The media type of a request over HTTP (RFC 3161, section 3.4).
pub const QUERY_TYPE: &str = "application/timestamp-query";

/// The media type of a response over HTTP.
pub const REPLY_TYPE: &str = "application/timestamp-reply";

/// `id-aa-timeStampToken`.
const ID_TIME_STAMP_TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");
/// `id-ct-TSTInfo`.
const ID_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// Why a time stamp does not count.
#[derive(Debug, Error)]
pub enum StampError {
    /// What is to be stamped, or carries a stamp, is no signed document.
    #[error("the signed document cannot be read")]
    Document(#[source] VerifyError),
    /// The document has other unsigned attributes than one time stamp.
    #[error("the signed document has other unsigned attributes than one time stamp")]
    Attributes,
    /// It has a time stamp already.
    #[error("the signed document has a time stamp already")]
    Stamped,
    /// Longer than [`TOKEN_MAX_BYTES`]; holds the length.
    #[error("a time stamp has at most {TOKEN_MAX_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// No response, or no token, of this form.
    #[error("the time stamp cannot be read")]
    Malformed(#[source] der::Error),
    /// The authority of time refuses.
    #[error(
        "the authority of time gave no stamp: status {status}{}",
        .failure.map(|bit| format!(", failure {bit}")).unwrap_or_default()
    )]
    Refused {
        /// `PKIStatus`, 2 to 5.
        status: u8,
        /// The first bit of `PKIFailureInfo`, such as 0 `badAlg`, 2 `badRequest`, 14 `timeNotAvailable`.
        failure: Option<usize>,
    },
    /// Something is missing or otherwise than RFC 3161 has it; holds what.
    #[error("the time stamp is outside of RFC 3161: {0}")]
    Profile(&'static str),
    /// It is for another signature.
    #[error("the time stamp is for another signature")]
    Imprint,
    /// It answers another request.
    #[error("the time stamp answers another request")]
    Nonce,
    /// An algorithm that is not known here; holds which.
    #[error("the algorithm {0} of the time stamp is not known here")]
    Algorithm(ObjectIdentifier),
    /// What was stamped was changed, or the signature of the authority of time is wrong.
    #[error("the signature of the authority of time is wrong")]
    Signature,
    /// The signer may not stamp: its certificate is not for time stamps alone.
    #[error("the certificate of the signer is not one for time stamps alone")]
    Purpose,
    /// The signature was made for another certificate.
    #[error("the time stamp was signed for another certificate")]
    SigningCertificate,
    /// An anchor cannot be read.
    #[error("a trust anchor cannot be read")]
    Anchor(#[source] der::Error),
    /// No chain leads to an anchor.
    #[error("the authority of time was certified by an unknown authority")]
    UnknownIssuer,
    /// A certificate of the chain was not valid at the time that is stamped.
    #[error("a certificate of the authority of time was not valid at the time that it stamped")]
    Expired,
}

/// A time stamp that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The token (CMS, DER), for [`attach`].
    pub token_der: Vec<u8>,
    /// The signature was there at this time.
    pub at: UtcMs,
    /// Common name of the authority of time.
    pub authority: String,
    /// The number that it gave to the stamp, big-endian.
    pub serial: Vec<u8>,
    /// Under which policy.
    pub policy: ObjectIdentifier,
}

/// What an authority of time is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    imprint: [u8; 32],
    nonce: [u8; 16],
}

impl Request {
    /// Asks for a stamp over the signature of a document. The nonce is fresh randomness.
    ///
    /// # Errors
    /// [`StampError::Document`], [`StampError::Stamped`].
    pub fn of(signed: &[u8], nonce: [u8; 16]) -> Result<Self, StampError> {
        let detached = detach(signed)?;
        if detached.token.is_some() {
            return Err(StampError::Stamped);
        }
        Ok(Self {
            imprint: imprint(&detached.signed)?,
            nonce,
        })
    }

    /// The `TimeStampReq`: the body of the HTTP request, of type [`QUERY_TYPE`].
    ///
    /// # Errors
    /// [`StampError::Malformed`] where it cannot be written.
    pub fn to_der(&self) -> Result<Vec<u8>, StampError> {
        let wire = RequestWire {
            version: 1,
            message_imprint: MessageImprint {
                hash_algorithm: AlgorithmIdentifierOwned {
                    oid: rfc5912::ID_SHA_256,
                    // RFC 5754 leaves it out; but every client in the field writes it, and some servers compare bytes.
                    parameters: Some(Any::encode_from(&Null).map_err(StampError::Malformed)?),
                },
                hashed_message: OctetString::new(self.imprint).map_err(StampError::Malformed)?,
            },
            nonce: Uint::new(&self.nonce).map_err(StampError::Malformed)?,
            cert_req: true,
        };
        wire.to_der().map_err(StampError::Malformed)
    }

    /// Reads the `TimeStampResp` to this request and checks it whole. `anchors` are the certificates (DER) of those who
    /// certify authorities of time, or of such an authority itself.
    ///
    /// # Errors
    /// See [`StampError`]. Never panics.
    pub fn accept(&self, response: &[u8], anchors: &[Vec<u8>]) -> Result<Stamp, StampError> {
        if response.len() > TOKEN_MAX_BYTES {
            return Err(StampError::TooLarge(response.len()));
        }
        let response = ResponseWire::from_der(response).map_err(StampError::Malformed)?;
        // 0 granted, 1 granted with changes.
        if response.status.status > 1 {
            return Err(StampError::Refused {
                status: response.status.status,
                failure: response
                    .status
                    .failure
                    .and_then(|bits| bits.bits().position(|bit| bit)),
            });
        }
        let token = response
            .token
            .ok_or(StampError::Profile("no token"))?
            .to_der()
            .map_err(StampError::Malformed)?;
        token::check(&token, &self.imprint, Some(&self.nonce), anchors)
    }
}

/// Checks the token of a stamped document against the signature that it stamps.
///
/// # Errors
/// See [`StampError`]. Never panics.
pub fn verify_stamp(signed: &[u8], token: &[u8], anchors: &[Vec<u8>]) -> Result<Stamp, StampError> {
    token::check(token, &imprint(signed)?, None, anchors)
}

/// Gives a signed document its time stamp: the form CAdES-T.
///
/// # Errors
/// [`StampError::Document`], [`StampError::Stamped`], [`StampError::TooLarge`], [`StampError::Malformed`].
pub fn attach(signed: &[u8], token: &[u8]) -> Result<Vec<u8>, StampError> {
    if token.len() > TOKEN_MAX_BYTES {
        return Err(StampError::TooLarge(token.len()));
    }
    ContentInfo::from_der(token).map_err(StampError::Malformed)?;
    if detach(signed)?.token.is_some() {
        return Err(StampError::Stamped);
    }
    let stamped = || -> der::Result<_> {
        let attribute = Attribute {
            oid: ID_TIME_STAMP_TOKEN,
            values: SetOfVec::try_from(vec![Any::from_der(token)?])?,
        };
        SetOfVec::try_from(vec![attribute])
    };
    let attributes = stamped().map_err(StampError::Malformed)?;
    with_unsigned(signed, Some(attributes))
}

/// A document and the stamp that was attached to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detached {
    /// The signed document as it was before: what [`verify`](super::verify) takes.
    pub signed: Vec<u8>,
    /// The token, where there is one. Nothing of it has been checked.
    pub token: Option<Vec<u8>>,
}

/// Takes the time stamp off a document.
///
/// # Errors
/// [`StampError::Document`], [`StampError::Attributes`]. Never panics.
pub fn detach(cms: &[u8]) -> Result<Detached, StampError> {
    let signed_data = parse(cms).map_err(StampError::Document)?;
    let mut tokens = Vec::new();
    for signer in signed_data.signer_infos.0.iter() {
        for attribute in signer.unsigned_attrs.iter().flat_map(|set| set.iter()) {
            match attribute.values.as_slice() {
                [value] if attribute.oid == ID_TIME_STAMP_TOKEN => {
                    tokens.push(value.to_der().map_err(StampError::Malformed)?);
                }
                _ => return Err(StampError::Attributes),
            }
        }
    }
    let token = match tokens.len() {
        0 | 1 => tokens.pop(),
        _ => return Err(StampError::Attributes),
    };
    let signed = match token {
        Some(_) => with_unsigned(cms, None)?,
        None => cms.to_vec(),
    };
    Ok(Detached { signed, token })
}

fn with_unsigned(cms: &[u8], attributes: Option<SetOfVec<Attribute>>) -> Result<Vec<u8>, StampError> {
    let mut signed_data = parse(cms).map_err(StampError::Document)?;
    let mut signers = signed_data.signer_infos.0.into_vec();
    let [signer] = signers.as_mut_slice() else {
        return Err(StampError::Document(VerifyError::Signers(signers.len())));
    };
    signer.unsigned_attrs = attributes;
    signed_data.signer_infos = signers.try_into().map_err(StampError::Malformed)?;
    content_info(&signed_data).map_err(StampError::Malformed)
}

/// SHA-256 of the value of the one signature, without its tag and length.
fn imprint(signed: &[u8]) -> Result<[u8; 32], StampError> {
    let signed_data = parse(signed).map_err(StampError::Document)?;
    let [signer] = signed_data.signer_infos.0.as_slice() else {
        let signers = signed_data.signer_infos.0.len();
        return Err(StampError::Document(VerifyError::Signers(signers)));
    };
    Ok(Sha256::digest(signer.signature.as_bytes()).into())
}

/// ```text
/// TimeStampReq ::= SEQUENCE {
///     version         INTEGER { v1(1) },
///     messageImprint  MessageImprint,
///     reqPolicy       TSAPolicyId OPTIONAL,               -- never asked for
///     nonce           INTEGER OPTIONAL,
///     certReq         BOOLEAN DEFAULT FALSE,
///     extensions      [0] IMPLICIT Extensions OPTIONAL }  -- never written
/// ```
#[derive(Sequence)]
struct RequestWire {
    version: u8,
    message_imprint: MessageImprint,
    nonce: Uint,
    cert_req: bool,
}

/// ```text
/// MessageImprint ::= SEQUENCE {
///     hashAlgorithm  AlgorithmIdentifier,
///     hashedMessage  OCTET STRING }
/// ```
#[derive(Sequence)]
struct MessageImprint {
    hash_algorithm: AlgorithmIdentifierOwned,
    hashed_message: OctetString,
}

/// ```text
/// TimeStampResp ::= SEQUENCE {
///     status          PKIStatusInfo,
///     timeStampToken  ContentInfo OPTIONAL }
/// ```
#[derive(Sequence)]
struct ResponseWire {
    status: StatusWire,
    #[asn1(optional = "true")]
    token: Option<Any>,
}

/// ```text
/// PKIStatusInfo ::= SEQUENCE {
///     status        INTEGER,
///     statusString  SEQUENCE OF UTF8String OPTIONAL,      -- the server's own words: never repeated
///     failInfo      BIT STRING OPTIONAL }
/// ```
#[derive(Sequence)]
struct StatusWire {
    status: u8,
    #[asn1(optional = "true")]
    text: Option<Vec<Any>>,
    #[asn1(optional = "true")]
    failure: Option<BitString>,
}
