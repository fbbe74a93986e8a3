//! The pages of the simulator: opened by the gateway, finished by a tester who presses a button, or by the script.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use verification::identifier::Iin;

use super::question::is_request_id;
use super::{Centre, REMEMBERED_MAX, answer_json, reject};
use crate::config::ScriptedPage;

/// How long a page can be used that nobody finishes.
const PAGE_LIMIT: Duration = Duration::from_secs(300);

/// One page.
#[derive(Debug)]
pub(super) struct Session {
    request_id: String,
    iin: String,
    return_url: Option<String>,
    opened_at: Instant,
    script: Option<ScriptedPage>,
    end: Option<End>,
}

/// How a page ended.
#[derive(Debug, Clone)]
enum End {
    Answered(Value),
    Cancelled,
    Expired,
}

/// No `Debug`: it holds an identifier.
#[derive(Deserialize)]
pub(super) struct Wish {
    request_id: String,
    iin: String,
    return_url: Option<String>,
}

/// `POST /v1/hosted-sessions`
pub(super) async fn open(State(centre): State<Arc<Centre>>, body: axum::body::Bytes) -> Response {
    let Ok(wish) = serde_json::from_slice::<Wish>(&body) else {
        return reject("not the agreed JSON");
    };
    if !is_request_id(&wish.request_id) || wish.iin.parse::<Iin>().is_err() {
        return reject("not a request id, or not an IIN");
    }
    if wish
        .return_url
        .as_ref()
        .is_some_and(|url| !url.starts_with("https://"))
    {
        return reject("not a place to return to");
    }
    let mut memory = centre.lock();
    let session_id = match memory.session_of.get(&wish.request_id) {
        Some(known) => known.clone(),
        None => {
            if memory.sessions.len() >= REMEMBERED_MAX {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            let mut random = [0; 16];
            if getrandom::fill(&mut random).is_err() {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            // Whoever knows it can finish the page.
            let session_id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            let overridden = memory.hosted_overrides.get(&wish.iin).copied();
            let script = overridden.or_else(|| centre.config.hosted_script.get(&wish.iin).copied());
            tracing::info!(request = wish.request_id, ?script, "a page was opened");
            let session = Session {
                request_id: wish.request_id.clone(),
                iin: wish.iin,
                return_url: wish.return_url,
                opened_at: Instant::now(),
                script,
                end: None,
            };
            memory.session_of.insert(wish.request_id, session_id.clone());
            memory.sessions.insert(session_id.clone(), session);
            session_id
        }
    };
    let url = format!("{}/hosted/{session_id}", centre.base);
    axum::Json(json!({ "session_id": session_id, "url": url })).into_response()
}

/// `GET /v1/hosted-sessions/<id>`
pub(super) async fn look(State(centre): State<Arc<Centre>>, Path(session_id): Path<String>) -> Response {
    if !finish(&centre, &session_id, None) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let memory = centre.lock();
    let end = memory
        .sessions
        .get(&session_id)
        .and_then(|session| session.end.clone());
    axum::Json(match end {
        None => json!({ "state": "pending" }),
        Some(End::Cancelled) => json!({ "state": "cancelled" }),
        Some(End::Expired) => json!({ "state": "expired" }),
        Some(End::Answered(answer)) => json!({ "state": "done", "answer": answer }),
    })
    .into_response()
}

/// Ends a session that is to end now: by what was chosen, by its script, or by its time. Says whether it is known.
fn finish(centre: &Centre, session_id: &str, chosen: Option<ScriptedPage>) -> bool {
    let mut memory = centre.lock();
    let Some(session) = memory.sessions.get(session_id) else {
        return false;
    };
    if session.end.is_some() {
        return true;
    }
    let open_for = session.opened_at.elapsed();
    let by_itself = session
        .script
        .filter(|_| open_for >= Duration::from_millis(centre.config.hosted_after_ms));
    let late = (open_for >= PAGE_LIMIT).then_some(ScriptedPage::Expire);
    let Some(how) = chosen.or(by_itself).or(late) else {
        return true;
    };
    let (request_id, iin) = (session.request_id.clone(), session.iin.clone());
    let score = centre.config.scores.get(&iin).copied();
    let end = match how {
        ScriptedPage::Match => Some(answer_json(
            "match",
            Some(score.unwrap_or(centre.config.score)),
            true,
        )),
        ScriptedPage::NoMatch => Some(answer_json("no_match", Some(score.unwrap_or(0.312)), true)),
        ScriptedPage::Cancel | ScriptedPage::Expire => None,
    };
    tracing::info!(request = request_id, ?how, "a page is finished");
    let end = match end {
        Some(answer) => End::Answered(memory.answered(&request_id, answer)),
        None if how == ScriptedPage::Cancel => End::Cancelled,
        None => End::Expired,
    };
    if let Some(session) = memory.sessions.get_mut(session_id) {
        session.end = Some(end);
    }
    true
}

/// The page itself. It names no person.
pub(super) async fn page(State(centre): State<Arc<Centre>>, Path(session_id): Path<String>) -> Response {
    if !finish(&centre, &session_id, None) {
        return (StatusCode::NOT_FOUND, Html("<p>There is no such page.</p>")).into_response();
    }
    let memory = centre.lock();
    let Some(session) = memory.sessions.get(&session_id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let body = match &session.end {
        None => {
            let button = |choice: &str, label: &str| {
                format!(
                    "<form method=post action=\"/hosted/{}/{choice}\"><button id={choice}>{label}</button></form>",
                    escaped(&session_id)
                )
            };
            button("match", "Match") + &button("no-match", "No match") + &button("cancel", "Leave the page")
        }
        Some(_) => {
            let back = session.return_url.as_ref().map_or_else(String::new, |url| {
                format!("<p><a id=return href=\"{}\">Back</a></p>", escaped(url))
            });
            format!("<p id=done>This page is done.</p>{back}")
        }
    };
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>SIMULATOR</title>\
         <style>body{{font:24px sans-serif;margin:2em}}button{{font:inherit;margin:.5em 0;padding:1em 2em}}</style>\
         <h1>SIMULATOR of the identification centre</h1>\
         <p>It looks at nobody. Choose what it is to find.</p>{body}</html>"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(html)).into_response()
}

/// A button of the page.
pub(super) async fn choose(
    State(centre): State<Arc<Centre>>,
    Path((session_id, choice)): Path<(String, String)>,
) -> Response {
    let choice = match choice.as_str() {
        "match" => ScriptedPage::Match,
        "no-match" => ScriptedPage::NoMatch,
        "cancel" => ScriptedPage::Cancel,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    if !finish(&centre, &session_id, Some(choice)) {
        return StatusCode::NOT_FOUND.into_response();
    }
    Redirect::to(&format!("/hosted/{session_id}")).into_response()
}

/// As it may stand in HTML, also in quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
