//! The three languages say the same things, in the words of `locales/terms.toml` and with the forms that counts need. That
//! every key used exists is a test of `ui` for the screens, of `paper` for documents.

mod forms;
mod terms;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::steps::{note, step};

const LANGUAGES: [&str; 3] = ["kk", "ru", "en"];

/// How the languages are compared.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Write docs/terminology.md from locales/terms.toml, instead of holding it to that file.
    #[arg(long)]
    write: bool,
}

/// One text in Kazakh, Russian and English. What is chosen by a number stands in it with all its forms.
pub struct Text(pub [String; 3]);

impl Text {
    /// The text of this language.
    pub fn of(&self, language: &str) -> &str {
        let at = LANGUAGES.iter().position(|known| *known == language);
        at.map_or("", |at| &self.0[at])
    }
}

/// Every text that people read, by the name of its message or by its place in a profile.
pub type Texts = BTreeMap<String, Text>;

fn by_language<T>(make: impl Fn(&str) -> T) -> [T; 3] {
    LANGUAGES.map(make)
}

/// Variables of each message, by key; an attribute has the key `message.attribute`.
type Messages = BTreeMap<String, BTreeSet<String>>;

/// Compares the languages and lists the differences.
pub fn perform(paths: &Paths, arguments: &Arguments) -> Result<(), XtaskError> {
    step("Comparing the languages", || {
        let folder = paths.root.join("locales");
        let [kk, ru, en] = LANGUAGES;
        let state = messages(&folder.join(kk))?;
        let mut broken = Vec::new();
        for other in [ru, en] {
            broken.extend(differences(kk, &state, other, &messages(&folder.join(other))?));
        }
        if state.is_empty() {
            broken.push(format!("{}: no message at all", folder.join(kk).display()));
        }
        let terms = terms::read(&folder.join("terms.toml"))?;
        let mut texts = Texts::new();
        for language in LANGUAGES {
            broken.extend(read_texts(&terms, language, &folder.join(language), &mut texts)?);
        }
        read_profiles(&paths.root.join("profiles"), &mut texts)?;
        for language in LANGUAGES {
            let guide = paths.root.join(format!("docs/guide/{language}.md"));
            add(&mut texts, "docs/guide", language, &paths::read_text(&guide)?);
        }
        broken.extend(terms::broken(&terms, &texts));
        let file = paths.root.join("docs/terminology.md");
        let page = terms::page(&terms);
        if arguments.write {
            paths::write(&file, &page)?;
        } else if !file.is_file() || paths::read_text(&file)? != page {
            broken.push("docs/terminology.md: not what `cargo xtask locales --write` writes".into());
        }
        if !broken.is_empty() {
            return Err(XtaskError::Rules {
                count: broken.len(),
                list: broken.join("\n"),
            });
        }
        note(format!(
            "{} messages and {} other texts in {} languages",
            state.len(),
            texts.len() - state.len(),
            LANGUAGES.len()
        ));
        Ok(())
    })
}

fn messages(folder: &Path) -> Result<Messages, XtaskError> {
    let mut messages = Messages::new();
    for file in paths::files_under(folder)? {
        if file.extension().is_some_and(|extension| extension == "ftl") {
            read(&file, &paths::read_text(&file)?, &mut messages)?;
        }
    }
    Ok(messages)
}

/// Takes the texts of one language over, and names what is wrong with their numbers.
fn read_texts(
    terms: &terms::Terms,
    language: &str,
    folder: &Path,
    texts: &mut Texts,
) -> Result<Vec<String>, XtaskError> {
    let mut broken = Vec::new();
    for file in paths::files_under(folder)? {
        if file.extension().is_none_or(|extension| extension != "ftl") {
            continue;
        }
        let source = paths::read_text(&file)?;
        let resource =
            fluent_syntax::parser::parse(source.as_str()).map_err(|(_, errors)| XtaskError::Form {
                path: file.clone(),
                message: format!("{errors:?}"),
            })?;
        for entry in &resource.body {
            let Entry::Message(message) = entry else { continue };
            let name = message.id.name;
            let patterns = message
                .value
                .iter()
                .chain(message.attributes.iter().map(|attribute| &attribute.value));
            for pattern in patterns {
                broken.extend(forms::broken(terms, language, name, pattern));
                let mut text = String::new();
                flatten(pattern, &mut text);
                add(texts, name, language, &text);
            }
        }
    }
    Ok(broken)
}

/// Every form of a text, one behind the other; a variable leaves a gap that no word crosses.
fn flatten(pattern: &Pattern<&str>, text: &mut String) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => *text += value,
            PatternElement::Placeable {
                expression: Expression::Select { variants, .. },
            } => {
                for variant in variants {
                    *text += " ";
                    flatten(&variant.value, text);
                }
                *text += " ";
            }
            PatternElement::Placeable { .. } => *text += " 0 ",
        }
    }
}

