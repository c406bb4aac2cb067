//! Cases of the order of processors.

use super::{Case, usual};
use crate::lint::Tier;

pub(super) const CASES: &[Case] = &[
    Case {
        id: "limiter-missing",
        tier: Tier::Gateway,
        setting: usual,
        wrong: traces!("batch"),
        place: "service.pipelines.traces.processors",
        right: traces!("memory_limiter", "batch"),
    },
    Case {
        id: "limiter-first",
        tier: Tier::Gateway,
        setting: usual,
        wrong: traces!("resource", "memory_limiter"),
        place: "service.pipelines.traces.processors",
        right: traces!("memory_limiter", "resource"),
    },
    Case {
        id: "context-lost",
        tier: Tier::Gateway,
        setting: usual,
        wrong: traces!("memory_limiter", "batch", "k8s_attributes"),
        place: "service.pipelines.traces.processors",
        right: traces!("memory_limiter", "k8s_attributes", "batch"),
    },
    Case {
        id: "batch-last",
        tier: Tier::Gateway,
        setting: usual,
        wrong: traces!("memory_limiter", "batch", "resource"),
        place: "service.pipelines.traces.processors",
        right: traces!("memory_limiter", "resource", "batch"),
    },
    Case {
        id: "sampling-after-batch",
        tier: Tier::Gateway,
        setting: usual,
        wrong: traces!("memory_limiter", "batch", "probabilistic_sampler"),
        place: "service.pipelines.traces.processors",
        right: traces!("memory_limiter", "probabilistic_sampler", "batch"),
    },
    Case {
        id: "probabilistic-before-tail",
        tier: Tier::Sampler,
        setting: usual,
        wrong: traces!("memory_limiter", "probabilistic_sampler", "tail_sampling"),
        place: "service.pipelines.traces.processors",
        right: traces!("memory_limiter", "tail_sampling"),
    },
    Case {
        id: "span-metrics-after-sampling",
        tier: Tier::Sampler,
        setting: usual,
        wrong: "
receivers: {otlp: {}}
processors: {tail_sampling: {}}
connectors: {forward: {}, spanmetrics: {}}
exporters: {otlp_grpc: {}}
service:
  pipelines:
    traces/in: {receivers: [otlp], processors: [tail_sampling], exporters: [forward]}
    traces/out: {receivers: [forward], exporters: [otlp_grpc, spanmetrics]}
    metrics: {receivers: [spanmetrics], exporters: [otlp_grpc]}",
        place: "service.pipelines.traces/out.exporters",
        right: "
receivers: {otlp: {}}
processors: {tail_sampling: {}}
connectors: {forward: {}, spanmetrics: {}}
exporters: {otlp_grpc: {}}
service:
  pipelines:
    traces/in: {receivers: [otlp], exporters: [forward, spanmetrics]}
    traces/out: {receivers: [forward], processors: [tail_sampling], exporters: [otlp_grpc]}
    metrics: {receivers: [spanmetrics], exporters: [otlp_grpc]}",
    },
];
