//! How rmcp reads what a message was answered with (specification 2025-11-25, transports: sending messages to the server).

use futures::StreamExt as _;
use http::{HeaderValue, StatusCode, header};
use reqwest::Response;
use rmcp::{
    model::{
        ClientJsonRpcMessage, ClientRequest, ErrorData, JsonRpcMessage, RequestId, ServerJsonRpcMessage,
    },
    transport::streamable_http_client::{AuthRequiredError, StreamableHttpError, StreamableHttpPostResponse},
};

use super::{client::HttpError, shortcut::SESSION};
use crate::transport::{MAX_MESSAGE, broken, sse::events, task_support};

pub(super) type Failure = StreamableHttpError<HttpError>;

/// Bytes of a refusal that is no JSON; those that mean something are a few words.
const REFUSAL: usize = 4 * 1024;

/// What was posted.
pub(super) struct Asked {
    /// Of a request: what else is posted waits for no answer.
    pub(super) id: Option<RequestId>,
    pub(super) in_session: bool,
    method: Method,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Call,
    List,
    Discover,
    Initialize,
    Other,
}

impl Asked {
    pub(super) fn of(message: &ClientJsonRpcMessage, in_session: bool) -> Self {
        let request = match message {
            ClientJsonRpcMessage::Request(request) => Some(request),
            _ => None,
        };
        let method = match request.map(|request| &request.request) {
            Some(ClientRequest::CallToolRequest(_)) => Method::Call,
            Some(ClientRequest::ListToolsRequest(_)) => Method::List,
            Some(ClientRequest::DiscoverRequest(_)) => Method::Discover,
            Some(ClientRequest::InitializeRequest(_)) => Method::Initialize,
            _ => Method::Other,
        };
        Self { id: request.map(|request| request.id.clone()), in_session, method }
    }

    pub(super) fn is_call(&self) -> bool {
        self.method == Method::Call
    }

    /// Whether its answer says of tasks what rmcp drops: of tools, or of the whole server.
    fn tells_of_tasks(&self) -> bool {
        matches!(self.method, Method::List | Method::Discover | Method::Initialize)
    }

    /// Reads the answer.
    pub(super) async fn answered(&self, response: Response) -> Result<StreamableHttpPostResponse, Failure> {
        let status = response.status();
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if status == StatusCode::NOT_FOUND && self.in_session {
            return Err(Failure::SessionExpired);
        }
        let session = session(&response);
        if !status.is_success() {
            return self.refused(response, session).await;
        }
        let kind = kind(&response);
        let expected = self.id.is_some();
        match kind {
            // Whatever came: nobody waits for it.
            _ if !expected && response.content_length() == Some(0) => {
                Ok(StreamableHttpPostResponse::Accepted)
            }
            Kind::Events => {
                let tells_of_tasks = self.tells_of_tasks();
                let events = events(response.bytes_stream()).map(move |event| {
                    event.map(|mut event| {
                        let data = event.data.as_ref().filter(|_| tells_of_tasks);
                        let kept = data.and_then(|data| task_support::kept(data.as_bytes()));
                        if let Some(kept) = kept.and_then(|kept| String::from_utf8(kept).ok()) {
                            event.data = Some(kept);
                        }
                        event
                    })
                });
                Ok(StreamableHttpPostResponse::Sse(broken::replaced(events.boxed()), session))
            }
            Kind::Json => {
                let body = read(response, MAX_MESSAGE).await.map_err(failure)?;
                let kept = if self.tells_of_tasks() { task_support::kept(&body) } else { None };
                match serde_json::from_slice(kept.as_deref().unwrap_or(&body)) {
                    Ok(answer) => Ok(StreamableHttpPostResponse::Json(answer, session)),
                    Err(_) if !expected => Ok(StreamableHttpPostResponse::Accepted),
                    Err(error) => Err(Failure::UnexpectedServerResponse(unreadable(&error, &body).into())),
                }
            }
            Kind::Other if !expected => Ok(StreamableHttpPostResponse::Accepted),
            Kind::Other => Err(Failure::UnexpectedContentType(content_type(&response))),
        }
    }

