use proptest::prelude::*;

use super::*;

const TODAY: &str = "2026-11-22";
/// Lines 1 and 2 are public test data (domain notes, section 3); line 3 is made up.
const KAZ: &str =
    "IDKAZ0412365878880412401006<<<\n8804123F3104116KAZ<<<<<<<<<<<2\nSEITKALIYEVA<<AIGERIM<<<<<<<<<";
/// The specimens of Doc 9303 parts 5 and 11; the second has a number of twelve characters.
const ERIKSSON: &str =
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
const STEVENSON: &str =
    "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<";

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn read(text: &str) -> Result<IdentityDocument, MrzError> {
    parse(text, date(TODAY))
}

/// The personal fields as text: number, IIN, birth, sex, expiry, nationality, surname, given names.
fn told(document: &IdentityDocument) -> String {
    format!(
        "{} {} {} {:?} {} {} {}/{}",
        document.number.expose(),
        document.iin.as_ref().map_or("-".into(), Iin::expose),
        document.birth_date.expose(),
        document.sex,
        document.expires,
        document.nationality.expose(),
        document.surname.expose(),
        document.given_names.expose(),
    )
}

fn check(text: &str, expect: Result<&str, MrzError>) {
    let found = read(text).map(|document| told(&document));
    assert_eq!(found, expect.map(String::from), "{text}");
}

const KAZ_TOLD: &str = "041236587 880412401006 1988-04-12 Female 2031-04-11 KAZ SEITKALIYEVA/AIGERIM";

/// The lines with right check digits in all places.
fn sealed(line1: &str, line2: &str, line3: &str) -> String {
    let digit = |fields: &[&str]| {
        let all = fields.concat();
        (b'0'..=b'9')
            .find(|check| is_check_digit(*check, all.as_bytes().iter()))
            .map(char::from)
            .unwrap()
    };
    let mut first = line1.to_string();
    if !line1[14..].starts_with('<') {
        first.replace_range(14..15, &digit(&[&line1[5..14]]).to_string());
    }
    let mut second = line2.to_string();
    second.replace_range(6..7, &digit(&[&line2[..6]]).to_string());
    second.replace_range(14..15, &digit(&[&line2[8..14]]).to_string());
    let composite = digit(&[&first[5..], &second[..7], &second[8..15], &second[18..29]]);
    second.replace_range(29..30, &composite.to_string());
    format!("{first}\n{second}\n{line3}")
}

fn sealed_kaz(line1: &str, line2: &str) -> String {
    sealed(line1, line2, "SEITKALIYEVA<<AIGERIM<<<<<<<<<")
}

#[test]
fn reads_the_public_examples() {
    check(KAZ, Ok(KAZ_TOLD));
    check(
        ERIKSSON,
        Ok("D23145890 - 1974-08-12 Female 2012-04-15 UTO ERIKSSON/ANNA MARIA"),
    );
    check(
        STEVENSON,
        Ok("D23145890734 - 1934-07-12 Male 1995-07-12 UTO STEVENSON/PETER JOHN"),
    );
    let document = read(KAZ).unwrap();
    assert_eq!(document.kind, DocumentKind::IdentityCard);
    assert_eq!(document.issuer, "KAZ");
    assert!(matches!(document.number, DocumentNumber::Card(_)));
    assert!(!document.names_may_be_cut);
    assert_eq!(read(ERIKSSON).unwrap().kind, DocumentKind::Other(['I', '<']));
}

/// The composite check digit was reckoned apart from this code.
#[test]
fn the_composite_is_over_all_optional_data() {
    let text =
        "I<UTOD231458907<<<<<<<<<<<<<<A\n7408122F1204159UTO12345678ABC7\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    assert!(read(text).is_ok());
    for (old, new) in [("<<A\n", "<<B\n"), ("UTO1", "UTO2"), ("ABC", "ABD")] {
        check(
            &text.replace(old, new),
            Err(MrzError::CheckDigit(Field::Composite)),
        );
    }
}

