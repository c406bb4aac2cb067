//! VictoriaMetrics in place of Prometheus: the same measured, the same rules, other paths.

use modules::{
    Alertmanager, Collector, Grafana, Prometheus, Rules, Tls, VictoriaMetrics, metrics,
    prometheus::Measures,
    units::{GIB, days},
    victoria_metrics::{AgentYml, Dedup},
};
use provider_core::Scope;
use serde_json::Value;

use crate::support::{files, graph, objects, own_yaml};

fn single(scope: &mut Scope<'_>) {
    let alertmanager = scope.add(Alertmanager::new("alertmanager").replicas(1).tell_nobody());
    let store = VictoriaMetrics::single("metrics").alerts(&alertmanager.alerts);
    let store = scope.add(store);
    scope.announce(Rules::new("shop.yml", "groups: []\n"));
    scope.add(Collector::gateway("otlp").pipeline(metrics().export(&store.otlp)));
    scope.add(Grafana::new("grafana").source(&store.query));
}

fn cluster(scope: &mut Scope<'_>) {
    let store = VictoriaMetrics::cluster("metrics")
        .keep(days(90))
        .active_series(3_000_000);
    let store = scope.add(store);
    let write = Collector::gateway("write").pipeline(metrics().export(&store.remote_write));
    scope.add(write);
    scope.add(Collector::gateway("otlp").pipeline(metrics().export(&store.otlp)));
    scope.add(Grafana::new("grafana").source(&store.query));
    // What a pair of servers sends twice is kept once, if both say the same.
    let pair = Prometheus::new("pair")
        .replicas(2)
        .measures(Measures::Itself);
    scope.add(pair.forward(&store.remote_write));
}

#[test]
fn one_process() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(VictoriaMetrics::single("metrics"));
    }));
}

#[test]
fn a_cluster() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(VictoriaMetrics::cluster("metrics").keep(days(90)));
    }));
}

