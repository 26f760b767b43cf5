use std::{sync::Arc, time::Duration};

use indexmap::IndexMap;
use traygate_config::ServerName;
use traygate_upstream::{ServerInfo, ToolEntry, ToolSet};

use super::*;

fn menu(servers: &[(&str, State, Option<usize>)]) -> Vec<String> {
    let servers = servers.iter().map(|(name, state, tools)| {
        let name = ServerName::new(name).unwrap();
        let tools = tools.map(|count| Arc::new(tool_set(count)));
        (name.clone(), Arc::new(ServerSnapshot { name, state: state.clone(), tools }))
    });
    let catalogue = Catalogue { revision: 1, servers: servers.collect() };
    let url = "http://127.0.0.1:8000";
    let Menu(items) = menu_for(&Snapshot { url, catalogue: &catalogue, now: SystemTime::UNIX_EPOCH });
    items.into_iter().map(shown).collect()
}

fn shown(item: Item) -> String {
    match item {
        Item::Text(text) => text,
        Item::Click(action) => format!("[{}]", action.label()),
        Item::Separator => "-".to_owned(),
    }
}

fn tool_set(count: usize) -> ToolSet {
    let tool = |name: String| ToolEntry {
        name,
        title: None,
        description: None,
        input_schema: Arc::default(),
        output_schema: None,
        annotations: None,
    };
    let tools: IndexMap<_, _> = (0..count).map(|at| (at.to_string(), tool(at.to_string()))).collect();
    ToolSet { revision: 1, info: ServerInfo::default(), tools, quarantined: Vec::new(), disabled: 0 }
}

#[test]
fn an_empty_config_says_so() {
    assert_eq!(
        menu(&[]),
        [
            "http://127.0.0.1:8000",
            "[Open docs]",
            "[Copy URL]",
            "-",
            "No servers in the config file",
            "-",
            "[Quit]"
        ]
    );
}

#[test]
fn every_server_has_a_line_with_its_state_in_words() {
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(8);
    let servers = [
        ("demo", State::Ready, Some(3)),
        ("one", State::Ready, Some(1)),
        ("none", State::Ready, Some(0)),
        ("off", State::Disabled, None),
        ("slow", State::Connecting { last: None }, Some(12)),
        ("linear", State::SignInNeeded, None),
        ("flaky", State::Backoff { reason: "it exited with 1".into(), until }, Some(2)),
        ("broken", State::Failed { reason: "command `npx` was not found".into() }, None),
    ];
    let lines = menu(&servers);
    assert_eq!(
        lines[4..lines.len() - 2],
        [
            "demo: Ready, 3 tools",
            "one: Ready, 1 tool",
            "none: Ready, no tools",
            "off: Disabled",
            "slow: Connecting",
            "linear: Needs sign-in",
            "flaky: Retrying in 8 s",
            "broken: Stopped: command `npx` was not found",
        ]
    );
}

#[test]
fn a_long_reason_is_cut() {
    let lines = menu(&[("s", State::Failed { reason: "ß".repeat(500).into() }, None)]);
    assert_eq!(lines[4].chars().count(), WIDTH + 1);
    assert!(lines[4].ends_with("ß…"));
}

#[test]
fn ids_and_actions_belong_together() {
    for action in Action::ALL {
        assert_eq!(Action::of(action.id()), Some(action));
    }
    assert_eq!(Action::of("9"), None);
}
