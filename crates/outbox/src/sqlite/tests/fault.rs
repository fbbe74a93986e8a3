//! Rights, other users, full disks, wrong keys, damage.

use super::*;

/// Even the superuser's tests must meet a folder without the right to write, so the child is somebody else.
#[cfg(unix)]
#[test]
fn a_read_only_folder_is_an_error() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let programs = folder();
    let program = programs.path().join("child");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let rights = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    rights(programs.path(), 0o755);

    let refused = |file_mode, prepare: &dyn Fn(&TempDir)| {
        let folder = folder();
        prepare(&folder);
        for (name, _) in contents(&folder) {
            rights(&folder.path().join(name), file_mode);
        }
        rights(folder.path(), 0o555);
        let before = contents(&folder);
        let mut command = child_command(&program, folder.path());
        command.env("OUTBOX_CHILD_REFUSED", "1");
        if fs::metadata(folder.path()).unwrap().uid() == 0 {
            command.uid(65534).gid(65534);
        }
        let output = command.output().unwrap();
        assert!(contents(&folder) == before, "nothing was moved or changed");
        rights(folder.path(), 0o755);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .find_map(|line| line.split("refused: ").nth(1))
            .unwrap_or(&text)
            .to_owned()
    };
    let empty = refused(0o666, &|_| {});
    assert!(
        empty.ends_with("outbox.db cannot be prepared or moved aside"),
        "{empty}"
    );
    let filled = |folder: &TempDir| reopen(&path(folder)).put(&document(1), &[], NOW).unwrap();
    for file_mode in [0o444, 0o666, 0o000] {
        let text = refused(file_mode, &filled);
        assert_eq!(text, "the store cannot be opened for writing", "{file_mode:o}");
    }
    // Damaged or under another key, and it cannot be moved aside either.
    let damaged = refused(0o666, &|folder| fs::write(path(folder), [7; 9000]).unwrap());
    assert!(
        damaged.ends_with(".aside cannot be prepared or moved aside"),
        "{damaged}"
    );
}

#[test]
fn a_second_user_is_an_error() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    for byte in [1, 2] {
        let second = SqliteOutbox::open(&path(&folder), &ring(byte), LOG, NOW);
        assert!(matches!(second, Err(OutboxError::Locked(_))), "{second:?}");
    }
    assert_eq!(drain(&mut outbox, NOW), [1]);
}

#[test]
fn a_full_disk_is_an_error() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    let pages: i64 = outbox
        .store
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    outbox
        .store
        .connection
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        .unwrap();
    let large = SignedDocument {
        bytes: vec![7; 1_000_000],
        ..document(2)
    };
    let result = outbox.put(&large, &[], NOW);
    assert!(matches!(result, Err(OutboxError::Full(_))), "{result:?}");
    assert_eq!(drain(&mut outbox, NOW), [1]);
    assert_eq!(outbox.verify_audit().unwrap(), 1);
}

#[test]
fn a_wrong_key_moves_the_store_aside() {
    let folder = folder();
    reopen(&path(&folder)).put(&document(1), &[], NOW).unwrap();
    let before = fs::read(path(&folder)).unwrap();

    let opened = SqliteOutbox::open(&path(&folder), &ring(2), LOG, NOW).unwrap();
    let quarantined = opened.quarantined.unwrap();
    assert_eq!(
        (quarantined.cause, quarantined.salvage),
        (QuarantineCause::WrongKey, None)
    );
    let kept = quarantined.path;
    // SHA-256 of 32 bytes of 1, the key of the file, made outside this program.
    assert_eq!(
        kept,
        folder.path().join("outbox.db.quarantine-1780315200000-72cd6e84")
    );
    assert!(fs::read(&kept).unwrap() == before);
    let mut outbox = opened.outbox;
    assert_eq!(outbox.counts().unwrap(), Counts::default());
    assert_eq!(outbox.audit_head().unwrap().number, 1);
    outbox.put(&document(2), &[], NOW).unwrap();
    drop(outbox);

    assert_eq!(
        drain(&mut reopen(&kept), NOW),
        [1],
        "with its own key it is whole"
    );

    // Another wrong key at the same millisecond: the older quarantine stays.
    let third = SqliteOutbox::open(&path(&folder), &ring(1), LOG, NOW)
        .unwrap()
        .quarantined
        .unwrap()
        .path;
    let fourth = SqliteOutbox::open(&path(&folder), &ring(2), LOG, NOW)
        .unwrap()
        .quarantined
        .unwrap()
        .path;
    assert!(kept != third && kept != fourth && third != fourth);
    assert_eq!(drain(&mut reopen(&kept), NOW), [1]);
    assert_eq!(
        drain(
            &mut SqliteOutbox::open(&third, &ring(2), LOG, NOW).unwrap().outbox,
            NOW
        ),
        [2]
    );
}

