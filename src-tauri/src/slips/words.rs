//! What a slip says, in the three languages. The texts are in `locales/<language>/slip.ftl`.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use printer::{Slip, SlipLine};
use verification::date::Date;
use verification::evidence::{DocumentId, Language, Outcome, Route, Verdict};
use verification::time::UtcMs;

/// What of a session stands on its slip. Nothing of it is biometric, and none of it says who the person is.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Who gives the slip.
    pub institution: &'a str,
    /// The document.
    pub document_id: DocumentId,
    /// When it was recorded.
    pub at: UtcMs,
    /// How the session ended.
    pub outcome: Outcome,
    /// By which way the record came about.
    pub route: Route,
    /// What the centre said, once it has.
    pub verdict: Option<Verdict>,
    /// The request that was made: its number, and up to when it is to be answered.
    pub request: Option<(String, Date)>,
}

/// The slip of a session.
pub fn slip(facts: &Facts<'_>, language: Language) -> Slip {
    let texts = Texts::new(language);
    let mut lines = vec![
        line(texts.say("slip-record"), grouped(&facts.document_id.to_string())),
        line(texts.say("slip-time"), moment(facts.at)),
        line(
            texts.say("slip-outcome"),
            texts.say(outcome(facts.outcome, facts.verdict, facts.route)),
        ),
    ];
    let mut paragraphs = Vec::new();
    if let Some((number, due)) = &facts.request {
        lines.push(line(texts.say("slip-request"), number.clone()));
        lines.push(line(texts.say("slip-due"), day(*due)));
        paragraphs.push(texts.say("slip-request-hint"));
    }
    paragraphs.extend(next(facts).map(|key| texts.say(key)));
    paragraphs.push(texts.say("slip-questions"));
    Slip {
        language: language.tag().to_owned(),
        institution: facts.institution.to_owned(),
        title: texts.say("slip-title"),
        lines,
        paragraphs,
        qr: Some(facts.document_id.to_string()),
        footer: texts.say("slip-footer"),
    }
}

/// A page of no session, by which a technician sees that the printer prints.
pub fn test_page(institution: &str, kiosk_id: &str, at: UtcMs, language: Language) -> Slip {
    let texts = Texts::new(language);
    Slip {
        language: language.tag().to_owned(),
        institution: institution.to_owned(),
        title: texts.say("slip-test-title"),
        lines: vec![
            line(texts.say("slip-test-kiosk"), kiosk_id.to_owned()),
            line(texts.say("slip-time"), moment(at)),
        ],
        // Every letter that only Kazakh has, as the paper shows it.
        paragraphs: vec![texts.say("slip-test-letters")],
        qr: Some(kiosk_id.to_owned()),
        footer: texts.say("slip-test-footer"),
    }
}

fn line(label: String, value: String) -> SlipLine {
    SlipLine { label, value }
}

/// What follows, where something does: who answers later, and how the person learns of it.
fn next(facts: &Facts<'_>) -> Option<&'static str> {
    match (facts.outcome, facts.verdict, facts.route) {
        (Outcome::AwaitingIdentification, None, Route::Images) => Some("slip-examiner-hint"),
        (Outcome::AwaitingIdentification, None, _) => Some("slip-awaiting-hint"),
        (Outcome::Referred, _, Route::CallBack) => Some("slip-call-back-hint"),
        _ => None,
    }
}

fn outcome(outcome: Outcome, verdict: Option<Verdict>, route: Route) -> &'static str {
    match (verdict, outcome) {
        (Some(Verdict::Match), _) | (None, Outcome::Verified) => "slip-verified",
        (Some(Verdict::PersonNotFound), _) => "slip-person-not-found",
        (Some(Verdict::NoReference), _) => "slip-no-reference",
        (Some(Verdict::DocumentTypeNotAccepted), _) => "slip-document-type",
        (Some(Verdict::QualityInsufficient), _) => "slip-quality",
        (Some(Verdict::NotCompleted), _) => "slip-not-completed",
        (Some(Verdict::NonMatch), _) | (None, Outcome::NotVerified | Outcome::AttackSuspected) => {
            "slip-not-verified"
        }
        (None, Outcome::AwaitingIdentification) => "slip-awaiting",
        (None, Outcome::NotRequired) => "slip-not-required",
        (None, Outcome::Referred) if route == Route::CallBack => "slip-call-back",
        (None, Outcome::Referred) => "slip-referred",
        (None, Outcome::Withdrawn) => "slip-withdrawn",
        (None, Outcome::TimedOut) => "slip-timed-out",
        (None, Outcome::FailureToAcquire | Outcome::DeviceUnavailable) => "slip-not-captured",
    }
}

/// Eight groups of four, which a person can read out.
fn grouped(id: &str) -> String {
    let groups: Vec<&str> = (0..id.len())
        .step_by(4)
        .filter_map(|at| id.get(at..at + 4))
        .collect();
    groups.join(" ")
}

/// All three languages write a day in digits like this.
fn day(date: Date) -> String {
    format!("{:02}.{:02}.{}", date.day(), date.month(), date.year())
}

