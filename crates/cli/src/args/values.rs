use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};

use secrecy::SecretString;

/// An address to listen on. A name stands for different addresses at different times, so only `localhost` is taken.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.trim_start_matches('[').trim_end_matches(']').parse().map_err(|_| {
        "give an IP address: 127.0.0.1 for this machine only, 0.0.0.0 for all its networks".to_owned()
    })
}

/// A port.
pub(super) fn port(text: &str) -> Result<u16, String> {
    text.trim().parse().map_err(|_| "give a number from 0 to 65535".to_owned())
}

/// A host name; an empty one, as an unset variable gives, names none.
pub(super) fn host_name(text: &str) -> Result<String, String> {
    unless_empty(text, traygate_config::host_name)
}

/// A web origin; an empty one, as an unset variable gives, is none.
pub(super) fn origin(text: &str) -> Result<String, String> {
    unless_empty(text, traygate_config::origin)
}

fn unless_empty(text: &str, read: impl Fn(&str) -> Result<String, String>) -> Result<String, String> {
    if text.trim().is_empty() { Ok(String::new()) } else { read(text) }
}

/// A value that no message may repeat.
#[expect(clippy::unnecessary_wraps, reason = "the form of clap's value parsers")]
pub(super) fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.trim().into())
}

/// A key; an empty one, as `--api-key "$UNSET"` gives, is a mistake and not "no key".
pub(super) fn api_key(text: &str) -> Result<SecretString, String> {
    match text.trim() {
        "" => {
            Err("the key is empty; leave the option out to serve this machine only, without a key".to_owned())
        }
        key => Ok(key.into()),
    }
}
