use std::{net::Ipv4Addr, time::Duration};

use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tracing::level_filters::LevelFilter;
use traygate_config::{Config, Entry, parse};
use traygate_gateway::{
    ConfigSource, Folders, Gateway, LogLevel, Logging, Options, RunningGateway, ServerStatus, SignInPolicy,
    StartError, Status, cannot_sign_in, new_key,
};

use crate::{
    args::ServeArgs,
    client::{self, GatewayClient, segment},
    exit::{Exit, Problem},
    serve,
};

/// A gateway that knows the server: the running one, or one that was started for it alone.
pub(crate) struct Session {
    client: GatewayClient,
    server: String,
    own: Option<Gateway>,
}

impl Session {
    /// How long a server that is only being started is waited for.
    const START: Duration = Duration::from_secs(20);
    const PACE: Duration = Duration::from_millis(200);

    /// The running gateway, found as by `traygate status`; where none runs, one of its own.
    pub(crate) async fn open(args: &ServeArgs, server: String) -> Result<Self, Problem> {
        // That it needs a sign-in is known.
        Logging::start(args.log_level.unwrap_or(LogLevel(LevelFilter::ERROR)));
        let folders = Folders::system();
        let running = folders.as_ref().map(RunningGateway::of_user).unwrap_or_default();
        match client::find(running, args.config.as_deref()) {
            Ok(gateway) => {
                let client = Self::client(&gateway)?;
                Ok(Self { client, server, own: None })
            }
            Err(problem) if problem.exit == Exit::NotRunning => {
                let gateway = started(args, folders.as_ref(), &server).await?;
                let client = Self::client(gateway.running())?;
                Ok(Self { client, server, own: Some(gateway) })
            }
            Err(problem) => Err(problem),
        }
    }

