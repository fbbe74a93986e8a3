//! When the institution works.

use jiff::civil::Date;

/// Minutes of a day: where an interval may end.
const MINUTES_OF_DAY: u16 = 24 * 60;

/// A day that is different: year, month, day, and the intervals instead; none means closed.
pub type SpecialDay = (i32, u8, u8, Vec<(u16, u16)>);

/// Opening hours, in local time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hours {
    /// For each day from Monday on, intervals as minutes of the day `[from, to)`, in order, without overlap.
    pub week: [Vec<(u16, u16)>; 7],
    /// Days that are different, in order, each once.
    pub special: Vec<SpecialDay>,
}

/// Reads intervals such as `"09:00-18:00"`.
pub(crate) fn intervals(texts: &[String]) -> Result<Vec<(u16, u16)>, String> {
    let mut read: Vec<(u16, u16)> = Vec::new();
    for text in texts {
        let (from, to) = interval(text).ok_or_else(|| {
            format!("{text:?} is no interval such as \"09:00-18:00\", within 00:00 to 24:00")
        })?;
        if read.last().is_some_and(|(_, before)| *before > from) {
            return Err(format!("{text:?} begins before the interval before it ends"));
        }
        read.push((from, to));
    }
    Ok(read)
}

fn interval(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    (from < to).then_some((from, to))
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| {
        (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse::<u16>().ok())
            .flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= MINUTES_OF_DAY).then_some(minute)
}

/// Writes an interval as it is read.
pub(crate) fn interval_text((from, to): (u16, u16)) -> String {
    format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
}

/// Reads a day such as `2026-12-31`.
pub(crate) fn day(text: &str) -> Result<Date, String> {
    let is_day = text.len() == 10;
    is_day
        .then(|| text.parse::<Date>().ok())
        .flatten()
        .ok_or_else(|| format!("{text:?} is no day such as \"2026-12-31\""))
}

/// A day as the plain numbers that are kept of it.
pub(crate) fn parts(day: Date) -> (i32, u8, u8) {
    // A month has 1 to 12 and a day 1 to 31: both fit.
    (
        i32::from(day.year()),
        day.month().unsigned_abs(),
        day.day().unsigned_abs(),
    )
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
                    assert_eq!(found, expect);
                    let written: Vec<_> = found.into_iter().map(interval_text).collect();
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
        assert_eq!(day("2028-02-29").map(parts), Ok((2028, 2, 29)));
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
