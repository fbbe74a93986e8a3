//! A language that nobody speaks: English, longer and in brackets, to see whether screens have room for words that are not
//! written yet, and whether all words on them come from `locales/`.
//!
//! It is no language of the product. While the document has the attribute `data-pseudo`, which only a test sets, English
//! texts are shown so.

/// How much longer a text becomes: the other languages need up to 40 % more room than English.
const LONGER_PERCENT: usize = 40;

/// Each line of a text with its own brackets. What is put in stays readable, so that pictures can be looked at.
pub fn of(text: &str) -> String {
    let mut lines = text.split('\n').map(line);
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |text, line| text + "\n" + &line)
}

fn line(line: &str) -> String {
    let (mark, words) = match line.strip_prefix("• ") {
        Some(words) => ("• ", words),
        None => ("", line),
    };
    // What has no letters, such as a number, is the same in all languages.
    if !words.chars().any(char::is_alphabetic) {
        return line.to_owned();
    }
    let mut longer = format!("{mark}[");
    longer.extend(words.chars().map(accented));
    // Short words of their own, so that the text may break where a longer one would.
    let more = (words.chars().count() * LONGER_PERCENT).div_ceil(100);
    longer.extend(" one two six".chars().cycle().take(more));
    let end = longer.trim_end().len();
    longer.truncate(end);
    longer.push(']');
    longer
}

fn accented(letter: char) -> char {
    match letter {
        'A' => 'Á',
        'C' => 'Č',
        'E' => 'É',
        'I' => 'Í',
        'N' => 'Ñ',
        'O' => 'Ö',
        'S' => 'Š',
        'U' => 'Ü',
        'Y' => 'Ý',
        'a' => 'á',
        'c' => 'č',
        'e' => 'é',
        'i' => 'í',
        'n' => 'ñ',
        'o' => 'ö',
        's' => 'š',
        'u' => 'ü',
        'y' => 'ý',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_longer_and_in_brackets() {
        let check = |text: &str, expect: &str| assert_eq!(of(text), expect);
        check("", "");
        check("12", "12");
        check("Back", "[Báčk o]");
        check("I am here", "[Í ám héré one]");
        check("One\n\n• two words", "[Öñé o]\n\n• [twö wördš one]");
        check("₸ 1,234", "₸ 1,234");
    }

    #[test]
    fn every_text_becomes_a_good_third_longer() {
        for text in [
            "Please ask a member of the staff.",
            "Confirm your identity with your face or your palm",
        ] {
            let (before, after) = (text.chars().count(), of(text).chars().count());
            assert!(after * 100 >= before * 135, "{before} became {after}");
        }
    }
}
