//! The gateway: its layers, its queues, and how many of it there are.

use modules::{
    Collector, ScaleOn, logs, metrics,
    protocol::Otlp,
    sampling::Policy,
    traces,
    units::{GIB, MIB},
};
use provider_core::{Endpoint, Scope};
use serde_json::{Value, json};

use crate::support::{config_of, graph, objects, own_yaml};

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("elsewhere.example", 4317)
}

fn find(objects: &[Value], kind: &str, name: &str) -> Value {
    let wanted = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
    objects.iter().find(wanted).cloned().unwrap_or_default()
}

fn rules(define: fn(&mut Scope<'_>)) -> Vec<&'static str> {
    let findings = graph(define).unwrap_err();
    findings.0.iter().map(|finding| finding.rule).collect()
}

#[test]
fn gateway_that_is_autoscaled() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let gateway = Collector::gateway("otlp").autoscale(2..=10);
        scope.add(gateway.pipeline(logs().export(&elsewhere())));
    }));
}

#[test]
fn gateway_that_keeps_its_queue() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let gateway = Collector::gateway("otlp").keep_queue(10 * GIB);
        let sampled = traces().sample(0.1).export(&elsewhere());
        scope.add(
            gateway
                .pipeline(sampled)
                .pipeline(logs().export(&elsewhere())),
        );
    }));
}

#[test]
fn the_cluster_decides_alone_about_replicas() {
    let objects = objects(|scope| {
        let gateway = Collector::gateway("otlp").autoscale(2..=10);
        scope.add(gateway.pipeline(logs().export(&elsewhere())));
    });
    let deployment = find(&objects, "Deployment", "otlp");
    assert!(deployment["spec"].get("replicas").is_none());
    let scaler = find(&objects, "HorizontalPodAutoscaler", "otlp");
    assert_eq!(
        (
            &scaler["spec"]["minReplicas"],
            &scaler["spec"]["maxReplicas"]
        ),
        (&json!(2), &json!(10))
    );
    let text = scaler["spec"]["metrics"].to_string();
    assert!(text.contains("cpu") && !text.contains("memory"), "{text}");
}

#[test]
fn what_samples_is_never_autoscaled() {
    let objects = objects(|scope| {
        let gateway = Collector::gateway("otlp").autoscale(2..=10);
        scope.add(gateway.pipeline(traces().sample(0.1).export(&elsewhere())));
    });
    let targets: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == "HorizontalPodAutoscaler")
        .map(|object| &object["spec"]["scaleTargetRef"]["name"])
        .collect();
    assert_eq!(targets, ["otlp"]);
    let sampler = find(&objects, "StatefulSet", "otlp-sampler");
    assert_eq!(sampler["spec"]["replicas"], 2);
}

#[test]
fn a_measure_that_the_cluster_must_serve_is_said_in_the_plan() {
    for on in [ScaleOn::QueueFill, ScaleOn::Refused] {
        let define: fn(&mut Scope<'_>) = match on {
            ScaleOn::QueueFill => |scope| {
                let gateway = Collector::gateway("otlp").autoscale_on(ScaleOn::QueueFill, 2..=4);
                scope.add(gateway.pipeline(logs().export(&elsewhere())));
            },
            _ => |scope| {
                let gateway = Collector::gateway("otlp").autoscale_on(ScaleOn::Refused, 2..=4);
                scope.add(gateway.pipeline(logs().export(&elsewhere())));
            },
        };
        let graph = graph(define).unwrap();
        assert_eq!(graph.notes()[0].rule, "custom-metrics");
        let hint = graph.notes()[0].hint.clone().unwrap();
        let scaler = find(&objects(define), "HorizontalPodAutoscaler", "otlp");
        let metric = &scaler["spec"]["metrics"][0]["pods"]["metric"]["name"];
        assert!(hint.contains(metric.as_str().unwrap()), "{hint}");
    }
}

#[test]
fn a_range_leaves_something_to_decide_and_a_volume_does_not() {
    assert_eq!(
        rules(|scope| {
            let gateway = Collector::gateway("otlp").autoscale(3..=3);
            scope.add(gateway.pipeline(logs().export(&elsewhere())));
        }),
        ["autoscale-range"]
    );
    assert_eq!(
        rules(|scope| {
            let gateway = Collector::gateway("otlp").keep_queue(GIB).autoscale(2..=3);
            scope.add(gateway.pipeline(logs().export(&elsewhere())));
        }),
        ["stateful-autoscaled"]
    );
}

