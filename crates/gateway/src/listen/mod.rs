//! From addresses to served connections.

mod bind;
mod door;
mod port_owner;
mod preface;
mod serve;
mod tls;

pub(crate) use self::{
    bind::Bound,
    port_owner::describe as port_owner,
    serve::Listening,
    tls::{NamedBy, TlsIdentity},
};
