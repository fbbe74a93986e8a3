//! Whether the signatures of a document and of what belongs to it hold.

use authority::{Leaf, RevocationError, RevocationList};
use document::content::{self, Content, DecodeError};
use document::identification::{self, Identification, SIGNER_COMMON_NAME};
use document::receipt::{self, Receipt};
use document::signature::timestamp::{Stamp, StampError, detach, verify_stamp};
use document::signature::{Verified, VerifyError, verify, verify_as_signed, verify_at, verify_unanchored};
use sha2::{Digest, Sha256};
use verification::evidence::{Language, Route};
use verification::time::UtcMs;

use crate::texts::{Key, Texts};

/// The signed papers about one session.
#[derive(Debug, Clone, Copy)]
pub struct Papers<'a> {
    /// The document, with or without a time stamp (CMS, DER).
    pub document: &'a [u8],
    /// The centre's answer, signed by the gateway.
    pub answer: Option<&'a [u8]>,
    /// The gateway's receipt.
    pub receipt: Option<&'a [u8]>,
}

/// Whom and what the judge goes by.
#[derive(Debug, Clone)]
pub struct Trust<'a> {
    /// The institution's authorities (certificates in DER).
    pub authorities: &'a [Vec<u8>],
    /// Lists of revoked certificates, DER or PEM.
    pub lists: &'a [Vec<u8>],
    /// Those who certify authorities of time (certificates in DER).
    pub time_authorities: &'a [Vec<u8>],
    /// The time of the judgement.
    pub now: UtcMs,
    /// Whether the certificates must be valid now, too.
    pub valid_now: bool,
}

/// What becomes of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It holds.
    Valid,
    /// With what was given it cannot be told now; with more it may turn out either way.
    CannotTell,
    /// It does not hold, and nothing will change that.
    Invalid,
}

/// Which paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The document.
    Document,
    /// The centre's answer.
    Answer,
    /// The answer of an examiner, about pictures that were taken for one.
    AnswerOfExaminer,
    /// The receipt.
    Receipt,
}

impl Kind {
    /// Whose answer belongs to this document.
    pub(crate) fn of_answer(content: &Content) -> Self {
        if content.route == Route::Images {
            Self::AnswerOfExaminer
        } else {
            Self::Answer
        }
    }
}

/// Why a signature is not simply valid.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The bytes are not what was signed, or no signed paper at all.
    Altered(VerifyError),
    /// The algorithm is not known here, such as one of the state's.
    Algorithm(VerifyError),
    /// What was signed cannot be read.
    Unreadable(DecodeError),
    /// What was signed is of a version that is not known here.
    Version(DecodeError),
    /// Somebody else has signed than the paper names.
    Signer,
    /// The paper is about another document.
    OtherDocument,
    /// The certificate may not sign, or was not valid at the time.
    Certificate(VerifyError),
    /// No authority was given.
    NoAuthority,
    /// An authority that was given cannot be read or used.
    Authority(VerifyError),
    /// Nobody who was given has certified the signer.
    UnknownIssuer,
    /// No list of revocations was given.
    NoList,
    /// A list that was given cannot be used.
    List(RevocationError),
    /// The newest list should have been followed by another; holds when it was made.
    ListOutdated(UtcMs),
    /// The certificate was revoked before it was used.
    Revoked(UtcMs),
    /// The certificate was revoked; nothing proves that it was used before.
    RevokedSince(UtcMs),
    /// The certificate has expired; nothing proves when it was used.
    ExpiredNow,
    /// The time stamp is no good.
    Stamp(StampError),
    /// Nobody who was given has certified the authority of time.
    StampUnknown,
}

impl Reason {
    /// What follows.
    pub fn state(&self) -> State {
        match self {
            Self::Altered(_)
            | Self::Unreadable(_)
            | Self::Signer
            | Self::OtherDocument
            | Self::Certificate(_)
            | Self::Revoked(_)
            | Self::Stamp(_) => State::Invalid,
            Self::Algorithm(_)
            | Self::Version(_)
            | Self::NoAuthority
            | Self::Authority(_)
            | Self::UnknownIssuer
            | Self::NoList
            | Self::List(_)
            | Self::ListOutdated(_)
            | Self::RevokedSince(_)
            | Self::ExpiredNow
            | Self::StampUnknown => State::CannotTell,
        }
    }
}

/// What was found, over all papers.
#[derive(Debug, Default)]
pub struct Judged {
    /// Why it is not valid, if it is not.
    pub reasons: Vec<(Kind, Reason)>,
}

