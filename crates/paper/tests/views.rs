//! What people see of a document in which much happened.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "../../document/tests/generators/mod.rs"]
#[allow(dead_code, reason = "the formats are tested where they are")]
mod generators;

use common::{ENTERED, Institution, SIGNED_AT, TEST_IIN, answer, evidence};
use document::identification::{Identification, Nbas, Verdict};
use expect_test::expect_file;
use generators::{some_evidence, some_identification};
use paper::{Block, LANGUAGES, Papers, Shown, Trust, html, json, judge, pdf, sections, text};
use proptest::prelude::*;
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::{
    Evidence, Language, Outcome, PageQuality, RefusalReason, RequestStanding, Route, RouteReason, Source,
    StillPurpose,
};
use verification::integrity::Demand;
use verification::policy::OperatorPresence;

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
        let whole = text(&shown, language, true);
        for personal in ENTERED.iter().chain(&[TEST_IIN, "соңғы жол", "2031"]) {
            assert!(!hidden.contains(personal), "{personal}: {hidden}");
            assert!(whole.contains(personal), "{personal}: {whole}");
        }
        assert!(!hidden.chars().any(|letter| letter.is_control() && letter != '\n'));
    }
    let debug = format!("{shown:?}");
    for personal in ENTERED.iter().chain(&[TEST_IIN, "соңғы жол", "255, 216"]) {
        assert!(!debug.contains(personal), "{personal}: {debug}");
    }
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
        let told = [
            iin,
            TEST_IIN,
            "000140000002",
            "d0d0",
            "AP-1",
            "kz-law-191-iv",
            "idec-77",
        ];
        for told in told.iter().chain(&ENTERED) {
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
    for verdict in [
        Verdict::DocumentTypeNotAccepted,
        Verdict::QualityInsufficient,
        Verdict::NotCompleted,
    ] {
        check(awaiting, Some(Identification { verdict, ..answer() }), no);
    }
    check(Outcome::NotRequired, None, "The rules require no verification");
    check(Outcome::Referred, None, "people of the institution decide");
    // No answer makes a success of a session that did not wait for one.
    check(
        Outcome::Referred,
        Some(answer()),
        "people of the institution decide",
    );
}

/// An examiner decides about pictures that were taken for one, and about nothing else; the centre not about those.
#[test]
fn an_examiner_confirms_only_what_was_meant_for_one() {
    let check = |route, decided_by, verdict, expect: &str| {
        let evidence = Evidence { route, ..evidence() };
        let answer = Identification {
            decided_by,
            verdict,
            examiner: (decided_by == Source::Examiner).then(|| "examiner-3".to_owned()),
            ..answer()
        };
        let text = text(&shown_of(&evidence, Some(&answer)), Language::En, false);
        let line = text.lines().find(|line| line.starts_with("Conclusion")).unwrap();
        assert!(line.ends_with(expect), "{route:?} {decided_by:?}: {line}");
    };
    let (yes, no) = ("The identity is confirmed", "The identity is not confirmed");
    check(Route::Images, Source::Examiner, Verdict::Match, yes);
    check(Route::Images, Source::Examiner, Verdict::NonMatch, no);
    check(Route::Images, Source::Centre, Verdict::Match, no);
    check(Route::Kiosk, Source::Examiner, Verdict::Match, no);
    check(Route::Kiosk, Source::Centre, Verdict::Match, yes);
}

/// In the list of signatures the answer is whose it was.
#[test]
fn the_answer_of_an_examiner_is_signed_as_one() {
    let answer_of = |route, language, centre: &str| {
        let evidence = Evidence {
            route,
            outcome: Outcome::AwaitingIdentification,
            ..evidence()
        };
        let by_examiner = route == Route::Images;
        let answer = Identification {
            decided_by: if by_examiner {
                Source::Examiner
            } else {
                Source::Centre
            },
            examiner: by_examiner.then(|| "examiner-3".to_owned()),
            ..answer()
        };
        let text = text(&shown_of(&evidence, Some(&answer)), language, false);
        let named: Vec<_> = text
            .lines()
            .filter(|line| line.trim_end().ends_with(centre))
            .collect();
        named.len()
    };
    let names = [
        (Language::Kk, "Орталықтың жауабы", "Тексерушінің жауабы"),
        (Language::Ru, "Ответ центра", "Ответ проверяющего"),
        (Language::En, "Answer of the centre", "Answer of the examiner"),
    ];
    for (language, centre, examiner) in names {
        assert_eq!(answer_of(Route::Images, language, centre), 0, "{language:?}");
        assert_eq!(answer_of(Route::Images, language, examiner), 1, "{language:?}");
        assert_eq!(answer_of(Route::Kiosk, language, centre), 1, "{language:?}");
        assert_eq!(answer_of(Route::Kiosk, language, examiner), 0, "{language:?}");
    }
}

