//! Which component types there are.

mod known;
mod removed;

use crate::component::{Class, Component};
use crate::components::{
    debug, file_log, health, host_metrics, jaeger, jaeger_sampling, k8s_attributes, kubelet_stats,
    load_balancing, otlp, otlp_exporters, processors, remote_write, tail_sampling,
};
use crate::{ComponentType, Distribution, Signal, Stability};

/// Every component type that this crate knows: those with described settings first.
pub(crate) fn all() -> impl Iterator<Item = &'static ComponentType> {
    DESCRIBED
        .iter()
        .copied()
        .chain(&removed::REMOVED)
        .chain(known::all())
}

const DESCRIBED: &[&ComponentType] = &[
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
    &ComponentType::named(Class::Connector, "forward")
        .within(Distribution::GENERAL)
        .joints(&[
            (Signal::Traces, Signal::Traces),
            (Signal::Metrics, Signal::Metrics),
            (Signal::Logs, Signal::Logs),
        ])
        .ripe(Stability::Beta),
    &ComponentType::named(Class::Connector, "span_metrics")
        .renamed_from("spanmetrics", 151)
        .within(&[
            Distribution::Kubernetes,
            Distribution::Contrib,
            Distribution::Jaeger,
        ])
        .joints(&[(Signal::Traces, Signal::Metrics)])
        .ripe(Stability::Alpha),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    #[test]
    fn no_name_means_two_types_of_one_class() {
        let mut seen = std::collections::BTreeSet::new();
        for found in all() {
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
            (
                Class::Exporter,
                153,
                "prometheus_remote_write",
                "prometheusremotewrite",
            ),
            (Class::Receiver, 152, "kubeletstats", "kubelet_stats"),
            (Class::Receiver, 151, "kubelet_stats", "kubeletstats"),
            (Class::Receiver, 150, "k8s_objects", "k8sobjects"),
            (Class::Connector, 150, "span_metrics", "spanmetrics"),
            (Class::Connector, 151, "service_graph", "service_graph"),
            (
                Class::Processor,
                152,
                "resource_detection",
                "resourcedetection",
            ),
            (
                Class::Exporter,
                147,
                "google_cloud_storage",
                "googlecloudstorage",
            ),
            (Class::Exporter, 159, "nobody_knows_it", "nobody_knows_it"),
        ] {
            assert_eq!(class.spelling(name, Version::minor(version)), spelled);
        }
    }

    #[test]
    fn a_program_contains_a_type_from_one_version_to_another() {
        use crate::{Containment as C, Distribution as D};
        type Expected = Box<dyn Fn(C) -> bool>;
        let gone = |at| move |found: C| matches!(found, C::Gone(removed) if removed.at == Version::minor(at));
        let is = |expected: C| move |found: C| found == expected;
        let rows: [(Class, &str, D, u16, Expected); 9] = [
            (
                Class::Exporter,
                "logging",
                D::Contrib,
                110,
                Box::new(is(C::Contained)),
            ),
            (
                Class::Exporter,
                "logging",
                D::Contrib,
                111,
                Box::new(gone(111)),
            ),
            (
                Class::Exporter,
                "logging",
                D::Kubernetes,
                111,
                Box::new(is(C::Elsewhere)),
            ),
            (
                Class::Exporter,
                "loki",
                D::Contrib,
                131,
                Box::new(gone(131)),
            ),
            (
                Class::Exporter,
                "otlp",
                D::Otlp,
                159,
                Box::new(is(C::Contained)),
            ),
            (
                Class::Exporter,
                "prometheusremotewrite",
                D::Kubernetes,
                159,
                Box::new(is(C::Elsewhere)),
            ),
            (
                Class::Exporter,
                "prometheusremotewrite",
                D::Core,
                159,
                Box::new(is(C::Contained)),
            ),
            (
                Class::Receiver,
                "awslambda",
                D::Contrib,
                147,
                Box::new(is(C::Since(Version::minor(148)))),
            ),
            (
                Class::Extension,
                "healthcheckv2",
                D::Contrib,
                159,
                Box::new(is(C::Elsewhere)),
            ),
        ];
        for (class, name, distribution, version, expected) in rows {
            let version = Version::minor(version);
            let release = crate::Release {
                version,
                distribution,
            };
            let found = class.find(name).map(|found| found.contained_in(release));
            assert!(found.is_some_and(expected), "{name} {release}: {found:?}");
        }
    }
}
