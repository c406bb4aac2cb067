//! What does a destination get next?

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{
    Backlog, Kind, Position, Shared,
    destination::Destination,
    format::Header,
    inner::Inner,
    scan::{Found, Scan},
    segments::Segment,
};
use crate::{Budget, Charge, Payload, time::timeout};

/// How long to wait before what could not be read is tried again.
const UNREADABLE: Duration = Duration::from_secs(5);
/// How long to wait for room in the budget before looking again.
const ROOM: Duration = Duration::from_secs(1);

/// A destination's place in the log. A clone is the same place: each record goes to one of them.
#[derive(Clone, Debug)]
pub struct Cursor {
    shared: Arc<Shared>,
    key: u64,
    waits: Arc<Notify>,
    reader: Arc<Mutex<Reader>>,
}

/// A record that was handed out. Dropped without [`Delivery::done`] it is handed out again.
#[derive(Debug)]
pub struct Delivery {
    /// The request, or the note.
    pub payload: Payload,
    /// Which of the two.
    pub kind: Kind,
    position: Position,
    cursor: Cursor,
    settled: bool,
}

/// What is there for a destination that does not wait for more.
#[derive(Debug)]
pub enum Rest {
    /// A record.
    Here(Delivery),
    /// A record that does not fit into the budget now.
    NoRoom(Position),
    /// None, or none that the disk gives now.
    Nothing,
}

/// What reading found.
enum Next {
    Here(Delivery),
    Empty,
    /// Something cannot be read now.
    Unreadable,
    /// This one does not fit into the budget now.
    NoRoom(Position),
}

/// Where the next record is, when it was looked for under the lock.
enum Place {
    Nowhere,
    Memory(Position, Payload),
    Disk {
        segment: Arc<Segment>,
        used: u64,
        until: u64,
        wanted: u64,
    },
}

/// Reads segments from disk for one destination.
#[derive(Debug, Default)]
struct Reader {
    open: Option<(Arc<Segment>, Scan)>,
    /// Found and not handed out yet.
    ahead: Option<(u64, Header)>,
    /// The first sequence that could not be read, and when.
    unreadable: Option<(u64, Instant)>,
}

impl Cursor {
    pub(crate) fn new(shared: Arc<Shared>, key: u64) -> Self {
        let waits = shared
            .inner()
            .destinations
            .get(&key)
            .map(|one| Arc::clone(&one.waits));
        Self {
            shared,
            key,
            waits: waits.unwrap_or_default(),
            reader: Arc::default(),
        }
    }

    /// Waits for the next record. Its bytes are charged to the budget before they are read.
    pub async fn next(&self, budget: &Arc<Budget>) -> Delivery {
        let mut room = None;
        loop {
            // Asked to be told before looking, so that what is appended in between is not missed.
            let mut appended = std::pin::pin!(self.waits.notified());
            appended.as_mut().enable();
            match self.look(budget, &mut room) {
                Next::Here(delivery) => return delivery,
                Next::Empty => appended.await,
                Next::Unreadable => {
                    let _ = timeout(UNREADABLE, appended).await;
                }
                Next::NoRoom(position) => room = budget.charge_within(position.bytes, ROOM).await,
            }
        }
    }

    /// The next record of those that are there now.
    pub fn rest(&self, budget: &Arc<Budget>) -> Rest {
        match self.look(budget, &mut None) {
            Next::Here(delivery) => Rest::Here(delivery),
            Next::Empty | Next::Unreadable => Rest::Nothing,
            Next::NoRoom(position) => Rest::NoRoom(position),
        }
    }

    /// Passes over records, which count as handed out.
    pub fn pass(&self, positions: impl IntoIterator<Item = Position>) {
        let mut inner = self.shared.inner();
        if let Some(destination) = inner.destinations.get_mut(&self.key) {
            let sequences = positions.into_iter().map(|position| position.sequence);
            destination.out.extend(sequences);
        }
    }