impl Judged {
    /// In one word.
    pub fn state(&self) -> State {
        let states = self.reasons.iter().map(|(_, reason)| reason.state());
        states.max().unwrap_or(State::Valid)
    }

    /// Of one paper.
    pub fn state_of(&self, paper: Kind) -> State {
        let own = self.reasons.iter().filter(|(kind, _)| *kind == paper);
        own.map(|(_, reason)| reason.state())
            .max()
            .unwrap_or(State::Valid)
    }
}

/// A signature that fits its bytes.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Common name of the signer.
    pub signer: String,
    /// When, as the signer says.
    pub signing_time: UtcMs,
    /// The certificate of the signer.
    pub certificate: Leaf,
    /// The time stamp, if there is one that counts.
    pub stamp: Option<Stamp>,
}

/// What people are shown: read from signed bytes.
#[derive(Debug)]
pub struct Shown {
    /// What the document says.
    pub content: Content,
    /// SHA-256 of the signed document as it came from the kiosk, without a time stamp.
    pub document_sha256: [u8; 32],
    /// The document's signature.
    pub signature: Signed,
    /// The centre's answer and its signature.
    pub answer: Option<(Identification, Signed)>,
    /// The receipt and its signature.
    pub receipt: Option<(Receipt, Signed)>,
    /// Whether all of them hold.
    pub judged: Judged,
}

/// Judges a document and what belongs to it.
///
/// # Errors
/// Where the document cannot be shown, since its signature does not fit its bytes or it cannot be read: why. Never panics.
pub fn judge(papers: Papers<'_>, trust: &Trust<'_>) -> Result<Shown, Judged> {
    let mut judged = Judged::default();
    let lists = Lists::read(trust);
    let (signed, token) = match detach(papers.document) {
        Ok(detached) => (detached.signed, detached.token),
        Err(error) => {
            judged.reasons.push((Kind::Document, of_stamp(error)));
            return Err(judged);
        }
    };
    let stamp = token.and_then(
        |token| match verify_stamp(&signed, &token, trust.time_authorities) {
            Ok(stamp) => Some(stamp),
            Err(error) => {
                judged.reasons.push((Kind::Document, of_stamp(error)));
                None
            }
        },
    );
    let mut read = |kind, signed: &[u8], stamp: Option<Stamp>| {
        let mut reasons = Vec::new();
        let found = signature(signed, stamp, trust, &lists, &mut reasons);
        judged
            .reasons
            .extend(reasons.into_iter().map(|reason| (kind, reason)));
        found
    };
    let document = read(Kind::Document, &signed, stamp);
    // Who is to answer stands in the document.
    let content = document
        .as_ref()
        .map(|(bytes, _)| content::decode(bytes.expose()));
    let answer_kind = match &content {
        Some(Ok(content)) => Kind::of_answer(content),
        _ => Kind::Answer,
    };
    let answer = papers.answer.and_then(|signed| read(answer_kind, signed, None));
    let receipt = papers
        .receipt
        .and_then(|signed| read(Kind::Receipt, signed, None));

    let (Some((_, signature)), Some(content)) = (document, content) else {
        return Err(judged);
    };
    let content = match content {
        Ok(content) => content,
        Err(error) => {
            judged.reasons.push((Kind::Document, of_decoding(error)));
            return Err(judged);
        }
    };
    if content.kiosk.kiosk_id != signature.signer {
        judged.reasons.push((Kind::Document, Reason::Signer));
    }
    let document_sha256: [u8; 32] = Sha256::digest(&signed).into();
    let answer = answer.and_then(|(bytes, signature)| {
        of_gateway(answer_kind, &signature, &mut judged);
        let answer = decoded(answer_kind, identification::decode(bytes.expose()), &mut judged)?;
        let own = answer.document_id == content.document_id;
        about_it(answer_kind, own, &mut judged).then_some((answer, signature))
    });
    let receipt = receipt.and_then(|(bytes, signature)| {
        of_gateway(Kind::Receipt, &signature, &mut judged);
        let receipt = decoded(Kind::Receipt, receipt::decode(bytes.expose()), &mut judged)?;
        let own = receipt.document_id == content.document_id
            && receipt.document_sha256 == document_sha256
            && receipt.kiosk_id == content.kiosk.kiosk_id
            && receipt.kiosk_audit == content.audit;
        about_it(Kind::Receipt, own, &mut judged).then_some((receipt, signature))
    });
    Ok(Shown {
        content,
        document_sha256,
        signature,
        answer,
        receipt,
        judged,
    })
}

