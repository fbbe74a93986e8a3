//! The page of examiners in a real browser.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use document::identification::Verdict;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use verification::evidence::{DocumentId, RefusalReason};

use crate::bank::{Bank, IIN, Kiosk, PATIENCE};
use crate::review::{SECRET, bank, call_evidence, deliver, images_evidence};

/// A picture that a browser can show: grey, 8 by 8 pixels.
const PIXELS: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8Q\
    EBEQCgwSExIQEw8QEBD/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAI\
    AQEAAD8AJ//Z";

/// A browser under its driver. Dropping it ends both.
struct Browser {
    client: Client,
    driver: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = i32::try_from(self.driver.id()).ok();
        if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.driver.wait();
    }
}

impl Browser {
    async fn open(language: &str) -> Self {
        use std::os::unix::process::CommandExt;
        let folder = tempfile::tempdir().unwrap();
        let port = {
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
            listener.local_addr().unwrap().port()
        };
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("chromedriver (Debian packages chromium and chromium-driver)");
        let arguments = [
            "--headless=new".to_owned(),
            // Tests may run as the administrator, whom the sandbox refuses; the page is ours.
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--window-size=1280,1600".to_owned(),
            format!("--lang={language}"),
            format!("--accept-lang={language}"),
            format!("--user-data-dir={}", folder.path().display()),
        ];
        let capabilities = json!({
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "args": arguments },
        });
        let serde_json::Value::Object(capabilities) = capabilities else {
            unreachable!("it is an object");
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let end = std::time::Instant::now() + PATIENCE;
        let client = loop {
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => break client,
                // The driver does not listen yet.
                Err(error) if std::time::Instant::now() >= end => panic!("{error}"),
                Err(_) => tokio::task::yield_now().await,
            }
        };
        Self {
            client,
            driver,
            _folder: folder,
        }
    }

    async fn find(&self, selector: &str) -> fantoccini::elements::Element {
        let wait = self.client.wait().at_most(PATIENCE);
        let found = wait.for_element(Locator::Css(selector)).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!(
                "{selector}: {error}; shown: {}",
                self.client.source().await.unwrap()
            ),
        }
    }

    async fn click(&self, test_id: &str) {
        self.find(&format!("[data-testid='{test_id}']"))
            .await
            .click()
            .await
            .unwrap();
    }

    async fn attribute(&self, test_id: &str, name: &str) -> String {
        let found = self.find(&format!("[data-testid='{test_id}']")).await;
        found.attr(name).await.unwrap().unwrap_or_default()
    }

    async fn log_in(&self, secret: &str) {
        self.find("#number").await.send_keys("07").await.unwrap();
        self.find("#secret").await.send_keys(secret).await.unwrap();
        self.click("login").await;
    }

    async fn is_there(&self, selector: &str) -> bool {
        self.client.find(Locator::Css(selector)).await.is_ok()
    }

    async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// Keeps a picture of the page for whoever wants to look.
    async fn keep(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("review");
        std::fs::create_dir_all(&folder).unwrap();
        let png = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    /// What axe-core finds wrong with the page that is shown.
    async fn axe(&self) -> serde_json::Value {
        const RUN: &str = r"
            const done = arguments[arguments.length - 1];
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then(
                ({ violations }) => done(violations.flatMap(rule =>
                    rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`))),
                error => done([String(error)]));";
        let path =
            std::env::var("ALAQAN_AXE").expect("`cargo xtask test` gets axe-core and names it in ALAQAN_AXE");
        let axe = std::fs::read_to_string(path).unwrap();
        // Each page is a new document; the driver runs what the page itself may not.
        let load = format!("{axe}; window.axe = axe;");
        self.client.execute(&load, Vec::new()).await.unwrap();
        self.client.execute_async(RUN, Vec::new()).await.unwrap()
    }

    async fn axe_finds_nothing(&self, page: &str) {
        assert_eq!(self.axe().await, json!([]), "{page}");
    }

    /// Presses a key, wherever the focus is.
    async fn press(&self, keys: &str) {
        self.client
            .active_element()
            .await
            .unwrap()
            .send_keys(keys)
            .await
            .unwrap();
    }

    /// Presses Tab until this element has the focus.
    async fn tab_to(&self, selector: &str) {
        let script =
            "return document.activeElement !== null && document.activeElement.matches(arguments[0]);";
        for _ in 0..60 {
            let there = self.client.execute(script, vec![json!(selector)]).await.unwrap();
            if there == json!(true) {
                return;
            }
            let tab = char::from(Key::Tab).to_string();
            self.press(&tab).await;
        }
        panic!("{selector} cannot be reached by keyboard");
    }
}

/// Documents with pictures that can be shown: two for comparing, one to call.
fn delivered(bank: &mut Bank, gateway: &gateway::server::Gateway) -> (Kiosk, [DocumentId; 3]) {
    use base64::Engine;
    let jpeg = base64::engine::general_purpose::STANDARD.decode(PIXELS).unwrap();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut evidence = [
        images_evidence("kiosk-1", 1),
        images_evidence("kiosk-1", 2),
        call_evidence("kiosk-1", 3),
    ];
    for still in evidence.iter_mut().flat_map(|evidence| &mut evidence.stills) {
        still.sample.jpeg = verification::Sensitive::new(jpeg.clone());
    }
    let ids = evidence
        .each_ref()
        .map(|evidence| deliver(&mut kiosk, &papers, evidence));
    (kiosk, ids)
}

#[test]
fn an_examiner_works_through_the_queue_in_a_browser() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let (mut kiosk, [first, second, third]) = delivered(&mut bank, &gateway);
    let url = format!("https://localhost:{}", gateway.review_address().unwrap().port());
    bank.runtime.block_on(async {
        let browser = Browser::open("en").await;
        browser.client.goto(&url).await.unwrap();
        browser.log_in("not the secret").await;
        assert_eq!(
            browser.attribute("login-fault", "data-fault").await,
            "review-login-wrong"
        );
        browser.keep("login-en").await;
        browser.log_in(SECRET).await;
        browser.find(&format!("[data-testid='entry-{third}']")).await;
        assert!(!browser.client.source().await.unwrap().contains(IIN));
        browser.keep("queue-en").await;

        // Refuse, after having forgotten the reason: the browser itself does not let the form go.
        browser.click(&format!("take-{first}")).await;
        browser.find("[data-testid='picture-portrait']").await;
        let loaded = "return Array.from(document.images, (one) => one.complete && one.naturalWidth > 0);";
        let shown = async || browser.client.execute(loaded, Vec::new()).await.unwrap();
        let end = std::time::Instant::now() + PATIENCE;
        while shown().await != json!([true, true, true]) {
            assert!(std::time::Instant::now() < end, "{}", shown().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(browser.client.source().await.unwrap().contains(IIN));
        browser.keep("document-en").await;
        browser.click("refuse").await;
        assert!(browser.title().await.starts_with("Compare the pictures"));
        browser
            .find("#reason-document-expired")
            .await
            .click()
            .await
            .unwrap();
        browser.click("refuse").await;
        assert_eq!(browser.attribute("done", "data-done").await, "refused");

        // Accept, by keyboard alone.
        browser.tab_to(&format!("[data-testid='take-{second}']")).await;
        let enter = char::from(Key::Enter).to_string();
        browser.press(&enter).await;
        browser.find("[data-testid='accept']").await;
        browser.tab_to("#compared").await;
        browser.press(" ").await;
        browser.tab_to("[data-testid='accept']").await;
        browser.press(&enter).await;
        assert_eq!(browser.attribute("done", "data-done").await, "accepted");

        // A call, in vain and then not.
        for (button, done) in [("not-reached", "not-reached"), ("called", "called")] {
            browser.click(&format!("take-{third}")).await;
            let number = browser.find("[data-testid='call-number']").await;
            assert_eq!(number.text().await.unwrap(), "+77012345678");
            browser.keep("call-en").await;
            browser.click(button).await;
            assert_eq!(browser.attribute("done", "data-done").await, done);
        }
        browser.find("[data-testid='empty']").await;
        browser.click("logout").await;
        browser.find("#number").await;
        // The cookie is gone, and what is behind it too.
        browser
            .client
            .goto(&format!("{url}/documents/{first}"))
            .await
            .unwrap();
        browser.find("#number").await;
        browser.client.clone().close().await.unwrap();
    });
    let answer = bank.read_answer(&kiosk.identified(first));
    assert_eq!(
        (answer.verdict, answer.reason),
        (Verdict::NonMatch, Some(RefusalReason::DocumentExpired))
    );
    assert_eq!(
        bank.read_answer(&kiosk.identified(second)).verdict,
        Verdict::Match
    );
}

/// axe-core finds nothing on any page: at the door, in the queue, before the pictures, before a number, and after each
/// decision; and it would find something.
#[test]
fn axe_finds_nothing_on_the_pages_of_examiners() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let (_kiosk, [first, second, third]) = delivered(&mut bank, &gateway);
    let url = format!("https://localhost:{}", gateway.review_address().unwrap().port());
    bank.runtime.block_on(async {
        let browser = Browser::open("en").await;
        browser.client.goto(&url).await.unwrap();
        for tag in ["kk", "ru", "en"] {
            browser.click(&format!("language-{tag}")).await;
            browser.find(&format!("html[lang='{tag}'] #secret")).await;
            browser.axe_finds_nothing(&format!("login {tag}")).await;
        }
        browser.log_in("not the secret").await;
        browser.find("[data-testid='login-fault']").await;
        browser.axe_finds_nothing("login refused").await;
        browser.log_in(SECRET).await;
        browser.click(&format!("take-{first}")).await;
        for tag in ["kk", "ru", "en"] {
            browser.find("[data-testid='accept']").await;
            browser.click(&format!("language-{tag}")).await;
            browser
                .find(&format!("html[lang='{tag}'] [data-testid='take-{second}']"))
                .await;
            browser.axe_finds_nothing(&format!("queue {tag}")).await;
            browser.click(&format!("open-{first}")).await;
            browser
                .find(&format!("html[lang='{tag}'] [data-testid='accept']"))
                .await;
            browser.axe_finds_nothing(&format!("pictures {tag}")).await;
        }
        browser
            .find("#reason-document-expired")
            .await
            .click()
            .await
            .unwrap();
        browser.click("refuse").await;
        assert_eq!(browser.attribute("done", "data-done").await, "refused");
        browser.axe_finds_nothing("refused").await;
        browser.click(&format!("take-{second}")).await;
        browser.find("#compared").await.click().await.unwrap();
        browser.click("accept").await;
        assert_eq!(browser.attribute("done", "data-done").await, "accepted");
        browser.axe_finds_nothing("accepted").await;
        browser.click(&format!("take-{third}")).await;
        browser.find("[data-testid='call-number']").await;
        browser.axe_finds_nothing("a call").await;
        browser.click("called").await;
        browser.find("[data-testid='empty']").await;
        browser.axe_finds_nothing("nothing is left").await;

        browser
            .client
            .execute("document.documentElement.removeAttribute('lang');", Vec::new())
            .await
            .unwrap();
        let wrong = browser.axe().await;
        assert!(wrong.to_string().contains("html-has-lang"), "{wrong}");
        browser.client.clone().close().await.unwrap();
    });
}

#[test]
fn the_pages_are_read_in_three_languages_and_hold_what_accessibility_asks_for() {
    let mut bank = bank();
    let gateway = bank.gateway();
    let (_kiosk, [first, ..]) = delivered(&mut bank, &gateway);
    let url = format!("https://localhost:{}", gateway.review_address().unwrap().port());
    bank.runtime.block_on(async {
        let browser = Browser::open("ru").await;
        browser.client.goto(&url).await.unwrap();
        // As the browser says, before anybody has chosen.
        assert_eq!(browser.find("html").await.attr("lang").await.unwrap().as_deref(), Some("ru"));
        browser.log_in(SECRET).await;
        browser.click(&format!("take-{first}")).await;
        browser.find("[data-testid='accept']").await;
        for (tag, title) in [("kk", "Суреттерді салыстыру"), ("en", "Compare the pictures"), ("ru", "Сличение снимков")] {
            browser.click(&format!("language-{tag}")).await;
            browser.find(&format!("html[lang='{tag}']")).await;
            browser.keep(&format!("queue-{tag}")).await;
            browser.click(&format!("open-{first}")).await;
            browser.find("[data-testid='accept']").await;
            assert!(browser.title().await.starts_with(title), "{}", browser.title().await);
            browser.keep(&format!("document-{tag}")).await;
            // Every field has a name, every picture a text, and nothing stands beside the page.
            let faults = "const named = (one) => one.type === 'hidden' || one.labels.length > 0;
                const wide = document.documentElement.scrollWidth > window.innerWidth ? ['wide'] : [];
                const ids = Array.from(document.querySelectorAll('[id]'), (one) => one.id);
                return wide
                    .concat(Array.from(document.querySelectorAll('input')).filter((one) => !named(one)).map((one) => one.id))
                    .concat(Array.from(document.images).filter((one) => one.alt === '').map((one) => one.src))
                    .concat(ids.filter((id, at) => ids.indexOf(id) !== at));";
            let found = browser.client.execute(faults, Vec::new()).await.unwrap();
            assert_eq!(found, json!([]), "{tag}");
            assert!(!browser.client.source().await.unwrap().contains(">review-"), "{tag}");
        }
        assert!(!browser.is_there("script").await);
        browser.client.clone().close().await.unwrap();
    });
}