#[test]
fn a_queue_that_is_kept_has_a_volume_in_every_layer_that_sends() {
    let objects = objects(|scope| {
        let gateway = Collector::gateway("otlp").keep_queue(10 * GIB);
        let sampled = traces().sample(0.1).export(&elsewhere());
        scope.add(
            gateway
                .pipeline(sampled)
                .pipeline(logs().export(&elsewhere())),
        );
    });
    for name in ["otlp", "otlp-sampler"] {
        let set = find(&objects, "StatefulSet", name);
        let claim = &set["spec"]["volumeClaimTemplates"][0]["spec"]["resources"];
        assert_eq!(claim["requests"]["storage"], "10Gi", "{name}");
        let config = config_of(&objects, name);
        let queue = &config["exporters"]["otlp_grpc/elsewhere.example"]["sending_queue"];
        assert_eq!(queue["storage"], "file_storage", "{name}");
        assert!(queue["queue_size"].as_u64().unwrap() < 10 * GIB, "{name}");
        assert_eq!(
            config["extensions"]["file_storage"]["directory"],
            "/var/lib/otelcol"
        );
    }
    assert_eq!(find(&objects, "Deployment", "otlp"), Value::Null);
}

#[test]
fn each_series_has_one_writer_where_that_is_asked_for() {
    let objects = objects(|scope| {
        let gateway = Collector::gateway("otlp").replicas(3).writers(2, GIB);
        let written = metrics().one_writer().export(&elsewhere());
        scope.add(gateway.pipeline(written));
    });
    let first = config_of(&objects, "otlp");
    let balancer = &first["exporters"]["load_balancing/metrics"];
    assert_eq!(balancer["routing_key"], "streamID");
    assert_eq!(balancer["resolver"]["k8s"]["service"], "otlp-metrics.test");
    let second = config_of(&objects, "otlp-metrics");
    assert_eq!(
        second["service"]["pipelines"]["metrics"]["exporters"],
        json!(["otlp_grpc/elsewhere.example"])
    );
}

#[test]
fn what_belongs_together_comes_together_once() {
    assert_eq!(
        rules(|scope| {
            let sampled = || traces().sample(0.1).export(&elsewhere());
            let gateway = Collector::gateway("otlp").pipeline(sampled());
            scope.add(gateway.pipeline(sampled()));
        })
        .iter()
        .filter(|rule| **rule == "layer-twice")
        .count(),
        1
    );
}

#[test]
fn reasons_to_keep_a_trace_are_the_samplers_policies() {
    let objects = objects(|scope| {
        let kept = traces().sample_by([Policy::errors(), Policy::slow(250)]);
        scope.add(Collector::gateway("otlp").pipeline(kept.export(&elsewhere())));
    });
    let sampler = &config_of(&objects, "otlp-sampler")["processors"]["tail_sampling"];
    assert_eq!(sampler["policies"][1]["latency"]["threshold_ms"], 250);
    assert_eq!(sampler["policies"].as_array().unwrap().len(), 2);
}

#[test]
fn a_gateway_names_pods_only_where_no_agent_does() {
    let alone = objects(|scope| {
        let gateway = Collector::gateway("otlp").name_pods();
        scope.add(gateway.pipeline(logs().export(&elsewhere())));
    });
    let role = find(&alone, "ClusterRole", "test-otlp");
    assert_eq!(role["rules"][0]["resources"], json!(["pods"]));
    assert_eq!(
        config_of(&alone, "otlp")["service"]["pipelines"]["logs"]["processors"],
        json!(["memory_limiter", "k8s_attributes"])
    );
    assert_eq!(
        rules(|scope| {
            let everything = Collector::gateway("otlp")
                .name_pods()
                .pipeline(logs().export(&elsewhere()))
                .pipeline(traces().export(&elsewhere()))
                .pipeline(metrics().export(&elsewhere()));
            let gateway = scope.add(everything);
            scope.add(Collector::agent("node").forward(&gateway.otlp));
        }),
        ["pods-named-twice"]
    );
}

#[test]
fn what_is_remembered_of_pods_comes_out_of_the_same_memory() {
    assert_eq!(
        rules(|scope| {
            let gateway = Collector::gateway("otlp").memory(512 * MIB);
            let gateway = gateway.name_pods_of(20_000);
            scope.add(gateway.pipeline(logs().export(&elsewhere())));
        }),
        ["memory-too-small"]
    );
}

#[test]
fn the_budget_of_a_collector_stands_beside_its_configuration() {
    let objects = objects(|scope| {
        let gateway = Collector::gateway("otlp").name_pods();
        scope.add(gateway.pipeline(logs().export(&elsewhere())));
    });
    let map = objects.iter().find(|object| object["kind"] == "ConfigMap");
    let text = &map.unwrap()["metadata"]["annotations"][modules::memory::MEMORY_ANNOTATION];
    let ledger: modules::memory::Ledger = serde_json::from_str(text.as_str().unwrap()).unwrap();
    assert_eq!(ledger.limit, GIB);
    let sum: u64 = ledger.parts.iter().map(|part| part.bytes).sum();
    assert_eq!(sum, GIB);
    let named: Vec<_> = ledger.parts.iter().map(|part| part.what.as_str()).collect();
    assert_eq!(
        named,
        [
            "above the limiter",
            "spike",
            "program",
            "Pods",
            "queues",
            "free"
        ]
    );
}
