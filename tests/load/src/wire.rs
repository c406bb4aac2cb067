//! What waits to be written to a socket, and what was read from it?

use std::{
    collections::VecDeque,
    io::{self, IoSlice, Read as _, Write as _},
    net::TcpStream,
    ops::Range,
    rc::Rc,
};

/// How many pieces one `writev` takes: below the kernel's thousand.
const PIECES: usize = 512;
/// How much one read takes.
const READ: usize = 256 << 10;

/// Something to write.
enum Piece {
    Head([u8; 9]),
    Own(Vec<u8>),
    Part(Rc<Vec<u8>>, Range<usize>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Head(bytes) => bytes,
            Self::Own(bytes) => bytes,
            Self::Part(message, range) => &message[range.clone()],
        }
    }
}

/// What waits to be written, without copying messages.
#[derive(Default)]
pub(crate) struct Output {
    pieces: VecDeque<Piece>,
    /// How much of the first piece is written.
    written: usize,
    /// How many bytes were added in all.
    added: u64,
    /// How many bytes were written in all.
    pub total: u64,
    /// Messages that were written whole: their memory can be used again.
    pub spent: Vec<Vec<u8>>,
}

impl Output {
    /// Adds the head of a frame.
    pub(crate) fn head(&mut self, head: [u8; 9]) {
        self.push(Piece::Head(head));
    }

    /// Adds bytes.
    pub(crate) fn own(&mut self, bytes: Vec<u8>) {
        self.push(Piece::Own(bytes));
    }

    /// Adds a part of a message.
    pub(crate) fn part(&mut self, message: &Rc<Vec<u8>>, range: Range<usize>) {
        self.push(Piece::Part(Rc::clone(message), range));
    }

    fn push(&mut self, piece: Piece) {
        self.added += piece.bytes().len() as u64;
        self.pieces.push_back(piece);
    }

    /// How many bytes are not written.
    pub(crate) fn left(&self) -> u64 {
        self.added - self.total
    }

    /// Writes as much as the socket takes: true if that was all.
    pub(crate) fn flush(&mut self, socket: &TcpStream) -> io::Result<bool> {
        while !self.pieces.is_empty() {
            let slices: Vec<IoSlice<'_>> = self
                .pieces
                .iter()
                .take(PIECES)
                .enumerate()
                .map(|(n, piece)| {
                    IoSlice::new(&piece.bytes()[if n == 0 { self.written } else { 0 }..])
                })
                .collect();
            match (&mut &*socket).write_vectored(&slices) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn advance(&mut self, by: usize) {
        self.total += by as u64;
        self.written += by;
        while let Some(length) = self.pieces.front().map(|piece| piece.bytes().len()) {
            if self.written < length {
                return;
            }
            self.written -= length;
            if let Some(Piece::Part(message, _)) = self.pieces.pop_front()
                && let Ok(spent) = Rc::try_unwrap(message)
            {
                self.spent.push(spent);
            }
        }
    }
}

/// What was read and not yet used.
pub(crate) struct Input {
    buffer: Box<[u8]>,
    begin: usize,
    end: usize,
    /// How many bytes were read in all.
    pub total: u64,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            buffer: vec![0; READ].into_boxed_slice(),
            begin: 0,
            end: 0,
            total: 0,
        }
    }
}

impl Input {
    /// Reads what is there: false if nothing is.
    pub(crate) fn fill(&mut self, mut socket: &TcpStream) -> io::Result<bool> {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.end -= self.begin;
            self.begin = 0;
        }
        if self.end == self.buffer.len() {
            return Err(io::Error::other(
                "a frame or head is larger than what we announced",
            ));
        }
        match socket.read(&mut self.buffer[self.end..]) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                self.end += read;
                self.total += read as u64;
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// What was read and not yet used.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    /// Marks bytes as used.
    pub(crate) fn used(&mut self, bytes: usize) {
        self.begin = (self.begin + bytes).min(self.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::TcpListener, thread};

    #[test]
    fn pieces_arrive_in_order_however_little_the_socket_takes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        socket.set_nonblocking(true).unwrap();
        let (mut other, _) = listener.accept().unwrap();
        let message = Rc::new((0..3_000_000_u32).map(|n| n as u8).collect::<Vec<_>>());
        let mut output = Output::default();
        output.own(b"begin".to_vec());
        for start in (0..message.len()).step_by(10_000) {
            output.head([1; 9]);
            output.part(&message, start..start + 10_000);
        }
        let mut expected = b"begin".to_vec();
        for part in message.chunks(10_000) {
            expected.extend([1; 9]);
            expected.extend(part);
        }
        drop(message);
        let wanted = expected.len();
        let reader = thread::spawn(move || {
            let mut bytes = vec![0; wanted];
            other.read_exact(&mut bytes).unwrap();
            bytes
        });
        while !output.flush(&socket).unwrap() {
            thread::yield_now();
        }
        assert!(reader.join().unwrap() == expected);
        assert_eq!((output.spent.len(), output.total), (1, wanted as u64));
    }
}
