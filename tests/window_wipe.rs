//! What a person entered, and the pictures that were taken of them, are looked for after they have gone: in the memory of the
//! kiosk and of its web processes, and on the disk. The real program in the real web view.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{IIN, Institution, LIMIT, alone, clip, offered};
use gallery::{KIOSK, UPRIGHT, run};
use walk::processes::{self, Needles, Process};
use walk::{STEP_LIMIT, Walk};

const PHONE: &str = "7017654329";
/// The keyboard writes the first letter as a capital.
const NAME: &str = "тәттігүлқыз";
const TEXT: &str = "жеке мәтінім осы";

fn needles() -> Needles {
    let after_first = |text: &'static str| text.char_indices().nth(1).map(|(at, _)| &text[at..]).unwrap();
    Needles::new(&[
        ("the IIN", IIN),
        ("the phone", PHONE),
        ("the name", after_first(NAME)),
        ("the text", after_first(TEXT)),
    ])
}

/// All that belongs to the kiosk: itself, its web processes, and what else it has started.
fn processes_of(config: &Path) -> Vec<Process> {
    let kiosk = processes::kiosk(config).expect("the kiosk runs");
    let mut all = processes::below(kiosk.id);
    all.push(kiosk);
    all
}

/// What stands in the memory of all of them.
fn in_memory(config: &Path, needles: &Needles) -> Vec<String> {
    processes_of(config)
        .iter()
        .flat_map(|process| needles.in_memory(process).unwrap())
        .collect()
}

/// From the welcome to the method screen, with everything entered.
async fn enters_everything(walk: &Walk) {
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    walk.touch("begin").await.unwrap();
    walk.choose("entries").await.unwrap();
    let answers = [("phone", PHONE), ("name", NAME), ("text", TEXT)];
    walk.fill_in(&answers).await.unwrap();
    walk.enter_iin(IIN).await.unwrap();
    walk.wait_for(&["method"], STEP_LIMIT).await.unwrap();
}

