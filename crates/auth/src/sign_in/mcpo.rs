//! Taking over the sign-in that mcpo keeps of a server with the same name. Its files are left as they are.

use std::{ffi::OsString, path::Path};

use super::{
    SignIn,
    held::Held,
    held::{not_now, unkept},
};
use crate::{Grant, credential::McpoSignIn, discovery::Discovered};

/// Where mcpo's `~` is (Python's `Path.home`).
const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

impl SignIn {
    /// Whether mcpo is signed in to this server and its sign-in can be taken over ([`crate::SignInRequest::mcpo`]): offered
    /// until there was a sign-in of any kind, so that a sign-out stays one. `false` as long as nobody knows whether there
    /// are tokens already.
    pub async fn has_mcpo_sign_in(&self) -> bool {
        let is_signed_out = matches!(self.held(), Held::Nothing);
        is_signed_out && self.options.grant == Grant::AuthorizationCode && self.mcpo_sign_in().await.is_some()
    }

    /// Goes on with mcpo's tokens and its client. Whether they are still good shows with the first request.
    pub(super) async fn take_over_mcpo(&self, discovered: &Discovered) -> Result<(), String> {
        let Some(kept) = self.mcpo_sign_in().await else {
            return Err(format!(
                "There is no sign-in of mcpo's for `{}` in ~/.mcpo/tokens, or it was taken over before. Sign in anew.",
                self.id.name
            ));
        };
        let (mut tokens, client) = kept.into_parts(discovered.server.issuer.clone());
        tokens.server = Some(Box::new(discovered.server.clone()));
        tokens.resource = self.resource(discovered);
        if let Some(client) = client {
            let _lock = self.store.lock(&self.id).await.map_err(|error| unkept(&error))?;
            let saved = self.store.save_client(&self.id, &client).await;
            saved.map_err(|error| unkept(&error))?;
        }
        self.store_new(tokens).await;
        Ok(())
    }

    /// There is a sign-in now: mcpo's is not offered any more.
    pub(super) async fn settle_mcpo(&self) {
        if self.mcpo_sign_in().await.is_some()
            && let Err(error) = self.store.mcpo_was_imported(&self.id).await
        {
            tracing::warn!(server = %self.id.name, "mcpo's sign-in will be offered again: {}", not_now(&error));
        }
    }

    async fn mcpo_sign_in(&self) -> Option<McpoSignIn> {
        let home = self.all.0.surroundings.variables.get(&OsString::from(HOME))?;
        self.store.mcpo_sign_in(Path::new(home), &self.id).await
    }
}
