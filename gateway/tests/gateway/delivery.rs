//! Documents on their way from a kiosk to the gateway, over real TLS and WebSocket.

use std::sync::Arc;
use std::time::Duration;

use crate::bank::{Bank, IIN, Kiosk, PATIENCE, evidence};
use document::identification::Verdict;
use futures_util::{SinkExt, StreamExt};
use gateway::store::AnswerState;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sync::wire::{ByeReason, GatewayFrame, KioskFrame, SUBPROTOCOL, VERSION};
use sync::{LinkDownReason, RefusalCode};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use verification::audit::{AuditHead, LogId};
use verification::evidence::{DocumentId, Modality, Outcome};

#[test]
fn a_document_is_delivered_kept_and_answered() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let (id, signed) = papers.document(1, IIN);
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    kiosk.put((id, signed.clone()));

    kiosk.delivered(id);
    let answer = bank.read_answer(&kiosk.identified(id));
    assert_eq!(
        (answer.document_id, answer.verdict, answer.score),
        (id, Verdict::Match, Some(0.987))
    );
    assert_eq!(answer.threshold, Some(0.95));
    assert_eq!(answer.modality, Modality::Face);
    assert_eq!(answer.centre_request_id, id.to_string());
    assert_eq!(simulator.comparisons(), 1);
    assert_eq!(bank.document(id).unwrap().signed.expose(), &signed);
}

#[test]
fn outcomes_without_a_question_are_kept_and_not_asked_about() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut withdrawn = evidence("kiosk-1", 1, IIN);
    withdrawn.outcome = Outcome::Withdrawn;
    let mut bare = evidence("kiosk-1", 2, IIN);
    bare.stills.clear();
    bare.outcome = Outcome::TimedOut;
    for evidence in [withdrawn, bare, evidence("kiosk-1", 3, IIN)] {
        let (id, signed) = papers.sign(&evidence);
        kiosk.put((id, signed));
        kiosk.delivered(id);
    }
    kiosk.identified(DocumentId([3; 16]));
    let listed = bank.list();
    assert_eq!(
        (&listed[0].answer, &listed[1].answer),
        (&AnswerState::NotAsked, &AnswerState::NotAsked)
    );
    assert_eq!(listed[0].outcome, "withdrawn");
    assert_eq!(simulator.comparisons(), 1);
}

#[test]
fn the_same_document_twice_is_harmless_and_another_one_is_refused() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let (id, signed) = papers.document(1, IIN);
    kiosk.put((id, signed.clone()));
    kiosk.delivered(id);
    kiosk.identified(id);
    kiosk.put((id, signed));
    kiosk.delivered(id);

    let mut other = evidence("kiosk-1", 1, IIN);
    other.language = verification::evidence::Language::En;
    kiosk.put(papers.sign(&other));
    assert_eq!(kiosk.refused(id), RefusalCode::IdConflict);
    assert_eq!(bank.list().len(), 1);
    assert_eq!(simulator.comparisons(), 1);
}

#[test]
fn what_is_refused_has_a_reason_and_blocks_nothing() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let other = bank.enrol("kiosk-2");
    let stranger = Bank::new().enrol_and_keep("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));

    let mut check = |(id, signed): (DocumentId, Vec<u8>), expect| {
        kiosk.put((id, signed));
        assert_eq!(kiosk.refused(id), expect);
    };
    let (id, signed) = papers.document(1, IIN);
    let picture = signed.windows(4).position(|window| window == b"pict").unwrap();
    let mut tampered = signed.clone();
    tampered[picture] ^= 1;
    check((id, tampered), RefusalCode::Signature);
    check((id, signed[..signed.len() - 1].to_vec()), RefusalCode::Malformed);
    check((id, b"garbage".to_vec()), RefusalCode::Malformed);
    check((id, Vec::new()), RefusalCode::Malformed);
    check((DocumentId([9; 16]), signed.clone()), RefusalCode::IdConflict);
    check(other.document(2, IIN), RefusalCode::WrongKiosk);
    check(papers.sign(&evidence("kiosk-2", 3, IIN)), RefusalCode::WrongKiosk);
    check(stranger.1.document(4, IIN), RefusalCode::Certificate);
    check(
        (id, vec![0; sync::wire::DOCUMENT_MAX_BYTES + 1]),
        RefusalCode::TooLarge,
    );
    check(
        (id, vec![0; sync::wire::DOCUMENT_MAX_BYTES]),
        RefusalCode::Malformed,
    );

    kiosk.put((id, signed));
    kiosk.delivered(id);
    assert_eq!(bank.list().len(), 1);
}

