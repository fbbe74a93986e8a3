//! How the pages look. All of it can be read without pictures and without colours.

use std::time::Duration;

use maud::{DOCTYPE, Markup, html};
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::{Language, RouteReason};
use verification::identifier::BirthDate;
use verification::time::UtcMs;

use crate::review::desk::{Looked, Picture};
use crate::review::reasons;
use crate::review::sessions::Admitted;
use crate::review::words::{LANGUAGES, Words, day, moment};
use crate::store::{Review, ReviewKind, ReviewState};

/// What was done, as the address of the queue may say.
const DONE: [&str; 5] = ["accepted", "refused", "called", "not-reached", "released"];

/// A page for somebody.
pub(super) struct View<'a> {
    words: Words,
    admitted: Option<&'a Admitted>,
}

impl<'a> View<'a> {
    pub(super) fn new(language: Language, admitted: Option<&'a Admitted>) -> Self {
        Self {
            words: Words::new(language),
            admitted,
        }
    }

    fn say(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// A whole page.
    fn page(&self, title: &str, body: &Markup) -> String {
        let tag = self.words.language().tag();
        let markup = html! {
            (DOCTYPE)
            html lang=(tag) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – " (self.say("review-title")) }
                    link rel="stylesheet" href="/style.css";
                }
                body {
                    a.skip href="#main" { (self.say("review-skip")) }
                    header {
                        p.name { (self.say("review-title")) }
                        nav aria-label=(self.say("review-language")) {
                            ul {
                                @for (language, name) in LANGUAGES {
                                    li {
                                        a href={ "/language/" (language.tag()) } lang=(language.tag())
                                            data-testid={ "language-" (language.tag()) }
                                            aria-current=[(language.tag() == tag).then_some("true")] { (name) }
                                    }
                                }
                            }
                        }
                        @if let Some(admitted) = self.admitted {
                            form method="post" action="/logout" {
                                (self.token())
                                span { (self.words.with("review-you-are", "name", &admitted.examiner)) }
                                button.quiet type="submit" data-testid="logout" { (self.say("review-logout")) }
                            }
                        }
                    }
                    main id="main" tabindex="-1" {
                        h1 { (title) }
                        (body)
                    }
                }
            }
        };
        markup.into_string()
    }

    /// What every form carries.
    fn token(&self) -> Markup {
        html! {
            @if let Some(admitted) = self.admitted {
                input type="hidden" name="token" value=(admitted.form_token.expose());
            }
        }
    }

    /// Where somebody says who they are.
    pub(super) fn login(&self, wrong: Option<&str>) -> String {
        let body = html! {
            @if let Some(wrong) = wrong {
                p.alert role="alert" data-testid="login-fault" data-fault=(wrong) { (self.say(wrong)) }
            }
            form.narrow method="post" action="/login" {
                label for="number" { (self.say("review-number")) }
                input id="number" name="number" type="text" required maxlength="32" autocomplete="username"
                    autocapitalize="none" spellcheck="false";
                label for="secret" { (self.say("review-secret")) }
                input id="secret" name="secret" type="password" required maxlength="256"
                    autocomplete="current-password";
                button type="submit" data-testid="login" { (self.say("review-login")) }
            }
        };
        self.page(&self.say("review-login-title"), &body)
    }

    /// Why something cannot be done.
    pub(super) fn fault(&self, key: &str) -> String {
        let body = html! {
            p.alert role="alert" data-testid="fault" data-fault=(key) { (self.say(key)) }
            p { a href="/" data-testid="to-queue" { (self.say("review-to-queue")) } }
        };
        self.page(&self.say("review-fault-title"), &body)
    }

    /// What waits.
    pub(super) fn queue(
        &self,
        found: &[Review],
        kind: Option<ReviewKind>,
        more: bool,
        done: Option<&str>,
        now: UtcMs,
    ) -> String {
        let done = done.and_then(|done| DONE.into_iter().find(|known| *known == done));
        let kinds = [None, Some(ReviewKind::Images), Some(ReviewKind::CallBack)];
        let name_of = |kind: Option<ReviewKind>| kind.map_or("all", ReviewKind::name);
        let address = |kind: Option<ReviewKind>| match kind {
            None => "/".to_owned(),
            Some(kind) => format!("/?kind={}", kind.name()),
        };
        let body = html! {
            @if let Some(done) = done {
                p.done role="status" data-testid="done" data-done=(done) { (self.say(&format!("review-done-{done}"))) }
            }
            nav aria-label=(self.say("review-kind")) {
                ul {
                    @for one in kinds {
                        li {
                            a href=(address(one)) aria-current=[(one == kind).then_some("page")]
                                data-testid={ "kind-" (name_of(one)) } {
                                (self.say(&format!("review-kind-{}", name_of(one))))
                            }
                        }
                    }
                }
            }
            @if found.is_empty() {
                p data-testid="empty" { (self.say("review-empty")) }
            } @else {
                div.scrolls role="region" aria-label=(self.say("review-queue-title")) tabindex="0" {
                    table {
                        thead {
                            tr {
                                th scope="col" { (self.say("review-kind")) }
                                th scope="col" { (self.say("review-service")) }
                                th scope="col" { (self.say("review-kiosk")) }
                                th scope="col" { (self.say("review-waits")) }
                                th scope="col" { (self.say("review-state")) }
                                th scope="col" { (self.say("review-action")) }
                            }
                        }
                        tbody {
                            @for review in found { (self.line(review, now)) }
                        }
                    }
                }
                @if let (true, Some(last)) = (more, found.last()) {
                    p {
                        a href={ "/?after=" (last.place) @if let Some(kind) = kind { "&kind=" (kind.name()) } }
                            data-testid="more" { (self.say("review-more")) }
                    }
                }
            }
        };
        self.page(&self.say("review-queue-title"), &body)
    }

    fn line(&self, review: &Review, now: UtcMs) -> Markup {
        let own = self
            .admitted
            .is_some_and(|admitted| review.state.is_held_by(&admitted.examiner));
        let state = match &review.state {
            ReviewState::Taken { .. } if own => self.say("review-state-yours"),
            ReviewState::Taken { by, until } => {
                let until = moment(*until);
                format!("{}, {until}", self.words.with("review-state-taken", "name", by))
            }
            ReviewState::Waiting | ReviewState::Ended { .. } => self.say("review-state-waiting"),
        };
        let id = review.document_id;
        let described = format!("open-{id}");
        html! {
            tr data-testid={ "entry-" (id) } data-state=(review.state.name()) {
                th scope="row" id=(described) { (self.say(&format!("review-kind-{}", review.kind.name()))) }
                td { (review.service.as_deref().unwrap_or("–")) }
                td { (review.kiosk_id) }
                td { (self.words.duration(now.0.saturating_sub(review.received_at.0))) }
                td {
                    (state)
                    @if review.calls_in_vain > 0 {
                        ", " (self.words.count("review-calls-in-vain", i64::from(review.calls_in_vain)))
                    }
                }
                td {
                    @if own {
                        a.button href={ "/documents/" (id) } aria-describedby=(described) data-testid={ "open-" (id) } {
                            (self.say("review-open"))
                        }
                    } @else if review.state == ReviewState::Waiting {
                        form method="post" action={ "/documents/" (id) "/take" } {
                            (self.token())
                            button type="submit" aria-describedby=(described) data-testid={ "take-" (id) } {
                                (self.say("review-take"))
                            }
                        }
                    }
                }
            }
        }
    }

    /// A document that the examiner has.
    pub(super) fn document(
        &self,
        looked: &Looked,
        wrong: Option<&str>,
        idle: Duration,
        now: UtcMs,
    ) -> String {
        let id = looked.review.document_id;
        let title = match looked.review.kind {
            ReviewKind::Images => self.say("review-images-title"),
            ReviewKind::CallBack => self.say("review-call-back-title"),
        };
        let until = match &looked.review.state {
            ReviewState::Taken { until, .. } => moment(*until),
            ReviewState::Waiting | ReviewState::Ended { .. } => String::new(),
        };
        let idle_ms = i64::try_from(idle.as_millis()).unwrap_or(i64::MAX);
        let body = html! {
            @if let Some(wrong) = wrong {
                p.alert role="alert" data-testid="form-fault" data-fault=(wrong) { (self.say(wrong)) }
            }
            p.hint {
                (self.words.with("review-yours-until", "time", &until)) " "
                (self.words.with("review-idle", "time", &self.words.duration(idle_ms)))
            }
            @if looked.review.kind == ReviewKind::Images {
                (self.pictures(looked))
            }
            (self.facts(looked, now))
            @match looked.review.kind {
                ReviewKind::Images => (self.decision(looked)),
                ReviewKind::CallBack => (self.call(looked)),
            }
            form method="post" action={ "/documents/" (id) "/release" } {
                (self.token())
                button.quiet type="submit" data-testid="release" { (self.say("review-release")) }
            }
        };
        self.page(&title, &body)
    }

    fn pictures(&self, looked: &Looked) -> Markup {
        let id = looked.review.document_id;
        html! {
            section aria-labelledby="pictures" {
                h2 id="pictures" { (self.say("review-pictures")) }
                div.pictures {
                    @for picture in Picture::ALL {
                        @let name = self.say(&format!("review-picture-{}", picture.name()));
                        @let address = format!("/documents/{id}/pictures/{}", picture.name());
                        @if let Some(still) = picture.of(&looked.content) {
                            figure {
                                a href=(address) {
                                    img src=(address) alt=(name) width=(still.sample.width_px)
                                        height=(still.sample.height_px) data-testid={ "picture-" (picture.name()) };
                                }
                                figcaption { (name) }
                            }
                        } @else if picture != Picture::Back {
                            p.alert { (name) ": " (self.say("review-fault-no-picture")) }
                        }
                    }
                }
            }
        }
    }

    fn facts(&self, looked: &Looked, now: UtcMs) -> Markup {
        let content = &looked.content;
        let born = content.claim.as_ref().map(|claim| match claim.birth_date() {
            BirthDate::Known(born) => {
                let years = i64::from(born.full_years_until(Date::from_utc(now)));
                format!("{}, {}", day(born), self.words.count("review-years", years))
            }
            BirthDate::WithoutCentury {
                year_of_century,
                month,
                day,
            } => format!("{day:02}.{month:02}.??{year_of_century:02}"),
        });
        let why = content.route_reason.map(|reason| match reason {
            RouteReason::Chosen => self.say("review-why-chosen"),
            RouteReason::CannotPerform => self.say("review-why-cannot-perform"),
        });
        let text = |text: &Sensitive<String>| text.expose().clone();
        let mut rows: Vec<(String, String)> = Vec::new();
        let mut row = |key: &str, value: Option<String>| {
            rows.extend(value.map(|value| (self.say(key), value)));
        };
        row("review-iin", content.claim.as_ref().map(|claim| claim.expose()));
        row("review-born", born);
        if let Some(read) = &content.identity_document {
            row("review-document-kind", Some(read.kind.clone()));
            row("review-document-number", Some(text(&read.number)));
            row(
                "review-document-name",
                Some(format!("{} {}", read.surname.expose(), read.given_names.expose())),
            );
            row("review-document-expires", Some(day(read.expires)));
        }
        row("review-service", looked.review.service.clone());
        row("review-kiosk", Some(looked.review.kiosk_id.clone()));
        row("review-captured", Some(moment(content.ended_at)));
        row("review-came", Some(moment(looked.review.received_at)));
        row("review-spoke", Some(self.language_name(content.language)));
        row("review-why", why);
        row("review-operator", content.operator.clone());
        let suspicions = (!content.suspicions.is_empty()).then(|| content.suspicions.join(", "));
        row("review-suspicions", suspicions);
        row("review-document-id", Some(looked.review.document_id.to_string()));
        html! {
            section aria-labelledby="facts" {
                h2 id="facts" { (self.say("review-facts")) }
                dl {
                    @for (name, value) in &rows {
                        div { dt { (name) } dd { (value) } }
                    }
                    @for entry in &content.entries {
                        div {
                            dt { (entry.field) }
                            dd {
                                (entry.value.expose())
                                @if entry.look_alike { " (" (self.say("review-look-alike")) ")" }
                            }
                        }
                    }
                }
            }
        }
    }

    fn language_name(&self, language: Language) -> String {
        let mut all = LANGUAGES.into_iter();
        all.find(|(known, _)| *known == language)
            .map_or_else(String::new, |(_, name)| name.to_owned())
    }

    fn decision(&self, looked: &Looked) -> Markup {
        let id = looked.review.document_id;
        html! {
            section aria-labelledby="decision" {
                h2 id="decision" { (self.say("review-decision")) }
                p { (self.say("review-decision-final")) }
                div.choices {
                    @if looked.is_complete() {
                        form method="post" action={ "/documents/" (id) "/accept" } {
                            (self.token())
                            p {
                                input id="compared" type="checkbox" name="compared" value="yes" required;
                                label for="compared" { (self.say("review-compared")) }
                            }
                            button.good type="submit" data-testid="accept" { (self.say("review-accept")) }
                        }
                    }
                    form method="post" action={ "/documents/" (id) "/refuse" } {
                        (self.token())
                        fieldset {
                            legend { (self.say("review-reason")) }
                            @for reason in reasons::ALL {
                                @let name = reasons::name(reason);
                                p {
                                    input id={ "reason-" (name) } type="radio" name="reason" value=(name) required;
                                    label for={ "reason-" (name) } { (self.say(&format!("paper-refusal-{name}"))) }
                                }
                            }
                        }
                        button.bad type="submit" data-testid="refuse" { (self.say("review-refuse")) }
                    }
                }
            }
        }
    }

    fn call(&self, looked: &Looked) -> Markup {
        let id = looked.review.document_id;
        html! {
            section aria-labelledby="decision" {
                h2 id="decision" { (self.say("review-call")) }
                @match &looked.content.call_back {
                    Some(number) => {
                        p.number data-testid="call-number" { (number.expose()) }
                    }
                    None => { p.alert { (self.say("review-no-number")) } }
                }
                @if looked.review.calls_in_vain > 0 {
                    p { (self.words.count("review-calls-in-vain", i64::from(looked.review.calls_in_vain))) }
                }
                div.choices {
                    form method="post" action={ "/documents/" (id) "/called" } {
                        (self.token())
                        button.good type="submit" data-testid="called" { (self.say("review-called")) }
                    }
                    form method="post" action={ "/documents/" (id) "/not-reached" } {
                        (self.token())
                        button type="submit" data-testid="not-reached" { (self.say("review-not-reached")) }
                    }
                }
            }
        }
    }
}
