//! The forms of counts: each text has those that its language needs, and no number has an ending glued to it.

use fluent_syntax::ast::{Expression, InlineExpression, Pattern, PatternElement, Variant, VariantKey};

use super::terms::Terms;

/// The categories of CLDR, as far as a language of ours has them. Numbers of ours are whole, but `other` is never left out:
/// Fluent wants it, and so does 1.5.
fn cardinal(language: &str) -> &'static [&'static str] {
    match language {
        "ru" => &["one", "few", "many", "other"],
        _ => &["one", "other"],
    }
}

fn ordinal(language: &str) -> &'static [&'static str] {
    match language {
        "kk" => &["many", "other"],
        "en" => &["one", "two", "few", "other"],
        _ => &["other"],
    }
}

const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// What is wrong with the numbers of one text.
pub fn broken(terms: &Terms, language: &str, name: &str, pattern: &Pattern<&str>) -> Vec<String> {
    let mut look = Look {
        terms,
        language,
        found: Vec::new(),
    };
    look.pattern(pattern, &mut Vec::new());
    let tell = |what: String| format!("{name} ({language}): {what}");
    look.found.into_iter().map(tell).collect()
}

struct Look<'a> {
    terms: &'a Terms,
    language: &'a str,
    found: Vec<String>,
}

impl Look<'_> {
    /// `chosen` are the variables whose forms the text around this one has chosen already.
    fn pattern(&mut self, pattern: &Pattern<&str>, chosen: &mut Vec<String>) {
        let elements = &pattern.elements;
        for (at, element) in elements.iter().enumerate() {
            let PatternElement::Placeable { expression } = element else {
                continue;
            };
            let behind = match elements.get(at + 1) {
                Some(PatternElement::TextElement { value }) => value,
                _ => "",
            };
            match expression {
                Expression::Inline(inline) => {
                    if let Some((variable, _)) = number(inline) {
                        self.variable(variable, behind, chosen);
                    }
                }
                Expression::Select { selector, variants } => {
                    let Some((variable, is_ordinal)) = number(selector) else {
                        continue;
                    };
                    let by_category = self.variants(variable, is_ordinal, variants);
                    if by_category {
                        chosen.push(variable.to_owned());
                    }
                    for variant in variants {
                        self.pattern(&variant.value, chosen);
                    }
                    if by_category {
                        chosen.pop();
                    }
                }
            }
        }
    }

    /// Whether the variants are categories of numbers at all; names those that are missing or are too many.
    fn variants(&mut self, variable: &str, is_ordinal: bool, variants: &[Variant<&str>]) -> bool {
        let names = || {
            variants.iter().filter_map(|variant| match variant.key {
                VariantKey::Identifier { name } => Some(name),
                VariantKey::NumberLiteral { .. } => None,
            })
        };
        // A choice between twelve months has numbers alone for its keys; one between words is none of ours.
        if !names().any(|name| CATEGORIES.contains(&name)) {
            return false;
        }
        let needed = if is_ordinal {
            ordinal(self.language)
        } else {
            cardinal(self.language)
        };
        for category in needed
            .iter()
            .filter(|category| !names().any(|name| name == **category))
        {
            self.found.push(format!("${variable} has no form [{category}]"));
        }
        for name in names().filter(|name| !needed.contains(name)) {
            self.found.push(format!(
                "${variable} has a form [{name}], which the language has not"
            ));
        }
        true
    }

    fn variable(&mut self, variable: &str, behind: &str, chosen: &[String]) {
        let counted = behind
            .strip_prefix([' ', '\u{a0}'])
            .map(first_word)
            .unwrap_or_default();
        let is_count = self.terms.counts.variables.iter().any(|name| name == variable);
        let is_uncounted = self.terms.counts.uncounted.iter().any(|word| word == counted);
        if is_count && !counted.is_empty() && !is_uncounted && !chosen.iter().any(|name| name == variable) {
            self.found.push(format!(
                "\"{counted}\" is counted by ${variable}, which has no forms"
            ));
        }
        let ending = first_word(behind.strip_prefix(['-', '\'', '’']).unwrap_or(behind));
        let endings = self.terms.endings.get(self.language).into_iter().flatten();
        if endings.into_iter().any(|glued| glued == ending) {
            self.found
                .push(format!("${variable} has the ending \"{ending}\" glued to it"));
        }
    }
}

