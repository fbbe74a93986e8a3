//! Machine readable zone of an identity card: TD1, three lines of thirty characters, as ICAO Doc 9303 parts 3 and
//! 5 describe it.
//!
//! ```text
//!          1         2         3
//! 123456789012345678901234567890
//! IDKAZ0412365878880412401006<<<   code, issuer, number, its check digit, optional data (the IIN)
//! 8804123F3104116KAZ<<<<<<<<<<<2   birth, check, sex, expiry, check, nationality, optional, composite check
//! SEITKALIYEVA<<AIGERIM<<<<<<<<<   surname, given names
//! ```
//!
//! The text may come from a scanner or from a keyboard. Nothing is guessed: an `O` that should be a `0` is
//! reported where it stands, and the person looks again. A reader that mends such slips by itself would also mend
//! a forgery until it fits.

use thiserror::Error;
use zeroize::Zeroizing;

use crate::Sensitive;
use crate::date::Date;
use crate::identifier::{BirthDate, CardNumber, Iin, IinError};

#[cfg(test)]
mod tests;

const LINE: usize = 30;
const LINES: usize = 3;
const FILLER: u8 = b'<';
const KAZAKHSTAN: &str = "KAZ";
/// Two digits of a year of expiry mean one of the hundred years that begin so long before today: cards are valid
/// for ten years, and one that ended long ago must not seem to end in the next century.
const YEARS_EXPIRED_MAX: i32 = 50;

/// What a document is, by the first two characters of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// `ID`: an identity card.
    IdentityCard,
    /// `AR`, `CR` or `IR`: a residence permit, as many states mark them. Which code those of Kazakhstan carry was
    /// not found in public; look at [`IdentityDocument::issuer`] and the nationality too.
    ResidencePermit,
    /// Any other code of this format, such as `I<`. The second character is a filler where there is none.
    Other([char; 2]),
}

/// Sex as the zone tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// `F`.
    Female,
    /// `M`.
    Male,
    /// A filler.
    Unspecified,
}

/// The number of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentNumber {
    /// That of an identity card of Kazakhstan.
    Card(CardNumber),
    /// Any other: letters and digits.
    Other(Sensitive<String>),
}

impl DocumentNumber {
    /// The number as text. The caller answers for where it goes.
    pub fn expose(&self) -> String {
        match self {
            Self::Card(number) => number.expose(),
            Self::Other(number) => number.expose().clone(),
        }
    }
}

/// What a machine readable zone says. `Debug` tells kind and issuer only.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// The state or organisation that issued it: one to three letters of ISO 3166-1 or Doc 9303.
    pub issuer: String,
    /// Its number, without check digit.
    pub number: DocumentNumber,
    /// The IIN of its holder: always in an identity card of Kazakhstan, never in a document of another issuer.
    pub iin: Option<Iin>,
    /// When its holder was born.
    pub birth_date: Sensitive<Date>,
    /// The sex of its holder.
    pub sex: Sex,
    /// The last day on which it is valid.
    pub expires: Date,
    /// One to three letters, as the issuer has.
    pub nationality: Sensitive<String>,
    /// In Latin capitals, with spaces for fillers.
    pub surname: Sensitive<String>,
    /// In Latin capitals, with spaces for fillers. Empty for holders with one name.
    pub given_names: Sensitive<String>,
    /// The names fill the line to its end: they may go on in the document, and may be compared as beginnings only.
    pub names_may_be_cut: bool,
}

impl IdentityDocument {
    /// Whether the document has ceased to be valid: it is on its last day still.
    pub fn is_expired_on(&self, today: Date) -> bool {
        self.expires < today
    }
}

impl std::fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentityDocument")
            .field("kind", &self.kind)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// A part of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Line 1, characters 1 and 2.
    DocumentCode,
    /// Line 1, 3 to 5.
    Issuer,
    /// Line 1, 6 to 14, its check digit at 15; a longer one goes on in the optional data.
    Number,
    /// Line 1, 16 to 30.
    OptionalData,
    /// Line 2, 1 to 6, its check digit at 7.
    BirthDate,
    /// Line 2, 8.
    Sex,
    /// Line 2, 9 to 14, its check digit at 15.
    Expiry,
    /// Line 2, 16 to 18.
    Nationality,
    /// Line 2, 30: the check digit over number, optional data and dates of both lines.
    Composite,
    /// Line 3.
    Names,
}

