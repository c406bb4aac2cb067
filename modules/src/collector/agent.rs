//! The agent: what is measured, read and taken on each node.

use collector_config::{
    ComponentId, Config, Duration, Pipeline, Signal,
    components::{
        file_log::FileLog,
        health::FileStorage,
        host_metrics::HostMetrics,
        k8s_attributes::{Extract, Filter, K8sAttributes, PodAssociation},
        kubelet_stats::{AuthType, KubeletStats, MetricGroup},
        processors::{Action, AttributeAction, Resource},
    },
};
use k8s_openapi::api::{apps::v1::DaemonSet, core::v1::HostPathVolumeSource};
use provider_core::{Exposure, Finding, Module, Scope, Source};

use super::{
    Agent, AgentOutputs, Collector, Kubelet, Memory, budget,
    needs::KUBELET_PORT,
    parts,
    program::{Program, base, connect},
};
use crate::{
    pod::{Pod, User},
    protocol::{OTLP_GRPC, OTLP_HTTP},
    units::{MIB, millicores},
    workload::Workload,
};

/// Where the node's root directory is seen.
const HOST_ROOT: &str = "/hostfs";
/// Where it is kept how far each file was read.
const POSITIONS: &str = "/var/lib/otelcol";
/// What is known of the Pods of one node.
const POD_CACHE: u64 = 20 * MIB;
/// What is said of the Pod that something comes from. All of it follows from Pods, which is all that is watched.
const ATTRIBUTES: [&str; 13] = [
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.pod.uid",
    "k8s.pod.start_time",
    "k8s.node.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
    "service.namespace",
    "service.name",
    "service.version",
];

impl Module for Collector<Agent> {
    type Outputs = AgentOutputs;

    fn build(self, scope: &mut Scope<'_>) -> AgentOutputs {
        if self.pipelines.is_empty() {
            let message = format!("the agent `{}` sends nowhere", self.name);
            let finding = Finding::new("agent-without-target", message);
            scope.finding(finding.hint("`forward` to a gateway"));
        }
        scope.on_nodes(|scope| self.on_nodes(scope))
    }
}

impl Collector<Agent> {
    fn on_nodes(&self, scope: &mut Scope<'_>) -> AgentOutputs {
        let config = self.config(scope);
        let program = Program::new(scope, &self.name, "agent", &config, self.memory);
        let (mut pod, sends) = program.into_parts();
        pod.resources.cpu = millicores(100);
        pod.tolerate_all = true;
        self.see_the_node(scope.namespace(), &mut pod);
        let pods = scope.add(Workload::<DaemonSet>::of(pod));
        let exports = self.pipelines.iter().flat_map(|pipeline| &pipeline.exports);
        connect(
            scope,
            &pods,
            &sends,
            exports.map(|export| export.to.clone()),
        );
        // Programs of other stacks send to the agent of their node.
        scope.accept(&pods, OTLP_GRPC, Source::AnyNamespace);
        scope.accept(&pods, OTLP_HTTP, Source::AnyNamespace);
        AgentOutputs {
            otlp: scope.expose_as(Exposure::same_node(), &pods, OTLP_GRPC),
            otlp_http: scope.expose_as(Exposure::same_node(), &pods, OTLP_HTTP),
            pods,
        }
    }

    /// Logs belong to root and are shown to nobody else, so the agent is root, without any of its capabilities.
    fn see_the_node(&self, namespace: &str, pod: &mut Pod) {
        pod.user = User {
            uid: 0,
            gid: 0,
            volumes: None,
        };
        let host = |path: &str, kind: Option<&str>| HostPathVolumeSource {
            path: path.to_owned(),
            type_: kind.map(str::to_owned),
        };
        pod.host_path("root", HOST_ROOT, host("/", None));
        pod.host_path("logs", "/var/log/pods", host("/var/log/pods", None));
        let own = format!("{POSITIONS}/{namespace}-{}", self.name);
        pod.host_path(
            "positions",
            POSITIONS,
            host(&own, Some("DirectoryOrCreate")),
        );
    }

    fn config(&self, scope: &mut Scope<'_>) -> Config {
        let exports: usize = self.pipelines.iter().map(|p| p.exports.len()).sum();
        let plan = Memory::of(self.memory)
            .queues(exports as u64)
            .beside(POD_CACHE);
        let queue = budget(scope, &self.name, plan).queue;
        let mut config = base();
        let storage = config.add(&FileStorage {
            directory: POSITIONS.to_owned(),
            ..FileStorage::default()
        });
        let otlp = config.add(&parts::receiver());
        // Its own log would be a log of reading its own log.
        let own = format!(
            "/var/log/pods/{}_{}-*/*/*.log",
            scope.namespace(),
            self.name
        );
        let files = config.add(&FileLog::of_containers(storage, vec![own]));
        let host = config.add(&HostMetrics::of_a_node(HOST_ROOT, Duration::seconds(30)));
        let measured: Vec<ComponentId> = self
            .kubelet
            .map(|kubelet| config.add(&usage(kubelet)))
            .into_iter()
            .chain([host])
            .collect();
        let processors = vec![
            config.add(&Memory::limiter()),
            config.add(&whose()),
            config.add(&on_this_node()),
        ];
        for pipeline in &self.pipelines {
            let receivers: Vec<ComponentId> = match pipeline.signal {
                Signal::Traces => vec![otlp.clone()],
                Signal::Metrics => [vec![otlp.clone()], measured.clone()].concat(),
                Signal::Logs => vec![otlp.clone(), files.clone()],
            };
            let exporters = parts::exporters(scope, &mut config, &pipeline.exports, queue);
            let parts = Pipeline {
                receivers,
                processors: processors.clone(),
                exporters,
            };
            parts::add(&mut config, pipeline.signal, parts);
        }
        config
    }
}

/// Says which Pod something comes from: by what the sender says of itself, then by its address.
fn whose() -> K8sAttributes {
    K8sAttributes {
        extract: Extract {
            metadata: ATTRIBUTES.map(str::to_owned).to_vec(),
            otel_annotations: true,
            ..Extract::default()
        },
        filter: Filter {
            node_from_env_var: Some("NODE_NAME".to_owned()),
            namespace: None,
        },
        pod_association: vec![
            PodAssociation::attribute("k8s.pod.uid"),
            PodAssociation::attribute("k8s.pod.ip"),
            PodAssociation::connection(),
        ],
        ..K8sAttributes::default()
    }
}

/// Asks the kubelet of the same node.
fn usage(kubelet: Kubelet) -> KubeletStats {
    KubeletStats {
        auth_type: AuthType::ServiceAccount,
        endpoint: format!("https://${{env:NODE_IP}}:{KUBELET_PORT}"),
        collection_interval: Some(Duration::seconds(30)),
        insecure_skip_verify: kubelet == Kubelet::AnyCertificate,
        metric_groups: vec![MetricGroup::Container, MetricGroup::Node, MetricGroup::Pod],
        ca_file: None,
    }
}

/// What no Pod sent comes from the node itself.
fn on_this_node() -> Resource {
    let insert = |key: &str| AttributeAction {
        key: key.to_owned(),
        action: Action::Insert,
        value: Some("${env:NODE_NAME}".into()),
        from_attribute: None,
    };
    Resource {
        attributes: vec![insert("k8s.node.name"), insert("host.name")],
    }
}