/// The time in Kazakhstan.
fn moment(at: UtcMs) -> String {
    let date = Date::from_utc(at);
    let minutes = (at.0 - date.start_utc().0).div_euclid(60_000);
    format!("{} {:02}:{:02}", day(date), minutes / 60, minutes % 60)
}

struct Texts(FluentBundle<FluentResource>);

impl Texts {
    fn new(language: Language) -> Self {
        let source = match language {
            Language::Kk => include_str!("../../../locales/kk/slip.ftl"),
            Language::Ru => include_str!("../../../locales/ru/slip.ftl"),
            Language::En => include_str!("../../../locales/en/slip.ftl"),
        };
        let mut bundle = FluentBundle::new(language.tag().parse().into_iter().collect());
        bundle.set_use_isolating(false);
        // A file with an error still gives its other texts; a test refuses such a file.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
        Self(bundle)
    }

    /// A missing text shows its key, so that it is noticed.
    fn say(&self, key: &str) -> String {
        let pattern = self.0.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            return key.to_owned();
        };
        let none: FluentArgs<'_> = std::iter::empty::<(&str, FluentValue<'_>)>().collect();
        self.0
            .format_pattern(pattern, Some(&none), &mut Vec::new())
            .into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slip_has_all_its_words() {
        let outcomes = [
            Outcome::Verified,
            Outcome::NotVerified,
            Outcome::AttackSuspected,
            Outcome::FailureToAcquire,
            Outcome::Withdrawn,
            Outcome::TimedOut,
            Outcome::DeviceUnavailable,
            Outcome::AwaitingIdentification,
            Outcome::NotRequired,
            Outcome::Referred,
        ];
        let verdicts = [
            None,
            Some(Verdict::Match),
            Some(Verdict::NonMatch),
            Some(Verdict::PersonNotFound),
            Some(Verdict::NoReference),
            Some(Verdict::DocumentTypeNotAccepted),
            Some(Verdict::QualityInsufficient),
            Some(Verdict::NotCompleted),
        ];
        let routes = [Route::Kiosk, Route::HostedPage, Route::Images, Route::CallBack];
        for language in [Language::Kk, Language::Ru, Language::En] {
            for (outcome, route) in outcomes
                .into_iter()
                .flat_map(|it| routes.map(|route| (it, route)))
            {
                for verdict in verdicts {
                    let facts = Facts {
                        institution: "«Алақан» банкі",
                        document_id: DocumentId([0xab; 16]),
                        at: UtcMs(1_783_839_600_000),
                        outcome,
                        route,
                        verdict,
                        request: Some(("260712-6WVB-XBQA".into(), Date::new(2026, 7, 15).unwrap())),
                    };
                    let slip = slip(&facts, language);
                    let texts = slip.lines.iter().flat_map(|line| [&line.label, &line.value]);
                    for text in texts.chain(&slip.paragraphs).chain([&slip.title, &slip.footer]) {
                        assert!(
                            !text.contains("slip-") && !text.is_empty(),
                            "{language:?}: {text}"
                        );
                    }
                    assert_eq!(slip.lines[1].value, "12.07.2026 12:00");
                    assert_eq!(slip.lines[0].value, ["abab"; 8].join(" "));
                }
            }
        }
    }

    #[test]
    fn the_test_page_has_all_its_words() {
        for language in [Language::Kk, Language::Ru, Language::En] {
            let page = test_page("Bank", "kiosk-0001", UtcMs(1_783_839_600_000), language);
            let texts = page.lines.iter().flat_map(|line| [&line.label, &line.value]);
            for text in texts.chain(&page.paragraphs).chain([&page.title, &page.footer]) {
                assert!(
                    !text.contains("slip-") && !text.is_empty(),
                    "{language:?}: {text}"
                );
            }
            assert!(page.paragraphs[0].contains("Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі"));
        }
    }

    /// Who says that nobody was confirmed must never be told to be verified, and the other way round.
    #[test]
    fn only_the_centre_says_verified() {
        let says = |how, verdict| outcome(how, verdict, Route::Kiosk);
        assert_eq!(says(Outcome::AwaitingIdentification, None), "slip-awaiting");
        assert_eq!(
            says(Outcome::NotVerified, Some(Verdict::NonMatch)),
            "slip-not-verified"
        );
        assert_eq!(says(Outcome::Verified, Some(Verdict::Match)), "slip-verified");
        assert_eq!(
            outcome(Outcome::AwaitingIdentification, None, Route::Images),
            "slip-awaiting"
        );
    }

    /// Who waits for people is not told to wait for the centre.
    #[test]
    fn the_slip_names_who_answers() {
        let follows = |outcome, route| {
            next(&Facts {
                institution: "«Алақан» банкі",
                document_id: DocumentId([0xab; 16]),
                at: UtcMs(1_783_839_600_000),
                outcome,
                route,
                verdict: None,
                request: None,
            })
        };
        let awaiting = Outcome::AwaitingIdentification;
        assert_eq!(follows(awaiting, Route::Kiosk), Some("slip-awaiting-hint"));
        assert_eq!(follows(awaiting, Route::Images), Some("slip-examiner-hint"));
        assert_eq!(
            follows(Outcome::Referred, Route::CallBack),
            Some("slip-call-back-hint")
        );
        assert_eq!(follows(Outcome::Referred, Route::Kiosk), None);
    }
}
