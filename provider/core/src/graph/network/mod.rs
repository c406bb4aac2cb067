//! Which NetworkPolicies follow from the connections?
//!
//! In each of the stack's namespaces nothing is allowed; then each workload has one policy that lists who sends to it
//! and where it sends to. DNS is always open. A kubelet's probes come from the node and need no rule. Pods in the
//! network of their node are beyond policies: what they send is let in from anywhere, port by port.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Connection, Finding,
    edges::Resources,
    loose::serves,
    ports::{self, PodPort, undeclared_port, unknown_pods},
    reference::references,
    rules,
    template::{Template, templates},
    walk::items,
};
use crate::{
    endpoint::{Destination, ServiceDestination},
    id::ResourceId,
    resource::Resource,
    scope::Acceptance,
    stack::OwnNamespace,
};

mod draft;
mod peer;

use draft::{Draft, Side, allow, policy};
use peer::{Peers, Place};

/// What a definition says about traffic.
#[derive(Clone, Copy)]
pub(super) struct Traffic<'a> {
    pub(super) connections: &'a [Connection],
    pub(super) acceptances: &'a [Acceptance],
}

type Drafts<'a> = BTreeMap<&'a ResourceId, Draft<'a>>;

/// The ports of the API server, behind its Service and as it listens.
const API_PORTS: [PodPort<'_>; 2] = [tcp(443), tcp(6443)];
const DNS_PORTS: [PodPort<'_>; 2] = [
    PodPort {
        number: 53,
        protocol: "UDP",
    },
    tcp(53),
];

/// Derives the policies, and finds what cannot be said in one.
pub(super) fn policies(
    resources: &[Resource],
    namespaces: &BTreeMap<String, OwnNamespace>,
    traffic: Traffic<'_>,
) -> (Vec<Resource>, Vec<Finding>) {
    let resources: Resources = resources
        .iter()
        .map(|resource| (resource.id.clone(), resource.clone()))
        .collect();
    let templates = templates(&resources);
    let mut findings = Vec::new();
    let mut drafts = drafts(&templates, &mut findings);
    for connection in traffic.connections {
        findings.extend(connect(&mut drafts, connection));
    }
    for acceptance in traffic.acceptances {
        findings.extend(accept(&mut drafts, acceptance));
    }
    for service in resources.values().flat_map(public_services) {
        admit_everyone(&mut drafts, &resources, &service);
    }
    let mut policies: Vec<Resource> = drafts
        .values()
        .filter(|draft| !draft.pods.on_host_network())
        .map(Draft::policy)
        .collect();
    policies.extend(denials(&resources, &templates, namespaces));
    (policies, findings)
}

fn drafts<'a>(templates: &[Template<'a>], findings: &mut Vec<Finding>) -> Drafts<'a> {
    let mut drafts = Drafts::new();
    for pods in templates {
        let Some(selector) = pods.selector() else {
            let message = format!("the Pods of {} have no labels to select them by", pods.id());
            let finding = Finding::new(rules::UNSELECTABLE_PODS, message)
                .on(pods.id())
                .hint(format!("add a label to `{}`", pods.path("metadata.labels")))
                .at(&pods.owner.origin);
            findings.push(finding);
            continue;
        };
        let mut draft = Draft {
            pods: *pods,
            selector,
            origin: None,
            ingress: Side::new(),
            egress: Side::new(),
        };
        allow(
            &mut draft.egress,
            peer::namespace("kube-system"),
            &DNS_PORTS,
        );
        drafts.insert(pods.id(), draft);
    }
    drafts
}

fn connect<'a>(drafts: &mut Drafts<'a>, connection: &'a Connection) -> Option<Finding> {
    let sender = &connection.from.workload;
    let Some(draft) = drafts.get_mut(sender) else {
        return Some(unknown_pods(sender, &connection.origin));
    };
    draft.origin.get_or_insert(&connection.origin);
    match &connection.to {
        Destination::KubernetesApi => allow(&mut draft.egress, Peers::Anyone, &API_PORTS),
        Destination::Service(to) => return connect_pods(drafts, connection, to),
        Destination::Outside {
            host,
            port,
            transport,
            security: _,
        } => {
            let transport = transport.to_string();
            let port = PodPort {
                number: *port,
                protocol: &transport,
            };
            match peer::place(host) {
                Place::Own => {}
                Place::KubernetesApi => allow(&mut draft.egress, Peers::Anyone, &API_PORTS),
                Place::Namespace(name) => {
                    allow(&mut draft.egress, peer::namespace(&name), &[port]);
                }
                Place::Addresses(peers) => allow(&mut draft.egress, peers, &[port]),
            }
        }
    }
    None
}

