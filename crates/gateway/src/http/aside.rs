//! Work whose length a server or a caller decides.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does what may take long, so that no other request waits for this thread meanwhile. Handing the thread's other work on
/// costs some microseconds: not for what is short.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
