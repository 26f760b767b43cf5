use super::*;
use crate::fake::{FakeKeychain, Secret, server};

fn variables() -> HashMap<OsString, OsString> {
    HashMap::from([("HOME".into(), "/home/ada".into()), ("TOKEN".into(), "hunter2".into())])
}

async fn resolved(upstream: Upstream, secret: Secret) -> Result<ResolvedUpstream, ConnectError> {
    let mut entry = server("a", "run");
    entry.upstream = upstream;
    let keychain = FakeKeychain(std::sync::Mutex::new(secret));
    resolve(&entry, &variables(), &keychain).await.map(|resolved| resolved.upstream)
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
    let resolved = resolve(&entry, &variables(), &keychain).await.unwrap();
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
    let environment = Environment {
        variables: HashMap::from([("PATH".into(), folder.path().into()), ("GONE".into(), "/no/such".into())]),
        keychain: Keychain::system(),
        state_dir: None,
        guardian: None,
    };
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
