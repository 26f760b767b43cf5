use futures::FutureExt as _;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, ContentBlock, ProgressNotificationParam, ServerCapabilities,
        ServerConfig, ServerNotification, SubscriptionFilter, ToolListChangedNotification,
    },
    serve_server,
    service::{RequestContext, SubscriptionContext},
};

use super::*;
use crate::{
    connection::{
        handshake::{End, Handshake, Mode},
        open::over,
    },
    transport::pair,
};

#[tokio::test]
async fn the_demo_speaks_the_newer_era() {
    let surroundings = surroundings();
    let connection = open_session(ResolvedUpstream::Demo, &surroundings).await.unwrap();
    assert_eq!(connection.era(), Era::Discover);
    assert_eq!(connection.info().name, "traygate-demo");
    assert_eq!(connection.list_tools().await.unwrap().tools.len(), 3);
    assert_eq!(text(&call(&connection, "echo", json!({ "text": "hi" })).await.unwrap()), "hi");
    let error = call(&connection, "nothing", json!({})).await.unwrap_err();
    assert!(matches!(error, CallError::Rpc(_)));
    connection.close().await;
    surroundings.tracker.close();
    surroundings.tracker.wait().await;
}

/// Needs `steps` pauses of 40 s, and says "still at it" after each.
struct Slow;

impl ServerHandler for Slow {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let token = context.meta.get_progress_token().unwrap();
        let steps = call.arguments.unwrap_or_default()["steps"].as_u64().unwrap();
        let talks = call.name == "talks";
        for step in 0..steps {
            tokio::time::sleep(Duration::from_secs(40)).await;
            #[expect(clippy::cast_precision_loss, reason = "a handful of steps")]
            let progress = ProgressNotificationParam::new(token.clone(), step as f64);
            if talks {
                context.peer.notify_progress(progress).await.unwrap();
            }
        }
        Ok(CallToolResult::success(vec![ContentBlock::text("done")]).into())
    }
}

#[tokio::test(start_paused = true)]
async fn progress_starts_the_timeout_anew() {
    let surroundings = surroundings();
    let (ours, theirs) = pair();
    surroundings.tracker.spawn(async move {
        let _ = serve_server(Slow, theirs).await.unwrap().waiting().await;
    });
    let connection = over(ours, Mode::Discover, &surroundings).await.unwrap();
    let result = call(&connection, "talks", json!({ "steps": 5 })).await.unwrap();
    assert_eq!(text(&result), "done");
    let error = call(&connection, "is silent", json!({ "steps": 5 })).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout(LONG)));
    connection.close().await;
}

#[tokio::test(start_paused = true)]
async fn word_of_an_end_is_waited_for_no_longer_than_the_caller_can() {
    let surroundings = surroundings();
    let (ours, theirs) = pair();
    let server = surroundings.tracker.spawn(async move {
        let _ = serve_server(Slow, theirs).await.unwrap().waiting().await;
    });
    // A process that nobody sees end.
    let end = End { stopping: None, ended: Some(std::future::pending().boxed()) };
    let connection =
        Handshake::begin(&surroundings, ours, Mode::Discover).await.unwrap().finish(&surroundings, end, None);
    server.abort();
    for (farewell, waits) in [(1, 1), (60, failure::FAREWELL.as_secs())] {
        let limits = Limits { silence: LONG, farewell: Duration::from_secs(farewell) };
        let begun = tokio::time::Instant::now();
        let context = CallContext::default();
        let error = connection.call("talks", json_object(), context, limits).await.unwrap_err();
        assert!(matches!(error, CallError::ConnectionLost(_) | CallError::Unavailable { .. }), "{error:?}");
        assert_eq!(begun.elapsed().as_secs(), waits);
    }
}

fn json_object() -> JsonObject {
    JsonObject::from_iter([("steps".to_owned(), json!(1))])
}

/// Tells of a change whenever `tell` is notified, then ends the subscription.
struct Changing {
    tell: Arc<tokio::sync::Notify>,
}

impl ServerHandler for Changing {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        self.tell.notified().await;
        let change = ServerNotification::ToolListChangedNotification(ToolListChangedNotification::default());
        subscription.sink().send(change).await.unwrap();
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn tool_changes_of_the_newer_era_are_told_and_a_lost_subscription_is_opened_again() {
    let surroundings = surroundings();
    let (ours, theirs) = pair();
    let tell = Arc::new(tokio::sync::Notify::new());
    let server = Changing { tell: tell.clone() };
    surroundings.tracker.spawn(async move {
        let _ = serve_server(server, theirs).await.unwrap().waiting().await;
    });
    let connection = over(ours, Mode::Discover, &surroundings).await.unwrap();
    let mut changes = connection.tool_changes();
    tell.notify_one();
    changes.changed().await.unwrap();
    assert_eq!(*changes.borrow_and_update(), 1);
    // Opened again after a pause: a change may have been missed meanwhile.
    changes.changed().await.unwrap();
    assert_eq!(*changes.borrow_and_update(), 2);
    tell.notify_one();
    changes.changed().await.unwrap();
    assert_eq!(*changes.borrow_and_update(), 3);
    connection.close().await;
    surroundings.tracker.close();
    surroundings.tracker.wait().await;
}
