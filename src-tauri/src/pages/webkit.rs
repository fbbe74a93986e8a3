//! What WebKitGTK would offer a person besides the page, and how its web process is ended.

use std::cell::Cell;

use gtk::prelude::{ContainerExt, WidgetExt};
use webkit2gtk::gio::Cancellable;
use webkit2gtk::glib::object::ObjectExt;
use webkit2gtk::{
    CacheModel, DownloadExt, FileChooserRequestExt, HardwareAccelerationPolicy, PermissionRequestExt,
    SettingsExt, WebContextExt, WebProcessTerminationReason, WebView, WebViewExt,
    WebsiteDataManagerExtManual, WebsiteDataTypes,
};

/// Sets the web view to hold no more than the one page needs, which never changes.
pub fn make_frugal(view: &WebView) {
    if let Some(context) = view.context() {
        context.set_cache_model(CacheModel::DocumentViewer);
    }
    if let (Some(settings), false) = (WebViewExt::settings(view), has_render_node()) {
        // Otherwise the graphics processor is emulated, by a compiler that costs more than what it draws.
        settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
    }
}

/// Whether there is a graphics processor that draws for programs.
fn has_render_node() -> bool {
    let devices = std::fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    devices
        .filter_map(|device| device.file_name().into_string().ok())
        .any(|name| name.starts_with("renderD"))
}

/// Refuses menus, dialogs and whatever else is no part of the page. `died` is called when the web process ended without
/// having been told to.
pub fn lock_down(view: &WebView, died: impl Fn() + 'static) {
    view.connect_context_menu(|_, _, _, _| true);
    view.connect_show_option_menu(|_, _, _, _| true);
    view.connect_print(|_, _| {
        tracing::warn!("a print dialog was refused");
        true
    });
    view.connect_run_file_chooser(|_, request| {
        tracing::warn!("a file dialog was refused");
        request.cancel();
        true
    });
    view.connect_permission_request(|_, request| {
        tracing::warn!("a permission was refused");
        request.deny();
        true
    });
    view.connect_show_notification(|_, _| true);
    view.connect_enter_fullscreen(|_| true);
    // Taken as handled without an answer: the page goes on as if it had been dismissed.
    view.connect_script_dialog(|_, _| {
        tracing::warn!("a dialog of a script was refused");
        true
    });
    refuse_downloads(view);
    view.connect_zoom_level_notify(|view| {
        if view.zoom_level() != 1.0 {
            view.set_zoom_level(1.0);
        }
    });
    if let Some(settings) = WebViewExt::settings(view) {
        // Nothing that was shown is kept to be shown again, and nothing but the page's own script and canvas is needed.
        settings.set_enable_page_cache(false);
        settings.set_enable_developer_extras(false);
        settings.set_enable_caret_browsing(false);
        settings.set_enable_html5_database(false);
        settings.set_enable_html5_local_storage(false);
        settings.set_enable_webgl(false);
        settings.set_enable_media_stream(false);
        settings.set_enable_webrtc(false);
        settings.set_enable_dns_prefetching(false);
        settings.set_enable_tabs_to_links(false);
        settings.set_javascript_can_open_windows_automatically(false);
        settings.set_javascript_can_access_clipboard(false);
        settings.set_allow_modal_dialogs(false);
    }
    view.connect_web_process_terminated(move |_, reason| {
        if reason != WebProcessTerminationReason::TerminatedByApi {
            tracing::error!(?reason, "the web process ended");
            died();
        }
    });
}

/// The engine tells all pages together of a download. What a page hears there it hears until it goes, or the kiosk would
/// remember each page that was ever shown.
fn refuse_downloads(view: &WebView) {
    let Some(context) = view.context() else { return };
    let heard = context.connect_download_started(|_, download| {
        tracing::warn!("a download was refused");
        download.cancel();
    });
    let heard = Cell::new(Some(heard));
    view.connect_destroy(move |_| {
        if let Some(heard) = heard.take() {
            context.disconnect(heard);
        }
    });
}

/// Ends the web process, whose memory may hold what a person entered.
pub fn end(view: &WebView) {
    view.terminate_web_process();
}

/// Empties the store of all pages: whatever the engine may have kept of the one that goes.
pub fn forget(view: &WebView) {
    if let Some(store) = view.website_data_manager() {
        let always = webkit2gtk::glib::TimeSpan(0);
        store.clear(WebsiteDataTypes::ALL, always, None::<&Cancellable>, |done| {
            if let Err(error) = done {
                tracing::error!(%error, "what the web engine keeps cannot be emptied");
            }
        });
    }
}

/// Lets go of the page. The handler of its messages, which `wry` connects, holds the web view, and the web view holds the handler:
/// without this each page that was ever shown would stay in memory, with a file descriptor. And the web view has a text field
/// inside, by which it understands keys; it does not take it along when it goes.
#[expect(unsafe_code, reason = "nothing else ends the circle of references")]
pub fn release(view: &WebView) {
    view.forall(|inside| view.remove(inside));
    if let Some(manager) = view.user_content_manager() {
        // SAFETY: the manager has no disposal of its own. GObject's disconnects its handlers and leaves it whole, so that whoever
        // still holds it may go on using it.
        unsafe { manager.run_dispose() };
    }
}
