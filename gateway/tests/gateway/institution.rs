//! What the institution's own systems are told, by HTTPS and by files, whatever fails on the way.

use std::path::PathBuf;

use gateway::config::{FileDrop, Identity, Institution, Webhook};
use gateway::store::{
    Documents, NewDocument, NewRequest, NoticeFilter, NoticeState, Notices, Requests, Route,
};
use serde_json::Value;
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::{DocumentId, Evidence, Outcome};
use verification::service::RequestRecord;
use verification::time::UtcMs;

use crate::bank::{Bank, IIN, Kiosk, anywhere, evidence};
use crate::operation::value;
use crate::raw::until;
use crate::receiver::{Fault, Receiver};
use crate::verbs::ends;

const KEYS: [(&str, [u8; 32]); 2] = [("k1", [1; 32]), ("k2", [2; 32])];

fn institution() -> Institution {
    Institution::default()
}

/// A bank whose gateway posts to a receiver.
fn bank_and_receiver() -> (Bank, Receiver) {
    let mut bank = Bank::new();
    let receiver = Receiver::start(&bank, bank.folder.path(), anywhere(), &KEYS[..1]);
    set_webhook(&mut bank, &receiver);
    (bank, receiver)
}

fn set_webhook(bank: &mut Bank, receiver: &Receiver) {
    let key_file = bank.folder.path().join("webhook.keys");
    let line = |(name, key): &(&str, [u8; 32])| {
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{name} {digits}\n")
    };
    std::fs::write(&key_file, KEYS.iter().map(line).collect::<String>()).unwrap();
    bank.config.institution.get_or_insert_with(institution).webhook = Some(Webhook {
        url: format!("https://{}/alaqan", receiver.address),
        authority: bank.folder.path().join("ca.pem"),
        key_file,
        deadline_ms: 10_000,
        retry_min_ms: 20,
        retry_max_ms: 100,
        parallel: 4,
    });
}

fn webhook(bank: &mut Bank) -> &mut Webhook {
    let institution = bank.config.institution.as_mut().unwrap();
    institution.webhook.as_mut().unwrap()
}

fn states(bank: &Bank) -> Vec<NoticeState> {
    let store = bank.store();
    let listed = bank
        .runtime
        .block_on(store.notices(&NoticeFilter::default(), 99))
        .unwrap();
    listed.into_iter().map(|notice| notice.state).collect()
}

/// Waits until a notice was tried in vain; gives why.
fn failed(bank: &Bank) -> String {
    let mut why = None;
    until("a failure", || {
        why = states(bank).into_iter().find_map(|state| match state {
            NoticeState::Waiting { fault, .. } => fault,
            NoticeState::Rejected { fault } => Some(fault),
            NoticeState::Delivered { .. } => None,
        });
        why.is_some()
    });
    why.unwrap()
}

fn all_delivered(bank: &Bank, count: usize) {
    until("the notes of delivery", || {
        let states = states(bank);
        states.len() == count
            && states
                .iter()
                .all(|state| matches!(state, NoticeState::Delivered { .. }))
    });
}

/// A document that asks nothing of the centre: one notice.
fn withdrawn(number: u8) -> Evidence {
    Evidence {
        outcome: Outcome::Withdrawn,
        ..evidence("kiosk-1", number, IIN)
    }
}

/// Sends a document and waits for its receipt.
fn send(kiosk: &mut Kiosk, document: (DocumentId, Vec<u8>)) {
    let id = document.0;
    kiosk.put(document);
    kiosk.delivered(id);
}

