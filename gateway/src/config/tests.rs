//! What the configuration accepts and says.

use super::*;

const GOOD: &str = r#"
listen = "127.0.0.1:0"
[tls]
certificate = "a.pem"
key = "a.key"
authority = "ca.pem"
[signing]
certificate = "s.pem"
key = "s.key"
[store]
file = "g.db"
key = "g.key"
[idec]
url = "https://localhost:1"
authority = "/abs/ca.pem"
"#;

fn load(text: &str) -> Result<GatewayConfig, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, text).unwrap();
    GatewayConfig::load(&file).map_err(|error| error.to_string().replace(&file.display().to_string(), "FILE"))
}

fn check(change: (&str, &str), expect: &str) {
    let text = GOOD.replace(change.0, change.1);
    assert_ne!(text, GOOD);
    let message = load(&text).unwrap_err();
    assert!(message.contains(expect), "{message}");
}

#[test]
fn says_what_is_wrong_and_where() {
    check(("[tls]", "[tls]\nkee = 1"), "line 4");
    check(("[tls]", "[tls]\nkee = 1"), "unknown field `kee`");
    check(
        ("listen = \"127.0.0.1:0\"", "listen = 5"),
        "FILE is not a valid configuration",
    );
    check(("https://", "http://"), "idec.url does not start with https://");
    check(
        ("[idec]", "[idec]\ncomparison_min = 95"),
        "idec.comparison_min is not between 0 and 1",
    );
    check(
        ("[idec]", "[idec]\ncomparison_min = nan"),
        "idec.comparison_min is not between 0 and 1",
    );
    check(("[idec]", "[idec]\nretry_max_ms = 5"), "idec.retry_max_ms");
    assert!(
        GatewayConfig::load(Path::new("/nowhere/x.toml"))
            .unwrap_err()
            .to_string()
            .contains("/nowhere/x.toml")
    );
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config = load(GOOD).unwrap();
    assert_eq!(load(&config.to_toml()), Ok(config.clone()));
    assert!(config.tls.key.is_absolute());
    assert_eq!(config.idec.authority, Path::new("/abs/ca.pem"));
}

#[test]
fn the_store_key_is_64_digits() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    for (text, good) in [
        ("0f".repeat(32) + "\n", true),
        ("0f".repeat(31), false),
        ("xx".repeat(32), false),
        ("яя".repeat(16), false),
        (String::new(), false),
    ] {
        std::fs::write(&file, &text).unwrap();
        assert_eq!(read_store_key(&file).is_ok(), good, "{text}");
    }
    std::fs::write(&file, "0f".repeat(32)).unwrap();
    assert_eq!(read_store_key(&file).unwrap().expose(), &[0x0f; 32]);
}

#[test]
fn the_annotated_example_says_the_defaults_and_forgets_no_key() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/gateway.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let example = GatewayConfig::load(&file).unwrap();
    let plain = load(GOOD).unwrap();
    assert_eq!(
        (
            &example.limits,
            &example.gateway,
            &example.log,
            example.log_format
        ),
        (&plain.limits, &plain.gateway, &plain.log, plain.log_format)
    );
    assert_eq!(
        Idec {
            url: plain.idec.url.clone(),
            authority: plain.idec.authority.clone(),
            ..example.idec.clone()
        },
        plain.idec
    );
    assert_eq!(
        Authority {
            key: plain.authority.key.clone(),
            ..example.authority.clone()
        },
        plain.authority
    );

    let told = example.institution.unwrap();
    let (webhook, drop) = (told.webhook.unwrap(), told.drop.unwrap());
    let bare = format!(
        "{GOOD}\n[institution.webhook]\nurl = {:?}\nauthority = {:?}\nkey_file = {:?}
        [institution.drop]\nfolder = {:?}\n",
        webhook.url, webhook.authority, webhook.key_file, drop.folder
    );
    let bare = load(&bare).unwrap().institution.unwrap();
    assert_eq!(
        (bare.identity, bare.webhook, bare.drop),
        (told.identity, Some(webhook), Some(drop))
    );

    let review = example.review.unwrap();
    let bare = format!(
        "{GOOD}\n[review]\nlisten = {:?}\ncertificate = {:?}\nkey = {:?}\n",
        review.listen.to_string(),
        review.certificate,
        review.key
    );
    assert_eq!(load(&bare).unwrap().review, Some(review));
    assert_eq!(example.examiners.len(), 1);

    let shown = text.replace("# revocations", "revocations");
    let shown = shown.replace("# identity_key_file", "identity_key_file");
    let shown = shown.replace("identity = \"none\"", "identity = \"hash\"");
    let shown = shown.replace("kind = \"embedded\"", "kind = \"external\"");
    let shown = shown.replace("kind = \"sqlite\"", "kind = \"postgres\"");
    let start = shown.find("# [store.postgres]").unwrap();
    let end = start + shown[start..].find("\n\n").unwrap();
    let table = shown[start..end]
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap());
    let table = table.collect::<Vec<_>>().join("\n");
    let whole = load(&(shown[..start].to_owned() + &table + &shown[end..])).unwrap();
    let server = whole.store.postgres.clone().unwrap();
    assert_eq!((server.port, server.connections), (5432, 8));
    for line in whole.to_toml().lines() {
        let key = line.split(" = ").next().unwrap();
        assert!(text.contains(key), "{key} is not in the example");
    }
}

