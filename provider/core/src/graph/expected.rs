//! What must be in the cluster before the stack is, and who needs it?

use serde::Serialize;

use super::{
    builtin::is_everywhere,
    dangling::without_namespace,
    edges::{Resources, namespace_id},
    reference::{Need, all_references},
};
use crate::{
    certificate::Certificate,
    id::ResourceId,
    kind::Kind,
    origin::Origin,
    resource::Resource,
    scope::{Existing, Since},
};

/// An object that a definition says to be in the cluster already.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Expected {
    /// Which.
    pub id: ResourceId,
    /// Where it is served.
    pub kind: Kind,
    /// The resources that do not work without it; none where the definition only says that it is there.
    pub mentions: Vec<Mention>,
    /// The line that said so.
    pub origin: Origin,
}

/// One place at which a resource refers to an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mention {
    /// The resource.
    pub by: ResourceId,
    /// The path of the field, or words where it is no field.
    pub path: String,
}

/// What a resource says about another object.
struct Said {
    of: ResourceId,
    need: Need,
    mention: Mention,
}

/// Everything that is worth looking for: not what every cluster has, what the stack itself brings, or what all do without
/// who refer to it.
pub(super) fn expected(existing: &Existing, resources: &Resources) -> Vec<Expected> {
    let sought = existing.iter().filter(|(id, outside)| {
        outside.since != Since::Later && !is_everywhere(id) && !resources.contains_key(*id)
    });
    let sought: Vec<_> = sought.collect();
    if sought.is_empty() {
        return Vec::new();
    }
    let said: Vec<Said> = resources.values().flat_map(said).collect();
    let each = sought.into_iter().filter_map(|(id, outside)| {
        let about = |said: &&Said| said.of == *id || without_namespace(&said.of) == *id;
        let (firm, loose): (Vec<_>, Vec<_>) = said
            .iter()
            .filter(about)
            .partition(|said| said.need == Need::Required);
        let dispensable = firm.is_empty() && !loose.is_empty();
        // Of a namespace that is only said to be there with what is in it, that object says enough.
        let implied = outside.since == Since::WithContent && firm.is_empty();
        (!dispensable && !implied).then(|| Expected {
            id: id.clone(),
            kind: outside.kind.clone(),
            mentions: firm.iter().map(|said| said.mention.clone()).collect(),
            origin: outside.origin.clone(),
        })
    });
    each.collect()
}

/// Everything that a resource refers to.
fn said(resource: &Resource) -> Vec<Said> {
    let mention = |of: &ResourceId, need, path: &str| Said {
        of: of.clone(),
        need,
        mention: Mention {
            by: resource.id.clone(),
            path: path.to_owned(),
        },
    };
    let references = all_references(resource);
    let mut all: Vec<Said> = references
        .iter()
        .map(|reference| mention(&reference.to, reference.need, &reference.path))
        .collect();
    if let Some(namespace) = &resource.id.namespace {
        let namespace = namespace_id(namespace);
        all.push(mention(&namespace, Need::Required, "metadata.namespace"));
    }
    let borrowed = resource.borrowed.iter();
    all.extend(borrowed.map(|(at, borrowed)| mention(&borrowed.from, Need::Required, at)));
    if let Some(Certificate::Leaf { authority, .. }) = &resource.certificate {
        all.push(mention(authority, Need::Required, "signed by it"));
    }
    let by_hand = resource.depends_on.iter();
    all.extend(by_hand.map(|id| mention(id, Need::Required, "depends on it")));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{deployment, graph, object};
    use crate::{
        Network, Scope,
        k8s_openapi::api::{
            apps::v1::Deployment,
            core::v1::{ConfigMap, Namespace, Secret},
        },
    };

    /// What is looked for, with the places that refer to it.
    fn sought(define: impl Fn(&mut Scope<'_>) + Send + Sync + 'static) -> Vec<String> {
        let graph = graph(move |stack| {
            stack.network(Network::Open);
            define(stack);
        });
        let graph = graph.unwrap();
        let each = graph.expected().iter().map(|expected| {
            let by: Vec<_> = expected
                .mentions
                .iter()
                .map(|mention| format!("{} {}", mention.by, mention.path))
                .collect();
            format!("{}: {}", expected.id, by.join(", "))
        });
        each.collect()
    }

    fn with_env(from: &serde_json::Value) -> Deployment {
        let mut api = deployment("api");
        let env = json!([{ "name": "A", "valueFrom": from }]);
        api["spec"]["template"]["spec"]["containers"][0]["env"] = env;
        object(api)
    }

    #[test]
    fn what_is_named_as_existing_is_looked_for_with_the_place_that_needs_it() {
        let found = sought(|stack| {
            let login = stack.existing::<Secret>("login");
            stack.add(with_env(&json!(login.key("password"))));
        });
        let path = "spec.template.spec.containers[api].env[A].valueFrom.secretKeyRef.name";
        assert_eq!(
            found,
            [format!("Secret/shop/login: Deployment/shop/api {path}")]
        );
    }

    #[test]
    fn what_can_be_missing_is_not_looked_for() {
        let optional = json!({ "secretKeyRef": { "name": "login", "key": "a", "optional": true } });
        let found = sought(move |stack| {
            stack.existing::<Secret>("login");
            stack.add(with_env(&optional));
        });
        assert!(found.is_empty(), "{found:?}");
        let found = sought(|stack| {
            let awaited = stack.awaited::<Secret>("login");
            stack.add(with_env(&json!(awaited.key("password"))));
            stack.existing::<Namespace>("kube-system");
        });
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn what_the_stack_makes_is_there_in_time() {
        let found = sought(|stack| {
            stack.existing::<ConfigMap>("settings");
            stack.add(object::<ConfigMap>(
                json!({ "metadata": { "name": "settings" } }),
            ));
            stack.existing::<Namespace>("shop");
        });
        assert_eq!(
            found,
            ["Namespace/shop: ConfigMap/shop/settings metadata.namespace"]
        );
    }

    #[test]
    fn a_namespace_is_looked_for_where_the_stack_puts_something() {
        let note = || object::<ConfigMap>(json!({ "metadata": { "name": "note" } }));
        let found = sought(move |stack| {
            stack.existing_in::<Secret>("vault", "key");
            stack.within_foreign("apps", |scope| scope.add(note()));
        });
        let expected = [
            "Namespace/apps: ConfigMap/apps/note metadata.namespace",
            "Secret/vault/key: ",
        ];
        assert_eq!(found, expected);
    }
}
