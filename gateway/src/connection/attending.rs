//! A kiosk that was let in: documents in, receipts and answers out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use authority::Leaf;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use sync::wire::{ByeReason, GatewayFrame, KioskFrame, Payload};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use verification::evidence::DocumentId;

use super::Shared;
use super::greeting::{self, Greeted};
use super::line::{End, Line, heard, send};
use crate::enrolment::{NoCertificate, key_sha256};
use crate::intake::{self, Sender, Turn};
use crate::registry;
use crate::utc_now;

/// How long a connection may be silent. A kiosk asks for a sign every few seconds, but not while a document is
/// under way on a slow line; this is the time that the largest document takes at 8 KiB a second.
const SILENCE_LIMIT: Duration = Duration::from_secs(18 * 60);

/// Documents that are being stored, in the order in which they came; receipts go out in the same order.
///
/// Many at once share one flush of the disk, which one after the other would each wait for.
#[derive(Default)]
struct UnderWay {
    puts: FuturesOrdered<JoinHandle<Settled>>,
    last: Option<oneshot::Receiver<()>>,
    bytes: usize,
    ids: HashSet<DocumentId>,
    /// Answers and pages of the centre that have overtaken the receipt. A kiosk awaits them only after the receipt. No
    /// page counts any more once there is the answer.
    early: HashMap<DocumentId, GatewayFrame>,
}

/// Who has sent a document, and after which one.
struct Submitter {
    kiosk_id: String,
    certificate_sha256: [u8; 32],
    skew_ms: Option<i64>,
    turn: Turn,
}

struct Settled {
    id: DocumentId,
    frame: GatewayFrame,
    /// It was stored before it came this time: its answer may have been sent to a line that was dead.
    known: bool,
    bytes: usize,
    since: Instant,
}

/// Serves a kiosk until one of both ends it.
pub async fn attend(
    shared: &Arc<Shared>,
    line: &mut Line,
    leaf: Leaf,
    greeted: Greeted,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let kiosk_id = leaf.common_name.as_str();
    // From here on answers come by the queue, so that none falls between what is owed now and the next one.
    let (connection, mut queue) = shared.presence.arrive(kiosk_id, greeted.takes);
    shared.logged(shared.store.arrive(kiosk_id, connection, utc_now()).await);
    let end = match Box::pin(greeting::welcome(shared, line, kiosk_id, &greeted.awaiting)).await {
        Ok(()) => serve(shared, line, &leaf, greeted.skew_ms, &mut queue, stop).await,
        Err(end) => end,
    };
    shared.presence.leave(kiosk_id, connection);
    shared.logged(shared.store.leave(kiosk_id, connection).await);
    shared.awaits_no_more(kiosk_id);
    end
}

/// Why the holder of this certificate is to go. Being listed is only a call to look: the list may be older than the greeting,
/// and somebody may have let the kiosk in again since.
async fn shut_out_now(shared: &Shared, leaf: &Leaf, called: bool) -> Option<ByeReason> {
    if !called {
        return None;
    }
    // A store that fails lets nobody stay who was shut out.
    let refusal = shared.logged(registry::refusal(&*shared.store, leaf).await);
    let reason = refusal.unwrap_or(Some(ByeReason::Revoked))?;
    let detail = format!("serial={}", leaf.serial);
    shared.refused(&leaf.common_name, reason, &detail).await;
    Some(reason)
}

