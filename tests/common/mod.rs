//! An institution and a kiosk for the stories: the real gateway, the real centre simulator, a recorded person.
#![allow(dead_code, reason = "each story uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

#[cfg(unix)]
pub mod examiner;
pub mod hands;
pub mod secrets;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use alaqan::config::Config;
use alaqan::kiosk::Kiosk;
use camera::{Actor, FaultHandle, Limits, Pace, Watched};
use document::signature;
use gateway::config::{GatewayConfig, Scripted, ScriptedPage, SimConfig};
use gateway::idec::sim::Simulator;
use gateway::server::Gateway;
use ipc::{Intent, Screen, View};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use verification::evidence::{DocumentId, Evidence};
use verification::pad::PadChallenge;
use verification::time::UtcMs;

/// A specimen number that is nobody's.
pub const IIN: &str = "880412401006";
/// A number that is no organisation's.
pub const BIN: &str = "050140000001";
/// The profile of the stories.
pub const PROFILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/profiles/stories.toml");
/// Longer than any step of a story takes, even on a loaded machine.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Stories play clips in real time; two at once would starve each other of the processor.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The folder of the models, as `cargo xtask test` sets it.
pub fn models() -> PathBuf {
    let folder = std::env::var_os("ALAQAN_MODELS").map(PathBuf::from);
    folder.expect("ALAQAN_MODELS names the model folder; `cargo xtask test` sets it")
}

/// A recorded person who answers prompts.
#[derive(Clone)]
pub struct Clip {
    pub folder: PathBuf,
    pub file: String,
    pub offers: Vec<PadChallenge>,
}

/// The first bona fide clip of `ALAQAN_FOOTAGE` that offers three different actions; without that folder, one
/// made from the portrait `ALAQAN_PORTRAIT`.
pub fn clip() -> Clip {
    match std::env::var_os("ALAQAN_FOOTAGE") {
        Some(folder) => choose(Path::new(&folder), "bona_fide").expect("a clip with three different actions"),
        None => choose(&made_clip(), "bona_fide").expect("the made clip offers three actions"),
    }
}

/// The replayed person of `ALAQAN_FOOTAGE` who offers three actions, if that folder and the passive models are there.
pub fn attack() -> Option<Clip> {
    let folder = std::env::var_os("ALAQAN_FOOTAGE")?;
    let passive = face::Analyzer::new(&face::ModelFolder::open(models()).unwrap())
        .unwrap()
        .has_passive();
    passive
        .then(|| choose(Path::new(&folder), "attack_replay"))
        .flatten()
}

fn choose(folder: &Path, label: &str) -> Option<Clip> {
    camera::clips(folder)
        .expect("a readable manifest")
        .into_iter()
        .filter(|clip| clip.label == label)
        .find_map(|clip| {
            let offers = Actor::open(folder, &clip.file, Pace::Free, Instant::now())
                .ok()?
                .offers();
            (offers.len() >= 3).then(|| Clip {
                folder: folder.to_owned(),
                file: clip.file,
                offers,
            })
        })
}

fn made_clip() -> PathBuf {
    static MADE: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = &*made {
        return folder.clone();
    }
    println!(
        "no ALAQAN_FOOTAGE: the clip is made from a portrait and proves the plumbing, not the biometrics"
    );
    let portrait = std::env::var_os("ALAQAN_PORTRAIT").expect("ALAQAN_PORTRAIT; `cargo xtask test` sets it");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("made-clip");
    puppet::render_file(Path::new(&portrait), &models(), &folder).expect("the clip can be made");
    *made = Some(folder.clone());
    folder
}

/// The name of an action in the configuration.
pub fn name(challenge: PadChallenge) -> &'static str {
    match challenge {
        PadChallenge::TurnLeft => "turn-left",
        PadChallenge::TurnRight => "turn-right",
        PadChallenge::LookUp => "look-up",
        PadChallenge::LookDown => "look-down",
        PadChallenge::Blink => "blink",
        PadChallenge::OpenMouth => "open-mouth",
        PadChallenge::Smile => "smile",
    }
}

