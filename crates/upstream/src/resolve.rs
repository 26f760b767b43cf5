//! From a server's entry as written to one with every `${...}` replaced.

mod oauth;

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fmt,
    path::PathBuf,
    sync::Arc,
};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use indexmap::IndexMap;
use secrecy::{ExposeSecret, SecretString};
use traygate_auth::{Keychain, KeychainError, ServerId, SignInOptions};
use traygate_config::{
    HttpUpstream, Reference, Server, ServerName, StdioUpstream, Template, Upstream, Variables,
};
use url::Url;

use crate::{
    Environment,
    connection::ConnectError,
    process::look,
    redact::Redaction,
    token_source::{TokenSource, TokenSources},
};

/// A server's entry with every `${...}` replaced: what a connection is opened from. Its Debug output shows no value.
#[derive(Clone)]
pub(crate) struct ResolvedServer {
    pub(crate) name: ServerName,
    pub(crate) upstream: ResolvedUpstream,
    /// Its secrets, for whatever repeats the server's words.
    pub(crate) redaction: Redaction,
}

#[derive(Clone)]
pub(crate) enum ResolvedUpstream {
    Stdio(ResolvedCommand),
    StreamableHttp(ResolvedHttp),
    Sse(ResolvedHttp),
    /// Streamable HTTP first, then HTTP+SSE.
    Http(ResolvedHttp),
    Demo,
}

#[derive(Clone)]
pub(crate) struct ResolvedCommand {
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
    /// The child's whole environment.
    pub(crate) env: HashMap<OsString, OsString>,
    pub(crate) cwd: Option<PathBuf>,
}

#[derive(Clone)]
pub(crate) struct ResolvedHttp {
    pub(crate) url: Url,
    /// Values are marked sensitive.
    pub(crate) headers: HeaderMap,
    /// `None` where the entry has an `Authorization` of its own.
    pub(crate) sign_in: Option<Arc<dyn TokenSource>>,
}

impl ResolvedUpstream {
    pub(crate) fn sign_in(&self) -> Option<&Arc<dyn TokenSource>> {
        match self {
            Self::StreamableHttp(http) | Self::Sse(http) | Self::Http(http) => http.sign_in.as_ref(),
            Self::Stdio(_) | Self::Demo => None,
        }
    }
}

/// Whether a server's entry has an `Authorization` of its own, so that no sign-in can help it.
pub(crate) fn has_authorization(server: &Server) -> bool {
    match &server.upstream {
        Upstream::StreamableHttp(http) | Upstream::Sse(http) | Upstream::Http(http) => {
            http.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"))
        }
        Upstream::Stdio(_) | Upstream::Demo => false,
    }
}

impl fmt::Debug for ResolvedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolvedServer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where `${keychain:NAME}` is looked up: the OS keychain, or a test's own.
pub(crate) trait Secrets: Send + Sync {
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, KeychainError>>;
}

impl Secrets for Keychain {
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, KeychainError>> {
        Box::pin(Keychain::secret(self, name))
    }
}

/// The values of one entry's references, looked up before anything is replaced.
struct Values<'a> {
    variables: &'a HashMap<OsString, OsString>,
    secrets: HashMap<String, SecretString>,
}

impl Variables for Values<'_> {
    fn environment(&self, name: &str) -> Option<String> {
        let value = self.variables.get(OsStr::new(name)).or_else(|| {
            // Windows knows no case in the names of variables.
            let same = |other: &OsStr| cfg!(windows) && other.eq_ignore_ascii_case(name);
            self.variables.iter().find_map(|(other, value)| same(other).then_some(value))
        })?;
        value.to_str().map(str::to_owned)
    }

    fn keychain(&self, name: &str) -> Option<SecretString> {
        self.secrets.get(name).cloned()
    }
}

