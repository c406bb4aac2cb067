//! How does a connection read, work and write, all in one task?

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::{
    FRAME, HEADERS,
    request::Answer,
    session::{Life, Session, Then},
    stall::{RESERVE, Stall},
    times::Over,
};
use crate::{
    Charge,
    http2::{Code, Error, Limits, PREFACE, Parser, poll_read_few},
    receive::Serving,
};

/// How much may wait to be written before no more is read: what a peer does not read, it gets no more of.
const ENOUGH: usize = 64 << 10;
/// How often it is read before what is ready is written.
const READS: usize = 4;
/// How often it does both before others have their turn: who sends without end must not keep those waiting who send on
/// what came.
const TURNS: usize = 2;

/// Something under way on a stream.
type Work = BoxFuture<'static, (u32, Answer)>;

/// A connection with its socket.
pub(super) struct Connection<S> {
    stream: S,
    parser: Parser,
    /// How much of the client's preface was seen.
    greeted: usize,
    pub(super) session: Session,
    work: FuturesUnordered<Work>,
    shut: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// One whose first bytes were read already.
    pub(super) fn new(stream: S, serving: Arc<Serving>, charge: Charge, first: &[u8]) -> Self {
        let limits = Limits {
            max_frame: FRAME,
            max_block: 2 * HEADERS as usize,
        };
        let mut connection = Self {
            stream,
            parser: Parser::new(limits),
            greeted: 0,
            session: Session::new(serving, charge, Instant::now()),
            work: FuturesUnordered::new(),
            shut: false,
        };
        connection.take(first);
        connection
    }

    /// Goes on until nothing can be done or it is the turn of others, and then is ready only if it is over.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for _ in 0..TURNS {
            let read = match self.poll_in(context) {
                Ok(read) => read,
                Err(Over) => return Poll::Ready(()),
            };
            self.finish();
            let written = self.session.outbox.poll_write(&mut self.stream, context);
            let waits = written.is_pending();
            self.session.times.waits(self.session.now, waits);
            match written {
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) if self.is_over() => return self.shut(context),
                Poll::Ready(Ok(())) if read => {}
                // What was written may be what was waited for.
                Poll::Ready(Ok(())) if self.session.stall.is_some() => {
                    if !self.resume(context) {
                        return Poll::Pending;
                    }
                }
                _ => {
                    if waits {
                        self.session.look_soon();
                    }
                    return Poll::Pending;
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes what was answered and what came. Whether there may be more.
    fn poll_in(&mut self, context: &mut Context<'_>) -> Result<bool, Over> {
        while let Poll::Ready(Some((id, answer))) = self.work.poll_next_unpin(context) {
            self.session.answer(id, answer);
        }
        for _ in 0..READS {
            self.resume(context);
            if self.session.stall.is_some() {
                return Ok(false);
            }
            if self.session.outbox.len() > ENOUGH {
                return Ok(true);
            }
            let Self {
                stream,
                parser,
                greeted,
                session,
                ..
            } = self;
            let most = if session.serving.intake.is_short() {
                RESERVE
            } else {
                usize::MAX
            };
            let read = poll_read_few(stream, context, most, |bytes| {
                session.now = Instant::now();
                session.times.read(session.now);
                let result = hear(parser, greeted, session, bytes);
                end_if(session, result);
                bytes.len()
            });
            match read {
                Poll::Ready(Ok(0) | Err(_)) => return Err(Over),
                Poll::Ready(Ok(_)) => self.work(context),
                Poll::Pending => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Takes bytes that were read by somebody else.
    fn take(&mut self, bytes: &[u8]) {
        let result = hear(
            &mut self.parser,
            &mut self.greeted,
            &mut self.session,
            bytes,
        );
        end_if(&mut self.session, result);
    }

    /// Goes on where it stalled, if there is room now.
    fn resume(&mut self, context: &mut Context<'_>) -> bool {
        let Poll::Ready(input) = self.session.poll_stall(context, ENOUGH) else {
            return false;
        };
        self.session.now = Instant::now();
        match input {
            Ok(input) => self.take(&input),
            Err(error) => end_if(&mut self.session, Err(error)),
        }
        self.work(context);
        true
    }

    /// Begins what is to be done with complete messages: nearly always it is done at once.
    fn work(&mut self, context: &mut Context<'_>) {
        while let Some((id, request, message)) = self.session.complete.pop_front() {
            let serving = Arc::clone(&self.session.serving);
            let mut work: Work =
                Box::pin(async move { (id, request.answered(message, serving).await) });
            match work.as_mut().poll(context) {
                Poll::Ready((id, answer)) => self.session.answer(id, answer),
                Poll::Pending => self.work.push(work),
            }
        }
        let kept = self.parser.kept();
        if !self.session.afford(kept as u64) {
            let why = "there is no room for the connection";
            let error = Error::Connection(Code::EnhanceYourCalm, why);
            end_if(&mut self.session, Err(error));
        }
        if self.session.streams.len() > 0 {
            self.session.look_soon();
        }
    }

    /// Closes a connection that has nothing left to do.
    fn finish(&mut self) {
        let session = &mut self.session;
        let idle = session.stall.is_none() && self.work.is_empty();
        if session.phase == Life::Last && idle && session.streams.are_answered() {
            session.phase = Life::Over;
        }
    }

    fn is_over(&self) -> bool {
        self.session.phase == Life::Over
    }

    /// Says that nothing more comes, and waits until the peer says the same: whoever closes while something lies
    /// unread takes back what was said last.
    fn shut(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.shut {
            match Pin::new(&mut self.stream).poll_shutdown(context) {
                Poll::Ready(Ok(())) => self.shut = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
            self.session.linger();
        }
        let mut nothing = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut nothing);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Takes what came, as far as there is room.
fn hear(
    parser: &mut Parser,
    greeted: &mut usize,
    session: &mut Session,
    bytes: &[u8],
) -> Result<(), Error> {
    let mut input = bytes;
    if session.phase == Life::Over {
        return Ok(());
    }
    if *greeted < PREFACE.len() {
        let expected = &PREFACE[*greeted..];
        let (part, rest) = input.split_at(input.len().min(expected.len()));
        if part != &expected[..part.len()] {
            return Err(Error::protocol("this is not HTTP/2"));
        }
        *greeted += part.len();
        input = rest;
        if *greeted == PREFACE.len() {
            session.times.greeted();
        }
    }
    loop {
        let then = match parser.next(&mut input) {
            Ok(None) => return Ok(()),
            Ok(Some(event)) => match session.event(event) {
                Ok(then) => then,
                Err(error) => {
                    session.broken(&error)?;
                    Then::GoOn
                }
            },
            Err(error) => {
                session.broken(&error)?;
                Then::GoOn
            }
        };
        if then == Then::GoOn {
            if session.outbox.len() <= 2 * ENOUGH || input.is_empty() {
                continue;
            }
            let charge = session.serving.intake.nothing_charged();
            session.stall = Some(Stall::unread(charge));
        }
        if session.wait_with(input)? == Then::Stop {
            return Ok(());
        }
    }
}

/// Ends a connection whose peer broke its rules.
fn end_if(session: &mut Session, result: Result<(), Error>) {
    let Err(error) = result else { return };
    if session.phase == Life::Over {
        return;
    }
    tracing::debug!(error = %error, "a connection ends");
    session
        .outbox
        .go_away(session.streams.highest, error.code(), &error.to_string());
    session.phase = Life::Over;
    session.stall = None;
}
