//! Which records need not be read back because their bytes are still here?

use std::collections::VecDeque;

use super::Position;
use crate::Payload;

/// The last records, in order of their sequences, as many as the memory for them allows.
#[derive(Debug)]
pub(crate) struct Recent {
    limit: u64,
    bytes: u64,
    kept: VecDeque<(Position, Payload)>,
}

impl Recent {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            bytes: 0,
            kept: VecDeque::new(),
        }
    }

    /// Keeps a record, in place of older ones if there is no room.
    pub(crate) fn push(&mut self, position: Position, payload: &Payload) {
        if position.bytes > self.limit {
            return;
        }
        self.bytes += position.bytes;
        self.kept.push_back((position, payload.clone()));
        while self.bytes > self.limit {
            self.pop();
        }
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&(Position, Payload)> {
        let nth = self
            .kept
            .binary_search_by_key(&sequence, |(position, _)| position.sequence)
            .ok()?;
        self.kept.get(nth)
    }

    /// Lets go of what is below a sequence.
    pub(crate) fn release(&mut self, below: u64) {
        while self
            .kept
            .front()
            .is_some_and(|(position, _)| position.sequence < below)
        {
            self.pop();
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn pop(&mut self) {
        if let Some((position, _)) = self.kept.pop_front() {
            self.bytes -= position.bytes;
        }
    }
}
