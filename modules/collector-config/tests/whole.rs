//! Whole configurations: written for each collector, read back, and refused with every mistake at once.
#![expect(clippy::unwrap_used, reason = "a test may")]

use collector_config::{
    Component, ComponentId, Config, Duration, Pipeline, PipelineId, Release, Signal, Telemetry,
    Version,
    components::{
        connection::{ClientTls, Keepalive},
        debug::Debug,
        file_log::FileLog,
        health::{FileStorage, HealthCheck},
        host_metrics::HostMetrics,
        k8s_attributes::{Extract, Filter, K8sAttributes, PodAssociation},
        kubelet_stats::{AuthType, KubeletStats, MetricGroup},
        load_balancing::{KubernetesResolver, LoadBalancing, Protocol, Resolver, RoutingKey},
        otlp::{GrpcServer, HttpServer, Otlp, Protocols},
        otlp_exporters::{OtlpGrpc, OtlpHttp},
        processors::{
            Action, AttributeAction, Batch, MemoryLimiter, ProbabilisticSampler, Resource,
        },
        queue::{Retry, SendingQueue},
        tail_sampling::{All, DecisionCache, Policy, Rule, TailSampling},
    },
};

fn otlp() -> Otlp {
    let grpc = GrpcServer {
        endpoint: "${env:POD_IP}:4317".into(),
        max_recv_msg_size_mib: Some(16),
        keepalive: Some(Keepalive::max_age(
            Duration::minutes(1),
            Duration::seconds(20),
        )),
        ..Default::default()
    };
    let http = HttpServer {
        endpoint: "${env:POD_IP}:4318".into(),
        ..Default::default()
    };
    Otlp {
        protocols: Protocols {
            grpc: Some(grpc),
            http: Some(http),
        },
    }
}

fn pipeline(
    receivers: &[&ComponentId],
    processors: &[&ComponentId],
    exporters: &[&ComponentId],
) -> Pipeline {
    let owned = |ids: &[&ComponentId]| ids.iter().map(|id| (*id).clone()).collect();
    Pipeline {
        receivers: owned(receivers),
        processors: owned(processors),
        exporters: owned(exporters),
    }
}