#[test]
fn reads_it_however_it_was_typed() {
    check(&KAZ.to_lowercase(), Ok(KAZ_TOLD));
    check(&KAZ.replace('\n', ""), Ok(KAZ_TOLD));
    check(&KAZ.replace('\n', "\r\n\r\n"), Ok(KAZ_TOLD));
    check(&KAZ.replace("KAZ", " K A\u{a0}Z "), Ok(KAZ_TOLD));
    check(&format!("\n {KAZ} \n"), Ok(KAZ_TOLD));
    // Two lines of a wrapped text.
    check(&KAZ.replacen('\n', "", 1), Ok(KAZ_TOLD));
}

#[test]
fn expires_after_its_last_day() {
    let check = |today: &str, expect: bool| {
        assert_eq!(read(KAZ).unwrap().is_expired_on(date(today)), expect, "{today}");
    };
    check("2031-04-10", false);
    check("2031-04-11", false);
    check("2031-04-12", true);
}

#[test]
fn two_digits_of_a_year_have_one_meaning() {
    let check = |birth: &str, expiry: &str, expect: (&str, &str)| {
        let line2 = format!("{birth}0F{expiry}0UTO<<<<<<<<<<<0");
        let text = sealed(
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            &line2,
            "ERIKSSON<<ANNA<<<<<<<<<<<<<<<<",
        );
        let document = read(&text).unwrap();
        let found = (
            document.birth_date.expose().to_string(),
            document.expires.to_string(),
        );
        assert_eq!(found, (expect.0.into(), expect.1.into()), "{birth} {expiry}");
    };
    check("740812", "310411", ("1974-08-12", "2031-04-11"));
    check("261122", "261122", ("2026-11-22", "2026-11-22")); // born today
    check("261123", "261123", ("1926-11-23", "2026-11-23")); // never tomorrow
    check("000229", "751231", ("2000-02-29", "2075-12-31"));
    check("991231", "760101", ("1999-12-31", "1976-01-01"));
    check("400229", "990101", ("1940-02-29", "1999-01-01"));
}

#[test]
fn the_iin_tells_the_century() {
    // Born in 1920, 106 years old: the two digits alone would say 2020.
    let iin = (0..10)
        .find_map(|last| format!("20041240100{last}").parse::<Iin>().ok())
        .unwrap();
    let line1 = format!("IDKAZ0412365878{}<<<", iin.expose());
    let document = read(&sealed_kaz(&line1, "2004120F3104110KAZ<<<<<<<<<<<0")).unwrap();
    assert_eq!(document.birth_date.expose().to_string(), "1920-04-12");
    // A holder born in 1888 or in 2088 is nobody alive, though the two digits agree.
    for century in [2, 6] {
        let iin = (0..10)
            .find_map(|last| format!("880412{century}0100{last}").parse::<Iin>().ok())
            .unwrap();
        let line1 = format!("IDKAZ0412365878{}<<<", iin.expose());
        check(
            &sealed_kaz(&line1, "8804120F3104110KAZ<<<<<<<<<<<0"),
            Err(MrzError::IinBirthDate),
        );
    }
    // A number without century: the latest such day that has been.
    let iin = (0..10)
        .find_map(|last| format!("88041200100{last}").parse::<Iin>().ok())
        .unwrap();
    let line1 = format!("IRKAZ0412365878{}<<<", iin.expose());
    let document = read(&sealed_kaz(&line1, "8804120F3104110RUS<<<<<<<<<<<0")).unwrap();
    assert_eq!(document.birth_date.expose().to_string(), "1988-04-12");
    assert_eq!(document.kind, DocumentKind::ResidencePermit);
    assert!(matches!(document.number, DocumentNumber::Other(_)));
}