#[test]
fn results_answers_and_suspicions_come_signed_and_name_nobody() {
    let (mut bank, receiver) = bank_and_receiver();
    let _simulator = bank.simulator();
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let (id, signed) = papers.document(1, IIN);
    kiosk.put((id, signed));
    kiosk.identified(id);
    let taken = receiver.wait(2);
    let json: Vec<Value> = taken.iter().map(|got| got.json()).collect();
    let answered = json
        .iter()
        .find(|notice| notice["body"]["answer"].is_object())
        .unwrap();
    assert_eq!(answered["body"]["answer"]["verdict"], "match");
    for (got, notice) in taken.iter().zip(&json) {
        assert_eq!((&*got.path, &got.keys[..]), ("/alaqan", &["k1".to_owned()][..]));
        assert_eq!(notice["kind"], "result");
        assert_eq!(notice["institution_bin"], "050140000000");
        assert_eq!(notice["body"]["document_id"], *id.to_string());
        assert_eq!(notice["body"]["outcome"], "awaiting-identification");
        assert!(!notice.to_string().contains(IIN));
    }
    let attack = Evidence {
        outcome: Outcome::AttackSuspected,
        ..evidence("kiosk-1", 2, IIN)
    };
    let attack = papers.sign(&attack);
    send(&mut kiosk, attack.clone());
    let taken = receiver.wait(4);
    let suspicion = taken
        .iter()
        .map(|got| got.json())
        .find(|notice| notice["kind"] == "suspicion");
    let suspicion = suspicion.unwrap();
    assert_eq!(suspicion["body"]["code"], "attack-suspected");
    assert!(!suspicion.to_string().contains(IIN));
    all_delivered(&bank, 4);
    // What comes again is not told again.
    send(&mut kiosk, attack);
    send(&mut kiosk, papers.sign(&withdrawn(3)));
    receiver.wait(5);
    assert_eq!(
        value(
            ops,
            "alaqan_gateway_notices_total{route=\"webhook\",result=\"delivered\"}"
        ),
        Some(5.0)
    );
}

#[test]
fn a_person_is_named_where_it_is_configured() {
    let (mut bank, receiver) = bank_and_receiver();
    bank.config.institution.as_mut().unwrap().identity = Identity::Iin;
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    send(&mut kiosk, papers.sign(&withdrawn(1)));
    assert_eq!(receiver.wait(1)[0].json()["body"]["subject"]["value"], IIN);
    bank.kill(gateway);

    let institution = bank.config.institution.as_mut().unwrap();
    institution.identity = Identity::Hash;
    let file = bank.folder.path().join("identity.key");
    std::fs::write(&file, "0b".repeat(32)).unwrap();
    institution.identity_key_file = Some(file);
    let _gateway = bank.gateway();
    send(&mut kiosk, papers.sign(&withdrawn(2)));
    let subject = receiver.wait(2)[1].json()["body"]["subject"].clone();
    assert_eq!(
        subject["value"],
        "3702040abd334727c4b6ad340ce0a7e0b78c878008053d09b60a5ecdcf6831a6"
    );
}

#[test]
fn a_receiver_in_trouble_only_delays() {
    let (mut bank, receiver) = bank_and_receiver();
    webhook(&mut bank).deadline_ms = 400;
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let faults = [
        (Fault::Status(500), "status 500"),
        (Fault::Status(503), "status 503"),
        (Fault::RetryAfter(429, "0"), "status 429"),
        (Fault::RetryAfter(408, "not a time"), "status 408"),
        (Fault::Redirect, "a redirect, which is not followed"),
        (Fault::Hang, "does not answer in time"),
    ];
    let mut count = 0;
    for (fault, why) in faults {
        count += 1;
        let tries = receiver.got().len();
        receiver.set(fault);
        send(&mut kiosk, papers.sign(&withdrawn(count)));
        receiver.wait_for_tries(tries + 2);
        let said = failed(&bank);
        assert!(said.contains(why) && !said.contains("secret"), "{said}");
        receiver.set(Fault::None);
        receiver.wait(usize::from(count));
        all_delivered(&bank, usize::from(count));
    }
    assert!(receiver.got().iter().all(|got| got.path == "/alaqan"));
    // An answer without an end is one.
    receiver.set(Fault::Endless);
    send(&mut kiosk, papers.sign(&withdrawn(count + 1)));
    all_delivered(&bank, usize::from(count) + 1);
}

