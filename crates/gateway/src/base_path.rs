//! The paths that stand before others: `pathPrefix` and `rootPath`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use traygate_config::{Config, Diagnostic, Severity};

use crate::{
    Options,
    http::{Layout, Rules, is_own, server_at},
    reload::about_file,
};

/// What a path cannot hold as it is (RFC 3986 §3.3: `pchar` and the slash stand for themselves).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// A path as requests bring it, percent-encoded: `/tools`, or empty.
///
/// # Errors
/// What in it no request can bring, and what to do.
pub(crate) fn base_path(text: &str) -> Result<String, String> {
    let path = match text.trim().trim_matches('/') {
        "" => return Ok(String::new()),
        path => format!("/{}", encoded(path)),
    };
    if is_own(&path) {
        return Err(format!(
            "cannot be `{path}`: what begins with `/-/` is Traygate's own. Give another path."
        ));
    }
    let mut segments = path.split('/').map(|segment| percent_decode_str(segment).collect::<Vec<u8>>());
    if segments.any(|segment| segment == b"." || segment == b"..") {
        return Err(format!(
            "cannot be `{path}`: callers leave out `.` and `..` (RFC 3986 §5.2.4). Write the path without them."
        ));
    }
    Ok(path)
}

/// Whether the paths of the command line can be used.
///
/// # Errors
/// A sentence that names the flag and what is wrong with it.
pub(crate) fn check_flags(options: &Options) -> Result<(), String> {
    for (flag, path) in [("--path-prefix", &options.path_prefix), ("--root-path", &options.root_path)] {
        if let Some(path) = path {
            base_path(path).map_err(|reason| format!("`{flag}` {reason}"))?;
        }
    }
    Ok(())
}

/// What is to be said about the paths of the config file, and where one leads to two places.
pub(crate) fn diagnostics(config: &Config, rules: &Rules) -> Vec<Diagnostic> {
    let settings = &config.settings;
    let paths = [("pathPrefix", &settings.path_prefix), ("rootPath", &settings.root_path)];
    let unusable = paths.into_iter().filter_map(|(key, path)| {
        let reason = base_path(path.as_ref()?).err()?;
        let message = format!("`{key}` in `traygate` {reason}");
        Some(about_file(Severity::Error, "bad-path", message, "Until then it counts as absent."))
    });
    unusable.chain(ambiguous(config, rules)).chain(beside_pages(config, rules)).collect()
}

/// The server whose paths look like those of a proxy that strips nothing. They are the server's then, and the proxy's
/// callers meet it instead of what they asked for.
fn ambiguous(config: &Config, rules: &Rules) -> Option<Diagnostic> {
    if rules.root_path.is_empty() || rules.layout != Layout::Many {
        return None;
    }
    let behind_proxy = format!("{}{}/", rules.root_path, rules.path_prefix);
    let met = server_at(&behind_proxy, rules)?;
    let server = config.servers.keys().find(|server| server.as_str() == met)?;
    let (path, root_path) = (rules.server_path(server.as_str()), &rules.root_path);
    let message = format!("`{server}` is at `{path}`, where `rootPath`, `{root_path}`, leads as well.");
    let hint = "Let the proxy strip the root path, or give the server or the root path another name.";
    let about = about_file(Severity::Warning, "ambiguous-path", message, hint);
    Some(Diagnostic { server: Some(server.clone()), ..about })
}

/// The servers that are called as the pages of all servers are: GET finds the page, and POST the server's tools.
fn beside_pages(config: &Config, rules: &Rules) -> Vec<Diagnostic> {
    const PAGES: [(&str, &str); 2] = [("docs", "docs page"), ("openapi.json", "document")];
    let is_beside = rules.layout == Layout::Many && rules.path_prefix.is_empty();
    let named = |(name, page): (&str, &str)| {
        let server = config.servers.keys().find(|server| server.as_str() == name)?;
        let message = format!("`{server}` is at `/{server}`, where the {page} of all servers is as well.");
        let hint = "Its tools work. Give it another name, so that its own address leads to its own pages.";
        let about = about_file(Severity::Warning, "ambiguous-path", message, hint);
        Some(Diagnostic { server: Some(server.clone()), ..about })
    };
    PAGES.into_iter().filter(|_| is_beside).filter_map(named).collect()
}

