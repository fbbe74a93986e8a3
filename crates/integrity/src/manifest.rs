//! The manifest of an installation: which files belong to a release.
//!
//! A content has exactly one text, so that two packagers who build the same files sign the same bytes:
//!
//! ```text
//! alaqan-manifest 1
//! version 0.1.0
//! target x86_64-linux
//! exclusive .
//! file <64 hexadecimal digits of the SHA-256> <size in bytes> bin/alaqan
//! ```
//!
//! Lines end in LF. Folders and then files are sorted by the bytes of their paths. `exclusive` names a folder in which
//! nothing but listed files may stand, at any depth; `.` is the whole installation.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::IntegrityError;

/// No manifest is longer.
pub const MANIFEST_MAX_BYTES: usize = 8 * 1024 * 1024;
/// A manifest lists at most so many files.
const FILES_MAX: usize = 50_000;
/// A path has at most so many bytes.
const PATH_MAX_BYTES: usize = 512;
/// A version or target has at most so many.
const WORD_MAX_BYTES: usize = 64;

const HEADER: &str = "alaqan-manifest 1";
/// The whole installation, where a folder is named.
const WHOLE: &str = ".";

/// Names that Windows gives to devices, in every folder and with any ending.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Bytes that it has.
    pub size: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
}

/// Which files belong to a release. All its paths are relative, with `/` between their parts, and cannot lead out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    version: String,
    target: String,
    /// Folders; the whole installation is the empty path.
    exclusive: BTreeSet<String>,
    files: BTreeMap<String, Entry>,
}

impl Manifest {
    /// A manifest of these files. A folder `.` is the whole installation.
    ///
    /// # Errors
    /// [`IntegrityError::Word`], [`IntegrityError::Path`], [`IntegrityError::Twice`], [`IntegrityError::TooMany`], and
    /// [`IntegrityError::TooLong`] for a manifest that nobody would read.
    pub fn new(
        version: &str,
        target: &str,
        exclusive: impl IntoIterator<Item = String>,
        files: impl IntoIterator<Item = (String, Entry)>,
    ) -> Result<Self, IntegrityError> {
        let mut folders = BTreeSet::new();
        for folder in exclusive {
            let folder = if folder == WHOLE {
                String::new()
            } else {
                check_path(&folder)?;
                folder
            };
            if let Some(folder) = folders.replace(folder) {
                return Err(IntegrityError::Twice(folder));
            }
        }
        let mut listed = BTreeMap::new();
        for (path, entry) in files {
            check_path(&path)?;
            if listed.len() == FILES_MAX {
                return Err(IntegrityError::TooMany(FILES_MAX));
            }
            if listed.insert(path.clone(), entry).is_some() {
                return Err(IntegrityError::Twice(path));
            }
        }
        let manifest = Self {
            version: word(version)?,
            target: word(target)?,
            exclusive: folders,
            files: listed,
        };
        manifest.check_each_path_once()?;
        let length = manifest.to_text().len();
        if length > MANIFEST_MAX_BYTES {
            return Err(IntegrityError::TooLong(length));
        }
        Ok(manifest)
    }

