//! Definitions that compile and are wrong: each is a finding, with what would mend it.

use modules::{
    Collector, Elasticsearch, Jaeger, Kubelet, Load, Prometheus, Sidecar, Workload, logs, metrics,
    protocol::Otlp,
    traces,
    units::{GIB, MIB},
};
use provider_core::{Endpoint, Scope, Source, Stack};

use crate::support::{graph, objects};

fn messages(define: fn(&mut Scope<'_>)) -> Vec<String> {
    let findings = graph(define).unwrap_err();
    findings
        .0
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("elsewhere.example", 4317)
}

#[test]
fn two_members_are_no_quorum() {
    let found = messages(|scope| {
        scope.add(Elasticsearch::new("search").nodes(2).memory(GIB));
    });
    assert_eq!(
        found,
        [
            "the Elasticsearch `search` has less than 2 GiB of memory",
            "the Elasticsearch `search` has two members, and stops when it loses either",
        ]
    );
}

#[test]
fn what_a_collector_would_refuse_is_said_once_with_what_mends_it() {
    let found = graph(|scope| {
        let gateway = Collector::gateway("otlp").pipeline(logs().export(&elsewhere()));
        scope.add(gateway.pipeline(metrics()));
    })
    .unwrap_err();
    let rules: Vec<_> = found.0.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["pipeline-impossible"]);
    assert!(found.0[0].hint.is_some());
    let found = graph(|scope| {
        scope.add(Collector::agent("node"));
    })
    .unwrap_err();
    let rules: Vec<_> = found.0.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["agent-without-target", "pipeline-impossible"]);
}

#[test]
fn memory_that_does_not_do_names_one_that_does() {
    let findings = graph(|scope| {
        let gateway = Collector::gateway("otlp").memory(128 * MIB);
        scope.add(gateway.pipeline(metrics().export(&elsewhere())));
    })
    .unwrap_err();
    let finding = &findings.0[0];
    assert_eq!(finding.rule, "memory-too-small");
    assert_eq!(
        finding.message,
        "the memory of `otlp` (128 MiB) does not hold what it is to do"
    );
    assert_eq!(
        finding.hint.as_deref(),
        Some(
            "76 MiB are below the memory limiter, for the program and 1 queue; `256 * MIB` would do"
        )
    );
}

