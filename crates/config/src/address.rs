use url::Url;

/// A web origin as browsers send it (RFC 6454 §6.2), without a slash at its end; `*` stands for any.
///
/// # Errors
/// What to write in its place.
pub fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    let trimmed = text.trim_end_matches('/');
    let ascii = |text: &str| Url::parse(text).ok().map(|url| url.origin().ascii_serialization());
    let meant = ascii(trimmed).filter(|origin| origin != "null");
    if text == "*" || meant.as_deref() == Some(trimmed) {
        return Ok(trimmed.to_owned());
    }
    // A bare name: a port is more likely one of this network than of the web.
    let scheme = if trimmed.contains(':') || trimmed == "localhost" { "http" } else { "https" };
    let bare = || ascii(&format!("{scheme}://{trimmed}")).filter(|_| !trimmed.contains("://"));
    Err(match meant.or_else(bare) {
        Some(origin) => format!("Write `{origin}`: scheme, host and port as a browser sends them."),
        None => {
            "Write scheme, host and port as a browser sends them, such as `http://localhost:3000`.".to_owned()
        }
    })
}

/// A host name that requests may be addressed to, or `*.` and what it ends with.
///
/// # Errors
/// What to write in its place.
pub fn host_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if !text.is_empty() && !text.contains(|c: char| c == '/' || c.is_whitespace()) {
        return Ok(text.to_owned());
    }
    let host = Url::parse(text).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
    Err(match host {
        Some(host) => format!("Write the name alone: `{host}`."),
        None => "Write the name alone, such as `traygate.lan`.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for (text, origin) in [
            ("*", "*"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://chat.example.org/", "https://chat.example.org"),
        ] {
            assert_eq!(super::origin(text).as_deref(), Ok(origin));
        }
        for (text, meant) in [
            ("chat.example.org", "`https://chat.example.org`"),
            ("localhost:3000", "`http://localhost:3000`"),
            ("http://x/path", "`http://x`"),
            ("https://X:443", "`https://x`"),
            ("", "such as"),
            ("a b", "such as"),
        ] {
            let hint = origin(text).expect_err(text);
            assert!(hint.contains(meant), "{text}: {hint}");
        }
    }

    #[test]
    fn a_host_name_stands_alone() {
        for text in ["my.lan", "*.lan", "my.lan:8000", "*"] {
            assert_eq!(host_name(text).as_deref(), Ok(text));
        }
        assert_eq!(host_name("http://my.lan:8000"), Err("Write the name alone: `my.lan`.".into()));
        assert_eq!(host_name("my.lan/x"), Err("Write the name alone, such as `traygate.lan`.".into()));
        assert!(host_name("").is_err());
    }
}
