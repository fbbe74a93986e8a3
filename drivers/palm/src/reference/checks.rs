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

/// What the scanner says of one of its parts; `None` if it did not test it, for then it neither works nor fails.
pub(super) fn part(part: &Part) -> Option<Check> {
    let found = match (part.verdict, part.detail) {
        (2, _) => return None,
        (0 | 1, 0) => format!("part {:02x}", part.part),
        (0 | 1, detail) => format!("part {:02x}, detail {detail:04x}", part.part),
        (other, _) => format!("part {:02x}, unknown verdict {other:02x}", part.part),
    };
    Some(check(&codes::part(part.part), part.verdict == 1, found))
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
    fn what_was_not_tested_does_not_work_and_does_not_fail() {
        let check = |verdict, detail, expect: Option<(bool, &str)>| {
            let found = part(&Part {
                part: 4,
                verdict,
                detail,
            });
            let found = found.as_ref().map(|check| (check.passed, check.detail.as_str()));
            assert_eq!(found, expect);
        };
        check(1, 0, Some((true, "part 04")));
        check(0, 0x11, Some((false, "part 04, detail 0011")));
        check(2, 0, None);
        check(9, 0, Some((false, "part 04, unknown verdict 09")));
    }

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
