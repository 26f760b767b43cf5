use super::*;
use crate::fake::{FakeKeychain, FakeSignIns, Secret, http_server, server};

fn variables() -> HashMap<OsString, OsString> {
    HashMap::from([("HOME".into(), "/home/ada".into()), ("TOKEN".into(), "hunter2".into())])
}

async fn resolved(upstream: Upstream, secret: Secret) -> Result<ResolvedUpstream, ConnectError> {
    let mut entry = server("a", "run");
    entry.upstream = upstream;
    let keychain = FakeKeychain(std::sync::Mutex::new(secret));
    resolve(&entry, &variables(), &keychain, &FakeSignIns::default()).await.map(|resolved| resolved.upstream)
}

fn http(url: &str, headers: &[(&str, &str)]) -> Upstream {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), Template::new(value))).collect();
    Upstream::StreamableHttp(HttpUpstream { url: Template::new(url), headers })
}

fn stdio(command: &str, args: &[&str], env: &[(&str, &str)]) -> Upstream {
    Upstream::Stdio(StdioUpstream {
        command: Template::new(command),
        args: args.iter().map(|&argument| Template::new(argument)).collect(),
        env: env.iter().map(|&(name, value)| (name.to_owned(), Template::new(value))).collect(),
        cwd: Some(Template::new("${HOME}/work")),
    })
}

fn refusal(result: Result<ResolvedUpstream, ConnectError>) -> String {
    match result {
        Err(ConnectError::Permanent(reason)) => reason.to_string(),
        Err(error) => panic!("not for good: {error}"),
        Ok(_) => panic!("resolved"),
    }
}

#[tokio::test]
async fn a_command_gets_its_values_and_our_environment_under_its_own() {
    let upstream =
        stdio("${HOME}/bin/run", &["--key", "${keychain:key}"], &[("HOME", "/tmp"), ("KEY", "${TOKEN}!")]);
    let Ok(ResolvedUpstream::Stdio(command)) = resolved(upstream, Ok(Some("s3cret"))).await else {
        panic!("no command")
    };
    assert_eq!(command.command, "/home/ada/bin/run");
    assert_eq!(command.args, ["--key", "s3cret"]);
    assert_eq!(command.cwd, Some("/home/ada/work".into()));
    assert_eq!(command.env[OsStr::new("HOME")], "/tmp");
    assert_eq!(command.env[OsStr::new("KEY")], "hunter2!");
    assert_eq!(command.env[OsStr::new("TOKEN")], "hunter2");
}

#[tokio::test]
async fn header_values_are_marked_sensitive() {
    let upstream = http("https://example.com/${TOKEN}", &[("Authorization", "Bearer ${keychain:key}")]);
    let Ok(ResolvedUpstream::StreamableHttp(http)) = resolved(upstream, Ok(Some("s3cret"))).await else {
        panic!("no URL")
    };
    assert_eq!(http.url.as_str(), "https://example.com/hunter2");
    assert_eq!(http.headers["authorization"], "Bearer s3cret");
    assert!(http.headers["authorization"].is_sensitive());
}

#[tokio::test]
async fn what_stands_for_nothing_is_said_with_its_place() {
    let told = refusal(resolved(stdio("run", &["a", "${GONE}"], &[]), Ok(None)).await);
    assert!(told.starts_with("in its `args[1]`, the environment variable `GONE` is not set."), "{told}");
    let told = refusal(resolved(stdio("run", &[], &[("KEY", "${keychain:gone}")]), Ok(None)).await);
    assert!(told.starts_with("in its `env.KEY`, the keychain holds no secret `gone`"), "{told}");
    let told = refusal(resolved(http("https://example.com", &[("X-Key", "${oops")]), Ok(None)).await);
    assert!(told.starts_with("in its `headers.X-Key`, `${oops` is not a reference"), "{told}");
}

