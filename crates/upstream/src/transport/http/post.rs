//! rmcp's HTTP client with what it leaves out: a call's own headers, what tools say of tasks, 401 without a challenge, and sessions that are
//! refused in another way than the specification's 404.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt as _, stream::BoxStream};
use http::{HeaderName, HeaderValue, StatusCode, header};
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, JsonRpcError, JsonRpcMessage, RequestId},
    transport::streamable_http_client::{
        AuthRequiredError, SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
        StreamableHttpResponseLimits,
    },
};
use sse_stream::Sse;

use super::{
    client::{HttpClient, HttpError},
    headers::of_call,
    refusal::{
        Answered, is_refusal_of_session, is_session_refusal, mentions_lost_session, speaks_of_session,
    },
    shortcut::{Kind, SESSION, kind, read},
};
use crate::transport::{MAX_MESSAGE, broken, sse::bounded, task_support};

type Headers = HashMap<HeaderName, HeaderValue>;
type Failure = StreamableHttpError<HttpError>;

impl StreamableHttpClient for HttpClient {
    type Error = HttpError;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session_id, auth_header, custom_headers, limits)
            .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        mut custom_headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let in_session = session_id.is_some();
        let sent = match &message {
            ClientJsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        let is_call = is_call(&message);
        let lesson = self.routes.lesson(&uri, &message, session_id.as_ref(), &custom_headers);
        custom_headers.extend(of_call(&message).map(|(name, value)| (name.clone(), value.clone())));
        if is_list(&message) {
            let listed = self
                .list(&uri, &message, session_id.as_deref(), auth_header.as_deref(), &custom_headers)
                .await;
            if let Some(answer) = listed? {
                return Ok(answer);
            }
        }
        let answer = self
            .client
            .post_message_with_response_limits(uri, message, session_id, auth_header, custom_headers, limits)
            .await
            .map_err(classify);
        match answer {
            Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), _))
                if in_session && session_is_gone(&error, sent.as_ref(), is_call) =>
            {
                Err(Failure::SessionExpired)
            }
            // rmcp itself knows 404.
            Err(Failure::Client(HttpError::Status { status: 400, body }))
                if in_session
                    && (is_refusal_of_session(&body) || (!is_call && mentions_lost_session(&body))) =>
            {
                Err(Failure::SessionExpired)
            }
            Ok(StreamableHttpPostResponse::Sse(events, session)) => {
                Ok(StreamableHttpPostResponse::Sse(broken::replaced(events), session))
            }
            answer => {
                if let (
                    Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Response(_), _)),
                    Some((tool, route)),
                ) = (&answer, lesson)
                {
                    self.routes.learn(&tool, route);
                }
                answer
            }
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<(), Failure> {
        self.client.delete_session(uri, session_id, auth_header, custom_headers).await.map_err(classify)
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.client
            .get_stream(uri, session_id, last_event_id, auth_header, custom_headers)
            .await
            .map_err(classify)
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: Headers,
        max_sse_event_size: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.client
            .get_stream_with_max_sse_event_size(
                uri,
                session_id,
                last_event_id,
                auth_header,
                custom_headers,
                max_sse_event_size,
            )
            .await
            .map_err(classify)
    }
}

impl HttpClient {
    /// Posts a tools/list as rmcp does, and keeps of its answer what rmcp would drop. `None`: rmcp has to ask, it knows
    /// what the refusals mean that are an answer of the server's own (of its session, its revision, its sign-in).
    async fn list(
        &self,
        uri: &str,
        message: &ClientJsonRpcMessage,
        session: Option<&str>,
        authorization: Option<&str>,
        headers: &Headers,
    ) -> Result<Option<StreamableHttpPostResponse>, Failure> {
        let mut request = self
            .client
            .post(uri)
            .header(header::ACCEPT, "text/event-stream, application/json")
            .headers(headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
        if let Some(token) = authorization {
            request = request.bearer_auth(token);
        }
        if let Some(session) = session {
            request = request.header(SESSION, session);
        }
        let session = session.map(str::to_owned);
        let unreached = |error: reqwest::Error| Failure::Client(error.into());
        let response = request.json(message).send().await.map_err(unreached)?;
        let status = response.status();
        Ok(match kind(&response) {
            Kind::Json if status == StatusCode::OK => {
                let body = read(response, MAX_MESSAGE)
                    .await
                    .map_err(|reason| Failure::UnexpectedServerResponse(reason.into()))?;
                let kept = task_support::kept(&body);
                serde_json::from_slice(kept.as_deref().unwrap_or(&body))
                    .ok()
                    .filter(|answer| matches!(answer, JsonRpcMessage::Response(_)))
                    .map(|answer| StreamableHttpPostResponse::Json(answer, session))
            }
            Kind::Events if status == StatusCode::OK => {
                let events = bounded(response.bytes_stream()).map(|mut event| {
                    let kept = event.data.as_ref().and_then(|data| task_support::kept(data.as_bytes()));
                    if let Some(kept) = kept.and_then(|kept| String::from_utf8(kept).ok()) {
                        event.data = Some(kept);
                    }
                    Ok(event)
                });
                Some(StreamableHttpPostResponse::Sse(broken::replaced(events.boxed()), session))
            }
            Kind::Other if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(rejected(status.as_u16(), String::new()));
            }
            _ => None,
        })
    }
}

