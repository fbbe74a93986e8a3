//! Pictures of the real window in every language and contrast, and whether everything fits.
#![allow(dead_code, reason = "each story uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use walk::{STEP_LIMIT, Walk, page};

/// The program.
pub const KIOSK: &str = env!("CARGO_BIN_EXE_alaqan");
pub const LANGUAGES: [&str; 3] = ["kk", "ru", "en"];
/// Sizes of the window.
pub const UPRIGHT: (u32, u32) = (1080, 1920);
pub const LYING: (u32, u32) = (1280, 1024);

pub fn run<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(story)
}

/// Takes pictures of a window of one size, and looks whether everything fits.
pub struct Gallery {
    pub folder: PathBuf,
}

impl Gallery {
    pub fn new(story: &str, (width, height): (u32, u32)) -> Self {
        let screens = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
        let folder = screens.join(format!("{width}x{height}")).join(story);
        let _ = std::fs::remove_dir_all(&folder);
        Self { folder }
    }

    /// One picture in each language, in normal and in high contrast.
    pub async fn show(&self, walk: &Walk, screen: &str, name: &str) {
        for contrast in ["normal", "high"] {
            self.show_in(walk, screen, name, contrast).await;
            walk.touch("contrast").await.unwrap();
        }
    }

    /// One picture in each language, in this contrast, which is the one of the window now.
    pub async fn show_in(&self, walk: &Walk, screen: &str, name: &str, contrast: &str) {
        walk.wait_for(&[screen], STEP_LIMIT).await.unwrap();
        for language in LANGUAGES {
            walk.touch(&format!("language-{language}")).await.unwrap();
            self.wait_for_language(walk, language).await;
            let picture = format!("{name}-{language}-{contrast}");
            assert_eq!(misfits(walk).await, "", "{picture} does not fit");
            assert_eq!(
                unseen(walk).await,
                0,
                "{picture} does not show all that can be chosen"
            );
            walk.picture(&self.folder.join(format!("{picture}.png")))
                .await
                .unwrap();
            assert_eq!(
                walk.screen().await.unwrap(),
                screen,
                "the screen went while its pictures were taken"
            );
        }
    }

    pub async fn wait_for_language(&self, walk: &Walk, language: &str) {
        let end = tokio::time::Instant::now() + STEP_LIMIT;
        loop {
            let shown = walk
                .client()
                .execute("return document.documentElement.lang", vec![])
                .await
                .unwrap();
            if shown == language {
                return;
            }
            assert!(tokio::time::Instant::now() < end, "the language stays {shown}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Names what is cut off or stands outside of the window, one a line.
pub async fn misfits(walk: &Walk) -> String {
    misfits_where(walk, false).await
}

/// The same of a page that may be longer than the window, as long as its buttons scroll it.
pub async fn misfits_if_scrolled(walk: &Walk) -> String {
    misfits_where(walk, true).await
}

async fn misfits_where(walk: &Walk, may_scroll: bool) -> String {
    walk.painted().await.unwrap();
    lines(walk, &page::misfits(may_scroll)).await
}

/// The list that a script gives, one a line.
pub async fn lines(walk: &Walk, script: &str) -> String {
    let list = walk.client().execute(script, vec![]).await.unwrap();
    let list = list.as_array().expect("the script gives a list");
    let lines: Vec<&str> = list
        .iter()
        .map(|line| line.as_str().unwrap_or("no words"))
        .collect();
    lines.join("\n")
}

/// How many lists go on below what is seen of them: nobody would look there for more.
async fn unseen(walk: &Walk) -> u64 {
    // Speech reads what is below, and its bar takes the room.
    let script = "return document.querySelector('.speech-bar') !== null ? 0
        : [...document.querySelectorAll('.cards, .choices')]
        .filter((list) => list.scrollHeight > list.clientHeight + 1).length";
    let lists = walk.client().execute(script, vec![]).await.unwrap();
    lists.as_u64().unwrap()
}

/// Waits for the answer as somebody does who now and then touches the screen, so that it stays.
pub async fn verified_meanwhile(walk: &Walk) {
    let touched_every = Duration::from_secs(5);
    for language in LANGUAGES.iter().cycle().take(24) {
        walk.touch(&format!("language-{language}")).await.unwrap();
        if walk
            .wait_for_value("data-outcome", "verified", touched_every)
            .await
            .is_ok()
        {
            return;
        }
    }
    panic!("the answer did not come to the screen");
}

/// Pictures of one window in both sizes, one after the other.
pub struct BothSizes {
    galleries: [((u32, u32), Gallery); 2],
}

impl BothSizes {
    pub fn new(story: &str) -> Self {
        Self {
            galleries: [UPRIGHT, LYING].map(|size| (size, Gallery::new(story, size))),
        }
    }

    /// One picture in each language and size, in normal contrast; leaves the window upright and in the last language.
    pub async fn show(&self, walk: &Walk, screen: &str, name: &str) {
        for (size, gallery) in &self.galleries {
            resize(walk, *size).await;
            gallery.show_in(walk, screen, name, "normal").await;
        }
        resize(walk, UPRIGHT).await;
    }
}

/// Gives the page of a window this size.
pub async fn resize(walk: &Walk, (width, height): (u32, u32)) {
    let end = tokio::time::Instant::now() + STEP_LIMIT;
    walk.client().set_window_size(width, height).await.unwrap();
    loop {
        let shown = walk
            .client()
            .execute("return [innerWidth, innerHeight]", vec![])
            .await
            .unwrap();
        if shown == serde_json::json!([width, height]) {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "the window stays {shown}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
