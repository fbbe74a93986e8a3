//! Lines and columns.

use super::*;

fn measure() -> Measure<'static> {
    Measure::new(REGULAR, SEMI_BOLD).expect("the fonts are whole")
}

#[test]
fn the_fonts_have_every_letter_of_the_texts() {
    let measure = measure();
    for language in crate::LANGUAGES {
        for file in ["document", "services", "consents"] {
            let path = format!(
                "{}/../../locales/{}/{file}.ftl",
                env!("CARGO_MANIFEST_DIR"),
                language.tag()
            );
            let text = std::fs::read_to_string(&path).expect("a file of texts");
            for line in text.lines() {
                assert_eq!(measure.drawable(line), line, "{path}");
            }
        }
    }
    assert_eq!(measure.drawable("Ә\u{4e2d}ң"), "Ә?ң");
}

#[test]
fn no_line_is_wider_than_its_place() {
    let measure = measure();
    let check = |text: &str, expect: usize| {
        let lines = measure.lines(text, Face::Regular, 9.0, 100.0);
        assert_eq!(lines.len(), expect, "{lines:?}");
        for line in &lines {
            assert!(measure.width(line, Face::Regular, 9.0) <= 100.0, "{line}");
        }
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
    };
    check("", 1);
    check("қысқа", 1);
    check("Сәйкестендіру деректерімен алмасу орталығының жауабы", 3);
    check(&"f".repeat(64), 3);
    check(&format!("сөз {} соңы", "0123456789abcdef".repeat(4)), 5);
}
