//! Whether the documents hold together: each is a chapter of the book, each link leads somewhere, the page for the staff
//! says what the screens say, and tests, events, devices and commands of which pages speak are those that there are.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::error::XtaskError;
use crate::paths::{self, Paths};

/// Pages outside of the book whose links must lead somewhere, too.
const OTHER_PAGES: [&str; 2] = ["README.md", "ARCHITECTURE.md"];

/// The page for the staff is there in each of them.
pub const LANGUAGES: [&str; 3] = ["kk", "ru", "en"];

/// The page that says which test holds the kiosk to what.
const NAMES_TESTS: &str = "accessibility.md";

/// The unit of the kiosk.
const UNIT: &str = "packaging/linux/alaqan-kiosk.service";

/// Where the events of a session stand.
const EVENTS: &str = "crates/verification/src/session/audit.rs";

/// Where tests stand.
const ROOMS: [&str; 6] = ["crates", "drivers", "gateway", "src-tauri", "tests", "ui/src"];

/// Besides the ends of a session and the codes, what the page for the staff has to name: the switches for who sees, hears or
/// moves otherwise, and the screens that want a member of the staff.
const NAMED: [&str; 10] = [
    "calm",
    "contrast",
    "large-text",
    "low-controls",
    "count-once",
    "speech",
    "cannot-perform",
    "operator-title",
    "own-data-title",
    "status-title",
];

/// Ends of a session of which that page says nothing: the screen itself says all that is to be done.
const ENDS_LEFT_OUT: [&str; 10] = [
    "outcome-device-unavailable",
    "outcome-document-type-not-accepted",
    "outcome-failure-to-acquire",
    "outcome-not-completed",
    "outcome-not-required",
    "outcome-palm-registered",
    "outcome-quality-insufficient",
    "outcome-refused",
    "outcome-timed-out",
    "outcome-withdrawn",
];

/// What is wrong with the documents.
pub fn broken(paths: &Paths) -> Result<Vec<String>, XtaskError> {
    let root = &paths.root;
    let docs = root.join("docs");
    let mut pages: Vec<PathBuf> = paths::files_under(&docs)?
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .collect();
    let summary = docs.join("SUMMARY.md");
    let chapters: BTreeSet<PathBuf> = read(&summary)?
        .links
        .iter()
        .map(|link| plain(&docs.join(link)))
        .collect();
    let mut broken = Vec::new();
    for page in &pages {
        if *page != summary && !chapters.contains(page) {
            broken.push(format!("{}: no chapter in docs/SUMMARY.md", shown(root, page)));
        }
    }
    pages.extend(OTHER_PAGES.map(|page| root.join(page)));
    for page in &pages {
        broken.extend(broken_links(root, page)?);
    }
    for language in LANGUAGES {
        broken.extend(broken_guide(root, language)?);
    }
    broken.extend(untested(root, &docs.join(NAMES_TESTS))?);
    broken.extend(unopened(
        &paths::read_text(&root.join(UNIT))?,
        &paths::read_text(&docs.join("lock-down.md"))?,
    ));
    broken.extend(untold_events(
        &paths::read_text(&root.join(EVENTS))?,
        &paths::read_text(&docs.join("audit.md"))?,
    ));
    Ok(broken)
}

/// The devices and groups of the unit of which the page about it says nothing.
fn unopened(unit: &str, page: &str) -> Vec<String> {
    let values = |key: &'static str| {
        unit.lines()
            .filter_map(move |line| line.strip_prefix(key))
            .flat_map(str::split_whitespace)
    };
    values("DeviceAllow=")
        .chain(values("SupplementaryGroups="))
        .filter(|word| !["r", "rw"].contains(word) && !page.contains(&format!("`{word}`")))
        .map(|word| format!("docs/lock-down.md: nothing about `{word}` of the unit"))
        .collect()
}

