//! The processor that says which Pod telemetry comes from.

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::component::{Class, Component};
use crate::{ComponentType, Duration, Need, Reach, Rule, Signal, Stability};

/// Looks up the Pod that telemetry comes from, and says so on its resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct K8sAttributes {
    /// How it says who it is: with the service account, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
    /// Whether it only writes down the Pod's address, for another collector to look up.
    #[serde(skip_serializing_if = "is_default")]
    pub passthrough: bool,
    /// What it says.
    #[serde(skip_serializing_if = "is_default")]
    pub extract: Extract,
    /// Which Pods it knows.
    #[serde(skip_serializing_if = "is_default")]
    pub filter: Filter,
    /// How it finds the Pod; the first way that finds one holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pod_association: Vec<PodAssociation>,
    /// Whether the collector starts only when it knows the Pods.
    #[serde(skip_serializing_if = "is_default")]
    pub wait_for_metadata: bool,
    /// How long it waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for_metadata_timeout: Option<Duration>,
    /// The context of the kubeconfig.
    #[serde(skip_serializing_if = "super::is_default")]
    pub context: String,
    /// How many requests a second it sends to the API server: 5 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_api_qps: Option<serde_json::Number>,
    /// How many it may send at once: 10 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_api_burst: Option<u32>,
    /// Whose Pods are never looked up.
    #[serde(skip_serializing_if = "super::is_default")]
    pub exclude: Exclude,
    /// How often all Pods are looked at anew: every 5 min where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch_sync_period: Option<Duration>,
    /// How long a Pod that is gone is remembered: 2 min where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_delete_grace_period: Option<Duration>,
}

/// What is said on a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Extract {
    /// Attributes by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<String>,
    /// Labels of objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<FromObject>,
    /// Annotations of objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<FromObject>,
    /// Whether `resource.opentelemetry.io/…` annotations of a Pod become attributes.
    #[serde(skip_serializing_if = "is_default")]
    pub otel_annotations: bool,
    /// Whether the name of a Deployment is read from that of its `ReplicaSet`, which is then not asked for.
    #[serde(skip_serializing_if = "super::is_default")]
    pub deployment_name_from_replicaset: bool,
}

/// A label or an annotation that becomes an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FromObject {
    /// The attribute.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag_name: String,
    /// The label or annotation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// All that match.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key_regex: String,
    /// Whose it is: `pod`, `namespace`, `node`, `deployment`, `statefulset`, `daemonset`, `job`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
}

/// Which Pods are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Those of the node that this variable names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_from_env_var: Option<String>,
    /// Those of this namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Those of this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Those with these labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<FieldFilter>,
    /// Those with these fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldFilter>,
}

settings! {
    /// A label or a field that a Pod has to have.
    #[derive(Eq)]
    pub struct FieldFilter {
        /// Which.
        pub key: String,
        /// Its value.
        pub value: String,
        /// How they are compared: `equals`, where nothing is said, `not-equals`, `exists`, `does-not-exist`.
        pub op: String,
    }

    /// Whose Pods are never looked up.
    #[derive(Eq)]
    pub struct Exclude {
        /// Pods by name.
        pub pods: Vec<ExcludedPod>,
    }

    /// Pods by name.
    #[derive(Eq)]
    pub struct ExcludedPod {
        /// A regular expression.
        pub name: String,
    }
}

/// One way to find a Pod: all sources have to match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PodAssociation {
    /// The sources.
    pub sources: Vec<Source>,
}

/// Something that identifies a Pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A resource attribute that the sender wrote.
    ResourceAttribute {
        /// Which.
        name: String,
    },
    /// The address that the data came from.
    Connection,
}

impl PodAssociation {
    /// Finds a Pod by one attribute.
    pub fn attribute(name: &str) -> Self {
        let name = name.to_owned();
        Self {
            sources: vec![Source::ResourceAttribute { name }],
        }
    }

    /// Finds a Pod by where the data came from.
    pub fn connection() -> Self {
        Self {
            sources: vec![Source::Connection],
        }
    }
}

impl Component for K8sAttributes {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "k8s_attributes")
            .renamed_from("k8sattributes", 146)
            .signals(&Signal::ALL)
            .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        const OWNERS: [&str; 8] = [
            "",
            "pod",
            "namespace",
            "node",
            "deployment",
            "statefulset",
            "daemonset",
            "job",
        ];
        let fields = self.extract.labels.iter().chain(&self.extract.annotations);
        let wrong = fields.filter_map(|field| {
            if !field.key.is_empty() && !field.key_regex.is_empty() {
                Some(format!(
                    "extract: either `key: {}` or `key_regex`, not both",
                    field.key
                ))
            } else if !OWNERS.contains(&field.from.as_str()) {
                Some(format!("extract: nothing is known of a `{}`", field.from))
            } else {
                None
            }
        });
        let many = |way: &&PodAssociation| way.sources.len() > 4;
        let many = self.pod_association.iter().find(many);
        let many = many.map(|_| "pod_association: 4 sources at most".to_owned());
        wrong.chain(many).collect()
    }

    fn needs(&self) -> Vec<Need> {
        let node = self.filter.node_from_env_var.clone();
        let rules = self.rules().into_iter().map(Need::Rule);
        rules.chain(node.map(Need::Variable)).collect()
    }
}

impl K8sAttributes {
    /// As much as it watches for what it is asked to write: it starts one watch per kind. The name of a Deployment
    /// follows from the name of its ReplicaSet, and needs none.
    fn rules(&self) -> Vec<Rule> {
        if self.passthrough {
            return Vec::new();
        }
        let extract = &self.extract;
        let asks = |attribute: &str| extract.metadata.iter().any(|name| name == attribute);
        let labels_of = |kind: &str| {
            let fields = extract.labels.iter().chain(&extract.annotations);
            fields.into_iter().any(|field| field.from == kind)
        };
        let whole = Reach::Cluster;
        let one = self.filter.namespace.clone();
        let near = one.map_or(Reach::Cluster, Reach::Namespace);
        let deployment = labels_of("deployment");
        let kinds = [
            (true, &near, "", "pods"),
            (
                labels_of("namespace") || asks("k8s.cluster.uid"),
                &whole,
                "",
                "namespaces",
            ),
            (
                labels_of("node") || asks("k8s.node.uid"),
                &whole,
                "",
                "nodes",
            ),
            (
                deployment || asks("k8s.deployment.uid"),
                &near,
                "apps",
                "replicasets",
            ),
            (deployment, &near, "apps", "deployments"),
            (labels_of("statefulset"), &near, "apps", "statefulsets"),
            (labels_of("daemonset"), &near, "apps", "daemonsets"),
            (
                labels_of("job") || asks("k8s.cronjob.uid"),
                &near,
                "batch",
                "jobs",
            ),
        ];
        kinds
            .into_iter()
            .filter(|(needed, ..)| *needed)
            .map(|(_, reach, group, resource)| Rule::follow(reach.clone(), group, resource))
            .collect()
    }
}
