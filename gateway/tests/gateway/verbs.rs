//! Each verb of the operator, beside a running gateway where that matters.

use std::path::Path;
use std::process::{Command, Output};

use authority::{
    Authority, CertificateRequest, Leaf, Lifetime, Profile, RevocationList, new_key, request_for,
};
use gateway::enrolment::new_serial;
use sync::wire::{ByeReason, GatewayFrame};
use sync::{EnrolError, LinkDownReason};
use verification::Sensitive;

use crate::bank::{Bank, IIN, Kiosk, now};
use crate::raw::{Raw, head, papers};

fn gateway(bank: &Bank, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_alaqan-gateway"))
        .current_dir(bank.folder.path())
        .args(arguments)
        .args(["--config", "gateway.toml"])
        .output()
        .unwrap()
}

/// What the program prints, when it ends with this code.
pub fn ends(bank: &Bank, code: i32, arguments: &[&str]) -> String {
    let output = gateway(bank, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    let said = if code == 0 { output.stdout } else { output.stderr };
    String::from_utf8(said).unwrap()
}

fn read(bank: &Bank, file: &str) -> Vec<u8> {
    std::fs::read(bank.folder.path().join(file)).unwrap()
}

fn authority_of(bank: &Bank) -> Authority {
    let text = |file: &str| String::from_utf8(read(bank, file)).unwrap();
    Authority::load(&Sensitive::new(text("ca.key")), &text("ca.pem")).unwrap()
}

fn enrol(
    bank: &Bank,
    running: &gateway::server::Gateway,
    code: &str,
    request: &[u8],
) -> Result<sync::Enrolled, EnrolError> {
    let url = format!("wss://{}/v1/kiosk", running.address());
    let trust = sync::Trust::Authority(read(bank, "ca.pem"));
    sync::enrol(
        &url,
        &Sensitive::new(code.to_owned()),
        "kiosk-1",
        request,
        trust,
        "test",
    )
}

/// What stands behind a name in what `kiosk add` prints.
fn field<'a>(printed: &'a str, name: &str) -> &'a str {
    let line = printed.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name} in {printed}")).trim()
}

#[test]
fn a_kiosk_from_its_code_to_its_end() {
    let mut bank = Bank::new();
    let running = bank.gateway();
    let printed = ends(&bank, 0, &["kiosk", "add", "--kiosk", "kiosk-1"]);
    let fingerprint = field(&printed, "authority:");
    assert_eq!(fingerprint, authority_of(&bank).fingerprint().to_string());
    assert!(ends(&bank, 0, &["kiosk", "list"]).starts_with("kiosk-1\tnot enrolled\tnever"));
    assert!(ends(&bank, 0, &["kiosk", "codes"]).starts_with("kiosk-1\topen\t2"));
    let key = new_key().unwrap();
    let request = request_for(&key).unwrap();
    let enrolled = enrol(&bank, &running, field(&printed, "code:"), &request).unwrap();
    assert!(ends(&bank, 0, &["kiosk", "codes"]).starts_with("kiosk-1\tused\t2"));
    let serial = Leaf::from_der(&enrolled.chain[0]).unwrap().serial.to_string();
    let papers = papers(&bank, "kiosk-1", &enrolled.chain[0], key.expose());
    let mut kiosk = Kiosk::start(papers.client(running.address()));
    let document = papers.document(1, IIN);
    kiosk.put(document.clone());
    kiosk.delivered(document.0);
    let list = ends(&bank, 0, &["kiosk", "list"]);
    assert!(
        list.starts_with("kiosk-1\tenrolled\t2") && list.trim_end().ends_with("\ttest"),
        "{list}"
    );
    let certificates = ends(&bank, 0, &["certificate", "list", "--kiosk", "kiosk-1"]);
    assert!(
        certificates.starts_with(&serial) && certificates.trim_end().ends_with("counts"),
        "{certificates}"
    );

    let id = document.0.to_string();
    ends(&bank, 0, &["resend", "--kiosk", "kiosk-1", "--document", &id]);
    ends(&bank, 3, &["resend", "--kiosk", "kiosk-9", "--document", &id]);
    let mut raw = Raw::connect(&bank, running.address(), Some(&papers)).unwrap();
    let welcome = raw.greet("kiosk-1", head(1, "a"), now());
    assert!(
        matches!(welcome, Some(GatewayFrame::Welcome { .. })),
        "{welcome:?}"
    );
    assert_eq!(
        raw.next(),
        Some(GatewayFrame::Resend {
            ids: vec![document.0]
        })
    );
    drop(raw);

    drop(kiosk);
    let mut kiosk = Kiosk::start(papers.client(running.address()));
    kiosk.up();
    ends(
        &bank,
        0,
        &["kiosk", "revoke", "--kiosk", "kiosk-1", "--reason", "out of use"],
    );
    assert_eq!(kiosk.down(), LinkDownReason::Bye(ByeReason::Revoked));
    assert!(ends(&bank, 0, &["kiosk", "list"]).contains("shut out"));
    assert!(ends(&bank, 0, &["certificate", "list"]).contains("revoked"));
    ends(&bank, 3, &["kiosk", "revoke", "--kiosk", "kiosk-9"]);
    assert!(!ends(&bank, 0, &["certificate", "list"]).contains("compromised"));
    ends(
        &bank,
        0,
        &["kiosk", "revoke", "--kiosk", "kiosk-1", "--compromised"],
    );
    assert!(ends(&bank, 0, &["certificate", "list"]).contains("compromised"));
    ends(
        &bank,
        2,
        &["certificate", "revoke", "--serial", &serial, "--reason", "8"],
    );
    ends(
        &bank,
        0,
        &["certificate", "revoke", "--serial", &serial, "--reason", "10"],
    );
    ends(&bank, 3, &["certificate", "revoke", "--serial", "01ff"]);
    ends(&bank, 2, &["certificate", "revoke", "--serial", "xyz"]);
    ends(&bank, 2, &["kiosk", "add", "--kiosk", "../x"]);

    ends(&bank, 0, &["certificate", "crl", "--out", "revoked.crl"]);
    let list =
        RevocationList::read(&read(&bank, "revoked.crl"), authority_of(&bank).certificate_der()).unwrap();
    let listed: Vec<_> = list
        .all()
        .map(|one| (one.serial.to_string(), one.reason))
        .collect();
    assert_eq!(listed, [(serial, 1)]);
    // Nothing is overwritten.
    ends(&bank, 1, &["certificate", "crl", "--out", "revoked.crl"]);

    ends(&bank, 0, &["audit", "export", "--out", "log.jsonl"]);
    let log = String::from_utf8(read(&bank, "log.jsonl")).unwrap();
    for event in [
        "code-made kiosk-1",
        "kiosk-blocked kiosk-1",
        "certificate-revoked",
        "statement",
    ] {
        assert!(log.contains(event), "{event}");
    }
    assert!(!log.contains(IIN) && !log.contains(field(&printed, "code:")));
}

