use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::OptionalActions;

/// A pseudo-terminal and the link to it, which goes away with its value.
pub struct Pty {
    master: OwnedFd,
    /// Held open: the master would read errors while no host has the port open.
    _slave: OwnedFd,
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Pty {
    /// Opens one, and makes the link; another link of that name is replaced, anything else is not.
    ///
    /// # Errors
    /// If the system gives none, or the link cannot be made.
    pub fn open(link: Option<&Path>) -> io::Result<Self> {
        let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        rustix::pty::grantpt(&master)?;
        rustix::pty::unlockpt(&master)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC)?;
        let name = rustix::pty::ptsname(&master, Vec::new())?;
        let path = PathBuf::from(std::ffi::OsString::from_vec(name.into_bytes()));
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(&path, flags, Mode::empty())?;
        let mut line = rustix::termios::tcgetattr(&slave)?;
        // A host that forgets to do so itself would see its own words come back.
        line.make_raw();
        rustix::termios::tcsetattr(&slave, OptionalActions::Now, &line)?;
        if let Some(link) = link {
            if std::fs::symlink_metadata(link).is_ok_and(|found| found.is_symlink()) {
                std::fs::remove_file(link)?;
            }
            std::os::unix::fs::symlink(&path, link)?;
        }
        Ok(Self {
            master,
            _slave: slave,
            path,
            link: link.map(Path::to_owned),
        })
    }

    /// What a host is to open.
    pub fn path(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.path)
    }

    /// Waits until bytes have come in, at most for so long.
    pub fn wait(&self, limit: Duration) {
        let limit = Timespec::try_from(limit).unwrap_or_default();
        // Whether something came is seen by reading.
        let _ = poll(&mut [PollFd::new(&self.master, PollFlags::IN)], Some(&limit));
    }

    /// Sends without waiting. A host that does not read loses bytes, as on a real line.
    pub fn send(&self, bytes: &[u8]) {
        let _ = rustix::io::write(&self.master, bytes);
    }

    /// What has come in; nothing if nothing has.
    pub fn receive<'a>(&self, buffer: &'a mut [u8]) -> &'a [u8] {
        let count = loop {
            match rustix::io::read(&self.master, &mut *buffer) {
                Err(Errno::INTR) => {}
                read => break read.unwrap_or_default(),
            }
        };
        buffer.get(..count).unwrap_or_default()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Some(link) = &self.link
            && std::fs::read_link(link).is_ok_and(|target| target == self.path)
        {
            // Nobody is left to be told.
            let _ = std::fs::remove_file(link);
        }
    }
}
