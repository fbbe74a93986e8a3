//! What can be told about the looks without a browser: that nothing is mirrored or fades, and that nothing comes from outside.
//! Colours, sizes, movement and letters are looked at in `crates/stage/tests/tokens.rs`.

use std::fs;
use std::path::{Path, PathBuf};

fn static_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("static").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All style sheets, one after the other.
fn styles() -> String {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("static"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "css"))
        .map(|path| fs::read_to_string(path).expect("a style sheet is text"))
        .collect()
}

/// The shell mirrors the picture and the drawings are drawn for a mirror: nothing is mirrored a second time.
#[test]
fn nothing_is_mirrored_by_style() {
    let style = styles();
    for mirror in ["scaleX(", "scale(-", "rotateY(", "scale: -", "matrix("] {
        assert!(!style.contains(mirror), "{mirror}");
    }
}

/// The light of the screen comes at once, for frames are compared with it; it fades only for those who ask for calm.
#[test]
fn only_calm_colours_fade() {
    let style = styles();
    let fades: Vec<usize> = style.match_indices("transition:").map(|(at, _)| at).collect();
    assert_eq!(fades.len(), 2, "calm colours, and reduced motion");
    for at in fades {
        let before = &style[..at];
        let rule = &before[before.rfind('}').unwrap_or_default()..];
        let calm = rule.contains(".kiosk--calm") || rule.contains("prefers-reduced-motion: reduce");
        assert!(calm, "{rule}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

#[test]
fn style_names_only_files_that_are_shipped() {
    let style = styles();
    for rest in style.split("url(").skip(1) {
        let name = rest.split(')').next().unwrap_or_default();
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("static")
                .join(name)
                .is_file(),
            "{name}"
        );
    }
}

/// The content security policy of the shell refuses all of these.
#[test]
fn page_has_nothing_inline_and_nothing_from_outside() {
    let page = static_file("index.html");
    assert!(!page.contains("style=") && !page.contains("<style"));
    assert!(!page.contains("//"), "an address");
    for tag in page.split("<link").skip(1) {
        let name = tag
            .split_once("href=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .expect("a link has href")
            .0;
        let is_built = ["alaqan.js", "alaqan_bg.wasm"].contains(&name);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
        assert!(is_built || folder.join(name).is_file(), "{name}");
    }
    for script in page.split("<script").skip(1) {
        assert!(
            script.contains("src=") && script.contains("></script>"),
            "{script}"
        );
    }
    assert!(!styles().contains("http"));
    assert!(!static_file("boot.js").contains("http"));
}
