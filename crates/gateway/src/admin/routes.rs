use std::{sync::Arc, time::SystemTime};

use axum::{
    Json, Router,
    extract::{Path, State},
    middleware,
    response::{Html, IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use tokio::sync::oneshot;
use traygate_upstream::ServerSnapshot;

use super::{Admin, ServerLog, ServerStatus, Status, guard::guard, sign_in};
use crate::http::{Problem, Rules, shown};

/// The admin API below `/-/api/`, behind its guard.
pub(crate) fn router(admin: Admin) -> Router {
    let admin = Arc::new(admin);
    Router::new()
        .route("/-/api/status", get(status))
        .route("/-/api/reload", post(reload))
        .route("/-/api/servers/{server}/restart", post(restart))
        .route("/-/api/servers/{server}/log", get(log))
        .route("/-/api/servers/{server}/sign-in", post(sign_in::start).delete(sign_in::cancel))
        .route("/-/api/servers/{server}/sign-in/response", post(sign_in::response))
        .route("/-/api/servers/{server}/sign-out", post(sign_in::sign_out))
        .route("/-/api/{*rest}", axum::routing::any(unknown))
        .layer(middleware::map_response(never_cached))
        .layer(middleware::from_fn_with_state(Arc::clone(&admin), guard))
        // Behind no guard: they tell nothing.
        .route("/-/ui/", get(ui))
        .fallback(nothing)
        .with_state(admin)
}

async fn status(State(admin): State<Arc<Admin>>) -> Json<Status> {
    Json(status_of(&admin).await)
}

async fn status_of(admin: &Admin) -> Status {
    let (now, rules, catalogue) = (SystemTime::now(), admin.rules.load_full(), admin.hub.catalogue());
    let mut servers = Vec::with_capacity(catalogue.servers.len());
    for server in catalogue.servers.values() {
        servers.push(server_status(admin, server, &rules, now).await);
    }
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        addresses: rules.addresses.clone(),
        tls: rules.tls,
        config: admin.config.clone(),
        fixed_key: admin.fixed_key,
        servers,
        diagnostics: admin.diagnostics.load().iter().map(Into::into).collect(),
    }
}

async fn server_status(
    admin: &Admin,
    server: &ServerSnapshot,
    rules: &Rules,
    now: SystemTime,
) -> ServerStatus {
    let sign_in = admin.sign_ins.find(server.name.as_str());
    let prepared = admin.prepared.get(&server.name);
    let mut status = ServerStatus::new(server, prepared.as_deref(), sign_in.as_deref(), rules, now);
    if let (Some(told), Some(sign_in)) = (&mut status.sign_in, &sign_in) {
        told.mcpo = !told.is_under_way() && sign_in.has_mcpo_sign_in().await;
    }
    status
}

/// Reads the config file again and applies it, changed or not; answers when that is done.
async fn reload(State(admin): State<Arc<Admin>>) -> Response {
    let (done, is_done) = oneshot::channel();
    // Either fails only where nobody reads a file: a single server from the command line, or a gateway that ends.
    if admin.reload.send(done).await.is_err() || is_done.await.is_err() {
        let message = "This gateway follows no config file.";
        return Problem::new(StatusCode::CONFLICT, "no-config-file", message).into_response();
    }
    Json(status_of(&admin).await).into_response()
}

async fn restart(State(admin): State<Arc<Admin>>, Path(server): Path<String>) -> Response {
    if !admin.hub.restart(&server) {
        return unknown_server(&server).into_response();
    }
    accepted(&admin, &server).await
}

/// 202 with the server's status as it is by now.
pub(super) async fn accepted(admin: &Admin, server: &str) -> Response {
    match admin.hub.catalogue().servers.get(server) {
        Some(snapshot) => {
            let rules = admin.rules.load_full();
            let status = server_status(admin, snapshot, &rules, SystemTime::now()).await;
            (StatusCode::ACCEPTED, Json(status)).into_response()
        }
        None => unknown_server(server).into_response(),
    }
}

async fn log(State(admin): State<Arc<Admin>>, Path(server): Path<String>) -> Response {
    if !admin.hub.catalogue().servers.contains_key(server.as_str()) {
        return unknown_server(&server).into_response();
    }
    let lines = admin.hub.log(&server).iter().map(ToString::to_string).collect();
    Json(ServerLog { server, lines }).into_response()
}

async fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown-path", "The admin API has no such path.")
}

async fn nothing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown-path", "Nothing is here.")
        .hint("The gateway's docs are at `/docs`.")
}

/// What stands where the config UI will be.
async fn ui() -> Html<&'static str> {
    Html(
        "<!doctype html><title>Traygate</title><p>This build has no config UI. Edit the config file; <code>traygate \
          status</code> shows the servers. <a href=\"/docs\">Docs</a></p>",
    )
}

async fn never_cached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn unknown_server(server: &str) -> Problem {
    let message = format!("There is no server `{}`.", shown(server));
    Problem::new(StatusCode::NOT_FOUND, "unknown-server", message)
}
