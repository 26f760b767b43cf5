use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long a test waits for something that must come. Only a broken program ever uses it up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `probe` until it gives something. The one place where the tests poll: what another process did cannot be
/// awaited, only looked at.
///
/// # Panics
/// After [`PATIENCE`], naming `what` was waited for.
pub async fn eventually_some<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < end, "waited {} s in vain for {what}", PATIENCE.as_secs());
        sleep(Duration::from_millis(15)).await;
    }
}

/// [`eventually_some`] for a condition.
///
/// # Panics
/// After [`PATIENCE`], naming `what` was waited for.
pub async fn eventually(what: &str, mut probe: impl AsyncFnMut() -> bool) {
    eventually_some(what, async || probe().await.then_some(())).await;
}
