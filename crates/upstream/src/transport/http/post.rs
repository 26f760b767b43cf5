//! rmcp's HTTP client, with what its own leaves out: the sign-in, a call's own headers, what tools say of tasks, and
//! sessions that are refused in another way than the specification's 404.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt as _, stream::BoxStream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rmcp::{
    model::{ClientJsonRpcMessage, JsonRpcError, JsonRpcMessage},
    transport::streamable_http_client::{
        SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
        StreamableHttpResponseLimits,
    },
};
use sse_stream::Sse;

use super::{
    answer::{Asked, Failure, Kind, failure, kind, rejected},
    client::{HttpClient, HttpError},
    headers::of_call,
    refusal::{
        Answered, is_refusal_of_session, is_session_refusal, mentions_lost_session, speaks_of_session,
    },
    shortcut::SESSION,
};
use crate::transport::sse::events;

type Headers = HashMap<HeaderName, HeaderValue>;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The `authorization` that rmcp hands over is none: [`HttpClient::send`] knows the token. Its limits are our own.
impl StreamableHttpClient for HttpClient {
    type Error = HttpError;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _authorization: Option<String>,
        mut custom_headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let asked = Asked::of(&message, session_id.is_some());
        let lesson = self.routes.lesson(&uri, &message, session_id.as_ref(), &custom_headers);
        custom_headers.extend(of_call(&message).map(|(name, value)| (name.clone(), value.clone())));
        let request = self
            .client
            .post(&*uri)
            .header(header::ACCEPT, "text/event-stream, application/json")
            .headers(all(custom_headers, session_id.as_deref()))
            .json(&message);
        let response = self.send(request).await.map_err(failure)?;
        match asked.answered(response).await {
            Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), _))
                if asked.in_session && session_is_gone(&error, &asked) =>
            {
                Err(Failure::SessionExpired)
            }
            // Of 404 it is known already.
            Err(Failure::Client(HttpError::Status { status: 400, body }))
                if asked.in_session
                    && (is_refusal_of_session(&body)
                        || (!asked.is_call() && mentions_lost_session(&body))) =>
            {
                Err(Failure::SessionExpired)
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

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        authorization: Option<String>,
        custom_headers: Headers,
        _: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        self.post_message(uri, message, session_id, authorization, custom_headers).await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        _authorization: Option<String>,
        custom_headers: Headers,
    ) -> Result<(), Failure> {
        let request = self.client.delete(&*uri).headers(all(custom_headers, Some(&session_id)));
        let status = self.send(request).await.map_err(failure)?.status();
        // "The server MAY respond to this request with HTTP 405 Method Not Allowed" (session management).
        if status.is_success() || status == StatusCode::METHOD_NOT_ALLOWED {
            Ok(())
        } else {
            Err(rejected(status, String::new()))
        }
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _authorization: Option<String>,
        custom_headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        let mut request = self
            .client
            .get(&*uri)
            .header(header::ACCEPT, "text/event-stream, application/json")
            .headers(all(custom_headers, session_id.as_deref()));
        if let Some(last) = last_event_id {
            request = request.header(LAST_EVENT_ID, last);
        }
        let response = self.send(request).await.map_err(failure)?;
        let status = response.status();
        if status == StatusCode::METHOD_NOT_ALLOWED {
            return Err(StreamableHttpError::ServerDoesNotSupportSse);
        }
        if !status.is_success() {
            return Err(rejected(status, String::new()));
        }
        match kind(&response) {
            Kind::Events | Kind::Json => Ok(events(response.bytes_stream()).boxed()),
            Kind::Other => Err(StreamableHttpError::UnexpectedContentType(None)),
        }
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        authorization: Option<String>,
        custom_headers: Headers,
        _: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.get_stream(uri, session_id, last_event_id, authorization, custom_headers).await
    }
}

/// A request's headers, its session's among them; an id that no header can hold was never a session.
fn all(headers: Headers, session: Option<&str>) -> HeaderMap {
    let session = session.and_then(|session| HeaderValue::from_str(session).ok());
    headers.into_iter().chain(session.map(|session| (SESSION, session))).collect()
}

/// rmcp renews the session and sends again what was refused so: a call only if it cannot have run.
fn session_is_gone(error: &JsonRpcError, asked: &Asked) -> bool {
    let unread = asked.id.as_ref().is_none_or(|sent| Answered::of(error.id.as_ref(), sent) == Answered::None);
    (unread && is_session_refusal(&error.error)) || (!asked.is_call() && speaks_of_session(&error.error))
}
