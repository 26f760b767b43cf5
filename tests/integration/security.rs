//! X01-X06: who may call, from where.

use reqwest::Method;
use serde_json::json;
use traygate_tests::{Answer, Gateway, Home, fake};

async fn with_key(home: &Home) -> Gateway {
    let gateway =
        Gateway::builder(home).config(&json!({"mcpServers": {"a": fake(&[])}})).api_key("k3y").start().await;
    gateway.wait_ready("a").await;
    gateway
}

async fn without_key(home: &Home) -> Gateway {
    let gateway = Gateway::start(home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    gateway
}

#[tokio::test]
async fn x01_a_foreign_host_is_refused() {
    let home = Home::new();
    let gateway = without_key(&home).await;
    let as_host = |host: String| gateway.request(Method::GET, "/a/openapi.json").header("Host", host);
    for host in ["evil.example", "127.0.0.1.evil.example", "evil.example:80"] {
        let answer = Answer::to(as_host(host.into())).await;
        assert!([403, 421].contains(&answer.status.as_u16()), "{host}: {}", answer.status);
    }
    for host in ["127.0.0.1", "localhost", "host.docker.internal", "host.containers.internal", "[::1]"] {
        let answer = Answer::to(as_host(format!("{host}:{}", gateway.port()))).await;
        assert_eq!(answer.status, 200, "{host}: {}", answer.text);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn x01_allowed_hosts_lets_a_name_in() {
    let home = Home::new();
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"a": fake(&[])}}))
        .args(["--allowed-hosts", "tools.example"])
        .start()
        .await;
    gateway.wait_ready("a").await;
    let answer =
        Answer::to(gateway.request(Method::GET, "/a/openapi.json").header("Host", "tools.example")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    gateway.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn x01_the_machines_own_name_is_known() {
    let home = Home::new();
    let gateway = without_key(&home).await;
    let name = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap();
    for host in [name.trim().to_owned(), format!("{}.local", name.trim().to_uppercase())] {
        let request = gateway.request(Method::GET, "/a/openapi.json").header("Host", &host);
        assert_eq!(Answer::to(request).await.status, 200, "{host}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn x02_a_foreign_origin_is_refused_and_gets_no_cors_header() {
    let home = Home::new();
    let gateway = without_key(&home).await;
    for origin in ["http://evil.example", "null", "http://localhost:3000"] {
        let request = gateway.request(Method::POST, "/a/add").header("Origin", origin);
        let answer = Answer::to(request.json(&json!({"a": 1, "b": 1}))).await;
        assert_eq!(answer.status, 403, "{origin}: {}", answer.text);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
    gateway.stop().await;
}

/// Whoever runs the network may answer for these names with a page of theirs first, and with this machine's then.
#[tokio::test]
async fn x02_without_a_key_a_name_that_the_network_decides_has_no_pages_here() {
    let home = Home::new();
    let gateway = without_key(&home).await;
    let call = |host: &str| gateway.request(Method::POST, "/a/add").header("Host", host);
    for host in ["host.docker.internal", "host.containers.internal"] {
        let page = call(host).header("Origin", format!("http://{host}"));
        assert_eq!(Answer::to(page.json(&json!({"a": 1, "b": 1}))).await.status, 403, "{host}");
        let program = call(host).json(&json!({"a": 1, "b": 1}));
        assert_eq!(Answer::to(program).await.ok(), "2", "{host}");
    }
    for host in ["localhost", "127.0.0.1:8000"] {
        let page = call(host).header("Origin", format!("http://{host}"));
        assert_eq!(Answer::to(page.json(&json!({"a": 1, "b": 1}))).await.ok(), "2", "{host}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn x02_a_loopback_origin_may_call_where_a_key_is_set() {
    let home = Home::new();
    let gateway = with_key(&home).await;
    let origin = "http://localhost:3000";
    // Open WebUI in the browser: preflight with the headers it asks for, then the call.
    let preflight = gateway
        .bare_request(Method::OPTIONS, "/a/add")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,content-type,x-session-id");
    let answer = Answer::to(preflight).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    let allowed = answer.header("access-control-allow-headers").to_lowercase();
    for name in ["authorization", "content-type", "x-session-id"] {
        assert!(allowed.contains(name), "{allowed}");
    }
    let call =
        gateway.request(Method::POST, "/a/add").header("Origin", origin).json(&json!({"a": 1, "b": 1}));
    let answer = Answer::to(call).await;
    assert_eq!(answer.ok(), "2");
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    // On errors as well, or a browser hides them.
    let error = Answer::to(gateway.request(Method::POST, "/a/none").header("Origin", origin)).await;
    assert_eq!(error.status, 404);
    assert_eq!(error.header("access-control-allow-origin"), origin);
    let keyless = Answer::to(gateway.bare_request(Method::POST, "/a/add").header("Origin", origin)).await;
    assert_eq!(keyless.status, 401);
    assert_eq!(keyless.header("access-control-allow-origin"), origin);
    let foreign =
        Answer::to(gateway.request(Method::POST, "/a/add").header("Origin", "http://evil.example")).await;
    assert_eq!(foreign.status, 403);
    gateway.stop().await;
}

#[tokio::test]
async fn x02_listed_origins_may_call() {
    let home = Home::new();
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"a": fake(&[])}}))
        .args(["--cors-allow-origins", "https://chat.example"])
        .start()
        .await;
    gateway.wait_ready("a").await;
    let call = |origin: &str| {
        gateway.request(Method::POST, "/a/add").header("Origin", origin).json(&json!({"a": 1, "b": 1}))
    };
    let answer = Answer::to(call("https://chat.example")).await;
    assert_eq!(answer.ok(), "2");
    assert_eq!(answer.header("access-control-allow-origin"), "https://chat.example");
    assert_eq!(Answer::to(call("https://other.example")).await.status, 403);
    gateway.stop().await;
}

#[tokio::test]
async fn x03_documents_and_docs_need_the_key_unless_opened() {
    let home = Home::new();
    let gateway = with_key(&home).await;
    let pages = ["/a/openapi.json", "/openapi.json", "/a/docs", "/docs"];
    for path in pages {
        assert_eq!(Answer::to(gateway.bare_request(Method::GET, path)).await.status, 401, "{path}");
        assert_eq!(gateway.get(path).await.status, 200, "{path}");
    }
    gateway.stop().await;

    let gateway = Gateway::builder(&home).config_file().api_key("k3y").arg("--open-docs").start().await;
    gateway.wait_ready("a").await;
    for path in pages {
        assert_eq!(Answer::to(gateway.bare_request(Method::GET, path)).await.status, 200, "{path}");
    }
    assert_eq!(Answer::to(gateway.bare_request(Method::POST, "/a/add")).await.status, 401);
    gateway.stop().await;
}

#[tokio::test]
async fn x04_the_key_is_accepted_as_bearer_and_as_password() {
    let home = Home::new();
    let gateway = with_key(&home).await;
    let call = || gateway.bare_request(Method::POST, "/a/add").json(&json!({"a": 1, "b": 1}));
    assert_eq!(Answer::to(call().bearer_auth("k3y")).await.ok(), "2");
    assert_eq!(Answer::to(call().basic_auth("anyone", Some("k3y"))).await.ok(), "2");
    assert_eq!(Answer::to(call()).await.status, 401);
    assert_eq!(Answer::to(call().bearer_auth("wrong")).await.status, 403);
    assert_eq!(Answer::to(call().basic_auth("k3y", Some("wrong"))).await.status, 403);
    gateway.stop().await;
}

#[tokio::test]
async fn x05_the_default_bind_is_loopback() {
    let home = Home::new();
    let gateway = without_key(&home).await;
    let wanted = format!(":{:04X}", gateway.port());
    let sockets =
        fs_err::read_to_string("/proc/net/tcp").unwrap() + &fs_err::read_to_string("/proc/net/tcp6").unwrap();
    let bound: Vec<&str> = sockets
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        // 0A: listening.
        .filter(|fields| fields.len() > 3 && fields[3] == "0A" && fields[1].ends_with(&wanted))
        .map(|fields| fields[1].split_once(':').unwrap().0)
        .map(|address| if address == "0100007F" { "127.0.0.1" } else { "elsewhere" })
        .collect();
    assert_eq!(bound, ["127.0.0.1"]);
    gateway.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn x05_every_address_of_a_list_is_served() {
    let home = Home::new();
    let hosts = ["127.0.0.1", "127.0.0.2"];
    let config = json!({"mcpServers": {"a": fake(&[])}, "traygate": {"host": hosts}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("a").await;
    for (host, expected) in [(hosts[0], true), (hosts[1], true), ("127.0.0.3", false)] {
        let (client, request) = gateway.request(Method::GET, "/a/openapi.json").build_split();
        let mut request = request.unwrap();
        request.url_mut().set_host(Some(host)).unwrap();
        let answer = client.execute(request).await;
        assert_eq!(answer.is_ok_and(|answer| answer.status() == 200), expected, "{host}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn x05_a_keyless_bind_beyond_loopback_is_refused_with_the_reason() {
    let home = Home::new();
    let config = json!({"mcpServers": {"a": fake(&[])}});
    for host in ["0.0.0.0", "::"] {
        let builder = Gateway::builder(&home).config(&config);
        let finished = builder.args(["--port", "0", "--host", host]).finish().await;
        assert!(finished.code.is_some_and(|code| code != 0), "{host}: {finished:?}");
        assert!(finished.stderr.contains("--api-key"), "{host}: {}", finished.stderr);
    }
    let gateway =
        Gateway::builder(&home).config(&config).args(["--host", "0.0.0.0"]).api_key("k3y").start().await;
    gateway.wait_ready("a").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_broken_key_in_the_file_is_not_served_without_one() {
    let home = Home::new();
    for broken in [json!({}), json!([]), json!("")] {
        let config = json!({"mcpServers": {}, "traygate": {"apiKey": broken}});
        let finished = Gateway::builder(&home).config(&config).args(["--port", "0"]).finish().await;
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.contains("`apiKey` in `traygate`"), "{}", finished.stderr);
    }
    // On reload: what was in force stays.
    let gateway = without_key(&home).await;
    home.config().write(&json!({"mcpServers": {"new": fake(&[])}, "traygate": {"apiKey": {}}}));
    gateway.wait_for_stderr("what it said before stays in force").await;
    assert_eq!(gateway.openapi("new").await.status, 404);
    gateway.stop().await;
}

#[tokio::test]
async fn x06_keys_compare_whole_and_trimmed() {
    let home = Home::new();
    let gateway = with_key(&home).await;
    let call = |value: &str| {
        let request = gateway.bare_request(Method::POST, "/a/add").header("Authorization", value);
        Answer::to(request.json(&json!({"a": 1, "b": 1})))
    };
    for near in ["Bearer k3", "Bearer k3yy", "Bearer K3Y", "Bearer", "Bearer k3y k3y", "k3y"] {
        assert!([401, 403].contains(&call(near).await.status.as_u16()), "{near}");
    }
    // Open WebUI sends the key untrimmed when it fetches documents.
    for same in ["Bearer  k3y", "bearer k3y", "Bearer k3y "] {
        assert_eq!(call(same).await.status, 200, "{same}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn secrets_stay_out_of_the_log() {
    let home = Home::new();
    let mut entry = fake(&["--complain-of", "TOKEN"]);
    entry["env"] = json!({"TOKEN": "${SECRET_VALUE}"});
    let mut refused = fake(&["--complain-of", "TOKEN", "--exit-at-start", "1"]);
    refused["env"] = entry["env"].clone();
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"a": entry, "refused": refused}}))
        .env("SECRET_VALUE", "s3cret-expanded")
        .args(["--log-level", "DEBUG"])
        .api_key("s3cret-key")
        .start()
        .await;
    gateway.wait_ready("a").await;
    assert_eq!(gateway.call("a", "environment", json!({"name": "TOKEN"})).await.ok(), "s3cret-expanded");
    gateway.wait_for_refusal("/refused/openapi.json", 503, "invalid token ***").await;
    let answer = gateway.call("refused", "echo", json!({})).await;
    assert!(answer.message(503).contains("invalid token ***"), "{}", answer.text);
    assert!(!answer.text.contains("s3cret"), "{}", answer.text);
    let wrong = gateway.bare_request(Method::POST, "/a/add").bearer_auth("s3cret-wrong");
    assert_eq!(Answer::to(wrong).await.status, 403);
    assert!(!gateway.stderr().contains("s3cret"), "{}", gateway.stderr());
    gateway.stop().await;
}

/// As many callers as there may be open files, who say nothing.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn callers_that_cannot_be_let_in_are_said_and_served_when_there_is_room() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let home = Home::new();
    let gateway = without_key(&home).await;
    let pid = i32::try_from(gateway.pid()).unwrap();
    let open = fs_err::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let room = Rlimit { current: Some(open as u64 + 8), maximum: Some(open as u64 + 8) };
    prlimit(Pid::from_raw(pid), Resource::Nofile, room).unwrap();
    // The system takes them into its queue.
    let silent: Vec<_> = (0..40)
        .map(|_| std::net::TcpStream::connect(("127.0.0.1", gateway.port())).expect("a connection"))
        .collect();
    gateway.wait_for_stderr("no connection can be accepted").await;
    drop(silent);
    assert_eq!(gateway.call("a", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    gateway.stop().await;
}