impl Field {
    /// The line in which it stands, from 1. The composite stands in line 2, though it is about line 1 as well.
    pub fn line(self) -> u8 {
        match self {
            Self::DocumentCode | Self::Issuer | Self::Number | Self::OptionalData => 1,
            Self::BirthDate | Self::Sex | Self::Expiry | Self::Nationality | Self::Composite => 2,
            Self::Names => 3,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::DocumentCode => "document code",
            Self::Issuer => "issuer",
            Self::Number => "number",
            Self::OptionalData => "optional data",
            Self::BirthDate => "birth date",
            Self::Sex => "sex",
            Self::Expiry => "date of expiry",
            Self::Nationality => "nationality",
            Self::Composite => "composite check digit",
            Self::Names => "names",
        }
    }
}

/// Why a text is no zone of a valid form. No variant holds a character of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MrzError {
    /// Neither three lines nor ninety characters.
    #[error("a zone has 3 lines of 30 characters, together 90, not {characters}")]
    Length {
        /// How many there are without spaces.
        characters: usize,
    },
    /// There are three lines, and this is the first that has another length.
    #[error("line {line} has 30 characters, not {characters}")]
    LineLength {
        /// From 1.
        line: u8,
        /// How many it has without spaces.
        characters: usize,
    },
    /// Something other than Latin letters, digits and `<`. Cyrillic letters that look like Latin ones are such.
    #[error("line {line}: character {column} is no letter, digit or filler of a zone")]
    Character {
        /// From 1.
        line: u8,
        /// From 1, spaces not counted.
        column: u8,
    },
    /// The field holds what it cannot: letters in a date, digits in a name, a day that the calendar has not.
    #[error("line {}: no valid {}", .0.line(), .0.name())]
    Form(Field),
    /// The field and its check digit do not fit: one of the two was misread or mistyped.
    #[error("line {}: the check digit of the {} is wrong", .0.line(), .0.name())]
    CheckDigit(Field),
    /// A card of Kazakhstan whose optional data is not the IIN of a person.
    #[error("line 1: optional data: {0}")]
    Iin(#[source] IinError),
    /// The IIN, well formed by itself, tells another birth date than line 2, or one of nobody alive.
    #[error("line 1: the IIN does not fit the birth date of line 2")]
    IinBirthDate,
}

/// Reads a zone, in three lines or in one. Small letters count as capitals; spaces and empty lines count as
/// nothing. `today` decides to which century two digits of a year belong: a birth is never in the future.
pub fn parse(text: &str, today: Date) -> Result<IdentityDocument, MrzError> {
    let zone = zone(text)?;
    let [line1, line2, line3] = [0, 1, 2].map(|line| &zone[line * LINE..(line + 1) * LINE]);

    // What was misread is told by the field in which it stands; the composite is only asked once all fit.
    let kind = kind(&line1[..2])?;
    let issuer = letters(&line1[2..5]).ok_or(MrzError::Form(Field::Issuer))?;
    let (number, optional) = number(line1)?;
    let birth = checked_digits(&line2[..7], Field::BirthDate)?;
    let sex = match line2[7] {
        b'F' => Sex::Female,
        b'M' => Sex::Male,
        FILLER => Sex::Unspecified,
        _ => return Err(MrzError::Form(Field::Sex)),
    };
    let expiry = checked_digits(&line2[8..15], Field::Expiry)?;
    let nationality = letters(&line2[15..18]).ok_or(MrzError::Form(Field::Nationality))?;
    let parts = [&line1[5..], &line2[..7], &line2[8..15], &line2[18..29]];
    if !is_check_digit(line2[29], parts.into_iter().flatten()) {
        return Err(MrzError::CheckDigit(Field::Composite));
    }
    let (surname, given_names) = names(line3).ok_or(MrzError::Form(Field::Names))?;

    let of_kazakhstan = issuer == KAZAKHSTAN;
    let identity_card = of_kazakhstan && kind == DocumentKind::IdentityCard;
    let optional = trimmed(optional);
    let iin = if identity_card || of_kazakhstan && !optional.is_empty() {
        let digits = Zeroizing::new(text_of(optional));
        Some(digits.parse::<Iin>().map_err(MrzError::Iin)?)
    } else {
        None
    };
    let birth_date = match &iin {
        Some(iin) => birth_of_holder(iin, birth, today)?,
        None => birth_date(birth, today).ok_or(MrzError::Form(Field::BirthDate))?,
    };
    let number = if identity_card {
        DocumentNumber::Card(number.parse().map_err(|_| MrzError::Form(Field::Number))?)
    } else {
        DocumentNumber::Other(Sensitive::new(number.to_string()))
    };
    Ok(IdentityDocument {
        kind,
        issuer,
        number,
        iin,
        birth_date: Sensitive::new(birth_date),
        sex,
        expires: expiry_date(expiry, today).ok_or(MrzError::Form(Field::Expiry))?,
        nationality: Sensitive::new(nationality),
        surname: Sensitive::new(surname),
        given_names: Sensitive::new(given_names),
        names_may_be_cut: line3[LINE - 1] != FILLER,
    })
}

