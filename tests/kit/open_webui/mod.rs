//! Open WebUI itself, a model for it to talk to, and a browser to look at it with.

mod browser;
mod chat;
mod model;
mod running;

pub use browser::Browser;
pub use chat::{Chat, Turn, connection};
pub use model::{Asked, Model};
pub use running::OpenWebUi;
