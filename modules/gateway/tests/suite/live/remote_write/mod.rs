//! Do Prometheus servers get the same series from the gateway as from a collector, and store them?

mod stored;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use self::written::{Labels, Series, Written};
use super::{
    beside::{Program, Who},
    made,
};
use crate::support::Backend;

/// The collector sends version 2 only so.
const GATES: &str = "exporter.prometheusremotewritexporter.enableSendingRW2";

/// A way to write: its name, the version, and what the configuration says beside the address.
type Way = (&'static str, u8, Value);

fn ways() -> Vec<Way> {
    let ways = [
        ("default", json!({})),
        (
            "with-suffixes",
            json!({ "translation_strategy": "UnderscoreEscapingWithSuffixes" }),
        ),
        (
            "without-suffixes",
            json!({ "translation_strategy": "UnderscoreEscapingWithoutSuffixes" }),
        ),
        (
            "utf8-suffixes",
            json!({ "translation_strategy": "NoUTF8EscapingWithSuffixes" }),
        ),
        ("utf8", json!({ "translation_strategy": "NoTranslation" })),
        ("no-suffixes", json!({ "add_metric_suffixes": false })),
        ("namespace", json!({ "namespace": "n-s.x" })),
        (
            "utf8-namespace",
            json!({ "namespace": "n-s", "translation_strategy": "NoUTF8EscapingWithSuffixes" }),
        ),
        (
            "namespace-bare",
            json!({ "namespace": "9n", "add_metric_suffixes": false }),
        ),
        (
            "external",
            json!({ "external_labels": { "cluster": "eu", "__tmp": "z", "job": "over", "a.b": "e", "otel_scope_name": "ext" } }),
        ),
        (
            "resource",
            json!({ "resource_to_telemetry_conversion": { "enabled": true } }),
        ),
        (
            "resource-others",
            json!({ "resource_to_telemetry_conversion": { "enabled": true, "exclude_service_attributes": true } }),
        ),
        (
            "bare",
            json!({ "target_info": { "enabled": false }, "disable_scope_info": true }),
        ),
        ("small", json!({ "max_batch_size_bytes": 2000 })),
        ("described", json!({ "send_metadata": true })),
    ];
    // Names that may have any character cannot be written in version 1.
    let both = ways.into_iter().flat_map(|(name, settings)| {
        let first = if name.starts_with("utf8") { 2 } else { 1 };
        (first..=2).map(move |version| (name, version, settings.clone()))
    });
    both.collect()
}

fn config(ways: &[Way], receiver: &str, to: &str) -> Value {
    let mut config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": receiver } } } },
        "service": { "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "error" } } },
    });
    let mut exporters = Vec::new();
    for (name, version, settings) in ways {
        let (id, message) = match version {
            1 => (
                format!("prometheusremotewrite/{name}-1"),
                "prometheus.WriteRequest",
            ),
            _ => (
                format!("prometheusremotewrite/{name}-2"),
                "io.prometheus.write.v2.Request",
            ),
        };
        let mut settings = settings.clone();
        settings["endpoint"] = json!(format!("http://{to}/{version}/{name}"));
        settings["protobuf_message"] = json!(message);
        config["exporters"][&id] = settings;
        exporters.push(id);
    }
    config["service"]["pipelines"]["metrics"] =
        json!({ "receivers": ["otlp"], "exporters": exporters });
    config
}

/// What arrives from one of them, by way.
fn written(who: Who, requests: &[Vec<u8>]) -> BTreeMap<(String, u8), Written> {
    let runtime = Runtime::new().unwrap();
    let (backend, to) = runtime.block_on(Backend::start());
    let ways = ways();
    let mut program = Program::start(who, |_, receiver| config(&ways, receiver, &to.to_string()));
    for request in requests {
        assert_eq!(program.post("metrics", request), 200);
    }
    program.end();
    let mut all = BTreeMap::<_, Written>::new();
    for got in backend.got() {
        let mut path = got.path.split('/').skip(1);
        let version = path.next().unwrap().parse().unwrap();
        let written = all.entry((path.next().unwrap().to_owned(), version));
        written.or_default().add(version, &got.body);
    }
    all
}

/// A series without that in which the gateway differs on purpose:
///
/// | what | collector | gateway |
/// |---|---|---|
/// | starts in version 2 | none yet | said, so that a server sees resets |
/// | exemplars of classic histograms in version 2 | none yet | in their buckets, as in version 1 |
/// | descriptions in version 1 | of all metrics, dropped ones too | of what is sent, one for each name |
///
/// What follows is never made, as the collector has it wrong: an attribute `le` or `quantile` gives a histogram two labels of that name,
/// one `trace_id` an exemplar (version 1), and servers refuse both; where histograms have to be made coarser, what stands
/// behind an empty bucket is counted one too low.
fn comparable(version: u8, labels: &Labels, series: &Series) -> Series {
    let mut series = series.clone();
    if version == 2 {
        let samples = series.samples.into_iter();
        series.samples = samples.map(|(time, _, value)| (time, 0, value)).collect();
        let plain = |text: String| text.rsplit_once(" start").map(|(text, _)| text.to_owned());
        let histograms = series.histograms.into_iter();
        series.histograms = histograms
            .map(|(time, text)| (time, plain(text).unwrap()))
            .collect();
        if labels.contains_key("le") {
            series.exemplars.clear();
        }
    }
    series
}

#[test]
fn the_same_metrics_become_the_same_series_as_the_collectors() {
    let requests = made::metrics(4, 1_700_000_000, 4, 100);
    let requests: Vec<_> = requests.iter().map(Message::encode_to_vec).collect();
    let theirs = written(Who::Collector(GATES), &requests);
    let ours = written(Who::Gateway, &requests);
    let mut wrong = Vec::new();
    for (name, version, _) in ways() {
        let key = (name.to_owned(), version);
        let (theirs, ours) = (&theirs[&key], &ours[&key]);
        assert!(theirs.series.len() > 500, "{}", theirs.series.len());
        let labels: BTreeSet<&Labels> = theirs.series.keys().chain(ours.series.keys()).collect();
        let nothing = Series::default();
        for labels in labels {
            let [left, right] = [theirs, ours].map(|all| {
                let series = all.series.get(labels).unwrap_or(&nothing);
                comparable(version, labels, series)
            });
            if left != right {
                wrong.push(format!(
                    "{name} {version}: {labels:?}\n  theirs {left:?}\n  ours   {right:?}"
                ));
            }
        }
        for (family, said) in &ours.described {
            let known = theirs.described.get(family);
            // The collector describes no `target_info`.
            let ours_alone = family.ends_with("target_info");
            if !ours_alone && !known.is_some_and(|known| known.is_superset(said)) {
                wrong.push(format!(
                    "{name} {version}: {family} is {known:?}, not {said:?}"
                ));
            }
        }
        let sent = ours.described.len();
        assert!(
            (name == "described" && version == 1) == (sent > 100),
            "{name} {version}: {sent}"
        );
    }
    let count = wrong.len();
    wrong.truncate(6);
    assert!(wrong.is_empty(), "{count} differ:\n{}", wrong.join("\n"));
}
