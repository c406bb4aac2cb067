//! Configurations that the real program accepts: read without a mistake, and written back as they were.
#![expect(clippy::unwrap_used, reason = "a test may")]

use collector_config::{
    Class, Component, Config, Release, Version,
    components::{
        attributes::{Attributes, Resource},
        auth::{BasicAuth, BearerTokenAuth, HeadersSetter},
        awss3::AwsS3,
        count::Count,
        debug::{Debug, NopExporter, NopReceiver},
        diagnostics::{Pprof, Zpages},
        elasticsearch::Elasticsearch,
        file_exporter::FileExporter,
        file_log::FileLog,
        filter::Filter,
        google_cloud_storage::GoogleCloudStorage,
        health::{FileStorage, HealthCheck},
        host_metrics::HostMetrics,
        k8s_attributes::K8sAttributes,
        k8s_cluster::K8sCluster,
        k8s_events::K8sEvents,
        k8s_objects::K8sObjects,
        kubelet_stats::KubeletStats,
        leader_election::LeaderElector,
        load_balancing::LoadBalancing,
        otlp::Otlp,
        otlp_exporters::{OtlpGrpc, OtlpHttp},
        processors::{Batch, GroupByTrace, MemoryLimiter, ProbabilisticSampler},
        prometheus_exporter::PrometheusExporter,
        prometheus_receiver::PrometheusReceiver,
        remote_write::PrometheusRemoteWrite,
        resource_detection::ResourceDetection,
        routing::{Forward, Routing},
        service_graph::ServiceGraph,
        span_metrics::SpanMetrics,
        tail_sampling::TailSampling,
        temporality::{CumulativeToDelta, DeltaToCumulative},
        transform::Transform,
    },
};

const CLUSTER: &str = include_str!("accepted/cluster.yaml");
const ARCHIVE: &str = include_str!("accepted/archive.yaml");
const CONNECTORS: &str = include_str!("accepted/connectors.yaml");
const GATEWAY: &str = include_str!("accepted/gateway.yaml");
const NODE: &str = include_str!("accepted/node.yaml");
const SAMPLING: &str = include_str!("accepted/sampling.yaml");
/// What the program that checks the others does not contain.
const MORE: &str = include_str!("accepted/more.yaml");

fn all() -> impl Iterator<Item = Config> {
    let texts = [CLUSTER, ARCHIVE, CONNECTORS, GATEWAY, NODE, SAMPLING, MORE];
    texts
        .into_iter()
        .map(|text| Config::from_yaml(text).unwrap())
}

#[test]
fn what_the_program_accepts_has_no_mistakes() {
    for config in all() {
        assert_eq!(config.check(Release::CONTRIB), []);
    }
}

#[test]
fn whatever_is_accepted_is_read_back_from_what_is_written_for_old_and_new() {
    for config in all() {
        for version in [Version::minor(140), Version::minor(159)] {
            let release = Release {
                version,
                ..Release::CONTRIB
            };
            let text = config.to_yaml(release);
            assert_eq!(Config::from_yaml(&text).unwrap(), config);
        }
    }
}

/// Every component of this type, in every configuration, as a type and back.
fn same<C: Component>() {
    let class: Class = C::TYPE.class;
    let mut seen = 0;
    for config in all() {
        let section: Vec<_> = config.section(class).collect();
        for (id, settings) in section {
            if id.kind() != C::TYPE.name {
                continue;
            }
            let typed: C = config.get(id).unwrap();
            let written = serde_json::to_value(&typed).unwrap();
            assert!(
                settings.is_null() || written == *settings,
                "{id}: {written}"
            );
            seen += 1;
        }
    }
    assert!(seen > 0, "no {class} {}", C::TYPE.name);
}

#[test]
fn settings_are_written_back_as_they_were_read() {
    same::<Attributes>();
    same::<AwsS3>();
    same::<BasicAuth>();
    same::<Batch>();
    same::<BearerTokenAuth>();
    same::<Count>();
    same::<CumulativeToDelta>();
    same::<Debug>();
    same::<DeltaToCumulative>();
    same::<FileStorage>();
    same::<Filter>();
    same::<Elasticsearch>();
    same::<FileExporter>();
    same::<FileLog>();
    same::<HostMetrics>();
    same::<K8sAttributes>();
    same::<KubeletStats>();
    same::<PrometheusExporter>();
    same::<PrometheusRemoteWrite>();
    same::<ResourceDetection>();
    same::<Forward>();
    same::<GoogleCloudStorage>();
    same::<GroupByTrace>();
    same::<HeadersSetter>();
    same::<HealthCheck>();
    same::<K8sCluster>();
    same::<K8sEvents>();
    same::<K8sObjects>();
    same::<LeaderElector>();
    same::<LoadBalancing>();
    same::<MemoryLimiter>();
    same::<NopExporter>();
    same::<NopReceiver>();
    same::<Otlp>();
    same::<OtlpGrpc>();
    same::<OtlpHttp>();
    same::<Pprof>();
    same::<ProbabilisticSampler>();
    same::<PrometheusReceiver>();
    same::<Resource>();
    same::<Routing>();
    same::<ServiceGraph>();
    same::<SpanMetrics>();
    same::<TailSampling>();
    same::<Transform>();
    same::<Zpages>();
}