fn of_gateway(kind: Kind, signature: &Signed, judged: &mut Judged) {
    if signature.signer != SIGNER_COMMON_NAME {
        judged.reasons.push((kind, Reason::Signer));
    }
}

fn decoded<T>(kind: Kind, result: Result<T, DecodeError>, judged: &mut Judged) -> Option<T> {
    result
        .map_err(|error| judged.reasons.push((kind, of_decoding(error))))
        .ok()
}

fn about_it(kind: Kind, own: bool, judged: &mut Judged) -> bool {
    if !own {
        judged.reasons.push((kind, Reason::OtherDocument));
    }
    own
}

type SignedBytes = (verification::Sensitive<Vec<u8>>, Signed);

/// Gives what was signed where the signature fits; all that speaks against it goes to the reasons.
fn signature(
    cms: &[u8],
    stamp: Option<Stamp>,
    trust: &Trust<'_>,
    lists: &Lists,
    reasons: &mut Vec<Reason>,
) -> Option<SignedBytes> {
    // First whether it fits its bytes, whoever signed.
    let verified: Verified = match verify_unanchored(cms) {
        Ok(verified) => verified,
        Err(error) => {
            reasons.push(match error {
                VerifyError::Algorithm(_) => Reason::Algorithm(error),
                VerifyError::KeyUsage | VerifyError::CriticalExtension(_) | VerifyError::CommonName => {
                    Reason::Certificate(error)
                }
                _ => Reason::Altered(error),
            });
            return None;
        }
    };
    let Ok(certificate) = Leaf::from_der(&verified.certificate_der) else {
        reasons.push(Reason::Certificate(VerifyError::CommonName));
        return None;
    };
    // Then who that is. A time stamp proves a time; without one the signer's word is all there is.
    if trust.authorities.is_empty() {
        reasons.push(Reason::NoAuthority);
    } else {
        let anchors = trust.authorities;
        let known = match &stamp {
            Some(stamp) => verify_at(cms, anchors, stamp.at),
            None if trust.valid_now => verify(cms, anchors, trust.now),
            None => verify_as_signed(cms, anchors),
        };
        if let Err(error) = known {
            reasons.push(match error {
                VerifyError::UnknownIssuer | VerifyError::CertificateSignature => Reason::UnknownIssuer,
                VerifyError::ExpiredNow => Reason::ExpiredNow,
                VerifyError::Anchor(_) | VerifyError::NotAuthority => Reason::Authority(error),
                VerifyError::Algorithm(_) => Reason::Algorithm(error),
                _ => Reason::Certificate(error),
            });
        }
        lists.look_up(cms, &certificate, &verified, stamp.as_ref(), trust.now, reasons);
    }
    let signed = Signed {
        signer: verified.signer_common_name,
        signing_time: verified.signing_time,
        certificate,
        stamp,
    };
    Some((verified.content, signed))
}

/// The lists that were given.
struct Lists {
    /// With the authority that made it, which alone can tell of its own certificates.
    good: Vec<(RevocationList, Vec<u8>)>,
    bad: Vec<RevocationError>,
}

impl Lists {
    fn read(trust: &Trust<'_>) -> Self {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for bytes in trust.lists {
            let (mut found, mut why) = (None, None);
            for authority in trust.authorities {
                match RevocationList::read(bytes, authority) {
                    Ok(list) => found = Some((list, authority.clone())),
                    Err(error) => why = Some(error),
                }
            }
            match found {
                Some(list) => good.push(list),
                None => bad.extend(why),
            }
        }
        Self { good, bad }
    }

    fn look_up(
        &self,
        cms: &[u8],
        certificate: &Leaf,
        verified: &Verified,
        stamp: Option<&Stamp>,
        now: UtcMs,
        reasons: &mut Vec<Reason>,
    ) {
        let of_issuer = |authority: &Vec<u8>| {
            !matches!(
                verify_as_signed(cms, std::slice::from_ref(authority)),
                Err(VerifyError::UnknownIssuer | VerifyError::CertificateSignature)
            )
        };
        let own = self.good.iter().filter(|(_, authority)| of_issuer(authority));
        let own: Vec<&RevocationList> = own.map(|(list, _)| list).collect();
        // What an old list revokes stays revoked.
        let revoked = own
            .iter()
            .filter_map(|list| list.revoked_at(&certificate.serial))
            .min();
        match (revoked, stamp) {
            (Some(revoked), Some(stamp)) if stamp.at < revoked => {}
            (Some(revoked), None) if verified.signing_time < revoked => {
                reasons.push(Reason::RevokedSince(revoked));
            }
            (Some(revoked), _) => reasons.push(Reason::Revoked(revoked)),
            (None, _) => self.why_silent(&own, now, reasons),
        }
    }

    /// Whether the silence of the lists says something.
    fn why_silent(&self, own: &[&RevocationList], now: UtcMs, reasons: &mut Vec<Reason>) {
        if own.iter().any(|list| !list.stale(now)) {
            return;
        }
        match (own.iter().map(|list| list.this_update()).max(), self.bad.first()) {
            (Some(newest), _) => reasons.push(Reason::ListOutdated(newest)),
            (None, Some(error)) => reasons.push(Reason::List(copy(error))),
            (None, None) => reasons.push(Reason::NoList),
        }
    }
}

