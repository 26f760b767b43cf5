//! The ends that receive an authorization response: the gateway's own callback, a loopback listener, a pasted address.

mod browser;
mod page;

pub use browser::SystemBrowser;
