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

/// Row 1: texts 4.5:1, and 3:1 the edges of controls, the signs of a state and the mark of the focus.
#[test]
fn colours_stand_out_from_their_grounds() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([119; 3], [255; 3]) - 4.48).abs() < 0.01);
    let normal = colours(":root", &BTreeMap::new());
    let high = colours(":root[data-contrast=\"high\"]", &normal);
    let lit = colours(".kiosk--lit", &normal);
    for (look, colours) in [("normal", normal), ("high", high), ("lit", lit)] {
        let check = |front: &str, ground: &str, least: f64| {
            let apart = contrast(colours[front], colours[ground]);
            assert!(apart >= least, "{look}: {front} on {ground} is {apart:.2}:1");
        };
        for ground in ["--ground", "--surface", "--surface-sunken"] {
            for text in [
                "--ink",
                "--ink-soft",
                "--main",
                "--good",
                "--bad",
                "--wait",
                "--calm",
            ] {
                check(text, ground, 4.5);
            }
            for part in ["--line-strong", "--focus"] {
                check(part, ground, 3.0);
            }
        }
        for state in ["--main", "--good", "--bad", "--wait", "--calm"] {
            check(state, &format!("{state}-tint"), 4.5);
        }
        check("--on-main", "--main", 4.5);
        check("--on-main", "--main-pressed", 4.5);
        check("--on-rest", "--rest", 4.5);
    }
}

/// Row 4: nothing begins anew more than three times a second.
#[test]
fn nothing_moves_faster_than_three_times_a_second() {
    let mut seen = 0;
    for (name, text) in sheets() {
        for declaration in text.split([';', '{', '}']) {
            let Some((property, value)) = declaration.split_once(':') else {
                continue;
            };
            if !matches!(property.trim(), "animation" | "animation-duration") {
                continue;
            }
            for word in value.split_whitespace() {
                let seconds = word
                    .strip_suffix("ms")
                    .and_then(|number| number.parse::<f64>().ok().map(|ms| ms / 1000.0))
                    .or_else(|| word.strip_suffix('s').and_then(|number| number.parse().ok()));
                if let Some(seconds) = seconds {
                    seen += 1;
                    assert!(seconds >= 1.0 / 3.0, "{name}: {declaration}");
                }
            }
        }
    }
    assert!(seen > 0, "no animation was read");
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

/// The characters that the shipped fonts have.
fn shipped() -> BTreeSet<char> {
    let mut letters = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("ui/static/fonts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "woff2") {
            let font = wuff::decompress_woff2(&std::fs::read(&path).unwrap()).unwrap();
            let face = ttf_parser::Face::parse(&font, 0).unwrap();
            let tables = face.tables().cmap.unwrap();
            for table in tables.subtables.into_iter().filter(|it| it.is_unicode()) {
                table.codepoints(|code| letters.extend(char::from_u32(code)));
            }
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
