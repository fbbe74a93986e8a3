//! The shell around [`machine`](crate::machine): one thread that owns the socket.

mod key;
mod target;
mod tls;

use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{self, Message};
use verification::audit::AuditHead;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::machine::{Effect, Event, Greeting, Input, LinkDownReason, Settings, Standing, Sync};
use crate::wire::GatewayFrame;

pub use key::{ClientKey, PemKey};
pub use target::chain_from_pem;
pub(crate) use target::{Socket, Target, certificates, socket_reason};
pub(crate) use tls::{Gatekeeper, bare};

/// How long a polite farewell may take when the thread is asked to stop.
const FAREWELL_LIMIT: Duration = Duration::from_millis(500);

/// What the client needs to know.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Address of the gateway: `wss://host[:port][/path]`. The host must be named in the gateway's certificate.
    pub url: String,
    /// The authority whose gateway is trusted, and no other, as PEM: the authorities of the system do not count.
    pub authority_pem: Vec<u8>,
    /// Where this is not empty, only a gateway whose public key (SubjectPublicKeyInfo) has one of these SHA-256 is
    /// trusted, beside that its certificate is of the authority.
    pub pins: Vec<[u8; 32]>,
    /// The kiosk's certificate and, if there are any, the intermediate ones, in DER; see [`chain_from_pem`].
    pub chain: Vec<Vec<u8>>,
    /// The key of the kiosk's certificate.
    pub key: Arc<dyn ClientKey>,
    /// The name in the kiosk's certificate.
    pub kiosk_id: String,
    /// Version of the kiosk's software.
    pub software: String,
    /// SHA-256 of the program that runs; zeros where it is not known.
    pub software_sha256: [u8; 32],
    /// What the kiosk has and can do, as names.
    pub capabilities: Vec<String>,
    /// Where the owner's store stands at the start; see [`Handle::set_standing`].
    pub standing: Standing,
    /// Times and bounds.
    pub settings: Settings,
}

/// Why a client cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The address is not of the form `wss://host[:port][/path]`.
    #[error("the gateway address {0:?} is not of the form wss://host[:port][/path]")]
    Url(String),
    /// The authority's certificate cannot be read.
    #[error("the certificate of the authority cannot be read: {0}")]
    Authority(String),
    /// The kiosk's certificate cannot be read.
    #[error("the certificate of the kiosk cannot be read: {0}")]
    Certificate(String),
    /// The kiosk's key cannot be read. Nothing of it is said.
    #[error("the private key of the kiosk cannot be read")]
    Key,
    /// Certificate and key do not belong together.
    #[error("the certificate of the kiosk is not for its key")]
    OtherKey,
    /// Certificate or authority cannot be used for TLS 1.3.
    #[error("TLS cannot be prepared")]
    Tls(#[source] rustls::Error),
    /// The system gave no thread or no event queue.
    #[error("the delivery thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// The running client. Dropping it ends the connection and waits for the thread.
#[derive(Debug)]
pub struct Handle {
    controls: mpsc::UnboundedSender<Control>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// Says that a document was put.
    pub fn wake(&self) {
        self.send(Control::Input(Input::Wake));
    }

    /// Answers [`Event::WantNext`] with the next document, or `None` if there is none to be sent now.
    pub fn offer(&self, document: Option<(DocumentId, Vec<u8>)>) {
        self.send(Control::Input(Input::Loaded(document)));
    }

    /// Says which delivered documents still wait for their answer. The gateway is asked for these answers at the
    /// next connection.
    pub fn set_awaiting(&self, ids: Vec<DocumentId>) {
        self.send(Control::Input(Input::Awaiting(ids)));
    }

    /// Says that the answer about this document is stored, so that the gateway need not send it again.
    pub fn seen(&self, id: DocumentId) {
        self.send(Control::Input(Input::Seen(id)));
    }

    /// Says where the store stands, for the next greeting. To be said before a document is offered that shows this
    /// head of the audit log, since the gateway takes an older head for a store that was set back.
    pub fn set_standing(&self, audit: AuditHead, pending: u64) {
        self.send(Control::Input(Input::Standing(Standing { audit, pending })));
    }

    /// Asks for a new certificate: PKCS#10 in DER. Answered by [`Event::Certificates`], or by an end of the line
    /// with [`ByeReason::RenewalRefused`](crate::wire::ByeReason::RenewalRefused). Repeated on every connection
    /// until then.
    pub fn renew(&self, csr: Vec<u8>) {
        self.send(Control::Input(Input::Renew(csr)));
    }

    fn send(&self, control: Control) {
        // The thread ends early only by a panic, which is logged when the handle is dropped.
        let _ = self.controls.send(control);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.send(Control::Stop);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the delivery thread ended by a panic");
        }
    }
}

enum Control {
    Input(Input),
    Stop,
}

