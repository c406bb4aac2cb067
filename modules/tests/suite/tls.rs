//! One switch, and every hop speaks TLS on both ends.

use modules::{
    Collector, Issuer, JaegerInMemory, Prometheus, Sidecar, Tls, Workload,
    alertmanager::Alertmanager, logs, metrics, protocol::Otlp, traces,
};
use provider_core::{Endpoint, Scope, Security, Stack};
use serde_json::{Value, json};

use crate::support::{graph, objects};

fn elsewhere(security: Security) -> Endpoint<Otlp> {
    Endpoint::outside("elsewhere.example", 4317).secured(security)
}

/// Programs, agents, a gateway and samplers.
fn collectors(scope: &mut Scope<'_>, tls: Tls) {
    scope.add(tls);
    let sampled = traces().sample(0.1).export(&elsewhere(Security::Tls));
    let rest = logs().export(&elsewhere(Security::Tls));
    let gateway = scope.add(Collector::gateway("otlp").pipeline(sampled).pipeline(rest));
    let agents = scope.add(Collector::agent("node").forward(&gateway.otlp));
    let sidecar = Sidecar::new("otel").forward(&gateway.otlp);
    scope.add(Workload::stateless("shop", "shop:1.0.0").send_to(&gateway));
    scope.add(Workload::stateless("till", "till:1.0.0").sidecar(&sidecar));
    scope.add(Workload::stateless("mill", "mill:1.0.0").send_to(&agents));
}

fn config(objects: &[Value], name: &str) -> Value {
    let map = objects.iter().find(|object| {
        object["kind"] == "ConfigMap"
            && object["metadata"]["labels"]["app.kubernetes.io/name"] == name
    });
    serde_saphyr::from_str(map.unwrap()["data"]["config.yaml"].as_str().unwrap()).unwrap()
}

fn workload<'a>(objects: &'a [Value], name: &str) -> &'a Value {
    let found = objects.iter().find(|object| {
        object["metadata"]["name"] == name && object.pointer("/spec/template/spec").is_some()
    });
    found.unwrap().pointer("/spec/template/spec").unwrap()
}

