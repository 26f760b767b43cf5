//! mcpo's command line, unchanged.

use std::{path::PathBuf, process::Command};

use reqwest::Method;
use serde_json::json;
use traygate_tests::{Answer, Gateway, Home, HttpUpstream, fake, fake_mcp};

#[tokio::test]
async fn one_server_on_the_command_line_has_its_tools_at_the_root() {
    let home = Home::new();
    let gateway = Gateway::builder(&home).arg("--").arg(fake_mcp()).args(["--name", "weather"]).start().await;
    let document =
        gateway.wait_for_path("/openapi.json", |document| document["paths"]["/add"].is_object()).await;
    assert_eq!(document["info"]["version"], "1.2.3");
    assert_eq!(gateway.post("/add", &json!({"a": 20, "b": 22})).await.ok(), "42");
    assert!(gateway.get("/docs").await.header("content-type").starts_with("text/html"));
    assert_eq!(gateway.get("/api/config").await.status, 404);
    gateway.stop().await;
}

#[tokio::test]
async fn a_url_on_the_command_line_takes_type_and_header() {
    let home = Home::new();
    for transport in ["streamable-http", "sse"] {
        let upstream = HttpUpstream::start(&home, transport, transport, &["--era", "legacy"]).await;
        for flag in ["--type", "--server-type"] {
            let gateway = Gateway::builder(&home)
                .args([flag, transport, "--header", r#"{"X-Extra": "yes"}"#, "--", upstream.url()])
                .start()
                .await;
            gateway.wait_for_status("/openapi.json", 200).await;
            assert_eq!(gateway.post("/headers", &json!({})).await.ok()["x-extra"], "yes", "{transport}");
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn the_short_forms_are_mcpos() {
    let home = Home::new();
    home.config().write(&json!({"mcpServers": {"a": fake(&[])}}));
    let config = home.config().path().to_owned();
    let gateway = Gateway::builder(&home)
        .args(["-p", "0", "-h", "127.0.0.1", "-k", "k3y", "-n", "My tools", "-d", "What I use", "-v", "9.9"])
        .args(["-e", "PLACE=here"])
        .arg("-c")
        .arg(config)
        .start()
        .await;
    let get = |path: &str| Answer::to(gateway.bare_request(Method::GET, path).bearer_auth("k3y"));
    traygate_tests::eventually("the server to be ready", async || {
        get("/a/openapi.json").await.status.is_success()
    })
    .await;
    let info = get("/openapi.json").await.ok()["info"].clone();
    assert_eq!(info["title"], "My tools");
    assert_eq!(info["version"], "9.9");
    assert!(info["description"].as_str().unwrap().contains("What I use"), "{info}");
    let call = gateway.bare_request(Method::POST, "/a/environment").bearer_auth("k3y");
    assert_eq!(Answer::to(call.json(&json!({"name": "PLACE"}))).await.ok(), "here");
    gateway.stop().await;
}

#[tokio::test]
async fn env_and_env_path_reach_the_servers() {
    let home = Home::new();
    let file = home.path("my.env");
    fs_err::write(&file, "# settings\nFROM_FILE=\"in the file\"\nBOTH=file\n").unwrap();
    let gateway = Gateway::builder(&home)
        .args(["--env", "FROM_FLAG=on the line", "--env", "BOTH=line", "--env-path"])
        .arg(file)
        .arg("--")
        .arg(fake_mcp())
        .start()
        .await;
    gateway.wait_for_status("/openapi.json", 200).await;
    for (name, value) in [("FROM_FLAG", "on the line"), ("FROM_FILE", "in the file")] {
        assert_eq!(gateway.post("/environment", &json!({"name": name})).await.ok(), value, "{name}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn path_prefix_and_root_path_stand_where_mcpo_puts_them() {
    let home = Home::new();
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"a": fake(&[])}}))
        .args(["--path-prefix", "/v1", "--root-path", "/behind"])
        .start()
        .await;
    let document = gateway.wait_for_path("/v1/a/openapi.json", |_| true).await;
    assert!(document["servers"].to_string().contains("/behind"), "{}", document["servers"]);
    assert_eq!(gateway.post("/v1/a/add", &json!({"a": 1, "b": 1})).await.ok(), "2");
    // A proxy may strip the root path or not.
    assert_eq!(gateway.post("/behind/v1/a/add", &json!({"a": 1, "b": 1})).await.ok(), "2");
    assert_eq!(gateway.post("/a/add", &json!({"a": 1, "b": 1})).await.status, 404);
    assert_eq!(gateway.get("/-/healthy").await.status, 200);
    assert_eq!(gateway.get("/behind/-/healthy").await.status, 404);
    gateway.stop().await;
}

#[tokio::test]
async fn strict_auth_and_hot_reload_are_accepted() {
    let home = Home::new();
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"a": fake(&[])}}))
        .args(["--strict-auth", "--hot-reload", "--log-level", "WARNING"])
        .api_key("k3y")
        .start()
        .await;
    gateway.wait_ready("a").await;
    assert_eq!(Answer::to(gateway.bare_request(Method::GET, "/a/docs")).await.status, 401);
    gateway.stop().await;
}

