//! What does a configuration ask of its surroundings? Ports, rights, traffic, variables: read from the components.

use collector_config::{
    Class, ComponentId, Config,
    components::{
        k8s_attributes::K8sAttributes, kubelet_stats::KubeletStats, load_balancing::LoadBalancing,
    },
};
use k8s_openapi::api::rbac::v1::PolicyRule;
use provider_core::{Destination, Transport};

/// What a configuration asks of its surroundings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Needs {
    /// What it reads from the API, in the whole cluster.
    pub(crate) cluster: Vec<PolicyRule>,
    /// What it reads from the API, in one namespace.
    pub(crate) namespaced: Vec<(String, PolicyRule)>,
    /// Where it sends to, beside what its exporters say.
    pub(crate) sends: Vec<Destination>,
    /// Variables with facts about the Pod, and where they stand.
    pub(crate) fields: Vec<(&'static str, &'static str)>,
}

/// The variables that configurations may ask for, and the facts that they hold.
const FIELDS: [(&str, &str); 6] = [
    ("POD_NAME", "metadata.name"),
    ("POD_NAMESPACE", "metadata.namespace"),
    ("POD_UID", "metadata.uid"),
    ("POD_IP", "status.podIP"),
    ("NODE_NAME", "spec.nodeName"),
    ("NODE_IP", "status.hostIP"),
];

/// Where a kubelet answers.
pub(super) const KUBELET_PORT: u16 = 10250;

impl Needs {
    /// Reads them from a configuration.
    pub(crate) fn of(config: &Config) -> Self {
        let mut needs = Self::default();
        let mut asked = config.variables();
        for (id, _) in config.section(Class::Processor) {
            if let Ok(pods) = config.get::<K8sAttributes>(id) {
                needs.cluster.extend(pod_rules(&pods));
                asked.extend(pods.filter.node_from_env_var);
            }
        }
        for (id, _) in config.section(Class::Receiver) {
            if is::<KubeletStats>(id) {
                needs.cluster.push(rule("", "nodes/stats", &["get"]));
                // A node's address is known to the Pod alone, so every address has to do.
                needs.sends.push(Destination::Outside {
                    host: "kubelet".to_owned(),
                    port: KUBELET_PORT,
                    transport: Transport::Tcp,
                });
            }
        }
        for (id, _) in config.section(Class::Exporter) {
            if let Ok(balancer) = config.get::<LoadBalancing>(id) {
                needs.namespaced.extend(resolver_rule(&balancer));
            }
        }
        if needs.calls_api() {
            needs.sends.push(Destination::KubernetesApi);
        }
        let fields = FIELDS.into_iter();
        needs.fields = fields.filter(|(name, _)| asked.contains(*name)).collect();
        needs
    }

    /// Whether the Pod needs an account with a token.
    pub(crate) fn calls_api(&self) -> bool {
        !self.cluster.is_empty() || !self.namespaced.is_empty()
    }
}

fn is<C: collector_config::Component>(id: &ComponentId) -> bool {
    id.kind() == C::TYPE.name
}

/// As much as the processor watches for what it is asked to write: it starts one watch per kind.
fn pod_rules(pods: &K8sAttributes) -> Vec<PolicyRule> {
    const WATCH: &[&str] = &["get", "list", "watch"];
    if pods.passthrough {
        return Vec::new();
    }
    let extract = &pods.extract;
    let asks = |attribute: &str| extract.metadata.iter().any(|name| name == attribute);
    let labels_of = |kind: &str| {
        extract
            .labels
            .iter()
            .chain(&extract.annotations)
            .any(|field| field.from == kind)
    };
    let mut rules = vec![rule("", "pods", WATCH)];
    let mut when = |needed: bool, group: &str, resource: &str| {
        if needed {
            rules.push(rule(group, resource, WATCH));
        }
    };
    when(
        labels_of("namespace") || asks("k8s.cluster.uid"),
        "",
        "namespaces",
    );
    when(labels_of("node") || asks("k8s.node.uid"), "", "nodes");
    let deployment = labels_of("deployment");
    when(
        deployment || asks("k8s.deployment.uid"),
        "apps",
        "replicasets",
    );
    when(deployment, "apps", "deployments");
    when(labels_of("statefulset"), "apps", "statefulsets");
    when(labels_of("daemonset"), "apps", "daemonsets");
    when(labels_of("job") || asks("k8s.cronjob.uid"), "batch", "jobs");
    rules
}

/// The Pods behind one Service.
fn resolver_rule(balancer: &LoadBalancing) -> Option<(String, PolicyRule)> {
    let service = &balancer.resolver.kubernetes.as_ref()?.service;
    let namespace = service.split('.').nth(1)?.to_owned();
    let verbs = &["get", "list", "watch"];
    Some((namespace, rule("discovery.k8s.io", "endpointslices", verbs)))
}

fn rule(group: &str, resource: &str, verbs: &[&str]) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(vec![resource.to_owned()]),
        verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        ..PolicyRule::default()
    }
}

#[cfg(test)]
mod tests {
    use collector_config::components::k8s_attributes::{Extract, Filter, FromObject};

    use super::*;

    fn asking(metadata: &[&str], labels_from: &[&str]) -> Vec<String> {
        let mut config = Config::default();
        config.add(&K8sAttributes {
            extract: Extract {
                metadata: metadata.iter().map(|name| (*name).to_owned()).collect(),
                labels: labels_from
                    .iter()
                    .map(|from| FromObject {
                        from: (*from).to_owned(),
                        ..FromObject::default()
                    })
                    .collect(),
                ..Extract::default()
            },
            filter: Filter {
                node_from_env_var: Some("NODE_NAME".to_owned()),
                namespace: None,
            },
            ..K8sAttributes::default()
        });
        let needs = Needs::of(&config);
        assert_eq!(needs.fields, [("NODE_NAME", "spec.nodeName")]);
        let resources = needs.cluster.into_iter().filter_map(|rule| rule.resources);
        resources.flatten().collect()
    }

    #[test]
    fn rights_follow_from_what_is_written_on_resources() {
        for (metadata, labels, resources) in [
            (
                vec!["k8s.pod.name", "k8s.deployment.name"],
                vec![],
                vec!["pods"],
            ),
            (
                vec!["k8s.deployment.uid"],
                vec![],
                vec!["pods", "replicasets"],
            ),
            (
                vec!["k8s.node.uid"],
                vec!["namespace"],
                vec!["pods", "namespaces", "nodes"],
            ),
            (vec![], vec!["job"], vec!["pods", "jobs"]),
        ] {
            assert_eq!(asking(&metadata, &labels), resources);
        }
    }

    #[test]
    fn a_configuration_that_asks_nothing_of_the_api_needs_no_account() {
        assert!(!Needs::of(&Config::default()).calls_api());
    }
}
