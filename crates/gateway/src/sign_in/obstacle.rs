use http::header;
use traygate_config::{HttpUpstream, Server, Upstream};

/// Why nobody can sign in to a server, whatever it answers: one sentence.
pub fn cannot_sign_in(server: &Server) -> Option<String> {
    let name = &server.name;
    let is_own = |header: &String| header.eq_ignore_ascii_case(header::AUTHORIZATION.as_str());
    match &server.upstream {
        Upstream::Stdio(_) => Some(format!(
            "`{name}` is a program, and sign-in is for servers with a `url`. What it needs stands in its `env`."
        )),
        Upstream::Demo => Some(format!("`{name}` is built in and needs no sign-in.")),
        _ if server.disabled => Some(format!(
            "`{name}` is disabled. Remove `\"disabled\": true` from its entry in the config file."
        )),
        Upstream::StreamableHttp(http) | Upstream::Sse(http) | Upstream::Http(http) => {
            let HttpUpstream { headers, .. } = http;
            headers.keys().any(is_own).then(|| {
                format!(
                    "`{name}` has an `Authorization` of its own in its `headers`, which takes the place of a sign-in. \
                     Remove it from the config file to sign in."
                )
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use traygate_config::{Entry, parse};

    use super::*;

    #[test]
    fn only_a_server_with_a_url_and_without_its_own_authorization_can_be_signed_in_to() {
        let config = parse(
            r#"{"mcpServers": {
                "plain": {"url": "https://h/"},
                "other": {"url": "https://h/", "headers": {"X-Team": "a"}},
                "headed": {"url": "https://h/", "headers": {"authorization": "Bearer s3cret"}},
                "off": {"url": "https://h/", "disabled": true},
                "program": {"command": "x"},
                "demo": {"type": "demo"}
            }}"#,
        )
        .config
        .unwrap();
        for (name, told) in [
            ("plain", None),
            ("other", None),
            ("headed", Some("`Authorization`")),
            ("off", Some("disabled")),
            ("program", Some("is a program")),
            ("demo", Some("built in")),
        ] {
            let Entry::Valid(server) = &config.servers[name] else { panic!("{name}") };
            let obstacle = cannot_sign_in(server);
            assert_eq!(obstacle.is_some(), told.is_some(), "{name}: {obstacle:?}");
            let obstacle = obstacle.unwrap_or_default();
            assert!(
                obstacle.contains(told.unwrap_or_default()) && !obstacle.contains("s3cret"),
                "{obstacle}"
            );
        }
    }
}
