use std::{future::poll_fn, pin::Pin, time::Duration};

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http::{Version, header, request::Parts};
use tokio::time::timeout;

/// The body of a request, read no further than it is needed.
pub(crate) struct Incoming {
    body: Body,
    version: Version,
    /// The caller sends nothing before it is told to (RFC 9110 §10.1.1), and it has not been told: that happens when the
    /// first bytes are asked for.
    waits: bool,
}

impl Incoming {
    /// How much of a body that nobody wants is read all the same, in bytes.
    const REST: usize = 64 * 1024 * 1024;
    /// For how long.
    const LINGER: Duration = Duration::from_secs(10);

    pub(crate) fn new(request: &Parts, body: Body) -> Self {
        let expect = request.headers.get(header::EXPECT);
        let waits = expect.is_some_and(|expect| expect.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Self { body, version: request.version, waits }
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, axum::Error>> {
        self.waits = false;
        loop {
            match poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await? {
                Ok(frame) => {
                    // What is no data are trailers, which mean nothing here.
                    if let Ok(bytes) = frame.into_data() {
                        return Some(Ok(bytes));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// What is left of it, for somebody else.
    pub(crate) fn take(&mut self) -> Body {
        std::mem::take(&mut self.body)
    }

    /// Reads on where an answer goes out before the body was wanted: many callers write all of it before they read, and
    /// closing on unread bytes resets the connection, answer and all (RFC 9112 §9.6). In HTTP/2 the stream alone ends.
    pub(crate) async fn linger(mut self) {
        if self.waits || self.version >= Version::HTTP_2 {
            return;
        }
        let drained = async {
            let mut left = Self::REST;
            while let Some(Ok(bytes)) = self.next().await
                && left > bytes.len()
            {
                left -= bytes.len();
            }
        };
        // A caller that takes longer has had its chance.
        let _ = timeout(Self::LINGER, drained).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    };

    use futures::stream;
    use http::Request;

    use super::*;

    const CHUNK: usize = 64 * 1024;

    /// A body without end, and how much of it was read.
    fn endless() -> (Body, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let chunks = stream::repeat_with(move || {
            counted.fetch_add(CHUNK, Relaxed);
            Ok::<_, std::io::Error>(vec![b' '; CHUNK])
        });
        (Body::from_stream(chunks), read)
    }

    fn incoming(version: Version, expect: Option<&str>, body: Body) -> Incoming {
        let mut request = Request::builder().version(version);
        if let Some(expect) = expect {
            request = request.header(header::EXPECT, expect);
        }
        Incoming::new(&request.body(()).unwrap().into_parts().0, body)
    }

    #[tokio::test]
    async fn an_endless_body_is_left_after_a_while() {
        let (body, read) = endless();
        incoming(Version::HTTP_11, None, body).linger().await;
        assert_eq!(read.load(Relaxed), Incoming::REST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_falls_silent_is_left_too() {
        let silent = stream::pending::<Result<Bytes, std::io::Error>>();
        incoming(Version::HTTP_11, None, Body::from_stream(silent)).linger().await;
    }

    #[tokio::test]
    async fn nothing_is_read_of_who_waits_and_in_http_2() {
        for (version, expect) in [(Version::HTTP_11, Some("100-Continue")), (Version::HTTP_2, None)] {
            let (body, read) = endless();
            incoming(version, expect, body).linger().await;
            assert_eq!(read.load(Relaxed), 0, "{version:?}");
        }
        // Who was told to go on does so.
        let (body, read) = endless();
        let mut begun = incoming(Version::HTTP_11, Some("100-continue"), body);
        assert!(begun.next().await.is_some_and(|chunk| chunk.is_ok()));
        begun.linger().await;
        assert_eq!(read.load(Relaxed), Incoming::REST + CHUNK);
    }
}