fn rules(define: fn(&mut Scope<'_>)) -> Vec<String> {
    let findings = graph(define).unwrap_err().0.into_iter();
    findings
        .map(|finding| format!("{}: {}", finding.rule, finding.message))
        .collect()
}

#[test]
fn both_ends_of_every_hop_between_collectors_speak_tls() {
    let objects = objects(|scope| collectors(scope, Tls::generated()));
    let served = json!({
        "cert_file": "/etc/otelier/tls/tls.crt", "key_file": "/etc/otelier/tls/tls.key",
        "reload_interval": "10m",
    });
    let trusts = json!({ "ca_file": "/etc/otelier/trust/ca.crt" });
    let gateway = config(&objects, "otlp");
    for protocol in ["grpc", "http"] {
        assert_eq!(
            gateway["receivers"]["otlp"]["protocols"][protocol]["tls"],
            served
        );
    }
    // The image trusts those outside.
    assert_eq!(
        gateway["exporters"]["otlp_grpc/elsewhere.example"]["tls"],
        Value::Null
    );
    let balancer = &gateway["exporters"]["load_balancing"]["protocol"]["otlp"]["tls"];
    assert_eq!(balancer["ca_file"], trusts["ca_file"]);
    assert_eq!(
        balancer["server_name_override"], "otlp-sampler.test.svc",
        "samplers are called by names and addresses of their own"
    );
    for sender in ["node", "till-otel"] {
        let config = config(&objects, sender);
        let exporter = &config["exporters"]["otlp_grpc/otlp-headless"];
        assert_eq!(exporter["tls"], trusts, "{sender}");
    }
    let agent = config(&objects, "node");
    assert_eq!(
        agent["receivers"]["otlp"]["protocols"]["grpc"]["tls"],
        Value::Null
    );
}

#[test]
fn programs_are_told_whom_to_trust() {
    let objects = objects(|scope| collectors(scope, Tls::generated()));
    let variable = |program: &str, name: &str| {
        let variables = workload(&objects, program)["containers"][0]["env"].as_array();
        let found = variables
            .into_iter()
            .flatten()
            .find(|variable| variable["name"] == name);
        found.map(|variable| variable["value"].as_str().unwrap_or_default().to_owned())
    };
    let endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    assert_eq!(
        variable("shop", endpoint).unwrap(),
        "https://otlp.test.svc:4318"
    );
    assert_eq!(
        variable("shop", "OTEL_EXPORTER_OTLP_CERTIFICATE").unwrap(),
        "/etc/otelier/trust/ca.crt"
    );
    for program in ["till", "mill"] {
        assert!(
            variable(program, endpoint).unwrap().starts_with("http://"),
            "{program}"
        );
        assert_eq!(
            variable(program, "OTEL_EXPORTER_OTLP_CERTIFICATE"),
            None,
            "{program}"
        );
    }
}

#[test]
fn each_namespace_knows_whom_to_trust_and_one_secret_alone_can_sign() {
    let graph = graph(|scope| collectors(scope, Tls::generated())).unwrap();
    let of_kind = |kind: &str| {
        let resources = graph
            .resources()
            .filter(move |resource| resource.id.kind == kind);
        resources
            .map(|resource| resource.id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of_kind("Secret"),
        [
            "Secret/test/test-authority",
            "Secret/test/otlp-sampler-tls",
            "Secret/test/otlp-tls"
        ]
    );
    let trust: Vec<_> = of_kind("ConfigMap")
        .into_iter()
        .filter(|id| id.ends_with("-trust"))
        .collect();
    assert_eq!(
        trust,
        [
            "ConfigMap/test/test-trust",
            "ConfigMap/test-agents/test-trust"
        ]
    );
    let notes: Vec<_> = graph.notes().iter().map(|note| note.rule).collect();
    assert_eq!(notes, ["in-the-open"], "the agent of one's own node");
}

#[test]
fn where_it_is_asked_for_senders_prove_who_they_are_too() {
    let objects = objects(|scope| collectors(scope, Tls::generated().mutual()));
    let gateway = config(&objects, "otlp");
    let served = &gateway["receivers"]["otlp"]["protocols"]["grpc"]["tls"];
    assert_eq!(served["client_ca_file"], "/etc/otelier/trust/ca.crt");
    let agent = config(&objects, "node");
    let exporter = &agent["exporters"]["otlp_grpc/otlp-headless"]["tls"];
    assert_eq!(exporter["cert_file"], "/etc/otelier/tls/tls.crt");
    let mounted = workload(&objects, "node")["volumes"].as_array().unwrap();
    assert!(
        mounted
            .iter()
            .any(|volume| volume["secret"]["secretName"] == "node-tls")
    );
}

#[test]
fn an_issuer_is_looked_for_and_what_cert_manager_makes_is_not() {
    let issuers = [
        (
            Issuer::Cluster("company".to_owned()),
            vec!["ClusterIssuer.cert-manager.io/company"],
        ),
        (
            Issuer::Namespaced("team".to_owned()),
            vec!["Issuer.cert-manager.io/test/team"],
        ),
        (Issuer::Own, vec!["Namespace/cert-manager"]),
    ];
    for (issuer, sought) in issuers {
        let define = move |scope: &mut Scope<'_>| {
            scope.add(Tls::cert_manager(issuer.clone()));
            let jaeger = scope.add(JaegerInMemory::new("jaeger"));
            scope.add(Collector::gateway("otlp").pipeline(traces().export(&jaeger.otlp)));
        };
        let graph = Stack::new("test", define).graph().unwrap();
        let expected: Vec<_> = graph
            .expected()
            .iter()
            .map(|expected| expected.id.to_string())
            .collect();
        assert_eq!(expected, sought);
        let mentions = &graph.expected()[0].mentions;
        assert!(
            mentions
                .iter()
                .all(|mention| mention.by.kind == "Certificate"),
            "{mentions:?}"
        );
        assert!(!mentions.is_empty());
    }
}

#[test]
fn cert_manager_makes_them_where_it_is_asked_to() {
    let objects = objects(|scope| collectors(scope, Tls::cert_manager(Issuer::Own)));
    let named = |kind: &str, name: &str| {
        let found = objects
            .iter()
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("{kind} {name}"))["spec"].clone()
    };
    assert_eq!(
        named("ClusterIssuer", "test-self-signed"),
        json!({ "selfSigned": {} })
    );
    assert_eq!(
        named("ClusterIssuer", "test-authority"),
        json!({ "ca": { "secretName": "test-authority" } })
    );
    assert_eq!(named("Certificate", "test-authority")["isCA"], true);
    let leaf = named("Certificate", "otlp-tls");
    assert_eq!(leaf["secretName"], "otlp-tls");
    assert_eq!(leaf["issuerRef"]["name"], "test-authority");
    assert_eq!(leaf["ipAddresses"], json!(["127.0.0.1", "::1"]));
    assert!(
        leaf["dnsNames"]
            .as_array()
            .unwrap()
            .contains(&json!("*.otlp-headless.test.svc"))
    );
    assert!(objects.iter().all(|object| object["kind"] != "Secret"));
}

#[test]
fn a_hop_in_the_open_is_a_finding_where_the_stack_speaks_tls() {
    fn to_the_open(scope: &mut Scope<'_>) {
        let rest = logs().export(&elsewhere(Security::Plain));
        scope.add(Collector::gateway("otlp").pipeline(rest));
    }
    assert!(graph(to_the_open).is_ok(), "nobody asked for TLS");
    let findings = rules(|scope| {
        scope.add(Tls::generated());
        to_the_open(scope);
    });
    assert_eq!(
        findings,
        [
            "half-tls: Deployment/test/otlp sends to elsewhere.example:4317 in the open, though the stack speaks TLS"
        ]
    );
}