#[test]
fn more_replicas_are_offered_only_where_they_would_do() {
    let hint = |loaded: fn(&mut Scope<'_>)| graph(loaded).unwrap_err().0[0].hint.clone().unwrap();
    let too_few = hint(|scope| {
        let gateway = Collector::gateway("otlp").load(Load::spans(60_000));
        scope.add(gateway.pipeline(traces().sample(0.1).export(&elsewhere())));
    });
    assert!(
        too_few.contains("for the program, 1 queue and traces that wait; `"),
        "{too_few}"
    );
    let said = too_few.split("so would ").nth(1).unwrap();
    let enough: u32 = said.split(' ').next().unwrap().parse().unwrap();
    for (replicas, does) in [(enough, true), (enough - 1, false)] {
        let stack = Stack::new("test", move |scope: &mut Scope<'_>| {
            let gateway = Collector::gateway("otlp").load(Load::spans(60_000));
            let gateway = gateway.samplers(replicas, 2048 * MIB);
            scope.add(gateway.pipeline(traces().sample(0.1).export(&elsewhere())));
        });
        assert_eq!(stack.graph().is_ok(), does, "{replicas} replicas");
    }
    // The program and its queues alone are too much, however little arrives; and what comes from one program's Pod is not
    // shared by others.
    let fixed: [fn(&mut Scope<'_>); 2] = [
        |scope| {
            let gateway = Collector::gateway("otlp").memory(128 * MIB);
            let gateway = gateway.load(Load::spans(60_000)).replicas(3);
            scope.add(gateway.pipeline(metrics().export(&elsewhere())));
        },
        |scope| {
            let sidecar = Sidecar::new("otel").forward(&elsewhere()).memory(64 * MIB);
            let sidecar = sidecar.load(Load::spans(60_000));
            scope.add(Workload::stateless("shop", "shop:1.0.0").sidecar(&sidecar));
        },
    ];
    for define in fixed {
        let hint = hint(define);
        assert!(hint.ends_with("MIB` would do"), "{hint}");
    }
}

#[test]
fn a_collector_without_anything_to_do_would_not_start() {
    let found = messages(|scope| {
        scope.add(Collector::gateway("otlp"));
    });
    assert!(found.contains(
        &"the configuration of `otlp`: service.pipelines: there is no pipeline; the collector does not start".to_owned()
    ));
    let found = messages(|scope| {
        scope.add(Collector::agent("node"));
    });
    assert!(found.contains(&"the agent `node` sends nowhere".to_owned()));
}

#[test]
fn a_share_lies_between_nothing_and_everything() {
    let found = messages(|scope| {
        let pipeline = || traces().sample(10.0).export(&elsewhere());
        scope.add(
            Collector::gateway("otlp")
                .pipeline(pipeline())
                .pipeline(pipeline()),
        );
    });
    let wrong = "the configuration of `otlp-sampler`: processors.tail_sampling: policies.share: a percentage lies between 0 and 100; the collector does not start";
    assert!(found.contains(&wrong.to_owned()), "{found:?}");
}

#[test]
fn remote_write_needs_the_large_distribution_and_gets_it() {
    let image = |define| {
        let objects = objects(define);
        let gateway = objects
            .iter()
            .find(|object| object["kind"] == "Deployment")
            .unwrap();
        gateway["spec"]["template"]["spec"]["containers"][0]["image"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let written: fn(&mut Scope<'_>) = |scope| {
        let prometheus = scope.add(Prometheus::new("prometheus").take_remote_write());
        let gateway = Collector::gateway("otlp");
        scope.add(gateway.pipeline(metrics().export(&prometheus.remote_write)));
    };
    let pushed: fn(&mut Scope<'_>) = |scope| {
        let prometheus = scope.add(Prometheus::new("prometheus"));
        let gateway = Collector::gateway("otlp");
        scope.add(gateway.pipeline(metrics().export(&prometheus.otlp)));
    };
    assert!(image(written).contains("collector-contrib:"));
    assert!(image(pushed).contains("collector-k8s:"));
}

#[test]
fn asking_the_kubelet_brings_the_right_to_and_the_way_there() {
    let objects = objects(|scope| {
        let agent = Collector::agent("node").ask_kubelet(Kubelet::Verified);
        scope.add(agent.forward(&elsewhere()));
    });
    let find = |kind: &str, name: &str| {
        let wanted = |o: &&serde_json::Value| o["kind"] == kind && o["metadata"]["name"] == name;
        objects.iter().find(wanted).unwrap().to_string()
    };
    assert!(find("ClusterRole", "test-agents-node").contains("nodes/stats"));
    assert!(find("NetworkPolicy", "node-daemonset").contains("10250"));
    assert!(find("DaemonSet", "node").contains("status.hostIP"));
}

#[test]
fn a_gateway_is_closed_to_other_stacks_until_it_accepts_them() {
    let ingress = |define| {
        let objects = objects(define);
        let policy = |object: &&serde_json::Value| object["metadata"]["name"] == "otlp-deployment";
        objects.iter().find(policy).unwrap()["spec"]["ingress"].clone()
    };
    let closed: fn(&mut Scope<'_>) = |scope| {
        let gateway = Collector::gateway("otlp");
        scope.add(gateway.pipeline(metrics().export(&elsewhere())));
    };
    let open: fn(&mut Scope<'_>) = |scope| {
        let gateway = Collector::gateway("otlp").accept(Source::AnyNamespace);
        scope.add(gateway.pipeline(metrics().export(&elsewhere())));
    };
    assert!(ingress(closed).is_null());
    let ports = &ingress(open)[0]["ports"];
    assert_eq!(
        (&ports[0]["port"], &ports[1]["port"]),
        (&4317.into(), &4318.into())
    );
}

#[test]
fn two_pipelines_of_one_signal_both_run() {
    let objects = objects(|scope| {
        let gateway = Collector::gateway("otlp");
        let other: Endpoint<Otlp> = Endpoint::outside("other.example", 4317);
        scope.add(
            gateway
                .pipeline(logs().export(&elsewhere()))
                .pipeline(logs().export(&other)),
        );
    });
    let config = objects
        .iter()
        .find(|object| object["kind"] == "ConfigMap")
        .unwrap();
    let text = config["data"]["config.yaml"].as_str().unwrap();
    assert!(
        text.contains("otlp_grpc/elsewhere.example") && text.contains("otlp_grpc/other.example")
    );
    assert!(text.contains("logs:") && text.contains("logs/2:"));
}

#[test]
fn taking_the_list_of_first_members_away_changes_nothing_else() {
    let cluster = |define| -> Vec<serde_json::Value> {
        let objects = objects(define);
        let set = |object: &serde_json::Value| object["kind"] == "StatefulSet";
        objects.into_iter().filter(set).collect()
    };
    let new: fn(&mut Scope<'_>) = |scope| {
        scope.add(Elasticsearch::new("search").nodes(3));
    };
    let formed: fn(&mut Scope<'_>) = |scope| {
        scope.add(Elasticsearch::new("search").nodes(3).formed());
    };
    assert_eq!(cluster(new), cluster(formed));
    assert_eq!(objects(new).len(), objects(formed).len() + 1);
}

#[test]
fn two_jaegers_share_a_cluster() {
    let objects = objects(|scope| {
        let search = scope.add(Elasticsearch::new("search"));
        scope.add(Jaeger::new("shop", &search));
        scope.add(Jaeger::new("bank", &search));
    });
    let text = serde_json::to_string(&objects).unwrap();
    assert!(text.contains("--index-prefix=shop") && text.contains("index_prefix: bank"));
}
