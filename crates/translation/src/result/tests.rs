use serde_json::json;

use super::*;

fn result(value: Value) -> CallToolResult {
    serde_json::from_value(value).unwrap()
}

fn answer(value: Value) -> String {
    json_of(&result(value))
}

fn json_of(result: &CallToolResult) -> String {
    match super::answer(result, |_| false) {
        Ok(Answer::Json(json)) => String::from_utf8(json).unwrap(),
        other => panic!("{other:?}"),
    }
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
fn a_lone_image_goes_as_bytes_to_whoever_accepts_it() {
    let image =
        |mime: &str| result(json!({"content": [{"type": "image", "data": "AAEC", "mimeType": mime}]}));
    let png = Answer::Image { mime_type: "image/png".into(), bytes: vec![0, 1, 2] };
    for name in ["image/png", "image/PNG"] {
        assert_eq!(super::answer(&image(name), |accepted| accepted == "image/png").unwrap(), png);
    }
    for never in ["image/svg+xml", "image/SVG+xml", "IMAGE/SVG", "text/html"] {
        assert!(matches!(super::answer(&image(never), |_| true), Ok(Answer::Json(_))), "{never}");
    }
}

#[test]
fn an_error_says_all_that_the_tool_said() {
    let error = |value: Value| super::answer(&result(value), |_| false).unwrap_err();
    assert_eq!(
        error(json!({"isError": true, "content": [text("rate limited"), text("second")]})).message,
        "rate limited\nsecond"
    );
    assert_eq!(
        error(json!({"isError": true, "content": []})).message,
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
    assert_eq!(json_of(&result), r#"{"n":12345678901234567890.10}"#);
}
