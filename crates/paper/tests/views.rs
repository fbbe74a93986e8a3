//! What people see of a document in which much happened.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "../../document/tests/generators/mod.rs"]
#[allow(dead_code, reason = "the formats are tested where they are")]
mod generators;

use common::{Institution, SIGNED_AT, TEST_IIN, answer, evidence};
use document::identification::{Identification, Verdict};
use expect_test::expect_file;
use generators::{some_evidence, some_identification};
use paper::{LANGUAGES, Papers, Shown, Trust, html, json, judge, pdf, text};
use proptest::prelude::*;
use verification::Sensitive;
use verification::evidence::{Evidence, Language, Outcome};

fn shown_of(evidence: &Evidence, answer: Option<&Identification>) -> Shown {
    let institution = Institution::new();
    let document = institution.document_of(evidence);
    let trust = Trust {
        authorities: &institution.anchors(),
        lists: &[institution.list(2089, None)],
        time_authorities: &[],
        now: SIGNED_AT,
        valid_now: true,
    };
    let answer = answer.map(|answer| institution.answer(answer));
    let receipt = institution.receipt(&document);
    let papers = Papers {
        document: &document,
        answer: answer.as_deref(),
        receipt: Some(&receipt),
    };
    judge(papers, &trust).unwrap()
}

fn shown() -> Shown {
    shown_of(&evidence(), Some(&answer()))
}

/// Keys are new in each run; so are the digests of what they signed.
fn without_digests(shown: &Shown, page: &str) -> String {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let mut page = page.replace(&hex(&shown.document_sha256), "(digest of the document)");
    let answer = shown.answer.as_ref().map(|(_, signed)| signed);
    let receipt = shown.receipt.as_ref().map(|(_, signed)| signed);
    for signed in [Some(&shown.signature), answer, receipt].into_iter().flatten() {
        page = page.replace(
            &hex(&signed.certificate.fingerprint.0),
            "(digest of the certificate)",
        );
    }
    page
}

/// The body, a line for each element, without the pictures themselves.
fn lines_of(page: &str) -> String {
    let body = page.split("</head>").nth(1).unwrap();
    let mut text = String::new();
    for part in body.split("data:image/jpeg;base64,") {
        let shown = match part.split_once('"') {
            Some((bytes, rest)) if !text.is_empty() => format!("({} characters)\"{rest}", bytes.len()),
            _ => part.to_owned(),
        };
        text.push_str(&shown);
    }
    text.replace("><", ">\n<") + "\n"
}

#[test]
fn the_page_in_each_language() {
    let shown = shown();
    for language in LANGUAGES {
        let page = html(&shown, language);
        let file = format!("snapshots/page.{}.html", language.tag());
        expect_file![file].assert_eq(&lines_of(&without_digests(&shown, &page)));
        // Nothing from elsewhere, and nothing that runs.
        for foreign in [
            "<script",
            "http://",
            "https://",
            "<link",
            "@import",
            "javascript:",
        ] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert!(page.contains("&lt;банкі&gt; &amp;") && !page.contains("<банкі>"));
        assert!(!page.contains('\u{202e}'));
    }
}

#[test]
fn the_terminal_hides_the_person() {
    let shown = shown();
    for language in LANGUAGES {
        let hidden = text(&shown, language, false);
        assert!(!hidden.contains(TEST_IIN), "{hidden}");
        assert!(text(&shown, language, true).contains(TEST_IIN));
        assert!(!hidden.chars().any(|letter| letter.is_control() && letter != '\n'));
    }
    let debug = format!("{shown:?}");
    assert!(
        !debug.contains(TEST_IIN) && !debug.contains("255, 216"),
        "{debug}"
    );
}

/// The words of a text, in order, whatever stands between them.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[test]
fn the_paper_in_each_language() {
    let shown = shown();
    for (language, page, iin) in [
        (Language::Kk, "2-бет, барлығы", "ЖСН"),
        (Language::Ru, "Страница 2 из", "ИИН"),
        (Language::En, "Page 2 of", "IIN"),
    ] {
        let bytes = pdf(&shown, language).unwrap();
        let pages = pdf_extract::extract_text_from_mem_by_pages(&bytes).unwrap();
        assert!((3..=9).contains(&pages.len()), "{} pages", pages.len());
        assert!(words(&pages[1]).join(" ").contains(page), "{}", pages[1]);
        let first = words(&pages[0]).join(" ");
        assert!(first.contains("«Алақан» <банкі> & серіктестері"), "{first}");
        let all = words(&pages.join("\n")).join(" ");
        for told in [iin, TEST_IIN, "000140000002", "d0d0", "AP-1"] {
            assert!(all.contains(told), "{told} in {all}");
        }
        assert_eq!(bytes, pdf(&shown, language).unwrap(), "one document has one PDF");
        assert!(
            bytes.windows(7).any(|window| window == b"pdfaid:"),
            "it says that it is PDF/A"
        );
    }
}