/// The ninety characters, all of them capitals, digits and fillers.
fn zone(text: &str) -> Result<Zeroizing<Vec<u8>>, MrzError> {
    let count = |line: &str| {
        line.chars()
            .filter(|character| !character.is_whitespace())
            .count()
    };
    let lines: Vec<usize> = text
        .split(['\n', '\r'])
        .map(count)
        .filter(|characters| *characters > 0)
        .collect();
    if let [_, _, _] = lines[..]
        && let Some((at, characters)) = lines.iter().enumerate().find(|(_, count)| **count != LINE)
    {
        return Err(MrzError::LineLength {
            line: at as u8 + 1,
            characters: *characters,
        });
    }
    let characters = lines.iter().sum();
    if characters != LINES * LINE {
        return Err(MrzError::Length { characters });
    }
    let mut zone = Zeroizing::new(Vec::with_capacity(LINES * LINE));
    for character in text.chars().filter(|character| !character.is_whitespace()) {
        let capital = character.to_ascii_uppercase();
        if !matches!(capital, 'A'..='Z' | '0'..='9' | '<') {
            return Err(MrzError::Character {
                line: (zone.len() / LINE) as u8 + 1,
                column: (zone.len() % LINE) as u8 + 1,
            });
        }
        zone.push(capital as u8);
    }
    Ok(zone)
}

fn kind(code: &[u8]) -> Result<DocumentKind, MrzError> {
    match (code[0], code[1]) {
        (b'I', b'D') => Ok(DocumentKind::IdentityCard),
        (b'A' | b'C' | b'I', b'R') => Ok(DocumentKind::ResidencePermit),
        (first @ (b'A' | b'C' | b'I'), second) => Ok(DocumentKind::Other([first.into(), second.into()])),
        _ => Err(MrzError::Form(Field::DocumentCode)),
    }
}

/// The number of line 1, and what is left of the optional data behind it.
///
/// A number of more than nine characters has a filler for its check digit; the rest of it and the check digit
/// then begin the optional data, and a filler ends them (Doc 9303-5, 4.2.2, note j).
fn number(line: &[u8]) -> Result<(Zeroizing<String>, &[u8]), MrzError> {
    let (first, optional) = (&line[5..14], &line[15..]);
    let form = MrzError::Form(Field::Number);
    let (number, check, optional) = if line[14] == FILLER {
        let end = optional.iter().position(|byte| *byte == FILLER).ok_or(form)?;
        let (rest, check) = match &optional[..end] {
            [rest @ .., check] if !rest.is_empty() => (rest, *check),
            _ => return Err(form),
        };
        (Zeroizing::new([first, rest].concat()), check, &optional[end..])
    } else {
        (Zeroizing::new(first.to_vec()), line[14], optional)
    };
    if !is_check_digit(check, number.iter()) {
        return Err(MrzError::CheckDigit(Field::Number));
    }
    let number = trimmed(&number);
    // Fillers stand for the hyphens of some issuers, but a number has something before and behind them.
    if number.is_empty() || number[0] == FILLER {
        return Err(form);
    }
    Ok((Zeroizing::new(text_of(number)), optional))
}

