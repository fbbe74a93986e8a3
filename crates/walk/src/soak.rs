//! Session after session in the real window, and how much memory the kiosk and its web processes hold meanwhile.
//!
//! A script in the page does what fingers would do, since the driver takes a tenth of a second for each touch: it clicks the
//! real buttons, so that the same intents go to the kiosk. Each fifth session gives its consents, enters its data and is left at
//! the choice of the method; the others are left at the first consent, since a button takes a touch only when its screen has stood
//! for a moment. Each leaves its record; then a fresh page comes.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::processes::{self, Process};
use crate::{STEP_LIMIT, Walk, WalkError};

/// One look at the memory, after so many sessions. Proportional set sizes: what processes share is counted once, and in parts
/// that change with whatever else runs at the machine. What the kiosk has written does not: only it can grow by sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Sessions that have ended.
    pub sessions: u32,
    /// Of the kiosk itself.
    pub kiosk_kib: u64,
    /// The part of it that the kiosk has written, and that is in no file.
    pub written_kib: u64,
    /// Of all processes below it.
    pub web_kib: u64,
    /// Threads of the kiosk.
    pub threads: usize,
    /// Files and lines that the kiosk has open.
    pub files: usize,
}

/// How often is looked at the memory, in sessions.
const LOOK_EVERY: u32 = 10;
/// Every so manyth session goes on to the choice of the method.
const WHOLE_EVERY: u32 = 5;
/// How often is said how far it is, in sessions.
const SAY_EVERY: u32 = 100;
/// The web process of the page before ends in this time.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Walks through so many sessions, or until `limit` has passed, and writes a line for each tenth into `table` (CSV). What was seen
/// up to a failure stays in `samples`.
pub async fn soak(
    walk: &Walk,
    kiosk: &Process,
    (service, iin): (&str, &str),
    (sessions, limit): (u32, Option<Duration>),
    table: &Path,
    samples: &mut Vec<Sample>,
) -> Result<(), WalkError> {
    let failed = |source| WalkError::Picture {
        path: table.to_owned(),
        source,
    };
    let mut file = std::fs::File::create(table).map_err(failed)?;
    writeln!(file, "sessions,kiosk_kib,written_kib,web_kib,threads,files").map_err(failed)?;
    let start = Instant::now();
    walk.wait_for(&["welcome"], STEP_LIMIT).await?;
    let mut page = walk.handle().await?;
    for done in 1..=sessions {
        session(walk, service, iin, done.is_multiple_of(WHOLE_EVERY)).await?;
        page = walk.follow_from(&page).await?;
        let is_last = done == sessions || limit.is_some_and(|limit| start.elapsed() >= limit);
        if done == 1 || done.is_multiple_of(LOOK_EVERY) || is_last {
            let sample = look(kiosk.id, done).await;
            let Sample {
                sessions,
                kiosk_kib,
                written_kib,
                web_kib,
                threads,
                files,
            } = sample;
            writeln!(
                file,
                "{sessions},{kiosk_kib},{written_kib},{web_kib},{threads},{files}"
            )
            .map_err(failed)?;
            samples.push(sample);
            if done.is_multiple_of(SAY_EVERY) {
                println!(
                    "   {done} sessions, {:.2} s each: kiosk {} MiB, {} of them written; web processes {} MiB; {threads} threads, \
                     {files} files",
                    start.elapsed().as_secs_f64() / f64::from(done),
                    kiosk_kib / 1024,
                    written_kib / 1024,
                    web_kib / 1024,
                );
            }
        }
        if is_last {
            break;
        }
    }
    Ok(())
}

/// The memory between two sessions, when the web process of the page before has ended.
async fn look(kiosk: u32, sessions: u32) -> Sample {
    let end = Instant::now() + END_LIMIT;
    while processes::web_processes(kiosk).len() > 1 && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let web = processes::below(kiosk);
    let rollup = rollup(kiosk);
    let count = |what| std::fs::read_dir(format!("/proc/{kiosk}/{what}")).map_or(0, Iterator::count);
    Sample {
        sessions,
        kiosk_kib: kib_of("Pss:", &rollup),
        written_kib: kib_of("Pss_Anon:", &rollup),
        web_kib: web
            .iter()
            .map(|process| kib_of("Pss:", &self::rollup(process.id)))
            .sum(),
        threads: count("task"),
        files: count("fd"),
    }
}

