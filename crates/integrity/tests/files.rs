//! Installations on a real disk, and what may become of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use integrity::{
    Checked, Installation, MANIFEST_NAME, Manifest, Release, ReleaseSigner, What, list, make_key,
    signature_of, this_target,
};
use sha2::Digest;
use verification::integrity::{FilesState, Paths};

/// An installation in a folder of its own.
struct Kiosk {
    // Removed when the test is over.
    _place: tempfile::TempDir,
    /// Beside the installation.
    outside: PathBuf,
    key: ReleaseSigner,
    installation: Installation,
}

const FILES: &[(&str, &str)] = &[
    ("bin/alaqan", "the program"),
    ("share/models/face.onnx", "many numbers"),
    ("share/models/palm.onnx", "other numbers"),
    ("share/empty", ""),
];

impl Kiosk {
    fn new() -> Self {
        Self::with_exclusive(&["."])
    }

    fn with_exclusive(exclusive: &[&str]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("alaqan");
        let outside = place.path().join("outside");
        fs::create_dir(&outside).unwrap();
        for (path, text) in FILES {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let key = make_key().unwrap();
        let kiosk = Self {
            installation: Installation {
                manifest: folder.join(MANIFEST_NAME),
                program: Some(folder.join("bin/alaqan")),
                folder,
                keys: vec![key.public_key()],
                release: Some(Release {
                    version: "0.1.0".into(),
                    target: this_target(),
                }),
            },
            key,
            outside,
            _place: place,
        };
        let exclusive: Vec<String> = exclusive.iter().map(|folder| (*folder).to_owned()).collect();
        let made = list(
            &kiosk.installation.folder,
            "0.1.0",
            &this_target(),
            &exclusive,
            &[],
        )
        .unwrap();
        kiosk.sign(&made.to_text());
        kiosk
    }

    fn sign(&self, text: &str) {
        let manifest = &self.installation.manifest;
        fs::write(manifest, text).unwrap();
        fs::write(signature_of(manifest), self.key.sign(text.as_bytes())).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.installation.folder.join(path)
    }

    /// The files' state, and each thing that was told, sorted.
    fn check(&self) -> (Checked, Vec<(String, What)>) {
        let mut told = Vec::new();
        let checked = self
            .installation
            .check(&mut |deviation| told.push((deviation.path.clone(), deviation.what.clone())));
        told.sort_by(|one, other| one.0.cmp(&other.0));
        if let FilesState::Deviating(found) = &checked.files {
            let count = |is_of: fn(&What) -> bool| told.iter().filter(|(_, what)| is_of(what)).count() as u64;
            let altered =
                |what: &What| matches!(what, What::Size { .. } | What::Content | What::Link | What::Kind);
            assert_eq!(found.altered.count(), count(altered));
            assert_eq!(found.missing.count(), count(|what| *what == What::Missing));
            assert_eq!(found.extra.count(), count(|what| *what == What::Extra));
            assert_eq!(
                found.unreadable.count(),
                count(|what| matches!(what, What::Unreadable(_)))
            );
            assert_eq!(
                found.is_program_elsewhere,
                count(|what| *what == What::Program) == 1
            );
            assert!(!told.is_empty() && checked.manifest_sha256.is_some());
        } else {
            assert_eq!(told, []);
        }
        (checked, told)
    }
}

/// One change of an installation that was intact, and what is told of it.
fn check(change: impl FnOnce(&Kiosk), expect: &[(&str, What)]) {
    let kiosk = Kiosk::new();
    assert_eq!(kiosk.check().0.files, FilesState::Intact { files: 4 });
    change(&kiosk);
    let expect: Vec<(String, What)> = expect
        .iter()
        .map(|(path, what)| ((*path).to_owned(), what.clone()))
        .collect();
    assert_eq!(kiosk.check().1, expect);
}

#[test]
fn a_release_is_intact_as_it_was_installed() {
    let kiosk = Kiosk::new();
    let (checked, _) = kiosk.check();
    assert_eq!(checked.files, FilesState::Intact { files: 4 });
    let text = fs::read(&kiosk.installation.manifest).unwrap();
    assert_eq!(
        checked.manifest_sha256.unwrap()[..],
        sha2::Sha256::digest(&text)[..]
    );
}

#[test]
fn altered_and_truncated_files_are_found() {
    let model = "share/models/face.onnx";
    check(
        |kiosk| fs::write(kiosk.path(model), "MANY numbers").unwrap(),
        &[(model, What::Content)],
    );
    let size = |found| What::Size { expected: 12, found };
    check(
        |kiosk| fs::write(kiosk.path(model), "many").unwrap(),
        &[(model, size(4))],
    );
    check(
        |kiosk| fs::write(kiosk.path(model), "").unwrap(),
        &[(model, size(0))],
    );
    check(
        |kiosk| fs::write(kiosk.path(model), "many numbers more").unwrap(),
        &[(model, size(17))],
    );
    let swap = |kiosk: &Kiosk| {
        fs::write(kiosk.path("bin/alaqan"), "teh program").unwrap();
        fs::write(kiosk.path("share/empty"), "x").unwrap();
    };
    check(
        swap,
        &[
            ("bin/alaqan", What::Content),
            (
                "share/empty",
                What::Size {
                    expected: 0,
                    found: 1,
                },
            ),
        ],
    );
}

#[test]
fn removed_and_added_files_are_found() {
    check(
        |kiosk| fs::remove_file(kiosk.path("share/empty")).unwrap(),
        &[("share/empty", What::Missing)],
    );
    check(
        |kiosk| fs::remove_dir_all(kiosk.path("share/models")).unwrap(),
        &[
            ("share/models/face.onnx", What::Missing),
            ("share/models/palm.onnx", What::Missing),
        ],
    );
    let add = |kiosk: &Kiosk| {
        fs::write(kiosk.path("bin/libhook.so"), "x").unwrap();
        fs::write(kiosk.path(".hidden"), "x").unwrap();
        fs::create_dir_all(kiosk.path("plug-ins/deep")).unwrap();
        fs::write(kiosk.path("plug-ins/deep/x.so"), "x").unwrap();
    };
    check(
        add,
        &[
            (".hidden", What::Extra),
            ("bin/libhook.so", What::Extra),
            ("plug-ins", What::Extra),
        ],
    );
    // A folder where a file was, and a file where a folder was.
    let exchange = |kiosk: &Kiosk| {
        fs::remove_file(kiosk.path("share/empty")).unwrap();
        fs::create_dir(kiosk.path("share/empty")).unwrap();
        fs::remove_dir_all(kiosk.path("share/models")).unwrap();
        fs::write(kiosk.path("share/models"), "x").unwrap();
    };
    check(
        exchange,
        &[
            ("share/empty", What::Kind),
            ("share/models", What::Kind),
            ("share/models/face.onnx", What::Kind),
            ("share/models/palm.onnx", What::Kind),
        ],
    );
}

#[test]
fn folders_that_are_shared_with_others_may_hold_more() {
    let kiosk = Kiosk::with_exclusive(&["share/models"]);
    fs::write(kiosk.path("bin/other-program"), "x").unwrap();
    fs::write(kiosk.path("share/other"), "x").unwrap();
    assert_eq!(kiosk.check().0.files, FilesState::Intact { files: 4 });
    fs::write(kiosk.path("share/models/other.onnx"), "x").unwrap();
    assert_eq!(kiosk.check().1, [("share/models/other.onnx".into(), What::Extra)]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    // Each leads to the right content, and is still not what was installed.
    let model = "share/models/face.onnx";
    check(
        |kiosk| {
            let moved = kiosk.outside.join("face.onnx");
            fs::rename(kiosk.path(model), &moved).unwrap();
            symlink(moved, kiosk.path(model)).unwrap();
        },
        &[(model, What::Link)],
    );
    check(
        |kiosk| {
            let moved = kiosk.outside.join("models");
            fs::rename(kiosk.path("share/models"), &moved).unwrap();
            symlink(moved, kiosk.path("share/models")).unwrap();
        },
        &[
            ("share/models", What::Link),
            (model, What::Link),
            ("share/models/palm.onnx", What::Link),
        ],
    );
    // Links of their own, into nothing and in a circle.
    check(
        |kiosk| {
            symlink("nowhere", kiosk.path("bin/a")).unwrap();
            symlink("..", kiosk.path("bin/b")).unwrap();
        },
        &[("bin/a", What::Extra), ("bin/b", What::Extra)],
    );
    // The installation itself may stand behind one, as packagers do to change a version.
    let mut kiosk = Kiosk::new();
    let current = kiosk.outside.join("current");
    symlink(&kiosk.installation.folder, &current).unwrap();
    kiosk.installation.manifest = current.join(MANIFEST_NAME);
    kiosk.installation.folder = current;
    assert_eq!(kiosk.check().0.files, FilesState::Intact { files: 4 });
}

#[cfg(unix)]
#[test]
fn pipes_sockets_and_odd_names_neither_block_nor_hide() {
    use std::os::unix::ffi::OsStrExt;
    let pipe = |path: &Path| {
        let status = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(status.success());
    };
    let socket = |kiosk: &Kiosk| {
        let path = kiosk.path("share/empty");
        fs::remove_file(&path).unwrap();
        drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    };
    check(
        |kiosk| {
            fs::remove_file(kiosk.path("bin/alaqan")).unwrap();
            pipe(&kiosk.path("bin/alaqan"));
            pipe(&kiosk.path("bin/another"));
        },
        &[("bin/alaqan", What::Kind), ("bin/another", What::Extra)],
    );
    check(socket, &[("share/empty", What::Kind)]);
    check(
        |kiosk| {
            let name = std::ffi::OsStr::from_bytes(b"bin/\xff\n");
            fs::write(kiosk.installation.folder.join(name), "x").unwrap();
        },
        &[("bin/\u{fffd}\n", What::Extra)],
    );
    // A manifest that never ends, and one that is no file.
    let kiosk = Kiosk::new();
    fs::remove_file(&kiosk.installation.manifest).unwrap();
    pipe(&kiosk.installation.manifest);
    assert_eq!(kiosk.check().0.files, FilesState::UnreadableManifest);
    fs::remove_file(&kiosk.installation.manifest).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &kiosk.installation.manifest).unwrap();
    assert_eq!(kiosk.check().0.files, FilesState::UnreadableManifest);
}

#[test]
fn a_manifest_without_a_right_signature_is_none() {
    let check = |change: &dyn Fn(&mut Kiosk), expect: FilesState| {
        let mut kiosk = Kiosk::new();
        change(&mut kiosk);
        let (checked, _) = kiosk.check();
        assert_eq!(checked.files, expect);
        assert_eq!(checked.manifest_sha256, None);
    };
    check(&|kiosk| kiosk.installation.keys.clear(), FilesState::NoKey);
    check(
        &|kiosk| fs::remove_file(&kiosk.installation.manifest).unwrap(),
        FilesState::NoManifest,
    );
    let signature = |kiosk: &Kiosk| signature_of(&kiosk.installation.manifest);
    check(
        &|kiosk| fs::remove_file(signature(kiosk)).unwrap(),
        FilesState::NoManifest,
    );
    check(
        &|kiosk| fs::write(signature(kiosk), "").unwrap(),
        FilesState::BadSignature,
    );
    check(
        &|kiosk| fs::write(signature(kiosk), vec![b'0'; 4096]).unwrap(),
        FilesState::BadSignature,
    );
    // An attacker changes a file and writes it down, with and without a key of their own.
    let change = |kiosk: &Kiosk| {
        fs::write(kiosk.path("bin/alaqan"), "the progrbm").unwrap();
        fs::remove_file(&kiosk.installation.manifest).unwrap();
        let own = signature(kiosk);
        list(
            &kiosk.installation.folder,
            "0.1.0",
            &this_target(),
            &[".".into()],
            &[own],
        )
        .unwrap()
        .to_text()
    };
    check(
        &|kiosk| fs::write(&kiosk.installation.manifest, change(kiosk)).unwrap(),
        FilesState::BadSignature,
    );
    check(
        &|kiosk| {
            kiosk.key = make_key().unwrap();
            kiosk.sign(&change(kiosk));
        },
        FilesState::BadSignature,
    );
    // One of several keys is enough.
    let mut kiosk = Kiosk::new();
    kiosk
        .installation
        .keys
        .insert(0, make_key().unwrap().public_key());
    assert_eq!(kiosk.check().0.files, FilesState::Intact { files: 4 });
}

#[test]
fn a_genuine_manifest_of_another_release_does_not_count() {
    let kiosk = Kiosk::new();
    let text = fs::read_to_string(&kiosk.installation.manifest).unwrap();
    let check = |from: &str, to: &str, expect: FilesState| {
        kiosk.sign(&text.replacen(from, to, 1));
        let (checked, _) = kiosk.check();
        assert_eq!(checked.files, expect);
        assert!(checked.manifest_sha256.is_some());
    };
    let target = this_target();
    let other = |version: &str, target: &str| FilesState::OtherRelease {
        version: version.into(),
        target: target.into(),
    };
    check("version 0.1.0", "version 0.0.9", other("0.0.9", &target));
    check(
        &format!("target {target}"),
        "target riscv64-linux",
        other("0.1.0", "riscv64-linux"),
    );
    check("bin/alaqan", "../bin/alaqan", FilesState::BadManifest);
    check("alaqan-manifest 1", "alaqan-manifest 2", FilesState::BadManifest);
    check("", "", FilesState::Intact { files: 4 });
}

#[test]
fn the_program_that_runs_is_one_of_the_files() {
    let mut kiosk = Kiosk::new();
    let other = kiosk.outside.join("alaqan");
    fs::copy(kiosk.path("bin/alaqan"), &other).unwrap();
    for program in [other, kiosk.path("bin/gone")] {
        kiosk.installation.program = Some(program.clone());
        let told = kiosk.check().1;
        assert_eq!(told, [(program.display().to_string(), What::Program)]);
    }
}

#[test]
fn everything_wrong_at_once_is_counted_and_the_first_is_named() {
    let kiosk = Kiosk::new();
    for number in 0..100 {
        fs::write(kiosk.path(&format!("bin/extra-{number:03}")), "x").unwrap();
    }
    fs::remove_file(kiosk.path("share/empty")).unwrap();
    fs::write(kiosk.path("bin/alaqan"), "").unwrap();
    let FilesState::Deviating(found) = kiosk.check().0.files else {
        panic!("everything is wrong");
    };
    assert_eq!(found.extra.count(), 100);
    assert_eq!(found.extra.first().next(), Some("bin/extra-000"));
    assert_eq!(found.missing, Paths::from_iter(["share/empty"]));
    assert_eq!(found.altered, Paths::from_iter(["bin/alaqan"]));
}

#[test]
fn an_installation_that_is_gone_is_missing() {
    let mut kiosk = Kiosk::new();
    kiosk.installation.manifest = kiosk.outside.join(MANIFEST_NAME);
    let there = kiosk.path(MANIFEST_NAME);
    fs::copy(signature_of(&there), signature_of(&kiosk.installation.manifest)).unwrap();
    fs::copy(&there, &kiosk.installation.manifest).unwrap();
    fs::remove_dir_all(&kiosk.installation.folder).unwrap();
    let told = kiosk.check().1;
    let missing = told.iter().filter(|(_, what)| *what == What::Missing).count();
    assert_eq!(missing, 4, "{told:?}");
    assert!(matches!(kiosk.check().0.files, FilesState::Deviating(_)));
}

#[test]
fn a_packager_cannot_list_what_a_check_would_not_read() {
    let kiosk = Kiosk::new();
    let folder = &kiosk.installation.folder;
    let make = || -> Result<Manifest, String> {
        list(folder, "1", "t", &[".".into()], &[]).map_err(|error| error.to_string())
    };
    assert!(make().is_ok());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("alaqan", folder.join("bin/link")).unwrap();
        assert!(make().unwrap_err().contains("is a link"));
        fs::remove_file(folder.join("bin/link")).unwrap();
        fs::write(folder.join("bin/back\\slash"), "x").unwrap();
        assert!(make().unwrap_err().contains("backslash"));
        fs::remove_file(folder.join("bin/back\\slash")).unwrap();
        fs::write(folder.join("bin/ALAQAN"), "x").unwrap();
        assert!(make().unwrap_err().contains("large and small"));
    }
}