    /// A status that says no, and perhaps a JSON-RPC error that says why.
    async fn refused(
        &self,
        response: Response,
        session: Option<String>,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let status = response.status();
        let is_json = matches!(kind(&response), Kind::Json);
        if status == StatusCode::TOO_MANY_REQUESTS || (status.is_server_error() && !is_json) {
            return Err(rejected(status, String::new()));
        }
        // What 403 says is about the sender, not the message.
        let body = if is_json && status != StatusCode::FORBIDDEN {
            read(response, MAX_MESSAGE).await.map_err(failure)?
        } else {
            beginning(response).await
        };
        let error = match serde_json::from_slice(&body) {
            Ok(JsonRpcMessage::Error(error)) if is_json && status != StatusCode::FORBIDDEN => Some(error),
            Ok::<ServerJsonRpcMessage, _>(_) | Err(_) => None,
        };
        let text = String::from_utf8_lossy(&body);
        if let Some(id) = self.unknown_discovery(status) {
            // A server of the older era need not name the request that it does not know.
            let error = error.map_or_else(
                || {
                    ErrorData::invalid_request(
                        format!("server/discover rejected with HTTP {status}: {text}"),
                        None,
                    )
                },
                |error| error.error,
            );
            return Ok(StreamableHttpPostResponse::Json(ServerJsonRpcMessage::error(error, Some(id)), None));
        }
        match error {
            Some(error) => Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), session)),
            None if status.is_server_error() => Err(rejected(status, String::new())),
            None => Err(rejected(status, text.into_owned())),
        }
    }

    /// A 4xx to `server/discover` means the older era (specification 2026-07-28, basic/lifecycle: era detection).
    fn unknown_discovery(&self, status: StatusCode) -> Option<RequestId> {
        let unknown = self.method == Method::Discover
            && !self.in_session
            && status.is_client_error()
            && status != StatusCode::FORBIDDEN;
        self.id.clone().filter(|_| unknown)
    }
}

/// rmcp gives up at once where it is told that a sign-in is needed.
pub(super) fn failure(error: HttpError) -> Failure {
    match error {
        HttpError::SignInNeeded => Failure::AuthRequired(AuthRequiredError::new(String::new())),
        other => Failure::Client(other),
    }
}

pub(super) fn rejected(status: StatusCode, body: String) -> Failure {
    Failure::Client(HttpError::Status { status: status.as_u16(), body })
}

fn unreadable(error: &serde_json::Error, body: &[u8]) -> String {
    const SHOWN: usize = 256;
    let beginning = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
    let beginning = if beginning.is_empty() { "nothing".into() } else { beginning };
    format!("its answer is no JSON-RPC message: {error}: {beginning}")
}

fn session(response: &Response) -> Option<String> {
    Some(response.headers().get(SESSION)?.to_str().ok()?.to_owned())
}

fn content_type(response: &Response) -> Option<String> {
    let kind = response.headers().get(header::CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(kind.as_bytes()).into_owned())
}

/// What a response holds.
pub(super) enum Kind {
    Json,
    Events,
    Other,
}

pub(super) fn kind(response: &Response) -> Kind {
    let kind = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(b"application/json") {
        Kind::Json
    } else if essence.eq_ignore_ascii_case(b"text/event-stream") {
        Kind::Events
    } else {
        Kind::Other
    }
}

/// A body of `most` bytes.
pub(super) async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if body.len() + piece.len() > most {
            return Err(HttpError::TooLong(most));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The beginning of what a refusal says.
pub(crate) async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < REFUSAL
        && let Ok(Some(piece)) = response.chunk().await
    {
        body.extend_from_slice(&piece[..piece.len().min(REFUSAL - body.len())]);
    }
    body
}