fn args(define: fn(&mut Scope<'_>), name: &str) -> Vec<String> {
    let workload = |o: &Value| o["spec"]["template"].is_object() && o["metadata"]["name"] == name;
    let object = objects(define).into_iter().find(workload).unwrap();
    let args = object["spec"]["template"]["spec"]["containers"][0]["args"]
        .as_array()
        .cloned();
    args.unwrap()
        .iter()
        .map(|arg| arg.as_str().unwrap().to_owned())
        .collect()
}

fn text(define: fn(&mut Scope<'_>), owner: &str) -> String {
    let all = files(define).into_iter();
    let own = all.filter(|(name, _, _)| name.starts_with(owner));
    own.map(|(_, _, content)| content).collect()
}

#[test]
fn what_is_sent_goes_below_the_paths_of_its_form() {
    let collector = text(single, "otlp-");
    assert!(collector.contains("endpoint: http://metrics.test.svc:8428/opentelemetry"));
    let collector = text(cluster, "otlp-");
    let insert = "http://metrics-insert.test.svc:8480/insert/0";
    assert!(collector.contains(&format!("endpoint: {insert}/opentelemetry")));
    let collector = text(cluster, "write-");
    assert!(collector.contains(&format!("endpoint: {insert}/prometheus/api/v1/write")));
    let grafana = text(cluster, "grafana-");
    assert!(grafana.contains("url: http://metrics-select.test.svc:8481/select/0/prometheus"));
    let pair = text(cluster, "pair-");
    assert!(pair.contains(&format!("url: {insert}/prometheus/api/v1/write")));
    assert!(pair.contains("- regex: prometheus_replica\n    action: labeldrop"));
}

#[test]
fn the_stack_is_measured_and_judged_as_by_prometheus() {
    let scraped = text(single, "metrics-scrape");
    let read: AgentYml = serde_saphyr::from_str(&scraped).unwrap();
    assert_eq!(serde_saphyr::to_string(&read).unwrap(), scraped);
    let jobs: Vec<_> = read
        .scrape_configs
        .iter()
        .map(|job| job.job_name.as_str())
        .collect();
    for job in ["alertmanager", "metrics", "metrics-alert"] {
        assert!(jobs.contains(&job), "{job} in {jobs:?}");
    }
    let rules = text(single, "metrics-alert-rules");
    for part in [
        "groups: []\n",
        "alert: TargetDown",
        "alert: CollectorLosesData",
    ] {
        assert!(rules.contains(part), "{part} in {rules}");
    }
    let alert = args(single, "metrics-alert");
    let member = "http://alertmanager-0.alertmanager-headless.test.svc:9093";
    for arg in [
        format!("-notifier.url={member}"),
        "-datasource.url=http://metrics.test.svc:8428".to_owned(),
        "-remoteWrite.url=http://metrics.test.svc:8428".to_owned(),
    ] {
        assert!(alert.contains(&arg), "{arg} in {alert:?}");
    }
    let alert = args(cluster, "metrics-alert");
    let write = "http://metrics-insert.test.svc:8480/insert/0/prometheus";
    assert!(alert.contains(&format!("-remoteWrite.url={write}")));
    assert!(alert.contains(&"-notifier.blackhole".to_owned()));
}

#[test]
fn a_cluster_keeps_each_sample_twice_and_knows_its_storages_by_name() {
    let nodes: Vec<_> = (0..3)
        .map(|n| format!("metrics-storage-{n}.metrics-storage-headless.test.svc"))
        .collect();
    let list = |port: u16| {
        let each: Vec<_> = nodes.iter().map(|node| format!("{node}:{port}")).collect();
        format!("-storageNode={}", each.join(","))
    };
    for (part, port) in [("metrics-insert", 8400), ("metrics-select", 8401)] {
        let args = args(cluster, part);
        assert!(args.contains(&list(port)), "{args:?}");
        assert!(args.contains(&"-replicationFactor=2".to_owned()));
    }
    for part in ["metrics-select", "metrics-storage"] {
        assert!(args(cluster, part).contains(&"-dedup.minScrapeInterval=1ms".to_owned()));
    }
    let dedup: fn(&mut Scope<'_>) = |scope| {
        scope.add(VictoriaMetrics::single("metrics").dedup(Dedup::Seconds(30)));
    };
    assert!(args(dedup, "metrics").contains(&"-dedup.minScrapeInterval=30s".to_owned()));
}

/// Everything of the other two, over TLS.
fn secured(scope: &mut Scope<'_>) {
    scope.add(Tls::generated());
    let alertmanager = scope.add(Alertmanager::new("alertmanager").tell_nobody());
    let store = VictoriaMetrics::cluster("metrics").alerts(&alertmanager.alerts);
    let store = scope.add(store);
    scope.add(Collector::gateway("otlp").pipeline(metrics().export(&store.otlp)));
    let single = VictoriaMetrics::single("copy").measures(Measures::Itself);
    let single = scope.add(single);
    let pair = Prometheus::new("pair")
        .measures(Measures::Itself)
        .take_nothing();
    scope.add(pair.forward(&single.remote_write));
}

#[test]
fn a_stack_that_speaks_tls_is_measured_and_told_over_tls() {
    let graph = graph(secured).unwrap();
    let open: Vec<_> = graph
        .notes()
        .iter()
        .filter(|note| note.rule == "in-the-open")
        .collect();
    assert!(
        open.iter()
            .any(|note| note.message.contains("storages in the open"))
    );
    for part in [
        "metrics-insert",
        "metrics-select",
        "metrics-storage",
        "metrics-agent",
        "copy",
    ] {
        assert!(args(secured, part).contains(&"-tls".to_owned()), "{part}");
    }
    let alert = args(secured, "metrics-alert");
    for source in ["datasource", "remoteRead", "remoteWrite", "notifier"] {
        let trust = format!("-{source}.tlsCAFile=/etc/otelier/trust/ca.crt");
        assert!(alert.contains(&trust), "{source}");
    }
    let scraped: AgentYml = serde_saphyr::from_str(&text(secured, "metrics-agent-scrape")).unwrap();
    let job = |name: &str| {
        let mut jobs = scraped.scrape_configs.iter();
        jobs.find(|job| job.job_name == name).unwrap().clone()
    };
    let storage = job("metrics-storage");
    assert_eq!(storage.scheme.as_deref(), Some("https"));
    assert_eq!(
        storage.tls_config.unwrap().server_name.as_deref(),
        Some("metrics-storage.test.svc")
    );
    assert!(text(secured, "pair-").contains("url: https://copy.test.svc:8428/api/v1/write"));
}

#[test]
fn copies_need_storages() {
    let rules = |define: fn(&mut Scope<'_>)| -> Vec<_> {
        let found = graph(define).unwrap_err().0.into_iter();
        found.map(|finding| (finding.rule, finding.hint)).collect()
    };
    assert_eq!(
        rules(|scope| {
            scope.add(VictoriaMetrics::cluster("metrics").copies(3).storages(4));
        }),
        [(
            "too-few-storages",
            Some("`storages(5)`, or fewer `copies`".to_owned())
        )]
    );
    let small = rules(|scope| {
        let store = VictoriaMetrics::cluster("metrics").active_series(30_000_000);
        scope.add(store.memory(GIB).storage(GIB));
    });
    let names: Vec<_> = small.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(names, ["disk-too-small", "memory-too-small"]);
    graph(cluster).unwrap();
}
