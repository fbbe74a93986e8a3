//! The centre over HTTPS with JSON.

mod question;

use std::time::Duration;

use document::identification::Verdict;
use serde::Deserialize;
use verification::evidence::Modality;

use self::question::Question;
use super::{Answer, CentreError, Comparison, IdentificationCentre, Request};
use crate::tls::{self, TlsError};

/// No sensible answer is longer.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

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
    endpoint: String,
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
            endpoint: format!("{}/v1/comparisons", url.trim_end_matches('/')),
            client,
        })
    }

    async fn ask(&self, request: &Request) -> Result<Answer, CentreError> {
        let question = Question::from(request);
        let mut response = self
            .client
            .post(&self.endpoint)
            .json(&question)
            .send()
            .await
            .map_err(failure)?;
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
        parse(&body, request.probe.modality())
    }
}

impl IdentificationCentre for HttpsCentre {
    fn compare<'a>(&'a self, request: &'a Request) -> Comparison<'a> {
        Box::pin(self.ask(request))
    }
}

#[derive(Deserialize)]
struct Reply {
    verdict: VerdictName,
    score: Option<f32>,
    reference_source: String,
    reference_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum VerdictName {
    Match,
    NoMatch,
    PersonNotFound,
    NoReference,
}

fn parse(body: &[u8], modality: Modality) -> Result<Answer, CentreError> {
    // The position is told, the text of the decoder is not: it may quote the answer.
    let reply: Reply = serde_json::from_slice(body).map_err(|error| {
        CentreError::Nonsense(format!(
            "not the agreed JSON at line {} column {}",
            error.line(),
            error.column()
        ))
    })?;
    if reply.score.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
        return Err(CentreError::Nonsense("the score is not between 0 and 1".into()));
    }
    let verdict = match reply.verdict {
        VerdictName::Match if modality == Modality::Face && reply.score.is_none() => {
            return Err(CentreError::Nonsense("a match without a score".into()));
        }
        VerdictName::Match => Verdict::Match,
        VerdictName::NoMatch => Verdict::NonMatch,
        VerdictName::PersonNotFound => Verdict::PersonNotFound,
        VerdictName::NoReference => Verdict::NoReference,
    };
    Ok(Answer {
        verdict,
        score: reply.score,
        reference_source: reply.reference_source,
        reference_date: reply.reference_date,
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

    proptest::proptest! {
        #[test]
        fn never_panics(body: Vec<u8>, text: String) {
            for modality in [Modality::Face, Modality::Palm] {
                let _ = parse(&body, modality);
                let _ = parse(text.as_bytes(), modality);
            }
        }
    }
}
