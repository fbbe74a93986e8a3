//! The effective text of a profile: everything that is in force, in one form.
//!
//! Each struct is taken apart by its fields, without `..`: one that grows stops the build here.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::Duration;

use verification::calendar::WorkCalendar;
use verification::date::Date;
use verification::hours::{OpenDay, OpeningHours};
use verification::integrity::{self, IntegrityPolicy};
use verification::pad::PadChallenge;
use verification::policy::{
    AssistedPolicy, Demand, OperatorPresence, PalmPolicy, PassivePad, Policy, ScreenLight,
};
use verification::service::{
    AssistedRoute, ChoiceOption, Condition, ConsentDemand, ConsentText, Field, FieldKind, Group, LegalBasis,
    Refusal, RequestDemand, RequestKind, Requirement, Service, SuspicionRule, Test, Texts,
};

use crate::Profile;
use crate::hours::interval_text;

/// Lines of TOML.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn table(&mut self, head: &str) {
        self.line(&format!("\n[{head}]"));
    }

    fn entry(&mut self, head: &str) {
        self.line(&format!("\n[[{head}]]"));
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn value(&mut self, key: &str, value: impl Display) {
        self.line(&format!("{key} = {value}"));
    }

    fn text(&mut self, key: &str, text: &str) {
        self.value(key, quoted(text));
    }

    fn list(&mut self, key: &str, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        let texts: Vec<_> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
        self.value(key, format!("[{}]", texts.join(", ")));
    }

    fn texts(&mut self, key: &str, Texts { kk, ru, en }: &Texts) {
        self.value(
            key,
            format!(
                "{{ kk = {}, ru = {}, en = {} }}",
                quoted(kk),
                quoted(ru),
                quoted(en)
            ),
        );
    }

    /// The shortest digits that are read back as this very number, and always with a point.
    fn number(&mut self, key: &str, number: f32) {
        self.value(key, format!("{number:?}"));
    }

    fn time(&mut self, key: &str, time: Duration) {
        self.value(key, time.as_millis());
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            letter if letter.is_control() => {
                // Writing into a string does not fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

pub(crate) fn write(profile: &Profile) -> String {
    let Profile {
        name,
        kind,
        title,
        policy,
        hours,
        calendar,
        // Each service names its own acts; certainty and note are for whoever configures.
        acts: _,
        consents,
        catalogue,
        // It is the hash of this text.
        sha256: _,
    } = profile;
    let mut lines = Lines::default();
    lines.value("format", 1);
    lines.text("name", name);
    lines.text("kind", kind.name());
    lines.texts("title", title);
    write_policy(&mut lines, policy);
    write_hours(&mut lines, hours);
    write_calendar(&mut lines, calendar);
    for consent in consents {
        write_consent(&mut lines, consent);
    }
    for service in catalogue {
        write_service(&mut lines, service);
    }
    lines.0
}

fn write_policy(lines: &mut Lines, policy: &Policy) {
    let Policy {
        attempts,
        challenges_per_attempt,
        challenge_set,
        challenge_window,
        positioning_limit,
        neutral_hold,
        face_lost_limit,
        idle_limit,
        identification_patience,
        inter_eye_distance_min_px,
        turn_min_deg,
        nod_min_deg,
        neutral_max_deg,
        eye_closed_part,
        mouth_open_rise,
        smile_rise,
        passive,
        passive_min,
        relief_min,
        cut_out_max,
        screen_max,
        likeness_min,
        face_change_max,
        scene_change_max,
        head_speed_max_deg_s,
        light,
        light_gain_min,
        luminance_min,
        luminance_max,
        distance_min_mm,
        comparison_min,
        nbas_enrolment_min,
        operator,
        retention_years,
        integrity,
        palm,
        assisted,
    } = policy;
    lines.table("policy");
    lines.value("attempts", attempts);
    lines.value("challenges_per_attempt", challenges_per_attempt);
    lines.list(
        "challenge_set",
        challenge_set.iter().map(|challenge| challenge_name(*challenge)),
    );
    lines.time("challenge_window_ms", *challenge_window);
    lines.time("positioning_limit_ms", *positioning_limit);
    lines.time("neutral_hold_ms", *neutral_hold);
    lines.time("face_lost_limit_ms", *face_lost_limit);
    lines.time("idle_limit_ms", *idle_limit);
    lines.time("identification_patience_ms", *identification_patience);
    lines.number("inter_eye_distance_min_px", *inter_eye_distance_min_px);
    lines.number("turn_min_deg", *turn_min_deg);
    lines.number("nod_min_deg", *nod_min_deg);
    lines.number("neutral_max_deg", *neutral_max_deg);
    lines.number("eye_closed_part", *eye_closed_part);
    lines.number("mouth_open_rise", *mouth_open_rise);
    lines.number("smile_rise", *smile_rise);
    lines.text(
        "passive",
        match passive {
            PassivePad::Required => "required",
            PassivePad::WhereInstalled => "where-installed",
        },
    );
    lines.number("passive_min", *passive_min);
    lines.number("relief_min", *relief_min);
    lines.number("cut_out_max", *cut_out_max);
    lines.number("screen_max", *screen_max);
    lines.number("likeness_min", *likeness_min);
    lines.number("face_change_max", *face_change_max);
    lines.number("scene_change_max", *scene_change_max);
    lines.number("head_speed_max_deg_s", *head_speed_max_deg_s);
    lines.text(
        "light",
        match light {
            ScreenLight::Required => "required",
            ScreenLight::Supporting => "supporting",
            ScreenLight::Off => "off",
        },
    );
    lines.number("light_gain_min", *light_gain_min);
    lines.number("luminance_min", *luminance_min);
    lines.number("luminance_max", *luminance_max);
    lines.number("distance_min_mm", *distance_min_mm);
    lines.number("comparison_min", *comparison_min);
    lines.number("nbas_enrolment_min", *nbas_enrolment_min);
    lines.text(
        "operator",
        match operator {
            OperatorPresence::Required => "required",
            OperatorPresence::NotRequired => "not-required",
        },
    );
    lines.value("retention_years", retention_years);
    write_palm(lines, palm);
    write_assisted(lines, assisted);
    let IntegrityPolicy {
        files,
        debugger,
        injected_libraries,
        virtual_environment,
    } = integrity;
    lines.table("policy.integrity");
    lines.text("files", integrity_name(*files));
    lines.text("debugger", integrity_name(*debugger));
    lines.text("injected_libraries", integrity_name(*injected_libraries));
    lines.text("virtual_environment", integrity_name(*virtual_environment));
}

fn integrity_name(demand: integrity::Demand) -> &'static str {
    match demand {
        integrity::Demand::Required => "required",
        integrity::Demand::Reported => "reported",
    }
}

fn write_palm(lines: &mut Lines, palm: &PalmPolicy) {
    let PalmPolicy {
        vascular,
        volume,
        temperature,
        liveness,
        seal,
        volume_min_ml,
        volume_max_ml,
        temperature_min_celsius,
        temperature_max_celsius,
        warmth_min_celsius,
        vascular_quality_min,
        liveness_min,
        scan_limit,
        nothing_presented_counts,
        fallback_to_face,
    } = palm;
    lines.table("policy.palm");
    lines.text("vascular", demand_name(*vascular));
    lines.text("volume", demand_name(*volume));
    lines.text("temperature", demand_name(*temperature));
    lines.text("liveness", demand_name(*liveness));
    lines.text("seal", demand_name(*seal));
    lines.number("volume_min_ml", *volume_min_ml);
    lines.number("volume_max_ml", *volume_max_ml);
    lines.number("temperature_min_celsius", *temperature_min_celsius);
    lines.number("temperature_max_celsius", *temperature_max_celsius);
    lines.number("warmth_min_celsius", *warmth_min_celsius);
    lines.number("vascular_quality_min", *vascular_quality_min);
    lines.number("liveness_min", *liveness_min);
    lines.time("scan_limit_ms", *scan_limit);
    lines.value("nothing_presented_counts", nothing_presented_counts);
    lines.value("fallback_to_face", fallback_to_face);
}

fn write_assisted(lines: &mut Lines, assisted: &AssistedPolicy) {
    let AssistedPolicy {
        cannot_perform_max,
        page_long_side_min_px,
        page_sharpness_min,
        page_glare_max,
        page_luminance_min,
        page_luminance_max,
        page_movement_max,
        picture_hold,
        picture_limit,
        pictures_max,
    } = assisted;
    lines.table("policy.assisted");
    lines.value("cannot_perform_max", cannot_perform_max);
    lines.number("page_long_side_min_px", *page_long_side_min_px);
    lines.number("page_sharpness_min", *page_sharpness_min);
    lines.number("page_glare_max", *page_glare_max);
    lines.number("page_luminance_min", *page_luminance_min);
    lines.number("page_luminance_max", *page_luminance_max);
    lines.number("page_movement_max", *page_movement_max);
    lines.time("picture_hold_ms", *picture_hold);
    lines.time("picture_limit_ms", *picture_limit);
    lines.value("pictures_max", pictures_max);
}

fn challenge_name(challenge: PadChallenge) -> &'static str {
    match challenge {
        PadChallenge::TurnLeft => "turn-left",
        PadChallenge::TurnRight => "turn-right",
        PadChallenge::LookUp => "look-up",
        PadChallenge::LookDown => "look-down",
        PadChallenge::Blink => "blink",
        PadChallenge::OpenMouth => "open-mouth",
        PadChallenge::Smile => "smile",
    }
}

fn demand_name(demand: Demand) -> &'static str {
    match demand {
        Demand::Required => "required",
        Demand::WhereMeasured => "where-measured",
    }
}

