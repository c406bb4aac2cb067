//! Is everything that was acknowledged where it should be?

use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use crate::{
    ids::{Fate, Ids, first_span, length, trace_of_span},
    ledger::Ledger,
};

/// Which spans should arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// All.
    All,
    /// Those of traces with an error, of slow ones, and of so many percent of the others: the policies `status_code`,
    /// `latency` with a threshold of a second, and `probabilistic`.
    Sampled(u64),
}

/// What became of the spans of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verdict {
    /// Spans in requests that were acknowledged.
    pub acknowledged: u64,
    /// Of these, those that had to arrive and did not. Anything but zero is a loss.
    pub lost: u64,
    /// Some of the lost, as numbers of spans.
    pub examples: Vec<u64>,
    /// Of the acknowledged, those that were rightly left out.
    pub decided_away: u64,
    /// Spans that arrived though their trace had to be left out.
    pub wrongly_kept: u64,
    /// Spans of traces that were acknowledged in part, so that nobody can say what is right.
    pub undetermined: u64,
    /// Spans that arrived, each counted once.
    pub delivered: u64,
    /// Spans that arrived again.
    pub duplicates: u64,
    /// Spans that arrived and were never sent.
    pub unknown: u64,
}

impl Verdict {
    /// Compares what was acknowledged with what arrived.
    pub fn of(ledger: &Ledger, expected: Expected) -> Self {
        let mut verdict = Self {
            delivered: ledger.delivered(),
            duplicates: ledger.duplicates.load(Relaxed),
            unknown: ledger.unknown.load(Relaxed),
            ..Self::default()
        };
        let spans = ledger.requests() * ledger.layout.spans;
        let traces = if spans == 0 {
            0
        } else {
            trace_of_span(spans - 1) + 1
        };
        for trace in 0..traces {
            verdict.judge(ledger, expected, trace, spans);
        }
        verdict
    }

    /// Spans that are wrong: lost, kept though they should not be, or made up.
    pub fn wrong(&self) -> u64 {
        self.lost + self.wrongly_kept + self.unknown
    }

    /// Whether none is.
    pub fn is_clean(&self) -> bool {
        self.wrong() == 0
    }

    fn judge(&mut self, ledger: &Ledger, expected: Expected, trace: u64, bound: u64) {
        let first = first_span(trace);
        let members = first..first + length(trace);
        let acknowledged =
            |span: &u64| *span < bound && ledger.is_acknowledged(ledger.layout.request(*span));
        let here = members.clone().filter(acknowledged).count() as u64;
        let whole = here == length(trace);
        let keep = match expected {
            Expected::All => true,
            Expected::Sampled(percent) => keeps(ledger.ids, trace, percent, acknowledged),
        };
        self.acknowledged += here;
        for span in members {
            match (acknowledged(&span), ledger.is_delivered(span)) {
                (true, false) if keep => {
                    self.lost += 1;
                    if self.examples.len() < 10 {
                        self.examples.push(span);
                    }
                }
                (true, false) if whole => self.decided_away += 1,
                (true, true) if !keep && whole => self.wrongly_kept += 1,
                (true, _) if !keep => self.undetermined += 1,
                _ => {}
            }
        }
    }
}

/// Whether what was acknowledged of a trace is enough to keep it.
fn keeps(ids: Ids, trace: u64, percent: u64, acknowledged: impl Fn(&u64) -> bool) -> bool {
    let first = first_span(trace);
    match ids.fate(trace) {
        Fate::Error(place) if acknowledged(&(first + place)) => true,
        Fate::Slow if acknowledged(&first) => true,
        _ => in_share(ids.trace(trace), percent),
    }
}