    /// Reads a manifest. It is judged whole: nothing in it is passed over.
    ///
    /// # Errors
    /// As [`Manifest::new`], and [`IntegrityError::Line`] or [`IntegrityError::Form`] for a text that is not the one of its
    /// content.
    pub fn parse(bytes: &[u8]) -> Result<Self, IntegrityError> {
        if bytes.len() > MANIFEST_MAX_BYTES {
            return Err(IntegrityError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            IntegrityError::Line(1 + before.iter().filter(|byte| **byte == b'\n').count())
        })?;
        let mut lines = text.split_terminator('\n');
        if lines.next() != Some(HEADER) {
            return Err(IntegrityError::Line(1));
        }
        let mut named = |number: usize, name: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name));
            line.ok_or(IntegrityError::Line(number))
        };
        let version = named(2, "version ")?;
        let target = named(3, "target ")?;
        let mut exclusive = Vec::new();
        let mut files = Vec::new();
        for (number, line) in (4..).zip(lines) {
            match line.split_once(' ') {
                Some(("exclusive", folder)) => exclusive.push(folder.to_owned()),
                Some(("file", rest)) => files.push(file(rest).ok_or(IntegrityError::Line(number))?),
                _ => return Err(IntegrityError::Line(number)),
            }
        }
        let manifest = Self::new(version, target, exclusive, files)?;
        if manifest.to_text() != text {
            return Err(IntegrityError::Form);
        }
        Ok(manifest)
    }

    /// The one text of this content: the bytes that are signed.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\nversion {}\ntarget {}\n", self.version, self.target);
        for folder in &self.exclusive {
            let folder = if folder.is_empty() { WHOLE } else { folder };
            text += &format!("exclusive {folder}\n");
        }
        for (path, Entry { size, sha256 }) in &self.files {
            text += &format!("file {} {size} {path}\n", hex(sha256));
        }
        text
    }

    /// The version of the software.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it was built for, such as `x86_64-linux`.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// All files, sorted by their paths.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&str, &Entry)> {
        self.files.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// The file of this path.
    pub fn file(&self, path: &str) -> Option<&Entry> {
        self.files.get(path)
    }

    /// The folders in which nothing but listed files and one another may stand: the exclusive ones, and those below them
    /// that lead to a listed file. The whole installation is the empty path.
    pub fn closed_folders(&self) -> BTreeSet<&str> {
        let mut closed: BTreeSet<&str> = self.exclusive.iter().map(String::as_str).collect();
        let paths = self.files.keys().chain(&self.exclusive);
        for folder in paths.flat_map(|path| parents(path)) {
            if self.exclusive.iter().any(|root| is_in(folder, root)) {
                closed.insert(folder);
            }
        }
        closed
    }

    /// Whether no path is a part of another, or another but for large and small letters, which Windows does not tell apart.
    fn check_each_path_once(&self) -> Result<(), IntegrityError> {
        let folded: BTreeMap<String, &str> = self
            .files
            .keys()
            .map(|path| (path.to_lowercase(), path.as_str()))
            .collect();
        let twice = |path: &str| IntegrityError::Twice(path.to_owned());
        if folded.len() != self.files.len() {
            let other = self
                .files
                .keys()
                .find(|path| folded.get(&path.to_lowercase()) != Some(&path.as_str()));
            return Err(twice(other.map_or("", String::as_str)));
        }
        for path in self.files.keys().chain(&self.exclusive) {
            let lower = path.to_lowercase();
            let is_folder = self.exclusive.contains(path);
            let mut above = parents(&lower).chain(is_folder.then_some(lower.as_str()));
            if above.any(|folder| folded.contains_key(folder)) {
                return Err(twice(path));
            }
        }
        Ok(())
    }
}

/// `<sha256> <size> <path>`.
fn file(text: &str) -> Option<(String, Entry)> {
    let mut parts = text.splitn(3, ' ');
    let sha256 = bytes_of_hex(parts.next()?)?;
    let size = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), Entry { size, sha256 }))
}

/// The folders above a path, from the installation itself (the empty path) downwards.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    let root = (!path.is_empty()).then_some("");
    let inner = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    root.into_iter().chain(inner)
}

/// Whether a folder is another one or lies in it.
fn is_in(folder: &str, root: &str) -> bool {
    root.is_empty()
        || folder
            .strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn word(text: &str) -> Result<String, IntegrityError> {
    let is_word = (1..=WORD_MAX_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte));
    if is_word {
        Ok(text.to_owned())
    } else {
        Err(IntegrityError::Word(text.to_owned()))
    }
}

