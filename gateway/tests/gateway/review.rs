//! Examiners: the API over real TLS, and what comes of their decisions.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use document::identification::Verdict;
use gateway::config::{Examiner, Review};
use gateway::review::examiners;
use gateway::server::Gateway;
use gateway::store::Trail;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use sync::wire::CALL_BACKS;
use sync::{ClientConfig, Event};
use verification::Sensitive;
use verification::capture::CapturedSample;
use verification::evidence::{
    DocumentId, Evidence, Outcome, RefusalReason, Route, RouteReason, Source, Still, StillPurpose,
};

use crate::bank::{Bank, Enrolled, IIN, JPEG, Kiosk, anywhere, evidence, now};
use crate::operation::value;

pub const SECRET: &str = "a secret of the test";

/// The picture of the front of a document, which differs from the face.
fn picture(byte: u8) -> Vec<u8> {
    let mut jpeg = JPEG.to_vec();
    let at = jpeg.len() - 3;
    jpeg[at] = byte;
    jpeg
}

fn still(purpose: StillPurpose, byte: u8) -> Still {
    Still {
        purpose,
        sample: CapturedSample {
            frame: 1,
            width_px: 240,
            height_px: 240,
            jpeg: Sensitive::new(picture(byte)),
        },
        quality: None,
        page: None,
    }
}

/// Pictures for an examiner.
pub fn images_evidence(kiosk_id: &str, number: u8) -> Evidence {
    Evidence {
        route: Route::Images,
        route_reason: Some(RouteReason::CannotPerform),
        stills: vec![
            still(StillPurpose::Portrait, b'1'),
            still(StillPurpose::IdentityDocumentFront, b'2'),
            still(StillPurpose::IdentityDocumentBack, b'3'),
        ],
        ..evidence(kiosk_id, number, IIN)
    }
}

/// A person who is to be called.
pub fn call_evidence(kiosk_id: &str, number: u8) -> Evidence {
    Evidence {
        route: Route::CallBack,
        route_reason: Some(RouteReason::Chosen),
        outcome: Outcome::Referred,
        call_back: Some(Sensitive::new("+77012345678".into())),
        stills: Vec::new(),
        ..evidence(kiosk_id, number, IIN)
    }
}

/// A bank with the examiners 07 and 08, whose listener has the certificate of the gateway.
pub fn bank() -> Bank {
    let mut bank = Bank::new();
    let file = |name: &str| bank.folder.path().join(name);
    bank.config.review = Some(Review {
        listen: anywhere(),
        certificate: file("gateway.pem"),
        key: file("gateway.key"),
        lease_ms: 60_000,
        idle_ms: 600_000,
        session_ms: 600_000,
        failures_max: 3,
        locked_ms: 600_000,
        logins_per_minute: 60,
    });
    let code = examiners::hash(&Sensitive::new(SECRET.to_owned())).unwrap();
    bank.config.examiners = ["07", "08"]
        .map(|number| Examiner {
            number: number.into(),
            name: format!("staff-{number}"),
            code: code.clone(),
        })
        .into();
    bank
}

/// What came back.
pub struct Got {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    }
}

