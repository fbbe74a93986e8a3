//! When the institution works.

use verification::date::Date;
use verification::hours::{OpenDay, OpenSpan};

/// Reads intervals such as `"09:00-18:00"`, in their order.
pub(crate) fn intervals(texts: &[String]) -> Result<OpenDay, String> {
    let mut read: Vec<OpenSpan> = Vec::new();
    for text in texts {
        let span = interval(text).ok_or_else(|| {
            format!("{text:?} is no interval such as \"09:00-18:00\", within 00:00 to 24:00")
        })?;
        if read
            .last()
            .is_some_and(|before| before.to_minute() > span.from_minute())
        {
            return Err(format!("{text:?} begins before the interval before it ends"));
        }
        read.push(span);
    }
    OpenDay::new(read).map_err(|error| error.to_string())
}

fn interval(text: &str) -> Option<OpenSpan> {
    let (from, to) = text.split_once('-')?;
    OpenSpan::new(minute(from)?, minute(to)?).ok()
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| {
        (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse::<u16>().ok())
            .flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (minutes < 60).then_some(hours * 60 + minutes)
}

/// Writes an interval as it is read.
pub(crate) fn interval_text(span: &OpenSpan) -> String {
    let (from, to) = (span.from_minute(), span.to_minute());
    format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
}

/// Reads a day such as `2026-12-31`.
pub(crate) fn day(text: &str) -> Result<Date, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no day such as \"2026-12-31\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_and_written() {
        let check = |texts: &[&str], expect: Result<&[(u16, u16)], &str>| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            match (intervals(&texts), expect) {
                (Ok(found), Ok(expect)) => {
                    let minutes: Vec<_> = found
                        .spans()
                        .iter()
                        .map(|span| (span.from_minute(), span.to_minute()))
                        .collect();
                    assert_eq!(minutes, expect);
                    let written: Vec<_> = found.spans().iter().map(interval_text).collect();
                    assert_eq!(written, texts);
                }
                (Err(found), Err(expect)) => assert!(found.contains(expect), "{found}"),
                (found, expect) => panic!("{texts:?}: {found:?}, not {expect:?}"),
            }
        };
        check(&[], Ok(&[]));
        check(&["09:00-13:00", "14:00-18:30"], Ok(&[(540, 780), (840, 1110)]));
        check(&["00:00-24:00"], Ok(&[(0, 1440)]));
        check(&["09:00-09:00"], Err("no interval"));
        check(&["18:00-09:00"], Err("no interval"));
        check(&["09:00-24:01"], Err("no interval"));
        check(&["09:60-10:00"], Err("no interval"));
        check(&["9:00-10:00"], Err("no interval"));
        check(&["+9:00-10:00"], Err("no interval"));
        check(&["09:00"], Err("no interval"));
        check(&["09:00-13:00", "12:00-18:00"], Err("begins before"));
    }

    #[test]
    fn days_are_read() {
        assert_eq!(day("2028-02-29").ok(), Date::new(2028, 2, 29));
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "20261231",
            "2026-12-31T00:00",
            "31.12.2026",
            "",
        ] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
