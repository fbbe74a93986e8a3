//! The kiosk looks at itself: its installed files against a manifest that the release key signed, signs of a debugger, of
//! code from elsewhere, and of a machine that is none.
//!
//! This room looks and reports. Whether a kiosk may serve with what was found is the business of
//! [`verification::integrity`]; what a program in user space can find at all stands in `docs/integrity.md`.
//!
//! - [`Manifest`] and [`ReleaseKey`]: a text, and a signature over it. Pure.
//! - [`Installation::check`]: the files of a folder against them.
//! - [`Signs::from_sources`]: what texts of the operating system say about debuggers and virtual machines. Pure;
//!   [`Sources::read`] reads the texts.
//! - [`Watch`]: when to look again. Pure.
//!
//! **Architecture Invariant:** nothing that is read here may end the program: no odd file, no odd text.
//!
//! **Architecture Invariant:** a manifest counts only behind the signature of a pinned key, and is not read before.

mod check;
mod error;
mod make;
mod manifest;
mod release;
mod signs;
mod sources;
mod watch;

use verification::integrity::IntegrityReport;
use verification::time::UtcMs;

pub use check::{Checked, Deviation, Installation, MANIFEST_NAME, Release, What, signature_of};
pub use error::IntegrityError;
pub use make::{list, make_key};
pub use manifest::{Entry, MANIFEST_MAX_BYTES, Manifest};
pub use release::{ReleaseKey, ReleaseSigner};
pub use signs::{Signs, Sources, System};
pub use sources::debugger_now;
pub use watch::{Effect, Input, Plan, Watch};

/// Looks at everything: reads and hashes every installed file, which takes as long as the disk needs for them. For a thread
/// on which nobody waits.
pub fn look(installation: &Installation, at: UtcMs) -> IntegrityReport {
    let Checked {
        manifest_sha256,
        files,
    } = installation.check(&mut |_| {});
    let signs = Signs::from_sources(&Sources::read(), &installation.own_code());
    IntegrityReport {
        manifest_sha256,
        files,
        debugger: signs.debugger,
        injected_libraries: signs.injected_libraries,
        virtual_environment: signs.virtual_environment,
        checked_at: at,
    }
}

/// What this program was built for, as a manifest names it: processor and operating system, such as `x86_64-linux`.
pub fn this_target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}