/// What the published schema has against a body.
fn faults(part: &str, body: &Value) -> Vec<String> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/review-api.json");
    let mut schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    schema["$ref"] = json!(format!("#/$defs/{part}"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(body)
        .map(|fault| fault.to_string())
        .collect()
}

/// Holds a body against the published schema.
fn holds(part: &str, body: &Value) {
    let faults = faults(part, body);
    assert!(faults.is_empty(), "{part}: {faults:?} {body:#}");
}

/// A program of the institution.
pub struct Client {
    address: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
    cookie: Option<String>,
    token: Option<String>,
}

impl Client {
    pub fn new(bank: &Bank, gateway: &Gateway) -> Self {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;
        let pem = std::fs::read(bank.folder.path().join("ca.pem")).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            address: gateway.review_address().unwrap(),
            tls: Arc::new(tls),
            cookie: None,
            token: None,
        }
    }

    /// As an examiner.
    pub fn logged_in(bank: &Bank, gateway: &Gateway, number: &str) -> Self {
        let mut client = Self::new(bank, gateway);
        let got = client.log_in(number, SECRET);
        assert_eq!(got.status, 200, "{}", got.head);
        client
    }

    pub fn log_in(&mut self, number: &str, secret: &str) -> Got {
        let got = self.post("/v1/login", Some(json!({ "number": number, "secret": secret })));
        holds(if got.status == 200 { "session" } else { "error" }, &got.json());
        if got.status == 200 {
            let cookie = got.header("set-cookie").unwrap();
            let flags = [
                "__Host-alaqan-review=",
                "; Secure",
                "; HttpOnly",
                "; SameSite=Strict",
                "; Path=/",
            ];
            assert!(flags.iter().all(|flag| cookie.contains(flag)), "{cookie}");
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
            self.token = Some(got.json()["token"].as_str().unwrap().to_owned());
        }
        got
    }

    pub fn get(&self, path: &str) -> Got {
        self.ask("GET", path, &[], Vec::new())
    }

    pub fn post(&self, path: &str, body: Option<Value>) -> Got {
        let token = self.token.clone().unwrap_or_default();
        let mut headers = vec![("X-Alaqan-Token", token)];
        headers.extend(
            body.as_ref()
                .map(|_| ("Content-Type", "application/json".to_owned())),
        );
        let body = body.map_or_else(Vec::new, |body| serde_json::to_vec(&body).unwrap());
        self.ask("POST", path, &headers, body)
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Got {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let tls = rustls::ClientConnection::new(Arc::clone(&self.tls), name).unwrap();
        let mut stream = rustls::StreamOwned::new(tls, TcpStream::connect(self.address).unwrap());
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.address,
            body.len()
        );
        let cookie = self.cookie.iter().map(|cookie| ("Cookie", cookie.clone()));
        for (name, value) in headers.iter().cloned().chain(cookie) {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        let mut answer = Vec::new();
        // The end of the connection may come without a farewell of TLS.
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        Got {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: answer[end + 4..].to_vec(),
        }
    }

    /// Asks for a step; gives the status and, of a refusal, its name.
    fn step(&self, id: DocumentId, step: &str, body: Option<Value>) -> (u16, String) {
        let got = self.post(&format!("/v1/reviews/{id}/{step}"), body);
        let error = if got.status == 204 {
            String::new()
        } else {
            got.json()["error"].as_str().unwrap().to_owned()
        };
        (got.status, error)
    }
}

fn done() -> (u16, String) {
    (204, String::new())
}

fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// Delivers a document of the kiosk.
pub fn deliver(kiosk: &mut Kiosk, papers: &crate::bank::Enrolled, evidence: &Evidence) -> DocumentId {
    let document = papers.sign(evidence);
    let id = document.0;
    kiosk.put(document);
    kiosk.delivered(id);
    id
}

/// What the audit log says of examiners.
fn events(bank: &Bank) -> Vec<String> {
    let store = bank.store();
    let records = async {
        store
            .audit_records(gateway::store::Store::log(&store), 0, 999)
            .await
    };
    let records = bank.runtime.block_on(records).unwrap();
    let events = records.into_iter().map(|record| record.event);
    events.filter(|event| event.starts_with("review-")).collect()
}

#[test]
fn pictures_are_looked_at_and_the_kiosk_has_the_signed_answer() {
    let mut bank = bank();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let first = deliver(&mut kiosk, &papers, &images_evidence("kiosk-1", 1));
    let second = deliver(&mut kiosk, &papers, &images_evidence("kiosk-1", 2));

    let examiner = Client::logged_in(&bank, &gateway, "07");
    let listed = examiner.get("/v1/reviews");
    let listed_text = String::from_utf8(listed.body.clone()).unwrap();
    assert!(!listed_text.contains(IIN), "{listed_text}");
    let listed = listed.json();
    holds("list", &listed);
    let mut more = listed.clone();
    more["reviews"][0]["iin"] = json!(IIN);
    assert_eq!(faults("list", &more).len(), 1);
    assert_eq!(listed["reviews"].as_array().unwrap().len(), 2);
    assert_eq!(
        (
            &listed["reviews"][0]["document_id"],
            &listed["reviews"][0]["kind"],
            &listed["reviews"][0]["state"]
        ),
        (&json!(first.to_string()), &json!("images"), &json!("waiting"))
    );

    // Nothing is shown to who has not taken it.
    let facts = format!("/v1/reviews/{first}");
    let front = format!("{facts}/pictures/front");
    assert_eq!(
        (examiner.get(&facts).status, examiner.get(&front).status),
        (409, 409)
    );
    assert_eq!(examiner.step(first, "accept", None), refused(409, "not-held"));
    assert_eq!(examiner.step(first, "take", None), done());
    let shown = examiner.get(&facts).json();
    holds("facts", &shown);
    assert_eq!(
        (&shown["iin"], &shown["route_reason"]),
        (&json!(IIN), &json!("cannot-perform"))
    );
    assert_eq!(shown["pictures"].as_array().unwrap().len(), 3);
    for (name, byte) in [("portrait", b'1'), ("front", b'2'), ("back", b'3')] {
        let got = examiner.get(&format!("{facts}/pictures/{name}"));
        assert_eq!((got.status, got.body), (200, picture(byte)), "{name}");
        assert_eq!(got.head.to_lowercase().matches("no-store").count(), 1);
    }
    assert_eq!(examiner.get(&format!("{facts}/pictures/other")).status, 404);

    assert_eq!(examiner.step(first, "accept", None), done());
    let answer = bank.read_answer(&kiosk.identified(first));
    assert_eq!(
        (
            answer.verdict,
            answer.decided_by,
            answer.examiner.as_deref(),
            answer.reason,
            answer.score
        ),
        (Verdict::Match, Source::Examiner, Some("staff-07"), None, None)
    );
    // Once is all.
    assert_eq!(examiner.step(first, "accept", None), refused(409, "ended"));
    assert_eq!(examiner.get(&front).status, 409);

    assert_eq!(examiner.step(second, "take", None), done());
    let reason = |reason: &str| Some(json!({ "reason": reason }));
    assert_eq!(
        examiner.step(second, "refuse", reason("mood")),
        refused(422, "unknown-reason")
    );
    assert_eq!(
        examiner.step(second, "refuse", reason("face-not-of-document")),
        done()
    );
    let answer = bank.read_answer(&kiosk.identified(second));
    assert_eq!(
        (answer.verdict, answer.reason),
        (Verdict::NonMatch, Some(RefusalReason::FaceNotOfDocument))
    );
    // The centre was never asked, and nothing is paid.
    assert_eq!((simulator.questions(), simulator.comparisons()), (0, 0));
    assert_eq!(
        value(ops, "alaqan_gateway_reviews_total{result=\"accepted\"}"),
        Some(1.0)
    );
    assert_eq!(
        value(ops, "alaqan_gateway_reviews_total{result=\"refused\"}"),
        Some(1.0)
    );
    let expect = [
        format!("review-queued {first} images"),
        format!("review-queued {second} images"),
        "review-login staff-07".into(),
        format!("review-taken {first} staff-07"),
        format!("review-looked {first} staff-07 facts"),
        format!("review-looked {first} staff-07 portrait"),
        format!("review-looked {first} staff-07 front"),
        format!("review-looked {first} staff-07 back"),
        format!("review-accepted {first} staff-07"),
        format!("review-taken {second} staff-07"),
        format!("review-refused {second} staff-07 face-not-of-document"),
    ];
    assert_eq!(events(&bank), expect);
}

#[test]
fn two_examiners_do_not_look_at_one_document() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let id = deliver(&mut kiosk, &papers, &images_evidence("kiosk-1", 1));
    let (first, second) = (
        Client::logged_in(&bank, &gateway, "07"),
        Client::logged_in(&bank, &gateway, "08"),
    );
    assert_eq!(first.step(id, "take", None), done());
    let held = refused(409, "held-by-other");
    assert_eq!(second.step(id, "take", None), held);
    assert_eq!(second.step(id, "accept", None), held);
    assert_eq!(second.step(id, "release", None), held);
    assert_eq!(
        second.get(&format!("/v1/reviews/{id}/pictures/front")).status,
        409
    );
    assert_eq!(first.step(id, "release", None), done());
    assert_eq!(second.step(id, "take", None), done());
    assert_eq!(first.step(id, "accept", None), held);
    assert_eq!(second.step(id, "accept", None), done());
    kiosk.identified(id);
}

