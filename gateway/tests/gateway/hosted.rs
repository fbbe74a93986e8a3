//! Pages of the centre, from the document to the answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use document::identification::Verdict;
use gateway::config::ScriptedPage;
use gateway::idec::tariff::BankDay;
use gateway::store::Documents;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use sync::wire::{HOSTED_PAGE, Link};
use sync::{ClientConfig, Event};
use verification::evidence::DocumentId;

use crate::bank::{Bank, Enrolled, IIN, Kiosk, hosted_evidence};
use crate::identification::failed_at_least_once;
use crate::operation::value;
use crate::raw::until;

fn client(papers: &Enrolled, gateway: &gateway::server::Gateway) -> ClientConfig {
    ClientConfig {
        capabilities: vec!["face".into(), HOSTED_PAGE.into()],
        ..papers.client(gateway.address())
    }
}

fn put(kiosk: &mut Kiosk, papers: &Enrolled, number: u8) -> DocumentId {
    let (id, signed) = papers.sign(&hosted_evidence(&papers.name, number, IIN));
    kiosk.put((id, signed));
    id
}

/// The link that the kiosk is shown.
fn link(kiosk: &mut Kiosk, id: DocumentId) -> Link {
    kiosk.wait("a page", |event| match event {
        Event::HostedPage { id: got, url, .. } if *got == id => Some(url.clone()),
        Event::Identified { .. } => panic!("answered before the page"),
        _ => None,
    })
}

/// What a browser gets that asks for a page, or presses a button on it: status and text.
fn browse(bank: &Bank, method: &str, url: &str) -> (u16, String) {
    let authority = std::fs::read(bank.folder.path().join("ca.pem")).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(&authority).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (host, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let (name, _) = host.rsplit_once(':').unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let tls = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(tls, TcpStream::connect(host).unwrap());
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    // The end of the connection may come without a farewell of TLS.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

fn counted(bank: &Bank) -> u64 {
    let days = async { bank.store().comparisons(BankDay::FIRST).await };
    let days = bank.runtime.block_on(days).unwrap();
    days.into_iter().map(|(_, count)| count).sum()
}

#[test]
fn a_person_is_identified_on_a_page_of_the_centre() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(client(&papers, &gateway));
    let mut number = 0;
    let mut check = |button: &str, verdict, score| {
        number += 1;
        let id = put(&mut kiosk, &papers, number);
        let url = link(&mut kiosk, id).0;
        let (status, page) = browse(&bank, "GET", &url);
        assert!(
            status == 200 && page.contains("SIMULATOR") && !page.contains(IIN),
            "{page}"
        );
        let (status, _) = browse(&bank, "POST", &format!("{url}/{button}"));
        assert_eq!(status, 303);
        let answer = bank.read_answer(&kiosk.identified(id));
        assert_eq!((answer.verdict, answer.score), (verdict, score));
        assert!(browse(&bank, "GET", &url).1.contains("This page is done"));
        // Once is all.
        browse(&bank, "POST", &format!("{url}/match"));
    };
    check("match", Verdict::Match, Some(0.987));
    check("no-match", Verdict::NonMatch, Some(0.312));
    check("cancel", Verdict::NotCompleted, None);
    assert_eq!((simulator.comparisons(), counted(&bank)), (2, 2));
    assert_eq!(simulator.questions(), 0);
    let nowhere = format!("https://{}/hosted/00", simulator.address());
    assert_eq!(browse(&bank, "GET", &nowhere).0, 404);
    assert_eq!(browse(&bank, "POST", &format!("{nowhere}/match")).0, 404);
}

#[test]
fn scripted_pages_end_by_themselves_and_all_others_in_their_time() {
    let mut bank = Bank::new();
    bank.config.idec.hosted.window_ms = 400;
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(client(&papers, &gateway));
    let mut number = 0;
    let mut check = |script: Option<ScriptedPage>, verdict| {
        number += 1;
        if let Some(script) = script {
            simulator.set_hosted_script(IIN, script);
        }
        let id = put(&mut kiosk, &papers, number);
        let answer = bank.read_answer(&kiosk.identified(id));
        assert_eq!(answer.verdict, verdict);
        // It was never a failure, however often it was looked at.
        assert_eq!(bank.document(id).unwrap().attempts, 0);
    };
    // Nobody presses a button.
    check(None, Verdict::NotCompleted);
    check(Some(ScriptedPage::Match), Verdict::Match);
    check(Some(ScriptedPage::NoMatch), Verdict::NonMatch);
    check(Some(ScriptedPage::Cancel), Verdict::NotCompleted);
    check(Some(ScriptedPage::Expire), Verdict::NotCompleted);
    let events = |event: &str| value(ops, &format!("alaqan_gateway_pages_total{{event=\"{event}\"}}"));
    assert_eq!(
        [
            events("opened"),
            events("answered"),
            events("not-completed"),
            events("expired")
        ],
        [Some(5.0), Some(2.0), Some(2.0), Some(1.0)]
    );
}

#[test]
fn a_kiosk_that_names_no_such_capability_is_shown_no_page() {
    let mut bank = Bank::new();
    bank.sim_config.hosted_after_ms = 300;
    let simulator = bank.simulator();
    simulator.set_hosted_script(IIN, ScriptedPage::Match);
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let id = put(&mut kiosk, &papers, 1);
    kiosk.wait("an answer", |event| match event {
        Event::HostedPage { .. } => panic!("a page"),
        Event::Identified { id: got, .. } => (*got == id).then_some(()),
        _ => None,
    });
}

#[test]
fn a_page_outlives_the_line_and_the_gateway() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(client(&papers, &gateway));
    let id = put(&mut kiosk, &papers, 1);
    let first = link(&mut kiosk, id);
    drop(kiosk);
    let mut kiosk = Kiosk::start(client(&papers, &gateway));
    assert_eq!(link(&mut kiosk, id), first);
    bank.kill(gateway);
    let _gateway = bank.gateway();
    assert_eq!(link(&mut kiosk, id), first);
    // Where the centre has forgotten it, there is another one.
    simulator.forget_sessions();
    let next = kiosk.wait("another page", |event| match event {
        Event::HostedPage { url, .. } if *url != first => Some(url.clone()),
        _ => None,
    });
    browse(&bank, "POST", &format!("{}/match", next.0));
    assert_eq!(bank.read_answer(&kiosk.identified(id)).verdict, Verdict::Match);
    assert_eq!((simulator.comparisons(), counted(&bank)), (1, 1));
}

