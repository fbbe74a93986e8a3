//! The two sides of the comparison, each with all that it needs to be given documents.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::memory::Load;
use super::{Programs, WINDOW, kiosk, memory};
use crate::bank::{Bank, Gateway, Papers};
use crate::error::BenchError;
use crate::nats::{self, Nats, Sync};
use crate::paper::{Scribe, Signed};
use crate::postgres::Postgres;
use crate::process::usage;

/// One side.
pub(super) struct Side {
    pub(super) name: String,
    kind: Kind,
    /// Whether every acknowledgement means that it is on the disk.
    pub(super) durable: bool,
    /// Where the gateway has others keep it.
    cluster: Option<Rc<Postgres>>,
}

enum Kind {
    /// Documents come from memory.
    Gateway(Rc<Gateway>, Vec<(Papers, Scribe)>),
    /// Documents are signed, put on the kiosk's disk in this folder, delivered, and leave it.
    Kiosk(Rc<Gateway>, Vec<(Papers, Scribe)>, PathBuf),
    Nats(Nats),
}

impl Side {
    pub(super) fn process(&self) -> u32 {
        match &self.kind {
            Kind::Gateway(gateway, ..) | Kind::Kiosk(gateway, ..) => gateway.id(),
            Kind::Nats(nats) => nats.id(),
        }
    }

    /// The processes that bring what it keeps to the disk.
    pub(super) fn writers(&self) -> Vec<u32> {
        self.cluster
            .as_ref()
            .map_or_else(|| vec![self.process()], |cluster| cluster.processes())
    }

    pub(super) fn is_ours(&self) -> bool {
        !matches!(self.kind, Kind::Nats(..))
    }
}

/// What one side did in one round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) items: usize,
    pub(super) took: Duration,
    pub(super) server_s: f64,
    pub(super) own_s: f64,
}

fn name(kind: &str, number: usize) -> String {
    format!("{kind}-{number:03}")
}

/// A bank whose gateway keeps everything in this cluster.
pub(super) fn on_postgres(
    programs: &Programs,
    folder: &Path,
    cluster: &Postgres,
) -> Result<Bank, BenchError> {
    let bank = Bank::found(&programs.gateway, folder)?;
    bank.configure("kind = \"sqlite\"", "kind = \"postgres\"")?;
    bank.configure("[idec]", &format!("{}\n[idec]", cluster.table()))?;
    Ok(bank)
}

/// A gateway, and both ways to deliver to it.
pub(super) fn gateway(
    store: &str,
    bank: &Bank,
    kiosks: usize,
    seed: u64,
    folder: &Path,
    cluster: Option<Rc<Postgres>>,
) -> Result<Vec<Side>, BenchError> {
    let crowd = |kind: &str, seed: u64| -> Result<Vec<(Papers, Scribe)>, BenchError> {
        let mut crowd = Vec::new();
        for number in 0..kiosks {
            let papers = bank.enrol(&name(kind, number))?;
            let scribe = Scribe::new(&papers, seed * 1000 + number as u64)?;
            crowd.push((papers, scribe));
        }
        Ok(crowd)
    };
    let (memory, disk) = (crowd("memory", seed)?, crowd("disk", seed + 1)?);
    let gateway = Rc::new(bank.open()?);
    Ok(vec![
        Side {
            name: format!("gateway on {store}, from memory"),
            kind: Kind::Gateway(Rc::clone(&gateway), memory),
            durable: true,
            cluster: cluster.clone(),
        },
        Side {
            name: format!("gateway on {store}, from the kiosk's disk"),
            kind: Kind::Kiosk(gateway, disk, folder.to_owned()),
            durable: true,
            cluster,
        },
    ])
}