/// After a kill the newest records are in the journal: it is moved aside with the file.
#[test]
fn a_wrong_key_keeps_the_journal() {
    let folder = folder();
    let copy = self::folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    outbox.append_audit(NOW, None, "OnlyInTheJournal").unwrap();
    for (name, bytes) in contents(&folder) {
        fs::write(copy.path().join(name), bytes).unwrap();
    }
    assert!(fs::metadata(beside(&path(&copy), "-wal")).unwrap().len() > 0);
    let kept = SqliteOutbox::open(&path(&copy), &ring(2), LOG, NOW)
        .unwrap()
        .quarantined
        .unwrap()
        .path;
    assert_eq!(reopen(&kept).audit_head().unwrap(), outbox.audit_head().unwrap());

    // The journal alone, without its file.
    fs::write(beside(&path(&copy), "-wal"), "journal").unwrap();
    fs::remove_file(path(&copy)).unwrap();
    let kept = open(&path(&copy)).quarantined.unwrap().path;
    assert_eq!(fs::read(&kept).unwrap(), b"journal");
}

#[test]
fn damage_moves_the_store_aside() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    for number in 1..=3 {
        outbox
            .put(
                &SignedDocument {
                    bytes: vec![number; 20_000],
                    ..document(number)
                },
                &[],
                NOW,
            )
            .unwrap();
    }
    drop(outbox);
    let good = fs::read(path(&folder)).unwrap();
    let total = std::cell::Cell::new(0);
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let folder = self::folder();
        let mut bytes = good.clone();
        change(&mut bytes);
        fs::write(path(&folder), &bytes).unwrap();
        let opened = open(&path(&folder));
        let quarantined = opened.quarantined.expect("the damage is noticed");
        assert!(fs::read(quarantined.path).unwrap() == bytes);
        // What is not here any more is counted as lost, or nobody can say how much is.
        let salvage = quarantined.salvage.unwrap_or_default();
        assert_eq!(opened.outbox.counts().unwrap().pending, salvage.documents);
        assert!(
            salvage.lost.is_none_or(|lost| salvage.documents + lost == 3),
            "{salvage:?}"
        );
        assert!(salvage.documents == 3 || salvage.lost != Some(0), "{salvage:?}");
        total.set(total.get() + salvage.documents);
    };
    assert!(good.len() > 16 * 4096);
    for at in (0..good.len()).step_by(5003) {
        damaged(&|bytes| bytes[at] ^= 1 << (at % 8));
    }
    let tried = good.len().div_ceil(5003) as u64;
    assert!(
        total.get() > tried * 2,
        "one page of many costs one document, not all: {} of {}",
        total.get(),
        3 * tried
    );
    damaged(&|bytes| bytes.truncate(bytes.len() - 4096));
    damaged(&|bytes| bytes.truncate(5000));
    damaged(&|bytes| bytes.truncate(100));
    damaged(&|bytes| bytes.fill(0));
    damaged(&|bytes| *bytes = b"this is a text".repeat(1000));
}

#[test]
fn a_later_schema_is_an_error() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    // One of the same generation has only added something.
    outbox
        .store
        .connection
        .pragma_update(None, "user_version", schema::VERSION + 1)
        .unwrap();
    drop(outbox);
    let outbox = reopen(&path(&folder));
    outbox
        .store
        .connection
        .pragma_update(None, "user_version", 200)
        .unwrap();
    drop(outbox);
    let before = fs::read(path(&folder)).unwrap();
    let result = SqliteOutbox::open(&path(&folder), &ring(1), LOG, NOW);
    assert!(
        matches!(
            result,
            Err(OutboxError::NewerSchema {
                found: 200,
                known: schema::VERSION
            })
        ),
        "{result:?}"
    );
    assert!(fs::read(path(&folder)).unwrap() == before);
}

#[test]
fn a_folder_must_exist() {
    let folder = folder();
    let result = SqliteOutbox::open(&folder.path().join("missing/outbox.db"), &ring(1), LOG, NOW);
    assert!(matches!(result, Err(OutboxError::File { .. })), "{result:?}");
    let result = SqliteOutbox::open(folder.path(), &ring(1), LOG, NOW);
    assert!(matches!(result, Err(OutboxError::Unwritable(_))), "{result:?}");
}

