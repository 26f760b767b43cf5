//! One-way names of servers and entries: salted, so that a literal secret in an entry cannot be guessed from its hash.

use std::{io, path::Path};

use fs_err as fs;
use sha2::{Digest as _, Sha256};
use traygate_config::{HttpUpstream, Server, ServerName, StdioUpstream, Template, Upstream};

use crate::store::write_private;

/// A random number of this installation.
#[derive(Clone)]
pub(crate) struct Salt([u8; 32]);

impl Salt {
    /// Reads the salt, or makes and keeps a new one. With a new one nothing that was hashed before is found again.
    pub(crate) fn load_or_create(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => {
                if let Ok(salt) = bytes.try_into() {
                    return Ok(Self(salt));
                }
                // Spoilt, so that there is nothing to agree upon.
                let salt = random()?;
                write_private(path, &salt)?;
                return Ok(Self(salt));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Two first starts at once agree on one: it is whole before it has its name, and a name is given once.
        let salt = random()?;
        let own = path.with_extension(hex::encode(&salt[..8]));
        write_private(&own, &salt)?;
        let named = fs::hard_link(&own, path);
        let _ = fs::remove_file(&own);
        match named {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::load_or_create(path),
            // A file system without links.
            Err(_) => write_private(path, &salt).map(|()| Self(salt)),
            Ok(()) => Ok(Self(salt)),
        }
    }

    /// The hash of a server's name.
    pub(crate) fn of_name(&self, name: &ServerName) -> String {
        let mut hash = Fields::new(&self.0, "name");
        hash.text(name.as_str());
        hash.finish()
    }

    /// The hash of what decides which tools a server has: its name, how it is reached and how it is signed in to, as
    /// written. Timeouts, disabled tools and the like change nothing about them.
    pub(crate) fn of_entry(&self, server: &Server) -> String {
        let mut hash = Fields::new(&self.0, "entry");
        hash.text(server.name.as_str());
        match &server.upstream {
            Upstream::Stdio(stdio) => hash.text("stdio").stdio(stdio),
            Upstream::StreamableHttp(http) => hash.text("streamable-http").http(http),
            Upstream::Sse(http) => hash.text("sse").http(http),
            Upstream::Http(http) => hash.text("http").http(http),
            Upstream::Demo => hash.text("demo"),
        };
        if let Some(oauth) = &server.oauth {
            // Its Debug output has every word and no text.
            hash.text(&format!("{oauth:?}"));
            for template in oauth.templates() {
                hash.text(template.source());
            }
        }
        hash.finish()
    }
}

fn random() -> io::Result<[u8; 32]> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(io::Error::other)?;
    Ok(salt)
}

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// A hash over fields, each with its length before it, so that no two lists of fields run together.
struct Fields(Sha256);

impl Fields {
    fn new(salt: &[u8], purpose: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.0.update(salt);
        fields.text(purpose);
        fields
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.count(text.len());
        self.0.update(text);
        self
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn pairs<'a>(&mut self, pairs: impl ExactSizeIterator<Item = (&'a String, &'a Template)>) -> &mut Self {
        self.count(pairs.len());
        for (name, value) in pairs {
            self.text(name).text(value.source());
        }
        self
    }

    fn stdio(&mut self, stdio: &StdioUpstream) -> &mut Self {
        self.text(stdio.command.source()).count(stdio.args.len());
        for argument in &stdio.args {
            self.text(argument.source());
        }
        self.pairs(stdio.env.iter());
        self.count(usize::from(stdio.cwd.is_some()));
        self.text(stdio.cwd.as_ref().map_or("", Template::source))
    }

    fn http(&mut self, http: &HttpUpstream) -> &mut Self {
        self.text(http.url.source()).pairs(http.headers.iter())
    }

    fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_starts_at_once_agree_on_one_salt() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("salt");
            let barrier = std::sync::Barrier::new(4);
            let salts: Vec<[u8; 32]> = std::thread::scope(|scope| {
                let start = || {
                    barrier.wait();
                    Salt::load_or_create(&path).unwrap().0
                };
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(salts.iter().all(|salt| *salt == salts[0]));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
