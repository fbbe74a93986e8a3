//! The centre over HTTPS with JSON. What is said stands in `docs/idec.md`.

mod question;

use std::time::Duration;

use document::identification::Verdict;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use sync::wire::Link;
use verification::Sensitive;
use verification::evidence::Modality;

use self::question::Question;
use super::{
    Answer, CentreError, Comparison, Confirmation, HostedPage, HostedRequest, HostedSession, HostedState,
    IdentificationCentre, Opening, Polling, Request,
};
use crate::tls::{self, TlsError};

/// No sensible answer is longer.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// No sensible name of an answer or a session is longer.
const NAME_MAX_BYTES: usize = 128;

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    /// The authority's certificate cannot be used.
    #[error("the authority of the centre cannot be used")]
    Authority(#[source] TlsError),
    /// The HTTP client cannot be made.
    #[error("the HTTPS client of the centre cannot be made")]
    Client(#[source] reqwest::Error),
}

/// A centre at an address.
#[derive(Debug)]
pub struct HttpsCentre {
    base: String,
    client: reqwest::Client,
}

impl HttpsCentre {
    /// A centre under the base address `url`, whose certificate `authority_pem` issued, with a time limit for
    /// each request.
    ///
    /// # Errors
    /// When the authority cannot be read.
    pub fn new(url: &str, authority_pem: &[u8], deadline: Duration) -> Result<Self, HttpsError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client_config(authority_pem).map_err(HttpsError::Authority)?)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(deadline)
            .build()
            .map_err(HttpsError::Client)?;
        Ok(Self {
            base: format!("{}/v1", url.trim_end_matches('/')),
            client,
        })
    }

    fn post(&self, what: &str) -> RequestBuilder {
        self.client.post(format!("{}/{what}", self.base))
    }

    async fn ask(&self, request: &Request) -> Result<Answer, CentreError> {
        let question = self.post("comparisons").json(&Question::from(request));
        parse(&body(question).await?, request.probe.modality())
    }

    async fn say(&self, request_id: &str) -> Result<(), CentreError> {
        let said = self.post("enrolments").json(&json!({ "request_id": request_id }));
        let enrolled: Enrolled = read(&body(said).await?)?;
        match enrolled.enrolled {
            true => Ok(()),
            false => Err(CentreError::Nonsense("it neither enrols nor says why".into())),
        }
    }

    async fn begin(&self, request: &HostedRequest) -> Result<HostedSession, CentreError> {
        let iin = Sensitive::new(request.claim.expose());
        let wish = self.post("hosted-sessions").json(&Wish {
            request_id: &request.request_id,
            iin: iin.expose(),
            return_url: request.return_url.as_deref(),
        });
        parse_session(&body(wish).await?, request)
    }

    async fn look(&self, session: &HostedSession) -> Result<HostedState, CentreError> {
        let url = format!("{}/hosted-sessions/{}", self.base, session.session_id);
        match body(self.client.get(url)).await {
            Ok(body) => parse_state(&body),
            Err(CentreError::Rejected { status: 404 | 410 }) => Ok(HostedState::Gone),
            Err(error) => Err(error),
        }
    }
}

impl IdentificationCentre for HttpsCentre {
    fn compare<'a>(&'a self, request: &'a Request) -> Comparison<'a> {
        Box::pin(self.ask(request))
    }

    fn enrol<'a>(&'a self, request_id: &'a str) -> Confirmation<'a> {
        Box::pin(self.say(request_id))
    }
}

impl HostedPage for HttpsCentre {
    fn open<'a>(&'a self, request: &'a HostedRequest) -> Opening<'a> {
        Box::pin(self.begin(request))
    }

    fn poll<'a>(&'a self, session: &'a HostedSession) -> Polling<'a> {
        Box::pin(self.look(session))
    }
}

/// Sends a request and gives the body of a good answer.
async fn body(request: RequestBuilder) -> Result<Vec<u8>, CentreError> {
    let mut response = request.send().await.map_err(failure)?;
    let status = response.status();
    if !status.is_success() {
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse().ok())
            .map(Duration::from_secs);
        let status = status.as_u16();
        return Err(match status {
            408 | 425 | 429 | 500..=599 => CentreError::Unavailable { status, retry_after },
            400..=499 => CentreError::Rejected { status },
            _ => CentreError::Nonsense(format!("status {status}")),
        });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_MAX_BYTES {
            return Err(CentreError::Nonsense("it is too long".into()));
        }
    }
    Ok(body)
}

