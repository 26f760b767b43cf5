use std::{fmt::Write as _, sync::Arc};

use percent_encoding::utf8_percent_encode;
use rmcp::model::ToolAnnotations;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};
use traygate_config::ServerName;
use traygate_translation::{self as translation, Allowance};
use traygate_upstream::ToolEntry;

use super::{
    Rendered,
    operation::{Document, Operation, Paths},
    operation_id::{self, Named},
};
use crate::http::{Layout, Rules, prepared::Prepared, rules::SEGMENT};

/// What documents say of one tool, whatever its path and operationId. Its schemas are kept as text, a tenth of what they
/// take as values.
#[derive(Debug)]
pub(crate) struct Description {
    /// `/` and the tool's name, percent-encoded.
    path: String,
    name: String,
    pub(super) summary: String,
    pub(super) about: String,
    pub(super) arguments: Box<RawValue>,
    /// Whether there is an argument that must be given.
    pub(super) required: bool,
    /// `{}` where the server does not say.
    pub(super) result: Box<RawValue>,
    /// What MCP says of the tool and OpenAPI has no word for.
    pub(super) tool: Box<RawValue>,
    /// What of its schemas cannot be shown.
    warnings: Vec<String>,
}

impl Description {
    /// `allowance`: what the tools of its server may take together.
    pub(crate) fn of(tool: &ToolEntry, allowance: &Allowance) -> Self {
        let arguments = translation::of_arguments_within(&tool.input_schema, allowance);
        let result =
            tool.output_schema.as_ref().map(|output| translation::of_result_within(output, allowance));
        let annotated = tool.annotations.as_ref().and_then(|annotations| annotations.title.as_deref());
        let title = said(tool.title.as_deref()).or(said(annotated));
        let name = title.unwrap_or(&tool.name);
        // The essence first: some callers see only the beginning.
        let mut about = said(tool.description.as_deref()).unwrap_or(name).to_owned();
        for sentence in &arguments.guidance {
            about.push_str("\n\n");
            about.push_str(sentence);
        }
        let mut warnings = arguments.warnings;
        warnings.extend(result.iter().flat_map(|result| result.warnings.iter().cloned()));
        let result = result.map_or_else(|| json!({}), |result| result.schema);
        Self {
            path: tool_path(&tool.name),
            summary: format!("{name}{}", tool.annotations.as_ref().map_or("", mark)),
            about,
            name: tool.name.clone(),
            required: arguments.schema["required"].as_array().is_some_and(|names| !names.is_empty()),
            arguments: text(&arguments.schema),
            result: text(&result),
            tool: text(&as_mcp_has_it(tool, title)),
            warnings,
        }
    }

    /// The tool's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What of the tool's schemas cannot be shown, for whoever runs the server.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// What a person should know before a call.
fn mark(annotations: &ToolAnnotations) -> &'static str {
    match (annotations.read_only_hint, annotations.destructive_hint) {
        (Some(true), _) => " (read-only)",
        (_, Some(true)) => " (destructive)",
        _ => "",
    }
}

fn as_mcp_has_it(tool: &ToolEntry, title: Option<&str>) -> Value {
    let mut fields = json!({ "name": tool.name });
    if let Some(title) = title {
        fields["title"] = title.into();
    }
    // Annotations are plain fields, which always become JSON.
    if let Some(Ok(annotations)) = tool.annotations.as_ref().map(serde_json::to_value) {
        fields["annotations"] = annotations;
    }
    fields
}

/// The document of one server; paths are relative to the server's own address.
pub(super) fn of_server(rules: &Rules, name: &ServerName, prepared: &Prepared) -> Rendered {
    let (tools, info) = (prepared.descriptions(), prepared.info());
    let ids = operation_id::of_server(rules.operation_ids, tools.iter().map(|tool| tool.name.as_str()));
    let operations =
        tools.iter().zip(&ids).map(|(tool, id)| (tool.path.clone(), Operation::new(id, tool, None)));
    let single = matches!(rules.layout, Layout::Single(_));
    let own = |text: &Option<String>| text.clone().filter(|_| single);
    let named = || if single { said(info.title.as_deref()).or(said(Some(&info.name))) } else { None };
    let title = own(&rules.title).unwrap_or_else(|| named().unwrap_or(name.as_str()).to_owned());
    let description =
        own(&rules.description).or_else(|| said(info.instructions.as_deref()).map(str::to_owned));
    let version = own(&rules.version).unwrap_or_else(|| said(Some(&info.version)).unwrap_or("0").to_owned());
    let url = format!("{}{}", rules.root_path, rules.server_path(name.as_str()));
    render(rules, &info_object(&title, description.as_deref(), &version), &url, operations.collect())
}

