//! Documents of a wanted size, signed by a kiosk.

use document::signature::{P256Signer, SignError, sign};
use verification::Sensitive;
use verification::audit::{AuditEntry, AuditHead, LogId};
use verification::capture::CapturedSample;
use verification::evidence::{
    DocumentId, Evidence, KioskIdentity, Language, Organisation, Outcome, SessionId, Still, StillPurpose,
};
use verification::policy::Policy;
use verification::service::ServiceId;
use verification::time::UtcMs;

use crate::bank::Papers;
use crate::error::BenchError;

/// A signed document and its id.
pub type Signed = (DocumentId, Vec<u8>);

/// Makes the documents of one kiosk.
pub struct Scribe {
    kiosk_id: String,
    signer: P256Signer,
    head: AuditHead,
    random: fastrand::Rng,
    /// A document without a picture has so many bytes.
    bare_bytes: usize,
}

impl std::fmt::Debug for Scribe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scribe({})", self.kiosk_id)
    }
}

impl Scribe {
    /// For this kiosk; `seed` makes its ids differ from those of others.
    ///
    /// # Errors
    /// When its key cannot be used.
    pub fn new(papers: &Papers, seed: u64) -> Result<Self, BenchError> {
        let signer = P256Signer::from_pkcs8_pem(&papers.key, &papers.certificate).map_err(signing)?;
        let mut random = fastrand::Rng::with_seed(seed);
        let mut log = [0; 16];
        random.fill(&mut log);
        let mut scribe = Self {
            kiosk_id: papers.name.clone(),
            signer,
            head: AuditHead::empty(LogId(log)),
            random,
            bare_bytes: 0,
        };
        scribe.bare_bytes = scribe.sign(0, now())?.1.len();
        Ok(scribe)
    }

    /// Where the audit log stands that the newest document shows.
    pub fn head(&self) -> AuditHead {
        self.head
    }

    /// What it signs with.
    pub fn signer(&self) -> &P256Signer {
        &self.signer
    }

    /// A document of about so many bytes with its signature, or of the least that there are.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn write(&mut self, bytes: usize) -> Result<Signed, BenchError> {
        self.sign(bytes.saturating_sub(self.bare_bytes), now())
    }

    fn sign(&mut self, picture_bytes: usize, at: UtcMs) -> Result<Signed, BenchError> {
        self.head = self.head.follow(&AuditEntry {
            at,
            session: None,
            event: "Measured",
        });
        let mut evidence = evidence(&self.kiosk_id, picture_bytes, at, &mut self.random);
        evidence.audit = Some(self.head);
        let content = document::content::encode(&evidence);
        let signed = sign(&content, &self.signer, at).map_err(signing)?;
        Ok((evidence.document_id, signed))
    }
}

fn signing(error: SignError) -> BenchError {
    BenchError::Peer(format!("a document cannot be signed: {error}"))
}

/// The clock of this machine.
pub fn now() -> UtcMs {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A session that was withdrawn, so that nobody asks the centre; the picture is noise of nobody.
pub fn evidence(kiosk_id: &str, picture_bytes: usize, at: UtcMs, random: &mut fastrand::Rng) -> Evidence {
    let [mut document, mut session] = [[0; 16]; 2];
    random.fill(&mut document);
    random.fill(&mut session);
    let mut jpeg = vec![0; picture_bytes];
    random.fill(&mut jpeg);
    let still = Still {
        page: None,
        purpose: StillPurpose::Comparison,
        sample: CapturedSample {
            frame: 7,
            width_px: 640,
            height_px: 480,
            jpeg: Sensitive::new(jpeg),
        },
        quality: None,
    };
    Evidence {
        document_id: DocumentId(document),
        session_id: SessionId(session),
        organisation: Organisation {
            name: "Demo Bank".into(),
            bin: "050140000000".into(),
        },
        kiosk: KioskIdentity {
            kiosk_id: kiosk_id.into(),
            software: "bench".into(),
        },
        language: Language::Kk,
        service: Some(ServiceId("account-opening".into())),
        consents: Vec::new(),
        claim: None,
        modality: None,
        started_at: at,
        ended_at: at,
        outcome: Outcome::Withdrawn,
        camera: None,
        attempts: Vec::new(),
        attempts_before: 0,
        palm: None,
        stills: if picture_bytes == 0 {
            Vec::new()
        } else {
            vec![still]
        },
        policy: Policy::default(),
        audit: None,
        ..Evidence::blank()
    }
}
