//! How the entry of codes of the staff stands, as the store remembers it over restarts.

use outbox::OutboxError;
use outbox::sqlite::SqliteOutbox;
use verification::Sensitive;
use verification::lockout::Lockout;
use verification::session::OperatorCheck;
use verification::time::UtcMs;

use crate::operators::{self, Operator};

/// How it stands under this name. Where that cannot be read, as after the longest row of wrong codes.
pub(super) fn remembered(outbox: &SqliteOutbox, name: &str, now: UtcMs) -> Result<Lockout, OutboxError> {
    Ok(match outbox.remembered(name)? {
        None => Lockout::default(),
        Some(text) => text.parse().unwrap_or_else(|_| Lockout::longest(now)),
    })
}

/// Looks whose code this is, unless too many with the same number were wrong: each number has pauses of its own, so that
/// nobody keeps the whole branch away by guessing. A code is counted as wrong, and written down so, before it is looked at.
pub(super) fn check_operator(
    outbox: &mut SqliteOutbox,
    operators: &[Operator],
    code: &Sensitive<String>,
    now: UtcMs,
) -> Result<OperatorCheck, OutboxError> {
    let Some(operator) = operators::of_number(operators, code) else {
        return Ok(OperatorCheck::Nobody);
    };
    let name = format!("operator-lockout-{}", operator.number());
    let mut lockout = remembered(outbox, &name, now)?;
    let begun = lockout.begin(now);
    outbox.remember(&name, &lockout.to_string())?;
    if let Err(locked) = begun {
        return Ok(OperatorCheck::Paused(locked));
    }
    if !operator.is_code(code) {
        return Ok(OperatorCheck::Nobody);
    }
    lockout.right();
    outbox.remember(&name, &lockout.to_string())?;
    Ok(OperatorCheck::Present(operator.name().to_owned()))
}