/// Two-digit year, month and day of a field with its check digit.
fn checked_digits(field: &[u8], name: Field) -> Result<[u8; 3], MrzError> {
    let (date, check) = field.split_at(6);
    if !date.iter().all(u8::is_ascii_digit) {
        return Err(MrzError::Form(name));
    }
    if !is_check_digit(check[0], date.iter()) {
        return Err(MrzError::CheckDigit(name));
    }
    Ok([0, 2, 4].map(|at| (date[at] - b'0') * 10 + date[at + 1] - b'0'))
}

/// The latest such day that is not after today.
fn birth_date([year, month, day]: [u8; 3], today: Date) -> Option<Date> {
    in_century([year, month, day], today.year())
        .filter(|date| *date <= today)
        .or_else(|| in_century([year, month, day], today.year().saturating_sub(100)))
}

/// The day of the IIN, which knows its century, if both tell the same.
fn birth_of_holder(iin: &Iin, birth: [u8; 3], today: Date) -> Result<Date, MrzError> {
    let (digits, born) = match iin.birth_date() {
        BirthDate::Known(born) => (
            [born.year().rem_euclid(100) as u8, born.month(), born.day()],
            Some(born),
        ),
        BirthDate::WithoutCentury {
            year_of_century,
            month,
            day,
        } => ([year_of_century, month, day], birth_date(birth, today)),
    };
    born.filter(|_| digits == birth && iin.is_plausible_on(today))
        .ok_or(MrzError::IinBirthDate)
}

fn expiry_date(expiry: [u8; 3], today: Date) -> Option<Date> {
    let first = today.year().saturating_sub(YEARS_EXPIRED_MAX);
    let last = first.saturating_add(99);
    in_century(expiry, last)
        .filter(|date| date.year() <= last)
        .or_else(|| in_century(expiry, first))
}

/// The day in the century of that year.
fn in_century([year_of_century, month, day]: [u8; 3], year: i32) -> Option<Date> {
    let century = year.div_euclid(100).checked_mul(100)?;
    Date::new(century.checked_add(i32::from(year_of_century))?, month, day)
}

/// Surname and given names: letters, a single filler between parts, two fillers between surname and given names,
/// fillers to the end.
fn names(line: &[u8]) -> Option<(String, String)> {
    let name = |part: &[u8]| {
        let words = part.split(|byte| *byte == FILLER);
        let lawful = words
            .clone()
            .all(|word| !word.is_empty() && word.iter().all(u8::is_ascii_uppercase));
        let shown = |byte: &u8| if *byte == FILLER { ' ' } else { char::from(*byte) };
        lawful.then(|| part.iter().map(shown).collect())
    };
    let line = trimmed(line);
    match line.windows(2).position(|pair| pair == b"<<") {
        Some(at) => Some((name(&line[..at])?, name(&line[at + 2..])?)),
        None => Some((name(line)?, String::new())),
    }
}

/// Letters of a field that may end in fillers.
fn letters(field: &[u8]) -> Option<String> {
    let letters = trimmed(field);
    let lawful = !letters.is_empty() && letters.iter().all(u8::is_ascii_uppercase);
    lawful.then(|| text_of(letters))
}

/// Without the fillers at the end.
fn trimmed(mut field: &[u8]) -> &[u8] {
    while let [rest @ .., FILLER] = field {
        field = rest;
    }
    field
}

fn text_of(field: &[u8]) -> String {
    field.iter().map(|byte| char::from(*byte)).collect()
}

/// Whether the character is the check digit of the field: the sum of values weighed 7, 3, 1, modulo 10, where
/// digits count as themselves, A to Z as 10 to 35 and fillers as 0 (Doc 9303-3, 4.9).
fn is_check_digit<'a>(check: u8, field: impl Iterator<Item = &'a u8>) -> bool {
    let sum: u32 = field
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(byte, weight)| {
            let value = match byte {
                b'0'..=b'9' => byte - b'0',
                b'A'..=b'Z' => byte - b'A' + 10,
                _ => 0,
            };
            u32::from(value) * weight
        })
        .sum();
    check.is_ascii_digit() && u32::from(check - b'0') == sum % 10
}
