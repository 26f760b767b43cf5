use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::BytesMut;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

use super::{
    outbox::{Out, Outbox},
    server::{Context, Reply, Server},
    start,
};

/// Serves one client on stdin and stdout until its input ends.
///
/// Made for benchmarks as well: everything that one read brings is answered with one write, on one thread.
pub(crate) async fn serve(server: Arc<Server>) {
    let mut input = stdin();
    let mut output = stdout();
    let (outbox, mut outgoing) = Outbox::new();
    server.add_listener(outbox.clone(), None);
    let initialized = AtomicBool::new(false);
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    let mut answers = Vec::with_capacity(64 * 1024);
    loop {
        tokio::select! {
            read = input.read_buf(&mut buffer) => {
                if !matches!(read, Ok(1..)) {
                    break;
                }
                while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                    let line = buffer.split_to(end + 1);
                    let Ok(line) = std::str::from_utf8(&line) else { continue };
                    if !line.trim().is_empty() {
                        take(&server, line, &outbox, &initialized, &mut answers);
                    }
                }
                if !flush(&mut output, &mut answers).await {
                    break;
                }
            }
            Some(out) = outgoing.recv() => {
                collect(out, &mut outgoing, &mut output, &mut answers).await;
                if !flush(&mut output, &mut answers).await {
                    break;
                }
            }
        }
    }
    server.note("end of input", || "null".into());
    if server.options.stubborn {
        start::outlive_the_end().await;
    }
}

fn take(server: &Arc<Server>, line: &str, outbox: &Outbox, initialized: &AtomicBool, answers: &mut Vec<u8>) {
    let context = Context { outbox, headers: &Value::Null, initialized: initialized.load(Ordering::Relaxed) };
    if !context.initialized && line.contains("notifications/initialized") {
        initialized.store(true, Ordering::Relaxed);
    }
    match server.answer(line, &context) {
        Reply::Nothing => {}
        Reply::Now(answer) => {
            answers.extend_from_slice(answer.as_bytes());
            answers.push(b'\n');
        }
        Reply::Later(answer) => {
            let outbox = outbox.clone();
            server.tracker.spawn(async move { outbox.send(answer.await) });
        }
    }
}

/// Takes all that waits to go out, so that it goes in one write.
async fn collect(
    first: Out,
    outgoing: &mut mpsc::UnboundedReceiver<Out>,
    output: &mut (impl AsyncWrite + Unpin),
    answers: &mut Vec<u8>,
) {
    let mut next = Some(first);
    while let Some(out) = next {
        match out {
            Out::Message(message) => {
                answers.extend_from_slice(message.as_bytes());
                answers.push(b'\n');
            }
            Out::Bytes(bytes) => answers.extend_from_slice(&bytes),
            Out::Flush(done) => {
                flush(output, answers).await;
                let _ = done.send(());
            }
        }
        next = outgoing.try_recv().ok();
    }
}

async fn flush(output: &mut (impl AsyncWrite + Unpin), answers: &mut Vec<u8>) -> bool {
    if answers.is_empty() {
        return true;
    }
    let written = output.write_all(answers).await.is_ok() && output.flush().await.is_ok();
    answers.clear();
    written
}

type Input = Box<dyn AsyncRead + Unpin>;
type Output = Box<dyn AsyncWrite + Unpin>;

/// stdin read by the event loop itself where it is a pipe or a socket pair: a blocking read takes a thread's hop each
/// time.
#[cfg(unix)]
pub(crate) fn stdin() -> Input {
    use std::os::fd::AsFd;
    use tokio::net::unix::pipe;

    let handle = || std::io::stdin().as_fd().try_clone_to_owned().expect("stdin is open");
    if let Ok(pipe) = pipe::Receiver::from_owned_fd(handle()) {
        return Box::new(pipe);
    }
    socket(handle()).map_or_else(|| Box::new(blocking(handle())) as Input, |socket| Box::new(socket))
}

#[cfg(unix)]
fn stdout() -> Output {
    use std::os::fd::AsFd;
    use tokio::net::unix::pipe;

    let handle = || std::io::stdout().as_fd().try_clone_to_owned().expect("stdout is open");
    if let Ok(pipe) = pipe::Sender::from_owned_fd(handle()) {
        return Box::new(pipe);
    }
    socket(handle()).map_or_else(|| Box::new(blocking(handle())) as Output, |socket| Box::new(socket))
}

#[cfg(unix)]
fn socket(handle: std::os::fd::OwnedFd) -> Option<tokio::net::UnixStream> {
    let stream = std::os::unix::net::UnixStream::from(handle);
    // Fails where it is no socket.
    stream.local_addr().ok()?;
    stream.set_nonblocking(true).ok()?;
    tokio::net::UnixStream::from_std(stream).ok()
}

#[cfg(windows)]
pub(crate) fn stdin() -> Input {
    use std::os::windows::io::AsHandle;
    Box::new(blocking(std::io::stdin().as_handle().try_clone_to_owned().expect("stdin is open")))
}

#[cfg(windows)]
fn stdout() -> Output {
    use std::os::windows::io::AsHandle;
    Box::new(blocking(std::io::stdout().as_handle().try_clone_to_owned().expect("stdout is open")))
}

fn blocking(handle: impl Into<std::fs::File>) -> tokio::fs::File {
    tokio::fs::File::from_std(handle.into())
}
