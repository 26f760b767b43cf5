mod client_metadata;
mod file;
mod oauth;
mod scope;
mod server;
mod settings;
mod upstream;

#[cfg(test)]
mod broken_files;
#[cfg(test)]
mod tests;

pub use file::{Parsed, parse};