/// Nobody waits for the centre where it is not asked, and nobody speaks of it.
#[test]
fn pictures_wait_for_an_examiner_and_not_for_the_centre() {
    let evidence = Evidence {
        route: Route::Images,
        outcome: Outcome::AwaitingIdentification,
        ..evidence()
    };
    let waiting = shown_of(&evidence, None);
    let of_centre = [
        (Language::Kk, "орталық"),
        (Language::Ru, "центр"),
        (Language::En, "centre"),
    ];
    let of_examiner = [
        "ұйымның тексерушісі шешім қабылдаған жоқ",
        "проверяющий сотрудник организации",
        "no examiner of the institution has decided",
    ];
    for ((language, centre), examiner) in of_centre.into_iter().zip(of_examiner) {
        let text = text(&waiting, language, true);
        assert!(text.contains(examiner), "{text}");
        let speaks = |line: &&str| line.to_lowercase().contains(centre);
        let lines: Vec<_> = text.lines().filter(speaks).collect();
        // The rules that were in force name the wait for the centre in every document.
        assert!(lines.len() <= 1, "{lines:?}");
    }
}

/// The number on the paper is the one that the person took home.
#[test]
fn what_belongs_to_a_request_is_shown() {
    let of = |evidence: &Evidence, answer: &Identification| {
        text(&shown_of(evidence, Some(answer)), Language::En, false)
    };
    let line = |text: &str, label: &str| -> Option<String> {
        let line = text.lines().find(|line| line.starts_with(label))?;
        Some(line.trim_start_matches(label).trim().to_owned())
    };
    let (evidence, answer) = (evidence(), answer());
    let whole = of(&evidence, &answer);
    let number = verification::request::number(evidence.document_id, Date::from_utc(evidence.ended_at));
    assert_eq!(line(&whole, "Request number").as_deref(), Some(number.as_str()));
    assert_eq!(line(&whole, "To be answered by").as_deref(), Some("22 June 2026"));
    let standing = "State of the earlier request";
    assert_eq!(line(&whole, standing).as_deref(), Some("in progress"));
    // What was asked for and not told is seen to be missing; what was not asked for is not there.
    let untold = Identification {
        request: None,
        ..answer.clone()
    };
    assert_eq!(line(&of(&evidence, &untold), standing).as_deref(), Some("none"));
    let without = Evidence {
        request: None,
        asks_request_state: false,
        integrity: None,
        ..evidence
    };
    let untold = of(&without, &untold);
    for label in ["Request number", "To be answered by", standing] {
        assert_eq!(line(&untold, label), None);
    }
    assert!(untold.contains("! The kiosk says nothing about its integrity"));
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
    let answer = &value["answer"];
    assert_eq!(
        [&answer["nbas"], &answer["request"], &answer["centre_answer_id"]],
        ["NoConsent", "InProgress", "idec-77"]
    );
    let document = &value["document"];
    assert_eq!(document["profile"]["sha256"], "f0".repeat(32));
    assert_eq!(document["legal_basis"][1], "kz-law-191-iv");
    assert_eq!(document["consents"][1]["given"], false);
    assert_eq!(document["consents"][1]["answered_at_ms"], SIGNED_AT.0 - 113_000);
    assert_eq!(document["entries"][1]["value"], ENTERED[1]);
    assert_eq!(document["entries"][1]["look_alike"], true);
    assert_eq!(document["identity_document"]["expires"], "2031-12-05");
    assert_eq!(document["request"]["due"], "2026-06-22");
    assert_eq!(document["route"], "Kiosk");
    assert_eq!(document["integrity"]["codes"][1], "files:intact");
    assert_eq!(document["stills"][0]["quality"]["yaw_deg"], -2.5);
    assert!(document["stills"][3]["quality"].is_null());
    assert_eq!(document["policy"]["retention_years"], 5);
    assert_eq!(document["policy"]["integrity"]["virtual_environment"], "Reported");
    assert_eq!(value["document"]["stills"].as_array().unwrap().len(), 4);
}

