//! Curves over time as SVG.

use maud::{Markup, html};

/// Width of the drawing; the page scales it.
const WIDTH: f32 = 1080.0;
/// Room for the numbers and names at the left.
const LEFT: f32 = 64.0;
const RIGHT: f32 = 8.0;
/// Height of the area of one chart.
const HEIGHT: f32 = 104.0;
const TOP: f32 = 16.0;
/// Height of one row of the lane of events.
const ROW: f32 = 17.0;
/// Curves with more points than this are thinned to the lowest and highest of each step, so that no blink is lost.
const STEPS: usize = 540;

/// Colours that are told apart without seeing red or green (Okabe and Ito, 2008).
pub const COLOURS: &[&str] = &["#0072b2", "#d55e00", "#009e73", "#a2528a", "#7a5c00", "#3a3a3a"];

/// One curve.
pub struct Curve<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value in each frame.
    pub values: &'a [Option<f32>],
}

/// One diagram.
pub struct Chart<'a> {
    /// What it shows.
    pub title: &'a str,
    /// The range that is always shown.
    pub range: (f32, f32),
    /// Its curves.
    pub curves: Vec<Curve<'a>>,
    /// Thresholds, with their names.
    pub lines: Vec<(f32, String)>,
}

/// A range of frames that is shaded or marked.
pub struct Mark {
    /// First frame.
    pub first: u64,
    /// Last frame.
    pub last: u64,
    /// What it says.
    pub label: String,
    /// What more it says where the pointer rests.
    pub title: String,
    /// Class of its look.
    pub class: &'static str,
}

fn x_of(frame: f32, frames: usize) -> f32 {
    let last = frames.saturating_sub(1).max(1) as f32;
    LEFT + (frame / last).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

/// Frame numbers and seconds under or above the charts.
fn ticks(frames: usize) -> Vec<usize> {
    let step = [5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000]
        .into_iter()
        .find(|step| frames / step <= 16)
        .unwrap_or(50_000);
    (0..frames).step_by(step).collect()
}

/// The lane of events and actions above the curves.
pub fn lane(frames: usize, at_s: &[f32], events: &[Mark], actions: &[Mark]) -> Markup {
    let (event_rows, events) = rows(events, frames);
    let (action_rows, actions) = rows(actions, frames);
    let actions_top = TOP + event_rows as f32 * ROW + 4.0;
    let height = actions_top + action_rows as f32 * ROW + 4.0;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            @for frame in ticks(frames) {
                @let x = x_of(frame as f32, frames);
                line class="grid" x1=(n(x)) x2=(n(x)) y1=(n(TOP)) y2=(n(height)) {}
                // At the right edge the number would be cut off.
                text class=(if x > WIDTH - 60.0 { "tick last" } else { "tick" }) x=(n(x)) y=(n(TOP - 4.0)) {
                    (frame) " (" (format!("{:.1}", at_s.get(frame).copied().unwrap_or(0.0))) " s)"
                }
            }
            text class="name" x="0" y=(n(TOP + 12.0)) { "listed" }
            text class="name" x="0" y=(n(actions_top + 12.0)) { "spotted" }
            @for (row, mark) in events {
                (bar(mark, TOP + row as f32 * ROW, frames))
            }
            @for (row, mark) in actions {
                (bar(mark, actions_top + row as f32 * ROW, frames))
            }
        }
    }
}

fn bar(mark: &Mark, y: f32, frames: usize) -> Markup {
    let (x0, x1) = (x_of(mark.first as f32, frames), x_of(mark.last as f32, frames));
    html! {
        g class=(mark.class) {
            title { (mark.title) }
            rect x=(n(x0)) y=(n(y)) width=(n((x1 - x0).max(2.0))) height=(n(ROW - 3.0)) rx="2" {}
            text x=(n(x0 + 3.0)) y=(n(y + 11.0)) { (mark.label) }
        }
    }
}

