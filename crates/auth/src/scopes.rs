use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scopes in the order in which they were named (RFC 6749 §3.3: space-delimited, case-sensitive, order without
/// meaning).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// The scopes of a `scope` value, each once.
    pub fn parse(scope: &str) -> Self {
        scope.split(' ').collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a scope is among them.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|known| known == scope)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// These, then those of `other` that are not among them.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    /// Whether each of `other` is among these.
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|scope| self.contains(scope))
    }

    /// These without one.
    #[must_use]
    pub fn without(&self, scope: &str) -> Self {
        self.iter().filter(|known| *known != scope).collect()
    }
}

/// The same scopes, in whatever order.
impl PartialEq for Scopes {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.covers(other)
    }
}

impl Eq for Scopes {}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        let mut all: Vec<String> = Vec::new();
        for scope in scopes {
            if !scope.is_empty() && !all.iter().any(|known| known == scope) {
                all.push(scope.to_owned());
            }
        }
        Self(all)
    }
}

impl From<String> for Scopes {
    fn from(scope: String) -> Self {
        Self::parse(&scope)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.0.join(" ")
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_keeps_each_once_in_order() {
        let (one, other) = (Scopes::parse("a  b a"), Scopes::parse("c b"));
        assert_eq!(one.union(&other).to_string(), "a b c");
        assert_eq!(one, Scopes::parse("b a"));
        assert_ne!(one, other);
        assert!(one.union(&other).covers(&other) && !one.covers(&other));
        assert!(Scopes::parse(" ").is_empty());
    }
}
