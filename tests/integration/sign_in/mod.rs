//! The sign-in: OAuth 2.1 against an authorization server that can do anything (`kit/fake_oauth`), against real ones, and
//! under the official conformance suite.

mod conformance;
mod faults;
mod flows;
mod hostile;
mod peers;
mod refresh;
mod stand;
mod step_up;
mod walk;
