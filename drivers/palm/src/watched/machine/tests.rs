use super::*;
use proptest::prelude::*;
use verification::palm::{
    EnrolOutcome, HandPosition, PalmCapabilities, PalmReference, PalmScan, ScanOrder, ScanResult, SubjectTag,
};

fn info(serial: &str) -> ScannerInfo {
    ScannerInfo {
        identity: ScannerIdentity {
            driver: "test".to_owned(),
            model: String::new(),
            firmware: "1".to_owned(),
            serial: serial.to_owned(),
            thermometer: None,
            capabilities: PalmCapabilities::default(),
        },
        status: ModuleStatus::Standby,
    }
}

fn verify() -> Order {
    Order::Verify(ScanOrder {
        limit: Duration::from_secs(10),
        challenge: [0; 32],
    })
}

fn enrol() -> Order {
    Order::Enrol {
        tag: SubjectTag::new("s-1").unwrap(),
        limit: Duration::from_secs(10),
    }
}

fn delete(scanner: &str) -> Order {
    Order::Delete {
        scanner: scanner.to_owned(),
        reference: PalmReference(7),
    }
}

/// What happens to the machine, in the words of a script.
enum Do {
    Order(Order),
    /// What the machine wants next.
    Next(&'static str),
    Opened(Result<&'static str, DeviceFault>),
    Asked(Result<&'static str, DeviceFault>),
    AskedStatus(ModuleStatus),
    Heard(Result<Option<Notice>, DeviceFault>),
    Performed(Report),
    Cancelled(bool),
    After(u64),
    Stop,
}
use Do::{After, Asked, AskedStatus, Cancelled, Heard, Next as Wants, Opened, Performed, Stop};

fn next_word(next: &Next) -> String {
    match next {
        Next::Open => "open".to_owned(),
        Next::Ask => "ask".to_owned(),
        Next::Perform(order) => order_word(order).to_owned(),
        Next::Listen(pause) => format!("listen {}", pause.as_millis()),
        Next::Wait(pause) => format!("wait {}", pause.as_millis()),
    }
}

fn order_word(order: &Order) -> &'static str {
    match order {
        Order::Verify(_) => "verify",
        Order::Enrol { .. } => "enrol",
        Order::Delete { .. } => "delete",
        Order::List => "list",
        Order::Cancel => "cancel",
    }
}

fn report_word(report: &Report) -> String {
    fn result<T>(what: &str, result: &Result<T, DeviceFault>, word: fn(&T) -> &'static str) -> String {
        match result {
            Ok(value) => format!("{what} {}", word(value)),
            Err(fault) => format!("{what} {fault:?}"),
        }
    }
    match report {
        Report::Present(identity) => format!("present {}", identity.serial),
        Report::Absent(fault) => format!("absent {fault:?}"),
        Report::Hand(position) => format!("hand {position:?}"),
        Report::Scanned(scanned) => result("scanned", scanned, |scan| {
            scan.as_ref().map_or("cancelled", |_| "ok")
        }),
        Report::Enrolled(enrolled) => result("enrolled", enrolled, |outcome| {
            outcome.map_or("cancelled", |_| "ok")
        }),
        Report::Deleted { result: deleted, .. } => result("deleted", deleted, |()| "ok"),
        Report::Listed(listed) => result("listed", listed, |_| "ok"),
    }
}

/// Plays a script and compares all that is told.
fn check(script: Vec<Do>, expect: &[&str]) {
    let mut machine = Machine::default();
    let (mut now, mut told) = (Duration::ZERO, Vec::new());
    for (line, step) in script.into_iter().enumerate() {
        told.extend(match step {
            Do::Order(order) => machine.order(order),
            Wants(want) => {
                assert_eq!(next_word(&machine.next(now)), want, "step {line}");
                Vec::new()
            }
            Opened(opened) => machine.opened(now, opened.map(info)),
            Asked(answer) => machine.asked(now, answer.map(info)),
            AskedStatus(status) => machine.asked(now, Ok(ScannerInfo { status, ..info("A") })),
            Heard(heard) => machine.heard(now, heard),
            Performed(answer) => machine.performed(now, answer),
            Cancelled(expect) => {
                assert_eq!(machine.is_cancelled(), expect, "step {line}");
                Vec::new()
            }
            After(ms) => {
                now += Duration::from_millis(ms);
                Vec::new()
            }
            Stop => machine.stop(),
        });
    }
    let told: Vec<String> = told.iter().map(report_word).collect();
    assert_eq!(told, expect);
}

const NO: DeviceFault = DeviceFault::NotFound;
const MUTE: DeviceFault = DeviceFault::Timeout;

#[test]
fn a_scanner_that_is_not_there_is_looked_for_and_named_once() {
    check(
        vec![
            Wants("open"),
            Opened(Err(NO)),
            Wants("wait 1000"),
            After(1000),
            Wants("open"),
            Opened(Err(NO)),
            // Looking does not get slower.
            Wants("wait 1000"),
            After(1000),
            Opened(Err(DeviceFault::NoPermission)),
            Wants("wait 1000"),
            After(3000),
            Opened(Err(DeviceFault::NoPermission)),
            Wants("wait 1000"),
            After(1000),
            Opened(Ok("A")),
            Wants("listen 5000"),
        ],
        &["absent NotFound", "absent NoPermission", "present A"],
    );
}

/// Two reasons by turns are one to whoever reads them, also to an order that is refused; a reason that stays is told.
#[test]
fn a_reason_that_comes_and_goes_is_not_told() {
    let mut script = vec![Opened(Err(DeviceFault::Busy))];
    for fault in [MUTE, DeviceFault::Busy].into_iter().cycle().take(20) {
        script.extend([
            After(5000),
            Wants("open"),
            Opened(Err(fault)),
            Do::Order(Order::List),
        ]);
    }
    let mut expect = vec!["absent Busy"];
    expect.extend(["listed Busy"; 20]);
    check(script, &expect);

    // The same moments, and three reasons: each begins anew.
    let mut script = vec![Opened(Err(NO))];
    for fault in [MUTE, DeviceFault::Busy].into_iter().cycle().take(9) {
        script.extend([After(2000), Opened(Err(fault))]);
    }
    check(script, &["absent NotFound"]);

    // The plug is pulled, and nothing is found from then on.
    check(
        vec![
            Opened(Ok("A")),
            Heard(Err(DeviceFault::Disconnected)),
            After(500),
            Opened(Err(NO)),
            After(1000),
            Opened(Err(NO)),
            After(1999),
            Opened(Err(NO)),
            Do::Order(Order::List),
            After(1),
            Opened(Err(NO)),
            Do::Order(Order::List),
            After(1000),
            Opened(Ok("A")),
            // What was before it came back counts no more.
            Heard(Err(DeviceFault::Protocol)),
        ],
        &[
            "present A",
            "absent Disconnected",
            "listed Disconnected",
            "absent NotFound",
            "listed NotFound",
            "present A",
            "absent Protocol",
        ],
    );
}

#[test]
fn what_is_there_and_cannot_be_used_is_tried_ever_less_often() {
    let mut script = Vec::new();
    for wait in [
        "wait 500",
        "wait 1000",
        "wait 2000",
        "wait 4000",
        "wait 5000",
        "wait 5000",
    ] {
        script.extend([
            Wants("open"),
            Opened(Err(DeviceFault::Busy)),
            Wants(wait),
            After(5000),
        ]);
    }
    // It came and went: quick again.
    script.extend([
        Opened(Ok("A")),
        Heard(Err(DeviceFault::Disconnected)),
        Wants("wait 500"),
        After(500),
        Opened(Ok("B")),
    ]);
    check(
        script,
        &["absent Busy", "present A", "absent Disconnected", "present B"],
    );
}

#[test]
fn an_idle_scanner_is_asked_and_may_miss_twice() {
    let present = || vec![Wants("open"), Opened(Ok("A")), Wants("listen 5000")];
    let miss = || vec![After(5000), Wants("ask"), Asked(Err(MUTE))];
    let twice = [present(), miss(), miss()].into_iter().flatten();
    check(
        twice
            .chain([After(5000), Wants("ask"), Asked(Ok("A"))])
            .chain(miss())
            .chain(miss())
            .collect(),
        &["present A"],
    );
    check(
        [present(), miss(), miss(), miss(), vec![Wants("wait 500")]]
            .into_iter()
            .flatten()
            .collect(),
        &["present A", "absent Timeout"],
    );
    // Something else answers, or the line is gone: no doubt is left.
    let fault = |fault| {
        [present(), vec![After(5000), Wants("ask"), Asked(Err(fault))]]
            .into_iter()
            .flatten()
            .collect()
    };
    check(fault(DeviceFault::Protocol), &["present A", "absent Protocol"]);
    check(
        fault(DeviceFault::Disconnected),
        &["present A", "absent Disconnected"],
    );
    let status = |status| {
        present()
            .into_iter()
            .chain([After(5000), AskedStatus(status)])
            .collect()
    };
    check(status(ModuleStatus::Busy), &["present A"]);
    check(status(ModuleStatus::Error), &["present A", "absent Protocol"]);
    check(status(ModuleStatus::NotInitialised), &["present A"]);
}

#[test]
fn a_scanner_that_starts_anew_is_asked_and_told_again() {
    let restart = |answer| {
        vec![
            Opened(Ok("A")),
            Heard(Ok(Some(Notice::Hand(HandPosition::InPlace)))),
            Wants("listen 5000"),
            Heard(Ok(Some(Notice::Restarted))),
            Do::Order(Order::List),
            Wants("ask"),
            Asked(answer),
        ]
    };
    let wants = |script: Vec<Do>, want| script.into_iter().chain([Wants(want)]).collect();
    check(wants(restart(Ok("A")), "list"), &["present A", "present A"]);
    // Another one: what was ordered before was not meant for it.
    check(
        wants(restart(Ok("B")), "listen 5000"),
        &["present A", "listed Disconnected", "present B"],
    );
    check(
        wants(restart(Err(MUTE)), "wait 500"),
        &["present A", "absent Timeout", "listed Timeout"],
    );
    // One that says that something is wrong is asked; if it answers as before, nobody heard of it and none is told.
    check(
        vec![
            Opened(Ok("A")),
            Heard(Ok(Some(Notice::Fault("x".to_owned())))),
            Wants("ask"),
            Asked(Ok("A")),
            Wants("listen 5000"),
        ],
        &["present A"],
    );
}

#[test]
fn nobody_waits_for_a_scanner_that_is_mute() {
    // A silence, and a person before the scanner: one unanswered question is enough.
    check(
        vec![
            Opened(Ok("A")),
            After(1001),
            Do::Order(verify()),
            Wants("ask"),
            Asked(Err(MUTE)),
            Wants("wait 500"),
        ],
        &["present A", "absent Timeout", "scanned Timeout"],
    );
    check(
        vec![
            Opened(Ok("A")),
            After(1001),
            Do::Order(enrol()),
            Wants("ask"),
            Asked(Ok("A")),
            Wants("enrol"),
        ],
        &["present A"],
    );
    // No silence, or nobody who waits.
    check(
        vec![Opened(Ok("A")), After(1000), Do::Order(verify()), Wants("verify")],
        &["present A"],
    );
    check(
        vec![
            Opened(Ok("A")),
            After(3000),
            Do::Order(Order::List),
            Wants("list"),
        ],
        &["present A"],
    );
}

#[test]
fn every_order_is_answered_once() {
    // In order, also those that came before the scanner.
    check(
        vec![
            Do::Order(verify()),
            Do::Order(delete("A")),
            Wants("open"),
            Opened(Ok("A")),
            Wants("verify"),
            Performed(Report::Scanned(Ok(Some(PalmScan::of(ScanResult::NoMatch))))),
            Wants("delete"),
            Performed(Report::Deleted {
                scanner: "A".to_owned(),
                reference: PalmReference(7),
                result: Ok(()),
            }),
            Wants("listen 5000"),
        ],
        &["present A", "scanned ok", "deleted ok"],
    );
    // Not by another scanner than the one whose people were meant, whether it is there already or comes.
    check(
        vec![
            Do::Order(delete("B")),
            Opened(Ok("A")),
            Do::Order(delete("B")),
            Wants("listen 5000"),
        ],
        &["present A", "deleted Identity", "deleted Identity"],
    );
    // At once where there is no scanner.
    check(
        vec![
            Do::Order(Order::List),
            Opened(Err(NO)),
            Do::Order(enrol()),
            Do::Order(Order::Cancel),
            Wants("wait 1000"),
        ],
        &["absent NotFound", "listed NotFound", "enrolled NotFound"],
    );
    // The plug is pulled in mid-scan: the answer first, then the state.
    check(
        vec![
            Opened(Ok("A")),
            Do::Order(verify()),
            Do::Order(Order::List),
            Wants("verify"),
            Performed(Report::Scanned(Err(DeviceFault::Disconnected))),
            Wants("ask"),
            Asked(Err(DeviceFault::Disconnected)),
            Wants("wait 500"),
        ],
        &[
            "present A",
            "scanned Disconnected",
            "absent Disconnected",
            "listed Disconnected",
        ],
    );
    // A restart in mid-scan: it is there again.
    check(
        vec![
            Opened(Ok("A")),
            Do::Order(verify()),
            Wants("verify"),
            Performed(Report::Scanned(Err(DeviceFault::Disconnected))),
            Wants("ask"),
            Asked(Ok("A")),
            Wants("listen 5000"),
        ],
        &["present A", "scanned Disconnected", "present A"],
    );
    // A job that failed on a scanner that is well: who heard of the failure hears that too.
    check(
        vec![
            Opened(Ok("A")),
            Do::Order(Order::List),
            Wants("list"),
            Performed(Report::Listed(Err(DeviceFault::Protocol))),
            Wants("ask"),
            Asked(Ok("A")),
            Wants("listen 5000"),
        ],
        &["present A", "listed Protocol", "present A"],
    );
}

#[test]
fn what_is_cancelled_says_so() {
    check(
        vec![
            Opened(Ok("A")),
            Do::Order(Order::Cancel),
            Do::Order(verify()),
            Wants("verify"),
            Cancelled(false),
            Do::Order(enrol()),
            Do::Order(Order::List),
            Do::Order(Order::Cancel),
            Cancelled(true),
            Do::Order(verify()),
            Performed(Report::Scanned(Ok(None))),
            Cancelled(false),
            // What is not a capture, or was ordered later, is done.
            Wants("list"),
            Performed(Report::Listed(Ok(Vec::new()))),
            Wants("verify"),
            Cancelled(false),
            Stop,
            Cancelled(true),
            Performed(Report::Scanned(Ok(None))),
        ],
        &[
            "present A",
            "enrolled cancelled",
            "scanned cancelled",
            "listed ok",
            "scanned cancelled",
        ],
    );
    check(
        vec![Opened(Ok("A")), Do::Order(verify()), Do::Order(Order::List), Stop],
        &["present A", "scanned cancelled", "listed Disconnected"],
    );
}

fn faults() -> impl Strategy<Value = DeviceFault> {
    prop_oneof![
        Just(DeviceFault::NotFound),
        Just(DeviceFault::NoPermission),
        Just(DeviceFault::Busy),
        Just(DeviceFault::Timeout),
        Just(DeviceFault::Protocol),
        Just(DeviceFault::Disconnected),
    ]
}

fn orders() -> impl Strategy<Value = Order> {
    prop_oneof![
        Just(verify()),
        Just(enrol()),
        Just(delete("A")),
        Just(delete("B")),
        Just(Order::List),
        Just(Order::Cancel),
    ]
}

/// What the world does in one turn: an order that comes, whether what the machine wants succeeds, another one that comes
/// while it is done, and what an idle scanner says.
type Turn = (
    Option<Order>,
    Result<bool, DeviceFault>,
    Option<Order>,
    Option<Notice>,
);

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let result = prop_oneof![3 => any::<bool>().prop_map(Ok), 2 => faults().prop_map(Err)];
    let notice = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Notice::Restarted)),
        1 => Just(Some(Notice::Fault(String::new()))),
    ];
    let order = || proptest::option::weighted(0.4, orders());
    proptest::collection::vec((order(), result, order(), notice), 0..60)
}