#[test]
fn a_receiver_that_asks_for_a_pause_is_left_alone() {
    let (mut bank, receiver) = bank_and_receiver();
    receiver.choose(|notice| {
        if notice["body"]["document_id"] == *DocumentId([1; 16]).to_string() {
            Fault::RetryAfter(429, "3600")
        } else {
            Fault::None
        }
    });
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    send(&mut kiosk, papers.sign(&withdrawn(1)));
    failed(&bank);
    // The others go on, and that one is not tried meanwhile.
    for number in 2..=4 {
        send(&mut kiosk, papers.sign(&withdrawn(number)));
    }
    receiver.wait(3);
    let paused = DocumentId([1; 16]).to_string();
    let tries = receiver.got();
    let tries = tries
        .iter()
        .filter(|got| got.json()["body"]["document_id"] == *paused);
    assert_eq!(tries.count(), 1);
    until("the notes of delivery", || {
        let delivered = |state: &&NoticeState| matches!(state, NoticeState::Delivered { .. });
        states(&bank).iter().filter(delivered).count() == 3
    });
    let store = bank.store();
    let later = UtcMs(gateway::utc_now().0 + 3_500_000);
    let claimed = bank
        .runtime
        .block_on(store.claim_notices(Route::Webhook, 9, 1, later));
    assert_eq!(claimed.unwrap().notices.len(), 0);
}

#[test]
fn what_is_refused_waits_for_the_operator_and_holds_up_nothing() {
    let (mut bank, receiver) = bank_and_receiver();
    webhook(&mut bank).parallel = 1;
    receiver.choose(|notice| {
        if notice["body"]["document_id"] == *DocumentId([1; 16]).to_string() {
            Fault::Status(422)
        } else {
            Fault::None
        }
    });
    write_config(&bank);
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    for number in 1..=3 {
        send(&mut kiosk, papers.sign(&withdrawn(number)));
    }
    receiver.wait(2);
    until("the refusal", || {
        states(&bank).contains(&NoticeState::Rejected {
            fault: "the receiver answers with status 422".into(),
        })
    });
    let ops = gateway.ops_address().unwrap();
    until("the metric", || {
        value(ops, "alaqan_gateway_notices_rejected") == Some(1.0)
    });
    let rejected = ends(&bank, 0, &["notice", "list", "--rejected"]);
    assert!(
        rejected.lines().count() == 1 && rejected.contains("\twebhook\tresult\t"),
        "{rejected}"
    );
    receiver.set(Fault::None);
    assert_eq!(ends(&bank, 0, &["notice", "retry"]), "1 notices\n");
    receiver.wait(3);
    all_delivered(&bank, 3);
    assert_eq!(ends(&bank, 0, &["notice", "list", "--undelivered"]), "");
}

#[test]
fn another_certificate_is_not_believed() {
    let (mut bank, receiver) = bank_and_receiver();
    let address = receiver.address;
    drop(receiver);
    let other = Bank::new();
    let impostor = Receiver::start(&bank, other.folder.path(), address, &KEYS);
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    for number in 1..=3 {
        send(&mut kiosk, papers.sign(&withdrawn(number)));
    }
    let why = failed(&bank);
    assert!(why.contains("certificate"), "{why}");
    assert_eq!(impostor.got(), []);
    drop(impostor);
    // Nobody at all, and then the right one again.
    until("silence", || failed(&bank).contains("refused"));
    let receiver = Receiver::start(&bank, bank.folder.path(), address, &KEYS);
    let taken = receiver.wait(3);
    // This one knows both keys of the file.
    assert!(taken.iter().all(|got| got.keys == ["k1", "k2"]));
    all_delivered(&bank, 3);
}

#[test]
fn killed_between_commit_and_delivery_nothing_is_lost_or_another() {
    let (mut bank, receiver) = bank_and_receiver();
    receiver.set(Fault::Hang);
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    for number in 1..=6 {
        send(&mut kiosk, papers.sign(&withdrawn(number)));
    }
    // Four places: the receiver has four, which the gateway will never know, and two were never sent.
    receiver.wait_for_tries(4);
    bank.kill(gateway);
    drop(kiosk);
    let tried = receiver.got();
    assert_eq!(tried.len(), 4);
    receiver.set(Fault::None);
    let _gateway = bank.gateway();
    let taken = receiver.wait(6);
    for first in &tried {
        let again = taken.iter().find(|got| got.id == first.id).unwrap();
        assert_eq!((again.body == first.body, first.taken), (true, false));
    }
    all_delivered(&bank, 6);
}

