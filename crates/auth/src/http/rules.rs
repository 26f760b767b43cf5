use std::{
    collections::BTreeSet,
    io,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use hyper_util::client::proxy::matcher::Matcher;
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::{HttpError, address::Reach, resolver::Refused};
use crate::endpoint::is_loopback;

/// Where the word of one MCP server may send us (MCP 2026-07-28, authorization, security considerations: SSRF).
///
/// A server inside this network, or on this machine, may name others there. A public one may not, so that nobody out
/// there can have us knock on doors in here, unless the config says that it may (a company's own authorization server).
///
/// Where a request goes through one of the system's proxies, names are resolved by the proxy: what then holds is that no
/// IP literal, `localhost` or proxy's own name of the private network gets through; which private names a proxy
/// resolves is the proxy's own policy.
pub(super) struct Rules {
    /// The MCP server's host.
    near: Host,
    allow_private: bool,
    near_is_inside: OnceCell<bool>,
    names: Names,
    /// As reqwest sees them; `None`: not used.
    system: Option<Matcher>,
    /// Those that were met, by name.
    proxies: Mutex<BTreeSet<String>>,
}

enum Names {
    System,
    #[cfg(test)]
    Table(std::collections::HashMap<String, Vec<IpAddr>>),
}

impl Rules {
    pub(super) fn new(near: &Url, allow_private: bool) -> Result<Self, HttpError> {
        let near = near
            .host()
            .ok_or_else(|| HttpError::Other("the server's `url` names no host".to_owned()))?
            .to_owned();
        Ok(Self {
            near,
            allow_private,
            near_is_inside: OnceCell::new(),
            names: Names::System,
            system: Some(Matcher::from_system()),
            proxies: Mutex::default(),
        })
    }

    /// With names that no DNS knows, and no proxies.
    #[cfg(test)]
    pub(super) fn with_names(near: &Url, allow_private: bool, names: &[(&str, &[&str])]) -> Self {
        let names = names
            .iter()
            .map(|(name, addresses)| {
                ((*name).to_owned(), addresses.iter().map(|address| address.parse().unwrap()).collect())
            })
            .collect();
        Self { names: Names::Table(names), system: None, ..Self::new(near, allow_private).unwrap() }
    }

    pub(super) fn has_proxies(&self) -> bool {
        self.system.is_some()
    }

    /// Whether this may be asked, as far as its letters tell: IP literals are never resolved. The rest is up to
    /// [`super::resolver::Resolver`].
    pub(super) async fn check(&self, url: &Url) -> Result<(), HttpError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(HttpError::other(url, "is no http(s) address"));
        }
        self.note_proxy(url);
        let verdict = match url.host() {
            Some(Host::Ipv4(address)) => self.admit(address.into()).await,
            Some(Host::Ipv6(address)) => self.admit(address.into()).await,
            Some(Host::Domain(name)) if is_loopback(url) || self.is_proxy(name) => self.admit_inside().await,
            Some(Host::Domain(_)) => Ok(()),
            None => return Err(HttpError::other(url, "names no host")),
        };
        verdict.map_err(|Refused { allowable }| HttpError::private(url, allowable))
    }

    /// Whether this may be connected to.
    pub(super) async fn admit(&self, address: IpAddr) -> Result<(), Refused> {
        let itself = match self.near {
            Host::Ipv4(near) => address == near,
            Host::Ipv6(near) => address == near,
            Host::Domain(_) => false,
        };
        match Reach::of(address) {
            _ if itself => Ok(()),
            Reach::Public => Ok(()),
            Reach::Inside => self.admit_inside().await,
            Reach::Never => Err(Refused { allowable: false }),
        }
    }

    async fn admit_inside(&self) -> Result<(), Refused> {
        if self.allow_private || self.near_is_inside().await {
            Ok(())
        } else {
            Err(Refused { allowable: true })
        }
    }

    /// Whether the MCP server itself is inside. A name is resolved once, and counts where all its addresses do: the
    /// company's own servers go by names, too.
    async fn near_is_inside(&self) -> bool {
        match &self.near {
            Host::Ipv4(address) => is_inside((*address).into()),
            Host::Ipv6(address) => is_inside((*address).into()),
            Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => true,
            Host::Domain(name) => {
                let inside = self.near_is_inside.get_or_try_init(|| async {
                    let found = self.lookup(name).await?;
                    Ok::<_, io::Error>(!found.is_empty() && found.into_iter().all(is_inside))
                });
                // What cannot be resolved now is asked for again the next time.
                inside.await.is_ok_and(|inside| *inside)
            }
        }
    }

    pub(super) async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match &self.names {
            Names::System => {
                Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
            }
            #[cfg(test)]
            Names::Table(names) => names
                .get(name)
                .cloned()
                .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the table has no such name")),
        }
    }

    /// Whether this is the name of a proxy of the system's: those are asked for at any address.
    pub(super) fn is_proxy(&self, name: &str) -> bool {
        self.proxies.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    fn note_proxy(&self, to: &Url) {
        let Some(system) = &self.system else { return };
        let Ok(to) = to.as_str().parse() else { return };
        if let Some(proxy) = system.intercept(&to)
            && let Some(name) = proxy.uri().host()
        {
            self.proxies.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_ascii_lowercase());
        }
    }

    #[cfg(test)]
    pub(super) fn with_proxy(self, proxy: &str) -> Self {
        Self { system: Some(Matcher::builder().all(proxy).build()), ..self }
    }
}

fn is_inside(address: IpAddr) -> bool {
    // `http://0.0.0.0:8000/mcp` is how some write "this machine".
    Reach::of(address) == Reach::Inside || address.is_unspecified()
}