#[tokio::test]
async fn a_bad_url_or_header_is_refused_without_its_value() {
    for (upstream, expected) in [
        (http("${TOKEN}", &[]), "its `url` is not a URL"),
        (http("ftp://example.com/${TOKEN}", &[]), "its `url` must begin with"),
        (
            http("https://example.com", &[("X Key", "${TOKEN}")]),
            "`X Key` in its `headers` is not a header's name",
        ),
        (
            http("https://example.com", &[("X-Key", "${TOKEN}\n-")]),
            "the value of its `headers.X-Key` holds a character",
        ),
    ] {
        let told = refusal(resolved(upstream, Ok(None)).await);
        assert!(told.starts_with(expected), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[tokio::test]
async fn a_keychain_that_does_not_answer_is_worth_another_try() {
    for error in [KeychainError::Locked, KeychainError::Timeout(5), KeychainError::NoSession] {
        let words = format!("{error}. {}", error.hint());
        let failed = resolved(http("https://example.com", &[("X-Key", "${keychain:key}")]), Err(error)).await;
        let Err(ConnectError::Transient(reason)) = failed else { panic!("not transient") };
        assert!(reason.contains("secret `key`") && reason.ends_with(&words), "{reason}");
    }
}

async fn redacted(upstream: Upstream, text: &str) -> String {
    let mut entry = server("a", "run");
    entry.upstream = upstream;
    let keychain = FakeKeychain(std::sync::Mutex::new(Ok(Some("s3cret-key"))));
    let resolved = resolve(&entry, &variables(), &keychain, &FakeSignIns::default()).await.unwrap();
    resolved.redaction.apply(text).into_owned()
}

#[tokio::test]
async fn the_values_of_references_env_and_headers_are_hidden() {
    let upstream = stdio("run", &["--key=${keychain:key}", "plainly said"], &[("KEY", "literally-secret")]);
    let text = "s3cret-key literally-secret plainly said in /home/ada";
    assert_eq!(redacted(upstream, text).await, "*** *** plainly said in /home/ada");
    let upstream = stdio("run", &[], &[("DB_PASSWORD", "tiger"), ("LEVEL", "debug")]);
    assert_eq!(redacted(upstream, "tiger at level debug").await, "*** at level debug");
    let upstream = http(
        "https://example.com/${keychain:key}/${GONE:-by default}",
        &[("Authorization", "Bearer literally-secret")],
    );
    let text = "s3cret-key literally-secret, by default";
    assert_eq!(redacted(upstream, text).await, "*** ***, ***");
}

#[test]
fn what_is_not_on_this_machine_is_found_out_without_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [("PATH".into(), folder.path().into()), ("GONE".into(), "/no/such".into())];
    let environment = Environment::new(HashMap::from(variables), None);
    let said = |command: &str, cwd: Option<&str>, value: &str| {
        let stdio = StdioUpstream {
            command: Template::new(command),
            args: vec![Template::new("${keychain:a}")],
            env: [("TOKEN".to_owned(), Template::new(value))].into_iter().collect(),
            cwd: cwd.map(Template::new),
        };
        not_found(&stdio, &environment)
    };
    let own = std::env::current_exe().expect("a program");
    let own = own.to_str().expect("text");
    assert_eq!(said(own, None, "${keychain:b}"), None);
    let npx = said("npx", None, "${keychain:b}").expect("a reason");
    assert!(npx.starts_with("command `npx` was not found. Install Node.js"), "{npx}");
    let relative = said("./server.sh", folder.path().to_str(), "x").expect("a reason");
    assert!(relative.contains("`./server.sh` does not exist"), "{relative}");
    let cwd = said(own, Some("${GONE}"), "x").expect("a reason");
    assert!(cwd.contains("its folder `/no/such` does not exist"), "{cwd}");
    assert_eq!(said("npx", None, "${UNSET}"), None, "nothing is known of it");
}

fn with_oauth(block: &serde_json::Value) -> Server {
    let file = serde_json::json!({"mcpServers": {"a": {"url": "https://example.com/mcp", "oauth": block}}});
    let config = traygate_config::parse(&file.to_string()).config.expect("a config");
    match config.servers.into_values().next() {
        Some(traygate_config::Entry::Valid(server)) => *server,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_without_an_authorization_of_its_own_has_a_sign_in() {
    let sign_ins = FakeSignIns::default();
    let sign_in = async |entry: Server| {
        let keychain = FakeKeychain::default();
        let resolved = resolve(&entry, &variables(), &keychain, &sign_ins).await.unwrap();
        resolved.upstream.sign_in().is_some()
    };
    assert!(sign_in(http_server("a", &[("X-Key", "k")])).await);
    assert!(!sign_in(http_server("b", &[("AUTHORIZATION", "Bearer k")])).await);
    assert!(!sign_in(server("c", "run")).await);
    let asked = sign_ins.asked.lock().unwrap();
    let [(id, options)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((id.name.as_str(), id.url.as_str()), ("a", "https://example.com/mcp"));
    assert_eq!(options.flow, traygate_auth::Flow::Browser);
}

#[tokio::test]
async fn an_oauth_block_is_read_with_its_values_and_its_secret_is_hidden() {
    use traygate_auth::{Flow, Grant, RedirectHost, ResourceIndicator, StorageType};
    let entry = with_oauth(&serde_json::json!({
        "server_url": "https://${TOKEN}.example.com", "use_loopback": false, "grant": "client_credentials",
        "storage_type": "file", "client_id": "id", "client_secret": "${keychain:secret}", "callback_port": 3030,
        "redirect_host": "localhost", "scope": "a b", "resource": "api://x", "allow_private_addresses": true,
        "client_metadata": { "client_name": "mine", "redirect_uris": ["http://localhost:3030/callback"] },
    }));
    let (keychain, sign_ins) =
        (FakeKeychain(std::sync::Mutex::new(Ok(Some("s3cr")))), FakeSignIns::default());
    let resolved = resolve(&entry, &variables(), &keychain, &sign_ins).await.unwrap();
    assert_eq!(resolved.redaction.apply("s3cr is wrong"), "*** is wrong");
    let asked = sign_ins.asked.lock().unwrap();
    let options = &asked[0].1;
    assert_eq!(options.server_url.as_ref().unwrap().as_str(), "https://hunter2.example.com/");
    assert_eq!((options.flow, options.grant), (Flow::Manual, Grant::ClientCredentials));
    assert_eq!((options.storage, options.redirect_host), (Some(StorageType::File), RedirectHost::Localhost));
    assert_eq!(options.client_secret.as_ref().unwrap().expose_secret(), "s3cr");
    assert_eq!((options.client_id.as_deref(), options.callback_port), (Some("id"), Some(3030)));
    assert_eq!(options.scope.as_ref().unwrap().to_string(), "a b");
    assert_eq!(options.resource, ResourceIndicator::Value("api://x".into()));
    assert!(options.allow_private_addresses);
    assert_eq!(options.client_metadata.client_name.as_deref(), Some("mine"));
    assert_eq!(options.client_metadata.redirect_uris[0].port(), Some(3030));
}

#[tokio::test]
async fn a_malformed_oauth_value_is_named_and_not_repeated() {
    for (block, expected) in [
        (serde_json::json!({"server_url": "${TOKEN}"}), "its `oauth.server_url` must be a URL."),
        (serde_json::json!({"client_id": "${UNSET}"}), "in its `oauth.client_id`, "),
    ] {
        let (keychain, sign_ins) = (FakeKeychain::default(), FakeSignIns::default());
        let result = resolve(&with_oauth(&block), &variables(), &keychain, &sign_ins).await;
        let reason = refusal(result.map(|resolved| resolved.upstream));
        assert!(reason.starts_with(expected) && !reason.contains("hunter2"), "{reason}");
    }
}
