//! Session after session in the real window, and how much memory the kiosk and its web processes hold meanwhile.
//!
//! Nobody drives the web view, since a driven one keeps a part of every page that was. First a driven kiosk walks through two
//! sessions, and of each button is noted where it stands and how it looks. Then a kiosk without a driver is touched at these
//! places, by way of the X server, each as soon as it looks so. Each twentieth session gives its consents, enters its data and is left
//! at the choice of the method; the others are left at the choice of the service. Each leaves its record; then a fresh page comes.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::hand::Hand;
use crate::processes;
use crate::{Place, STEP_LIMIT, Walk, WalkError};

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
    /// The part of these that they have written.
    pub web_written_kib: u64,
    /// Threads of the kiosk.
    pub threads: usize,
    /// Files and lines that the kiosk has open.
    pub files: usize,
}

/// How often is looked at the memory, in sessions.
const LOOK_EVERY: u32 = 10;
/// Every so manyth session goes on to the choice of the method.
const WHOLE_EVERY: u32 = 20;
/// How often is said how far it is, in sessions.
const SAY_EVERY: u32 = 100;
/// The web process of the page before, and the kiosk before this one, end in this time.
const END_LIMIT: Duration = Duration::from_secs(5);

/// A button on the way through a session.
#[derive(Debug)]
struct Button {
    name: String,
    place: Place,
    /// What is to be seen there when it can be touched.
    look: Vec<u8>,
    /// What a key types into, and what is to be seen there before: the keys of the screen before may stand where these do.
    entry: Option<(Place, Vec<u8>)>,
    kind: Kind,
}

impl Button {
    /// Where something else is to be seen once it was touched, and what is to be seen there before.
    fn shows(&self) -> (Place, &[u8]) {
        match &self.entry {
            Some((place, before)) => (*place, before),
            None => (self.place, &self.look),
        }
    }
}

/// What happens around a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It can be touched as soon as it is there.
    Goes,
    /// It takes a touch only when its screen has stood for a moment, and looks no otherwise before.
    Waits,
}

/// The buttons of a session that ends early, and of one that goes to the choice of the method.
#[derive(Debug)]
pub struct Ways {
    early: Vec<Button>,
    whole: Vec<Button>,
}

/// So long after the driver says that a button is there, it is painted and moves no more, also on a loaded machine.
const PAINTED: Duration = Duration::from_millis(1500);
/// A choice takes no touch before its screen has stood so long.
const STOOD: Duration = Duration::from_millis(800);
/// How a button looks while it is touched is over after this time, and one at the same place of the next screen takes no touch yet.
const TOUCHED: Duration = Duration::from_millis(120);
/// The same key that is struck again sooner counts once.
const STRUCK_AGAIN: Duration = Duration::from_millis(600);
/// Where nothing has changed so long after a touch, nothing was touched.
const TOUCH_AGAIN: Duration = Duration::from_secs(2);
/// So many such touches a session are borne: a screen that is just coming takes none.
const TOUCHES_AGAIN_MAX: u32 = 5;
/// How often is looked.
const LOOK_PAUSE: Duration = Duration::from_millis(15);

/// Walks through one session of each kind and notes its buttons.
///
/// # Errors
/// As those of [`Walk`], and [`WalkError::Display`].
pub async fn learn(walk: &Walk, hand: &Hand, service: &str, iin: &str) -> Result<Ways, WalkError> {
    let begun = ["begin".to_owned(), format!("service-{service}")];
    let left = ["cancel", "finish"];
    let mut early = Vec::new();
    for name in ["begin", "cancel", "finish"] {
        learn_button(walk, hand, name, Kind::Goes, &mut early).await?;
    }
    let page = walk.handle().await?;
    walk.follow_from(&page).await?;
    let mut whole = Vec::new();
    for name in &begun {
        learn_button(walk, hand, name, Kind::Goes, &mut whole).await?;
    }
    loop {
        let shown = walk.wait_for(&["consent", "field", "claim"], STEP_LIMIT).await?;
        match shown.as_str() {
            "consent" => {
                let text = walk.attribute("data-consent").await?;
                learn_button(walk, hand, "consent-agree", Kind::Goes, &mut whole).await?;
                walk.wait_for_change("data-consent", &text).await?;
            }
            "field" => {
                let field = walk.attribute("data-field").await?;
                if walk.attribute("data-input").await? == "choice" {
                    let choice = walk.first_of("choice-").await?;
                    learn_button(walk, hand, &choice, Kind::Waits, &mut whole).await?;
                } else {
                    learn_digits(walk, hand, "7012345678", "field-value", &mut whole).await?;
                    learn_button(walk, hand, "field-next", Kind::Goes, &mut whole).await?;
                }
                walk.wait_for_change("data-field", &field).await?;
            }
            _ => break,
        }
    }
    learn_digits(walk, hand, iin, "claim-digits", &mut whole).await?;
    learn_button(walk, hand, "claim-next", Kind::Goes, &mut whole).await?;
    walk.wait_for(&["method"], STEP_LIMIT).await?;
    for name in left {
        learn_button(walk, hand, name, Kind::Goes, &mut whole).await?;
    }
    Ok(Ways { early, whole })
}

