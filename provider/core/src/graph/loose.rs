//! What makes a start smoother, though nothing refers to it?

use serde_json::Value;

use super::{
    Connection, Until, Waits,
    edges::{Edges, Resources, edge, until},
    reference::references,
    template::{Template, templates},
    walk::{items, text},
};
use crate::{endpoint::Destination, id::ResourceId, resource::Resource};

/// The kinds that Pods are better started after.
const SMOOTHING: &[&str] = &[
    "ClusterRoleBinding",
    "LimitRange",
    "NetworkPolicy",
    "ResourceQuota",
    "RoleBinding",
];

impl Edges {
    /// What Pods would stumble over if it came after them.
    pub(super) fn smooth_the_start(&mut self, resources: &Resources) {
        let templates = templates(resources);
        let smoothing: Vec<_> = resources
            .values()
            .filter(|resource| SMOOTHING.contains(&resource.id.kind.as_str()))
            .collect();
        for template in &templates {
            for &resource in &smoothing {
                if let Some(why) = reason_to_wait(template, resource) {
                    self.loose
                        .push(edge(template.id(), &resource.id, Until::Exists, why));
                }
            }
        }
        // What calls a webhook fails while nobody answers there.
        for resource in resources.values() {
            for (service, path) in called_services(resource) {
                for template in templates
                    .iter()
                    .filter(|pods| serves(resources, &service, pods))
                {
                    let why = format!("{path}: the Pods behind it");
                    self.loose
                        .push(edge(&resource.id, template.id(), Until::Ready, why));
                }
            }
        }
    }

    /// Senders come after receivers, so that nothing is lost and no probe fails while a stack starts.
    pub(super) fn follow_connections(&mut self, resources: &Resources, connections: &[Connection]) {
        for connection in connections {
            let Destination::Service(to) = &connection.to else {
                continue;
            };
            let (sender, receiver) = (&connection.from.workload, &to.pods.workload);
            let known = resources.contains_key(sender) && resources.contains_key(receiver);
            if connection.waits == Waits::ForReceiver && known && sender != receiver {
                let why = format!("sends to {}", connection.to);
                self.loose
                    .push(edge(sender, receiver, until(receiver), why));
            }
        }
    }
}

fn reason_to_wait(pods: &Template<'_>, resource: &Resource) -> Option<&'static str> {
    let same_namespace = resource.id.namespace.as_deref() == Some(pods.namespace());
    match (resource.id.group.as_str(), resource.id.kind.as_str()) {
        ("networking.k8s.io", "NetworkPolicy") if same_namespace => {
            let selector = resource.at(&["spec", "podSelector"])?;
            pods.is_selected(selector)
                .then_some("a policy selects its Pods")
        }
        ("", "ResourceQuota" | "LimitRange") if same_namespace => {
            Some("it limits Pods of the namespace")
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            let account = text(pods.spec(), "serviceAccountName").unwrap_or("default");
            let binds = |subject: &Value| {
                let namespace = text(subject, "namespace").or(resource.id.namespace.as_deref());
                text(subject, "kind") == Some("ServiceAccount")
                    && text(subject, "name") == Some(account)
                    && namespace == Some(pods.namespace())
            };
            items(&resource.object, "subjects")
                .iter()
                .any(binds)
                .then_some("it gives rights to its ServiceAccount")
        }
        _ => None,
    }
}

/// The Services that the API server itself calls on behalf of a resource.
fn called_services(resource: &Resource) -> Vec<(ResourceId, String)> {
    let calls = matches!(
        resource.id.kind.as_str(),
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" | "APIService"
    );
    let found = if calls {
        references(resource)
    } else {
        Vec::new()
    };
    found
        .into_iter()
        .filter(|reference| reference.to.is("", "Service"))
        .map(|reference| (reference.to, reference.path))
        .collect()
}

/// Whether a Service of the stack leads to these Pods.
pub(super) fn serves(resources: &Resources, service: &ResourceId, pods: &Template<'_>) -> bool {
    let selector = resources
        .get(service)
        .and_then(|service| service.at(&["spec", "selector"]));
    service.namespace.as_deref() == Some(pods.namespace())
        && selector.is_some_and(|selector| {
            selector.as_object().is_some_and(|map| !map.is_empty()) && pods.carries(Some(selector))
        })
}