#[test]
fn who_was_the_operator_does_not_decide() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let own = Evidence {
        operator: Some("Staff-07".into()),
        ..images_evidence("kiosk-1", 1)
    };
    let id = deliver(&mut kiosk, &papers, &own);
    let operator = Client::logged_in(&bank, &gateway, "07");
    assert_eq!(operator.step(id, "take", None), refused(403, "own-session"));
    let other = Client::logged_in(&bank, &gateway, "08");
    assert_eq!(other.step(id, "take", None), done());
    assert_eq!(other.step(id, "accept", None), done());
}

#[test]
fn without_both_pictures_nothing_is_accepted() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut half = images_evidence("kiosk-1", 1);
    half.stills.truncate(1);
    let id = deliver(&mut kiosk, &papers, &half);
    let examiner = Client::logged_in(&bank, &gateway, "07");
    assert_eq!(examiner.step(id, "take", None), done());
    assert_eq!(
        examiner.step(id, "accept", None),
        refused(409, "nothing-to-compare")
    );
    let reason = json!({ "reason": "picture-unusable" });
    assert_eq!(examiner.step(id, "refuse", Some(reason)), done());
    let answer = bank.read_answer(&kiosk.identified(id));
    assert_eq!(answer.verdict, Verdict::QualityInsufficient);
}

