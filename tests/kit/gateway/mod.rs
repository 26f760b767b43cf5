//! The gateway under test, driven as a process: started with a home of its own, asked over HTTP, stopped by a signal.

mod answer;
mod builder;
mod home;
mod running;
#[cfg(unix)]
mod talk;

pub use answer::{Answer, http_client};

pub use builder::{Finished, GatewayBuilder};
pub use home::{ConfigFile, Home};
pub use running::Gateway;
#[cfg(unix)]
pub use talk::Talk;