#[tokio::test]
async fn a_server_that_cannot_start_is_a_warning() {
    let home = Home::new();
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"gone": {"command": "no-such-command"}}}))
        .args(["--log-level", "WARNING"])
        .start()
        .await;
    gateway.wait_for_stderr("gone: could not start: command `no-such-command` was not found").await;
    gateway.stop().await;
}

#[tokio::test]
async fn no_hot_reload_leaves_the_file_alone() {
    let home = Home::new();
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"a": fake(&[])}}))
        .arg("--no-hot-reload")
        .start()
        .await;
    gateway.wait_ready("a").await;
    home.config().write(&json!({"mcpServers": {}}));
    // A watching gateway beside it tells when a change has been seen.
    let elsewhere = Home::new();
    let witness = Gateway::builder(&elsewhere).arg("--config").arg(home.config().path()).start().await;
    witness.wait_for_status("/a/openapi.json", 404).await;
    home.config().write(&json!({"mcpServers": {"b": fake(&[])}}));
    witness.wait_ready("b").await;
    gateway.openapi("a").await.ok();
    assert_eq!(gateway.openapi("b").await.status, 404);
    witness.stop().await;
    gateway.stop().await;
}

/// A certificate and its key, PEM files.
fn self_signed(home: &Home) -> (PathBuf, PathBuf) {
    let (certificate, key) = (home.path("cert.pem"), home.path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl makes a certificate");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}

#[tokio::test]
async fn https_with_a_certificate() {
    let home = Home::new();
    let (certificate, key) = self_signed(&home);
    for (certificate_flag, key_flag) in [("--ssl-certfile", "--ssl-keyfile"), ("-t", "-K")] {
        let gateway = Gateway::builder(&home)
            .config(&json!({"mcpServers": {"a": fake(&[])}}))
            .arg(certificate_flag)
            .arg(&certificate)
            .arg(key_flag)
            .arg(&key)
            .start()
            .await;
        assert!(gateway.base().starts_with("https://"), "{}", gateway.base());
        gateway.wait_ready("a").await;
        assert_eq!(gateway.call("a", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn one_file_may_hold_certificate_and_key() {
    let home = Home::new();
    let (certificate, key) = self_signed(&home);
    let both = home.path("both.pem");
    let text = [&certificate, &key].map(|file| fs_err::read_to_string(file).unwrap()).concat();
    fs_err::write(&both, text).unwrap();
    home.config().write(&json!({"mcpServers": {"a": fake(&[])}}));
    let gateway = Gateway::builder(&home).config_file().arg("-t").arg(&both).start().await;
    assert!(gateway.base().starts_with("https://"), "{}", gateway.base());
    gateway.stop().await;
    // The certificate alone, and the key alone.
    let finished = Gateway::builder(&home).config_file().arg("-t").arg(&certificate).finish().await;
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("holds no private key"), "{}", finished.stderr);
    assert!(finished.stderr.contains("--ssl-keyfile"), "{}", finished.stderr);
    let finished = Gateway::builder(&home).config_file().arg("-K").arg(&key).finish().await;
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("`--ssl-keyfile` needs its certificate"), "{}", finished.stderr);
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset() {
    let home = Home::new();
    home.config().write(&json!({"mcpServers": {"a": fake(&[])}}));
    // As a compose file leaves them: `TRAYGATE_HOST=`.
    let help = Gateway::builder(&home).arg("--help").finish().await.stdout;
    let flags =
        help.lines().filter_map(|line| line.split_whitespace().find_map(|word| word.strip_prefix("--")));
    let variables: Vec<_> = flags
        .filter(|flag| *flag != "help" && !flag.is_empty())
        .map(|flag| (format!("TRAYGATE_{}", flag.replace('-', "_").to_uppercase()), ""))
        .collect();
    assert!(
        variables.len() > 20 && variables.iter().any(|(name, _)| name == "TRAYGATE_HOST"),
        "{variables:?}"
    );
    let empty =
        variables.into_iter().chain(["CONNECTION_TIMEOUT", "LOG_LEVEL"].map(|name| (name.to_owned(), "")));
    let gateway = Gateway::builder(&home).config_file().envs(empty).start().await;
    gateway.wait_ready("a").await;
    assert!(!gateway.stderr().contains("CONNECTION_TIMEOUT"), "{}", gateway.stderr());
    gateway.stop().await;
}

#[tokio::test]
async fn an_empty_key_on_the_command_line_is_refused() {
    let home = Home::new();
    let finished = Gateway::builder(&home).args(["--api-key", ""]).finish().await;
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("the key is empty"), "{}", finished.stderr);
}

#[tokio::test]
async fn connection_timeout_and_flags_come_from_the_environment() {
    let home = Home::new();
    let (silent, record) = traygate_tests::stdio(&home, "silent", &["--silent"]);
    home.config().write(&json!({"mcpServers": {"silent": silent, "a": fake(&[])}}));
    let gateway = Gateway::builder(&home)
        .env("TRAYGATE_CONFIG", home.config().path())
        .env("TRAYGATE_API_KEY", "from-environment")
        .env("CONNECTION_TIMEOUT", "1")
        .env("LOG_LEVEL", "ERROR")
        .start()
        .await;
    record.wait_for_count("start", 2).await;
    let request = |key: &str| gateway.bare_request(Method::GET, "/openapi.json").bearer_auth(key);
    assert_eq!(Answer::to(request("wrong")).await.status, 403);
    assert_eq!(Answer::to(request("from-environment")).await.status, 200);
    gateway.stop().await;
}

#[tokio::test]
async fn operation_ids_can_be_mcpos() {
    let home = Home::new();
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"a": fake(&[])}}))
        .arg("--mcpo-operation-ids")
        .start()
        .await;
    let document = gateway.wait_ready("a").await;
    assert_eq!(document["paths"]["/add"]["post"]["operationId"], "tool_add_post");
    gateway.stop().await;
}

