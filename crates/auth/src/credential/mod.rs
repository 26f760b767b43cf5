//! Where tokens and clients are kept: the OS keychain, encrypted files, memory.