/// The events of a session that the page of the audit log leaves out.
fn untold_events(program: &str, page: &str) -> Vec<String> {
    let behind = program
        .split_once("pub enum AuditEvent {")
        .map(|(_, behind)| behind);
    let variants = behind
        .and_then(|behind| behind.split_once("\n}"))
        .map(|(variants, _)| variants);
    let Some(variants) = variants else {
        return vec![format!(
            "{EVENTS}: the events of a session do not stand there any more"
        )];
    };
    variants
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .filter_map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric()).next())
        .filter(|event| !page.contains(&format!("`{event}`")) && !page.contains(&format!("`{event} ")))
        .map(|event| format!("docs/audit.md: nothing about the event `{event}`"))
        .collect()
}

/// The tests that this page names and that are nowhere.
fn untested(root: &Path, page: &Path) -> Result<Vec<String>, XtaskError> {
    let mut programs = String::new();
    for room in ROOMS {
        for file in paths::files_under(&root.join(room))? {
            if file.extension().is_some_and(|extension| extension == "rs") {
                programs += &paths::read_text(&file)?;
            }
        }
    }
    Ok(named_tests(&paths::read_text(page)?)
        .into_iter()
        .filter(|test| !programs.contains(&format!("fn {test}(")))
        .map(|test| format!("{}: no test is called `{test}`", shown(root, page)))
        .collect())
}

/// What is written as code and looks like the name of a test: three words and more, perhaps behind the name of a room.
fn named_tests(text: &str) -> BTreeSet<String> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
        .filter_map(|event| match event {
            Event::Code(code) => code.rsplit(' ').next().map(str::to_owned),
            _ => None,
        })
        .filter(|name| {
            let is_name = name
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_');
            is_name && name.split('_').filter(|word| !word.is_empty()).count() > 2
        })
        .collect()
}

fn shown(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).display().to_string()
}

/// What a page links to, and where one can link to in it.
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

fn read(file: &Path) -> Result<Page, XtaskError> {
    Ok(parse(&paths::read_text(file)?))
}

fn parse(text: &str) -> Page {
    let mut page = Page {
        links: Vec::new(),
        anchors: BTreeSet::new(),
    };
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.into_string());
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let Some(words) = heading.take() else { continue };
                let first = anchor(&words);
                let mut name = first.clone();
                let mut again = 0;
                // The second heading of the same words has a number, as everywhere.
                while !page.anchors.insert(name) {
                    again += 1;
                    name = format!("{first}-{again}");
                }
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    *heading += &words;
                }
            }
            _ => {}
        }
    }
    page
}

/// The name under which GitHub and mdBook let one link to a heading.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        })
        .collect()
}

fn broken_links(root: &Path, file: &Path) -> Result<Vec<String>, XtaskError> {
    let page = read(file)?;
    let mut broken = Vec::new();
    for link in &page.links {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (target, part) = link.split_once('#').unwrap_or((link, ""));
        let folder = file.parent().unwrap_or(root);
        let target = if target.is_empty() {
            file.to_path_buf()
        } else {
            plain(&folder.join(target))
        };
        let tell = |what: &str| format!("{}: {link}: {what}", shown(root, file));
        if !target.exists() {
            broken.push(tell("is not there"));
        } else if !part.is_empty() && target.extension().is_some_and(|extension| extension == "md") {
            let is_there = if target == file {
                page.anchors.contains(part)
            } else {
                read(&target)?.anchors.contains(part)
            };
            if !is_there {
                broken.push(tell("no such heading"));
            }
        }
    }
    Ok(broken)
}

/// The path without `.` and `..`, as far as that can be said without looking.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// Each code of the screen and each end of a session is explained, each switch is named, and what is said to stand on the
/// screen does.
fn broken_guide(root: &Path, language: &str) -> Result<Vec<String>, XtaskError> {
    let guide = paths::read_text(&root.join(format!("docs/guide/{language}.md")))?;
    let mut texts = String::new();
    for file in paths::files_under(&root.join("locales").join(language))? {
        if file.extension().is_some_and(|extension| extension == "ftl") {
            texts += &paths::read_text(&file)?;
        }
    }
    Ok(guide_faults(
        &format!("docs/guide/{language}.md"),
        &guide,
        &texts,
        &NAMED,
    ))
}

