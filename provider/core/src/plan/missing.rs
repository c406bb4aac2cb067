//! What should be in the cluster before the stack is, and is not?

use std::collections::BTreeSet;

use super::observation::{Observation, Sighting};
use crate::{
    graph::{Expected, Finding, Graph, Mention, namespace_id},
    id::ResourceId,
};

/// An object that the definition says to be there is not.
const MISSING: &str = "missing-object";
/// Whether it is there could not be seen.
const HIDDEN: &str = "hidden-object";

/// How many places are named that need one object.
const FEW: usize = 3;

/// What was not seen.
pub(super) struct Absent {
    /// What is not there: this stops.
    pub(super) missing: Vec<Finding>,
    /// What may be there: this does not.
    pub(super) hidden: Vec<Finding>,
}

/// Judges what was seen of all that the chosen resources need.
pub(super) fn judge(
    graph: &Graph,
    observation: &Observation,
    chosen: &BTreeSet<ResourceId>,
) -> Absent {
    let mut absent = Absent {
        missing: Vec::new(),
        hidden: Vec::new(),
    };
    let all_chosen = graph
        .resources()
        .all(|resource| chosen.contains(&resource.id));
    for expected in graph.expected() {
        let needed = expected.mentions.iter();
        let needed: Vec<_> = needed.filter(|at| chosen.contains(&at.by)).collect();
        // What is only said to be there may be needed by anything.
        if needed.is_empty() && !(expected.mentions.is_empty() && all_chosen) {
            continue;
        }
        match observation.existing.get(&expected.id) {
            None | Some(Sighting::There) => {}
            Some(Sighting::Missing) => {
                let hint = hint(graph, observation, &expected.id);
                absent.missing.push(missing(expected, &needed, hint));
            }
            Some(Sighting::NotServed) => absent.missing.push(not_served(expected, &needed)),
            Some(Sighting::Hidden(why)) => absent.hidden.push(hidden(expected, why)),
        }
    }
    absent
}

fn missing(expected: &Expected, needed: &[&Mention], hint: String) -> Finding {
    let message = format!("{} is not in the cluster; {}", expected.id, by_whom(needed));
    finding(MISSING, expected, message).hint(hint)
}

fn hint(graph: &Graph, observation: &Observation, id: &ResourceId) -> String {
    let own = id.namespace.as_deref().map(namespace_id);
    let own = own.filter(|own| {
        let seen = observation.objects.get(own);
        graph.get(own).is_some() && seen.is_none_or(|seen| seen.live.is_none())
    });
    if id.is("", "Namespace") {
        format!(
            "create it first, or describe it with `scope.within(\"{}\", …)`",
            id.name
        )
    } else if let Some(own) = own {
        // Nobody can create anything in a namespace that the stack is yet to make.
        format!("make its namespace with `--only {own}`, create it there, and then run the whole")
    } else {
        "create it first, or add it to the stack; where something in the cluster makes it once the stack is there, say \
         `awaited` in place of `existing`"
            .to_owned()
    }
}

fn not_served(expected: &Expected, needed: &[&Mention]) -> Finding {
    let Expected { id, kind, .. } = expected;
    let message = format!(
        "{id} is not in the cluster, which serves no {}; {}",
        kind.plural,
        by_whom(needed)
    );
    let hint = format!(
        "install what brings `{}` (its CustomResourceDefinition), then create it",
        kind.group_kind()
    );
    finding(MISSING, expected, message).hint(hint)
}

fn hidden(expected: &Expected, why: &str) -> Finding {
    let message = format!(
        "it could not be seen whether {} is there: {why}",
        expected.id
    );
    finding(HIDDEN, expected, message).hint("without it, what needs it does not become ready")
}

fn finding(rule: &'static str, expected: &Expected, message: String) -> Finding {
    Finding::new(rule, message)
        .on(&expected.id)
        .at(&expected.origin)
}

