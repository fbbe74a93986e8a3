//! The report as one page that needs no network: what was decided, and the curves on which it rests.
//!
//! It holds numbers and names of the list, and no picture of anybody.

mod chart;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::actions::Finding;
use crate::judge::{Decision, Part};
use crate::rates::Rate;
use crate::report::{ActionRates, ClipReport, EventReport, Report};
use crate::text;
use crate::words::challenge_word;
use chart::{Chart, Curve, Mark, chart, lane, number};

/// The whole page.
pub fn page(report: &Report) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Evaluation of " (report.folder) }
                style { (PreEscaped(include_str!("page/style.css"))) }
            }
            body {
                h1 { "Presentations judged" }
                p class="quiet" {
                    (report.folder) " · " (report.clips.len()) " presentations · passive pair "
                    (if report.passive { "taking part" } else { "left out" })
                }
                nav {
                    a href="#rates" { "Error rates" }
                    a href="#actions" { "Actions" }
                    a href="#table" { "Table" }
                    @if report.script.is_some() { a href="#attempts" { "Attempts" } }
                    @if report.synthetic.is_some() { a href="#rendered" { "Rendered attacks" } }
                    a href="#clips" { "Curves" }
                }
                (cards(report))
                h2 id="rates" { "Presentation attack detection (ISO/IEC 30107-3)" }
                (rows(text::RATE_HEAD, &text::pad_rows(&report.pad)))
                h2 id="actions" { "Actions" }
                (actions("in bona fide presentations", &report.actions_bona_fide))
                (actions("in attack presentations, for information", &report.actions_attack))
                @if !report.remarks.is_empty() {
                    h2 { "Remarks" }
                    ul { @for remark in &report.remarks { li { (remark) } } }
                }
                h2 id="table" { "Table" }
                (clip_table("clip", &report.clips))
                @if let Some(script) = &report.script {
                    h2 id="attempts" { "Whole attempts with random plans" }
                    (rows(text::RATE_HEAD, &text::script_rates(script)))
                    (rows(text::PERSON_HEAD, &text::person_rows(script)))
                }
                @if let Some(set) = &report.synthetic {
                    h2 id="rendered" { "Rendered attacks" }
                    p class="quiet" {
                        "Made from the bona fide presentations of this folder, in memory. They are not among the numbers above."
                    }
                    (rows(text::RATE_HEAD, &text::attack_rows(&set.pad)))
                    (clip_table("rendered", &set.clips))
                }
                h2 id="clips" { "Curves" }
                p class="quiet" {
                    "Yellow: an event of the list. Green, grey, red frame: an action that was spotted and is right, "
                    "counts for nothing, or is false. Dashed red: a threshold. Where the pointer rests, more is said."
                }
                @for (at, clip) in report.clips.iter().enumerate() {
                    (clip_section(&format!("clip-{at}"), clip, report))
                }
                @if let Some(set) = &report.synthetic {
                    h2 { "Curves of rendered attacks" }
                    @for (at, clip) in set.clips.iter().enumerate() {
                        (clip_section(&format!("rendered-{at}"), clip, report))
                    }
                }
            }
        }
    }
    .into_string()
}

fn cards(report: &Report) -> Markup {
    let apcer = report
        .pad
        .apcer_max()
        .map_or((Rate::default(), "no attack"), |(species, rate)| (rate, species));
    let card = |name: &str, rate: Rate, what: &str| {
        html! {
            div class="card" {
                (name)
                b { (text::share(rate)) }
                small { (rate.of) " of " (rate.all) ", " (text::interval(rate)) }
                small { (what) }
            }
        }
    };
    html! {
        div class="cards" {
            (card("APCER, worst species", apcer.0, apcer.1))
            (card("BPCER", report.pad.bpcer, "of those classified"))
            (card("BPNRR", report.pad.bpnrr, "show too little"))
            (card("Failure to acquire", report.pad.failure_to_acquire, "of bona fide"))
            (card("Action recall", report.actions_bona_fide.recall, "in bona fide"))
            (card("Action precision", report.actions_bona_fide.precision, "in bona fide"))
        }
    }
}

