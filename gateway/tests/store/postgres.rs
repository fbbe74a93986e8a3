//! What is particular to PostgreSQL.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gateway::idec::tariff::BankDay;
use gateway::store::postgres::PostgresStore;
use gateway::store::{
    Change, Documents, Filter, NewDocument, NewNotice, NewRequest, Notices, Put, RequestChange, RequestSet,
    Requests, Route, Store, StoreError, Trust,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::request::RequestState;
use verification::time::UtcMs;

use crate::bed::{PATIENCE, document, head, id};
use crate::server::{Database, Server, shared};
use crate::suite::notices::notice;
use crate::suite::trail::whole;

const IIN: &[u8] = b"880412401006";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a picture of nobody \xff\xd9";

async fn open(database: &Database, gateway: &str) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(&database.settings(), &Sensitive::new([1; 32]), gateway).await
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

#[test]
fn a_server_that_is_killed_in_mid_load_loses_nothing() {
    let mut server = Server::start(&[]);
    let database = server.database();
    run(async {
        let store: Arc<dyn Store> = Arc::new(open(&database, "a").await.unwrap());
        let mut changes = store.changes();
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let mut kiosks = JoinSet::new();
        for kiosk in 0..8_u8 {
            let (store, acknowledged) = (Arc::clone(&store), Arc::clone(&acknowledged));
            kiosks.spawn(async move {
                let mut failures = 0;
                for number in 1..=40_u8 {
                    let new = NewDocument {
                        id: DocumentId([[kiosk; 8], [number; 8]].concat().try_into().unwrap()),
                        kiosk_id: format!("k{kiosk}"),
                        audit: Some(head(kiosk, u64::from(number), 1)),
                        ..document(0, &[kiosk, number])
                    };
                    loop {
                        match store.put(new.clone(), UtcMs(1)).await {
                            Ok(stored) => {
                                assert!(matches!(stored.put, Put::New | Put::Known), "{stored:?}");
                                break;
                            }
                            // The kiosk is asked to try again later.
                            Err(StoreError::Unavailable { .. }) => failures += 1,
                            Err(error) => panic!("{error:?}"),
                        }
                        tokio::task::yield_now().await;
                    }
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                failures
            });
        }
        while acknowledged.load(Ordering::Relaxed) < 60 {
            tokio::task::yield_now().await;
        }
        tokio::task::block_in_place(|| {
            server.kill();
            server.restart();
        });
        let failures: u32 = kiosks.join_all().await.into_iter().sum();
        assert!(failures > 0, "the server was killed when all was done");
        assert_eq!(store.list(&Filter::default(), 1000).await.unwrap().len(), 8 * 40);
        let stored = whole(&store).await;
        let stored = stored
            .iter()
            .filter(|record| record.event.starts_with("document-stored"));
        assert_eq!(stored.count(), 8 * 40);
        // Whoever follows the changes looks everything up: once at first, and once after the crash.
        for _ in 0..2 {
            let missed = tokio::time::timeout(PATIENCE, changes.recv()).await.unwrap();
            assert_eq!(missed.unwrap(), Change::Missed);
        }
    });
}

#[test]
fn neither_dump_nor_files_show_a_person() {
    let server = Server::start(&[]);
    let database = server.database();
    let name = "\u{410}\u{439}\u{433}\u{435}\u{440}\u{456}\u{43c}".as_bytes();
    let signed = [IIN, name, JPEG].concat();
    run(async {
        let store = open(&database, "a").await.unwrap();
        let new = NewDocument {
            kiosk_id: "kiosk-in-the-clear".into(),
            sha256: Sha256::digest(&signed).into(),
            signed: Sensitive::new(signed.clone()),
            request: Some(NewRequest::of(id(1), "access", UtcMs(1), UtcMs(2), "")),
            notices: vec![NewNotice {
                body: Sensitive::new(signed.clone()),
                ..notice(1, Route::Webhook)
            }],
            ..document(1, b"")
        };
        store.put(new, UtcMs(1)).await.unwrap();
        store.answered(id(1), &signed, UtcMs(2)).await.unwrap();
        let kept = store.document(id(1)).await.unwrap().unwrap();
        assert_eq!(kept.signed.expose(), &signed);
        let secret = || Sensitive::new(std::str::from_utf8(&[IIN, name].concat()).unwrap().to_owned());
        let change = RequestChange {
            document_id: id(1),
            seen_version: 1,
            state: RequestState::Refused { reason: secret() },
            note: Some(secret()),
            notices: Vec::new(),
        };
        assert_eq!(
            store.set_request(change, UtcMs(3)).await.unwrap(),
            RequestSet::Changed
        );
        let history = store.request_history(id(1)).await.unwrap();
        assert_eq!(history[1].note, Some(secret()));
        let claimed = store.claim_notices(Route::Webhook, 1, 1, UtcMs(3)).await.unwrap();
        assert_eq!(claimed.notices[0].body.expose(), &signed);
    });
    server.ask("postgres", "CHECKPOINT");
    let mut places = vec![server.dump(&database)];
    files(server.folder(), &mut places);
    let hex = |secret: &[u8]| {
        secret
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let shows = |secret: &[u8]| {
        let digits = hex(secret);
        let inside = |place: &Vec<u8>, bytes: &[u8]| place.windows(bytes.len()).any(|window| window == bytes);
        places
            .iter()
            .any(|place| inside(place, secret) || inside(place, digits.as_bytes()))
    };
    for secret in [IIN, &JPEG[..12], &JPEG[4..], name] {
        assert!(!shows(secret), "{}", hex(secret));
    }
    // It would be found.
    assert!(shows(b"kiosk-in-the-clear"));
    assert!(shows(&id(1).0));
}

fn files(folder: &Path, into: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.is_file() {
            // Files of the server come and go.
            into.extend(fs::read(path));
        }
    }
}

#[test]
fn a_server_that_does_not_flush_is_refused() {
    let server = Server::start(&["fsync=off"]);
    let database = server.database();
    run(async {
        match open(&database, "a").await {
            Err(StoreError::Unsafe { setting, .. }) => assert_eq!(setting, "fsync"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_lax_default_of_the_server_is_raised_and_a_stricter_one_kept() {
    for (setting, expect) in [
        ("off", "on"),
        ("local", "on"),
        ("remote_write", "on"),
        ("on", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        let database = shared().database();
        let name = database.name();
        let default = format!("ALTER DATABASE {name} SET synchronous_commit = {setting}");
        shared().ask("postgres", &default);
        // Noted by the transactions of the store itself.
        run(async { drop(open(&database, "a").await.unwrap()) });
        let note = "CREATE TABLE noted (setting text);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN INSERT INTO noted VALUES (current_setting(''synchronous_commit'')); RETURN NULL; END';
            CREATE TRIGGER note AFTER INSERT ON document EXECUTE FUNCTION note()";
        shared().ask(name, note);
        run(async {
            let store = open(&database, "a").await.unwrap();
            store.put(document(1, b"x"), UtcMs(1)).await.unwrap();
        });
        assert_eq!(shared().ask(name, "SELECT * FROM noted"), expect, "{setting}");
    }
}

#[test]
fn a_server_that_does_not_flush_any_more_is_noticed() {
    let server = Server::start(&[]);
    let database = server.database();
    run(async {
        let store = open(&database, "a").await.unwrap();
        server.ask("postgres", "ALTER SYSTEM SET fsync = off");
        server.ask("postgres", "SELECT pg_reload_conf()");
        tokio::time::timeout(PATIENCE, store.ended()).await.unwrap();
    });
}

/// A way to the socket of a server that can go silent: it stays open and passes nothing on.
async fn silent_way(server: &Server) -> (u16, tokio::sync::watch::Sender<bool>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (silence, silent) = tokio::sync::watch::channel(false);
    let socket = server.folder().join(".s.PGSQL.5432");
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let (socket, mut silent) = (socket.clone(), silent.clone());
            tokio::spawn(async move {
                let mut far = tokio::net::UnixStream::connect(socket).await.unwrap();
                let silenced = async {
                    let _ = silent.wait_for(|silent| *silent).await;
                };
                tokio::select! {
                    biased;
                    () = silenced => {
                        // Never spoken on again, whatever happens to others.
                        std::future::pending::<()>().await;
                    }
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                }
            });
        }
    });
    (port, silence)
}

#[test]
fn a_line_that_goes_silent_is_noticed_and_left() {
    let server = shared();
    let database = server.database();
    run(async {
        let (port, silence) = silent_way(server).await;
        let near = database.at("127.0.0.1", port);
        let store = Arc::new(open(&near, "a").await.unwrap());
        store.put(document(1, b"x"), UtcMs(1)).await.unwrap();
        let mut changes = store.changes();
        silence.send(true).unwrap();
        let limit = std::time::Duration::from_secs(60);
        let deaf = async {
            let write = store.put(document(2, b"x"), UtcMs(2));
            let read = store.document(id(1));
            let greeting = store.add_kiosk("k", UtcMs(2));
            let (write, read, greeting) = tokio::join!(write, read, greeting);
            for error in [write.err(), read.err(), greeting.err()] {
                assert!(matches!(error, Some(StoreError::Unavailable { .. })), "{error:?}");
            }
        };
        tokio::time::timeout(limit, deaf).await.unwrap();
        silence.send(false).unwrap();
        // At once, and not after each connection of the pool has been waited for.
        store.put(document(2, b"x"), UtcMs(3)).await.unwrap();
        let heard = async { while changes.recv().await.unwrap() != Change::Missed {} };
        tokio::time::timeout(limit, heard).await.unwrap();
    });
}

#[test]
fn gateways_that_start_at_once_make_the_tables_once() {
    let database = Arc::new(shared().database());
    run(async {
        let mut starts = JoinSet::new();
        for number in 0..6 {
            let database = Arc::clone(&database);
            starts.spawn(async move { open(&database, &format!("g{number}")).await.map(drop) });
        }
        for started in starts.join_all().await {
            started.unwrap();
        }
    });
    assert_eq!(
        shared().ask(database.name(), "SELECT count(*) FROM alaqan_schema"),
        "1"
    );
}

#[test]
fn tables_of_the_first_version_learn_to_count() {
    let database = shared().database();
    run(async {
        let store = open(&database, "a").await.unwrap();
        store.put(document(1, b"x"), UtcMs(5)).await.unwrap();
        drop(store);
        shared().ask(
            database.name(),
            "DROP TABLE comparison, notice, subject_request, subject_request_version, review;
             DROP FUNCTION alaqan_kept; DROP FUNCTION alaqan_decided;
             UPDATE alaqan_schema SET version = 1",
        );
        let store = open(&database, "a").await.unwrap();
        assert!(store.compared(id(1), b"answer", UtcMs(6)).await.unwrap());
        let days = store.comparisons(BankDay::FIRST).await.unwrap();
        assert_eq!(days, [(BankDay(0), 1)]);
        assert_eq!(
            shared().ask(database.name(), "SELECT version FROM alaqan_schema"),
            "4"
        );
    });
}

#[test]
fn what_a_newer_program_made_is_left_alone() {
    let database = shared().database();
    run(async {
        open(&database, "a").await.unwrap();
        shared().ask(database.name(), "UPDATE alaqan_schema SET version = 99");
        assert!(matches!(
            open(&database, "a").await,
            Err(StoreError::Version { version: 99, .. })
        ));
    });
}

#[test]
fn tables_of_the_second_version_get_what_was_added() {
    let database = shared().database();
    run(async {
        let store = open(&database, "a").await.unwrap();
        store.put(document(1, b"x"), UtcMs(5)).await.unwrap();
        drop(store);
        shared().ask(
            database.name(),
            "DROP TABLE notice, subject_request, subject_request_version, review;
             DROP FUNCTION alaqan_kept; DROP FUNCTION alaqan_decided;
             UPDATE alaqan_schema SET version = 2",
        );
        let store = open(&database, "a").await.unwrap();
        assert!(store.document(id(1)).await.unwrap().is_some());
        let new = NewDocument {
            notices: vec![notice(1, Route::Drop)],
            ..document(2, b"x")
        };
        store.put(new, UtcMs(6)).await.unwrap();
        assert_eq!(store.notice_standing().await.unwrap().waiting, 1);
    });
    assert_eq!(
        shared().ask(database.name(), "SELECT version FROM alaqan_schema"),
        "4"
    );
}

#[test]
fn no_hand_takes_a_request_out_of_the_register() {
    let database = shared().database();
    run(async {
        let store = open(&database, "a").await.unwrap();
        let new = NewDocument {
            request: Some(NewRequest::of(id(1), "access", UtcMs(1), UtcMs(2), "")),
            ..document(1, b"x")
        };
        store.put(new, UtcMs(5)).await.unwrap();
    });
    for change in [
        "DELETE FROM subject_request_version",
        "UPDATE subject_request_version SET state = ''answered''",
        "DELETE FROM subject_request",
    ] {
        let refused = format!(
            "CREATE OR REPLACE FUNCTION pg_temp.refused() RETURNS text LANGUAGE plpgsql AS
                'BEGIN {change}; RETURN ''changed''; EXCEPTION WHEN raise_exception THEN RETURN SQLERRM; END'"
        );
        let said = shared().ask(database.name(), &format!("{refused}; SELECT pg_temp.refused()"));
        assert!(said.contains("kept"), "{said}");
    }
}

#[test]
fn a_server_that_is_away_is_named() {
    let mut server = Server::start(&[]);
    let database = server.database();
    server.kill();
    run(async {
        let error = open(&database, "a").await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(error.to_string().contains(database.name()), "{error}");
    });
    server.restart();
}

#[test]
fn the_server_proves_itself_by_its_certificate() {
    let issuer = || {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), Issuer::new(params, key))
    };
    let (authority_pem, authority) = issuer();
    let (stranger_pem, _) = issuer();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap().pem();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let listen = format!("port={port}");
    let server = Server::start_with(
        &[
            "ssl=on",
            "ssl_cert_file=../server.pem",
            "ssl_key_file=../server.key",
            "listen_addresses=localhost",
            &listen,
        ],
        port,
        |folder| {
            fs::write(folder.join("server.pem"), &certificate).unwrap();
            fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
            use std::os::unix::fs::PermissionsExt;
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(folder.join("server.key"), private).unwrap();
        },
    );
    run(async {
        let database = server
            .database()
            .over_tls("localhost", authority_pem.into_bytes());
        let store = open(&database, "a").await.unwrap();
        let encrypted =
            "SELECT count(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE application_name = 'alaqan-gateway'";
        assert_eq!(server.ask("postgres", encrypted), "t");
        drop(store);
        let database = server.database().over_tls("localhost", stranger_pem.into_bytes());
        assert!(open(&database, "a").await.is_err());
    });
}
