//! Under what does the gateway stand for a long time?

use std::time::Duration;

use super::{PASS, Scenario};
use crate::{generator::Rate, verdict::Expected};

/// What `load soak` runs.
pub const SOAK: &[Scenario] = &[
    Scenario {
        name: "soak",
        title: "Soak: acknowledged when in a file, 20,000 spans/s, the sink dead for five seconds of each minute",
        config: "durable",
        rate: Rate::Spans(20_000),
        settle: Duration::from_secs(20),
        ..PASS
    },
    Scenario {
        name: "soak-tail",
        title: "Soak: undecided traces in a file, 20,000 spans/s, the sink dead for five seconds of each minute",
        config: "tail-durable",
        // What is remembered of 2,700 traces a second is full before the first minutes are over, and then stays as it is.
        set: &[
            "processors.tail_sampling.num_traces=200000",
            "processors.tail_sampling.decision_cache.sampled_cache_size=20000",
            "processors.tail_sampling.decision_cache.non_sampled_cache_size=100000",
        ],
        rate: Rate::Spans(20_000),
        spread: 8,
        expected: Expected::Sampled(10),
        settle: Duration::from_secs(20),
        ..PASS
    },
];
