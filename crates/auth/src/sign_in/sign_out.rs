//! Signing out: the tokens are taken back (RFC 7009), then deleted.

use std::time::Duration;

use tokio::time::timeout;

use super::{SignIn, SignInState, SignedOut};
use crate::token::{Tokens, revoke};

/// How long the authorization server may take: what is kept here goes in any case.
const REVOCATION: Duration = Duration::from_secs(10);

/// Signs out; see [`SignIn::sign_out`].
pub(super) async fn sign_out(sign_in: &SignIn, forget_client: bool) -> Result<SignedOut, String> {
    let SignIn { id, store, .. } = sign_in;
    let cannot = |error: crate::credential::StoreError| {
        format!("What is kept of `{}` could not be deleted: {error}. {}", id.name, error.hint())
    };
    let _changing = sign_in.changing.lock().await;
    let _lock = store.lock(id).await.map_err(cannot)?;
    // Those of the store: another process may have renewed them.
    let kept = match sign_in.current().await {
        Ok(kept) => kept,
        Err(error) => Some(Tokens::clone(&*sign_in.held().tokens().ok_or_else(|| cannot(error))?)),
    };
    let revoked = match &kept {
        Some(tokens) => taken_back(sign_in, tokens).await,
        None => None,
    };
    store.delete_tokens(id).await.map_err(cannot)?;
    if forget_client {
        store.forget_clients(id).await.map_err(cannot)?;
    }
    sign_in.drop_tokens(SignInState::SignedOut);
    sign_in.changed();
    Ok(SignedOut { was_signed_in: kept.is_some(), revoked })
}

/// Whether the authorization server took tokens back; `None` where it offers no way.
async fn taken_back(sign_in: &SignIn, tokens: &Tokens) -> Option<bool> {
    let server = tokens.server.as_deref()?;
    server.revocation_endpoint.as_ref()?;
    let revoking = async {
        let client = sign_in.client_of(tokens).await.ok().flatten()?;
        let http = sign_in.http().ok()?;
        Some(revoke(&http, server, &client, tokens).await)
    };
    match timeout(REVOCATION, revoking).await {
        Ok(Some(Ok(offered))) => offered.then_some(true),
        Ok(Some(Err(error))) => {
            tracing::warn!(server = %sign_in.id.name, "its tokens were not taken back: {error}");
            Some(false)
        }
        Ok(None) | Err(_) => Some(false),
    }
}
