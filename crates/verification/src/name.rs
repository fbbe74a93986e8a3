//! Names of persons, as they are typed and as they are compared.
//!
//! A name is written in the Kazakh alphabet, which holds the Russian one, or in Latin letters for people whose
//! documents have those. Keyboards mix the two: a Latin `a` in a Cyrillic word looks right and compares wrong.
//! Therefore letters that look like those of the other alphabet ([`LookAlike`]) are told before a name is taken,
//! and [`folded`] makes names comparable that came from elsewhere.
//!
//! Of the letters special to Kazakh, І and і are U+0406 and U+0456, the very code points that a Ukrainian keyboard
//! types: nothing is to be told apart there. Һ and һ are U+04BA and U+04BB; the Latin `h` looks like the small one,
//! the Latin `H` like the capital Н of every Cyrillic alphabet.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::Sensitive;

#[cfg(test)]
mod tests;

/// No name of a person has more characters. It bounds what is stored and drawn, and is no rule of any register.
pub const CHARACTERS_MAX: u16 = 100;

/// The Kazakh alphabet in capitals, in its order (CLDR, `kk`).
const KAZAKH: &str = "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯ";

/// Cyrillic letters, each with the Latin one that is drawn the same. Capitals and small letters have partners of
/// their own.
const TWINS: &[(char, char)] = &[
    ('А', 'A'),
    ('В', 'B'),
    ('С', 'C'),
    ('Е', 'E'),
    ('Ё', 'Ë'),
    ('Н', 'H'),
    ('І', 'I'),
    ('К', 'K'),
    ('М', 'M'),
    ('О', 'O'),
    ('Р', 'P'),
    ('Т', 'T'),
    ('Х', 'X'),
    ('Ү', 'Y'),
    ('У', 'Y'),
    ('Ә', 'Ə'),
    ('Ө', 'Ɵ'),
    ('Һ', 'H'),
    ('а', 'a'),
    ('в', 'b'),
    ('с', 'c'),
    ('е', 'e'),
    ('ё', 'ë'),
    ('һ', 'h'),
    ('н', 'h'),
    ('і', 'i'),
    ('к', 'k'),
    ('м', 'm'),
    ('о', 'o'),
    ('р', 'p'),
    ('т', 't'),
    ('х', 'x'),
    ('у', 'y'),
    ('ү', 'y'),
    ('ә', 'ə'),
    ('ә', 'ǝ'),
    ('ө', 'ɵ'),
];

/// A letter of one alphabet in a name of the other that has a twin there. `position` counts the characters of the
/// text as [`composed`] gives it, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookAlike {
    /// Where it stands.
    pub position: usize,
    /// The letter that stands there.
    pub found: char,
    /// The letter that looks like it and belongs to the alphabet of the name.
    pub meant: char,
}

/// Why a text is no name. Positions count the characters of the text as [`composed`] gives it, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing but spaces.
    #[error("no name was entered")]
    Empty,
    /// More than [`CHARACTERS_MAX`] characters.
    #[error("a name has at most {CHARACTERS_MAX} characters")]
    TooLong,
    /// Neither a Kazakh nor a Latin letter, hyphen, apostrophe or space.
    #[error("character {position} does not belong into a name")]
    Character {
        /// Where it stands.
        position: usize,
    },
    /// A hyphen or an apostrophe without the letters that it joins.
    #[error("character {position} joins no letters")]
    Joint {
        /// Where it stands.
        position: usize,
    },
    /// A letter of the other alphabet that looks like one of this. The first of them; [`look_alikes`] has all.
    #[error("character {} is of another alphabet than the name", .0.position)]
    LookAlike(LookAlike),
    /// A letter of the other alphabet that looks like none of this.
    #[error("character {position} is of another alphabet than the name")]
    Mixed {
        /// Where it stands.
        position: usize,
    },
}

/// A name that may be written into a document: surname, given name or patronymic, of one alphabet, composed, with
/// single spaces.
///
/// The value is personal: `Debug` hides it and it is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(Sensitive<String>);

