//! The documents as a site, and the page for the staff on paper.

use std::process::Command;

use pulldown_cmark::{Options, Parser, html};

use crate::docs;
use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};
use crate::tools::Tool;

/// Only what makes pages: nobody is served and nothing is watched.
const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    arguments: &["--no-default-features", "--features", "search"],
};

/// Makes the site into `book` of the target folder.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    let program = MDBOOK.installed(paths)?;
    let site = paths.target.join("book");
    step("Building the documentation", || {
        let mut mdbook = Command::new(&program);
        mdbook.arg("build").arg(paths.root.join("docs"));
        process::run(mdbook.arg("--dest-dir").arg(&site))?;
        note(site.join("index.html").to_string_lossy());
        Ok(())
    })
}

/// Makes the page for the staff, one sheet of A4 in each language, into `guide` of the target folder.
pub fn guide(paths: &Paths) -> Result<(), XtaskError> {
    step("Writing the page for the staff", || {
        let folder = paths.target.join("guide");
        paths::remove_folder(&folder)?;
        paths::create_folder(&folder.join("fonts"))?;
        for font in paths::files_under(&paths.root.join("ui/static/fonts"))? {
            let copy = folder.join("fonts").join(font.file_name().unwrap_or_default());
            std::fs::copy(&font, &copy).map_err(XtaskError::file(&copy, "written"))?;
        }
        for language in docs::LANGUAGES {
            let text = paths::read_text(&paths.root.join(format!("docs/guide/{language}.md")))?;
            let file = folder.join(format!("{language}.html"));
            paths::write(&file, sheet(language, &text))?;
            note(file.to_string_lossy());
        }
        Ok(())
    })
}

/// A page that a browser prints on one sheet.
fn sheet(language: &str, text: &str) -> String {
    let title = text
        .lines()
        .find_map(|line| line.strip_prefix("# "))
        .unwrap_or("Alaqan");
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(text, Options::ENABLE_TABLES));
    let style = include_str!("guide.css");
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
        <style>\n{style}</style>\n<body>\n{body}</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_its_language_its_title_and_its_tables() {
        let sheet = sheet("kk", "# Киоск\n\n| a | b |\n|---|---|\n| `disk` | бет |\n");
        for part in [
            "<html lang=\"kk\">",
            "<title>Киоск</title>",
            "<h1>Киоск</h1>",
            "<td><code>disk</code></td>",
            "size: A4",
        ] {
            assert!(sheet.contains(part), "{part}: {sheet}");
        }
    }
}
