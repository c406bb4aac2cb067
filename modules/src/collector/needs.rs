//! How is what a configuration asks of its surroundings said to Kubernetes?

use std::collections::{BTreeMap, BTreeSet};

use collector_config::{Asker, Config, Object, Reach, Rule, Traffic};
use k8s_openapi::api::rbac::v1::PolicyRule;
use provider_core::{Destination, Security, Transport};

/// On a role: which component wants which of its rules.
/// The annotation that says of each right of a role who wants it.
pub(crate) const WANTED_BY: &str = "otelier.dev/wanted-by";

/// What a configuration asks of its surroundings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Needs {
    /// What it asks of the API, in the whole cluster.
    pub(crate) cluster: Rights,
    /// What it asks of the API, by namespace.
    pub(crate) namespaced: BTreeMap<String, Rights>,
    /// Where it sends to, beside what its exporters say.
    pub(crate) sends: Vec<Destination>,
    /// Variables with facts about the Pod, and where they stand.
    pub(crate) fields: Vec<(&'static str, &'static str)>,
}

/// The rules of one role, and who wants them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rights {
    pub(crate) rules: Vec<PolicyRule>,
    wanted: BTreeMap<Asker, Vec<String>>,
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
    /// Reads them from the configuration of a collector that runs in the namespace `own`.
    pub(crate) fn of(config: &Config, own: &str) -> Self {
        let asked = config.needs();
        let mut needs = Self::default();
        for (rule, by) in asked.rules() {
            needs.at(&rule.reach, own).add(rule, by);
        }
        needs.sends = asked.traffic().filter_map(destination).collect();
        let variables: BTreeSet<&str> = asked.variables().collect();
        let fields = FIELDS.into_iter();
        needs.fields = fields
            .filter(|(name, _)| variables.contains(name))
            .collect();
        needs
    }

    fn at(&mut self, reach: &Reach, own: &str) -> &mut Rights {
        let namespace = match reach {
            Reach::Cluster => return &mut self.cluster,
            Reach::Namespace(name) => name.clone(),
            Reach::Own => own.to_owned(),
        };
        self.namespaced.entry(namespace).or_default()
    }

    /// Whether the Pod needs an account with a token.
    pub(crate) fn calls_api(&self) -> bool {
        !self.cluster.rules.is_empty() || !self.namespaced.is_empty()
    }
}

impl Rights {
    fn add(&mut self, rule: &Rule, by: &BTreeSet<Asker>) {
        self.rules.push(policy_rule(rule));
        for asker in by {
            let wanted = self.wanted.entry(asker.clone()).or_default();
            wanted.push(rule.to_string());
        }
    }

    /// Says on the role which component wants which rule: `k8s_attributes: pods get,list,watch`.
    pub(crate) fn annotations(&self) -> BTreeMap<String, String> {
        let each =
            |(asker, rules): (&Asker, &Vec<String>)| format!("{asker}: {}", rules.join(", "));
        let text: Vec<String> = self.wanted.iter().map(each).collect();
        BTreeMap::from([(WANTED_BY.to_owned(), text.join("; "))])
    }
}

/// What exporters send to is declared where they are connected.
fn destination(traffic: &Traffic) -> Option<Destination> {
    let outside = |host: &str, port, security| Destination::Outside {
        host: host.to_owned(),
        port,
        transport: Transport::Tcp,
        security,
    };
    match traffic {
        Traffic::KubernetesApi => Some(Destination::KubernetesApi),
        // A node's address is known to the Pod alone, so every address has to do.
        Traffic::Kubelet(port) => Some(outside("kubelet", *port, Security::Tls)),
        Traffic::CloudMetadata => Some(outside("169.254.169.254", 80, Security::Plain)),
        Traffic::Endpoint(_) => None,
    }
}

fn policy_rule(rule: &Rule) -> PolicyRule {
    let verbs = rule.verbs.iter().map(|verb| verb.as_str().to_owned());
    let mut made = PolicyRule {
        verbs: verbs.collect(),
        ..PolicyRule::default()
    };
    match &rule.object {
        Object::Kind { group, resource } => {
            made.api_groups = Some(vec![group.clone()]);
            made.resources = Some(vec![resource.clone()]);
        }
        Object::One {
            group,
            resource,
            name,
        } => {
            made.api_groups = Some(vec![group.clone()]);
            made.resources = Some(vec![resource.clone()]);
            made.resource_names = Some(vec![name.clone()]);
        }
        Object::Path(path) => made.non_resource_urls = Some(vec![path.clone()]),
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
receivers:
  otlp: {protocols: {grpc: {endpoint: '${env:POD_IP}:4317'}}}
  kubelet_stats: {auth_type: serviceAccount, endpoint: 'https://${env:NODE_IP}:10250'}
processors:
  k8s_attributes: {extract: {metadata: [k8s.pod.name]}}
  k8s_attributes/shop: {filter: {namespace: shop}}
exporters:
  load_balancing: {resolver: {k8s: {service: sampler}}}
service:
  pipelines:
    metrics:
      receivers: [otlp, kubelet_stats]
      processors: [k8s_attributes, k8s_attributes/shop]
      exporters: [load_balancing]
";

    #[test]
    fn each_right_lies_where_it_is_used_and_names_who_wants_it() {
        let config = Config::from_yaml(TEXT).unwrap();
        let needs = Needs::of(&config, "prod");
        let said = |rights: &Rights| rights.annotations()[WANTED_BY].clone();
        assert_eq!(
            said(&needs.cluster),
            "kubelet_stats: nodes/stats get; k8s_attributes: pods get,list,watch"
        );
        assert_eq!(
            said(&needs.namespaced["shop"]),
            "k8s_attributes/shop: pods get,list,watch"
        );
        assert_eq!(
            said(&needs.namespaced["prod"]),
            "load_balancing: endpointslices.discovery.k8s.io get,list,watch"
        );
        assert_eq!(needs.cluster.rules.len(), 2);
        assert_eq!(
            needs.fields,
            [("POD_IP", "status.podIP"), ("NODE_IP", "status.hostIP")]
        );
    }

    #[test]
    fn what_is_called_beside_the_exporters_is_declared() {
        let config = Config::from_yaml(TEXT).unwrap();
        let sends = Needs::of(&config, "prod").sends;
        assert!(sends.contains(&Destination::KubernetesApi));
        assert_eq!(sends.len(), 2, "and the kubelet: {sends:?}");
    }

    #[test]
    fn a_configuration_that_asks_nothing_of_the_api_needs_no_account() {
        assert!(!Needs::of(&Config::default(), "prod").calls_api());
    }
}
