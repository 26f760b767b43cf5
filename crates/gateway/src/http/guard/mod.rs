//! Who may ask: the Host check stops DNS rebinding, the Origin check stops foreign web pages, the key stops the rest.

mod digest;
pub(crate) mod host;
pub(crate) mod key;
mod machine;
pub(crate) mod origin;

pub(crate) use self::{
    digest::KeyDigest,
    key::bearer,
    machine::{Elsewhere, is_from_here},
};
