//! How much may a client send before it is known what it wants?

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::lifetime::Activity;
use crate::Charge;

/// What a connection of HTTP/1.1 takes with the first bytes of a head, whether or not anything happens on it.
pub(super) const CONNECTION: u64 = 32 << 10;
/// How much of a head is in that.
const FIRST: usize = 8 << 10;
/// How much of a head is read at once: what is made ready for it is touched, on idle connections too.
const READ: usize = 2 << 10;
/// In which steps more is charged for a head that is longer.
const STEP: usize = 16 << 10;

/// A connection of which heads of requests are charged while they come: whoever reads them keeps them until they are
/// whole. A body is charged by whom it is for.
pub(super) struct Heads<S> {
    stream: S,
    activity: Arc<Activity>,
    charge: Charge,
    /// How much may still come of a head for what is charged.
    left: usize,
    /// Whether a call was open when it was read last.
    called: bool,
}

impl<S> Heads<S> {
    /// Reads this one for [`CONNECTION`] bytes.
    pub(super) fn new(stream: S, activity: Arc<Activity>, charge: Charge) -> Self {
        Self {
            stream,
            activity,
            charge,
            left: FIRST,
            called: false,
        }
    }

    /// How much of a head may be read now.
    fn room(&mut self) -> io::Result<usize> {
        if std::mem::take(&mut self.called) {
            self.charge.shrink_to(CONNECTION);
            self.left = FIRST;
        }
        if self.left == 0 {
            if !self.charge.grow(STEP as u64) {
                let why = "there is no memory for the rest of the head";
                return Err(io::Error::new(io::ErrorKind::OutOfMemory, why));
            }
            self.left = STEP;
        }
        Ok(self.left)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heads<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.activity.has_calls() {
            this.called = true;
            return Pin::new(&mut this.stream).poll_read(context, into);
        }
        let room = this.room()?.min(READ).min(into.remaining());
        let mut part = ReadBuf::new(into.initialize_unfilled_to(room));
        let read = Pin::new(&mut this.stream).poll_read(context, &mut part);
        let count = part.filled().len();
        into.advance(count);
        this.left -= count;
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heads<S> {
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
    use tokio::io::{AsyncReadExt as _, repeat};

    use super::*;
    use crate::Budget;

    #[tokio::test]
    async fn a_head_is_charged_while_it_comes_and_a_body_is_not() {
        let budget = Budget::new(CONNECTION + STEP as u64);
        let activity = Activity::new();
        let charge = budget.charge(CONNECTION).unwrap();
        let endless = tokio::io::join(repeat(b'a'), tokio::io::sink());
        let mut heads = Heads::new(endless, Arc::clone(&activity), charge);
        let mut bytes = vec![0; 1 << 20];
        heads.read_exact(&mut bytes[..FIRST]).await.unwrap();
        assert_eq!(budget.used(), CONNECTION);
        heads.read_exact(&mut bytes[..STEP]).await.unwrap();
        assert_eq!(budget.used(), budget.limit());
        // The head is whole, and what comes now is for somebody who charges it.
        let call = activity.call();
        assert_eq!(heads.read(&mut bytes).await.unwrap(), bytes.len());
        drop(call);
        heads.read_exact(&mut bytes[..FIRST]).await.unwrap();
        assert_eq!(budget.used(), CONNECTION, "the next head begins anew");
        heads.read_exact(&mut bytes[..STEP]).await.unwrap();
        let error = heads.read(&mut bytes).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        drop(heads);
        assert_eq!(budget.used(), 0);
    }
}