/// One session, from the welcome screen to the touch that ends it; a `whole` one goes to the choice of the method.
async fn session(walk: &Walk, service: &str, iin: &str, whole: bool) -> Result<(), WalkError> {
    let script = r"
        const [service, iin, whole, done] = arguments;
        const one = id => document.querySelector(`[data-testid='${id}']:not([disabled])`);
        const screen = () => document.querySelector('[data-screen]')?.dataset ?? {};
        const there = id => new Promise((found, lost) => {
            const end = performance.now() + 20000;
            const look = () => one(id) ? found(one(id)) : performance.now() > end ? lost(id) : setTimeout(look, 5);
            look();
        });
        const until = so => new Promise((found, lost) => {
            const end = performance.now() + 20000;
            const look = () => so() ? found() : performance.now() > end ? lost('screen ' + screen().screen) : setTimeout(look, 5);
            look();
        });
        const touch = async id => (await there(id)).click();
        (async () => {
            await touch('begin');
            await touch('service-' + service);
            for (;;) {
                await until(() => ['consent', 'field', 'claim'].includes(screen().screen));
                if (!whole || screen().screen === 'claim') break;
                const { consent, field, input } = screen();
                const choice = () => document.querySelector(`[data-testid^='choice-']:not([disabled])`);
                if (field === undefined) await touch('consent-agree');
                else if (input === 'choice') {
                    await until(choice);
                    choice().click();
                } else if (input === 'phone') {
                    for (const digit of '7012345678') await touch('key-' + digit);
                    await touch('field-next');
                } else throw 'no answer to ' + field;
                await until(() => screen().consent !== consent || screen().field !== field);
            }
            if (whole) {
                for (const digit of iin) await touch('key-' + digit);
                await touch('claim-next');
                await until(() => screen().screen === 'method');
            }
            await touch('cancel');
            await touch('finish');
        })().then(() => done(''), error => done(String(error)));";
    let step = |source| WalkError::Step {
        step: "walk through a session".into(),
        source: Box::new(source),
    };
    let said = walk
        .client()
        .execute_async(script, vec![service.into(), iin.into(), whole.into()])
        .await
        .map_err(step)?;
    match said.as_str() {
        Some("") => Ok(()),
        other => Err(WalkError::Screen {
            expected: "a whole session".into(),
            shown: other.unwrap_or_default().to_owned(),
        }),
    }
}

/// What the system counts of a process's memory; nothing of one that has ended.
fn rollup(id: u32) -> String {
    std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default()
}

fn kib_of(name: &str, rollup: &str) -> u64 {
    let line = rollup.lines().find_map(|line| line.strip_prefix(name));
    let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    size.unwrap_or_default()
}

/// How much the memory grew from session `from` to the last, in percent of what it was there; none where there are too few
/// samples. Of both ends the median of five samples, since single ones jump.
pub fn growth_percent(samples: &[Sample], from: u32, of: impl Fn(&Sample) -> u64) -> Option<f64> {
    let later: Vec<u64> = samples
        .iter()
        .filter(|sample| sample.sessions >= from)
        .map(of)
        .collect();
    let first = median(later.get(..5)?);
    let last = median(later.get(later.len().checked_sub(5)?..)?);
    #[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^52 KiB")]
    Some((last as f64 / first as f64 - 1.0) * 100.0)
}

fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The samples as a picture (SVG).
pub fn chart(samples: &[Sample]) -> String {
    const WIDTH: u64 = 1000;
    const HEIGHT: u64 = 400;
    let sessions = samples
        .iter()
        .map(|sample| sample.sessions)
        .max()
        .unwrap_or(1)
        .max(1);
    let highest = samples
        .iter()
        .map(|sample| sample.kiosk_kib.max(sample.web_kib))
        .max();
    let highest = highest.unwrap_or(1).max(1);
    let line = |of: fn(&Sample) -> u64, colour: &str| {
        let points: Vec<String> = samples
            .iter()
            .map(|sample| {
                let x = u64::from(sample.sessions) * WIDTH / u64::from(sessions);
                format!("{x},{}", HEIGHT - of(sample) * HEIGHT / highest)
            })
            .collect();
        format!(
            "<polyline fill='none' stroke='{colour}' stroke-width='2' points='{}'/>",
            points.join(" ")
        )
    };
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='-20 -40 1040 480' font-family='sans-serif' font-size='16'>\
         <text x='0' y='-18'>Proportional memory, 0 to {} MiB, over {sessions} sessions: \
         <tspan fill='#0d5c6b'>kiosk</tspan>, <tspan fill='#2e7d32'>of which written</tspan>, \
         <tspan fill='#a3241c'>web processes</tspan></text>\
         <rect width='{WIDTH}' height='{HEIGHT}' fill='none' stroke='#888'/>{}{}{}</svg>\n",
        highest / 1024,
        line(|sample| sample.kiosk_kib, "#0d5c6b"),
        line(|sample| sample.written_kib, "#2e7d32"),
        line(|sample| sample.web_kib, "#a3241c"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(sizes: impl IntoIterator<Item = u64>) -> Vec<Sample> {
        (1..)
            .zip(sizes)
            .map(|(at, size)| Sample {
                sessions: at * 10,
                kiosk_kib: size,
                written_kib: size / 2,
                web_kib: 2 * size,
                threads: 20,
                files: 30,
            })
            .collect()
    }

    #[test]
    fn growth_is_told_between_the_medians_of_both_ends() {
        let steady = samples([9000, 100, 100, 100, 900, 100, 110, 110, 110, 110, 500, 110]);
        let growth = growth_percent(&steady, 20, |sample| sample.kiosk_kib).unwrap();
        assert!((growth - 10.0).abs() < 1e-9, "{growth}");
        assert_eq!(
            growth_percent(&samples([1, 2, 3]), 0, |sample| sample.kiosk_kib),
            None
        );
    }

    #[test]
    fn sizes_are_read() {
        let rollup = "0-1 ---p 0 0 0 [rollup]\nRss: 20 kB\nPss:    12 kB\nPss_Anon:  7 kB\n";
        assert_eq!(kib_of("Pss:", rollup), 12);
        assert_eq!(kib_of("Pss_Anon:", rollup), 7);
        assert_eq!(kib_of("Pss:", ""), 0);
    }

    #[test]
    fn the_chart_has_a_line_for_each() {
        assert_eq!(chart(&samples([1, 2, 3])).matches("<polyline").count(), 3);
        assert_eq!(chart(&[]).matches("<polyline").count(), 3);
    }
}
