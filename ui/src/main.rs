//! The screens of the kiosk: renders the newest [`View`](::ipc::View) whole and sends
//! [`Intent`](::ipc::Intent)s.
//!
//! **Architecture Invariant:** there is no flow logic here and no text outside `locales/`. What comes next is
//! decided behind [`ipc`], which is also the only module that talks to the shell and to the browser.

mod app;
mod components;
mod ipc;
mod locale;
mod screens;
mod speech;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
