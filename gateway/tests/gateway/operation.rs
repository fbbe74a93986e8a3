//! Health, readiness, metrics, and the end of a gateway under load.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use sync::wire::{ByeReason, GatewayFrame, KioskFrame, Payload};

use crate::bank::{Bank, IIN, Kiosk, evidence, now};
use crate::raw::{Raw, head, until};

pub fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut tcp = TcpStream::connect(address).unwrap();
    write!(tcp, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The value of a line of the metrics.
pub fn value(address: SocketAddr, line: &str) -> Option<f64> {
    let (status, body) = get(address, "/metrics");
    assert_eq!(status, 200);
    let found = body
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(' '))?;
    Some(found.trim().parse().unwrap())
}

#[test]
fn operators_see_what_the_gateway_does() {
    let mut bank = Bank::new();
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    assert_eq!(get(ops, "/health"), (200, "alive\n".into()));
    assert_eq!(get(ops, "/ready"), (200, "ready\n".into()));
    assert_eq!(get(ops, "/nothing").0, 404);

    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let document = papers.document(1, IIN);
    kiosk.put(document.clone());
    kiosk.delivered(document.0);
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    raw.greet("kiosk-2", head(1, "a"), now());
    until("the numbers", || {
        value(ops, "alaqan_gateway_byes_total{reason=\"kiosk-mismatch\"}") == Some(1.0)
    });
    assert_eq!(value(ops, "alaqan_gateway_documents_total"), Some(1.0));
    assert_eq!(value(ops, "alaqan_gateway_receipt_seconds_count"), Some(1.0));
    assert_eq!(value(ops, "alaqan_gateway_ready"), Some(1.0));
    assert!(value(ops, "alaqan_gateway_connections_accepted_total") >= Some(2.0));
    assert_eq!(
        value(
            ops,
            "alaqan_gateway_certificate_days_left{certificate=\"gateway\"}"
        ),
        Some(824.0)
    );
    let (_, body) = get(ops, "/metrics");
    assert!(!body.contains("kiosk-1") && body.ends_with("# EOF\n"), "{body}");
}

#[test]
fn a_gateway_that_is_about_to_stop_is_not_ready() {
    let mut bank = Bank::new();
    bank.config.limits.stop_delay_ms = 600_000;
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let stopping = bank.runtime.spawn(gateway.stop());
    until("the end of readiness", || {
        get(ops, "/ready") == (503, "the gateway stops\n".into())
    });
    assert_eq!(get(ops, "/health").0, 200);
    stopping.abort();
}

#[test]
fn what_has_come_is_answered_before_the_end() {
    let mut bank = Bank::new();
    bank.config.limits.window_documents = 64;
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let mut raw = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    raw.greet("kiosk-1", head(1, "a"), now());
    for number in 1..=40 {
        let (id, signed) = papers.sign(&evidence("kiosk-1", number, IIN));
        raw.send(&KioskFrame::Submit {
            id,
            document: Payload(signed),
        });
    }
    // The first receipt says that the rest is on its way.
    let mut receipts = Vec::new();
    let Some(GatewayFrame::Receipt { id, .. }) = raw.next() else {
        panic!("no receipt");
    };
    receipts.push(id);
    let stopped = bank.runtime.spawn(gateway.stop());
    let end = loop {
        match raw.next() {
            Some(GatewayFrame::Receipt { id, .. }) => receipts.push(id),
            other => break other,
        }
    };
    let expect = GatewayFrame::Bye {
        reason: ByeReason::ShuttingDown,
    };
    assert_eq!(end, Some(expect));
    drop(raw);
    bank.runtime.block_on(stopped).unwrap();
    let stored: Vec<_> = bank.list().into_iter().map(|listed| listed.id).collect();
    // In the order in which they were sent, and each one that is stored has its receipt.
    assert_eq!(receipts, stored);
}

#[test]
fn more_connections_than_places_are_turned_away() {
    let mut bank = Bank::new();
    bank.config.limits.connections_max = 1;
    let papers = bank.enrol("kiosk-1");
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let mut first = Raw::connect(&bank, gateway.address(), Some(&papers)).unwrap();
    let welcome = first.greet("kiosk-1", head(1, "a"), now());
    assert!(
        matches!(welcome, Some(GatewayFrame::Welcome { .. })),
        "{welcome:?}"
    );
    assert!(Raw::connect(&bank, gateway.address(), Some(&papers)).is_err());
    assert_eq!(
        value(ops, "alaqan_gateway_connections_failed_total{step=\"full\"}"),
        Some(1.0)
    );
    drop(first);
    until("the place", || {
        Raw::connect(&bank, gateway.address(), Some(&papers)).is_ok()
    });
}

#[cfg(unix)]
#[test]
fn the_log_can_be_read_by_programs() {
    use std::io::{BufRead, BufReader};
    let bank = Bank::new();
    let file = bank.folder.path().join("gateway.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "log_format = \"json\"\n".to_owned() + &text).unwrap();
    let mut running = std::process::Command::new(env!("CARGO_BIN_EXE_alaqan-gateway"))
        .args(["run", "--config"])
        .arg(&file)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(running.stderr.take().unwrap()).lines();
    let listens = log.map(Result::unwrap).find(|line| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        object["message"] == "the gateway listens" && object["level"] == "INFO"
    });
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(listens.is_some());
}