fn rows(head: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        div class="wide" {
            table {
                tr { @for cell in head { th { (cell) } } }
                @for row in rows {
                    tr { @for cell in row { td { (cell) } } }
                }
            }
        }
    }
}

fn actions(where_: &str, rates: &ActionRates) -> Markup {
    html! {
        h3 { "Recall and precision " (where_) }
        (rows(text::RATE_HEAD, &text::action_rows(rates)))
        p class="quiet" { (text::action_line(rates)) }
        @if !rates.kinds.is_empty() { (rows(text::KIND_HEAD, &text::kind_rows(rates))) }
        @if !rates.left_out.is_empty() {
            p class="quiet" { "Left out, not acquired: " (rates.left_out.join(", ")) "." }
        }
    }
}

fn clip_table(prefix: &str, clips: &[ClipReport]) -> Markup {
    html! {
        div class="wide" {
            table {
                tr { @for cell in &text::CLIP_HEAD[1..] { th { (cell) } } }
                @for (at, clip) in clips.iter().enumerate() {
                    @let row = text::clip_row(clip);
                    tr class=[clip.wrong.then_some("wrong")] {
                        td { a href=(format!("#{prefix}-{at}")) { (clip.file) } }
                        @for cell in &row[2..6] { td { (cell) } }
                        td { (badge(clip)) }
                        @for cell in &row[7..] { td { (cell) } }
                    }
                }
            }
        }
    }
}

fn badge(clip: &ClipReport) -> Markup {
    let class = match clip.decision {
        Decision::BonaFide => "bona_fide",
        Decision::Attack(_) => "attack",
        Decision::Voided(_) => "voided",
        Decision::Insufficient(_) => "insufficient",
        Decision::NotAcquired(_) => "not_acquired",
        Decision::Unreadable(_) => "unreadable",
    };
    html! {
        span class=(format!("badge {class}")) { (clip.decision.word()) }
        @if clip.wrong { " " span class="badge error" { "error" } }
    }
}

fn clip_section(id: &str, clip: &ClipReport, report: &Report) -> Markup {
    let frames = clip.at_s.len();
    let events: Vec<Mark> = clip.events.iter().map(event_mark).collect();
    let shaded: Vec<Mark> = clip
        .events
        .iter()
        .filter(|event| event.kind != "frontal")
        .map(event_mark)
        .collect();
    let actions: Vec<Mark> = clip
        .actions
        .iter()
        .map(|action| {
            let spotted = action.spotted;
            let word = challenge_word(spotted.challenge);
            Mark {
                first: spotted.first,
                last: spotted.last,
                label: word.into(),
                title: format!("{word} {}-{}, peak {}", spotted.first, spotted.last, spotted.peak),
                class: match action.finding {
                    Finding::Right => "right",
                    Finding::Neither => "neither",
                    Finding::False => "false",
                },
            }
        })
        .collect();
    html! {
        section class="clip" id=(id) {
            header {
                h3 { (clip.file) }
                (badge(clip))
                span { (clip.decision.reason()) }
                span class="quiet" {
                    (clip.label) @if clip.rendered { ", rendered" }
                    @if !clip.subject.is_empty() { " · subject " (clip.subject) }
                    " · " (clip.frames) " frames, " (clip.width_px) "x" (clip.height_px)
                    @if clip.fps > 0.0 { ", " (format!("{:.1}", clip.fps)) " fps" }
                }
            }
            p class="quiet" { (clip.shows) }
            @if !clip.parts.is_empty() { (parts(&clip.parts)) }
            @if frames > 1 {
                (lane(frames, &clip.at_s, &events, &actions))
                @for one in charts(GROUPS, clip, report) { (chart(&one, frames, &shaded, &actions)) }
                details {
                    summary { "more curves" }
                    @for one in charts(MORE_GROUPS, clip, report) { (chart(&one, frames, &shaded, &actions)) }
                }
            }
        }
    }
}

