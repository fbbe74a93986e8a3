//! Services of five kinds of institution in the real window, by their real profiles: what `services` walks without a window.
//!
//! The pictures stay in `tmp/screens` of the target folder, to be looked at.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use common::{BIN, IIN, Institution, LIMIT, alone, clip, now, offered};
use gallery::{BothSizes, KIOSK, UPRIGHT, run};
use gateway::config::ScriptedPage;
use printer::sim::{Machine, Page, Pty};
use verification::Sensitive;
use verification::evidence::{Evidence, Modality, Outcome, Route};
use walk::{STEP_LIMIT, Walk};

const ALWAYS_OPEN: &str = r#"
[hours]
mon = ["00:00-24:00"]
tue = ["00:00-24:00"]
wed = ["00:00-24:00"]
thu = ["00:00-24:00"]
fri = ["00:00-24:00"]
sat = ["00:00-24:00"]
sun = ["00:00-24:00"]
"#;

/// The card of the person of the stories: public test data, as in the tests of the zone.
const ZONE: &str =
    "IDKAZ0412365878880412401006<<<8804123F3104116KAZ<<<<<<<<<<<2SEITKALIYEVA<<AIGERIM<<<<<<<<<";

/// The code of the one who is on duty.
const CODE: &str = "0748151623";

/// An institution whose kiosk has one of the real profiles.
fn institution(profile: &str) -> Institution {
    let mut institution = Institution::found();
    let file = format!("{profile}.toml");
    institution.profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles").join(file);
    institution
}

/// A kiosk with these tables in its configuration, besides what every story needs.
fn config(institution: &Institution, tables: &str) -> PathBuf {
    let clip = clip();
    institution.kiosk_config(&clip, &format!("{}\n{tables}", offered(&clip)), UPRIGHT)
}

async fn window(config: &Path) -> Walk {
    Walk::start(Path::new(KIOSK), config).await.unwrap()
}

/// The table of somebody who may say to be present.
fn operators() -> String {
    let code = alaqan::operators::hash(&Sensitive::new(CODE.to_owned())).unwrap();
    format!("{ALWAYS_OPEN}\n[[operators]]\nnumber = \"07\"\nname = \"staff-7\"\ncode = {code:?}\n")
}

/// From the welcome to the first screen of a service.
async fn begin(walk: &Walk, service: &str) {
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    walk.touch("begin").await.unwrap();
    walk.choose(service).await.unwrap();
}

/// Reads this consent and answers it.
async fn consents(walk: &Walk, text: &str, answer: &str) {
    walk.wait_for_value("data-consent", text, STEP_LIMIT)
        .await
        .unwrap();
    walk.touch(answer).await.unwrap();
    walk.wait_for_change("data-consent", text).await.unwrap();
}

/// Waits until this field is asked for.
async fn is_asked(walk: &Walk, field: &str, input: &str) {
    walk.wait_for_value("data-field", field, STEP_LIMIT)
        .await
        .unwrap();
    assert_eq!(walk.attribute("data-input").await.unwrap(), input, "{field}");
}

/// The one on duty says to be present.
async fn is_present(walk: &Walk) {
    walk.wait_for(&["operator"], STEP_LIMIT).await.unwrap();
    walk.type_on_screen(CODE).await.unwrap();
    walk.touch("operator-next").await.unwrap();
    walk.wait_for(&["method"], LIMIT).await.unwrap();
}

/// Waits for this outcome; gives the number of the record.
async fn ends(walk: &Walk, outcome: &str) -> String {
    walk.wait_for_value("data-outcome", outcome, LIMIT).await.unwrap();
    walk.attribute("data-record").await.unwrap()
}

/// Back to the welcome screen, and on until the gateway has everything.
async fn finishes(walk: Walk) {
    walk.touch("finish").await.unwrap();
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    let delivered = "[data-testid='pending'][data-pending='0']";
    walk.client()
        .wait()
        .at_most(LIMIT)
        .for_element(walk::css(delivered))
        .await
        .unwrap();
    walk.close().await.unwrap();
}

