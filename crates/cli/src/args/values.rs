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

/// A value that no message may repeat.
#[expect(clippy::unnecessary_wraps, reason = "the form of clap's value parsers")]
pub(super) fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.trim().into())
}
