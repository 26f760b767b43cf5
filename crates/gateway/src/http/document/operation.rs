//! An OpenAPI document as it is written, without being built as one value first: catalogues can be large.

use serde::{Serialize, Serializer};
use serde_json::{Value, value::RawValue};

use super::Description;

/// The whole document.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub(super) openapi: &'static str,
    pub(super) info: &'a Value,
    pub(super) servers: Value,
    pub(super) paths: Paths<'a>,
    pub(super) components: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) security: Option<Value>,
}

/// One operation for each path.
pub(super) struct Paths<'a>(pub(super) Vec<(String, Operation<'a>)>);

impl Serialize for Paths<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(path, post)| (path, PathItem { post })))
    }
}

#[derive(Serialize)]
struct PathItem<'a> {
    post: &'a Operation<'a>,
}

/// One tool.
#[derive(Serialize)]
pub(super) struct Operation<'a> {
    #[serde(rename = "operationId")]
    id: &'a str,
    summary: &'a str,
    description: &'a str,
    #[serde(rename = "requestBody")]
    request_body: RequestBody<'a>,
    responses: Responses<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<[&'a str; 1]>,
    #[serde(rename = "x-mcp-tool")]
    tool: &'a RawValue,
}

#[derive(Serialize)]
struct RequestBody<'a> {
    required: bool,
    content: Content<'a>,
}

#[derive(Serialize)]
struct Responses<'a> {
    #[serde(rename = "200")]
    success: Success<'a>,
    default: Reference,
}

#[derive(Serialize)]
struct Success<'a> {
    description: &'static str,
    content: Content<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(rename = "application/json")]
    json: MediaType<'a>,
}

#[derive(Serialize)]
struct MediaType<'a> {
    schema: &'a RawValue,
}

#[derive(Serialize)]
struct Reference {
    #[serde(rename = "$ref")]
    target: &'static str,
}

impl<'a> Operation<'a> {
    pub(super) fn new(id: &'a str, tool: &'a Description, tag: Option<&'a str>) -> Self {
        let content = |schema| Content { json: MediaType { schema } };
        Self {
            id,
            summary: &tool.summary,
            description: &tool.about,
            request_body: RequestBody { required: tool.required, content: content(&tool.arguments) },
            responses: Responses {
                success: Success { description: "What the tool answered.", content: content(&tool.result) },
                default: Reference { target: "#/components/responses/Problem" },
            },
            tags: tag.map(|tag| [tag]),
            tool: &tool.tool,
        }
    }
}
