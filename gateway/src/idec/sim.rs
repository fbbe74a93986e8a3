//! A simulator of the centre: a program of its own that answers by a script.
//!
//! It looks at no face and no palm. It checks the form of a request, remembers what it answered, and counts comparisons, so
//! that a gateway which asks twice is found out. Its answers stand in `docs/idec.md`.

mod hosted;
mod question;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use verification::Sensitive;

use self::hosted::Session;
use self::question::{Question, Subject};
use crate::config::{self, ConfigError, Script, Scripted, ScriptedPage, SimConfig};
use crate::tls::{self, TlsError};

/// The largest request: 8 MiB of picture in base64, and what stands around it.
const REQUEST_MAX_BYTES: usize = 12 * 1024 * 1024;

/// How many answers are remembered.
const REMEMBERED_MAX: usize = 100_000;

/// How long a client may take for the TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Why the simulator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A file that the configuration names cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Certificate and key cannot be used.
    #[error("the certificate of the simulator cannot be used")]
    Tls(#[source] TlsError),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A running simulator. Dropping it ends it.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    centre: Arc<Centre>,
    task: tokio::task::JoinHandle<()>,
}

impl Simulator {
    /// Starts a simulator on the current tokio runtime.
    ///
    /// # Errors
    /// When its files cannot be read or its address is taken.
    pub async fn start(config: SimConfig) -> Result<Self, SimError> {
        let certificate = config::read(&config.certificate)?;
        let key = Sensitive::new(config::read(&config.key)?);
        let tls = tls::server_config(&certificate, &key, tls::Clients::Anybody).map_err(SimError::Tls)?;
        let listen = |source| SimError::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let base = config
            .hosted_base_url
            .clone()
            .unwrap_or_else(|| format!("https://{address}"));
        let centre = Arc::new(Centre {
            memory: Mutex::new(Memory {
                enrolment_faults: config.enrolment_faults,
                ..Memory::default()
            }),
            config,
            base,
        });
        let router = Router::new()
            .route("/v1/comparisons", post(compare))
            .route("/v1/enrolments", post(enrol))
            .route("/v1/hosted-sessions", post(hosted::open))
            .route("/v1/hosted-sessions/{session_id}", get(hosted::look))
            .route("/hosted/{session_id}", get(hosted::page))
            .route("/hosted/{session_id}/{choice}", post(hosted::choose))
            .layer(DefaultBodyLimit::max(REQUEST_MAX_BYTES))
            .with_state(Arc::clone(&centre));
        let task = tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(tls)), router));
        Ok(Self {
            address,
            centre,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what happens for this IIN from now on; a sequence begins at its beginning.
    pub fn set_script(&self, iin: &str, script: impl Into<Script>) {
        let mut memory = self.centre.lock();
        memory.overrides.insert(iin.to_owned(), script.into());
        memory.steps.remove(iin);
    }

    /// Changes how the pages of this IIN finish that are opened from now on.
    pub fn set_hosted_script(&self, iin: &str, script: ScriptedPage) {
        self.centre.lock().hosted_overrides.insert(iin.to_owned(), script);
    }

    /// Answers so many enrolments by 503.
    pub fn fail_enrolments(&self, count: u32) {
        self.centre.lock().enrolment_faults = count;
    }

    /// Forgets all sessions on pages.
    pub fn forget_sessions(&self) {
        let mut memory = self.centre.lock();
        memory.sessions.clear();
        memory.session_of.clear();
    }

    /// How many pictures were added to the NBAS.
    pub fn enrolments(&self) -> usize {
        self.centre.lock().enrolled.len()
    }

    /// How many questions about comparisons have come, whatever they were answered.
    pub fn questions(&self) -> u64 {
        self.centre.lock().questions
    }

    /// How many comparisons it has made, and would charge for.
    pub fn comparisons(&self) -> u64 {
        self.centre.lock().comparisons
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Centre {
    config: SimConfig,
    /// Where pages are.
    base: String,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    overrides: HashMap<String, Script>,
    hosted_overrides: HashMap<String, ScriptedPage>,
    /// How many steps of its script each IIN has taken.
    steps: HashMap<String, usize>,
    answers: HashMap<String, Value>,
    comparisons: u64,
    questions: u64,
    enrolled: HashSet<String>,
    enrolment_faults: u32,
    sessions: HashMap<String, Session>,
    /// The session of each request.
    session_of: HashMap<String, String>,
}

impl Memory {
    /// Remembers an answer for which the centre is to be paid. It gets a name.
    fn answered(&mut self, request_id: &str, mut answer: Value) -> Value {
        self.comparisons += 1;
        answer["answer_id"] = json!(format!("sim-{}", self.comparisons));
        if self.answers.len() < REMEMBERED_MAX {
            self.answers.insert(request_id.to_owned(), answer.clone());
        }
        answer
    }
}

impl Centre {
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    connections.spawn(answer(tcp, acceptor.clone(), router.clone()));
                }
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn answer(tcp: TcpStream, acceptor: TlsAcceptor, router: Router) {
    match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(tcp)).await {
        Ok(Ok(tls)) => {
            let service = TowerToHyperService::new(router);
            if let Err(error) = http1::Builder::new()
                .serve_connection(TokioIo::new(tls), service)
                .await
            {
                tracing::debug!(%error, "a connection ended");
            }
        }
        Ok(Err(error)) => tracing::warn!(%error, "a client could not connect"),
        Err(_) => tracing::warn!("a client did not finish its handshake"),
    }
}

async fn compare(State(centre): State<Arc<Centre>>, body: axum::body::Bytes) -> Response {
    let Ok(question) = serde_json::from_slice::<Question>(&body) else {
        return reject("not the agreed JSON");
    };
    let subject = match question.check() {
        Ok(subject) => subject,
        Err(why) => return reject(why),
    };
    let config = &centre.config;
    tokio::time::sleep(Duration::from_millis(config.latency_ms)).await;

    let scripted = {
        let mut memory = centre.lock();
        memory.questions += 1;
        if let Some(answer) = memory.answers.get(&question.request_id) {
            tracing::info!(request = question.request_id, "answered as before");
            return axum::Json(answer.clone()).into_response();
        }
        let step = memory.steps.entry(question.iin.clone()).or_default();
        let number = *step;
        *step += 1;
        let overridden = memory.overrides.get(&question.iin);
        let script = overridden.or_else(|| config.script.get(&question.iin));
        script.map_or(Scripted::Match, |script| script.at(number))
    };
    tracing::info!(request = question.request_id, answer = ?scripted, "asked");
    // It is told what a scanner found about a palm; of that there is no score.
    let scored = |score| {
        let score = config.scores.get(&question.iin).copied().unwrap_or(score);
        (subject == Subject::Face).then_some(score)
    };
    let answer = match scripted {
        Scripted::Match | Scripted::Timeout => answer_json("match", scored(config.score), true),
        Scripted::NoMatch => answer_json("no_match", scored(0.312), true),
        Scripted::PersonNotFound => answer_json("person_not_found", None, false),
        Scripted::NoReference => answer_json("no_reference", None, false),
        Scripted::DocumentTypeNotAccepted => answer_json("document_type_not_accepted", None, false),
        Scripted::StateServiceError => {
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                axum::Json(json!({ "error": "state service" })),
            )
                .into_response();
        }
        Scripted::Overload => {
            let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(config.retry_after_s));
            return response;
        }
        Scripted::Malformed => return "<html>not what was agreed</html>".into_response(),
    };
    // The comparison is made and remembered even if the client does not wait for the answer.
    let answer = centre.lock().answered(&question.request_id, answer);
    if scripted == Scripted::Timeout {
        tokio::time::sleep(Duration::from_millis(config.timeout_ms)).await;
    }
    axum::Json(answer).into_response()
}