    /// Takes back a record that was handed out and kept: it is handed out again.
    pub fn give_back(&self, sequence: u64) {
        self.shared.inner().hand_out_again(self.key, sequence);
    }

    /// The first sequence that was not handed out and is not done with.
    pub fn wanted(&self) -> u64 {
        let inner = self.shared.inner();
        let one = inner.destinations.get(&self.key);
        one.map_or(inner.next, Destination::wants)
    }

    /// The same, if there is none now that could be handed out.
    pub fn at_end(&self) -> Option<u64> {
        let inner = self.shared.inner();
        let below = inner.handed_out_below();
        let one = inner.destinations.get(&self.key);
        let wanted = one.map_or(below, Destination::wants);
        (wanted >= below).then_some(wanted)
    }

    /// The first sequence that the disk would not give, and that is to be tried again.
    pub fn unreadable(&self) -> Option<u64> {
        self.reader().unreadable.map(|(sequence, _)| sequence)
    }

    /// The next record, if there is one that can be had now.
    pub fn try_next(&self, budget: &Arc<Budget>) -> Option<Delivery> {
        match self.rest(budget) {
            Rest::Here(delivery) => Some(delivery),
            Rest::NoRoom(_) | Rest::Nothing => None,
        }
    }

    /// Notes that the destination is done with records that were handed out or appended.
    pub fn done(&self, positions: &[Position]) {
        // What could not be noted is counted there, and delivered once more after a crash.
        let _ = self.shared.inner().done(self.key, positions);
        self.shared.freed.notify_waiters();
    }

    /// What waits for the destination, handed out or not.
    pub fn backlog(&self) -> Backlog {
        let inner = self.shared.inner();
        let one = inner.destinations.get(&self.key);
        one.map(|one| one.backlog).unwrap_or_default()
    }

    fn reader(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, budget: &Arc<Budget>, room: &mut Option<Charge>) -> Next {
        let mut reader = self.reader();
        loop {
            let (segment, used, until, wanted) = match self.locate(&mut reader) {
                Place::Nowhere if reader.unreadable.is_some() => return Next::Unreadable,
                Place::Nowhere => return Next::Empty,
                Place::Memory(position, payload) => {
                    return Next::Here(self.delivery(position, Kind::Request, payload));
                }
                Place::Disk {
                    segment,
                    used,
                    until,
                    wanted,
                } => (segment, used, until, wanted),
            };
            reader.turn_to(&segment, used, wanted);
            let Some((at, header)) = reader.find(wanted) else {
                self.missing(&mut reader, wanted, until);
                continue;
            };
            if header.sequence > wanted {
                self.missing(&mut reader, wanted, header.sequence);
                continue;
            }
            let length = u64::from(header.length);
            let charge = room.take().filter(|charge| charge.bytes() >= length);
            let Some(charge) = charge.or_else(|| budget.charge(length)) else {
                return Next::NoRoom(header.position());
            };
            match reader.read(at, &header) {
                Some(body) => return Next::Here(self.deliver(&header, body, charge)),
                None => self.missing(&mut reader, wanted, wanted + 1),
            }
        }
    }

    fn locate(&self, reader: &mut Reader) -> Place {
        let mut inner = self.shared.inner();
        let below = inner.handed_out_below();
        let Inner {
            destinations,
            recent,
            segments,
            ..
        } = &mut *inner;
        let Some(destination) = destinations.get_mut(&self.key) else {
            return Place::Nowhere;
        };
        if let Some((sequence, when)) = reader.unreadable
            && when.elapsed() >= UNREADABLE
        {
            destination.at = destination.at.min(sequence);
            reader.unreadable = None;
            reader.open = None;
        }
        let wanted = destination.wants();
        destination.at = wanted;
        if wanted >= below {
            return Place::Nowhere;
        }
        if let Some((position, payload)) = recent.get(wanted) {
            destination.out.insert(wanted);
            return Place::Memory(*position, payload.clone());
        }
        match segments.containing(wanted) {
            Some(filled) => Place::Disk {
                segment: Arc::clone(&filled.segment),
                used: filled.used,
                until: filled.until.min(below),
                wanted,
            },
            None => Place::Nowhere,
        }
    }