#[test]
fn names_line_and_field_of_what_is_wrong() {
    let with = |old: &str, new: &str, error: MrzError| {
        assert!(KAZ.contains(old), "{old}");
        check(&KAZ.replacen(old, new, 1), Err(error));
    };
    // Each check digit, and each field under it.
    with("0412365878", "0412365879", MrzError::CheckDigit(Field::Number));
    with("0412365878", "0412365778", MrzError::CheckDigit(Field::Number));
    with("8804123F", "8804124F", MrzError::CheckDigit(Field::BirthDate));
    with("8804123F", "8804133F", MrzError::CheckDigit(Field::BirthDate));
    with("3104116", "3104117", MrzError::CheckDigit(Field::Expiry));
    with("3104116", "3204116", MrzError::CheckDigit(Field::Expiry));
    with("<2\n", "<3\n", MrzError::CheckDigit(Field::Composite));
    with("<2\n", "<<\n", MrzError::CheckDigit(Field::Composite));
    with("401006", "401007", MrzError::CheckDigit(Field::Composite));
    // Slips of readers and keyboards are not mended.
    with("8804123F", "88O4123F", MrzError::Form(Field::BirthDate));
    with("8804123F", "8804l23F", MrzError::Form(Field::BirthDate));
    with("8804123F", "880412BF", MrzError::CheckDigit(Field::BirthDate));
    with("0412365878", "O412365878", MrzError::CheckDigit(Field::Number));
    with("IDKAZ", "1DKAZ", MrzError::Form(Field::DocumentCode));
    with("IDKAZ", "P<KAZ", MrzError::Form(Field::DocumentCode));
    with("IDKAZ", "IDK4Z", MrzError::Form(Field::Issuer));
    with("IDKAZ", "ID<<<", MrzError::Form(Field::Issuer));
    with("IDKAZ", "IDK<Z", MrzError::Form(Field::Issuer));
    with("KAZ<<", "K4Z<<", MrzError::Form(Field::Nationality));
    with("3F3", "3X3", MrzError::Form(Field::Sex));
    with("AIGERIM", "A1GERIM", MrzError::Form(Field::Names));
    with("SEITKALIYEVA", "<EITKALIYEVA", MrzError::Form(Field::Names));
    with("AIGERIM<<<", "AIGER<<IM<", MrzError::Form(Field::Names));
    with("IDKAZ", "IDKА\u{417}", MrzError::Character { line: 1, column: 4 }); // Cyrillic А
    with("3F3", "3.3", MrzError::Character { line: 2, column: 8 });
    with(
        "<<AIGERIM",
        "«AIGERIM<",
        MrzError::Character { line: 3, column: 13 },
    );
    // Lengths.
    with(
        "IDKAZ",
        "IDKA",
        MrzError::LineLength {
            line: 1,
            characters: 29,
        },
    );
    with(
        "AIGERIM",
        "AIGERIMM",
        MrzError::LineLength {
            line: 3,
            characters: 31,
        },
    );
    check("", Err(MrzError::Length { characters: 0 }));
    check(&KAZ[..61], Err(MrzError::Length { characters: 60 }));
    check(
        &KAZ.replace('\n', "")[1..],
        Err(MrzError::Length { characters: 89 }),
    );
}

#[test]
fn reads_names_of_every_shape() {
    let check = |line3: &str, expect: Option<(&str, &str, bool)>| {
        let text = KAZ.replace("SEITKALIYEVA<<AIGERIM<<<<<<<<<", line3);
        let found = read(&text).ok().map(|document| {
            let names = (
                document.surname.expose().clone(),
                document.given_names.expose().clone(),
            );
            (names.0, names.1, document.names_may_be_cut)
        });
        let expect = expect.map(|(surname, given, cut)| (surname.into(), given.into(), cut));
        assert_eq!(found, expect, "{line3}");
    };
    check("SUKARNO<<<<<<<<<<<<<<<<<<<<<<<", Some(("SUKARNO", "", false)));
    check(
        "VAN<DER<MUELLEN<<ANNA<MARIA<<<",
        Some(("VAN DER MUELLEN", "ANNA MARIA", false)),
    );
    check(
        "BENNELONG<WOOLOOMOOLOO<<ANNA<M",
        Some(("BENNELONG WOOLOOMOOLOO", "ANNA M", true)),
    );
    check("<<ANNA<<<<<<<<<<<<<<<<<<<<<<<<", None);
    check("<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<", None);
    check("ERIKSSON<<<ANNA<<<<<<<<<<<<<<<", None);
}