/// The institution: gateway, centre, authority, and one enrolled kiosk.
pub struct Institution {
    pub folder: TempDir,
    runtime: Runtime,
    centre: Simulator,
    gateway: Option<Gateway>,
    address: SocketAddr,
    /// The profile that its kiosk is configured with.
    pub profile: PathBuf,
}

impl Institution {
    /// With the centre running and the gateway not.
    pub fn found() -> Self {
        let mut institution = Self::stranger();
        institution.enrol();
        institution
    }

    /// As [`Institution::found`], with a kiosk that nobody knows.
    pub fn stranger() -> Self {
        let folder = TempDir::new().unwrap();
        let address = free_address();
        gateway::authority::init(folder.path(), address, free_address()).unwrap();
        // Somebody who does everything at once need not be looked for every three seconds.
        let file = folder.path().join("gateway.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}\n[idec.hosted]\npoll_ms = 100\n")).unwrap();
        let runtime = Runtime::new().unwrap();
        let config = SimConfig::load(&folder.path().join("idec.toml")).unwrap();
        let centre = runtime.block_on(Simulator::start(config)).unwrap();
        Self {
            folder,
            runtime,
            centre,
            gateway: None,
            address,
            profile: PROFILE.into(),
        }
    }

    /// Somebody of the institution looks at pictures: the gateway listens to them from its next start on.
    #[cfg(unix)]
    pub fn has_an_examiner(&self) {
        let file = self.folder.path().join("gateway.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}\n{}", examiner::settings())).unwrap();
    }

    /// Where the gateway listens to examiners.
    pub fn review_address(&self) -> Option<SocketAddr> {
        self.gateway.as_ref()?.review_address()
    }

    /// As a technician does it: a one-time code of the gateway, typed at the kiosk.
    pub fn enrol(&mut self) {
        let config = self.gateway_config();
        let invitation = block_on(&self.runtime, || async {
            let store = gateway::storage::open(&config).await.unwrap();
            let kiosk = "kiosk-0001".parse().unwrap();
            gateway::invitation::invite(&config, &*store, &kiosk, now())
                .await
                .unwrap()
        });
        self.open_gateway();
        let settings = self.custody();
        let keys = custody::open_keys(&settings).unwrap();
        let trust = custody::Trust::Fingerprint(invitation.authority.0);
        let enrol = || custody::enrol(&settings, &*keys, &invitation.code, trust, "test", now());
        aside(enrol).unwrap();
        self.close_gateway();
    }

    /// Shuts the kiosk out, as the operator's tool does it while the gateway runs.
    pub fn shut_out(&self) {
        let config = self.gateway_config();
        block_on(&self.runtime, || async {
            let store = gateway::storage::open(&config).await.unwrap();
            let known = store.block_kiosk("kiosk-0001", Some("story"), now()).await;
            assert!(known.unwrap());
        });
        gateway::registry::Bell::of(&self.folder.path().join("gateway.db"))
            .ring()
            .unwrap();
    }

    /// Asks the kiosk for documents that it has receipts for.
    pub fn wants_again(&self, ids: &[DocumentId]) {
        let config = self.gateway_config();
        block_on(&self.runtime, || async {
            let store = gateway::storage::open(&config).await.unwrap();
            store.request_resend("kiosk-0001", ids, now()).await.unwrap();
        });
    }

    /// How many documents the gateway keeps; it may run.
    pub fn count(&self) -> usize {
        let config = self.gateway_config();
        block_on(&self.runtime, || async {
            let store = gateway::storage::open(&config).await.unwrap();
            store.list(&Default::default(), u32::MAX).await.unwrap().len()
        })
    }

    /// A backup of the gateway's database, which must not run.
    pub fn copy_of_gateway(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.gateway_files()
            .into_iter()
            .map(|file| (file.clone(), std::fs::read(file).unwrap()))
            .collect()
    }

    /// Puts a backup in the place of the gateway's database, which must not run.
    pub fn restore_gateway(&self, backup: &[(PathBuf, Vec<u8>)]) {
        for file in self.gateway_files() {
            std::fs::remove_file(file).unwrap();
        }
        for (file, bytes) in backup {
            std::fs::write(file, bytes).unwrap();
        }
    }

    fn gateway_files(&self) -> Vec<PathBuf> {
        ["gateway.db", "gateway.db-wal", "gateway.db-shm"]
            .map(|name| self.folder.path().join(name))
            .into_iter()
            .filter(|file| file.exists())
            .collect()
    }

    fn gateway_config(&self) -> GatewayConfig {
        GatewayConfig::load(&self.folder.path().join("gateway.toml")).unwrap()
    }

    /// Where the kiosk keeps its documents, keys and certificates.
    pub fn custody(&self) -> custody::Settings {
        let text = format!(
            "mode = \"demo\"\nkiosk_id = \"kiosk-0001\"\ndata = {:?}\n[gateway]\nurl = \"wss://{}/v1/kiosk\"",
            self.folder.path().join("data"),
            self.address
        );
        let file = self.folder.path().join("custody.toml");
        std::fs::write(&file, text).unwrap();
        custody::Settings::load(&file).unwrap()
    }

    pub fn open_gateway(&mut self) {
        let config = self.gateway_config();
        self.gateway = Some(block_on(&self.runtime, || Gateway::start(&config)).unwrap());
    }

    pub fn close_gateway(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            block_on(&self.runtime, || gateway.stop());
        }
    }

    /// What the centre answers about the person of the stories from now on.
    pub fn centre_says(&self, scripted: Scripted) {
        self.centre.set_script(IIN, scripted);
    }

    /// What the person of the stories does on the centre's own page from now on.
    pub fn phone_says(&self, scripted: ScriptedPage) {
        self.centre.set_hosted_script(IIN, scripted);
    }

    /// Waits until the gateway has noted that the centre was asked about this document in vain; gives the reason.
    pub fn asked_in_vain(&self, id: DocumentId) -> String {
        let config = self.gateway_config();
        block_on(&self.runtime, || async {
            let store = gateway::storage::open(&config).await.unwrap();
            let end = Instant::now() + LIMIT;
            loop {
                let listed = store.list(&Default::default(), u32::MAX).await.unwrap();
                let listed = listed.into_iter().find(|listed| listed.id == id);
                if let Some(gateway::store::AnswerState::Awaited {
                    fault: Some(fault), ..
                }) = listed.map(|listed| listed.answer)
                {
                    return fault;
                }
                assert!(Instant::now() < end, "the centre was not asked");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    }

    /// How many comparisons the centre was asked for.
    pub fn comparisons(&self) -> u64 {
        self.centre.comparisons()
    }

    /// The documents that the gateway keeps, verified and read. Closes the gateway.
    pub fn documents(&mut self) -> Vec<Evidence> {
        self.close_gateway();
        let folder = self.folder.path();
        let config = self.gateway_config();
        let anchors = signature::anchors_from_pem(&std::fs::read(folder.join("ca.pem")).unwrap()).unwrap();
        let read = |signed: &[u8]| {
            let verified = signature::verify(signed, &anchors, now()).unwrap();
            assert_eq!(verified.signer_common_name, "kiosk-0001");
            document::content::decode(verified.content.expose()).unwrap()
        };
        block_on(&self.runtime, || async {
            let store = gateway::storage::open(&config).await.unwrap();
            let mut documents = Vec::new();
            for listed in store.list(&Default::default(), u32::MAX).await.unwrap() {
                let stored = store.document(listed.id).await.unwrap().unwrap();
                documents.push(read(stored.signed.expose()));
            }
            documents
        })
    }

    /// Writes the configuration of the kiosk; `policy` is TOML for its `[policy]` table.
    pub fn kiosk_config(&self, clip: &Clip, policy: &str, window: (u32, u32)) -> PathBuf {
        let folder = self.folder.path();
        let text = format!(
            r#"
mode = "demo"
kiosk_id = "kiosk-0001"
data = {data:?}
models = {models:?}
profile = {profile:?}
[organisation]
name = "Test Bank"
bin = "050140000000"
[gateway]
url = "wss://{address}/v1/kiosk"
[camera]
folder = {clips:?}
clip = {clip:?}
[window]
width = {width}
height = {height}
kiosk = false
[behaviour]
attract_after_s = 0
fresh_page = false
[policy]
passive = "where-installed"
{policy}
"#,
            data = folder.join("data"),
            models = models(),
            profile = self.profile,
            address = self.address,
            clips = clip.folder,
            clip = clip.file,
            width = window.0,
            height = window.1,
        );
        let path = folder.join("kiosk.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// As [`Institution::kiosk_config`], with these lines in its `[behaviour]` table instead.
    pub fn behaving(&self, clip: &Clip, policy: &str, window: (u32, u32), behaviour: &str) -> PathBuf {
        let file = self.kiosk_config(clip, policy, window);
        let text = std::fs::read_to_string(&file).unwrap();
        let stories = "attract_after_s = 0\nfresh_page = false\n";
        assert!(text.contains(stories));
        std::fs::write(&file, text.replace(stories, behaviour)).unwrap();
        file
    }

    /// Starts the kiosk without a window.
    pub fn kiosk(&self, clip: &Clip, policy: &str) -> Person {
        let config = Config::load(&self.kiosk_config(clip, policy, (1080, 1920))).unwrap();
        Person::before(Kiosk::start(config).unwrap())
    }

    /// As [`Institution::kiosk`], with these lines in its `[custody]` table.
    pub fn kiosk_within(&self, clip: &Clip, policy: &str, limits: &str) -> Person {
        let file = self.kiosk_config(clip, policy, (1080, 1920));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}\n[custody]\n{limits}\n")).unwrap();
        Person::before(Kiosk::start(Config::load(&file).unwrap()).unwrap())
    }

    /// As [`Institution::kiosk`], with a camera whose plug can be pulled. The recorded person stands before it.
    pub fn kiosk_with_plug(&self, clip: &Clip, policy: &str, plug: &FaultHandle) -> Person {
        let config = Config::load(&self.kiosk_config(clip, policy, (1080, 1920))).unwrap();
        let (folder, file, plug) = (clip.folder.clone(), clip.file.clone(), plug.clone());
        let camera = move |origin| {
            let (folder, file, plug) = (folder.clone(), file.clone(), plug.clone());
            // The recorded person is read from a file first, which no camera has to do.
            let limits = Limits {
                open: Duration::from_secs(30),
                ..Limits::default()
            };
            Watched::open("simulated", limits, move || {
                let person = Actor::open(folder, &file, Pace::RealTime, origin)?;
                Ok(Box::new(plug.around(None, Box::new(person))?))
            })
        };
        Person::before(Kiosk::start_with(config, Arc::new(camera)).unwrap())
    }
}

fn block_on<T: Send, F: Future<Output = T>>(runtime: &Runtime, make: impl FnOnce() -> F + Send) -> T {
    aside(|| runtime.block_on(make()))
}

/// Does what blocks on a thread of its own: the caller may be inside another runtime.
fn aside<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(act).join().unwrap())
}

/// The `challenge_set` line for what a clip offers.
pub fn offered(clip: &Clip) -> String {
    let names: Vec<_> = clip.offers.iter().map(|challenge| name(*challenge)).collect();
    format!("challenge_set = {names:?}")
}

/// Somebody before a kiosk: sees views, has intents.
pub struct Person {
    kiosk: Kiosk,
    views: Receiver<View>,
    pub seen: View,
}

impl Person {
    pub fn before(kiosk: Kiosk) -> Self {
        let (sender, views) = channel();
        kiosk.subscribe(move |view| drop(sender.send(view.clone())), |_| {});
        let seen = views.recv_timeout(LIMIT).unwrap();
        Self { kiosk, views, seen }
    }

    pub fn wants(&mut self, intent: Intent) {
        self.kiosk.intent(intent);
    }

    /// Waits until such a view is seen, and touches the screen now and then so that it stays.
    pub fn sees(&mut self, what: &str, right: impl Fn(&View) -> bool) -> &View {
        let end = Instant::now() + LIMIT;
        while !right(&self.seen) {
            match self.views.recv_timeout(Duration::from_secs(5)) {
                Ok(view) => self.seen = view,
                Err(RecvTimeoutError::Timeout) if Instant::now() < end => {
                    self.kiosk.intent(Intent::StayAlive)
                }
                Err(RecvTimeoutError::Timeout) => panic!("{what} was not seen; there is {:?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => panic!("the kiosk ended before {what} was seen"),
            }
        }
        &self.seen
    }

    /// Waits until something is so that no view shows.
    pub fn waits(&mut self, what: &str, so: impl Fn() -> bool) {
        let end = Instant::now() + LIMIT;
        while !so() {
            assert!(Instant::now() < end, "{what} did not come");
            if let Ok(view) = self.views.recv_timeout(Duration::from_millis(50)) {
                self.seen = view;
            }
        }
    }

    /// From the welcome to the camera.
    pub fn goes_to_the_camera(&mut self) {
        self.goes_to_the_methods("account-opening", &["processing", "automated-decision"]);
        self.wants(Intent::ChooseMethod {
            method: ipc::Method::Face,
        });
    }

    /// From the welcome to the choice of the method, with a yes to these consents.
    pub fn goes_to_the_methods(&mut self, service: &str, consents: &[&str]) {
        self.claims(service, consents);
        self.sees("the methods", |view| matches!(view.screen, Screen::Method { .. }));
    }

    /// From the welcome to what follows the claim, with a yes to these consents.
    pub fn claims(&mut self, service: &str, consents: &[&str]) {
        self.sees("welcome", |view| view.screen == Screen::Welcome);
        self.wants(Intent::Begin);
        self.sees("the services", |view| {
            matches!(view.screen, Screen::Service { .. })
        });
        self.wants(Intent::ChooseService {
            service: service.into(),
        });
        for asked in consents {
            self.consents(asked);
        }
        self.sees("the claim", |view| matches!(view.screen, Screen::Claim { .. }));
        self.wants(Intent::Claim {
            iin: ipc::Entered(IIN.into()),
        });
    }

    /// Reads a consent and says yes.
    pub fn consents(&mut self, asked: &str) {
        let is_asked = |view: &View| matches!(&view.screen, Screen::Consent { text, .. } if text == asked);
        self.sees("a consent", is_asked);
        self.wants(Intent::AnswerConsent {
            text: asked.into(),
            given: true,
        });
    }

    /// The outcome and the number of the record, once there is one of these.
    pub fn sees_outcome(&mut self, among: &[ipc::Outcome]) -> (ipc::Outcome, String) {
        let is =
            |view: &View| matches!(&view.screen, Screen::Outcome { outcome, .. } if among.contains(outcome));
        match &self.sees("the outcome", is).screen {
            Screen::Outcome { outcome, record, .. } => (*outcome, record.clone()),
            other => panic!("{other:?}"),
        }
    }
}

/// A picture whose frame says this size; it shows nothing.
pub fn jpeg(width_px: u16, height_px: u16) -> Vec<u8> {
    let [[w1, w2], [h1, h2]] = [width_px.to_be_bytes(), height_px.to_be_bytes()];
    let mut bytes = vec![0xff, 0xd8];
    // Baseline frame of one component, then an empty scan.
    bytes.extend([0xff, 0xc0, 0, 11, 8, h1, h2, w1, w2, 1, 1, 0x11, 0]);
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0]);
    bytes.extend([0xff, 0xd9]);
    bytes
}

