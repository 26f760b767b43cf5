//! The tray icon: a [`Menu`] as tauri shows it.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, SystemTime},
};

use tauri::{
    AppHandle, Wry,
    menu::{IsMenuItem, MenuItem, PredefinedMenuItem},
    tray::{TrayIcon, TrayIconBuilder},
};
use tauri_plugin_clipboard_manager::ClipboardExt as _;
use tauri_plugin_opener::OpenerExt as _;
use tokio_util::sync::CancellationToken;
use traygate_upstream::{Catalogue, Hub, State};

use crate::menu::{Action, Item, Menu, Snapshot, menu_for};

/// The icon with its menu. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tray {
    app: AppHandle,
    url: Arc<str>,
    icon: TrayIcon,
    /// Touched on the main thread only.
    shown: Arc<Mutex<Shown>>,
}

/// What the icon shows.
struct Shown {
    menu: Menu,
    texts: Texts,
}

/// Line by line, tauri's items behind the texts, which can change.
type Texts = Vec<Option<MenuItem<Wry>>>;

impl Tray {
    /// Makes the icon. Call on the main thread.
    ///
    /// # Errors
    /// Why there is none: the icon's picture cannot be written, or the system's library for icons is missing.
    pub(crate) fn new(app: &AppHandle, url: &str) -> anyhow::Result<Self> {
        let made = without_panic(|| Self::make(app, url));
        Ok(made.ok_or_else(|| anyhow::anyhow!(NO_LIBRARY))??)
    }

    fn make(app: &AppHandle, url: &str) -> tauri::Result<Self> {
        let menu = menu_for(&Snapshot { url, catalogue: &Catalogue::default(), now: SystemTime::now() });
        let (native, texts) = build(app, &menu)?;
        let url: Arc<str> = url.into();
        let base = Arc::clone(&url);
        let icon = TrayIconBuilder::with_id("traygate")
            .icon(tauri::include_image!("icons/64x64.png"))
            .tooltip("Traygate")
            .menu(&native)
            .on_menu_event(move |app, event| {
                if let Some(action) = Action::of(event.id().as_ref()) {
                    act(app, &base, action);
                }
            })
            .build(app)?;
        Ok(Self { app: app.clone(), url, icon, shown: Arc::new(Mutex::new(Shown { menu, texts })) })
    }

    /// Keeps the menu in line with the servers until `stop`.
    pub(crate) async fn follow(self, hub: Hub, stop: CancellationToken) {
        let mut revisions = hub.revisions();
        loop {
            revisions.mark_unchanged();
            let catalogue = hub.catalogue();
            self.show(menu_for(&Snapshot { url: &self.url, catalogue: &catalogue, now: SystemTime::now() }));
            let counts_down =
                catalogue.servers.values().any(|server| matches!(server.state, State::Backoff { .. }));
            tokio::select! {
                changed = revisions.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(Duration::from_secs(1)), if counts_down => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Shows `menu`, from any thread and without waiting for it: the main thread may be the one that waits for us.
    fn show(&self, menu: Menu) {
        let tray = self.clone();
        let shown = self.app.run_on_main_thread(move || {
            if let Err(error) = tray.update(menu) {
                tracing::warn!("the tray menu could not be changed: {error}");
            }
        });
        // Only fails when the main loop has ended, and the icon with it.
        drop(shown);
    }

    /// Changes texts in place where the lines are the same ones: an open menu stays open.
    fn update(&self, menu: Menu) -> tauri::Result<()> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if menu == shown.menu {
            return Ok(());
        }
        if menu.0.len() == shown.menu.0.len() {
            for ((new, old), text) in menu.0.iter().zip(&shown.menu.0).zip(&shown.texts) {
                if let (Item::Text(new), Item::Text(old), Some(text)) = (new, old, text)
                    && new != old
                {
                    text.set_text(escaped(new))?;
                }
            }
            shown.menu = menu;
        } else {
            let (native, texts) = build(&self.app, &menu)?;
            self.icon.set_menu(Some(native))?;
            *shown = Shown { menu, texts };
        }
        Ok(())
    }
}

const NO_LIBRARY: &str = if cfg!(target_os = "linux") {
    "the library libayatana-appindicator3.so.1 cannot be loaded (Debian and Ubuntu: apt install \
     libayatana-appindicator3-1)"
} else {
    "the system's library for icons failed"
};

/// Does what may panic where a library is missing (libappindicator-sys does); `None` where it did. An icon is not
/// worth the gateway's life.
fn without_panic<T>(work: impl FnOnce() -> T) -> Option<T> {
    let (hook, here) = (Arc::new(panic::take_hook()), thread::current().id());
    let of_others = Arc::clone(&hook);
    panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == here {
            tracing::debug!("while the tray icon was made: {panic}");
        } else {
            of_others(panic);
        }
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(Box::new(move |panic| hook(panic)));
    done.ok()
}

/// Makes tauri's menu.
fn build(app: &AppHandle, menu: &Menu) -> tauri::Result<(tauri::menu::Menu<Wry>, Texts)> {
    let native = tauri::menu::Menu::new(app)?;
    let mut texts = Vec::new();
    for item in &menu.0 {
        let (entry, text): (Box<dyn IsMenuItem<Wry>>, _) = match item {
            Item::Text(text) => {
                let text = MenuItem::new(app, escaped(text), false, None::<&str>)?;
                (Box::new(text.clone()), Some(text))
            }
            Item::Click(action) => {
                (Box::new(MenuItem::with_id(app, action.id(), action.label(), true, None::<&str>)?), None)
            }
            Item::Separator => (Box::new(PredefinedMenuItem::separator(app)?), None),
        };
        native.append(&*entry)?;
        texts.push(text);
    }
    Ok((native, texts))
}

/// `&` marks a keyboard mnemonic in tauri's menus.
fn escaped(text: &str) -> String {
    text.replace('&', "&&")
}

fn act(app: &AppHandle, url: &str, action: Action) {
    let done = match action {
        Action::OpenDocs => {
            app.opener().open_url(format!("{url}/docs"), None::<&str>).map_err(|error| error.to_string())
        }
        Action::CopyUrl => app.clipboard().write_text(url).map_err(|error| error.to_string()),
        Action::Quit => {
            app.exit(0);
            Ok(())
        }
    };
    if let Err(error) = done {
        tracing::warn!("`{}` did not work: {error}. The address is {url}", action.label());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_the_icon_is_made_is_quiet_and_those_of_other_threads_are_not() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        panic::set_hook(Box::new(move |panic| {
            ear.lock().unwrap().push(panic.payload_as_str().map(str::to_owned));
        }));
        let other = |text: &'static str| thread::spawn(move || panic::panic_any(text)).join();
        let made = without_panic(|| {
            assert!(other("beside it").is_err());
            panic!("no library");
        });
        assert_eq!(made, None::<()>);
        assert!(other("afterwards").is_err());
        drop(panic::take_hook());
        let heard: Vec<_> = heard.lock().unwrap().iter().flatten().cloned().collect();
        assert_eq!(heard, ["beside it", "afterwards"]);
        assert_eq!(without_panic(|| 7), Some(7));
    }
}
