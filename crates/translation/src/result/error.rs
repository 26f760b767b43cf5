use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::Value;

use super::{audience, blocks, embedded_text};

/// A result with `isError`.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolError {
    /// All that the tool said.
    pub message: String,
    /// Its structured content.
    pub data: Option<Value>,
}

/// An error keeps all its words, whoever they are for: the model is to act on them. What is no text is counted.
pub(super) fn of(result: &CallToolResult) -> ToolError {
    let mut lines: Vec<String> = result.content.iter().filter_map(said).collect();
    if lines.is_empty() {
        let more = if result.structured_content.is_some() { "; `data` may tell more" } else { "" };
        lines.push(format!("The tool reported an error and did not say which{more}."));
    }
    let unsaid = result.content.iter().filter(|block| {
        !matches!(block, ContentBlock::Text(_) | ContentBlock::ResourceLink(_))
            && embedded_text(block).is_none()
    });
    if unsaid.clone().next().is_some() {
        lines.push(format!("(With the error came {}, which cannot be shown.)", audience::counted(&unsaid)));
    }
    let data = result
        .structured_content
        .as_ref()
        .map(|structured| blocks::marked(structured, &result.content).into_owned());
    ToolError { message: lines.join("\n"), data }
}

fn said(block: &ContentBlock) -> Option<String> {
    let text = match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::ResourceLink(link) => format!("{}: {}", link.name, link.uri),
        _ => embedded_text(block)?.0.to_owned(),
    };
    (!text.trim().is_empty()).then_some(text)
}
