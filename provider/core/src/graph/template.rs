//! What Pods does a resource run?

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    selector::{Labelled, Labels, has_all, is_empty, labels, selects},
    walk::{Found, find, item_name, items, join, text},
};
use crate::{id::ResourceId, pods::template_path, resource::Resource};

/// The description of the Pods that a resource runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template<'a> {
    pub(crate) owner: &'a Resource,
    steps: &'static [&'static str],
    value: &'a Value,
}

/// One container of a Pod.
#[derive(Clone, Debug)]
pub(crate) struct Container<'a> {
    pub(crate) path: String,
    pub(crate) value: &'a Value,
    pub(crate) role: Role,
}

/// When a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// As long as the Pod.
    Main,
    /// Before the others, to its end.
    Init,
    /// From before the others until after them: an init container that is always restarted.
    Sidecar,
    /// When someone looks into the Pod.
    Ephemeral,
}

const JOB_NAME: &str = "batch.kubernetes.io/job-name";
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const LISTS: [(&str, Role); 3] = [
    ("containers", Role::Main),
    ("initContainers", Role::Init),
    ("ephemeralContainers", Role::Ephemeral),
];

/// All resources that run Pods, in the order of their ids.
pub(crate) fn templates(resources: &BTreeMap<ResourceId, Resource>) -> Vec<Template<'_>> {
    resources.values().filter_map(Template::of).collect()
}

impl<'a> Template<'a> {
    /// The Pods of a resource, if it runs any.
    pub(crate) fn of(owner: &'a Resource) -> Option<Self> {
        let steps = template_path(&owner.id.group, &owner.id.kind)?;
        let value = owner.at(steps)?;
        Some(Self {
            owner,
            steps,
            value,
        })
    }

    pub(crate) fn id(&self) -> &'a ResourceId {
        &self.owner.id
    }

    pub(crate) fn namespace(&self) -> &'a str {
        self.owner.id.namespace.as_deref().unwrap_or_default()
    }

    /// The path of a field of the template.
    pub(crate) fn path(&self, field: &str) -> String {
        join(&self.steps.join("."), field)
    }

    pub(crate) fn spec(&self) -> &'a Value {
        self.value.get("spec").unwrap_or(&Value::Null)
    }

    fn metadata(&self, field: &str) -> Option<&'a Value> {
        self.value.get("metadata")?.get(field)
    }

    /// The labels that the template gives its Pods.
    pub(crate) fn labels(&self) -> Labels<'a> {
        labels(self.metadata("labels"))
    }

    /// Whether a `LabelSelector` selects the Pods.
    pub(crate) fn is_selected(&self, selector: &Value) -> bool {
        selects(selector, self)
    }

    /// Whether the Pods carry all labels of a plain map, as a Service has it.
    pub(crate) fn carries(&self, wanted: Option<&Value>) -> bool {
        has_all(wanted, self)
    }

    pub(crate) fn annotations(&self) -> Labels<'a> {
        labels(self.metadata("annotations"))
    }

    /// The values at a pattern within the Pod's spec.
    pub(crate) fn find(&self, pattern: &str) -> Vec<Found<'a>> {
        let root = self.path("spec");
        let mut found = find(self.spec(), pattern);
        for each in &mut found {
            each.path = join(&root, &each.path);
        }
        found
    }

    /// All containers, of every role.
    pub(crate) fn containers(&self) -> Vec<Container<'a>> {
        let mut containers = Vec::new();
        for (list, role) in LISTS {
            for (index, value) in items(self.spec(), list).iter().enumerate() {
                let always = text(value, "restartPolicy") == Some("Always");
                containers.push(Container {
                    path: self.path(&format!("spec.{list}[{}]", item_name(value, index))),
                    value,
                    role: match role {
                        Role::Init if always => Role::Sidecar,
                        role => role,
                    },
                });
            }
        }
        containers
    }

    /// The containers that run side by side, and so share the Pod's ports.
    pub(crate) fn running(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        self.containers()
            .into_iter()
            .filter(|container| matches!(container.role, Role::Main | Role::Sidecar))
    }

    /// The container port of that name.
    pub(crate) fn port_named(&self, name: &str) -> Option<&'a Value> {
        self.running()
            .flat_map(|container| items(container.value, "ports"))
            .find(|port| text(port, "name") == Some(name))
    }

    /// Whether the Pods live in the network of their node, where no policy selects them.
    pub(crate) fn on_host_network(&self) -> bool {
        self.spec().get("hostNetwork") == Some(&Value::Bool(true))
    }

    /// What selects exactly these Pods: the workload's own selector, else the labels of the template. A Job
    /// without labels is known by the one that its controller adds; others without labels cannot be selected.
    pub(crate) fn selector(&self) -> Option<Value> {
        let own = self.owner.at(&["spec", "selector"]);
        match own {
            Some(selector) if !is_empty(selector) => Some(selector.clone()),
            _ if !self.labels().is_empty() => Some(json!({ "matchLabels": self.labels() })),
            _ if self.owner.is("batch", "Job") => {
                Some(json!({ "matchLabels": { JOB_NAME: self.owner.id.name } }))
            }
            _ => None,
        }
    }

    /// How many replicas are asked for; one where nothing is said, none where the kind does not count.
    pub(crate) fn replicas(&self) -> Option<u64> {
        match self.owner.id.kind.as_str() {
            "Deployment" | "StatefulSet" | "ReplicaSet" => Some(
                self.owner
                    .at(&["spec", "replicas"])
                    .and_then(Value::as_u64)
                    .unwrap_or(1),
            ),
            _ => None,
        }
    }
}

/// The labels of the template, and those that controllers add.
impl Labelled for Template<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        let labels = self.metadata("labels");
        let written = labels.and_then(|labels| labels.get(key));
        let added = matches!(key, JOB_NAME | "job-name") && self.owner.is("batch", "Job");
        match written {
            Some(value) => value.as_str(),
            None if added => Some(&self.owner.id.name),
            None => None,
        }
    }

    fn has(&self, key: &str, value: &str) -> bool {
        // One replica of a StatefulSet may be selected by its name.
        if key == POD_NAME && self.owner.is("apps", "StatefulSet") {
            let ordinal = value
                .strip_prefix(self.owner.id.name.as_str())
                .and_then(|rest| rest.strip_prefix('-'));
            return ordinal.is_some_and(|ordinal| ordinal.parse::<u32>().is_ok());
        }
        self.label(key) == Some(value)
    }
}
