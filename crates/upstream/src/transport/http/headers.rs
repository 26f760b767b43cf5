use http::{HeaderMap, HeaderName, HeaderValue, header};
use rmcp::model::{ClientJsonRpcMessage, GetExtensions};

/// The caller's headers that go with one call, carried in the request's extensions.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallHeaders(pub(crate) HeaderMap);

/// The transport's own, or the connection's (RFC 9110 §7.6.1): neither a config file nor a caller sets these.
fn is_reserved(name: &HeaderName) -> bool {
    const CONNECTION: [HeaderName; 10] = [
        header::ACCEPT,
        header::ACCEPT_ENCODING,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::HOST,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ];
    CONNECTION.contains(name)
        || matches!(
            name.as_str(),
            "keep-alive"
                | "last-event-id"
                | "mcp-method"
                | "mcp-name"
                | "mcp-protocol-version"
                | "mcp-session-id"
        )
        || name.as_str().starts_with("mcp-param-")
}

/// Those headers that may be sent.
pub(crate) fn allowed(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    headers.iter().filter(|(name, _)| !is_reserved(name))
}

/// The headers that go with this message alone.
pub(crate) fn of_call(message: &ClientJsonRpcMessage) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let headers = match message {
        ClientJsonRpcMessage::Request(request) => request.request.extensions().get::<CallHeaders>(),
        _ => None,
    };
    headers.into_iter().flat_map(|headers| allowed(&headers.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_headers_stay_out() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-user",
            "mcp-api-key",
            "authorization",
            "mcp-session-id",
            "mcp-name",
            "mcp-param-x",
            "host",
            "content-length",
            "last-event-id",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("v"));
        }
        let mut names: Vec<_> = allowed(&headers).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "mcp-api-key", "x-user"]);
    }
}
