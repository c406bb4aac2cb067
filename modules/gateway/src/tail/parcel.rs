//! How do kept spans become a request again?

use std::{ops::Range, sync::Arc, time::Instant};

use collector_config::Signal;

use super::{
    core::{Core, Outgoing},
    held::{Held, Piece},
    journal::{Position, Verdict},
};
use crate::{Charge, Chunks, Payload, put};

/// A request of kept spans. Its spans stay here, too, until it is [delivered](Core::delivered).
pub struct Parcel {
    /// The request.
    pub payload: Payload,
    outgoing: Vec<Outgoing>,
}

impl Parcel {
    /// Whether it could be two.
    pub fn is_several(&self) -> bool {
        self.outgoing.len() > 1
    }
}

/// What there is to send.
pub enum Outbox {
    /// Nothing.
    Empty,
    /// Something, but no room to make a request of it.
    NoRoom,
    /// A request.
    Parcel(Parcel),
}

/// What is set aside for parcels.
const RESERVE: u64 = 1 << 20;

impl Core {
    /// The next request of kept spans, of about that many bytes or of one trace.
    pub fn parcel(&mut self, bytes: usize) -> Outbox {
        let (mut traces, mut pieces, mut spans) = (0, Vec::new(), 0);
        let mut total = 0;
        for outgoing in &self.outbox {
            if total >= bytes {
                break;
            }
            let before = pieces.len();
            pieces.extend(self.held.chain(outgoing.pieces).map(|(_, piece)| *piece));
            let added = pieces[before..].iter().map(|piece| piece.len as usize);
            total += added.sum::<usize>();
            traces += 1;
            spans += outgoing.spans;
        }
        if traces == 0 {
            return Outbox::Empty;
        }
        pieces.sort_unstable_by_key(|piece| (piece.body, piece.start));
        let scopes = Scopes::of(&self.held, &pieces);
        let Some(charge) = self.charge(scopes.bytes as u64) else {
            return Outbox::NoRoom;
        };
        let outgoing = self.outbox.drain(..traces).collect();
        let (body, arrived) = scopes.write(&self.held, &pieces);
        Outbox::Parcel(Parcel {
            payload: Payload {
                signal: Signal::Traces,
                body: Chunks::from(bytes::Bytes::from(body)),
                items: spans,
                arrived,
                charge: Arc::new(charge),
            },
            outgoing,
        })
    }

    /// Somebody else holds the spans of this parcel now.
    pub fn delivered(&mut self, parcel: Parcel) {
        for outgoing in parcel.outgoing {
            self.held.release(outgoing.pieces);
            self.verdicts.extend(outgoing.verdict);
        }
        self.refill();
    }

    /// Nobody holds them: they are to go in other parcels, before all others.
    pub fn taken_back(&mut self, parcel: Parcel) {
        for outgoing in parcel.outgoing.into_iter().rev() {
            self.outbox.push_front(outgoing);
        }
        drop(parcel.payload);
        self.refill();
    }

    /// What the journal has to be told.
    pub fn news(&mut self) -> (Vec<Verdict>, Vec<Position>) {
        (std::mem::take(&mut self.verdicts), self.held.take_done())
    }

    fn charge(&mut self, bytes: u64) -> Option<Charge> {
        let charge = self.budget.charge(bytes);
        charge.or_else(|| (self.reserve.bytes() >= bytes).then(|| self.reserve.split(bytes)))
    }

    pub(super) fn refill(&mut self) {
        let wanted = RESERVE.min(self.budget.limit() / 16);
        let missing = wanted.saturating_sub(self.reserve.bytes());
        // If it cannot be had now, there is another time.
        let _ = self.reserve.grow(missing);
    }
}

/// The scopes that a parcel's pieces are of, in order.
struct Scopes {
    runs: Vec<Run>,
    /// At most so many in all.
    bytes: usize,
}

/// Pieces of one scope of one body.
struct Run {
    body: u32,
    scope: usize,
    resource: u32,
    pieces: Range<usize>,
    /// What its spans take.
    spans: usize,
    /// What it takes as a field.
    field: usize,
}

impl Scopes {
    fn of(held: &Held, pieces: &[Piece]) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            let body = held.body(piece.body);
            let scope = body.scope_of(piece.start);
            match runs.last_mut() {
                Some(run) if run.body == piece.body && run.scope == scope => {
                    run.pieces.end = index + 1;
                    run.spans += piece.len as usize;
                }
                _ => runs.push(Run {
                    body: piece.body,
                    scope,
                    resource: body.scopes[scope].resource,
                    pieces: index..index + 1,
                    spans: piece.len as usize,
                    field: 0,
                }),
            }
        }
        let mut bytes = 0;
        for run in &mut runs {
            let at = &held.body(run.body).scopes[run.scope];
            let message = at.scope_header.len() + run.spans;
            run.field = 1 + varint_bytes(message) + message;
            bytes += run.field + at.resource_header.len() + 12;
        }
        Self { runs, bytes }
    }

    fn write(&self, held: &Held, pieces: &[Piece]) -> (Vec<u8>, Instant) {
        let mut out = Vec::with_capacity(self.bytes);
        let mut arrived: Option<Instant> = None;
        let same =
            |one: &Run, other: &Run| (one.body, one.resource) == (other.body, other.resource);
        for runs in self.runs.chunk_by(same) {
            let Some(first) = runs.first() else { continue };
            let body = held.body(first.body);
            arrived = Some(arrived.map_or(body.arrived, |arrived| arrived.min(body.arrived)));
            let slice =
                |range: &Range<u32>| &body.headers[range.start as usize..range.end as usize];
            let header = slice(&body.scopes[first.scope].resource_header);
            let fields: usize = runs.iter().map(|run| run.field).sum();
            put::prefix(&mut out, 1, header.len() + fields);
            out.extend_from_slice(header);
            for run in runs {
                let header = slice(&body.scopes[run.scope].scope_header);
                put::prefix(&mut out, 2, header.len() + run.spans);
                out.extend_from_slice(header);
                for piece in &pieces[run.pieces.clone()] {
                    let start = piece.start as usize;
                    out.extend_from_slice(&body.bytes[start..start + piece.len as usize]);
                }
            }
        }
        (out, arrived.unwrap_or_else(Instant::now))
    }
}

fn varint_bytes(number: usize) -> usize {
    let bits = usize::BITS - (number | 1).leading_zeros();
    bits.div_ceil(7) as usize
}
