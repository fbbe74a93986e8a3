//! The visual language in numbers: where colours and sizes stand, which letters the fonts have, and how fast anything moves.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

/// Every style sheet but the one of the tokens, without comments.
fn sheets() -> Vec<(String, String)> {
    let mut sheets = Vec::new();
    for entry in std::fs::read_dir(root().join("ui/static")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|it| it == "css") && name != "tokens.css" {
            sheets.push((name, without_comments(&std::fs::read_to_string(&path).unwrap())));
        }
    }
    sheets
}

fn without_comments(text: &str) -> String {
    let mut left = String::new();
    for (at, part) in text.split("/*").enumerate() {
        left += if at == 0 {
            part
        } else {
            part.split_once("*/").map_or("", |(_, behind)| behind)
        };
    }
    left
}

/// Declarations of a sheet that name a colour or a size of text of their own.
fn own_values(text: &str) -> Vec<String> {
    let declarations = text
        .split([';', '{', '}'])
        .filter_map(|part| part.split_once(':'));
    declarations
        .filter(|(property, value)| {
            let colour = value.contains("rgb(")
                || value.contains("hsl(")
                || value.split('#').skip(1).any(|behind| {
                    let digits = behind.chars().take_while(char::is_ascii_hexdigit).count();
                    digits == 3 || digits >= 6
                });
            let size = property.trim() == "font-size" && !value.contains("var(--");
            // What the browser is to inherit is no value of its own.
            (colour || size) && !value.contains("inherit")
        })
        .map(|(property, value)| format!("{}:{value}", property.trim()))
        .collect()
}

#[test]
fn colours_and_sizes_of_text_stand_in_the_tokens_alone() {
    let sheets = sheets();
    assert!(!sheets.is_empty());
    for (name, text) in sheets {
        assert_eq!(own_values(&text), Vec::<String>::new(), "{name}");
    }
    assert_eq!(own_values("a{color:#fff}").len(), 1);
    assert_eq!(own_values("a{font-size: 2rem; b: rgb(1 2 3)}").len(), 2);
    assert_eq!(own_values("a{font-size: var(--body)}").len(), 0);
}

/// The colours of a rule of the tokens, over those of another one.
fn colours(rule: &str, before: &BTreeMap<String, [u8; 3]>) -> BTreeMap<String, [u8; 3]> {
    let text = without_comments(&read("ui/static/tokens.css"));
    let (_, inside) = split_block(&text, rule).unwrap();
    let mut colours = before.clone();
    for (name, value) in inside.split(';').filter_map(|part| part.split_once(':')) {
        let Some(digits) = value.trim().strip_prefix('#').filter(|it| it.len() == 6) else {
            continue;
        };
        let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        colours.insert(name.trim().to_owned(), [channel(0), channel(2), channel(4)]);
    }
    colours
}

/// How far two colours stand apart: contrast ratio of WCAG 2.2.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|channel| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Texts, and the grounds that they stand on.
const TEXTS: [(&[&str], &[&str]); 8] = [
    (
        &[
            "--ink",
            "--ink-soft",
            "--main",
            "--good",
            "--bad",
            "--wait",
            "--calm",
        ],
        &["--ground", "--surface", "--surface-sunken"],
    ),
    (&["--ink", "--main"], &["--main-tint"]),
    (&["--bad"], &["--bad-tint"]),
    (&["--ink", "--wait"], &["--wait-tint"]),
    (&["--calm"], &["--calm-tint"]),
    (&["--on-main"], &["--main", "--main-pressed"]),
    (&["--surface"], &["--good"]),
    (&["--on-rest"], &["--rest"]),
];

/// Edges of controls, signs of a state and the mark of the focus, and what they stand on.
const SIGNS: [(&[&str], &[&str]); 2] = [
    (
        &["--line-strong", "--focus"],
        &["--ground", "--surface", "--surface-sunken"],
    ),
    (&["--main"], &["--ground"]),
];

/// On the main colour only in the ornament, which high contrast leaves out.
const ORNAMENT: [(&[&str], &[&str]); 1] = [(&["--brass"], &["--main"])];

/// Pairs that stand less far apart than they must.
fn too_near(colours: &BTreeMap<String, [u8; 3]>, pairs: &[(&[&str], &[&str])], least: f64) -> Vec<String> {
    let mut near = Vec::new();
    for (fronts, grounds) in pairs {
        for (front, ground) in fronts
            .iter()
            .flat_map(|front| grounds.iter().map(move |it| (front, it)))
        {
            let apart = contrast(colours[*front], colours[*ground]);
            if apart < least {
                near.push(format!("{front} on {ground} is {apart:.2}:1 of {least}:1"));
            }
        }
    }
    near
}