/// No `Debug`: it holds an identifier.
#[derive(serde::Serialize)]
struct Wish<'a> {
    request_id: &'a str,
    iin: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_url: Option<&'a str>,
}

#[derive(Deserialize)]
struct Enrolled {
    enrolled: bool,
}

#[derive(Deserialize)]
struct Opened {
    session_id: String,
    url: String,
}

#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Stands {
    Pending,
    Done { answer: Reply },
    Cancelled,
    Expired,
}

#[derive(Deserialize)]
struct Reply {
    verdict: VerdictName,
    score: Option<f32>,
    reference_source: String,
    reference_date: Option<String>,
    answer_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum VerdictName {
    Match,
    NoMatch,
    PersonNotFound,
    NoReference,
    DocumentTypeNotAccepted,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, CentreError> {
    // The position is told, the text of the decoder is not: it may quote the answer.
    serde_json::from_slice(body).map_err(|error| {
        CentreError::Nonsense(format!(
            "not the agreed JSON at line {} column {}",
            error.line(),
            error.column()
        ))
    })
}

fn parse(body: &[u8], modality: Modality) -> Result<Answer, CentreError> {
    answer(read(body)?, modality)
}

fn parse_state(body: &[u8]) -> Result<HostedState, CentreError> {
    Ok(match read(body)? {
        Stands::Pending => HostedState::Pending,
        // The page looks at faces.
        Stands::Done { answer: reply } => HostedState::Done(answer(reply, Modality::Face)?),
        Stands::Cancelled | Stands::Expired => HostedState::NotCompleted,
    })
}

fn parse_session(body: &[u8], request: &HostedRequest) -> Result<HostedSession, CentreError> {
    let opened: Opened = read(body)?;
    // It becomes part of an address.
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let id = &opened.session_id;
    if id.is_empty() || id.len() > NAME_MAX_BYTES || !id.bytes().all(letters) {
        return Err(CentreError::Nonsense("no name of a session".into()));
    }
    let url = Link(opened.url);
    if !url.is_sound() {
        return Err(CentreError::Nonsense("no link over TLS".into()));
    }
    Ok(HostedSession {
        session_id: opened.session_id,
        url,
        expires_at: request.expires_at,
    })
}

fn answer(reply: Reply, modality: Modality) -> Result<Answer, CentreError> {
    if reply.score.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
        return Err(CentreError::Nonsense("the score is not between 0 and 1".into()));
    }
    if reply
        .answer_id
        .as_ref()
        .is_some_and(|id| id.len() > NAME_MAX_BYTES)
    {
        return Err(CentreError::Nonsense("the name of the answer is too long".into()));
    }
    let verdict = match reply.verdict {
        VerdictName::Match if modality == Modality::Face && reply.score.is_none() => {
            return Err(CentreError::Nonsense("a match without a score".into()));
        }
        VerdictName::Match => Verdict::Match,
        VerdictName::NoMatch => Verdict::NonMatch,
        VerdictName::PersonNotFound => Verdict::PersonNotFound,
        VerdictName::NoReference => Verdict::NoReference,
        VerdictName::DocumentTypeNotAccepted => Verdict::DocumentTypeNotAccepted,
    };
    Ok(Answer {
        verdict,
        score: reply.score,
        reference_source: reply.reference_source,
        reference_date: reply.reference_date,
        answer_id: reply.answer_id,
    })
}

fn failure(error: reqwest::Error) -> CentreError {
    if error.is_timeout() {
        return CentreError::TimedOut;
    }
    // The innermost source says most; the address is the operator's own and already in the configuration.
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if error.is_decode() {
        return CentreError::Nonsense(innermost.to_string());
    }
    CentreError::Unreachable(innermost.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expect: Result<(Verdict, Option<f32>), &str>) {
        check_of(Modality::Face, body, expect);
    }

    fn check_of(modality: Modality, body: &str, expect: Result<(Verdict, Option<f32>), &str>) {
        let found = parse(body.as_bytes(), modality).map(|answer| (answer.verdict, answer.score));
        let found = found.map_err(|error| error.to_string());
        let expect = expect.map_err(|fault| format!("the answer of the centre makes no sense: {fault}"));
        assert_eq!(found, expect, "{body}");
    }

    #[test]
    fn answers_that_make_no_sense_are_none() {
        let with =
            |verdict: &str, rest: &str| format!(r#"{{"verdict":"{verdict}","reference_source":"x"{rest}}}"#);
        check(
            &with("match", r#","score":0.97"#),
            Ok((Verdict::Match, Some(0.97))),
        );
        check(
            &with("no_match", r#","score":0.2"#),
            Ok((Verdict::NonMatch, Some(0.2))),
        );
        check(&with("person_not_found", ""), Ok((Verdict::PersonNotFound, None)));
        check(
            &with("no_reference", r#","later":true"#),
            Ok((Verdict::NoReference, None)),
        );
        check(
            &with("document_type_not_accepted", ""),
            Ok((Verdict::DocumentTypeNotAccepted, None)),
        );
        check(
            &with("no_reference", &format!(r#","answer_id":"{}""#, "x".repeat(129))),
            Err("the name of the answer is too long"),
        );
        check(&with("match", ""), Err("a match without a score"));
        // Of the palm the centre's word is enough; a score that it gives must still be one.
        check_of(Modality::Palm, &with("match", ""), Ok((Verdict::Match, None)));
        check_of(
            Modality::Palm,
            &with("match", r#","score":0.5"#),
            Ok((Verdict::Match, Some(0.5))),
        );
        check_of(
            Modality::Palm,
            &with("match", r#","score":97"#),
            Err("the score is not between 0 and 1"),
        );
        check(
            &with("match", r#","score":97"#),
            Err("the score is not between 0 and 1"),
        );
        check(
            &with("perhaps", ""),
            Err("not the agreed JSON at line 1 column 20"),
        );
        check("<html>", Err("not the agreed JSON at line 1 column 1"));
        check("", Err("not the agreed JSON at line 1 column 0"));
    }

    fn request() -> HostedRequest {
        HostedRequest {
            request_id: "d0d0".into(),
            claim: "880412401006".parse().unwrap(),
            return_url: None,
            expires_at: verification::time::UtcMs(9),
        }
    }

    #[test]
    fn a_session_has_a_name_and_a_link_that_may_be_opened() {
        let check = |id: &str, url: &str, expect: Result<(), &str>| {
            let body = json!({ "session_id": id, "url": url }).to_string();
            let found = parse_session(body.as_bytes(), &request());
            let found = found.map(|_| ()).map_err(|error| error.to_string());
            let expect = expect.map_err(|fault| format!("the answer of the centre makes no sense: {fault}"));
            assert_eq!(found, expect, "{id} {url}");
        };
        check("a-1_B", "https://c.kz/1", Ok(()));
        for id in ["", "../comparisons", "a b", "a/b", &"x".repeat(129)] {
            check(id, "https://c.kz/1", Err("no name of a session"));
        }
        for url in [
            "http://c.kz/1",
            "javascript:alert(1)",
            "https://",
            "https://c.kz/ 1",
        ] {
            check("a", url, Err("no link over TLS"));
        }
    }

    #[test]
    fn a_session_stands_in_one_of_four_ways() {
        let check = |body: &str, expect: Option<HostedState>| {
            assert_eq!(parse_state(body.as_bytes()).ok(), expect, "{body}");
        };
        check(r#"{"state":"pending"}"#, Some(HostedState::Pending));
        check(r#"{"state":"cancelled"}"#, Some(HostedState::NotCompleted));
        check(r#"{"state":"expired"}"#, Some(HostedState::NotCompleted));
        let done = |score: &str| {
            format!(
                r#"{{"state":"done","answer":{{"verdict":"match"{score},"reference_source":"x","answer_id":"7"}}}}"#
            )
        };
        check(
            &done(r#","score":0.5"#),
            Some(HostedState::Done(Answer {
                verdict: Verdict::Match,
                score: Some(0.5),
                reference_source: "x".into(),
                reference_date: None,
                answer_id: Some("7".into()),
            })),
        );
        check(&done(""), None);
        check(r#"{"state":"done"}"#, None);
        check(r#"{"state":"perhaps"}"#, None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body: Vec<u8>, text: String) {
            for bytes in [&body[..], text.as_bytes()] {
                let _ = parse_state(bytes);
                let _ = parse_session(bytes, &request());
                let _ = read::<Enrolled>(bytes);
            }
            for modality in [Modality::Face, Modality::Palm] {
                let _ = parse(&body, modality);
                let _ = parse(text.as_bytes(), modality);
            }
        }
    }
}
