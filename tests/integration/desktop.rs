//! The tray application as a process, on a desktop of its own: a display, a D-Bus session, and a panel that reads its
//! menu and clicks in it.
//!
//! `./dev test` builds the program and names it in `TRAYGATE_DESKTOP_BIN`; without that these tests fail, and
//! nextest's default filter leaves them out.

mod session;

use std::{os::unix::fs::PermissionsExt, time::Duration};

use serde_json::json;
use tokio::{net::unix::pipe, process::Command, time::timeout};
use traygate_tests::{Home, eventually, eventually_some, fake};

use session::{Application, Session};

/// What Quit and SIGTERM promise.
const QUITS_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn the_menu_shows_address_and_servers_and_quit_ends_everything() {
    let mut session = Session::start(&[]).await;
    session.home().config().write(&json!({
        "mcpServers": {"demo": {"type": "demo"}, "fake_one": fake(&[]), "off": {"type": "demo", "disabled": true}}
    }));
    let mut traygate = session.launch(&["--port", "0", "--config", "config.json"]);

    session.wait_for_line("demo: Ready, ").await;
    session.wait_for_line("fake_one: Ready, ").await;
    let menu = session.menu().await.unwrap();
    let enabled = |label: &str| menu.iter().find(|line| line.label == label).map(|line| line.enabled);
    assert_eq!(enabled("off: Disabled"), Some(false));
    for action in ["Open docs", "Copy URL", "Quit"] {
        assert_eq!(enabled(action), Some(true), "{menu:?}");
    }

    let url = menu[0].label.clone();
    assert!(url.starts_with("http://127.0.0.1:") && !menu[0].enabled, "{menu:?}");
    // Fails only where another test of this process did it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let call = reqwest::Client::new().post(format!("{url}/demo/echo")).json(&json!({"text": "hello"}));
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("hello"));

    session.home().config().write(&json!({"mcpServers": {"demo": {"type": "demo"}, "fake_two": fake(&[])}}));
    session.wait_for_line("fake_two: Ready, ").await;
    assert!(session.menu().await.unwrap().iter().all(|line| !line.label.starts_with("fake_one")));

    assert!(session.click("Quit").await);
    assert_eq!(traygate.ended_within(QUITS_WITHIN).await, Some(0), "{}", traygate.stderr());
    nothing_is_left(&session, &traygate).await;
}

