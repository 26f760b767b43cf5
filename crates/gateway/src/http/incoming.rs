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
    /// How much of it is read where nobody wants it, in bytes.
    rest: usize,
    /// Nothing of it is left, or to be waited for.
    is_over: bool,
}

/// Why a body did not arrive whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// The connection ended, or broke the rules of HTTP.
    BrokenOff,
    /// Nothing came for [`Incoming::SILENCE`].
    Silent,
}

impl Incoming {
    /// [`Incoming::rest`] of a caller who may call.
    const REST: usize = 64 * 1024 * 1024;
    /// And of one who has not shown a key.
    const REST_OF_STRANGERS: usize = 8 * 1024 * 1024;
    /// For how long the rest is read.
    const LINGER: Duration = Duration::from_secs(10);
    /// How long a caller may send nothing while its body is waited for.
    pub(crate) const SILENCE: Duration = Duration::from_secs(30);

    pub(crate) fn new(request: &Parts, body: Body) -> Self {
        let expect = request.headers.get(header::EXPECT);
        let waits = expect.is_some_and(|expect| expect.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let is_over = body.is_end_stream();
        Self { body, version: request.version, waits, rest: Self::REST_OF_STRANGERS, is_over }
    }

    /// Trusts the caller with more, since it may call.
    pub(crate) fn admit(&mut self) {
        self.rest = Self::REST;
    }

    /// The body for who reads it without this; nothing is left to linger for.
    pub(crate) fn take(&mut self) -> Body {
        self.is_over = true;
        std::mem::take(&mut self.body)
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Interruption>> {
        self.waits = false;
        let next = match timeout(Self::SILENCE, self.data()).await {
            Ok(next) => next.map(|read| read.map_err(|_| Interruption::BrokenOff)),
            Err(_) => Some(Err(Interruption::Silent)),
        };
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }

    /// Reads on where an answer went out before the body was wanted: many callers write all of it before they read, and
    /// closing on unread bytes resets the connection, answer and all (RFC 9112 §9.6). `None` where there is nothing to
    /// read on for: who waits to be told sends nothing, and in HTTP/2 the stream alone ends.
    ///
    /// Meant to run beside the answer, which goes out at once as long as somebody has the body.
    pub(crate) fn linger(mut self) -> Option<impl Future<Output = ()> + Send + 'static> {
        if self.is_over || self.waits || self.version >= Version::HTTP_2 {
            return None;
        }
        Some(async move {
            let drained = async {
                let mut left = self.rest;
                while let Some(Ok(bytes)) = self.data().await
                    && left > bytes.len()
                {
                    left -= bytes.len();
                }
            };
            // A caller that takes longer has had its chance.
            let _ = timeout(Self::LINGER, drained).await;
        })
    }

    async fn data(&mut self) -> Option<Result<Bytes, axum::Error>> {
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

    async fn lingered(incoming: Incoming) -> bool {
        match incoming.linger() {
            Some(lingering) => {
                lingering.await;
                true
            }
            None => false,
        }
    }

    #[tokio::test]
    async fn an_endless_body_is_left_after_a_while_and_a_strangers_sooner() {
        let (body, read) = endless();
        assert!(lingered(incoming(Version::HTTP_11, None, body)).await);
        assert_eq!(read.load(Relaxed), Incoming::REST_OF_STRANGERS);
        let (body, read) = endless();
        let mut admitted = incoming(Version::HTTP_11, None, body);
        admitted.admit();
        assert!(lingered(admitted).await);
        assert_eq!(read.load(Relaxed), Incoming::REST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_falls_silent_is_left_too() {
        let silent = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert!(lingered(incoming(Version::HTTP_11, None, silent())).await);
        // Where its body was wanted there is nothing to wait for afterwards.
        let mut wanted = incoming(Version::HTTP_11, None, silent());
        assert_eq!(wanted.next().await, Some(Err(Interruption::Silent)));
        assert!(!lingered(wanted).await);
    }

    #[tokio::test]
    async fn nothing_is_read_of_who_waits_and_in_http_2() {
        for (version, expect) in [(Version::HTTP_11, Some("100-Continue")), (Version::HTTP_2, None)] {
            let (body, read) = endless();
            assert!(!lingered(incoming(version, expect, body)).await);
            assert_eq!(read.load(Relaxed), 0, "{version:?}");
        }
        // Who was told to go on does so.
        let (body, read) = endless();
        let mut begun = incoming(Version::HTTP_11, Some("100-continue"), body);
        assert!(begun.next().await.is_some_and(|chunk| chunk.is_ok()));
        assert!(lingered(begun).await);
        assert_eq!(read.load(Relaxed), Incoming::REST_OF_STRANGERS + CHUNK);
    }

    #[tokio::test]
    async fn what_was_read_whole_needs_no_lingering() {
        assert!(!lingered(incoming(Version::HTTP_11, None, Body::empty())).await);
        let mut whole = incoming(Version::HTTP_11, None, Body::from("{}"));
        assert_eq!(whole.next().await, Some(Ok(Bytes::from_static(b"{}"))));
        assert_eq!(whole.next().await, None);
        assert!(!lingered(whole).await);
    }
}
