//! The pages: what is asked by a browser. They work without a script, by keyboard, and in three languages.

mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Form, Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use verification::Sensitive;
use verification::evidence::DocumentId;

use self::view::View;
use super::desk::{Decision, DeskError, Picture};
use super::guard::{self, LoggedIn, Reads};
use super::listener::Peer;
use super::office::{LoginError, Office};
use super::reasons;
use crate::store::{ReviewFilter, ReviewKind};
use crate::utc_now;

/// How many entries a page lists.
const PAGE_LENGTH: u32 = 25;

type Shared = State<Arc<Office>>;

/// The addresses of the pages.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/", get(queue))
        .route("/style.css", get(style))
        .route("/login", get(login).post(log_in))
        .route("/logout", post(log_out))
        .route("/language/{tag}", get(choose_language))
        .route("/documents/{id}", get(document))
        .route("/documents/{id}/take", post(take))
        .route("/documents/{id}/release", post(release))
        .route("/documents/{id}/accept", post(accept))
        .route("/documents/{id}/refuse", post(refuse))
        .route("/documents/{id}/called", post(called))
        .route("/documents/{id}/not-reached", post(not_reached))
        .route("/documents/{id}/pictures/{picture}", get(picture))
}

async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("pages/style.css")).into_response()
}

/// What comes after the address of the queue.
#[derive(Deserialize)]
struct QueueQuery {
    #[serde(default)]
    after: u64,
    kind: Option<String>,
    done: Option<String>,
}

async fn queue(
    State(office): Shared,
    Reads(language): Reads,
    who: Result<LoggedIn, guard::NotLoggedIn>,
    Query(query): Query<QueueQuery>,
) -> Response {
    let Ok(LoggedIn { admitted, .. }) = who else {
        return Redirect::to("/login").into_response();
    };
    let now = utc_now();
    let filter = ReviewFilter {
        after: query.after,
        kind: query.kind.as_deref().and_then(ReviewKind::from_name),
        open: true,
    };
    let view = View::new(language, Some(&admitted));
    match office.desk.list(&filter, PAGE_LENGTH + 1, now).await {
        Ok(mut found) => {
            let more = found.len() > PAGE_LENGTH as usize;
            found.truncate(PAGE_LENGTH as usize);
            page(
                StatusCode::OK,
                view.queue(&found, filter.kind, more, query.done.as_deref(), now),
            )
        }
        Err(error) => refused(&view, &error),
    }
}

async fn login(Reads(language): Reads) -> Response {
    page(StatusCode::OK, View::new(language, None).login(None))
}

#[derive(Deserialize)]
struct Credentials {
    number: String,
    secret: String,
}

async fn log_in(
    State(office): Shared,
    Extension(Peer(peer)): Extension<Peer>,
    Reads(language): Reads,
    Form(form): Form<Credentials>,
) -> Response {
    let secret = Sensitive::new(form.secret);
    let view = View::new(language, None);
    match office.log_in(peer, form.number.trim(), secret).await {
        Ok(entered) => {
            let mut response = Redirect::to("/").into_response();
            if let Some(cookie) = guard::session_cookie(&entered.token) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            let (status, key) = match &error {
                LoginError::Wrong => (StatusCode::FORBIDDEN, "review-login-wrong"),
                LoginError::Locked => (StatusCode::TOO_MANY_REQUESTS, "review-login-locked"),
                LoginError::TooOften => (StatusCode::TOO_MANY_REQUESTS, "review-login-too-often"),
                error => {
                    tracing::error!(error = error as &dyn std::error::Error, "nobody can be let in");
                    (StatusCode::SERVICE_UNAVAILABLE, "review-fault-unavailable")
                }
            };
            page(status, view.login(Some(key)))
        }
    }
}

/// What every form of a session carries, and what some of them carry besides.
#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    token: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    compared: String,
}

impl Sent {
    /// Whether the form is one of ours.
    fn is_of(&self, who: &LoggedIn) -> bool {
        who.admitted.has_sent(&self.token)
    }
}