#[test]
fn a_person_is_called_back() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let id = deliver(&mut kiosk, &papers, &call_evidence("kiosk-1", 1));
    let examiner = Client::logged_in(&bank, &gateway, "07");
    let list = || examiner.get("/v1/reviews?kind=call-back").json()["reviews"].clone();
    assert!(!list().to_string().contains("7701"));
    assert_eq!(examiner.step(id, "take", None), done());
    let facts = examiner.get(&format!("/v1/reviews/{id}")).json();
    holds("facts", &facts);
    assert_eq!(facts["call_back"], json!("+77012345678"));
    let call = |reached: bool| examiner.step(id, "called", Some(json!({ "reached": reached })));
    assert_eq!(examiner.step(id, "accept", None), refused(404, "unknown"));
    assert_eq!(call(false), done());
    assert_eq!(
        (&list()[0]["calls_in_vain"], &list()[0]["state"]),
        (&json!(1), &json!("waiting"))
    );
    assert_eq!(call(true), refused(409, "not-held"));
    assert_eq!(examiner.step(id, "take", None), done());
    assert_eq!(call(true), done());
    assert_eq!(list(), json!([]));
    let all = examiner.get("/v1/reviews?all=true").json();
    holds("list", &all);
    assert_eq!(
        (&all["reviews"][0]["state"], &all["reviews"][0]["examiner"]),
        (&json!("called"), &json!("staff-07"))
    );
}

/// The branch sees how many wait, also a kiosk that comes later, and nothing of who they are.
#[test]
fn kiosks_that_take_it_are_told_how_many_wait_for_a_call() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let client = |papers: &Enrolled| ClientConfig {
        capabilities: vec![CALL_BACKS.into()],
        ..papers.client(gateway.address())
    };
    let mut kiosk = Kiosk::start(client(&papers));
    let waits = |kiosk: &mut Kiosk, count: u64| {
        kiosk.wait("the count", |event| match event {
            Event::CallBacks { waiting } if *waiting == count => Some(()),
            _ => None,
        });
    };
    waits(&mut kiosk, 0);
    let id = deliver(&mut kiosk, &papers, &call_evidence("kiosk-1", 1));
    waits(&mut kiosk, 1);
    let other = bank.enrol("kiosk-2");
    let mut later = Kiosk::start(client(&other));
    waits(&mut later, 1);
    let examiner = Client::logged_in(&bank, &gateway, "07");
    assert_eq!(examiner.step(id, "take", None), done());
    assert_eq!(
        examiner.step(id, "called", Some(json!({ "reached": true }))),
        done()
    );
    waits(&mut kiosk, 0);
    waits(&mut later, 0);
}