fn write_hours(lines: &mut Lines, hours: &OpeningHours) {
    let OpeningHours {
        week,
        special,
        closed,
    } = hours;
    // As in the file, a closed day is a special one without intervals.
    let no_time = OpenDay::default();
    let mut special: BTreeMap<_, _> = special.iter().collect();
    special.extend(closed.iter().map(|day| (day, &no_time)));
    let intervals = |day: &OpenDay| day.spans().iter().map(interval_text).collect::<Vec<_>>();
    lines.table("hours");
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    for (name, day) in names.iter().zip(week) {
        lines.list(name, intervals(day));
    }
    for (date, day) in special {
        lines.entry("hours.special");
        lines.text("date", &date.to_string());
        lines.list("intervals", intervals(day));
    }
}

fn write_calendar(lines: &mut Lines, calendar: &WorkCalendar) {
    let WorkCalendar {
        holidays,
        working_weekends,
        covers,
    } = calendar;
    lines.table("calendar");
    lines.value("years", format!("[{}, {}]", covers.start(), covers.end()));
    lines.list("holidays", holidays.iter().map(Date::to_string));
    lines.list("working_weekends", working_weekends.iter().map(Date::to_string));
}

fn write_consent(lines: &mut Lines, consent: &ConsentDemand) {
    let ConsentDemand {
        text,
        version,
        refusal,
        wording,
    } = consent;
    lines.entry("consent");
    lines.text("name", text);
    lines.value("version", version);
    lines.text("refusal", refusal_name(*refusal));
    if let Some(ConsentText { title, body }) = wording {
        lines.texts("title", title);
        lines.texts("body", body);
    }
}