/// Replaces every `${...}` of a server's entry. A child inherits `variables`, its entry's `env` over them.
///
/// # Errors
/// `Permanent` for a reference that stands for nothing (its text is never used in its place) and for what is no URL or
/// header; `Transient` for a keychain that is locked, late or absent.
pub(crate) async fn resolve(
    server: &Server,
    variables: &HashMap<OsString, OsString>,
    keychain: &dyn Secrets,
    sign_ins: &dyn TokenSources,
) -> Result<ResolvedServer, ConnectError> {
    let secrets = look_up(server, keychain).await?;
    let values = Values { variables, secrets };
    let options = server.oauth.as_ref().map(|oauth| oauth::sign_in_options(oauth, &values)).transpose()?;
    let options = options.unwrap_or_default();
    let endpoint = |http| {
        let (url, headers) = endpoint(http, &values)?;
        let id = ServerId { name: server.name.to_string(), url: url.clone() };
        let sign_in = (!has_authorization(server)).then(|| sign_ins.server(id, options.clone()));
        Ok(ResolvedHttp { url, headers, sign_in })
    };
    let upstream = match &server.upstream {
        Upstream::Stdio(stdio) => ResolvedUpstream::Stdio(command(stdio, &values)?),
        Upstream::StreamableHttp(http) => ResolvedUpstream::StreamableHttp(endpoint(http)?),
        Upstream::Sse(http) => ResolvedUpstream::Sse(endpoint(http)?),
        Upstream::Http(http) => ResolvedUpstream::Http(endpoint(http)?),
        Upstream::Demo => ResolvedUpstream::Demo,
    };
    let redaction = redaction(server, &values, &options)?;
    Ok(ResolvedServer { name: server.name.clone(), upstream, redaction })
}

/// Reads each secret that the entry names once.
async fn look_up(
    server: &Server,
    keychain: &dyn Secrets,
) -> Result<HashMap<String, SecretString>, ConnectError> {
    let mut secrets = HashMap::new();
    let of_sign_in = oauth::templates(server.oauth.as_ref());
    for template in server.templates().into_iter().chain(of_sign_in) {
        // A malformed reference is said with its place when the text is expanded.
        for reference in template.references().unwrap_or_default() {
            let Reference::Keychain { name } = reference else { continue };
            if secrets.contains_key(&name) {
                continue;
            }
            let secret = keychain.secret(&name).await.map_err(|error| {
                let hint = error.hint();
                ConnectError::Transient(format!("its secret `{name}` cannot be read: {error}. {hint}").into())
            })?;
            if let Some(secret) = secret {
                secrets.insert(name, secret);
            }
        }
    }
    Ok(secrets)
}

/// Variables that every process has and every error message needs.
const PUBLIC: [&str; 9] =
    ["HOME", "PATH", "USER", "USERNAME", "USERPROFILE", "TMPDIR", "TEMP", "APPDATA", "LOCALAPPDATA"];

/// What is hidden of an entry: what its references stand for, and the values of its `env` and `headers`, and
/// its client secret.
fn redaction(
    server: &Server,
    values: &Values<'_>,
    sign_in: &SignInOptions,
) -> Result<Redaction, ConnectError> {
    let (mut hidden, mut keys) = (Vec::new(), Vec::from_iter(sign_in.client_secret.clone()));
    let of_sign_in = oauth::templates(server.oauth.as_ref());
    let templates = server.templates().into_iter().chain(of_sign_in);
    for reference in templates.flat_map(|template| template.references().unwrap_or_default()) {
        match reference {
            Reference::Environment { name, .. } if PUBLIC.contains(&name.as_str()) => {}
            Reference::Environment { name, default } => {
                let set = values.environment(&name).filter(|value| !value.is_empty());
                hidden.extend(set.or(default).map(SecretString::from));
            }
            Reference::Keychain { name } => keys.extend(values.keychain(&name)),
        }
    }
    let own = match &server.upstream {
        Upstream::Stdio(stdio) => Some(("env", &stdio.env)),
        Upstream::StreamableHttp(http) | Upstream::Sse(http) | Upstream::Http(http) => {
            Some(("headers", &http.headers))
        }
        Upstream::Demo => None,
    };
    if let Some((kind, pairs)) = own {
        for (name, template) in pairs.iter().filter(|(name, _)| !PUBLIC.contains(&name.as_str())) {
            let value = expand(&format!("{kind}.{name}"), template, values)?;
            // A server that refuses `Bearer TOKEN` may repeat the token alone.
            let credentials = value.expose_secret().split_once(' ').filter(|_| kind == "headers");
            hidden.extend(credentials.map(|(_scheme, credentials)| SecretString::from(credentials)));
            if names_a_secret(name) { &mut keys } else { &mut hidden }.push(value);
        }
    }
    Ok(Redaction::of(
        hidden.iter().map(ExposeSecret::expose_secret),
        keys.iter().map(ExposeSecret::expose_secret),
    ))
}