fn guide_faults(file: &str, guide: &str, texts: &str, named: &[&str]) -> Vec<String> {
    let messages: Vec<(&str, &str)> = texts
        .lines()
        .filter(|line| !line.starts_with(' ') && !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .collect();
    let mut broken = Vec::new();
    for (key, _) in &messages {
        let code = key.strip_prefix("out-of-service-").unwrap_or_default();
        let is_code = !["", "title", "body", "code"].contains(&code);
        if is_code && !guide.contains(&format!("| `{code}` |")) {
            broken.push(format!("{file}: nothing about the code `{code}`"));
        }
    }
    let quotes = quotes(guide);
    let message_of = |wanted: &str| {
        messages
            .iter()
            .find_map(|(key, message)| (*key == wanted).then_some(*message))
    };
    let ends = messages.iter().map(|(key, _)| *key).filter(|key| {
        key.starts_with("outcome-")
            && message_of(&format!("{key}-body")).is_some()
            && !ENDS_LEFT_OUT.contains(key)
    });
    for key in ends.chain(named.iter().copied()) {
        match message_of(key) {
            None => broken.push(format!("{file}: no screen has a text `{key}`")),
            Some(message) if !quotes.contains(&message.trim_end_matches('.')) => {
                broken.push(format!("{file}: nothing about \"{message}\" (`{key}`)"));
            }
            Some(_) => {}
        }
    }
    for quoted in quotes {
        // A message may go on behind what is quoted.
        let is_said = |message: &str| message.trim_end_matches('.').starts_with(quoted);
        if !messages.iter().any(|(_, message)| is_said(message)) {
            broken.push(format!("{file}: no screen says \"{quoted}\""));
        }
    }
    broken
}

/// What stands in quotation marks of any language.
fn quotes(text: &str) -> Vec<&str> {
    let mut quotes = Vec::new();
    for (open, close) in [('«', '»'), ('"', '"')] {
        let mut rest = text;
        while let Some((_, behind)) = rest.split_once(open) {
            let Some((quoted, behind)) = behind.split_once(close) else {
                break;
            };
            quotes.push(quoted);
            rest = behind;
        }
    }
    quotes
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_documents_hold_together() {
        let broken = broken(&Paths::find().unwrap()).unwrap();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    /// Whoever wants to try something finds it there.
    #[test]
    fn every_command_is_told_of() {
        let text = paths::read_text(&Paths::find().unwrap().root.join("docs/trying.md")).unwrap();
        let told: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("| `cargo xtask "))
            .collect();
        let told = told.join("\n");
        for command in crate::Arguments::command().get_subcommands() {
            let name = command.get_name();
            let inner: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            for inner in inner {
                assert!(told.contains(&format!("{name} {inner}`")), "{name} {inner}");
            }
            let alone = [format!("`{name}`"), format!("`cargo xtask {name}`")];
            let is_told =
                command.has_subcommands() || alone.iter().any(|alone| told.contains(alone.as_str()));
            assert!(is_told, "{name}");
        }
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("b")).unwrap();
        std::fs::write(root.join("b/c.md"), "# The `code` of it, twice\n# X\n# X\n").unwrap();
        let check = |text: &str, expect: &[&str]| {
            let file = root.join("a.md");
            std::fs::write(&file, text).unwrap();
            assert_eq!(broken_links(root, &file).unwrap(), expect, "{text}");
        };
        check(
            "[x](b/c.md) [y](b/../b/c.md#the-code-of-it-twice) <https://a.example>",
            &[],
        );
        check("[x](b/c.md#x-1) [y](#z)\n\n## Z\n", &[]);
        check("[x](d.md)", &["a.md: d.md: is not there"]);
        check("![x](d.png)", &["a.md: d.png: is not there"]);
        check("[x](b/c.md#x-2)", &["a.md: b/c.md#x-2: no such heading"]);
        check("`[x](d.md)`\n\n```\n[x](d.md)\n```\n", &[]);
    }

    #[test]
    fn a_device_of_which_nothing_is_told_is_found() {
        let unit = "SupplementaryGroups=video lp\nDeviceAllow=char-usb rw\nDeviceAllow=/dev/a r\nDevicePolicy=closed\n";
        assert_eq!(unopened(unit, "`video` `lp` | `char-usb` | `/dev/a`"), [""; 0]);
        assert_eq!(
            unopened(unit, "`video` lp | `char-usb_device` | `/dev/a`"),
            ["char-usb", "lp"].map(|word| format!("docs/lock-down.md: nothing about `{word}` of the unit"))
        );
    }

    #[test]
    fn an_event_of_which_nothing_is_told_is_found() {
        let program = "pub enum AuditEvent {\n    /// It opened.\n    Opened,\n    Chosen {\n        /// What.\n        what: Way,\n    },\n    \
            Failed(Fault),\n}\n\nimpl X {\n    Other";
        let check = |page: &str, expect: &[&str]| assert_eq!(untold_events(program, page), expect, "{page}");
        check("| `Opened`, `Chosen what=` | | `Failed fault=` |", &[]);
        check(
            "| `OpenedAgain`, `Chosen what=` | | `Failed` |",
            &["docs/audit.md: nothing about the event `Opened`"],
        );
        assert_eq!(untold_events("", "").len(), 1);
    }

    #[test]
    fn a_test_that_is_nowhere_is_found() {
        let named =
            named_tests("| `two_words` | `tokens.rs: nothing_is_lost`, `it_is_so` and not `a-b` or a_b_c |");
        assert_eq!(Vec::from_iter(named), ["it_is_so", "nothing_is_lost"]);
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for room in ROOMS {
            std::fs::create_dir_all(root.join(room)).unwrap();
        }
        std::fs::write(
            root.join("tests/a.rs"),
            "fn it_is_so() {}\nfn it_is_so_again() {}",
        )
        .unwrap();
        let page = root.join("a.md");
        std::fs::write(&page, "`it_is_so` `room: it_is`").unwrap();
        assert_eq!(untested(root, &page).unwrap(), [""; 0]);
        std::fs::write(&page, "`it_is_so` `room: so_it_is`").unwrap();
        assert_eq!(
            untested(root, &page).unwrap(),
            ["a.md: no test is called `so_it_is`"]
        );
    }

    #[test]
    fn a_guide_that_says_something_else_is_found() {
        let texts = "out-of-service-title = The kiosk is out of service for now\nout-of-service-disk = Full\nslip = No paper. Tell somebody.\n";
        let check = |guide: &str, expect: &[&str]| {
            assert_eq!(guide_faults("g", guide, texts, &[]), expect, "{guide}");
        };
        check("| `disk` | \"No paper\"", &[]);
        check("\"No paper\"", &["g: nothing about the code `disk`"]);
        check("| `disk` | «No ink»", &["g: no screen says \"No ink\""]);
    }

    #[test]
    fn a_guide_that_fell_behind_the_screens_is_found() {
        let texts = "large-text = Large text\noutcome-new = You are lucky\noutcome-new-body = Go on.\noutcome-withdrawn = You ended it\n\
            outcome-withdrawn-body = Begin again.\noutcome-record = Record number\n";
        let check = |guide: &str, named: &[&str], expect: &[&str]| {
            assert_eq!(guide_faults("g", guide, texts, named), expect, "{guide}");
        };
        check("\"You are lucky\" \"Large text\"", &["large-text"], &[]);
        check(
            "\"Large text\"",
            &["large-text"],
            &["g: nothing about \"You are lucky\" (`outcome-new`)"],
        );
        check(
            "\"You are lucky\" \"Large\"",
            &["large-text"],
            &["g: nothing about \"Large text\" (`large-text`)"],
        );
        check(
            "\"You are lucky\"",
            &["small-text"],
            &["g: no screen has a text `small-text`"],
        );
    }
}
