//! In what is the gateway killed?

use std::time::Duration;

use super::{PASS, Scenario};
use crate::{generator::Rate, verdict::Expected};

/// What `load crash` runs.
pub const CRASH: &[Scenario] = &[
    Scenario {
        name: "crash",
        title: "Killed under load: acknowledged when in a file",
        config: "durable",
        rate: Rate::Spans(500_000),
        settle: Duration::from_secs(10),
        ..PASS
    },
    Scenario {
        name: "crash-power",
        title: "Killed under load: acknowledged when on the medium",
        config: "durable",
        set: &["extensions.file_storage.durability=power"],
        rate: Rate::Spans(500_000),
        settle: Duration::from_secs(10),
        ..PASS
    },
    Scenario {
        name: "crash-roll",
        title: "Killed under load: acknowledged when in a file, each of which has room for four requests",
        config: "durable",
        set: &["extensions.file_storage.max_size=2097152"],
        rate: Rate::Spans(500_000),
        settle: Duration::from_secs(10),
        ..PASS
    },
    Scenario {
        name: "crash-tail",
        title: "Killed under load: undecided traces survive",
        config: "tail-durable",
        rate: Rate::Spans(300_000),
        spread: 8,
        expected: Expected::Sampled(10),
        // Two seconds of the gateway's clock are more than one.
        waits: Duration::from_secs(1),
        settle: Duration::from_secs(30),
        ..PASS
    },
    // As much as a gateway takes that is not built for speed, with little under way.
    Scenario {
        name: "crash-tail-slow",
        title: "Killed under little load: undecided traces survive",
        config: "tail-durable",
        rate: Rate::Spans(20_000),
        spread: 8,
        in_flight: 2,
        expected: Expected::Sampled(10),
        waits: Duration::from_secs(1),
        settle: Duration::from_secs(10),
        ..PASS
    },
    Scenario {
        name: "crash-tail-long",
        title: "Killed under load: millions of undecided spans survive",
        config: "tail-durable",
        set: &[
            "extensions.file_storage.max_size=8589934592",
            "processors.tail_sampling.decision_wait=10s",
            "processors.tail_sampling.decision_cache.sampled_cache_size=100000",
            "processors.tail_sampling.decision_cache.non_sampled_cache_size=1000000",
        ],
        rate: Rate::Spans(300_000),
        spread: 8,
        expected: Expected::Sampled(10),
        waits: Duration::from_secs(9),
        settle: Duration::from_secs(30),
        ..PASS
    },
    Scenario {
        name: "crash-tail-whole",
        title: "Killed under load: nothing is decided before, and all of it survives",
        config: "tail-durable",
        set: &[
            "extensions.file_storage.max_size=12884901888",
            "processors.tail_sampling.decision_wait=60s",
            "processors.tail_sampling.num_traces=8000000",
            "processors.tail_sampling.decision_cache.sampled_cache_size=100000",
            "processors.tail_sampling.decision_cache.non_sampled_cache_size=1000000",
        ],
        rate: Rate::Spans(500_000),
        spread: 8,
        expected: Expected::Sampled(10),
        waits: Duration::from_secs(1),
        settle: Duration::from_mins(2),
        ..PASS
    },
];