async fn serve(
    shared: &Arc<Shared>,
    line: &mut Line,
    leaf: &Leaf,
    skew_ms: Option<i64>,
    queue: &mut mpsc::Receiver<GatewayFrame>,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let kiosk_id = leaf.common_name.as_str();
    let expiry = tokio::time::Instant::now() + left(leaf);
    let mut shut_out = shared.shut_out.clone();
    // Whoever was shut out between the look into the registry and now is not missed.
    shut_out.mark_changed();
    let mut under_way = UnderWay::default();
    let mut deadline = tokio::time::Instant::now() + SILENCE_LIMIT;
    loop {
        let done = tokio::select! {
            settled = under_way.puts.next(), if !under_way.puts.is_empty() => {
                answer(shared, line, &mut under_way, settled).await
            }
            frame = heard(line), if has_room(shared, &under_way) => {
                deadline = tokio::time::Instant::now() + SILENCE_LIMIT;
                match frame {
                    Ok(None) => Ok(()),
                    Ok(Some(frame)) => {
                        Box::pin(take(shared, line, leaf, skew_ms, &mut under_way, frame)).await
                    }
                    Err(end) => Err(end),
                }
            },
            frame = queue.recv() => match frame {
                Some(frame) => match about(&frame).filter(|id| under_way.ids.contains(id)) {
                    Some(id) => {
                        let is_page = matches!(frame, GatewayFrame::HostedPage { .. });
                        if !is_page || !matches!(under_way.early.get(&id), Some(GatewayFrame::Identified { .. })) {
                            under_way.early.insert(id, frame);
                        }
                        Ok(())
                    }
                    None => send(line, &frame).await,
                },
                None => Err(End::Bye(shared.presence.why_ended(kiosk_id))),
            },
            Ok(()) = shut_out.changed() => {
                let called = shut_out.borrow_and_update().contains(leaf);
                match Box::pin(shut_out_now(shared, leaf, called)).await {
                    Some(reason) => return End::Bye(reason),
                    None => Ok(()),
                }
            },
            () = crate::stopped(stop) => {
                return Box::pin(finish(shared, line, &mut under_way)).await;
            }
            () = tokio::time::sleep_until(deadline.min(expiry)) => {
                // An expired certificate is refused by TLS at the next try, which says it best.
                tracing::info!(kiosk = kiosk_id, "a connection was silent for long, or its certificate has expired");
                Err(End::Gone)
            }
        };
        if let Err(end) = done {
            return end;
        }
    }
}

/// The document about which the centre says something in this frame.
fn about(frame: &GatewayFrame) -> Option<DocumentId> {
    match frame {
        GatewayFrame::Identified { id, .. } | GatewayFrame::HostedPage { id, .. } => Some(*id),
        _ => None,
    }
}

/// How long the certificate still counts.
fn left(leaf: &Leaf) -> Duration {
    let ms = leaf
        .validity
        .not_after
        .0
        .saturating_add(1000)
        .saturating_sub(utc_now().0);
    // The runtime's timers reach no further than two years; nobody is connected for so long.
    Duration::from_millis(u64::try_from(ms).unwrap_or(0)).min(Duration::from_secs(365 * 24 * 60 * 60))
}

/// Whether more may be read. One document more than the window is taken: the kiosk also says other things.
fn has_room(shared: &Shared, under_way: &UnderWay) -> bool {
    under_way.puts.len() <= usize::from(shared.limits.window_documents)
        && under_way.bytes <= usize::try_from(shared.limits.window_bytes).unwrap_or(usize::MAX)
}

async fn take(
    shared: &Arc<Shared>,
    line: &mut Line,
    leaf: &Leaf,
    skew_ms: Option<i64>,
    under_way: &mut UnderWay,
    frame: KioskFrame,
) -> Result<(), End> {
    match frame {
        KioskFrame::Hello { .. } | KioskFrame::Enrol { .. } => Err(End::Bye(ByeReason::Malformed)),
        KioskFrame::Submit { id, document } => {
            under_way.bytes += document.0.len();
            let kiosk = Submitter {
                kiosk_id: leaf.common_name.clone(),
                certificate_sha256: leaf.fingerprint.0,
                skew_ms,
                turn: Turn::after(&mut under_way.last),
            };
            under_way.ids.insert(id);
            let settle = settle(Arc::clone(shared), kiosk, id, document);
            under_way.puts.push_back(tokio::spawn(settle));
            Ok(())
        }
        KioskFrame::ResultSeen { id } => {
            shared.logged(shared.store.seen(&leaf.common_name, id, utc_now()).await);
            Ok(())
        }
        KioskFrame::Renew { csr } => renew(shared, line, leaf, &csr.0).await,
    }
}

