use proptest::prelude::*;
use serde_json::{Value, json};

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

/// What is no word is not read as words, however often a tool sends it.
#[test]
fn blocks_in_structured_content_are_told_once() {
    let data = "AAECAAEC".repeat(20);
    let image = json!({"type": "image", "data": data, "mimeType": "image/png"});
    let uri = format!("data:image/png;base64,{data}");
    let both = |content: Value, structured: Value| {
        answer(json!({"content": content, "structuredContent": structured}))
    };
    // Nothing but the content once more: the content's items say it.
    let nulls =
        json!({"type": "image", "data": data, "mimeType": "image/png", "annotations": null, "_meta": null});
    for structured in
        [json!({"content": [image]}), json!({"result": [nulls]}), json!({"result": image}), json!([image])]
    {
        assert_eq!(both(json!([image]), structured.clone()), format!("\"{uri}\""), "{structured}");
    }
    let blob = json!({"type": "resource",
        "resource": {"uri": "file:///a.pdf", "mimeType": "application/pdf", "blob": data}});
    assert_eq!(
        both(json!([blob]), json!({"content": [blob]})),
        format!(
            r#"["Resource file:///a.pdf (application/pdf, 120 bytes) follows as data.","data:application/pdf;base64,{data}"]"#
        )
    );
    let content = json!([text("It is red."), image]);
    assert_eq!(both(content.clone(), json!({ "content": content })), format!(r#"["It is red.","{uri}"]"#));
    assert_eq!(both(content.clone(), json!({"content": [image]})), format!(r#"["It is red.","{uri}"]"#));
    // Whatever else it says stays, the data apart.
    for (structured, told) in [
        (
            json!({"content": [image], "width": 5}),
            r#"{"content":[{"type":"image","data":"(image/png, 120 bytes)","mimeType":"image/png"}],"width":5}"#,
        ),
        (json!({"before": {"bytes": data}}), r#"{"before":{"bytes":"(image/png, 120 bytes)"}}"#),
        (json!({ "url": uri }), r#"{"url":"(image/png, 120 bytes)"}"#),
        (json!({ data.clone(): 1 }), &format!(r#"{{"{data}":1}}"#)),
        (json!({"content": []}), r#"{"content":[]}"#),
    ] {
        assert_eq!(both(json!([image]), structured), format!(r#"[{told},"{uri}"]"#));
    }
    // A short word may be data by chance, and costs nothing.
    let short = json!({"type": "image", "data": "name", "mimeType": "image/png"});
    assert_eq!(
        both(json!([short]), json!({"key": "name"})),
        r#"[{"key":"name"},"data:image/png;base64,name"]"#
    );
    // What is in the structured content alone is its own.
    let other = json!({"content": [{"type": "image", "data": data, "mimeType": "image/gif"}, text("more")]});
    assert!(both(json!([image]), other).starts_with(r#"[{"content":[{"type":"image","data":"(image/png"#));
    // For the user alone, and in an error.
    let mut user = image.clone();
    user["annotations"] = json!({"audience": ["user"]});
    assert_eq!(
        both(json!([user]), json!({"content": [image]})),
        r#""(The tool answered with 1 image for the user only.)""#
    );
    let failed = json!({"isError": true, "content": [image], "structuredContent": {"content": [image]}});
    let data = super::answer(&result(failed), |_| false).unwrap_err().data.unwrap();
    assert_eq!(data["content"][0]["data"], "(image/png, 120 bytes)");
    let accepted = json!({"content": [image], "structuredContent": {"content": [image]}});
    assert!(matches!(super::answer(&result(accepted), |_| true), Ok(Answer::Image { .. })));
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
    let link = json!({"type": "resource_link", "uri": "file:///c", "name": "c", "description": "d", "size": 5,
        "icons": [{"src": "https://example.com/i.png"}], "annotations": {"priority": 1}, "_meta": {"a": 1}});
    assert_eq!(
        answer(json!({"content": [link]})),
        r#"{"type":"resource_link","uri":"file:///c","name":"c","description":"d","size":5}"#
    );
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

#[test]
fn several_embedded_texts_are_told_apart() {
    let file = |name: &str| json!({"type": "resource", "resource": {"uri": format!("file:///{name}"), "text": name}});
    assert_eq!(
        answer(json!({"content": [file("a"), text("and"), file("b")]})),
        r#"[{"uri":"file:///a","text":"a"},"and",{"uri":"file:///b","text":"b"}]"#
    );
    assert_eq!(answer(json!({"content": [text("see"), file("a")]})), r#"["see","a"]"#);
}

#[test]
fn what_is_for_the_user_alone_stays_out() {
    let annotated = |audience: Value, mut block: Value| {
        block["annotations"] = json!({ "audience": audience, "priority": 0.5 });
        block
    };
    let image = json!({"type": "image", "data": "AA==", "mimeType": "image/png"});
    let user = annotated(json!(["user"]), image.clone());
    assert_eq!(answer(json!({"content": [user.clone(), text("a")]})), r#""a""#);
    assert_eq!(
        answer(json!({"content": [user.clone()]})),
        r#""(The tool answered with 1 image for the user only.)""#
    );
    let texts = [annotated(json!(["user"]), text("a")), annotated(json!(["user"]), text("b")), user.clone()];
    assert_eq!(
        answer(json!({"content": texts})),
        r#""(The tool answered with 2 texts and 1 image for the user only.)""#
    );
    assert_eq!(answer(json!({"content": [user.clone()], "structuredContent": {"s": 1}})), r#"{"s":1}"#);
    for audience in [json!(["assistant"]), json!(["user", "assistant"]), json!([])] {
        assert_eq!(answer(json!({"content": [annotated(audience, text("a"))]})), r#""a""#);
    }
    // An error keeps every word.
    let error = json!({"isError": true, "content": [annotated(json!(["user"]), text("no")), user]});
    let error = super::answer(&result(error), |_| false).unwrap_err();
    assert_eq!(error.message, "no\n(With the error came 1 image, which cannot be shown.)");
    // What is left alone may go as bytes.
    let both = result(json!({"content": [annotated(json!(["user"]), text("a")), image]}));
    assert!(matches!(super::answer(&both, |_| true), Ok(Answer::Image { .. })));
}

#[test]
fn broken_data_is_told_in_words_and_the_rest_stays() {
    let block = |kind: &str, data: &str| json!({"type": kind, "data": data, "mimeType": "image/png"});
    assert_eq!(
        answer(json!({"content": [block("image", "%%%"), text("a"), block("image", "AA==")]})),
        r#"["(Image (image/png) is left out: its data is broken, or empty.)","a","data:image/png;base64,AA=="]"#
    );
    let lone = result(json!({"content": [block("image", "A")]}));
    assert!(matches!(super::answer(&lone, |_| true), Ok(Answer::Json(_))));
    assert_eq!(answer(json!({"content": [block("image", "AA\nAA\n")]})), r#""data:image/png;base64,AAAA""#);
    let odd = json!({"type": "audio", "data": "AA==", "mimeType": "text/html,<b>"});
    assert_eq!(
        answer(json!({"content": [odd]})),
        r#"["Audio (application/octet-stream, 1 bytes) follows as data.","data:application/octet-stream;base64,AA=="]"#
    );
}

#[test]
fn nothing_of_meta_and_annotations_is_told() {
    let noise = json!({"k": "secret"});
    let annotations = json!({"priority": 1, "lastModified": "secret"});
    let resource = |mut inner: Value| {
        inner["_meta"] = noise.clone();
        json!({"type": "resource", "resource": inner, "_meta": noise, "annotations": annotations})
    };
    let content = json!([
        {"type": "text", "text": "a", "_meta": noise, "annotations": annotations},
        {"type": "image", "data": "AA==", "mimeType": "image/png", "_meta": noise, "annotations": annotations},
        {"type": "audio", "data": "AA==", "mimeType": "audio/wav", "_meta": noise, "annotations": annotations},
        {"type": "resource_link", "uri": "a:b", "name": "n", "_meta": noise, "annotations": annotations},
        resource(json!({"uri": "a:c", "text": "t"})),
        resource(json!({"uri": "a:d", "blob": "AA=="})),
    ]);
    let told = answer(json!({"content": content, "_meta": noise, "structuredContent": {"s": 1}}));
    assert!(!told.contains("secret") && !told.contains("_meta") && !told.contains("annotations"), "{told}");
    let error =
        super::answer(&result(json!({"content": content, "_meta": noise, "isError": true})), |_| false);
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn a_text_nested_too_deep_for_readers_stays_a_text() {
    let nested =
        |levels: usize, inside: &str| format!("{}{inside}{}", "[".repeat(levels), "]".repeat(levels));
    for (said, is_text) in [
        (nested(100, ""), false),
        (nested(101, ""), true),
        (nested(10_000, ""), true),
        (nested(1, &format!("{:?}", "[\\\"".repeat(101))), false),
    ] {
        let told: Value = serde_json::from_str(&answer(json!({"content": [text(&said)]}))).unwrap();
        assert_eq!(told.is_string(), is_text, "{said}");
    }
}

#[test]
fn ten_thousand_items_are_all_told() {
    let items: Vec<Value> = (0..10_000).map(|n| text(&format!("item {n}"))).collect();
    let told: Vec<String> = serde_json::from_str(&answer(json!({ "content": items }))).unwrap();
    assert_eq!((told.len(), told[9_999].as_str()), (10_000, "item 9999"));
}

#[test]
fn ten_thousand_items_are_looked_up_in_ten_thousand_members() {
    let number = |n: usize| format!("{n}.50");
    let items: Vec<Value> = (0..10_000).map(|n| text(&number(n))).chain([text("and")]).collect();
    let members: serde_json::Map<String, Value> =
        (0..10_000).map(|n| (n.to_string(), serde_json::from_str(&format!("{n}.5")).unwrap())).collect();
    let told = answer(json!({"content": items, "structuredContent": members}));
    assert!(told.ends_with(r#""9999":9999.5},"and"]"#), "{}", &told[told.len() - 100..]);
}

fn block() -> impl Strategy<Value = Value> {
    let said = prop_oneof![
        ".*",
        r#"\{"[a-z]{1,3}": ?[0-9]{1,30}\}"#,
        r"\[[0-9]{1,5}\]",
        "[A-Za-z0-9+/]{0,12}={0,2}"
    ];
    let noise =
        prop_oneof![Just(json!({})), Just(json!({"_meta": {"m": 1}, "annotations": {"priority": 0.5}}))];
    (0..6_u8, said, noise).prop_map(|(kind, said, noise)| {
        let mut block = match kind {
            0 | 1 => json!({"type": "text", "text": said}),
            2 => json!({"type": "image", "data": said, "mimeType": "image/png"}),
            3 => json!({"type": "audio", "data": said, "mimeType": "audio/wav"}),
            4 => json!({"type": "resource_link", "uri": said, "name": "n"}),
            _ => json!({"type": "resource", "resource": {"uri": "a:b", "text": said}}),
        };
        block.as_object_mut().unwrap().extend(noise.as_object().unwrap().clone());
        block
    })
}

/// Every text inside a JSON value, and the JSON of all objects and arrays.
fn words(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| words(item, into)),
        Value::Object(members) => members.values().for_each(|member| words(member, into)),
        _ => {}
    }
    if value.is_array() || value.is_object() {
        into.push(value.to_string());
    }
}

proptest! {
    #[test]
    fn nothing_that_a_tool_says_is_dropped(content in prop::collection::vec(block(), 0..6)) {
        let told: Value = serde_json::from_str(&answer(json!({ "content": content }))).unwrap();
        let mut all = Vec::new();
        words(&told, &mut all);
        for block in &content {
            let said = [&block["text"], &block["resource"]["text"], &block["uri"]];
            for said in said.into_iter().filter_map(Value::as_str) {
                let whole = serde_json::from_str::<Value>(said.trim()).map(|json| json.to_string());
                let found = all.iter().any(|text| text == said || whole.as_ref().is_ok_and(|json| json == text));
                prop_assert!(found, "{said:?} is not in {told}");
            }
            if let Some(data) = block["data"].as_str().and_then(base64::clean) {
                prop_assert!(all.iter().any(|text| text.ends_with(&format!(";base64,{data}"))), "{data:?} is not in {told}");
            }
        }
        prop_assert!(!told.to_string().contains("_meta"));
    }
}
