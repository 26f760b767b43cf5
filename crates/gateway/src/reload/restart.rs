use std::net::IpAddr;

use traygate_config::{Diagnostic, Parsed, Position, Severity};

use crate::{Tls, merge::Endpoint};

/// What of a saved file waits for a restart: one diagnostic a setting, where it stands in the text.
pub(super) fn waiting(
    running: &Endpoint,
    wanted: &Result<Endpoint, String>,
    has_key: bool,
    text: &Parsed,
) -> Vec<Diagnostic> {
    let diagnostic = |setting: &str, message: String, hint: String| Diagnostic {
        severity: Severity::Warning,
        code: "needs-restart",
        server: None,
        position: text.setting_position(setting).unwrap_or(Position { line: 1, column: 1 }),
        message,
        hint: Some(hint),
    };
    let restart = || "Restart Traygate to apply it.".to_owned();
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(message) => {
            let hint = "Until then Traygate serves as it did.".to_owned();
            return vec![diagnostic("sslKeyfile", message.clone(), hint)];
        }
    };
    let mut waiting = Vec::new();
    if wanted.hosts != running.hosts {
        let hint = match wanted.needs_key() {
            Some(reason) if !has_key => format!("Traygate would not start so. {reason}"),
            _ => restart(),
        };
        let (old, new) = (list(&running.hosts), list(&wanted.hosts));
        waiting.push(diagnostic("host", format!("`host` changed from {old} to {new}."), hint));
    }
    if wanted.port != running.port {
        let message = format!("`port` changed from {} to {}.", running.port, wanted.port);
        waiting.push(diagnostic("port", message, restart()));
    }
    if let Some((setting, what)) = tls_change(running.tls.as_ref(), wanted.tls.as_ref()) {
        waiting.push(diagnostic(setting, format!("`{setting}` {what}."), restart()));
    }
    waiting
}

fn tls_change(old: Option<&Tls>, new: Option<&Tls>) -> Option<(&'static str, String)> {
    match (old, new) {
        (None, Some(_)) => Some(("sslCertfile", "was added; Traygate still serves plain HTTP".into())),
        (Some(_), None) => Some(("sslCertfile", "was removed; Traygate still serves HTTPS".into())),
        (Some(old), Some(new)) if old.certificate != new.certificate => {
            Some(("sslCertfile", format!("changed to `{}`", new.certificate.display())))
        }
        (Some(old), Some(new)) if old.key != new.key => {
            Some(("sslKeyfile", format!("changed to `{}`", new.key.display())))
        }
        (None, None) | (Some(_), Some(_)) => None,
    }
}

fn list(hosts: &[IpAddr]) -> String {
    hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use traygate_config::parse;

    use super::*;

    fn endpoint(hosts: &[[u8; 4]], port: u16, certificate: Option<&str>) -> Endpoint {
        Endpoint {
            hosts: hosts.iter().map(|&host| host.into()).collect(),
            port,
            tls: certificate.map(|file| Tls { certificate: file.into(), key: file.into() }),
        }
    }

    #[test]
    fn each_setting_is_named_with_its_place() {
        let text = parse("{\"mcpServers\": {}, \"traygate\": {\n \"port\": 9000,\n \"host\": \"0.0.0.0\"}}");
        let running = endpoint(&[[127, 0, 0, 1]], 8000, None);
        let said = |wanted: Endpoint, has_key| -> Vec<String> {
            let waiting = waiting(&running, &Ok(wanted), has_key, &text);
            waiting.iter().map(ToString::to_string).collect()
        };
        assert!(said(running.clone(), false).is_empty());
        assert_eq!(
            said(endpoint(&[[0, 0, 0, 0]], 9000, Some("c.pem")), true),
            [
                "3:2: `host` changed from 127.0.0.1 to 0.0.0.0. Restart Traygate to apply it.",
                "2:2: `port` changed from 8000 to 9000. Restart Traygate to apply it.",
                "1:20: `sslCertfile` was added; Traygate still serves plain HTTP. Restart Traygate to apply it.",
            ]
        );
        let unguarded = said(endpoint(&[[0, 0, 0, 0]], 8000, None), false);
        assert!(unguarded[0].contains("would not start so. Without a key, 0.0.0.0"), "{unguarded:?}");
    }
}