#[tokio::test]
async fn version_alone_and_help_are_printed() {
    let home = Home::new();
    for flag in ["--version", "-v"] {
        let finished = Gateway::builder(&home).arg(flag).finish().await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(finished.stdout.contains(env!("CARGO_PKG_VERSION")), "{}", finished.stdout);
    }
    let finished = Gateway::builder(&home).arg("--help").finish().await;
    assert_eq!(finished.code, Some(0));
    let flags = [
        "--host",
        "--port",
        "--cors-allow-origins",
        "--api-key",
        "--strict-auth",
        "--env",
        "--env-path",
        "--type",
        "--config",
        "--hot-reload",
        "--name",
        "--description",
        "--version",
        "--ssl-certfile",
        "--ssl-keyfile",
        "--root-path",
        "--path-prefix",
        "--header",
        "--log-level",
        "--allowed-hosts",
        "--open-docs",
        "--mcpo-operation-ids",
        "--no-hot-reload",
    ];
    for flag in flags {
        assert!(finished.stdout.contains(flag), "{flag} is missing in --help");
    }
}

#[tokio::test]
async fn a_wrong_flag_is_a_usage_error() {
    let home = Home::new();
    let finished = Gateway::builder(&home).arg("--prot").finish().await;
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("--port"), "{}", finished.stderr);
}

#[tokio::test]
async fn check_tells_good_from_bad() {
    let home = Home::new();
    home.config().write(&json!({"mcpServers": {"a": fake(&[])}}));
    let check =
        || Gateway::builder(&home).arg("check").arg(home.config().path().as_os_str().to_owned()).finish();
    let finished = check().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    home.config().write(&json!({"mcpServers": {"a": fake(&["${NOT_SET_ANYWHERE}"])}}));
    let finished = check().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("variable `NOT_SET_ANYWHERE` is not set"), "{finished:?}");
    let told = Gateway::builder(&home)
        .args(["--env", "NOT_SET_ANYWHERE=1"])
        .config_file()
        .arg("check")
        .finish()
        .await;
    assert!(told.stdout.contains("Traygate serves this file as it is"), "{told:?}");
    home.config().write(&json!({"mcpServers": {"a": {"comand": "x"}}}));
    let finished = check().await;
    assert!(finished.code.is_some_and(|code| code != 0), "{finished:?}");
    assert!((finished.stdout + &finished.stderr).contains("comand"));
}
