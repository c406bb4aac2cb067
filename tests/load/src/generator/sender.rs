//! Who sends? Many connections, each with some requests in flight, and a clock that says what is due.

use std::{
    collections::VecDeque,
    io,
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{Load, Rate, Sent, message::Messages};
use crate::{
    answer::{Answer, Outcome},
    client::{Client, Transport},
    http1, http2,
    ledger::{Ledger, nanos},
    poll::{Interest, Poll},
    template::Template,
};

/// One of the connections; none while it cannot be made.
#[derive(Default)]
struct Lane {
    client: Option<Box<dyn Client>>,
    in_flight: usize,
    /// Until when places stay empty after a refusal.
    held: VecDeque<Instant>,
    /// When to connect again.
    again: Option<Instant>,
    wants_room: bool,
}

pub(super) struct Sender<'a> {
    load: &'a Load,
    ledger: &'a Ledger,
    poll: Poll,
    lanes: Vec<Lane>,
    turn: usize,
    first: u64,
    pub(super) next: u64,
    pub(super) in_flight: usize,
    /// Nanoseconds between requests.
    interval: Option<f64>,
    messages: Messages<'a>,
    pub(super) sent: Sent,
}

impl<'a> Sender<'a> {
    pub(super) fn new(
        load: &'a Load,
        template: &'a Template,
        ledger: &'a Ledger,
        first: u64,
    ) -> io::Result<Self> {
        let lanes = match load.transport {
            Transport::Grpc => load.connections,
            Transport::Http => load.connections * load.in_flight,
        };
        let mut sender = Self {
            load,
            ledger,
            poll: Poll::new()?,
            lanes: (0..lanes).map(|_| Lane::default()).collect(),
            turn: 0,
            first,
            next: first,
            in_flight: 0,
            interval: match load.rate {
                Rate::Spans(rate) => Some(1e9 * ledger.layout.spans as f64 / rate as f64),
                Rate::Saturate => None,
            },
            messages: Messages::new(template, ledger, load.encoding),
            sent: Sent::default(),
        };
        (0..lanes).for_each(|lane| sender.connect(lane));
        Ok(sender)
    }

    fn connect(&mut self, lane: usize) {
        let connect = || -> io::Result<Box<dyn Client>> {
            let socket = TcpStream::connect(self.load.target)?;
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            self.poll.add(&socket, lane as u64, Interest::ReadWrite)?;
            let authority = self.load.target.to_string();
            Ok(match self.load.transport {
                Transport::Grpc => Box::new(http2::client::Http2::new(
                    socket,
                    authority,
                    self.load.encoding,
                )),
                Transport::Http => {
                    Box::new(http1::Sender::new(socket, &authority, self.load.encoding))
                }
            })
        };
        let client = connect().ok();
        let again = client
            .is_none()
            .then(|| Instant::now() + Duration::from_millis(20));
        self.lanes[lane] = Lane {
            client,
            again,
            wants_room: true,
            ..Lane::default()
        };
    }

    /// How many requests are due by then.
    pub(super) fn due_by(&self, begin: Instant, now: Instant) -> u64 {
        let passed = now.duration_since(begin).as_nanos() as f64;
        self.interval
            .map_or(0, |interval| (passed / interval) as u64 + 1)
    }

    /// Sends what is due, as far as there is room.
    pub(super) fn offer(&mut self, begin: Instant) -> io::Result<()> {
        let now = Instant::now();
        self.revive(now);
        let due = match self.interval {
            Some(_) => self.first + self.due_by(begin, now),
            None => u64::MAX,
        };
        let offset = nanos(begin.duration_since(self.ledger.epoch));
        while self.next < due.min(self.ledger.requests()) {
            let Some(lane) = self.free_lane() else {
                break;
            };
            let when = match self.interval {
                Some(interval) => offset + ((self.next - self.first) as f64 * interval) as u64,
                None => self.ledger.now(),
            };
            self.ledger.send(self.next, when);
            if let Some(client) = &mut self.lanes[lane].client {
                client.send(self.next);
            }
            self.lanes[lane].in_flight += 1;
            self.in_flight += 1;
            self.next += 1;
            self.sent.requests += 1;
            self.flush(lane)?;
        }
        Ok(())
    }

    /// Connects again what broke, and frees places that were held.
    fn revive(&mut self, now: Instant) {
        for lane in 0..self.lanes.len() {
            if self.lanes[lane].again.is_some_and(|again| again <= now) {
                self.connect(lane);
            }
            let held = &mut self.lanes[lane].held;
            while held.front().is_some_and(|until| *until <= now) {
                held.pop_front();
            }
        }
    }

