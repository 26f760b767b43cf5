//! What the tray menu says, as a pure function of what is known.

use std::time::SystemTime;

use traygate_gateway::state_words;
use traygate_upstream::{Catalogue, ServerSnapshot, State};

/// All that the menu depends on.
pub(crate) struct Snapshot<'s> {
    /// The gateway's address.
    pub(crate) url: &'s str,
    /// Its servers.
    pub(crate) catalogue: &'s Catalogue,
    /// Retries are counted down from here.
    pub(crate) now: SystemTime,
}

/// The menu, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Menu(pub(crate) Vec<Item>);

/// One line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// To be read only.
    Text(String),
    /// To be clicked.
    Click(Action),
    Separator,
}

/// What a click does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    OpenDocs,
    CopyUrl,
    Quit,
}

/// Characters of a server's line; the rest of a long reason is in the server's log.
const WIDTH: usize = 60;

impl Action {
    const ALL: [Self; 3] = [Self::OpenDocs, Self::CopyUrl, Self::Quit];

    /// What the menu calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::OpenDocs => "Open docs",
            Self::CopyUrl => "Copy URL",
            Self::Quit => "Quit",
        }
    }

    /// Its name in events.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::OpenDocs => "open-docs",
            Self::CopyUrl => "copy-url",
            Self::Quit => "quit",
        }
    }

    /// The action of this name.
    pub(crate) fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.id() == id)
    }
}

pub(crate) fn menu_for(snapshot: &Snapshot<'_>) -> Menu {
    let mut items = vec![
        Item::Text(snapshot.url.to_owned()),
        Item::Click(Action::OpenDocs),
        Item::Click(Action::CopyUrl),
        Item::Separator,
    ];
    if snapshot.catalogue.servers.is_empty() {
        items.push(Item::Text("No servers in the config file".to_owned()));
    }
    items.extend(snapshot.catalogue.servers.values().map(|server| Item::Text(line(server, snapshot.now))));
    items.extend([Item::Separator, Item::Click(Action::Quit)]);
    Menu(items)
}

fn line(server: &ServerSnapshot, now: SystemTime) -> String {
    let words = format!("{}: {}", server.name, state_words(&server.state, now));
    let tools = server.tools.as_ref().filter(|_| server.state == State::Ready).map(|set| set.tools.len());
    match tools {
        None => shorten(words),
        Some(0) => shorten(words + ", no tools"),
        Some(1) => shorten(words + ", 1 tool"),
        Some(count) => shorten(format!("{words}, {count} tools")),
    }
}

fn shorten(line: String) -> String {
    match line.char_indices().nth(WIDTH) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests;
