//! How much arrives? What memory, queues and replicas are worked out from, where somebody knows.

/// What arrives at all Pods of a tier together. What is not said is assumed, and what is assumed is named here.
///
/// ```
/// use modules::Load;
///
/// let busy = Load::spans(20_000).per_trace(25).bytes_per_span(800).points(50_000).records(5_000);
/// assert_eq!(busy.traces_per_second(), 800);
/// assert_eq!(busy.bytes_per_second(), 20_000 * 800 + 50_000 * 128 + 5_000 * 512);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    spans: u64,
    bytes_per_span: u64,
    spans_per_trace: u64,
    points: u64,
    bytes_per_point: u64,
    records: u64,
    bytes_per_record: u64,
}

/// What a span takes in OTLP: half a KiB is what load tests of the collector send, and what common
/// instrumentations with a dozen attributes come to.
pub(super) const BYTES_PER_SPAN: u64 = 512;
/// How many spans a trace has: a request through three or four services with their databases.
pub(super) const SPANS_PER_TRACE: u64 = 10;
/// What a data point takes: a number, two times, and the attributes that are not shared.
const BYTES_PER_POINT: u64 = 128;
/// What a log record takes: a line of text and where it comes from.
const BYTES_PER_RECORD: u64 = 512;

impl Load {
    const NONE: Self = Self {
        spans: 0,
        bytes_per_span: BYTES_PER_SPAN,
        spans_per_trace: SPANS_PER_TRACE,
        points: 0,
        bytes_per_point: BYTES_PER_POINT,
        records: 0,
        bytes_per_record: BYTES_PER_RECORD,
    };

    /// So many spans a second, and no metrics or logs unless they are said.
    pub const fn spans(per_second: u64) -> Self {
        Self {
            spans: per_second,
            ..Self::NONE
        }
    }

    /// A span takes so many bytes in OTLP: 512 where nothing is said.
    #[must_use]
    pub const fn bytes_per_span(self, bytes_per_span: u64) -> Self {
        Self {
            bytes_per_span,
            ..self
        }
    }

    /// A trace has so many spans: 10 where nothing is said.
    #[must_use]
    pub const fn per_trace(self, spans_per_trace: u64) -> Self {
        Self {
            spans_per_trace,
            ..self
        }
    }

    /// So many data points a second.
    #[must_use]
    pub const fn points(self, per_second: u64) -> Self {
        Self {
            points: per_second,
            ..self
        }
    }

    /// A data point takes so many bytes: 128 where nothing is said.
    #[must_use]
    pub const fn bytes_per_point(self, bytes_per_point: u64) -> Self {
        Self {
            bytes_per_point,
            ..self
        }
    }

    /// So many log records a second.
    #[must_use]
    pub const fn records(self, per_second: u64) -> Self {
        Self {
            records: per_second,
            ..self
        }
    }

    /// A log record takes so many bytes: 512 where nothing is said.
    #[must_use]
    pub const fn bytes_per_record(self, bytes_per_record: u64) -> Self {
        Self {
            bytes_per_record,
            ..self
        }
    }

    /// How many traces begin each second.
    pub const fn traces_per_second(&self) -> u64 {
        self.spans.div_ceil(at_least_one(self.spans_per_trace))
    }

    /// What a trace takes in OTLP.
    pub(super) const fn bytes_per_trace(&self) -> u64 {
        self.bytes_per_span * self.spans_per_trace
    }

    /// What arrives each second, in OTLP.
    pub const fn bytes_per_second(&self) -> u64 {
        self.spans * self.bytes_per_span
            + self.points * self.bytes_per_point
            + self.records * self.bytes_per_record
    }

    /// What one of several Pods has to bear while another of them is replaced.
    pub(crate) const fn for_one_of(self, replicas: u32) -> Self {
        let there = at_least_one(replicas as u64).saturating_sub(1);
        let there = at_least_one(there);
        Self {
            spans: self.spans.div_ceil(there),
            points: self.points.div_ceil(there),
            records: self.records.div_ceil(there),
            ..self
        }
    }

    /// The spans alone: what reaches a layer of traces.
    pub(crate) const fn of_traces(self) -> Self {
        self.points(0).records(0)
    }

    /// The data points alone: what reaches a layer of metrics.
    pub(crate) const fn of_metrics(self) -> Self {
        Self { spans: 0, ..self }.records(0)
    }
}

const fn at_least_one(count: u64) -> u64 {
    if count == 0 { 1 } else { count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_bears_what_one_of_them_does_not() {
        let load = Load::spans(9_000).points(300);
        for (replicas, spans, points) in [
            (0, 9_000, 300),
            (1, 9_000, 300),
            (2, 9_000, 300),
            (4, 3_000, 100),
        ] {
            let one = load.for_one_of(replicas);
            assert_eq!((one.spans, one.points), (spans, points), "{replicas}");
        }
        assert_eq!(
            load.of_traces().bytes_per_second() + load.of_metrics().bytes_per_second(),
            load.bytes_per_second()
        );
    }
}