/// Both ends of a connection between Pods of the stack.
fn connect_pods<'a>(
    drafts: &mut Drafts<'a>,
    connection: &'a Connection,
    to: &ServiceDestination,
) -> Option<Finding> {
    let receiver = &to.pods.workload;
    let Some(into) = drafts.get(receiver) else {
        return Some(unknown_pods(receiver, &connection.origin));
    };
    let Some(port) = ports::named(&into.pods, &to.port_name) else {
        return Some(undeclared_port(receiver, &to.port_name).at(&connection.origin));
    };
    let (receivers, senders) = (
        into.peers(),
        drafts
            .get(&connection.from.workload)
            .map_or(Peers::Anyone, Draft::peers),
    );
    if let Some(from) = drafts.get_mut(&connection.from.workload) {
        allow(&mut from.egress, receivers, &[port]);
    }
    if let Some(into) = drafts.get_mut(receiver) {
        into.origin.get_or_insert(&connection.origin);
        allow(&mut into.ingress, senders, &[port]);
    }
    None
}

fn accept<'a>(drafts: &mut Drafts<'a>, acceptance: &'a Acceptance) -> Option<Finding> {
    let id = &acceptance.pods.workload;
    let Some(draft) = drafts.get_mut(id) else {
        return Some(unknown_pods(id, &acceptance.origin));
    };
    let Some(port) = ports::named(&draft.pods, &acceptance.port_name) else {
        let finding = undeclared_port(id, &acceptance.port_name);
        return Some(finding.at(&acceptance.origin));
    };
    draft.origin.get_or_insert(&acceptance.origin);
    allow(
        &mut draft.ingress,
        peer::source(&acceptance.source),
        &[port],
    );
    None
}

/// The Services that a resource opens to senders whose addresses nobody knows: what an Ingress or a route leads to,
/// what is published by its type, and what the API server calls from outside the Pod network.
fn public_services(resource: &Resource) -> Vec<ResourceId> {
    let kind = resource.at(&["spec", "type"]).and_then(Value::as_str);
    match resource.id.kind.as_str() {
        "Service" if matches!(kind, Some("LoadBalancer" | "NodePort")) => vec![resource.id.clone()],
        "Ingress"
        | "HTTPRoute"
        | "GRPCRoute"
        | "APIService"
        | "MutatingWebhookConfiguration"
        | "ValidatingWebhookConfiguration"
        | "CustomResourceDefinition" => references(resource)
            .into_iter()
            .map(|reference| reference.to)
            .filter(|id| id.is("", "Service"))
            .collect(),
        _ => Vec::new(),
    }
}

fn admit_everyone(drafts: &mut Drafts<'_>, resources: &Resources, service: &ResourceId) {
    let ports = resources.get(service).map(|found| found.at(&["spec"]));
    let ports = ports.flatten().map_or(&[][..], |spec| items(spec, "ports"));
    for draft in drafts.values_mut() {
        if serves(resources, service, &draft.pods) {
            let targets: Vec<_> = ports
                .iter()
                .filter_map(|port| ports::target(port, &draft.pods))
                .collect();
            allow(&mut draft.ingress, Peers::Anyone, &targets);
        }
    }
}

/// Nothing is allowed in the stack's own namespaces where it runs Pods; whose other Pods a namespace has, that was
/// there before, is not for the stack to decide.
fn denials(
    resources: &Resources,
    templates: &[Template<'_>],
    namespaces: &BTreeMap<String, OwnNamespace>,
) -> Vec<Resource> {
    let used: BTreeSet<_> = templates.iter().map(Template::namespace).collect();
    let spec = json!({ "podSelector": {}, "policyTypes": ["Ingress", "Egress"] });
    namespaces
        .iter()
        .filter(|(name, _)| used.contains(name.as_str()))
        .filter(|(name, _)| resources.contains_key(&super::edges::namespace_id(name)))
        .map(|(name, own)| policy(name, "default-deny", &spec, &own.origin))
        .collect()
}

const fn tcp(number: u16) -> PodPort<'static> {
    PodPort {
        number,
        protocol: "TCP",
    }
}

#[cfg(test)]
mod tests;
