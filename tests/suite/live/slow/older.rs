//! Does a real collector take what does not compile with the newest?
//!
//! Routing, Elasticsearch and Google Cloud Storage can be had at 0.152 at most. What is rendered for a newer collector
//! is spelled for that one, and what it does not know yet is taken away.

use std::{collections::BTreeSet, fs};

use collector_config::{Config, Distribution, Release, Version, json};
use serde_json::Value;
use support::{Command, Container, Running, ask, peers};

use super::{
    super::peers::{
        collector::{LEFT_OUT, NOT_BUILT},
        containers,
        running::{Sink, redirect, send},
    },
    store::Store,
};
use crate::outside::root;

const OLDER: Release = Release {
    version: Version::minor(152),
    distribution: Distribution::Contrib,
};
/// What the exporter to Google Cloud Storage can since 0.153; of the last, it knows no other cloud.
const YOUNGER: [&str; 4] = [
    "resource_attrs_to_gcs",
    "retry_on_failure",
    "sending_queue",
    "timeout",
];
/// Where a machine of Google's asks who it is, and where its storage is.
const GOOGLE: [&str; 2] = ["GCE_METADATA_HOST", "STORAGE_EMULATOR_HOST"];

/// A configuration as the older collector reads it.
fn older(text: &str) -> Config {
    let mut config: Value = serde_saphyr::from_str(text).unwrap();
    for (id, exporter) in config["exporters"].as_object_mut().into_iter().flatten() {
        if id.starts_with("google_cloud_storage") {
            let exporter = exporter.as_object_mut().unwrap();
            exporter.retain(|key, _| !YOUNGER.contains(&key.as_str()));
            let bucket = exporter["bucket"].as_object_mut().unwrap();
            bucket.remove("universe_domain");
        }
    }
    Config::from_yaml(&config.to_string()).unwrap()
}

/// What Google answers: which bucket there is, and where its machine stands.
fn google(address: &str) -> Store {
    Store::at(address, |target| {
        if target.contains("/storage/") {
            r#"{"kind": "storage#bucket", "name": "archive"}"#
        } else {
            "projects/1/zones/europe-west3-a"
        }
    })
}

fn validate(config: &str, container: Option<&Container>, address: &str) -> (bool, String) {
    let mut otelcol = peers::peer("otelcol-older");
    otelcol.args(["validate", "--config", config]);
    otelcol.envs(container.into_iter().flat_map(|container| &container.env));
    peers::run(otelcol.envs(GOOGLE.map(|name| (name, address))))
}

/// Those containers whose configurations the newest collector cannot judge.
fn left_out() -> Vec<(String, Container)> {
    let all = containers("opentelemetry-collector-contrib").into_iter();
    let named =
        all.map(|(stack, container)| (format!("{} of {stack}", container.workload), container));
    named
        .filter(|(who, _)| LEFT_OUT.iter().any(|(left, _)| left == who))
        .collect()
}

#[test]
fn an_older_collector_accepts_what_the_newest_cannot_judge() {
    let address = "127.0.7.1:9000";
    let _google = google(address);
    let mut judged = BTreeSet::new();
    for (who, container) in left_out() {
        let path = container.argument("--config").unwrap();
        let config = older(&fs::read_to_string(path).unwrap());
        assert_eq!(config.check(OLDER), [], "{who}");
        fs::write(path, config.to_yaml(OLDER)).unwrap();
        let (accepted, said) = validate(path, Some(&container), address);
        assert!(accepted, "{who}: {said}");
        judged.insert(who);
    }
    assert_eq!(judged, LEFT_OUT.map(|(who, _)| who.to_owned()).into());
}

#[test]
fn an_older_collector_knows_every_setting_that_the_types_know() {
    let address = "127.0.7.2:9000";
    let _google = google(address);
    let text = fs::read_to_string(root().join("modules/collector-config/tests/accepted/more.yaml"));
    let mut config: Value = serde_saphyr::from_str(&text.unwrap()).unwrap();
    // The rest of that file is about what cannot be had at all.
    for (section, kept) in [("exporters", &NOT_BUILT[..]), ("connectors", &NOT_BUILT)] {
        let components = config[section].as_object_mut().unwrap();
        components.retain(|id, _| kept.contains(&id.as_str()));
    }
    config["exporters"]["google_cloud_storage"]
        .as_object_mut()
        .unwrap()
        .remove("encoding");
    let routed = json!({ "receivers": ["routing"], "exporters": ["elasticsearch"] });
    config["processors"] = json!({});
    config["extensions"] = json!({});
    config["receivers"] = json!({ "otlp": { "protocols": { "grpc": {} } } });
    config["service"] = json!({ "pipelines": {
        "traces": { "receivers": ["otlp"], "exporters": ["routing", "google_cloud_storage"] },
        "traces/rest": routed,
    } });
    let user = Command::new("older");
    let path = user.folder().join("config.yaml");
    fs::write(&path, older(&config.to_string()).to_yaml(OLDER)).unwrap();
    let (accepted, said) = validate(path.to_str().unwrap(), None, address);
    assert!(accepted, "{said}");
}

