//! Does a real Prometheus keep what a real collector sends it, and work out its rules?
//!
//! Both run with what is rendered for a small stack. The collector is told where on this machine Prometheus is, and
//! Prometheus where the collector is, and to work out its rules every second.

use std::fs;

use serde_json::{Value, json};
use support::{Container, Live, Running, ask};

use super::{of_small, running::send};

const PROMETHEUS: &str = "127.0.8.1";
const COLLECTOR: &str = "127.0.8.2";

/// Prometheus' answer to a question, where it has one.
fn answer(path: &str) -> Option<Value> {
    let body = ask(&format!("{PROMETHEUS}:9090"), "GET", path, "")?;
    serde_json::from_str(&body).ok()
}

/// Lets the collector send to the Prometheus of this machine.
fn find_prometheus(collector: &Container) {
    let file = collector.argument("--config").unwrap().to_owned();
    let mut config: Value = serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let mut found = 0;
    for (id, exporter) in config["exporters"].as_object_mut().unwrap() {
        if id.starts_with("otlp_http/prometheus") {
            exporter["endpoint"] = json!(format!("http://{PROMETHEUS}:9090/api/v1/otlp"));
            found += 1;
        }
    }
    assert_ne!(found, 0, "the collector sends to no Prometheus: {config}");
    fs::write(&file, config.to_string()).unwrap();
}

/// Lets Prometheus measure the collector of this machine, and not wait.
fn find_collector(prometheus: &Container) {
    let hurry = |text: String| text.replace("evaluation_interval: 30s", "evaluation_interval: 1s");
    prometheus.edit(prometheus.argument("--config.file").unwrap(), hurry);
    let file = prometheus.path("/etc/prometheus/scrape/stack.yml");
    let mut jobs: Value = serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let jobs_of = jobs["scrape_configs"].as_array_mut().unwrap();
    let job = jobs_of
        .iter_mut()
        .find(|job| job["job_name"] == "otlp")
        .expect("the collector is measured");
    let job = job.as_object_mut().unwrap();
    job.remove("kubernetes_sd_configs");
    job.remove("relabel_configs");
    job.insert("scrape_interval".to_owned(), json!("1s"));
    job.insert(
        "static_configs".to_owned(),
        json!([{ "targets": [format!("{COLLECTOR}:8888")] }]),
    );
    fs::write(&file, jobs.to_string()).unwrap();
}

#[test]
fn a_real_prometheus_keeps_what_a_real_collector_sends_and_works_out_its_rules() {
    let _live = Live::expected();
    let container = of_small("prom/prometheus").at(PROMETHEUS);
    find_collector(&container);
    let listen = format!("--web.listen-address={PROMETHEUS}:9090");
    let mut prometheus = Running::start(&container, "prometheus", &[listen]);
    prometheus.wait("Prometheus is ready", || {
        ask(&format!("{PROMETHEUS}:9090"), "GET", "/-/ready", "")
    });

    let container = of_small("opentelemetry-collector-k8s").at(COLLECTOR);
    find_prometheus(&container);
    let mut collector = Running::start(&container, "otelcol", &[]);
    collector.wait("the collector is healthy", || {
        ask(&format!("{COLLECTOR}:13133"), "GET", "/", "")
    });
    assert!(send(COLLECTOR, "shop").contains("metrics"));

    let found = prometheus.wait("the metric is there", || {
        let answer = answer("/api/v1/query?query=otelier_test_total")?;
        answer["data"]["result"].get(0).cloned()
    });
    assert_eq!(found["value"][1], "7", "{found}");
    // `service.name` is among the attributes that become labels.
    assert_eq!(found["metric"]["service_name"], "shop", "{found}");

    prometheus.wait("what the collector says of itself is there", || {
        let answer = answer("/api/v1/query?query=otelcol_receiver_accepted_metric_points_total")?;
        answer["data"]["result"].get(0).cloned()
    });
    let groups = prometheus.wait("all rules are worked out", || {
        let groups = answer("/api/v1/rules")?["data"]["groups"]
            .as_array()?
            .clone();
        let rules = || {
            groups
                .iter()
                .flat_map(|group| group["rules"].as_array().into_iter().flatten())
        };
        let broken: Vec<&Value> = rules().filter(|rule| rule["health"] == "err").collect();
        assert_eq!(broken, [] as [&Value; 0]);
        rules().all(|rule| rule["health"] == "ok").then_some(groups)
    });
    assert!(
        groups.iter().all(|group| group["rules"].is_array()),
        "{groups:?}"
    );
}
