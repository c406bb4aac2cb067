//! How does an exponential histogram become a native one?
//!
//! Prometheus knows schemas −4 to 8; an OpenTelemetry scale above is merged down, one below has no counterpart.
//! Its buckets are counted from one higher, because they are named by their upper bounds.

use super::{
    point::{Exponential, Point},
    samples::STALE,
    series::{Buckets, Histogram, Span},
};

/// Prometheus' finest schema.
const FINEST: i32 = 8;
/// Prometheus' coarsest schema.
const COARSEST: i32 = -4;
/// Below what a measurement counts as zero, where the sender does not say.
const ZERO_THRESHOLD: f64 = 1e-128;
/// So many empty buckets are written out; more are left out by a new span.
const SMALL_GAP: i32 = 2;

/// The native histogram; none where its buckets are too coarse for Prometheus.
pub(super) fn histogram(point: &Point<'_>) -> Option<Histogram> {
    if point.scale < COARSEST {
        return None;
    }
    let down = u32::try_from(point.scale - FINEST).unwrap_or(0);
    Some(Histogram {
        count: if point.stale { STALE } else { point.count },
        sum: if point.stale {
            f64::from_bits(STALE)
        } else {
            point.sum.unwrap_or(0.0)
        },
        schema: point.scale.min(FINEST),
        zero_threshold: if point.zero_threshold == 0.0 {
            ZERO_THRESHOLD
        } else {
            point.zero_threshold
        },
        zero_count: point.zero_count,
        negative: buckets(&point.negative, down),
        positive: buckets(&point.positive, down),
        time: point.time,
        start: point.start,
    })
}

/// The buckets `down` scales coarser, in spans.
fn buckets(fine: &Exponential, down: u32) -> Buckets {
    let mut buckets = Buckets::default();
    let merged = merged(fine, down);
    let (Some((first, _)), Some((last, _))) = (merged.first().copied(), merged.last().copied())
    else {
        return buckets;
    };
    buckets.spans.push(Span {
        offset: first,
        length: 0,
    });
    let (mut next, mut before) = (first, 0);
    for (index, count) in merged {
        // The last one says how far the histogram goes, even if it is empty.
        if count == 0 && index != last {
            continue;
        }
        let gap = index - next;
        if gap > SMALL_GAP {
            buckets.spans.push(Span {
                offset: gap,
                length: 0,
            });
        } else {
            for _ in 0..gap {
                buckets.push(-before);
                before = 0;
            }
        }
        buckets.push(count - before);
        (next, before) = (index + 1, count);
    }
    buckets
}

impl Buckets {
    fn push(&mut self, delta: i64) {
        if let Some(span) = self.spans.last_mut() {
            span.length += 1;
        }
        self.deltas.push(delta);
    }
}

/// Indices and counts in Prometheus' numbering.
fn merged(fine: &Exponential, down: u32) -> Vec<(i32, i64)> {
    let mut merged: Vec<(i32, i64)> = Vec::new();
    let down = down.min(31);
    for (at, count) in (0i32..).zip(&fine.counts) {
        let index = (fine.offset.saturating_add(at) >> down).saturating_add(1);
        let count = count.cast_signed();
        match merged.last_mut() {
            Some((last, sum)) if *last == index => *sum = sum.saturating_add(count),
            _ => merged.push((index, count)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(offset: i32, counts: &[u64], down: u32) -> (Vec<(i32, u32)>, Vec<i64>) {
        let fine = Exponential {
            offset,
            counts: counts.to_vec(),
        };
        let buckets = buckets(&fine, down);
        (
            buckets
                .spans
                .iter()
                .map(|span| (span.offset, span.length))
                .collect(),
            buckets.deltas,
        )
    }

    #[test]
    fn buckets_stand_one_higher_and_small_gaps_are_filled() {
        assert_eq!(of(0, &[], 0), (vec![], vec![]));
        assert_eq!(of(-3, &[4, 2, 5], 0), (vec![(-2, 3)], vec![4, -2, 3]));
        assert_eq!(of(0, &[1, 0, 0, 7], 0), (vec![(1, 4)], vec![1, -1, 0, 7]));
        assert_eq!(
            of(0, &[1, 0, 0, 0, 7], 0),
            (vec![(1, 1), (3, 1)], vec![1, 6])
        );
        assert_eq!(of(0, &[5, 0, 0], 0), (vec![(1, 3)], vec![5, -5, 0]));
    }

    #[test]
    fn finer_buckets_are_added_up() {
        assert_eq!(of(0, &[1, 2, 3, 4], 1), (vec![(1, 2)], vec![3, 4]));
        assert_eq!(of(-1, &[1, 2, 3], 1), (vec![(0, 2)], vec![1, 4]));
        assert_eq!(of(0, &[0, 0, 5, 3], 1), (vec![(1, 2)], vec![0, 8]));
    }
}
