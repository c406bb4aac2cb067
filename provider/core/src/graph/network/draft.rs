//! How does the policy of one workload grow, and what does it become?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::peer::{self, Peers};
use crate::{
    graph::{ports::PodPort, template::Template},
    id::ResourceId,
    k8s_openapi::api::networking::v1::NetworkPolicy,
    kind::{Kind, KindSource},
    lifecycle::Lifecycle,
    origin::Origin,
    resource::Resource,
};

/// Ports by the peers that use them; the peers are kept as text, which has an order.
pub(super) type Side = BTreeMap<String, (Peers, BTreeSet<(u16, String)>)>;

/// The policy of one workload, as it grows.
pub(super) struct Draft<'a> {
    pub(super) pods: Template<'a>,
    pub(super) selector: Value,
    pub(super) origin: Option<&'a Origin>,
    pub(super) ingress: Side,
    pub(super) egress: Side,
}

impl Draft<'_> {
    /// Who the Pods are to others; nobody in particular where they use the network of their node.
    pub(super) fn peers(&self) -> Peers {
        if self.pods.on_host_network() {
            Peers::Anyone
        } else {
            peer::pods(self.pods.namespace(), &self.selector)
        }
    }

    pub(super) fn policy(&self) -> Resource {
        let id = self.pods.id();
        let mut spec = Map::new();
        spec.insert("podSelector".into(), self.selector.clone());
        spec.insert("policyTypes".into(), json!(["Ingress", "Egress"]));
        for (field, peers, side) in [
            ("ingress", "from", &self.ingress),
            ("egress", "to", &self.egress),
        ] {
            let rules: Vec<Value> = side.values().map(|rule| rule_of(peers, rule)).collect();
            // An empty list is not stored, and would look like a change for ever.
            if !rules.is_empty() {
                spec.insert(field.into(), Value::Array(rules));
            }
        }
        let name = format!("{}-{}", id.name, id.kind.to_lowercase());
        let origin = self.origin.unwrap_or(&self.pods.owner.origin);
        policy(self.pods.namespace(), &name, &Value::Object(spec), origin)
    }
}

/// Lets ports through on one side, for peers that may have some already.
pub(super) fn allow(side: &mut Side, peers: Peers, ports: &[PodPort<'_>]) {
    let rule = side.entry(peers.key());
    let (_, known) = rule.or_insert_with(|| (peers, BTreeSet::new()));
    known.extend(
        ports
            .iter()
            .map(|port| (port.number, port.protocol.to_owned())),
    );
}

fn rule_of(field: &str, (peers, ports): &(Peers, BTreeSet<(u16, String)>)) -> Value {
    let ports: Vec<_> = ports
        .iter()
        .map(|(number, protocol)| json!({ "port": number, "protocol": protocol }))
        .collect();
    let mut rule = json!({ "ports": ports });
    if let Peers::Only(peers) = peers {
        rule[field] = peers.clone();
    }
    rule
}

/// A NetworkPolicy of that name.
pub(super) fn policy(namespace: &str, name: &str, spec: &Value, origin: &Origin) -> Resource {
    let kind = Kind::of::<NetworkPolicy>();
    Resource {
        id: ResourceId::new(&kind, namespace, name),
        object: json!({
            "apiVersion": kind.api_version(),
            "kind": kind.kind,
            "metadata": { "name": name, "namespace": namespace },
            "spec": spec,
        }),
        kind,
        known_by: KindSource::default(),
        lifecycle: Lifecycle::default(),
        recipes: BTreeMap::new(),
        certificate: None,
        borrowed: BTreeMap::new(),
        depends_on: BTreeSet::new(),
        origin: origin.clone(),
    }
}
