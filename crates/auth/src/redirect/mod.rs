//! The ends that receive an authorization response: the gateway's own callback, a loopback listener, a pasted address.

mod browser;
mod end;
mod listener;
mod page;
mod waiting;

pub use browser::SystemBrowser;
pub(crate) use end::{End, own};
pub(crate) use listener::Listener;
pub(crate) use waiting::{Response, Waiting};