/// Whether a path is relative, stays inside, and names the same file on every system.
fn check_path(path: &str) -> Result<(), IntegrityError> {
    let refuse = |why| {
        Err(IntegrityError::Path {
            path: path.to_owned(),
            why,
        })
    };
    if path.is_empty() || path.len() > PATH_MAX_BYTES {
        return refuse("it is empty or too long");
    }
    if path.starts_with('/') {
        return refuse("it does not begin in the folder of the installation");
    }
    if path.contains('\\') {
        return refuse("a backslash, which separates folders on Windows alone");
    }
    if path
        .chars()
        .any(|letter| letter.is_control() || ":*?\"<>|".contains(letter))
    {
        return refuse("a character that Windows does not have in names, or one that cannot be seen");
    }
    for part in path.split('/') {
        if part.is_empty() || part == "." || part == ".." {
            return refuse("an empty part, \".\" or \"..\"");
        }
        if part.starts_with(' ') || part.ends_with([' ', '.']) {
            return refuse(
                "a part that begins with a blank, or ends in a blank or a dot, which Windows drops",
            );
        }
        let stem = part.split('.').next().unwrap_or(part).trim_end().to_lowercase();
        let numbered = stem.strip_prefix("com").or(stem.strip_prefix("lpt"));
        let is_port =
            numbered.is_some_and(|rest| rest.chars().count() == 1 && !rest.contains(char::is_alphabetic));
        if is_port || DEVICES.contains(&stem.as_str()) {
            return refuse("a name that Windows gives to a device");
        }
    }
    Ok(())
}