/// `path` with all that RFC 3986 does not allow in it percent-encoded; what is encoded already stays.
fn encoded(path: &str) -> String {
    let mut parts = path.split('%');
    let first = parts.next().unwrap_or_default();
    let mut encoded = utf8_percent_encode(first, PATH).to_string();
    for part in parts {
        let is_code = part.as_bytes().get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit));
        encoded.push_str(if is_code { "%" } else { "%25" });
        encoded.extend(utf8_percent_encode(part, PATH));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use traygate_config::parse;

    use super::*;

    #[test]
    fn a_path_is_kept_as_requests_bring_it() {
        for (text, path) in [
            ("", ""),
            (" / ", ""),
            ("tools", "/tools"),
            ("/v1/x/", "/v1/x"),
            ("/a-b.c_d~e!$&'()*+,;=:@", "/a-b.c_d~e!$&'()*+,;=:@"),
            ("/my tools", "/my%20tools"),
            ("/my%20tools", "/my%20tools"),
            ("/100%", "/100%25"),
            ("/%zz?a#b{c}", "/%25zz%3Fa%23b%7Bc%7D"),
            ("/ü/%C3%BC", "/%C3%BC/%C3%BC"),
            ("/-x", "/-x"),
            ("/x/-", "/x/-"),
        ] {
            assert_eq!(base_path(text).as_deref(), Ok(path), "{text}");
        }
    }

    #[test]
    fn a_path_that_no_request_can_bring_is_refused() {
        for (text, reason) in
            [("/-", "Traygate's own"), ("-/x/", "Traygate's own"), ("/a/../b", "`..`"), ("/%2E", "`.`")]
        {
            let refusal = base_path(text).expect_err(text);
            assert!(refusal.contains(reason), "{refusal}");
        }
    }

    fn said(servers: &str, root_path: &str, path_prefix: &str) -> Vec<String> {
        let text = format!(
            r#"{{"mcpServers": {servers}, "traygate": {{"rootPath": "{root_path}", "pathPrefix": "{path_prefix}"}}}}"#
        );
        let config = parse(&text).config.expect("a config");
        let known = |path: &str| base_path(path).unwrap_or_default();
        let rules =
            Rules { root_path: known(root_path), path_prefix: known(path_prefix), ..Rules::default() };
        diagnostics(&config, &rules).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_bad_path_in_the_file_is_said() {
        let said = said("{}", "/-", "/./a");
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("`pathPrefix` in `traygate` cannot be `/./a`"), "{said:?}");
        assert!(said[1].contains("`rootPath` in `traygate` cannot be `/-`"), "{said:?}");
    }

    #[test]
    fn a_server_named_like_a_page_is_said() {
        let servers =
            r#"{"docs": {"type": "demo"}, "openapi.json": {"type": "demo"}, "api": {"type": "demo"}}"#;
        let told = said(servers, "", "");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("`docs` is at `/docs`, where the docs page of all servers is"), "{told:?}");
        assert!(told[1].contains("`openapi.json` is at `/openapi.json`, where the document"), "{told:?}");
        assert_eq!(said(servers, "", "/v1"), [] as [String; 0]);
    }

    #[test]
    fn a_server_that_stands_where_a_proxy_leads_is_said() {
        let servers = r#"{"demo": {"type": "demo"}, "a b": {"type": "demo"}}"#;
        for (root_path, path_prefix, server) in [
            ("/demo", "", Some("demo")),
            ("/demo/below", "", Some("demo")),
            ("/a b", "", Some("a b")),
            ("/v1/demo", "/v1", Some("demo")),
            ("/demo", "/demo", Some("demo")),
            ("/other", "", None),
            ("/demo", "/v1", None),
            ("", "/demo", None),
        ] {
            let said = said(servers, root_path, path_prefix);
            let expected = server.map(|server| format!("`{server}` is at"));
            let met = said.first().map(|said| expected.as_ref().is_some_and(|text| said.contains(text)));
            assert_eq!(met, expected.as_ref().map(|_| true), "{root_path} {path_prefix}: {said:?}");
        }
    }
}
