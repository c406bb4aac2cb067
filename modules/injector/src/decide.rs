//! May a Pod that asks have a sidecar, and if not, what is it told?

use crate::{
    ask::{Ask, Why},
    config::Config,
    inject::Mark,
    obstacle::{containers, obstacle},
    pod::{self, Pod},
};

/// The container that the OpenTelemetry operator adds.
const OPERATORS: &str = "otc-container";

/// What becomes of a Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing: for this reason, in one word for the counters.
    Leave(Left),
    /// Nothing, though it asks; whoever made it is told why.
    LeaveAndSay(Left, String),
    /// It may not be.
    Refuse(String),
    /// It gets the sidecar.
    Inject,
}

/// Why a Pod is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    NotAPod,
    Never,
    NotAsked,
    Mirror,
    Windows,
    HasTheOperators,
}

impl Left {
    /// The reason as one word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Left::NotAPod => "not-a-pod",
            Left::Never => "never",
            Left::NotAsked => "not-asked",
            Left::Mirror => "mirror",
            Left::Windows => "windows",
            Left::HasTheOperators => "has-the-operators",
        }
    }
}

/// Decides about a Pod that is made in that namespace.
pub(crate) fn decide(pod: Pod<'_>, namespace: &str, config: &Config) -> Decision {
    let ask = Ask::of(pod, namespace, config);
    let Some(why) = ask.why() else {
        return Decision::Leave(Left::NotAsked);
    };
    let name = pod.name();
    let who = format!("the Pod `{namespace}/{name}`");
    if config.never(namespace) {
        let said = format!("{who} gets no sidecar: Pods of `{namespace}` are never touched");
        return Decision::LeaveAndSay(Left::Never, said);
    }
    if pod.is_mirror() {
        return Decision::Leave(Left::Mirror);
    }
    if let Some(refusal) = not_entitled(&ask, why, namespace, config) {
        return Decision::Refuse(format!("{who} asks for a sidecar ({why}), {refusal}"));
    }
    if pod.on_windows() {
        let said = format!("{who} gets no sidecar: the collector's image is for Linux");
        return Decision::LeaveAndSay(Left::Windows, said);
    }
    if containers(pod).any(|container| pod::name(container) == OPERATORS) {
        return beside_the_operators(pod, &who, config);
    }
    match obstacle(pod, config) {
        Some(refusal) => Decision::Refuse(format!("{who} asks for a sidecar ({why}), {refusal}")),
        None => Decision::Inject,
    }
}

/// Two collectors in one Pod would want the same ports.
fn beside_the_operators(pod: Pod<'_>, who: &str, config: &Config) -> Decision {
    if Mark::of(pod, config).is_some() {
        return Decision::Refuse(format!(
            "{who} has been given two collectors, `{}` and that of the OpenTelemetry operator, which want the same \
             ports: ask for one of them by an annotation that the other does not read",
            config.name
        ));
    }
    let said = format!("{who} gets no sidecar: it has that of the OpenTelemetry operator");
    Decision::LeaveAndSay(Left::HasTheOperators, said)
}

