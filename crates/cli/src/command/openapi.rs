use std::net::Ipv4Addr;

use reqwest::StatusCode;
use secrecy::SecretString;
use traygate_config::parse;
use traygate_gateway::{
    ConfigSource, Folders, Gateway, LogLevel, Logging, Options, RunningGateway, ServerStatus, SignInPolicy,
    Status, new_key, state_words,
};
use traygate_upstream::{Catalogue, State};

use crate::{
    args::ServeArgs,
    client::{self, GatewayClient},
    exit::{Exit, Problem},
    output, serve,
};

/// `traygate openapi [SERVER]`: of the gateway that serves this config, without `--config` of the one that runs, else of
/// one that is started for it.
pub(crate) async fn openapi(args: &ServeArgs, server: Option<&str>) -> Result<Exit, Problem> {
    Logging::start(args.log_level.unwrap_or(LogLevel::QUIET));
    let folders = Folders::system();
    let environment = serve::environment(args, folders.as_ref())?;
    let file = serve::config_file(args, folders.as_ref(), false)?;
    let running = folders.as_ref().map(RunningGateway::of_user).unwrap_or_default();
    let found = client::find(running.clone(), args.config.as_deref());
    let document = match found.or_else(|_| client::find(running, Some(&file))) {
        Ok(gateway) if gateway.loopback_url().is_some() => of_running(gateway, server).await?,
        _ => {
            let source = ConfigSource::File(file);
            of_started(serve::options(args, source, environment, folders.as_ref()), server).await?
        }
    };
    output::line(document);
    Ok(Exit::Ok)
}

/// The document, opened like the admin API by the token of the gateway's start: nobody types a key for it.
async fn of_running(gateway: RunningGateway, server: Option<&str>) -> Result<String, Problem> {
    let url = gateway.loopback_url().unwrap_or_default();
    let client = GatewayClient::new(url, Some(gateway.token))?;
    let path = match server {
        None => String::new(),
        Some(name) => {
            let (_, body) = client.get("/-/api/status").await?;
            let servers =
                serde_json::from_str::<Status>(&body).map(|status| status.servers).unwrap_or_default();
            let found = servers.into_iter().find(|server| server.name == name);
            found.map(|ServerStatus { path, .. }| path).ok_or_else(|| unknown(name))?
        }
    };
    document(&client, &path).await
}

/// Starts the servers behind a port of their own, waits until each is ready or has failed, and ends them again.
async fn of_started(options: Options, server: Option<&str>) -> Result<String, Problem> {
    // A key of its own where there would be one, for the document says so; which one is needed for nothing.
    let key = if options.api_key.is_some() || names_key(&options.source) {
        Some(new_key().map_err(|error| Exit::Failed.because(format!("No random numbers: {error}.")))?)
    } else {
        None
    };
    let gateway = Gateway::start(Options {
        host: vec![Ipv4Addr::LOCALHOST.into()],
        port: Some(0),
        api_key: key.clone(),
        plain: true,
        sign_in: Some(SignInPolicy::Never),
        hot_reload: false,
        runtime_dir: None,
        ..options
    })
    .await?;
    let document = of_fresh(&gateway, key, server).await;
    gateway.shutdown().await;
    document
}

/// Whether the config file has an `apiKey`.
fn names_key(source: &ConfigSource) -> bool {
    let ConfigSource::File(file) = source else { return false };
    let config = fs_err::read_to_string(file).ok().and_then(|text| parse(&text).config);
    config.is_some_and(|config| config.settings.api_key.is_some())
}

async fn of_fresh(
    gateway: &Gateway,
    key: Option<SecretString>,
    server: Option<&str>,
) -> Result<String, Problem> {
    let catalogue = settled(gateway, server).await;
    let is_wanted = |name: &str| server.is_none_or(|server| server == name);
    for snapshot in catalogue.servers.values().filter(|snapshot| is_wanted(snapshot.name.as_str())) {
        if snapshot.state == State::Ready {
            continue;
        }
        let words = match &snapshot.state {
            State::Backoff { reason, .. } => reason.to_string(),
            state => state_words(state, std::time::SystemTime::now()),
        };
        let message = format!("`{}` gave no tools: {words}", snapshot.name);
        match server {
            Some(_) => return Err(Exit::Failed.because(message)),
            None => output::problem(message),
        }
    }
    let path = match server {
        None => String::new(),
        Some(name) if catalogue.servers.contains_key(name) => {
            gateway.server_url(name).strip_prefix(&gateway.url()).unwrap_or_default().to_owned()
        }
        Some(name) => return Err(unknown(name)),
    };
    document(&GatewayClient::new(gateway.url(), key)?, &path).await
}

/// Waits until no wanted server is being started any more.
async fn settled(gateway: &Gateway, server: Option<&str>) -> std::sync::Arc<Catalogue> {
    let mut revisions = gateway.hub().revisions();
    loop {
        revisions.mark_unchanged();
        let catalogue = gateway.hub().catalogue();
        let is_starting = |name: &str, state: &State| {
            matches!(state, State::Connecting { .. }) && server.is_none_or(|server| server == name)
        };
        let busy = catalogue.servers.iter().any(|(name, one)| is_starting(name.as_str(), &one.state));
        if !busy || revisions.changed().await.is_err() {
            return catalogue;
        }
    }
}

async fn document(client: &GatewayClient, path: &str) -> Result<String, Problem> {
    let (status, body) = client.get(&format!("{path}/openapi.json")).await?;
    match status {
        StatusCode::OK => Ok(body),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(Exit::Failed.because("The running gateway refuses its own token: restart it."))
        }
        _ => {
            let answer: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            let message = answer["detail"]["message"].as_str().unwrap_or("it gave no reason");
            Err(Exit::Failed.because(format!("The gateway gave no document ({status}): {message}")))
        }
    }
}

fn unknown(server: &str) -> Problem {
    Exit::Failed.because(format!("The config has no server `{server}`."))
}