/// The error once more, for each paper that it concerns; what the parser said is told once.
fn copy(error: &RevocationError) -> RevocationError {
    match error {
        RevocationError::TooLarge(bytes) => RevocationError::TooLarge(*bytes),
        RevocationError::Malformed(error) => RevocationError::Malformed(*error),
        RevocationError::Partial => RevocationError::Partial,
        RevocationError::Authority(_) | RevocationError::Issuer => RevocationError::Issuer,
    }
}

fn of_stamp(error: StampError) -> Reason {
    match error {
        StampError::Document(error) => Reason::Altered(error),
        StampError::UnknownIssuer | StampError::Algorithm(_) | StampError::Anchor(_) => Reason::StampUnknown,
        error => Reason::Stamp(error),
    }
}

fn of_decoding(error: DecodeError) -> Reason {
    match error {
        DecodeError::UnknownVersion(_) => Reason::Version(error),
        error => Reason::Unreadable(error),
    }
}

/// A state in words.
pub fn state_text(state: State, language: Language) -> String {
    state_in(state, &Texts::new(language))
}

pub(crate) fn state_in(state: State, texts: &Texts) -> String {
    texts.say(match state {
        State::Valid => Key("paper-state-valid"),
        State::CannotTell => Key("paper-state-cannot-tell"),
        State::Invalid => Key("paper-state-invalid"),
    })
}

/// A reason in words: which paper, what is the matter, and in English what exactly was found.
pub fn reason_text(kind: Kind, reason: &Reason, language: Language) -> String {
    reason_in(kind, reason, &Texts::new(language))
}

pub(crate) fn reason_in(kind: Kind, reason: &Reason, texts: &Texts) -> String {
    let paper = kind_in(kind, texts);
    let detail = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        text
    };
    let (key, detail) = match reason {
        Reason::Altered(error) => (Key("paper-reason-altered"), detail(error)),
        Reason::Algorithm(error) => (Key("paper-reason-algorithm"), detail(error)),
        Reason::Unreadable(error) => (Key("paper-reason-unreadable"), detail(error)),
        Reason::Version(error) => (Key("paper-reason-version"), detail(error)),
        Reason::Signer => (Key("paper-reason-signer"), String::new()),
        Reason::OtherDocument => (Key("paper-reason-other-document"), String::new()),
        Reason::Certificate(error) => (Key("paper-reason-certificate"), detail(error)),
        Reason::NoAuthority => (Key("paper-reason-no-authority"), String::new()),
        Reason::Authority(error) => (Key("paper-reason-authority"), detail(error)),
        Reason::UnknownIssuer => (Key("paper-reason-unknown-issuer"), String::new()),
        Reason::NoList => (Key("paper-reason-no-list"), String::new()),
        Reason::List(error) => (Key("paper-reason-list"), detail(error)),
        Reason::ListOutdated(at) => (Key("paper-reason-list-outdated"), texts.time(*at)),
        Reason::Revoked(at) => (Key("paper-reason-revoked"), texts.time(*at)),
        Reason::RevokedSince(at) => (Key("paper-reason-revoked-since"), texts.time(*at)),
        Reason::ExpiredNow => (Key("paper-reason-expired-now"), String::new()),
        Reason::Stamp(error) => (Key("paper-reason-stamp"), detail(error)),
        Reason::StampUnknown => (Key("paper-reason-stamp-unknown"), String::new()),
    };
    let sentence = texts.say(key);
    if detail.is_empty() {
        format!("{paper}: {sentence}")
    } else {
        format!("{paper}: {sentence} ({detail})")
    }
}

pub(crate) fn kind_in(kind: Kind, texts: &Texts) -> String {
    texts.say(match kind {
        Kind::Document => Key("paper-kind-document"),
        Kind::Answer => Key("paper-kind-answer"),
        Kind::AnswerOfExaminer => Key("paper-identification-examiner"),
        Kind::Receipt => Key("paper-kind-receipt"),
    })
}