#[test]
fn neither_side_talks_to_a_stranger() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let (_folder, stranger) = Bank::new().enrol_and_keep("kiosk-1");

    // A kiosk of another authority that trusts the right gateway.
    let mut config = stranger.client(gateway.address());
    config.authority_pem = papers.read("ca.pem");
    let reason = Kiosk::start(config).down();
    assert!(matches!(reason, LinkDownReason::KioskRefused(_)), "{reason:?}");

    // The right kiosk in front of a gateway of another authority.
    let mut config = papers.client(gateway.address());
    config.authority_pem = stranger.read("ca.pem");
    let reason = Kiosk::start(config).down();
    assert!(
        matches!(reason, LinkDownReason::GatewayUntrusted(_)),
        "{reason:?}"
    );

    // The right kiosk under a name that is not in its certificate.
    let mut config = papers.client(gateway.address());
    config.kiosk_id = "kiosk-2".into();
    assert_eq!(
        Kiosk::start(config).down(),
        LinkDownReason::Bye(ByeReason::KioskMismatch)
    );

    // A kiosk that takes another kiosk for a gateway would be a way in; its certificate is not for servers.
    let (mut thief, mut listener) = (bank.config.clone(), papers.client(gateway.address()));
    thief.tls.certificate = papers.folder.join("kiosk.pem");
    thief.tls.key = papers.folder.join("kiosk.key");
    thief.listen = crate::bank::anywhere();
    thief.store.file = bank.folder.path().join("thief.db");
    let thief = bank
        .runtime
        .block_on(gateway::server::Gateway::start(&thief))
        .unwrap();
    listener.url = format!("wss://{}", thief.address());
    let reason = Kiosk::start(listener).down();
    assert!(
        matches!(reason, LinkDownReason::GatewayUntrusted(_)),
        "{reason:?}"
    );
}

#[test]
fn garbage_is_answered_with_a_farewell() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let roots = {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(&papers.read("ca.pem")).unwrap())
            .unwrap();
        roots
    };
    let chain = vec![CertificateDer::from_pem_slice(&papers.read("kiosk.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&papers.read("kiosk.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(tls));

    let hello_of = |protocol| {
        let hello = KioskFrame::Hello {
            protocol,
            kiosk_id: "kiosk-1".into(),
            software: "test".into(),
            awaiting: Vec::new(),
            software_sha256: [0; 32],
            capabilities: Vec::new(),
            audit: AuditHead::empty(LogId([1; 16])),
            at: crate::bank::now(),
            pending: 0,
        };
        Message::Binary(hello.encode().into())
    };
    let hello = || hello_of(VERSION);
    let check = |messages: Vec<Message>, expect: ByeReason| {
        let farewell = async {
            let tcp = TcpStream::connect(gateway.address()).await.unwrap();
            let tls = connector
                .connect(ServerName::try_from("127.0.0.1").unwrap(), tcp)
                .await
                .unwrap();
            let mut request = "wss://127.0.0.1/".into_client_request().unwrap();
            let protocol = SUBPROTOCOL.parse().unwrap();
            request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
            let (mut socket, _) = tokio_tungstenite::client_async(request, tls).await.unwrap();
            for message in messages {
                socket.send(message).await.unwrap();
            }
            let mut last = None;
            loop {
                match socket.next().await.unwrap().unwrap() {
                    Message::Binary(bytes) => last = Some(GatewayFrame::decode(&bytes).unwrap()),
                    Message::Close(_) => return last,
                    _ => {}
                }
            }
        };
        let last = bank
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, farewell).await });
        assert_eq!(last.unwrap(), Some(GatewayFrame::Bye { reason: expect }));
    };
    let garbage = || Message::Binary(vec![1, 2, 3].into());
    let newer = || {
        let mut bytes = KioskFrame::ResultSeen {
            id: DocumentId([1; 16]),
        }
        .encode();
        bytes[1] = VERSION + 1;
        Message::Binary(bytes.into())
    };
    check(vec![garbage()], ByeReason::Malformed);
    check(vec![newer()], ByeReason::Version);
    check(vec![hello_of(VERSION + 1)], ByeReason::Version);
    check(vec![hello(), garbage()], ByeReason::Malformed);
    check(vec![hello(), hello()], ByeReason::Malformed);
    check(vec![hello(), Message::text("hello")], ByeReason::Malformed);
    check(
        vec![Message::Binary(
            KioskFrame::ResultSeen {
                id: DocumentId([1; 16]),
            }
            .encode()
            .into(),
        )],
        ByeReason::Malformed,
    );
}

