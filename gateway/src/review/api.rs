//! What programs of the institution ask: JSON over HTTPS, see `docs/review.md`.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::{DocumentId, RouteReason};
use verification::identifier::BirthDate;
use verification::time::UtcMs;

use super::desk::{Decision, DeskError, Looked, Picture};
use super::guard::{self, LoggedIn};
use super::listener::Peer;
use super::office::{LoginError, Office};
use super::pages::{document_id, jpeg_response, status_of};
use super::reasons;
use crate::store::{Review, ReviewFilter, ReviewKind, ReviewState};
use crate::utc_now;

/// How many entries a list holds at most.
const LIST_MAX: u32 = 200;

/// What a request that changes something carries, in this header.
const TOKEN_HEADER: &str = "x-alaqan-token";

type Shared = State<Arc<Office>>;

/// The addresses of the API, below `/v1`.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/reviews", get(list))
        .route("/reviews/{id}", get(facts))
        .route("/reviews/{id}/pictures/{picture}", get(picture))
        .route("/reviews/{id}/take", post(take))
        .route("/reviews/{id}/release", post(release))
        .route("/reviews/{id}/accept", post(accept))
        .route("/reviews/{id}/refuse", post(refuse))
        .route("/reviews/{id}/called", post(called))
}

/// Why a request brought nothing.
struct Refused(StatusCode, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, axum::Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<DeskError> for Refused {
    fn from(error: DeskError) -> Self {
        Self(status_of(&error), error.code())
    }
}

impl From<JsonRejection> for Refused {
    // What was sent is not quoted.
    fn from(rejection: JsonRejection) -> Self {
        Self(rejection.status(), "not-the-agreed-json")
    }
}

impl From<guard::NotLoggedIn> for Refused {
    fn from(_: guard::NotLoggedIn) -> Self {
        Self(StatusCode::UNAUTHORIZED, "not-logged-in")
    }
}

type Answer = Result<Response, Refused>;
type Who = Result<LoggedIn, guard::NotLoggedIn>;

const DONE: StatusCode = StatusCode::NO_CONTENT;

/// Who changes something: logged in, and with the token that login has given.
fn who_changes(who: Who, headers: &HeaderMap) -> Result<LoggedIn, Refused> {
    let who = who?;
    let token = headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
    if !who.admitted.has_sent(token.unwrap_or_default()) {
        return Err(Refused(StatusCode::FORBIDDEN, "wrong-token"));
    }
    Ok(who)
}

fn id_in(path: &str) -> Result<DocumentId, Refused> {
    document_id(path).ok_or(Refused(StatusCode::NOT_FOUND, "unknown"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    number: String,
    secret: String,
}

async fn log_in(
    State(office): Shared,
    Extension(Peer(peer)): Extension<Peer>,
    body: Result<axum::Json<Credentials>, JsonRejection>,
) -> Answer {
    let axum::Json(credentials) = body?;
    let secret = Sensitive::new(credentials.secret);
    let entered = office.log_in(peer, &credentials.number, secret).await;
    let entered = entered.map_err(|error| match error {
        LoginError::Wrong => Refused(StatusCode::FORBIDDEN, "wrong"),
        LoginError::Locked => Refused(StatusCode::TOO_MANY_REQUESTS, "locked"),
        LoginError::TooOften => Refused(StatusCode::TOO_MANY_REQUESTS, "too-often"),
        error => {
            tracing::error!(error = &error as &dyn std::error::Error, "nobody can be let in");
            Refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    })?;
    let body = json!({
        "examiner": entered.admitted.examiner,
        "token": entered.admitted.form_token.expose(),
    });
    let mut response = axum::Json(body).into_response();
    if let Some(cookie) = guard::session_cookie(&entered.token) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn log_out(State(office): Shared, who: Who, headers: HeaderMap) -> Answer {
    let who = who_changes(who, &headers)?;
    let left = office.log_out(who.token.expose(), &who.admitted).await;
    left.map_err(DeskError::from)?;
    let mut response = DONE.into_response();
    let headers = response.headers_mut();
    headers.insert(header::SET_COOKIE, guard::no_session_cookie());
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    #[serde(default)]
    after: u64,
    kind: Option<String>,
    #[serde(default)]
    all: bool,
    limit: Option<u32>,
}

async fn list(
    State(office): Shared,
    who: Who,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    who?;
    let wrong = Refused(StatusCode::BAD_REQUEST, "not-the-agreed-query");
    let Ok(Query(query)) = query else {
        return Err(wrong);
    };
    let kind = match query.kind.as_deref() {
        None => None,
        Some(name) => match ReviewKind::from_name(name) {
            None => return Err(wrong),
            kind => kind,
        },
    };
    let filter = ReviewFilter {
        after: query.after,
        kind,
        open: !query.all,
    };
    let limit = query.limit.unwrap_or(LIST_MAX).min(LIST_MAX);
    let now = utc_now();
    let found = office.desk.list(&filter, limit, now).await?;
    let reviews: Vec<Value> = found.iter().map(|review| line(review, now)).collect();
    Ok(axum::Json(json!({ "reviews": reviews })).into_response())
}

async fn facts(State(office): Shared, who: Who, Path(id): Path<String>) -> Answer {
    let who = who?;
    let now = utc_now();
    let looked = office
        .desk
        .facts(id_in(&id)?, &who.admitted.examiner, now)
        .await?;
    Ok(axum::Json(facts_json(&looked, now)).into_response())
}

async fn picture(State(office): Shared, who: Who, Path((id, name)): Path<(String, String)>) -> Answer {
    let who = who?;
    let picture = Picture::from_name(&name).ok_or(DeskError::NoPicture)?;
    let desk = &office.desk;
    let jpeg = desk
        .picture(id_in(&id)?, &who.admitted.examiner, picture, utc_now())
        .await?;
    Ok(jpeg_response(&jpeg))
}

async fn take(State(office): Shared, who: Who, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let who = who_changes(who, &headers)?;
    office
        .desk
        .take(id_in(&id)?, &who.admitted.examiner, utc_now())
        .await?;
    Ok(DONE.into_response())
}

async fn release(State(office): Shared, who: Who, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let who = who_changes(who, &headers)?;
    office
        .desk
        .release(id_in(&id)?, &who.admitted.examiner, utc_now())
        .await?;
    Ok(DONE.into_response())
}

async fn accept(State(office): Shared, who: Who, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let who = who_changes(who, &headers)?;
    let desk = &office.desk;
    desk.decide(id_in(&id)?, &who.admitted.examiner, Decision::Accept, utc_now())
        .await?;
    Ok(DONE.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    reason: String,
}

async fn refuse(
    State(office): Shared,
    who: Who,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Result<axum::Json<Refusal>, JsonRejection>,
) -> Answer {
    let who = who_changes(who, &headers)?;
    let axum::Json(refusal) = body?;
    let unknown = Refused(StatusCode::UNPROCESSABLE_ENTITY, "unknown-reason");
    let reason = reasons::from_name(&refusal.reason).ok_or(unknown)?;
    let desk = &office.desk;
    desk.decide(
        id_in(&id)?,
        &who.admitted.examiner,
        Decision::Refuse(reason),
        utc_now(),
    )
    .await?;
    Ok(DONE.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    reached: bool,
}

async fn called(
    State(office): Shared,
    who: Who,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Result<axum::Json<Call>, JsonRejection>,
) -> Answer {
    let who = who_changes(who, &headers)?;
    let axum::Json(call) = body?;
    let desk = &office.desk;
    desk.called(id_in(&id)?, &who.admitted.examiner, call.reached, utc_now())
        .await?;
    Ok(DONE.into_response())
}

/// An entry of the list: nothing personal.
fn line(review: &Review, now: UtcMs) -> Value {
    let mut line = json!({
        "place": review.place,
        "document_id": review.document_id.to_string(),
        "kind": review.kind.name(),
        "kiosk_id": review.kiosk_id,
        "waits_s": now.0.saturating_sub(review.received_at.0).max(0) / 1000,
        "state": review.state.name(),
        "calls_in_vain": review.calls_in_vain,
    });
    if let Some(service) = &review.service {
        line["service"] = json!(service);
    }
    match &review.state {
        ReviewState::Waiting => {}
        ReviewState::Taken { by, until } => {
            line["examiner"] = json!(by);
            line["until_ms"] = json!(until.0);
        }
        ReviewState::Ended { reason, by, at, .. } => {
            line["examiner"] = json!(by);
            line["ended_ms"] = json!(at.0);
            if let Some(reason) = reason {
                line["reason"] = json!(reason);
            }
        }
    }
    line
}

/// What an examiner needs to decide. Personal.
fn facts_json(looked: &Looked, now: UtcMs) -> Value {
    let content = &looked.content;
    let mut facts = line(&looked.review, now);
    facts["captured_ms"] = json!(content.ended_at.0);
    facts["received_ms"] = json!(looked.review.received_at.0);
    facts["language"] = json!(content.language.tag());
    facts["suspicions"] = json!(content.suspicions);
    if let Some(claim) = &content.claim {
        facts["iin"] = json!(claim.expose());
        if let BirthDate::Known(born) = claim.birth_date() {
            facts["born"] = json!(iso(born));
            facts["age_years"] = json!(born.full_years_until(Date::from_utc(now)));
        }
    }
    if let Some(read) = &content.identity_document {
        facts["identity_document"] = json!({
            "kind": read.kind,
            "number": read.number.expose(),
            "surname": read.surname.expose(),
            "given_names": read.given_names.expose(),
            "expires": iso(read.expires),
        });
    }
    let entries = content.entries.iter();
    facts["entries"] = entries
        .map(|entry| {
            json!({
                "field": entry.field,
                "value": entry.value.expose(),
                "look_alike": entry.look_alike,
            })
        })
        .collect();
    if let Some(operator) = &content.operator {
        facts["operator"] = json!(operator);
    }
    if let Some(reason) = content.route_reason {
        facts["route_reason"] = json!(match reason {
            RouteReason::Chosen => "chosen",
            RouteReason::CannotPerform => "cannot-perform",
        });
    }
    if let Some(number) = &content.call_back {
        facts["call_back"] = json!(number.expose());
    }
    let pictures = Picture::ALL.into_iter();
    facts["pictures"] = pictures
        .filter_map(|picture| {
            let still = picture.of(content)?;
            Some(json!({
                "name": picture.name(),
                "width_px": still.sample.width_px,
                "height_px": still.sample.height_px,
            }))
        })
        .collect();
    facts
}

/// A day as ISO 8601 writes it.
fn iso(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}