#[test]
fn an_external_authority_by_the_verbs() {
    let mut bank = Bank::new();
    let file = bank.folder.path().join("gateway.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("kind = \"embedded\"", "kind = \"external\"")).unwrap();
    bank.config = gateway::config::GatewayConfig::load(&file).unwrap();
    let running = bank.gateway();
    let printed = ends(&bank, 0, &["kiosk", "add", "--kiosk", "kiosk-1"]);
    let request = request_for(&new_key().unwrap()).unwrap();
    let asked = || enrol(&bank, &running, field(&printed, "code:"), &request);
    assert!(matches!(asked(), Err(EnrolError::Pending)));
    assert!(ends(&bank, 0, &["csr", "list"]).starts_with("kiosk-1\t"));
    ends(
        &bank,
        3,
        &["csr", "export", "--kiosk", "kiosk-2", "--out", "x.csr"],
    );
    ends(
        &bank,
        0,
        &["csr", "export", "--kiosk", "kiosk-1", "--out", "k.csr"],
    );
    assert_eq!(read(&bank, "k.csr"), request);

    let issue = |request: &[u8], name: &str, out: &str| {
        let request = CertificateRequest::from_der(request).unwrap();
        let profile = Profile::Kiosk(name.parse().unwrap());
        let serial = new_serial().unwrap();
        let der = authority_of(&bank)
            .issue(&request, &profile, Lifetime::default(), &serial, now())
            .unwrap();
        std::fs::write(bank.folder.path().join(out), &der).unwrap();
        der
    };
    // Of another name, for another key, of another authority, no certificate at all.
    issue(&request, "kiosk-2", "name.der");
    ends(&bank, 3, &["certificate", "import", "--file", "name.der"]);
    issue(&request_for(&new_key().unwrap()).unwrap(), "kiosk-1", "key.der");
    ends(&bank, 3, &["certificate", "import", "--file", "key.der"]);
    let other = Bank::new();
    std::fs::copy(
        other.folder.path().join("gateway.pem"),
        bank.folder.path().join("other.pem"),
    )
    .unwrap();
    assert!(ends(&bank, 1, &["certificate", "import", "--file", "other.pem"]).contains("another authority"));
    ends(&bank, 1, &["certificate", "import", "--file", "k.csr"]);
    assert!(matches!(asked(), Err(EnrolError::Pending)));

    let der = issue(&request, "kiosk-1", "k.der");
    ends(&bank, 0, &["certificate", "import", "--file", "k.der"]);
    assert_eq!(ends(&bank, 0, &["csr", "list"]), "");
    assert_eq!(asked().unwrap().chain[0], der);
    ends(&bank, 1, &["certificate", "import", "--file", "k.der"]);
    ends(&bank, 1, &["certificate", "crl", "--out", "revoked.crl"]);
}

