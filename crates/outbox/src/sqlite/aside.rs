//! Files that were put aside, and what is still to be done about them.
//!
//! Beside each lies a note, which is on the disk before the first file is moved. So wherever the program or the power
//! ends, the next opening goes on from there:
//!
//! ```text
//!   moving ──> due ──┬──> done     what could be read is in the store, and its audit log tells of the file
//!                    └──> waiting  no key of the ring opens it; each opening tries again
//! ```
//!
//! Files without a note that can be read are due: a note that is lost costs a second reading, and that changes nothing.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use verification::time::UtcMs;

use super::file::beside;
use super::keys::{is_key_id, read_key_id};
use super::open::QuarantineCause;
use crate::OutboxError;

/// What is moved with the file. The file comes first, so that where it stands tells whether the move has begun; the mark
/// comes last: as long as it is there, it is noticed that the journal is not.
const COMPANIONS: [&str; 6] = ["", "-wal", "-journal", "-shm", ".mark", ".key-id"];
/// Those that hold documents.
const CONTENTS: [&str; 3] = ["", "-wal", "-journal"];
const NOTE: &str = ".aside";
const INFIX: &str = ".quarantine-";

/// What lies in quarantine beside a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineFile {
    /// The file; of a journal that has none, the journal.
    pub path: PathBuf,
    /// The [name](super::key_id) of its key, if that is known.
    pub key_id: Option<String>,
    /// All that was in it and not delivered is in the store. Else documents may be in it, or gone with it, that are
    /// nowhere else; somebody must hear of it until the file was dealt with and taken away.
    pub taken_over: bool,
}

/// What lies in quarantine beside this store, the oldest first; nothing where the folder cannot be read. Whoever takes
/// the files away ends it.
pub fn quarantined(path: &Path) -> Vec<QuarantineFile> {
    let asides = list(path).unwrap_or_default();
    let file = |aside: Aside| QuarantineFile {
        path: aside.contents(),
        key_id: aside.key_id(),
        taken_over: aside.note.stage == Stage::Done && aside.note.lost == Some(0),
    };
    asides.into_iter().map(file).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Moving,
    Due,
    Waiting,
    Done,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Moving, Self::Due, Self::Waiting, Self::Done];

    fn name(self) -> &'static str {
        match self {
            Self::Moving => "moving",
            Self::Due => "due",
            Self::Waiting => "waiting",
            Self::Done => "done",
        }
    }
}

/// What stands in the note: cause, stage, and how many documents are lost, if somebody can say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) cause: QuarantineCause,
    pub(super) stage: Stage,
    pub(super) lost: Option<u64>,
}

impl Note {
    pub(super) fn due(cause: QuarantineCause, lost: Option<u64>) -> Self {
        Self {
            cause,
            stage: Stage::Due,
            lost,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (cause, stage, lost) = (words.next()?, words.next()?, words.next()?);
        Some(Self {
            cause: QuarantineCause::of_name(cause)?,
            stage: Stage::ALL.into_iter().find(|known| known.name() == stage)?,
            lost: lost.parse().ok(),
        })
    }
}

/// One file in quarantine, with all that belongs to it.
#[derive(Debug, Clone)]
pub(super) struct Aside {
    /// What its names begin with: that of the file, if there is one.
    pub(super) path: PathBuf,
    pub(super) note: Note,
}

impl Aside {
    /// The file, or the journal that has none.
    pub(super) fn contents(&self) -> PathBuf {
        let mut names = CONTENTS.iter().map(|suffix| beside(&self.path, suffix));
        names.find(|name| name.exists()).unwrap_or(self.path.clone())
    }

    pub(super) fn key_id(&self) -> Option<String> {
        let name = self.path.to_string_lossy();
        let in_name = name.rsplit(INFIX).next().and_then(|rest| rest.split('-').nth(1));
        let in_name = in_name.filter(|id| is_key_id(id)).map(str::to_owned);
        in_name.or_else(|| read_key_id(&self.path))
    }
}

/// All that lies beside the store and holds something, the oldest first.
pub(super) fn list(path: &Path) -> io::Result<Vec<Aside>> {
    let mut bases = bases(path)?;
    bases.retain(|base| CONTENTS.iter().any(|suffix| beside(base, suffix).exists()));
    let note = |base: &Path| match read(base) {
        Some(note) => note,
        None if base.exists() => Note::due(QuarantineCause::Damaged, None),
        None => Note::due(QuarantineCause::JournalDamaged, None),
    };
    Ok(bases
        .into_iter()
        .map(|path| Aside {
            note: note(&path),
            path,
        })
        .collect())
}

fn bases(path: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let prefix = beside(path, INFIX);
    let Some(prefix) = prefix.file_name().and_then(|name| name.to_str()) else {
        return Ok(BTreeSet::new());
    };
    let mut bases = BTreeSet::new();
    for entry in fs::read_dir(folder(path))? {
        let name = entry?.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else {
            continue;
        };
        let suffixes = COMPANIONS
            .iter()
            .chain([&NOTE])
            .filter(|suffix| !suffix.is_empty());
        let base = suffixes.fold(rest, |rest, suffix| rest.strip_suffix(suffix).unwrap_or(rest));
        // Otherwise it belongs to another file, or is none of ours.
        if base
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            bases.insert(beside(path, &format!("{INFIX}{base}")));
        }
    }
    Ok(bases)
}

