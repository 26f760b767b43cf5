use serde_json::json;

use super::*;

fn result(value: Value) -> CallToolResult {
    serde_json::from_value(value).unwrap()
}

fn answer(value: Value) -> String {
    body(respond(&result(value), &HeaderMap::new()).unwrap())
}

fn body(response: Response) -> String {
    let bytes = futures::executor::block_on(axum::body::to_bytes(response.into_body(), 1 << 24)).unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[test]
fn texts_lose_nothing() {
    for (said, sent) in [
        ("12345678901234567890.10", r#""12345678901234567890.10""#),
        ("NaN", r#""NaN""#),
        ("007", r#""007""#),
        ("1e5", r#""1e5""#),
        ("null", r#""null""#),
        ("", r#""""#),
        (r#"{"n": 12345678901234567890.10}"#, r#"{"n": 12345678901234567890.10}"#),
        ("[1.10, 2]\n", "[1.10, 2]"),
        ("{not json}", r#""{not json}""#),
        ("[1] and more", r#""[1] and more""#),
    ] {
        assert_eq!(answer(json!({"content": [text(said)]})), sent);
    }
}

#[test]
fn one_is_bare_several_are_an_array_none_says_so() {
    assert_eq!(answer(json!({"content": [text("a"), text("[1]")]})), r#"["a",[1]]"#);
    assert_eq!(answer(json!({"content": []})), r#""(no output)""#);
}

#[test]
fn numbers_are_the_same_to_the_last_digit() {
    for (x, y, expected) in [
        ("12345678901234567993", "12345678901234567992", false),
        ("1.0", "1", true),
        ("1e+22", "10000000000000000000000", true),
        ("0.10", "1E-1", true),
        ("-0.0", "0", true),
        ("-1", "1", false),
        ("0.1", "0.10000000000000001", false),
    ] {
        let [x, y] = [x, y].map(|text| serde_json::from_str(text).unwrap());
        assert_eq!(same(&x, &y), expected, "{x} {y}");
    }
}

#[test]
fn structured_content_wins_over_its_echo_and_never_drops_the_rest() {
    let structured = json!({"t": 1});
    assert_eq!(answer(json!({"content": [], "structuredContent": structured})), r#"{"t":1}"#);
    assert_eq!(
        answer(json!({"content": [text("{ \"t\": 1.0 }")], "structuredContent": structured})),
        r#"{"t":1}"#
    );
    assert_eq!(
        answer(json!({"content": [text("It is 1."), text("{\"t\":1}")], "structuredContent": structured})),
        r#"[{"t":1},"It is 1."]"#
    );
    assert_eq!(
        answer(
            json!({"content": [{"type": "image", "data": "AA==", "mimeType": "image/png"}], "structuredContent": structured})
        ),
        r#"[{"t":1},"data:image/png;base64,AA=="]"#
    );
    assert_eq!(answer(json!({"content": [], "structuredContent": null})), "null");
    // A text that stands in it is not said twice.
    let file = json!({"content": [text("hello\n")], "structuredContent": {"content": "hello\n"}});
    assert_eq!(answer(file), r#"{"content":"hello\n"}"#);
    let listed =
        json!({"content": [text("[{\"a\": 1}]")], "structuredContent": {"entities": [{"a": 1}], "n": 1}});
    assert_eq!(answer(listed), r#"{"entities":[{"a":1}],"n":1}"#);
}

#[test]
fn a_wrapping_result_is_unwrapped() {
    assert_eq!(answer(json!({"content": [text("hi")], "structuredContent": {"result": "hi"}})), r#""hi""#);
    assert_eq!(
        answer(json!({"content": [text("a"), text("b")], "structuredContent": {"result": ["a", "b"]}})),
        r#"["a","b"]"#
    );
    assert_eq!(answer(json!({"content": [text("7")], "structuredContent": {"result": 7}})), "7");
    assert_eq!(answer(json!({"content": [text("a")], "structuredContent": {"result": ["a"]}})), r#"["a"]"#);
    assert_eq!(
        answer(json!({"content": [text("seven")], "structuredContent": {"result": 7}})),
        r#"[{"result":7},"seven"]"#
    );
}

#[test]
fn media_and_resources_arrive() {
    let image = json!({"type": "image", "data": "AAEC", "mimeType": "image/png"});
    assert_eq!(answer(json!({"content": [image]})), r#""data:image/png;base64,AAEC""#);
    let audio = json!({"type": "audio", "data": "AAEC", "mimeType": "audio/wav"});
    assert_eq!(
        answer(json!({"content": [audio]})),
        r#"["Audio (audio/wav, 3 bytes) follows as data.","data:audio/wav;base64,AAEC"]"#
    );
    let embedded = json!({"type": "resource", "resource": {"uri": "file:///a", "text": "{\"a\":1}"}});
    assert_eq!(answer(json!({"content": [embedded]})), r#"{"a":1}"#);
    let blob = json!({"type": "resource", "resource": {"uri": "file:///b", "mimeType": "application/pdf", "blob": "AAEC"}});
    assert_eq!(
        answer(json!({"content": [blob]})),
        r#"["Resource file:///b (application/pdf, 3 bytes) follows as data.","data:application/pdf;base64,AAEC"]"#
    );
    let link = json!({"type": "resource_link", "uri": "file:///c", "name": "c", "description": "d"});
    let sent: Value = serde_json::from_str(&answer(json!({"content": [link.clone()]}))).unwrap();
    assert_eq!(sent, link);
}

#[test]
fn a_lone_image_goes_as_bytes_to_whoever_accepts_images() {
    let image =
        |mime: &str| result(json!({"content": [{"type": "image", "data": "AAEC", "mimeType": mime}]}));
    let sent = |mime: &str, accept: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        let response = respond(&image(mime), &headers).unwrap();
        response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned()
    };
    assert_eq!(sent("image/png", "image/*"), "image/png");
    assert_eq!(sent("image/png", "application/json, image/png;q=0.5"), "image/png");
    assert_eq!(sent("image/png", "*/*"), "application/json");
    assert_eq!(sent("image/PNG", "Image/png"), "image/png");
    for refused in ["image/*;q=0", "image/png; Q=0.0", "image/png;level=1;q=0", "text/html, image/*; q=0"] {
        assert_eq!(sent("image/png", refused), "application/json", "{refused}");
    }
    for svg in ["image/svg+xml", "image/SVG+xml", "IMAGE/SVG"] {
        assert_eq!(sent(svg, "image/*"), "application/json", "{svg}");
    }
    assert_eq!(sent("text/html", "text/html"), "application/json");
}

#[test]
fn an_error_says_all_that_the_tool_said() {
    let problem = |value: Value| {
        let response = respond(&result(value), &HeaderMap::new()).unwrap_err().into_response();
        assert_eq!(response.status(), 500);
        serde_json::from_str::<Value>(&body(response)).unwrap()
    };
    assert_eq!(
        problem(json!({"isError": true, "content": [text("rate limited"), text("second")]})),
        json!({"detail": {"message": "rate limited\nsecond", "code": "tool-error"}})
    );
    assert_eq!(
        problem(json!({"isError": true, "content": []}))["detail"]["message"],
        "The tool reported an error and did not say which."
    );
}

#[test]
fn digits_survive_the_protocol_types() {
    let line = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"n":12345678901234567890.10}}}"#;
    let message: rmcp::model::ServerJsonRpcMessage = serde_json::from_str(line).unwrap();
    let rmcp::model::ServerJsonRpcMessage::Response(response) = message else { panic!("not a response") };
    let rmcp::model::ServerResult::CallToolResult(result) = response.result else {
        panic!("not a tool's result")
    };
    assert_eq!(body(respond(&result, &HeaderMap::new()).unwrap()), r#"{"n":12345678901234567890.10}"#);
}
