//! A tools/list as servers give it: each tool is read by itself, so that one that cannot be used costs no other.

use std::io;

use rmcp::model::{Icon, JsonObject, MetaObject, Tool, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{one_line, transport::is_task_only};

/// Tools of one server.
const MAX_TOOLS: usize = 20_000;
/// Bytes of JSON of all tools of one server together.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Characters shown of a name or a value.
const SHOWN: usize = 100;

/// A tool that is left out by itself, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Quarantined {
    /// The name that it would be called by; one without a name goes by its place in the list, as `#3`.
    pub name: String,
    /// One or two sentences: what is wrong, and what the server's author should do.
    pub reason: String,
}

/// What all pages of one tools/list gave.
#[derive(Debug, Default)]
pub(crate) struct ToolList {
    pub(crate) tools: Vec<Tool>,
    pub(crate) quarantined: Vec<Quarantined>,
    /// What else is to be said of it: fields that were dropped, a list that was cut off.
    pub(crate) remarks: Vec<String>,
    bytes: usize,
    /// Whether the server runs tools as tasks: only there some run in no other way.
    tasks: bool,
}

impl ToolList {
    /// None yet, of a server that runs tools as tasks or not.
    pub(crate) fn of_server(tasks: bool) -> Self {
        Self { tasks, ..Self::default() }
    }

    /// Takes the next tool, as far as it was read already.
    pub(crate) fn add(&mut self, tool: Tool) {
        let name = tool.name.to_string();
        let tasks = self.tasks;
        self.take(name, size(&tool), |_, _| match root_fault(&tool.input_schema) {
            Some(fault) => Err(fault),
            None if tasks && is_task_only(&tool) => Err(TASK_ONLY.to_owned()),
            None => Ok(tool),
        });
    }

    /// Takes the next tool as it came.
    pub(crate) fn add_raw(&mut self, tool: Value) {
        let name = tool["name"].as_str().unwrap_or_default().to_owned();
        let tasks = self.tasks;
        self.take(name, size(&tool), |name, remarks| read(name, tool, tasks, remarks));
    }

    fn take(
        &mut self,
        name: String,
        bytes: usize,
        read: impl FnOnce(&str, &mut Vec<String>) -> Result<Tool, String>,
    ) {
        if self.is_full() {
            return;
        }
        let place = self.tools.len() + self.quarantined.len() + 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if place > MAX_TOOLS || self.bytes > MAX_BYTES {
            self.bytes = usize::MAX;
            let megabytes = MAX_BYTES >> 20;
            self.remarks.push(format!(
                "it lists more than {MAX_TOOLS} tools or {megabytes} MiB of them: those after the first {} are left out",
                place - 1
            ));
            return;
        }
        let read = if name.is_empty() { Err(nameless()) } else { read(&name, &mut self.remarks) };
        match read {
            Ok(tool) => self.tools.push(tool),
            Err(reason) => {
                let name = if name.is_empty() { format!("#{place}") } else { name };
                self.quarantined.push(Quarantined { name, reason });
            }
        }
    }

    /// Whether no further tool is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes > MAX_BYTES
    }

    /// Says that pages are left out.
    pub(crate) fn cut_off(&mut self, why: &str) {
        self.remarks
            .push(format!("tools/list {why}: what comes after {} tools is left out", self.tools.len()));
    }
}

impl From<Vec<Tool>> for ToolList {
    fn from(tools: Vec<Tool>) -> Self {
        let mut list = Self::default();
        for tool in tools {
            list.add(tool);
        }
        list
    }
}

/// Reads a tool field by field. One that is optional and broken is dropped with a remark.
fn read(name: &str, tool: Value, tasks: bool, remarks: &mut Vec<String>) -> Result<Tool, String> {
    let Value::Object(mut fields) = tool else { return Err(nameless()) };
    let schema = match fields.remove("inputSchema") {
        Some(Value::Object(schema)) => schema,
        Some(other) => {
            return Err(format!("its `inputSchema` is {}. {AUTHOR}", shown(&other)));
        }
        None => return Err(format!("it has no `inputSchema`. {AUTHOR}")),
    };
    if let Some(fault) = root_fault(&schema) {
        return Err(fault);
    }
    if tasks && fields.get("execution").is_some_and(|execution| execution["taskSupport"] == "required") {
        return Err(TASK_ONLY.to_owned());
    }
    let mut read = Tool::default();
    read.name = name.to_owned().into();
    read.input_schema = schema.into();
    let mut optional = Optional { name, fields, remarks };
    read.title = optional.take("title", "a text");
    read.description = optional.take::<String>("description", "a text").map(Into::into);
    read.output_schema = optional.take::<JsonObject>("outputSchema", "a JSON Schema object").map(Into::into);
    read.annotations = optional.take::<ToolAnnotations>("annotations", "an object of hints");
    read.icons = optional.take::<Vec<Icon>>("icons", "a list of icons");
    read.meta = optional.take::<MetaObject>("_meta", "an object");
    Ok(read)
}