/// Why a Pod of that namespace may not have what it asks for.
fn not_entitled(ask: &Ask, why: &Why, namespace: &str, config: &Config) -> Option<String> {
    let Config { name, stack, .. } = config;
    if !config.namespaces.contains_key(namespace) {
        let may: Vec<_> = config
            .namespaces
            .keys()
            .map(|name| format!("`{name}`"))
            .collect();
        return Some(format!(
            "but its namespace may not: of the sidecar `{name}` of the stack `{stack}`, {} may. Add `{namespace}` to \
             the injector's `namespaces` there, or take the annotation away",
            may.join(", ")
        ));
    }
    let Ask::Named {
        namespace: of,
        name: wanted,
        ..
    } = ask
    else {
        return None;
    };
    let here = of
        .as_deref()
        .is_none_or(|of| of == namespace || of == config.namespace);
    if wanted == name && here {
        return None;
    }
    let Why::Annotation { key, .. } = why else {
        return None;
    };
    Some(format!(
        "and there is no such one: say `{key}: \"true\"`, or `{name}`"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::samples::{asking, config, patched, pod};

    fn decided(namespace: &str, object: &Value) -> Decision {
        decide(Pod(object), namespace, &config())
    }

    fn refusal(namespace: &str, object: &Value) -> String {
        match decided(namespace, object) {
            Decision::Refuse(said) => said,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_does_not_ask_is_left_alone_wherever_it_is() {
        let silent = pod(
            &json!({}),
            &json!({ "containers": [{ "name": "api" }], "hostNetwork": true }),
        );
        for namespace in ["shop", "elsewhere", "kube-system", "obs"] {
            assert_eq!(decided(namespace, &silent), Decision::Leave(Left::NotAsked));
        }
        let unasked = pod(&json!({}), &json!({ "containers": [{ "name": "api" }] }));
        assert_eq!(decided("bank", &unasked), Decision::Inject);
    }

    #[test]
    fn a_pod_elsewhere_is_told_who_may_and_what_to_do() {
        let object = asking(&json!({ "containers": [{ "name": "api" }] }));
        assert_eq!(
            refusal("elsewhere", &object),
            "the Pod `elsewhere/api` asks for a sidecar (annotation `sidecar.otelier.dev/inject: true`), but its \
             namespace may not: of the sidecar `otel` of the stack `prod`, `bank`, `shop` may. Add `elsewhere` to the \
             injector's `namespaces` there, or take the annotation away"
        );
    }

    #[test]
    fn its_own_namespace_and_the_clusters_are_never_touched() {
        let object = asking(&json!({ "containers": [{ "name": "api" }] }));
        for namespace in ["obs", "kube-system", "kube-node-lease"] {
            let Decision::LeaveAndSay(Left::Never, said) = decided(namespace, &object) else {
                panic!("{namespace}")
            };
            assert!(said.contains("are never touched"), "{said}");
        }
    }

    #[test]
    fn a_sidecar_is_asked_for_by_its_name_or_by_nothing_more_than_yes() {
        let named = |value: &str| {
            pod(
                &json!({ "sidecar.opentelemetry.io/inject": value }),
                &json!({}),
            )
        };
        for value in ["true", "otel", "shop/otel", "obs/otel"] {
            assert_eq!(decided("shop", &named(value)), Decision::Inject, "{value}");
        }
        for value in ["other", "bank/otel", "a/b/c", "/", "otel/"] {
            let said = refusal("shop", &named(value));
            assert!(
                said.ends_with("there is no such one: say `sidecar.opentelemetry.io/inject: \"true\"`, or `otel`"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_cannot_have_one_is_let_in_without() {
        for (annotations, spec, left) in [
            (
                json!({}),
                json!({ "os": { "name": "windows" } }),
                Left::Windows,
            ),
            (
                json!({}),
                json!({ "nodeSelector": { "kubernetes.io/os": "windows" } }),
                Left::Windows,
            ),
            (
                json!({}),
                json!({ "initContainers": [{ "name": "otc-container" }] }),
                Left::HasTheOperators,
            ),
        ] {
            let mut object = pod(&annotations, &spec);
            object["metadata"]["annotations"]["sidecar.otelier.dev/inject"] = json!("true");
            let Decision::LeaveAndSay(found, said) = decided("shop", &object) else {
                panic!("{spec}")
            };
            assert_eq!(found, left, "{said}");
        }
        let mirror =
            json!({ "sidecar.otelier.dev/inject": "true", "kubernetes.io/config.mirror": "x" });
        let mirror = pod(&mirror, &json!({ "hostNetwork": true }));
        assert_eq!(decided("shop", &mirror), Decision::Leave(Left::Mirror));
    }

    #[test]
    fn a_pod_with_two_collectors_is_refused_once_both_are_there() {
        let object = asking(&json!({ "containers": [{ "name": "api" }] }));
        let mut object = patched(&object, &config());
        let containers = object["spec"]["containers"].as_array_mut().unwrap();
        containers.push(json!({ "name": OPERATORS }));
        let said = refusal("shop", &object);
        assert!(
            said.contains("has been given two collectors, `otel` and"),
            "{said}"
        );
    }
}
