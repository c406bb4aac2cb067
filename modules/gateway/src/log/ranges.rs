//! Which numbers are in a set that is mostly one long run?

use std::{collections::BTreeMap, ops::Range};

/// A set of numbers as runs: what a destination is done with is one run from zero and a few after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds a run, and says how many of it were not there before.
    pub(crate) fn insert(&mut self, run: Range<u64>) -> u64 {
        if run.is_empty() {
            return 0;
        }
        let (mut start, mut end) = (run.start, run.end);
        let mut new = end - start;
        // From the run that ends highest below, down to the first that does not touch.
        while let Some((&from, &to)) = self.0.range(..=end).next_back() {
            if to < start {
                break;
            }
            new -= run.end.min(to).saturating_sub(run.start.max(from));
            start = start.min(from);
            end = end.max(to);
            self.0.remove(&from);
        }
        self.0.insert(start, end);
        new
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.first_absent(number) != number
    }

    /// Whether every number of a run is there.
    pub(crate) fn covers(&self, run: Range<u64>) -> bool {
        run.is_empty() || self.first_absent(run.start) >= run.end
    }

    /// The least number from this one on that is not there.
    pub(crate) fn first_absent(&self, from: u64) -> u64 {
        match self.0.range(..=from).next_back() {
            Some((_, &end)) if end > from => end,
            _ => from,
        }
    }

    /// The runs that are missing below a number.
    pub(crate) fn gaps(&self, below: u64) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut at = 0;
        for (&start, &end) in &self.0 {
            if start >= below {
                break;
            }
            if start > at {
                gaps.push(at..start);
            }
            at = end;
        }
        if at < below {
            gaps.push(at..below);
        }
        gaps
    }

    /// One more than the greatest, zero if there is none.
    pub(crate) fn end(&self) -> u64 {
        self.0.values().next_back().copied().unwrap_or(0)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Range<u64>> {
        self.0.iter().map(|(&start, &end)| start..end)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_are_a_set(runs in prop::collection::vec((0_u64..40, 0_u64..9), 0..20)) {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for (start, length) in runs {
                let new = (start..start + length).filter(|number| set.insert(*number)).count();
                prop_assert_eq!(ranges.insert(start..start + length), new as u64);
            }
            for number in 0..60 {
                prop_assert_eq!(ranges.contains(number), set.contains(&number));
                let absent = (number..1000).find(|other| !set.contains(other)).unwrap();
                prop_assert_eq!(ranges.first_absent(number), absent);
            }
            prop_assert_eq!(ranges.end(), set.last().map_or(0, |last| last + 1));
            let missing: Vec<_> = ranges.gaps(50).into_iter().flatten().collect();
            prop_assert_eq!(missing, (0..50).filter(|number| !set.contains(number)).collect::<Vec<_>>());
            let runs: Vec<_> = ranges.iter().collect();
            prop_assert!(runs.windows(2).all(|pair| pair[0].end < pair[1].start), "apart and in order");
        }
    }
}
