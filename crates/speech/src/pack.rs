//! The pack: one file with the clips of all phrases.
//!
//! ```text
//! "ALQSPK01"   8 bytes
//! stamp       32 bytes   what it was built from
//! count        4 bytes   little-endian, as all numbers
//! count × (key 32, digest of the clip 32, offset 8, length 4, duration in ms 4)   sorted by key
//! digest      32 bytes   SHA-256 of all before
//! clips                  FLAC, one behind the other; offsets count from here
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::SpeechError;
use crate::clip::Clip;
use crate::phrase::PhraseKey;

const MAGIC: &[u8; 8] = b"ALQSPK01";
const HEAD_LEN: usize = 8 + 32 + 4;
const ENTRY_LEN: usize = 32 + 32 + 8 + 4 + 4;
const DIGEST_LEN: usize = 32;
/// More phrases than this no kiosk has.
const COUNT_MAX: usize = 100_000;
/// No clip is longer.
const CLIP_BYTES_MAX: u32 = 16_000_000;

/// Where a clip lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    digest: [u8; 32],
    offset: u64,
    length: u32,
    duration_ms: u32,
}

/// What a pack holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    stamp: [u8; 32],
    entries: BTreeMap<PhraseKey, Entry>,
}

impl Index {
    /// What the pack was built from.
    pub fn stamp(&self) -> [u8; 32] {
        self.stamp
    }

    /// How many phrases there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is a clip.
    pub fn contains(&self, key: &PhraseKey) -> bool {
        self.entries.contains_key(key)
    }

    /// How long all clips sound together, in milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.entries
            .values()
            .map(|entry| u64::from(entry.duration_ms))
            .sum()
    }

    /// Reads the beginning of a pack; gives also where the clips begin.
    pub fn parse(bytes: &[u8]) -> Result<(Self, u64), SpeechError> {
        let (stamp, count) = head(bytes)?;
        let length = index_len(count);
        let body = bytes.get(..length).ok_or(SpeechError::Pack("it is cut off"))?;
        let digest = bytes
            .get(length..length + DIGEST_LEN)
            .ok_or(SpeechError::Pack("it is cut off"))?;
        if Sha256::digest(body).as_slice() != digest {
            return Err(SpeechError::Pack("its index was changed"));
        }
        let mut entries = BTreeMap::new();
        let (rows, _) = body.get(HEAD_LEN..).unwrap_or_default().as_chunks::<ENTRY_LEN>();
        for row in rows {
            let (key, entry) = entry(row)?;
            if entry.length > CLIP_BYTES_MAX {
                return Err(SpeechError::Pack("a clip is too long"));
            }
            if entries.insert(key, entry).is_some() {
                return Err(SpeechError::Pack("a phrase is there twice"));
            }
        }
        let clips = u64::try_from(length + DIGEST_LEN).map_err(|_| SpeechError::Pack("it is too large"))?;
        Ok((Self { stamp, entries }, clips))
    }
}

fn head(bytes: &[u8]) -> Result<([u8; 32], usize), SpeechError> {
    const SHORT: SpeechError = SpeechError::Pack("it is cut off");
    let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(SHORT)?;
    if magic != MAGIC {
        return Err(SpeechError::Pack("it is no pack of this version"));
    }
    let (stamp, rest) = rest.split_first_chunk::<32>().ok_or(SHORT)?;
    let (count, _) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
    let count = usize::try_from(u32::from_le_bytes(*count)).map_err(|_| SHORT)?;
    if count > COUNT_MAX {
        return Err(SpeechError::Pack("it says to hold too many phrases"));
    }
    Ok((*stamp, count))
}

fn index_len(count: usize) -> usize {
    HEAD_LEN + count * ENTRY_LEN
}

fn entry(row: &[u8; ENTRY_LEN]) -> Result<(PhraseKey, Entry), SpeechError> {
    const SHORT: SpeechError = SpeechError::Pack("it is cut off");
    let (key, rest) = row.split_first_chunk::<32>().ok_or(SHORT)?;
    let (digest, rest) = rest.split_first_chunk::<32>().ok_or(SHORT)?;
    let (offset, rest) = rest.split_first_chunk::<8>().ok_or(SHORT)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
    let (duration_ms, _) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
    let entry = Entry {
        digest: *digest,
        offset: u64::from_le_bytes(*offset),
        length: u32::from_le_bytes(*length),
        duration_ms: u32::from_le_bytes(*duration_ms),
    };
    Ok((PhraseKey(*key), entry))
}

/// A pack that is open. Clips are read when they are needed.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    file: File,
    index: Index,
    clips: u64,
}