/// What was entered in a field of a document.
fn entered<'a>(document: &'a Evidence, field: &str) -> Option<&'a str> {
    let entry = document.entries.iter().find(|entry| entry.field == field);
    entry.map(|entry| entry.value.expose().as_str())
}

/// The document with this number.
fn document(documents: &[Evidence], record: &str) -> Evidence {
    let found = documents
        .iter()
        .find(|document| document.document_id.to_string() == record);
    found.expect("the gateway keeps it").clone()
}

/// A simulated receipt printer on a pseudo-terminal, ended with its value.
struct Paper {
    port: PathBuf,
    cut: Arc<Mutex<Vec<Page>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Paper {
    fn start() -> Self {
        let pty = Pty::open(None).unwrap();
        let port = pty.path().to_owned();
        let (cut, ended) = <(Arc<Mutex<Vec<Page>>>, Arc<AtomicBool>)>::default();
        let (pages, end) = (cut.clone(), ended.clone());
        let thread = std::thread::spawn(move || {
            let mut machine = Machine::default();
            let mut buffer = vec![0; 4096];
            while !end.load(Ordering::Relaxed) {
                pty.wait(Duration::from_millis(5));
                let room = machine.room().min(buffer.len());
                let answers = machine.receive(pty.receive(&mut buffer[..room]));
                pty.send(&answers);
                let answers = machine.work(100);
                pty.send(&answers);
                pages.lock().unwrap().extend(machine.take_pages());
            }
        });
        Self {
            port,
            cut,
            ended,
            thread: Some(thread),
        }
    }

    fn table(&self) -> String {
        format!(
            "{ALWAYS_OPEN}\n[printer]\ndriver = \"escpos-serial\"\nport = {:?}\npaper = \"roll-80\"\n",
            self.port
        )
    }
}

impl Drop for Paper {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let thread = self.thread.take();
        assert!(thread.is_none_or(|thread| thread.join().is_ok()));
    }
}

#[test]
fn a_loan_above_its_threshold_is_verified_by_the_face_and_its_slip_is_printed() {
    let _alone = alone();
    let mut institution = institution("bank");
    institution.open_gateway();
    let paper = Paper::start();
    let config = config(&institution, &paper.table());
    let record = run(takes_a_loan(&config));
    let cut = std::mem::take(&mut *paper.cut.lock().unwrap());
    let [slip] = &cut[..] else {
        panic!("{} slips", cut.len())
    };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens/slip.png");
    std::fs::write(&file, slip.png().unwrap()).unwrap();
    let is_black = |y: usize| (0..slip.width()).any(|x| slip.is_black(x, y));
    assert!((0..slip.rows.len()).filter(|y| is_black(*y)).count() > 300);

    let documents = institution.documents();
    let document = document(&documents, &record);
    assert_eq!(documents.len(), 1);
    assert_eq!(document.outcome, Outcome::AwaitingIdentification);
    assert_eq!(document.modality, Some(Modality::Face));
    assert_eq!(document.service.as_ref().unwrap().0, "online-loan");
    assert_eq!(entered(&document, "amount"), Some("2500000"));
    assert_eq!(entered(&document, "income-source"), Some("business"));
    let consents: Vec<_> = document
        .consents
        .iter()
        .map(|consent| (&*consent.text, consent.given))
        .collect();
    assert_eq!(
        consents,
        [
            ("processing", true),
            ("automated-decision", true),
            ("nbas-enrolment", false)
        ]
    );
}

