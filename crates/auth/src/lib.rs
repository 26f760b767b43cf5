//! Secrets and sign-in. Today: the OS keychain. Knows no config types.

mod keychain;

pub use keychain::{Keychain, KeychainError};
