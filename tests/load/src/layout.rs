//! Which spans go into which request?

/// How spans are dealt to requests: so many in each, and those that follow each other to so many requests in turn,
/// which spreads the spans of a trace over requests as several services would.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Spans in a request.
    pub spans: u64,
    /// To how many requests in turn: 1 keeps traces together.
    pub spread: u64,
}

/// The spans of one request: `count` of them, each `step` after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first.
    pub first: u64,
    /// How far the next is.
    pub step: u64,
    /// How many.
    pub count: u64,
}

impl Layout {
    /// The spans of a request.
    pub fn run(self, request: u64) -> Run {
        let group = request / self.spread;
        Run {
            first: group * self.spread * self.spans + request % self.spread,
            step: self.spread,
            count: self.spans,
        }
    }

    /// The request that has a span.
    pub fn request(self, counter: u64) -> u64 {
        if self.spread == 1 {
            return counter / self.spans;
        }
        counter / (self.spread * self.spans) * self.spread + counter % self.spread
    }
}

impl Run {
    /// Its spans in order.
    pub fn spans(self) -> impl Iterator<Item = u64> {
        (0..self.count).map(move |n| self.first + n * self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_span_is_in_one_request_which_knows_it() {
        for (spans, spread) in [(1, 1), (10, 1), (10, 8), (512, 8), (3, 7)] {
            let layout = Layout { spans, spread };
            let mut seen = BTreeSet::new();
            for request in 0..spread * 5 {
                for span in layout.run(request).spans() {
                    assert_eq!(layout.request(span), request);
                    assert!(seen.insert(span));
                }
            }
            assert_eq!(seen.last(), Some(&(spread * 5 * spans - 1)));
        }
    }
}