impl PersonName {
    /// The name as text. The caller answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether both are the same name but for case and look-alikes.
    pub fn is_like(&self, other: &str) -> bool {
        let [mine, other] = [self.expose(), other].map(|name| Zeroizing::new(folded(name)));
        mine == other
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(sensitive)")
    }
}

/// Takes a text for a name, or tells the first thing that is wrong with it.
pub fn check_name(text: &str) -> Result<PersonName, NameError> {
    // Composing shortens a text; whoever sends very long ones does not get them composed first.
    if text.chars().nth(4 * usize::from(CHARACTERS_MAX)).is_some() {
        return Err(NameError::TooLong);
    }
    let mut name = Zeroizing::new(composed(text));
    let letters = Zeroizing::new(name.chars().collect::<Vec<char>>());
    if letters.is_empty() {
        return Err(NameError::Empty);
    }
    if letters.len() > usize::from(CHARACTERS_MAX) {
        return Err(NameError::TooLong);
    }
    let script = script_of(&name);
    for (position, letter) in letters.iter().enumerate() {
        let neighbour = |at: Option<usize>| at.and_then(|at| letters.get(at)).copied().unwrap_or(' ');
        let (before, after) = (neighbour(position.checked_sub(1)), neighbour(Some(position + 1)));
        let is_letter = |letter| !matches!(letter, ' ' | '-' | '\'');
        let lawful = match letter {
            ' ' => true,
            // As in Ким-Ли, Nabi'-Zada and Al-'Ani.
            '-' => !matches!(before, ' ' | '-') && !matches!(after, ' ' | '-'),
            // As in O'Neil, 't Hooft and Nabi'.
            '\'' => before != '\'' && (is_letter(before) || is_letter(after)),
            _ => true,
        };
        if !lawful {
            return Err(NameError::Joint { position });
        }
        let found = *letter;
        if !is_letter(found) || Script::of(found) == Some(script) {
            continue;
        }
        return Err(match (meant(found, script), Script::of(found)) {
            (Some(meant), _) => NameError::LookAlike(LookAlike {
                position,
                found,
                meant,
            }),
            (None, Some(_)) => NameError::Mixed { position },
            (None, None) => NameError::Character { position },
        });
    }
    Ok(PersonName(Sensitive::new(std::mem::take(&mut *name))))
}

/// All letters of a text that look like those of the alphabet in which the rest is written.
pub fn look_alikes(text: &str) -> Vec<LookAlike> {
    let text = Zeroizing::new(composed(text));
    let script = script_of(&text);
    text.chars()
        .enumerate()
        .filter_map(|(position, found)| {
            Some(LookAlike {
                position,
                found,
                meant: meant(found, script)?,
            })
        })
        .collect()
}