#[test]
fn a_page_waits_for_a_centre_that_is_away() {
    let mut bank = Bank::new();
    drop(bank.simulator());
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(client(&papers, &gateway));
    let id = put(&mut kiosk, &papers, 1);
    kiosk.delivered(id);
    failed_at_least_once(&bank, id);
    let simulator = bank.simulator();
    let url = link(&mut kiosk, id).0;
    browse(&bank, "POST", &format!("{url}/match"));
    assert_eq!(bank.read_answer(&kiosk.identified(id)).verdict, Verdict::Match);
    until("the count", || simulator.comparisons() == 1);
}

/// One gateway asks the centre, the other one has the kiosk.
#[cfg(unix)]
#[test]
fn a_page_is_shown_by_the_gateway_that_has_the_kiosk() {
    use gateway::config::{GatewayConfig, Instance, Postgres, StoreKind, read_store_key};
    use gateway::server::Gateway;
    use gateway::store::Trust;
    use gateway::store::postgres::PostgresStore;

    let database = crate::server::shared().database();
    let settings = database.settings();
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    bank.config.store.kind = StoreKind::Postgres;
    bank.config.store.postgres = Some(Postgres {
        host: settings.host.clone(),
        port: settings.port,
        database: settings.database.clone(),
        user: settings.user.clone(),
        password_file: None,
        authority: None,
        connections: 4,
    });
    let config = |name: &str, parallel: u16| GatewayConfig {
        gateway: Instance { name: name.into() },
        idec: gateway::config::Idec {
            parallel,
            ..bank.config.idec.clone()
        },
        ..bank.config.clone()
    };
    let papers = bank.enrol("kiosk-1");
    let key = read_store_key(&bank.config.store.key).unwrap();
    let certificate = sync::chain_from_pem(&papers.read("kiosk.pem")).unwrap();
    let certificate = gateway::enrolment::issued(&certificate[0]).unwrap();
    let store = bank.runtime.block_on(async {
        let store = PostgresStore::open(&settings, &key, "tool").await.unwrap();
        store.add_kiosk("kiosk-1", crate::bank::now()).await.unwrap();
        let added = store.add_certificate(&certificate, crate::bank::now()).await;
        assert!(added.unwrap());
        store
    });
    // Without a place for a question it never asks.
    let start = |config: &GatewayConfig| bank.runtime.block_on(Gateway::start(config)).unwrap();
    let has_kiosk = start(&config("has-kiosk", 0));
    let mut kiosk = Kiosk::start(client(&papers, &has_kiosk));
    let id = put(&mut kiosk, &papers, 1);
    kiosk.delivered(id);
    let _asks = start(&config("asks", 4));
    let url = link(&mut kiosk, id).0;
    browse(&bank, "POST", &format!("{url}/match"));
    let answer = bank.read_answer(&kiosk.identified(id));
    assert_eq!(answer.verdict, Verdict::Match);
    assert_eq!(simulator.comparisons(), 1);
    let days = bank.runtime.block_on(store.comparisons(BankDay::FIRST)).unwrap();
    assert_eq!(days.into_iter().map(|(_, count)| count).collect::<Vec<_>>(), [1]);
    bank.runtime.block_on(async { drop(store) });
}
