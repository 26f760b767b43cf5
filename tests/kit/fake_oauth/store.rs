use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use super::ClientAuth;

/// What an authorization server remembers.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) clients: HashMap<String, Client>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) access: HashMap<String, Access>,
    pub(crate) refresh: HashMap<String, RefreshToken>,
    pub(crate) devices: HashMap<String, Device>,
    /// Families whose tokens are all void.
    pub(crate) dead: HashSet<String>,
    pub(crate) issued: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) secret: Option<String>,
    pub(crate) auth: ClientAuth,
    pub(crate) redirect_uris: Vec<String>,
}

/// What was granted, whatever carries it.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) family: String,
    pub(crate) client: String,
    pub(crate) scope: String,
    pub(crate) resource: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) used: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) grant: Grant,
    pub(crate) until: Option<Instant>,
}

#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) grant: Grant,
    pub(crate) used: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) grant: Grant,
    pub(crate) user_code: String,
    pub(crate) answer: Option<bool>,
}

impl Store {
    /// A word that nobody guesses and no other server gives.
    pub(crate) fn word(&mut self, kind: &str) -> String {
        use std::hash::{BuildHasher, RandomState};
        self.issued += 1;
        let random = || RandomState::new().hash_one(self.issued);
        format!("{kind}-{:016x}{:016x}", random(), random())
    }

    /// What this access token is good for, if it is.
    pub(crate) fn live(&self, token: &str) -> Option<&Grant> {
        let access = self.access.get(token)?;
        let fresh = access.until.is_none_or(|until| Instant::now() < until);
        (fresh && !self.dead.contains(&access.grant.family)).then_some(&access.grant)
    }

    /// Ends all access tokens of a family, as rotation does.
    pub(crate) fn end_access(&mut self, family: &str) {
        self.access.retain(|_, access| access.grant.family != family);
    }

    pub(crate) fn expiry(ttl: Option<Duration>) -> Option<Instant> {
        ttl.map(|ttl| Instant::now() + ttl)
    }
}