async fn takes_a_loan(config: &Path) -> String {
    let walk = window(config).await;
    let gallery = BothSizes::new("bank");
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    walk.touch("begin").await.unwrap();
    gallery.show(&walk, "service", "service-page-1").await;
    walk.touch("page-next").await.unwrap();
    gallery.show(&walk, "service", "service-page-2").await;
    walk.touch("own-data").await.unwrap();
    gallery.show(&walk, "service", "own-data").await;
    assert_eq!(walk.attribute("data-list").await.unwrap(), "own-data");
    walk.touch("own-data-back").await.unwrap();
    walk.choose("online-loan").await.unwrap();
    consents(&walk, "processing", "consent-agree").await;
    gallery.show(&walk, "consent", "consent-refers").await;
    assert_eq!(walk.attribute("data-refusal").await.unwrap(), "refers");
    consents(&walk, "automated-decision", "consent-agree").await;
    gallery.show(&walk, "consent", "consent-continues").await;
    assert_eq!(walk.attribute("data-refusal").await.unwrap(), "continues");
    consents(&walk, "nbas-enrolment", "consent-refuse").await;
    is_asked(&walk, "amount", "amount").await;
    walk.type_on_screen("2500000").await.unwrap();
    gallery.show(&walk, "field", "field-amount").await;
    walk.touch("field-next").await.unwrap();
    is_asked(&walk, "income-source", "choice").await;
    gallery.show(&walk, "field", "field-choice").await;
    walk.touch("choice-business").await.unwrap();
    walk.wait_for(&["claim"], STEP_LIMIT).await.unwrap();
    walk.enter_iin(IIN).await.unwrap();
    gallery.show(&walk, "method", "method").await;
    walk.touch("method-face").await.unwrap();
    let record = ends(&walk, "verified").await;
    gallery.show(&walk, "outcome", "outcome-with-print").await;
    assert_eq!(walk.attribute("data-slip").await.unwrap(), "ready");
    walk.touch("print").await.unwrap();
    walk.wait_for_value("data-slip", "printed", LIMIT).await.unwrap();
    gallery.show(&walk, "outcome", "outcome-printed").await;
    finishes(walk).await;
    record
}

#[test]
fn more_numbers_than_ten_need_a_written_application_and_are_told_of() {
    let _alone = alone();
    let mut institution = institution("mobile-operator");
    institution.open_gateway();
    institution.phone_says(ScriptedPage::Match);
    let config = config(&institution, ALWAYS_OPEN);
    let record = run(registers_a_number(&config));
    let documents = institution.documents();
    let document = document(&documents, &record);
    assert_eq!(documents.len(), 1);
    assert_eq!(document.suspicions, ["numbers-above-cap"]);
    assert_eq!(entered(&document, "bin"), Some(BIN));
    assert_eq!(entered(&document, "new-number"), Some("+77012345678"));
    assert_eq!(entered(&document, "numbers"), Some("12"));
    assert_eq!(entered(&document, "purposes"), Some("Қала, sensors"));
    assert_eq!(entered(&document, "devices"), Some("Метр"));
    let card = document.identity_document.as_ref().expect("the card was read");
    assert_eq!(card.number.expose(), "041236587");
    assert_eq!(card.surname.expose(), "SEITKALIYEVA");
}