    fn client(gateway: &RunningGateway) -> Result<GatewayClient, Problem> {
        let url = gateway.loopback_url().ok_or_else(|| {
            Exit::Failed.because(format!(
                "Traygate runs (process {}) and listens on no loopback address, where alone it is told to sign in. Start \
                 it with `--host 127.0.0.1` too.",
                gateway.pid
            ))
        })?;
        GatewayClient::new(url, Some(gateway.token.clone()))
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// POSTs to one of the server's paths. A server that is only being started is waited for.
    pub(crate) async fn act(&self, what: &str, body: &Value) -> Result<String, Problem> {
        let path = format!("/-/api/servers/{}/{what}", segment(&self.server));
        let begun = Instant::now();
        loop {
            let (status, answer) = self.client.post_json(&path, body).await?;
            if status.is_success() {
                return Ok(answer);
            }
            if !is_not_ready(status, &answer) || begun.elapsed() >= Self::START {
                return Err(Exit::Failed.because(client::reason(&answer)));
            }
            sleep(Self::PACE).await;
        }
    }

    /// Hands on what was pasted; what is to be said of it where it was not good.
    pub(crate) async fn paste(&self, text: &str) -> Result<Option<String>, Problem> {
        let answer = self.act("sign-in/response", &json!({"response": text})).await?;
        let answer: Value = Self::read(&answer)?;
        let said = |key: &str| answer[key].as_str().unwrap_or_default();
        let is_good = answer["ok"].as_bool() == Some(true);
        Ok((!is_good).then(|| format!("{}: {}", said("title"), said("message"))))
    }

    /// Ends the sign-in. Whoever asks for this goes in any case.
    pub(crate) async fn cancel(&self) {
        let path = format!("/-/api/servers/{}/sign-in", segment(&self.server));
        let _ = self.client.delete(&path).await;
    }

    /// The server as it is now.
    pub(crate) async fn status(&self) -> Result<ServerStatus, Problem> {
        let (_, body) = self.client.get("/-/api/status").await?;
        let servers = Self::read::<Status>(&body)?.servers;
        let gone = || Exit::Failed.because(format!("There is no server `{}` any more.", self.server));
        servers.into_iter().find(|one| one.name == self.server).ok_or_else(gone)
    }

    pub(crate) fn read<T: DeserializeOwned>(body: &str) -> Result<T, Problem> {
        serde_json::from_str(body).map_err(|_| {
            Exit::Failed.because(
                "The gateway gave an answer that this program does not know. Is it of another version?",
            )
        })
    }

    /// Ends the gateway where it was started for this.
    pub(crate) async fn close(self) {
        if let Some(gateway) = self.own {
            gateway.shutdown().await;
        }
    }
}

fn is_not_ready(status: StatusCode, answer: &str) -> bool {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    status == StatusCode::CONFLICT && answer["detail"]["code"] == "sign-in-not-ready"
}

/// A gateway for this server alone. At the port that the config names where that is free: an authorization server may know
/// its redirect URI from the last time.
async fn started(args: &ServeArgs, folders: Option<&Folders>, server: &str) -> Result<Gateway, Problem> {
    let config = only(args, folders, server)?;
    let environment = serve::environment(args, folders)?;
    let key = new_key().map_err(|error| Exit::Failed.because(format!("No random numbers: {error}.")))?;
    let options = |port: Option<u16>| Options {
        host: vec![Ipv4Addr::LOCALHOST.into()],
        api_key: Some(key.clone()),
        tls: None,
        plain: true,
        sign_in: Some(SignInPolicy::Never),
        terminal: None,
        hot_reload: false,
        runtime_dir: None,
        port,
        ..serve::options(args, ConfigSource::Single(Box::new(config.clone())), environment.clone(), folders)
    };
    match Gateway::start(options(args.port)).await {
        Err(StartError::Listen(_)) => Ok(Gateway::start(options(Some(0))).await?),
        started => Ok(started?),
    }
}

/// The config file, of its servers only this one.
fn only(args: &ServeArgs, folders: Option<&Folders>, server: &str) -> Result<Config, Problem> {
    let file = serve::config_file(args, folders, false)?;
    let name = file.display();
    let text = fs_err::read_to_string(&file)
        .map_err(|error| Exit::Usage.because(format!("The config cannot be read: {error}.")))?;
    let mut config = parse(&text).config.ok_or_else(|| {
        Exit::Usage.because(format!("`{name}` cannot be used. `traygate check {name}` says why."))
    })?;
    config.servers.retain(|name, _| name.as_str() == server);
    match config.servers.values().next() {
        None => Err(Exit::Failed.because(format!("`{name}` has no server `{server}`."))),
        Some(Entry::Invalid(diagnostic)) => Err(Exit::Usage.because(format!("{name}:{diagnostic}"))),
        Some(Entry::Valid(valid)) => match cannot_sign_in(valid) {
            Some(obstacle) => Err(Exit::Failed.because(obstacle)),
            None => Ok(config),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;

    fn only_of(text: &str, server: &str) -> Result<Config, Problem> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config.json");
        fs_err::write(&file, text).expect("a file");
        let words = ["traygate".into(), "--config".into(), file.into_os_string()];
        let Ok(args) = Args::read(words) else { panic!("a command line") };
        only(&args.options, None, server)
    }

    #[test]
    fn no_other_server_is_started_and_none_that_cannot_be_signed_in_to() {
        let text = r#"{
            "mcpServers": {"a": {"url": "https://h/"}, "b": {"command": "x"}, "c": {"url": 1}},
            "traygate": {"port": 9001}
        }"#;
        let config = only_of(text, "a").expect("a config");
        assert_eq!(config.servers.keys().map(ToString::to_string).collect::<Vec<_>>(), ["a"]);
        assert_eq!(config.settings.port, Some(9001));
        for (text, server, exit, told) in [
            (text, "b", Exit::Failed, "is a program"),
            (text, "c", Exit::Usage, "config.json:"),
            (text, "d", Exit::Failed, "has no server `d`"),
            ("{", "a", Exit::Usage, "traygate check"),
        ] {
            let problem = only_of(text, server).expect_err(server);
            assert_eq!(problem.exit, exit, "{server}: {}", problem.message);
            assert!(problem.message.contains(told), "{}", problem.message);
        }
    }

    #[test]
    fn only_a_server_that_is_being_started_is_waited_for() {
        let answer = |code: &str| json!({"detail": {"message": "m", "code": code}}).to_string();
        assert!(is_not_ready(StatusCode::CONFLICT, &answer("sign-in-not-ready")));
        assert!(!is_not_ready(StatusCode::CONFLICT, &answer("no-sign-in")));
        assert!(!is_not_ready(StatusCode::NOT_FOUND, &answer("unknown-server")));
    }
}
