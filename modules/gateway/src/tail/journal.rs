//! What of the sampler outlives the process?

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{Payload, Refusal};

/// Where a record stands in a journal. Later records have greater ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// A record on its way to the disk.
pub struct Appending {
    /// Where it will stand: known at once, so that the order of records is the order of the calls.
    pub position: Position,
    /// Resolves once the record survives what the journal promises to survive. Refused, it was never there.
    pub stored: BoxFuture<'static, Result<(), Refusal>>,
}

/// What became of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The trace.
    pub trace_id: [u8; 16],
    /// Whether its spans were handed on.
    pub fate: Fate,
    /// Its spans in records up to here are dealt with; spans in later records came after the decision.
    pub upto: Position,
}

/// What is decided about a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Its spans are handed on.
    Kept,
    /// They are not.
    NotKept,
}

/// What stands next in a journal.
pub enum Unread {
    /// A request that was not done.
    Record(Position, Payload),
    /// A request that does not fit into the budget now, and how many bytes it has.
    NoRoom(Position, u64),
    /// None.
    Nothing,
}

/// A log that holds what the sampler has acknowledged until each of its spans was dropped, or handed to who holds it next.
///
/// The sampler appends a request before it is acknowledged, writes a verdict after it has handed on what is kept, and
/// says which records are done. After a crash it reads again what was not: spans that a verdict covers are passed over,
/// all others are taken as they were when they came. So nothing is lost, and what was handed on within the last moment
/// before a crash may be handed on twice.
///
/// Requests that are appended meanwhile stand behind what is read again, and are read in their turn.
pub trait Journal: Send + Sync {
    /// Takes a request, or refuses it. Called in the order in which requests arrive.
    fn append(&self, payload: &Payload) -> Result<Appending, Refusal>;

    /// Writes verdicts, and waits until those on kept traces are held as requests are: their records are done next. Whoever
    /// cannot write them counts that and goes on.
    fn decided<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, ()>;

    /// Forgets records of which every span is dealt with.
    fn done(&self, records: &[Position]);

    /// Tells what an earlier run decided, in its order, and says how many requests that run left. Once, and before
    /// anything is appended or read.
    fn recall(&self, each: &mut dyn FnMut(Verdict)) -> u64;

    /// The next of the requests that are not done, in their order: from the first that was left to the last that is
    /// stored.
    fn next(&self) -> Unread;

    /// Takes back a request that was read: it is the next again.
    fn give_back(&self, record: Position);

    /// Passes over a request, which is left to the next run.
    fn leave(&self, record: Position);

    /// The first position that was not read, if there is nothing to be read now.
    fn at_end(&self) -> Option<Position>;

    /// The first request that cannot be read now, though it may be later.
    fn unreadable(&self) -> Option<Position>;
}

/// No journal: what waits for a decision is lost with the process.
pub type MaybeJournal = Option<Arc<dyn Journal>>;