/// A file that is too large to be looked through at each opening: what is damaged is met later, blocks nobody, and is
/// put right at the next opening.
#[test]
fn damage_that_is_met_later_costs_what_is_damaged() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    for number in 1..=5 {
        let document = SignedDocument {
            bytes: vec![number; 20_000],
            ..document(number)
        };
        outbox.put(&document, &[], NOW).unwrap();
    }
    drop(outbox);
    let good = fs::read(path(&folder)).unwrap();
    // Each page in turn, until it is one that holds nothing but a part of a document.
    let mut met = 0;
    for page in 1..good.len() / 4096 {
        let folder = self::folder();
        let unchecked = || SqliteOutbox::open_checked(&path(&folder), &ring(1), LOG, NOW, 0).unwrap();
        let mut bytes = good.clone();
        bytes[page * 4096 + 100] ^= 1;
        fs::write(path(&folder), &bytes).unwrap();
        let opened = unchecked();
        if opened.quarantined.is_some() {
            // The page was needed for the opening itself.
            continue;
        }
        let mut outbox = opened.outbox;
        let mut out = Vec::new();
        while let Some(document) = outbox.next(NOW).unwrap() {
            assert!(document.bytes.iter().all(|byte| *byte == document.id.0[0]));
            out.push(document.id.0[0]);
        }
        let lost: Vec<u8> = (1..=5).filter(|number| !out.contains(number)).collect();
        if let [lost] = lost[..] {
            met += 1;
            let unreadable = EntryState::Wedged(WedgeReason::Unreadable);
            assert_eq!(outbox.state(document(lost).id).unwrap(), Some(unreadable));
            assert_eq!(outbox.counts().unwrap().wedged, 1);
            let settled = outbox.settle();
            assert!(matches!(settled, Err(OutboxError::Unreadable(_))), "{settled:?}");
            drop(outbox);
            let opened = unchecked();
            let quarantined = opened.quarantined.expect("the whole file is looked through now");
            assert_eq!(quarantined.cause, QuarantineCause::Damaged);
            let salvage = Salvage {
                documents: 4,
                lost: Some(1),
            };
            assert_eq!(quarantined.salvage, Some(salvage));
            let log = opened.outbox.audit_records(0, 99).unwrap();
            let said = format!("DocumentLost document={}", document(lost).id);
            assert!(log.iter().any(|record| record.event == said), "{log:?}");
            let mut outbox = opened.outbox;
            outbox
                .wedge(document(out[0]).id, WedgeReason::TooLarge, NOW)
                .unwrap();
            assert_eq!(outbox.counts().unwrap().pending, 3);
            if met == 2 {
                return;
            }
        }
    }
    panic!("no page held a part of one document only");
}

/// Entry of the child process of the test below; for itself it does nothing. Its folder is a small disk.
#[cfg(target_os = "linux")]
#[test]
fn full_child() {
    let Some(folder) = std::env::var_os("OUTBOX_FULL_FOLDER").map(PathBuf::from) else {
        return;
    };
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![1; 1_200_000]).unwrap();
    let mut outbox = reopen(&folder.join("outbox.db"));
    let large = |number: u8| SignedDocument {
        bytes: vec![number; 20_000],
        ..document(number)
    };
    let mut stored = Vec::new();
    let full = (1..=u8::MAX).find(|number| match outbox.put(&large(*number), &[], NOW) {
        Ok(()) => {
            stored.push(*number);
            false
        }
        Err(error) => {
            assert!(matches!(error, OutboxError::Full(_)), "{error:?}");
            true
        }
    });
    let full = full.expect("the disk is small");
    assert_eq!(outbox.counts().unwrap().pending, stored.len() as u64);
    fs::remove_file(ballast).unwrap();
    outbox.put(&large(full), &[], NOW).unwrap();
    stored.push(full);
    drop(outbox);
    let mut outbox = reopen(&folder.join("outbox.db"));
    for number in &stored {
        assert_eq!(outbox.next(NOW).unwrap().unwrap(), large(*number));
    }
    assert_eq!(outbox.verify_audit().unwrap(), stored.len() as u64);
    println!("full after {}", stored.len());
}