fn event_mark(event: &EventReport) -> Mark {
    Mark {
        first: event.first,
        last: event.last,
        label: match event.found {
            Some(false) => format!("{} missed", event.kind),
            _ => event.kind.clone(),
        },
        title: format!("{} {}-{} {}", event.kind, event.first, event.last, event.note),
        class: match (event.found, event.counts) {
            (Some(true), _) => "event",
            (Some(false), _) => "event_missed",
            (None, true) => "event_weak",
            (None, false) => "event_other",
        },
    }
}

fn parts(parts: &[Part]) -> Markup {
    html! {
        div class="wide" {
            table {
                tr { th { "part" } th { "value" } th { "threshold" } th { "frames" } th { "finding" } }
                @for part in parts {
                    tr {
                        td { (part.name) }
                        td class="number" { (part.value.map_or_else(|| "-".into(), number)) }
                        td class="number" { (number(part.threshold)) }
                        td class="number" { (part.samples) }
                        td class=(part.finding) { (part.finding) }
                    }
                }
            }
        }
    }
}

/// What is drawn together: title, the range that is always shown, and the names of the measures.
type Group = (&'static str, (f32, f32), &'static [&'static str]);

const GROUPS: &[Group] = &[
    (
        "Head, degrees",
        (-45.0, 45.0),
        &["yaw_deg", "pitch_deg", "roll_deg"],
    ),
    ("Eyes", (0.0, 0.4), &["eye_left_ratio", "eye_right_ratio"]),
    (
        "Mouth",
        (0.0, 1.0),
        &["mouth_opening_ratio", "mouth_width_ratio", "mouth_corner_ratio"],
    ),
    ("Of a person", (0.0, 1.0), &["passive_real", "relief", "likeness"]),
    (
        "Of a print or a screen",
        (0.0, 1.0),
        &[
            "cut_out",
            "screen_moire",
            "screen_bezel",
            "screen_glare",
            "screen_flicker",
        ],
    ),
    (
        "From frame to frame",
        (0.0, 1.0),
        &["face_change", "scene_change"],
    ),
];

const MORE_GROUPS: &[Group] = &[
    (
        "Light on the face, linear",
        (0.0, 0.5),
        &["light_face_red", "light_face_green", "light_face_blue"],
    ),
    ("Presence and faces", (0.0, 2.0), &["presence", "faces"]),
    (
        "Size, pixels",
        (0.0, 200.0),
        &["face_width_px", "inter_eye_distance_px"],
    ),
    ("Distance, mm", (0.0, 1000.0), &["distance_mm"]),
    ("Sharpness", (0.0, 100.0), &["sharpness"]),
    ("Luminance", (0.0, 255.0), &["luminance_mean"]),
    (
        "Quality, parts",
        (0.0, 1.0),
        &[
            "illumination_uniformity",
            "under_exposure",
            "over_exposure",
            "mouth_occlusion",
            "eyes_occlusion",
        ],
    ),
];

fn charts<'a>(groups: &[Group], clip: &'a ClipReport, report: &Report) -> Vec<Chart<'a>> {
    groups
        .iter()
        .filter_map(|(title, range, names)| {
            let curves: Vec<Curve<'a>> = names
                .iter()
                .filter_map(|name| clip.curves.get_key_value(*name))
                .map(|(name, values)| Curve { name, values })
                .collect();
            let lines = report
                .thresholds
                .iter()
                .filter(|threshold| curves.iter().any(|curve| curve.name == threshold.measure))
                .map(|threshold| (threshold.value, threshold.name.clone()))
                .collect();
            (!curves.is_empty()).then_some(Chart {
                title,
                range: *range,
                curves,
                lines,
            })
        })
        .collect()
}