async fn registers_a_number(config: &Path) -> String {
    let walk = window(config).await;
    let gallery = BothSizes::new("mobile-operator");
    begin(&walk, "sim-registration").await;
    for text in ["processing", "automated-decision", "nbas-enrolment"] {
        consents(&walk, text, "consent-agree").await;
    }
    is_asked(&walk, "subscriber", "choice").await;
    walk.touch("choice-staff").await.unwrap();
    is_asked(&walk, "bin", "bin").await;
    // With a wrong check digit first.
    walk.type_on_screen("050140000002").await.unwrap();
    walk.touch("field-next").await.unwrap();
    let wrong = walk::css("[data-testid='field-error'] [data-error='check-digit']");
    walk.client().wait().for_element(wrong).await.unwrap();
    gallery.show(&walk, "field", "field-bin-wrong").await;
    walk.touch("key-delete").await.unwrap();
    walk.answer_field(&[("bin", &BIN[11..])]).await.unwrap();
    is_asked(&walk, "new-number", "phone").await;
    walk.type_on_screen("701234").await.unwrap();
    gallery.show(&walk, "field", "field-phone").await;
    walk.answer_field(&[("new-number", "5678")]).await.unwrap();
    is_asked(&walk, "numbers", "count").await;
    walk.type_on_screen("12").await.unwrap();
    gallery.show(&walk, "field", "field-count").await;
    walk.touch("field-next").await.unwrap();
    is_asked(&walk, "purposes", "text").await;
    gallery.show(&walk, "field", "field-text").await;
    for (layout, text) in [("kk", "қала, "), ("en", "sensors")] {
        walk.touch(&format!("layout-{layout}")).await.unwrap();
        walk.type_on_screen(text).await.unwrap();
    }
    walk.touch("field-next").await.unwrap();
    is_asked(&walk, "devices", "text").await;
    walk.touch("layout-ru").await.unwrap();
    walk.answer_field(&[("devices", "метр")]).await.unwrap();

    walk.wait_for(&["claim"], STEP_LIMIT).await.unwrap();
    walk.touch("claim-by-zone").await.unwrap();
    walk.wait_for_value("data-way", "zone", STEP_LIMIT).await.unwrap();
    walk.type_on_screen(&ZONE[..44]).await.unwrap();
    gallery.show(&walk, "claim", "zone").await;
    // The check digit of the expiry amiss.
    walk.type_on_screen("7").await.unwrap();
    walk.type_on_screen(&ZONE[45..]).await.unwrap();
    walk.touch("claim-next").await.unwrap();
    let wrong = walk::css("[data-testid='claim-error'] [data-error='zone-check-digit']");
    walk.client().wait().for_element(wrong).await.unwrap();
    gallery.show(&walk, "claim", "zone-wrong").await;
    for _ in ["the third line", "the second line"] {
        walk.touch("zone-delete-line").await.unwrap();
    }
    assert_eq!(walk.value_of("zone", "data-entered").await.unwrap(), "30");
    walk.type_on_screen(&ZONE[30..]).await.unwrap();
    walk.touch("claim-next").await.unwrap();
    walk.wait_for(&["method"], STEP_LIMIT).await.unwrap();
    walk.touch("method-phone").await.unwrap();
    let record = ends(&walk, "verified").await;
    finishes(walk).await;
    record
}

#[test]
fn a_request_for_ones_own_record_has_a_number_under_which_it_is_followed() {
    let _alone = alone();
    let mut institution = institution("migration-desk");
    institution.open_gateway();
    let config = config(&institution, &operators());
    let [made, followed] = run(asks_for_a_record(&config));
    let documents = institution.documents();
    assert_eq!(documents.len(), 2);
    let (made, followed) = (document(&documents, &made), document(&documents, &followed));
    let request = made.request.as_ref().expect("a request was made");
    assert_eq!(request.kind, "biometric-record");
    assert_eq!(entered(&made, "record"), Some("both"));
    assert_eq!(
        entered(&made, "contact-phone"),
        None,
        "it was left out on the screen"
    );
    assert!(followed.asks_request_state);
    for document in [made, followed] {
        assert_eq!(document.operator.as_deref(), Some("staff-7"));
        assert_eq!(document.modality, Some(Modality::Face));
    }
}

