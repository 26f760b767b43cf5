//! The names that a model sees: unique, `^[A-Za-z0-9_-]{1,64}$`, and the same whatever the order of the tools.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use traygate_config::OperationIds;

/// What model providers accept.
const LONGEST: usize = 64;

/// One id for each of a server's tools, in their order.
pub(super) fn of_server<'a>(style: OperationIds, tools: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wishes = tools.map(|tool| Wish { id: wish(style, tool), source: tool.to_owned(), exact: tool });
    assign(wishes.collect())
}

/// One id for each tool of several servers: its server's name is put before it where it would meet another.
pub(super) fn of_all<'a>(tools: &[(&'a str, &'a str)]) -> Vec<String> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for (_, id) in tools {
        *uses.entry(id).or_default() += 1;
    }
    let wishes = tools.iter().map(|(server, id)| {
        if uses[id] == 1 {
            Wish { id: (*id).to_owned(), source: (*id).to_owned(), exact: id }
        } else {
            Wish { id: format!("{}_{id}", legal(server)), source: format!("{server}/{id}"), exact: "" }
        }
    });
    assign(wishes.collect())
}

struct Wish<'a> {
    id: String,
    /// What makes it different from others that wish the same.
    source: String,
    /// The tool's own name; one that is legal as it stands keeps it.
    exact: &'a str,
}

fn assign(wishes: Vec<Wish<'_>>) -> Vec<String> {
    let mut uses: HashMap<String, usize> = HashMap::new();
    for wish in &wishes {
        *uses.entry(cut(&wish.id, LONGEST).to_owned()).or_default() += 1;
    }
    wishes
        .into_iter()
        .map(|wish| {
            let alone = uses[cut(&wish.id, LONGEST)] == 1;
            let fits = wish.id.len() <= LONGEST;
            if fits && (alone || wish.id == wish.exact) {
                return wish.id;
            }
            if !fits && alone {
                return cut(&wish.id, LONGEST).to_owned();
            }
            let hash = hash(&wish.source);
            let id = format!("{}_{hash}", cut(&wish.id, LONGEST - hash.len() - 1));
            debug_assert!(id.len() <= LONGEST);
            id
        })
        .collect()
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
    use super::*;

    fn ids(style: OperationIds, tools: &[&str]) -> Vec<String> {
        let ids = of_server(style, tools.iter().copied());
        for id in &ids {
            assert!((1..=LONGEST).contains(&id.len()), "{id}");
            assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{id}");
        }
        let unique: std::collections::HashSet<&String> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
        ids
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

    #[test]
    fn tools_of_several_servers_are_prefixed_only_where_they_meet() {
        assert_eq!(
            of_all(&[("a", "search"), ("b", "search"), ("b", "time")]),
            ["a_search", "b_search", "time"]
        );
        let same = of_all(&[("ä", "x"), ("ö", "x")]);
        assert_ne!(same[0], same[1]);
        let meets = of_all(&[("a", "x"), ("b", "x"), ("c", "a_x")]);
        assert_eq!(meets[2], "a_x");
        assert_ne!(meets[0], "a_x");
    }
}