/// What the profile of the institution brings into a document, and what the answer says about it, as it is signed.
fn told(evidence: &Evidence, answer: &Identification) -> Vec<(&'static str, String)> {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let mut told = vec![
        ("profile", evidence.profile.name.clone()),
        ("digest of the profile", hex(&evidence.profile.sha256)),
        ("years", evidence.policy.retention_years.to_string()),
    ];
    let mut all =
        |label, texts: Vec<&String>| told.extend(texts.into_iter().map(|text| (label, text.clone())));
    all("act", evidence.legal_basis.iter().collect());
    all("suspicion", evidence.suspicions.iter().collect());
    all("operator", evidence.operator.iter().collect());
    all(
        "consent",
        evidence.consents.iter().map(|consent| &consent.text).collect(),
    );
    all(
        "service",
        evidence.service.iter().map(|service| &service.0).collect(),
    );
    all(
        "kind of request",
        evidence.request.iter().map(|made| &made.kind).collect(),
    );
    all("name of the answer", answer.centre_answer_id.iter().collect());
    for entry in &evidence.entries {
        all("field", vec![&entry.field]);
        all("value", vec![entry.value.expose()]);
    }
    if let Some(read) = &evidence.identity_document {
        all("kind", vec![&read.kind]);
        all(
            "read",
            [&read.number, &read.surname, &read.given_names]
                .map(Sensitive::expose)
                .to_vec(),
        );
    }
    if let Some(record) = &evidence.integrity {
        all("code", record.codes.iter().collect());
    }
    told
}

/// Whether a value stands in a row, a table or a note; characters that move others about are marked there.
fn is_shown(shown: &Shown, language: Language, value: &str) -> bool {
    let moves = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let value: String = value
        .chars()
        .map(|letter| if moves(letter) { '\u{fffd}' } else { letter })
        .collect();
    let blocks = sections(shown, language)
        .into_iter()
        .flat_map(|section| section.blocks);
    let mut texts = blocks.flat_map(|block| match block {
        Block::Rows(rows) => rows.into_iter().flat_map(|row| [row.label, row.value]).collect(),
        Block::Table { lines, .. } => lines.into_iter().flatten().collect(),
        Block::Note(note) => vec![note],
        Block::Pictures(_) => Vec::new(),
    });
    texts.any(|text| text.contains(&value))
}

