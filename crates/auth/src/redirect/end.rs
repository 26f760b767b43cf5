//! Which redirect URI a sign-in uses, and so where its response comes in.

use url::Url;

use crate::{Flow, RedirectHost, SignInOptions, endpoint::is_loopback};

/// The one redirect URI of the tray application's own scheme (RFC 8252 §7.1).
pub(crate) const DEEP_LINK: &str = "dev.traygate.desktop:/oauth/callback";
/// The path of a listener that no redirect URI names, as in mcpo.
const PATH: &str = "/callback";

/// Where the authorization response comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The gateway's own callback.
    Gateway(Url),
    /// A loopback listener at exactly this address (RFC 8252 §7.3).
    Listener(Url),
    /// A loopback listener at a port of our choice, remembered for the next time.
    OwnListener(RedirectHost),
    /// Handed over by the tray application, or pasted.
    Elsewhere(Url),
}

impl End {
    /// The end that the options ask for; `callback` is the gateway's own, where that can be reached over plain loopback.
    pub(crate) fn choose(options: &SignInOptions, flow: Flow, callback: Option<&Url>) -> Self {
        let configured = &options.client_metadata.redirect_uris;
        if let Some(uri) = configured.iter().find(|uri| suits(uri, flow)).or(configured.first()) {
            return Self::at(uri.clone(), callback);
        }
        if flow == Flow::DeepLink
            && let Ok(uri) = Url::parse(DEEP_LINK)
        {
            return Self::Elsewhere(uri);
        }
        if let Some(port) = options.callback_port
            && let Ok(uri) = Url::parse(&format!("http://localhost:{port}{PATH}"))
        {
            return Self::at(uri, callback);
        }
        match callback {
            Some(callback) => Self::Gateway(with_host(callback, options.redirect_host)),
            None => Self::OwnListener(options.redirect_host),
        }
    }

    fn at(uri: Url, callback: Option<&Url>) -> Self {
        let is_gateway = callback.is_some_and(|callback| {
            uri.scheme() == callback.scheme()
                && matches!(uri.host_str(), Some("127.0.0.1" | "localhost"))
                && uri.port_or_known_default() == callback.port_or_known_default()
                && uri.path() == callback.path()
        });
        match uri.scheme() {
            _ if is_gateway => Self::Gateway(uri),
            "http" => Self::Listener(uri),
            _ => Self::Elsewhere(uri),
        }
    }
}

/// Whether the response of a flow can come in at `uri`.
fn suits(uri: &Url, flow: Flow) -> bool {
    match flow {
        Flow::DeepLink => !matches!(uri.scheme(), "http" | "https"),
        Flow::Browser => uri.scheme() == "http" && is_loopback(uri),
        Flow::Webview | Flow::Manual | Flow::Device => true,
    }
}

/// The address of a listener of our own at `port`.
pub(crate) fn own(host: RedirectHost, port: u16) -> Option<Url> {
    let mut uri = Url::parse(&format!("http://127.0.0.1{PATH}")).ok()?;
    uri.set_port(Some(port)).ok()?;
    Some(with_host(&uri, host))
}

/// The same address by the other name of this machine.
fn with_host(uri: &Url, host: RedirectHost) -> Url {
    let name = match host {
        RedirectHost::Ip => "127.0.0.1",
        RedirectHost::Localhost => "localhost",
    };
    let mut uri = uri.clone();
    // Fails for addresses without a host alone, and a loopback address has one.
    let _ = uri.set_host(Some(name));
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientMetadata;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn with_uris(uris: &[&str]) -> SignInOptions {
        let redirect_uris = uris.iter().map(|uri| url(uri)).collect();
        SignInOptions {
            client_metadata: ClientMetadata { redirect_uris, ..ClientMetadata::default() },
            ..SignInOptions::default()
        }
    }

    #[test]
    fn the_gateway_receives_unless_the_config_says_otherwise() {
        let callback = url("http://127.0.0.1:8000/-/oauth/callback");
        let choose = |options: &SignInOptions, flow| End::choose(options, flow, Some(&callback));
        let plain = SignInOptions::default();
        for flow in [Flow::Browser, Flow::Manual, Flow::Webview] {
            assert_eq!(choose(&plain, flow), End::Gateway(callback.clone()), "{flow:?}");
        }
        assert_eq!(choose(&plain, Flow::DeepLink), End::Elsewhere(url(DEEP_LINK)));
        assert_eq!(End::choose(&plain, Flow::Browser, None), End::OwnListener(RedirectHost::Ip));
        let localhost = SignInOptions { redirect_host: RedirectHost::Localhost, ..plain };
        let at_localhost = url("http://localhost:8000/-/oauth/callback");
        assert_eq!(choose(&localhost, Flow::Browser), End::Gateway(at_localhost));
    }

    #[test]
    fn a_callback_port_means_what_it_means_in_mcpo() {
        let options = SignInOptions { callback_port: Some(3030), ..SignInOptions::default() };
        let expected = End::Listener(url("http://localhost:3030/callback"));
        assert_eq!(End::choose(&options, Flow::Browser, None), expected);
        let uris = SignInOptions { callback_port: Some(1), ..with_uris(&["http://localhost:3031/cb"]) };
        assert_eq!(End::choose(&uris, Flow::Browser, None), End::Listener(url("http://localhost:3031/cb")));
    }

    #[test]
    fn configured_redirect_uris_are_used_letter_by_letter() {
        let callback = url("http://127.0.0.1:8000/-/oauth/callback");
        let choose = |uris: &[&str], flow| End::choose(&with_uris(uris), flow, Some(&callback));
        let own = "http://localhost:8000/-/oauth/callback";
        assert_eq!(choose(&[own], Flow::Browser), End::Gateway(url(own)));
        let proxied = "https://tools.example.com/-/oauth/callback";
        assert_eq!(choose(&[proxied], Flow::Browser), End::Elsewhere(url(proxied)));
        let both = [proxied, "http://127.0.0.1:9/cb"];
        assert_eq!(choose(&both, Flow::Browser), End::Listener(url(both[1])));
        assert_eq!(choose(&both, Flow::Manual), End::Elsewhere(url(proxied)));
    }
}
