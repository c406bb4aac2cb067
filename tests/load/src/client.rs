//! What can a connection do that sends requests?

use std::{io, net::TcpStream};

use crate::answer::Answer;

/// How requests travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Transport {
    /// gRPC over HTTP/2.
    #[default]
    Grpc,
    /// Protobuf over HTTP/1.1.
    Http,
}

/// A connection that sends requests and reads answers, and never waits.
pub trait Client {
    /// Its socket.
    fn socket(&self) -> &TcpStream;
    /// Whether it can take another request now.
    fn has_room(&self) -> bool;
    /// Takes a request.
    fn send(&mut self, request: u64);
    /// Writes what it can: true if that was all that it may write now. It asks for messages as it needs them: each
    /// encoded, after the five bytes that gRPC puts before it.
    fn flush(&mut self, message: &mut dyn FnMut(u64) -> Vec<u8>) -> io::Result<bool>;
    /// Reads what is there.
    fn read(&mut self, answers: &mut Vec<Answer>) -> io::Result<()>;
    /// The requests that have no answer.
    fn unanswered(&self) -> Vec<u64>;
    /// How many bytes it wrote.
    fn written(&self) -> u64;
    /// Memory of messages that are on their way.
    fn spent(&mut self) -> &mut Vec<Vec<u8>>;
}