/// Delivers the same number of documents of the same size to one side.
pub(super) fn run(
    side: &mut Side,
    runtime: &Runtime,
    scribe: &mut Scribe,
    bytes: usize,
    each: usize,
    kiosks: usize,
) -> Result<Run, BenchError> {
    let process = side.process();
    let write = |scribe: &mut Scribe| -> Result<Vec<Signed>, BenchError> {
        (0..each).map(|_| scribe.write(bytes)).collect()
    };
    let spent = || (usage(process), usage(std::process::id()));
    let (took, (before, own)) = match &mut side.kind {
        Kind::Gateway(gateway, crowd) => {
            let mut loads = Vec::new();
            for (papers, scribe) in crowd.iter_mut().take(kiosks) {
                loads.push(Load {
                    papers: papers.clone(),
                    before: scribe.head(),
                    documents: write(scribe)?,
                });
            }
            let spent = spent();
            (memory::deliver(&gateway.url(), loads, WINDOW)?, spent)
        }
        Kind::Kiosk(gateway, crowd, folder) => {
            let crowd = crowd.get_mut(..kiosks).unwrap_or_default();
            let spent = spent();
            (
                kiosk::deliver(&gateway.url(), crowd, folder, bytes, each, WINDOW)?,
                spent,
            )
        }
        Kind::Nats(nats) => {
            let batches = (0..kiosks).map(|_| write(scribe)).collect::<Result<_, _>>()?;
            let spent = spent();
            (runtime.block_on(nats.publish(batches, WINDOW.into()))?, spent)
        }
    };
    Ok(Run {
        items: each * kiosks,
        took,
        server_s: usage(process).cpu_s - before.cpu_s,
        own_s: usage(std::process::id()).cpu_s - own.cpu_s,
    })
}

/// Delivers one document after the other.
pub(super) fn one_by_one(
    side: &mut Side,
    runtime: &Runtime,
    scribe: &mut Scribe,
    items: usize,
) -> Result<(), BenchError> {
    match &mut side.kind {
        Kind::Kiosk(gateway, crowd, folder) => {
            let crowd = crowd.get_mut(..1).unwrap_or_default();
            kiosk::deliver(&gateway.url(), crowd, folder, 0, items, 1).map(|_| ())
        }
        Kind::Gateway(gateway, crowd) => {
            let Some((papers, scribe)) = crowd.first_mut() else {
                return Ok(());
            };
            let load = Load {
                papers: papers.clone(),
                before: scribe.head(),
                documents: (0..items).map(|_| scribe.write(0)).collect::<Result<_, _>>()?,
            };
            memory::deliver(&gateway.url(), vec![load], 1).map(|_| ())
        }
        Kind::Nats(nats) => {
            let batch: Vec<Signed> = (0..items).map(|_| scribe.write(0)).collect::<Result<_, _>>()?;
            runtime.block_on(nats.publish(vec![batch], 1)).map(|_| ())
        }
    }
}

/// All servers to compare with; one of the kiosks of the bank publishes.
pub(super) fn servers(
    programs: &[PathBuf],
    bank: &Bank,
    folder: &Path,
    notes: &mut Vec<String>,
) -> Result<Vec<Side>, BenchError> {
    let mut sides = Vec::new();
    let papers = bank.folder().join("kiosks").join(name("memory", 0));
    for program in programs {
        let Some(version) = nats::version(program) else {
            notes.push(format!(
                "{} cannot be started and is left out.",
                program.display()
            ));
            continue;
        };
        let syncs: &[Sync] = match nats::takes_sync_always(program, folder) {
            Ok(()) => &[Sync::Default, Sync::Always],
            Err(fault) => {
                notes.push(format!(
                    "nats-server {version} has no setting for it: with `sync_interval: always` it says *{fault}*."
                ));
                &[Sync::Default]
            }
        };
        for &sync in syncs {
            let how = if sync == Sync::Always {
                "sync always"
            } else {
                "as it comes"
            };
            sides.push(Side {
                name: format!("JetStream {version}, {how}"),
                kind: Kind::Nats(Nats::start(program, bank, folder, &papers, sync)?),
                durable: sync == Sync::Always,
                cluster: None,
            });
        }
    }
    Ok(sides)
}
