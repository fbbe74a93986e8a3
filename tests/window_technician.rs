//! The screens for those who look after the kiosk, in the real window: in three languages, both contrasts and both sizes.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;
mod gallery;

use std::path::Path;

use common::{Clip, Institution, LIMIT, alone, clip, sitting_still};
use gallery::{Gallery, KIOSK, LYING, UPRIGHT, run};
use palm::sim::{Protocol, SimSettings, Simulator};
use verification::Sensitive;
use walk::{STEP_LIMIT, Walk};

const TECHNICIAN: &str = "70415926";
const OPERATOR: &str = "07123456";

#[test]
fn the_desk_upright() {
    the_desk(UPRIGHT);
}

#[test]
fn the_desk_lying() {
    the_desk(LYING);
}

fn the_desk(size: (u32, u32)) {
    let _alone = alone();
    // A folder of two clips: a kiosk has not many cameras.
    let (folder, clip) = sitting_still(&clip());
    std::fs::copy(folder.path().join(&clip.file), folder.path().join("other.mp4")).unwrap();
    let manifest = folder.path().join("manifest.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let other = text.replace(&format!("{:?}", clip.file), "\"other.mp4\"");
    std::fs::write(&manifest, format!("{text}{other}")).unwrap();
    let mut institution = Institution::found();
    institution.open_gateway();
    let scanner = Simulator::start(SimSettings {
        protocol: Protocol::Reference,
        link: Some(institution.folder.path().join("scanner")),
        ..SimSettings::default()
    })
    .unwrap();
    run(looks_after(&institution, &clip, &scanner, size));
}

async fn looks_after(institution: &Institution, clip: &Clip, scanner: &Simulator, size: (u32, u32)) {
    let code = |text: &str| Sensitive::new(text.to_owned());
    let wrong_driver = Protocol::DfrobotAi10.name();
    let policy = format!(
        "idle_limit_ms = 600000\n[speech]\nlog = {:?}\nheadset = \"file:{}\"\nengine = []\n[palm]\nport = {:?}\ndriver = {wrong_driver:?}\n\
         [[operators]]\nnumber = \"07\"\nname = \"staff-7\"\ncode = {:?}\n[technician]\ncode = {:?}\nexport = {:?}\n",
        institution.folder.path().join("said"),
        institution.folder.path().join("plug").display(),
        scanner.port(),
        alaqan::operators::hash(&code(OPERATOR)).unwrap(),
        alaqan::technician::hash(&code(TECHNICIAN)).unwrap(),
        institution.folder.path(),
    );
    let config = institution.kiosk_config(clip, &policy, size);
    let walk = Walk::start(Path::new(KIOSK), &config).await.unwrap();
    let gallery = Gallery::new("technician", size);

    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();
    hold_the_name(&walk).await;
    gallery.show(&walk, "technician-login", "login").await;
    enter(&walk, "11111111").await;
    wait(&walk, "[data-testid='staff-error'] .error").await;
    gallery
        .show_in(&walk, "technician-login", "login-wrong", "normal")
        .await;
    enter(&walk, OPERATOR).await;
    wait(
        &walk,
        "[data-screen='status'] [data-part='camera'][data-state='works']",
    )
    .await;
    gallery.show(&walk, "status", "status").await;
    walk.touch("staff-leave").await.unwrap();
    walk.wait_for(&["welcome"], STEP_LIMIT).await.unwrap();

    press_the_keys(&walk).await;
    walk.wait_for(&["technician-login"], STEP_LIMIT).await.unwrap();
    enter(&walk, TECHNICIAN).await;
    wait(
        &walk,
        "[data-page='overview'] [data-part='palm-scanner'][data-state='fails']",
    )
    .await;
    gallery.show(&walk, "health", "desk-overview").await;
    the_camera(&walk, &gallery, clip).await;
    the_scanner(&walk, &gallery, scanner).await;
    the_sound(&walk, &gallery, institution).await;

    walk.touch("desk-actions").await.unwrap();
    wait(&walk, "[data-page='actions']").await;
    walk.touch("desk-export").await.unwrap();
    wait(&walk, "[data-said='exported']").await;
    walk.touch("desk-maintain").await.unwrap();
    gallery.show(&walk, "health", "desk-actions").await;
    walk.touch("staff-leave").await.unwrap();
    walk.wait_for_value("data-code", "maintenance", STEP_LIMIT)
        .await
        .unwrap();
    gallery
        .show(&walk, "out-of-service", "out-of-service-maintenance")
        .await;
    walk.close().await.unwrap();
}