fn add(texts: &mut Texts, name: &str, language: &str, more: &str) {
    let Some(at) = LANGUAGES.iter().position(|known| *known == language) else {
        return;
    };
    let text = texts
        .entry(name.to_owned())
        .or_insert_with(|| Text(Default::default()));
    text.0[at] += more;
    text.0[at] += "\n";
}

/// The texts of profiles: every table that has the three languages.
fn read_profiles(folder: &Path, texts: &mut Texts) -> Result<(), XtaskError> {
    for file in paths::files_under(folder)? {
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let profile: toml::Value =
            toml::from_str(&paths::read_text(&file)?).map_err(|error| XtaskError::Form {
                path: file.clone(),
                message: error.to_string(),
            })?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        visit(&profile, &name, texts);
    }
    Ok(())
}

fn visit(value: &toml::Value, place: &str, texts: &mut Texts) {
    match value {
        toml::Value::Table(table) => {
            for language in LANGUAGES {
                if let Some(text) = table.get(language).and_then(toml::Value::as_str) {
                    add(texts, place, language, text);
                }
            }
            for (key, value) in table {
                visit(value, &format!("{place}/{key}"), texts);
            }
        }
        toml::Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                let named = ["id", "name"]
                    .iter()
                    .find_map(|key| value.get(key).and_then(toml::Value::as_str));
                let place = named.map_or_else(|| format!("{place}/{at}"), |name| format!("{place}/{name}"));
                visit(value, &place, texts);
            }
        }
        _ => {}
    }
}

fn read(file: &Path, text: &str, messages: &mut Messages) -> Result<(), XtaskError> {
    let form = |message: String| XtaskError::Form {
        path: file.to_path_buf(),
        message,
    };
    let resource = fluent_syntax::parser::parse(text).map_err(|(_, errors)| form(format!("{errors:?}")))?;
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let attributes = message.attributes.iter().map(|attribute| {
            (
                format!("{}.{}", message.id.name, attribute.id.name),
                Some(&attribute.value),
            )
        });
        for (key, pattern) in
            std::iter::once((message.id.name.to_owned(), message.value.as_ref())).chain(attributes)
        {
            let mut variables = BTreeSet::new();
            if let Some(pattern) = pattern {
                collect(pattern, &mut variables);
            }
            if messages.insert(key.clone(), variables).is_some() {
                return Err(form(format!("the key {key} is there twice")));
            }
        }
    }
    Ok(())
}

fn collect(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            collect_expression(expression, variables);
        }
    }
}

fn collect_expression(expression: &Expression<&str>, variables: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => collect_inline(inline, variables),
        Expression::Select { selector, variants } => {
            collect_inline(selector, variables);
            variants
                .iter()
                .for_each(|variant| collect(&variant.value, variables));
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => collect_expression(expression, variables),
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments
                .positional
                .iter()
                .for_each(|argument| collect_inline(argument, variables));
        }
        _ => {}
    }
}

fn differences(one: &str, left: &Messages, other: &str, right: &Messages) -> Vec<String> {
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    keys.into_iter()
        .filter_map(|key| match (left.get(key), right.get(key)) {
            (Some(_), None) => Some(format!("{key}: in {one}, not in {other}")),
            (None, Some(_)) => Some(format!("{key}: in {other}, not in {one}")),
            (Some(a), Some(b)) if a != b => {
                Some(format!("{key}: variables {a:?} in {one}, {b:?} in {other}"))
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_languages_agree() {
        let paths = Paths::find().unwrap();
        perform(&paths, &Arguments::default()).unwrap();
    }

    #[test]
    fn differences_are_found() {
        let check = |left: &str, right: &str, expect: &[&str]| {
            let parse = |text: &str| {
                let mut messages = Messages::new();
                read(Path::new("a.ftl"), text, &mut messages).unwrap();
                messages
            };
            assert_eq!(differences("kk", &parse(left), "ru", &parse(right)), expect);
        };
        check("a = x\n", "a = y\n", &[]);
        check(
            "a = x\n",
            "b = y\n",
            &["a: in kk, not in ru", "b: in ru, not in kk"],
        );
        check(
            "a = { $n }\n",
            "a = y\n",
            &["a: variables {\"n\"} in kk, {} in ru"],
        );
        check(
            "a = { $n ->\n    [one] x\n   *[other] { $m }\n }\n",
            "a = { NUMBER($n) } { $m }\n",
            &[],
        );
        check(
            "a = x\n    .hint = { $n }\n",
            "a = x\n",
            &["a.hint: in kk, not in ru"],
        );
    }

    #[test]
    fn a_broken_file_is_named() {
        let error = read(Path::new("ru/kiosk.ftl"), "= no key\n", &mut Messages::new()).unwrap_err();
        assert!(error.to_string().contains("ru/kiosk.ftl"), "{error}");
    }
}
