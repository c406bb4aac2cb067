//! What can a connection do that receives requests?

use std::{io, net::TcpStream};

/// A request that is here in whole.
pub(crate) struct Arrived {
    /// To tell it from others of the connection.
    pub stream: u32,
    /// Its body.
    pub message: Vec<u8>,
    /// How many bytes of it are not the message.
    pub prefix: usize,
}

/// What is said to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is taken.
    Accept,
    /// It is not, with a status of the protocol.
    Refuse(u16),
    /// The stream ends without a word; where there are no streams, the connection.
    Reset,
}

/// A connection that receives requests, and never waits.
pub(crate) trait Server {
    /// Its socket.
    fn socket(&self) -> &TcpStream;
    /// Reads what is there.
    fn read(&mut self, arrived: &mut Vec<Arrived>) -> io::Result<()>;
    /// Answers a request.
    fn answer(&mut self, stream: u32, reply: Reply);
    /// Writes what it can: true if that was all.
    fn flush(&mut self) -> io::Result<bool>;
    /// How many bytes it read.
    fn received(&self) -> u64;
}
