//! How an earlier request stands is told to the person who made it, and to nobody else.

use document::identification::Verdict;
use gateway::config::Scripted;
use gateway::server::Gateway;
use gateway::store::{Documents, NewDocument, NewRequest, Requests};
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::{DocumentId, Evidence, Outcome, RequestStanding};
use verification::service::{Entry, RequestRecord};
use verification::time::UtcMs;

use crate::bank::{Bank, Enrolled, IIN, Kiosk, evidence};
use crate::verbs::ends;

/// Another person whom the simulator is told to know.
const OTHER_IIN: &str = "900101300007";

/// A bank to which somebody has sent a request.
struct Bed {
    bank: Bank,
    simulator: gateway::idec::sim::Simulator,
    _gateway: Gateway,
    papers: Enrolled,
    kiosk: Kiosk,
    /// The number of the request.
    number: String,
}

impl Bed {
    fn new() -> Self {
        let mut bank = Bank::new();
        let simulator = bank.simulator();
        simulator.set_script(OTHER_IIN, Scripted::Match);
        let file = bank.folder.path().join("gateway.toml");
        std::fs::write(file, bank.config.to_toml()).unwrap();
        let gateway = bank.gateway();
        let papers = bank.enrol("kiosk-1");
        let mut kiosk = Kiosk::start(papers.client(gateway.address()));
        // It is in the register with its document, before the centre answers.
        let asks = Evidence {
            request: Some(RequestRecord {
                kind: "erasure".into(),
                due: Date::new(2026, 10, 22).unwrap(),
            }),
            ..evidence("kiosk-1", 1, IIN)
        };
        let (id, signed) = papers.sign(&asks);
        kiosk.put((id, signed));
        let answer = bank.read_answer(&kiosk.identified(id));
        // Who makes a request does not ask how it stands.
        assert_eq!((answer.verdict, answer.request), (Verdict::Match, None));
        let number = verification::request::number(id, Date::new(2026, 9, 21).unwrap());
        let store = bank.store();
        let found = bank.runtime.block_on(store.requests_numbered(&number)).unwrap();
        assert_eq!(found.len(), 1, "{number}");
        assert_eq!(found[0].document_id, id);
        Self {
            bank,
            simulator,
            _gateway: gateway,
            papers,
            kiosk,
            number,
        }
    }

    /// The answer to a person who enters this at a kiosk to hear how their request stands.
    fn ask(&mut self, document: u8, iin: &str, entered: &[&str]) -> (Verdict, Option<RequestStanding>) {
        let entry = |value: &&str| Entry {
            field: "request-number".into(),
            value: Sensitive::new((*value).to_owned()),
            look_alike: false,
        };
        let asks = Evidence {
            entries: entered.iter().map(entry).collect(),
            asks_request_state: true,
            ..evidence("kiosk-1", document, iin)
        };
        self.answered(&asks)
    }

    fn answered(&mut self, evidence: &Evidence) -> (Verdict, Option<RequestStanding>) {
        let (id, signed) = self.papers.sign(evidence);
        self.kiosk.put((id, signed));
        let answer = self.bank.read_answer(&self.kiosk.identified(id));
        (answer.verdict, answer.request)
    }

    /// As the operator does it.
    fn set(&self, state: &str, more: &[&str]) {
        let set = ["request", "set", &self.number, "--state", state];
        ends(&self.bank, 0, &[&set, more].concat());
    }
}

fn told(standing: RequestStanding) -> (Verdict, Option<RequestStanding>) {
    (Verdict::Match, Some(standing))
}

#[test]
fn a_person_hears_how_their_request_stands_until_it_is_answered() {
    let mut bed = Bed::new();
    let number = bed.number.clone();
    assert_eq!(bed.ask(2, IIN, &[&number]), told(RequestStanding::Received));
    bed.set("in-progress", &[]);
    assert_eq!(bed.ask(3, IIN, &[&number]), told(RequestStanding::InProgress));
    bed.set("ready", &[]);
    // As a person types it, and whatever else was entered before it.
    let typed = number.to_lowercase().replace('-', " ");
    assert_eq!(bed.ask(4, IIN, &["77", &typed]), told(RequestStanding::Ready));
    bed.set("answered", &[]);
    assert_eq!(bed.ask(5, IIN, &[&number]), told(RequestStanding::Answered));
}

