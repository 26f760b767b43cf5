//! The names that a model sees: unique, `^[A-Za-z0-9_-]{1,64}$`, and the same whatever the order of the tools.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};
use traygate_config::OperationIds;

/// What model providers accept.
const LONGEST: usize = 64;

/// One id for each of a server's tools, in their order.
pub(super) fn of_server<'a>(style: OperationIds, tools: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wishes = tools.map(|tool| Wish { id: wish(style, tool), source: tool.to_owned(), exact: tool });
    assign(&wishes.collect::<Vec<_>>())
}

/// A tool among those of all servers.
pub(super) struct Named<'a> {
    pub(super) server: &'a str,
    pub(super) tool: &'a str,
    /// Its id among its own server's tools.
    pub(super) id: &'a str,
}

/// One id for each tool of several servers: its server's name is put before it where it would meet another.
pub(super) fn of_all(tools: &[Named<'_>]) -> Vec<String> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for tool in tools {
        *uses.entry(tool.id).or_default() += 1;
    }
    let wishes = tools.iter().map(|Named { server, tool, id }| {
        let source = format!("{server}/{tool}");
        if uses[id] == 1 {
            Wish { id: (*id).to_owned(), source, exact: id }
        } else {
            Wish { id: format!("{}_{id}", legal(server)), source, exact: "" }
        }
    });
    assign(&wishes.collect::<Vec<_>>())
}

struct Wish<'a> {
    id: String,
    /// What makes it different from others that wish the same.
    source: String,
    /// The tool's own name; one that is legal as it stands keeps it.
    exact: &'a str,
}

impl Wish<'_> {
    fn shortened(&self) -> &str {
        cut(&self.id, LONGEST)
    }
}

/// Who wishes alone gets the wish, and who is so named; then the others get a hash, in an order of their own.
fn assign(wishes: &[Wish<'_>]) -> Vec<String> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for wish in wishes {
        *uses.entry(wish.shortened()).or_default() += 1;
    }
    let mut ids: Vec<Option<String>> = wishes
        .iter()
        .map(|wish| {
            let alone = uses[wish.shortened()] == 1;
            (alone || wish.id == wish.exact && wish.id.len() <= LONGEST).then(|| wish.shortened().to_owned())
        })
        .collect();
    let mut taken: HashSet<String> = ids.iter().flatten().cloned().collect();
    let mut others: Vec<usize> = (0..wishes.len()).filter(|at| ids[*at].is_none()).collect();
    others.sort_by_key(|at| &wishes[*at].source);
    for at in others {
        ids[at] = Some(hashed(&wishes[at], &mut taken));
    }
    ids.into_iter().flatten().collect()
}

/// The wish with a hash behind it, another one as long as a tool is named just so.
fn hashed(wish: &Wish<'_>, taken: &mut HashSet<String>) -> String {
    let mut hash = hash(&wish.source);
    loop {
        let id = format!("{}_{hash}", cut(&wish.id, LONGEST - hash.len() - 1));
        if taken.insert(id.clone()) {
            return id;
        }
        hash = self::hash(&format!("{}/{hash}", wish.source));
    }
}

fn wish(style: OperationIds, tool: &str) -> String {
    match style {
        OperationIds::Tool => legal(tool),
        OperationIds::Mcpo => {
            let name: String =
                tool.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            format!("tool_{}_post", cut(&name, LONGEST - "tool__post".len()))
        }
    }
}

/// Every character that a provider refuses becomes `_`; a name of nothing else gets a hash to tell it by.
fn legal(name: &str) -> String {
    let legal: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    if legal.chars().all(|c| c == '_') && !name.chars().all(|c| c == '_') || name.is_empty() {
        return format!("tool_{}", hash(name));
    }
    legal
}

fn cut(text: &str, length: usize) -> &str {
    &text[..text.len().min(length)]
}

