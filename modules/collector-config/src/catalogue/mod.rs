//! Which component types there are.

mod known;
mod removed;

use crate::component::Component;
use crate::{ComponentType, components};

/// Every component type that this crate knows: those with described settings first.
pub(crate) fn all() -> impl Iterator<Item = &'static ComponentType> {
    DESCRIBED
        .iter()
        .copied()
        .chain(&removed::REMOVED)
        .chain(known::all())
}

const DESCRIBED: &[&ComponentType] = &[
    components::otlp::Otlp::TYPE,
    components::host_metrics::HostMetrics::TYPE,
    components::file_log::FileLog::TYPE,
    components::kubelet_stats::KubeletStats::TYPE,
    components::debug::NopReceiver::TYPE,
    components::processors::MemoryLimiter::TYPE,
    components::attributes::Resource::TYPE,
    components::attributes::Attributes::TYPE,
    components::processors::GroupByTrace::TYPE,
    components::temporality::DeltaToCumulative::TYPE,
    components::temporality::CumulativeToDelta::TYPE,
    components::processors::ProbabilisticSampler::TYPE,
    components::processors::Batch::TYPE,
    components::k8s_attributes::K8sAttributes::TYPE,
    components::tail_sampling::TailSampling::TYPE,
    components::otlp_exporters::OtlpGrpc::TYPE,
    components::otlp_exporters::OtlpHttp::TYPE,
    components::load_balancing::LoadBalancing::TYPE,
    components::remote_write::PrometheusRemoteWrite::TYPE,
    components::elasticsearch::Elasticsearch::TYPE,
    components::debug::Debug::TYPE,
    components::debug::NopExporter::TYPE,
    components::health::HealthCheck::TYPE,
    components::health::HealthCheckV2::TYPE,
    components::health::FileStorage::TYPE,
    components::jaeger::JaegerStorage::TYPE,
    components::jaeger::JaegerQuery::TYPE,
    components::jaeger::JaegerStorageExporter::TYPE,
    components::jaeger_sampling::RemoteSampling::TYPE,
    components::jaeger_sampling::AdaptiveSampling::TYPE,
    components::prometheus_exporter::PrometheusExporter::TYPE,
    components::file_exporter::FileExporter::TYPE,
    components::resource_detection::ResourceDetection::TYPE,
    components::k8s_cluster::K8sCluster::TYPE,
    components::k8s_events::K8sEvents::TYPE,
    components::k8s_objects::K8sObjects::TYPE,
    components::prometheus_receiver::PrometheusReceiver::TYPE,
    components::filter::Filter::TYPE,
    components::transform::Transform::TYPE,
    components::routing::Forward::TYPE,
    components::routing::Routing::TYPE,
    components::span_metrics::SpanMetrics::TYPE,
    components::service_graph::ServiceGraph::TYPE,
    components::count::Count::TYPE,
    components::awss3::AwsS3::TYPE,
    components::google_cloud_storage::GoogleCloudStorage::TYPE,
    components::auth::BearerTokenAuth::TYPE,
    components::auth::BasicAuth::TYPE,
    components::auth::HeadersSetter::TYPE,
    components::diagnostics::Zpages::TYPE,
    components::diagnostics::Pprof::TYPE,
    components::leader_election::LeaderElector::TYPE,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Version, component::Class};

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
