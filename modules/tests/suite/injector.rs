//! What does an injector bring, and which mistakes are found before it runs?

use modules::{
    Asked, Collector, Elsewhere, Injector, Issuer, Placement, Sidecar, Tls, WhenDown, logs,
    metrics, protocol::Otlp, traces,
};
use provider_core::{Endpoint, Scope, Security};
use serde_json::{Value, json};

use crate::support::{graph, objects, own_yaml};

const IMAGE: &str = "registry.example/otelier/injector:0.1.0";

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("gateway.example", 4317)
}

/// One that puts a sidecar into Pods, which forwards elsewhere.
pub(crate) fn injector(name: &str) -> Injector {
    Injector::new(name, IMAGE, Sidecar::new("otel").forward(&elsewhere()))
}

/// Those of the objects that are of a kind, in a namespace or in none.
pub(crate) fn find(objects: &[Value], kind: &str, namespace: Option<&str>) -> Vec<Value> {
    let wanted = |object: &&Value| {
        object["kind"] == kind && object["metadata"]["namespace"].as_str() == namespace
    };
    objects.iter().filter(wanted).cloned().collect()
}

fn webhook(define: fn(&mut Scope<'_>)) -> Value {
    let found = find(&objects(define), "MutatingWebhookConfiguration", None);
    found[0]["webhooks"][0].clone()
}

#[test]
fn an_injector() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(
            injector("injector")
                .namespaces(["shop"])
                .everyone_in(["bank"]),
        );
    }));
}