/// Row 1: texts 4.5:1, and 3:1 the edges of controls, the signs of a state and the mark of the focus. Who chooses high contrast
/// gets 7:1 and 4.5:1.
#[test]
fn colours_stand_out_from_their_grounds() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([119; 3], [255; 3]) - 4.48).abs() < 0.01);
    let normal = colours(":root", &BTreeMap::new());
    let high = colours(":root[data-contrast=\"high\"]", &normal);
    // The plates on the light of the screen are the same in both.
    let lit = colours(".kiosk--lit", &normal);
    let lit_high = colours(".kiosk--lit", &high);
    let mut near = Vec::new();
    for (look, colours, texts, signs) in [
        ("normal", &normal, 4.5, 3.0),
        ("high", &high, 7.0, 4.5),
        ("lit", &lit, 4.5, 3.0),
        ("lit, high", &lit_high, 4.5, 3.0),
    ] {
        let mut found = too_near(colours, &TEXTS, texts);
        found.extend(too_near(colours, &SIGNS, signs));
        if look != "high" {
            found.extend(too_near(colours, &ORNAMENT, signs));
        }
        near.extend(found.iter().map(|found| format!("{look}: {found}")));
    }
    assert!(near.is_empty(), "{}", near.join("\n"));
}

/// A colour that nothing shows would be checked for nobody.
#[test]
fn every_colour_is_used() {
    let tokens = without_comments(&read("ui/static/tokens.css"));
    let mut users: Vec<String> = sheets().into_iter().map(|(_, text)| text).collect();
    users.push(tokens);
    let unused: Vec<String> = colours(":root", &BTreeMap::new())
        .into_keys()
        .filter(|name| !users.iter().any(|text| text.contains(&format!("var({name})"))))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}

/// What changes without that anything flashes.
const MOVES: [&str; 5] = [
    "transform",
    "translate",
    "rotate",
    "scale",
    "animation-timing-function",
];

/// How often in a second something may become brighter and darker again.
const FLASHES_MAX: usize = 3;

/// One `@keyframes`: for each property that can flash its values in the order of time, from 0 to 1.
type Frames = BTreeMap<String, Vec<(f64, String)>>;