fn read(base: &Path) -> Option<Note> {
    Note::parse(&fs::read_to_string(beside(base, NOTE)).ok()?)
}

/// Writes the note, to the disk.
pub(super) fn write(base: &Path, note: Note) -> Result<(), OutboxError> {
    let target = beside(base, NOTE);
    let lost = note.lost.map_or("unknown".to_owned(), |lost| lost.to_string());
    let text = format!("{} {} {lost}\n", note.cause.name(), note.stage.name());
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&target).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written
        .and_then(|()| sync_folder(base))
        .map_err(|source| OutboxError::File { path: target, source })
}

/// Notes that a file was read out, if it is one that was put aside.
pub(super) fn note_done(base: &Path, lost: Option<u64>) -> Result<(), OutboxError> {
    match read(base) {
        Some(note) => write(
            base,
            Note {
                stage: Stage::Done,
                lost,
                ..note
            },
        ),
        None => Ok(()),
    }
}

/// Moves the file and what lies beside it aside; gives the new name of the file. It is due from then on.
pub(super) fn quarantine(path: &Path, cause: QuarantineCause, now: UtcMs) -> Result<PathBuf, OutboxError> {
    let target = free_name(path, now);
    let note = Note {
        stage: Stage::Moving,
        ..Note::due(cause, None)
    };
    write(&target, note)?;
    step();
    complete(path, &target, note)?;
    Ok(target)
}

/// Ends what was begun by [`quarantine`]. To be called before anything else is done with the file.
pub(super) fn resume(path: &Path) -> Result<(), OutboxError> {
    let bases = bases(path).map_err(|source| OutboxError::File {
        path: folder(path).to_owned(),
        source,
    })?;
    for base in bases {
        let has_moved = || COMPANIONS.iter().any(|suffix| beside(&base, suffix).exists());
        match read(&base) {
            Some(note) if note.stage == Stage::Moving && (has_moved() || !path.exists()) => {
                complete(path, &base, note)?;
            }
            // Nothing was moved. Whether the file is to be put aside is found out anew.
            Some(Note {
                stage: Stage::Moving, ..
            }) => {
                let _ = fs::remove_file(beside(&base, NOTE));
            }
            _ => {}
        }
    }
    Ok(())
}

fn complete(path: &Path, target: &Path, note: Note) -> Result<(), OutboxError> {
    for suffix in COMPANIONS {
        let (from, to) = (beside(path, suffix), beside(target, suffix));
        if to.exists() {
            continue;
        }
        match fs::rename(&from, to) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(OutboxError::File { path: from, source });
            }
            _ => step(),
        }
    }
    sync_folder(path).map_err(|source| OutboxError::File {
        path: path.to_owned(),
        source,
    })?;
    write(target, Note::due(note.cause, None))?;
    step();
    Ok(())
}

/// Copies the journal and the mark aside, before SQLite writes over what it does not take for a part of the journal;
/// gives what the names of the copies begin with.
pub(super) fn keep_journal(path: &Path, now: UtcMs) -> Result<PathBuf, OutboxError> {
    let target = free_name(path, now);
    for suffix in [".mark", "-wal"] {
        let (from, to) = (beside(path, suffix), beside(&target, suffix));
        let copied = fs::copy(&from, &to).and_then(|_| OpenOptions::new().write(true).open(&to)?.sync_all());
        match copied {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(OutboxError::File { path: from, source });
            }
            _ => step(),
        }
    }
    sync_folder(path).map_err(|source| OutboxError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(target)
}

/// A name beside the file that nothing has yet.
fn free_name(path: &Path, now: UtcMs) -> PathBuf {
    let key_id = read_key_id(path).unwrap_or_else(|| "unknown".to_owned());
    let name = format!("{INFIX}{}-{key_id}", now.0);
    let suffixes = COMPANIONS.iter().chain([&NOTE]);
    // Renaming would replace an older quarantine of the same name.
    std::iter::once(name.clone())
        .chain((2..).map(|number| format!("{name}-{number}")))
        .map(|name| beside(path, &name))
        .find(|target| suffixes.clone().all(|suffix| !beside(target, suffix).exists()))
        .unwrap_or_else(|| beside(path, &name))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Brings the names in the folder of a file to the disk, where that can be asked for.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder(path))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
thread_local! {
    /// What tests do between the steps of putting aside and taking over.
    pub(super) static AT_STEP: std::cell::RefCell<Option<Box<dyn FnMut()>>> = const { std::cell::RefCell::new(None) };
}

/// Here the program or the power may end.
#[cfg(test)]
pub(super) fn step() {
    AT_STEP.with_borrow_mut(|act| {
        if let Some(act) = act {
            act();
        }
    });
}

/// Here the program or the power may end.
#[cfg(not(test))]
pub(super) fn step() {}
