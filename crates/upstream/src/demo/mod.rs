//! The demo server: a few useful tools inside the gateway, so that a first run without any config, Node.js, Python or
//! network serves something real.

mod time;
mod tools;

#[cfg(test)]
mod tests;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demo;

impl ServerHandler for Demo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new("traygate-demo", env!("CARGO_PKG_VERSION")).with_title("Traygate demo"),
            )
            .with_instructions("Tells and converts times, and echoes text. It runs inside Traygate.")
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        std::future::ready(Ok(ListToolsResult::with_all_items(tools::all()))).await
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(call.arguments.unwrap_or_default());
        std::future::ready(answer(&call.name, arguments).map(Into::into)).await
    }
}

/// A tool that could not do what it was asked says so in its result, where the model reads it.
fn answer(tool: &str, arguments: Value) -> Result<CallToolResult, ErrorData> {
    let outcome = match tool {
        "current_time" => time::current(&read(arguments)?),
        "convert_time" => time::convert(&read(arguments)?),
        "echo" => {
            let echo: tools::Echo = read(arguments)?;
            return Ok(CallToolResult::success(vec![ContentBlock::text(echo.text)]));
        }
        _ => return Err(ErrorData::invalid_params(format!("there is no tool `{tool}`"), None)),
    };
    Ok(match outcome {
        Ok(told) => CallToolResult::structured(json!(told)),
        Err(sentence) => CallToolResult::error(vec![ContentBlock::text(sentence)]),
    })
}

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, ErrorData> {
    serde_json::from_value(arguments).map_err(|error| ErrorData::invalid_params(error.to_string(), None))
}
