//! MCP in the words of `OpenAPI`, and back: schemas into documents, a caller's JSON into arguments, results into answers.
//!
//! Pure: no file, no network, no clock, no tokio. Whatever a server sends, each function here returns, in bounded time
//! and memory.

mod allowance;
mod arguments;
mod equality;
mod keyword;
#[cfg(test)]
mod learnt;
mod result;
mod schema;

pub use allowance::Allowance;
pub use arguments::{ArgumentCheck, Refusal};
pub use result::{Answer, ToolError, answer};
pub use schema::{Embedded, of_arguments, of_arguments_within, of_result, of_result_within};
