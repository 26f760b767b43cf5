//! OpenAPI 3.1 documents: made once per list of tools and per set of rules, then served from memory.

mod openapi;
mod operation;
mod operation_id;
mod rendered;

use std::{collections::HashMap, sync::Arc};

use arc_swap::{ArcSwap, ArcSwapOption};
use traygate_config::ServerName;
use traygate_upstream::{Catalogue, ServerSnapshot, State};

use super::{
    Rules,
    aside::aside,
    prepared::{Prepared, PreparedServers},
};

pub(crate) use self::{
    openapi::Description,
    rendered::{Rendered, accepts_gzip, is_known},
};

/// The documents that were asked for last, each with what it was made from.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    servers: ArcSwap<HashMap<ServerName, Arc<ServerDocument>>>,
    root: ArcSwapOption<RootDocument>,
}

#[derive(Debug)]
struct ServerDocument {
    rules: Arc<Rules>,
    revision: u64,
    rendered: Arc<Rendered>,
}

#[derive(Debug)]
struct RootDocument {
    rules: Arc<Rules>,
    /// Each server in its order, with its tools' revision where they are known.
    servers: Vec<(ServerName, Option<u64>)>,
    rendered: Arc<Rendered>,
}

impl Documents {
    /// The document of one server; `None` before its tools are known.
    pub(crate) fn server(
        &self,
        rules: &Arc<Rules>,
        server: &ServerSnapshot,
        prepared: &PreparedServers,
    ) -> Option<Arc<Rendered>> {
        let revision = known(server)?;
        let made = self.servers.load();
        if let Some(document) = made.get(&server.name)
            && document.revision == revision
            && Arc::ptr_eq(&document.rules, rules)
        {
            return Some(Arc::clone(&document.rendered));
        }
        let info = &server.tools.as_ref()?.info;
        let tools = prepared.get(server)?;
        let rendered = Arc::new(aside(|| openapi::of_server(rules, &server.name, info, &tools)));
        let document =
            Arc::new(ServerDocument { rules: Arc::clone(rules), revision, rendered: Arc::clone(&rendered) });
        self.servers.rcu(|documents| {
            let mut documents = HashMap::clone(documents);
            documents.insert(server.name.clone(), Arc::clone(&document));
            documents
        });
        Some(rendered)
    }

    /// The document of all servers: what is known now.
    pub(crate) fn root(
        &self,
        rules: &Arc<Rules>,
        catalogue: &Catalogue,
        prepared: &PreparedServers,
    ) -> Arc<Rendered> {
        let made = self.root.load();
        if let Some(document) = &*made
            && Arc::ptr_eq(&document.rules, rules)
            && document.shows(catalogue)
        {
            return Arc::clone(&document.rendered);
        }
        let servers: Vec<(&ServerName, Option<Arc<Prepared>>)> = catalogue
            .servers
            .values()
            .map(|server| (&server.name, known(server).and_then(|_| prepared.get(server))))
            .collect();
        let rendered = Arc::new(aside(|| openapi::of_all(rules, &servers)));
        self.root.store(Some(Arc::new(RootDocument {
            rules: Arc::clone(rules),
            servers: shown(catalogue).map(|(name, tools)| (name.clone(), tools)).collect(),
            rendered: Arc::clone(&rendered),
        })));
        rendered
    }

    /// Forgets the documents of what is no longer in the catalogue.
    pub(crate) fn forget_the_gone(&self, catalogue: &Catalogue) {
        let is_current = |name: &ServerName, document: &ServerDocument| {
            catalogue.servers.get(name).and_then(|server| known(server)) == Some(document.revision)
        };
        self.servers.rcu(|documents| {
            let mut documents = HashMap::clone(documents);
            documents.retain(|name, document| is_current(name, document));
            documents
        });
        if self.root.load().as_ref().is_some_and(|document| !document.shows(catalogue)) {
            self.root.store(None);
        }
    }
}

impl RootDocument {
    fn shows(&self, catalogue: &Catalogue) -> bool {
        self.servers.iter().map(|(name, tools)| (name, *tools)).eq(shown(catalogue))
    }
}

/// Whether there is a document of this server.
pub(crate) fn is_documented(server: &ServerSnapshot) -> bool {
    known(server).is_some()
}

/// Each server with the revision of the tools that a document shows.
fn shown(catalogue: &Catalogue) -> impl Iterator<Item = (&ServerName, Option<u64>)> {
    catalogue.servers.values().map(|server| (&server.name, known(server)))
}

/// The revision of the tools that a document shows; a disabled server shows none.
fn known(server: &ServerSnapshot) -> Option<u64> {
    server.tools.as_ref().filter(|_| server.state != State::Disabled).map(|tools| tools.revision)
}
