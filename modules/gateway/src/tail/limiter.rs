//! How much may pass in a second?

use std::time::Duration;

/// A bucket that is full at first and fills again at a rate: Go's `rate.Limiter`, as far as `AllowN` goes.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    per_second: f64,
    burst: u64,
    tokens: f64,
    last: Duration,
}

impl Bucket {
    /// With room for twice the rate, unless it is said how much.
    pub(super) fn new(per_second: u64, burst: u64) -> Self {
        let burst = if burst > 0 {
            burst
        } else {
            per_second.saturating_mul(2)
        };
        Self {
            per_second: float(per_second),
            burst,
            tokens: float(burst),
            last: Duration::ZERO,
        }
    }

    pub(super) fn allow(&mut self, amount: u64, now: Duration) -> bool {
        let elapsed = now.saturating_sub(self.last).as_secs_f64();
        let tokens = (self.tokens + elapsed * self.per_second).min(float(self.burst));
        let left = tokens - float(amount);
        let allowed = amount <= self.burst && left >= 0.0;
        if allowed {
            (self.tokens, self.last) = (left, now.max(self.last));
        }
        allowed
    }
}

/// Counts in whole seconds: contrib's `composite` policy.
#[derive(Clone, Debug)]
pub(super) struct Second {
    second: u64,
    total: u64,
}

impl Second {
    pub(super) fn new(total: u64) -> Self {
        Self { second: 0, total }
    }

    /// Forgets what `counts` counted in an earlier second.
    pub(super) fn begin<'a>(&mut self, now: Duration, counts: impl Iterator<Item = &'a mut u64>) {
        if self.second != now.as_secs() {
            self.second = now.as_secs();
            counts.for_each(|count| *count = 0);
        }
    }

    /// Counts an amount, if the count stays within both limits. The total is not shared between the counts: so it is in
    /// contrib.
    pub(super) fn allow(&self, amount: u64, count: &mut u64, limit: u64) -> bool {
        let sum = count.saturating_add(amount);
        let allowed = sum <= limit && sum <= self.total;
        if allowed {
            *count = sum;
        }
        allowed
    }
}

/// Limits beyond 2⁵³ a second are rounded, as Go rounds them.
#[expect(clippy::cast_precision_loss, reason = "as Go converts it")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_what_it_has_and_fills_at_its_rate() {
        let mut bucket = Bucket::new(10, 0);
        let at = Duration::from_millis;
        assert!(!bucket.allow(21, at(0)), "larger than the bucket");
        assert!(bucket.allow(20, at(0)));
        assert!(!bucket.allow(1, at(99)));
        assert!(bucket.allow(1, at(100)));
        assert!(bucket.allow(20, Duration::from_mins(1)));
        assert!(
            !bucket.allow(1, Duration::from_mins(1)),
            "it never holds more than its burst"
        );
    }

    #[test]
    fn counts_begin_anew_with_each_second() {
        let mut second = Second::new(10);
        let mut count = 0;
        assert!(second.allow(4, &mut count, 5));
        assert!(!second.allow(2, &mut count, 5));
        assert!(second.allow(1, &mut count, 5));
        second.begin(Duration::from_millis(999), std::iter::once(&mut count));
        assert_eq!(count, 5);
        second.begin(Duration::from_secs(1), std::iter::once(&mut count));
        assert_eq!(count, 0);
    }
}
