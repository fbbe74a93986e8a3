//! Kiosks without a window: each signs, puts into an outbox on the disk, delivers by the kiosk's own client, verifies the
//! receipt and lets the entry leave.

use std::path::Path;
use std::sync::Barrier;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use document::signature::{anchors_from_pem, verify};
use outbox::sqlite::{KeyRing, SqliteOutbox};
use outbox::{Outbox, SignedDocument};
use sync::{Event, Handle};
use verification::Sensitive;
use verification::audit::LogId;

use super::memory::{Load, PATIENCE, client};
use crate::bank::Papers;
use crate::error::BenchError;
use crate::paper::{Scribe, now};

/// One kiosk, with its store and its line.
struct Kiosk<'a> {
    outbox: SqliteOutbox,
    handle: Handle,
    events: Receiver<Event>,
    scribe: &'a mut Scribe,
    anchors: Vec<Vec<u8>>,
    is_welcome: bool,
    delivered: usize,
}

/// Each kiosk records so many documents of so many bytes and delivers them; gives the time from the first one that is signed to
/// the last one that has left. The connections and stores are opened before.
///
/// # Errors
/// When a store fails, the gateway refuses a document, or goes silent.
pub fn deliver(
    url: &str,
    kiosks: &mut [(Papers, Scribe)],
    folder: &Path,
    bytes: usize,
    each: usize,
    window: u16,
) -> Result<Duration, BenchError> {
    let folder = tempfile::tempdir_in(folder).map_err(BenchError::file(folder))?;
    let mut open = Vec::new();
    for (number, (papers, scribe)) in kiosks.iter_mut().enumerate() {
        let file = folder.path().join(format!("{number}.db"));
        open.push(Kiosk::open(url, papers, scribe, &file, window)?);
    }
    for kiosk in &mut open {
        kiosk.until(|kiosk| kiosk.is_welcome)?;
    }
    let barrier = Barrier::new(open.len() + 1);
    let (took, results) = std::thread::scope(|scope| {
        let threads: Vec<_> = open
            .iter_mut()
            .map(|kiosk| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    kiosk.work(bytes, each)
                })
            })
            .collect();
        barrier.wait();
        let start = Instant::now();
        let results: Vec<_> = threads
            .into_iter()
            .map(std::thread::ScopedJoinHandle::join)
            .collect();
        (start.elapsed(), results)
    });
    for result in results {
        result.map_err(|_| BenchError::Peer("a kiosk ended by a panic".into()))??;
    }
    Ok(took)
}

impl<'a> Kiosk<'a> {
    fn open(
        url: &str,
        papers: &Papers,
        scribe: &'a mut Scribe,
        file: &Path,
        window: u16,
    ) -> Result<Self, BenchError> {
        let (mut key, mut log) = ([0; 32], [0; 16]);
        fastrand::Rng::new().fill(&mut key);
        fastrand::Rng::new().fill(&mut log);
        let keys = KeyRing::of(Sensitive::new(key));
        let outbox = SqliteOutbox::open(file, &keys, LogId(log), now())?.outbox;
        let load = Load {
            papers: papers.clone(),
            before: scribe.head(),
            documents: Vec::new(),
        };
        let (sender, events) = mpsc::channel();
        let tell = move |event| {
            // The kiosk has gone; nothing is left to be told.
            let _ = sender.send(event);
        };
        let handle = sync::spawn(client(url, &load, window)?, tell)
            .map_err(|error| BenchError::Peer(error.to_string()))?;
        let anchors = anchors_from_pem(papers.authority.as_bytes())
            .map_err(|error| BenchError::Peer(error.to_string()))?;
        Ok(Self {
            outbox,
            handle,
            events,
            scribe,
            anchors,
            is_welcome: false,
            delivered: 0,
        })
    }

    fn work(&mut self, bytes: usize, each: usize) -> Result<(), BenchError> {
        for _ in 0..each {
            let (id, bytes) = self.scribe.write(bytes)?;
            self.outbox.put_final(&SignedDocument { id, bytes }, &[], now())?;
            self.handle.wake();
            while let Ok(event) = self.events.try_recv() {
                self.handle_event(event)?;
            }
        }
        self.until(|kiosk| kiosk.delivered == each)
    }

    fn until(&mut self, done: impl Fn(&Self) -> bool) -> Result<(), BenchError> {
        while !done(self) {
            let event = self.events.recv_timeout(PATIENCE);
            self.handle_event(event.map_err(|_| BenchError::Bound("a receipt of the gateway".into()))?)?;
        }
        Ok(())
    }

    fn handle_event(&mut self, event: Event) -> Result<(), BenchError> {
        match event {
            Event::Welcome { .. } => self.is_welcome = true,
            Event::WantNext => {
                let next = self.outbox.next(now())?;
                self.handle
                    .offer(next.map(|document| (document.id, document.bytes)));
            }
            Event::Delivered { id, receipt } => {
                verify(&receipt, &self.anchors, now())
                    .map_err(|error| BenchError::Peer(error.to_string()))?;
                if self.outbox.receipt(id, &receipt, now(), now())? {
                    self.delivered += 1;
                }
            }
            Event::LinkDown { reason } => return Err(BenchError::Peer(reason.to_string())),
            Event::Refused { code, .. } => return Err(BenchError::Peer(format!("refused: {}", code.name()))),
            Event::Postponed { .. } => return Err(BenchError::Peer("the gateway cannot store".into())),
            Event::Identified { .. }
            | Event::Resend { .. }
            | Event::Certificates { .. }
            | Event::HostedPage { .. }
            | Event::CallBacks { .. } => {}
        }
        Ok(())
    }
}