#[test]
fn who_sends_to_a_secured_place_and_trusts_nobody_is_a_finding() {
    let findings = rules(|scope| {
        scope.add(Tls::generated());
        let rest = logs().export(&elsewhere(Security::Tls));
        let gateway = scope.add(Collector::gateway("otlp").pipeline(rest));
        let shop = scope.add(Workload::stateless("shop", "shop:1.0.0"));
        scope.connect(&shop, gateway.otlp.destination());
    });
    assert_eq!(
        findings,
        [
            "half-tls: Deployment/test/shop sends to Service/test/otlp-headless, which speaks TLS, and does not know whom to trust"
        ]
    );
}

#[test]
fn tls_that_is_asked_for_too_late_or_twice_is_a_finding() {
    let late = rules(|scope| {
        let rest = logs().export(&elsewhere(Security::Tls));
        scope.add(Collector::gateway("otlp").pipeline(rest));
        scope.add(Tls::generated());
    });
    assert!(late[0].starts_with("tls-too-late"), "{late:?}");
    let twice = rules(|scope| {
        scope.add(Tls::generated());
        scope.add(Tls::generated());
    });
    assert!(twice[0].starts_with("tls-twice"), "{twice:?}");
}

/// Everything that measures and tells.
fn measured(scope: &mut Scope<'_>) {
    scope.add(Tls::generated());
    let alertmanager = scope.add(Alertmanager::new("alerts").tell_nobody());
    let prometheus = Prometheus::new("prometheus")
        .replicas(2)
        .alerts(&alertmanager.alerts);
    let prometheus = scope.add(prometheus);
    let gateway = Collector::gateway("otlp").pipeline(metrics().export(&prometheus.otlp));
    scope.add(gateway);
}

#[test]
fn prometheus_is_asked_and_asks_over_tls() {
    let objects = objects(measured);
    let file = |name: &str, file: &str| -> Value {
        let map = objects.iter().find(|object| {
            object["kind"] == "ConfigMap"
                && object["data"][file].is_string()
                && object["metadata"]["labels"]["app.kubernetes.io/name"] == name
        });
        serde_saphyr::from_str(map.unwrap()["data"][file].as_str().unwrap()).unwrap()
    };
    let web = file("prometheus", "web.yml");
    assert_eq!(
        web["tls_server_config"]["cert_file"],
        "/etc/otelier/tls/tls.crt"
    );
    let own = file("prometheus", "prometheus.yml");
    let alertmanagers = &own["alerting"]["alertmanagers"][0];
    assert_eq!(alertmanagers["scheme"], "https");
    assert_eq!(
        alertmanagers["tls_config"]["ca_file"],
        "/etc/otelier/trust/ca.crt"
    );
    let scrape = file("prometheus", "stack.yml");
    let told = |job: &str| {
        let jobs = scrape["scrape_configs"].as_array().unwrap();
        jobs.iter()
            .find(|config| config["job_name"] == job)
            .unwrap()
            .clone()
    };
    assert_eq!(
        told("alerts")["tls_config"]["server_name"],
        "alerts.test.svc"
    );
    assert_eq!(
        told("otlp")["scheme"],
        Value::Null,
        "collectors cannot do otherwise"
    );

    let gateway = config(&objects, "otlp");
    let exporter = &gateway["exporters"]["otlp_http/prometheus-0"];
    assert_eq!(
        exporter["endpoint"],
        "https://prometheus-0.prometheus-headless.test.svc:9090/api/v1/otlp"
    );
    assert_eq!(exporter["tls"]["ca_file"], "/etc/otelier/trust/ca.crt");
    let probe = &workload(&objects, "prometheus")["containers"][0]["readinessProbe"]["httpGet"];
    assert_eq!(probe["scheme"], "HTTPS");
}

#[test]
fn members_of_a_mesh_prove_who_they_are_and_speak_no_udp() {
    let objects = objects(measured);
    let arguments = workload(&objects, "alerts")["containers"][0]["args"].clone();
    let arguments = arguments.as_array().unwrap();
    assert!(arguments.contains(&json!(
        "--cluster.tls-config=/etc/alertmanager/config/mesh.yml"
    )));
    let udp = objects
        .iter()
        .filter(|object| object["kind"] == "NetworkPolicy")
        .any(|policy| {
            policy["metadata"]["name"]
                .as_str()
                .unwrap()
                .contains("alerts")
                && policy["spec"]["ingress"].to_string().contains("\"UDP\"")
        });
    assert!(!udp);
}