#[test]
fn without_a_way_nothing_is_queued() {
    let mut bank = Bank::new();
    bank.config.institution = Some(institution());
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let document = papers.sign(&withdrawn(1));
    send(&mut kiosk, document);
    assert_eq!(states(&bank), []);
}

#[test]
fn keys_that_cannot_be_used_are_named_at_the_start_and_not_shown() {
    let (mut bank, _receiver) = bank_and_receiver();
    let file = webhook(&mut bank).key_file.clone();
    std::fs::write(&file, "k1 5ecre7").unwrap();
    let error = bank
        .runtime
        .block_on(gateway::server::Gateway::start(&bank.config))
        .unwrap_err();
    let said = format!("{error}: {:?}", std::error::Error::source(&error));
    assert!(
        said.contains("webhook.keys") && !said.contains("5ecre7"),
        "{said}"
    );
}

/// A bank whose gateway writes into this folder.
fn bank_and_folder() -> (Bank, PathBuf) {
    let mut bank = Bank::new();
    let folder = bank.folder.path().join("drop");
    bank.config.institution = Some(Institution {
        drop: Some(FileDrop {
            folder: folder.clone(),
            retry_min_ms: 20,
            retry_max_ms: 100,
        }),
        ..institution()
    });
    (bank, folder)
}

