//! `alaqan-document` as a program, with an authority of time beside it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "../../document/tests/time_authority/mod.rs"]
mod time_authority;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use common::{Institution, TEST_IIN, answer};
use document::signature::timestamp::detach;
use time_authority::TimeAuthority;

const MANUAL: &str = include_str!("../../../docs/alaqan-document.1");

/// The exit code, what was printed, and what was complained of.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_alaqan-document"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

struct Folder(tempfile::TempDir);

impl Folder {
    /// A document, its answer, the authority and its list.
    fn new() -> (Self, Institution) {
        let institution = Institution::new();
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("document", &institution.document());
        folder.write("answer", &institution.answer(&answer()));
        folder.write("ca.pem", institution.issuer.pem().as_bytes());
        folder.write("ca.crl", &institution.list(2089, None));
        (folder, institution)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join(name)).unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

#[test]
fn each_state_has_its_code() {
    let (folder, _) = Folder::new();
    let [document, answer, ca, crl, bad] =
        ["document", "answer", "ca.pem", "ca.crl", "bad"].map(|name| folder.path(name));
    let mut changed = folder.read("document");
    let last = changed.len() - 1;
    changed[last] ^= 1;
    folder.write("bad", &changed);
    let check = |arguments: &[&str], code: i32, says: &str| {
        let (found, out, err) = run(arguments);
        assert_eq!(found, code, "{arguments:?}: {out}{err}");
        assert!((out.clone() + &err).contains(says), "{arguments:?}: {out}{err}");
        assert!(!out.contains(TEST_IIN) && !err.contains(TEST_IIN), "{out}{err}");
    };
    let whole = [
        "verify",
        &document,
        "--authority",
        &ca,
        "--crl",
        &crl,
        "--answer",
        &answer,
    ];
    check(&whole, 0, "valid\n");
    check(
        &[&whole[..], &["--now", "--language", "kk"]].concat(),
        0,
        "жарамды\n",
    );
    check(&["verify", &document], 2, "cannot tell now");
    check(
        &["verify", &document, "--authority", &ca],
        2,
        "no list of revoked certificates",
    );
    check(&["verify", &bad, "--authority", &ca], 1, "invalid");
    check(&["show", &bad], 1, "the bytes are not those that were signed");
    check(&["verify", &folder.path("not-there")], 2, "cannot be read");
    check(
        &["verify", &document, "--authority", &document],
        2,
        "holds no certificates",
    );
    check(&["verify"], 3, "required");
    check(&["forge"], 3, "unrecognized");
    check(
        &["show", &document, "--html", "a", "--pdf", "b"],
        3,
        "cannot be used with",
    );
    check(&["--help"], 0, "Exit codes");
    check(&["schema"], 0, "document = {");
    check(&["show", &document], 0, "cannot tell now");
}

#[test]
fn a_document_is_shown_in_each_form() {
    let (folder, _) = Folder::new();
    let [document, page, pdf, json] =
        ["document", "page.html", "paper.pdf", "it.json"].map(|name| folder.path(name));
    let (code, out, _) = run(&["show", &document, "--language", "kk"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("Электрондық құжат") && out.contains("жасырылған"),
        "{out}"
    );
    assert!(!out.contains(TEST_IIN));
    let (_, out, _) = run(&["show", &document, "--personal"]);
    assert!(out.contains(TEST_IIN));
    for (option, file, begins) in [
        ("--html", &page, "<!DOCTYPE html>"),
        ("--pdf", &pdf, "%PDF-1."),
        ("--json", &json, "{\n"),
    ] {
        let (code, out, err) = run(&["show", &document, option, file]);
        assert_eq!((code, out.as_str()), (0, ""), "{err}");
        assert!(err.contains("holds pictures of a person"), "{err}");
        let bytes = fs::read(file).unwrap();
        assert!(bytes.starts_with(begins.as_bytes()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // What is there is not written over.
        let (code, _, err) = run(&["show", &document, option, file]);
        assert!(code == 2 && err.contains("cannot be written"), "{err}");
    }
}

/// Answers so many requests over HTTP with this function; gives its address.
fn serve(requests: usize, answer: impl Fn(&[u8]) -> (u16, Vec<u8>) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for _ in 0..requests {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut length = 0;
            let mut kind = String::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim_end().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                if let Some(value) = line.strip_prefix("content-type: ") {
                    value.clone_into(&mut kind);
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            assert_eq!(kind, "application/timestamp-query");
            let (status, bytes) = answer(&body);
            let head = format!(
                "HTTP/1.1 {status} It\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                bytes.len()
            );
            let mut stream = reader.into_inner();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&bytes).unwrap();
        }
    });
    format!("http://{address}/tsp")
}

#[test]
fn a_document_is_stamped() {
    let (folder, institution) = Folder::new();
    let time = TimeAuthority::new();
    // The folder of the authority goes with the thread that answers.
    folder.write("root.pem", &fs::read(time.root_pem()).unwrap());
    let root = folder.path("root.pem");
    let foreign = folder.path("ca.pem");
    let url = serve(2, move |request| (200, time.answer(request)));
    let [document, out, ca, crl] = ["document", "stamped", "ca.pem", "ca.crl"].map(|name| folder.path(name));
    let stamp = |authority: &str| {
        run(&[
            "stamp",
            &document,
            "--tsa",
            &url,
            "--authority",
            authority,
            "--out",
            &out,
        ])
    };
    let (code, said, err) = stamp(&foreign);
    assert!(code == 2 && err.contains("unknown authority"), "{said}{err}");
    assert!(!Path::new(&out).exists());
    let (code, said, err) = stamp(&root);
    assert_eq!(code, 0, "{said}{err}");
    assert!(said.contains("stamped by test time"), "{said}");

    let detached = detach(&folder.read("stamped")).unwrap();
    assert_eq!(detached.signed, folder.read("document"));
    let whole = ["verify", &out, "--authority", &ca, "--crl", &crl];
    let (code, said, _) = run(&whole);
    assert!(code == 2 && said.contains("authority of time"), "{said}");
    let (code, said, _) = run(&[&whole[..], &["--tsa-authority", &root]].concat());
    assert_eq!((code, said.as_str()), (0, "valid\n"));

    // Others verify the document as before.
    let openssl = Command::new("openssl")
        .args([
            "cms", "-verify", "-inform", "DER", "-in", &out, "-CAfile", &ca, "-purpose", "any",
        ])
        .args(["-out", &folder.path("content")])
        .output()
        .unwrap();
    assert!(
        openssl.status.success(),
        "{}",
        String::from_utf8_lossy(&openssl.stderr)
    );
    drop(institution);
}

#[test]
fn an_authority_of_time_may_fail() {
    let (folder, _) = Folder::new();
    let [document, out, ca] = ["document", "stamped", "ca.pem"].map(|name| folder.path(name));
    let check = |url: &str, says: &str| {
        let (code, said, err) = run(&[
            "stamp",
            &document,
            "--tsa",
            url,
            "--authority",
            &ca,
            "--out",
            &out,
        ]);
        assert!(code == 2 && err.contains(says), "{said}{err}");
        assert!(!Path::new(&out).exists());
    };
    check(&serve(1, |_| (503, Vec::new())), "status 503");
    check(&serve(1, |_| (200, b"no stamp".to_vec())), "cannot be read");
    check(&serve(1, |_| (200, vec![0; 100_000])), "too long");
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(&format!("http://{gone}/"), "cannot be reached");
}

/// Each verb and each option stands in the manual, and the manual has no others.
#[test]
fn the_manual_is_that_of_the_program() {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
            .filter(|word| word.starts_with("--") && word.len() > 2)
            .map(str::to_owned)
            .collect()
    };
    let (_, help, _) = run(&["--help"]);
    let verbs = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    let verbs: Vec<&str> = verbs
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert_eq!(verbs, ["show", "verify", "stamp", "schema"]);
    let mut options = BTreeSet::new();
    for verb in &verbs {
        assert!(MANUAL.contains(&format!(".B alaqan-document {verb}")), "{verb}");
        assert!(MANUAL.lines().any(|line| line == format!(".B {verb}")), "{verb}");
        let (_, help, _) = run(&[verb, "--help"]);
        options.extend(words(&help));
    }
    options.remove("--help");
    options.remove("--version");
    let manual = words(&MANUAL.replace("\\-", "-"));
    assert_eq!(manual, options);
    for code in ["0", "1", "2", "3"] {
        assert!(MANUAL.contains(&format!(".TP\n.B {code}\n")), "{code}");
    }
}
