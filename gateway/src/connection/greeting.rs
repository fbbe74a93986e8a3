//! The greeting: everything that must be so before a kiosk is served.
//!
//! **The rule about clocks.** A kiosk says what time it has. One whose clock is off by more than
//! `limits.clock_skew_max_s` is served all the same, for its documents are safe here and nowhere else; but it is told
//! the time (`Welcome.at`), and that its clock is wrong is logged, counted and noted in the audit log, with each of its
//! documents too.

use std::time::Duration;

use authority::Leaf;
use sync::wire::{ByeReason, CALL_BACKS, GatewayFrame, HOSTED_PAGE, KioskFrame, RESEND_MAX, VERSION};
use tokio::sync::watch;
use verification::evidence::DocumentId;

use super::Shared;
use super::line::{End, Line, first_frame, send};
use crate::intake;
use crate::presence::Takes;
use crate::registry;
use crate::store::{Greeting, HeadCheck};
use crate::utc_now;

/// How long the greeting may take to arrive.
const GREETING_LIMIT: Duration = Duration::from_secs(15);

/// What a good greeting leaves to be done.
pub struct Greeted {
    /// Documents whose answer the kiosk has not seen.
    pub awaiting: Vec<DocumentId>,
    /// The kiosk's clock minus ours, where it is wrong.
    pub skew_ms: Option<i64>,
    /// What the kiosk takes beside what every kiosk does.
    pub takes: Takes,
}

/// Hears the greeting and judges it.
pub async fn greet(
    shared: &Shared,
    line: &mut Line,
    leaf: &Leaf,
    stop: &mut watch::Receiver<bool>,
) -> Result<Greeted, End> {
    let kiosk_id = leaf.common_name.as_str();
    // Whoever is not let in anyway is not listened to.
    let refusal = registry::refusal(&*shared.store, leaf).await;
    if let Some(reason) = shared.logged(refusal).ok_or(End::Gone)? {
        let detail = format!("serial={}", leaf.serial);
        shared.refused(kiosk_id, reason, &detail).await;
        return Err(End::Bye(reason));
    }
    let first = tokio::select! {
        first = first_frame(line, GREETING_LIMIT) => first?,
        () = crate::stopped(stop) => return Err(End::Bye(ByeReason::ShuttingDown)),
    };
    line.get_mut().lift();
    let KioskFrame::Hello {
        protocol,
        kiosk_id: named,
        software,
        awaiting,
        software_sha256,
        capabilities,
        audit,
        at,
        pending,
    } = first
    else {
        return Err(End::Bye(ByeReason::Malformed));
    };
    if protocol != VERSION {
        shared
            .refused(kiosk_id, ByeReason::Version, &format!("protocol={protocol}"))
            .await;
        return Err(End::Bye(ByeReason::Version));
    }
    if named != kiosk_id {
        let detail = format!("named={}", super::presentable(&named));
        shared.refused(kiosk_id, ByeReason::KioskMismatch, &detail).await;
        return Err(End::Bye(ByeReason::KioskMismatch));
    }
    if audit.number > intake::AUDIT_NUMBER_MAX {
        shared
            .refused(kiosk_id, ByeReason::Malformed, "audit-number-impossible")
            .await;
        return Err(End::Bye(ByeReason::Malformed));
    }
    let now = utc_now();
    let greeting = Greeting {
        kiosk_id: kiosk_id.to_owned(),
        software: software.clone(),
        software_sha256,
        audit,
        at,
    };
    // The store notes in its audit log what it finds.
    match shared
        .logged(shared.store.greeted(&greeting, now).await)
        .ok_or(End::Gone)?
    {
        HeadCheck::First | HeadCheck::NewLog | HeadCheck::Fits => {}
        check @ (HeadCheck::Regressed { .. } | HeadCheck::Fork) => {
            tracing::warn!(
                kiosk = kiosk_id,
                ?check,
                "the audit log of a kiosk contradicts what was seen before"
            );
            return Err(End::Bye(ByeReason::AuditRegressed));
        }
    }
    tracing::info!(
        kiosk = kiosk_id,
        software,
        awaiting = awaiting.len(),
        pending,
        ?capabilities,
        "a kiosk has come"
    );
    let skew_ms = skew(shared, kiosk_id, at.0.saturating_sub(now.0)).await;
    Ok(Greeted {
        awaiting,
        skew_ms,
        takes: Takes {
            pages: capabilities.iter().any(|name| name == HOSTED_PAGE),
            call_backs: capabilities.iter().any(|name| name == CALL_BACKS),
        },
    })
}

/// Says everywhere that a clock is wrong, if it is.
async fn skew(shared: &Shared, kiosk_id: &str, skew_ms: i64) -> Option<i64> {
    if skew_ms.unsigned_abs() <= u64::from(shared.limits.clock_skew_max_s) * 1000 {
        return None;
    }
    tracing::warn!(kiosk = kiosk_id, skew_ms, "the clock of a kiosk is wrong");
    shared.metrics.skewed(skew_ms);
    if shared.notable("clock", kiosk_id, "wrong").is_some() {
        let event = format!(
            "kiosk-clock-wrong {} skew-ms={skew_ms}",
            super::presentable(kiosk_id)
        );
        shared.logged(shared.store.append_audit(&event, None, utc_now()).await);
    }
    Some(skew_ms)
}

/// The answer to a greeting, and all that the kiosk has missed.
pub async fn welcome(
    shared: &Shared,
    line: &mut Line,
    kiosk_id: &str,
    awaiting: &[DocumentId],
) -> Result<(), End> {
    let welcome = GatewayFrame::Welcome {
        protocol: VERSION,
        gateway: format!(
            "{} alaqan-gateway {}",
            shared.store.gateway(),
            env!("CARGO_PKG_VERSION")
        ),
        window_documents: shared.limits.window_documents,
        window_bytes: shared.limits.window_bytes,
        at: utc_now(),
        export_recipient: shared.export_recipient.clone(),
    };
    send(line, &welcome).await?;
    let owed = shared
        .logged(shared.store.owed(kiosk_id, awaiting).await)
        .unwrap_or_default();
    for id in owed {
        if let Some(document) = shared.logged(shared.store.answer(id).await).flatten() {
            let document = sync::wire::Payload(document);
            send(line, &GatewayFrame::Identified { id, document }).await?;
        }
    }
    let again = shared
        .logged(shared.store.resends(kiosk_id).await)
        .unwrap_or_default();
    for ids in again.chunks(RESEND_MAX) {
        send(line, &GatewayFrame::Resend { ids: ids.to_vec() }).await?;
    }
    Ok(())
}