/// The text in the form in which names are kept: letters composed with their marks (NFC, so that й and ё are one
/// character each), one kind of apostrophe and of hyphen, single spaces, none at the ends.
pub fn composed(text: &str) -> String {
    let mut composed = String::with_capacity(text.len());
    for character in text.nfc() {
        let character = match character {
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bb}' | '\u{2bc}' | '\u{2b9}' | '`' | '\u{b4}' => '\'',
            '\u{2010}' | '\u{2011}' => '-',
            space if space.is_whitespace() => ' ',
            other => other,
        };
        if character != ' ' || !(composed.is_empty() || composed.ends_with(' ')) {
            composed.push(character);
        }
    }
    composed.truncate(composed.trim_end().len());
    composed
}

/// The text as names are compared: composed, in small letters, and with letters of one alphabet only, as far as
/// they have twins. Two names that differ in nothing but case and look-alikes are the same when folded, and Айгүл
/// and Айгул are not. It is nothing to show to anybody.
///
/// What alphabet a text is of, its letters without twins tell. Where all have twins, as in `Сара` and `Pacheco`,
/// both alphabets are possible, and the twins of either case count as one: then `н` equals `һ`, and `у` equals `ү`.
pub fn folded(text: &str) -> String {
    let text = Zeroizing::new(composed(text));
    let (cyrillic, latin) = proper_letters(&text);
    let in_small = |letter, script| {
        let letter = small(letter);
        twin(letter, script).unwrap_or(letter)
    };
    let fold = |letter: char| {
        let letter = stranger(letter).unwrap_or(letter);
        match (cyrillic, latin) {
            (0, 0) => match in_small(letter, Script::Cyrillic) {
                'һ' => 'н',
                'ү' => 'у',
                letter => letter,
            },
            _ if latin > cyrillic => in_small(letter, Script::Latin),
            // Which letter is meant depends on its case: H is Н, and h is һ.
            _ => in_small(twin(letter, Script::Cyrillic).unwrap_or(letter), Script::Cyrillic),
        }
    };
    // A Cyrillic letter may compose with a mark with which its Latin twin did not.
    text.chars().map(fold).nfc().collect()
}

/// The small letter: never two characters, and one for both forms of the schwa.
fn small(letter: char) -> char {
    match letter {
        'İ' => 'i',
        'Ǝ' | 'ǝ' => 'ə',
        _ => letter.to_lowercase().next().unwrap_or(letter),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Cyrillic,
    Latin,
}

impl Script {
    /// The alphabet of a letter that names may have; `None` for everything else.
    fn of(letter: char) -> Option<Self> {
        // Basic Latin to Latin Extended-B, Latin Extended Additional (Vietnamese), and two letters beside them. The
        // small letter tells it for both: capitals came late to some, and stand in other blocks.
        let in_blocks = matches!(small(letter), '\u{41}'..='\u{24f}' | 'ə' | 'ɵ' | '\u{1e00}'..='\u{1eff}');
        // The ordinal signs ª and º count as letters, but are none of a name.
        if in_blocks && letter.is_alphabetic() && !matches!(letter, 'ª' | 'º') {
            Some(Self::Latin)
        } else if KAZAKH
            .chars()
            .any(|capital| letter == capital || letter == small(capital))
        {
            Some(Self::Cyrillic)
        } else {
            None
        }
    }
}

/// The alphabet that most letters speak for; else Cyrillic. One without a twin was hardly typed for another and
/// speaks thrice.
fn script_of(text: &str) -> Script {
    let (cyrillic, latin) = proper_letters(text);
    let letters = |script| {
        text.chars()
            .filter(|letter| Script::of(*letter) == Some(script))
            .count()
    };
    if letters(Script::Latin) + 2 * latin > letters(Script::Cyrillic) + 2 * cyrillic {
        Script::Latin
    } else {
        Script::Cyrillic
    }
}

/// How many letters without a twin, in either case, the text has of each alphabet.
fn proper_letters(text: &str) -> (usize, usize) {
    let proper = |script: Script| {
        let of_script = |letter: &char| Script::of(*letter) == Some(script) && !has_twin(*letter);
        text.chars().filter(of_script).count()
    };
    (proper(Script::Cyrillic), proper(Script::Latin))
}

fn has_twin(letter: char) -> bool {
    let letter = small(letter);
    TWINS
        .iter()
        .any(|(cyrillic, latin)| [*cyrillic, *latin].contains(&letter))
}

/// The letter of that alphabet that looks like this one, which is not of it.
fn meant(letter: char, script: Script) -> Option<char> {
    match (Script::of(letter), stranger(letter)) {
        (Some(own), _) if own == script => None,
        (_, Some(kazakh)) if script == Script::Cyrillic => Some(kazakh),
        (_, Some(kazakh)) => twin(kazakh, script),
        (Some(_), None) => twin(letter, script),
        (None, None) => None,
    }
}

/// The letter of that alphabet that looks like this one of the other.
fn twin(letter: char, script: Script) -> Option<char> {
    TWINS.iter().find_map(|(cyrillic, latin)| match script {
        Script::Cyrillic => (*latin == letter).then_some(*cyrillic),
        Script::Latin => (*cyrillic == letter).then_some(*latin),
    })
}

/// The Kazakh letter that looks like this one of other Cyrillic alphabets: the palochka of the Caucasus, and the
/// fita of old Russian.
fn stranger(letter: char) -> Option<char> {
    match letter {
        '\u{4c0}' => Some('І'),
        '\u{4cf}' => Some('і'),
        '\u{472}' => Some('Ө'),
        '\u{473}' => Some('ө'),
        _ => None,
    }
}
