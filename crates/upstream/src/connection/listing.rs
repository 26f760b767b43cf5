//! All pages of tools/list.

use std::collections::HashSet;

use rmcp::model::{PaginatedRequestParams, Tool};

use super::{Session, failure};
use crate::CallError;

/// A server that goes on for ever is cut off here.
const MAX_PAGES: usize = 1_000;
/// Tools of one server.
const MAX_TOOLS: usize = 20_000;

/// Reads page after page until there is no further one, a cursor comes again, or a bound is met.
pub(super) async fn tools(session: &Session) -> Result<Vec<Tool>, CallError> {
    let mut tools = Vec::new();
    let mut seen = HashSet::new();
    let mut cursor = None;
    for _ in 0..MAX_PAGES {
        let params = cursor.take().map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
        let page = match session.peer.list_tools(params).await {
            Ok(page) => page,
            Err(error) => return Err(failure::of_request(error, session, failure::FAREWELL).await),
        };
        tools.extend(page.tools);
        match page.next_cursor {
            Some(next) if tools.len() < MAX_TOOLS && seen.insert(next.clone()) => cursor = Some(next),
            Some(_) => {
                tracing::warn!(tools = tools.len(), "tools/list has no end: the rest is left out");
                break;
            }
            None => break,
        }
    }
    tools.truncate(MAX_TOOLS);
    if let Some(client) = &session.shortcut {
        client.listed(&tools);
    }
    Ok(tools)
}