pub(crate) fn refusal_name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Ends => "ends",
        Refusal::Continues => "continues",
        Refusal::Refers => "refers",
    }
}

fn write_service(lines: &mut Lines, service: &Service) {
    let Service {
        id,
        title,
        summary,
        group,
        legal_basis,
        requirement,
        consents,
        fields,
        face,
        palm,
        hosted_page,
        assisted,
        enrols_palm,
        request,
        asks_request_state,
        suspicions,
    } = service;
    lines.entry("service");
    lines.text("id", &id.0);
    lines.texts("title", title);
    lines.texts("summary", summary);
    lines.text(
        "group",
        match group {
            Group::Services => "services",
            Group::OwnData => "own-data",
        },
    );
    lines.value("face", face);
    lines.value("palm", palm);
    lines.value("hosted_page", hosted_page);
    lines.list("assisted", assisted.iter().map(|route| assisted_name(*route)));
    lines.value("enrols_palm", enrols_palm);
    lines.value("asks_request_state", asks_request_state);
    // The profile has one consent of each name, which is written above.
    lines.list("consents", consents.iter().map(|consent| &consent.text));
    match requirement {
        Requirement::Always => lines.text("verification", "always"),
        Requirement::When(conditions) => {
            let conditions: Vec<_> = conditions.iter().map(condition_text).collect();
            lines.value("verification", format!("[{}]", conditions.join(", ")));
        }
    }
    for LegalBasis { id, title } in legal_basis {
        lines.entry("service.act");
        lines.text("id", id);
        lines.texts("title", title);
    }
    for field in fields {
        write_field(lines, field);
    }
    if let Some(RequestDemand { by, kinds }) = request {
        lines.table("service.request");
        if let Some(by) = by {
            lines.text("by", by);
        }
        for RequestKind { name, working_days } in kinds {
            lines.entry("service.request.kind");
            lines.text("name", name);
            lines.value("working_days", working_days);
        }
    }
    for SuspicionRule { code, when } in suspicions {
        lines.entry("service.suspicion");
        lines.text("code", code);
        lines.value("when", condition_text(when));
    }
}

