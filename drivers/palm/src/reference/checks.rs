//! A self-test in words.

use super::codes;
use super::message::{Part, Status};
use crate::Check;

/// One line of a self-test.
pub(super) fn check(name: &str, passed: bool, detail: String) -> Check {
    Check {
        name: name.to_owned(),
        passed,
        detail,
    }
}

/// What the scanner says of its state.
pub(super) fn state(status: &Status) -> String {
    let Status {
        uptime_s,
        stored,
        fault,
        detail,
        ..
    } = status;
    let said = format!("up for {uptime_s} s, {stored} references stored");
    match fault {
        0 => said,
        _ => format!("{} (detail {detail:04x}), {said}", codes::fault(*fault)),
    }
}

/// What the scanner says of one of its parts.
pub(super) fn part(part: &Part) -> Check {
    let found = match part.verdict {
        0 => format!("broken (detail {:04x})", part.detail),
        1 => "works".to_owned(),
        2 => "not tested".to_owned(),
        other => format!("verdict {other:02x}"),
    };
    check(&codes::part(part.part), matches!(part.verdict, 1 | 2), found)
}

/// Says which key the scanner has, so that a technician can compare and configure it. A public key is no secret.
pub(super) fn key(signs: bool, key: &[u8; 33], pinned: Option<&[u8]>) -> Check {
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let (passed, detail) = match pinned {
        _ if !signs => (false, "it does not sign, and a key is configured".to_owned()),
        None => (true, format!("not configured; the scanner says {hex}")),
        Some(pinned) if pinned == key => (true, format!("the configured one, {hex}")),
        Some(_) => (false, format!("another one than configured, {hex}")),
    };
    check("key", passed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_key_is_compared() {
        let check = |signs, pinned: Option<&[u8]>, expect| {
            assert_eq!(key(signs, &[2; 33], pinned).passed, expect);
        };
        check(true, None, true);
        check(true, Some(&[2; 33]), true);
        check(true, Some(&[3; 33]), false);
        check(false, Some(&[2; 33]), false);
    }
}