#[test]
fn a_card_of_kazakhstan_holds_the_iin_of_its_holder() {
    let line2 = "8804120F3104110KAZ<<<<<<<<<<<0";
    let check =
        |line1: &str, line2: &str, expect: Result<&str, MrzError>| check(&sealed_kaz(line1, line2), expect);
    check("IDKAZ0412365870880412401006<<<", line2, Ok(KAZ_TOLD));
    check(
        "IDKAZ0412365870880412401007<<<",
        line2,
        Err(MrzError::Iin(IinError::CheckDigit)),
    );
    check(
        "IDKAZ0412365870<<<<<<<<<<<<<<<",
        line2,
        Err(MrzError::Iin(IinError::Shape)),
    );
    check(
        "IDKAZ0412365870880412401006<<1",
        line2,
        Err(MrzError::Iin(IinError::Shape)),
    );
    check(
        "IDKAZ0412365870880412401006<<<",
        "8804130F3104110KAZ<<<<<<<<<<<0",
        Err(MrzError::IinBirthDate),
    );
    check(
        "IDKAZA412365870880412401006<<<",
        line2,
        Err(MrzError::Form(Field::Number)),
    );
    // Another document of Kazakhstan may leave it out; one of another issuer has something else there.
    check(
        "IRKAZA412365870<<<<<<<<<<<<<<<",
        line2,
        Ok("A41236587 - 1988-04-12 Female 2031-04-11 KAZ SEITKALIYEVA/AIGERIM"),
    );
    check(
        "IDUTO0412365870880412401006<<<",
        line2,
        Ok("041236587 - 1988-04-12 Female 2031-04-11 KAZ SEITKALIYEVA/AIGERIM"),
    );
}

#[test]
fn long_numbers_have_their_check_digit_behind_them() {
    let line2 = "3407120M9507120UTO<<<<<<<<<<<0";
    let check = |line1: &str, expect: Result<&str, MrzError>| {
        let found = read(&sealed_kaz(line1, line2)).map(|document| document.number.expose());
        assert_eq!(found, expect.map(String::from), "{line1}");
    };
    check("I<UTOD23145890<7349<<<<<<<<<<<", Ok("D23145890734"));
    check("I<UTOD23145890<7349<ABC<<<<<<<", Ok("D23145890734"));
    check(
        "I<UTOD23145890<7348<<<<<<<<<<<",
        Err(MrzError::CheckDigit(Field::Number)),
    );
    check(
        "I<UTOD23145890<7359<<<<<<<<<<<",
        Err(MrzError::CheckDigit(Field::Number)),
    );
    check(
        "I<UTOD23145890<<<<<<<<<<<<<<<<",
        Err(MrzError::Form(Field::Number)),
    );
    check(
        "I<UTOD23145890<9<<<<<<<<<<<<<<",
        Err(MrzError::Form(Field::Number)),
    );
    check(
        "I<UTOD23145890<734907349073490",
        Err(MrzError::Form(Field::Number)),
    );
    check(
        "I<UTO<231458900<<<<<<<<<<<<<<<",
        Err(MrzError::Form(Field::Number)),
    );
    check(
        "I<UTO<<<<<<<<<0<<<<<<<<<<<<<<<",
        Err(MrzError::Form(Field::Number)),
    );
    // The rest of a Belgian number, as they are.
    check("IDBEL000590448<301<<<<<<<<<<<<", Ok("00059044830"));
}