/// The container of that name with a configuration of the older collector that sends what it can to a sink.
fn runnable(who: &str, address: &str, sink: &str, change: impl FnOnce(&mut Value)) -> Container {
    let mut all = left_out().into_iter();
    let (_, container) = all.find(|(found, _)| found == who).expect("it is rendered");
    let container = container.at(address);
    container.edit(container.argument("--config").unwrap(), |text| {
        let (text, _) = redirect(&text, sink);
        let mut config: Value = serde_saphyr::from_str(&text).unwrap();
        change(&mut config);
        older(&config.to_string()).to_yaml(OLDER)
    });
    container
}

/// Starts it and sends it something of each signal.
fn started(mut container: Container, address: &str, mark: &str) -> Running {
    for name in GOOGLE {
        container
            .env
            .insert(name.to_owned(), "127.0.7.4:9000".to_owned());
    }
    let mut collector = Running::start(&container, "otelcol-older", &[]);
    collector.wait("the collector is healthy", || {
        ask(&format!("{address}:13133"), "GET", "/", "")
    });
    let taken = send(address, mark);
    assert!(taken.is_superset(&["traces", "logs"].into()), "{taken:?}");
    collector
}

#[test]
fn logs_become_documents_of_elasticsearch() {
    let (address, sink) = ("127.0.7.3", "127.0.7.5");
    let sink_of_traces = Sink::at(sink);
    let search = Store::at(
        "127.0.7.3:9200",
        |_| r#"{"took": 1, "errors": false, "items": []}"#,
    );
    let container = runnable("Deployment/otlp of searching", address, sink, |config| {
        config["exporters"]["elasticsearch/search"]["endpoints"] = json!(["http://127.0.7.3:9200"]);
    });
    let mut collector = started(container, address, "searched");
    let bulk = collector.wait("a document", || search.with("searched").into_iter().next());
    assert!(bulk.target.starts_with("/_bulk"), "{}", bulk.target);
    let text = bulk.text();
    assert!(text.contains("logs-generic.otel-default"), "{text}");
    collector.wait("its span", || {
        sink_of_traces
            .arrived("searched")
            .contains("traces")
            .then_some(())
    });
}

#[test]
fn logs_become_objects_of_google_cloud_storage() {
    let (address, sink) = ("127.0.7.6", "127.0.7.7");
    let sink_of_all = Sink::at(sink);
    let google = google("127.0.7.4:9000");
    let container = runnable("StatefulSet/patient of passing", address, sink, |_| ());
    let mut collector = started(container, address, "archived");
    let upload = collector.wait("an object", || google.with("archived").into_iter().next());
    let (place, text) = (&upload.target, upload.text());
    assert!(
        place.starts_with("/upload/storage/v1/b/archive/o"),
        "{place}"
    );
    assert!(text.contains("passing/logs/year="), "{text}");
    assert!(text.contains("resourceLogs"), "{text}");
    collector.wait("the same logs and a span", || {
        let arrived = sink_of_all.arrived("archived");
        arrived
            .is_superset(&["traces", "logs"].into())
            .then_some(())
    });
}

#[test]
fn spans_are_led_to_where_their_route_says() {
    let address = "127.0.7.8";
    let (shop, rest) = (Sink::at("127.0.7.9"), Sink::at("127.0.7.10"));
    let lead = |to: &str| json!({ "receivers": ["routing"], "exporters": [to] });
    let config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": format!("{address}:4318") } } } },
        "connectors": { "routing": {
            "table": [{ "condition": "attributes[\"service.name\"] == \"shop\"", "pipelines": ["traces/shop"] }],
            "default_pipelines": ["traces/rest"],
        } },
        "exporters": {
            "otlp_http/shop": { "endpoint": "http://127.0.7.9:4318" },
            "otlp_http/rest": { "endpoint": "http://127.0.7.10:4318" },
        },
        "extensions": { "health_check": { "endpoint": format!("{address}:13133") } },
        "service": {
            "extensions": ["health_check"],
            "telemetry": { "metrics": { "level": "none" } },
            "pipelines": {
                "traces": { "receivers": ["otlp"], "exporters": ["routing"] },
                "traces/shop": lead("otlp_http/shop"),
                "traces/rest": lead("otlp_http/rest"),
            },
        },
    });
    let user = Command::new("routed");
    let path = user.folder().join("config.yaml");
    let config = older(&config.to_string());
    assert_eq!(config.check(OLDER), []);
    fs::write(&path, config.to_yaml(OLDER)).unwrap();
    let mut otelcol = peers::peer("otelcol-older");
    otelcol.arg("--config").arg(path);
    let mut collector = Running::of(otelcol, user.folder().join("output.log"));
    collector.wait("the collector is healthy", || {
        ask(&format!("{address}:13133"), "GET", "/", "")
    });
    for mark in ["shop", "bank"] {
        assert!(send(address, mark).contains("traces"), "{mark}");
    }
    let [one, other] = [(&shop, "shop"), (&rest, "bank")].map(|(sink, mark)| {
        collector.wait(mark, || (!sink.arrived(mark).is_empty()).then_some(sink))
    });
    assert!(one.arrived("bank").is_empty() && other.arrived("shop").is_empty());
}
