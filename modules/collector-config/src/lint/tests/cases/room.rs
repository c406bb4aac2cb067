//! Cases of memory.

use super::{Case, one_gib, usual};
use crate::lint::Tier;

pub(super) const CASES: &[Case] = &[
    Case {
        id: "queue-too-large",
        tier: Tier::Gateway,
        setting: one_gib,
        wrong: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1', sending_queue: {queue_size: 5000}}"),
        place: "exporters.otlp_grpc.sending_queue.queue_size",
        right: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1', sending_queue: {sizer: bytes, queue_size: 100000000}}"),
    },
    Case {
        id: "budget-exceeded",
        tier: Tier::Sampler,
        setting: one_gib,
        wrong: only!(processor "tail_sampling", "{num_traces: 100000}"),
        place: "processors.memory_limiter",
        right: only!(processor "tail_sampling", "{num_traces: 20000}"),
    },
    Case {
        id: "queue-in-requests",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1', sending_queue: {queue_size: 5000}}"),
        place: "exporters.otlp_grpc.sending_queue.sizer",
        right: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1', sending_queue: {sizer: bytes, queue_size: 100000000}}"),
    },
    Case {
        id: "limiter-too-late",
        tier: Tier::Gateway,
        setting: one_gib,
        wrong: only!(processor "memory_limiter", "{limit_mib: 1000}"),
        place: "processors.memory_limiter",
        right: only!(processor "memory_limiter", "{limit_mib: 800}"),
    },
    Case {
        id: "limiter-in-mib",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(processor "memory_limiter", "{limit_mib: 400}"),
        place: "processors.memory_limiter.limit_mib",
        right: only!(processor "memory_limiter", "{limit_percentage: 80}"),
    },
];
