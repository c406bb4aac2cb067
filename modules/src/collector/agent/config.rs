//! What does an agent do with what? Its configuration.

use collector_config::{
    ComponentId, Config, Duration, Pipeline, Signal,
    components::{
        file_log::FileLog,
        health::FileStorage,
        host_metrics::HostMetrics,
        kubelet_stats::{AuthType, KubeletStats, MetricGroup},
        processors::{Action, AttributeAction, Resource},
    },
};
use provider_core::{Scope, Security};

use super::{
    AddressFamily, Agent, Kubelet,
    node::{HOST_ROOT, POSITIONS},
};
use crate::{
    collector::{
        Collector, Memory, budget,
        memory::{Budget, Ledger},
        names::Outlets,
        needs::KUBELET_PORT,
        parts,
        program::base,
    },
    protocol::Queue,
    units::MIB,
};

/// What is known of the Pods of one node.
const POD_CACHE: u64 = 20 * MIB;
impl Collector<Agent> {
    pub(super) fn config(&self, scope: &mut Scope<'_>) -> (Config, Ledger) {
        let exports: u64 = self.tier.pipelines.iter().map(|p| p.first().queues()).sum();
        let plan = Memory::of(self.limit).queues(exports).beside(
            "Pods",
            POD_CACHE,
            "what is known of the 110 Pods of a node",
        );
        let plan = plan.load(self.expected).on_volume(self.tier.queue, exports);
        let Budget { queue, ledger, .. } = budget(scope, &self.name, &plan);
        let mut config = base();
        let storage = config.add(&FileStorage {
            directory: POSITIONS.to_owned(),
            ..FileStorage::default()
        });
        let queue = Queue {
            bytes: queue,
            storage: self.tier.queue.map(|_| storage.clone()),
        };
        let outlets = Outlets::of_first(queue, &self.tier.pipelines);
        let otlp = config.add(&parts::receiver(Security::Plain));
        // Its own log would be a log of reading its own log.
        let own = format!(
            "/var/log/pods/{}_{}-*/*/*.log",
            scope.namespace(),
            self.name
        );
        let files = config.add(&FileLog::of_containers(storage, vec![own]));
        let host = config.add(&HostMetrics::of_a_node(HOST_ROOT, Duration::seconds(30)));
        let measured: Vec<ComponentId> = self
            .tier
            .kubelet
            .map(|kubelet| config.add(&usage(kubelet, self.tier.family)))
            .into_iter()
            .chain([host])
            .collect();
        let processors = vec![
            config.add(&Memory::limiter()),
            config.add(&parts::whose(Some("NODE_NAME"))),
            config.add(&on_this_node()),
        ];
        for pipeline in &self.tier.pipelines {
            let receivers: Vec<ComponentId> = match pipeline.signal {
                Signal::Traces => vec![otlp.clone()],
                Signal::Metrics => [vec![otlp.clone()], measured.clone()].concat(),
                Signal::Logs => vec![otlp.clone(), files.clone()],
            };
            let exporters = pipeline.first().define(scope, &mut config, &outlets);
            let parts = Pipeline {
                receivers,
                processors: processors.clone(),
                exporters,
            };
            parts::add(&mut config, pipeline.signal, parts);
        }
        (config, ledger)
    }
}

/// Asks the kubelet of the same node.
fn usage(kubelet: Kubelet, family: AddressFamily) -> KubeletStats {
    KubeletStats {
        auth_type: AuthType::ServiceAccount,
        endpoint: family.url("https", "${env:NODE_IP}", KUBELET_PORT),
        collection_interval: Some(Duration::seconds(30)),
        insecure_skip_verify: kubelet == Kubelet::AnyCertificate,
        metric_groups: vec![
            MetricGroup::Container,
            MetricGroup::Node,
            MetricGroup::Pod,
            MetricGroup::Volume,
        ],
        ..KubeletStats::default()
    }
}

/// What no Pod sent comes from the node itself.
fn on_this_node() -> Resource {
    let insert = |key: &str| AttributeAction {
        key: key.to_owned(),
        action: Action::Insert,
        value: Some("${env:NODE_NAME}".into()),
        ..AttributeAction::default()
    };
    Resource {
        attributes: vec![insert("k8s.node.name"), insert("host.name")],
    }
}
