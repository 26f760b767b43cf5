//! What the tray icon needs of the desktop, and what is said where it is missing.

use std::io::IsTerminal as _;

#[cfg(target_os = "linux")]
use gtk::prelude::*;

/// Refuses to go on where there is no display that answers: tauri would panic.
pub(crate) fn required() -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    anyhow::ensure!(
        gtk::init().is_ok(),
        "There is no display, so there can be no tray icon. Run `traygate` for the same gateway without one."
    );
    Ok(())
}

/// Shows why Traygate does not start to whoever started it from a menu, and returns when they have read it.
pub(crate) fn tell(problem: &str) {
    const TITLE: &str = "Traygate could not start";
    if std::io::stderr().is_terminal() {
        return;
    }
    #[cfg(target_os = "linux")]
    if gtk::init().is_ok() {
        let (none, buttons) = (gtk::DialogFlags::empty(), gtk::ButtonsType::Close);
        let dialog =
            gtk::MessageDialog::new(None::<&gtk::Window>, none, gtk::MessageType::Error, buttons, TITLE);
        dialog.set_title("Traygate");
        dialog.set_secondary_text(Some(problem));
        dialog.run();
    }
    #[cfg(not(target_os = "linux"))]
    let _ = rfd::MessageDialog::new()
        .set_level(rfd::MessageLevel::Error)
        .set_title(TITLE)
        .set_description(problem)
        .show();
}

/// Says where the icon is if no panel shows it.
#[cfg(target_os = "linux")]
pub(crate) async fn warn_without_tray(url: String) {
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    let watched = async {
        let bus = zbus::Connection::session().await?;
        zbus::fdo::DBusProxy::new(&bus)
            .await?
            .name_has_owner(WATCHER.try_into()?)
            .await
            .map_err(zbus::Error::from)
    };
    let reason = match watched.await {
        Ok(true) => return,
        Ok(false) => {
            "no panel of this desktop shows tray icons (on GNOME, install its AppIndicator extension)"
        }
        Err(_) => "this session has no D-Bus, which tray icons need",
    };
    tracing::warn!(
        "There is no tray icon: {reason}. Traygate serves at {url} all the same; Ctrl-C or SIGTERM ends it."
    );
}

#[cfg(not(target_os = "linux"))]
pub(crate) async fn warn_without_tray(_: String) {}
