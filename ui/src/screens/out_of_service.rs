//! The kiosk cannot serve.

use ::ipc::ErrorCode;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::locale::Key;

/// The name of a code, and the message that explains it.
fn named(code: ErrorCode) -> (&'static str, Key) {
    match code {
        ErrorCode::Store => ("store", Key("out-of-service-store")),
        ErrorCode::Internal => ("internal", Key("out-of-service-internal")),
        ErrorCode::NotEnrolled => ("not-enrolled", Key("out-of-service-not-enrolled")),
        ErrorCode::Refused => ("refused", Key("out-of-service-refused")),
        ErrorCode::Certificate => ("certificate", Key("out-of-service-certificate")),
        ErrorCode::Pending => ("pending", Key("out-of-service-pending")),
        ErrorCode::Unsynced => ("unsynced", Key("out-of-service-unsynced")),
        ErrorCode::Disk => ("disk", Key("out-of-service-disk")),
        ErrorCode::Clock => ("clock", Key("out-of-service-clock")),
        ErrorCode::Integrity => ("integrity", Key("out-of-service-integrity")),
        ErrorCode::Devices => ("devices", Key("out-of-service-devices")),
        ErrorCode::Maintenance => ("maintenance", Key("out-of-service-maintenance")),
        ErrorCode::SetAside => ("set-aside", Key("out-of-service-set-aside")),
    }
}

/// The name of a code, as the technician's manual has it.
pub fn code_name(code: ErrorCode) -> &'static str {
    named(code).0
}

/// An apology, and the code for the technician.
#[component]
pub fn OutOfService(
    /// Why.
    code: ErrorCode,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let (name, key) = named(code);
    view! {
        <section class="screen" data-screen="out-of-service" data-code=name>
            <div class="screen__body result">
                <span class="badge badge--calm">
                    <Icon glyph=Glyph::Wrench />
                </span>
                <Heading>{kiosk.say(Key("out-of-service-title"))}</Heading>
                <p class="result__words">{kiosk.say(Key("out-of-service-body"))}</p>
                <div class="panel">
                    <p>{kiosk.say(key)}</p>
                    <p class="panel__small">
                        {kiosk.say_with(Key("out-of-service-code"), move || vec![("code", name.into())])}
                    </p>
                </div>
            </div>
        </section>
    }
}