struct Optional<'a> {
    name: &'a str,
    fields: JsonObject,
    remarks: &'a mut Vec<String>,
}

impl Optional<'_> {
    fn take<T: DeserializeOwned>(&mut self, field: &str, wanted: &str) -> Option<T> {
        let value = self.fields.remove(field).filter(|value| !value.is_null())?;
        let read = serde_json::from_value(value);
        if read.is_err() {
            let name = cut(self.name);
            self.remarks
                .push(format!("the tool `{name}` is used without its `{field}`, which is not {wanted}"));
        }
        read.ok()
    }
}

const AUTHOR: &str = "The server's author should give it a JSON Schema with `\"type\": \"object\"`, even where the tool \
                      takes no arguments.";

/// MCP 2025-11-25, server/tools, `execution.taskSupport`: a client that does not do tasks must not call such a tool.
const TASK_ONLY: &str = "it can only be run as a task, which Traygate does not do. The server's author could make its \
                         `taskSupport` \"optional\".";

/// Why no object can be valid for a schema of arguments (MCP: its root is of type object). A root without `type` is as
/// good as one with it, `$ref` and `anyOf` included.
fn root_fault(schema: &JsonObject) -> Option<String> {
    let admits = |kind: &Value| kind == "object";
    let fault = match (schema.get("type"), schema.get("const"), schema.get("enum")) {
        (Some(Value::Array(kinds)), ..) if kinds.iter().any(admits) => None,
        (Some(Value::String(kind)), ..) if kind != "object" && kind.eq_ignore_ascii_case("object") => {
            return Some(format!(
                "the root of its `inputSchema` has \"type\": \"{kind}\", which is no JSON Schema type; did its author \
                 mean \"object\"? {AUTHOR}"
            ));
        }
        (Some(kind), ..) if !admits(kind) => Some(format!("\"type\": {}", shown(kind))),
        (_, Some(only), _) if !only.is_object() => Some(format!("\"const\": {}", shown(only))),
        (_, _, Some(Value::Array(values))) if !values.iter().any(Value::is_object) => {
            Some("an `enum` without an object".to_owned())
        }
        _ => None,
    }?;
    Some(format!("the root of its `inputSchema` has {fault}, but arguments are an object. {AUTHOR}"))
}

fn nameless() -> String {
    "it has no name that is a text. The server's author should give it one.".to_owned()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            "a list".to_owned()
        }
        Value::String(text) => format!("\"{}\"", cut(text)),
        other => cut(&other.to_string()),
    }
}

/// The beginning of a text of the server's, on one line.
pub(crate) fn cut(text: &str) -> String {
    one_line(&text.chars().take(SHOWN).collect::<String>()).into_owned()
}

