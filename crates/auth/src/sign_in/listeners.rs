//! The loopback listeners of the sign-ins that are under way: one for all that use the same address.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Weak},
};

use tokio::sync::Mutex;
use url::Url;

use super::SignIns;
use crate::{
    RedirectHost,
    redirect::{Listener, own},
};

/// The file of the state folder that holds the port of our own choice: an authorization server that compares redirect URIs
/// letter by letter is to see the same one each time.
const REMEMBERED: &str = "callback-port";

#[derive(Default)]
pub(super) struct Listeners(Mutex<HashMap<(String, u16, String), Weak<Listener>>>);

impl Listeners {
    /// The listener at a redirect URI, opened if nobody uses it yet.
    ///
    /// # Errors
    /// One sentence that names the port, who holds it and what to do.
    pub(super) async fn at(&self, uri: &Url, sign_ins: &SignIns) -> Result<Arc<Listener>, String> {
        let host = uri.host_str().unwrap_or_default().to_owned();
        let key = (host, uri.port_or_known_default().unwrap_or_default(), uri.path().to_owned());
        let mut all = self.0.lock().await;
        all.retain(|_, listener| listener.strong_count() > 0);
        if let Some(listener) = all.get(&key).and_then(Weak::upgrade) {
            return Ok(listener);
        }
        let listener = match Listener::bind(uri, sign_ins.clone(), &sign_ins.0.tasks).await {
            Ok(listener) => Arc::new(listener),
            Err(error) => return Err(not_bound(&error, key.1, sign_ins.0.surroundings.port_owner)),
        };
        all.insert(key, Arc::downgrade(&listener));
        Ok(listener)
    }

    /// A listener of our own: at the port of the last time, else at any free one, which is remembered.
    ///
    /// # Errors
    /// As [`Listeners::at`].
    pub(super) async fn own(
        &self,
        host: RedirectHost,
        sign_ins: &SignIns,
    ) -> Result<(Arc<Listener>, Url), String> {
        let file = sign_ins.0.surroundings.state_dir.as_ref().map(|folder| folder.join(REMEMBERED));
        let text = match &file {
            Some(file) => fs_err::tokio::read_to_string(file).await.unwrap_or_default(),
            None => String::new(),
        };
        let remembered: u16 = text.trim().parse().unwrap_or_default();
        let impossible = || "no redirect URI can be made for this machine".to_owned();
        let uri = own(host, remembered).ok_or_else(impossible)?;
        let listener = match self.at(&uri, sign_ins).await {
            // Clients are registered anew for the new port: never silently another one.
            Err(reason) if remembered != 0 => {
                tracing::info!("{reason} Another port is taken for the answers of sign-ins.");
                self.at(&own(host, 0).ok_or_else(impossible)?, sign_ins).await?
            }
            listener => listener?,
        };
        if listener.port() != remembered
            && let Some(file) = file
            && let Err(error) = fs_err::tokio::write(&file, listener.port().to_string()).await
        {
            tracing::debug!("the port of sign-ins is not remembered: {error}");
        }
        let uri = own(host, listener.port()).ok_or_else(impossible)?;
        Ok((listener, uri))
    }
}

fn not_bound(error: &io::Error, port: u16, owner: fn(SocketAddr) -> String) -> String {
    if error.kind() == io::ErrorKind::AddrInUse {
        let owner = owner(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        return format!(
            "Port {port}, where the answer of the sign-in is to come in, is in use by {owner}. End that, or choose another \
             `callback_port`."
        );
    }
    format!(
        "Nothing can listen on port {port} for the answer of the sign-in: {error}. Choose another `callback_port`."
    )
}