#[test]
fn servers_and_authorities_have_their_rules() {
    check(
        ("[store]", "[store]\nkind = \"postgres\""),
        "store.kind is postgres, and there is no table [store.postgres]",
    );
    let server = "[store.postgres]\ndatabase = \"a\"\nuser = \"a\"\nhost = ";
    let change = |host: &str| format!("key = \"g.key\"\nkind = \"postgres\"\n{server}\"{host}\"");
    check(
        ("key = \"g.key\"", &change("db.example")),
        "store.postgres.authority is missing",
    );
    for host in ["/run/postgresql", "localhost", "127.0.0.1", "::1"] {
        load(&GOOD.replace("key = \"g.key\"", &change(host))).unwrap();
    }
    check(
        (
            "key = \"g.key\"",
            &format!("key = \"g.key\"\n{server}\"localhost\""),
        ),
        "store.kind is sqlite, and there is a table",
    );
    check(
        ("[tls]", "[gateway]\nname = \"a b\"\n[tls]"),
        "gateway.name is not 1 to 64",
    );
    check(
        ("[tls]", "[authority]\nrevocations = \"x\"\n[tls]"),
        "authority.revocations is for an external authority",
    );
    check(
        ("[tls]", "[authority]\ncertificate_days = 0\n[tls]"),
        "authority.certificate_days",
    );
    check(
        ("[tls]", "[limits]\nwindow_documents = 0\n[tls]"),
        "limits.window_documents is 0",
    );
    check(
        ("[tls]", "[limits]\nconections_max = 1\n[tls]"),
        "unknown field `conections_max`",
    );
}

#[test]
fn what_the_institution_is_told_has_its_rules() {
    let webhook = |more: &str| {
        let table = "[institution.webhook]\nurl = \"https://x\"\nauthority = \"a\"\nkey_file = \"k\"";
        format!("{table}\n{more}\n[tls]")
    };
    load(&GOOD.replace("[tls]", &webhook(""))).unwrap();
    let bad = |more: &str, expect| check(("[tls]", &webhook(more)), expect);
    bad("deadline_ms = 0", "institution.webhook.deadline_ms is 0");
    bad("parallel = 0", "institution.webhook.parallel is 0");
    bad("retry_min_ms = 0", "institution.webhook.retry_min_ms is 0");
    bad(
        "retry_max_ms = 5",
        "institution.webhook.retry_max_ms is less than",
    );
    bad("retries = 5", "unknown field `retries`");
    check(
        ("[tls]", &webhook("").replace("https", "http")),
        "institution.webhook.url does not start with https://",
    );
    let key = "institution.identity_key_file goes with identity";
    check(("[tls]", "[institution]\nidentity = \"hash\"\n[tls]"), key);
    check(("[tls]", "[institution]\nidentity_key_file = \"k\"\n[tls]"), key);
    check(
        ("[tls]", "[institution]\nidentity = \"name\"\n[tls]"),
        "unknown variant `name`",
    );
    check(
        (
            "[tls]",
            "[institution.drop]\nfolder = \"f\"\nretry_max_ms = 5\n[tls]",
        ),
        "institution.drop.retry_max_ms is less than",
    );
    check(
        (
            "[tls]",
            "[institution.drop]\nfolder = \"f\"\nretry_min_ms = 0\n[tls]",
        ),
        "institution.drop.retry_min_ms is 0",
    );
    let institution = load(&GOOD.replace("[tls]", &webhook("")))
        .unwrap()
        .institution
        .unwrap();
    assert!(institution.webhook.unwrap().key_file.is_absolute());
}

#[test]
fn passwords_are_one_line_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pass");
    for (text, expect) in [
        ("secret\n", Some("secret")),
        ("a b\nmore", Some("a b")),
        ("", None),
        (" \n", None),
    ] {
        std::fs::write(&file, text).unwrap();
        let read = read_password(&file);
        assert_eq!(read.as_ref().ok().map(|read| read.expose().as_str()), expect);
        assert!(!format!("{read:?}").contains("secret"));
    }
}

#[test]
fn examiners_have_their_rules() {
    const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CDpSsDtJYeprJvQUpRz5L1cGTYEUJySdg6vOtOBtITM";
    const REVIEW: &str = "[review]\nlisten = \"127.0.0.1:0\"\ncertificate = \"r.pem\"\nkey = \"r.key\"\n";
    let examiner = |number: &str, name: &str, code: &str| {
        format!("[[examiners]]\nnumber = \"{number}\"\nname = \"{name}\"\ncode = \"{code}\"\n")
    };
    let check = |tables: &str, expect: Option<&str>| {
        let found = load(&format!("{GOOD}\n{tables}"));
        let fault = found.err();
        match expect {
            None => assert_eq!(fault, None, "{tables}"),
            Some(expect) => assert!(
                fault.as_ref().is_some_and(|fault| fault.ends_with(expect)),
                "{fault:?}"
            ),
        }
    };
    let good = examiner("07", "staff-7", HASH);
    check(&format!("{REVIEW}{good}"), None);
    check(&good, Some("examiners are there, and there is no table [review]"));
    check(
        &format!("{REVIEW}{good}{}", examiner("07", "staff-8", HASH)),
        Some("examiners.number is there twice"),
    );
    check(
        &format!("{REVIEW}{good}{}", examiner("08", "Staff-7", HASH)),
        Some("examiners.name is there twice"),
    );
    check(
        &format!("{REVIEW}{}", examiner("07", "a b", HASH)),
        Some("examiners.name is not 1 to 32 of the characters a-z A-Z 0-9 . _ -"),
    );
    for code in ["", "secret", &HASH.replace("argon2id", "argon2i")] {
        check(
            &format!("{REVIEW}{}", examiner("07", "staff-7", code)),
            Some("examiners.code is not what `alaqan-gateway examiner hash` prints"),
        );
    }
    check(&format!("{REVIEW}lease_ms = 0\n"), Some("review.lease_ms is 0"));
    let shown = load(&format!("{GOOD}\n{REVIEW}{good}")).unwrap().to_toml();
    assert!(shown.contains("staff-7") && !shown.contains("argon2"), "{shown}");
}
