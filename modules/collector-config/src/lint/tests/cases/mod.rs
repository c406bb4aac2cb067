//! One case for each lint.

use super::{Case, Elsewhere, Setting};
use crate::lint::{Network, Probes, Replicas, Senders};

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Case> {
    let files = [
        order::CASES,
        counts::CASES,
        sending::CASES,
        room::CASES,
        places::CASES,
        names::CASES,
    ];
    files.into_iter().flatten()
}

const GIB: u64 = 1 << 30;

fn usual(_: &mut Setting) {}

fn autoscaled(setting: &mut Setting) {
    setting.replicas = Replicas::Autoscaled;
}

fn one_gib(setting: &mut Setting) {
    setting.memory = Some(GIB);
}

fn bare_container(setting: &mut Setting) {
    setting.memory = Some(GIB);
    setting.variables = Some(["POD_IP".to_owned()].into());
    setting.mounts = Some(["/etc/otelcol".to_owned()].into());
    setting.ports = Some([4317].into());
}

/// A pipeline of traces with these processors.
macro_rules! traces {
    ($($processor:literal),*) => {
        concat!(
            "{receivers: {otlp: {protocols: {grpc: {endpoint: 'localhost:4317'}}}}, ",
            "processors: {memory_limiter: {}, batch: {}, resource: {}, k8s_attributes: {}, ",
            "tail_sampling: {}, probabilistic_sampler: {}}, ",
            "exporters: {otlp_grpc: {endpoint: 'a:1'}}, service: {pipelines: {traces: ",
            "{receivers: [otlp], processors: [", $($processor, ", ",)* "], exporters: [otlp_grpc]}}}}"
        )
    };
}

/// A configuration in which one thing is of interest.
macro_rules! only {
    (receiver $signal:literal, $kind:literal, $settings:literal) => {
        concat!(
            "{receivers: {", $kind, ": ", $settings, "}, exporters: {otlp_grpc: {endpoint: 'a:1'}}, ",
            "service: {pipelines: {", $signal, ": {receivers: [", $kind, "], exporters: [otlp_grpc]}}}}"
        )
    };
    (processor $kind:literal, $settings:literal) => {
        concat!(
            "{receivers: {otlp: {}}, processors: {", $kind, ": ", $settings, "}, ",
            "exporters: {otlp_grpc: {endpoint: 'a:1'}}, service: {pipelines: {traces: ",
            "{receivers: [otlp], processors: [", $kind, "], exporters: [otlp_grpc]}}}}"
        )
    };
    (exporter $signal:literal, $kind:literal, $settings:literal) => {
        concat!(
            "{receivers: {otlp: {}}, exporters: {", $kind, ": ", $settings, "}, service: {pipelines: {",
            $signal, ": {receivers: [otlp], exporters: [", $kind, "]}}}}"
        )
    };
    (service $service:literal) => {
        concat!(
            "{receivers: {otlp: {}}, exporters: {otlp_grpc: {}}, extensions: {health_check: {}}, service: {",
            $service, ", pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc]}}}}"
        )
    };
}

// After the macros, which hold for what follows them.
mod counts;
mod names;
mod order;
mod places;
mod room;
mod sending;

/// What is right or wrong by its setting alone.
pub(super) const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        id: "container-measured",
        text: only!(receiver "metrics", "hostmetrics", "{root_path: /hostfs, scrapers: {cpu: {}, network: }}"),
        wrong: |setting| setting.network = Some(Network::Own),
        right: |setting| setting.network = Some(Network::OfNode),
    },
    Elsewhere {
        id: "tail-unrouted",
        text: traces!("memory_limiter", "tail_sampling"),
        wrong: |setting| setting.senders = Senders::Any,
        right: |setting| setting.senders = Senders::ByTrace,
    },
    Elsewhere {
        id: "stateful-autoscaled",
        text: traces!("memory_limiter", "tail_sampling"),
        wrong: autoscaled,
        right: |setting| setting.replicas = Replicas::Fixed(3),
    },
    Elsewhere {
        id: "stateful-autoscaled",
        text: traces!("memory_limiter"),
        wrong: |setting| {
            setting.replicas = Replicas::Autoscaled;
            setting.senders = Senders::ByTrace;
        },
        right: |setting| {
            setting.replicas = Replicas::Autoscaled;
            setting.senders = Senders::Any;
        },
    },
    Elsewhere {
        id: "cluster-read-repeatedly",
        text: only!(receiver "logs", "k8s_events", "{}"),
        wrong: |setting| setting.replicas = Replicas::Each,
        right: |setting| setting.replicas = Replicas::Fixed(1),
    },
    Elsewhere {
        id: "several-writers",
        text: only!(exporter "metrics", "prometheusremotewrite", "{endpoint: 'http://p:9090/api/v1/write'}"),
        wrong: |setting| setting.replicas = Replicas::Fixed(3),
        right: |setting| setting.replicas = Replicas::Fixed(1),
    },
    Elsewhere {
        id: "go-limit-missing",
        text: only!(processor "memory_limiter", "{}"),
        wrong: bare_container,
        right: |setting| setting.variables = Some(["GOMEMLIMIT".to_owned()].into()),
    },
    Elsewhere {
        id: "probe-unanswered",
        text: only!(service "extensions: []"),
        wrong: usual,
        right: |setting| setting.probes = Probes::None,
    },
    Elsewhere {
        id: "queue-too-large",
        text: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1', sending_queue: {queue_size: 5000}}"),
        wrong: one_gib,
        right: |setting| setting.memory = Some(8 * GIB),
    },
    Elsewhere {
        id: "variable-unset",
        text: only!(exporter "traces", "otlp_grpc", "{endpoint: '${env:GATEWAY}:1'}"),
        wrong: bare_container,
        right: |setting| setting.variables = Some(["GATEWAY".to_owned()].into()),
    },
];
