use serde::Deserialize;
use url::Url;

use super::{
    ProtectedResource, Start,
    document::{Document, at_path, fetch},
    error::{DiscoveryError, quoted, shown},
};
use crate::{
    endpoint::{Endpoint, is_loopback},
    http::Http,
    issuer::Issuer,
};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
const DOCUMENT: &str = "protected resource metadata";

/// As it comes (RFC 9728 §2).
#[derive(Deserialize)]
struct Raw {
    resource: String,
    #[serde(default)]
    authorization_servers: Option<Vec<String>>,
    #[serde(default)]
    scopes_supported: Option<Vec<String>>,
}

/// Finds the metadata of the MCP server: where its challenge says, else at the well-known address of its path, else at
/// that of the root (MCP 2026-07-28, protected resource metadata discovery requirements).
pub(super) async fn find(
    http: &Http,
    start: &Start<'_>,
) -> Result<Option<ProtectedResource>, DiscoveryError> {
    let named = start.challenge.resource_metadata.as_ref();
    if let Some(url) = named {
        // Whoever may rewrite the server's own answers could write any challenge as well.
        if Endpoint::try_from(url.clone()).is_err() && url.origin() != start.server.origin() {
            return Err(DiscoveryError::InsecureChallenge { url: shown(url) });
        }
        match fetch(http, url, DOCUMENT).await? {
            Document::Found(raw) => return checked(start.server, raw).map(Some),
            Document::Unreadable(error) => return Err(error),
            Document::Absent => {}
        }
    }
    for url in well_known(start.server) {
        // What else lies there, a web page for everything say, says nothing of sign-in.
        if named != Some(&url)
            && let Document::Found(raw) = fetch(http, &url, DOCUMENT).await?
        {
            return checked(start.server, raw).map(Some);
        }
    }
    Ok(None)
}

/// RFC 9728 §3.1: between host and path. A trailing slash is part of a path, and yet many servers answer without only.
fn well_known(server: &Url) -> Vec<Url> {
    let path = server.path();
    let mut paths: Vec<&str> = vec![path, path.trim_end_matches('/'), ""];
    paths.retain(|path| *path != "/");
    paths.dedup();
    paths.into_iter().map(|path| at_path(server, &format!("{WELL_KNOWN}{path}"))).collect()
}

fn checked(server: &Url, raw: Raw) -> Result<ProtectedResource, DiscoveryError> {
    if !covers(&raw.resource, server) {
        return Err(DiscoveryError::ResourceMismatch {
            server: shown(server),
            resource: quoted(&raw.resource),
        });
    }
    Ok(ProtectedResource {
        resource: raw.resource,
        authorization_servers: raw.authorization_servers.into_iter().flatten().map(Issuer::new).collect(),
        scopes_supported: raw.scopes_supported.iter().flatten().map(String::as_str).collect(),
    })
}

/// Whether a `resource` stands for the server (RFC 9728 §3.3): the same origin, and a path that the server's begins with,
/// whole segments only; a server often describes all that it hosts at once. The query plays no part, nor does a slash at
/// the end. `localhost` and `127.0.0.1` at one port are the same: there is only one such port on this machine.
fn covers(resource: &str, server: &Url) -> bool {
    let Ok(resource) = Url::parse(resource) else { return false };
    let same_machine = resource.scheme() == server.scheme()
        && resource.port_or_known_default() == server.port_or_known_default()
        && is_loopback(&resource)
        && is_loopback(server);
    let same_origin = resource.origin() == server.origin() && resource.origin().is_tuple();
    let (inner, outer) = (server.path().trim_end_matches('/'), resource.path().trim_end_matches('/'));
    let within = inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    resource.fragment().is_none() && (same_origin || same_machine) && within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validate_the_resource_against_the_server_url() {
        for (resource, server, expected) in [
            ("https://a.example/mcp", "https://a.example/mcp", true),
            ("https://a.example/mcp/", "https://a.example/mcp", true),
            ("https://a.example/mcp", "https://a.example/mcp/", true),
            ("https://a.example", "https://a.example/mcp", true),
            ("https://a.example/", "https://a.example/mcp?key=1", true),
            ("https://a.example/mcp?tenant=1", "https://a.example/mcp", true),
            ("https://A.example:443/mcp", "https://a.example/mcp", true),
            ("http://localhost:1/mcp", "http://127.0.0.1:1/mcp", true),
            ("http://[::1]:1/mcp", "http://localhost:1/mcp", true),
            ("http://localhost:2/mcp", "http://127.0.0.1:1/mcp", false),
            ("http://localhost:1/mcp", "http://192.168.0.1:1/mcp", false),
            ("https://a.example/mc", "https://a.example/mcp", false),
            ("https://a.example/mcp/more", "https://a.example/mcp", false),
            ("https://a.example/other", "https://a.example/mcp", false),
            ("https://b.example/mcp", "https://a.example/mcp", false),
            ("https://a.example:444/mcp", "https://a.example/mcp", false),
            ("http://a.example/mcp", "https://a.example/mcp", false),
            ("https://a.example/mcp#x", "https://a.example/mcp", false),
            ("urn:mcp", "https://a.example/mcp", false),
            ("mcp", "https://a.example/mcp", false),
            ("", "https://a.example/mcp", false),
        ] {
            assert_eq!(covers(resource, &Url::parse(server).unwrap()), expected, "{resource} {server}");
        }
    }

    #[test]
    fn well_known_addresses_are_those_of_the_path_then_the_root() {
        let of = |server: &str| -> Vec<String> {
            well_known(&Url::parse(server).unwrap()).iter().map(|url| url.path().to_owned()).collect()
        };
        assert_eq!(of("https://a.example/v1/mcp?key=1"), [format!("{WELL_KNOWN}/v1/mcp"), WELL_KNOWN.into()]);
        assert_eq!(
            of("https://a.example/mcp/"),
            [format!("{WELL_KNOWN}/mcp/"), format!("{WELL_KNOWN}/mcp"), WELL_KNOWN.into()]
        );
        assert_eq!(of("https://a.example"), [WELL_KNOWN]);
        let url = &well_known(&Url::parse("https://me:pass@a.example/mcp?key=1#x").unwrap())[0];
        assert_eq!(url.as_str(), format!("https://a.example{WELL_KNOWN}/mcp"));
    }
}