/// `needed by: Deployment/shop/api (spec…), … and 2 more`.
fn by_whom(needed: &[&Mention]) -> String {
    if needed.is_empty() {
        return "the definition says that it is".to_owned();
    }
    let each = needed.iter().take(FEW);
    let each: Vec<String> = each.map(|at| format!("{} ({})", at.by, at.path)).collect();
    let more = match needed.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("needed by: {}{more}", each.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::{
        Kind, Network, Scope, Stack,
        graph::Graph,
        id::ResourceId,
        k8s_openapi::api::{core::v1::Secret, storage::v1::StorageClass},
        plan::{Choices, Observation, Plan, Selection, Sighting},
    };

    fn volume(name: &str, secret: &str) -> crate::k8s_openapi::api::core::v1::Pod {
        let pod = serde_json::json!({
            "metadata": { "name": name },
            "spec": {
                "containers": [{ "name": "app", "image": "app:1" }],
                "volumes": [{ "name": "login", "secret": { "secretName": secret } }],
            },
        });
        serde_json::from_value(pod).unwrap()
    }

    fn graph() -> Graph {
        let stack = Stack::new("shop", |stack: &mut Scope<'_>| {
            stack.network(Network::Open);
            stack.existing::<Secret>("login");
            stack.existing::<StorageClass>("fast");
            for name in ["a", "b", "c", "d", "e"] {
                stack.add(volume(name, "login"));
            }
        });
        let stack = stack.pod_security(crate::PodSecurity::Privileged);
        stack.graph().unwrap()
    }

    fn seen(secret: Sighting, class: Sighting) -> Observation {
        let secrets = ResourceId::new(&Kind::of::<Secret>(), "shop", "login");
        let classes = ResourceId::new(&Kind::of::<StorageClass>(), "", "fast");
        Observation {
            existing: [(secrets, secret), (classes, class)].into(),
            ..Observation::default()
        }
    }

    #[test]
    fn all_that_is_missing_is_said_with_who_needs_it_and_what_to_do() {
        let plan = Plan::new(&graph(), &seen(Sighting::Missing, Sighting::NotServed));
        let said: Vec<_> = plan
            .missing
            .iter()
            .map(|finding| &finding.message)
            .collect();
        assert_eq!(
            said,
            [
                "Secret/shop/login is not in the cluster; needed by: \
                 Pod/shop/a (spec.volumes[login].secret.secretName), \
                 Pod/shop/b (spec.volumes[login].secret.secretName), \
                 Pod/shop/c (spec.volumes[login].secret.secretName) and 2 more",
                "StorageClass/fast is not in the cluster, which serves no storageclasses; the definition says that it is",
            ]
        );
        assert!(plan.missing.iter().all(|finding| finding.hint.is_some()));
        let line = plan.missing[0].origin.as_ref().unwrap();
        assert_eq!(line.file, file!(), "the line that said `existing`");
        let hint = plan.missing[0].hint.as_deref().unwrap();
        assert!(hint.contains("--only Namespace/shop"), "{hint}");
        let json = serde_json::json!(plan);
        assert_eq!(json["missing"][0]["rule"], "missing-object");
        assert_eq!(json["missing"][0]["subject"]["name"], "login");
    }

    #[test]
    fn what_cannot_be_seen_is_a_note_and_what_is_there_is_nothing() {
        let plan = Plan::new(
            &graph(),
            &seen(Sighting::Hidden("not allowed".into()), Sighting::There),
        );
        assert!(plan.missing.is_empty());
        let said: Vec<_> = plan
            .notes
            .iter()
            .map(|note| note.message.as_str())
            .collect();
        assert_eq!(
            said,
            ["it could not be seen whether Secret/shop/login is there: not allowed"]
        );
    }

    #[test]
    fn what_is_left_out_needs_nothing() {
        let missing = |only: &[&str], exclude: &[&str]| {
            let choices = Choices {
                only: only.iter().copied().collect(),
                exclude: exclude.iter().copied().collect::<Selection>(),
                ..Choices::default()
            };
            let observation = seen(Sighting::Missing, Sighting::Missing);
            Plan::with(&graph(), &observation, &choices).missing.len()
        };
        assert_eq!(missing(&[], &[]), 2);
        assert_eq!(missing(&["Pod/shop/a"], &[]), 1);
        assert_eq!(missing(&["Namespace/shop"], &[]), 0);
        assert_eq!(missing(&[], &["Pod/*/*"]), 0);
    }
}