/// Waits until nothing is found any more, for a web process takes a moment to end; gives what is still found at the limit.
async fn left_after(config: &Path, needles: &Needles, limit: Duration) -> Vec<String> {
    let end = tokio::time::Instant::now() + limit;
    loop {
        let mut found = in_memory(config, needles);
        found.sort();
        found.dedup();
        if found.is_empty() || tokio::time::Instant::now() >= end {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

struct Disk {
    folders: Vec<PathBuf>,
}

impl Disk {
    /// Folders for everything that a program may want to write, within the one of the story.
    fn of(institution: &Institution) -> Self {
        let folder = institution.folder.path();
        let folders = ["home", "tmp", "cache", "config", "state", "share", "runtime"]
            .map(|name| folder.join("surroundings").join(name));
        for folder in &folders {
            std::fs::create_dir_all(folder).unwrap();
        }
        Self {
            folders: folders.into(),
        }
    }

    fn variables(&self) -> Vec<(&'static str, &Path)> {
        let names = [
            "HOME",
            "TMPDIR",
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME",
            "XDG_DATA_HOME",
            "XDG_RUNTIME_DIR",
        ];
        names
            .into_iter()
            .zip(self.folders.iter().map(PathBuf::as_path))
            .collect()
    }

    /// What of the values stands in a file of the kiosk, or of its surroundings.
    fn holds(&self, institution: &Institution, needles: &Needles) -> Vec<String> {
        let data = institution.folder.path().join("data");
        let mut found = needles.in_folder(&data);
        for folder in &self.folders {
            found.extend(needles.in_folder(folder));
        }
        found
    }
}

#[test]
fn nothing_of_a_person_is_left_when_the_session_ends() {
    let _alone = alone();
    let mut institution = Institution::found();
    institution.profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles/entries.toml");
    let disk = Disk::of(&institution);
    // Long enough to enter everything on a loaded machine.
    let policy = "idle_limit_ms = 45000";
    let config = institution.behaving(&clip(), policy, UPRIGHT, "fresh_page = true\n");
    run(async {
        let walk = Walk::start_within(Path::new(KIOSK), &config, &disk.variables())
            .await
            .unwrap();
        walk.wait_for(&["welcome"], LIMIT).await.unwrap();
        assert_eq!(
            in_memory(&config, &needles()),
            Vec::<String>::new(),
            "before anybody came"
        );
        for leaves in ["by the button", "by going away"] {
            let page = walk.handle().await.unwrap();
            enters_everything(&walk).await;
            let found = in_memory(&config, &needles()).join("\n");
            for what in ["the IIN", "the phone", "the name", "the text"] {
                assert!(
                    found.contains(what),
                    "{what} is there while the person is, or the search is blind"
                );
            }
            if leaves == "by the button" {
                walk.touch("cancel").await.unwrap();
            }
            walk.wait_for(&["outcome"], LIMIT).await.unwrap();
            if leaves == "by the button" {
                walk.touch("finish").await.unwrap();
            }
            walk.follow_from(&page).await.unwrap();
            walk.wait_for(&["welcome"], LIMIT).await.unwrap();
            let left = left_after(&config, &needles(), STEP_LIMIT).await;
            assert_eq!(left, Vec::<String>::new(), "in memory, after leaving {leaves}");
            assert_eq!(
                disk.holds(&institution, &needles()),
                Vec::<String>::new(),
                "on the disk, after leaving {leaves}"
            );
        }
        walk.close().await.unwrap();
    });
}

/// So long a part of a picture comes in no other one by chance, and is shorter than a page of memory: what is left of a picture
/// may be cut by other things.
const PART: usize = 48;
/// So many parts, spread over the picture.
const PARTS: usize = 16;

/// The needles of the story, and parts of the pictures that the gateway has of the person.
fn needles_and_pictures(institution: &mut Institution) -> Needles {
    let documents = institution.documents();
    let [document] = &documents[..] else {
        panic!("{} documents", documents.len())
    };
    assert!(document.claim.is_some());
    assert!(!document.stills.is_empty(), "pictures were taken");
    let mut needles = needles();
    for still in &document.stills {
        let jpeg = still.sample.jpeg.expose();
        // The tables at the beginning are those of every picture of this size.
        let pixels = &jpeg[jpeg.len() / 4..];
        for part in pixels.chunks_exact(pixels.len() / PARTS) {
            needles = needles.and_bytes(&format!("the picture {:?}", still.purpose), &part[..PART]);
        }
    }
    // What looks finds it where it is: this program has just read it.
    let this = Process {
        id: std::process::id(),
        name: "this test".to_owned(),
    };
    let found = needles.in_memory(&this).unwrap().join("\n");
    assert!(found.contains("the picture"), "the search is blind");
    needles
}

/// Who was verified has left the most: an entry, pictures, a document that was signed, stored and sent, and an answer; and what
/// they typed was told to their headset.
#[test]
fn nothing_of_a_person_is_left_after_a_capture_that_was_kept_and_sent() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles/entries.toml");
    institution.open_gateway();
    let disk = Disk::of(&institution);
    let folder = institution.folder.path();
    let (plug, log) = (folder.join("plug"), folder.join("said.jsonl"));
    let policy = format!(
        "{}\nidle_limit_ms = 120000\nidentification_patience_ms = 60000\n[speech]\nlog = {log:?}\nheadset = \"file:{}\"\n",
        offered(&clip),
        plug.display()
    );
    let config = institution.behaving(&clip, &policy, UPRIGHT, "fresh_page = true\n");
    run(async {
        let walk = Walk::start_within(Path::new(KIOSK), &config, &disk.variables())
            .await
            .unwrap();
        walk.wait_for(&["welcome"], LIMIT).await.unwrap();
        let page = walk.handle().await.unwrap();
        std::fs::write(&plug, "1").unwrap();
        enters_everything(&walk).await;
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        assert!(said.contains("\"private\":\"typed\""), "digits were told: {said}");
        let there = in_memory(&config, &needles()).join("\n");
        assert!(there.contains("the IIN"), "the search is blind");
        walk.touch("method-face").await.unwrap();
        is_verified(&walk).await;
        let delivered = walk::css("[data-testid='pending'][data-pending='0']");
        let client = walk.client();
        client.wait().at_most(LIMIT).for_element(delivered).await.unwrap();
        walk.touch("finish").await.unwrap();
        std::fs::write(&plug, "0").unwrap();
        walk.follow_from(&page).await.unwrap();
        walk.wait_for(&["welcome"], LIMIT).await.unwrap();
        let needles = needles_and_pictures(&mut institution);
        let left = left_after(&config, &needles, STEP_LIMIT).await;
        assert_eq!(left, Vec::<String>::new(), "in memory");
        assert_eq!(
            disk.holds(&institution, &needles),
            Vec::<String>::new(),
            "on the disk"
        );
        assert_eq!(
            needles.within(&std::fs::read(&log).unwrap()),
            [""; 0],
            "in the log of speech"
        );
        walk.close().await.unwrap();
    });
}

/// Until the answer is on the screen. Where the machine is so busy that the camera's pictures jump, the attempt fails; then they
/// try again as everybody may.
async fn is_verified(walk: &Walk) {
    let end = tokio::time::Instant::now() + LIMIT;
    while tokio::time::Instant::now() < end {
        let a_while = Duration::from_secs(5);
        if walk
            .wait_for_value("data-outcome", "verified", a_while)
            .await
            .is_ok()
        {
            return;
        }
        if walk.is_there("retry").await.unwrap() {
            walk.touch("retry").await.unwrap();
        }
    }
    let shown = walk.screen().await.unwrap();
    panic!("the answer does not come; {shown} is shown");
}
