//! MCP in the words of `OpenAPI`, and back: schemas into documents, a caller's JSON into arguments, results into answers.
//!
//! Pure: no file, no network, no clock, no tokio. Whatever a server sends, each function here returns, in bounded time
//! and memory.

mod arguments;
mod keyword;
mod result;
mod schema;

pub use arguments::{ArgumentCheck, Refusal};
pub use result::{Answer, ToolError, answer};
pub use schema::{Embedded, of_arguments, of_result};
