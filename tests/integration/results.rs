//! What becomes of a tool's result or error (docs/calls.md).

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use traygate_tests::{Answer, Gateway, Home, HttpUpstream, fake};

async fn start(home: &Home) -> Gateway {
    let gateway = Gateway::start(home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    gateway
}

/// What the caller gets where the tool answers with this result.
async fn told(gateway: &Gateway, result: Value) -> Answer {
    gateway.call("a", "result", json!({ "result": result })).await
}

async fn told_in_bytes(gateway: &Gateway, result: &Value) -> (StatusCode, String, Vec<u8>) {
    let request = gateway.request(Method::POST, "/a/result").header(header::ACCEPT, "image/*");
    let response = request.json(&json!({ "result": result })).send().await.unwrap();
    let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    (response.status(), kind, response.bytes().await.unwrap().to_vec())
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn image(data: &str) -> Value {
    json!({"type": "image", "data": data, "mimeType": "image/png"})
}

/// A call that the server answers with this line and nothing else; the session goes on after it.
async fn written(gateway: &Gateway, server: &str, line: &str) -> Answer {
    let answer = gateway.call(server, "write", json!({"text": line, "then": "hang"})).await;
    assert_eq!(gateway.call(server, "add", json!({"a": 1, "b": 1})).await.ok(), "2", "the session goes on");
    answer
}

#[tokio::test]
async fn r01_numbers_keep_every_digit() {
    let home = Home::new();
    let gateway = start(&home).await;
    for (said, sent) in [
        ("12345678901234567890.10", r#""12345678901234567890.10""#),
        ("[12345678901234567890.10, 1E400]", "[12345678901234567890.10, 1E400]"),
    ] {
        assert_eq!(told(&gateway, json!({"content": [text(said)]})).await.text, sent);
    }
    for structured in [r#"{"n":1e+400}"#, r#"{"n":[12345678901234567890.10,-1e-400]}"#] {
        let content: Value = serde_json::from_str(structured).unwrap();
        assert_eq!(told(&gateway, json!({"structuredContent": content})).await.text, structured);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn r02_nan_is_a_text() {
    let home = Home::new();
    let gateway = start(&home).await;
    for said in ["NaN", "Infinity", "[NaN]"] {
        assert_eq!(told(&gateway, json!({"content": [text(said)]})).await.ok(), said);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn r03_only_objects_and_arrays_are_parsed() {
    let home = Home::new();
    let gateway = start(&home).await;
    for said in ["007", "1e5", "null", "false", "\"quoted\"", "Error: this is the file's content"] {
        assert_eq!(told(&gateway, json!({"content": [text(said)]})).await.ok(), said);
    }
    assert_eq!(
        told(&gateway, json!({"content": [text("{\"error\": \"as data\"}")]})).await.ok(),
        json!({"error": "as data"})
    );
    gateway.stop().await;
}

#[tokio::test]
async fn r04_structured_content_alone_is_the_answer() {
    let home = Home::new();
    let gateway = start(&home).await;
    let big: Value = serde_json::from_str("123456789012345678901234567890").unwrap();
    for structured in [json!({"s": {"deep": [null, big]}}), json!([1]), json!("a"), json!(null)] {
        let answer = told(&gateway, json!({"content": [], "structuredContent": structured})).await;
        assert_eq!(answer.ok(), structured);
    }
    let answer = told(&gateway, json!({"content": [text("{\"s\":1}")], "structuredContent": {"s": 1}})).await;
    assert_eq!(answer.ok(), json!({"s": 1}), "its echo is not said twice");
    gateway.stop().await;
}

#[tokio::test]
async fn r05_audio_and_links_are_not_dropped() {
    let home = Home::new();
    let gateway = start(&home).await;
    let audio = json!({"type": "audio", "data": "AAEC", "mimeType": "audio/wav"});
    assert_eq!(
        told(&gateway, json!({"content": [audio]})).await.ok(),
        json!(["Audio (audio/wav, 3 bytes) follows as data.", "data:audio/wav;base64,AAEC"])
    );
    let link = json!({"type": "resource_link", "uri": "file:///c", "name": "c", "mimeType": "text/plain",
        "_meta": {"m": 1}, "annotations": {"priority": 0.5}});
    assert_eq!(
        told(&gateway, json!({"content": [link]})).await.ok(),
        json!({"type": "resource_link", "uri": "file:///c", "name": "c", "mimeType": "text/plain"})
    );
    gateway.stop().await;
}

#[tokio::test]
async fn r06_an_embedded_resource_is_its_content() {
    let home = Home::new();
    let gateway = start(&home).await;
    let resource = |inner: Value| json!({"type": "resource", "resource": inner});
    let a = resource(json!({"uri": "file:///a", "text": "the text"}));
    let b = resource(json!({"uri": "file:///b", "text": "another"}));
    assert_eq!(told(&gateway, json!({"content": [a]})).await.ok(), "the text");
    assert_eq!(
        told(&gateway, json!({"content": [a, b]})).await.ok(),
        json!([{"uri": "file:///a", "text": "the text"}, {"uri": "file:///b", "text": "another"}])
    );
    let picture = resource(json!({"uri": "file:///c", "mimeType": "image/png", "blob": "AAEC"}));
    assert_eq!(told(&gateway, json!({"content": [picture]})).await.ok(), "data:image/png;base64,AAEC");
    let blob = resource(json!({"uri": "file:///d", "mimeType": "application/pdf", "blob": "AAEC"}));
    assert_eq!(
        told(&gateway, json!({"content": [blob]})).await.ok(),
        json!([
            "Resource file:///d (application/pdf, 3 bytes) follows as data.",
            "data:application/pdf;base64,AAEC"
        ])
    );
    gateway.stop().await;
}

#[tokio::test]
async fn r07_an_error_keeps_all_its_texts() {
    let home = Home::new();
    let gateway = start(&home).await;
    let mut second = text("second");
    second["annotations"] = json!({"audience": ["user"]});
    let content = json!([text("rate limited"), second, image("AA==")]);
    let answer =
        told(&gateway, json!({"content": content, "structuredContent": {"wait": 5}, "isError": true})).await;
    assert_eq!(
        answer.refused(500),
        json!({"message": "rate limited\nsecond\n(With the error came 1 image, which cannot be shown.)",
            "data": {"wait": 5}, "code": "tool-error"})
    );
    gateway.stop().await;
}

#[tokio::test]
async fn r08_json_rpc_errors_have_mcpos_statuses() {
    let home = Home::new();
    let gateway = start(&home).await;
    for (code, status) in
        [(-32700, 400), (-32600, 400), (-32601, 404), (-32602, 422), (-32603, 500), (7, 500)]
    {
        let error = json!({"code": code, "message": "as the server put it", "data": {"k": 1}});
        let detail = gateway.call("a", "rpc_error", error).await.refused(status);
        let wanted = json!({"message": "as the server put it", "data": {"k": 1}, "code": "rpc-error"});
        assert_eq!(detail, wanted, "{code}");
    }
    let data = json!({"elicitations": [{"mode": "url", "elicitationId": "1", "url": "https://example.com/in", "message": "m"}]});
    let error = json!({"code": -32042, "message": "Sign in first.", "data": data});
    assert_eq!(
        gateway.call("a", "rpc_error", error).await.message(500),
        "Sign in first. A person must first open https://example.com/in, then the call can be made again."
    );
    gateway.stop().await;
}

#[tokio::test]
async fn r09_a_timeout_that_the_server_reports_is_504() {
    let home = Home::new();
    let gateway = start(&home).await;
    for code in [408, -32001] {
        let answer =
            gateway.call("a", "rpc_error", json!({"code": code, "message": "Request timed out"})).await;
        assert_eq!(answer.message(504), "Request timed out");
    }
    gateway.stop().await;
}

/// As large as a message may be: 64 MiB with its wrapping, which is 50 MB of picture.
#[tokio::test]
async fn r10_a_large_image_arrives_whole_as_text_or_bytes_and_a_larger_one_says_so() {
    let home = Home::new();
    let gateway = start(&home).await;
    let size = 49_999_998;
    let call = |accept| {
        let request = gateway.request(Method::POST, "/a/picture").header(header::ACCEPT, accept);
        request.json(&json!({ "bytes": size })).send()
    };
    let response = call("image/*").await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()[header::CONTENT_TYPE]),
        (StatusCode::OK, &header::HeaderValue::from_static("image/png"))
    );
    let bytes = response.bytes().await.unwrap();
    assert_eq!((bytes.len(), &bytes[..4]), (size, &[0, 1, 2, 0][..]));
    let uri = call("*/*").await.unwrap().bytes().await.unwrap();
    assert!(uri.starts_with(b"\"data:image/png;base64,AAECAAEC") && uri.len() == size / 3 * 4 + 24);
    // Text as it came, the same as a result, and the answer; a growing buffer may be twice as long as what is in it.
    let peak = traygate_tests::peak_memory(gateway.pid());
    assert!(peak < 10 * size as u64, "{peak} bytes at most");
    let answer = gateway.call("a", "big", json!({"bytes": 70_000_000})).await;
    let message = answer.message(500);
    assert!(message.starts_with("the server's answer is too long: 70000"), "{message}");
    assert_eq!(gateway.call("a", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    gateway.stop().await;
}

#[tokio::test]
async fn an_image_goes_as_bytes_only_to_whoever_names_it() {
    let home = Home::new();
    let gateway = start(&home).await;
    let one = json!({"content": [image("AAEC")]});
    let (_, kind, bytes) = told_in_bytes(&gateway, &one).await;
    assert_eq!((kind.as_str(), &bytes[..]), ("image/png", &[0, 1, 2][..]));
    assert_eq!(told(&gateway, one).await.ok(), "data:image/png;base64,AAEC");
    let broken = json!({"content": [image("A\u{fffd}=="), text("a")]});
    assert_eq!(
        told(&gateway, broken).await.ok(),
        json!(["(Image (image/png) is left out: its data is broken, or empty.)", "a"])
    );
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_for_the_user_alone_does_not_reach_the_model() {
    let home = Home::new();
    let gateway = start(&home).await;
    let mut picture = image("AA==");
    picture["annotations"] = json!({"audience": ["user"]});
    assert_eq!(told(&gateway, json!({"content": [picture, text("a")]})).await.ok(), "a");
    assert_eq!(
        told(&gateway, json!({"content": [picture], "_meta": {"m": 1}})).await.ok(),
        "(The tool answered with 1 image for the user only.)"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn many_items_and_deep_ones_arrive_whole() {
    let home = Home::new();
    let gateway = start(&home).await;
    let items: Vec<Value> = (0..10_000).map(|n| text(&format!("item {n}"))).collect();
    let answer = told(&gateway, json!({ "content": items })).await.ok();
    assert_eq!((answer.as_array().unwrap().len(), &answer[9_999]), (10_000, &json!("item 9999")));
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    assert_eq!(told(&gateway, json!({"structuredContent": {"d": deep}})).await.ok(), json!({"d": deep}));
    let unheard_of = json!({"content": [{"type": "hologram", "depth": 3, "_meta": {"m": 1}}, text("a")]});
    assert_eq!(told(&gateway, unheard_of).await.ok(), json!([{"type": "hologram", "depth": 3}, "a"]));
    let odd = json!({"content": [{"type": "text", "text": "a", "annotations": {"audience": ["robots"]}}]});
    assert_eq!(told(&gateway, odd).await.ok(), "a");
    gateway.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_no_json_fails_its_call_at_once() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "sse", "sse", &[]).await;
    let streamed = HttpUpstream::start(&home, "http", "streamable-http", &[]).await;
    let config = json!({"mcpServers": {"a": fake(&[]), "sse": upstream.entry(), "http": streamed.entry()}});
    let gateway = Gateway::start(&home, &config).await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for server in ["a", "sse", "http"] {
        gateway.wait_ready(server).await;
        for (result, why) in [
            (r#"{"structuredContent":{"n":NaN}}"#, "expected value"),
            (r#"{"structuredContent":[1,-Infinity]}"#, "invalid number"),
            (r#"{"structuredContent":{"n":01}}"#, "invalid number"),
            (r#"{"content":[}"#, "expected value"),
            (&format!(r#"{{"structuredContent":{deep}}}"#), "recursion limit exceeded"),
        ] {
            let line = format!(r#"{{"jsonrpc":"2.0","id":$ID,"result":{result}}}"#);
            let message = written(&gateway, server, &line).await.message(500);
            assert!(
                message.starts_with("the server's answer is not JSON: ") && message.contains(why),
                "{server} {message}"
            );
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn an_image_that_a_tool_sends_twice_arrives_once() {
    let home = Home::new();
    let gateway = start(&home).await;
    let data = "AAECAAEC".repeat(20);
    let uri = format!("data:image/png;base64,{data}");
    let twice = json!({"content": [image(&data)], "structuredContent": {"content": [image(&data)]}});
    assert_eq!(told(&gateway, twice.clone()).await.ok(), json!(uri));
    let (status, kind, bytes) = told_in_bytes(&gateway, &twice).await;
    assert_eq!((status.as_u16(), kind.as_str(), bytes.len()), (200, "image/png", 120));
    let more = json!({"content": [image(&data)], "structuredContent": {"shot": data, "width": 5}});
    assert_eq!(told(&gateway, more).await.ok(), json!([{"shot": "(image/png, 120 bytes)", "width": 5}, uri]));
    gateway.stop().await;
}