/// Splits at this letter outside of parentheses.
fn split_outside(text: &str, at: impl Fn(char) -> bool) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(move |letter: char| {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0 && at(letter)
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
    .collect()
}

/// Every `@keyframes` of a sheet by its name.
fn keyframes(text: &str) -> Result<BTreeMap<String, Frames>, String> {
    let mut all = BTreeMap::new();
    for (at, _) in text.match_indices("@keyframes") {
        let behind = &text[at..];
        let (_, inside) = split_block(behind, "@keyframes").ok_or("keyframes do not end")?;
        let name = behind["@keyframes".len()..].split('{').next().unwrap_or_default();
        let mut frames = Frames::new();
        for frame in inside.split('}').filter(|frame| !frame.trim().is_empty()) {
            let (selectors, declarations) = frame.split_once('{').ok_or("a frame has no block")?;
            for selector in selectors.split(',').map(str::trim) {
                let moment = match selector {
                    "from" => 0.0,
                    "to" => 1.0,
                    _ => {
                        let percent = selector.strip_suffix('%').and_then(|it| it.parse::<f64>().ok());
                        percent.ok_or(format!("{selector} is no moment"))? / 100.0
                    }
                };
                for (property, value) in declarations.split(';').filter_map(|it| it.split_once(':')) {
                    if !MOVES.contains(&property.trim()) {
                        let values = frames.entry(property.trim().to_owned()).or_default();
                        values.push((moment, value.trim().to_owned()));
                    }
                }
            }
        }
        for (property, values) in &mut frames {
            values.sort_by(|one, other| one.0.total_cmp(&other.0));
            // What stands in no frame is as it is without the movement.
            let still = if property == "opacity" { "1" } else { "as it is" };
            if values.first().is_some_and(|(moment, _)| *moment > 0.0) {
                values.insert(0, (0.0, still.to_owned()));
            }
            if values.last().is_some_and(|(moment, _)| *moment < 1.0) {
                values.push((1.0, still.to_owned()));
            }
        }
        all.insert(name.trim().to_owned(), frames);
    }
    Ok(all)
}

/// When something has turned brighter or darker, in seconds, of so many rounds of a movement of this length. Of a number it is
/// known whether it turns back; every other change is taken to.
fn turns(frames: &Frames, seconds: f64, rounds: u32) -> Vec<f64> {
    let mut turns = Vec::new();
    for values in frames.values() {
        let rising = |from: &str, to: &str| match (from.parse::<f64>(), to.parse::<f64>()) {
            (Ok(from), Ok(to)) => Some(to > from),
            _ => None,
        };
        let mut last: Option<&str> = None;
        let mut way = None;
        for round in 0..rounds {
            for (moment, value) in values {
                if let Some(last) = last.filter(|last| last != value) {
                    let now = rising(last, value);
                    if now.is_none() || now != way {
                        turns.push((f64::from(round) + moment) * seconds);
                    } else if let Some(turn) = turns.last_mut() {
                        *turn = (f64::from(round) + moment) * seconds;
                    }
                    way = now;
                }
                last = Some(value);
            }
        }
    }
    turns.sort_by(f64::total_cmp);
    // Several properties that change together are one flash.
    turns.dedup_by(|one, other| (*one - *other).abs() < 1e-6);
    turns
}

/// The most flashes within one second: each is a turn and one back.
fn flashes(frames: &Frames, seconds: f64) -> usize {
    let rounds = (2.0 / seconds).ceil().clamp(2.0, 100.0) as u32;
    let turns = turns(frames, seconds, rounds);
    let within = |from: &f64| {
        turns
            .iter()
            .filter(|turn| (*from..from + 1.0).contains(*turn))
            .count()
    };
    turns.iter().map(within).max().unwrap_or_default().div_ceil(2)
}

/// A length of time, as far as it can be read.
fn seconds(word: &str) -> Option<f64> {
    word.strip_suffix("ms")
        .and_then(|number| number.parse::<f64>().ok().map(|ms| ms / 1000.0))
        .or_else(|| word.strip_suffix('s').and_then(|number| number.parse().ok()))
}

/// Which movement lasts how long, of all the declarations of a sheet. Where name and length are declared apart, the shortest
/// length of the sheet stands for each name.
fn lengths(text: &str) -> Result<Vec<(String, f64)>, String> {
    let mut named = Vec::new();
    let mut apart = Vec::new();
    let mut shortest = f64::INFINITY;
    for declaration in text.split([';', '{', '}']) {
        let Some((property, value)) = declaration.split_once(':') else {
            continue;
        };
        let unread = || format!("{} cannot be read", declaration.trim());
        let parts = split_outside(value, |letter| letter == ',');
        match property.trim() {
            "animation" => {
                for part in parts {
                    let words = split_outside(part, char::is_whitespace);
                    if words == ["none"] {
                        continue;
                    }
                    // Of two lengths the second is the delay.
                    let length = words.iter().find_map(|word| seconds(word)).ok_or_else(unread)?;
                    if words.iter().any(|word| {
                        ["var(", "calc(", "min(", "max(", "clamp("]
                            .iter()
                            .any(|it| word.starts_with(it))
                    }) {
                        return Err(unread());
                    }
                    named.extend(words.iter().map(|word| ((*word).to_owned(), length)));
                }
            }
            "animation-name" => apart.extend(parts.into_iter().map(str::to_owned)),
            "animation-duration" => {
                for part in parts {
                    shortest = shortest.min(seconds(part).ok_or_else(unread)?);
                }
            }
            _ => {}
        }
    }
    if let Some(name) = apart.iter().find(|_| shortest.is_infinite()) {
        return Err(format!("{name} has no length"));
    }
    named.extend(apart.into_iter().map(|name| (name, shortest)));
    // One that is declared for a movement with a length of its own counts, too.
    if shortest.is_finite() {
        for (_, length) in &mut named {
            *length = length.min(shortest);
        }
    }
    Ok(named)
}

/// What flashes in a sheet, or begins anew too fast, and how many movements were read.
fn flashing(text: &str) -> Result<(Vec<String>, usize), String> {
    let frames = keyframes(text)?;
    let mut wrong = Vec::new();
    let mut read = BTreeSet::new();
    for (name, length) in lengths(text)? {
        let Some(frames) = frames.get(&name) else { continue };
        if length < 1.0 / FLASHES_MAX as f64 {
            wrong.push(format!("{name} begins anew each {length} s"));
        } else if flashes(frames, length) > FLASHES_MAX {
            wrong.push(format!(
                "{name} flashes {} times in a second",
                flashes(frames, length)
            ));
        }
        read.insert(name);
    }
    if let Some(name) = frames.keys().find(|name| !read.contains(*name)) {
        return Err(format!("nobody knows how long {name} lasts"));
    }
    Ok((wrong, read.len()))
}

/// Row 4: nothing becomes brighter and darker again more than three times a second, and nothing begins anew as often.
#[test]
fn nothing_moves_faster_than_three_times_a_second() {
    let mut count = 0;
    for (name, text) in sheets()
        .into_iter()
        .chain([("tokens.css".to_owned(), read("ui/static/tokens.css"))])
    {
        let (wrong, read) = flashing(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
        count += read;
    }
    assert!(count > 20, "only {count} movements were read");
}

/// The count of flashes itself.
#[test]
fn flashes_are_counted() {
    let check = |frames: &str, use_of: &str, expect: usize| {
        let text = format!("@keyframes it {{ {frames} }} a {{ {use_of} }}");
        assert_eq!(flashing(&text).unwrap().0.len(), expect, "{text}");
    };
    let steps = |count: usize| -> String {
        let step = |at: usize| format!("{}% {{ opacity: {}; }}", at * 100 / count, at % 2);
        (0..=count).map(step).collect()
    };
    check(&steps(8), "animation: it 1s infinite", 1);
    check(&steps(8), "animation: it 3s infinite", 0);
    check(&steps(4), "animation: it 1s infinite", 0);
    check(
        &steps(8).replace("opacity", "color"),
        "animation: it 1s infinite",
        1,
    );
    check(
        &steps(8).replace("opacity", "transform"),
        "animation: it 1s infinite",
        0,
    );
    check("from { opacity: 0; }", "animation: it 300ms", 1);
    check("from { opacity: 0; }", "animation: it 400ms infinite", 0);
    check(
        "0% { opacity: 0; } 30% { opacity: 0.5; } 60% { opacity: 0.7; } 100% { opacity: 1; }",
        "animation: it 1s",
        0,
    );
    check(&steps(8), "animation-name: it; animation-duration: 8s, 1s", 1);
    for unread in [
        "animation: it var(--long)",
        "animation: it calc(1s / 8) 2s",
        "animation-name: it; animation-duration: var(--long)",
        "animation-name: it",
        "color: red",
    ] {
        let text = format!("@keyframes it {{ from {{ opacity: 0; }} }} a {{ {unread} }}");
        assert!(flashing(&text).is_err(), "{unread}");
    }
}

/// What stands in a sheet outside of this block and inside of it.
fn split_block<'a>(text: &'a str, head: &str) -> Option<(String, &'a str)> {
    let at = text.find(head)?;
    let inner = at + text.get(at..)?.find('{')? + 1;
    let mut depth = 1;
    let end = inner
        + text.get(inner..)?.find(|letter| {
            depth += match letter {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0
        })?;
    Some((
        format!("{}{}", text.get(..at)?, text.get(end + 1..)?),
        text.get(inner..end)?,
    ))
}

/// The drawings of what to do move only where the person's system says nothing against it.
#[test]
fn drawings_stand_still_where_motion_is_unwanted() {
    let text = without_comments(&read("ui/static/motion.css"));
    let (outside, inside) = split_block(&text, "@media (prefers-reduced-motion: no-preference)").unwrap();
    assert!(!outside.contains("animation"), "something moves for everybody");
    // Each movement has its name within, and each name its movement.
    let named: BTreeSet<&str> = inside
        .split("animation-name:")
        .skip(1)
        .filter_map(|behind| behind.split(';').next())
        .map(str::trim)
        .collect();
    let moved: BTreeSet<&str> = outside
        .split("@keyframes")
        .skip(1)
        .filter_map(|behind| behind.split('{').next())
        .map(str::trim)
        .collect();
    assert!(named.len() > 10);
    assert_eq!(named, moved);
}

/// The value of a token in `rem` within this rule.
fn rem(rule: &str, token: &str) -> f64 {
    let value = rule
        .split(';')
        .filter_map(|part| part.split_once(':'))
        .find(|(name, _)| name.trim() == token)
        .unwrap_or_else(|| panic!("no {token}"))
        .1;
    let number = value.split("rem").next().unwrap().trim();
    number.trim_start_matches("max(").parse().unwrap()
}

/// Row 6: whatever is text grows to 200 %.
#[test]
fn large_text_is_twice_as_large() {
    let text = without_comments(&read("ui/static/tokens.css"));
    let (_, large) = split_block(&text, ":root[data-text=\"large\"]").unwrap();
    let (_, plain) = split_block(&text, ":root {").unwrap();
    for token in [
        "--small",
        "--body",
        "--lead",
        "--command",
        "--title",
        "--display",
        "--greeting",
    ] {
        let factor = rem(large, token) / rem(plain, token);
        assert!(factor >= 2.0 - 1e-9, "{token} grows by {factor}");
    }
}

/// The characters that a font file has.
fn characters(file: &Path) -> BTreeSet<char> {
    let mut letters = BTreeSet::new();
    let font = wuff::decompress_woff2(&std::fs::read(file).unwrap()).unwrap();
    let face = ttf_parser::Face::parse(&font, 0).unwrap();
    let tables = face.tables().cmap.unwrap();
    for table in tables.subtables.into_iter().filter(|it| it.is_unicode()) {
        table.codepoints(|code| letters.extend(char::from_u32(code)));
    }
    letters
}

/// The value of a declaration.
fn declared<'a>(rule: &'a str, property: &str) -> &'a str {
    let declarations = rule.split(';').filter_map(|part| part.split_once(':'));
    let mut values = declarations.filter(|(name, _)| name.trim() == property);
    values
        .next()
        .unwrap_or_else(|| panic!("no {property} in {rule}"))
        .1
        .trim()
}

