//! Secrets and sign-in. Today: the OS keychain; knows no config types.

mod keychain;

pub use keychain::{Keychain, KeychainError};