/// The number of orders that want an answer less that of answers, for each kind.
#[derive(Default)]
struct Ledger {
    open: [i32; 4],
    state: Option<Report>,
}

impl Ledger {
    fn ordered(&mut self, order: &Order) {
        let kind = match order {
            Order::Verify(_) => 0,
            Order::Enrol { .. } => 1,
            Order::Delete { .. } => 2,
            Order::List => 3,
            Order::Cancel => return,
        };
        self.open[kind] += 1;
    }

    fn told(&mut self, reports: Vec<Report>) {
        for report in reports {
            let kind = match &report {
                Report::Scanned(_) => 0,
                Report::Enrolled(_) => 1,
                Report::Deleted { .. } => 2,
                Report::Listed(_) => 3,
                Report::Hand(_) => continue,
                Report::Absent(_) => {
                    assert_ne!(self.state.as_ref(), Some(&report), "told twice");
                    self.state = Some(report);
                    continue;
                }
                Report::Present(_) => {
                    self.state = Some(report);
                    continue;
                }
            };
            self.open[kind] -= 1;
            assert!(self.open[kind] >= 0, "answered twice");
        }
    }
}

fn answer(order: &Order, result: Result<bool, DeviceFault>) -> Report {
    match order {
        Order::Verify(_) => {
            Report::Scanned(result.map(|done| done.then(|| PalmScan::of(ScanResult::NoMatch))))
        }
        Order::Enrol { .. } => Report::Enrolled(result.map(|done| done.then_some(EnrolOutcome::Full))),
        Order::Delete { scanner, reference } => Report::Deleted {
            scanner: scanner.clone(),
            reference: *reference,
            result: result.map(|_| ()),
        },
        Order::List => Report::Listed(result.map(|_| Vec::new())),
        Order::Cancel => unreachable!("a cancellation is never performed"),
    }
}

