//! What a caller that speaks plain HTTP/1.1 over a socket reads, who sends more than is wanted.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use traygate_tests::{Gateway, Home, fake};

/// More than the buffers of both sockets hold, so that somebody has to read it, and less than is read of a stranger.
const LONG: usize = 7 * 1024 * 1024;

async fn with_small_bodies(home: &Home) -> Gateway {
    let config = json!({"mcpServers": {"a": fake(&[])}, "traygate": {"maxBodySize": 1000}});
    let gateway = Gateway::builder(home).config(&config).api_key("k3y").start().await;
    gateway.wait_ready("a").await;
    gateway
}

/// Sends head and body whole before it reads; gives all that comes back until the connection ends.
async fn exchange(gateway: &Gateway, head: &str, body: impl IntoIterator<Item = &[u8]>) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
    let head = format!("POST /a/add HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    for part in body {
        socket.write_all(part).await.expect("somebody reads");
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("the connection is not reset");
    answer
}

#[tokio::test]
async fn who_writes_it_all_first_reads_why_it_was_refused() {
    let home = Home::new();
    let gateway = with_small_bodies(&home).await;
    let body = vec![b' '; LONG];
    let announced = format!("Content-Length: {LONG}");
    let answer = exchange(&gateway, &format!("Authorization: Bearer k3y\r\n{announced}"), [&body[..]]).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("payload-too-large"), "{answer}");
    // Whatever the refusal is.
    let answer = exchange(&gateway, &announced, [&body[..]]).await;
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("unauthorized"), "{answer}");
    let answer = exchange(&gateway, &format!("Origin: null\r\n{announced}"), [&body[..]]).await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("foreign-origin"), "{answer}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_length_that_was_not_announced_changes_nothing() {
    let home = Home::new();
    let gateway = with_small_bodies(&home).await;
    let (start, body, end) = (format!("{LONG:x}\r\n"), vec![b' '; LONG], b"\r\n0\r\n\r\n");
    let head = "Authorization: Bearer k3y\r\nTransfer-Encoding: chunked";
    let answer = exchange(&gateway, head, [start.as_bytes(), &body, end]).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("payload-too-large"), "{answer}");
    gateway.stop().await;
}

#[tokio::test]
async fn who_waits_to_be_told_is_told_before_it_sends() {
    let home = Home::new();
    let gateway = with_small_bodies(&home).await;
    let head = format!("Expect: 100-continue\r\nContent-Length: {LONG}\r\nAuthorization: Bearer");
    for (key, status) in [("k3y", "413"), ("wrong", "403")] {
        let answer = exchange(&gateway, &format!("{head} {key}"), []).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_connection_goes_on_after_a_refusal() {
    let home = Home::new();
    let gateway = with_small_bodies(&home).await;
    let next = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut socket =
        send(&gateway, "POST /a/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{").await;
    assert!(head(&mut socket).await.starts_with("HTTP/1.1 401 "));
    socket.write_all(b" }").await.unwrap();
    socket.write_all(next).await.unwrap();
    let mut rest = String::new();
    socket.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("HTTP/1.1 200 ") && rest.ends_with("ok\n"), "{rest}");
    gateway.stop().await;
}

/// The head of an answer, read while the connection stays open.
async fn head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.expect("the connection stays"));
    }
    String::from_utf8(head).unwrap()
}

async fn send(gateway: &Gateway, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
    socket.write_all(text.as_bytes()).await.unwrap();
    socket
}

/// [`Gateway::stop`] is what fails here: it wants the end within the 5 s that are promised.
#[tokio::test]
async fn whoever_still_sends_does_not_hold_up_the_end() {
    let home = Home::new();
    let gateway = with_small_bodies(&home).await;
    let post = "POST /a/add HTTP/1.1\r\nHost: localhost\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n2\r\n{ \r\n";
    // Refused, and read on for a while.
    let mut refused = send(&gateway, &format!("{post}{chunked}")).await;
    assert!(head(&mut refused).await.starts_with("HTTP/1.1 401 "));
    // Wanted: "100 Continue" says that the call waits for the body.
    let key = "Authorization: Bearer k3y\r\n";
    let mut half =
        send(&gateway, &format!("{post}{key}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n")).await;
    assert!(head(&mut half).await.starts_with("HTTP/1.1 100 "));
    half.write_all(b"{").await.unwrap();
    // Not even asked.
    let begun = send(&gateway, "POST /a/add HTTP/1.1\r\nHost: loc").await;
    let silent = send(&gateway, "").await;
    gateway.stop().await;
    drop((refused, half, begun, silent));
}
