//! All pages of tools/list.

use std::collections::HashSet;

use rmcp::{
    model::{
        ClientRequest, ErrorData, Extensions, ListToolsRequest, ListToolsRequestMethod,
        PaginatedRequestParams, ServerResult,
    },
    service::PeerRequestOptions,
};
use serde_json::Value;

use super::{Session, call::Unanswered, failure};
use crate::{CallError, catalogue::ToolList, transport::runs_tasks};

/// A server that goes on for ever is cut off here.
const MAX_PAGES: usize = 1_000;

/// Reads page after page until there is no further one, a cursor comes again, or a bound is met.
pub(super) async fn tools(session: &Session) -> Result<ToolList, CallError> {
    let tasks = session.peer.peer_info().is_some_and(|server| runs_tasks(&server.capabilities));
    let mut list = ToolList::of_server(tasks);
    let mut seen = HashSet::new();
    let mut cursor = None;
    for count in 1.. {
        let next = match page(session, cursor.take()).await? {
            ServerResult::ListToolsResult(page) => {
                for tool in page.tools {
                    list.add(tool);
                }
                page.next_cursor
            }
            // A page with something that rmcp cannot read.
            ServerResult::CustomResult(page) => raw_page(page.0, &mut list)?,
            _ => return Err(senseless()),
        };
        match next {
            None => break,
            Some(_) if list.is_full() => break,
            Some(_) if count == MAX_PAGES => {
                list.cut_off("has more than 1000 pages");
                break;
            }
            Some(next) if seen.insert(next.clone()) => cursor = Some(next),
            Some(_) => {
                list.cut_off("names a page again that it had named");
                break;
            }
        }
    }
    if let Some(client) = &session.shortcut {
        client.listed(&list.tools);
    }
    Ok(list)
}

async fn page(session: &Session, cursor: Option<String>) -> Result<ServerResult, CallError> {
    let params = cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
    let request =
        ListToolsRequest { method: ListToolsRequestMethod, params, extensions: Extensions::default() };
    let request = ClientRequest::ListToolsRequest(request);
    let sent = session.peer.send_request_with_option(request, PeerRequestOptions::no_options()).await;
    let answer = match sent {
        Ok(handle) => {
            let mut unanswered = Unanswered::new(session, Some(handle.id));
            let answer = handle.rx.await;
            unanswered.settle();
            answer.unwrap_or(Err(rmcp::ServiceError::TransportClosed))
        }
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => Ok(answer),
        Err(error) => Err(failure::of_request(error, session, failure::FAREWELL).await),
    }
}

/// Adds a page as it came; the answer is the cursor of the next.
fn raw_page(page: Value, list: &mut ToolList) -> Result<Option<String>, CallError> {
    let Value::Object(mut page) = page else { return Err(senseless()) };
    let Some(Value::Array(tools)) = page.remove("tools") else { return Err(senseless()) };
    for tool in tools {
        list.add_raw(tool);
    }
    match page.remove("nextCursor") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(cursor)) => Ok(Some(cursor)),
        Some(_) => {
            list.cut_off("names as its next page what is not a text");
            Ok(None)
        }
    }
}

fn senseless() -> CallError {
    CallError::Rpc(ErrorData::internal_error("its answer to tools/list holds no list of tools", None))
}