#[test]
fn a_killed_gateway_has_every_document_exactly_once() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let mut gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    kiosk.up();
    let ids: Vec<_> = (1..=8).map(|number| DocumentId([number; 16])).collect();
    for number in 1..=8 {
        kiosk.put(papers.document(number, IIN));
        // The document is taken up, and somewhere on its way the gateway dies.
        kiosk.wait("the question for a document", |event| {
            matches!(event, sync::Event::WantNext).then_some(())
        });
        for _ in 0..u32::from(number) * 200 {
            std::thread::yield_now();
        }
        bank.kill(gateway);
        gateway = bank.gateway();
    }
    let mut unanswered = ids.clone();
    kiosk.wait("all answers", |event| {
        if let sync::Event::Identified { id, .. } = event {
            unanswered.retain(|unanswered| unanswered != id);
        }
        unanswered.is_empty().then_some(())
    });
    let kept: Vec<_> = bank.list().into_iter().map(|listed| listed.id).collect();
    assert_eq!(kept, ids);
    assert_eq!(simulator.comparisons(), 8);
    // The last receipt may have been lost with a line, in which case it is still to come.
    while !ids.iter().all(|id| kiosk.delivered.contains(id)) {
        kiosk.wait("a receipt", |event| {
            matches!(event, sync::Event::Delivered { .. }).then_some(())
        });
    }
}

#[test]
fn a_gateway_that_stops_says_so_and_is_found_again() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    kiosk.up();
    bank.runtime.block_on(gateway.stop());
    assert_eq!(kiosk.down(), LinkDownReason::Bye(ByeReason::ShuttingDown));
    // A first attempt may still have met the listening socket in its last moment.
    while !matches!(kiosk.down(), LinkDownReason::Unreachable(_)) {}
    let (id, signed) = papers.document(1, IIN);
    kiosk.put((id, signed));
    let _gateway = bank.gateway();
    kiosk.delivered(id);
}

#[test]
fn a_kiosk_that_comes_twice_replaces_itself() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let mut papers = bank.enrol("kiosk-1");
    papers.settings.backoff_max = Duration::from_secs(600);
    let mut first = Kiosk::start(papers.client(gateway.address()));
    first.up();
    let mut second = Kiosk::start(papers.client(gateway.address()));
    second.up();
    assert_eq!(first.down(), LinkDownReason::Bye(ByeReason::Replaced));
}

#[test]
fn a_quiet_line_is_kept() {
    let mut bank = Bank::new();
    let gateway = bank.gateway();
    let mut papers = bank.enrol("kiosk-1");
    papers.settings.ping_after = Duration::from_millis(50);
    papers.settings.silence_limit = Duration::from_millis(500);
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    kiosk.up();
    // The only way to see that nothing happens is to watch for longer than the limit.
    kiosk.nothing_happens_for(Duration::from_millis(1500));
    let (id, signed) = papers.document(1, IIN);
    kiosk.put((id, signed));
    kiosk.delivered(id);
}
