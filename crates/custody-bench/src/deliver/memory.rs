//! Documents that were signed before, pushed to the gateway by the kiosk's own client from memory.

use std::collections::VecDeque;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use sync::{ClientConfig, Event, Handle, PemKey, Settings, Standing};
use verification::Sensitive;
use verification::audit::AuditHead;

use crate::bank::Papers;
use crate::error::BenchError;
use crate::paper::Signed;

/// How long the gateway may be silent before the measurement is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// One kiosk and what it has to deliver.
#[derive(Debug)]
pub struct Load {
    /// Who it is.
    pub papers: Papers,
    /// Where its audit log stood before these documents.
    pub before: AuditHead,
    /// What it delivers.
    pub documents: Vec<Signed>,
}

/// Delivers everything with so many documents under way on each connection, unless the gateway allows fewer. Gives the time
/// from the first document to the last receipt; the connections are made before.
///
/// # Errors
/// When the gateway refuses one, or goes silent.
pub fn deliver(url: &str, loads: Vec<Load>, window: u16) -> Result<Duration, BenchError> {
    let (sender, events) = mpsc::channel();
    let mut lines: Vec<(Handle, VecDeque<Signed>)> = Vec::new();
    for (number, load) in loads.into_iter().enumerate() {
        let sender = sender.clone();
        let config = client(url, &load, window)?;
        let tell = move |event| {
            // Whoever asked has gone; nothing is left to be told.
            let _ = sender.send((number, event));
        };
        let handle = sync::spawn(config, tell).map_err(|error| BenchError::Peer(error.to_string()))?;
        lines.push((handle, load.documents.into()));
    }
    let total: usize = lines.iter().map(|(_, documents)| documents.len()).sum();
    let (mut welcomed, mut wanted, mut delivered) = (0, Vec::new(), 0);
    let mut start = Instant::now();
    while delivered < total {
        let (number, event) = events
            .recv_timeout(PATIENCE)
            .map_err(|_| BenchError::Bound("a receipt of the gateway".into()))?;
        match event {
            Event::Welcome { .. } => {
                welcomed += 1;
                if welcomed == lines.len() {
                    start = Instant::now();
                    wanted
                        .drain(..)
                        .for_each(|number: usize| offer(&mut lines[number]));
                }
            }
            // Nobody begins before all are there.
            Event::WantNext if welcomed < lines.len() => wanted.push(number),
            Event::WantNext => offer(&mut lines[number]),
            Event::Delivered { .. } => delivered += 1,
            Event::LinkDown { reason } => return Err(BenchError::Peer(reason.to_string())),
            Event::Refused { code, .. } => return Err(BenchError::Peer(format!("refused: {}", code.name()))),
            Event::Postponed { .. } => return Err(BenchError::Peer("the gateway cannot store".into())),
            Event::Identified { .. }
            | Event::Resend { .. }
            | Event::Certificates { .. }
            | Event::HostedPage { .. }
            | Event::CallBacks { .. } => {}
        }
    }
    Ok(start.elapsed())
}

fn offer((handle, documents): &mut (Handle, VecDeque<Signed>)) {
    handle.offer(documents.pop_front());
}

pub(super) fn client(url: &str, load: &Load, window: u16) -> Result<ClientConfig, BenchError> {
    let papers = &load.papers;
    let unusable = |error: sync::ConfigError| BenchError::Peer(error.to_string());
    Ok(ClientConfig {
        url: url.to_owned(),
        authority_pem: papers.authority.clone().into_bytes(),
        pins: Vec::new(),
        chain: sync::chain_from_pem(papers.certificate.as_bytes()).map_err(unusable)?,
        key: Arc::new(PemKey::new(&Sensitive::new(papers.key.clone().into_bytes())).map_err(unusable)?),
        kiosk_id: papers.name.clone(),
        software: "bench".into(),
        software_sha256: [0; 32],
        capabilities: Vec::new(),
        standing: Standing {
            audit: load.before,
            pending: load.documents.len() as u64,
        },
        settings: Settings {
            window_documents_max: window,
            ..Settings::default()
        },
    })
}