pub fn now() -> UtcMs {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    UtcMs(i64::try_from(since.as_millis()).unwrap())
}

fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// The same person, of whom the manifest now knows no action: whatever is asked for is not done.
pub fn sitting_still(clip: &Clip) -> (TempDir, Clip) {
    let copy = TempDir::new().unwrap();
    let file = &clip.file;
    std::fs::copy(clip.folder.join(file), copy.path().join(file)).unwrap();
    let entry = camera::clips(&clip.folder)
        .unwrap()
        .into_iter()
        .find(|entry| entry.file == *file)
        .unwrap();
    let frontal = entry
        .events
        .iter()
        .find(|event| event.kind == "frontal")
        .expect("a frontal stretch");
    let manifest = format!(
        "[[clip]]\nfile = {file:?}\nlabel = \"bona_fide\"\nframes = {}\nfps = {:?}\n\
         [[clip.event]]\ntype = \"frontal\"\nfirst = {}\nlast = {}\n",
        entry.frames, entry.fps, frontal.first, frontal.last
    );
    std::fs::write(copy.path().join("manifest.toml"), manifest).unwrap();
    let sitting = Clip {
        folder: copy.path().to_owned(),
        offers: Vec::new(),
        ..clip.clone()
    };
    (copy, sitting)
}
