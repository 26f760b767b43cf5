use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::paths;

/// Tells when something happened where a file is. Costs nothing while nothing happens.
#[derive(Debug)]
pub(crate) struct FileWatch {
    path: PathBuf,
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    events: mpsc::Receiver<()>,
}

impl FileWatch {
    /// A save is several events; it is over when none came for so long.
    const QUIET: Duration = Duration::from_millis(100);
    /// A folder that is never quiet is looked at all the same.
    const LONGEST: Duration = Duration::from_secs(1);

    /// Watches nothing before [`FileWatch::follow`].
    ///
    /// # Errors
    /// The system gives no more watches.
    pub(crate) fn new(path: &Path) -> notify::Result<Self> {
        let (event, events) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |result: notify::Result<Event>| {
            // Full: one is waiting already. An error may stand for lost events.
            if result.map_or(true, |event| may_change(event.kind)) {
                let _ = event.try_send(());
            }
        })?;
        Ok(Self { path: path.to_owned(), watcher, folders: BTreeSet::new(), events })
    }

    /// Watches the folders that decide by now what the path leads to. Every one anew: a folder that was removed and
    /// made again has the same name and no watch.
    pub(crate) fn follow(&mut self) {
        for folder in std::mem::take(&mut self.folders) {
            // One that is gone is not watched any more.
            let _ = self.watcher.unwatch(&folder);
        }
        for folder in paths::folders(&self.path) {
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.folders.insert(folder)),
                Err(error) => tracing::warn!("changes of the config file may go unseen: {error}"),
            }
        }
    }

    /// Waits until something happened and it is quiet again.
    pub(crate) async fn changed(&mut self) {
        if self.events.recv().await.is_none() {
            return std::future::pending().await;
        }
        let latest = Instant::now() + Self::LONGEST;
        while let Ok(Some(())) =
            timeout_at(latest.min(Instant::now() + Self::QUIET), self.events.recv()).await
        {}
    }
}

/// Reading a file is an event too, and our own reading must not wake us.
fn may_change(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(AccessKind::Close(AccessMode::Write))) || !kind.is_access()
}