fn hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..4])
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn ids(style: OperationIds, tools: &[&str]) -> Vec<String> {
        let ids = of_server(style, tools.iter().copied());
        check(&ids);
        ids
    }

    fn check(ids: &[String]) {
        for id in ids {
            assert!((1..=LONGEST).contains(&id.len()), "{id}");
            assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{id}");
        }
        let unique: HashSet<&String> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
    }

    #[test]
    fn legal_names_stay_and_others_become_legal() {
        assert_eq!(
            ids(OperationIds::Tool, &["get-env", "get_env", "a b", "x.y"]),
            ["get-env", "get_env", "a_b", "x_y"]
        );
        assert_eq!(ids(OperationIds::Mcpo, &["get-env", "x.y"]), ["tool_get_env_post", "tool_x_y_post"]);
    }

    #[test]
    fn names_that_would_meet_get_a_hash_whatever_their_order() {
        let one = ids(OperationIds::Tool, &["get.item", "get-item", "get_item", "get item"]);
        assert_eq!((one[1].as_str(), one[2].as_str()), ("get-item", "get_item"));
        let mut other = ids(OperationIds::Tool, &["get item", "get_item", "get-item", "get.item"]);
        other.reverse();
        assert_eq!(one, other);
        ids(OperationIds::Mcpo, &["get.item", "get-item", "get_item"]);
    }

    #[test]
    fn long_and_foreign_names_are_shortened_and_stay_apart() {
        let (long, longer) = ("x".repeat(80), "x".repeat(90));
        for style in [OperationIds::Tool, OperationIds::Mcpo] {
            ids(style, &[&long, &longer, "日本語", "инструмент", "", "_", "/"]);
        }
    }

    /// The ids of all servers' tools, from each server's list.
    fn root(style: OperationIds, servers: &[(&str, Vec<&str>)]) -> BTreeMap<(String, String), String> {
        let each = servers.iter().flat_map(|(server, tools)| {
            let ids = of_server(style, tools.iter().copied());
            tools.iter().zip(ids).map(|(tool, id)| (*server, *tool, id)).collect::<Vec<_>>()
        });
        let each: Vec<(&str, &str, String)> = each.collect();
        let named: Vec<Named<'_>> =
            each.iter().map(|(server, tool, id)| Named { server, tool, id }).collect();
        let all = of_all(&named);
        check(&all);
        each.iter().zip(all).map(|((server, tool, _), id)| (((*server).into(), (*tool).into()), id)).collect()
    }

    #[test]
    fn tools_of_several_servers_are_prefixed_only_where_they_meet() {
        let ids = |servers: &[(&str, Vec<&str>)]| {
            root(OperationIds::Tool, servers).into_values().collect::<Vec<_>>()
        };
        assert_eq!(
            ids(&[("a", vec!["search"]), ("b", vec!["search", "time"])]),
            ["a_search", "b_search", "time"]
        );
        let same = ids(&[("ä", vec!["x"]), ("ö", vec!["x"])]);
        assert_ne!(same[0], same[1]);
        let meets = ids(&[("a", vec!["x"]), ("b", vec!["x"]), ("c", vec!["a_x"])]);
        assert_eq!(meets[2], "a_x");
        assert_ne!(meets[0], "a_x");
    }

    #[test]
    fn a_tool_that_is_named_like_anothers_hash_keeps_its_name() {
        let first = ids(OperationIds::Tool, &["a.b", "a_b"]);
        let both = ids(OperationIds::Tool, &["a.b", "a_b", &first[0]]);
        assert_eq!((&both[1], &both[2]), (&"a_b".to_owned(), &first[0]));
        let style = OperationIds::Tool;
        let first = root(style, &[("x.y", vec!["t"]), ("x_y", vec!["t"])]);
        for id in first.values() {
            root(style, &[("x.y", vec!["t"]), ("x_y", vec!["t"]), ("z", vec![id])]);
        }
    }

    proptest! {
        #[test]
        fn ids_are_unique_legal_and_the_same_in_any_order(
            names in btree_set("[ab_. é]{1,3}|[a.]{63,66}", 1..12),
            mcpo in any::<bool>(),
            rounds in 0..3,
        ) {
            let style = if mcpo { OperationIds::Mcpo } else { OperationIds::Tool };
            let mut names: BTreeSet<String> = names;
            // Tools may be named like ids that others get.
            for _ in 0..rounds {
                let taken = ids(style, &names.iter().map(String::as_str).collect::<Vec<_>>());
                names.extend(taken);
            }
            let forth: Vec<&str> = names.iter().map(String::as_str).collect();
            let back: Vec<&str> = forth.iter().rev().copied().collect();
            let mut reversed = ids(style, &back);
            reversed.reverse();
            prop_assert_eq!(ids(style, &forth), reversed);

            let servers = [("s.1", forth.clone()), ("s_1", back.clone()), ("t", forth[..1].to_vec())];
            let mut turned = servers.clone();
            turned.reverse();
            let all = root(style, &servers);
            prop_assert_eq!(&all, &root(style, &turned));
            let more: Vec<&str> = all.values().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
            root(style, &[("s.1", forth), ("s_1", back), ("u", more)]);
        }
    }
}
