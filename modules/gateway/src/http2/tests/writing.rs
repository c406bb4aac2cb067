//! Does what waits get written, in order, in few calls?

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tokio::io::AsyncWrite;

use crate::http2::{Flags, HEAD, Kind, Outbox};

/// Takes so many bytes at once, and every other time none.
struct Slow {
    taken: Vec<u8>,
    most: usize,
    ready: bool,
    calls: usize,
}

impl Slow {
    fn take(&mut self, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.ready = !self.ready;
        if !self.ready {
            return Poll::Pending;
        }
        self.calls += 1;
        let before = self.taken.len();
        for slice in slices {
            let room = self.most - (self.taken.len() - before);
            self.taken
                .extend_from_slice(&slice[..slice.len().min(room)]);
        }
        Poll::Ready(Ok(self.taken.len() - before))
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.take(&[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.take(slices)
    }

    fn is_write_vectored(&self) -> bool {
        // Both ways are tried: streams that cannot do it write piece by piece.
        self.most.is_multiple_of(2)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn slow(most: usize) -> Slow {
    Slow {
        taken: Vec::new(),
        most,
        ready: false,
        calls: 0,
    }
}

fn write(outbox: &mut Outbox, stream: &mut Slow) {
    let mut context = Context::from_waker(Waker::noop());
    while outbox
        .poll_write(stream, &mut context)
        .map(Result::unwrap)
        .is_pending()
    {}
    assert!(outbox.is_empty());
}

/// What a stream gets that takes so many bytes at once.
pub(super) fn written(outbox: &mut Outbox, most: usize) -> Vec<u8> {
    let mut stream = slow(most);
    write(outbox, &mut stream);
    stream.taken
}

#[test]
fn everything_that_waits_is_written_in_one_call() {
    let mut outbox = Outbox::default();
    let body = Bytes::from(vec![1; 16_384]);
    for stream in [1, 3, 5] {
        outbox.headers(stream, Flags::NONE, b"headers", 16_384);
        outbox.head(body.len(), Kind::Data, Flags::END_STREAM, stream);
        outbox.share(body.clone());
    }
    outbox.ping(Flags::ACK, [0; 8]);
    let mut stream = slow(1 << 20);
    write(&mut outbox, &mut stream);
    let expected = 3 * (HEAD + 7 + HEAD + body.len()) + HEAD + 8;
    assert_eq!((stream.taken.len(), stream.calls), (expected, 1));
}

#[test]
fn what_is_put_in_while_something_waits_comes_after_it() {
    let mut outbox = Outbox::default();
    let mut stream = slow(1000);
    let mut expected = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    for index in 0..50_u8 {
        let part = vec![index; usize::from(index) * 60];
        outbox.share(part.clone().into());
        outbox.put(|own| own.extend_from_slice(&[index, index]));
        expected.extend_from_slice(&part);
        expected.extend_from_slice(&[index, index]);
        let _ = outbox.poll_write(&mut stream, &mut context);
        assert_eq!(outbox.len(), expected.len() - stream.taken.len());
    }
    write(&mut outbox, &mut stream);
    assert!(stream.taken == expected);
}
