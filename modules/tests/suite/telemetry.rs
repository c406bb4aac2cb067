//! Where programs send their telemetry, and what follows from it for their Pods.

use modules::{
    AddressFamily, Collector, Direct, Load, Sidecar, Workload, logs, metrics,
    protocol::{Http, LokiOtlp, Otlp, PrometheusOtlp},
    traces,
    units::MIB,
};
use provider_core::{Endpoint, Port, Scope};
use serde_json::Value;

use crate::support::{config_of, graph, objects, own_yaml};

const WEB: Port<Http> = Port::new("web", 8080);

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("elsewhere.example", 4317)
}

fn sidecar() -> Sidecar {
    Sidecar::new("telemetry").forward(&elsewhere())
}

/// The variables of the first container of the Pods of that name.
fn variables(define: fn(&mut Scope<'_>), name: &str) -> Vec<(String, String)> {
    let objects = objects(define);
    let pods = objects
        .iter()
        .find(|object| object["metadata"]["name"] == name && object["spec"]["template"].is_object())
        .unwrap();
    let variables = &pods["spec"]["template"]["spec"]["containers"][0]["env"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each = variables.as_array().unwrap().iter();
    each.map(|v| (text(&v["name"]), text(&v["value"])))
        .collect()
}

fn value(variables: &[(String, String)], name: &str) -> String {
    let found = variables.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn a_sidecar() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let payment = Workload::stateless("payment", "payment:1.0.0");
        scope.add(payment.listen(WEB).replicas(2).sidecar(&sidecar()));
    }));
}

#[test]
fn a_job_with_a_sidecar() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(Workload::job("migrate", "shop:1.0.0").sidecar(&sidecar()));
    }));
}

#[test]
fn one_sidecar_serves_programs_of_several_namespaces() {
    let objects = objects(|scope| {
        let sidecar = sidecar();
        scope.add(Workload::stateless("payment", "payment:1.0.0").sidecar(&sidecar));
        scope.add(Workload::per_node("probe", "probe:1.0.0").sidecar(&sidecar));
        scope.within("shop", |scope| {
            let nightly = Workload::cron_job("nightly", "shop:1.0.0", "0 3 * * *");
            scope.add(nightly.sidecar(&sidecar));
        });
    });
    let configs: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == "ConfigMap")
        .map(|object| {
            (
                object["metadata"]["namespace"].as_str().unwrap(),
                &object["data"]["config.yaml"],
            )
        })
        .collect();
    assert_eq!(configs.len(), 3);
    assert!(configs.iter().all(|(_, config)| config == &configs[0].1));
    assert!(configs.iter().any(|(namespace, _)| *namespace == "shop"));
    let allowed = objects.iter().any(|object| {
        object["kind"] == "NetworkPolicy"
            && object["metadata"]["name"] == "nightly-cronjob"
            && object["spec"]["egress"].to_string().contains("4317")
    });
    assert!(allowed);
}

