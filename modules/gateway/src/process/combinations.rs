//! Which combinations of headers did the processor `batch` see, and may there be another?
//!
//! It stands where the processor stands; the batches themselves are formed in the queues behind it.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasher as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use collector_config::ComponentId;

use crate::{
    Budget, Charge, Keys, Payload, Refusal, metadata::Combination, pipeline::Step, settings::Batch,
    telemetry::Seldom,
};

/// What one processor of one pipeline saw. As in the collector nothing is forgotten: a limit counts what came since the
/// start, and not what is there now.
pub struct Combinations {
    processor: ComponentId,
    keys: Keys,
    limit: Option<u32>,
    seen: Mutex<Seen>,
    hasher: RandomState,
    turned_away: Seldom,
}

#[derive(Default)]
struct Seen {
    /// Digests: if two were the same, one combination more would be let in, and kept apart all the same.
    digests: HashSet<u64>,
    charge: Option<Charge>,
}

/// What it takes to know one, in a set that has grown.
const EACH: u64 = 32;

impl Combinations {
    /// None so far.
    pub fn new(processor: ComponentId, settings: &Batch) -> Self {
        Self {
            processor,
            keys: settings.metadata_keys.clone(),
            limit: settings.metadata_cardinality_limit,
            seen: Mutex::default(),
            hasher: RandomState::new(),
            turned_away: Seldom::default(),
        }
    }

    /// Whose they are.
    pub fn processor(&self) -> &ComponentId {
        &self.processor
    }

    /// How many there were; without keys all requests are of one.
    pub fn count(&self) -> u64 {
        if self.keys.is_empty() {
            return 1;
        }
        self.seen().digests.len() as u64
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A digest that was charged and is missing is charged again when it comes again.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, combination: &Combination, budget: &Arc<Budget>) -> Result<(), Refusal> {
        let digest = self.hasher.hash_one(combination);
        let mut seen = self.seen();
        if seen.digests.contains(&digest) {
            return Ok(());
        }
        if let Some(limit) = self.limit
            && seen.digests.len() as u64 >= u64::from(limit)
        {
            drop(seen);
            return Err(self.too_various(limit));
        }
        let charge = seen.charge.get_or_insert_with(|| Charge::none(budget));
        if !charge.grow(EACH) {
            return Err(Refusal::used_up());
        }
        seen.digests.insert(digest);
        Ok(())
    }

    /// Who is refused for good loses what it sent, so whoever runs the gateway should know.
    fn too_various(&self, limit: u32) -> Refusal {
        if let Some(requests) = self.turned_away.add(1) {
            tracing::warn!(
                processor = %self.processor,
                requests,
                limit,
                "refuses requests for good: more combinations of headers came than `metadata_cardinality_limit` lets in"
            );
        }
        Refusal::TooVarious { limit }
    }
}

impl Step for Combinations {
    /// What leaves it has the headers of its keys, and no others.
    fn apply(&self, mut payload: Payload) -> Result<Option<Payload>, Refusal> {
        let metadata = payload.metadata.take();
        if self.keys.is_empty() {
            return Ok(Some(payload));
        }
        let combination = Combination::of(&self.keys, metadata.clone());
        self.admit(&combination, payload.charge.budget())?;
        if let Some(metadata) = metadata {
            payload.metadata = metadata.only(&self.keys)?;
        }
        Ok(Some(payload))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use collector_config::Signal;

    use super::*;
    use crate::{Metadata, metadata::Hearing, process::samples};

    fn combinations(keys: &[&str], limit: Option<u32>) -> Combinations {
        let settings = Batch {
            size: 0,
            max_size: None,
            timeout: Duration::ZERO,
            metadata_keys: Keys::of(keys),
            metadata_cardinality_limit: limit,
        };
        Combinations::new("batch".parse().unwrap(), &settings)
    }

    fn payload(fields: &[(&str, &str)]) -> Payload {
        let mut payload = samples::payload(Signal::Traces, "{}");
        let budget = Budget::new(1 << 20);
        payload.charge = Arc::new(Charge::none(&budget));
        let mut hearing = Hearing::new(&Keys::of(&["a", "b"]), &budget);
        for (name, value) in fields {
            hearing.field(name.as_bytes(), value.as_bytes());
        }
        payload.metadata = hearing.heard().unwrap();
        payload
    }

    fn left(metadata: Option<&Metadata>) -> Vec<u8> {
        let values = metadata.map(|metadata| metadata.of("a").chain(metadata.of("b")));
        values.into_iter().flatten().flatten().copied().collect()
    }

    #[test]
    fn what_was_seen_is_let_in_and_one_more_than_the_limit_is_not() {
        let combinations = combinations(&["a"], Some(2));
        let take = |fields| combinations.apply(payload(fields)).map(|_| ());
        for fields in [&[][..], &[("a", "1")], &[("b", "2")], &[("a", "1")]] {
            assert_eq!(take(fields), Ok(()), "{fields:?}");
        }
        for _ in 0..2 {
            let refused = take(&[("a", "2")]);
            assert_eq!(refused, Err(Refusal::TooVarious { limit: 2 }));
        }
        assert_eq!((take(&[("a", "1")]), combinations.count()), (Ok(()), 2));
    }

    #[test]
    fn without_a_limit_all_are_let_in_that_there_is_memory_for() {
        let combinations = combinations(&["a"], None);
        for nth in 0..2000 {
            let fields = [("a", &*nth.to_string())];
            combinations.apply(payload(&fields)).unwrap();
        }
        assert_eq!(combinations.count(), 2000);
        let mut poor = payload(&[]);
        poor.charge = Arc::new(Charge::none(&Budget::new(0)));
        let combinations = self::combinations(&["a"], None);
        let refused = combinations.apply(poor).unwrap_err();
        assert!(matches!(refused, Refusal::Busy { .. }), "{refused:?}");
    }

    #[test]
    fn other_headers_end_here() {
        for (keys, expected) in [
            (&["a", "b"][..], &b"12"[..]),
            (&["b"], b"2"),
            (&["c"], b""),
            (&[], b""),
        ] {
            let payload = payload(&[("a", "1"), ("b", "2")]);
            let passed = combinations(keys, None).apply(payload).unwrap().unwrap();
            assert_eq!(left(passed.metadata.as_deref()), expected, "{keys:?}");
        }
    }
}
