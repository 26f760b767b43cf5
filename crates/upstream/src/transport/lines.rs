use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Read at once where as much is there: fewer syscalls under load.
const CHUNK: usize = 64 * 1024;
/// A buffer that grew beyond this is given back after the line that needed it.
const KEEP: usize = 1024 * 1024;

/// One line, without its line feed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) bytes: Bytes,
    /// What is left out because the line is longer than the limit: all but its beginning.
    pub(crate) dropped: usize,
    /// The end of such a line.
    pub(crate) end: Bytes,
    /// No line feed came before the end.
    pub(crate) cut: bool,
}

/// Splits a byte stream into lines of bounded length.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    source: R,
    limit: usize,
    buffer: BytesMut,
    /// Bytes of `buffer` known to hold no line feed.
    searched: usize,
    /// The beginning of a line that is too long, and how much of it was dropped since.
    oversized: Option<Oversized>,
    ended: bool,
}

/// What is kept of a line that is too long.
#[derive(Debug, Default)]
struct Oversized {
    beginning: Bytes,
    end: Vec<u8>,
    dropped: usize,
}

impl Oversized {
    /// How much is kept of either end, for a log and to find an id.
    const KEPT: usize = 256;

    fn add(&mut self, piece: &[u8]) {
        self.dropped += piece.len();
        if self.beginning.is_empty() {
            self.beginning = Bytes::copy_from_slice(&piece[..piece.len().min(Self::KEPT)]);
            self.dropped -= self.beginning.len();
        }
        self.end.extend_from_slice(&piece[piece.len().saturating_sub(Self::KEPT)..]);
        self.end.drain(..self.end.len().saturating_sub(Self::KEPT));
    }
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(source: R, limit: usize) -> Self {
        Self { source, limit, buffer: BytesMut::new(), searched: 0, oversized: None, ended: false }
    }

    /// The next line; `None` after the end, which a broken pipe is too. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.buffered() {
                return Some(line);
            }
            if self.ended {
                return self.rest();
            }
            self.buffer.reserve(CHUNK);
            self.ended = !matches!(self.source.read_buf(&mut self.buffer).await, Ok(1..));
        }
    }

    fn buffered(&mut self) -> Option<Line> {
        if let Some(at) = memchr(&self.buffer[self.searched..]) {
            let mut line = self.buffer.split_to(self.searched + at + 1);
            line.truncate(line.len() - 1);
            self.searched = 0;
            if line.len() > KEEP {
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
            return Some(self.line(line.freeze(), false));
        }
        self.searched = self.buffer.len();
        if self.buffer.len() > self.limit {
            let piece = std::mem::take(&mut self.buffer).freeze();
            self.searched = 0;
            self.oversized.get_or_insert_default().add(&piece);
        }
        None
    }

    fn rest(&mut self) -> Option<Line> {
        let rest = self.buffer.split().freeze();
        self.searched = 0;
        (!rest.is_empty() || self.oversized.is_some()).then(|| self.line(rest, true))
    }

    fn line(&mut self, bytes: Bytes, cut: bool) -> Line {
        match self.oversized.take() {
            Some(mut oversized) => {
                oversized.add(&bytes);
                let Oversized { beginning, end, dropped } = oversized;
                Line { bytes: beginning, dropped, end: end.into(), cut }
            }
            None => Line { bytes, dropped: 0, end: Bytes::new(), cut },
        }
    }
}

fn memchr(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(source: &[u8], limit: usize) -> Vec<Line> {
        let mut reader = LineReader::new(source, limit);
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await {
            lines.push(line);
        }
        lines
    }

    fn line(text: &'static str) -> Line {
        Line { bytes: Bytes::from_static(text.as_bytes()), dropped: 0, end: Bytes::new(), cut: false }
    }

    #[tokio::test]
    async fn splits_at_line_feeds_and_marks_what_was_cut() {
        let cut = Line { cut: true, ..line("half") };
        assert_eq!(all(b"one\n\ntwo\nhalf", 100).await, [line("one"), line(""), line("two"), cut]);
        assert_eq!(all(b"", 100).await, []);
    }

    #[tokio::test]
    async fn an_oversized_line_is_dropped_and_the_next_one_read() {
        let long = format!("{}the end", "x".repeat(3 * CHUNK));
        let lines = all(format!("{long}\nnext\n").as_bytes(), 1000).await;
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].bytes.len() + lines[0].dropped, long.len());
        assert_eq!((lines[0].bytes.len(), lines[0].end.len()), (256, 256));
        assert!(lines[0].end.ends_with(b"xthe end"));
        assert_eq!(lines[1], line("next"));
    }

    #[tokio::test]
    async fn survives_being_dropped_while_it_waits() {
        use tokio::io::AsyncWriteExt;
        let (mut writer, reader) = tokio::io::duplex(64);
        let mut reader = LineReader::new(reader, 100);
        writer.write_all(b"ab").await.unwrap();
        tokio::select! {
            biased;
            _ = reader.next() => panic!("no line is there"),
            () = std::future::ready(()) => {}
        }
        writer.write_all(b"c\n").await.unwrap();
        assert_eq!(reader.next().await, Some(line("abc")));
    }
}
