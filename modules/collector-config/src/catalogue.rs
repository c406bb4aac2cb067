//! Which component types there are.

use crate::component::{Carries, Class, Component, ComponentType};
use crate::components::{
    debug, file_log, health, host_metrics, jaeger, jaeger_sampling, k8s_attributes, kubelet_stats,
    load_balancing, otlp, otlp_exporters, processors, remote_write, tail_sampling,
};
use crate::{Distribution, Signal, Version};

/// Every component type that this crate knows, with described settings or without.
pub(crate) const ALL: &[&ComponentType] = &[
    otlp::Otlp::TYPE,
    host_metrics::HostMetrics::TYPE,
    file_log::FileLog::TYPE,
    kubelet_stats::KubeletStats::TYPE,
    debug::NopReceiver::TYPE,
    processors::MemoryLimiter::TYPE,
    processors::Resource::TYPE,
    processors::ProbabilisticSampler::TYPE,
    processors::Batch::TYPE,
    k8s_attributes::K8sAttributes::TYPE,
    tail_sampling::TailSampling::TYPE,
    otlp_exporters::OtlpGrpc::TYPE,
    otlp_exporters::OtlpHttp::TYPE,
    load_balancing::LoadBalancing::TYPE,
    remote_write::PrometheusRemoteWrite::TYPE,
    debug::Debug::TYPE,
    debug::NopExporter::TYPE,
    health::HealthCheck::TYPE,
    health::HealthCheckV2::TYPE,
    health::FileStorage::TYPE,
    jaeger::JaegerStorage::TYPE,
    jaeger::JaegerQuery::TYPE,
    jaeger::JaegerStorageExporter::TYPE,
    jaeger_sampling::RemoteSampling::TYPE,
    jaeger_sampling::AdaptiveSampling::TYPE,
    &undescribed(
        Class::Connector,
        "forward",
        Distribution::ALL,
        Carries::Joints(&[
            (Signal::Traces, Signal::Traces),
            (Signal::Metrics, Signal::Metrics),
            (Signal::Logs, Signal::Logs),
        ]),
    ),
    &ComponentType {
        renamed: Some(("spanmetrics", Version::minor(159))),
        ..undescribed(
            Class::Connector,
            "span_metrics",
            Distribution::ALL,
            Carries::Joints(&[(Signal::Traces, Signal::Metrics)]),
        )
    },
];

/// A type whose settings are passed on as they are.
const fn undescribed(
    class: Class,
    name: &'static str,
    distributions: &'static [Distribution],
    carries: Carries,
) -> ComponentType {
    ComponentType {
        class,
        name,
        renamed: None,
        distributions,
        carries,
        read: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_two_types_of_one_class() {
        let mut seen = std::collections::BTreeSet::new();
        for found in ALL {
            let old = found.renamed.map(|(old, _)| old);
            for name in old.into_iter().chain([found.name]) {
                assert!(seen.insert((found.class, name)), "{name} is there twice");
            }
        }
    }

    #[test]
    fn a_type_is_spelled_as_the_version_reads_it() {
        for (class, version, name, spelled) in [
            (Class::Exporter, 143, "otlp_grpc", "otlp"),
            (Class::Exporter, 144, "otlp_grpc", "otlp_grpc"),
            (Class::Receiver, 144, "otlp", "otlp"),
            (Class::Processor, 145, "k8s_attributes", "k8sattributes"),
            (Class::Processor, 146, "k8s_attributes", "k8s_attributes"),
            (Class::Receiver, 148, "file_log", "filelog"),
            (Class::Receiver, 149, "file_log", "file_log"),
            (Class::Exporter, 152, "load_balancing", "loadbalancing"),
            (Class::Exporter, 153, "loadbalancing", "load_balancing"),
            (Class::Exporter, 159, "nobody_knows_it", "nobody_knows_it"),
        ] {
            assert_eq!(class.spelling(name, Version::minor(version)), spelled);
        }
    }
}