/// The document of all servers; paths begin with the server's name.
pub(super) fn of_all(rules: &Rules, servers: &[(&ServerName, Option<Arc<Prepared>>)]) -> Rendered {
    let mut tools = Vec::new();
    let mut ids = Vec::new();
    for (name, prepared) in servers {
        let Some(prepared) = prepared else { continue };
        let descriptions = prepared.descriptions();
        ids.extend(operation_id::of_server(
            rules.operation_ids,
            descriptions.iter().map(|tool| tool.name.as_str()),
        ));
        tools.extend(descriptions.iter().map(|tool| (*name, tool)));
    }
    let named: Vec<Named<'_>> = tools
        .iter()
        .zip(&ids)
        .map(|((server, tool), id)| Named { server: server.as_str(), tool: &tool.name, id })
        .collect();
    let ids = operation_id::of_all(&named);
    let operations = tools.iter().zip(&ids).map(|((server, tool), id)| {
        let path = format!("{}{}", rules.server_path(server.as_str()), tool.path);
        (path, Operation::new(id, tool, Some(server.as_str())))
    });
    let title = rules.title.clone().unwrap_or_else(|| "Traygate".to_owned());
    let version = rules.version.clone().unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
    let description = rules.description.clone().unwrap_or_else(|| {
        let mut text = "The tools of all servers. Each server also has a document of its own:\n".to_owned();
        for (name, _) in servers {
            let path = format!("{}{}", rules.root_path, rules.server_path(name.as_str()));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "- [{name}]({path}/docs)");
        }
        text
    });
    render(rules, &info_object(&title, Some(&description), &version), &rules.root_path, operations.collect())
}

fn info_object(title: &str, description: Option<&str>, version: &str) -> Value {
    let mut info = json!({ "title": title });
    if let Some(description) = description {
        info["description"] = description.into();
    }
    info["version"] = version.into();
    info
}

fn render(rules: &Rules, info: &Value, url: &str, paths: Vec<(String, Operation<'_>)>) -> Rendered {
    let url = if url.is_empty() { "/" } else { url };
    let mut components = json!({
        "schemas": { "Problem": problem_schema() },
        "responses": { "Problem": {
            "description": "No result. `message` says why, `hint` what to do.",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        } },
    });
    let security = rules.api_key.as_ref().map(|_| {
        // FastAPI's name for it, which saved clients know from mcpo.
        components["securitySchemes"] = json!({ "HTTPBearer": { "type": "http", "scheme": "bearer" } });
        json!([{ "HTTPBearer": [] }])
    });
    let servers = json!([{ "url": url }]);
    Rendered::new(&Document { openapi: "3.1.0", info, servers, paths: Paths(paths), components, security })
}

fn problem_schema() -> Value {
    let about = json!({
        "type": "object",
        "properties": {
            "message": { "type": "string" },
            "code": { "type": "string" },
            "hint": { "type": "string" },
            "data": {},
        },
        "required": ["message", "code"],
    });
    let item = json!({
        "type": "object",
        "properties": { "type": { "type": "string" }, "loc": { "type": "array", "items": {} }, "msg": { "type": "string" } },
        "required": ["type", "loc", "msg"],
    });
    json!({
        "type": "object",
        "properties": { "detail": { "anyOf": [about, { "type": "array", "items": item }] } },
        "required": ["detail"],
    })
}

/// Slashes stay where they part plain segments; elsewhere clients would fold them, so they are encoded.
fn tool_path(name: &str) -> String {
    let plain = name.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
    if !plain {
        return format!("/{}", utf8_percent_encode(name, SEGMENT));
    }
    let mut path = String::new();
    for segment in name.split('/') {
        path.push('/');
        path.extend(utf8_percent_encode(segment, SEGMENT));
    }
    path
}

fn text(schema: &Value) -> Box<RawValue> {
    // Writing a value to memory cannot fail.
    to_raw_value(schema).unwrap_or_default()
}

fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
