use std::{io, net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::rules::Rules;

/// Finds the addresses of a name, and gives out only those that may be connected to. It stands between the name and the
/// connection itself: what a name resolves to a moment earlier or later (DNS rebinding) plays no part.
pub(super) struct Resolver(Arc<Rules>);

/// No address of a name may be connected to.
#[derive(Debug, thiserror::Error)]
#[error("the address is refused")]
pub(super) struct Refused {
    pub(super) allowable: bool,
}

impl Resolver {
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        Self(rules)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = Arc::clone(&self.0);
        Box::pin(async move {
            let found = rules.lookup(name.as_str()).await?;
            if found.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
            }
            let mut admitted = Vec::new();
            let mut allowable = false;
            for address in found {
                // The proxy is the system's choice, not a server's.
                if rules.is_proxy(name.as_str()) {
                    admitted.push(SocketAddr::new(address, 0));
                    continue;
                }
                match rules.admit(address).await {
                    Ok(()) => admitted.push(SocketAddr::new(address, 0)),
                    Err(refused) => allowable |= refused.allowable,
                }
            }
            if admitted.is_empty() {
                return Err(Refused { allowable }.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}