#[test]
fn health_is_asked_and_told() {
    let mut bank = Bank::new();
    let running = bank.gateway();
    let address = running.ops_address().unwrap().to_string();
    assert_eq!(ends(&bank, 0, &["health", "--address", &address]), "ready\n");
    bank.kill(running);
    assert!(ends(&bank, 6, &["health", "--address", &address]).contains("does not answer"));
}

#[test]
fn each_way_to_fail_has_its_code() {
    let bank = Bank::new();
    let none = "0".repeat(32);
    ends(&bank, 3, &["export", "--document", &none, "--out", "o"]);
    ends(
        &bank,
        3,
        &["export", "--document", &none, "--out", "o", "--answer"],
    );
    ends(&bank, 2, &["export", "--document", "xyz", "--out", "o"]);
    ends(&bank, 1, &["import", "nowhere.age"]);
    std::fs::write(bank.folder.path().join("gateway.db.key"), "0f".repeat(32)).unwrap();
    ends(&bank, 5, &["list"]);
    std::fs::remove_file(bank.folder.path().join("gateway.db.key")).unwrap();
    ends(&bank, 4, &["list"]);
    std::fs::write(bank.folder.path().join("gateway.toml"), "listen = 1").unwrap();
    ends(&bank, 4, &["config"]);
}

#[test]
fn every_verb_has_a_help_and_stands_in_the_manual() {
    let manual =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/alaqan-gateway.1"));
    let manual = manual.unwrap().replace("\\-", "-");
    let help = |path: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_alaqan-gateway"))
            .args(path)
            .arg("--help")
            .output()
            .unwrap();
        assert!(output.status.success(), "{path:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let verbs = |text: &str| -> Vec<String> {
        let commands = text.split("Commands:").nth(1).unwrap_or_default();
        let commands = commands.split("Options:").next().unwrap_or_default();
        let named = commands
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let named = named.filter_map(|line| line.split_whitespace().next());
        named.filter(|verb| *verb != "help").map(str::to_owned).collect()
    };
    let mut seen = 0;
    for verb in verbs(&help(&[])) {
        let text = help(&[&verb]);
        let inner = verbs(&text);
        let paths = if inner.is_empty() {
            vec![verb.clone()]
        } else {
            inner.iter().map(|sub| format!("{verb} {sub}")).collect()
        };
        for path in paths {
            let parts: Vec<&str> = path.split(' ').collect();
            assert!(
                help(&parts).lines().next().is_some_and(|line| line.len() > 20),
                "{path}"
            );
            assert!(
                manual.contains(&format!("alaqan-gateway {path}\n")),
                "{path} is not in the manual"
            );
            seen += 1;
        }
    }
    assert!(seen >= 17, "{seen}");
}

#[test]
fn costs_are_listed_by_day_for_people_and_programs() {
    use gateway::store::Documents;
    let bank = Bank::new();
    assert_eq!(ends(&bank, 0, &["idec", "costs"]), "");
    let papers = bank.enrol("kiosk-1");
    let days = [
        (1, 1_795_373_999_999),
        (2, 1_795_374_000_000),
        (3, 1_795_374_000_001),
    ];
    bank.runtime.block_on(async {
        let store = bank.store();
        for (number, at) in days {
            let (id, signed) = papers.document(number, IIN);
            let at = verification::time::UtcMs(at);
            let new = gateway::store::NewDocument {
                id,
                kiosk_id: "kiosk-1".into(),
                session: None,
                outcome: "awaiting-identification".into(),
                sha256: [number; 32],
                signed: Sensitive::new(signed),
                signed_at: at,
                audit: None,
                asks: true,
                notes: Vec::new(),
                request: None,
                review: None,
                notices: Vec::new(),
            };
            store.put(new, at).await.unwrap();
            assert!(store.compared(id, b"answer", at).await.unwrap());
        }
    });
    assert_eq!(
        ends(&bank, 0, &["idec", "costs"]),
        "2026-11-22\t1\t400\n2026-11-23\t2\t800\n"
    );
    let lines = ends(&bank, 0, &["idec", "costs", "--json"]);
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines[1],
        serde_json::json!({ "day": "2026-11-23", "comparisons": 2, "tenge": 800 })
    );
}
