//! Does a real API server ask the injector about the right Pods, and do what it says?
//!
//! The program runs beside the API server instead of in it: the plane's Pods are not real. Everything else is as the
//! module makes it.

mod beside;
mod programs;

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use modules::WhenDown;
use serde_json::{Value, json};
use support::Live;

use self::beside::Beside;

const OURS: &str = "sidecar.otelier.dev/inject";
const THEIRS: &str = "sidecar.opentelemetry.io/inject";

/// A Pod that the restricted level admits.
fn pod(name: &str, annotations: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "annotations": annotations },
        "spec": spec(),
    })
}

fn spec() -> Value {
    json!({
        "securityContext": { "runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": [{
            "name": "api",
            "image": "registry.invalid/api:1",
            "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
        }],
    })
}

fn has_sidecar(pod: &Value) -> bool {
    pod["spec"]["initContainers"][0]["name"] == "otel"
}

#[test]
fn pods_that_ask_get_a_sidecar_and_others_are_told_why_not() {
    if Live::expected().audit.is_none() {
        return; // a given cluster's API server does not reach loopback
    }
    let plane = Beside::new("asks", WhenDown::Refuse);
    those_that_ask_get_one(&plane);
    those_that_say_nothing_get_what_their_namespace_says(&plane);
    those_that_may_not_are_told_why(&plane);
}

fn those_that_ask_get_one(plane: &Beside) {
    let shop = plane.namespace("-shop");
    for (name, annotations) in [
        ("ours", json!({ OURS: "true" })),
        ("theirs", json!({ THEIRS: "True" })),
        ("named", json!({ THEIRS: "otel" })),
        (
            "fully-named",
            json!({ THEIRS: format!("{}/otel", plane.name) }),
        ),
    ] {
        let made = plane.make(&shop, &pod(name, &annotations)).unwrap();
        let sidecar = &made["spec"]["initContainers"][0];
        assert_eq!(
            (&sidecar["name"], &sidecar["restartPolicy"]),
            (&json!("otel"), &json!("Always"))
        );
        assert!(sidecar["startupProbe"]["httpGet"].is_object(), "{sidecar}");
        let environment = made["spec"]["containers"][0]["env"].as_array().unwrap();
        let told: Vec<_> = environment
            .iter()
            .map(|variable| variable["name"].as_str().unwrap())
            .collect();
        assert_eq!(told.first(), Some(&"OTEL_EXPORTER_OTLP_ENDPOINT"));
        assert_eq!(told.last(), Some(&"OTEL_RESOURCE_ATTRIBUTES"));
        let status = made["metadata"]["annotations"]["otel.sidecar.otelier.dev/status"].as_str();
        assert!(
            status
                .unwrap()
                .starts_with(&format!("{}/otel@", plane.name)),
            "{status:?}"
        );
    }
}

fn those_that_say_nothing_get_what_their_namespace_says(plane: &Beside) {
    let (shop, bank) = (plane.namespace("-shop"), plane.namespace("-bank"));
    // Who says nothing or no is not even asked about; all of the bank have one who do not say no. The API server asks
    // again, because it mounts the account's token into the sidecar too: then nothing is left to do.
    let twice = &["injected", "unchanged"][..];
    for (namespace, name, annotations, outcomes) in [
        (&shop, "silent", json!({}), &[][..]),
        (&shop, "no", json!({ OURS: "False" }), &[]),
        (&shop, "empty", json!({ OURS: "" }), &[]),
        (&shop, "yes", json!({ OURS: "true" }), twice),
        (
            &shop,
            "theirs-alone",
            json!({ OURS: "", THEIRS: "true" }),
            twice,
        ),
        (&shop, "spaced", json!({ OURS: " false " }), &["left"]),
        (&bank, "everyone", json!({}), twice),
        (&bank, "blank", json!({ OURS: "" }), twice),
        (
            &bank,
            "ours-first",
            json!({ OURS: "true", THEIRS: "false" }),
            twice,
        ),
        (&bank, "but-not-me", json!({ OURS: "false" }), &[]),
    ] {
        let made = plane.make(namespace, &pod(name, &annotations)).unwrap();
        let has = outcomes == twice;
        assert_eq!(has_sidecar(&made), has, "{name}");
        assert_eq!(plane.outcomes(name), outcomes, "{name}");
        let sidecars = made["spec"]["initContainers"]
            .as_array()
            .map_or(0, Vec::len);
        assert_eq!(sidecars, usize::from(has), "{name}");
    }
}

fn those_that_may_not_are_told_why(plane: &Beside) {
    let (shop, elsewhere) = (plane.namespace("-shop"), plane.namespace("-else"));
    for (namespace, annotations, words) in [
        (
            &elsewhere,
            json!({ OURS: "true" }),
            "but its namespace may not: of the sidecar `otel`",
        ),
        (
            &shop,
            json!({ THEIRS: "another" }),
            "and there is no such one: say",
        ),
    ] {
        let said = plane
            .make(namespace, &pod("refused", &annotations))
            .unwrap_err();
        assert!(
            said.contains("admission webhook \"sidecar.otelier.dev\" denied the request"),
            "{said}"
        );
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn pods_that_the_cluster_or_the_injector_need_are_never_asked_about() {
    if Live::expected().audit.is_none() {
        return;
    }
    let plane = Beside::new("never", WhenDown::Refuse);
    let name = plane.namespace("-pod");
    for namespace in ["kube-system", &plane.name] {
        let asking = pod(&name, &json!({ OURS: "true", THEIRS: "true" }));
        let made = plane.make(namespace, &asking).unwrap();
        assert!(!has_sidecar(&made), "{namespace}");
        assert_eq!(plane.written(&name), [] as [Value; 0]);
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}?gracePeriodSeconds=0");
        plane.site.send("DELETE", &path, None).unwrap();
    }
}

#[test]
fn a_dry_run_shows_the_sidecar_and_leaves_nothing() {
    if Live::expected().audit.is_none() {
        return;
    }
    let plane = Beside::new("dry", WhenDown::Refuse);
    let shop = plane.namespace("-shop");
    let asking = pod("dry", &json!({ OURS: "true" }));
    let shown = plane.make_with(&shop, &asking, "?dryRun=All").unwrap();
    assert!(has_sidecar(&shown));
    assert_eq!(plane.written("dry")[0]["dryRun"], true);
    let path = format!("/api/v1/namespaces/{shop}/pods/dry");
    assert!(plane.site.send("GET", &path, None).is_err());

    // What was shown may be made as it is: it has its sidecar already.
    let mut copy = json!({ "metadata": { "name": "copy" }, "spec": shown["spec"] });
    copy["metadata"]["annotations"] = shown["metadata"]["annotations"].clone();
    let made = plane.make(&shop, &copy).unwrap();
    assert_eq!(made["spec"]["initContainers"].as_array().unwrap().len(), 1);
    assert_eq!(
        plane.written("copy")[0]["outcome"],
        "injected",
        "the label alone was missing"
    );
}

#[test]
fn another_authority_is_taken_over_without_a_restart() {
    if Live::expected().audit.is_none() {
        return;
    }
    let plane = Beside::new("exchange", WhenDown::Refuse);
    plane.exchange_authority();
    let shop = plane.namespace("-shop");
    // The API server hears of the new authority a moment later, and refuses until then.
    let started = Instant::now();
    let made = loop {
        match plane.make(&shop, &pod("after", &json!({ OURS: "true" }))) {
            Ok(made) => break made,
            Err(said) => assert!(
                said.contains("x509") && started.elapsed().as_secs() < 30,
                "{said}"
            ),
        }
        sleep(Duration::from_millis(100));
    };
    assert!(has_sidecar(&made));
}

#[test]
fn a_deployment_that_may_not_ask_says_why_it_has_no_pods() {
    if Live::expected().audit.is_none() {
        return;
    }
    let plane = Beside::new("says", WhenDown::Refuse);
    let elsewhere = plane.namespace("-else");
    let labels = json!({ "app": "api" });
    let deployment = json!({
        "metadata": { "name": "api" },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels, "annotations": { OURS: "true" } }, "spec": spec() },
        },
    });
    let path = format!("/apis/apps/v1/namespaces/{elsewhere}/deployments");
    plane.site.send("POST", &path, Some(&deployment)).unwrap();
    let started = Instant::now();
    loop {
        let found = plane
            .site
            .send("GET", &format!("{path}/api"), None)
            .unwrap();
        let conditions = found["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let failure = conditions
            .iter()
            .find(|condition| condition["type"] == "ReplicaFailure");
        let said = failure
            .and_then(|condition| condition["message"].as_str())
            .unwrap_or_default();
        if said.contains("but its namespace may not")
            && said.contains(&format!("`{elsewhere}/api-"))
        {
            break;
        }
        assert!(started.elapsed().as_secs() < 60, "{conditions:?}");
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn while_it_is_down_pods_that_ask_wait_or_go_without_as_was_chosen_and_others_do_not_notice() {
    if Live::expected().audit.is_none() {
        return;
    }
    for (name, when_down) in [("fail", WhenDown::Refuse), ("ignore", WhenDown::Admit)] {
        let mut plane = Beside::new(name, when_down);
        let shop = plane.namespace("-shop");
        plane.end();
        let asking = plane.make(&shop, &pod("asks", &json!({ OURS: "true" })));
        match when_down {
            WhenDown::Refuse => {
                let said = asking.unwrap_err();
                assert!(
                    said.contains("failed calling webhook \"sidecar.otelier.dev\""),
                    "{said}"
                );
            }
            WhenDown::Admit => assert!(!has_sidecar(&asking.unwrap())),
        }
        let silent = plane.make(&shop, &pod("silent", &json!({}))).unwrap();
        assert!(!has_sidecar(&silent));
        let elsewhere = plane.make(
            "kube-system",
            &pod(&plane.namespace("-pod"), &json!({ OURS: "true" })),
        );
        assert!(elsewhere.is_ok(), "{elsewhere:?}");
        let path = format!(
            "/api/v1/namespaces/kube-system/pods/{}-pod?gracePeriodSeconds=0",
            plane.name
        );
        plane.site.send("DELETE", &path, None).unwrap();
    }
}