/// rmcp keeps the status of an unusual answer only in its text, "HTTP 405 Method Not Allowed: body". A bare 401 is
/// among them: the challenge is optional since revision 2025-11-25.
fn classify(error: StreamableHttpError<reqwest::Error>) -> Failure {
    use StreamableHttpError as E;
    match error {
        E::Client(error) => match error.status() {
            Some(status) => rejected(status.as_u16(), String::new()),
            None => E::Client(error.into()),
        },
        E::HttpStatus(error) => rejected(error.status, String::new()),
        E::UnexpectedServerResponse(text) => match status_in(&text) {
            Some((status, body)) => rejected(status, body.to_owned()),
            None => E::UnexpectedServerResponse(text),
        },
        E::Sse(error) => E::Sse(error),
        E::Io(error) => E::Io(error),
        E::UnexpectedEndOfStream => E::UnexpectedEndOfStream,
        E::ResponseBodyTooLarge { max_size } => E::ResponseBodyTooLarge { max_size },
        E::UnexpectedContentType(kind) => E::UnexpectedContentType(kind),
        E::ServerDoesNotSupportSse => E::ServerDoesNotSupportSse,
        E::ServerDoesNotSupportDeleteSession => E::ServerDoesNotSupportDeleteSession,
        E::TokioJoinError(error) => E::TokioJoinError(error),
        E::Deserialize(error) => E::Deserialize(error),
        E::TransportChannelClosed => E::TransportChannelClosed,
        E::MissingSessionIdInResponse => E::MissingSessionIdInResponse,
        E::AuthRequired(error) => E::AuthRequired(error),
        E::InsufficientScope(error) => E::InsufficientScope(error),
        E::ReservedHeaderConflict(name) => E::ReservedHeaderConflict(name),
        E::SessionExpired => E::SessionExpired,
        E::SessionRecoveryTimeout => E::SessionRecoveryTimeout,
        E::ReinitializationFailed(error) => E::ReinitializationFailed(error),
        E::ControlRequestTimeout => E::ControlRequestTimeout,
        other => E::UnexpectedServerResponse(other.to_string().into()),
    }
}

fn rejected(status: u16, body: String) -> Failure {
    if status == 401 {
        return Failure::AuthRequired(AuthRequiredError::new(String::new()));
    }
    Failure::Client(HttpError::Status { status, body })
}

fn status_in(text: &str) -> Option<(u16, &str)> {
    let (status, rest) = text.strip_prefix("HTTP ")?.split_at_checked(3)?;
    let body = rest.split_once(": ").map_or("", |(_, body)| body);
    Some((status.parse().ok()?, body))
}

fn is_call(message: &ClientJsonRpcMessage) -> bool {
    matches!(message, ClientJsonRpcMessage::Request(request)
        if matches!(request.request, ClientRequest::CallToolRequest(_)))
}

fn is_list(message: &ClientJsonRpcMessage) -> bool {
    matches!(message, ClientJsonRpcMessage::Request(request)
        if matches!(request.request, ClientRequest::ListToolsRequest(_)))
}

/// rmcp renews the session and sends again what was refused so: a call only if it cannot have run.
fn session_is_gone(error: &JsonRpcError, sent: Option<&RequestId>, is_call: bool) -> bool {
    let unread = sent.is_none_or(|sent| Answered::of(error.id.as_ref(), sent) == Answered::None);
    (unread && is_session_refusal(&error.error)) || (!is_call && speaks_of_session(&error.error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_status_out_of_the_text() {
        assert_eq!(status_in("HTTP 405 Method Not Allowed: no: way"), Some((405, "no: way")));
        assert_eq!(status_in("HTTP 404 Not Found: "), Some((404, "")));
        assert_eq!(status_in("expect initialized"), None);
    }

    #[test]
    fn a_bare_401_asks_for_sign_in() {
        let error = classify(StreamableHttpError::UnexpectedServerResponse("HTTP 401 Unauthorized: ".into()));
        assert!(matches!(error, Failure::AuthRequired(_)));
    }
}
