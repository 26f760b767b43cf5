//! The sign-in: OAuth 2.1 against an authorization server that can do anything (`kit/fake_oauth`), against real ones, and
//! under the official conformance suite.

mod command;
mod conformance;
mod faults;
mod flows;
mod hostile;
#[cfg(target_os = "linux")]
mod keychain;
mod mcpo;
mod peers;
mod real;
mod refresh;
mod stand;
mod states;
mod step_up;
mod walk;