#[test]
fn a_socket_is_seen_by_both_containers_and_by_nobody_else() {
    let on_socket: fn(&mut Scope<'_>) = |scope| {
        let sidecar = sidecar().on_socket();
        scope.add(Workload::stateless("payment", "payment:1.0.0").sidecar(&sidecar));
    };
    let told = variables(on_socket, "payment");
    assert_eq!(
        value(&told, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        "unix:///var/run/otelcol/otlp.sock"
    );
    assert_eq!(value(&told, "OTEL_EXPORTER_OTLP_PROTOCOL"), "grpc");
    let objects = objects(on_socket);
    let deployment = objects.iter().find(|object| object["kind"] == "Deployment");
    let spec = &deployment.unwrap()["spec"]["template"]["spec"];
    for container in [&spec["containers"][0], &spec["initContainers"][0]] {
        let mounts = container["volumeMounts"].to_string();
        assert!(mounts.contains("/var/run/otelcol"), "{mounts}");
    }
    let receiver = &config_of(&objects, "payment-telemetry")["receivers"]["otlp"]["protocols"];
    assert_eq!(receiver["grpc"]["transport"], "unix");
    assert_eq!(receiver["grpc"]["endpoint"], "/var/run/otelcol/otlp.sock");
    assert!(receiver.get("http").is_none());
    assert_eq!(graph(on_socket).unwrap().notes()[0].rule, "socket-stays");
}

#[test]
fn a_job_with_other_content_is_another_job() {
    let name = |define| {
        let objects = objects(define);
        let job = objects.iter().find(|object| object["kind"] == "Job");
        job.unwrap()["metadata"]["name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let one: fn(&mut Scope<'_>) = |scope| {
        scope.add(Workload::job("migrate", "shop:1.0.0"));
    };
    let next: fn(&mut Scope<'_>) = |scope| {
        scope.add(Workload::job("migrate", "shop:1.1.0"));
    };
    assert_eq!(name(one), name(one));
    assert_ne!(name(one), name(next));
    assert!(name(one).starts_with("migrate-"));
}

#[test]
fn the_agent_of_the_node_is_one_name_for_all_nodes() {
    let told = variables(
        |scope| {
            let agent = scope.add(Collector::agent("node").forward(&elsewhere()));
            scope.add(Workload::stateless("shop", "shop:1.0.0").send_to(&agent));
        },
        "shop",
    );
    assert_eq!(
        value(&told, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        "http://node.test-agents.svc:4318"
    );
    assert_eq!(value(&told, "OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf");
    assert_eq!(value(&told, "OTEL_SERVICE_NAME"), "shop");
    assert_eq!(
        value(&told, "OTEL_RESOURCE_ATTRIBUTES"),
        "k8s.deployment.name=shop,k8s.container.name=shop,k8s.namespace.name=test,\
         k8s.node.name=$(OTEL_RESOURCE_ATTRIBUTES_NODE_NAME),\
         k8s.pod.name=$(OTEL_RESOURCE_ATTRIBUTES_POD_NAME),\
         k8s.pod.uid=$(OTEL_RESOURCE_ATTRIBUTES_POD_UID),\
         service.instance.id=test.$(OTEL_RESOURCE_ATTRIBUTES_POD_NAME).shop,\
         service.namespace=test,service.version=1.0.0"
    );
}

#[test]
fn what_a_variable_refers_to_stands_before_it() {
    let told = variables(
        |scope| {
            let agent = Collector::agent("node").host_ports();
            let agent = scope.add(agent.nodes_have(AddressFamily::V6).forward(&elsewhere()));
            scope.add(Workload::stateless("shop", "shop:1.0.0").send_to(&agent));
        },
        "shop",
    );
    assert_eq!(
        value(&told, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        "http://[$(NODE_IP)]:4318"
    );
    for (at, (_, text)) in told.iter().enumerate() {
        for reference in text.split("$(").skip(1) {
            let name = reference.split(')').next().unwrap();
            let known = told[..at].iter().any(|(known, _)| known == name);
            assert!(known, "{name} is not known to {text}");
        }
    }
}

#[test]
fn what_a_program_was_told_by_its_author_stays() {
    let told = variables(
        |scope| {
            let gateway = Collector::gateway("otlp").pipeline(metrics().export(&elsewhere()));
            let gateway = scope.add(gateway);
            let shop = Workload::stateless("shop", "shop:1.0.0");
            let shop = shop.env("OTEL_SERVICE_NAME", "storefront");
            scope.add(shop.send_to(&gateway));
        },
        "shop",
    );
    assert_eq!(value(&told, "OTEL_SERVICE_NAME"), "storefront");
    assert_eq!(
        value(&told, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        "http://otlp.test.svc:4318"
    );
}

#[test]
fn without_a_collector_each_signal_has_its_own_address_and_the_plan_says_what_is_missing() {
    let direct: fn(&mut Scope<'_>) = |scope| {
        let prometheus: Endpoint<PrometheusOtlp> = Endpoint::outside("prometheus.example", 9090);
        let shop = Workload::stateless("shop", "shop:1.0.0");
        let direct = Direct::none().traces(&elsewhere()).metrics(&prometheus);
        scope.add(shop.send_direct(direct));
    };
    let told = variables(direct, "shop");
    for (name, expected) in [
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "http://elsewhere.example:4317",
        ),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "http://prometheus.example:9090/api/v1/otlp/v1/metrics",
        ),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ] {
        assert_eq!(value(&told, name), expected, "{name}");
    }
    let graph = graph(direct).unwrap();
    let note = &graph.notes()[0];
    assert_eq!(note.rule, "no-collector");
    assert_eq!(
        note.message,
        "`shop` sends its telemetry to the backends itself"
    );
    let sends = graph.connections().iter().map(|c| c.to.port());
    assert_eq!(sends.collect::<Vec<_>>(), [4317, 9090]);
}

#[test]
fn logs_can_go_to_loki_without_a_collector() {
    let told = variables(
        |scope| {
            let loki: Endpoint<LokiOtlp> = Endpoint::outside("loki.example", 3100);
            let shop = Workload::stateless("shop", "shop:1.0.0");
            scope.add(shop.send_direct(Direct::none().logs(&loki)));
        },
        "shop",
    );
    assert_eq!(
        value(&told, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"),
        "http://loki.example:3100/otlp/v1/logs"
    );
    assert_eq!(value(&told, "OTEL_TRACES_EXPORTER"), "none");
}

#[test]
fn telemetry_goes_one_way() {
    let wrong = |define| -> Vec<&'static str> {
        let findings = graph(define).unwrap_err();
        findings.0.iter().map(|finding| finding.rule).collect()
    };
    assert_eq!(
        wrong(|scope| {
            let shop = Workload::stateless("shop", "shop:1.0.0").sidecar(&sidecar());
            scope.add(shop.send_direct(Direct::none().traces(&elsewhere())));
        }),
        ["telemetry-twice"]
    );
    assert!(
        wrong(|scope| {
            let nowhere = Sidecar::new("telemetry");
            scope.add(Workload::stateless("shop", "shop:1.0.0").sidecar(&nowhere));
        })
        .contains(&"sidecar-without-target")
    );
    assert_eq!(
        wrong(|scope| {
            let small = sidecar().memory(64 * MIB);
            scope.add(Workload::stateless("shop", "shop:1.0.0").sidecar(&small));
        }),
        ["memory-too-small"]
    );
}

#[test]
fn a_load_is_shared_by_all_but_one_replica() {
    let needs = |define| -> Option<String> {
        let findings = graph(define).err()?;
        findings.0[0].hint.clone()
    };
    let small: fn(&mut Scope<'_>) = |scope| {
        let gateway = Collector::gateway("otlp").load(Load::spans(100_000));
        let pipeline = traces().sample(0.1).export(&elsewhere());
        scope.add(
            gateway
                .pipeline(pipeline)
                .pipeline(logs().export(&elsewhere())),
        );
    };
    let wide: fn(&mut Scope<'_>) = |scope| {
        let gateway = Collector::gateway("otlp").load(Load::spans(100_000));
        let gateway = gateway.samplers(8, 2 * 1024 * MIB);
        let pipeline = traces().sample(0.1).export(&elsewhere());
        scope.add(
            gateway
                .pipeline(pipeline)
                .pipeline(logs().export(&elsewhere())),
        );
    };
    assert!(
        needs(small)
            .unwrap()
            .ends_with("so would 5 replicas, which share the load")
    );
    assert_eq!(needs(wide), None);
}