    /// The next connection in turn that has room.
    fn free_lane(&mut self) -> Option<usize> {
        let lanes = self.lanes.len();
        let limit = match self.load.transport {
            Transport::Grpc => self.load.in_flight,
            Transport::Http => 1,
        };
        let found = (1..=lanes).map(|n| (self.turn + n) % lanes).find(|lane| {
            let lane = &self.lanes[*lane];
            lane.in_flight + lane.held.len() < limit
                && lane.client.as_ref().is_some_and(|c| c.has_room())
        });
        self.turn = found.unwrap_or(self.turn);
        found
    }

    /// How long nothing is due.
    pub(super) fn pause(&self, begin: Instant, end: Instant) -> Duration {
        let limit = Duration::from_millis(5).min(end.saturating_duration_since(Instant::now()));
        match self.interval {
            Some(interval) => {
                let due = Duration::from_nanos(((self.next - self.first) as f64 * interval) as u64);
                let left = (begin + due).saturating_duration_since(Instant::now());
                // What is due and finds no room waits for an answer, and not in circles.
                if left.is_zero() {
                    limit
                } else {
                    left.min(limit)
                }
            }
            None => limit,
        }
    }

    /// Waits for sockets, and does what they allow.
    pub(super) fn turn(&mut self, patience: Duration) -> io::Result<()> {
        let mut answers = Vec::new();
        for ready in self.poll.wait(patience)? {
            let lane = usize::try_from(ready.token).unwrap_or_default();
            if ready.readable {
                let Some(client) = &mut self.lanes[lane].client else {
                    continue;
                };
                let read = client.read(&mut answers);
                self.lanes[lane].in_flight -= answers.len();
                for answer in answers.drain(..) {
                    self.note(lane, answer)?;
                }
                if read.is_err() {
                    self.lose(lane);
                    continue;
                }
            }
            self.flush(lane)?;
        }
        Ok(())
    }

    fn note(&mut self, lane: usize, answer: Answer) -> io::Result<()> {
        self.in_flight -= 1;
        match answer.outcome {
            Outcome::Accepted => {
                let due = self.ledger.due(answer.request).unwrap_or_default();
                self.sent
                    .acknowledgement
                    .record(self.ledger.now().saturating_sub(due));
                self.sent.acknowledged += 1;
                self.ledger.acknowledge(answer.request)?;
            }
            Outcome::Partial => self.sent.partial += 1,
            Outcome::Later(code) => {
                *self
                    .sent
                    .refused
                    .entry(format!("later {code}"))
                    .or_default() += 1;
                self.lanes[lane]
                    .held
                    .push_back(Instant::now() + self.load.backoff);
            }
            Outcome::Never(code) => {
                *self
                    .sent
                    .refused
                    .entry(format!("never {code}"))
                    .or_default() += 1;
            }
        }
        Ok(())
    }

    /// Writes what a connection may write, and waits for room only while there is something left.
    fn flush(&mut self, lane: usize) -> io::Result<()> {
        let each = &mut self.lanes[lane];
        let Some(client) = &mut each.client else {
            return Ok(());
        };
        let flushed = client.flush(&mut |request| self.messages.make(request));
        self.messages.free.append(client.spent());
        let Ok(written) = flushed else {
            self.lose(lane);
            return Ok(());
        };
        if written == each.wants_room {
            each.wants_room = !written;
            let interest = if written {
                Interest::Read
            } else {
                Interest::ReadWrite
            };
            self.poll.change(client.socket(), lane as u64, interest)?;
        }
        Ok(())
    }

    fn lose(&mut self, lane: usize) {
        let Some(client) = self.lanes[lane].client.take() else {
            return;
        };
        let unanswered = client.unanswered().len();
        self.sent.unanswered += unanswered as u64;
        self.sent.bytes += client.written();
        self.sent.broken += 1;
        self.in_flight -= unanswered;
        self.lanes[lane] = Lane {
            again: Some(Instant::now() + Duration::from_millis(20)),
            ..Lane::default()
        };
    }

    pub(super) fn close(mut self) -> (Sent, u64) {
        for client in self.lanes.iter().filter_map(|lane| lane.client.as_ref()) {
            self.sent.bytes += client.written();
            self.sent.unanswered += client.unanswered().len() as u64;
        }
        (self.sent, self.next)
    }
}
