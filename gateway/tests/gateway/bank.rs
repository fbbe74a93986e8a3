//! A whole bank on loopback: authority, gateway, simulator of the centre, and kiosks that keep their documents.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use document::identification::{self, Identification, SIGNER_COMMON_NAME};
use document::signature::{P256Signer, sign, verify};
use gateway::authority;
use gateway::config::{GatewayConfig, SimConfig, read_store_key};
use gateway::idec::sim::{SimError, Simulator};
use gateway::server::{Gateway, GatewayError};
use gateway::store::sqlite::SqliteStore;
use gateway::store::{Documents, Filter, Listed, StoredDocument};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sync::{ClientConfig, Event, Handle, PemKey, Settings, Standing};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};
use verification::capture::{CameraIdentity, CapturedSample};
use verification::evidence::{
    DocumentId, Evidence, KioskIdentity, Language, Modality, Organisation, Outcome, PalmEvidence, Route,
    SessionId, Still, StillPurpose,
};
use verification::palm::decision::decide;
use verification::palm::{
    CaptureSeal, PalmAttemptRecord, PalmCapabilities, PalmReadings, PalmReference, PalmScan, ScanResult,
    ScannerIdentity, SealState,
};
use verification::policy::Policy;
use verification::service::ServiceId;
use verification::time::UtcMs;

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The public test card.
pub const IIN: &str = "880412401006";

/// What a scanner signed stays at the bank.
pub const PALM_STATEMENT: &[u8] = b"statement of the scanner";

/// The form of a picture of 240 by 240 pixels, which is what the quality gate looks at.
pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\
    \xff\xc0\0\x0b\x08\0\xf0\0\xf0\x01\x01\x11\0\
    \xff\xda\0\x08\x01\x01\0\0\x3f\0 a picture of nobody \xff\xd9";

/// A free address for what is started later.
pub fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub fn now() -> UtcMs {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    UtcMs(i64::try_from(since.as_millis()).unwrap())
}

pub fn settings() -> Settings {
    Settings {
        backoff_min: Duration::from_millis(20),
        backoff_max: Duration::from_millis(200),
        ..Settings::default()
    }
}

pub struct Bank {
    pub folder: TempDir,
    pub runtime: Runtime,
    pub config: GatewayConfig,
    pub sim_config: SimConfig,
}

impl Bank {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        authority::init(folder.path(), anywhere(), anywhere()).unwrap();
        let mut config = GatewayConfig::load(&folder.path().join("gateway.toml")).unwrap();
        config.idec.retry_min_ms = 20;
        config.idec.retry_max_ms = 100;
        config.idec.breaker.open_ms = 100;
        config.idec.hosted.poll_ms = 20;
        let sim_config = SimConfig::load(&folder.path().join("idec.toml")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        Self {
            folder,
            runtime,
            config,
            sim_config,
        }
    }

