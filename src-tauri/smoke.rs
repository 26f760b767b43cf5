use std::{io, net::SocketAddr, time::Duration};

use tauri::AppHandle;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Asks the gateway whether it is healthy, and quits with the answer.
pub(crate) async fn test(app: AppHandle, address: SocketAddr) {
    let health = timeout(Duration::from_secs(10), health(address)).await;
    let code = match health.map_err(io::Error::from).flatten() {
        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => 0,
        Ok(answer) => {
            tracing::error!("/-/healthy answered `{}`", answer.lines().next().unwrap_or_default());
            1
        }
        Err(error) => {
            tracing::error!("/-/healthy did not answer: {error}");
            1
        }
    };
    app.exit(code);
}

async fn health(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /-/healthy HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
