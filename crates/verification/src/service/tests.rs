//! What may be entered into a field.

use super::*;
use crate::Sensitive;

fn check(kind: FieldKind, typed: &str, expect: Result<(&str, bool), FieldError>) {
    let field = Field {
        name: "x".into(),
        kind,
        required: true,
        label: Texts::default(),
        hint: Texts::default(),
        when: None,
    };
    let read = field.read(&Sensitive::new(typed.to_owned()));
    let read = read.map(|entry| entry.map(|entry| (entry.value.expose().clone(), entry.look_alike)));
    let expect = expect.map(|(value, look_alike)| Some((value.to_owned(), look_alike)));
    assert_eq!(read, expect, "{typed:?}");
}

#[test]
fn entries_are_kept_in_one_form() {
    let amount = || FieldKind::Amount {
        min_tenge: 1_000,
        max_tenge: 5_000_000,
    };
    check(amount(), " 1 234 567 ", Ok(("1234567", false)));
    check(amount(), "999", Err(FieldError::TooSmall(1_000)));
    check(amount(), "5000001", Err(FieldError::TooLarge(5_000_000)));
    check(amount(), "12,50", Err(FieldError::Shape));
    let count = || FieldKind::Count { min: 1, max: 50 };
    check(count(), "11", Ok(("11", false)));
    check(count(), "007", Ok(("7", false)));
    check(count(), "1000000000", Err(FieldError::Shape));
    check(count(), "51", Err(FieldError::TooLarge(50)));
    check(
        FieldKind::Phone { call_back: true },
        "8 701 234-56-78",
        Ok(("+77012345678", false)),
    );
    check(
        FieldKind::Phone { call_back: true },
        "+7 903 123 45 67",
        Err(FieldError::Country),
    );
    check(FieldKind::Bin, "880412401006", Err(FieldError::Shape));
    check(FieldKind::CardNumber, "041236587", Ok(("041236587", false)));
    check(FieldKind::CardNumber, "04123658", Err(FieldError::Shape));
    check(FieldKind::Name, "Әлия Сәрсенқызы", Ok(("Әлия Сәрсенқызы", false)));
    // A Latin "a" in a Kazakh name.
    check(FieldKind::Name, "Алмaс", Ok(("Алмaс", true)));
    check(FieldKind::Name, "R2D2", Err(FieldError::Letters));
    check(
        FieldKind::Text { max_chars: 4 },
        "такси",
        Err(FieldError::TooLong(4)),
    );
    check(FieldKind::Text { max_chars: 5 }, "такси", Ok(("такси", false)));
    check(
        FieldKind::Text { max_chars: 5 },
        "a\u{7}b",
        Err(FieldError::Shape),
    );
    let choice = || {
        FieldKind::Choice(vec![ChoiceOption {
            name: "erasure".into(),
            title: Texts::default(),
        }])
    };
    check(choice(), "erasure", Ok(("erasure", false)));
    check(choice(), "other", Err(FieldError::NotOffered));
    let number = crate::request::number(
        crate::evidence::DocumentId([1; 16]),
        crate::date::Date::new(2026, 11, 22).unwrap(),
    );
    check(
        FieldKind::RequestNumber,
        &number.to_lowercase(),
        Ok((&number, false)),
    );
    check(
        FieldKind::RequestNumber,
        "261122-0000-0000",
        Err(FieldError::CheckDigit),
    );
    check(
        FieldKind::Phone { call_back: true },
        "   ",
        Err(FieldError::Missing),
    );
}