#[test]
fn a_picture_that_is_none_is_said_to_be_none() {
    let mut evidence = evidence();
    evidence.stills[0].sample.jpeg = Sensitive::new(b"<script>no picture</script>".to_vec());
    // In colours of printing, which PDF/A does not take without a profile.
    let of_printing = include_bytes!("pictures/cmyk.jpg").to_vec();
    evidence.stills[1].sample.jpeg = Sensitive::new(of_printing);
    evidence.organisation.name = "银行 Алақан".to_owned();
    let shown = shown_of(&evidence, None);
    let page = html(&shown, Language::En);
    assert!(page.contains("The picture cannot be read") && !page.contains("no picture"));
    let bytes = pdf(&shown, Language::En).unwrap();
    let text = pdf_extract::extract_text_from_mem(&bytes).unwrap();
    let text = words(&text).join(" ");
    assert_eq!(text.matches("The picture cannot be read").count(), 2, "{text}");
    assert!(
        text.contains("?? Алақан"),
        "letters that no font has are marked: {text}"
    );
}

/// A person is confirmed by the centre alone, and at the stricter threshold.
#[test]
fn what_is_concluded() {
    let check = |outcome, answer: Option<Identification>, expect: &str| {
        let evidence = Evidence {
            outcome,
            ..evidence()
        };
        let text = text(&shown_of(&evidence, answer.as_ref()), Language::En, false);
        let line = text.lines().find(|line| line.starts_with("Conclusion")).unwrap();
        assert!(line.ends_with(expect), "{line}");
    };
    let awaiting = Outcome::AwaitingIdentification;
    let (yes, no) = ("The identity is confirmed", "The identity is not confirmed");
    check(awaiting, Some(answer()), yes);
    let score = |score| Some(Identification { score, ..answer() });
    // The document's own threshold is 0.95, the gateway's 0.9.
    check(awaiting, score(Some(0.949)), no);
    check(awaiting, score(None), no);
    let strict = Identification {
        threshold: Some(0.99),
        ..answer()
    };
    check(awaiting, Some(strict), no);
    let other = Identification {
        verdict: Verdict::NonMatch,
        ..answer()
    };
    check(awaiting, Some(other), no);
    check(awaiting, None, "there is no answer of the centre");
    check(Outcome::AttackSuspected, Some(answer()), no);
}

#[test]
fn programs_read_the_same() {
    let value = json(&shown());
    assert_eq!(value["state"], "valid");
    assert_eq!(value["document"]["claim"], TEST_IIN);
    assert_eq!(value["document"]["outcome"], "AwaitingIdentification");
    assert_eq!(
        value["document"]["attempts"][1]["challenges"][0]["challenge"],
        "TurnLeft"
    );
    assert_eq!(value["document"]["attempts"][1]["parts"][0]["value"], 0.875);
    assert_eq!(value["answer"]["verdict"], "Match");
    assert_eq!(value["document"]["stills"].as_array().unwrap().len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever a kiosk signed is shown in each form: no text, number, time or picture stops it.
    #[test]
    fn whatever_was_signed_is_shown(
        evidence in some_evidence(),
        answer in some_identification(),
        language in prop::sample::select(LANGUAGES.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut evidence = evidence;
        evidence.stills.extend(common::evidence().stills.into_iter().take(1).map(|mut still| {
            let mut jpeg = still.sample.jpeg.expose().clone();
            for (at, byte) in &changes {
                let length = jpeg.len();
                jpeg[at.index(length)] = *byte;
            }
            still.sample.jpeg = Sensitive::new(jpeg);
            still
        }));
        let answer = Identification { document_id: evidence.document_id, ..answer };
        let shown = shown_of(&evidence, Some(&answer));
        let page = html(&shown, language);
        prop_assert!(page.ends_with("</html>") && !page.contains("<script"));
        let paper = pdf(&shown, language);
        prop_assert!(paper.is_ok(), "{:?}", paper.err());
        let hidden = text(&shown, language, false);
        prop_assert!(evidence.claim.is_none() || !hidden.contains(TEST_IIN));
        let value = json(&shown);
        let id = evidence.document_id.to_string();
        prop_assert_eq!(value["document"]["document_id"].as_str(), Some(id.as_str()));
    }
}
