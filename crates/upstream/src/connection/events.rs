//! What a server sends without being asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rmcp::{
    ClientHandler, Peer, RoleClient, ServiceError,
    model::{
        ClientConfig, CustomRequest, CustomResult, ElicitRequestParams, ElicitResult, ErrorCode, ErrorData,
        Implementation, ProgressNotificationParam, ProgressToken, ProtocolVersion, ServerNotification,
        SubscriptionFilter,
    },
    service::{NotificationContext, RequestContext},
};
use tokio::{sync::watch, time::Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::questions::Questions;
use crate::log::ServerLog;

/// The client that servers see. It declares that it may be asked only where the server's entry says how to answer; a
/// server that asks all the same is declined.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) tool_changes: watch::Sender<u64>,
    pub(super) progress: Progress,
    pub(super) questions: Questions,
    pub(super) log: ServerLog,
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        let ourselves = Implementation::new("traygate", env!("CARGO_PKG_VERSION")).with_title("Traygate");
        ClientConfig::new(self.questions.capabilities(), ourselves)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    async fn create_elicitation(
        &self,
        params: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.answer("elicitation/create", serde_json::to_value(params).unwrap_or_default()).await
    }

    #[expect(deprecated, reason = "servers of earlier revisions still ask")]
    async fn create_message(
        &self,
        _: rmcp::model::CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<rmcp::model::CreateMessageResult, ErrorData> {
        self.answer("sampling/createMessage", Value::Null).await
    }

    #[expect(deprecated, reason = "servers of earlier revisions still ask")]
    async fn list_roots(
        &self,
        _: RequestContext<RoleClient>,
    ) -> Result<rmcp::model::ListRootsResult, ErrorData> {
        self.answer("roots/list", Value::Null).await
    }

    /// A question that rmcp cannot read comes here too.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleClient>,
    ) -> Result<CustomResult, ErrorData> {
        self.answer(&request.method, request.params.unwrap_or_default()).await
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.tool_changes.send_modify(|count| *count += 1);
        std::future::ready(()).await;
    }

    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.seen(&progress.progress_token);
        std::future::ready(()).await;
    }

    #[expect(deprecated, reason = "servers of earlier revisions still log this way")]
    async fn on_logging_message(
        &self,
        message: rmcp::model::LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let text = message.data.as_str().map_or_else(|| message.data.to_string(), str::to_owned);
        self.log.push(&text);
        std::future::ready(()).await;
    }
}

impl Client {
    async fn answer<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, ErrorData> {
        let answer = self.questions.answer(method, &params)?;
        std::future::ready(serde_json::from_value(answer))
            .await
            .map_err(|error| ErrorData::internal_error(error.to_string(), None))
    }
}

/// When each running call last showed progress.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<Mutex<HashMap<ProgressToken, Instant>>>);

impl Progress {
    /// Follows one call until the answer is dropped.
    pub(super) fn follow(&self, token: ProgressToken) -> Following<'_> {
        self.running().insert(token.clone(), Instant::now());
        Following { progress: self, token }
    }

    /// Something was heard of a call.
    pub(super) fn seen(&self, token: &ProgressToken) {
        if let Some(last) = self.running().get_mut(token) {
            *last = Instant::now();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<ProgressToken, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call whose progress is followed.
#[derive(Debug)]
pub(super) struct Following<'a> {
    progress: &'a Progress,
    token: ProgressToken,
}

impl Following<'_> {
    /// The last sign of life: progress, or the beginning.
    pub(super) fn last(&self) -> Instant {
        self.progress.running().get(&self.token).copied().unwrap_or_else(Instant::now)
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.progress.running().remove(&self.token);
    }
}

/// The pause before a lost subscription is opened again, doubled each time up to the second value.
const REOPEN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Keeps a subscription to tool list changes open (specification 2026-07-28, `subscriptions/listen`): servers of this
/// era send them nowhere else.
pub(super) async fn subscribe(peer: Peer<RoleClient>, tool_changes: watch::Sender<u64>, log: ServerLog) {
    let mut pause = REOPEN.0;
    let mut missed = false;
    while !peer.is_transport_closed() {
        match peer.listen(SubscriptionFilter::builder().tools_list_changed().build()).await {
            Ok(mut subscription) => {
                if missed {
                    // A change while nobody listened is never told again.
                    tool_changes.send_modify(|count| *count += 1);
                }
                while let Ok(Some(notification)) = subscription.next().await {
                    pause = REOPEN.0;
                    if matches!(notification, ServerNotification::ToolListChangedNotification(_)) {
                        tool_changes.send_modify(|count| *count += 1);
                    }
                }
                missed = true;
            }
            Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => return,
            Err(error) => {
                let error = log.redact(&error.to_string()).into_owned();
                tracing::debug!(error, "no subscription to tool list changes");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(REOPEN.1);
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::NumberOrString;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn progress_counts_for_running_calls_only() {
        let progress = Progress::default();
        let token = |number| ProgressToken(NumberOrString::Number(number));
        let following = progress.follow(token(1));
        let began = following.last();
        tokio::time::advance(Duration::from_secs(5)).await;
        progress.seen(&token(2));
        assert_eq!(following.last(), began);
        progress.seen(&token(1));
        assert_eq!(following.last(), began + Duration::from_secs(5));
        drop(following);
        assert!(progress.running().is_empty());
    }
}
