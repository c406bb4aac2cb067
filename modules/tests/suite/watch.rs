//! What is announced is measured, and what is wrong with it is said.

use modules::{
    Collector, Prometheus, Rules, Sidecar, VictoriaMetrics, Watched, Workload, metrics,
    prometheus::UsualAlerts,
    protocol::{Http, Otlp},
};
use provider_core::{Endpoint, Port, Scope};

use crate::support::{files, graph, objects};

const WEB: Port<Http> = Port::new("web", 8080);

fn rules_found(define: fn(&mut Scope<'_>)) -> Vec<&'static str> {
    let findings = graph(define).unwrap_err();
    findings.0.iter().map(|finding| finding.rule).collect()
}

fn file_of(define: fn(&mut Scope<'_>), owner: &str) -> Vec<(String, String)> {
    let all = files(define).into_iter();
    let own = all.filter(|(name, _, _)| name == owner);
    own.map(|(_, file, content)| (file, content)).collect()
}

/// A program that is announced after the server that measures it, in another namespace.
fn shop(scope: &mut Scope<'_>) {
    scope.add(Prometheus::new("prometheus"));
    scope.within("shop", |scope| {
        let shop = scope.add(Workload::stateless("shop", "shop:1.0.0").listen(WEB));
        scope.announce(Watched::new(&shop, WEB).path("/stats"));
    });
    scope.announce(Rules::new("shop.yml", "groups: []\n"));
}

#[test]
fn what_is_announced_later_is_measured_too() {
    let scrape = file_of(shop, "prometheus-scrape").remove(0).1;
    assert!(scrape.contains("job_name: shop\n  metrics_path: /stats"));
    assert!(scrape.contains("regex: ReplicaSet;shop-[a-z0-9]+;web"));
    assert!(scrape.contains("job_name: prometheus"));
    let rules = file_of(shop, "prometheus-rules");
    assert!(rules.contains(&("shop.yml".to_owned(), "groups: []\n".to_owned())));
}

#[test]
fn a_server_finds_pods_only_where_it_measures() {
    let objects = objects(shop);
    let roles: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == "Role")
        .map(|role| {
            assert_eq!(role["rules"][0]["resources"], serde_json::json!(["pods"]));
            assert_eq!(
                role["rules"][0]["verbs"],
                serde_json::json!(["list", "watch"])
            );
            role["metadata"]["namespace"].as_str().unwrap()
        })
        .collect();
    assert_eq!(roles, ["shop", "test"]);
    assert!(!objects.iter().any(|object| object["kind"] == "ClusterRole"));
    let policy = |namespace: &str, name: &str| {
        let wanted = |o: &&serde_json::Value| {
            o["kind"] == "NetworkPolicy"
                && o["metadata"]["namespace"] == namespace
                && o["metadata"]["name"] == name
        };
        objects.iter().find(wanted).unwrap()["spec"].clone()
    };
    let asked = policy("shop", "shop-deployment")["ingress"].to_string();
    assert!(asked.contains("8080") && asked.contains("\"prometheus\""));
    assert!(
        policy("test", "prometheus-statefulset")["egress"]
            .to_string()
            .contains("6443")
    );
}

#[test]
fn who_measures_does_not_wait_for_what_sends_to_it() {
    let graph = graph(|scope| {
        let prometheus = scope.add(Prometheus::new("prometheus"));
        let gateway = Collector::gateway("aaa").pipeline(metrics().export(&prometheus.otlp));
        scope.add(gateway);
    })
    .unwrap();
    let place = |name: &str| {
        let workload = |id: &provider_core::ResourceId| id.group == "apps" && id.name == name;
        graph.resources().position(|r| workload(&r.id)).unwrap()
    };
    assert!(place("prometheus") < place("aaa"));
}

#[test]
fn one_job_is_one_program() {
    let twice: fn(&mut Scope<'_>) = |scope| {
        scope.add(Prometheus::new("prometheus"));
        let shop = scope.add(Workload::stateless("shop", "shop:1.0.0").listen(WEB));
        scope.announce(Watched::new(&shop, WEB));
        scope.announce(Watched::new(&shop, WEB).path("/other"));
    };
    assert_eq!(rules_found(twice), ["job-twice"]);
    let told_apart: fn(&mut Scope<'_>) = |scope| {
        scope.add(Prometheus::new("prometheus"));
        let shop = scope.add(Workload::stateless("shop", "shop:1.0.0").listen(WEB));
        scope.announce(Watched::new(&shop, WEB));
        scope.announce(Watched::new(&shop, WEB).path("/other").job("shop-other"));
    };
    graph(told_apart).unwrap();
}

#[test]
fn files_of_rules_have_names_of_their_own_and_fit() {
    let wrong: fn(&mut Scope<'_>) = |scope| {
        scope.add(Prometheus::new("prometheus"));
        scope.announce(Rules::new("a.yml", "groups: []"));
        scope.announce(Rules::new("a.yml", "groups: [] # other"));
        scope.announce(Rules::new("b.txt", "groups: []"));
        scope.announce(Rules::new("c.yml", " ".repeat(1 << 20)));
    };
    let mut found = rules_found(wrong);
    found.sort_unstable();
    assert_eq!(found, ["config-map-too-large", "rules-name", "rules-twice"]);
    // The same file from two modules is one file.
    let right: fn(&mut Scope<'_>) = |scope| {
        scope.add(Prometheus::new("prometheus"));
        scope.announce(Rules::new("a.yml", "groups: []"));
        scope.announce(Rules::new("a.yml", "groups: []"));
    };
    graph(right).unwrap();
}

#[test]
fn a_port_that_is_measured_is_one_that_the_pods_declare() {
    let wrong: fn(&mut Scope<'_>) = |scope| {
        scope.add(Prometheus::new("prometheus"));
        let shop = scope.add(Workload::stateless("shop", "shop:1.0.0"));
        scope.announce(Watched::new(&shop, WEB));
    };
    assert_eq!(rules_found(wrong), ["undeclared-port"]);
}

/// Programs with a collector beside them: two that stay, and one that ends.
fn beside(scope: &mut Scope<'_>) {
    scope.add(Prometheus::new("prometheus"));
    let elsewhere: Endpoint<Otlp> = Endpoint::outside("elsewhere.example", 4317);
    let sidecar = Sidecar::new("otel").forward(&elsewhere);
    let shop = Workload::stateless("shop", "shop:1.0.0").replicas(2);
    scope.add(shop.sidecar(&sidecar));
    scope.within("data", |scope| {
        scope.add(Workload::stateful("store", "store:1.0.0").sidecar(&sidecar));
    });
    scope.add(Workload::job("import", "import:1.0.0").sidecar(&sidecar));
}

#[test]
fn collectors_beside_programs_that_stay_are_measured() {
    let scrape = file_of(beside, "prometheus-scrape").remove(0).1;
    let jobs: Vec<&str> = scrape
        .lines()
        .filter_map(|line| line.split_once("job_name: "))
        .map(|(_, job)| job)
        .collect();
    assert_eq!(jobs, ["prometheus", "shop-otel", "store-otel"]);
    assert!(
        scrape.contains("regex: ReplicaSet;shop-[a-z0-9]+;otel-metrics"),
        "{scrape}"
    );
    let objects = objects(beside);
    let shop = objects
        .iter()
        .find(|object| object["kind"] == "Deployment" && object["metadata"]["name"] == "shop")
        .unwrap();
    let sidecar = &shop["spec"]["template"]["spec"]["initContainers"][0]["ports"];
    let port =
        serde_json::json!({ "name": "otel-metrics", "containerPort": 8888, "protocol": "TCP" });
    assert!(sidecar.as_array().unwrap().contains(&port), "{sidecar}");
    let policy = objects.iter().find(|object| {
        object["kind"] == "NetworkPolicy" && object["metadata"]["name"] == "store-statefulset"
    });
    let ingress = policy.unwrap()["spec"]["ingress"].to_string();
    assert!(
        ingress.contains("8888") && ingress.contains("\"prometheus\""),
        "{ingress}"
    );
    let rules = file_of(beside, "prometheus-rules");
    let collectors = rules
        .iter()
        .find(|(file, _)| file == "collector.yml")
        .unwrap();
    assert!(collectors.1.contains("job=~\"shop-otel|store-otel\""));
    let programs = rules
        .iter()
        .find(|(file, _)| file == "programs.yml")
        .unwrap();
    assert!(
        programs
            .1
            .contains("count by (job) (up{job=\"shop-otel\"}) < 2"),
        "{}",
        programs.1
    );
}

#[test]
fn who_has_alerts_of_their_own_does_without_the_usual_ones() {
    let files_of = |define, owner| -> Vec<String> {
        let files = file_of(define, owner).into_iter();
        files.map(|(file, _)| file).collect()
    };
    assert_eq!(
        files_of(shop, "prometheus-rules"),
        ["programs.yml", "prometheus.yml", "shop.yml"]
    );
    let left_out: fn(&mut Scope<'_>) = |scope| {
        let usual = UsualAlerts::LeftOut;
        scope.add(Prometheus::new("prometheus").usual_alerts(usual));
        scope.announce(Rules::new("shop.yml", "groups: []\n"));
    };
    assert_eq!(files_of(left_out, "prometheus-rules"), ["shop.yml"]);
    let victoria: fn(&mut Scope<'_>) = |scope| {
        let usual = UsualAlerts::LeftOut;
        scope.add(VictoriaMetrics::single("store").usual_alerts(usual));
        scope.announce(Rules::new("shop.yml", "groups: []\n"));
    };
    assert_eq!(files_of(victoria, "store-alert-rules"), ["shop.yml"]);
}