/// A real disk that is really full, where this user may make one; elsewhere the test above has to do.
#[cfg(target_os = "linux")]
#[test]
fn a_small_disk_fills_up_and_is_used_again() {
    let folder = folder();
    let is_root = std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder.path()).unwrap()) == 0;
    let rights = if is_root { "-m" } else { "-rm" };
    let script = "mount -t tmpfs -o size=2m tmpfs \"$1\" && echo mounted && shift && exec \"$@\"";
    let output = Command::new("unshare")
        .args([rights, "sh", "-c", script, "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args([
            "sqlite::tests::fault::full_child",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("OUTBOX_FULL_FOLDER", folder.path())
        .output();
    let Ok(output) = output else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    if said.contains("mounted") {
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("full after"),
            "{said}{error}"
        );
    }
}

/// Whatever page is damaged: what was stored before and is stored after is there, or is said to be lost.
#[test]
fn damage_of_any_page_is_survived_by_the_rest() {
    const BEFORE: u64 = 500;
    let folder = folder();
    let outbox = reopen(&path(&folder));
    let sql = format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {BEFORE})
         INSERT INTO entry (id, is_final, put_at_ms, state, bytes) SELECT randomblob(16), 0, n, 0, zeroblob(80) FROM n"
    );
    outbox.store.connection.execute_batch(&sql).unwrap();
    drop(outbox);
    let good = fs::read(path(&folder)).unwrap();
    let mut refused = 0;
    for page in (0..good.len() / 4096).step_by(2) {
        let folder = self::folder();
        let mut bytes = good.clone();
        bytes[page * 4096 + 100] ^= 1;
        fs::write(path(&folder), &bytes).unwrap();
        let opened = SqliteOutbox::open_checked(&path(&folder), &ring(1), LOG, NOW, 0).unwrap();
        let first = opened.quarantined;
        let mut outbox = opened.outbox;
        let mut stored = 0;
        for number in (0..=u8::MAX).step_by(50) {
            match outbox.put(&document(number), &[], NOW) {
                Ok(()) => stored += 1,
                Err(OutboxError::Unreadable(_)) => refused += 1,
                Err(error) => panic!("page {page}: {error:?}"),
            }
        }
        let mut read = 0;
        while outbox.next(NOW).unwrap().is_some() {
            read += 1;
        }
        drop(outbox);
        let opened = open(&path(&folder));
        let there = opened.outbox.counts().unwrap().pending;
        let is_reported = [first, opened.quarantined]
            .into_iter()
            .flatten()
            .any(|aside| aside.salvage.is_none_or(|salvage| salvage.lost != Some(0)));
        assert!(there >= read, "page {page}");
        assert!(
            there == BEFORE + stored || is_reported,
            "page {page}: {there}, {stored}"
        );
    }
    assert!(refused > 0, "some page was needed for a put");
}

/// SQLCipher gives zeros for a page that it cannot authenticate, and no error where that is the last one of a document.
#[test]
fn no_document_comes_back_with_other_bytes() {
    const PAGE: usize = 4096;
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    let long = |number: u8, length: usize| SignedDocument {
        bytes: vec![number; length],
        ..document(number)
    };
    let documents = [long(1, 11_139), long(2, 5_000), long(3, 300), long(4, 9_000)];
    for document in &documents {
        outbox.put(document, &[], NOW).unwrap();
    }
    drop(outbox);
    let good = fs::read(path(&folder)).unwrap();
    let same = |outbox: &mut SqliteOutbox| {
        let mut found = 0;
        while let Some(document) = outbox.next(NOW).unwrap() {
            assert!(documents.contains(&document), "{}", document.id);
            found += 1;
        }
        found
    };
    let (mut fewer, mut all) = (0, 0);
    for place in (PAGE..good.len()).step_by(PAGE) {
        let mut bad = good.clone();
        bad[place + 1000] ^= 1;
        // Damaged while it is closed: it is put aside, and what is left is taken over.
        let copy = super::folder();
        for (name, bytes) in contents(&folder) {
            fs::write(copy.path().join(name), bytes).unwrap();
        }
        // Damaged while it is open, before a page was read.
        let mut outbox = reopen(&path(&copy));
        fs::write(path(&copy), &bad).unwrap();
        outbox.store.connection.release_memory().unwrap();
        same(&mut outbox);
        drop(outbox);
        fs::write(path(&copy), &bad).unwrap();
        match same(&mut open(&path(&copy)).outbox) {
            4 => all += 1,
            _ => fewer += 1,
        }
    }
    assert!(
        fewer > 3,
        "{fewer} pages hold something of a document, {all} do not"
    );
}
