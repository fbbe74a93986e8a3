//! Licences, sources and bans, by cargo-deny.

use crate::error::XtaskError;
use crate::paths::Paths;
use crate::process;
use crate::steps::step;
use crate::tools::Tool;

const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    arguments: &[],
};

/// Runs cargo-deny, which is built into the cache first if it is not there.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    let program = CARGO_DENY.installed(paths)?;
    step("Checking bans, licences and sources", || {
        let mut deny = std::process::Command::new(&program);
        deny.current_dir(&paths.root)
            .args(["--locked", "--workspace", "check", "--hide-inclusion-graph"]);
        // A wrapper says who may, not who does.
        deny.args(["--allow", "unmatched-wrapper", "--allow", "unused-wrapper"])
            .args(["bans", "licenses", "sources"]);
        process::run(&mut deny)
    })
}