/// One of everything that the thin stacks use.
fn everything() -> Config {
    let mut config = Config::default();
    config.service.telemetry = Telemetry::standard("${env:POD_IP}", 8888);
    config.add(&HealthCheck {
        endpoint: "${env:POD_IP}:13133".into(),
        ..Default::default()
    });
    let storage = config
        .add_named(
            "positions",
            &FileStorage {
                directory: "/tmp".into(),
                create_directory: true,
                ..Default::default()
            },
        )
        .unwrap();
    let otlp = config.add(&otlp());
    let files = config.add(&FileLog::of_containers(
        storage.clone(),
        vec!["/var/log/pods/x_*/*/*.log".into()],
    ));
    let host = config.add(&HostMetrics::of_a_node("/", Duration::seconds(30)));
    let kubelet = config.add(&KubeletStats {
        auth_type: AuthType::ServiceAccount,
        endpoint: "https://${env:NODE_IP}:10250".into(),
        collection_interval: Some(Duration::seconds(30)),
        insecure_skip_verify: true,
        metric_groups: vec![MetricGroup::Container, MetricGroup::Node, MetricGroup::Pod],
        ..KubeletStats::default()
    });
    let limiter = config.add(&MemoryLimiter::percent(80, 20));
    let pods = config.add(&K8sAttributes {
        extract: Extract {
            metadata: vec!["k8s.namespace.name".into(), "k8s.pod.name".into()],
            otel_annotations: true,
            ..Default::default()
        },
        filter: Filter {
            node_from_env_var: Some("NODE_NAME".into()),
            ..Filter::default()
        },
        pod_association: vec![
            PodAssociation::attribute("k8s.pod.ip"),
            PodAssociation::connection(),
        ],
        ..Default::default()
    });
    let resource = config.add(&Resource {
        attributes: vec![AttributeAction {
            key: "k8s.cluster.name".into(),
            action: Action::Upsert,
            value: Some("prod".into()),
            ..Default::default()
        }],
    });
    let tail = config.add(&TailSampling {
        decision_wait: Duration::seconds(10),
        num_traces: 50_000,
        expected_new_traces_per_sec: 1000,
        decision_cache: DecisionCache {
            sampled_cache_size: 100_000,
            non_sampled_cache_size: 100_000,
        },
        policies: vec![
            Policy::errors(),
            Policy::slow(1000),
            Policy {
                name: "both".into(),
                rule: Rule::And {
                    and: All {
                        and_sub_policy: vec![Policy::slow(100), Policy::share(50.0)],
                    },
                },
            },
            Policy {
                name: "all".into(),
                rule: Rule::AlwaysSample,
            },
        ],
        ..Default::default()
    });
    let share = config.add(&ProbabilisticSampler {
        sampling_percentage: 12.5,
        ..Default::default()
    });
    let batch = config.add(&Batch::default());
    let queue = SendingQueue {
        storage: Some(storage),
        ..SendingQueue::bytes(50_000_000)
    };
    let jaeger = config.add(&OtlpGrpc {
        endpoint: "dns:///jaeger:4317".into(),
        tls: ClientTls::none(),
        sending_queue: Some(queue),
        retry_on_failure: Some(Retry {
            max_elapsed_time: Duration::ZERO,
            ..Default::default()
        }),
        ..Default::default()
    });
    let loki = config
        .add_named(
            "loki",
            &OtlpHttp {
                endpoint: "http://loki:3100/otlp".into(),
                sending_queue: Some(SendingQueue::bytes(50_000_000)),
                ..Default::default()
            },
        )
        .unwrap();
    let samplers = config.add(&LoadBalancing {
        routing_key: Some(RoutingKey::TraceId),
        protocol: Protocol {
            otlp: OtlpGrpc {
                tls: ClientTls::none(),
                ..Default::default()
            },
        },
        resolver: Resolver {
            kubernetes: Some(KubernetesResolver {
                service: "sampler.prod".into(),
                ports: vec![4317],
                ..Default::default()
            }),
            ..Default::default()
        },
        ..Default::default()
    });
    let debug = config.add(&Debug::default());
    let id = |signal, name| PipelineId::named(signal, name).unwrap();
    config.pipeline(
        PipelineId::of(Signal::Traces),
        pipeline(&[&otlp], &[&limiter, &pods, &tail, &batch], &[&jaeger]),
    );
    config.pipeline(
        id(Signal::Traces, "in"),
        pipeline(&[&otlp], &[&limiter, &share], &[&samplers]),
    );
    config.pipeline(
        PipelineId::of(Signal::Metrics),
        pipeline(&[&host, &kubelet], &[&limiter, &resource], &[&debug]),
    );
    config.pipeline(
        PipelineId::of(Signal::Logs),
        pipeline(&[&files], &[&limiter], &[&loki]),
    );
    config
}

#[test]
fn a_right_configuration_has_no_mistakes_and_is_read_back() {
    let config = everything();
    assert_eq!(config.check(Release::KUBERNETES), []);
    let text = config.to_yaml(Release::KUBERNETES);
    insta::assert_snapshot!(text);
    let read = Config::from_yaml(&text).unwrap();
    assert_eq!(read, config);
    assert_eq!(
        read.get::<Otlp>(&ComponentId::of::<Otlp>()).unwrap(),
        otlp()
    );
    assert_eq!(
        config.variables().into_iter().collect::<Vec<_>>(),
        ["NODE_IP", "POD_IP"]
    );
}

