//! Does every component ask for exactly what it uses?

use super::*;
use crate::{Pipeline, PipelineId, Signal};

/// What a configuration with this one component in use asks for.
fn asked(class: Class, id: &str, settings: &str) -> Vec<String> {
    let text = format!(
        "{}: {{{id}: {settings}}}\nservice: {{extensions: {}, pipelines: {{}}}}",
        class.section(),
        if class == Class::Extension {
            format!("[{id}]")
        } else {
            "[]".to_owned()
        },
    );
    let mut config = Config::from_yaml(&text).unwrap();
    let id: ComponentId = id.parse().unwrap();
    let mut pipeline = Pipeline::default();
    match class {
        Class::Receiver => pipeline.receivers.push(id),
        Class::Processor => pipeline.processors.push(id),
        Class::Exporter | Class::Connector => pipeline.exporters.push(id),
        Class::Extension => {}
    }
    config.pipeline(PipelineId::of(Signal::Metrics), pipeline);
    config.needs().iter().map(|(need, _)| said(need)).collect()
}

fn said(need: &Need) -> String {
    match need {
        Need::Port(port) => format!("port {} {}", port.name, port.number),
        Need::Rule(rule) => match &rule.reach {
            Reach::Cluster => format!("rule {rule}"),
            Reach::Namespace(name) => format!("rule {rule} in {name}"),
            Reach::Own => format!("rule {rule} here"),
        },
        Need::HostPath(path) => format!("path {} at {}", path.path, path.seen_at),
        Need::Root => "root".to_owned(),
        Need::Variable(name) => format!("variable {name}"),
        Need::Traffic(Traffic::KubernetesApi) => "api".to_owned(),
        Need::Traffic(Traffic::Kubelet(port)) => format!("kubelet {port}"),
        Need::Traffic(Traffic::CloudMetadata) => "cloud metadata".to_owned(),
        Need::Traffic(Traffic::Endpoint(endpoint)) => format!("to {endpoint}"),
        Need::Storage(folder) => format!("storage {folder}"),
    }
}

/// Class, id, settings, and what they ask for.
type Case = (Class, &'static str, &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    (
        Class::Receiver,
        "otlp",
        "{protocols: {grpc: {endpoint: '${env:POD_IP}:4317'}, http: {endpoint: 'localhost:4318'}}}",
        &["port otlp-grpc 4317", "variable POD_IP"],
    ),
    (
        Class::Receiver,
        "host_metrics",
        "{root_path: /hostfs, scrapers: {cpu: {}}}",
        &["path / at /hostfs"],
    ),
    (
        Class::Receiver,
        "file_log",
        "{include: [/var/log/pods/*/*/*.log]}",
        &["path /var/log/pods at /var/log/pods", "root"],
    ),
    (
        Class::Receiver,
        "kubelet_stats",
        "{auth_type: serviceAccount, endpoint: 'https://${env:NODE_IP}:10250'}",
        &[
            "rule nodes/stats get",
            "variable NODE_IP",
            "api",
            "kubelet 10250",
        ],
    ),
    (
        Class::Processor,
        "k8s_attributes",
        "{extract: {metadata: [k8s.pod.name, k8s.deployment.name]}}",
        &["rule pods get,list,watch", "api"],
    ),
    (
        Class::Processor,
        "k8s_attributes",
        "{extract: {metadata: [k8s.deployment.uid]}, filter: {namespace: shop, node_from_env_var: NODE_NAME}}",
        &[
            "rule pods get,list,watch in shop",
            "rule replicasets.apps get,list,watch in shop",
            "variable NODE_NAME",
            "api",
        ],
    ),
    (
        Class::Processor,
        "k8s_attributes",
        "{extract: {metadata: [k8s.node.uid], labels: [{key: tier, from: namespace}, {key: team, from: job}]}}",
        &[
            "rule namespaces get,list,watch",
            "rule nodes get,list,watch",
            "rule pods get,list,watch",
            "rule jobs.batch get,list,watch",
            "api",
        ],
    ),
    (
        Class::Processor,
        "k8s_attributes",
        "{passthrough: true}",
        &[],
    ),
    (
        Class::Exporter,
        "load_balancing",
        "{resolver: {k8s: {service: sampler.prod}}}",
        &[
            "rule endpointslices.discovery.k8s.io get,list,watch in prod",
            "api",
        ],
    ),
    (
        Class::Exporter,
        "load_balancing",
        "{resolver: {k8s: {service: sampler}}}",
        &[
            "rule endpointslices.discovery.k8s.io get,list,watch here",
            "api",
        ],
    ),
    (
        Class::Exporter,
        "load_balancing",
        "{resolver: {dns: {hostname: x}}}",
        &[],
    ),
    (
        Class::Exporter,
        "otlp_grpc",
        "{endpoint: 'a:4317'}",
        &["to a:4317"],
    ),
    (
        Class::Extension,
        "health_check",
        "{endpoint: '0.0.0.0:13133'}",
        &["port health 13133"],
    ),
    (
        Class::Extension,
        "file_storage",
        "{directory: /var/lib/x}",
        &["storage /var/lib/x"],
    ),
    (
        Class::Processor,
        "memory_limiter",
        "{check_interval: 1s}",
        &[],
    ),
];

#[test]
fn a_component_asks_for_what_it_uses_and_for_nothing_else() {
    for (class, id, settings, needs) in CASES {
        assert_eq!(asked(*class, id, settings), *needs, "{id} {settings}");
    }
}

#[test]
fn what_is_in_no_pipeline_asks_for_nothing() {
    let text = "receivers: {file_log: {include: [/x/*]}}\nservice: {pipelines: {}}";
    assert_eq!(Config::from_yaml(text).unwrap().needs(), Needs::default());
}

#[test]
fn everyone_who_asks_for_one_thing_is_named() {
    let text = "
receivers:
  otlp: {protocols: {grpc: {endpoint: '${env:POD_IP}:4317'}}}
exporters:
  otlp_grpc/a: {endpoint: '${env:POD_IP}:1'}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: '${env:POD_IP}', port: 8888}}}}]}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc/a]}}
";
    let needs = Config::from_yaml(text).unwrap().needs();
    let (_, by) = needs
        .iter()
        .find(|(need, _)| **need == Need::Variable("POD_IP".to_owned()))
        .unwrap();
    let by: Vec<String> = by.iter().map(ToString::to_string).collect();
    assert_eq!(by, ["otlp", "otlp_grpc/a", "telemetry"]);
    let ports: Vec<_> = needs.ports().map(|port| port.number).collect();
    assert_eq!(ports, [8888, 4317]);
}

#[test]
fn a_pod_is_allowed_no_more_than_its_components_ask_for() {
    for (receiver, level) in [
        ("otlp: {protocols: {grpc: {}}}", PodSecurity::Restricted),
        (
            "file_log: {include: [/var/log/pods/*]}",
            PodSecurity::Privileged,
        ),
        (
            "host_metrics: {scrapers: {cpu: {}}}",
            PodSecurity::Restricted,
        ),
    ] {
        let id = receiver.split(':').next().unwrap_or_default();
        let text = format!(
            "receivers: {{{receiver}}}\nservice: {{pipelines: {{logs: {{receivers: [{id}]}}}}}}"
        );
        let needs = Config::from_yaml(&text).unwrap().needs();
        assert_eq!(needs.pod_security(), level, "{receiver}");
    }
}
