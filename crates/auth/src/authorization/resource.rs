use url::Url;

use crate::{ResourceIndicator, discovery::ProtectedResource};

/// What goes into `resource` of the authorization and token requests, "regardless of whether authorization servers support
/// it" (MCP 2026-07-28, resource parameter implementation), unless the config says otherwise.
pub(crate) fn resource(
    indicator: &ResourceIndicator,
    metadata: Option<&ProtectedResource>,
    server: &Url,
) -> Option<String> {
    match indicator {
        ResourceIndicator::Auto => {
            Some(metadata.map_or_else(|| canonical(server), |metadata| metadata.resource.clone()))
        }
        ResourceIndicator::Omit => None,
        ResourceIndicator::Value(value) => Some(value.clone()),
    }
}

/// A server's canonical URI: scheme and host in lower case, no fragment, no slash where the path is nothing else (MCP
/// 2026-07-28, canonical server URI). Its query and user information stay here: they may be keys, and are "SHOULD NOT" in
/// RFC 8707 §2.
fn canonical(server: &Url) -> String {
    let mut url = server.clone();
    url.set_fragment(None);
    url.set_query(None);
    // These fail for URLs without a host only, which have none of it.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let text = url.as_str();
    if url.path() == "/" { text.trim_end_matches('/').to_owned() } else { text.to_owned() }
}