/// Adds the picture of an earlier match to the NBAS, once.
async fn enrol(State(centre): State<Arc<Centre>>, axum::Json(wish): axum::Json<Wish>) -> Response {
    let mut memory = centre.lock();
    if memory.enrolment_faults > 0 {
        memory.enrolment_faults -= 1;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let answer = memory.answers.get(&wish.request_id);
    if answer.is_none_or(|answer| answer["verdict"] != "match") {
        return reject("no match under this id");
    }
    tracing::info!(request = wish.request_id, "added to the NBAS");
    memory.enrolled.insert(wish.request_id);
    axum::Json(json!({ "enrolled": true })).into_response()
}

#[derive(serde::Deserialize)]
struct Wish {
    request_id: String,
}

fn answer_json(verdict: &str, score: Option<f32>, reference: bool) -> Value {
    json!({
        "verdict": verdict,
        // By way of its decimal digits, for 0.987 as a double of a single is 0.9869999885559082.
        "score": score.and_then(|score| score.to_string().parse::<f64>().ok()),
        "reference_source": "simulator: state database of documents",
        "reference_date": reference.then_some("2021-06-15"),
    })
}

fn reject(why: &str) -> Response {
    tracing::warn!(why, "a request was rejected");
    (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": why }))).into_response()
}
