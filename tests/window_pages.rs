//! Pages that come and go in the real window: a fresh one for each person, and another one for one that died.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::Path;

use common::{IIN, Institution, LIMIT, alone, clip, hands};
use gallery::{Gallery, KIOSK, LYING, UPRIGHT, misfits, run};
use outbox::Outbox as _;
use walk::processes::{self, Process};
use walk::{STEP_LIMIT, Walk};

fn web_processes(config: &Path) -> Vec<Process> {
    processes::web_processes(processes::kiosk(config).expect("the kiosk runs").id)
}

/// Waits until something is so.
async fn until(what: &str, so: impl Fn() -> bool) {
    let end = tokio::time::Instant::now() + LIMIT;
    while !so() {
        assert!(tokio::time::Instant::now() < end, "{what}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[test]
fn each_person_gets_a_fresh_web_process() {
    let _alone = alone();
    let institution = Institution::found();
    let config = institution.behaving(&clip(), "", LYING, "fresh_page = true\n");
    run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        let mut seen: Vec<Process> = Vec::new();
        for _ in 0..3 {
            walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
            until("one web process is left", || web_processes(&config).len() == 1).await;
            let now = web_processes(&config);
            assert!(
                !now.iter().any(|process| seen.contains(process)),
                "a process serves twice"
            );
            seen.extend(now);
            let page = walk.handle().await.unwrap();
            walk.touch("begin").await.unwrap();
            walk.wait_for(&["service"], STEP_LIMIT).await.unwrap();
            walk.touch("cancel").await.unwrap();
            walk.wait_for(&["outcome"], LIMIT).await.unwrap();
            walk.touch("finish").await.unwrap();
            walk.follow_from(&page).await.unwrap();
        }
        walk.close().await.unwrap();
    });
}

/// A web process that is killed in the middle of a session: the person finds another page, and the session where it was; left
/// alone, it leaves its record.
#[test]
fn a_killed_web_process_is_replaced_and_the_session_leaves_its_record() {
    let _alone = alone();
    let institution = Institution::found();
    // The question whether somebody is there comes 20 s before the end and would cover the first screens.
    let policy = "idle_limit_ms = 35000";
    let config = institution.behaving(&clip(), policy, LYING, "fresh_page = true\n");
    run(async {
        let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
        walk.identify_as("account-opening", IIN).await.unwrap();
        let kiosk = processes::kiosk(&config).unwrap();
        let [old] = &web_processes(&config)[..] else {
            panic!("one web process")
        };
        let killed = std::process::Command::new("kill")
            .args(["-KILL", &old.id.to_string()])
            .status();
        assert!(killed.unwrap().success());
        // The driver may lose the page with its process, so the processes are looked at.
        until("another web process came", || {
            let now = web_processes(&config);
            now.len() == 1 && now[0].id != old.id
        })
        .await;
        // Nobody touches anything: the session ends by itself and is recorded, and a fresh page follows.
        let after = web_processes(&config)[0].id;
        until("a fresh page follows the session", || {
            let now = web_processes(&config);
            now.len() == 1 && ![old.id, after].contains(&now[0].id)
        })
        .await;
        assert_eq!(
            processes::kiosk(&config).as_ref(),
            Some(&kiosk),
            "the kiosk is the same"
        );
        assert_eq!(hands::windows(), 1, "and shows one page");
        drop(walk);
        until("the kiosk has ended", || processes::kiosk(&config).is_none()).await;
    });
    // Nothing was captured, so the record is the one of the audit log.
    let settings = institution.custody();
    let keys = custody::open_keys(&settings).unwrap();
    let store = custody::open_store(&settings, &keys, common::now()).unwrap();
    let records = store.outbox.audit_records(0, usize::MAX).unwrap();
    let events: Vec<_> = records
        .iter()
        .filter(|record| record.session.is_some())
        .map(|record| record.event.as_str())
        .collect();
    assert!(
        events.ends_with(&["EndedBeforeCapture outcome=TimedOut", "SessionClosed"]),
        "{events:?}"
    );
}

#[test]
fn the_attract_screen_comes_and_goes() {
    let _alone = alone();
    let institution = Institution::found();
    for size in [UPRIGHT, LYING, (1920, 1080)] {
        let config = institution.behaving(&clip(), "", size, "attract_after_s = 3\n");
        run(async {
            let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
            walk.wait_for(&["attract"], LIMIT).await.unwrap();
            assert_eq!(misfits(&walk).await, "", "the attract screen does not fit");
            let folder = Gallery::new("attract", size).folder;
            walk.picture(&folder.join("attract.png")).await.unwrap();
            walk.touch("attract").await.unwrap();
            walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
            walk.wait_for(&["attract"], LIMIT).await.unwrap();
            walk.close().await.unwrap();
        });
    }
}
