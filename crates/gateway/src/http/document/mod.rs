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
    /// Each server in its order, with its tools' revision where they are described.
    servers: Vec<(ServerName, Option<u64>)>,
    rendered: Arc<Rendered>,
}

impl Documents {
    /// The document of one server; `None` before its tools are described.
    pub(crate) fn server(
        &self,
        rules: &Arc<Rules>,
        server: &ServerName,
        prepared: &PreparedServers,
    ) -> Option<Arc<Rendered>> {
        let tools = prepared.documented(server)?;
        let revision = tools.revision();
        let made = self.servers.load();
        if let Some(document) = made.get(server)
            && document.revision == revision
            && Arc::ptr_eq(&document.rules, rules)
        {
            return Some(Arc::clone(&document.rendered));
        }
        let rendered = Arc::new(aside(|| openapi::of_server(rules, server, &tools)));
        let document =
            Arc::new(ServerDocument { rules: Arc::clone(rules), revision, rendered: Arc::clone(&rendered) });
        self.servers.rcu(|documents| {
            let mut documents = HashMap::clone(documents);
            documents.insert(server.clone(), Arc::clone(&document));
            documents
        });
        Some(rendered)
    }

    /// The document of all servers: what is described by now.
    pub(crate) fn root(
        &self,
        rules: &Arc<Rules>,
        catalogue: &Catalogue,
        prepared: &PreparedServers,
    ) -> Arc<Rendered> {
        let servers: Vec<(&ServerName, Option<Arc<Prepared>>)> =
            catalogue.servers.keys().map(|server| (server, prepared.documented(server))).collect();
        let made = self.root.load();
        if let Some(document) = &*made
            && Arc::ptr_eq(&document.rules, rules)
            && document.shows(&servers)
        {
            return Arc::clone(&document.rendered);
        }
        let rendered = Arc::new(aside(|| openapi::of_all(rules, &servers)));
        self.root.store(Some(Arc::new(RootDocument {
            rules: Arc::clone(rules),
            servers: shown(&servers).map(|(name, tools)| (name.clone(), tools)).collect(),
            rendered: Arc::clone(&rendered),
        })));
        rendered
    }

    /// Forgets the documents of servers that have none any more.
    pub(crate) fn forget_the_gone(&self, prepared: &PreparedServers) {
        self.servers.rcu(|documents| {
            let mut documents = HashMap::clone(documents);
            documents.retain(|name, _| prepared.documented(name).is_some());
            documents
        });
        let is_gone = |(name, tools): &(ServerName, Option<u64>)| {
            tools.is_some() && prepared.documented(name).is_none()
        };
        if self.root.load().as_ref().is_some_and(|document| document.servers.iter().any(is_gone)) {
            self.root.store(None);
        }
    }
}

impl RootDocument {
    fn shows(&self, servers: &[(&ServerName, Option<Arc<Prepared>>)]) -> bool {
        self.servers.iter().map(|(name, tools)| (name, *tools)).eq(shown(servers))
    }
}

/// Whether there is a document of this server, or soon will be; a disabled one has none.
pub(crate) fn is_documented(server: &ServerSnapshot) -> bool {
    server.tools.is_some() && server.state != State::Disabled
}

/// Each server with the revision of the tools that a document shows.
fn shown<'a>(
    servers: &'a [(&ServerName, Option<Arc<Prepared>>)],
) -> impl Iterator<Item = (&'a ServerName, Option<u64>)> {
    servers.iter().map(|(name, prepared)| (*name, prepared.as_ref().map(|prepared| prepared.revision())))
}
