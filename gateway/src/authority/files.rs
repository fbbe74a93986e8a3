//! The files of the demo authority: how they are written, and the configurations.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::AuthorityError;

/// Who may read a file.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Access {
    /// Anybody.
    Public,
    /// Readable by its owner alone.
    Private,
}

/// Writes a file that must not be there yet. It appears whole or not at all.
pub(super) fn write_new(file: &Path, bytes: &[u8], access: Access) -> Result<(), AuthorityError> {
    let write = || {
        let mut name = file.as_os_str().to_owned();
        name.push(".new");
        let temporary = PathBuf::from(name);
        // One that a former try left behind may have other rights than this one is to have.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if access == Access::Private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let mut open = options.open(&temporary)?;
        open.write_all(bytes)?;
        open.sync_all()?;
        fs::rename(&temporary, file)?;
        flush_folder(file)
    };
    write().map_err(|source| AuthorityError::Write {
        file: file.to_owned(),
        source,
    })
}

/// A file that was renamed is there for good only when its folder is on the disk.
fn flush_folder(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        let here = folder.as_os_str().is_empty();
        fs::File::open(if here { Path::new(".") } else { folder })?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

pub(super) fn make_folder(folder: &Path) -> Result<(), AuthorityError> {
    fs::create_dir_all(folder).map_err(|source| AuthorityError::Write {
        file: folder.to_owned(),
        source,
    })
}

pub(super) fn read(file: &Path) -> Result<String, AuthorityError> {
    fs::read_to_string(file).map_err(|source| AuthorityError::Read {
        file: file.to_owned(),
        source,
    })
}

pub(super) fn gateway_toml(listen: SocketAddr, ops: SocketAddr, idec: SocketAddr) -> String {
    format!(
        r#"# Configuration of alaqan-gateway. Paths are relative to this file. docs/gateway.toml explains every key.

# Where kiosks are awaited. Port 0 takes a free one; `run --ready-file` tells which.
listen = "{listen}"
# What is logged: error, warn, info, debug, trace, or a filter such as "gateway=debug".
log = "info"

[gateway]
# Names this gateway and its audit log; no other gateway on the same store may have the name.
name = "gateway"

[tls]
certificate = "gateway.pem"
key = "gateway.key"
# The authority that issues the kiosks' certificates.
authority = "ca.pem"

[authority]
kind = "embedded"
key = "ca.key"

# With this key the answers of the centre, and receipts, are signed for the kiosks.
[signing]
certificate = "answers.pem"
key = "answers.key"

# The encrypted database of documents and answers. Without its key it cannot be read by anyone.
[store]
kind = "sqlite"
file = "gateway.db"
key = "gateway.db.key"

# The identification centre.
[idec]
url = "https://{idec}"
authority = "ca.pem"
# How long one request may take.
deadline_ms = 10000
# From which score on a comparison is a match, 0 to 1.
comparison_min = 0.95
# Pauses after a failure: the first one, and the longest one.
retry_min_ms = 1000
retry_max_ms = 300000
# How many documents are asked about at once.
parallel = 4

# Opens packages of documents that kiosks without a line write to a medium.
[packages]
key = "packages.key"

# Health, readiness and metrics, by plain HTTP.
[ops]
listen = "{ops}"
"#
    )
}

pub(super) fn idec_toml(listen: SocketAddr) -> String {
    format!(
        r#"# Configuration of alaqan-idec-sim, a SIMULATOR of the identification centre.
# It looks at no face: it answers by the script below. Paths are relative to this file.

# Port 0 takes a free one; `--ready-file` tells which.
listen = "{listen}"
log = "info"
certificate = "idec.pem"
key = "idec.key"

# The score of a match, 0 to 1.
score = 0.987
# How long every answer takes.
latency_ms = 0
# How long an answer takes for those whose script is "timeout".
timeout_ms = 60000
# The Retry-After of those whose script is "overload".
retry_after_s = 5

# The score of these IINs instead of the one of their answer.
[scores]
"900108300005" = 0.94

# What happens for which IIN; "match" for all others. A list is one after the other. Test numbers only.
[script]
"900101300007" = "no_match"
"900102300002" = "person_not_found"
"900103300008" = "no_reference"
"900104300003" = "state_service_error"
"900105300009" = "overload"
"900106300004" = "timeout"
"900107300006" = "malformed"
"900109300000" = "document_type_not_accepted"
"900110300006" = ["state_service_error", "match"]

# How the pages of which IIN finish by themselves: match, no_match, cancel, expire. All others wait for a button.
[hosted_script]
"900111300001" = "match"
"#
    )
}
