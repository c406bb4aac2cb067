//! Are sidecars in others' Pods measured, and is it said what that needs?

use modules::{Prometheus, Tls, Watched, Workload, protocol::Http};
use provider_core::{
    Port, Scope,
    k8s_openapi::{
        api::networking::v1::NetworkPolicy, apimachinery::pkg::apis::meta::v1::LabelSelector,
    },
};
use serde_json::{Value, json};

use crate::{
    injector::{find, injector},
    support::{files, graph, objects},
};

const WEB: Port<Http> = Port::new("web", 8080);

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