proptest! {
    #[test]
    fn whatever_happens(turns in turns()) {
        let mut machine = Machine::default();
        let mut ledger = Ledger::default();
        let mut now = Duration::ZERO;
        let mut opened_at = None;
        for (before, result, during, notice) in turns {
            if let Some(order) = before {
                ledger.ordered(&order);
                ledger.told(machine.order(order));
            }
            let next = machine.next(now);
            if let Some(order) = during {
                ledger.ordered(&order);
                ledger.told(machine.order(order));
            }
            let found = result.map(|same| info(if same { "A" } else { "B" }));
            // The state that was told is the state that it is in.
            let present = matches!(ledger.state, Some(Report::Present(_)));
            prop_assert_eq!(machine.is_present(), present);
            let reports = match next {
                Next::Open => {
                    prop_assert!(!present);
                    // No busy loop, whatever fails.
                    let pause = opened_at.replace(now).map_or(Duration::MAX, |at| now - at);
                    prop_assert!(pause >= Duration::from_millis(500), "opened again after {pause:?}");
                    machine.opened(now, found)
                }
                Next::Ask => {
                    prop_assert!(present);
                    machine.asked(now, found)
                }
                Next::Perform(order) => {
                    prop_assert!(present);
                    if machine.is_cancelled() {
                        let answer = answer(&order, Ok(false));
                        machine.performed(now, answer)
                    } else {
                        let answer = answer(&order, result);
                        machine.performed(now, answer)
                    }
                }
                Next::Listen(pause) => {
                    prop_assert!(present && pause > Duration::ZERO);
                    now += pause.min(Duration::from_millis(200));
                    machine.heard(now, result.map(|_| notice))
                }
                Next::Wait(pause) => {
                    prop_assert!(!present && pause > Duration::ZERO && pause <= Duration::from_secs(5));
                    now += pause;
                    Vec::new()
                }
            };
            ledger.told(reports);
        }
        ledger.told(machine.stop());
        prop_assert_eq!(ledger.open, [0; 4]);
    }
}

#[test]
fn what_a_question_disproves_is_not_told_and_is_asked_once_in_a_while() {
    let noise = || Heard(Ok(Some(Notice::Fault("x".to_owned()))));
    check(
        vec![
            Opened(Ok("A")),
            // At once the first time.
            noise(),
            Wants("ask"),
            Asked(Ok("A")),
            After(1),
            noise(),
            noise(),
            Wants("listen 4999"),
            After(4999),
            noise(),
            Wants("ask"),
            Asked(Ok("A")),
            Wants("listen 5000"),
            // A restart is asked about even so, and is told.
            Heard(Ok(Some(Notice::Restarted))),
            noise(),
            Wants("ask"),
            Asked(Ok("A")),
            // A scanner that does not answer in such a doubt is gone at once.
            noise(),
            Wants("ask"),
            Asked(Err(DeviceFault::Timeout)),
        ],
        &["present A", "present A", "absent Timeout"],
    );
}
