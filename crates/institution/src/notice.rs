//! Notices, and which of them follow from a document or an answer.

use document::content::Content;
use document::identification::{Identification, Verdict};
use sha2::{Digest, Sha256};
use verification::evidence::{DocumentId, Modality, Outcome, RefusalReason, Source};
use verification::identifier::Iin;
use verification::palm::decision::PalmFailure;
use verification::time::UtcMs;

/// Binds the id of a notice to this use of what it is made of.
const LABEL: &[u8] = b"alaqan notice 1\0";

/// Names a notice. The same fact has the same id, whoever tells it and however often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub [u8; 16]);

impl NoticeId {
    /// The id of what a notice of this kind says about a document. `detail` tells those of one kind apart.
    fn of(document_id: DocumentId, kind: Kind, detail: &str) -> Self {
        let digest = Sha256::new_with_prefix(LABEL)
            .chain_update(document_id.0)
            .chain_update(kind.name())
            .chain_update(b"\0")
            .chain_update(detail)
            .finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

impl std::fmt::Display for NoticeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// How a session ended, or what the centre found.
    Result,
    /// Something that speaks for fraud.
    Suspicion,
    /// A request of a data subject has come, or its state has changed.
    Request,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Result, Self::Suspicion, Self::Request];

    /// Its name in envelopes and lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Suspicion => "suspicion",
            Self::Request => "request",
        }
    }
}

/// One notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Names it.
    pub id: NoticeId,
    /// Business identification number of the organisation that ordered the verification, as the document says.
    pub institution_bin: String,
    /// What it says.
    pub body: Body,
}

impl Notice {
    /// What it is about.
    pub fn kind(&self) -> Kind {
        match self.body {
            Body::Result(_) => Kind::Result,
            Body::Suspicion(_) => Kind::Suspicion,
            Body::Request(_) => Kind::Request,
        }
    }
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// See [`Kind::Result`].
    Result(Box<ResultBody>),
    /// See [`Kind::Suspicion`].
    Suspicion(SuspicionBody),
    /// See [`Kind::Request`].
    Request(RequestBody),
}

/// How a session ended, and the centre's answer once it is there.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultBody {
    /// The document of the session.
    pub document_id: DocumentId,
    /// Where it ran.
    pub kiosk_id: String,
    /// What was asked for.
    pub service: Option<String>,
    /// Which of the institution's profiles was in force; absent where the document names none.
    pub profile: Option<String>,
    /// What was to be compared.
    pub modality: Option<Modality>,
    /// How the session ended. An outcome that awaits identification is no success, whatever follows.
    pub outcome: Outcome,
    /// Start of the session.
    pub started_at: UtcMs,
    /// End of the capture.
    pub ended_at: UtcMs,
    /// The claimed identity. Whether it goes out is the writer's matter.
    pub claim: Option<Iin>,
    /// What the centre found; absent in the first notice about a document.
    pub answer: Option<AnswerBody>,
}

/// What the centre found, or an examiner.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerBody {
    /// In one word.
    pub verdict: Verdict,
    /// Comparison score, 0 to 1.
    pub score: Option<f32>,
    /// From which score on a comparison was a match, 0 to 1.
    pub threshold: Option<f32>,
    /// When the centre answered, or the examiner decided.
    pub answered_at: UtcMs,
    /// Who decided.
    pub decided_by: Source,
    /// Why an examiner refused.
    pub reason: Option<RefusalReason>,
}

/// Something that speaks for fraud. Depersonalised: whoever may know the person finds it by the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspicionBody {
    /// What.
    pub code: SuspicionCode,
    /// The document that holds the evidence.
    pub document_id: DocumentId,
    /// Where it was seen.
    pub kiosk_id: String,
    /// When.
    pub at: UtcMs,
}

/// Names what is suspected: 1 to 64 small letters, digits and hyphens, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SuspicionCode(String);

impl SuspicionCode {
    /// A presentation that was not found bona fide.
    pub const ATTACK: &'static str = "attack-suspected";
    /// All attempts were used up.
    pub const REPEATED: &'static str = "repeated-attempts";
    /// The palm is enrolled for somebody else than the person who was claimed.
    pub const PALM_OF_ANOTHER: &'static str = "palm-of-another-person";
    /// More phone numbers for one person than may be.
    pub const NUMBERS_ABOVE_CAP: &'static str = "numbers-above-cap";
    /// Software or camera of the kiosk are not what they should be.
    pub const INTEGRITY: &'static str = "integrity";
    /// What the kiosk has noticed under a name that is no code.
    pub const OTHER: &'static str = "other";
    /// A name that is written like another one with letters of another script.
    pub const NAME_LOOK_ALIKE: &'static str = "name-look-alike";

