//! Where do spans go? To a backend that counts them, as cheaply as it can, and misbehaves when told to.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    compress::{Codec, Encoding},
    http1, http2,
    ledger::Ledger,
    machine,
    poll::{Interest, Poll},
    server::{Arrived, Reply, Server},
    wire::Input,
};

/// How the sink behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes what comes.
    #[default]
    Take,
    /// Accepts connections and reads nothing.
    Stall,
    /// Reads, and neither counts nor answers.
    Hang,
    /// Refuses with that status: a gRPC one below a hundred, an HTTP one above.
    Refuse(u16),
    /// Resets each stream.
    Reset,
    /// Closes all connections and listens no more.
    Die,
}

/// What the sink has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Bytes on the wire.
    pub bytes: AtomicU64,
    /// Messages by their encoding: none, gzip, zstd.
    pub messages: [AtomicU64; 3],
    /// Messages that were no trace requests.
    pub broken: AtomicU64,
    /// Messages that it did not take.
    pub refused: AtomicU64,
}

/// What its owner and its thread share.
#[derive(Debug, Default)]
struct Shared {
    ledger: RwLock<Option<Arc<Ledger>>>,
    behaviour: Mutex<Behaviour>,
    /// The behaviour that its thread has, and word of it.
    obeyed: (Mutex<Behaviour>, Condvar),
    /// A span that is acknowledged and not counted, plus one: to see that a loss is found.
    forget: AtomicU64,
    seen: Seen,
    stop: AtomicBool,
}

