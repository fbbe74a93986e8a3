//! When to ask how a session on a page of the centre stands. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Times of a session, counted from the arrival of the document. The defaults are those of a published client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hosted {
    /// The pause between two questions at first.
    pub poll_ms: u64,
    /// After this time the pause is the longer one.
    pub poll_later_after_ms: u64,
    /// The longer pause.
    pub poll_later_ms: u64,
    /// How long the result is waited for.
    pub window_ms: u64,
    /// Where the page leads when it is done, if anywhere: `https://…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

impl Default for Hosted {
    fn default() -> Self {
        Self {
            poll_ms: 3_000,
            poll_later_after_ms: 60_000,
            poll_later_ms: 6_000,
            window_ms: 300_000,
            return_url: None,
        }
    }
}

impl Hosted {
    /// How long to wait before the next question, after this time; `None` where the window is over. The last question
    /// comes at the end of the window.
    pub fn pause(&self, elapsed: Duration) -> Option<Duration> {
        let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let left = self.window_ms.checked_sub(ms).filter(|left| *left > 0)?;
        let pause = if ms < self.poll_later_after_ms {
            self.poll_ms
        } else {
            self.poll_later_ms
        };
        Some(Duration::from_millis(pause.min(left)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_three_seconds_then_every_six_and_then_no_more() {
        let hosted = Hosted::default();
        let check = |at_ms: u64, expect: Option<u64>| {
            let found = hosted.pause(Duration::from_millis(at_ms));
            assert_eq!(found, expect.map(Duration::from_millis), "{at_ms}");
        };
        check(0, Some(3_000));
        check(59_999, Some(3_000));
        check(60_000, Some(6_000));
        check(296_000, Some(4_000));
        check(299_999, Some(1));
        check(300_000, None);
        check(u64::MAX, None);
    }

    proptest! {
        /// Followed from any time on, it comes to an end, and asks at the end of the window.
        #[test]
        fn the_last_question_is_at_the_end(start in 0_u64..300_000) {
            let hosted = Hosted::default();
            let mut at = Duration::from_millis(start);
            let mut questions = 0;
            while let Some(pause) = hosted.pause(at) {
                prop_assert!(!pause.is_zero());
                at += pause;
                questions += 1;
            }
            prop_assert_eq!(at, Duration::from_millis(hosted.window_ms));
            prop_assert!(questions <= 20 + 40 + 1);
        }
    }
}
