//! The kiosk's client in front of things that are no gateway: each has its own reason, and none brings it down.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use crate::bank::{Bank, Enrolled, Kiosk};
use futures_util::SinkExt;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sync::LinkDownReason;
use sync::wire::{GatewayFrame, Payload, SUBPROTOCOL, VERSION};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::{self, Message};
use verification::evidence::DocumentId;

/// A TCP server that says `bytes` to everyone.
fn says(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let mut tcp = tcp.unwrap();
            let _ = tcp.write_all(bytes);
            let _ = tcp.shutdown(std::net::Shutdown::Write);
            let _ = tcp.read_to_end(&mut Vec::new());
        }
    });
    address
}

/// A server with the gateway's own certificate that does something else.
fn behaves<F>(bank: &Bank, serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let file = |name: &str| std::fs::read(bank.folder.path().join(name)).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(&file("gateway.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&file("gateway.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = bank
        .runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    bank.runtime.spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            if let Ok(tls) = acceptor.accept(tcp).await {
                serve(tls).await;
            }
        }
    });
    address
}

/// A WebSocket in which the right protocol is promised.
async fn accept(tls: TlsStream<TcpStream>) -> tungstenite::Result<WebSocketStream<TlsStream<TcpStream>>> {
    #[allow(clippy::result_large_err, reason = "the library's own type")]
    fn promise(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let headers = response.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse().unwrap());
        Ok(response)
    }
    tokio_tungstenite::accept_hdr_async(tls, promise).await
}

fn welcome() -> GatewayFrame {
    GatewayFrame::Welcome {
        protocol: VERSION,
        gateway: "g".into(),
        window_documents: 1,
        window_bytes: 0,
        at: crate::bank::now(),
        export_recipient: None,
    }
}

fn reason(papers: &Enrolled, address: SocketAddr) -> LinkDownReason {
    Kiosk::start(papers.client(address)).down()
}

#[test]
fn nobody_and_noise() {
    let bank = Bank::new();
    let mut papers = bank.enrol("kiosk-1");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = reason(&papers, free);
    assert!(matches!(found, LinkDownReason::Unreachable(_)), "{found:?}");
    let found = reason(&papers, says(b"220 mail.example ESMTP\r\n"));
    assert!(matches!(found, LinkDownReason::NotAGateway(_)), "{found:?}");
    assert_eq!(reason(&papers, says(b"")), LinkDownReason::Closed);

    // Accepts by the backlog alone, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    papers.settings.connect_limit = Duration::from_millis(200);
    assert_eq!(
        reason(&papers, silent.local_addr().unwrap()),
        LinkDownReason::TimedOut
    );
}

#[test]
fn a_web_server_is_no_gateway() {
    let bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let address = behaves(&bank, |mut tls| async move {
        let _ = tls.read(&mut [0; 4096]).await;
        let _ = tls
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            .await;
        let _ = tls.shutdown().await;
    });
    let found = reason(&papers, address);
    assert!(matches!(found, LinkDownReason::NotAGateway(_)), "{found:?}");
}

#[test]
fn a_gateway_that_talks_nonsense_is_left() {
    let bank = Bank::new();
    let mut papers = bank.enrol("kiosk-1");
    let check = |papers: &Enrolled, messages: Vec<Message>| {
        let address = behaves(&bank, move |tls| {
            let messages = messages.clone();
            async move {
                let Ok(mut socket) = accept(tls).await else {
                    return;
                };
                for message in messages {
                    let _ = socket.send(message).await;
                }
                // Kept open: it is the client that leaves.
                while let Some(Ok(_)) = futures_util::StreamExt::next(&mut socket).await {}
            }
        });
        reason(papers, address)
    };
    let frame = |frame: GatewayFrame| Message::Binary(frame.encode().into());
    let receipt = || {
        frame(GatewayFrame::Receipt {
            id: DocumentId([1; 16]),
            receipt: Payload(Vec::new()),
        })
    };
    for messages in [
        vec![Message::Binary(vec![0xff; 100].into())],
        vec![Message::text("hello")],
        vec![receipt()],
        vec![frame(welcome()), frame(welcome())],
        vec![frame(welcome()), receipt()],
        vec![
            frame(welcome()),
            Message::Binary(vec![0; sync::wire::FRAME_MAX_BYTES + 1].into()),
        ],
    ] {
        let found = check(&papers, messages);
        assert!(matches!(found, LinkDownReason::Nonsense(_)), "{found:?}");
    }
    papers.settings.connect_limit = Duration::from_millis(200);
    assert_eq!(check(&papers, Vec::new()), LinkDownReason::TimedOut);
}

#[test]
fn a_gateway_that_falls_silent_is_left() {
    let bank = Bank::new();
    let mut papers = bank.enrol("kiosk-1");
    papers.settings.ping_after = Duration::from_millis(100);
    papers.settings.silence_limit = Duration::from_millis(300);
    let address = behaves(&bank, |tls| async move {
        let Ok(mut socket) = accept(tls).await else {
            return;
        };
        let _ = socket.send(Message::Binary(welcome().encode().into())).await;
        // Never reads, so it never answers a ping.
        std::future::pending::<()>().await;
    });
    let mut kiosk = Kiosk::start(papers.client(address));
    kiosk.up();
    assert_eq!(kiosk.down(), LinkDownReason::TimedOut);
}
