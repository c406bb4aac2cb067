//! What a definition becomes: edges, order and findings, seen from outside.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    Finding, Findings, Graph, Network, Ref, ResourceId, Scope, Stack,
    k8s_openapi::api::{
        apps::v1::Deployment,
        batch::v1::Job,
        core::v1::{ConfigMap, Namespace, Secret, ServiceAccount},
        rbac::v1::{Role, RoleBinding},
    },
};

/// An object of a type, written as JSON.
pub(super) fn object<K: serde::de::DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).expect("the test wrote an object of this type")
}

/// A Deployment without a fault.
pub(super) fn deployment(name: &str) -> Value {
    json!({
        "metadata": { "name": name },
        "spec": {
            "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } }, "spec": pod(name) },
        },
    })
}

/// The spec of a Pod that may run anywhere.
pub(super) fn pod(name: &str) -> Value {
    json!({
        "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": [{
            "name": name,
            "image": "example.com/it:1.0.0",
            "ports": [{ "name": "http", "containerPort": 8080 }],
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
            },
        }],
    })
}

pub(super) fn graph(
    definition: impl Fn(&mut Scope<'_>) + Send + Sync + 'static,
) -> Result<Graph, Findings> {
    Stack::new("shop", definition).graph()
}

/// The names of the rules that a definition breaks.
pub(super) fn broken(
    definition: impl Fn(&mut Scope<'_>) + Send + Sync + 'static,
) -> Vec<&'static str> {
    match graph(definition) {
        Ok(_) => Vec::new(),
        Err(Findings(findings)) => findings.iter().map(|finding| finding.rule).collect(),
    }
}

type Definition = Box<dyn Fn(&mut Scope<'_>) + Send + Sync>;

fn config(name: &str) -> ConfigMap {
    object(json!({ "metadata": { "name": name }, "data": { "key": "value" } }))
}

fn add_deployment(scope: &mut Scope<'_>, name: &str) -> Ref<Deployment> {
    scope.add(object::<Deployment>(deployment(name)))
}

fn edges(graph: &Graph) -> Vec<String> {
    graph
        .edges()
        .iter()
        .map(|edge| format!("{} > {} {:?}: {}", edge.from, edge.to, edge.until, edge.why))
        .collect()
}

fn position(graph: &Graph, id: &ResourceId) -> usize {
    graph
        .resources()
        .position(|resource| resource.id == *id)
        .expect("it was added")
}

#[test]
fn an_object_waits_for_what_its_fields_name() {
    let graph = graph(|stack| {
        stack.network(Network::Open);
        let mut api = deployment("api");
        api["spec"]["template"]["spec"]["volumes"] =
            json!([{ "name": "config", "configMap": { "name": "settings" } }]);
        stack.add(object::<Deployment>(api));
        stack.add(config("settings"));
    })
    .unwrap();
    assert_eq!(
        edges(&graph),
        [
            "ConfigMap/shop/settings > Namespace/shop Exists: metadata.namespace",
            "Deployment/shop/api > ConfigMap/shop/settings Exists: spec.template.spec.volumes[config].configMap.name",
            "Deployment/shop/api > Namespace/shop Exists: metadata.namespace",
        ]
    );
    let order: Vec<_> = graph
        .resources()
        .map(|resource| resource.id.to_string())
        .collect();
    assert_eq!(
        order,
        [
            "Namespace/shop",
            "ConfigMap/shop/settings",
            "Deployment/shop/api"
        ]
    );
    let settings = &graph.resources().nth(1).unwrap().id;
    assert_eq!(
        (graph.wave(settings), graph.critical_path(settings)),
        (1, 1)
    );
}

#[test]
fn a_job_that_others_depend_on_must_be_complete() {
    let graph = graph(|stack| {
        stack.network(Network::Open);
        let mut pods = pod("prepare");
        pods["restartPolicy"] = json!("Never");
        let job: Job = object(json!({
            "metadata": { "name": "prepare" },
            "spec": { "template": { "spec": pods } },
        }));
        let prepare = stack.add(job);
        let api = add_deployment(stack, "api");
        stack.depends_on(&api, &prepare);
    })
    .unwrap();
    let expected = "Deployment/shop/api > Job.batch/shop/prepare Complete: depends on it";
    let expected = expected.replace("Job.batch", "Job");
    assert!(edges(&graph).contains(&expected), "{:#?}", edges(&graph));
}

#[test]
fn names_that_lead_nowhere_are_found_with_their_line() {
    let Err(Findings(findings)) = graph(|stack| {
        stack.network(Network::Open);
        let mut api = deployment("api");
        api["spec"]["template"]["spec"]["serviceAccountName"] = json!("nobody");
        stack.add(object::<Deployment>(api));
    }) else {
        panic!("a finding was expected");
    };
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert_eq!(finding.rule, "dangling-reference");
    assert_eq!(
        finding.message,
        "Deployment/shop/api refers to ServiceAccount/shop/nobody in `spec.template.spec.serviceAccountName`, which is not in this stack"
    );
    assert!(finding.origin.as_ref().unwrap().file.ends_with("tests.rs"));
}

#[test]
fn what_exists_already_may_be_named() {
    let found = broken(|stack| {
        stack.network(Network::Open);
        let login = stack.existing::<Secret>("login");
        let mut api = deployment("api");
        api["spec"]["template"]["spec"]["containers"][0]["env"] =
            json!([{ "name": "PASSWORD", "valueFrom": login.key("password") }]);
        stack.add(object::<Deployment>(api));
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_exists_elsewhere_may_be_named_without_making_its_namespace() {
    let graph = graph(|stack| {
        let account = stack.existing_in::<ServiceAccount>("monitoring", "reader");
        let role = stack.existing::<Role>("read");
        let binding = json!({
            "metadata": { "name": "read" },
            "roleRef": role.role(),
            "subjects": [account.subject()],
        });
        stack.add(object::<RoleBinding>(binding));
    })
    .unwrap();
    let ids: Vec<_> = graph
        .resources()
        .map(|resource| resource.id.to_string())
        .collect();
    assert_eq!(ids, ["Namespace/shop", "RoleBinding/shop/read"]);
}

#[test]
fn hints_say_what_would_mend_it() {
    let hint = |namespace: &'static str| {
        let definition = move |stack: &mut Scope<'_>| {
            stack.add(object::<ServiceAccount>(
                json!({ "metadata": { "name": "known" } }),
            ));
            stack.add(object::<RoleBinding>(json!({
                "metadata": { "name": "read" },
                "roleRef": { "kind": "ClusterRole", "name": "view" },
                "subjects": [{ "kind": "ServiceAccount", "name": "known", "namespace": namespace }],
            })));
        };
        match graph(definition) {
            Ok(_) => None,
            Err(Findings(findings)) => findings[0].hint.clone(),
        }
    };
    assert_eq!(hint("shop"), None);
    let expected = "say the namespace of ServiceAccount/shop/known, if it is meant";
    assert_eq!(hint("other").as_deref(), Some(expected));
}

#[test]
fn mistakes_in_references_have_their_own_names() {
    let with_env = |from: Value| {
        let mut api = deployment("api");
        api["spec"]["template"]["spec"]["containers"][0]["env"] =
            json!([{ "name": "A", "valueFrom": from }]);
        object::<Deployment>(api)
    };
    let key = |optional: bool| json!({ "configMapKeyRef": { "name": "settings", "key": "absent", "optional": optional } });
    let (required, optional) = (with_env(key(false)), with_env(key(true)));
    let (again, elsewhere) = (required.clone(), required.clone());
    let cases: [(&str, Vec<&str>, Definition); 5] = [
        (
            "a key that is not there",
            vec!["missing-key"],
            Box::new(move |stack| {
                stack.add(config("settings"));
                stack.add(required.clone());
            }),
        ),
        (
            "an optional key",
            vec![],
            Box::new(move |stack| {
                stack.add(config("settings"));
                stack.add(optional.clone());
            }),
        ),
        (
            "an object of another namespace",
            vec!["other-namespace"],
            Box::new(move |stack| {
                stack.within("other", |other| other.add(config("settings")));
                stack.add(again.clone());
            }),
        ),
        (
            "a namespace that nobody knows",
            vec!["unknown-namespace"],
            Box::new(|stack| {
                stack.add(object::<ConfigMap>(
                    json!({ "metadata": { "name": "a", "namespace": "nowhere" } }),
                ));
            }),
        ),
        (
            "a namespace that exists already",
            vec![],
            Box::new(move |stack| {
                stack.existing::<Namespace>("there");
                stack.within("there", |there| {
                    there.add(object::<ConfigMap>(
                        json!({ "metadata": { "name": "settings" }, "data": { "absent": "" } }),
                    ));
                    there.add(elsewhere.clone());
                });
            }),
        ),
    ];
    for (case, expected, define) in cases {
        let found = broken(move |stack| {
            stack.network(Network::Open);
            define(stack);
        });
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn a_cycle_is_printed_with_the_fields_that_make_it() {
    let Err(Findings(findings)) = graph(|stack| {
        stack.network(Network::Open);
        let api = add_deployment(stack, "api");
        let shop = add_deployment(stack, "web");
        stack.depends_on(&api, &shop);
        stack.depends_on(&shop, &api);
    }) else {
        panic!("a cycle was expected");
    };
    assert_eq!(findings.len(), 1);
    assert_eq!(
        findings[0].message,
        "Deployment/shop/api waits for itself: Deployment/shop/api waits for Deployment/shop/web (`depends on it`), and Deployment/shop/web waits for Deployment/shop/api (`depends on it`)"
    );
}

#[test]
fn two_resources_of_one_id_are_both_named() {
    let Err(Findings(findings)) = graph(|stack| {
        stack.add(config("settings"));
        stack.add(config("settings"));
    }) else {
        panic!("a finding was expected");
    };
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].rule, "duplicate-id");
    let lines: BTreeSet<_> = findings[0].message.split("at ").skip(1).collect();
    assert!(lines.iter().any(|line| line.contains("tests.rs:")));
}

#[test]
fn a_stack_brings_its_namespaces_with_their_levels() {
    let graph = graph(|stack| {
        stack.on_nodes(|nodes| nodes.add(config("agent")));
        stack.within("kube-system", |system| system.add(config("system")));
    })
    .unwrap();
    let levels: Vec<_> = graph
        .resources()
        .filter(|resource| resource.id.kind == "Namespace")
        .map(|resource| {
            let level = resource.at(&["metadata", "labels", "pod-security.kubernetes.io/enforce"]);
            (
                resource.id.name.as_str(),
                level.cloned().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        levels,
        [
            ("shop", json!("restricted")),
            ("shop-agents", json!("privileged")),
        ]
    );
}

#[test]
fn an_autoscaled_workload_never_sends_replicas() {
    let graph = graph(|stack| {
        let mut api = deployment("api");
        api["spec"]["replicas"] = json!(3);
        let api = stack.add(object::<Deployment>(api));
        let scaler: crate::k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler =
            object(json!({
                "metadata": { "name": "api" },
                "spec": {
                    "maxReplicas": 5,
                    "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": api.name() },
                },
            }));
        stack.add(scaler);
    })
    .unwrap();
    let api = graph
        .resources()
        .find(|resource| resource.id.kind == "Deployment")
        .unwrap();
    assert_eq!(api.at(&["spec", "replicas"]), None);
    assert_eq!(
        api.at(&["metadata", "labels", "app.kubernetes.io/part-of"]),
        Some(&json!("shop"))
    );
}

#[test]
fn text_in_a_secret_becomes_data() {
    let graph = graph(|stack| {
        stack.add(object::<Secret>(
            json!({ "metadata": { "name": "login" }, "stringData": { "user": "admin" } }),
        ));
    })
    .unwrap();
    let login = graph
        .resources()
        .find(|resource| resource.id.kind == "Secret")
        .unwrap();
    assert_eq!(login.object["data"], json!({ "user": "YWRtaW4=" }));
    assert_eq!(login.object.get("stringData"), None);
}

#[test]
fn what_waits_comes_later() {
    let graph = graph(|stack| {
        let a = add_deployment(stack, "a");
        let b = add_deployment(stack, "b");
        stack.depends_on(&a, &b);
    })
    .unwrap();
    for edge in graph.edges() {
        assert!(position(&graph, &edge.to) < position(&graph, &edge.from));
    }
}

#[test]
fn a_stack_has_a_name_that_a_cluster_accepts() {
    let stack = Stack::new("Shop!", |_| {}).namespace("shop");
    let Findings(findings) = stack.graph().unwrap_err();
    let says = |finding: &Finding| {
        finding
            .message
            .starts_with("the stack's name: `Shop!` is not")
    };
    assert!(findings.iter().any(says), "{findings:#?}");
}
