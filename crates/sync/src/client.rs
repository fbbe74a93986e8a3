//! The shell around [`machine`](crate::machine): one thread that owns the socket.

use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use verification::Sensitive;
use verification::evidence::DocumentId;

use crate::machine::{Effect, Event, Greeting, Input, LinkDownReason, Settings, Sync};
use crate::wire::{FRAME_MAX_BYTES, GatewayFrame};

/// How long a polite farewell may take when the thread is asked to stop.
const FAREWELL_LIMIT: Duration = Duration::from_millis(500);

/// What the client needs to know.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Address of the gateway: `wss://host[:port][/path]`. The host must be named in the gateway's certificate.
    pub url: String,
    /// The authority whose gateway is trusted, and no other, as PEM.
    pub ca_pem: Vec<u8>,
    /// The kiosk's certificate and, if there are any, the intermediate ones, as PEM.
    pub certificate_pem: Vec<u8>,
    /// The kiosk's private key as PEM.
    pub key_pem: Sensitive<Vec<u8>>,
    /// The name in the kiosk's certificate.
    pub kiosk_id: String,
    /// Version of the kiosk's software.
    pub software: String,
    /// Times.
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
    /// Certificate and key do not belong together, or cannot be used for TLS 1.3.
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

#[derive(Debug)]
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
    let target = Target::new(&config)?;
    let machine = Sync::new(
        config.settings.clone(),
        Greeting {
            kiosk_id: config.kiosk_id.clone(),
            software: config.software.clone(),
        },
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

type Socket = WebSocketStream<TlsStream<TcpStream>>;
type Dial = Pin<Box<dyn Future<Output = Result<Socket, LinkDownReason>>>>;

/// Where to connect, and how.
#[derive(Clone)]
struct Target {
    url: String,
    host: String,
    port: u16,
    server_name: ServerName<'static>,
    tls: TlsConnector,
}

impl Target {
    fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        let url = || ConfigError::Url(config.url.clone());
        let uri: Uri = config.url.parse().map_err(|_| url())?;
        if uri.scheme_str() != Some("wss") {
            return Err(url());
        }
        let host = uri.host().ok_or_else(url)?.trim_matches(['[', ']']).to_owned();
        let server_name = ServerName::try_from(host.clone()).map_err(|_| url())?;

        let mut roots = rustls::RootCertStore::empty();
        for certificate in certificates(&config.ca_pem).map_err(ConfigError::Authority)? {
            roots
                .add(certificate)
                .map_err(|error| ConfigError::Authority(error.to_string()))?;
        }
        let chain = certificates(&config.certificate_pem).map_err(ConfigError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(config.key_pem.expose()).map_err(|_| ConfigError::Key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(ConfigError::Tls)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(ConfigError::Tls)?;
        Ok(Self {
            url: config.url.clone(),
            host,
            port: uri.port_u16().unwrap_or(443),
            server_name,
            tls: TlsConnector::from(Arc::new(tls)),
        })
    }

    async fn dial(self) -> Result<Socket, LinkDownReason> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| LinkDownReason::Unreachable(error.to_string()))?;
        // Frames are written whole; waiting for more to send would only delay them.
        let _ = tcp.set_nodelay(true);
        let tls = self
            .tls
            .connect(self.server_name, tcp)
            .await
            .map_err(|error| tls_reason(&error))?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(FRAME_MAX_BYTES))
            .max_frame_size(Some(FRAME_MAX_BYTES));
        let (socket, _) = client_async_with_config(self.url, tls, Some(limits))
            .await
            .map_err(handshake_reason)?;
        Ok(socket)
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    if all.is_empty() {
        Err("no certificate in it".into())
    } else {
        Ok(all)
    }
}

/// What a failure of the transport means. The TLS library hands its errors out inside those of the transport.
fn tls_reason(error: &std::io::Error) -> LinkDownReason {
    use rustls::{AlertDescription as Alert, Error};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(fault)) => LinkDownReason::GatewayUntrusted(format!("{fault:?}")),
        Some(Error::AlertReceived(
            alert @ (Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::CertificateRequired
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate
            | Alert::DecryptError
            | Alert::AccessDenied),
        )) => LinkDownReason::KioskRefused(format!("{alert:?}")),
        Some(fault) => LinkDownReason::NotAGateway(fault.to_string()),
        None => match error.kind() {
            std::io::ErrorKind::UnexpectedEof
            | std::io::ErrorKind::ConnectionReset
            | std::io::ErrorKind::ConnectionAborted
            | std::io::ErrorKind::BrokenPipe => LinkDownReason::Closed,
            _ => LinkDownReason::Unreachable(error.to_string()),
        },
    }
}

/// What a failure before the first frame means.
fn handshake_reason(error: tungstenite::Error) -> LinkDownReason {
    match error {
        tungstenite::Error::Io(error) => tls_reason(&error),
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => LinkDownReason::Closed,
        tungstenite::Error::Protocol(tungstenite::error::ProtocolError::HandshakeIncomplete) => {
            LinkDownReason::Closed
        }
        error => LinkDownReason::NotAGateway(error.to_string()),
    }
}

/// What a failure between frames means.
fn socket_reason(error: tungstenite::Error) -> LinkDownReason {
    match error {
        tungstenite::Error::Io(error) => tls_reason(&error),
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            LinkDownReason::Closed
        }
        error => LinkDownReason::Nonsense(error.to_string()),
    }
}

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
/// up. At most one document waits in it, since the machine sends no second one before the first is answered.
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
                Input::Connected
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
