use serde_json::json;

use super::*;

fn text(result: &CallToolResult) -> &str {
    &result.content[0].as_text().unwrap().text
}

#[test]
fn converts_across_daylight_saving_time() {
    let arguments = json!({ "time": "2026-07-01T12:00", "from": "Europe/Berlin", "to": "America/New_York" });
    let result = answer("convert_time", arguments).unwrap();
    let expected = json!({
        "timezone": "America/New_York",
        "datetime": "2026-07-01T06:00:00-04:00",
        "weekday": "Wednesday",
        "is_dst": true,
    });
    // MCP 2025-06-18, Tools, Structured Content: its JSON SHOULD be there as text too.
    assert_eq!(serde_json::from_str::<Value>(text(&result)).unwrap(), expected);
    assert_eq!(result.structured_content, Some(expected));
}

#[test]
fn a_time_of_day_is_todays() {
    let result = answer("convert_time", json!({ "time": "14:30", "from": "UTC", "to": "UTC" })).unwrap();
    assert!(text(&result).contains("T14:30:00+00:00"));
}

#[test]
fn tells_the_time_anywhere() {
    let result = answer("current_time", json!({ "timezone": "Asia/Tokyo" })).unwrap();
    assert!(text(&result).contains("+09:00"));
    assert_eq!(answer("current_time", json!({})).unwrap().is_error, Some(false));
}

#[test]
fn says_what_is_wrong_and_what_to_do() {
    let result = answer("current_time", json!({ "timezone": "Mars/Olympus" })).unwrap();
    assert_eq!(result.is_error, Some(true));
    assert_eq!(
        text(&result),
        "`Mars/Olympus` is no known time zone. Use an IANA name such as Europe/Berlin."
    );
    let result = answer("convert_time", json!({ "time": "noon", "from": "UTC", "to": "UTC" })).unwrap();
    assert_eq!(text(&result), "`noon` is no time. Use HH:MM or YYYY-MM-DDTHH:MM.");
    assert!(answer("echo", json!({})).is_err());
    assert!(answer("nothing", json!({})).is_err());
}

#[test]
fn every_tool_is_described() {
    for tool in tools::all() {
        assert!(tool.title.is_some() && tool.description.is_some());
        let properties = tool.input_schema["properties"].as_object().unwrap();
        assert!(properties.values().all(|property| property["description"].is_string()));
    }
}