    fn deliver(&self, header: &Header, body: Bytes, charge: Charge) -> Delivery {
        let position = header.position();
        self.pass([position]);
        let payload = Payload {
            signal: header.signal,
            body: body.into(),
            items: position.items,
            arrived: header.arrived.instant(),
            charge: Arc::new(charge),
            metadata: None,
        };
        self.delivery(position, header.kind, payload)
    }

    fn delivery(&self, position: Position, kind: Kind, payload: Payload) -> Delivery {
        Delivery {
            payload,
            kind,
            position,
            cursor: self.clone(),
            settled: false,
        }
    }

    /// Some records are not where they should be: those are passed over. If the disk would not read them now, they
    /// are tried again later; if it did and they are broken, they are gone.
    fn missing(&self, reader: &mut Reader, from: u64, until: u64) {
        let mut inner = self.shared.inner();
        if reader
            .open
            .as_ref()
            .is_some_and(|(_, scan)| scan.is_unreadable())
        {
            let since = reader.unreadable.map_or(from, |(first, _)| first.min(from));
            reader.unreadable = Some((since, Instant::now()));
        } else {
            inner.stats.skipped_records.add(until - from);
            inner.lose(self.key, from..until);
        }
        if let Some(destination) = inner.destinations.get_mut(&self.key) {
            destination.at = destination.at.max(until);
        }
    }
}

impl Reader {
    /// Reads on in the segment, or opens it where it is another one or its place was passed.
    fn turn_to(&mut self, segment: &Arc<Segment>, used: u64, wanted: u64) {
        let passed = self
            .ahead
            .is_some_and(|(_, header)| header.sequence > wanted);
        match &mut self.open {
            Some((open, scan)) if open.life == segment.life && !passed => scan.extend_to(used),
            _ => {
                let scan = Scan::new(Arc::clone(&segment.file), segment.life, 0, used);
                self.open = Some((Arc::clone(segment), scan));
                self.ahead = None;
            }
        }
    }

    /// The record with a sequence, or the first after it.
    fn find(&mut self, wanted: u64) -> Option<(u64, Header)> {
        let (_, scan) = self.open.as_mut()?;
        loop {
            match self.ahead {
                Some((at, header)) if header.sequence >= wanted => return Some((at, header)),
                _ => {}
            }
            match scan.next()? {
                Found::Record { at, header } => self.ahead = Some((at, header)),
                Found::Damage { .. } => {}
            }
        }
    }

    /// The body of a record as it was appended.
    fn read(&mut self, at: u64, header: &Header) -> Option<Bytes> {
        let (_, scan) = self.open.as_mut()?;
        scan.appended(at, header)
    }
}

impl Delivery {
    /// Which record it is.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The destination is done with it: it never gets it again.
    pub fn done(mut self) {
        self.settled = true;
        self.cursor.done(&[self.position]);
    }

    /// The destination is done with all of these, which are of one log.
    pub fn all_done(deliveries: Vec<Self>) {
        let Some(cursor) = deliveries.first().map(|one| one.cursor.clone()) else {
            return;
        };
        let settled = deliveries.into_iter().map(|mut one| {
            one.settled = true;
            one.position
        });
        let positions: Vec<_> = settled.collect();
        cursor.done(&positions);
    }

    /// Takes it out: it stays handed out until [`Cursor::done`] is told of its position, or until a restart.
    pub fn keep(mut self) -> (Position, Kind, Payload) {
        self.settled = true;
        (self.position, self.kind, self.payload.clone())
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if !self.settled {
            self.cursor
                .shared
                .inner()
                .hand_out_again(self.cursor.key, self.position.sequence);
        }
    }
}
