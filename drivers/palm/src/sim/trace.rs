//! Lines for people who watch the bytes. Payload is masked unless asked for: with a real module it could be
//! biometric, and a habit of pasting traces should not depend on which one it was.

use std::fmt::Write;
use std::time::Duration;

/// What people read of a frame.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// What it is.
    pub name: String,
    /// The bytes before the payload.
    pub header: Vec<u8>,
    /// The payload.
    pub payload: Vec<u8>,
    /// The bytes after the payload.
    pub check: Vec<u8>,
    /// What goes wrong with it; empty if nothing does.
    pub remark: &'static str,
}

/// Collects lines, if they are wanted.
pub(super) struct Trace {
    lines: Option<Vec<String>>,
    show_payload: bool,
}

impl Trace {
    pub fn new(wanted: bool, show_payload: bool) -> Self {
        Self {
            lines: wanted.then(Vec::new),
            show_payload,
        }
    }

    /// One frame: `>` from the host, `<` from the device.
    pub fn frame(&mut self, at: Duration, direction: &str, frame: &Listing) {
        let Some(lines) = &mut self.lines else { return };
        let mut bytes = hex(&frame.header);
        if self.show_payload || frame.payload.is_empty() {
            for part in [&frame.payload, &frame.check] {
                if !part.is_empty() {
                    bytes = format!("{bytes} {}", hex(part));
                }
            }
        } else {
            let count = frame.payload.len();
            let noun = if count == 1 { "byte" } else { "bytes" };
            bytes = format!("{bytes} [{count} {noun} masked]");
        }
        let mut line = format!(
            "{direction} {:>9.3}  {:<34} {}",
            at.as_secs_f64(),
            frame.name,
            bytes.trim_start()
        );
        if !frame.remark.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(line, "  ! {}", frame.remark);
        }
        lines.push(line);
    }

    /// Bytes that are no frame.
    pub fn noise(&mut self, at: Duration, count: usize) {
        if let Some(lines) = &mut self.lines {
            let noun = if count == 1 { "byte" } else { "bytes" };
            lines.push(format!(
                "> {:>9.3}  {count} {noun} that are no frame: ignored",
                at.as_secs_f64()
            ));
        }
    }

    /// Something else that a person wants to know.
    pub fn remark(&mut self, at: Duration, what: &str) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("- {:>9.3}  {what}", at.as_secs_f64()));
        }
    }

    pub fn take(&mut self) -> Vec<String> {
        self.lines.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

fn hex(bytes: &[u8]) -> String {
    let texts: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn lines(show_payload: bool) -> String {
        let mut trace = Trace::new(true, show_payload);
        let at = Duration::from_millis(1234);
        let enrol = Listing {
            name: "enrol".to_owned(),
            header: vec![0xEF, 0xAA, 0x1D, 0, 3],
            payload: b"aig".to_vec(),
            check: vec![0x55],
            remark: "",
        };
        let reset = Listing {
            name: "reset".to_owned(),
            header: vec![0xEF, 0xAA, 0x10, 0, 0],
            check: vec![0x10],
            remark: "late",
            ..Listing::default()
        };
        trace.frame(at, ">", &enrol);
        trace.frame(at, "<", &reset);
        trace.noise(at, 3);
        trace.remark(at, "starts");
        trace.take().join("\n")
    }

    #[test]
    fn payload_is_masked() {
        expect![[r#"
            >     1.234  enrol                              EF AA 1D 00 03 [3 bytes masked]
            <     1.234  reset                              EF AA 10 00 00 10  ! late
            >     1.234  3 bytes that are no frame: ignored
            -     1.234  starts"#]]
        .assert_eq(&lines(false));
    }

    #[test]
    fn payload_is_shown_when_asked_for() {
        assert!(lines(true).contains("EF AA 1D 00 03 61 69 67 55"));
    }

    #[test]
    fn what_is_not_wanted_is_not_collected() {
        let mut trace = Trace::new(false, true);
        trace.frame(Duration::ZERO, ">", &Listing::default());
        assert!(trace.take().is_empty());
    }
}