/// The collector's `probabilistic` policy: FNV-1a of its default salt and the trace id, compared with a share of 2^64.
fn in_share(trace: [u8; 16], percent: u64) -> bool {
    let hash = b"default-hash-seed"
        .iter()
        .chain(&trace)
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    u128::from(hash) <= u128::from(u64::MAX) * u128::from(percent) / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layout::Layout,
        template::{Size, Template},
    };

    const LAYOUT: Layout = Layout {
        spans: 50,
        spread: 4,
    };

    /// Twenty requests sent, the first `acknowledged` of them acknowledged, and all delivered but one span.
    fn books(acknowledged: u64, forget: Option<u64>, keep: impl Fn(u64) -> bool) -> Ledger {
        let ledger = Ledger::new(5, LAYOUT, 20);
        let template = Template::new(1, Size::Small);
        let mut bytes = template.bytes().to_vec();
        for request in 0..20 {
            ledger.send(request, 1);
            if request < acknowledged {
                ledger.acknowledge(request).unwrap();
            }
        }
        for span in (0..1000).filter(|span| keep(trace_of_span(*span))) {
            template.write(
                &mut bytes,
                ledger.ids,
                Layout {
                    spans: 1,
                    spread: 1,
                }
                .run(span),
            );
            assert_eq!(ledger.deliver(&bytes, forget), Some(1));
        }
        ledger
    }

    #[test]
    fn a_sink_that_drops_one_span_is_found() {
        let verdict = Verdict::of(&books(20, Some(777), |_| true), Expected::All);
        assert_eq!((verdict.acknowledged, verdict.delivered), (1000, 999));
        assert_eq!((verdict.lost, verdict.examples), (1, vec![777]));
        assert!(Verdict::of(&books(20, None, |_| true), Expected::All).is_clean());
    }

    #[test]
    fn what_was_not_acknowledged_may_be_missing() {
        // Span 801 is in request 17: group 4 of four, second in turn.
        assert_eq!(LAYOUT.request(801), 17);
        assert!(Verdict::of(&books(17, Some(801), |_| true), Expected::All).is_clean());
    }

    #[test]
    fn sampling_is_right_only_if_the_rule_is_followed_to_the_span() {
        let ids = Ids::new(5);
        let rule = |trace| keeps(ids, trace, 10, |_| true);
        let verdict = Verdict::of(&books(20, None, rule), Expected::Sampled(10));
        assert!(verdict.is_clean(), "{verdict:?}");
        let known = verdict.decided_away + verdict.delivered + verdict.undetermined;
        assert_eq!((known, verdict.undetermined < 10), (1000, true));
        assert!(
            verdict.decided_away > 700 && verdict.delivered > 50,
            "{verdict:?}"
        );

        let kept = (0..100).find(|trace| rule(*trace)).unwrap();
        let one_less = Verdict::of(
            &books(20, Some(first_span(kept)), rule),
            Expected::Sampled(10),
        );
        assert_eq!(one_less.lost, 1);
        let left_out = (0..100).find(|trace| !rule(*trace)).unwrap();
        let one_more = books(20, None, |trace| rule(trace) || trace == left_out);
        let one_more = Verdict::of(&one_more, Expected::Sampled(10));
        assert_eq!(one_more.wrongly_kept, length(left_out));
    }

    #[test]
    fn what_arrives_twice_or_was_never_sent_is_counted() {
        let ledger = books(20, None, |_| true);
        let template = Template::new(1, Size::Small);
        let mut bytes = template.bytes().to_vec();
        ledger.deliver(&bytes, None);
        template.write(
            &mut bytes,
            Ids::new(6),
            Layout {
                spans: 1,
                spread: 1,
            }
            .run(3),
        );
        ledger.deliver(&bytes, None);
        template.write(
            &mut bytes,
            ledger.ids,
            Layout {
                spans: 1,
                spread: 1,
            }
            .run(3),
        );
        ledger.deliver(&bytes, None);
        let verdict = Verdict::of(&ledger, Expected::All);
        assert_eq!((verdict.duplicates, verdict.unknown), (1, 2));
        assert!(!verdict.is_clean());
    }

    #[test]
    fn a_share_is_what_it_says() {
        let ids = Ids::new(8);
        let kept = (0..100_000)
            .filter(|trace| in_share(ids.trace(*trace), 10))
            .count();
        assert!((9_700..10_300).contains(&kept), "{kept}");
    }
}
