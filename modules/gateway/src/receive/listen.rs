//! Where do connections come from?

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
};

use thiserror::Error;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::{settings::Address, socket};

/// Why a server cannot listen.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The address means nothing.
    #[error("could not find an address for `{0}`")]
    Address(String, #[source] io::Error),
    /// It is in use, or not ours.
    #[error("could not listen at {0}")]
    Tcp(SocketAddr, #[source] io::Error),
    /// There is no place for the socket.
    #[error("could not listen at the socket {}", .0.display())]
    Unix(PathBuf, #[source] io::Error),
}

/// A socket that connections come from. Made on any thread, used on one.
#[derive(Debug)]
pub enum Listener {
    /// At an address.
    Tcp(std::net::TcpListener),
    /// At a path.
    Unix(std::os::unix::net::UnixListener),
}

/// Where a gateway listens. Handed to the one that follows it, nobody who has come and waits is turned away in between.
#[derive(Debug, Default)]
pub struct Listening(BTreeMap<Address, Vec<Listener>>);

impl Listening {
    /// The listeners of an address: those that are known, or new ones.
    pub fn open(&self, address: &Address, shards: usize) -> Result<Vec<Listener>, ListenError> {
        let known = self.0.get(address).filter(|known| known.len() == shards);
        let again = known.map(|known| known.iter().map(Listener::again).collect());
        // Who cannot have them a second time tries what everybody does who is the first.
        match again {
            Some(Ok(listeners)) => Ok(listeners),
            Some(Err(_)) | None => Listener::open(address, shards),
        }
    }

    /// Keeps these listeners for whoever follows, if there are descriptors enough.
    pub fn keep(&mut self, address: &Address, listeners: &[Listener]) {
        if let Ok(again) = listeners.iter().map(Listener::again).collect() {
            self.0.insert(address.clone(), again);
        }
    }

    /// The same listeners once more.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut again = Self::default();
        for (address, listeners) in &self.0 {
            again.keep(address, listeners);
        }
        again
    }
}

/// The same, within a runtime.
#[derive(Debug)]
pub(super) enum Accepting {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// What came.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// As many listeners of one address as there are shards: the kernel spreads connections over them.
    ///
    /// A socket has one listener that all shards share.
    pub fn open(address: &Address, shards: usize) -> Result<Vec<Self>, ListenError> {
        match address {
            Address::Tcp(address) => {
                let mut address = resolve(address)?;
                let mut listeners = Vec::with_capacity(shards);
                for _ in 0..shards.max(1) {
                    let listener = socket::listen(address)
                        .map_err(|error| ListenError::Tcp(address, error))?;
                    // Port 0 is chosen once, for all.
                    address = listener
                        .local_addr()
                        .map_err(|error| ListenError::Tcp(address, error))?;
                    listeners.push(Self::Tcp(listener));
                }
                Ok(listeners)
            }
            Address::Unix(path) => {
                let failed = |error| ListenError::Unix(path.clone(), error);
                let first = unix(path).map_err(failed)?;
                let mut listeners = Vec::with_capacity(shards);
                for _ in 1..shards {
                    listeners.push(Self::Unix(first.try_clone().map_err(failed)?));
                }
                listeners.push(Self::Unix(first));
                Ok(listeners)
            }
        }
    }

    /// Its address, if it has one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// The same socket once more: it is listened at until both are gone.
    fn again(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(listener) => Self::Tcp(listener.try_clone()?),
            Self::Unix(listener) => Self::Unix(listener.try_clone()?),
        })
    }

    /// Hands it to the runtime that this is called in.
    pub(super) fn accepting(self) -> io::Result<Accepting> {
        Ok(match self {
            Self::Tcp(listener) => Accepting::Tcp(TcpListener::from_std(listener)?),
            Self::Unix(listener) => Accepting::Unix(UnixListener::from_std(listener)?),
        })
    }
}

impl Accepting {
    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream))
            }
            Self::Unix(listener) => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }
}

fn resolve(address: &str) -> Result<SocketAddr, ListenError> {
    let failed = |error| ListenError::Address(address.to_owned(), error);
    let mut found = socket::spelled(address).to_socket_addrs().map_err(failed)?;
    let none = || failed(io::Error::from(io::ErrorKind::NotFound));
    found.next().ok_or_else(none)
}

fn unix(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    // What a process that was killed left behind: nobody answers there.
    if std::os::unix::net::UnixStream::connect(path).is_err() {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
