//! Who is logged in. Pure: time and random bytes are arguments.
//!
//! A session is known by a random token, of which only the digest is kept here. It ends when nothing was asked for a while,
//! after a day's work in any case, when the examiner leaves, and when the same examiner logs in elsewhere.

use std::collections::HashMap;
use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use verification::Sensitive;

/// Bytes of a token, and of what protects forms.
pub const TOKEN_BYTES: usize = 32;

/// When sessions end by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// After so long without a request.
    pub idle: Duration,
    /// After so long in any case.
    pub longest: Duration,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Code of the examiner.
    pub examiner: String,
    /// What every form of this session has to carry.
    pub form_token: Sensitive<String>,
}

impl Admitted {
    /// Whether a form, or a request of the API, carries what it has to. Takes the same time wherever they differ.
    pub fn has_sent(&self, form_token: &str) -> bool {
        self.form_token
            .expose()
            .as_bytes()
            .ct_eq(form_token.as_bytes())
            .into()
    }
}

#[derive(Debug)]
struct Session {
    admitted: Admitted,
    begun_at: Duration,
    used_at: Duration,
}

/// The open sessions; no more than there are examiners. Times are those of one clock that does not go back.
#[derive(Debug)]
pub struct Sessions {
    rules: Rules,
    /// By the digest of the token.
    open: HashMap<[u8; 32], Session>,
}

impl Sessions {
    /// Nobody is logged in.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            open: HashMap::new(),
        }
    }

    /// Begins a session; ends another one of the same examiner. Gives the token for the cookie.
    pub fn begin(
        &mut self,
        examiner: &str,
        random: &Sensitive<[u8; 2 * TOKEN_BYTES]>,
        now: Duration,
    ) -> (Sensitive<String>, Admitted) {
        self.open
            .retain(|_, session| session.admitted.examiner != examiner);
        let (token, form_token) = random.expose().split_at(TOKEN_BYTES);
        let (token, form_token) = (hex(token), hex(form_token));
        let admitted = Admitted {
            examiner: examiner.to_owned(),
            form_token,
        };
        let session = Session {
            admitted: admitted.clone(),
            begun_at: now,
            used_at: now,
        };
        self.open.insert(digest(token.expose()), session);
        (token, admitted)
    }

    /// Whose token this is. What it is asked for counts as use.
    pub fn admit(&mut self, token: &str, now: Duration) -> Option<Admitted> {
        let rules = self.rules;
        self.open.retain(|_, session| {
            now.saturating_sub(session.used_at) < rules.idle
                && now.saturating_sub(session.begun_at) < rules.longest
        });
        let session = self.open.get_mut(&digest(token))?;
        session.used_at = now;
        Some(session.admitted.clone())
    }

    /// Ends the session of this token.
    pub fn end(&mut self, token: &str) {
        self.open.remove(&digest(token));
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn hex(bytes: &[u8]) -> Sensitive<String> {
    Sensitive::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn sessions() -> Sessions {
        Sessions::new(Rules {
            idle: at(60),
            longest: at(200),
        })
    }

    fn random(byte: u8) -> Sensitive<[u8; 64]> {
        let mut bytes = [byte; 64];
        bytes[32..].fill(byte + 1);
        Sensitive::new(bytes)
    }

    #[test]
    fn a_session_ends_by_itself() {
        let mut open = sessions();
        let (token, admitted) = open.begin("a", &random(1), at(0));
        assert_eq!(token.expose(), &"01".repeat(32));
        assert!(admitted.has_sent(&"02".repeat(32)));
        assert!(!admitted.has_sent(token.expose()) && !admitted.has_sent(""));
        for seconds in [59, 118, 177, 199] {
            let admitted = open.admit(token.expose(), at(seconds)).unwrap();
            assert_eq!(admitted.examiner, "a");
        }
        assert!(open.admit(token.expose(), at(200)).is_none());
        let (token, _) = open.begin("a", &random(1), at(300));
        assert!(open.admit(token.expose(), at(360)).is_none());
        assert!(
            open.admit(token.expose(), at(301)).is_none(),
            "what has ended stays ended"
        );
    }

    #[test]
    fn one_examiner_has_one_session_and_may_leave() {
        let mut open = sessions();
        let (first, _) = open.begin("a", &random(1), at(0));
        let (of_another, _) = open.begin("b", &random(5), at(0));
        let (second, _) = open.begin("a", &random(9), at(1));
        assert!(open.admit(first.expose(), at(2)).is_none());
        assert!(open.admit(second.expose(), at(2)).is_some());
        open.end(second.expose());
        assert!(open.admit(second.expose(), at(2)).is_none());
        assert_eq!(open.admit(of_another.expose(), at(2)).unwrap().examiner, "b");
        assert!(open.admit("", at(2)).is_none() && open.admit("\u{430}", at(2)).is_none());
    }
}