/// Learns keys; what they type stands in `entry`.
async fn learn_digits(
    walk: &Walk,
    hand: &Hand,
    digits: &str,
    entry: &str,
    way: &mut Vec<Button>,
) -> Result<(), WalkError> {
    for digit in digits.chars() {
        tokio::time::sleep(PAINTED).await;
        let place = walk.place_of(entry).await?;
        let before = (place, hand.look(place)?);
        learn_button(walk, hand, &format!("key-{digit}"), Kind::Goes, way).await?;
        if let Some(key) = way.last_mut() {
            key.entry = Some(before);
        }
    }
    Ok(())
}

async fn learn_button(
    walk: &Walk,
    hand: &Hand,
    name: &str,
    kind: Kind,
    way: &mut Vec<Button>,
) -> Result<(), WalkError> {
    let place = walk.place_of(name).await?;
    tokio::time::sleep(PAINTED).await;
    way.push(Button {
        name: name.to_owned(),
        place,
        look: hand.look(place)?,
        entry: None,
        kind,
    });
    walk.touch(name).await
}

/// A kiosk that nobody drives; it ends with this value.
#[derive(Debug)]
pub struct Kiosk(Child);

impl Kiosk {
    /// Starts `kiosk --config config` on the display of the environment.
    ///
    /// # Errors
    /// [`WalkError::Kiosk`].
    pub fn start(kiosk: &Path, config: &Path) -> Result<Self, WalkError> {
        // The driven one before it may still be ending, and holds the store.
        let end = Instant::now() + END_LIMIT;
        while processes::kiosk(config).is_some() && Instant::now() < end {
            sleep(LOOK_PAUSE);
        }
        let started = Command::new(kiosk)
            .arg("--config")
            .arg(config)
            .env_remove("TAURI_AUTOMATION")
            .env_remove("TAURI_WEBVIEW_AUTOMATION")
            .stdin(Stdio::null())
            .spawn();
        started.map(Self).map_err(WalkError::Kiosk)
    }
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Walks through so many sessions, or until `limit` has passed, and writes a line for each tenth into `table` (CSV). What was seen
/// up to a failure stays in `samples`.
///
/// # Errors
/// [`WalkError::Screen`] where a button does not come, [`WalkError::Display`], [`WalkError::Picture`] for the table.
pub fn soak(
    kiosk: &Kiosk,
    hand: &Hand,
    ways: &Ways,
    (sessions, limit): (u32, Option<Duration>),
    table: &Path,
    samples: &mut Vec<Sample>,
) -> Result<(), WalkError> {
    let failed = |source| WalkError::Picture {
        path: table.to_owned(),
        source,
    };
    let mut file = std::fs::File::create(table).map_err(failed)?;
    writeln!(
        file,
        "sessions,kiosk_kib,written_kib,web_kib,web_written_kib,threads,files"
    )
    .map_err(failed)?;
    let start = Instant::now();
    for done in 1..=sessions {
        let way = if done.is_multiple_of(WHOLE_EVERY) {
            &ways.whole
        } else {
            &ways.early
        };
        session(kiosk, hand, way)?;
        let is_last = done == sessions || limit.is_some_and(|limit| start.elapsed() >= limit);
        if done == 1 || done.is_multiple_of(LOOK_EVERY) || is_last {
            let sample = look(kiosk.0.id(), done);
            let Sample {
                sessions,
                kiosk_kib,
                written_kib,
                web_kib,
                web_written_kib,
                threads,
                files,
            } = sample;
            writeln!(
                file,
                "{sessions},{kiosk_kib},{written_kib},{web_kib},{web_written_kib},{threads},{files}"
            )
            .map_err(failed)?;
            samples.push(sample);
            if done.is_multiple_of(SAY_EVERY) {
                println!(
                    "   {done} sessions, {:.2} s each: kiosk {} MiB, {} of them written; web processes {} MiB, {} of \
                     them written; {threads} threads, {files} files",
                    start.elapsed().as_secs_f64() / f64::from(done),
                    kiosk_kib / 1024,
                    written_kib / 1024,
                    web_kib / 1024,
                    web_written_kib / 1024,
                );
            }
        }
        if is_last {
            break;
        }
    }
    Ok(())
}

/// One session, from the welcome screen to the fresh page of the next person.
fn session(kiosk: &Kiosk, hand: &Hand, way: &[Button]) -> Result<(), WalkError> {
    let (mut page, mut touches_again) = (Vec::new(), 0);
    let mut last = "";
    for (at, button) in way.iter().enumerate() {
        if last == button.name {
            sleep(STRUCK_AGAIN);
        }
        last = &button.name;
        let is_ready = || {
            let (entry, before) = button.shows();
            Ok(hand.look(button.place)? == button.look && hand.look(entry)? == before)
        };
        wait_until(STEP_LIMIT, is_ready, &button.name)?;
        if at == 0 {
            page = processes::web_processes(kiosk.0.id());
        }
        if button.kind == Kind::Waits {
            sleep(STOOD);
        }
        hand.touch(button.place)?;
        let (entry, before) = button.shows();
        let pause = if button.entry.is_some() {
            LOOK_PAUSE
        } else {
            TOUCHED
        };
        let changed = || {
            sleep(pause);
            Ok(hand.look(entry)? != before)
        };
        while wait_until(TOUCH_AGAIN, changed, &button.name).is_err() {
            touches_again += 1;
            if touches_again > TOUCHES_AGAIN_MAX {
                return Err(not_shown(&button.name));
            }
            hand.touch(button.place)?;
        }
    }
    let is_fresh = || {
        let now = processes::web_processes(kiosk.0.id());
        Ok(!now.is_empty() && now.iter().all(|process| !page.contains(process)))
    };
    wait_until(STEP_LIMIT, is_fresh, "a fresh page")
}

fn wait_until(
    limit: Duration,
    mut is_so: impl FnMut() -> Result<bool, WalkError>,
    what: &str,
) -> Result<(), WalkError> {
    let end = Instant::now() + limit;
    while !is_so()? {
        if Instant::now() >= end {
            return Err(not_shown(what));
        }
        sleep(LOOK_PAUSE);
    }
    Ok(())
}

fn not_shown(what: &str) -> WalkError {
    WalkError::Screen {
        expected: what.to_owned(),
        shown: "something else".to_owned(),
    }
}

/// The memory between two sessions, when the web process of the page before has ended.
fn look(kiosk: u32, sessions: u32) -> Sample {
    let end = Instant::now() + END_LIMIT;
    while processes::web_processes(kiosk).len() > 1 && Instant::now() < end {
        sleep(LOOK_PAUSE);
    }
    let of_kiosk = rollup(kiosk);
    let of_web: Vec<_> = processes::below(kiosk)
        .iter()
        .map(|process| rollup(process.id))
        .collect();
    let sum = |name| of_web.iter().map(|rollup| kib_of(name, rollup)).sum();
    let count = |what| std::fs::read_dir(format!("/proc/{kiosk}/{what}")).map_or(0, Iterator::count);
    Sample {
        sessions,
        kiosk_kib: kib_of("Pss:", &of_kiosk),
        written_kib: kib_of("Pss_Anon:", &of_kiosk),
        web_kib: sum("Pss:"),
        web_written_kib: sum("Pss_Anon:"),
        threads: count("task"),
        files: count("fd"),
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
         <tspan fill='#a3241c'>web processes</tspan>, <tspan fill='#8a5a00'>of which written</tspan></text>\
         <rect width='{WIDTH}' height='{HEIGHT}' fill='none' stroke='#888'/>{}{}{}{}</svg>\n",
        highest / 1024,
        line(|sample| sample.kiosk_kib, "#0d5c6b"),
        line(|sample| sample.written_kib, "#2e7d32"),
        line(|sample| sample.web_kib, "#a3241c"),
        line(|sample| sample.web_written_kib, "#8a5a00"),
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
                web_written_kib: size,
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
        assert_eq!(chart(&samples([1, 2, 3])).matches("<polyline").count(), 4);
        assert_eq!(chart(&[]).matches("<polyline").count(), 4);
    }
}
