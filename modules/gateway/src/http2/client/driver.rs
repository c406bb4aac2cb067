//! What keeps a connection going?

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    Keepalive,
    inbox::{Command, Inbox, Standing},
    keepalive::Due,
    state::{HEADERS, State, turn_away},
};
use crate::http2::{Code, Error, Flags, Limits, MAX_FRAME, Parser, poll_read};

/// How often a connection is read before others get their turn.
const READS: usize = 8;
/// What may wait to be written before nothing more is read: a peer that only asks is not answered for ever.
const UNREAD: usize = 1 << 20;

/// What drives a connection: a future that ends with it.
pub(super) struct Driver<S> {
    stream: S,
    inbox: Arc<Inbox>,
    commands: Vec<Command>,
    parser: Parser,
    state: State,
}

/// Why a connection ends.
enum End {
    /// Nobody needs it any more.
    Unused,
    /// The peer closed it, or it broke.
    Closed(io::Error),
    /// The peer broke a rule.
    Broken(Error),
    /// It does not answer.
    Silent,
}

impl<S> Driver<S> {
    pub(super) fn new(stream: S, inbox: Arc<Inbox>, keepalive: Keepalive, most: usize) -> Self {
        Self {
            stream,
            inbox,
            commands: Vec::new(),
            parser: Parser::new(Limits {
                max_frame: MAX_FRAME,
                max_block: HEADERS as usize,
            }),
            state: State::new(keepalive, most),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Driver<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let end = ready!(this.poll_end(context));
        let (code, why) = match end {
            End::Unused => (Code::No, "the connection is not needed any more".to_owned()),
            End::Closed(error) => (Code::No, format!("the connection broke off: {error}")),
            End::Silent => (Code::No, "the destination does not answer pings".to_owned()),
            End::Broken(error) => {
                let why = format!("the destination broke a rule of HTTP/2: {error}");
                (error.code(), why)
            }
        };
        this.state.lose_all(&why);
        this.inbox.close();
        // What came in before it was closed.
        this.take(context);
        this.state.outbox.go_away(0, code, "");
        // The peer may be gone already: whether it hears why changes nothing.
        let _ = this.state.outbox.poll_write(&mut this.stream, context);
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Does everything that can be done now. Ready when the connection is at its end.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<End> {
        self.take(context);
        if let Some(end) = self.read(context) {
            return Poll::Ready(end);
        }
        let State {
            streams, outgoing, ..
        } = &self.state;
        let calls = !streams.is_empty() || !outgoing.waiting.is_empty();
        match self.state.watch.poll(context, calls) {
            Due::Nothing => {}
            Due::Ask => self.state.outbox.ping(Flags::NONE, *b"are you?"),
            Due::Gone => return Poll::Ready(End::Silent),
        }
        if let Err(error) = self.write(context) {
            return Poll::Ready(End::Closed(error));
        }
        let state = &mut self.state;
        if state.streams.used_up() {
            state.leave("the connection has had all calls that it can have");
        }
        if state.standing == Standing::Open {
            return Poll::Pending;
        }
        self.inbox.close();
        if state.streams.is_empty() && state.outbox.is_empty() {
            return Poll::Ready(End::Unused);
        }
        Poll::Pending
    }

    /// Takes what senders left, and carries it out.
    fn take(&mut self, context: &mut Context<'_>) {
        let Self {
            state, commands, ..
        } = self;
        let standing = self.inbox.take(commands, context.waker());
        state.standing = state.standing.max(standing);
        for command in commands.drain(..) {
            match command {
                Command::Begin(waiting) if state.standing == Standing::Open => {
                    state.outgoing.waiting.push_back(waiting);
                }
                Command::Begin(waiting) => turn_away(waiting, "the connection is about to end"),
                Command::GiveUp(call) => state.give_up(call),
            }
        }
    }

    /// Reads all there is, and minds it.
    fn read(&mut self, context: &mut Context<'_>) -> Option<End> {
        let Self {
            stream,
            parser,
            state,
            ..
        } = self;
        for _ in 0..READS {
            if state.outbox.len() > UNREAD {
                return None;
            }
            let read = poll_read(stream, context, |input| hear(parser, state, input));
            match read {
                Poll::Pending => return None,
                Poll::Ready(Err(error)) => return Some(End::Closed(error)),
                Poll::Ready(Ok(Err(end))) => return Some(end),
                Poll::Ready(Ok(Ok(()))) => state.watch.heard(),
            }
        }
        // There may be more, after others had their turn.
        context.waker().wake_by_ref();
        None
    }

    /// Writes all that may be sent, together.
    fn write(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let State {
            outgoing,
            outbox,
            streams,
            ..
        } = &mut self.state;
        loop {
            outgoing.fill(streams, outbox);
            if outbox.is_empty() {
                return Ok(());
            }
            match outbox.poll_write(&mut self.stream, context) {
                Poll::Ready(result) => result?,
                Poll::Pending => return Ok(()),
            }
        }
    }
}

/// Minds all frames in what was read.
fn hear(parser: &mut Parser, state: &mut State, mut input: &[u8]) -> Result<(), End> {
    if input.is_empty() {
        return Err(End::Closed(io::ErrorKind::UnexpectedEof.into()));
    }
    loop {
        let minded = match parser.next(&mut input) {
            Ok(None) => return Ok(()),
            Ok(Some(event)) => state.mind(event),
            Err(error) => Err(error),
        };
        minded
            .or_else(|error| state.wrong(error))
            .map_err(End::Broken)?;
    }
}
