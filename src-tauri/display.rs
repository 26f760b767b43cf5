//! What the tray icon needs of the desktop.

/// Refuses to go on where there is no display that answers: tauri would panic.
pub(crate) fn required() -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    anyhow::ensure!(
        gtk::init().is_ok(),
        "There is no display, so there can be no tray icon. Run `traygate` for the same gateway without one."
    );
    Ok(())
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