pub(crate) fn assisted_name(route: AssistedRoute) -> &'static str {
    match route {
        AssistedRoute::Video => "video",
        AssistedRoute::ImageBased => "image-based",
    }
}

fn condition_text(Condition { field, test }: &Condition) -> String {
    let test = match test {
        Test::Above(bound) => format!("above = {bound}"),
        Test::AtLeast(bound) => format!("at_least = {bound}"),
        Test::Is(choice) => format!("is = {}", quoted(choice)),
    };
    format!("{{ field = {}, {test} }}", quoted(field))
}

pub(crate) fn kind_name(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Amount { .. } => "amount",
        FieldKind::Count { .. } => "count",
        FieldKind::Phone { .. } => "phone",
        FieldKind::Bin => "bin",
        FieldKind::CardNumber => "card-number",
        FieldKind::Name => "name",
        FieldKind::Text { .. } => "text",
        FieldKind::Choice(_) => "choice",
        FieldKind::RequestNumber => "request-number",
    }
}

fn write_field(lines: &mut Lines, field: &Field) {
    let Field {
        name,
        kind,
        required,
        label,
        hint,
        when,
    } = field;
    lines.entry("service.field");
    lines.text("name", name);
    lines.text("kind", kind_name(kind));
    match kind {
        FieldKind::Amount {
            min_tenge: min,
            max_tenge: max,
        }
        | FieldKind::Count { min, max } => {
            lines.value("min", min);
            lines.value("max", max);
        }
        FieldKind::Text { max_chars } => lines.value("max_chars", max_chars),
        FieldKind::Phone { call_back: false } => lines.value("call_back", false),
        FieldKind::Phone { call_back: true }
        | FieldKind::Bin
        | FieldKind::CardNumber
        | FieldKind::Name
        | FieldKind::Choice(_)
        | FieldKind::RequestNumber => {}
    }
    lines.value("required", required);
    lines.texts("label", label);
    if *hint != Texts::default() {
        lines.texts("hint", hint);
    }
    if let Some(when) = when {
        lines.value("when", condition_text(when));
    }
    if let FieldKind::Choice(options) = kind {
        for ChoiceOption { name, title } in options {
            lines.entry("service.field.option");
            lines.text("name", name);
            lines.texts("title", title);
        }
    }
}
