//! Cases of sampling and of several replicas.

use super::{Case, autoscaled, usual};
use crate::lint::{Replicas, Tier};

pub(super) const CASES: &[Case] = &[
    Case {
        id: "tail-unrouted",
        tier: Tier::Gateway,
        setting: |setting| setting.replicas = Replicas::Fixed(3),
        wrong: traces!("memory_limiter", "tail_sampling"),
        place: "processors.tail_sampling",
        right: traces!("memory_limiter"),
    },
    Case {
        id: "tail-before-the-network",
        tier: Tier::Sidecar,
        setting: usual,
        wrong: traces!("memory_limiter", "tail_sampling"),
        place: "processors.tail_sampling",
        right: traces!("memory_limiter", "probabilistic_sampler"),
    },
    Case {
        id: "tail-no-headroom",
        tier: Tier::Sampler,
        setting: usual,
        wrong: only!(processor "tail_sampling", "{decision_wait: 10s, num_traces: 100000, expected_new_traces_per_sec: 10000}"),
        place: "processors.tail_sampling.num_traces",
        right: only!(processor "tail_sampling", "{decision_wait: 10s, num_traces: 200000, expected_new_traces_per_sec: 10000}"),
    },
    Case {
        id: "tail-forgets",
        tier: Tier::Sampler,
        setting: usual,
        wrong: only!(processor "tail_sampling", "{}"),
        place: "processors.tail_sampling.decision_cache",
        right: only!(processor "tail_sampling", "{decision_cache: {sampled_cache_size: 1000}}"),
    },
    Case {
        id: "cluster-read-repeatedly",
        tier: Tier::Agent,
        setting: usual,
        wrong: only!(receiver "logs", "k8s_events", "{}"),
        place: "receivers.k8s_events",
        right: only!(receiver "logs", "k8s_events", "{k8s_leader_elector: k8s_leader_elector}"),
    },
    Case {
        id: "stateful-autoscaled",
        tier: Tier::Gateway,
        setting: autoscaled,
        wrong: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1', sending_queue: {storage: file_storage}}"),
        place: "exporters.otlp_grpc.sending_queue.storage",
        right: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1', sending_queue: {sizer: bytes}}"),
    },
    Case {
        id: "several-writers",
        tier: Tier::Gateway,
        setting: autoscaled,
        wrong: only!(exporter "metrics", "prometheusremotewrite", "{endpoint: 'http://p:9090/api/v1/write'}"),
        place: "exporters.prometheus_remote_write",
        right: only!(exporter "metrics", "otlphttp", "{endpoint: 'http://p:9090/api/v1/otlp'}"),
    },
    Case {
        id: "scraped-repeatedly",
        tier: Tier::Agent,
        setting: usual,
        wrong: only!(receiver "metrics", "prometheus", "{config: {scrape_configs: [{job_name: pods}]}}"),
        place: "receivers.prometheus.config.scrape_configs",
        right: only!(receiver "metrics", "prometheus", "{config: {scrape_configs: [{job_name: pods, relabel_configs: [{regex: '${env:NODE_NAME}'}]}]}}"),
    },
];
