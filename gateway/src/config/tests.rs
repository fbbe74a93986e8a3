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
