use std::io::{self, IsTerminal as _, Read as _};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use traygate_auth::{Keychain, KeychainError};
use traygate_config::{Config, Entry, Reference, Template, parse};
use traygate_gateway::{Folders, LogLevel, Logging, RunningGateway};

use crate::{
    args::{SecretCommand, ServeArgs},
    client::GatewayClient,
    exit::{Exit, Problem},
    output,
};

/// `traygate secret ...`.
pub(crate) async fn secret(args: &ServeArgs, command: SecretCommand) -> Result<Exit, Problem> {
    Logging::start(args.log_level.unwrap_or(LogLevel::QUIET));
    let keychain = Keychain::system();
    match command {
        SecretCommand::Set { name } => {
            let name = checked(name)?;
            let value = value(&name)?;
            keychain.set_secret(&name, value).await.map_err(|error| refused(&error))?;
            output::note(format_args!("Stored. Write `${{keychain:{name}}}` in the config file."));
            tell_running(&name).await;
        }
        SecretCommand::List => {
            let names = keychain.secret_names().await.map_err(|error| refused(&error))?;
            if names.is_empty() {
                output::note("No secrets are stored. `traygate secret set NAME` stores one.");
            }
            for name in names {
                output::line(name);
            }
        }
        SecretCommand::Delete { name } => {
            if !keychain.delete_secret(&name).await.map_err(|error| refused(&error))? {
                return Err(Exit::Failed.because(format!("The keychain holds no secret `{name}`.")));
            }
            output::note("Deleted.");
            tell_running(&name).await;
        }
    }
    Ok(Exit::Ok)
}

/// Lets the running gateways of this user take up what the secret `name` is now: servers whose entry names it are
/// restarted, and no others; where `apiKey` names it, the config file is read again. It is stored whether they answer
/// or not.
async fn tell_running(name: &str) {
    let running = Folders::system().map(|folders| RunningGateway::all(&folders.runtime)).unwrap_or_default();
    for gateway in running {
        // A single server from the command line names no secrets.
        let Some(file) = gateway.config.clone() else { continue };
        let config = fs_err::read_to_string(&file).ok().and_then(|text| parse(&text).config);
        let uses = config.map(|config| Uses::of(name, &config));
        if uses.as_ref().is_some_and(Uses::is_empty) {
            continue;
        }
        match told(gateway, uses).await {
            Some(lines) => lines.into_iter().for_each(output::note),
            None => output::note(format_args!(
                "The gateway that serves {} was not told: restart it to apply this.",
                file.display()
            )),
        }
    }
}

/// Tells one gateway; `None` where it or its config file is out of reach.
async fn told(gateway: RunningGateway, uses: Option<Uses>) -> Option<Vec<String>> {
    let client = GatewayClient::new(gateway.loopback_url()?, Some(gateway.token)).ok()?;
    uses?.renew(&client).await.ok()
}

/// Where a config names a secret.
#[derive(Debug, PartialEq, Eq)]
struct Uses {
    api_key: bool,
    servers: Vec<String>,
}

impl Uses {
    fn of(secret: &str, config: &Config) -> Self {
        let names = |template: &Template| {
            let references = template.references().unwrap_or_default();
            references.iter().any(|one| matches!(one, Reference::Keychain { name } if name == secret))
        };
        let servers = config.servers.iter().filter(|(_, entry)| match entry {
            Entry::Valid(server) => !server.disabled && server.templates().into_iter().any(names),
            Entry::Invalid(_) => false,
        });
        Self {
            api_key: config.settings.api_key.iter().flatten().any(names),
            servers: servers.map(|(name, _)| name.to_string()).collect(),
        }
    }

    fn is_empty(&self) -> bool {
        !self.api_key && self.servers.is_empty()
    }

    /// Says what was done.
    async fn renew(&self, client: &GatewayClient) -> Result<Vec<String>, Problem> {
        let mut done = Vec::new();
        if self.api_key && client.post("/-/api/reload").await?.0 == StatusCode::OK {
            done.push("The running gateway read its `apiKey` again.".to_owned());
        }
        for server in &self.servers {
            let path = format!("/-/api/servers/{}/restart", segment(server));
            // Written into the file since, and not taken up yet: it will start with the new value anyway.
            if client.post(&path).await?.0 == StatusCode::ACCEPTED {
                done.push(format!("`{server}` uses it and is restarted."));
            }
        }
        Ok(done)
    }
}

/// A name as one segment of a URL's path.
fn segment(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// A name that `${keychain:NAME}` can hold.
fn checked(name: String) -> Result<String, Problem> {
    let is_bad = |c: char| c.is_control() || matches!(c, '{' | '}' | '$');
    if name.trim().is_empty() || name.contains(is_bad) || name.contains(":-") {
        return Err(Exit::Usage.because("A secret's name must not be empty, nor hold `$`, `{`, `}` or `:-`."));
    }
    Ok(name)
}

/// The value, asked for without echo, or read from standard input: an argument would be seen by every process.
fn value(name: &str) -> Result<SecretString, Problem> {
    let unread = |error: io::Error| Exit::Failed.because(format!("No value was read: {error}."));
    let value = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Value of {name}: ")).map(SecretString::from).map_err(unread)?
    } else {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map_err(unread)?;
        let text = SecretString::from(text);
        // `echo` ends its line; further ones belong to the secret.
        let value = text.expose_secret();
        value.strip_suffix("\r\n").or_else(|| value.strip_suffix('\n')).unwrap_or(value).into()
    };
    if value.expose_secret().is_empty() {
        return Err(Exit::Usage.because("The value is empty; nothing was stored."));
    }
    Ok(value)
}

fn refused(error: &KeychainError) -> Problem {
    let what = error.to_string();
    let (first, rest) = what.split_at(what.chars().next().map_or(0, char::len_utf8));
    Exit::Failed.because(format!("{}{rest}. {}", first.to_uppercase(), error.hint()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_a_secret_is_told_of_it() {
        let text = r#"{
            "mcpServers": {
                "one": {"url": "https://h/", "headers": {"A": "Bearer ${keychain:github}"}},
                "other": {"command": "x", "env": {"A": "${keychain:aws}"}},
                "escaped": {"command": "x", "args": ["$${keychain:github}"]},
                "off": {"command": "x", "args": ["${keychain:github}"], "disabled": true}
            },
            "traygate": {"apiKey": "${keychain:key}"}
        }"#;
        let config = parse(text).config.expect("a config");
        let uses = |secret| Uses::of(secret, &config);
        assert_eq!(uses("github"), Uses { api_key: false, servers: vec!["one".into()] });
        assert_eq!(uses("key"), Uses { api_key: true, servers: vec![] });
        assert_eq!(uses("none"), Uses { api_key: false, servers: vec![] });
        assert_eq!(segment("a/b ключ"), "a%2Fb%20%D0%BA%D0%BB%D1%8E%D1%87");
    }

    #[test]
    fn a_name_is_one_that_the_config_can_refer_to() {
        for good in ["github", "my token", "a:b"] {
            let name = checked(good.into()).expect(good);
            let references = Template::new(format!("${{keychain:{name}}}")).references();
            assert_eq!(references, Ok(vec![Reference::Keychain { name }]));
        }
        for bad in ["", " ", "a}", "$a", "a:-b", "a\nb"] {
            assert_eq!(checked(bad.into()).map_err(|problem| problem.exit), Err(Exit::Usage), "{bad}");
        }
    }
}
