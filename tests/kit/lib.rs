//! The test kit: a scriptable MCP server written by hand (an independent judge of the gateway's MCP side), and a
//! harness that drives the real `traygate` binary as a process.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test kit fails by panicking")]

mod binaries;
mod eventually;
pub mod fake_mcp;
pub mod fake_oauth;
mod gateway;
mod judges;
#[cfg(unix)]
pub mod open_webui;
mod peers;
mod processes;
mod record;
mod relay;
mod servers;
#[cfg(target_os = "linux")]
mod session;
mod upstream;

pub use binaries::{fake_mcp, traygate};
pub use eventually::{PATIENCE, eventually, eventually_some};
#[cfg(unix)]
pub use gateway::Talk;
pub use gateway::{Answer, ConfigFile, Finished, Gateway, GatewayBuilder, Home, http_client};
pub use judges::{Exhibits, Judges, corpus, installed_corpus};
pub use peers::{Peer, Peers};
pub use processes::{Process, descendants, is_alive, kill, peak_memory, processes_at_home, processor_time};
pub use record::{Event, Record};
pub use relay::Relay;
pub use servers::RealServers;
#[cfg(target_os = "linux")]
pub use session::KeychainSession;
pub use upstream::{HttpUpstream, fake, stdio};
