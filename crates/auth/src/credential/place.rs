use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::{ServerId, keychain::Item};

/// What of a server is kept: each kind has an item of its own, since they change at different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Tokens,
    Clients,
}

/// Whose and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) id: ServerId,
}

/// Windows allows 513 for a user; a part's number comes on top.
const LONGEST_USER: usize = 400;

impl Kind {
    /// As it is written into what is stored: never changed.
    fn key(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Clients => "clients",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Tokens => "sign-in",
            Self::Clients => "client",
        }
    }
}

impl Place {
    pub(super) fn item(&self) -> Item {
        let what = format!("{} of `{}`", self.kind.words(), self.id.name);
        Item {
            user: self.user(),
            label: format!("Traygate: {} of {} ({})", self.kind.words(), self.id.name, self.readable_url()),
            what: format!("the {what}"),
        }
    }

    /// The user (account) of the keychain's item: readable, and another one for each server. What cannot be shown or told
    /// apart (a query may hold a key; Windows does not tell capitals apart) is there as a short hash.
    fn user(&self) -> String {
        let (name, url) = (&self.id.name, self.readable_url());
        let full = format!("{}:{name} {url}", self.kind.key());
        let shown = &full[..full.floor_char_boundary(LONGEST_USER)];
        if *url == *self.id.url.as_str() && shown == full && full.to_lowercase() == full {
            full
        } else {
            format!("{shown} #{}", &self.id.digest()[..16])
        }
    }

    /// The URL without what may be secret.
    fn readable_url(&self) -> Cow<'_, str> {
        let url = &self.id.url;
        if url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
        {
            return url.as_str().into();
        }
        let mut url = url.clone();
        url.set_query(None);
        url.set_fragment(None);
        // Both fail only for URLs that have no host, hence no user.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        String::from(url).into()
    }

    /// The name of its encrypted file.
    pub(super) fn file_name(&self) -> String {
        hex::encode(Sha256::digest(self.binding()))
    }

    /// What an encrypted file is bound to: it opens as nothing else.
    pub(super) fn binding(&self) -> Vec<u8> {
        let parts = [super::file::FORMAT, self.kind.key(), &self.id.name, self.id.url.as_str()];
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}