/// The characters that are shown in the shipped fonts: those that a font has, and for which the page asks it.
fn shipped() -> BTreeSet<char> {
    let tokens = without_comments(&read("ui/static/tokens.css"));
    let mut letters = BTreeSet::new();
    for (at, _) in tokens.match_indices("@font-face") {
        let (_, rule) = split_block(&tokens[at..], "@font-face").unwrap();
        let name = declared(rule, "src")
            .trim_start_matches("url(")
            .split(')')
            .next()
            .unwrap();
        let has = characters(&root().join("ui/static").join(name));
        let code = |text: &str| u32::from_str_radix(text, 16).unwrap();
        for range in declared(rule, "unicode-range").split(',') {
            let range = range.trim().trim_start_matches("U+");
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (code(first), code(last));
            letters.extend(has.iter().filter(|it| (first..=last).contains(&u32::from(**it))));
        }
    }
    letters
}

#[test]
fn the_shipped_fonts_have_every_letter_of_every_text() {
    let shipped = shipped();
    let mut texts = vec![
        "АаӘәБбВвГгҒғДдЕеЁёЖжЗзИиЙйКкҚқЛлМмНнҢңОоӨөПпРрСсТтУуҰұҮүФфХхҺһЦцЧчШшЩщЪъЫыІіЬьЭэЮюЯя₸".to_owned(),
    ];
    for language in ["kk", "ru", "en"] {
        for entry in std::fs::read_dir(root().join("locales").join(language)).unwrap() {
            texts.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
    }
    for entry in std::fs::read_dir(root().join("profiles")).unwrap() {
        texts.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let missing: BTreeSet<char> = texts
        .iter()
        .flat_map(|text| text.chars())
        .filter(|letter| !letter.is_control() && !shipped.contains(letter))
        .collect();
    assert_eq!(missing, BTreeSet::new());
}

/// The licence that lets the fonts be shipped lies beside them.
#[test]
fn the_fonts_come_with_their_licence() {
    assert!(read("ui/static/fonts/LICENSE-Inter.txt").contains("SIL OPEN FONT LICENSE"));
}

/// All sources of the page below this folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs" || it == "js") {
            found.push(path);
        }
    }
}

/// Listeners that were there before a screen is looked at cannot be heard of: so the sources may not name any.
#[test]
fn no_source_of_the_page_hears_a_finger_that_moves() {
    const MOVES: [&str; 8] = [
        "pointermove",
        "mousemove",
        "touchmove",
        "dragstart",
        "on:drag",
        "on:wheel",
        "\"wheel\"",
        "gesturestart",
    ];
    let mut files = Vec::new();
    for folder in ["ui/src", "ui/static"] {
        sources(&root().join(folder), &mut files);
    }
    let texts: Vec<_> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    assert!(
        texts.iter().any(|text| text.contains("pointerdown")),
        "the test would find nothing"
    );
    for (file, text) in files.iter().zip(&texts) {
        for event in MOVES {
            assert!(!text.contains(event), "{} hears {event}", file.display());
        }
    }
}