async fn log_out(
    State(office): Shared,
    Reads(language): Reads,
    who: Result<LoggedIn, guard::NotLoggedIn>,
    Form(sent): Form<Sent>,
) -> Response {
    let Ok(who) = who else {
        return Redirect::to("/login").into_response();
    };
    let view = View::new(language, Some(&who.admitted));
    if !sent.is_of(&who) {
        return page(StatusCode::FORBIDDEN, view.fault("review-fault-form"));
    }
    if let Err(error) = office.log_out(who.token.expose(), &who.admitted).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the end of a session could not be noted"
        );
    }
    let mut response = Redirect::to("/login").into_response();
    let headers = response.headers_mut();
    headers.insert(header::SET_COOKIE, guard::no_session_cookie());
    headers.insert(
        "clear-site-data",
        HeaderValue::from_static("\"cache\", \"storage\""),
    );
    response
}

async fn choose_language(Path(tag): Path<String>) -> Response {
    let Some(language) = guard::language(&tag) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // To the beginning, whatever page it was: nothing that a browser says leads anywhere here.
    let mut response = Redirect::to("/").into_response();
    if let Some(cookie) = guard::language_cookie(language) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn document(
    State(office): Shared,
    Reads(language): Reads,
    who: Result<LoggedIn, guard::NotLoggedIn>,
    Path(id): Path<String>,
) -> Response {
    let Ok(who) = who else {
        return Redirect::to("/login").into_response();
    };
    let view = View::new(language, Some(&who.admitted));
    let Some(id) = document_id(&id) else {
        return refused(&view, &DeskError::Unknown);
    };
    show(&office, &view, &who, id, None).await
}

/// The page of a document, with what was wrong with the form before.
async fn show(
    office: &Office,
    view: &View<'_>,
    who: &LoggedIn,
    id: DocumentId,
    wrong: Option<&'static str>,
) -> Response {
    let now = utc_now();
    match office.desk.facts(id, &who.admitted.examiner, now).await {
        Ok(looked) => {
            let status = wrong.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
            page(status, view.document(&looked, wrong, office.idle(), now))
        }
        Err(error) => refused(view, &error),
    }
}

async fn picture(State(office): Shared, who: LoggedIn, Path((id, name)): Path<(String, String)>) -> Response {
    let (Some(id), Some(picture)) = (document_id(&id), Picture::from_name(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match office
        .desk
        .picture(id, &who.admitted.examiner, picture, utc_now())
        .await
    {
        Ok(jpeg) => jpeg_response(&jpeg),
        Err(error) => status_of(&error).into_response(),
    }
}

/// A picture as an answer.
pub(super) fn jpeg_response(jpeg: &Sensitive<Vec<u8>>) -> Response {
    ([(header::CONTENT_TYPE, "image/jpeg")], jpeg.expose().clone()).into_response()
}

/// What a form asks to be done.
enum Act {
    Take,
    Release,
    Decide(Decision),
    Called(bool),
}

/// Does what a form asks, and shows what comes next.
async fn act(office: &Office, view: &View<'_>, who: &LoggedIn, id: DocumentId, act: Act) -> Response {
    let (examiner, now) = (who.admitted.examiner.as_str(), utc_now());
    let (result, done) = match act {
        Act::Take => (office.desk.take(id, examiner, now).await, "taken"),
        Act::Release => (office.desk.release(id, examiner, now).await, "released"),
        Act::Decide(decision) => {
            let done = match decision {
                Decision::Accept => "accepted",
                Decision::Refuse(_) => "refused",
            };
            (office.desk.decide(id, examiner, decision, now).await, done)
        }
        Act::Called(reached) => {
            let done = if reached { "called" } else { "not-reached" };
            (office.desk.called(id, examiner, reached, now).await, done)
        }
    };
    match (result, done) {
        (Ok(()), "taken") => Redirect::to(&format!("/documents/{id}")).into_response(),
        (Ok(()), done) => Redirect::to(&format!("/?done={done}")).into_response(),
        (Err(error), _) => refused(view, &error),
    }
}

macro_rules! form {
    ($($name:ident => $act:expr;)+) => {$(
        async fn $name(
            State(office): Shared,
            Reads(language): Reads,
            who: Result<LoggedIn, guard::NotLoggedIn>,
            Path(id): Path<String>,
            Form(sent): Form<Sent>,
        ) -> Response {
            let Ok(who) = who else {
                return Redirect::to("/login").into_response();
            };
            let view = View::new(language, Some(&who.admitted));
            if !sent.is_of(&who) {
                return page(StatusCode::FORBIDDEN, view.fault("review-fault-form"));
            }
            let Some(id) = document_id(&id) else {
                return refused(&view, &DeskError::Unknown);
            };
            let choose: fn(&Sent) -> Result<Act, &'static str> = $act;
            match choose(&sent) {
                Ok(what) => act(&office, &view, &who, id, what).await,
                Err(wrong) => show(&office, &view, &who, id, Some(wrong)).await,
            }
        }
    )+};
}

form! {
    take => |_| Ok(Act::Take);
    release => |_| Ok(Act::Release);
    accept => |sent| match sent.compared.as_str() {
        "yes" => Ok(Act::Decide(Decision::Accept)),
        _ => Err("review-wrong-compared"),
    };
    refuse => |sent| {
        let reason = reasons::from_name(&sent.reason).ok_or("review-wrong-reason")?;
        Ok(Act::Decide(Decision::Refuse(reason)))
    };
    called => |_| Ok(Act::Called(true));
    not_reached => |_| Ok(Act::Called(false));
}

fn page(status: StatusCode, text: String) -> Response {
    (status, Html(text)).into_response()
}

fn refused(view: &View<'_>, error: &DeskError) -> Response {
    let key = match error {
        DeskError::Unknown => "review-fault-unknown",
        DeskError::HeldByOther => "review-fault-held-by-other",
        DeskError::NotHeld => "review-fault-not-held",
        DeskError::Ended => "review-fault-ended",
        DeskError::OwnSession => "review-fault-own-session",
        DeskError::NoPicture => "review-fault-no-picture",
        DeskError::NothingToCompare => "review-fault-nothing-to-compare",
        DeskError::Store(_) | DeskError::Document(_) | DeskError::Sign(_) | DeskError::Lost => {
            "review-fault-unavailable"
        }
    };
    page(status_of(error), view.fault(key))
}

/// How a failure is said in HTTP. What is a fault of this program, or of the store, is logged here.
pub(super) fn status_of(error: &DeskError) -> StatusCode {
    match error {
        DeskError::Unknown | DeskError::NoPicture => StatusCode::NOT_FOUND,
        DeskError::HeldByOther | DeskError::NotHeld | DeskError::Ended | DeskError::NothingToCompare => {
            StatusCode::CONFLICT
        }
        DeskError::OwnSession => StatusCode::FORBIDDEN,
        DeskError::Store(_) | DeskError::Document(_) | DeskError::Sign(_) | DeskError::Lost => {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "an examiner cannot go on"
            );
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// The id in an address: 32 small hexadecimal digits.
pub(super) fn document_id(text: &str) -> Option<DocumentId> {
    let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 32 || !text.bytes().all(digits) {
        return None;
    }
    u128::from_str_radix(text, 16)
        .ok()
        .map(|number| DocumentId(number.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_written_in_one_way() {
        let id = DocumentId([0xa7; 16]);
        assert_eq!(document_id(&id.to_string()), Some(id));
        for wrong in ["", "a7", &"A7".repeat(16), &"+7".repeat(16), &"g7".repeat(16)] {
            assert_eq!(document_id(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_for_an_id_brings_it_down(text in "\\PC{0,40}") {
            if let Some(id) = document_id(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