fn files(folder: &std::path::Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn files_appear_once_the_folder_does_and_never_twice() {
    let (mut bank, folder) = bank_and_folder();
    // Something else is in its place at first.
    std::fs::write(&folder, "no folder").unwrap();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    for number in 1..=3 {
        send(&mut kiosk, papers.sign(&withdrawn(number)));
    }
    let why = failed(&bank);
    assert!(why.contains("the folder cannot be written"), "{why}");
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    all_delivered(&bank, 3);
    let names = files(&folder);
    assert_eq!(names.len(), 3, "{names:?}");
    for name in &names {
        let notice: Value = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        assert_eq!(*name, format!("{}.json", notice["id"].as_str().unwrap()));
        assert_eq!(notice["kind"], "result");
    }
    // Fetched and deleted: it does not come again.
    for name in &names {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    bank.kill(gateway);
    let _gateway = bank.gateway();
    send(&mut kiosk, papers.sign(&withdrawn(4)));
    all_delivered(&bank, 4);
    assert_eq!(files(&folder).len(), 1);
}

#[test]
fn both_ways_have_their_own_copy() {
    let (mut bank, folder) = bank_and_folder();
    std::fs::create_dir(&folder).unwrap();
    let receiver = Receiver::start(&bank, bank.folder.path(), anywhere(), &KEYS);
    set_webhook(&mut bank, &receiver);
    receiver.set(Fault::Status(500));
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    send(&mut kiosk, papers.sign(&withdrawn(1)));
    until("the file", || {
        files(&folder).iter().any(|name| name.ends_with(".json"))
    });
    receiver.wait_for_tries(2);
    receiver.set(Fault::None);
    let taken = receiver.wait(1);
    all_delivered(&bank, 2);
    let file = std::fs::read(folder.join(format!("{}.json", taken[0].id))).unwrap();
    assert_eq!(file, taken[0].body);
}

#[test]
fn a_request_in_a_document_comes_into_the_register_and_is_told() {
    let (mut bank, receiver) = bank_and_receiver();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let asks = Evidence {
        request: Some(RequestRecord {
            kind: "erasure".into(),
            due: Date::new(2026, 9, 22).unwrap(),
        }),
        suspicions: vec!["numbers-above-cap".into()],
        ..withdrawn(7)
    };
    send(&mut kiosk, papers.sign(&asks));
    let taken = receiver.wait(3);
    let of_kind = |kind: &str| {
        let found = taken
            .iter()
            .map(|got| got.json())
            .find(|notice| notice["kind"] == kind);
        found.unwrap()["body"].clone()
    };
    assert_eq!(of_kind("suspicion")["code"], "numbers-above-cap");
    let told = of_kind("request");
    assert_eq!(
        (&told["number"], &told["kind"]),
        (&"260921-PK7B-PKG7".into(), &"erasure".into())
    );
    // The end of that day in Kazakhstan.
    assert_eq!(told["due_at"], "2026-09-22T18:59:59.999Z");
    let store = bank.store();
    let found = bank
        .runtime
        .block_on(store.requests_numbered("260921-PK7B-PKG7"))
        .unwrap();
    assert_eq!(
        (found.len(), found[0].document_id, found[0].state),
        (1, DocumentId([7; 16]), "received")
    );
}

/// The configuration of the bank as a file, for the verbs.
fn write_config(bank: &Bank) {
    let file = bank.folder.path().join("gateway.toml");
    std::fs::write(file, bank.config.to_toml()).unwrap();
}

#[test]
fn a_request_from_its_document_to_its_answer() {
    let (mut bank, receiver) = bank_and_receiver();
    write_config(&bank);
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let request = NewRequest::of(
        DocumentId([7; 16]),
        "access",
        UtcMs(1_790_000_030_500),
        UtcMs(1_790_000_090_000),
        "050140000000",
    );
    let number = request.number.clone();
    assert_eq!(number, "260921-PK7B-PKG7");
    let document = NewDocument {
        id: DocumentId([7; 16]),
        kiosk_id: "kiosk-1".into(),
        session: None,
        outcome: "withdrawn".into(),
        signed: Sensitive::new(vec![1]),
        sha256: [1; 32],
        signed_at: UtcMs(1),
        audit: None,
        asks: false,
        notes: Vec::new(),
        request: Some(request),
        review: None,
        notices: Vec::new(),
    };
    let store = bank.store();
    bank.runtime
        .block_on(store.put(document, gateway::utc_now()))
        .unwrap();
    until("the metric", || {
        value(ops, "alaqan_gateway_requests_overdue") == Some(1.0)
    });
    let list = ends(&bank, 0, &["request", "list", "--overdue"]);
    assert!(
        list.starts_with(&format!("{number}\taccess\treceived\t2026-09-21T"))
            && list.ends_with("\toverdue\n"),
        "{list}"
    );
    // As a person says it.
    let spoken = number.to_lowercase().replace('-', " ");
    ends(
        &bank,
        0,
        &[
            "request",
            "set",
            &spoken,
            "--state",
            "in-progress",
            "--note",
            "asked the archive",
        ],
    );
    let told = receiver.wait(1)[0].json();
    assert_eq!(
        (&told["kind"], &told["body"]["state"]),
        (&"request".into(), &"in-progress".into())
    );
    assert_eq!(
        (&told["body"]["version"], &told["body"]["number"]),
        (&2.into(), &(*number).into())
    );
    assert!(!told.to_string().contains("archive"));
    // A refusal has a reason, an answer has none, and nothing is received twice.
    ends(&bank, 1, &["request", "set", &number, "--state", "refused"]);
    ends(
        &bank,
        1,
        &["request", "set", &number, "--state", "answered", "--reason", "x"],
    );
    ends(&bank, 2, &["request", "set", &number, "--state", "received"]);
    let refuse = [
        "request",
        "set",
        &number,
        "--state",
        "refused",
        "--reason",
        "not the person",
    ];
    ends(&bank, 0, &refuse);
    assert!(ends(&bank, 1, &["request", "set", &number, "--state", "ready"]).contains("does not become"));
    let show = ends(&bank, 0, &["request", "show", &number]);
    let lines: Vec<_> = show.lines().collect();
    assert_eq!(lines.len(), 4, "{show}");
    assert!(lines[2].ends_with("\tin-progress\t\tasked the archive"), "{show}");
    assert!(lines[3].ends_with("\trefused\tnot the person\t"), "{show}");
    assert_eq!(ends(&bank, 0, &["request", "list", "--open"]), "");
    receiver.wait(2);

    assert!(ends(&bank, 1, &["request", "show", "260921-PK7B-PKG8"]).contains("mistyped"));
    ends(&bank, 3, &["request", "show", "260922-PK7B-PKGD"]);
    let log = ends(&bank, 0, &["audit", "export", "--out", "log.jsonl"]);
    assert!(log.contains("records"));
    let log = std::fs::read_to_string(bank.folder.path().join("log.jsonl")).unwrap();
    for event in ["request-received", "request-in-progress", "request-refused"] {
        assert!(log.contains(event), "{event}");
    }
    assert!(!log.contains("archive") && !log.contains("not the person"));
}
