//! The one integration test binary: the real `traygate` as a process, before fake and real MCP servers.
//!
//! Names that begin with l01, c01, x01, n01, ... are numbered points where mcpo fails its users: the test says what is
//! wanted instead.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod architecture;
mod arguments;
mod bodies;
mod commands;
mod configuration;
mod corpus;
mod demo;
#[cfg(target_os = "linux")]
mod desktop;
mod elicitation;
mod faults;
#[cfg(target_os = "linux")]
mod hostile;
mod judges;
mod kit;
mod lifecycle;
mod mcpo_flags;
mod names;
mod open_webui;
mod quarantine;
mod real_servers;
mod reasons;
mod results;
mod schemas;
#[cfg(target_os = "linux")]
mod secrets;
mod security;
mod sign_in;
mod surface;
mod transports;