/// The bytes of a value as JSON.
fn size(value: &impl serde::Serialize) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // What cannot be counted has no end.
    serde_json::to_writer(&mut count, value).map_or(usize::MAX, |()| count.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(tools: Value) -> ToolList {
        let Value::Array(tools) = tools else { panic!("no list") };
        let mut list = ToolList::default();
        for tool in tools {
            list.add_raw(tool);
        }
        list
    }

    fn names(list: &ToolList) -> Vec<&str> {
        list.tools.iter().map(|tool| &*tool.name).collect()
    }

    #[test]
    fn a_schema_that_admits_no_object_costs_its_tool_alone() {
        let bad = [
            json!(true),
            json!([]),
            json!("object"),
            json!(null),
            json!({ "type": "array" }),
            json!({ "type": ["string", "null"] }),
            json!({ "type": 5 }),
            json!({ "const": 1 }),
            json!({ "enum": ["a"] }),
        ];
        for schema in bad {
            let list = list(json!([
                { "name": "bad", "inputSchema": schema }, { "name": "good", "inputSchema": { "type": "object" } }
            ]));
            assert_eq!(names(&list), ["good"], "{schema}");
            assert_eq!(list.quarantined[0].name, "bad");
            let reason = &list.quarantined[0].reason;
            assert!(reason.contains("`inputSchema`") && reason.contains("author should"), "{reason}");
        }
        let misnamed = list(json!([{ "name": "bad", "inputSchema": { "type": "Object" } }]));
        let told = "the root of its `inputSchema` has \"type\": \"Object\", which is no JSON Schema type; did its author mean";
        assert!(misnamed.quarantined[0].reason.starts_with(told), "{}", misnamed.quarantined[0].reason);
        let missing = list(json!([{ "name": "bad" }]));
        assert!(missing.quarantined[0].reason.starts_with("it has no `inputSchema`."));
    }

    #[test]
    fn a_schema_whose_root_says_little_is_fine() {
        for schema in [
            json!({}),
            json!({ "type": ["object", "null"] }),
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "type": "object" } } }),
            json!({ "anyOf": [{ "type": "object" }] }),
            json!({ "properties": { "type": { "type": "array" } } }),
            json!({ "enum": [{}] }),
        ] {
            let list = list(json!([{ "name": "t", "inputSchema": schema }]));
            assert_eq!(names(&list), ["t"], "{schema}");
        }
    }

    #[test]
    fn what_is_no_name_or_no_tool_goes_by_its_place() {
        let good = json!({ "name": "good", "inputSchema": {} });
        let list = list(json!([good, { "inputSchema": {} }, { "name": 5, "inputSchema": {} }, "tool", null,
                               { "name": "", "inputSchema": {} }]));
        assert_eq!(names(&list), ["good"]);
        let places: Vec<_> = list.quarantined.iter().map(|bad| bad.name.as_str()).collect();
        assert_eq!(places, ["#2", "#3", "#4", "#5", "#6"]);
        assert!(list.quarantined.iter().all(|bad| bad.reason.contains("no name")));
    }

    #[test]
    fn a_broken_optional_field_costs_itself_alone() {
        let list = list(json!([{
            "name": "t", "description": "kept", "inputSchema": {}, "title": 5, "outputSchema": true,
            "annotations": { "readOnlyHint": "yes" }, "icons": "x", "_meta": [], "unknown": { "a": 1 },
        }]));
        assert_eq!(names(&list), ["t"]);
        let tool = &list.tools[0];
        assert_eq!(tool.description.as_deref(), Some("kept"));
        assert!(tool.title.is_none() && tool.output_schema.is_none() && tool.annotations.is_none());
        for field in ["title", "outputSchema", "annotations", "icons", "_meta"] {
            let remark = list.remarks.iter().find(|remark| remark.contains(&format!("`{field}`")));
            assert!(remark.is_some_and(|remark| remark.contains("`t`")), "{field}: {:?}", list.remarks);
        }
        assert!(list.quarantined.is_empty());
    }

    #[test]
    fn tools_that_are_read_already_are_held_to_the_same_rule() {
        let schema = |kind: &str| JsonObject::from_iter([("type".to_owned(), json!(kind))]);
        let list = ToolList::from(vec![
            Tool::new("good", "", schema("object")),
            Tool::new("bad", "", schema("array")),
            Tool::new("", "", schema("object")),
        ]);
        assert_eq!(names(&list), ["good"]);
        let bad: Vec<_> = list.quarantined.iter().map(|bad| bad.name.as_str()).collect();
        assert_eq!(bad, ["bad", "#3"]);
    }

    #[test]
    fn a_list_without_an_end_is_cut_off_in_tools_and_in_bytes() {
        let mut list = ToolList::default();
        for number in 0..=MAX_TOOLS {
            list.add(Tool::new(number.to_string(), "", JsonObject::new()));
        }
        list.add(Tool::new("after", "", JsonObject::new()));
        assert_eq!((list.tools.len(), list.remarks.len()), (MAX_TOOLS, 1));
        assert!(list.is_full());

        let mut list = ToolList::default();
        let long = "x".repeat(MAX_BYTES / 4);
        for number in 0..5 {
            list.add(Tool::new(number.to_string(), long.clone(), JsonObject::new()));
        }
        assert_eq!((list.tools.len(), list.is_full()), (3, true));
        assert!(list.remarks[0].contains("after the first 3 "), "{:?}", list.remarks);
    }

    #[test]
    fn a_tool_that_runs_only_as_a_task_is_left_out_of_a_list_read_by_hand_too() {
        let tool =
            |name: &str, execution: Value| json!({ "name": name, "inputSchema": {}, "execution": execution });
        let tools = [
            tool("task", json!({ "taskSupport": "required" })),
            tool("either", json!({ "taskSupport": "optional" })),
            tool("odd", json!("required")),
        ];
        let listed = |tasks| {
            let mut list = ToolList::of_server(tasks);
            tools.iter().cloned().for_each(|tool| list.add_raw(tool));
            list
        };
        // A server that does not run tasks cannot ask for one.
        assert_eq!(names(&listed(false)), ["task", "either", "odd"]);
        let list = listed(true);
        assert_eq!(names(&list), ["either", "odd"]);
        assert!(list.quarantined[0].reason.starts_with("it can only be run as a task"));
    }

    #[test]
    fn what_a_server_wrote_is_shown_short_and_on_one_line() {
        let list =
            list(json!([{ "name": "t", "inputSchema": format!("a\n\u{202e}{}", "x".repeat(10_000)) }]));
        let reason = &list.quarantined[0].reason;
        assert!(reason.len() < 400 && reason.contains("a \u{fffd}x"), "{reason}");
    }
}
