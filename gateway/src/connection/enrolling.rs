//! Somebody without a certificate: one `Enrol`, one answer, and the end.

use std::net::SocketAddr;
use std::time::Duration;

use authority::KioskName;
use sync::wire::{ByeReason, GatewayFrame, KioskFrame, VERSION};

use super::Shared;
use super::line::{End, Line, first_frame, send};
use crate::enrolment::NoCertificate;
use crate::utc_now;

/// How long the request may take to arrive.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);

/// Answers the one frame.
pub async fn enrol(shared: &Shared, line: &mut Line, peer: SocketAddr) -> End {
    let frame = match first_frame(line, REQUEST_LIMIT).await {
        Ok(frame) => frame,
        Err(end) => return end,
    };
    let (protocol, code, kiosk_id, csr) = match frame {
        KioskFrame::Enrol {
            protocol,
            code,
            kiosk_id,
            csr,
            ..
        } => (protocol, code, kiosk_id, csr),
        // Whoever greets has lost its certificate, and whoever sends anything else never had one.
        KioskFrame::Hello { .. }
        | KioskFrame::Submit { .. }
        | KioskFrame::ResultSeen { .. }
        | KioskFrame::Renew { .. } => {
            let reason = ByeReason::Unknown;
            tracing::warn!(%peer, "somebody without a certificate wants more than to enrol");
            shared.refused("", reason, "no-certificate").await;
            return End::Bye(reason);
        }
    };
    if protocol != VERSION {
        return End::Bye(ByeReason::Version);
    }
    match shared
        .registrar
        .enrol(&code.0, &kiosk_id, &csr.0, peer.ip(), utc_now())
        .await
    {
        Ok(chain) => match send(line, &GatewayFrame::Certificates { chain }).await {
            Ok(()) => End::Gone,
            Err(end) => end,
        },
        Err(NoCertificate::Refused { reason, why }) => {
            // A stranger may name whom it wants; only who is known gets lines of its own.
            let known = match kiosk_id.parse::<KioskName>() {
                Ok(_) => shared.logged(shared.store.kiosk(&kiosk_id).await).flatten(),
                Err(_) => None,
            };
            let name = known.map_or_else(String::new, |kiosk| kiosk.kiosk_id);
            shared.refused(&name, reason, why).await;
            End::Bye(reason)
        }
        Err(NoCertificate::Pending) => End::Bye(ByeReason::EnrolmentPending),
        Err(NoCertificate::Unavailable) => End::Gone,
    }
}
