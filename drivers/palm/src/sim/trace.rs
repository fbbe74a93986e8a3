//! Lines for people who watch the bytes. Payload is masked: with a real module it could be biometric, and a
//! habit of pasting traces should not depend on which one it was.

use std::time::Duration;

/// One frame as a line: direction, seconds since the start, name, length, header.
pub(super) fn line(at: Duration, direction: &str, frame: &[u8]) -> String {
    let message = frame.get(2).copied().unwrap_or_default();
    let data = frame.get(5..frame.len().saturating_sub(1)).unwrap_or_default();
    let name = match (direction, message, data.first()) {
        (">", _, _) => command_name(message).to_owned(),
        (_, 0x00, Some(command)) => format!("reply to {}", command_name(*command)),
        (_, 0x01, Some(0)) => "note: ready".to_owned(),
        (_, 0x01, Some(1)) => "note: state".to_owned(),
        _ => "other".to_owned(),
    };
    let header: Vec<String> = frame.iter().take(5).map(|byte| format!("{byte:02X}")).collect();
    let mask = if data.is_empty() {
        String::new()
    } else {
        format!(" [{} bytes masked]", data.len())
    };
    format!(
        "{direction} {:>9.3} {name:<24} {}{mask}",
        at.as_secs_f64(),
        header.join(" ")
    )
}

fn command_name(message: u8) -> &'static str {
    match message {
        0x10 => "reset",
        0x11 => "status",
        0x12 => "verify",
        0x14 => "enrol progress",
        0x1D => "enrol single",
        0x20 => "delete user",
        0x21 => "delete all",
        0x22 => "user info",
        0x23 => "drop enrolment",
        0x24 => "list ids",
        0x30 => "version",
        0x93 => "serial number",
        0xB5 => "report boxes",
        _ => "unknown command",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn payload_is_masked() {
        let at = Duration::from_millis(1234);
        let enrol = [0xEF, 0xAA, 0x1D, 0, 3, b'a', b'i', b'g', 0x55];
        let lines = [
            line(at, ">", &enrol),
            line(at, ">", &[0xEF, 0xAA, 0x10, 0, 0, 0x10]),
            line(at, "<", &[0xEF, 0xAA, 0, 0, 2, 0x12, 8, 0x18]),
            line(at, "<", &[0xEF]),
        ];
        expect![[r#"
            >     1.234 enrol single             EF AA 1D 00 03 [3 bytes masked]
            >     1.234 reset                    EF AA 10 00 00
            <     1.234 reply to verify          EF AA 00 00 02 [2 bytes masked]
            <     1.234 other                    EF"#]]
        .assert_eq(&lines.join("\n"));
    }
}