/// Stores a document and says what became of it.
async fn settle(shared: Arc<Shared>, kiosk: Submitter, id: DocumentId, document: Payload) -> Settled {
    let (bytes, since, came_at) = (document.0.len(), Instant::now(), utc_now());
    let sender = Sender {
        kiosk_id: &kiosk.kiosk_id,
        anchors: &shared.anchors,
        certificate_sha256: Some(kiosk.certificate_sha256),
        skew_ms: kiosk.skew_ms,
        outlet: shared.outlet.as_ref(),
    };
    let store = &*shared.store;
    let accepted = intake::accept_in_turn(store, &sender, id, document.0, kiosk.turn, utc_now()).await;
    let known = accepted
        .as_ref()
        .is_ok_and(|receipt| receipt.received_at < came_at);
    let signed = accepted.and_then(|receipt| {
        // Also for one that was known: whoever stored it may have ended before saying so.
        shared.stored.notify_one();
        shared.metrics.stored();
        intake::sign(&receipt, &*shared.signer, utc_now())
    });
    let frame = match signed {
        Ok(receipt) => GatewayFrame::Receipt {
            id,
            receipt: Payload(receipt),
        },
        Err(code) => {
            shared.refused_document(&kiosk.kiosk_id, id, code).await;
            GatewayFrame::Refused { id, code }
        }
    };
    Settled {
        id,
        frame,
        known,
        bytes,
        since,
    }
}

async fn answer(
    shared: &Shared,
    line: &mut Line,
    under_way: &mut UnderWay,
    settled: Option<Result<Settled, tokio::task::JoinError>>,
) -> Result<(), End> {
    // A panic there is a fault of this program; the kiosk keeps its document and tries again later.
    let Some(Ok(settled)) = settled else {
        tracing::error!("a document could not be stored by a fault of this program");
        return Err(End::Gone);
    };
    under_way.bytes = under_way.bytes.saturating_sub(settled.bytes);
    send(line, &settled.frame).await?;
    under_way.ids.remove(&settled.id);
    let early = under_way.early.remove(&settled.id);
    if !matches!(settled.frame, GatewayFrame::Receipt { .. }) {
        return Ok(());
    }
    shared.metrics.receipt_after(settled.since.elapsed());
    let has_answer = matches!(early, Some(GatewayFrame::Identified { .. }));
    if let Some(frame) = early {
        send(line, &frame).await?;
    }
    match has_answer {
        false if settled.known => match shared.logged(shared.store.answer(settled.id).await).flatten() {
            Some(answer) => {
                let (id, document) = (settled.id, Payload(answer));
                send(line, &GatewayFrame::Identified { id, document }).await
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The gateway stops: what has come is answered, and nothing more is read.
async fn finish(shared: &Shared, line: &mut Line, under_way: &mut UnderWay) -> End {
    while let Some(settled) = under_way.puts.next().await {
        if let Err(end) = answer(shared, line, under_way, Some(settled)).await {
            return end;
        }
    }
    End::Bye(ByeReason::ShuttingDown)
}

async fn renew(shared: &Shared, line: &mut Line, leaf: &Leaf, csr: &[u8]) -> Result<(), End> {
    match shared.registrar.renew(leaf, csr, utc_now()).await {
        Ok(chain) => send(line, &GatewayFrame::Certificates { chain }).await,
        Err(NoCertificate::Refused { reason, why }) => {
            shared
                .refused(
                    &leaf.common_name,
                    reason,
                    &format!("{why} serial={}", leaf.serial),
                )
                .await;
            Err(End::Bye(reason))
        }
        Err(NoCertificate::Pending) => {
            if let Ok(request) = authority::CertificateRequest::from_der(csr) {
                shared.awaits_certificate(&leaf.common_name, key_sha256(&request));
            }
            Ok(())
        }
        Err(NoCertificate::Unavailable) => Err(End::Gone),
    }
}