#[test]
fn a_person_hears_that_their_request_was_refused() {
    let mut bed = Bed::new();
    let number = bed.number.clone();
    bed.set("refused", &["--reason", "not the person"]);
    assert_eq!(bed.ask(2, IIN, &[&number]), told(RequestStanding::Refused));
}

#[test]
fn the_request_of_somebody_else_is_as_unknown_as_one_that_nobody_made() {
    let mut bed = Bed::new();
    let number = bed.number.clone();
    bed.set("in-progress", &[]);
    assert_eq!(bed.ask(2, OTHER_IIN, &[&number]), told(RequestStanding::Unknown));
    let nobodys = verification::request::number(DocumentId([99; 16]), Date::new(2026, 9, 21).unwrap());
    assert_eq!(bed.ask(3, IIN, &[&nobodys]), told(RequestStanding::Unknown));
    // What was entered is no number, or nothing was.
    assert_eq!(bed.ask(4, IIN, &["77"]), told(RequestStanding::Unknown));
    assert_eq!(bed.ask(5, IIN, &[]), told(RequestStanding::Unknown));
    assert_eq!(bed.ask(6, IIN, &[&number]), told(RequestStanding::InProgress));
}

#[test]
fn nothing_is_told_to_whom_the_centre_does_not_know_again_or_who_did_not_ask() {
    let mut bed = Bed::new();
    let number = bed.number.clone();
    let verdicts = [
        (Scripted::NoMatch, Verdict::NonMatch),
        (Scripted::PersonNotFound, Verdict::PersonNotFound),
    ];
    for (document, (scripted, verdict)) in (2..).zip(verdicts) {
        bed.simulator.set_script(IIN, scripted);
        assert_eq!(bed.ask(document, IIN, &[&number]), (verdict, None));
    }
    bed.simulator.set_script(IIN, Scripted::Match);
    // Below the gate, so that the centre is not asked at all.
    let mut small = Evidence {
        asks_request_state: true,
        ..evidence("kiosk-1", 4, IIN)
    };
    small.stills[0].sample.jpeg = Sensitive::new(b"not a picture".to_vec());
    assert_eq!(bed.answered(&small), (Verdict::QualityInsufficient, None));
    let entered = Evidence {
        entries: vec![Entry {
            field: "request-number".into(),
            value: Sensitive::new(number.clone()),
            look_alike: false,
        }],
        ..evidence("kiosk-1", 5, IIN)
    };
    assert_eq!(bed.answered(&entered), (Verdict::Match, None));
    assert_eq!(bed.ask(6, IIN, &[&number]), told(RequestStanding::Received));
}

#[test]
fn a_session_that_ended_before_the_centre_was_asked_has_no_answer_and_its_request_is_known() {
    let mut bed = Bed::new();
    let withdrawn = Evidence {
        outcome: Outcome::Withdrawn,
        request: Some(RequestRecord {
            kind: "access".into(),
            due: Date::new(2026, 10, 22).unwrap(),
        }),
        ..evidence("kiosk-1", 7, IIN)
    };
    let (id, signed) = bed.papers.sign(&withdrawn);
    bed.kiosk.put((id, signed));
    bed.kiosk.delivered(id);
    let number = verification::request::number(id, Date::new(2026, 9, 21).unwrap());
    assert_eq!(bed.ask(8, IIN, &[&number]), told(RequestStanding::Received));
    assert_eq!(bed.ask(9, OTHER_IIN, &[&number]), told(RequestStanding::Unknown));
}

#[test]
fn a_request_whose_document_cannot_be_read_costs_nobody_the_answer() {
    let mut bed = Bed::new();
    let id = DocumentId([7; 16]);
    let request = NewRequest::of(
        id,
        "access",
        UtcMs(1_790_000_030_500),
        UtcMs(i64::MAX),
        "050140000000",
    );
    let number = request.number.clone();
    let document = NewDocument {
        id,
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
    let store = bed.bank.store();
    let put = store.put(document, gateway::utc_now());
    bed.bank.runtime.block_on(put).unwrap();
    drop(store);
    assert_eq!(bed.ask(2, IIN, &[&number]), told(RequestStanding::Unknown));
}
