use std::io::{self, IsTerminal as _};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::Prompt;
use crate::{
    exit::{Exit, Problem},
    output,
};

/// A client that was registered by hand, as a person types it in.
#[derive(Debug)]
pub(super) struct Client {
    id: String,
    secret: Option<SecretString>,
}

impl Client {
    /// This id, with the secret that is asked for where there is somebody to ask. An argument would be seen by every
    /// process.
    pub(super) fn with_id(id: &str) -> Result<Self, Problem> {
        let id = id.trim().to_owned();
        if id.is_empty() {
            return Err(Exit::Usage.because("The client id is empty."));
        }
        let secret = if io::stdin().is_terminal() { secret().map_err(|error| unread(&error))? } else { None };
        Ok(Self { id, secret })
    }

    /// Asks for both; the id by the one who reads standard input already.
    pub(super) async fn ask(prompt: &mut Prompt) -> Result<Self, Problem> {
        output::note("Client id:");
        prompt.listen();
        let id = prompt.answer().await.ok_or_else(|| Exit::Failed.because("No client id was given."))?;
        let secret = tokio::task::spawn_blocking(secret).await.map_err(io::Error::other).flatten();
        Ok(Self { id, secret: secret.map_err(|error| unread(&error))? })
    }

    /// Adds it to the body of a request.
    pub(super) fn add_to(&self, request: &mut Value) {
        request["client_id"] = self.id.as_str().into();
        if let Some(secret) = &self.secret {
            request["client_secret"] = secret.expose_secret().into();
        }
    }
}

fn secret() -> io::Result<Option<SecretString>> {
    let secret = SecretString::from(rpassword::prompt_password("Client secret (empty if there is none): ")?);
    Ok((!secret.expose_secret().trim().is_empty()).then_some(secret))
}

fn unread(error: &io::Error) -> Problem {
    Exit::Failed.because(format!("No client was read: {error}."))
}