/// The variable that an expression shows or chooses by, and whether it is taken as an ordinal.
fn number<'a>(inline: &InlineExpression<&'a str>) -> Option<(&'a str, bool)> {
    match inline {
        InlineExpression::VariableReference { id } => Some((id.name, false)),
        InlineExpression::FunctionReference { arguments, .. } => {
            let (variable, _) = arguments.positional.first().and_then(number)?;
            let is_ordinal = arguments.named.iter().any(|argument| {
                argument.name.name == "type"
                    && matches!(
                        argument.value,
                        InlineExpression::StringLiteral { value: "ordinal" }
                    )
            });
            Some((variable, is_ordinal))
        }
        _ => None,
    }
}

fn first_word(text: &str) -> &str {
    let end = text
        .find(|letter: char| !letter.is_alphabetic())
        .unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use fluent_syntax::ast::Entry;

    use super::*;

    const TERMS: &str = r#"
        term = []
        never = []
        [counts]
        variables = ["count"]
        uncounted = ["из"]
        [endings]
        kk = ["ші", "ға"]
        en = ["th"]
    "#;

    fn check(language: &str, text: &str, expect: &[&str]) {
        let terms: Terms = toml::from_str(TERMS).unwrap();
        let source = format!("a = {text}\n");
        let resource = fluent_syntax::parser::parse(source.as_str()).unwrap();
        let [Entry::Message(message)] = &resource.body[..] else {
            panic!("one message")
        };
        let found = broken(&terms, language, "a", message.value.as_ref().unwrap());
        let expect: Vec<String> = expect
            .iter()
            .map(|what| format!("a ({language}): {what}"))
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn missing_and_foreign_forms_are_found() {
        let english = "{ $count ->\n    [one] { $count } day\n   *[other] { $count } days\n }";
        check("en", english, &[]);
        check("kk", english, &[]);
        check(
            "ru",
            english,
            &["$count has no form [few]", "$count has no form [many]"],
        );
        let russian = "{ $count ->\n    [0] нет\n    [one] a\n    [few] b\n    [many] c\n   *[other] d\n }";
        check("ru", russian, &[]);
        check(
            "en",
            russian,
            &[
                "$count has a form [few], which the language has not",
                "$count has a form [many], which the language has not",
            ],
        );
        check("ru", "{ $month ->\n    [1] января\n   *[2] февраля\n }", &[]);
        let ordinal = "{ NUMBER($n, type: \"ordinal\") ->\n    [many] шы\n   *[other] ші\n }";
        check("kk", ordinal, &[]);
        check(
            "ru",
            ordinal,
            &["$n has a form [many], which the language has not"],
        );
    }

    #[test]
    fn a_count_without_forms_is_found() {
        check(
            "en",
            "{ $count } days",
            &["\"days\" is counted by $count, which has no forms"],
        );
        check("ru", "Знаков: { $count } из { $of }", &[]);
        check("en", "Days: { $count }", &[]);
        check("en", "{ $other } days", &[]);
    }

    #[test]
    fn endings_behind_a_number_are_found() {
        check("kk", "{ $n }-қадам", &[]);
        check("kk", "{ $n }-ші қадам", &["$n has the ending \"ші\" glued to it"]);
        check(
            "kk",
            "{ $amount }ға дейін",
            &["$amount has the ending \"ға\" glued to it"],
        );
        check("en", "the { $n }th", &["$n has the ending \"th\" glued to it"]);
    }
}