#[test]
fn nobody_gets_in_or_through_who_must_not() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let id = deliver(&mut kiosk, &papers, &images_evidence("kiosk-1", 1));
    let mut stranger = Client::new(&bank, &gateway);
    for path in [
        "/v1/reviews",
        &format!("/v1/reviews/{id}"),
        &format!("/v1/reviews/{id}/pictures/front"),
    ] {
        assert_eq!(stranger.get(path).status, 401, "{path}");
    }
    assert_eq!(stranger.step(id, "take", None), refused(401, "not-logged-in"));
    stranger.cookie = Some(format!("__Host-alaqan-review={}", "0".repeat(64)));
    assert_eq!(stranger.get("/v1/reviews").status, 401);

    // Without the token, and from another site.
    let mut examiner = Client::logged_in(&bank, &gateway, "07");
    let token = examiner.token.take();
    assert_eq!(examiner.step(id, "take", None), refused(403, "wrong-token"));
    examiner.token = token.clone();
    let take = format!("/v1/reviews/{id}/take");
    let own = ("X-Alaqan-Token", token.unwrap());
    let from = |name: &'static str, value: String| {
        examiner
            .ask("POST", &take, &[own.clone(), (name, value)], Vec::new())
            .status
    };
    assert_eq!(from("Origin", "https://bank.example".into()), 403);
    assert_eq!(from("Sec-Fetch-Site", "cross-site".into()), 403);
    assert_eq!(from("Origin", format!("https://{}", examiner.address)), 204);

    // A form of the page is refused the same way.
    let form = |token: &str| {
        let kind = ("Content-Type", "application/x-www-form-urlencoded".to_owned());
        let body = format!("token={token}&reason=picture-unusable").into_bytes();
        examiner
            .ask("POST", &format!("/documents/{id}/refuse"), &[kind], body)
            .status
    };
    assert_eq!((form(""), form(&"0".repeat(64))), (403, 403));
    assert_eq!(form(&own.1), 303);
    kiosk.identified(id);

    // Another login of the same examiner ends this one, and a logout that one.
    let second = Client::logged_in(&bank, &gateway, "07");
    assert_eq!(examiner.get("/v1/reviews").status, 401);
    assert_eq!(second.get("/v1/reviews").status, 200);
    assert_eq!(second.post("/v1/logout", None).status, 204);
    assert_eq!(second.get("/v1/reviews").status, 401);
}

#[test]
fn wrong_secrets_lock_and_what_is_no_json_is_refused() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let mut client = Client::new(&bank, &gateway);
    for _ in 0..3 {
        assert_eq!(client.log_in("07", "not the secret").status, 403);
    }
    let locked = client.log_in("07", SECRET);
    assert_eq!(
        (locked.status, locked.json()),
        (429, json!({ "error": "locked" }))
    );
    assert_eq!(client.log_in("nobody\n", SECRET).status, 403);
    assert_eq!(client.log_in("08", SECRET).status, 200);
    assert_eq!(
        events(&bank),
        [
            "review-login-refused staff-07",
            "review-login-refused staff-07",
            "review-locked staff-07",
            "review-login-refused nobody",
            "review-login staff-08"
        ]
    );
    let kind = [("Content-Type", "application/json".to_owned())];
    for body in [
        "",
        "{",
        "[]",
        "{\"number\":7}",
        "{\"number\":\"07\",\"secret\":\"x\",\"more\":1}",
    ] {
        let status = client
            .ask("POST", "/v1/login", &kind, body.as_bytes().to_vec())
            .status;
        assert!((400..=422).contains(&status), "{body}: {status}");
    }
    let large = format!("{{\"number\":\"07\",\"secret\":\"{}\"}}", "x".repeat(20_000));
    assert_eq!(
        client.ask("POST", "/v1/login", &kind, large.into_bytes()).status,
        413
    );
    for path in [
        "/v1/reviews?limit=x",
        "/v1/reviews?kind=other",
        "/v1/reviews?more=1",
    ] {
        assert_eq!(client.get(path).status, 400, "{path}");
    }
    assert_eq!(client.get("/v1/reviews/x").status, 404);
    assert_eq!(client.get("/nothing").status, 404);
    let page = client.get("/login");
    let head = page.head.to_lowercase();
    let wanted = [
        "content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "referrer-policy: same-origin",
    ];
    assert!(wanted.iter().all(|line| head.contains(line)), "{head}");
    assert!(!String::from_utf8(page.body).unwrap().contains("<script"));
}

