//! Does a Prometheus server keep everything that the gateway writes to it, and answer with it?

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use prost::Message as _;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{
    super::{
        beside::{Program, Who, free, peer},
        made,
    },
    written::{Labels, Written},
};
use crate::support::Backend;

/// The bits of the number that marks the end of a series, which no answer has.
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// What a series has at a time: a number, or the count and the sum of a native histogram.
type Points = BTreeMap<i64, (String, String)>;

fn prometheus() -> Program {
    let (folder, address) = (crate::support::Folder::new(), free());
    fs::write(folder.path().join("prometheus.yaml"), "{}").unwrap();
    let mut command = peer("prometheus");
    let at = |name: &str| folder.path().join(name).display().to_string();
    command.args([
        format!("--config.file={}", at("prometheus.yaml")),
        format!("--storage.tsdb.path={}", at("data")),
        format!("--web.listen-address={address}"),
        "--web.enable-remote-write-receiver".to_owned(),
        "--enable-feature=native-histograms,exemplar-storage".to_owned(),
        "--log.level=error".to_owned(),
    ]);
    let mut server = Program::of(command, folder, address);
    server.get("/-/ready");
    server
}

fn config(receiver: &str, server: &str, recorder: &str) -> Value {
    let exporter = |to: &str, version: u8| {
        let message = ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"];
        json!({
            "endpoint": to,
            "external_labels": { "version": version.to_string() },
            "protobuf_message": message[usize::from(version) - 1],
        })
    };
    json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": receiver } } } },
        "exporters": {
            "prometheusremotewrite/1": exporter(&format!("http://{server}/api/v1/write"), 1),
            "prometheusremotewrite/2": exporter(&format!("http://{server}/api/v1/write"), 2),
            "prometheusremotewrite/3": exporter(&format!("http://{recorder}/1"), 1),
            "prometheusremotewrite/4": exporter(&format!("http://{recorder}/2"), 2),
        },
        "service": {
            "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "warn" } },
            "pipelines": { "metrics": {
                "receivers": ["otlp"],
                "exporters": (1..=4).map(|at| format!("prometheusremotewrite/{at}")).collect::<Vec<_>>(),
            } },
        },
    })
}

fn number(value: f64) -> String {
    value.to_string()
}

/// What was written as a server answers with it: labels without a value are none, and ends are no samples.
fn expected(written: &Written) -> BTreeMap<Labels, Points> {
    let mut all = BTreeMap::<_, Points>::new();
    for (labels, series) in &written.series {
        let mut labels = labels.clone();
        labels.retain(|_, value| !value.is_empty());
        let points = all.entry(labels).or_default();
        for (time, _, bits) in &series.samples {
            if *bits != STALE {
                points.insert(*time, (number(f64::from_bits(*bits)), String::new()));
            }
        }
        for (time, bits, count) in &series.native {
            if *bits != STALE {
                let sum = number(f64::from_bits(*bits));
                points.insert(*time, (sum, count.to_string()));
            }
        }
    }
    all.retain(|_, points| !points.is_empty());
    all
}

/// What the server answers with.
fn answered(answer: &Value) -> BTreeMap<Labels, Points> {
    assert_eq!(answer["data"]["resultType"], "matrix", "{answer}");
    let result = answer["data"]["result"].as_array().unwrap();
    let text = |value: &Value| number(value.as_str().unwrap().parse().unwrap());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of this century"
    )]
    let time = |point: &Value| (point[0].as_f64().unwrap() * 1000.0).round() as i64;
    let series = |series: &Value| {
        let labels: Labels = serde_json::from_value(series["metric"].clone()).unwrap();
        let list = |key: &str| series[key].as_array().cloned().unwrap_or_default();
        let plain = list("values");
        let plain = plain
            .iter()
            .map(|point| (time(point), (text(&point[1]), String::new())));
        let native = list("histograms");
        let native = native.iter().map(|point| {
            let (sum, count) = (&point[1]["sum"], &point[1]["count"]);
            (time(point), (text(sum), text(count)))
        });
        (labels, plain.chain(native).collect())
    };
    result.iter().map(series).collect()
}

#[test]
fn prometheus_stores_all_that_is_written_and_answers_with_it() {
    let runtime = Runtime::new().unwrap();
    let (recorder, to) = runtime.block_on(Backend::start());
    let mut server = prometheus();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let begin = now - 300;
    let mut gateway = Program::start(Who::Gateway, |_, receiver| {
        config(receiver, &server.address, &to.to_string())
    });
    for request in made::metrics(5, begin, 4, 100) {
        assert_eq!(gateway.post("metrics", &request.encode_to_vec()), 200);
    }
    gateway.end();
    for version in [1, 2] {
        let mut written = Written::default();
        for got in recorder.got() {
            if got.path == format!("/{version}") {
                written.add(version, &got.body);
            }
        }
        let expected = expected(&written);
        assert!(expected.len() > 300, "{}", expected.len());
        // {version="1"}[10m]
        let query = format!("query=%7Bversion%3D%22{version}%22%7D%5B10m%5D&time={now}");
        let answer = server.get(&format!("/api/v1/query?{query}"));
        let answered = answered(&serde_json::from_str(&answer).unwrap());
        let labels: BTreeSet<_> = expected.keys().chain(answered.keys()).collect();
        for labels in labels {
            assert_eq!(expected.get(labels), answered.get(labels), "{labels:?}");
        }
        let query = format!("query=%7Bversion%3D%22{version}%22%7D&start={begin}&end={now}");
        let answer = server.get(&format!("/api/v1/query_exemplars?{query}"));
        assert!(
            answer.matches("09090909090909090909090909090909").count() > 30,
            "{answer}"
        );
    }
}