    /// A code; `None` where the text has another form.
    pub fn new(code: &str) -> Option<Self> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = code.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        (begins && code.len() <= 64 && code.bytes().all(good)).then(|| Self(code.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a request of a data subject stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestBody {
    /// The document that holds the request.
    pub document_id: DocumentId,
    /// The number that the person has, see [`verification::request`].
    pub number: String,
    /// What is asked for.
    pub kind: String,
    /// When it was made.
    pub received_at: UtcMs,
    /// Until when it must be answered.
    pub due_at: UtcMs,
    /// Name of its state.
    pub state: &'static str,
    /// 1 when it comes; one more with each change. A receiver keeps the highest.
    pub version: u32,
}

/// The notices that follow from a document, or, with the answer, from the answer to it.
pub fn notices_of(content: &Content, answer: Option<&Identification>) -> Vec<Notice> {
    let notice = |kind, detail: &str, body| Notice {
        id: NoticeId::of(content.document_id, kind, detail),
        institution_bin: content.organisation.bin.clone(),
        body,
    };
    let detail = if answer.is_some() { "answer" } else { "document" };
    let mut notices = vec![notice(
        Kind::Result,
        detail,
        Body::Result(Box::new(result(content, answer))),
    )];
    if answer.is_some() {
        return notices;
    }
    for code in suspicions(content) {
        let body = SuspicionBody {
            code: code.clone(),
            document_id: content.document_id,
            kiosk_id: content.kiosk.kiosk_id.clone(),
            at: content.ended_at,
        };
        notices.push(notice(Kind::Suspicion, code.as_str(), Body::Suspicion(body)));
    }
    notices
}

/// The notice that a request stands where it stands.
pub fn notice_of_request(institution_bin: String, body: RequestBody) -> Notice {
    Notice {
        id: NoticeId::of(body.document_id, Kind::Request, &body.version.to_string()),
        institution_bin,
        body: Body::Request(body),
    }
}

fn result(content: &Content, answer: Option<&Identification>) -> ResultBody {
    ResultBody {
        document_id: content.document_id,
        kiosk_id: content.kiosk.kiosk_id.clone(),
        service: content.service.as_ref().map(|service| service.0.clone()),
        profile: Some(content.profile.name.clone()).filter(|name| !name.is_empty()),
        modality: content.modality,
        outcome: content.outcome,
        started_at: content.started_at,
        ended_at: content.ended_at,
        claim: content.claim.clone(),
        answer: answer.map(|answer| AnswerBody {
            verdict: answer.verdict,
            score: answer.score,
            threshold: answer.threshold,
            answered_at: answer.answered_at,
            decided_by: answer.decided_by,
            reason: answer.reason,
        }),
    }
}

/// What in a document speaks for fraud, each once.
fn suspicions(content: &Content) -> Vec<SuspicionCode> {
    let palms = content.palm.iter().flat_map(|palm| &palm.attempts);
    let of_another = palms
        .into_iter()
        .any(|attempt| attempt.failure == Some(PalmFailure::AnotherPerson));
    let rules = [
        (content.outcome == Outcome::AttackSuspected, SuspicionCode::ATTACK),
        // A document that is not verified before the centre was asked is one whose attempts are used up.
        (content.outcome == Outcome::NotVerified, SuspicionCode::REPEATED),
        (of_another, SuspicionCode::PALM_OF_ANOTHER),
    ];
    let found = rules.into_iter().filter(|(holds, _)| *holds);
    let found = found.map(|(_, code)| code);
    // Then what the kiosk itself has noticed. A code of another form is not lost either.
    let told = content.suspicions.iter().map(String::as_str);
    let codes = found.chain(told);
    let mut codes: Vec<_> = codes
        .filter_map(|code| SuspicionCode::new(code).or_else(|| SuspicionCode::new(SuspicionCode::OTHER)))
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

/// The name of an outcome in notices, lists and logs.
pub fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "verified",
        Outcome::NotVerified => "not-verified",
        Outcome::AttackSuspected => "attack-suspected",
        Outcome::FailureToAcquire => "failure-to-acquire",
        Outcome::Withdrawn => "withdrawn",
        Outcome::TimedOut => "timed-out",
        Outcome::DeviceUnavailable => "device-unavailable",
        Outcome::AwaitingIdentification => "awaiting-identification",
        Outcome::NotRequired => "not-required",
        Outcome::Referred => "referred",
    }
}

/// The name of a verdict in notices.
pub fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "match",
        Verdict::NonMatch => "non-match",
        Verdict::PersonNotFound => "person-not-found",
        Verdict::NoReference => "no-reference",
        Verdict::DocumentTypeNotAccepted => "document-type-not-accepted",
        Verdict::QualityInsufficient => "quality-insufficient",
        Verdict::NotCompleted => "not-completed",
    }
}

/// The name of a modality in notices.
pub fn modality_name(modality: Modality) -> &'static str {
    match modality {
        Modality::Face => "face",
        Modality::Palm => "palm",
    }
}

/// The name of who decided, in notices.
pub fn source_name(source: Source) -> &'static str {
    match source {
        Source::Centre => "centre",
        Source::Examiner => "examiner",
    }
}

/// The name of an examiner's reason, in notices, in the queue and in the audit log.
pub fn refusal_name(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::FaceNotOfDocument => "face-not-of-document",
        RefusalReason::DocumentNotOfClaim => "document-not-of-claim",
        RefusalReason::DocumentUnreadable => "document-unreadable",
        RefusalReason::DocumentExpired => "document-expired",
        RefusalReason::DocumentAltered => "document-altered",
        RefusalReason::PictureUnusable => "picture-unusable",
    }
}
