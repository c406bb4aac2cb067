//! How do kept spans become a request again?

use std::{ops::Range, sync::Arc, time::Instant};

use collector_config::Signal;

use super::{
    core::{Core, Outgoing},
    held::{Held, Piece},
    journal::{Position, Verdict},
    packer::Packer,
};
use crate::{Budget, Charge, Chunks, Payload, put};

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

/// For how many parcels blocks are unpacked at once.
const UNPACKED: usize = 64;
/// What is set aside for parcels.
const RESERVE: u64 = 1 << 20;

impl Core {
    /// The next request of kept spans, of about that many bytes or of one trace.
    pub fn parcel(&mut self, bytes: usize) -> Outbox {
        if self.unpacked == 0 {
            self.unpack(UNPACKED * bytes);
        }
        let (mut traces, mut pieces, mut spans) = (0, Vec::new(), 0);
        let mut total = 0;
        for outgoing in self.outbox.iter().take(self.unpacked) {
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
        pieces.sort_unstable_by_key(|piece| (piece.block, piece.start));
        let scopes = Scopes::of(&self.held, &pieces);
        let Some(charge) = charge(&self.budget, &mut self.reserve, scopes.bytes as u64) else {
            // One trace alone may find room.
            return if traces > 1 {
                self.parcel(1)
            } else {
                Outbox::NoRoom
            };
        };
        self.unpacked -= traces;
        let body = bytes::Bytes::from(scopes.write(&self.held, &pieces));
        let arrived = scopes.arrived;
        Outbox::Parcel(Parcel {
            payload: Payload {
                signal: Signal::Traces,
                body: Chunks::from(body),
                items: spans,
                arrived,
                charge: Arc::new(charge),
                metadata: None,
            },
            outgoing: self.outbox.drain(..traces).collect(),
        })
    }

    /// Unpacks about so many bytes that leave next, once all is decided that is to be decided now: what is packed together
    /// leaves together.
    fn unpack(&mut self, bytes: usize) {
        if !self.deciding.is_empty() {
            return;
        }
        let (mut pieces, mut total) = (Vec::new(), 0);
        for outgoing in &self.outbox {
            if total >= bytes {
                break;
            }
            for (index, piece) in self.held.chain(outgoing.pieces) {
                pieces.push(index);
                total += piece.len as usize;
            }
            self.unpacked += 1;
        }
        self.held.unpack(pieces);
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
            self.unpacked += 1;
            self.outbox.push_front(outgoing);
        }
        drop(parcel.payload);
        self.refill();
    }

    /// What the journal has to be told.
    pub fn news(&mut self) -> (Vec<Verdict>, Vec<Position>) {
        (std::mem::take(&mut self.verdicts), self.held.take_done())
    }

    /// What is set aside here: all shards have their part.
    pub(super) fn wanted_reserve(&self) -> u64 {
        RESERVE.min(self.budget.limit() / 16) / self.shards
    }

    pub(super) fn refill(&mut self) {
        let missing = self.wanted_reserve().saturating_sub(self.reserve.bytes());
        // If it cannot be had now, there is another time.
        let _ = self.reserve.grow(missing);
    }
}

fn charge(budget: &Arc<Budget>, reserve: &mut Charge, bytes: u64) -> Option<Charge> {
    let charge = budget.charge(bytes);
    charge.or_else(|| (reserve.bytes() >= bytes).then(|| reserve.split(bytes)))
}

/// The scopes that a parcel's pieces are of, in order.
struct Scopes<'a> {
    runs: Vec<Run<'a>>,
    /// At most so many in all.
    bytes: usize,
    /// When the first of them came.
    arrived: Instant,
}

/// Pieces of one scope.
struct Run<'a> {
    /// What describes its resource and it.
    resource: &'a [u8],
    scope: &'a [u8],
    pieces: Range<usize>,
    /// What its spans take.
    spans: usize,
    /// What it takes as a field.
    field: usize,
}

impl<'a> Scopes<'a> {
    fn of(held: &'a Held, pieces: &[Piece]) -> Self {
        let mut runs: Vec<Run<'a>> = Vec::new();
        let mut arrived: Option<Instant> = None;
        for (index, piece) in pieces.iter().enumerate() {
            let block = held.block(piece.block);
            let at = &block.scopes[block.scope_of(piece.start)];
            arrived = Some(arrived.map_or(at.arrived, |arrived| arrived.min(at.arrived)));
            let (resource, scope) = (
                block.described_at(at.resource),
                block.described_at(at.scope),
            );
            let last = runs.last_mut();
            match last.filter(|run| is_same(run.resource, resource) && is_same(run.scope, scope)) {
                Some(run) => {
                    run.pieces.end = index + 1;
                    run.spans += piece.len as usize;
                }
                None => runs.push(Run {
                    resource,
                    scope,
                    pieces: index..index + 1,
                    spans: piece.len as usize,
                    field: 0,
                }),
            }
        }
        let mut bytes = 0;
        for run in &mut runs {
            let message = run.scope.len() + run.spans;
            run.field = 1 + varint_bytes(message) + message;
            bytes += run.field + run.resource.len() + 12;
        }
        Self {
            runs,
            bytes,
            arrived: arrived.unwrap_or_else(Instant::now),
        }
    }

    fn write(&self, held: &Held, pieces: &[Piece]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes);
        let mut opened = Opened::default();
        let same = |one: &Run<'_>, other: &Run<'_>| is_same(one.resource, other.resource);
        for runs in self.runs.chunk_by(same) {
            let Some(first) = runs.first() else { continue };
            let fields: usize = runs.iter().map(|run| run.field).sum();
            put::prefix(&mut out, 1, first.resource.len() + fields);
            out.extend_from_slice(first.resource);
            for run in runs {
                put::prefix(&mut out, 2, run.scope.len() + run.spans);
                out.extend_from_slice(run.scope);
                for piece in &pieces[run.pieces.clone()] {
                    let bytes = opened.bytes(held, piece.block);
                    out.extend_from_slice(&bytes[piece.start as usize..][..piece.len as usize]);
                }
            }
        }
        out
    }
}

/// The block that was read last. What there was no room to unpack beforehand is unpacked here.
#[derive(Default)]
struct Opened {
    packed: Option<(u32, Vec<u8>)>,
    packer: Packer,
}

impl Opened {
    fn bytes<'a>(&'a mut self, held: &'a Held, index: u32) -> &'a [u8] {
        let block = held.block(index);
        if !block.is_packed() {
            return block.bytes(&mut self.packer);
        }
        if self.packed.as_ref().is_none_or(|(of, _)| *of != index) {
            self.packed = Some((index, block.bytes(&mut self.packer).to_vec()));
        }
        self.packed.as_ref().map_or(&[], |(_, bytes)| bytes)
    }
}

/// Whether two things are described alike: nearly always the description stands there once.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    std::ptr::eq(one, other) || one == other
}

fn varint_bytes(number: usize) -> usize {
    let bits = usize::BITS - (number | 1).leading_zeros();
    bits.div_ceil(7) as usize
}
