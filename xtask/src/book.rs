//! The documents as a site, and the page for the staff on paper.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

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

/// Prints the page for the staff: Debian's, as the set-up installs it.
const BROWSER: &str = "chromium";

/// Makes the site where what makes it is there; to build that takes longer than all it could find, since the links are looked
/// at by `tidy`.
pub fn check(paths: &Paths) -> Result<(), XtaskError> {
    if MDBOOK.is_installed(paths) {
        return perform(paths);
    }
    note("no site of the documents: `cargo xtask book` installs mdBook and makes it");
    Ok(())
}

/// Makes the site into `book` of the target folder.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    let program = MDBOOK.installed(paths)?;
    let site = paths.target.join("book");
    step("Building the documentation", || {
        paths::remove_folder(&site)?;
        let mut mdbook = Command::new(&program);
        mdbook.arg("build").arg(paths.root.join("docs"));
        process::run(mdbook.arg("--dest-dir").arg(&site))?;
        note(site.join("index.html").to_string_lossy());
        let dead = dead_links(&site)?;
        if dead.is_empty() {
            return Ok(());
        }
        Err(XtaskError::Rules {
            count: dead.len(),
            list: dead.join("\n"),
        })
    })
}

/// Links from page to page of the site that lead nowhere, as they do when mdBook names a page otherwise than its source.
fn dead_links(site: &Path) -> Result<Vec<String>, XtaskError> {
    let mut dead = Vec::new();
    for page in paths::files_under(site)? {
        let name = page.strip_prefix(site).unwrap_or(&page);
        // The page for addresses that are not there does not know where it stands.
        if page.extension().is_none_or(|extension| extension != "html") || name == Path::new("404.html") {
            continue;
        }
        let text = paths::read_text(&page)?;
        let folder = page.parent().unwrap_or(site);
        for link in ["href=\"", "src=\""]
            .iter()
            .flat_map(|start| text.split(start).skip(1))
        {
            let link = link.split('"').next().unwrap_or_default();
            let file = link.split('#').next().unwrap_or_default();
            let is_elsewhere =
                link.contains("://") || link.starts_with("mailto:") || link.starts_with("data:");
            if !file.is_empty() && !is_elsewhere && !docs::plain(&folder.join(file)).exists() {
                dead.push(format!("{}: {link}: is not there", name.display()));
            }
        }
    }
    Ok(dead)
}

/// Makes the page for the staff, one sheet of A4 in each language, into `guide` of the target folder, and prints it into a
/// PDF where there is a browser; fails where that has more than one page.
pub fn guide(paths: &Paths) -> Result<(), XtaskError> {
    step("Writing the page for the staff", || {
        let folder = paths.target.join("guide");
        paths::remove_folder(&folder)?;
        write_sheets(paths, &folder)?;
        let has_browser = process::ask(Command::new(BROWSER).arg("--version")).is_some();
        if !has_browser {
            note(format!("no PDF: `{BROWSER}` is not installed"));
        }
        for language in docs::LANGUAGES {
            let file = folder.join(format!("{language}.html"));
            note(file.to_string_lossy());
            if !has_browser {
                continue;
            }
            let pdf = file.with_extension("pdf");
            let pages = print(&file, &pdf)?;
            if pages != 1 {
                return Err(XtaskError::Rules {
                    count: 1,
                    list: format!("docs/guide/{language}.md: takes {pages} pages, and has to stand on one"),
                });
            }
            note(pdf.to_string_lossy());
        }
        Ok(())
    })
}

fn write_sheets(paths: &Paths, folder: &Path) -> Result<(), XtaskError> {
    paths::create_folder(&folder.join("fonts"))?;
    for font in paths::files_under(&paths.root.join("ui/static/fonts"))? {
        let copy = folder.join("fonts").join(font.file_name().unwrap_or_default());
        std::fs::copy(&font, &copy).map_err(XtaskError::file(&copy, "written"))?;
    }
    for language in docs::LANGUAGES {
        let text = paths::read_text(&paths.root.join(format!("docs/guide/{language}.md")))?;
        paths::write(&folder.join(format!("{language}.html")), sheet(language, &text))?;
    }
    Ok(())
}

/// Prints a page into a PDF, and says on how many sheets it stands.
fn print(file: &Path, pdf: &Path) -> Result<usize, XtaskError> {
    let mut browser = Command::new(BROWSER);
    // Root cannot start it with its sandbox; what it shows is our own page.
    browser.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
    ]);
    let argument = |name: &str, path: &Path| {
        let mut argument = OsString::from(name);
        argument.push(path);
        argument
    };
    // A profile of its own, so that it is no window of a browser that runs already.
    let profile = pdf.with_extension("profile");
    browser.arg(argument("--print-to-pdf=", pdf));
    browser.arg(argument("--user-data-dir=", &profile));
    // It talks about buses and displays that it does not need.
    browser.arg(file).stdin(Stdio::null()).stderr(Stdio::null());
    process::run(&mut browser)?;
    paths::remove_folder(&profile)?;
    let bytes = std::fs::read(pdf).map_err(XtaskError::file(pdf, "read"))?;
    Ok(sheets(&bytes))
}

/// The objects of the kind page; their tree is of another kind, `/Pages`.
fn sheets(pdf: &[u8]) -> usize {
    const KIND: &[u8] = b"/Type /Page";
    pdf.windows(KIND.len() + 1)
        .filter(|bytes| bytes.starts_with(KIND) && !bytes.ends_with(b"s"))
        .count()
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
    fn the_page_for_the_staff_is_one_sheet_in_each_language() {
        let paths = Paths::find().unwrap();
        let folder = tempfile::tempdir().unwrap();
        write_sheets(&paths, folder.path()).unwrap();
        for language in docs::LANGUAGES {
            let file = folder.path().join(format!("{language}.html"));
            let pages = print(&file, &file.with_extension("pdf")).unwrap();
            assert_eq!(pages, 1, "{language}");
        }
        // One that is too long is found.
        let file = folder.path().join("long.html");
        paths::write(&file, sheet("en", &"A line.\n\n".repeat(200))).unwrap();
        assert!(print(&file, &file.with_extension("pdf")).unwrap() > 1);
    }

    #[test]
    fn a_page_that_has_another_name_on_the_site_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path();
        paths::create_folder(&site.join("a")).unwrap();
        paths::write(&site.join("a/index.html"), "<a href=\"../b.html#c\">b</a>").unwrap();
        paths::write(
            &site.join("b.html"),
            "<a href=\"#c\"></a><a href=\"https://a.example/\"></a><img src=\"a/README.html\"><a href=\"a/index.html\"></a>",
        )
        .unwrap();
        assert_eq!(dead_links(site).unwrap(), ["b.html: a/README.html: is not there"]);
    }

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
