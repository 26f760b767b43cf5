use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

use traygate_gateway::{ConfigSource, Gateway, SignInPolicy};
use traygate_upstream::State;

/// URLs that are written out; with more servers the pattern is clear.
const LISTED: usize = 8;

/// What a person wants to know once the port is open: where it is, what is behind it, and what to do next.
pub(super) fn summary(gateway: &Gateway, source: &ConfigSource, watched: bool) -> String {
    let url = gateway.url();
    let mut text = format!("Traygate {} serves at {url}\n\n", env!("CARGO_PKG_VERSION"));
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12}{value}");
    };
    let local = url.replace("127.0.0.1", "localhost");
    row("Docs", &format!("{local}/docs"));
    let catalogue = gateway.hub().catalogue();
    let servers: Vec<String> = catalogue
        .servers
        .values()
        .map(|server| match obstacle(&server.state) {
            Some(obstacle) => format!("{} ({obstacle})", server.name),
            None => server.name.to_string(),
        })
        .collect();
    let is_served = |state: &State| !matches!(state, State::Disabled | State::Failed { .. });
    let served = catalogue.servers.values().filter(|server| is_served(&server.state));
    let names: Vec<&str> = served.map(|server| server.name.as_str()).collect();
    match (source, servers.as_slice()) {
        (ConfigSource::Single(_), _) => row("Open WebUI", &format!("add the tool server {local}")),
        (_, []) => row("Servers", "none yet: add one to the config file"),
        (_, servers) => {
            for (label, line) in std::iter::once("Servers").chain(std::iter::repeat("")).zip(lines(servers)) {
                row(label, &line);
            }
            row("Open WebUI", &format!("add the tool server {local} for all, or one by one:"));
            for name in names.iter().take(LISTED) {
                row("", &gateway.server_url(name).replace("127.0.0.1", "localhost"));
            }
            if names.len() > LISTED {
                row("", "... and so on");
            }
        }
    }
    let port = gateway.addresses().first().map_or(0, SocketAddr::port);
    if gateway.addresses().iter().any(|address| !address.ip().is_loopback()) {
        let scheme = url.split(':').next().unwrap_or("http");
        row("From Docker", &format!("{scheme}://host.docker.internal:{port} in place of the above"));
    }
    if let Some(address) = gateway.addresses().iter().find_map(|address| neighbours(address.ip())) {
        let scheme = url.split(':').next().unwrap_or("http");
        row("Network", &format!("{scheme}://{} from other machines", SocketAddr::new(address, port)));
    }
    let everywhere: Vec<String> = gateway.addresses().iter().map(ToString::to_string).collect();
    row("Listens on", &everywhere.join(", "));
    row("API key", if gateway.needs_key() { "needed, as you gave it" } else { "none: this machine only" });
    if let Some(how) = gateway.sign_in().and_then(sign_in) {
        row("Sign-in", how);
    }
    if let ConfigSource::File(path) = source {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let how = if watched { "changes apply at once" } else { "changes apply after a restart" };
        row("Config", &format!("{} ({how})", path.display()));
    }
    let diagnostics = gateway.diagnostics();
    if let (ConfigSource::File(path), false) = (source, diagnostics.is_empty()) {
        text.push('\n');
        for diagnostic in diagnostics {
            let _ = writeln!(text, "  {}:{diagnostic}", path.display());
        }
    }
    text
}

/// What to expect where a server needs a sign-in.
fn sign_in(policy: SignInPolicy) -> Option<&'static str> {
    match policy {
        SignInPolicy::Auto => Some("the browser opens for each server that needs it"),
        SignInPolicy::Ask => Some("`traygate sign-in NAME` for a server that needs it"),
        SignInPolicy::Never => None,
    }
}

/// All on one line where that is short, else each on its own.
fn lines(servers: &[String]) -> Vec<String> {
    const SHORT: usize = 80;
    let line = servers.join(", ");
    if line.chars().count() <= SHORT { vec![line] } else { servers.to_vec() }
}

/// The address that other machines of the network reach a listener at; `None` where it is for this machine, or where
/// there is no network.
fn neighbours(listening: IpAddr) -> Option<IpAddr> {
    if listening.is_loopback() {
        return None;
    }
    if !listening.is_unspecified() {
        return Some(listening);
    }
    // Connecting a UDP socket sends nothing; the system only chooses the way (RFC 5737: nobody has this address).
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok().filter(|_| listening.is_ipv4())?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// Why a server is not on its way to be ready. How the others fare the log's next lines tell.
fn obstacle(state: &State) -> Option<&'static str> {
    match state {
        State::Disabled => Some("disabled"),
        State::Failed { .. } => Some("cannot start"),
        State::SignInNeeded => Some("needs sign-in"),
        State::Ready | State::Connecting { .. } | State::Backoff { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_servers_stand_below_each_other() {
        let names = |count: usize| (0..count).map(|number| format!("server-{number}")).collect::<Vec<_>>();
        assert_eq!(lines(&names(3)), ["server-0, server-1, server-2"]);
        assert_eq!(lines(&names(30)), names(30));
    }

    #[test]
    fn neighbours_are_told_an_address_that_is_theirs_to_reach() {
        assert_eq!(neighbours(Ipv4Addr::LOCALHOST.into()), None);
        let own = IpAddr::from([10, 1, 2, 3]);
        assert_eq!(neighbours(own), Some(own));
        // Where this machine has no network there is none.
        if let Some(address) = neighbours(Ipv4Addr::UNSPECIFIED.into()) {
            assert!(address.is_ipv4() && !address.is_loopback() && !address.is_unspecified(), "{address}");
        }
    }
}
