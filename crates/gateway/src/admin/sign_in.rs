//! Signing in to a server and out of it: what the tray, the command line and the config UI ask for.

mod body;

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use traygate_auth::{Landing, SignIn, SignInRequest};
use traygate_upstream::State as ServerState;

use self::body::Fields;
use super::{
    Admin,
    routes::{accepted, unknown_server},
};
use crate::{SignedOutStatus, http::Problem, sign_in::stopped};

/// Begins a sign-in, or goes on with the one that is under way; answers at once, the status tells the rest.
pub(super) async fn start(
    State(admin): State<Arc<Admin>>,
    Path(server): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let sign_in = find(&admin, &server)?;
    let request = async {
        let mut fields = Fields::read(body, &["flow", "open", "client_id", "client_secret", "mcpo"]).await?;
        let (client_id, client_secret) = (fields.text("client_id")?, fields.secret("client_secret")?);
        if client_id.is_none() && client_secret.is_some() {
            return Err(body::unfit("`client_secret` needs its `client_id` beside it."));
        }
        Ok(SignInRequest {
            flow: fields.flow("flow")?,
            open: fields.flag("open")?,
            client: client_id.map(|id| (id, client_secret)),
            mcpo: fields.flag("mcpo")?,
        })
    };
    let request: SignInRequest = request.await?;
    sign_in.start(request);
    Ok(accepted(&admin, &server).await)
}

/// Ends the sign-in that is under way; none is fine too.
pub(super) async fn cancel(
    State(admin): State<Arc<Admin>>,
    Path(server): Path<String>,
) -> Result<Response, Problem> {
    find(&admin, &server)?.cancel();
    Ok(accepted(&admin, &server).await)
}

/// Takes what a person pasted: the address that the browser ended on, or the bare code.
pub(super) async fn response(
    State(admin): State<Arc<Admin>>,
    Path(server): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let sign_in = find(&admin, &server)?;
    let pasted = async {
        let missing = "`response` is missing: the address that the browser ended on, or the code.";
        Fields::read(body, &["response"]).await?.text("response")?.ok_or_else(|| body::unfit(missing))
    };
    let pasted: String = pasted.await?;
    let Landing { ok, title, message } = sign_in.paste(&pasted).await;
    Ok(Json(serde_json::json!({"ok": ok, "title": title, "message": message})).into_response())
}

pub(super) async fn sign_out(
    State(admin): State<Arc<Admin>>,
    Path(server): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let sign_in = find(&admin, &server)?;
    let forget = async { Fields::read(body, &["forget_client"]).await?.flag("forget_client") };
    let forget = forget.await?;
    match sign_in.sign_out(forget).await {
        Ok(signed_out) => Ok(Json(SignedOutStatus::from(signed_out)).into_response()),
        Err(reason) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "sign-out-failed", reason)),
    }
}

/// The sign-in of a server, or why it has none.
fn find(admin: &Admin, server: &str) -> Result<Arc<SignIn>, Problem> {
    let catalogue = admin.hub.catalogue();
    let Some(snapshot) = catalogue.servers.get(server) else { return Err(unknown_server(server)) };
    if let Some(obstacle) = admin.rules.load().no_sign_in.get(server) {
        return Err(Problem::new(StatusCode::CONFLICT, "no-sign-in", obstacle.as_str()));
    }
    admin.sign_ins.find(server).ok_or_else(|| {
        let (code, message) = match &snapshot.state {
            ServerState::Failed { reason } => {
                ("no-sign-in", format!("`{server}` could not start: {}", stopped(reason)))
            }
            _ => ("sign-in-not-ready", format!("`{server}` is only being started. Try again in a moment.")),
        };
        Problem::new(StatusCode::CONFLICT, code, message)
    })
}
