//! The three languages say the same things. That every key used exists is a test of `ui` for the screens, of
//! `paper` for documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::steps::{note, step};

const LANGUAGES: [&str; 3] = ["kk", "ru", "en"];

/// Variables of each message, by key; an attribute has the key `message.attribute`.
type Messages = BTreeMap<String, BTreeSet<String>>;

/// Compares the languages and lists the differences.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
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
        if !broken.is_empty() {
            return Err(XtaskError::Rules {
                count: broken.len(),
                list: broken.join("\n"),
            });
        }
        note(format!(
            "{} messages in {} languages",
            state.len(),
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
        perform(&paths).unwrap();
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
