//! What stands before every page and every request of the API: headers, cookies, and that it comes from our own pages.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use verification::Sensitive;
use verification::evidence::Language;

use super::office::Office;
use super::sessions::Admitted;
use super::{api, pages};

/// No form and no request is larger.
const BODY_MAX_BYTES: usize = 16 * 1024;

/// The cookie of a session. The prefix makes browsers insist on HTTPS, this host and the whole path.
const SESSION_COOKIE: &str = "__Host-alaqan-review";

/// The cookie of a language; not a secret.
const LANGUAGE_COOKIE: &str = "__Host-alaqan-language";

/// No script at all; styles and pictures from here; forms go nowhere else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// Everything under one roof.
pub(super) fn router(office: Arc<Office>) -> Router {
    Router::new()
        .merge(pages::routes())
        .nest("/v1", api::routes())
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(middleware::from_fn(from_own_pages))
        .layer(middleware::from_fn(with_headers))
        .with_state(office)
}

/// Refuses whatever changes something and says that it comes from elsewhere. A program says nothing of that kind.
async fn from_own_pages(request: Request, next: Next) -> Response {
    if request.method() != Method::GET
        && request.method() != Method::HEAD
        && is_from_elsewhere(request.headers())
    {
        tracing::warn!("a request from another site was refused");
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin") {
        return true;
    }
    text(header::ORIGIN).is_some_and(|origin| {
        origin
            .strip_prefix("https://")
            .is_none_or(|own| Some(own) != text(header::HOST))
    })
}

async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        // Not `no-referrer`, with which browsers say of a form no longer from where it comes.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Somebody who is logged in.
pub(super) struct LoggedIn {
    /// The token of the session.
    pub token: Sensitive<String>,
    /// Who.
    pub admitted: Admitted,
}

impl FromRequestParts<Arc<Office>> for LoggedIn {
    type Rejection = NotLoggedIn;

    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, NotLoggedIn> {
        let token = Sensitive::new(
            cookie(&parts.headers, SESSION_COOKIE)
                .ok_or(NotLoggedIn)?
                .to_owned(),
        );
        let admitted = office.admit(token.expose()).ok_or(NotLoggedIn)?;
        Ok(Self { token, admitted })
    }
}

/// Nobody is.
pub(super) struct NotLoggedIn;

impl IntoResponse for NotLoggedIn {
    fn into_response(self) -> Response {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

/// In which language somebody reads: as they have chosen, or as the browser says.
pub(super) struct Reads(pub Language);

impl<S: Send + Sync> FromRequestParts<S> for Reads {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let chosen = cookie(&parts.headers, LANGUAGE_COOKIE).and_then(language);
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut wanted = accepted.split([',', ';', '-', ' ']).filter_map(language);
        Ok(Self(chosen.or_else(|| wanted.next()).unwrap_or(Language::Kk)))
    }
}

/// The language of a tag.
pub(super) fn language(tag: &str) -> Option<Language> {
    [Language::Kk, Language::Ru, Language::En]
        .into_iter()
        .find(|language| language.tag() == tag)
}

/// Sets the cookie of a session.
pub(super) fn session_cookie(token: &Sensitive<String>) -> Option<HeaderValue> {
    let text = format!(
        "{SESSION_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict",
        token.expose()
    );
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Takes it away.
pub(super) fn no_session_cookie() -> HeaderValue {
    HeaderValue::from_static("__Host-alaqan-review=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// Sets the cookie of a language for a year.
pub(super) fn language_cookie(language: Language) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!(
        "{LANGUAGE_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000",
        language.tag()
    ))
    .ok()
}

/// The value of a cookie, if it is there once.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE);
    let pairs = all.iter().filter_map(|value| value.to_str().ok());
    let mut found = pairs
        .flat_map(|pairs| pairs.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        pairs.collect()
    }

    #[test]
    fn what_comes_from_elsewhere_is_noticed() {
        let check = |pairs: &[(&'static str, &str)], expect: bool| {
            assert_eq!(is_from_elsewhere(&headers(pairs)), expect, "{pairs:?}");
        };
        let host = ("host", "review.bank.example:8446");
        check(&[host], false);
        check(&[host, ("origin", "https://review.bank.example:8446")], false);
        check(&[host, ("origin", "https://review.bank.example")], true);
        check(&[host, ("origin", "http://review.bank.example:8446")], true);
        check(&[host, ("origin", "null")], true);
        check(&[("origin", "https://x")], true);
        check(&[host, ("sec-fetch-site", "same-origin")], false);
        check(&[host, ("sec-fetch-site", "same-site")], true);
        check(&[host, ("sec-fetch-site", "cross-site")], true);
    }

    #[test]
    fn a_cookie_counts_where_it_is_there_once() {
        let check = |value: &str, expect: Option<&str>| {
            assert_eq!(cookie(&headers(&[("cookie", value)]), "a"), expect, "{value}");
        };
        check("a=1", Some("1"));
        check("b=2; a=1;c", Some("1"));
        check("a=1; a=2", None);
        check("aa=1", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn no_cookie_brings_it_down(bytes in prop::collection::vec(32_u8..=255, 0..80)) {
            let mut all = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                all.insert(header::COOKIE, value);
            }
            prop_assert!(cookie(&all, SESSION_COOKIE).is_none());
        }
    }
}
