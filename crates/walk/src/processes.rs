//! The processes of a kiosk, and what stands in their memory, as Linux shows them to whoever may trace them.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// Its name, of which the kernel keeps 15 letters.
    pub name: String,
}

/// The kiosk that runs with this configuration, if one does.
pub fn kiosk(config: &Path) -> Option<Process> {
    let config = config.to_string_lossy();
    all()
        .into_iter()
        .find(|process| process.name == "alaqan" && words(process.id).iter().any(|word| *word == config))
}

/// All processes below this one.
pub fn below(ancestor: u32) -> Vec<Process> {
    let all = all();
    let mut found = vec![ancestor];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(
            all.iter()
                .filter(|process| parent_of(process.id) == Some(parent))
                .map(|process| process.id),
        );
        at += 1;
    }
    all.into_iter()
        .filter(|process| process.id != ancestor && found.contains(&process.id))
        .collect()
}

/// The web processes below this one.
pub fn web_processes(ancestor: u32) -> Vec<Process> {
    below(ancestor)
        .into_iter()
        .filter(|process| process.name.len() > 8 && "WebKitWebProcess".starts_with(&process.name))
        .collect()
}

fn all() -> Vec<Process> {
    let name = |id: u32| std::fs::read_to_string(format!("/proc/{id}/comm")).ok();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|id| {
            Some(Process {
                id,
                name: name(id)?.trim().to_owned(),
            })
        })
        .collect()
}

fn words(id: u32) -> Vec<String> {
    let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

fn parent_of(id: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

/// What is looked for: each value as UTF-8 and in both orders of UTF-16.
#[derive(Debug)]
pub struct Needles {
    needles: Vec<(String, Vec<u8>)>,
    /// Whether a needle begins with this byte.
    begins: [bool; 256],
}

/// Memory is read in pieces of this size, which overlap by more than the longest needle.
const PIECE: u64 = 8 << 20;
const OVERLAP: u64 = 1024;

impl Needles {
    /// From names and values; an empty value is not looked for.
    pub fn new(values: &[(&str, &str)]) -> Self {
        let mut needles = Vec::new();
        for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
            let units: Vec<u16> = value.encode_utf16().collect();
            let little = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            needles.push((format!("{name} as UTF-8"), value.as_bytes().to_vec()));
            needles.push((format!("{name} as UTF-16LE"), little));
            needles.push((format!("{name} as UTF-16BE"), big));
        }
        Self {
            begins: [false; 256],
            needles: Vec::new(),
        }
        .with(needles)
    }

    /// Looks for this part of something that is no text, too, such as of a picture; for nothing where it is empty.
    #[must_use]
    pub fn and_bytes(self, name: &str, part: &[u8]) -> Self {
        self.with(vec![(name.to_owned(), part.to_vec())])
    }

    fn with(mut self, needles: Vec<(String, Vec<u8>)>) -> Self {
        for first in needles.iter().filter_map(|(_, bytes)| bytes.first()) {
            self.begins[usize::from(*first)] = true;
        }
        let some = needles.into_iter().filter(|(_, bytes)| !bytes.is_empty());
        self.needles.extend(some);
        self
    }

    /// What of it stands in these bytes, once for each place.
    pub fn within(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = Vec::new();
        for (at, first) in bytes.iter().enumerate() {
            if self.begins[usize::from(*first)] {
                let here = &bytes[at..];
                let named = self.needles.iter().filter(|(_, needle)| here.starts_with(needle));
                found.extend(named.map(|(name, _)| name.as_str()));
            }
        }
        found
    }

    /// What of it stands in the memory that a process can write, and in which part of it; nothing where the process has
    /// ended. What lies in files that are mapped to be read is looked for on the disk.
    pub fn in_memory(&self, process: &Process) -> io::Result<Vec<String>> {
        let id = process.id;
        let open = |name: &str| std::fs::File::open(format!("/proc/{id}/{name}"));
        let opened = std::fs::read_to_string(format!("/proc/{id}/smaps"))
            .and_then(|maps| Ok((maps, open("mem")?, open("pagemap")?)));
        let (maps, mut memory, mut pages) = match opened {
            Ok(opened) => opened,
            Err(_) if !Path::new(&format!("/proc/{id}/maps")).exists() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        let mut bytes = Vec::new();
        let present = resident(&maps)
            .into_iter()
            .flat_map(|(from, to, name)| {
                let runs = present(&mut pages, from, to).into_iter();
                runs.map(move |(from, to)| (from, to, name)).collect::<Vec<_>>()
            })
            .collect::<Vec<_>>();
        for (from, to, name) in present {
            let mut start = from;
            while start < to {
                let end = (start + PIECE).min(to);
                bytes.resize(usize::try_from(end - start).unwrap_or_default(), 0);
                // A page that went meanwhile cannot be read.
                if memory.seek(SeekFrom::Start(start)).is_ok()
                    && let Ok(count) = memory.read(&mut bytes)
                {
                    let named = self.within(&bytes[..count]).into_iter();
                    found.extend(named.map(|what| format!("{what} in {name} of {}", process.name)));
                }
                start = if end == to { to } else { end - OVERLAP };
            }
        }
        Ok(found)
    }

    /// What of it stands in the files of a folder, and in which.
    pub fn in_folder(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let path = entry.path();
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file()
                    && let Ok(bytes) = std::fs::read(&path)
                {
                    let named = self.within(&bytes).into_iter();
                    found.extend(named.map(|what| format!("{what} in {}", path.display())));
                }
            }
        }
        found
    }
}

