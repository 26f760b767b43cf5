use std::io::{self, IsTerminal as _, Write as _};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::exit::{Exit, Problem};

/// A client that was registered by hand, as a person types it in.
#[derive(Debug)]
pub(super) struct Client {
    id: String,
    secret: Option<SecretString>,
}

impl Client {
    /// This id, with the secret that is asked for where there is somebody to ask. An argument would be seen by every
    /// process.
    pub(super) fn with_id(id: String) -> Result<Self, Problem> {
        let id = id.trim().to_owned();
        if id.is_empty() {
            return Err(Exit::Usage.because("The client id is empty."));
        }
        let secret = if io::stdin().is_terminal() { secret().map_err(|error| unread(&error))? } else { None };
        Ok(Self { id, secret })
    }

    /// Asks for both.
    pub(super) async fn ask() -> Result<Self, Problem> {
        let asked = tokio::task::spawn_blocking(|| {
            let mut id = String::new();
            write!(io::stderr(), "Client id: ")?;
            io::stdin().read_line(&mut id)?;
            Ok::<_, io::Error>((id.trim().to_owned(), secret()?))
        });
        let asked = asked.await.map_err(io::Error::other).flatten();
        let (id, secret) = asked.map_err(|error| unread(&error))?;
        if id.is_empty() {
            return Err(Exit::Failed.because("No client id was given."));
        }
        Ok(Self { id, secret })
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
