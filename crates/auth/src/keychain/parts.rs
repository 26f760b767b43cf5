//! Items longer than the system's limit (Windows: 2560 bytes; a pair of tokens in JWT form is longer).
//!
//! The item itself is then a head that names its parts: how many, in which of two places, and the SHA-256 of the whole.
//! A new value goes into the place that the head does not name, and the head is written last: a write that breaks off
//! leaves the old value as it was, and the next write clears what it left.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::{KeychainError, item::Item, vault::Vault};

/// More would be no credential.
const MOST: usize = 64;
/// What a head starts with. No value does: they are JSON objects.
const HEAD: &str = "parts";

/// One of the two places for parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    A,
    B,
}

/// What stands in the item itself where its value is elsewhere.
struct Head {
    place: Place,
    count: usize,
    sha256: String,
}

enum Found {
    Nothing,
    Whole(SecretString),
    /// Its parts are missing, or are another value's.
    Torn,
}

impl Vault {
    pub(super) fn read_whole(&mut self, item: &Item) -> Result<Option<SecretString>, KeychainError> {
        // Twice: another process may write between the reading of the head and that of the parts.
        for _ in 0..2 {
            match self.assemble(item)? {
                Found::Nothing => return Ok(None),
                Found::Whole(value) => return Ok(Some(value)),
                Found::Torn => {}
            }
        }
        Err(KeychainError::Refused(format!("the item of {} is incomplete", item.what)))
    }

    pub(super) fn write_whole(&mut self, item: &Item, value: &SecretString) -> Result<(), KeychainError> {
        let Some(limit) = self.platform.limit() else { return self.write(item, value) };
        let parts = split(value.expose_secret(), limit);
        if let [_] | [] = parts[..] {
            self.write(item, value)?;
            self.clear(item, Place::A)?;
            return self.clear(item, Place::B);
        }
        if parts.len() > MOST {
            return Err(KeychainError::TooLong(u32::try_from(limit * MOST).unwrap_or(u32::MAX)));
        }
        let old = self.head(item)?.map(|head| head.place);
        let place = if old == Some(Place::A) { Place::B } else { Place::A };
        self.clear(item, place)?;
        for (number, part) in (1..).zip(&parts) {
            self.write(&item.part(place, number), &SecretString::from(*part))?;
        }
        let head = Head { place, count: parts.len(), sha256: sha256(value) };
        self.write(item, &head.to_string().into())?;
        match old {
            Some(old) => self.clear(item, old),
            None => Ok(()),
        }
    }

    /// The parts first: what breaks off is found and deleted by the next try.
    pub(super) fn delete_whole(&mut self, item: &Item) -> Result<bool, KeychainError> {
        if self.platform.limit().is_some() {
            self.clear(item, Place::A)?;
            self.clear(item, Place::B)?;
        }
        self.delete(item)
    }

    fn assemble(&mut self, item: &Item) -> Result<Found, KeychainError> {
        let Some(text) = self.read(item)? else { return Ok(Found::Nothing) };
        let Some(head) = Head::parse(&text) else { return Ok(Found::Whole(text)) };
        let mut whole = String::new();
        for number in 1..=head.count {
            let Some(part) = self.read(&item.part(head.place, number))? else { return Ok(Found::Torn) };
            whole.push_str(part.expose_secret());
        }
        let whole = SecretString::from(whole);
        Ok(if sha256(&whole) == head.sha256 { Found::Whole(whole) } else { Found::Torn })
    }

    fn head(&mut self, item: &Item) -> Result<Option<Head>, KeychainError> {
        Ok(self.read(item)?.and_then(|text| Head::parse(&text)))
    }

    /// Deletes the parts in one place, the last first, so that those before it still lead to it.
    fn clear(&mut self, item: &Item, place: Place) -> Result<(), KeychainError> {
        let mut count = 0;
        while count < MOST && self.read(&item.part(place, count + 1))?.is_some() {
            count += 1;
        }
        for number in (1..=count).rev() {
            self.delete(&item.part(place, number))?;
        }
        Ok(())
    }
}

impl Item {
    fn part(&self, place: Place, number: usize) -> Self {
        Self {
            user: format!("{} {place:?}{number}", self.user),
            label: format!("{}, part {number}", self.label),
            what: format!("{}, part {number}", self.what),
        }
    }
}

impl Head {
    fn parse(text: &SecretString) -> Option<Self> {
        let mut words = text.expose_secret().split(' ');
        let (HEAD, place, count, sha256, None) =
            (words.next()?, words.next()?, words.next()?, words.next()?, words.next())
        else {
            return None;
        };
        let place = match place {
            "A" => Place::A,
            "B" => Place::B,
            _ => return None,
        };
        let count = count.parse().ok().filter(|count| *count <= MOST)?;
        Some(Self { place, count, sha256: sha256.to_owned() })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{HEAD} {:?} {} {}", self.place, self.count, self.sha256)
    }
}

fn sha256(value: &SecretString) -> String {
    hex::encode(Sha256::digest(value.expose_secret()))
}

/// Pieces of at most `limit` bytes, each of whole characters: what is no text comes back from no keychain unharmed (KDE
/// Wallet).
fn split(text: &str, limit: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(limit.max(4)));
        pieces.push(piece);
        rest = after;
    }
    pieces
}
