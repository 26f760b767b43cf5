use std::{borrow::Borrow, fmt, sync::Arc};

/// A server's name: its key in `mcpServers` and the first segment of its paths.
///
/// Any text that is not empty, not `-` (the gateway's own paths), not `.` or `..`, holds no control character and no
/// slash. It is percent-encoded in URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName(Arc<str>);

/// Why a key of `mcpServers` cannot be a server's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// The empty key.
    #[error("a server's name must not be empty")]
    Empty,
    /// A name that the gateway's own paths use, or that URLs cannot carry.
    #[error("this name is reserved")]
    Reserved,
    /// A slash or a control character.
    #[error("a server's name must not hold a slash or a control character")]
    Character,
}

impl ServerName {
    /// Checks and takes a name.
    ///
    /// # Errors
    /// [`InvalidName`] says which rule it breaks.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        match name {
            "" => Err(InvalidName::Empty),
            "-" | "." | ".." => Err(InvalidName::Reserved),
            _ if name.chars().any(|c| c == '/' || c == '\\' || c.is_control()) => Err(InvalidName::Character),
            _ => Ok(Self(name.into())),
        }
    }

    /// The name as written in the config file.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for ServerName {
    fn borrow(&self) -> &str {
        &self.0
    }
}
