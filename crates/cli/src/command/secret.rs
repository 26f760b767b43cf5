use std::io::{self, IsTerminal as _, Read as _};

use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use traygate_auth::{Keychain, KeychainError};
use traygate_config::{Config, Entry, Reference, Template, parse};
use traygate_gateway::{Folders, LogLevel, Logging, RunningGateway, Status};

use crate::{
    args::{SecretCommand, ServeArgs},
    client::{GatewayClient, segment},
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
            return Ok(tell_running(&name).await);
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
            return Ok(tell_running(&name).await);
        }
    }
    Ok(Exit::Ok)
}

/// Lets the running gateways of this user take up what the secret `name` is now: servers whose entry names it are
/// restarted, and no others; where `apiKey` names it, the config file is read again. It is stored whether they answer
/// or not; [`Exit::Failed`] where one goes on with the key that it had.
async fn tell_running(name: &str) -> Exit {
    let mut exit = Exit::Ok;
    let running = Folders::system().map(|folders| RunningGateway::of_user(&folders)).unwrap_or_default();
    for gateway in running {
        // A single server from the command line names no secrets.
        let Some(file) = gateway.config.clone() else { continue };
        let file_name = file.display();
        let config = fs_err::read_to_string(&file).ok().and_then(|text| parse(&text).config);
        let Some(uses) = config.map(|config| Uses::of(name, &config)) else {
            output::note(format_args!(
                "The gateway that serves {file_name} was not told: that file cannot be used. `traygate check \
                 {file_name}` says why."
            ));
            continue;
        };
        if uses.is_empty() {
            continue;
        }
        match told(gateway, &uses).await {
            Some(Told { done, kept_key }) => {
                done.into_iter().for_each(output::note);
                if let Some(reason) = kept_key {
                    output::problem(format_args!(
                        "The gateway that serves {file_name} kept its key: {reason}"
                    ));
                    exit = Exit::Failed;
                }
            }
            None => output::note(format_args!(
                "The gateway that serves {file_name} was not told: restart it to apply this."
            )),
        }
    }
    exit
}

/// What came of telling a gateway.
#[derive(Debug, Default)]
struct Told {
    /// What it did, for a person.
    done: Vec<String>,
    /// Why it could not take up its own key.
    kept_key: Option<String>,
}

/// Tells one gateway; `None` where it is out of reach.
async fn told(gateway: RunningGateway, uses: &Uses) -> Option<Told> {
    let client = GatewayClient::new(gateway.loopback_url()?, Some(gateway.token)).ok()?;
    uses.renew(&client).await.ok().flatten()
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

    /// Says what came of it; `None` where the gateway's answer is none that this program knows.
    async fn renew(&self, client: &GatewayClient) -> Result<Option<Told>, Problem> {
        let mut told = Told::default();
        if self.api_key {
            let (code, body) = client.post("/-/api/reload").await?;
            let status = (code == StatusCode::OK).then(|| serde_json::from_str(&body).ok()).flatten();
            let Some(status) = status else { return Ok(None) };
            match key_after(&status) {
                Ok(line) => told.done.push(line.to_owned()),
                Err(reason) => told.kept_key = Some(reason),
            }
        }
        for server in &self.servers {
            let path = format!("/-/api/servers/{}/restart", segment(server));
            // Written into the file since, and not taken up yet: it will start with the new value anyway.
            if client.post(&path).await?.0 == StatusCode::ACCEPTED {
                told.done.push(format!("`{server}` uses it and is restarted."));
            }
        }
        Ok(Some(told))
    }
}

/// What a gateway's own key is after a reload, in words; `Err`: why it is the one that it was.
fn key_after(status: &Status) -> Result<&'static str, String> {
    if status.fixed_key {
        return Ok(
            "The running gateway has its key from `--api-key`: `apiKey` in the file does not count there.",
        );
    }
    match status.diagnostics.iter().find(|diagnostic| diagnostic.code == "api-key") {
        Some(diagnostic) => {
            let hint = diagnostic.hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
            Err(format!("{}{hint}", diagnostic.message))
        }
        None => Ok("The running gateway read its `apiKey` again."),
    }
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
