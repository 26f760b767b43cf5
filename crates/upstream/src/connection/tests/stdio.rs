use super::*;

fn scripted(temper: &str) -> ResolvedUpstream {
    ResolvedUpstream::Stdio(ResolvedCommand {
        command: "python3".into(),
        args: vec!["-c".into(), include_str!("server.py").into(), temper.into()],
        env: HashMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())]),
        cwd: None,
    })
}

async fn calm(surroundings: &Surroundings) -> Connection {
    open_session(scripted("calm"), surroundings).await.unwrap()
}

/// How the handshakes of the servers that had this log began.
fn questions(surroundings: &Surroundings) -> Vec<String> {
    let lines = surroundings.log.lines();
    let heard = lines.iter().filter_map(|line| line.strip_prefix("heard "));
    heard.filter(|method| ["server/discover", "initialize"].contains(method)).map(str::to_owned).collect()
}

fn times(surroundings: &Surroundings, line: &str) -> usize {
    surroundings.log.lines().iter().filter(|said| &***said == line).count()
}

#[tokio::test]
async fn shakes_hands_lists_and_calls_digit_for_digit() {
    let connection = calm(&surroundings()).await;
    assert_eq!(connection.era(), Era::Initialize);
    let info = connection.info();
    assert_eq!((info.name.as_str(), info.version.as_str()), ("scripted", "7"));
    assert_eq!(info.instructions.as_deref(), Some("traygate is welcome"));

    // The page that names itself as the next one is read once more, no oftener.
    let tools = connection.list_tools().await.unwrap().tools;
    assert_eq!(
        tools.iter().map(|tool| &*tool.name).collect::<Vec<_>>(),
        ["tool1", "tool2", "tool2"][..tools.len()]
    );
    assert_eq!(tools[0].input_schema["properties"]["n"]["maximum"].to_string(), "1.1");

    let arguments: Value = serde_json::from_str(r#"{"big":12345678901234567890.10,"nothing":null}"#).unwrap();
    let result = call(&connection, "echo", arguments).await.unwrap();
    assert!(text(&result).contains(r#""arguments":{"big":12345678901234567890.10,"nothing":null}"#));
    connection.close().await;
}

#[tokio::test]
async fn garbage_half_a_line_and_far_too_much_do_no_harm() {
    let surroundings = surroundings();
    let connection = calm(&surroundings).await;
    assert_eq!(text(&call(&connection, "garbage", json!({})).await.unwrap()), "fine");
    let log = surroundings.log.lines().join("\n");
    assert!(log.contains("no MCP message on stdout: Listening on stdio"), "{log}");
    assert!(log.contains("a line of 70000000 bytes on stdout was too long"), "{log}");
    connection.close().await;
}

#[tokio::test]
async fn a_caller_who_leaves_and_one_who_waited_too_long_cancel_upstream() {
    let connection = calm(&surroundings()).await;
    {
        let silent = call(&connection, "silent", json!({}));
        tokio::pin!(silent);
        tokio::select! {
            biased;
            _ = &mut silent => panic!("it never answers"),
            echo = call(&connection, "echo", json!({})) => { echo.unwrap(); }
        }
    }
    assert_eq!(text(&call(&connection, "await_cancel", json!({})).await.unwrap()), "cancelled");
    connection.close().await;

    let connection = calm(&surroundings()).await;
    let limit = Duration::from_millis(20);
    let error = call_within(&connection, "silent", json!({}), limit).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout(after) if after == limit));
    assert_eq!(text(&call(&connection, "await_cancel", json!({})).await.unwrap()), "cancelled");
    connection.close().await;
}

#[tokio::test]
async fn tool_changes_are_told() {
    let connection = calm(&surroundings()).await;
    let mut changes = connection.tool_changes();
    call(&connection, "change", json!({})).await.unwrap();
    changes.changed().await.unwrap();
    assert_eq!(*changes.borrow(), 1);
    connection.close().await;
}

#[tokio::test]
async fn a_death_during_a_call_is_explained_and_the_call_not_repeated() {
    let surroundings = surroundings();
    let connection = calm(&surroundings).await;
    let error = call(&connection, "die", json!({})).await.unwrap_err();
    let reason = "its process exited with status 7; its last words: Error: out of luck";
    assert!(matches!(&error, CallError::ConnectionLost(text) if &**text == reason), "{error:?}");
    assert_eq!(&*connection.closed().await, reason);
    let log = surroundings.log.lines();
    assert!(log.contains(&r#"half a message on stdout: {"jsonrpc": "2.0", "id"#.into()), "{log:?}");
    let error = call(&connection, "echo", json!({})).await.unwrap_err();
    assert!(matches!(&error, CallError::Unavailable { reason: text, .. } if &**text == reason), "{error:?}");
}

#[tokio::test]
async fn a_server_that_answers_nonsense_to_discover_is_initialized() {
    let connection = open_session(scripted("empty"), &surroundings()).await.unwrap();
    assert_eq!(connection.era(), Era::Initialize);
    connection.close().await;
}

#[tokio::test]
async fn a_remembered_era_is_tried_first_and_the_other_after_it() {
    for (era, expected) in [
        (None, &["server/discover", "initialize"][..]),
        (Some(Era::Initialize), &["initialize"]),
        // To a process of its own, which has heard the first question only.
        (Some(Era::Discover), &["server/discover", "initialize"]),
    ] {
        let surroundings = Surroundings { era, ..surroundings() };
        let connection = open_session(scripted("calm"), &surroundings).await.unwrap();
        assert_eq!(connection.era(), Era::Initialize);
        connection.close().await;
        assert_eq!(questions(&surroundings), expected, "{era:?}");
        assert_eq!(
            times(&surroundings, "started"),
            if era == Some(Era::Discover) { 2 } else { 1 },
            "{era:?}"
        );
    }
}

#[tokio::test]
async fn a_refusal_is_told_though_the_process_ends_with_it() {
    let error = open_session(scripted("refuses"), &surroundings()).await.unwrap_err();
    let expected = "it refused the session: licence expired";
    assert!(matches!(&error, ConnectError::Transient(text) if &**text == expected), "{error:?}");
}

#[tokio::test]
async fn a_process_that_dies_of_itself_is_started_once_per_attempt() {
    let surroundings = surroundings();
    let error = open_session(scripted("dies of discover"), &surroundings).await.unwrap_err();
    assert!(error.to_string().starts_with("its process exited with status 1"), "{error}");
    assert_eq!(questions(&surroundings), ["server/discover"]);
    // What the next attempt does.
    let surroundings = Surroundings { era: Some(Era::Initialize), ..surroundings };
    open_session(scripted("dies of discover"), &surroundings).await.unwrap().close().await;
}

#[tokio::test]
async fn a_server_that_exits_at_once_says_why() {
    let error = open_session(scripted("dies"), &surroundings()).await.unwrap_err();
    let expected = "its process exited with status 1; its last words: Error: API_KEY is not set";
    assert!(matches!(&error, ConnectError::Transient(text) if &**text == expected), "{error:?}");
}

#[tokio::test]
async fn closing_and_giving_up_leave_nothing_behind() {
    let surroundings = surroundings();
    let connection = calm(&surroundings).await;
    drop(connection);
    {
        let opening = open_session(scripted("calm"), &surroundings);
        tokio::pin!(opening);
        tokio::select! {
            biased;
            _ = &mut opening => {}
            () = std::future::ready(()) => {}
        }
    }
    surroundings.tracker.close();
    surroundings.tracker.wait().await;
}

#[tokio::test]
async fn what_is_no_message_is_the_reason_until_a_message_comes() {
    let surroundings = surroundings();
    assert_eq!(surroundings.log.stray(), None);
    let hello = ResolvedCommand {
        command: "sh".into(),
        args: vec!["-c".into(), "echo 'hello I am not json'; echo again; while read line; do :; done".into()],
        env: HashMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())]),
        cwd: None,
    };
    {
        let opening = open_session(ResolvedUpstream::Stdio(hello), &surroundings);
        tokio::pin!(opening);
        while surroundings.log.stray().is_none() {
            tokio::select! {
                biased;
                opened = &mut opening => panic!("{opened:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    let stray = surroundings.log.stray();
    assert_eq!(stray.as_deref(), Some("it wrote to stdout what is no MCP message: `hello I am not json`"));
    let connection = calm(&surroundings).await;
    assert_eq!(surroundings.log.stray(), None);
    connection.close().await;
}

#[tokio::test]
async fn a_program_that_is_no_server_is_told_by_what_it_printed() {
    let echo = ResolvedCommand {
        command: "echo".into(),
        args: vec!["usage: echo".into()],
        env: HashMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())]),
        cwd: None,
    };
    let error = open_session(ResolvedUpstream::Stdio(echo), &surroundings()).await.unwrap_err();
    let expected =
        "its process exited with status 0; it wrote to stdout what is no MCP message: `usage: echo`";
    assert_eq!(error.to_string(), expected);
}
