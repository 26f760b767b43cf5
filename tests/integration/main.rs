//! The one integration test binary: the real `traygate` as a process, before fake and real MCP servers.
//!
//! `Lnn`, `Cnn`, `Xnn`, `Nnn` are the rows of docs/mcpo.md: what mcpo does, and what is wanted instead.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod configuration;
mod demo;
mod faults;
mod kit;
mod lifecycle;
mod mcpo_flags;
mod names;
mod real_servers;
mod security;
mod surface;
mod transports;
