//! What a person has typed so far, and which characters belong there.

/// Longest entry of any kind; more is no answer to a question of a kiosk.
const LONGEST: usize = 2_000;

/// The characters typed so far, up to a number of them. It has no `Debug`: they are personal. They are overwritten when
/// they go.
pub struct Entry {
    /// Never grows beyond its first capacity: a move would leave a copy behind.
    characters: Vec<char>,
    max: usize,
}

impl Entry {
    /// An empty one for so many characters.
    pub fn new(max: usize) -> Self {
        let max = max.min(LONGEST);
        Self {
            characters: Vec::with_capacity(max),
            max,
        }
    }

    /// Adds a character; one too many is ignored.
    pub fn push(&mut self, character: char) {
        if self.characters.len() < self.max {
            self.characters.push(character);
        }
    }

    /// Takes the last character back.
    pub fn pop(&mut self) {
        self.truncate(self.len().saturating_sub(1));
    }

    /// Keeps so many characters from the beginning.
    pub fn truncate(&mut self, len: usize) {
        if let Some(dropped) = self.characters.get_mut(len..) {
            dropped.fill('\0');
            std::hint::black_box(&dropped);
        }
        self.characters.truncate(len);
    }

    /// How many characters there are.
    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// Whether there is place for no more.
    pub fn is_full(&self) -> bool {
        self.len() == self.max
    }

    /// How many there may be.
    pub fn max(&self) -> usize {
        self.max
    }

    /// The character at a place that was typed.
    pub fn at(&self, at: usize) -> Option<char> {
        self.characters.get(at).copied()
    }

    /// The last character.
    pub fn last(&self) -> Option<char> {
        self.characters.last().copied()
    }

    /// All of them.
    pub fn text(&self) -> String {
        self.characters.iter().collect()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.truncate(0);
    }
}

/// Which characters an entry takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// `0` to `9`.
    Digits,
    /// Letters of any script, hyphen, apostrophe, space.
    Name,
    /// Whatever can be seen, and space.
    Text,
    /// `0` to `9` and `A` to `Z`, as in the number of a request.
    Number,
    /// `0` to `9`, `A` to `Z` and `<`, as in the zone of an identity document.
    Zone,
}

impl Alphabet {
    /// The character in the form in which it is kept, if it belongs here.
    pub fn accept(self, character: char) -> Option<char> {
        match self {
            Self::Digits => Some(character).filter(char::is_ascii_digit),
            Self::Name => match character {
                // What keyboards have for an apostrophe.
                '\u{2019}' | '`' => Some('\''),
                _ => Some(character).filter(|it| it.is_alphabetic() || matches!(it, '-' | '\'' | ' ')),
            },
            Self::Text => Some(character).filter(|it| !it.is_control()),
            Self::Number => Some(character.to_ascii_uppercase()).filter(char::is_ascii_alphanumeric),
            Self::Zone => {
                Some(character.to_ascii_uppercase()).filter(|it| it.is_ascii_alphanumeric() || *it == '<')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<` takes the last character back.
    fn check(max: usize, strokes: &str, expect: &str) {
        let mut entry = Entry::new(max);
        let capacity = entry.characters.capacity();
        for stroke in strokes.chars() {
            match stroke {
                '<' => entry.pop(),
                character => entry.push(character),
            }
        }
        let wanted: Vec<char> = expect.chars().collect();
        assert_eq!(entry.text(), expect, "{strokes}");
        assert_eq!(entry.len(), wanted.len());
        assert_eq!(entry.is_empty(), wanted.is_empty());
        assert_eq!(entry.is_full(), wanted.len() == max);
        assert_eq!(entry.last(), wanted.last().copied());
        for at in 0..=max {
            assert_eq!(entry.at(at), wanted.get(at).copied(), "{strokes}");
        }
        assert_eq!(entry.characters.capacity(), capacity, "it moved");
    }

    #[test]
    fn entry_takes_so_many_characters() {
        check(12, "", "");
        check(12, "<", "");
        check(12, "12<3", "13");
        check(12, "1<<<2", "2");
        check(12, "880412401006", "880412401006");
        check(12, "8804124010069", "880412401006");
        check(12, "880412401006<", "88041240100");
        check(3, "ҚҢҒӘ<Ө", "ҚҢӨ");
        check(0, "1", "");
    }

    #[test]
    fn a_promise_of_the_profile_does_not_exhaust_memory() {
        assert_eq!(Entry::new(usize::MAX).max(), LONGEST);
    }

    #[test]
    fn what_goes_is_overwritten() {
        let mut entry = Entry::new(4);
        "1234".chars().for_each(|digit| entry.push(digit));
        entry.truncate(2);
        entry.truncate(9);
        assert_eq!(entry.text(), "12");
    }

    #[test]
    fn each_alphabet_takes_its_own() {
        let check = |alphabet: Alphabet, typed: &str, expect: &str| {
            let taken: String = typed.chars().filter_map(|it| alphabet.accept(it)).collect();
            assert_eq!(taken, expect, "{alphabet:?}");
        };
        let typed = "7а٣Ә'’-\u{7}\n<z Z!";
        check(Alphabet::Digits, typed, "7");
        check(Alphabet::Name, typed, "аӘ''-z Z");
        check(Alphabet::Text, typed, "7а٣Ә'’-<z Z!");
        check(Alphabet::Number, typed, "7ZZ");
        check(Alphabet::Zone, typed, "7<ZZ");
    }
}