/// Whether a variable or header is called what secrets are.
fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "token", "secret", "pass", "pwd", "auth", "credential"].iter().any(|word| name.contains(word))
}

fn command(stdio: &StdioUpstream, values: &Values<'_>) -> Result<ResolvedCommand, ConnectError> {
    let plain = |place: &str, template: &Template| {
        expand(place, template, values).map(|text| text.expose_secret().to_owned())
    };
    let mut args = Vec::with_capacity(stdio.args.len());
    for (index, argument) in stdio.args.iter().enumerate() {
        args.push(plain(&format!("args[{index}]"), argument)?);
    }
    Ok(ResolvedCommand {
        command: plain("command", &stdio.command)?,
        args,
        env: environment(&stdio.env, values)?,
        cwd: stdio.cwd.as_ref().map(|cwd| plain("cwd", cwd)).transpose()?.map(PathBuf::from),
    })
}

/// The folder or the program of an entry that is not on this machine, in a sentence; `None` where all is there, and
/// where a missing variable or a secret, which is not asked for, leaves that open.
pub fn not_found(stdio: &StdioUpstream, environment: &Environment) -> Option<String> {
    let is_secret = |reference: &Reference| matches!(reference, Reference::Keychain { .. });
    let is_known = |template: &Template| !template.references().is_ok_and(|all| all.iter().any(is_secret));
    let env = stdio.env.iter().filter(|(_, value)| is_known(value));
    let without_secrets = StdioUpstream {
        args: Vec::new(),
        env: env.map(|(name, value)| (name.clone(), value.clone())).collect(),
        ..stdio.clone()
    };
    let values = Values { variables: &environment.variables, secrets: HashMap::new() };
    look(&command(&without_secrets, &values).ok()?).err()
}

fn environment(
    own: &IndexMap<String, Template>,
    values: &Values<'_>,
) -> Result<HashMap<OsString, OsString>, ConnectError> {
    let mut env = values.variables.clone();
    for (name, template) in own {
        let value = expand(&format!("env.{name}"), template, values)?;
        if cfg!(windows) {
            env.retain(|other, _| !other.eq_ignore_ascii_case(name));
        }
        env.insert(name.into(), value.expose_secret().into());
    }
    Ok(env)
}

fn endpoint(http: &HttpUpstream, values: &Values<'_>) -> Result<(Url, HeaderMap), ConnectError> {
    let url = expand("url", &http.url, values)?;
    // Neither text nor value is repeated below: either may hold a secret.
    let url = Url::parse(url.expose_secret().trim()).map_err(|error| {
        permanent(format!("its `url` is not a URL ({error}). Write it as in `https://example.com/mcp`."))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(permanent("its `url` must begin with `https://` or `http://`.".to_owned()));
    }
    let mut headers = HeaderMap::with_capacity(http.headers.len());
    for (name, template) in &http.headers {
        let place = format!("headers.{name}");
        let value = expand(&place, template, values)?;
        let header = HeaderName::try_from(name.as_str())
            .map_err(|_| permanent(format!("`{name}` in its `headers` is not a header's name.")))?;
        let mut value = HeaderValue::from_str(value.expose_secret().trim()).map_err(|_| {
            permanent(format!("the value of its `{place}` holds a character that no header may hold."))
        })?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok((url, headers))
}

fn expand(place: &str, template: &Template, values: &Values<'_>) -> Result<SecretString, ConnectError> {
    template
        .expand(values)
        .map_err(|unresolved| permanent(format!("in its `{place}`, {unresolved}. {}", unresolved.hint())))
}

fn permanent(sentence: String) -> ConnectError {
    ConnectError::Permanent(sentence.into())
}

#[cfg(test)]
mod tests;