#[tokio::test]
async fn open_docs_and_copy_url_do_what_they_say() {
    let mut session = Session::start(&[]).await;
    session.home().config().write(&json!({"mcpServers": {"demo": {"type": "demo"}}}));
    let opened = session.home().path("opened");
    let (bin, path) = (session.home().path("tmp"), std::env::var("PATH").unwrap());
    let browser = bin.join("xdg-open");
    fs_err::write(&browser, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >>'{}'\n", opened.display())).unwrap();
    fs_err::set_permissions(&browser, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = session.command(&["--port", "0", "--config", "config.json"]);
    command.env("PATH", format!("{}:{path}", bin.display()));
    let mut traygate = Application::launch(command);
    session.wait_for_line("demo: Ready, ").await;
    let url = session.menu().await.unwrap()[0].label.clone();

    assert!(session.click("Open docs").await);
    eventually("the browser to be opened", async || {
        fs_err::read_to_string(&opened).is_ok_and(|text| text.ends_with('\n'))
    })
    .await;
    assert_eq!(fs_err::read_to_string(&opened).unwrap(), format!("{url}/docs\n"));

    assert!(session.click("Copy URL").await);
    eventually("the URL in the clipboard", async || session.clipboard().await == url).await;

    assert!(session.click("Quit").await);
    assert_eq!(traygate.ended_within(QUITS_WITHIN).await, Some(0), "{}", traygate.stderr());
}

#[tokio::test]
async fn a_config_file_that_hangs_does_not_keep_it_from_quitting() {
    let mut session = Session::start(&[]).await;
    let home = session.home().clone();
    home.config().write(&json!({"mcpServers": {"demo": {"type": "demo"}}}));
    let mut traygate = session.launch(&["--port", "0", "--config", "config.json"]);
    session.wait_for_line("demo: Ready, ").await;
    // As on a network drive that is gone: whoever reads waits for ever.
    let (pipe, config) = (home.path("pipe"), home.config().path().to_owned());
    assert!(Command::new("mkfifo").arg(&pipe).status().await.unwrap().success());
    fs_err::rename(&pipe, &config).unwrap();
    // Opens only once somebody reads; nothing is ever written.
    let _open = eventually_some("the config file to be read", async || {
        pipe::OpenOptions::new().open_sender(&config).ok()
    })
    .await;
    assert!(session.click("Quit").await);
    assert_eq!(traygate.ended_within(2 * QUITS_WITHIN).await, Some(0), "{}", traygate.stderr());
    nothing_is_left(&session, &traygate).await;
}

#[tokio::test]
async fn sigterm_quits_as_the_menu_does() {
    let mut session = Session::start(&[]).await;
    session.home().config().write(&json!({"mcpServers": {"fake": fake(&[])}}));
    let mut traygate = session.launch(&["--port", "0", "--config", "config.json"]);
    session.wait_for_line("fake: Ready, ").await;
    traygate.terminate();
    assert_eq!(traygate.ended_within(QUITS_WITHIN).await, Some(0), "{}", traygate.stderr());
    nothing_is_left(&session, &traygate).await;
}

#[tokio::test]
async fn a_second_instance_ends_and_leaves_the_first_alone() {
    let mut session = Session::start(&[]).await;
    let mut first = session.launch(&["--port", "0"]);
    session.wait_for_line("demo: Ready, ").await;
    let mut second = session.launch(&["--port", "0"]);
    assert_eq!(second.ended_within(QUITS_WITHIN).await, Some(0), "{}", second.stderr());
    assert!(!second.stderr().contains("serves at"), "{}", second.stderr());
    assert_eq!(session.icons().await, 1);
    assert!(session.click("Quit").await);
    assert_eq!(first.ended_within(QUITS_WITHIN).await, Some(0), "{}", first.stderr());
}

#[tokio::test]
async fn a_first_run_writes_a_config_and_passes_the_smoke_test() {
    let session = Session::start(&[]).await;
    let mut traygate = session.launch(&["--port", "0", "--smoke"]);
    assert_eq!(traygate.ended_within(Duration::from_secs(30)).await, Some(0), "{}", traygate.stderr());
    let starter = fs_err::read_to_string(session.home().path("config/traygate/config.jsonc")).unwrap();
    assert!(starter.contains(r#""type": "demo""#), "{starter}");
}

#[tokio::test]
async fn a_desktop_without_a_tray_is_served_and_told_so() {
    let session = Session::start(&["--blind"]).await;
    let mut traygate = session.launch(&["--port", "0"]);
    eventually("the missing tray on stderr", async || traygate.stderr().contains("no panel of this desktop"))
        .await;
    assert!(traygate.stderr().contains("serves at http://127.0.0.1:"), "{}", traygate.stderr());
    traygate.terminate();
    assert_eq!(traygate.ended_within(QUITS_WITHIN).await, Some(0), "{}", traygate.stderr());
}

#[tokio::test]
async fn a_session_without_a_bus_is_served_and_told_so() {
    let session = Session::start(&[]).await;
    let mut command = session.command(&["--port", "0", "--smoke"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    let mut traygate = Application::launch(command);
    assert_eq!(traygate.ended_within(Duration::from_secs(30)).await, Some(0), "{}", traygate.stderr());
    assert!(traygate.stderr().contains("this session has no D-Bus"), "{}", traygate.stderr());
}

#[tokio::test]
async fn without_an_icon_it_serves_and_says_so() {
    let mut session = Session::start(&[]).await;
    // The icon's picture goes into a folder of this name.
    fs_err::write(session.home().path("run/tray-icon"), "").unwrap();
    let mut traygate = session.launch(&["--port", "0"]);
    eventually("the missing icon on stderr", async || traygate.stderr().contains("icon could not be made"))
        .await;
    let stderr = traygate.stderr();
    let (_, url) = stderr.split_once("serves at ").unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let answer = reqwest::get(format!("{}/-/healthy", url.lines().next().unwrap())).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(session.icons().await, 0);
    traygate.terminate();
    assert_eq!(traygate.ended_within(QUITS_WITHIN).await, Some(0), "{}", traygate.stderr());
    let mut traygate = session.launch(&["--port", "0", "--smoke"]);
    assert_eq!(traygate.ended_within(Duration::from_secs(30)).await, Some(1), "{}", traygate.stderr());
}

#[tokio::test]
async fn without_the_library_for_icons_it_serves_and_says_which() {
    let session = Session::start(&[]).await;
    // What stands first on the path and is no library ends the search of the system's loader.
    for library in ["libayatana-appindicator3", "libappindicator3"] {
        for name in [format!("{library}.so.1"), format!("{library}.so")] {
            fs_err::write(session.home().path("tmp").join(name), "no library".repeat(100)).unwrap();
        }
    }
    let mut command = session.command(&["--port", "0"]);
    command.env("LD_LIBRARY_PATH", session.home().path("tmp"));
    let mut traygate = Application::launch(command);
    eventually("the missing library on stderr", async || {
        traygate.stderr().contains("icon could not be made")
    })
    .await;
    assert!(traygate.stderr().contains("libayatana-appindicator3"), "{}", traygate.stderr());
    let stderr = traygate.stderr();
    let (_, url) = stderr.split_once("serves at ").unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let answer = reqwest::get(format!("{}/-/healthy", url.lines().next().unwrap())).await.unwrap();
    assert_eq!(answer.status(), 200);
    traygate.terminate();
    assert_eq!(traygate.ended_within(QUITS_WITHIN).await, Some(0), "{}", traygate.stderr());
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset() {
    let session = Session::start(&[]).await;
    let mut command = session.command(&["--port", "0", "--smoke"]);
    command.env("TRAYGATE_CONFIG", "").env("TRAYGATE_LOG_LEVEL", "");
    let mut traygate = Application::launch(command);
    assert_eq!(traygate.ended_within(Duration::from_secs(30)).await, Some(0), "{}", traygate.stderr());
}

#[tokio::test]
async fn log_levels_have_pythons_names_too() {
    let session = Session::start(&[]).await;
    session.home().config().write(&json!({"mcpServers": {}, "traygate": {"logLevel": "WARNING"}}));
    let mut quiet = session.command(&["--port", "0", "--smoke"]);
    quiet.env("TRAYGATE_LOG_LEVEL", "WARNING");
    let mut asked = session.command(&["--port", "0", "--smoke", "--config", "config.json"]);
    asked.env("TRAYGATE_LOG_LEVEL", "info");
    let configured = session.command(&["--port", "0", "--smoke", "--config", "config.json"]);
    for (command, says) in [(quiet, false), (configured, false), (asked, true)] {
        let mut traygate = Application::launch(command);
        assert_eq!(traygate.ended_within(Duration::from_secs(30)).await, Some(0), "{}", traygate.stderr());
        assert_eq!(traygate.stderr().contains("serves at"), says, "{}", traygate.stderr());
    }
}

#[tokio::test]
async fn why_it_cannot_start_is_shown_and_logged() {
    let session = Session::start(&[]).await;
    fs_err::write(session.home().path("config.json"), "{ no").unwrap();
    let mut traygate = session.launch(&["--port", "0", "--config", "config.json"]);
    eventually("a dialog", async || session.windows().await.contains("\"Traygate\"")).await;
    assert!(traygate.stderr().contains("config.json:1:"), "{}", traygate.stderr());
    let log = fs_err::read_dir(session.home().path("state/traygate/log")).unwrap().next().unwrap().unwrap();
    assert!(fs_err::read_to_string(log.path()).unwrap().contains("config.json:1:"));
    traygate.terminate();
    assert_eq!(traygate.ended_within(QUITS_WITHIN).await, None, "{}", traygate.stderr());
}

#[tokio::test]
async fn without_a_display_it_names_the_program_to_use() {
    let session = Session::start(&[]).await;
    let mut command = session.command(&["--port", "0"]);
    command.env_remove("DISPLAY");
    let output = timeout(QUITS_WITHIN, command.output()).await.unwrap().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("There is no display") && stderr.contains("Run `traygate`"), "{stderr}");
}

/// Of all that the application started: fake servers and the guardian.
async fn nothing_is_left(session: &Session, traygate: &Application) {
    let home: &Home = session.home();
    eventually("every process of Traygate to be gone", async || {
        let left = home.processes();
        left.iter().all(|process| !traygate.names(&process.command) && !process.command.contains("fake-mcp"))
    })
    .await;
}
