//! How are requests sent and received over HTTP/1.1? One at a time on each connection.

use std::{io, mem, net::TcpStream, rc::Rc};

use crate::{
    answer::{Answer, Outcome, rejects},
    client::Client,
    compress::Encoding,
    server::{Arrived, Reply, Server},
    wire::{Input, Output},
};

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";

/// A connection that sends requests.
pub(crate) struct Sender {
    socket: TcpStream,
    input: Input,
    output: Output,
    head: String,
    open: Option<u64>,
    /// Whether nothing of it is in the output.
    is_new: bool,
}

impl Sender {
    /// A connection over that socket.
    pub(crate) fn new(socket: TcpStream, authority: &str, encoding: Encoding) -> Self {
        let encoding = match encoding {
            Encoding::None => String::new(),
            other => format!("Content-Encoding: {}\r\n", other.name()),
        };
        Self {
            socket,
            input: Input::default(),
            output: Output::default(),
            head: format!(
                "POST /v1/traces HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: otelier-load\r\n\
                 Content-Type: application/x-protobuf\r\n{encoding}Content-Length: "
            ),
            open: None,
            is_new: false,
        }
    }
}

impl Client for Sender {
    fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn has_room(&self) -> bool {
        self.open.is_none()
    }

    fn send(&mut self, request: u64) {
        self.open = Some(request);
        self.is_new = true;
    }

    fn flush(&mut self, message: &mut dyn FnMut(u64) -> Vec<u8>) -> io::Result<bool> {
        if let Some(request) = self.open.filter(|_| mem::take(&mut self.is_new)) {
            let message = message(request);
            let length = message.len() - 5;
            self.output
                .own(format!("{}{length}\r\n\r\n", self.head).into_bytes());
            self.output.part(&Rc::new(message), 5..length + 5);
        }
        self.output.flush(&self.socket)
    }

    fn read(&mut self, answers: &mut Vec<Answer>) -> io::Result<()> {
        self.input.fill(&self.socket)?;
        let Some(message) = Message::read(self.input.bytes())? else {
            return Ok(());
        };
        let status = message
            .head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| broken("no status"))?;
        let body = &self.input.bytes()[message.body.clone()];
        let outcome = match Outcome::of_http(status) {
            Outcome::Accepted if rejects(body) => Outcome::Partial,
            outcome => outcome,
        };
        let closes = message
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let end = message.body.end;
        self.input.used(end);
        let request = self
            .open
            .take()
            .ok_or_else(|| broken("an answer to nothing"))?;
        answers.push(Answer { request, outcome });
        if closes {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }

    fn unanswered(&self) -> Vec<u64> {
        self.open.into_iter().collect()
    }

    fn written(&self) -> u64 {
        self.output.total
    }

    fn spent(&mut self) -> &mut Vec<Vec<u8>> {
        &mut self.output.spent
    }
}

/// A connection that receives requests.
pub(crate) struct Receiver {
    socket: TcpStream,
    input: Input,
    output: Output,
    /// A body that is not here in whole, and how long it will be.
    body: Option<(Vec<u8>, usize)>,
    resets: bool,
}

impl Receiver {
    /// A connection whose first bytes are in `input`.
    pub(crate) fn new(socket: TcpStream, input: Input) -> Self {
        Self {
            socket,
            input,
            output: Output::default(),
            body: None,
            resets: false,
        }
    }

    /// Takes what there is of a request: true if it is here in whole.
    fn request(&mut self, arrived: &mut Vec<Arrived>) -> io::Result<bool> {
        if self.body.is_none() {
            let Some(at) = self
                .input
                .bytes()
                .windows(END.len())
                .position(|four| four == END)
            else {
                return Ok(false);
            };
            let head =
                std::str::from_utf8(&self.input.bytes()[..at]).map_err(|_| broken("head"))?;
            let length = header(head, "content-length").and_then(|length| length.parse().ok());
            let length = length.ok_or_else(|| broken("a request without Content-Length"))?;
            self.body = Some((Vec::with_capacity(length), length));
            self.input.used(at + END.len());
        }
        let Some((mut message, length)) = self.body.take() else {
            return Ok(false);
        };
        let here = self.input.bytes();
        let part = here.len().min(length - message.len());
        message.extend_from_slice(&here[..part]);
        self.input.used(part);
        if message.len() < length {
            self.body = Some((message, length));
            return Ok(false);
        }
        arrived.push(Arrived {
            stream: 0,
            message,
            prefix: 0,
        });
        Ok(true)
    }
}

impl Server for Receiver {
    fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn read(&mut self, arrived: &mut Vec<Arrived>) -> io::Result<()> {
        while self.request(arrived)? {}
        self.input.fill(&self.socket)?;
        while self.request(arrived)? {}
        Ok(())
    }

    fn answer(&mut self, _: u32, reply: Reply) {
        let status = match reply {
            Reply::Accept => "200 OK".into(),
            Reply::Refuse(status) => format!("{status} Refused"),
            Reply::Reset => {
                self.resets = true;
                return;
            }
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"
        );
        self.output.own(head.into_bytes());
    }

    fn flush(&mut self) -> io::Result<bool> {
        if self.resets {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.output.flush(&self.socket)
    }

    fn received(&self) -> u64 {
        self.input.total
    }
}

/// An answer that is here in whole.
struct Message<'a> {
    head: &'a str,
    body: std::ops::Range<usize>,
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> io::Result<Option<Self>> {
        let Some(at) = bytes.windows(END.len()).position(|four| four == END) else {
            return Ok(None);
        };
        let head = std::str::from_utf8(&bytes[..at]).map_err(|_| broken("head"))?;
        let begin = at + END.len();
        let length = header(head, "content-length").and_then(|length| length.parse::<usize>().ok());
        let length = length.ok_or_else(|| broken("an answer without Content-Length"))?;
        let body = begin..begin + length;
        Ok((body.end <= bytes.len()).then_some(Self { head, body }))
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        header(self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(this, _)| this.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
