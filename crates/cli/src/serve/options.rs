use std::io::{self, IsTerminal as _};

use traygate_config::OperationIds;
use traygate_gateway::{ConfigSource, Folders, Options, SignInPolicy, Terminal, Tls};
use traygate_upstream::Environment;

use super::desk::has_desktop;
use crate::{args::ServeArgs, output};

/// The command line as the gateway takes it.
pub(crate) fn options(
    args: &ServeArgs,
    source: ConfigSource,
    environment: Environment,
    folders: Option<&Folders>,
) -> Options {
    let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    Options {
        host: args.host.clone(),
        port: args.port,
        api_key: args.api_key.clone(),
        open_docs: match (args.open_docs, args.strict_auth) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        },
        cors_allow_origins: some(&args.cors_allow_origins),
        allowed_hosts: args.allowed_hosts.clone(),
        operation_ids: args.mcpo_operation_ids.then_some(OperationIds::Mcpo),
        root_path: args.root_path.clone(),
        path_prefix: args.path_prefix.clone(),
        // One file may hold both, as for mcpo.
        tls: args.ssl_certfile.clone().map(|certificate| Tls {
            key: args.ssl_keyfile.clone().unwrap_or_else(|| certificate.clone()),
            certificate,
        }),
        name: args.name.clone(),
        description: args.description.clone(),
        version: args.version.clone().flatten(),
        sign_in: args.sign_in.map(Into::into),
        sign_in_default: sign_in_default(),
        token_storage: args.token_storage.map(Into::into),
        // Where stderr is a file, what is for one person only would stay in it.
        terminal: io::stderr().is_terminal().then(|| Terminal::new(|text| output::note(text))),
        hot_reload: !args.no_hot_reload,
        runtime_dir: folders.map(|folders| folders.runtime.clone()),
        ..Options::new(source, environment)
    }
}

/// A page opens by itself only before somebody: at a terminal of a desktop.
fn sign_in_default() -> SignInPolicy {
    let is_seen = io::stdin().is_terminal() && io::stderr().is_terminal();
    if is_seen && has_desktop() { SignInPolicy::Auto } else { SignInPolicy::Ask }
}