/// Starts delivery on a thread of its own. `events` is called on that thread, must not block for long, and must
/// not drop the handle.
///
/// # Errors
/// When the configuration cannot be used. A gateway that cannot be reached is no error: it is reported as
/// [`Event::LinkDown`] and tried again.
pub fn spawn(config: ClientConfig, events: impl Fn(Event) + Send + 'static) -> Result<Handle, ConfigError> {
    let target = Target::new(&config.url, tls::with_certificate(&config)?)?;
    let machine = Sync::new(
        config.settings.clone(),
        Greeting {
            kiosk_id: config.kiosk_id.clone(),
            software: config.software.clone(),
            software_sha256: config.software_sha256,
            capabilities: config.capabilities.clone(),
        },
        config.standing,
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ConfigError::Thread)?;
    let (controls, inbox) = mpsc::unbounded_channel();
    let thread = std::thread::Builder::new()
        .name("sync".into())
        .spawn(move || {
            runtime.block_on(run(target, machine, inbox, events));
            // A name that is still being resolved must not hold up the end.
            runtime.shutdown_background();
        })
        .map_err(ConfigError::Thread)?;
    Ok(Handle {
        controls,
        thread: Some(thread),
    })
}

type Dial = Pin<Box<dyn Future<Output = Result<Socket, LinkDownReason>>>>;

/// The line, as far as it is made.
enum Line {
    Down,
    Dialling(Dial),
    Up {
        reader: SplitStream<Socket>,
        writer: Writer,
    },
}

/// The writing half has a task of its own, for a slow line must not keep the machine from reading or from giving
/// up. What waits in it is bounded by the window of the machine.
struct Writer {
    messages: mpsc::UnboundedSender<Message>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(
    target: Target,
    mut machine: Sync,
    mut inbox: mpsc::UnboundedReceiver<Control>,
    events: impl Fn(Event),
) {
    let origin = Instant::now();
    let mut line = Line::Down;
    let mut input = Input::Tick;
    loop {
        for effect in machine.step(origin.elapsed(), random(), input) {
            match effect {
                Effect::Connect => line = Line::Dialling(Box::pin(target.clone().dial())),
                Effect::Close => close(std::mem::replace(&mut line, Line::Down)),
                Effect::Send(frame) => write(&line, Message::Binary(frame.encode().into())),
                Effect::Ping => write(&line, Message::Ping(tungstenite::Bytes::new())),
                Effect::Load => events(Event::WantNext),
                Effect::Report(event) => events(event),
            }
        }
        let deadline = machine.deadline();
        input = tokio::select! {
            control = inbox.recv() => match control {
                Some(Control::Input(input)) => input,
                Some(Control::Stop) | None => break,
            },
            input = heard(&mut line) => input,
            () = due(origin, deadline) => Input::Tick,
        };
    }
    if let Line::Up { writer, .. } = &mut line {
        let (silent, _) = mpsc::unbounded_channel();
        let messages = std::mem::replace(&mut writer.messages, silent);
        let _ = messages.send(Message::Close(None));
        drop(messages);
        // The farewell is a courtesy. What the gateway misses of it, it learns from the closed connection.
        let _ = tokio::time::timeout(FAREWELL_LIMIT, &mut writer.task).await;
    }
}

/// The next thing that the line has to say. Can be dropped and called again without losing anything.
async fn heard(line: &mut Line) -> Input {
    match line {
        Line::Down => std::future::pending().await,
        Line::Dialling(dial) => match dial.await {
            Ok(socket) => {
                let (mut sink, reader) = socket.split();
                let (messages, mut queue) = mpsc::unbounded_channel();
                let task = tokio::spawn(async move {
                    while let Some(message) = queue.recv().await {
                        // A line that cannot be written is noticed by the reading half, or by its silence.
                        if let Err(error) = sink.send(message).await {
                            tracing::debug!(%error, "the line cannot be written");
                            break;
                        }
                    }
                });
                *line = Line::Up {
                    reader,
                    writer: Writer { messages, task },
                };
                Input::Connected { at: utc_now() }
            }
            Err(reason) => {
                *line = Line::Down;
                Input::ConnectFailed(reason)
            }
        },
        Line::Up { reader, .. } => {
            let input = match reader.next().await {
                Some(Ok(Message::Binary(bytes))) => return Input::Frame(GatewayFrame::decode(&bytes)),
                Some(Ok(Message::Text(_))) => {
                    let text = crate::wire::WireError::Malformed("text instead of bytes".into());
                    return Input::Frame(Err(text));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Input::Alive,
                Some(Ok(Message::Close(_))) | None => Input::Closed(LinkDownReason::Closed),
                Some(Err(error)) => Input::Closed(socket_reason(error)),
            };
            *line = Line::Down;
            input
        }
    }
}

fn write(line: &Line, message: Message) {
    if let Line::Up { writer, .. } = line {
        // A writer that has ended has logged why, and the reading half reports the closed line.
        let _ = writer.messages.send(message);
    }
}

fn close(line: Line) {
    if let Line::Up { reader, mut writer } = line {
        let _ = writer.messages.send(Message::Close(None));
        let (silent, _) = mpsc::unbounded_channel();
        writer.messages = silent;
        tokio::spawn(async move {
            let _ = tokio::time::timeout(FAREWELL_LIMIT, &mut writer.task).await;
            drop(reader);
        });
    }
}

fn utc_now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

async fn due(origin: Instant, deadline: Option<Duration>) {
    match deadline.and_then(|deadline| origin.checked_add(deadline)) {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// A number that is random enough to spread attempts: the standard library seeds every one of these hashers anew.
fn random() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}