/// The ranges of an `smaps` file that can be read and written and hold something, with their names.
fn resident(smaps: &str) -> Vec<(u64, u64, &str)> {
    let mut ranges = Vec::new();
    let mut range = None;
    for line in smaps.lines() {
        let mut fields = line.split_whitespace();
        let first = fields.next().unwrap_or_default();
        if let Some((from, to)) = first.split_once('-') {
            let at = |text: &str| u64::from_str_radix(text, 16).ok();
            let rights = fields.next().unwrap_or_default();
            let name = fields.nth(3).unwrap_or("anonymous memory");
            range = at(from)
                .zip(at(to))
                .filter(|_| rights.starts_with("rw"))
                .map(|(from, to)| (from, to, name));
        } else if first == "Rss:"
            && fields.next() != Some("0")
            && let Some(held) = range.take()
        {
            ranges.push(held);
        }
    }
    ranges
}

/// Linux keeps eight bytes for each page of 4096; the two highest bits say that it lies in memory or was swapped.
const PAGE: u64 = 4096;
const ENTRY: usize = 8;
const HELD: u64 = 0b11 << 62;

/// The runs of pages of a range that hold something. An engine reserves far more than it ever uses.
fn present(pages: &mut std::fs::File, from: u64, to: u64) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    let mut entries = vec![0; ENTRY << 16];
    let mut at = from;
    while at < to {
        let wanted =
            usize::try_from((to - at) / PAGE).map_or(entries.len(), |left| left.saturating_mul(ENTRY));
        let wanted = wanted.min(entries.len());
        let read = pages
            .seek(SeekFrom::Start(at / PAGE * ENTRY as u64))
            .and_then(|_| pages.read(&mut entries[..wanted]));
        let Ok(count @ ENTRY..) = read else { break };
        for entry in entries[..count].as_chunks::<ENTRY>().0 {
            if u64::from_ne_bytes(*entry) & HELD != 0 {
                match runs.last_mut() {
                    Some(run) if run.1 == at => run.1 += PAGE,
                    _ => runs.push((at, at + PAGE)),
                }
            }
            at += PAGE;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_found_in_each_form() {
        let needles = Needles::new(&[("name", "Әли"), ("nothing", "")]);
        assert_eq!(needles.within("x Әли y".as_bytes()), ["name as UTF-8"]);
        let units: Vec<u16> = "Әли".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(needles.within(&little), ["name as UTF-16LE"]);
        assert_eq!(needles.within(&big), ["name as UTF-16BE"]);
        assert_eq!(needles.within("Әл".as_bytes()), [""; 0]);
        let needles = needles
            .and_bytes("picture", &[0xff, 0, 0xd8])
            .and_bytes("empty", &[]);
        assert_eq!(needles.within(&[1, 0xff, 0, 0xd8, 2]), ["picture"]);
        assert_eq!(needles.within("Әли".as_bytes()), ["name as UTF-8"]);
    }

    #[test]
    fn what_holds_nothing_is_not_read() {
        let smaps = "7f00-7f10 rw-p 00000000 00:00 0 [heap]\nSize: 4 kB\nRss: 4 kB\n\
                     8000-9000 rw-p 00000000 00:00 0\nRss: 0 kB\n\
                     a000-b000 r--p 00000000 00:00 0 /lib/x\nRss: 4 kB\n\
                     c000-d000 rwxp 00000000 00:00 0\nRss: 8 kB\n";
        assert_eq!(
            resident(smaps),
            [(0x7f00, 0x7f10, "[heap]"), (0xc000, 0xd000, "anonymous memory")]
        );
    }

    #[test]
    fn the_memory_of_this_process_is_read() {
        let secret = format!("{}-{}", std::process::id(), "is looked for");
        let this = Process {
            id: std::process::id(),
            name: "test".into(),
        };
        let needles = Needles::new(&[("secret", secret.as_str())]);
        assert!(!needles.in_memory(&this).unwrap().is_empty());
    }
}