#[test]
fn a_lease_ends_and_old_sessions_too() {
    let mut bank = bank();
    if let Some(review) = &mut bank.config.review {
        review.lease_ms = 1;
    }
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let id = deliver(&mut kiosk, &papers, &images_evidence("kiosk-1", 1));
    let (first, second) = (
        Client::logged_in(&bank, &gateway, "07"),
        Client::logged_in(&bank, &gateway, "08"),
    );
    assert_eq!(first.step(id, "take", None), done());
    let taken_at = now();
    crate::raw::until("the end of the lease", || now().0 > taken_at.0 + 1);
    assert_eq!(first.step(id, "accept", None), refused(409, "not-held"));
    assert_eq!(second.step(id, "take", None), done());
}

#[test]
fn the_institution_is_told_of_a_decision_and_the_list_of_the_operator_names_nobody() {
    let mut bank = bank();
    let drop = tempfile::tempdir().unwrap();
    let institution = format!("drop = {{ folder = {:?} }}", drop.path());
    bank.config.institution = Some(toml::from_str(&institution).unwrap());
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let id = deliver(&mut kiosk, &papers, &images_evidence("kiosk-1", 1));
    let examiner = Client::logged_in(&bank, &gateway, "07");
    assert_eq!(examiner.step(id, "take", None), done());
    assert_eq!(
        examiner.step(id, "refuse", Some(json!({ "reason": "document-altered" }))),
        done()
    );
    let told = || {
        let files = std::fs::read_dir(drop.path()).unwrap();
        let whole = files.map(|entry| entry.unwrap().path());
        let whole = whole.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        let notices =
            whole.map(|path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap());
        notices
            .map(|notice| notice["body"]["answer"].clone())
            .find(|answer| !answer.is_null())
    };
    crate::raw::until("the notice", || told().is_some());
    let answer = told().unwrap();
    assert_eq!(
        (&answer["verdict"], &answer["decided_by"], &answer["reason"]),
        (
            &json!("non-match"),
            &json!("examiner"),
            &json!("document-altered")
        )
    );
}

#[test]
fn the_operator_hashes_secrets_and_sees_the_queue() {
    let mut bank = bank();
    let program = || std::process::Command::new(env!("CARGO_BIN_EXE_alaqan-gateway"));
    let hash = |secret: &str| {
        let mut running = program()
            .args(["examiner", "hash"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(running.stdin.take().unwrap(), "{secret}").unwrap();
        let output = running.wait_with_output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), said)
    };
    let (code, printed) = hash(SECRET);
    assert!(code == Some(0) && printed.starts_with("$argon2id$"), "{printed}");
    assert_eq!(hash("too short").0, Some(1));
    assert_eq!(hash(&"x".repeat(300)).0, Some(1));
    // What was printed lets the examiner in.
    bank.config.examiners[0].code = gateway::config::CodeHash::new(printed.trim().to_owned());
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let id = deliver(&mut kiosk, &papers, &images_evidence("kiosk-1", 1));
    Client::logged_in(&bank, &gateway, "07");
    let config = bank.folder.path().join("gateway.toml");
    let listed = program()
        .args(["examiner", "queue", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let fields: Vec<&str> = listed.trim_end().split('\t').collect();
    assert_eq!(
        (fields[0], fields[1], fields[2]),
        (&*id.to_string(), "images", "kiosk-1")
    );
    assert_eq!((fields[4], fields[5], fields.len()), ("waiting", "-", 6));
}