/// SHA-256 of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of hexadecimal digits. `None` for another number of them, and for other characters.
pub(crate) fn bytes_of_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    fn entry(size: u64) -> Entry {
        Entry {
            size,
            sha256: [0xab; 32],
        }
    }

    fn manifest(exclusive: &[&str], files: &[&str]) -> Result<Manifest, IntegrityError> {
        Manifest::new(
            "0.1.0",
            "x86_64-linux",
            exclusive.iter().map(|folder| (*folder).to_owned()),
            files.iter().map(|path| ((*path).to_owned(), entry(3))),
        )
    }

    #[test]
    fn it_keeps_its_form() {
        let made = manifest(
            &["share/models", "."],
            &["share/models/b.onnx", "bin/alaqan", "share/Übersicht 1.txt"],
        )
        .unwrap();
        expect![[r#"
            alaqan-manifest 1
            version 0.1.0
            target x86_64-linux
            exclusive .
            exclusive share/models
            file abababababababababababababababababababababababababababababababab 3 bin/alaqan
            file abababababababababababababababababababababababababababababababab 3 share/models/b.onnx
            file abababababababababababababababababababababababababababababababab 3 share/Übersicht 1.txt
        "#]]
        .assert_eq(&made.to_text());
        assert_eq!(Manifest::parse(made.to_text().as_bytes()).unwrap(), made);
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        let long = "a/".repeat(300) + "a";
        for path in [
            "",
            "/etc/passwd",
            "//server/share",
            "../outside",
            "bin/../../outside",
            "bin/..",
            "./bin",
            "bin//alaqan",
            "bin/",
            "bin\\alaqan",
            "..\\outside",
            "C:/Windows",
            "C:file",
            "alaqan.exe:stream",
            "bin/alaqan\0",
            "bin/ala\nqan",
            "bin/alaqan.",
            "bin/alaqan ",
            " bin/alaqan",
            "NUL",
            "bin/con.txt",
            "bin/Com1",
            "lpt²",
            &long,
        ] {
            let refused = manifest(&[], &[path]);
            assert!(
                matches!(refused, Err(IntegrityError::Path { .. })),
                "{path:?}: {refused:?}"
            );
            let refused = manifest(&[path], &[]);
            assert!(
                matches!(refused, Err(IntegrityError::Path { .. })),
                "{path:?}: {refused:?}"
            );
        }
        for path in ["...x", "bin/..x", "common/company", "a b/ц", ".hidden"] {
            assert!(manifest(&[path], &[&format!("{path}/x")]).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn no_path_stands_twice() {
        let check = |exclusive: &[&str], files: &[&str]| {
            let refused = manifest(exclusive, files);
            assert!(
                matches!(refused, Err(IntegrityError::Twice(_))),
                "{files:?}: {refused:?}"
            );
        };
        check(&[], &["a", "a"]);
        check(&[], &["bin/a", "bin/A"]);
        check(&[], &["Bin/a", "bin/A"]);
        check(&[], &["a", "a/b"]);
        check(&[], &["A", "a/b"]);
        check(&[], &["a", "a/b/c"]);
        check(&["a"], &["a"]);
        check(&["a/b"], &["a"]);
        check(&["a", "a"], &[]);
        check(&[".", "."], &[]);
    }

    #[test]
    fn another_text_of_the_same_content_is_refused() {
        let text = manifest(&["."], &["a", "b"]).unwrap().to_text();
        let check = |from: &str, to: &str| {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            assert!(Manifest::parse(changed.as_bytes()).is_err(), "{changed}");
        };
        check("alaqan-manifest 1", "alaqan-manifest 2");
        check("version 0.1.0\n", "");
        check("version 0.1.0", "version 0.1 0");
        check("version 0.1.0", "version ");
        check("ab 3 a", "ab 03 a");
        check("ab 3 a", "ab +3 a");
        check("ab 3 a", "ab -3 a");
        check("ab 3 a", "ab 99999999999999999999 a");
        check("ab 3 a", "AB 3 a");
        check("ab 3 a", "ab  3 a");
        check("ab 3 a", "ab 3 c");
        check("\nfile", "\n\nfile");
        check("\n", "\r\n");
        check("exclusive .", "exclusive ./");
        check("exclusive", "inclusive");
        assert!(Manifest::parse(text.trim_end().as_bytes()).is_err());
        assert!(Manifest::parse(format!("{text}\n").as_bytes()).is_err());
        assert!(Manifest::parse(&vec![b'a'; MANIFEST_MAX_BYTES + 1]).is_err());
        let broken = Manifest::parse(b"alaqan-manifest 1\nversion \xff");
        assert!(matches!(broken, Err(IntegrityError::Line(2))), "{broken:?}");
    }

    #[test]
    fn closed_folders_are_those_that_lead_to_listed_files() {
        let check = |exclusive: &[&str], files: &[&str], expect: &[&str]| {
            let made = manifest(exclusive, files).unwrap();
            assert_eq!(made.closed_folders().into_iter().collect::<Vec<_>>(), expect);
        };
        check(&[], &["a/b/c"], &[]);
        check(&["."], &["a/b/c", "d"], &["", "a", "a/b"]);
        check(&["a"], &["a/b/c", "ab/c"], &["a", "a/b"]);
        check(&["a/b"], &["a/b/c/d", "a/x"], &["a/b", "a/b/c"]);
        check(&["."], &[], &[""]);
        check(&[".", "a/empty"], &[], &["", "a", "a/empty"]);
    }

    fn lines() -> impl Strategy<Value = String> {
        let digits = "[0-9a-fA-F]{63,65}";
        let line = prop_oneof![
            Just("exclusive .".to_owned()),
            "(exclusive|file) \\PC{0,20}",
            (digits, "[0-9+-]{0,22}", "[a-z/\\\\. :]{0,9}")
                .prop_map(|(hash, size, path)| format!("file {hash} {size} {path}")),
            any::<String>(),
        ];
        proptest::collection::vec(line, 0..6)
            .prop_map(|lines| format!("{HEADER}\nversion 1\ntarget a\n{}\n", lines.join("\n")))
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Manifest::parse(&bytes);
        }

        #[test]
        fn what_is_taken_is_written_the_same(text in lines()) {
            if let Ok(manifest) = Manifest::parse(text.as_bytes()) {
                prop_assert_eq!(manifest.to_text(), text);
            }
        }

        #[test]
        fn no_path_that_is_taken_leads_out(path in "[a-c./\\\\: ]{0,12}") {
            if check_path(&path).is_ok() {
                let parts: Vec<_> = std::path::Path::new(&path).components().collect();
                let plain = parts.iter().all(|part| matches!(part, std::path::Component::Normal(_)));
                prop_assert!(plain && parts.len() == path.split('/').count());
            }
        }

        #[test]
        fn every_manifest_comes_back(names in proptest::collection::btree_set("[a-z]{1,3}(/[a-z]{4,5}){0,2}", 0..8), sizes: u64) {
            let files = names.iter().map(|name| (format!("{name}.x"), entry(sizes)));
            let made = Manifest::new("1", "t", [".".to_owned()], files);
            // One name may be a device of Windows.
            if let Ok(made) = made {
                prop_assert_eq!(Manifest::parse(made.to_text().as_bytes()).unwrap(), made);
            }
        }
    }
}