async fn asks_for_a_record(config: &Path) -> [String; 2] {
    let walk = window(config).await;
    let gallery = BothSizes::new("migration-desk");
    begin(&walk, "biometric-record-request").await;
    for text in ["processing", "automated-decision"] {
        consents(&walk, text, "consent-agree").await;
    }
    walk.answer_field(&[("record", "both")]).await.unwrap();
    walk.answer_field(&[("what", "content")]).await.unwrap();
    is_asked(&walk, "contact-phone", "phone").await;
    gallery.show(&walk, "field", "field-optional").await;
    walk.answer_field(&[("contact-phone", "")]).await.unwrap();
    walk.wait_for(&["claim"], STEP_LIMIT).await.unwrap();
    walk.enter_iin(IIN).await.unwrap();
    walk.wait_for(&["operator"], STEP_LIMIT).await.unwrap();
    walk.type_on_screen("0700").await.unwrap();
    gallery.show(&walk, "operator", "operator").await;
    walk.touch("operator-next").await.unwrap();
    let wrong = walk::css("[data-testid='operator-error'] *");
    walk.client()
        .wait()
        .at_most(LIMIT)
        .for_element(wrong)
        .await
        .unwrap();
    gallery.show(&walk, "operator", "operator-wrong").await;
    is_present(&walk).await;
    walk.touch("method-face").await.unwrap();
    let made = ends(&walk, "verified").await;
    gallery.show(&walk, "outcome", "outcome-with-request").await;
    let number = walk.text_of("request").await.unwrap();
    assert_eq!(number.len(), "YYMMDD-XXXX-XXXX".len(), "{number}");
    let due = walk.text_of("request-due").await.unwrap();
    assert!(due.contains("202"), "{due} tells a day");
    walk.touch("finish").await.unwrap();

    begin(&walk, "request-status").await;
    for text in ["processing", "automated-decision"] {
        consents(&walk, text, "consent-agree").await;
    }
    is_asked(&walk, "request-number", "request-number").await;
    walk.type_on_screen(&number.replace('-', "")).await.unwrap();
    gallery.show(&walk, "field", "field-request-number").await;
    walk.touch("field-next").await.unwrap();
    walk.wait_for(&["claim"], STEP_LIMIT).await.unwrap();
    walk.enter_iin(IIN).await.unwrap();
    is_present(&walk).await;
    walk.touch("method-face").await.unwrap();
    let followed = ends(&walk, "verified").await;
    let state = walk.value_of("request-state", "data-state").await.unwrap();
    assert_eq!(state, "received");
    gallery.show(&walk, "outcome", "outcome-request-state").await;
    finishes(walk).await;
    [made, followed]
}

#[test]
fn a_registration_on_the_phone_can_be_left_and_be_done() {
    let _alone = alone();
    let mut institution = institution("crypto-platform");
    institution.open_gateway();
    let config = config(&institution, &operators());
    let [left, done] = run(registers_on_the_phone(&institution, &config));
    let documents = institution.documents();
    let (left, done) = (document(&documents, &left), document(&documents, &done));
    assert_ne!(left.document_id, done.document_id);
    for document in [left, done] {
        assert_eq!(document.outcome, Outcome::AwaitingIdentification);
        assert_eq!(document.route, Route::HostedPage);
        assert_eq!(document.operator.as_deref(), Some("staff-7"));
        assert!(document.stills.is_empty());
    }
}

async fn registers_on_the_phone(institution: &Institution, config: &Path) -> [String; 2] {
    let walk = window(config).await;
    let gallery = BothSizes::new("crypto-platform");
    opens_the_page(&walk).await;
    // Nobody does anything on the phone.
    walk.wait_for_value("data-open", "true", LIMIT).await.unwrap();
    gallery.show(&walk, "phone", "phone").await;
    assert!(walk.is_there("qr").await.unwrap());
    let url = walk.text_of("phone-url").await.unwrap();
    assert!(url.starts_with("https://"), "{url}");
    walk.touch("phone-end").await.unwrap();
    // The page is open still, and an answer may come; nobody waits for it here.
    let left = ends(&walk, "awaiting-identification").await;
    walk.touch("finish").await.unwrap();

    institution.phone_says(ScriptedPage::Match);
    opens_the_page(&walk).await;
    let done = ends(&walk, "verified").await;
    finishes(walk).await;
    [left, done]
}

