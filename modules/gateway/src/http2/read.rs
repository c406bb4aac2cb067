//! How are bytes read, many at once?

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

/// How much is read at once, if it is there.
const MOST: usize = 256 << 10;

thread_local! {
    /// What all connections of a thread read into: it is empty again before another one reads.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; MOST].into());
}

/// Reads once, and hands what came to `then`: nothing at the end of the stream. What `then` wants to keep, it copies;
/// it must not read from another connection.
pub(crate) fn poll_read<S, T>(
    stream: &mut S,
    context: &mut Context<'_>,
    then: impl FnOnce(&[u8]) -> T,
) -> Poll<io::Result<T>>
where
    S: AsyncRead + Unpin,
{
    poll_read_few(stream, context, MOST, then)
}

/// The same, with no more bytes than so many.
pub(crate) fn poll_read_few<S, T>(
    stream: &mut S,
    context: &mut Context<'_>,
    most: usize,
    then: impl FnOnce(&[u8]) -> T,
) -> Poll<io::Result<T>>
where
    S: AsyncRead + Unpin,
{
    BUFFER.with_borrow_mut(|buffer| {
        let mut buffer = ReadBuf::new(&mut buffer[..most.min(MOST)]);
        ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(then(buffer.filled())))
    })
}
