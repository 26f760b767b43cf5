//! The sign-in: OAuth 2.1 against an authorization server that can do anything (`kit/fake_oauth`), against real ones, and
//! under the official conformance suite.

mod command;
#[cfg(target_os = "linux")]
mod keychain;
mod mcpo;
mod peers;
mod real;
mod stand;
mod states;
mod walk;