#[test]
fn the_stack_keeps_the_sidecars_file_where_it_may_be_asked_for_and_makes_no_namespace_there() {
    let objects = objects(|scope| {
        scope.add(injector("injector").namespaces(["shop", "bank"]));
    });
    let file = |namespace| find(&objects, "ConfigMap", Some(namespace));
    assert_eq!(file("shop").len(), 1);
    assert_eq!(
        file("shop")[0]["metadata"]["name"],
        file("bank")[0]["metadata"]["name"]
    );
    assert_eq!(file("shop")[0]["data"], file("bank")[0]["data"]);
    let namespaces: Vec<_> = find(&objects, "Namespace", None)
        .iter()
        .map(|namespace| namespace["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(namespaces, ["test"]);
    assert_eq!(
        find(&objects, "NetworkPolicy", Some("shop")),
        [] as [Value; 0]
    );
}

#[test]
fn the_gateway_lets_in_who_may_have_a_sidecar_and_the_injector_lets_in_the_api_server() {
    let objects = objects(|scope| {
        let gateway = Collector::gateway("otlp")
            .pipeline(traces().export(&elsewhere()))
            .pipeline(metrics().export(&elsewhere()))
            .pipeline(logs().export(&elsewhere()));
        let gateway = scope.add(gateway);
        let sidecar = Sidecar::new("otel").forward(&gateway.otlp);
        scope.add(Injector::new("injector", IMAGE, sidecar).namespaces(["shop"]));
    });
    let policies = find(&objects, "NetworkPolicy", Some("test"));
    let ingress = |name: &str| {
        let policy = policies
            .iter()
            .find(|policy| policy["metadata"]["name"] == name);
        policy.unwrap()["spec"]["ingress"].clone()
    };
    let shop = json!({ "kubernetes.io/metadata.name": "shop" });
    assert_eq!(
        ingress("otlp-deployment"),
        json!([{
            "from": [{ "namespaceSelector": { "matchLabels": shop } }],
            "ports": [{ "port": 4317, "protocol": "TCP" }],
        }])
    );
    assert_eq!(
        ingress("injector-deployment"),
        json!([{ "ports": [{ "port": 8443, "protocol": "TCP" }] }])
    );
}

#[test]
fn what_happens_while_it_is_down_is_chosen_and_said() {
    let refusing: fn(&mut Scope<'_>) = |scope| {
        scope.add(injector("injector").namespaces(["shop"]));
    };
    let admitting: fn(&mut Scope<'_>) = |scope| {
        let injector = injector("injector").everyone_in(["bank", "shop"]);
        scope.add(injector.when_down(WhenDown::Admit));
    };
    for (define, policy, words) in [
        (refusing, "Fail", "Pods that ask are refused"),
        (
            admitting,
            "Ignore",
            "Pods that ask, and all of `bank`, `shop`, start without a collector",
        ),
    ] {
        assert_eq!(webhook(define)["failurePolicy"], policy);
        let graph = graph(define).unwrap();
        let notes: Vec<_> = graph
            .notes()
            .iter()
            .filter(|n| n.rule == "injector-when-down")
            .collect();
        assert_eq!(notes.len(), 1);
        assert!(notes[0].message.contains(words), "{}", notes[0].message);
    }
}

#[test]
fn only_pods_that_ask_reach_the_webhook() {
    let asked = webhook(|scope| {
        scope.add(injector("injector").namespaces(["shop"]));
    });
    let condition = asked["matchConditions"][0]["expression"].as_str().unwrap();
    assert!(!condition.contains("request.namespace"), "{condition}");
    assert_eq!(
        asked["namespaceSelector"]["matchExpressions"][0],
        json!({
            "key": "kubernetes.io/metadata.name",
            "operator": "NotIn",
            "values": ["kube-node-lease", "kube-system", "test"],
        })
    );
    let here = webhook(|scope| {
        let injector = injector("injector")
            .namespaces(["shop"])
            .everyone_in(["bank"]);
        scope.add(injector.elsewhere(Elsewhere::Ignore));
    });
    let condition = here["matchConditions"][0]["expression"].as_str().unwrap();
    assert!(
        condition.contains("request.namespace in ['bank']"),
        "{condition}"
    );
    let expected = json!({ "key": "kubernetes.io/metadata.name", "operator": "In", "values": ["bank", "shop"] });
    assert_eq!(here["namespaceSelector"]["matchExpressions"][0], expected);
}

#[test]
fn an_operators_annotation_is_left_to_the_operator_where_there_is_one() {
    let objects = objects(|scope| {
        let injector = injector("injector").namespaces(["shop"]);
        scope.add(injector.asked(Asked::InOurs));
    });
    let text = serde_json::to_string(&objects).unwrap();
    assert!(text.contains("sidecar.otelier.dev/inject"));
    assert!(!text.contains("sidecar.opentelemetry.io/inject"));
}

#[test]
fn its_mistakes_are_found() {
    for (define, rule) in [
        (
            (|scope| {
                scope.add(injector("injector"));
            }) as fn(&mut Scope<'_>),
            "injector-nowhere",
        ),
        (
            |scope| {
                scope.add(injector("injector").namespaces(["shop", "test"]));
            },
            "injector-deadlock",
        ),
        (
            |scope| {
                scope.add(injector("injector").namespaces(["kube-system"]));
            },
            "injector-deadlock",
        ),
        (
            |scope| {
                scope.add(
                    injector("one")
                        .namespaces(["shop"])
                        .elsewhere(Elsewhere::Ignore),
                );
                scope.add(injector("two").namespaces(["bank"]));
            },
            "injectors-clash",
        ),
        (
            |scope| {
                scope.add(
                    injector("one")
                        .namespaces(["shop"])
                        .elsewhere(Elsewhere::Ignore),
                );
                scope.add(
                    injector("two")
                        .namespaces(["shop"])
                        .elsewhere(Elsewhere::Ignore),
                );
            },
            "injectors-clash",
        ),
        (
            |scope| {
                scope.add(
                    Injector::new("injector", IMAGE, Sidecar::new("otel")).namespaces(["shop"]),
                );
            },
            "sidecar-without-target",
        ),
    ] {
        let found = graph(define).unwrap_err();
        assert!(
            found.0.iter().any(|finding| finding.rule == rule),
            "{rule}: {found}"
        );
    }
}

#[test]
fn two_injectors_that_keep_to_their_own_do_not_clash() {
    let both: fn(&mut Scope<'_>) = |scope| {
        scope.add(
            injector("one")
                .namespaces(["shop"])
                .elsewhere(Elsewhere::Ignore),
        );
        scope.add(
            injector("two")
                .namespaces(["bank"])
                .elsewhere(Elsewhere::Ignore),
        );
    };
    assert_eq!(
        find(&objects(both), "MutatingWebhookConfiguration", None).len(),
        2
    );
}

#[test]
fn one_pod_of_it_is_worth_a_note_where_it_is_waited_for() {
    let noted = |define: fn(&mut Scope<'_>)| {
        let graph = graph(define).unwrap();
        graph
            .notes()
            .iter()
            .any(|note| note.rule == "injector-alone")
    };
    assert!(noted(|scope| {
        scope.add(injector("injector").namespaces(["shop"]).replicas(1));
    }));
    assert!(!noted(|scope| {
        let one = injector("injector").namespaces(["shop"]).replicas(1);
        scope.add(one.when_down(WhenDown::Admit).placement(Placement::Plain));
    }));
}

#[test]
fn in_a_stack_that_speaks_tls_nothing_of_it_is_in_the_open() {
    let objects = objects(|scope| {
        scope.add(Tls::generated());
        let gateway = Endpoint::outside("gateway.example", 4317).secured(Security::Tls);
        let sidecar = Sidecar::new("otel").forward::<Otlp>(&gateway);
        scope.add(Injector::new("injector", IMAGE, sidecar).namespaces(["shop"]));
    });
    let pod = find(&objects, "Deployment", Some("test"))[0]["spec"]["template"]["spec"].clone();
    let container = &pod["containers"][0];
    assert_eq!(container["ports"].as_array().unwrap().len(), 1);
    assert_eq!(container["readinessProbe"]["httpGet"]["scheme"], "HTTPS");
    let secrets: Vec<_> = find(&objects, "Secret", Some("test"))
        .iter()
        .map(|secret| secret["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(secrets, ["test-authority", "injector-tls"]);
    let maps = find(&objects, "ConfigMap", Some("shop"));
    assert!(
        maps.iter()
            .any(|map| map["metadata"]["name"] == "test-trust"),
        "{maps:?}"
    );
    let settings = find(&objects, "ConfigMap", Some("test"));
    let settings = settings
        .iter()
        .find(|map| map["data"]["config.yaml"].is_string())
        .unwrap();
    let text = settings["data"]["config.yaml"].as_str().unwrap();
    assert!(text.contains("/etc/otelier/trust"), "{text}");
}

#[test]
fn cert_manager_vouches_for_it_where_it_makes_the_certificates() {
    let objects = objects(|scope| {
        scope.add(Tls::cert_manager(Issuer::Own));
        let gateway = Endpoint::outside("gateway.example", 4317).secured(Security::Tls);
        let sidecar = Sidecar::new("otel").forward::<Otlp>(&gateway);
        scope.add(Injector::new("injector", IMAGE, sidecar).namespaces(["shop"]));
    });
    let webhook = &find(&objects, "MutatingWebhookConfiguration", None)[0];
    let annotations = &webhook["metadata"]["annotations"];
    assert_eq!(
        annotations["cert-manager.io/inject-ca-from"],
        "test/injector-tls"
    );
}