    /// As [`Bank::new`], with an authority that is a year old.
    pub fn with_old_authority() -> Self {
        let mut bank = Self::new();
        let key = Sensitive::new(std::fs::read_to_string(bank.folder.path().join("ca.key")).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let then = UtcMs(now().0 - 365 * 24 * 60 * 60 * 1000);
        let serial = gateway::enrolment::new_serial().unwrap();
        let days = ::authority::Lifetime::days(3650);
        let pem =
            ::authority::Authority::certify("Alaqan demo authority", days, &serial, then, &key).unwrap();
        std::fs::write(folder.path().join("ca.key"), key.expose()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
        authority::init(folder.path(), anywhere(), anywhere()).unwrap();
        bank.config = GatewayConfig::load(&folder.path().join("gateway.toml")).unwrap();
        bank.folder = folder;
        bank
    }

    /// Makes a kiosk known and gives its one-time code, good for that long.
    pub fn code(&self, kiosk_id: &str, good_for_ms: i64) -> String {
        use gateway::store::{NewCode, Trust};
        let mut random = [0; ::authority::CODE_RANDOM_BYTES];
        getrandom::fill(&mut random).unwrap();
        let code = ::authority::OneTimeCode::from_random(&Sensitive::new(random));
        let new = NewCode {
            kiosk_id: kiosk_id.into(),
            code_sha256: code.digest().to_bytes(),
            expires_at: UtcMs(now().0 + good_for_ms),
        };
        let store = self.store();
        self.runtime.block_on(async {
            store.add_kiosk(kiosk_id, now()).await.unwrap();
            store.add_code(&new, now()).await.unwrap();
        });
        code.reveal().expose().clone()
    }

    /// Tells the running gateway that the store was changed beside it.
    pub fn ring(&self) {
        gateway::registry::Bell::of(&self.config.store.file)
            .ring()
            .unwrap();
    }

    /// Starts the gateway; a second one takes the same address.
    pub fn gateway(&mut self) -> Gateway {
        let end = Instant::now() + PATIENCE;
        let gateway = loop {
            match self.runtime.block_on(Gateway::start(&self.config)) {
                Ok(gateway) => break gateway,
                // While nobody listened, the system may have lent the port to a connection of another test.
                Err(GatewayError::Listen { .. }) if Instant::now() < end => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        self.config.listen = gateway.address();
        gateway
    }

    pub fn kill(&self, gateway: Gateway) {
        self.runtime.block_on(gateway.kill());
    }

    /// Starts the simulator; the gateway that is started after it asks there. A second one takes the same address.
    pub fn simulator(&mut self) -> Simulator {
        let end = Instant::now() + PATIENCE;
        let simulator = loop {
            match self.runtime.block_on(Simulator::start(self.sim_config.clone())) {
                Ok(simulator) => break simulator,
                // As above; or the former simulator is not quite gone.
                Err(SimError::Listen { .. }) if Instant::now() < end => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        self.sim_config.listen = simulator.address();
        self.config.idec.url = format!("https://{}", simulator.address());
        simulator
    }

    pub fn enrol(&self, name: &str) -> Enrolled {
        let out = self.folder.path().join("kiosks").join(name);
        authority::enrol(self.folder.path(), name, &out).unwrap();
        Enrolled {
            name: name.to_owned(),
            folder: out,
            settings: settings(),
        }
    }

    /// As [`Bank::enrol`], of a bank that is of no further use.
    pub fn enrol_and_keep(self, name: &str) -> (TempDir, Enrolled) {
        let enrolled = self.enrol(name);
        (self.folder, enrolled)
    }

    pub fn list(&self) -> Vec<Listed> {
        let listed = async { self.store().list(&Filter::default(), 1000).await };
        self.runtime.block_on(listed).unwrap()
    }

    /// A stored document, read beside the running gateway.
    pub fn document(&self, id: DocumentId) -> Option<StoredDocument> {
        let document = async { self.store().document(id).await };
        self.runtime.block_on(document).unwrap()
    }

    pub fn store(&self) -> SqliteStore {
        SqliteStore::open(
            &self.config.store.file,
            &read_store_key(&self.config.store.key).unwrap(),
            "gateway",
            now(),
        )
        .unwrap()
    }

    /// What an answer says, if it is signed as it must be.
    pub fn read_answer(&self, signed: &[u8]) -> Identification {
        let authority = std::fs::read(self.folder.path().join("ca.pem")).unwrap();
        let anchor = CertificateDer::from_pem_slice(&authority).unwrap().to_vec();
        let verified = verify(signed, &[anchor], now()).unwrap();
        assert_eq!(verified.signer_common_name, SIGNER_COMMON_NAME);
        identification::decode(verified.content.expose()).unwrap()
    }
}

/// A kiosk's papers.
#[derive(Clone)]
pub struct Enrolled {
    pub name: String,
    pub folder: PathBuf,
    pub settings: Settings,
}

impl Enrolled {
    pub fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(file)).unwrap()
    }

    pub fn client(&self, address: SocketAddr) -> ClientConfig {
        ClientConfig {
            url: format!("wss://{address}/v1/kiosk"),
            authority_pem: self.read("ca.pem"),
            pins: Vec::new(),
            chain: sync::chain_from_pem(&self.read("kiosk.pem")).unwrap(),
            key: Arc::new(PemKey::new(&Sensitive::new(self.read("kiosk.key"))).unwrap()),
            kiosk_id: self.name.clone(),
            software: "test".into(),
            software_sha256: [0; 32],
            capabilities: Vec::new(),
            standing: Standing {
                audit: AuditHead::empty(LogId([1; 16])),
                pending: 0,
            },
            settings: self.settings.clone(),
        }
    }

    /// A document of this kiosk that asks for a comparison.
    pub fn document(&self, number: u8, iin: &str) -> (DocumentId, Vec<u8>) {
        self.sign(&evidence(&self.name, number, iin))
    }

    pub fn sign(&self, evidence: &Evidence) -> (DocumentId, Vec<u8>) {
        let text = |file| String::from_utf8(self.read(file)).unwrap();
        let signer = P256Signer::from_pkcs8_pem(&text("kiosk.key"), &text("kiosk.pem")).unwrap();
        let signed = sign(&document::content::encode(evidence), &signer, now()).unwrap();
        (evidence.document_id, signed)
    }
}

pub fn evidence(kiosk_id: &str, number: u8, iin: &str) -> Evidence {
    let sample = CapturedSample {
        frame: 7,
        width_px: 240,
        height_px: 240,
        jpeg: Sensitive::new(JPEG.to_vec()),
    };
    Evidence {
        document_id: DocumentId([number; 16]),
        session_id: SessionId([number; 16]),
        organisation: Organisation {
            name: "Demo Bank".into(),
            bin: "050140000000".into(),
        },
        kiosk: KioskIdentity {
            kiosk_id: kiosk_id.into(),
            software: "test".into(),
        },
        language: Language::Kk,
        service: Some(ServiceId("account-opening".into())),
        consents: Vec::new(),
        claim: Some(iin.parse().unwrap()),
        modality: Some(Modality::Face),
        started_at: UtcMs(1_790_000_000_000),
        ended_at: UtcMs(1_790_000_030_000),
        outcome: Outcome::AwaitingIdentification,
        camera: Some(CameraIdentity {
            name: "clip".into(),
            bus_id: "0".into(),
            replay: true,
        }),
        attempts: Vec::new(),
        attempts_before: 0,
        palm: None,
        stills: vec![Still {
            page: None,
            purpose: StillPurpose::Comparison,
            sample,
            quality: None,
        }],
        policy: Policy::default(),
        audit: None,
        ..Evidence::blank()
    }
}

/// As [`evidence`], for a person who is to be identified on a page of the centre.
pub fn hosted_evidence(kiosk_id: &str, number: u8, iin: &str) -> Evidence {
    Evidence {
        camera: None,
        stills: Vec::new(),
        route: Route::HostedPage,
        ..evidence(kiosk_id, number, iin)
    }
}

/// As [`evidence`], with the palm: the second attempt passed.
pub fn palm_evidence(kiosk_id: &str, number: u8, iin: &str) -> Evidence {
    let policy = Policy::default();
    let capabilities = PalmCapabilities {
        vascular: true,
        volume: true,
        temperature: true,
        liveness: true,
        seal: true,
    };
    let expected = PalmReference(1001);
    let attempt = |number: u8, scan: PalmScan| {
        let (parts, verdict) = decide(&scan, capabilities, expected, &policy.palm);
        PalmAttemptRecord {
            number,
            started_at: UtcMs(1_790_000_010_000 + i64::from(number)),
            took: Duration::from_millis(900),
            scan: Some(scan),
            parts,
            failure: verdict.err(),
        }
    };
    let seal = CaptureSeal {
        statement: PALM_STATEMENT.to_vec(),
        signature: vec![1; 64],
        key: vec![2; 33],
    };
    let measured = |result| PalmScan {
        result,
        readings: PalmReadings {
            volume_ml: Some(412.625),
            surface_temperature_celsius: Some(31.5),
            ambient_temperature_celsius: Some(22.0),
            vascular_quality: Some(0.75),
            liveness: None,
        },
        quality: Vec::new(),
        seal: SealState::Valid(seal.clone()),
    };
    Evidence {
        modality: Some(Modality::Palm),
        camera: None,
        stills: Vec::new(),
        palm: Some(PalmEvidence {
            scanner: Some(ScannerIdentity {
                driver: "alaqan-reference".into(),
                model: "simulator".into(),
                firmware: "1.0".into(),
                serial: "AP-1".into(),
                thermometer: None,
                capabilities,
            }),
            expected: Some(expected),
            attempts: vec![
                attempt(1, measured(ScanResult::NoMatch)),
                attempt(2, measured(ScanResult::Identified(expected))),
            ],
            attempts_before: 0,
            enrolments: Vec::new(),
        }),
        ..evidence(kiosk_id, number, iin)
    }
}

/// A running kiosk: its client, and an outbox in memory.
pub struct Kiosk {
    pub handle: Handle,
    events: mpsc::Receiver<Event>,
    pub pending: VecDeque<(DocumentId, Vec<u8>)>,
    in_flight: VecDeque<(DocumentId, Vec<u8>)>,
    /// Everything that the gateway keeps, in the order of the receipts.
    pub delivered: Vec<DocumentId>,
}

impl Kiosk {
    pub fn start(config: ClientConfig) -> Self {
        let (sender, events) = mpsc::channel();
        let handle = sync::spawn(config, move |event| {
            // The test may have ended.
            let _ = sender.send(event);
        })
        .unwrap();
        Self {
            handle,
            events,
            pending: VecDeque::new(),
            in_flight: VecDeque::new(),
            delivered: Vec::new(),
        }
    }

    pub fn put(&mut self, document: (DocumentId, Vec<u8>)) {
        self.pending.push_back(document);
        self.handle.wake();
    }

    /// Handles events until `pick` takes one.
    pub fn wait<T>(&mut self, what: &str, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let event = self
                .events
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("waited in vain for {what}"));
            match &event {
                Event::WantNext => {
                    let next = self.pending.pop_front();
                    self.in_flight.extend(next.clone());
                    self.handle.offer(next);
                }
                Event::LinkDown { .. } => {
                    self.in_flight.append(&mut self.pending);
                    std::mem::swap(&mut self.in_flight, &mut self.pending);
                }
                Event::Postponed { id, .. } => {
                    if let Some(at) = self.in_flight.iter().position(|(other, _)| other == id) {
                        self.pending.extend(self.in_flight.remove(at));
                    }
                }
                // An answer about one document says nothing about another: after a lost line, an offer that was
                // under way may be followed by a second one.
                Event::Delivered { id, .. } => {
                    self.forget(*id);
                    self.delivered.push(*id);
                }
                Event::Refused { id, .. } => self.forget(*id),
                Event::Welcome { .. }
                | Event::Identified { .. }
                | Event::Resend { .. }
                | Event::Certificates { .. }
                | Event::HostedPage { .. }
                | Event::CallBacks { .. } => {}
            }
            if let Some(picked) = pick(&event) {
                return picked;
            }
        }
    }

    fn forget(&mut self, id: DocumentId) {
        self.pending.retain(|(other, _)| *other != id);
        self.in_flight.retain(|(other, _)| *other != id);
    }

    /// Nothing but questions for documents, that is.
    pub fn nothing_happens_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(event) = self
            .events
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            assert_eq!(event, Event::WantNext);
            self.handle.offer(None);
        }
    }

    pub fn up(&mut self) {
        self.wait("the link", |event| {
            matches!(event, Event::Welcome { .. }).then_some(())
        });
    }

    pub fn down(&mut self) -> sync::LinkDownReason {
        self.wait("the end of the link", |event| match event {
            Event::LinkDown { reason } => Some(reason.clone()),
            _ => None,
        })
    }

    pub fn delivered(&mut self, id: DocumentId) {
        self.wait("a receipt", |event| match event {
            Event::Delivered { id: got, .. } => {
                assert_eq!(*got, id);
                Some(())
            }
            Event::Refused { code, .. } => panic!("refused: {}", code.name()),
            _ => None,
        });
    }

    pub fn refused(&mut self, id: DocumentId) -> sync::RefusalCode {
        self.wait("a refusal", |event| match event {
            Event::Refused { id: got, code } if *got == id => Some(*code),
            Event::Delivered { .. } => panic!("delivered"),
            _ => None,
        })
    }

    pub fn identified(&mut self, id: DocumentId) -> Vec<u8> {
        self.wait("an answer", |event| match event {
            Event::Identified { id: got, document } if *got == id => Some(document.clone()),
            _ => None,
        })
    }
}
