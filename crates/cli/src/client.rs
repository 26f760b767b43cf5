//! HTTP to a gateway on this machine.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use traygate_gateway::RunningGateway;

use crate::exit::{Exit, Problem};

/// A gateway on this machine, and what opens it.
pub(crate) struct GatewayClient {
    http: Client,
    base: String,
    bearer: Option<SecretString>,
}

impl GatewayClient {
    /// How long a connection may take: it is to this machine.
    const CONNECT: Duration = Duration::from_secs(2);
    /// How long an answer may take. A reload waits seconds for a keychain; what takes longer hangs.
    const ANSWER: Duration = Duration::from_secs(10);
    /// How long one may take that waits for servers elsewhere.
    const LONG_ANSWER: Duration = Duration::from_mins(1);

    /// A client for the gateway at `base`, such as `http://127.0.0.1:8000`.
    pub(crate) fn new(base: String, bearer: Option<SecretString>) -> Result<Self, Problem> {
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(Self::CONNECT)
            .timeout(Self::ANSWER)
            // Its certificate names the machine as others see it, not 127.0.0.1; nobody sits between on loopback.
            .tls_danger_accept_invalid_certs(true)
            .build()
            .map_err(|error| Exit::Failed.because(format!("No HTTP client: {error}.")))?;
        Ok(Self { http, base, bearer })
    }

    /// GETs a path.
    pub(crate) async fn get(&self, path: &str) -> Result<(StatusCode, String), Problem> {
        self.send(Method::GET, path).await
    }

    /// POSTs JSON to a path; what it asks for may wait for servers elsewhere, or for a keychain.
    pub(crate) async fn post_json(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<(StatusCode, String), Problem> {
        let request = self.request(Method::POST, path).timeout(Self::LONG_ANSWER);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        self.answer(request, Self::LONG_ANSWER).await
    }

    /// DELETEs a path.
    pub(crate) async fn delete(&self, path: &str) -> Result<(StatusCode, String), Problem> {
        self.send(Method::DELETE, path).await
    }

    /// POSTs to a path, without a body.
    pub(crate) async fn post(&self, path: &str) -> Result<(StatusCode, String), Problem> {
        self.send(Method::POST, path).await
    }

    async fn send(&self, method: Method, path: &str) -> Result<(StatusCode, String), Problem> {
        self.answer(self.request(method, path), Self::ANSWER).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer.expose_secret()),
            None => request,
        }
    }

    async fn answer(
        &self,
        request: RequestBuilder,
        limit: Duration,
    ) -> Result<(StatusCode, String), Problem> {
        let unanswered = |error: reqwest::Error| {
            let base = &self.base;
            Exit::NotRunning.because(if error.is_timeout() {
                let limit = limit.as_secs();
                format!("The gateway at {base} did not answer within {limit} s. If it stays like that, restart it.")
            } else {
                format!("The gateway at {base} does not answer: {error}.")
            })
        };
        let response = request.send().await.map_err(unanswered)?;
        Ok((response.status(), response.text().await.map_err(unanswered)?))
    }
}

/// The running gateway that serves `config`; the only one where `config` is `None`.
pub(crate) fn find(
    mut running: Vec<RunningGateway>,
    config: Option<&Path>,
) -> Result<RunningGateway, Problem> {
    let Some(config) = config else {
        return match (running.pop(), running.as_slice()) {
            (None, _) => Err(Exit::NotRunning.because("No Traygate is running. Start one with `traygate`.")),
            (Some(only), []) => Ok(only),
            (Some(last), _) => {
                running.push(last);
                let each: Vec<_> = running.iter().map(describe).collect();
                let each = each.join("\n  ");
                Err(Exit::Usage
                    .because(format!("Several are running; say which with `--config FILE`:\n  {each}")))
            }
        };
    };
    let wanted = real(config);
    running
        .into_iter()
        .find(|gateway| gateway.config.as_deref().map(real).as_ref() == Some(&wanted))
        .ok_or_else(|| {
            Exit::NotRunning.because(format!("No Traygate is running that serves {}.", config.display()))
        })
}

/// A name as one segment of a URL's path.
pub(crate) fn segment(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// What an answer that is no result says: its message, and the hint.
pub(crate) fn reason(body: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let said = |key: &str| answer["detail"][key].as_str();
    match (said("message"), said("hint")) {
        (Some(message), Some(hint)) => format!("{message} {hint}"),
        (Some(message), None) => message.to_owned(),
        _ => "It gave no reason. Is it of another version?".to_owned(),
    }
}

fn describe(gateway: &RunningGateway) -> String {
    let config =
        gateway.config.as_ref().map_or_else(|| "one server".into(), |path| path.display().to_string());
    let address = gateway.addresses.first().map(ToString::to_string).unwrap_or_default();
    format!("{address}, process {}: {config}", gateway.pid)
}

fn real(path: &Path) -> PathBuf {
    fs_err::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_never_answers_keeps_nobody() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The system takes the connection; nobody reads from it.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", silent.local_addr().expect("an address"));
        let client = GatewayClient::new(base.clone(), None).expect("a client");
        let problem = client.get("/-/api/status").await.expect_err("no answer");
        assert_eq!(problem.exit, Exit::NotRunning);
        assert!(problem.message.contains(&base) && problem.message.contains("10 s"), "{}", problem.message);
    }

    fn running(config: &[Option<&str>]) -> Vec<RunningGateway> {
        let one = |(pid, config): (u32, Option<&str>)| RunningGateway {
            pid,
            addresses: vec![([127, 0, 0, 1], 8000).into()],
            tls: false,
            config: config.map(Into::into),
            token: "s3cret".into(),
        };
        (1..).zip(config.iter().copied()).map(one).collect()
    }

    #[test]
    fn a_gateway_is_found_by_its_config_or_by_being_the_only_one() {
        let both = || running(&[Some("/a.json"), Some("/b.json")]);
        assert_eq!(find(both(), Some(Path::new("/b.json"))).map(|gateway| gateway.pid).ok(), Some(2));
        assert_eq!(find(running(&[None]), None).map(|gateway| gateway.pid).ok(), Some(1));
        let problem = |running, config: Option<&str>| match find(running, config.map(Path::new)) {
            Err(problem) => problem,
            Ok(gateway) => panic!("{gateway:?}"),
        };
        assert_eq!(problem(both(), Some("/c.json")).exit, Exit::NotRunning);
        assert_eq!(problem(running(&[]), None).exit, Exit::NotRunning);
        let several = problem(both(), None);
        assert_eq!(several.exit, Exit::Usage);
        assert!(
            several.message.contains("/a.json") && several.message.contains("/b.json"),
            "{}",
            several.message
        );
    }
}
