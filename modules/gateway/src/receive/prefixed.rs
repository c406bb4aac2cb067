//! How is a connection read whose first bytes were read already?

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use crate::http2::PREFACE;

/// A stream whose first bytes come again.
pub(super) struct Prefixed<S> {
    first: Vec<u8>,
    stream: S,
}

/// Which version of HTTP a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// HTTP/1, or nothing that is known.
    Http1,
    /// HTTP/2: it has said so.
    Http2,
}

/// Reads as much as it takes to know which version it is: no more than what clients of HTTP/2 say first.
pub(super) async fn version<S>(stream: &mut S) -> io::Result<(Version, Vec<u8>)>
where
    S: AsyncRead + Unpin,
{
    let mut first = Vec::with_capacity(PREFACE.len());
    let mut rest = stream.take(PREFACE.len() as u64);
    loop {
        if first.len() == PREFACE.len() {
            return Ok((Version::Http2, first));
        }
        let count = rest.read_buf(&mut first).await?;
        if count == 0 || first != PREFACE[..first.len()] {
            return Ok((Version::Http1, first));
        }
    }
}

impl<S> Prefixed<S> {
    pub(super) fn new(first: Vec<u8>, stream: S) -> Self {
        Self { first, stream }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let count = self.first.len().min(buffer.remaining());
        buffer.put_slice(&self.first[..count]);
        self.first.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn nothing_of_what_was_looked_at_is_lost() {
        let cases: [(&[u8], Version); 4] = [
            (b"POST / HTTP/1.1\r\n\r\n", Version::Http1),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore", Version::Http2),
            (b"PRI", Version::Http1),
            (b"", Version::Http1),
        ];
        for (bytes, expected) in cases {
            for size in 1..=bytes.len().max(1) {
                let (mut ours, mut theirs) = duplex(size);
                let writing = tokio::spawn(async move {
                    let _ = theirs.write_all(bytes).await;
                });
                let (found, first) = version(&mut ours).await.unwrap();
                assert_eq!(found, expected);
                let mut all = Vec::new();
                let mut stream = Prefixed::new(first, ours);
                stream.read_to_end(&mut all).await.unwrap();
                assert_eq!(all, bytes);
                writing.await.unwrap();
            }
        }
    }
}