impl Pack {
    /// Opens a file and checks its index.
    pub fn open(path: &Path) -> Result<Self, SpeechError> {
        let mut file = File::open(path).map_err(SpeechError::file(path, "opened"))?;
        let mut bytes = vec![0; HEAD_LEN];
        let read = |file: &mut File, bytes: &mut [u8]| {
            file.read_exact(bytes).map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => SpeechError::Pack("it is cut off"),
                _ => SpeechError::file(path, "read")(error),
            })
        };
        read(&mut file, &mut bytes)?;
        let (_, count) = head(&bytes)?;
        bytes.resize(index_len(count) + DIGEST_LEN, 0);
        read(&mut file, bytes.get_mut(HEAD_LEN..).unwrap_or_default())?;
        let (index, clips) = Index::parse(&bytes)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            index,
            clips,
        })
    }

    /// What it holds.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The clip of a phrase, if there is one.
    pub fn clip(&mut self, key: &PhraseKey) -> Result<Option<Clip>, SpeechError> {
        let Some(entry) = self.index.entries.get(key).copied() else {
            return Ok(None);
        };
        let place = self
            .clips
            .checked_add(entry.offset)
            .ok_or(SpeechError::Pack("a clip lies nowhere"))?;
        let mut bytes = vec![0; usize::try_from(entry.length).unwrap_or_default()];
        self.file
            .seek(SeekFrom::Start(place))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(SpeechError::file(&self.path, "read"))?;
        if Sha256::digest(&bytes).as_slice() != entry.digest {
            return Err(SpeechError::Pack("a clip was changed"));
        }
        Clip::from_flac(bytes).map(Some)
    }
}

/// Writes a pack, whole or not at all.
pub fn write(path: &Path, stamp: [u8; 32], clips: &BTreeMap<PhraseKey, Clip>) -> Result<(), SpeechError> {
    const LARGE: SpeechError = SpeechError::Pack("it is too large");
    let mut index = MAGIC.to_vec();
    index.extend(stamp);
    index.extend(u32::try_from(clips.len()).map_err(|_| LARGE)?.to_le_bytes());
    let mut sound = Vec::new();
    for (key, clip) in clips {
        let bytes = clip.to_flac()?;
        let duration_ms = u32::try_from(clip.duration().as_millis()).map_err(|_| LARGE)?;
        index.extend(key.0);
        index.extend(Sha256::digest(&bytes));
        index.extend(u64::try_from(sound.len()).map_err(|_| LARGE)?.to_le_bytes());
        index.extend(u32::try_from(bytes.len()).map_err(|_| LARGE)?.to_le_bytes());
        index.extend(duration_ms.to_le_bytes());
        sound.extend(bytes);
    }
    let digest = Sha256::digest(&index);
    let fresh = path.with_extension("new");
    let written = File::create(&fresh).and_then(|mut file| {
        file.write_all(&index)?;
        file.write_all(&digest)?;
        file.write_all(&sound)?;
        file.sync_all()
    });
    written.map_err(SpeechError::file(&fresh, "written"))?;
    std::fs::rename(&fresh, path).map_err(SpeechError::file(path, "written"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Language;
    use crate::phrase::key;

    fn clips() -> BTreeMap<PhraseKey, Clip> {
        let clip = |sample: i16| Clip::new(8_000, vec![sample; 576]).unwrap();
        Language::ALL
            .into_iter()
            .zip([100, 200, 300])
            .map(|(language, sample)| (key(language, "5"), clip(sample)))
            .collect()
    }

    #[test]
    fn what_is_packed_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phrases.pack");
        write(&path, [7; 32], &clips()).unwrap();
        let mut pack = Pack::open(&path).unwrap();
        assert_eq!((pack.index().stamp(), pack.index().len()), ([7; 32], 3));
        assert_eq!(pack.index().duration_ms(), 3 * 72);
        for (key, clip) in clips() {
            assert_eq!(pack.clip(&key).unwrap(), Some(clip));
        }
        assert_eq!(pack.clip(&key(Language::Kk, "6")).unwrap(), None);
        assert!(!folder.path().join("phrases.new").exists());
    }

    /// Each byte of a small pack, changed, and each length: never a panic, never another sound.
    #[test]
    fn damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phrases.pack");
        write(&path, [7; 32], &clips()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let is_whole = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Pack::open(&path).is_ok_and(|mut pack| {
                clips()
                    .into_iter()
                    .all(|(key, clip)| pack.clip(&key).is_ok_and(|found| found == Some(clip)))
            })
        };
        assert!(is_whole(&whole));
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            assert!(!is_whole(&damaged), "byte {at}");
            assert!(!is_whole(&whole[..at]), "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Index::parse(&bytes);
            let mut headed = MAGIC.to_vec();
            headed.extend(&bytes);
            let _ = Index::parse(&headed);
        }

        /// The digest fits, what stands before it is anything.
        #[test]
        fn no_index_makes_the_parser_panic(count in 0..4_u32, rows in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut bytes = MAGIC.to_vec();
            bytes.extend([0; 32]);
            bytes.extend(count.to_le_bytes());
            bytes.extend(&rows);
            bytes.resize(index_len(usize::try_from(count).unwrap()), 0);
            bytes.extend(Sha256::digest(&bytes));
            if let Ok((index, _)) = Index::parse(&bytes) {
                let _ = index.duration_ms();
            }
        }
    }
}