/// Two papers that differ in one value differ in words, in each language.
#[test]
fn each_value_has_words_of_its_own() {
    let answers = || {
        let nbas = [Nbas::NoConsent, Nbas::BelowThreshold, Nbas::Marked, Nbas::Failed].map(Some);
        let of_nbas = nbas
            .into_iter()
            .chain([None])
            .map(|nbas| Identification { nbas, ..answer() });
        let standings = [
            RequestStanding::Received,
            RequestStanding::Ready,
            RequestStanding::Answered,
            RequestStanding::Refused,
            RequestStanding::Unknown,
        ];
        let of_standings = standings.map(|standing| Identification {
            request: Some(standing),
            ..answer()
        });
        let verdicts = [
            Verdict::NonMatch,
            Verdict::PersonNotFound,
            Verdict::NoReference,
            Verdict::DocumentTypeNotAccepted,
            Verdict::QualityInsufficient,
            Verdict::NotCompleted,
        ];
        let of_verdicts = verdicts.map(|verdict| Identification { verdict, ..answer() });
        let reasons = [
            RefusalReason::FaceNotOfDocument,
            RefusalReason::DocumentNotOfClaim,
            RefusalReason::DocumentUnreadable,
            RefusalReason::DocumentExpired,
            RefusalReason::DocumentAltered,
            RefusalReason::PictureUnusable,
        ];
        let of_examiners = reasons
            .map(Some)
            .into_iter()
            .chain([None])
            .map(|reason| Identification {
                decided_by: Source::Examiner,
                examiner: Some("examiner-3".to_owned()),
                reason,
                ..answer()
            });
        let answers = of_nbas.chain(of_standings).chain(of_verdicts).chain(of_examiners);
        answers.map(|answer| (evidence(), answer))
    };
    let documents = || {
        let change = |change: fn(&mut Evidence)| {
            let mut evidence = evidence();
            change(&mut evidence);
            (evidence, answer())
        };
        [
            change(|evidence| evidence.route = Route::HostedPage),
            change(|evidence| evidence.route = Route::Images),
            change(|evidence| evidence.route = Route::CallBack),
            change(|evidence| evidence.route_reason = Some(RouteReason::Chosen)),
            change(|evidence| evidence.route_reason = Some(RouteReason::CannotPerform)),
            change(|evidence| evidence.call_back = Some(Sensitive::new("+77010000000".to_owned()))),
            change(|evidence| evidence.stills[0].purpose = StillPurpose::Portrait),
            change(|evidence| evidence.stills[0].purpose = StillPurpose::IdentityDocumentFront),
            change(|evidence| evidence.stills[0].purpose = StillPurpose::IdentityDocumentBack),
            change(|evidence| {
                evidence.stills[0].purpose = StillPurpose::IdentityDocumentBack;
                evidence.stills[0].page = Some(PageQuality {
                    long_side_px: 612.5,
                    aspect: 1.5625,
                    sharpness: 0.125,
                    glare_part: 0.0,
                    luminance_mean: 141.0,
                });
            }),
            change(|evidence| evidence.outcome = Outcome::NotRequired),
            change(|evidence| evidence.outcome = Outcome::Referred),
            change(|evidence| evidence.outcome = Outcome::Withdrawn),
            change(|evidence| evidence.consents[1].given = true),
            change(|evidence| evidence.entries[1].look_alike = false),
            change(|evidence| evidence.policy.operator = OperatorPresence::Required),
            change(|evidence| evidence.policy.integrity.files = Demand::Reported),
            change(|evidence| evidence.policy.integrity.virtual_environment = Demand::Required),
            change(|evidence| evidence.stills[3].quality = evidence.stills[2].quality),
        ]
    };
    for language in LANGUAGES {
        let texts: Vec<String> = answers()
            .chain(documents())
            .map(|(evidence, answer)| {
                let shown = shown_of(&evidence, Some(&answer));
                without_digests(&shown, &text(&shown, language, false))
            })
            .collect();
        for (place, one) in texts.iter().enumerate() {
            assert!(!texts[..place].contains(one), "{place} in {language:?}:\n{one}");
        }
    }
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
        // Whatever was entered or read tells who the person is.
        let person = |value: &mut Sensitive<String>| {
            *value = Sensitive::new(format!("{}{TEST_IIN}", value.expose()));
        };
        evidence.entries.iter_mut().for_each(|entry| person(&mut entry.value));
        if let Some(number) = &mut evidence.call_back {
            person(number);
        }
        if let Some(read) = &mut evidence.identity_document {
            for value in [&mut read.number, &mut read.surname, &mut read.given_names] {
                person(value);
            }
        }
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
        prop_assert!(!hidden.contains(TEST_IIN));
        for (label, value) in told(&evidence, &answer) {
            prop_assert!(is_shown(&shown, language, &value), "{label}: {value:?}");
        }
        let value = json(&shown);
        let id = evidence.document_id.to_string();
        let document = &value["document"];
        prop_assert_eq!(document["document_id"].as_str(), Some(id.as_str()));
        prop_assert_eq!(document["profile"]["name"].as_str(), Some(evidence.profile.name.as_str()));
        prop_assert_eq!(document["operator"].as_str(), evidence.operator.as_deref());
        for (place, entry) in evidence.entries.iter().enumerate() {
            prop_assert_eq!(document["entries"][place]["value"].as_str(), Some(entry.value.expose().as_str()));
        }
        for (place, code) in evidence.suspicions.iter().enumerate() {
            prop_assert_eq!(document["suspicions"][place].as_str(), Some(code.as_str()));
        }
        for (place, consent) in evidence.consents.iter().enumerate() {
            prop_assert_eq!(document["consents"][place]["given"].as_bool(), Some(consent.given));
        }
        prop_assert_eq!(value["answer"]["centre_answer_id"].as_str(), answer.centre_answer_id.as_deref());
        prop_assert_eq!(value["answer"]["nbas"].is_null(), answer.nbas.is_none());
    }
}
