//! What a definition becomes: edges, order and findings, seen from outside.

use serde_json::{Value, json};

use crate::{
    Finding, Findings, Graph, Network, Ref, ResourceId, Scope, Stack,
    k8s_openapi::api::{
        admissionregistration::v1::MutatingWebhookConfiguration,
        apps::v1::Deployment,
        batch::v1::Job,
        core::v1::{ConfigMap, ResourceQuota, Secret, Service, ServiceAccount},
        rbac::v1::RoleBinding,
    },
};

mod references;

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
    let first = line!() + 2;
    let Err(Findings(findings)) = graph(|stack| {
        stack.add(config("settings"));
        stack.add(config("settings"));
    }) else {
        panic!("a finding was expected");
    };
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].rule, "duplicate-id");
    let place = format!("the first time at {}:{first}:", file!());
    assert!(findings[0].message.contains(&place), "{findings:#?}");
    assert_eq!(findings[0].origin.as_ref().unwrap().line, first + 1);
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

#[test]
fn pods_start_after_what_gives_them_rights_and_limits() {
    let graph = graph(|stack| {
        stack.network(Network::Open);
        let account = stack.add(object::<ServiceAccount>(
            json!({ "metadata": { "name": "api" } }),
        ));
        let mut api = deployment("api");
        api["spec"]["template"]["spec"]["serviceAccountName"] = json!(account.name());
        stack.add(object::<Deployment>(api));
        let binding = |name: &str, subject: &str| {
            object::<RoleBinding>(json!({
                "metadata": { "name": name },
                "roleRef": { "kind": "ClusterRole", "name": "view" },
                "subjects": [{ "kind": "ServiceAccount", "name": subject, "namespace": "shop" }],
            }))
        };
        stack.add(binding("mine", "api"));
        stack.add(binding("other", "default"));
        stack.add(object::<ResourceQuota>(
            json!({ "metadata": { "name": "quota" } }),
        ));
    })
    .unwrap();
    let waits: Vec<_> = graph
        .edges()
        .iter()
        .filter(|edge| edge.from.kind == "Deployment")
        .map(|edge| edge.to.to_string())
        .collect();
    assert_eq!(
        waits,
        [
            "Namespace/shop",
            "ResourceQuota/shop/quota",
            "ServiceAccount/shop/api",
            "RoleBinding/shop/mine",
        ]
    );
}

#[test]
fn a_webhook_waits_until_someone_answers() {
    let graph = graph(|stack| {
        let injector = add_deployment(stack, "injector");
        let service = json!({
            "metadata": { "name": "injector" },
            "spec": { "selector": { "app": "injector" }, "ports": [{ "port": 443, "targetPort": "http" }] },
        });
        stack.add(object::<Service>(service));
        let webhook = json!({
            "name": "inject.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "clientConfig": { "service": { "name": "injector", "namespace": injector.namespace() } },
        });
        stack.add(object::<MutatingWebhookConfiguration>(
            json!({ "metadata": { "name": "injector" }, "webhooks": [webhook] }),
        ));
    })
    .unwrap();
    let waits: Vec<_> = edges(&graph)
        .into_iter()
        .filter(|edge| edge.starts_with("Mutating"))
        .collect();
    assert_eq!(
        waits,
        [
            "MutatingWebhookConfiguration/injector > Service/shop/injector Exists: webhooks[inject.example.com].clientConfig.service.name",
            "MutatingWebhookConfiguration/injector > Deployment/shop/injector Ready: webhooks[inject.example.com].clientConfig.service.name: the Pods behind it",
        ]
    );
    // The API server calls from outside the Pod network.
    let policy = graph
        .resources()
        .find(|resource| resource.id.name == "injector-deployment")
        .unwrap();
    assert_eq!(
        policy.object["spec"]["ingress"],
        json!([{ "ports": [{ "port": 8080, "protocol": "TCP" }] }])
    );
}
