use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, QueueSelector};

use super::simulator::SimError;

/// How much a host may leave unread before it loses bytes: what a few seconds of a busy line bring. A host that
/// comes late finds no more than that.
const UNREAD_MAX: u64 = 2048;

/// How long a breaking line waits for the host to take what was on it.
const DRAIN_SLICE: Duration = Duration::from_millis(10);
const DRAIN_SLICES: u32 = 30;

/// A pseudo-terminal and the link to it.
pub(super) struct Pty {
    pub master: OwnedFd,
    /// Held open: the master would read errors while no host has the port open. Absent where just that is to be seen.
    slave: Option<OwnedFd>,
    path: PathBuf,
    link: Option<Link>,
}

impl Pty {
    /// With `sees_hosts`, [`Self::is_open`] tells whether a host has the port open; otherwise it is always so.
    pub fn open(link: Option<&Path>, sees_hosts: bool) -> Result<Self, SimError> {
        let (master, slave, path) = pair().map_err(SimError::Pty)?;
        let slave = (!sees_hosts).then_some(slave);
        let link = link.map(|link| Link::make(link, &path)).transpose()?;
        Ok(Self {
            master,
            slave,
            path,
            link,
        })
    }

    /// Whether anybody has the port open.
    pub fn is_open(&self) -> bool {
        let mut master = [PollFd::new(&self.master, PollFlags::empty())];
        let polled = poll(&mut master, Some(&Timespec::default()));
        polled.is_ok() && !master[0].revents().contains(PollFlags::HUP)
    }

    /// Takes back what nobody has read, while no host has the port open.
    pub fn forget(&self) {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        // A host that comes first keeps it for itself, and flushes it itself.
        if let Ok(slave) = rustix::fs::open(&self.path, flags, Mode::empty()) {
            let _ = rustix::termios::tcflush(&slave, QueueSelector::IFlush);
        }
    }

    /// How much the host has not read yet, where that can be known.
    fn unread(&self) -> u64 {
        let unread = self.slave.as_ref().map(rustix::io::ioctl_fionread);
        unread.and_then(Result::ok).unwrap_or_default()
    }

    /// What a host is to open.
    pub fn path(&self) -> &Path {
        self.link.as_ref().map_or(&self.path, |link| &link.path)
    }

    /// Sends without waiting. A host that does not read loses bytes, as on a real line.
    pub fn send(&self, bytes: &[u8]) {
        if self.unread() < UNREAD_MAX {
            // The little that could fail here, a full buffer, is loss too.
            let _ = rustix::io::write(&self.master, bytes);
        }
    }

    /// Waits until the host has taken what was sent, for what it has not taken goes away with the line; but not for
    /// ever.
    pub fn drain(&self) {
        for _ in 0..DRAIN_SLICES {
            std::thread::sleep(DRAIN_SLICE);
            if self.unread() == 0 {
                return;
            }
        }
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

fn pair() -> io::Result<(OwnedFd, OwnedFd, PathBuf)> {
    let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    rustix::io::ioctl_fionbio(&master, true)?;
    let path = rustix::pty::ptsname(&master, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(&path, flags, Mode::empty())?;
    let mut line = rustix::termios::tcgetattr(&slave)?;
    // A host that forgets to do so itself would see its own words come back.
    line.make_raw();
    line.set_speed(115_200)?;
    rustix::termios::tcsetattr(&slave, OptionalActions::Now, &line)?;
    rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC)?;
    Ok((
        master,
        slave,
        PathBuf::from(std::ffi::OsString::from_vec(path.into_bytes())),
    ))
}

/// A symbolic link that goes away with its value, unless somebody has pointed it elsewhere meanwhile.
struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    fn make(path: &Path, target: &Path) -> Result<Self, SimError> {
        match std::fs::symlink_metadata(path) {
            Ok(found) if !found.is_symlink() => return Err(SimError::LinkTaken(path.to_owned())),
            Ok(_) => std::fs::remove_file(path),
            Err(_) => Ok(()),
        }
        .and_then(|()| std::os::unix::fs::symlink(target, path))
        .map_err(|source| SimError::Link {
            link: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            target: target.to_owned(),
        })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if std::fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            // Nobody is left to be told.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
