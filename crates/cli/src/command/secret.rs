use std::io::{self, IsTerminal as _, Read as _};

use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use traygate_auth::{Keychain, KeychainError};
use traygate_gateway::{Folders, RunningGateway};

use crate::{
    args::SecretCommand,
    client::GatewayClient,
    exit::{Exit, Problem},
    output,
};

/// `traygate secret ...`.
pub(crate) async fn secret(command: SecretCommand) -> Result<Exit, Problem> {
    let keychain = Keychain::system();
    match command {
        SecretCommand::Set { name } => {
            let name = checked(name)?;
            let value = value(&name)?;
            keychain.set_secret(&name, value).await.map_err(|error| refused(&error))?;
            output::note(format_args!("Stored. Write ${{keychain:{name}}} in the config file."));
            tell_running().await;
        }
        SecretCommand::List => {
            for name in keychain.secret_names().await.map_err(|error| refused(&error))? {
                output::line(name);
            }
        }
        SecretCommand::Delete { name } => {
            if !keychain.delete_secret(&name).await.map_err(|error| refused(&error))? {
                return Err(Exit::Failed.because(format!("The keychain holds no secret `{name}`.")));
            }
            output::note("Deleted.");
            tell_running().await;
        }
    }
    Ok(Exit::Ok)
}

/// Lets the running gateways of this user read their config files again: a server that lacked the secret is tried
/// again, and `apiKey` may name it. The secret is stored whether they answer or not.
async fn tell_running() {
    let running = Folders::system().map(|folders| RunningGateway::all(&folders.runtime)).unwrap_or_default();
    for gateway in running {
        let (Some(url), Some(config)) = (gateway.loopback_url(), gateway.config) else { continue };
        let told = match GatewayClient::new(url, Some(gateway.token)) {
            Ok(client) => client.post("/-/api/reload").await,
            Err(problem) => Err(problem),
        };
        let config = config.display();
        output::note(match told {
            Ok((StatusCode::OK, _)) => format!("The gateway that serves {config} read it again."),
            _ => format!("The gateway that serves {config} was not reached: restart it to apply this."),
        });
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
    Exit::Failed.because(format!("The keychain did not do it: {error}."))
}

#[cfg(test)]
mod tests {
    use traygate_config::{Reference, Template};

    use super::*;

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