/// A running sink; it ends with this value.
pub struct Sink {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Sink {
    /// Starts one on that address, on that core if one is given.
    pub fn start(address: SocketAddr, core: Option<usize>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("sink".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                machine::stay_on(core)?;
                Running::new(listener, shared)?.run()
            }
        })?;
        Ok(Self {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on counts into these books.
    pub fn keep(&self, ledger: &Arc<Ledger>) {
        *self
            .shared
            .ledger
            .write()
            .expect("nobody panics while writing") = Some(Arc::clone(ledger));
    }

    /// From now on behaves so, unless it has ended.
    pub fn behave(&self, behaviour: Behaviour) {
        *self
            .shared
            .behaviour
            .lock()
            .expect("nobody panics while writing") = behaviour;
        let ended = || self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        let (obeyed, word) = &self.shared.obeyed;
        let mut now = obeyed.lock().expect("nobody panics while writing");
        while *now != behaviour && !ended() {
            let waited = word.wait_timeout(now, TICK);
            (now, _) = waited.expect("nobody panics while writing");
        }
    }

    /// Acknowledges that span without counting it, as a backend would that loses it.
    pub fn forget(&self, span: u64) {
        self.shared.forget.store(span + 1, Relaxed);
    }

    /// What it has seen.
    pub fn seen(&self) -> &Seen {
        &self.shared.seen
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The listener's token; connections count up from one.
const LISTENER: u64 = 0;
/// How long a command may go unnoticed.
const TICK: Duration = Duration::from_millis(20);

/// A connection: at first nobody knows what it speaks.
enum Connection {
    New(TcpStream, Input),
    Known(Box<dyn Server>),
}

struct Running {
    address: SocketAddr,
    poll: Poll,
    listener: Option<TcpListener>,
    connections: BTreeMap<u64, Connection>,
    next: u64,
    behaviour: Behaviour,
    codec: Codec,
    shared: Arc<Shared>,
}

impl Running {
    fn new(listener: TcpListener, shared: Arc<Shared>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let poll = Poll::new()?;
        poll.add(&listener, LISTENER, Interest::Read)?;
        Ok(Self {
            address: listener.local_addr()?,
            poll,
            listener: Some(listener),
            connections: BTreeMap::new(),
            next: LISTENER + 1,
            behaviour: Behaviour::Take,
            codec: Codec::default(),
            shared,
        })
    }

    fn run(&mut self) -> io::Result<()> {
        while !self.shared.stop.load(Relaxed) {
            self.obey()?;
            for ready in self.poll.wait(TICK)? {
                if ready.token == LISTENER {
                    self.accept()?;
                } else if self.serve(ready.token).is_err() {
                    // Whoever goes away is gone; what was not answered will come again.
                    self.connections.remove(&ready.token);
                }
            }
        }
        Ok(())
    }

    /// Changes to what was last commanded.
    fn obey(&mut self) -> io::Result<()> {
        let wanted = *self
            .shared
            .behaviour
            .lock()
            .expect("nobody panics while writing");
        if wanted == self.behaviour {
            return Ok(());
        }
        self.behaviour = wanted;
        if wanted == Behaviour::Die {
            self.connections.clear();
            self.listener = None;
        } else if self.listener.is_none() {
            let listener = TcpListener::bind(self.address)?;
            listener.set_nonblocking(true)?;
            self.poll.add(&listener, LISTENER, Interest::Read)?;
            self.listener = Some(listener);
        }
        for (token, connection) in &self.connections {
            self.poll
                .change(connection.socket(), *token, self.interest(true))?;
        }
        let (obeyed, word) = &self.shared.obeyed;
        *obeyed.lock().expect("nobody panics while writing") = wanted;
        word.notify_all();
        Ok(())
    }

    fn interest(&self, written: bool) -> Interest {
        match (self.behaviour, written) {
            (Behaviour::Stall, _) => Interest::Nothing,
            (_, true) => Interest::Read,
            (_, false) => Interest::ReadWrite,
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        while let Some(Ok((socket, _))) = self.listener.as_ref().map(TcpListener::accept) {
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            self.poll.add(&socket, self.next, self.interest(true))?;
            self.connections
                .insert(self.next, Connection::New(socket, Input::default()));
            self.next += 1;
        }
        Ok(())
    }

    fn serve(&mut self, token: u64) -> io::Result<()> {
        let Some(connection) = self.connections.remove(&token) else {
            return Ok(());
        };
        let before = connection.counted();
        let mut server = match connection.known()? {
            Connection::Known(server) => server,
            new @ Connection::New(..) => {
                self.connections.insert(token, new);
                return Ok(());
            }
        };
        let mut arrived = Vec::new();
        let read = server.read(&mut arrived);
        self.shared
            .seen
            .bytes
            .fetch_add(server.received() - before, Relaxed);
        for request in arrived {
            if let Some(reply) = self.judge(&request) {
                server.answer(request.stream, reply);
            }
        }
        let written = server.flush()?;
        read?;
        self.poll
            .change(server.socket(), token, self.interest(written))?;
        self.connections.insert(token, Connection::Known(server));
        Ok(())
    }

    /// Counts a request, if it is to be taken, and says what to answer.
    fn judge(&mut self, request: &Arrived) -> Option<Reply> {
        let seen = &self.shared.seen;
        if self.behaviour != Behaviour::Take {
            seen.refused.fetch_add(1, Relaxed);
        }
        match self.behaviour {
            Behaviour::Take => {}
            Behaviour::Refuse(status) => return Some(Reply::Refuse(status)),
            Behaviour::Reset => return Some(Reply::Reset),
            Behaviour::Stall | Behaviour::Hang | Behaviour::Die => return None,
        }
        let message = request.message.get(request.prefix..).unwrap_or_default();
        seen.messages[Encoding::of(message) as usize].fetch_add(1, Relaxed);
        let forget = self.shared.forget.load(Relaxed).checked_sub(1);
        let ledger = self
            .shared
            .ledger
            .read()
            .expect("nobody panics while writing");
        let counted = self
            .codec
            .decode(message)
            .and_then(|message| match &*ledger {
                Some(ledger) => ledger.deliver(message, forget),
                None => Some(0),
            });
        if counted.is_none() {
            seen.broken.fetch_add(1, Relaxed);
        }
        Some(Reply::Accept)
    }
}

impl Connection {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::New(socket, _) => socket,
            Self::Known(server) => server.socket(),
        }
    }

    /// How many of its bytes are counted already: none before it is known.
    fn counted(&self) -> u64 {
        match self {
            Self::New(..) => 0,
            Self::Known(server) => server.received(),
        }
    }

    /// Finds out what it speaks, as soon as enough is here to say.
    fn known(self) -> io::Result<Self> {
        let Self::New(socket, mut input) = self else {
            return Ok(self);
        };
        if !input.fill(&socket)? {
            return Ok(Self::New(socket, input));
        }
        let preface = http2::frame::PREFACE;
        let same = input
            .bytes()
            .iter()
            .zip(preface)
            .take_while(|(a, b)| a == b)
            .count();
        if same == preface.len() {
            Ok(Self::Known(Box::new(http2::server::Http2::new(
                socket, input,
            ))))
        } else if same == input.bytes().len() {
            Ok(Self::New(socket, input))
        } else {
            Ok(Self::Known(Box::new(http1::Receiver::new(socket, input))))
        }
    }
}