/// Puts marks into rows in which neither bars nor their texts overlap.
fn rows(marks: &[Mark], frames: usize) -> (usize, Vec<(usize, &Mark)>) {
    let mut ends: Vec<f32> = Vec::new();
    let mut order: Vec<&Mark> = marks.iter().collect();
    order.sort_by_key(|mark| mark.first);
    let placed: Vec<(usize, &Mark)> = order
        .into_iter()
        .map(|mark| {
            let start = x_of(mark.first as f32, frames);
            let text = 7.0 * mark.label.chars().count() as f32 + 8.0;
            let end = x_of(mark.last as f32, frames).max(start + text);
            let row = ends
                .iter()
                .position(|taken| *taken <= start)
                .unwrap_or(ends.len());
            match ends.get_mut(row) {
                Some(taken) => *taken = end,
                None => ends.push(end),
            }
            (row, mark)
        })
        .collect();
    (ends.len().max(1), placed)
}

/// One diagram, with the listed events shaded and the spotted actions framed.
pub fn chart(chart: &Chart<'_>, frames: usize, events: &[Mark], actions: &[Mark]) -> Markup {
    let (low, high) = range(chart);
    let y_of = |value: f32| TOP + (1.0 - (value - low) / (high - low)) * HEIGHT;
    let height = TOP + HEIGHT + 6.0;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            title { (chart.title) }
            @for mark in events {
                (shade(mark, frames, "shade"))
            }
            @for mark in actions {
                (shade(mark, frames, mark.class))
            }
            @for frame in ticks(frames) {
                @let x = x_of(frame as f32, frames);
                line class="grid" x1=(n(x)) x2=(n(x)) y1=(n(TOP)) y2=(n(TOP + HEIGHT)) {}
            }
            @for value in [low, f32::midpoint(low, high), high] {
                line class="grid" x1=(n(LEFT)) x2=(n(WIDTH - RIGHT)) y1=(n(y_of(value))) y2=(n(y_of(value))) {}
                text class="value" x=(n(LEFT - 4.0)) y=(n(y_of(value) + 4.0)) { (number(value)) }
            }
            @if low < 0.0 && high > 0.0 {
                line class="zero" x1=(n(LEFT)) x2=(n(WIDTH - RIGHT)) y1=(n(y_of(0.0))) y2=(n(y_of(0.0))) {}
            }
            @for (value, name) in &chart.lines {
                line class="limit" x1=(n(LEFT)) x2=(n(WIDTH - RIGHT)) y1=(n(y_of(*value))) y2=(n(y_of(*value))) {
                    title { (name) }
                }
            }
            @for (at, (value, name)) in chart.lines.iter().enumerate() {
                // Names of thresholds that lie close together stand side by side.
                @let nearby = chart.lines[..at].iter().filter(|(other, _)| (y_of(*other) - y_of(*value)).abs() < 12.0);
                @let x = WIDTH - RIGHT - 2.0 - nearby.map(|(_, name)| 6.0 * name.len() as f32 + 10.0).sum::<f32>();
                text class="limit" x=(n(x)) y=(n(y_of(*value) - 2.0)) { (name) }
            }
            @for (at, curve) in chart.curves.iter().enumerate() {
                @let colour = COLOURS[at % COLOURS.len()];
                @for line in lines(curve.values, frames, y_of) {
                    @if line.contains(' ') {
                        polyline points=(line) stroke=(colour) {}
                    } @else if let Some((x, y)) = line.split_once(',') {
                        circle cx=(x) cy=(y) r="1.6" fill=(colour) {}
                    }
                }
            }
            text class="legend" x=(n(LEFT)) y="11" {
                tspan class="title" { (chart.title) }
                @for (at, curve) in chart.curves.iter().enumerate() {
                    tspan dx="14" fill=(COLOURS[at % COLOURS.len()]) { "\u{25a0} " (curve.name) }
                }
            }
        }
    }
}

fn shade(mark: &Mark, frames: usize, class: &str) -> Markup {
    let (x0, x1) = (x_of(mark.first as f32, frames), x_of(mark.last as f32, frames));
    html! {
        rect class=(class) x=(n(x0)) y=(n(TOP)) width=(n((x1 - x0).max(1.0))) height=(n(HEIGHT)) {
            title { (mark.title) }
        }
    }
}

