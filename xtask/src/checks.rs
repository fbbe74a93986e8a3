//! All that CI runs.

use std::process::Command;

use crate::display::Display;
use crate::error::XtaskError;
use crate::models::Upstream;
use crate::paths::Paths;
use crate::steps::{note, step};
use crate::{axe, book, demo, deny, fuzz, locales, models, process, setup, tidy, ui, wasm};

/// Holds the largest windows of the stories, upright and lying.
const TEST_SCREEN_PX: (u32, u32) = (1920, 1920);

/// Sets everything up and runs all tests.
pub fn test(paths: &Paths) -> Result<(), XtaskError> {
    prepare(paths)?;
    // Stories start the programs themselves, so these must be there and be new.
    demo::build(paths)?;
    // Clips are made from it where there is no folder of recorded people.
    let portrait = models::portrait(paths)?;
    let axe = axe::perform(paths)?;
    // Never the screen of the person at this machine: the stories want windows of exact sizes.
    let display = Display::virtual_one(TEST_SCREEN_PX)?;
    step("Testing", || {
        let mut rooms = cargo(paths);
        rooms
            .args(["test", "--workspace", "--exclude", "ui", "--no-fail-fast"])
            .env("ALAQAN_MODELS", &paths.models)
            .env("ALAQAN_PORTRAIT", &portrait)
            .env("ALAQAN_AXE", &axe);
        if std::env::var_os("ALAQAN_FOOTAGE").is_some_and(|folder| folder.is_empty()) {
            rooms.env_remove("ALAQAN_FOOTAGE");
        }
        display.lend(&mut rooms);
        process::run(&mut rooms)
    })?;
    step("Testing the screens", || {
        process::run(cargo(paths).args(["test", "--package", "ui"]))
    })
}

/// All checks but the tests, the quickest first.
pub fn check(paths: &Paths) -> Result<(), XtaskError> {
    step("Checking the formatting", || {
        process::run(cargo(paths).args(["fmt", "--all", "--check"]))
    })?;
    tidy::perform(paths)?;
    locales::perform(paths, &locales::Arguments::default())?;
    prepare(paths)?;
    step("Linting", || {
        let lint = [
            "clippy",
            "--workspace",
            "--exclude",
            "ui",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        process::run(cargo(paths).args(lint))
    })?;
    step("Linting the fuzz targets", || {
        for (home, _) in fuzz::CRATES {
            let home = paths.root.join(home);
            process::run(cargo(paths).current_dir(&home).args(["fmt", "--check"]))?;
            let lint = ["clippy", "--no-default-features", "--target-dir"];
            let mut lint_targets = cargo(paths);
            lint_targets.current_dir(&home).args(lint).arg(&paths.target);
            process::run(lint_targets.args(["--", "-D", "warnings"]))?;
        }
        Ok(())
    })?;
    step("Linting the screens", || {
        let lint = [
            "clippy",
            "--package",
            "ui",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        process::run(cargo(paths).args(lint))?;
        if !wasm::is_installed() {
            note("not for wasm: the toolchain in use does not have that target");
            return Ok(());
        }
        let lint = [
            "clippy",
            "--package",
            "ui",
            "--target",
            wasm::TARGET,
            "--",
            "-D",
            "warnings",
        ];
        process::run(cargo(paths).args(lint))
    })?;
    step("Building the documents", || {
        let mut doc = cargo(paths);
        doc.args(["doc", "--workspace", "--exclude", "ui", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings");
        process::run(&mut doc)?;
        let mut doc = cargo(paths);
        process::run(
            doc.args(["doc", "--package", "ui", "--no-deps"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })?;
    book::check(paths)?;
    deny::perform(paths)
}

fn prepare(paths: &Paths) -> Result<(), XtaskError> {
    setup::perform(paths)?;
    models::perform(paths, Upstream::TryOnce)?;
    ui::perform(paths, &ui::Arguments::default())
}

fn cargo(paths: &Paths) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(&paths.root);
    cargo
}
