//! What can be told about the looks without a browser: contrast, letters, and that nothing comes from outside.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn static_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("static").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All style sheets, one after the other.
fn styles() -> String {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("static"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "css"))
        .map(|path| fs::read_to_string(path).expect("a style sheet is text"))
        .collect()
}

/// The `--name: #rrggbb;` lines of the rule that begins with `selector`, over those of `below`.
fn colours(style: &str, selector: &str, below: BTreeMap<String, [u8; 3]>) -> BTreeMap<String, [u8; 3]> {
    let rule = style
        .split_once(&format!("{selector} {{"))
        .expect("the rule exists")
        .1;
    let rule = rule.split_once('}').expect("the rule ends").0;
    let mut colours = below;
    for line in rule.lines() {
        let Some((name, value)) = line.trim().trim_end_matches(';').split_once(": #") else {
            continue;
        };
        let channel = |at: usize| u8::from_str_radix(&value[at..at + 2], 16).expect("six hexadecimal digits");
        colours.insert(
            name.trim_start_matches("--").to_owned(),
            [channel(0), channel(2), channel(4)],
        );
    }
    colours
}

/// Contrast ratio of WCAG 2.2, 1 to 21.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|channel| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    };
    let (one, other) = (luminance(one), luminance(other));
    one.max(other) / one.min(other)
}

/// Text and the ground it stands on.
const TEXTS: [(&str, &str); 20] = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "surface-sunken"),
    ("ink", "main-tint"),
    ("ink", "wait-tint"),
    ("ink-soft", "ground"),
    ("ink-soft", "surface"),
    ("ink-soft", "surface-sunken"),
    ("main", "surface"),
    ("main", "main-tint"),
    ("on-main", "main"),
    ("on-main", "main-pressed"),
    ("good", "surface"),
    ("bad", "surface"),
    ("bad", "bad-tint"),
    ("wait", "ground"),
    ("wait", "surface"),
    ("wait", "wait-tint"),
    ("calm", "calm-tint"),
    ("surface", "good"),
];

/// Lines and signs that carry meaning, and what they stand on.
const SIGNS: [(&str, &str); 6] = [
    ("line-strong", "surface"),
    ("line-strong", "ground"),
    ("main", "ground"),
    ("focus", "ground"),
    ("focus", "surface"),
    ("brass", "main"),
];

fn check(colours: &BTreeMap<String, [u8; 3]>, pairs: &[(&str, &str)], least: f64) {
    for (front, back) in pairs {
        let ratio = contrast(colours[*front], colours[*back]);
        assert!(
            ratio >= least,
            "{front} on {back}: {ratio:.2} is less than {least}"
        );
    }
}

#[test]
fn contrast_is_enough() {
    let style = styles();
    let normal = colours(&style, ":root", BTreeMap::new());
    check(&normal, &TEXTS, 4.5);
    check(&normal, &SIGNS, 3.0);
    let high = colours(&style, ":root[data-contrast=\"high\"]", normal);
    check(&high, &TEXTS, 7.0);
    // Brass is on the main colour only in the ornament, which high contrast leaves out.
    check(&high, &SIGNS[..5], 4.5);
    // The plates on the light of the screen are the same in both.
    let lit = colours(&style, ".kiosk--lit", high);
    check(&lit, &TEXTS, 4.5);
    check(&lit, &SIGNS, 3.0);
}

/// The shell mirrors the picture and the drawings are drawn for a mirror: nothing is mirrored a second time.
#[test]
fn nothing_is_mirrored_by_style() {
    let style = styles();
    for mirror in ["scaleX(", "scale(-", "rotateY(", "scale: -", "matrix("] {
        assert!(!style.contains(mirror), "{mirror}");
    }
}

/// The light of the screen comes at once, for frames are compared with it; it fades only for those who ask for calm.
#[test]
fn only_calm_colours_fade() {
    let style = styles();
    let fades: Vec<usize> = style.match_indices("transition:").map(|(at, _)| at).collect();
    assert_eq!(fades.len(), 2, "calm colours, and reduced motion");
    for at in fades {
        let before = &style[..at];
        let rule = &before[before.rfind('}').unwrap_or_default()..];
        let calm = rule.contains(".kiosk--calm") || rule.contains("prefers-reduced-motion: reduce");
        assert!(calm, "{rule}");
    }
}

/// `unicode-range` values of the fonts that are shipped.
fn covered(style: &str) -> Vec<(u32, u32)> {
    let ranges = style
        .split("unicode-range:")
        .skip(1)
        .filter_map(|rest| rest.split_once(';'));
    ranges
        .flat_map(|(ranges, _)| ranges.split(','))
        .map(|range| {
            let range = range.trim().trim_start_matches("U+");
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let code = |text: &str| u32::from_str_radix(text, 16).expect("a hexadecimal code point");
            (code(first), code(last))
        })
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

#[test]
fn every_letter_has_a_shipped_font() {
    let ranges = covered(&styles());
    let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("../locales");
    let texts = files(&locales)
        .into_iter()
        .map(|path| fs::read_to_string(path).expect("a locale file is text"));
    let kazakh = "ӘәҒғҚқҢңӨөҰұҮүҺһІі₸".to_owned();
    for letter in texts
        .chain([kazakh])
        .flat_map(|text| text.chars().collect::<Vec<char>>())
    {
        let code = u32::from(letter);
        let found = letter == '\n'
            || ranges
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&code));
        assert!(found, "{letter:?}");
    }
}

#[test]
fn style_names_only_files_that_are_shipped() {
    let style = styles();
    for rest in style.split("url(").skip(1) {
        let name = rest.split(')').next().unwrap_or_default();
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("static")
                .join(name)
                .is_file(),
            "{name}"
        );
    }
}

/// The content security policy of the shell refuses all of these.
#[test]
fn page_has_nothing_inline_and_nothing_from_outside() {
    let page = static_file("index.html");
    assert!(!page.contains("style=") && !page.contains("<style"));
    assert!(!page.contains("//"), "an address");
    for tag in page.split("<link").skip(1) {
        let name = tag
            .split_once("href=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .expect("a link has href")
            .0;
        let is_built = ["alaqan.js", "alaqan_bg.wasm"].contains(&name);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
        assert!(is_built || folder.join(name).is_file(), "{name}");
    }
    for script in page.split("<script").skip(1) {
        assert!(
            script.contains("src=") && script.contains("></script>"),
            "{script}"
        );
    }
    assert!(!styles().contains("http"));
    assert!(!static_file("boot.js").contains("http"));
}