#[test]
fn days_that_are_none_are_refused() {
    let check_line2 = |line2: &str, error: MrzError| {
        check(
            &sealed(
                "I<UTOD231458907<<<<<<<<<<<<<<<",
                line2,
                "ERIKSSON<<ANNA<<<<<<<<<<<<<<<<",
            ),
            Err(error),
        );
    };
    check_line2("7413120F1204150UTO<<<<<<<<<<<0", MrzError::Form(Field::BirthDate));
    check_line2("7402300F1204150UTO<<<<<<<<<<<0", MrzError::Form(Field::BirthDate));
    check_line2("7408120F1202300UTO<<<<<<<<<<<0", MrzError::Form(Field::Expiry));
    check_line2("74<<<<0F1204150UTO<<<<<<<<<<<0", MrzError::Form(Field::BirthDate));
    check_line2("7408120F<<<<<<0UTO<<<<<<<<<<<0", MrzError::Form(Field::Expiry));
}

#[test]
fn debug_hides_the_holder() {
    let shown = format!("{:?}", read(KAZ).unwrap());
    assert_eq!(
        shown,
        "IdentityDocument { kind: IdentityCard, issuer: \"KAZ\", .. }"
    );
    assert_eq!(
        format!("{:?}", read(ERIKSSON).unwrap().number),
        "Other((sensitive))"
    );
}

#[test]
fn errors_read_well() {
    let check = |error: MrzError, expect: &str| assert_eq!(error.to_string(), expect);
    check(
        MrzError::CheckDigit(Field::BirthDate),
        "line 2: the check digit of the birth date is wrong",
    );
    check(MrzError::Form(Field::Issuer), "line 1: no valid issuer");
}

/// One digit mistyped for another in lines 1 and 2 never reads as a document. (A letter may: the check digits
/// count modulo 10.)
#[test]
fn a_single_wrong_digit_is_noticed() {
    let digits = KAZ.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
    for (at, digit) in digits {
        for add in 1..10 {
            let mut bytes = KAZ.as_bytes().to_vec();
            bytes[at] = b'0' + (digit - b'0' + add) % 10;
            assert!(read(std::str::from_utf8(&bytes).unwrap()).is_err(), "{at} {add}");
        }
    }
}

proptest! {
    #[test]
    fn never_panics(
        text in "\\PC{0,100}|[A-Za-z0-9<]{90}|([A-Z0-9<]{30}\\n){3}",
        days in any::<i64>(),
    ) {
        let _ = read(&text);
        let _ = parse(KAZ, Date::from_utc(crate::time::UtcMs(days)));
    }

    #[test]
    fn no_year_is_too_far_away(year in any::<i32>()) {
        let today = Date::new(year, 6, 15).unwrap();
        let _ = parse(ERIKSSON, today);
        let _ = parse(KAZ, today);
    }

    /// Anything behind right check digits: the rules about the fields never panic either.
    #[test]
    fn sealed_zones_never_panic(
        line1 in "[IAC][A-Z<](KAZ|UTO)[A-Z0-9<]{9}[0-9<][A-Z0-9<]{15}",
        line2 in "[0-9]{7}[MF<][0-9]{7}(KAZ|UTO)[A-Z0-9<]{11}0",
        line3 in "[A-Z<]{30}",
    ) {
        if let Ok(document) = read(&sealed(&line1, &line2, &line3)) {
            prop_assert!(*document.birth_date.expose() <= date(TODAY));
            prop_assert!(!document.surname.expose().is_empty());
        }
    }

    #[test]
    fn what_is_written_is_read(
        number in "[0-9]{9}",
        surname in "[A-Z]{1,12}",
        given in "[A-Z]{1,14}",
        expiry in (20_500_i64..25_000).prop_map(|days| Date::from_days_since_epoch(days).unwrap()),
    ) {
        let line1 = format!("IDKAZ{number}0880412401006<<<");
        let line2 = format!("8804120F{}0KAZ<<<<<<<<<<<0", &expiry.to_string().replace('-', "")[2..]);
        let names = format!("{surname}<<{given}");
        let document = read(&sealed(&line1, &line2, &format!("{names:<<30}"))).unwrap();
        prop_assert_eq!(document.number.expose(), number);
        prop_assert_eq!(document.expires, expiry);
        prop_assert_eq!(document.surname.expose(), &surname);
        prop_assert_eq!(document.given_names.expose(), &given);
    }
}