/// The range of a chart: what is always shown, and whatever exceeds it.
fn range(chart: &Chart<'_>) -> (f32, f32) {
    let values = chart
        .curves
        .iter()
        .flat_map(|curve| curve.values.iter().flatten().copied())
        .chain(chart.lines.iter().map(|(value, _)| *value))
        .filter(|value| value.is_finite());
    let (low, high) = values.fold(chart.range, |(low, high), value| {
        (low.min(value), high.max(value))
    });
    // A range of no height cannot be drawn.
    if high > low { (low, high) } else { (low, low + 1.0) }
}

/// A curve as the points of one or more polylines: it is broken where the measure is missing for longer than it
/// usually is, since some measures are taken only every few frames.
fn lines(values: &[Option<f32>], frames: usize, y_of: impl Fn(f32) -> f32) -> Vec<String> {
    let points: Vec<(usize, f32)> = values
        .iter()
        .enumerate()
        .filter_map(|(at, value)| value.map(|value| (at, value)))
        .collect();
    let mut gaps: Vec<usize> = points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    gaps.sort_unstable();
    let gap_max = 2 * gaps.get(gaps.len() / 2).copied().unwrap_or(1);
    let mut parts: Vec<String> = Vec::new();
    let mut before: Option<usize> = None;
    for (at, value) in thinned(&points) {
        let point = format!("{:.1},{:.1}", x_of(at as f32, frames), y_of(value));
        let joined = before.is_some_and(|before| at - before <= gap_max.max(values.len() / STEPS + 1));
        match parts.last_mut() {
            Some(part) if joined => {
                part.push(' ');
                part.push_str(&point);
            }
            _ => parts.push(point),
        }
        before = Some(at);
    }
    parts
}

fn thinned(points: &[(usize, f32)]) -> Vec<(usize, f32)> {
    if points.len() <= 2 * STEPS {
        return points.to_vec();
    }
    points
        .chunks(points.len().div_ceil(STEPS))
        .flat_map(|chunk| {
            let low = chunk.iter().min_by(|a, b| a.1.total_cmp(&b.1));
            let high = chunk.iter().max_by(|a, b| a.1.total_cmp(&b.1));
            let mut two: Vec<(usize, f32)> = low.into_iter().chain(high).copied().collect();
            two.sort_by_key(|point| point.0);
            two.dedup_by_key(|point| point.0);
            two
        })
        .collect()
}

fn n(value: f32) -> String {
    format!("{value:.1}")
}

/// A number with as many places as it needs.
pub fn number(value: f32) -> String {
    let places = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_break_where_nothing_was_measured() {
        let check = |values: &[Option<f32>], expect: &[usize]| {
            let got: Vec<usize> = lines(values, values.len(), |value| value)
                .iter()
                .map(|line| line.split(' ').count())
                .collect();
            assert_eq!(got, expect, "{values:?}");
        };
        let one = Some(1.0);
        check(&[one, one, one], &[3]);
        check(&[one, one, None, None, None, one, one], &[2, 2]);
        // Every third frame is usual here, so the curve is whole.
        check(&[one, None, None, one, None, None, one], &[3]);
        check(&[None, None], &[]);
        check(&[], &[]);
    }

    #[test]
    fn thinning_keeps_the_extremes() {
        let mut values = vec![Some(0.3); 20_000];
        values[12_345] = Some(0.05);
        let points: Vec<(usize, f32)> = values.iter().flatten().copied().enumerate().collect();
        let thin = thinned(&points);
        assert!(thin.len() <= 2 * STEPS + 2);
        assert!(thin.contains(&(12_345, 0.05)));
        assert!(thin.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn marks_that_overlap_stand_in_rows() {
        let mark = |first, last| Mark {
            first,
            last,
            label: "blink".into(),
            title: String::new(),
            class: "event",
        };
        let marks = [mark(0, 10), mark(5, 8), mark(90, 99), mark(300, 310)];
        let (count, placed) = rows(&marks, 400);
        assert_eq!(count, 2);
        assert_eq!(
            placed.iter().map(|(row, _)| *row).collect::<Vec<_>>(),
            [0, 1, 0, 0]
        );
    }
}