async fn the_camera(walk: &Walk, gallery: &Gallery, clip: &Clip) {
    walk.touch("desk-camera").await.unwrap();
    wait(walk, "[data-page='camera'] .offer").await;
    walk.touch(&format!("try-clip:{}", clip.file)).await.unwrap();
    wait(walk, "[data-trial='live'] canvas[data-live='true']").await;
    gallery.show(walk, "health", "desk-camera").await;
}

/// The configuration names the wrong driver; the technician finds the right one.
async fn the_scanner(walk: &Walk, gallery: &Gallery, scanner: &Simulator) {
    walk.touch("desk-scanner").await.unwrap();
    wait(walk, "[data-page='scanner'] .offer[data-used='true']").await;
    let right = format!(
        "choose-{}@{}",
        Protocol::Reference.name(),
        scanner.port().display()
    );
    walk.touch(&right).await.unwrap();
    wait(walk, "[data-said='chosen']").await;
    walk.touch("desk-overview").await.unwrap();
    wait(walk, "[data-part='palm-scanner'][data-state='works']").await;
    walk.touch("desk-scanner").await.unwrap();
    wait(walk, "[data-page='scanner'] .offer").await;
    walk.touch("try-hand").await.unwrap();
    wait(walk, "[data-trial='hand']").await;
    gallery.show(walk, "health", "desk-scanner").await;
}

/// The phrase that stands on the page is played in its language, and a headset that is plugged in is noticed.
async fn the_sound(walk: &Walk, gallery: &Gallery, institution: &Institution) {
    let folder = institution.folder.path();
    walk.touch("desk-sound").await.unwrap();
    wait(
        walk,
        "[data-page='sound'] [data-language='en'][data-whole='false']",
    )
    .await;
    let headset = || async {
        let figure = walk::css("[data-testid='sound-headset']");
        walk.client().find(figure).await.unwrap().text().await.unwrap()
    };
    let without = headset().await;
    walk.touch("play-en").await.unwrap();
    wait(walk, "[data-trial='unheard']").await;
    let said = std::fs::read_to_string(folder.join("said")).unwrap();
    assert!(
        said.contains(
            r#""language":"en","text":"This is a test of the sound. Number: 4785","found":"missing""#
        ),
        "{said}"
    );
    std::fs::write(folder.join("plug"), "1").unwrap();
    let end = tokio::time::Instant::now() + LIMIT;
    while headset().await == without {
        assert!(tokio::time::Instant::now() < end, "the headset is not seen");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    gallery.show(walk, "health", "desk-sound").await;
    std::fs::write(folder.join("plug"), "0").unwrap();
}

async fn wait(walk: &Walk, selector: &str) {
    let client = walk.client();
    let found = client
        .wait()
        .at_most(LIMIT)
        .for_element(walk::css(selector))
        .await;
    assert!(found.is_ok(), "{selector} does not come");
}

async fn enter(walk: &Walk, code: &str) {
    for digit in code.chars() {
        walk.touch(&format!("key-{digit}")).await.unwrap();
    }
    walk.touch("staff-next").await.unwrap();
}

/// Holds the name of the kiosk until the door opens.
async fn hold_the_name(walk: &Walk) {
    let press =
        "document.querySelector(\"[data-testid='brand']\").dispatchEvent(new PointerEvent('pointerdown'))";
    walk.client().execute(press, vec![]).await.unwrap();
    walk.wait_for(&["technician-login"], STEP_LIMIT).await.unwrap();
}

async fn press_the_keys(walk: &Walk) {
    let press = "document.dispatchEvent(new KeyboardEvent('keydown', \
                 { code: 'KeyS', key: 's', ctrlKey: true, altKey: true, bubbles: true }))";
    walk.client().execute(press, vec![]).await.unwrap();
}
