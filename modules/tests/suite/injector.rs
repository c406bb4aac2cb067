//! What does an injector bring, and which mistakes are found before it runs?

use modules::{
    Asked, Collector, Elsewhere, Injector, Issuer, Placement, Prometheus, Sidecar, Tls, Watched,
    WhenDown, Workload, logs, metrics,
    protocol::{Http, Otlp},
    traces,
};
use provider_core::{
    Endpoint, Port, Scope, Security,
    k8s_openapi::{
        api::networking::v1::NetworkPolicy, apimachinery::pkg::apis::meta::v1::LabelSelector,
    },
};
use serde_json::{Value, json};

use crate::support::{files, graph, objects, own_yaml};

const WEB: Port<Http> = Port::new("web", 8080);
const IMAGE: &str = "registry.example/otelier/injector:0.1.0";

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("gateway.example", 4317)
}

fn injector(name: &str) -> Injector {
    Injector::new(name, IMAGE, Sidecar::new("otel").forward(&elsewhere()))
}

fn find(objects: &[Value], kind: &str, namespace: Option<&str>) -> Vec<Value> {
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

#[test]
fn sidecars_in_others_pods_are_measured_where_whoever_measures_may_look() {
    let define = |scope: &mut Scope<'_>| {
        scope.add(Prometheus::new("prometheus"));
        // One of which has something of the stack in it too.
        scope.within("shop", |scope| {
            let shop = scope.add(Workload::stateless("shop", "shop:1.0.0").listen(WEB));
            scope.announce(Watched::new(&shop, WEB));
        });
        scope.add(injector("injector").namespaces(["shop", "bank"]));
    };
    let file = |name: &str| {
        let mut named = files(define)
            .into_iter()
            .filter(|(_, file, _)| file == name);
        named.next().unwrap().2
    };
    let scraped: Value = serde_saphyr::from_str(&file("stack.yml")).unwrap();
    let jobs = scraped["scrape_configs"].as_array().unwrap();
    let job = jobs.iter().find(|job| job["job_name"] == "injector-otel");
    let job = job.unwrap();
    assert_eq!(
        job["kubernetes_sd_configs"],
        json!([{ "role": "pod", "namespaces": { "names": ["bank", "shop"] } }])
    );
    assert_eq!(
        job["relabel_configs"][0],
        json!({
            "action": "keep",
            "source_labels": [
                "__meta_kubernetes_pod_labelpresent_sidecar_otelier_dev_injected",
                "__meta_kubernetes_pod_container_name",
                "__meta_kubernetes_pod_container_port_name",
            ],
            "regex": "true;otel;otel-metrics",
        })
    );
    // Nobody has to have asked for one; one that answers and shows nothing is noticed.
    assert!(!file("programs.yml").contains("absent(up{job=\"injector-otel\"})"));
    let rules = file("collector.yml");
    assert!(rules.contains("up{job=\"injector-otel\"} == 1 unless on (job, pod)"));

    let objects = objects(define);
    for namespace in ["shop", "bank"] {
        let roles = find(&objects, "Role", Some(namespace));
        assert_eq!(roles[0]["metadata"]["name"], "test-prometheus");
        assert_eq!(roles[0]["rules"][0]["resources"], json!(["pods"]));
        assert_eq!(find(&objects, "RoleBinding", Some(namespace)).len(), 1);
    }
    let policies = find(&objects, "NetworkPolicy", Some("test"));
    let of_prometheus = |policy: &&Value| {
        let chosen = policy["spec"]["podSelector"].to_string();
        chosen.contains("prometheus")
    };
    let egress = policies.iter().find(of_prometheus).unwrap()["spec"]["egress"].to_string();
    for namespace in ["shop", "bank"] {
        let to = json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace } });
        assert!(egress.contains(&to.to_string()), "{egress}");
    }
    assert!(egress.contains("8888"), "{egress}");
}

#[test]
fn the_plan_says_what_others_have_to_open_for_whoever_measures_their_sidecars() {
    let notes = |define: fn(&mut Scope<'_>)| {
        let graph = graph(define).unwrap();
        let notes = graph.notes().iter();
        let about = notes.filter(|note| note.rule == "sidecars-closed");
        about.cloned().collect::<Vec<_>>()
    };
    let measured = notes(|scope| {
        scope.add(Prometheus::new("prometheus"));
        scope.add(injector("injector").namespaces(["shop", "bank"]));
    });
    let [note] = measured.as_slice() else {
        panic!("{measured:?}");
    };
    assert!(
        note.message.contains("port 8888 of Pods in `bank`, `shop`"),
        "{}",
        note.message
    );
    let hint = note.hint.as_deref().unwrap();
    let policy = &hint[hint.find('{').unwrap()..];
    let policy: NetworkPolicy = serde_json::from_str(policy).unwrap();
    let spec = policy.spec.unwrap();
    let chosen = spec.pod_selector.unwrap().match_expressions.unwrap();
    assert_eq!(chosen[0].key, "sidecar.otelier.dev/injected");
    let ingress = &spec.ingress.unwrap()[0];
    let from = &ingress.from.as_ref().unwrap()[0];
    let labels = |selector: &Option<LabelSelector>| selector.clone().unwrap().match_labels.unwrap();
    assert_eq!(
        labels(&from.namespace_selector)["kubernetes.io/metadata.name"],
        "test"
    );
    // Its Pods have that label.
    let objects = objects(|scope| {
        scope.add(Prometheus::new("prometheus"));
    });
    let own =
        &find(&objects, "StatefulSet", Some("test"))[0]["spec"]["template"]["metadata"]["labels"];
    for (key, value) in labels(&from.pod_selector) {
        assert_eq!(own[&key], json!(value), "{key}");
    }
    let unmeasured = notes(|scope| {
        scope.add(injector("injector").namespaces(["shop", "bank"]));
    });
    assert_eq!(unmeasured.len(), 0);
}

#[test]
fn what_a_sidecar_tells_of_itself_stays_in_the_open_where_the_stack_speaks_tls() {
    let graph = graph(|scope| {
        scope.add(Tls::generated());
        scope.add(Prometheus::new("prometheus"));
        scope.add(injector("injector").namespaces(["shop"]));
    });
    let graph = graph.unwrap_or_else(|findings| panic!("{findings}"));
    let why = "what collectors tell of themselves is spoken in the open";
    assert!(graph.notes().iter().any(|note| note.message.contains(why)));
}
