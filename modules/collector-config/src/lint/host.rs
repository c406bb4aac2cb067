//! Does a collector that looks at its node, or at Pods, see the right ones?

use super::{
    Found, Lint, Network, Severity, Tier,
    look::{Look, Part},
};
use crate::component::Class;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "container-measured",
        severity: Severity::Error,
        why: "without the node's root directory, and for its network the node's own, the numbers are those of the container",
        items: &["M15"],
        find: container_measured,
    },
    Lint {
        id: "pods-of-all-nodes",
        severity: Severity::Warning,
        why: "each agent holds all Pods of the cluster in memory, and the API server sends every change to every node",
        items: &["M18"],
        find: pods_of_all_nodes,
    },
    Lint {
        id: "pods-by-address-only",
        severity: Severity::Warning,
        why: "Pods with the network of their node, and all data that came through another collector, are not found",
        items: &["M18"],
        find: by_address_only,
    },
    Lint {
        id: "pods-from-a-sidecar",
        severity: Severity::Warning,
        why: "every Pod then needs rights on the API and a copy of what it says, to learn what it knows of itself",
        items: &[],
        find: from_a_sidecar,
    },
];

fn container_measured(look: &Look<'_>) -> Vec<Found> {
    let measures = look.of_kind(Class::Receiver, "host_metrics");
    let found = measures.flat_map(|part| {
        let network = (look.setting.network == Some(Network::Own)).then(|| own_network(part));
        [own_root(part), network.flatten()]
    });
    found.flatten().collect()
}

fn own_root(part: Part<'_>) -> Option<Found> {
    (!part.has("root_path")).then(|| {
        Found::new(
            part.place_of("root_path"),
            "no `root_path` is set",
            "mount `/` of the node read-only at `/hostfs` with `mountPropagation: HostToContainer`, and set `root_path: /hostfs`",
        )
    })
}

fn own_network(part: Part<'_>) -> Option<Found> {
    let scraper = "scrapers.network";
    part.has(scraper).then(|| {
        Found::new(
            part.place_of(scraper),
            "`/proc/net` is that of the Pod who reads it, whatever the `root_path` is",
            "leave `network` out, or give the Pod its node's network: `hostNetwork: true`",
        )
    })
}

fn pods_of_all_nodes(look: &Look<'_>) -> Vec<Found> {
    if look.setting.tier != Tier::Agent {
        return Vec::new();
    }
    let all = look
        .of_kind(Class::Processor, "k8s_attributes")
        .filter(|part| !part.has("filter.node_from_env_var") && !part.has("filter.node"));
    all.map(|part| {
        Found::new(
            part.place_of("filter"),
            "it watches the Pods of all nodes, and needs those of its own",
            "set `filter.node_from_env_var: NODE_NAME`, and the variable from the Pod's field `spec.nodeName`",
        )
    })
    .collect()
}

fn by_address_only(look: &Look<'_>) -> Vec<Found> {
    let only = look
        .of_kind(Class::Processor, "k8s_attributes")
        .filter(|part| !part.has("pod_association") && part.truth("passthrough") != Some(true));
    only.map(|part| {
        Found::new(
            part.place_of("pod_association"),
            "Pods are found by the address that data comes from, and by nothing else",
            "find them by `k8s.pod.uid`, then by `k8s.pod.ip`, then by `connection`",
        )
    })
    .collect()
}

fn from_a_sidecar(look: &Look<'_>) -> Vec<Found> {
    if look.setting.tier != Tier::Sidecar {
        return Vec::new();
    }
    let found = look
        .of_kind(Class::Processor, "k8s_attributes")
        .map(|part| {
            Found::new(
                part.place(),
                "a sidecar asks the API which Pod it is in",
                "set the attributes with `resource`, from variables with the Pod's own fields",
            )
        });
    found.collect()
}