async fn opens_the_page(walk: &Walk) {
    begin(walk, "first-registration").await;
    walk.fill_in(&[]).await.unwrap();
    walk.enter_iin(IIN).await.unwrap();
    is_present(walk).await;
    walk.touch("method-phone").await.unwrap();
    walk.wait_for(&["phone", "outcome"], STEP_LIMIT).await.unwrap();
}

#[test]
fn who_wants_no_automated_decision_goes_to_the_staff_and_a_small_loan_needs_nobody() {
    let _alone = alone();
    let mut institution = institution("microfinance");
    institution.open_gateway();
    let config = config(&institution, ALWAYS_OPEN);
    let [referred, small] = run(goes_without_a_verification(&config));
    let documents = institution.documents();
    let (referred, small) = (document(&documents, &referred), document(&documents, &small));
    assert_eq!(referred.outcome, Outcome::Referred);
    assert_eq!(referred.service.as_ref().unwrap().0, "personal-data");
    let refused: Vec<_> = referred
        .consents
        .iter()
        .filter(|consent| !consent.given)
        .map(|consent| &*consent.text)
        .collect();
    assert_eq!(refused, ["automated-decision"]);
    assert_eq!(small.outcome, Outcome::NotRequired);
    assert_eq!(entered(&small, "amount"), Some("50000"));
    for document in [referred, small] {
        assert!(document.claim.is_none() && document.stills.is_empty());
    }
}

async fn goes_without_a_verification(config: &Path) -> [String; 2] {
    let walk = window(config).await;
    let gallery = BothSizes::new("microfinance");
    begin(&walk, "personal-data").await;
    consents(&walk, "processing", "consent-agree").await;
    walk.wait_for_value("data-refusal", "refers", STEP_LIMIT)
        .await
        .unwrap();
    consents(&walk, "automated-decision", "consent-refuse").await;
    let referred = ends(&walk, "referred").await;
    gallery.show(&walk, "outcome", "outcome-referred").await;
    walk.touch("finish").await.unwrap();

    begin(&walk, "online-loan").await;
    let shown = walk.fill_in(&[("amount", "50000")]).await.unwrap();
    assert_eq!(shown, "outcome");
    let small = ends(&walk, "not-required").await;
    gallery.show(&walk, "outcome", "outcome-not-required").await;
    // The kinds of requests, which are many.
    walk.touch("finish").await.unwrap();
    begin(&walk, "personal-data").await;
    for text in ["processing", "automated-decision"] {
        consents(&walk, text, "consent-agree").await;
    }
    is_asked(&walk, "right", "choice").await;
    gallery.show(&walk, "field", "field-choice-of-six").await;
    walk.touch("choice-decision-dispute").await.unwrap();
    is_asked(&walk, "disputed-record", "text").await;
    gallery.show(&walk, "field", "field-text-optional").await;
    walk.touch("cancel").await.unwrap();
    walk.wait_for(&["outcome", "welcome"], STEP_LIMIT).await.unwrap();
    finishes(walk).await;
    [referred, small]
}

#[test]
fn the_kiosk_rests_outside_its_hours_and_says_when_it_opens() {
    let _alone = alone();
    let institution = institution("bank");
    // Open on one day of the week, which is neither today nor tomorrow in Kazakhstan.
    let hours = now().0 / 3_600_000 + 5;
    let day = usize::try_from((hours / 24 + 3 + 3) % 7).unwrap();
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][day];
    let config = config(&institution, &format!("\n[hours]\n{day} = [\"09:30-18:00\"]\n"));
    run(async {
        let walk = window(&config).await;
        let gallery = BothSizes::new("closed");
        gallery.show(&walk, "closed", "closed").await;
        let opens = walk.text_of("opens").await.unwrap();
        assert!(opens.contains("9:30"), "{opens}");
        assert!(!walk.is_there("begin").await.unwrap());
        walk.close().await.unwrap();
    });
}