#[test]
fn what_is_written_for_an_old_collector_is_read_back_under_the_names_of_today() {
    let config = everything();
    let old = Release {
        version: Version::minor(140),
        ..Release::KUBERNETES
    };
    let text = config.to_yaml(old);
    for name in [
        "k8sattributes",
        "loadbalancing",
        "filelog",
        "hostmetrics",
        "kubeletstats",
        "otlphttp/loki",
    ] {
        assert!(text.contains(name), "{name}");
        assert!(
            !config.to_yaml(Release::KUBERNETES).contains(name),
            "{name}"
        );
    }
    assert_eq!(Config::from_yaml(&text).unwrap(), config);
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place() {
    let text = r"
receivers:
  otlp: {protocols: {grpc: {endpoint: $POD_IP:4317, endpiont: x}}}
  filelog: {include: [/x], storage: file_storage/gone}
  hostmetrics: {}
  carbonite:
processors:
  tail_sampling: {policies: [{name: half, type: probabilistic, probabilistic: {sampling_percentage: 500}}]}
  memory_limiter: {limit_percentage: 20, spike_limit_percentage: 30}
exporters:
  otlp: {endpoint: a:4317, sending_queue: {sizer: bytes, queue_size: 10, batch: {sizer: bytes, min_size: 20, flush_timeout: 1s}}}
  otlphttp: {endpoint: a:4318}
  prometheusremotewrite: {endpoint: http://p}
extensions:
  health_check:
service:
  extensions: [pprof]
  telemetry: {metrics: {level: normal}}
  pipelines:
    traces: {receivers: [otlp, otlp], processors: [batch], exporters: []}
    metrics: {receivers: [otlp], processors: [tail_sampling], exporters: [otlp, otlphttp, prometheusremotewrite]}
    logs/a: {receivers: [filelog, hostmetrics, carbonite], exporters: [otlp_grpc]}
";
    let config = Config::from_yaml(text).unwrap();
    let found: Vec<String> = config
        .check(Release::KUBERNETES)
        .iter()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn what_is_no_configuration_is_refused_and_never_panics() {
    for (text, message) in [
        ("receivers: [", "could not read the configuration"),
        ("recievers: {}", "could not read the configuration"),
        ("receivers: {9: {}}", "could not read an id in `receivers`"),
        (
            "exporters: {otlp: {}, otlp_grpc: {}}",
            "`exporters` defines `otlp_grpc` by its old name and by its new one",
        ),
    ] {
        let error = Config::from_yaml(text).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn a_connector_ends_one_pipeline_and_begins_another() {
    let text = "
receivers: {otlp: {protocols: {grpc: {}}}}
exporters: {debug: }
connectors: {spanmetrics: {}}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [spanmetrics]}
    metrics: {receivers: [spanmetrics], exporters: [debug]}
    logs: {receivers: [spanmetrics], exporters: [debug]}
";
    let config = Config::from_yaml(text).unwrap();
    let found: Vec<String> = config
        .check(Release::KUBERNETES)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        ["service::pipelines::logs::receivers: `span_metrics` does not carry logs"]
    );
}

#[test]
fn every_component_reads_what_it_writes() {
    fn same<C: Component + Default + PartialEq + std::fmt::Debug>() {
        let text = serde_json::to_value(C::default()).unwrap();
        assert_eq!(serde_json::from_value::<C>(text).unwrap(), C::default());
    }
    same::<Otlp>();
    same::<TailSampling>();
    same::<OtlpGrpc>();
    same::<LoadBalancing>();
    same::<HealthCheck>();
}

#[test]
fn sections_may_be_empty_and_telemetry_keeps_what_nobody_described() {
    let text = "
receivers: {otlp: {protocols: {grpc: {endpoint: 'localhost:4317'}}}}
processors:
exporters: {debug: {}}
extensions:
service:
  extensions:
  telemetry: {traces: {level: none}, logs: {output_paths: [stderr], outptu_paths: []}}
  pipelines: {traces: {receivers: [otlp], processors: , exporters: [debug]}}
";
    let config = Config::from_yaml(text).unwrap();
    let found: Vec<String> = config
        .check(Release::KUBERNETES)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        ["service::telemetry: there is no setting `logs.outptu_paths`"]
    );
    let written = config.to_yaml(Release::KUBERNETES);
    assert_eq!(Config::from_yaml(&written).unwrap(), config);
}
