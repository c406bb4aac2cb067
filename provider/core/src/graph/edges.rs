//! What waits for what, and why?
//!
//! Edges are found by reading the finished objects. *Firm* ones are references that an object cannot do without; *loose*
//! ones only make a start smoother, and give way where they would close a cycle.

use std::collections::BTreeMap;

use super::{
    Connection, Edge, Finding, Until,
    dangling::{dangling, exists, missing_keys, without_namespace},
    reference::{Need, Reference, references},
    rules,
    walk::text,
};
use crate::{certificate::Certificate, id::ResourceId, resource::Resource, scope::Existing};

/// The resources of a stack by their ids.
pub(crate) type Resources = BTreeMap<ResourceId, Resource>;

/// What waits for what, before loose edges have given way.
#[derive(Debug, Default)]
pub(super) struct Edges {
    pub(super) firm: Vec<Edge>,
    pub(super) loose: Vec<Edge>,
}

/// Finds every edge, and the references that lead nowhere.
pub(super) fn edges(
    resources: &Resources,
    existing: &Existing,
    connections: &[Connection],
) -> (Edges, Vec<Finding>) {
    let mut edges = Edges::default();
    let mut findings = Vec::new();
    let definitions = definitions(resources);
    for resource in resources.values() {
        for reference in references(resource) {
            match find(resources, &reference.to) {
                Some(found) => {
                    edges.refer(resource, &reference, found);
                    findings.extend(missing_keys(resource, &reference, found));
                }
                None if reference.need == Need::Optional => {}
                None if exists(existing, &reference.to) => {}
                None => findings.push(dangling(resources, resource, &reference)),
            }
        }
        edges.live_in_namespace(resources, resource);
        edges.need_definition(&definitions, resource);
        edges.need_values(resources, resource);
        findings.extend(edges.depend_by_hand(resources, existing, resource));
    }
    edges.smooth_the_start(resources);
    edges.follow_connections(resources, connections);
    (edges, findings)
}

impl Edges {
    fn refer(&mut self, from: &Resource, reference: &Reference, to: &Resource) {
        let edge = edge(&from.id, &to.id, Until::Exists, &reference.path);
        match reference.need {
            Need::Required => self.firm.push(edge),
            Need::Optional => self.loose.push(edge),
        }
    }

    fn live_in_namespace(&mut self, resources: &Resources, resource: &Resource) {
        let Some(namespace) = &resource.id.namespace else {
            return;
        };
        let id = namespace_id(namespace);
        if resources.contains_key(&id) {
            let why = "metadata.namespace";
            self.firm.push(edge(&resource.id, &id, Until::Exists, why));
        }
    }

    fn need_definition(
        &mut self,
        definitions: &BTreeMap<(&str, &str), &ResourceId>,
        resource: &Resource,
    ) {
        let kind = (resource.id.group.as_str(), resource.id.kind.as_str());
        if let Some(definition) = definitions.get(&kind) {
            self.firm
                .push(edge(&resource.id, definition, Until::Established, "kind"));
        }
    }

    /// What is signed or filled in with what stands in another object comes after it.
    fn need_values(&mut self, resources: &Resources, resource: &Resource) {
        let authority = match &resource.certificate {
            Some(Certificate::Leaf { authority, .. }) => Some((authority, "signed by it")),
            Some(Certificate::Authority { .. }) | None => None,
        };
        let borrowed = resource.borrowed.iter();
        let borrowed = borrowed.map(|(pointer, borrowed)| (&borrowed.from, pointer.as_str()));
        for (id, why) in authority.into_iter().chain(borrowed) {
            if resources.contains_key(id) {
                self.firm.push(edge(&resource.id, id, Until::Exists, why));
            }
        }
    }

    fn depend_by_hand(
        &mut self,
        resources: &Resources,
        existing: &Existing,
        resource: &Resource,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for id in &resource.depends_on {
            if resources.contains_key(id) {
                self.firm
                    .push(edge(&resource.id, id, until(id), "depends on it"));
            } else if !exists(existing, id) {
                let message = format!(
                    "{} depends on {id}, which is not in this stack",
                    resource.id
                );
                let finding = Finding::new(rules::DANGLING_REFERENCE, message)
                    .on(&resource.id)
                    .hint("a reference is of use only in the stack that it was made in")
                    .at(&resource.origin);
                findings.push(finding);
            }
        }
        findings
    }
}

pub(super) fn edge(
    from: &ResourceId,
    to: &ResourceId,
    until: Until,
    why: impl Into<String>,
) -> Edge {
    Edge {
        from: from.clone(),
        to: to.clone(),
        until,
        why: why.into(),
    }
}

/// How far something must have come that others depend on as a whole.
pub(super) fn until(id: &ResourceId) -> Until {
    match (id.group.as_str(), id.kind.as_str()) {
        ("batch", "Job") => Until::Complete,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Until::Established,
        _ => Until::Ready,
    }
}

/// The kinds that custom resource definitions of the stack define.
fn definitions(resources: &Resources) -> BTreeMap<(&str, &str), &ResourceId> {
    resources
        .values()
        .filter(|resource| resource.is("apiextensions.k8s.io", "CustomResourceDefinition"))
        .filter_map(|resource| {
            let spec = resource.object.get("spec")?;
            let kind = spec.pointer("/names/kind")?.as_str()?;
            Some(((text(spec, "group")?, kind), &resource.id))
        })
        .collect()
}

/// The resource that is meant; kinds that nobody knows may turn out to have no namespace.
fn find<'a>(resources: &'a Resources, id: &ResourceId) -> Option<&'a Resource> {
    resources
        .get(id)
        .or_else(|| resources.get(&without_namespace(id)))
}

/// The id of a Namespace.
pub(crate) fn namespace_id(name: &str) -> ResourceId {
    ResourceId {
        group: String::new(),
        kind: "Namespace".into(),
        namespace: None,
        name: name.into(),
    }
}
