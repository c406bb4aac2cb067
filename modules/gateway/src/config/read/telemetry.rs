//! What does the gateway tell about itself?

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::super::at::At;
use crate::settings::{
    LogEncoding, LogLevel, LogSampling, Logs, MetricsLevel, MetricsPage, Shown, Telemetry,
};

/// `service::telemetry` as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct TelemetryText {
    logs: LogsText,
    metrics: MetricsText,
    traces: TracesText,
    resource: BTreeMap<String, Value>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the collector's keys"
)]
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LogsText {
    level: Option<String>,
    encoding: Option<Encoding>,
    development: bool,
    disable_caller: bool,
    disable_stacktrace: bool,
    disable_zap_resource: bool,
    sampling: Option<Sampling>,
    output_paths: Vec<String>,
    error_output_paths: Vec<String>,
    initial_fields: BTreeMap<String, Value>,
    processors: Vec<Value>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Console,
    Json,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sampling {
    enabled: bool,
    tick: collector_config::Duration,
    initial: u64,
    thereafter: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            enabled: true,
            tick: collector_config::Duration::seconds(10),
            initial: 10,
            thereafter: 100,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MetricsText {
    level: Option<Level>,
    readers: Option<Vec<Reader>>,
    views: Vec<Value>,
    address: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    None,
    Basic,
    Normal,
    Detailed,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TracesText {
    level: Option<Level>,
    processors: Vec<Value>,
    propagators: Vec<String>,
    sampler: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reader {
    pull: Option<Pull>,
    periodic: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pull {
    exporter: PullExporter,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PullExporter {
    prometheus: Prometheus,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Prometheus {
    host: Option<String>,
    port: Option<u16>,
    without_type_suffix: Option<bool>,
    without_units: Option<bool>,
    without_scope_info: Option<bool>,
    without_target_info: bool,
    with_resource_constant_labels: Option<ConstantLabels>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ConstantLabels {
    included: Vec<String>,
    excluded: Vec<String>,
}

/// An attribute in a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    #[serde(default)]
    value: Value,
    #[serde(default, rename = "type")]
    _type: Option<String>,
}

/// What the gateway tells about itself.
pub(in super::super) fn telemetry(text: TelemetryText, at: &At<'_>) -> Telemetry {
    traces(&text.traces, &at.key("traces"));
    let (metrics_level, metrics_pages) = metrics(text.metrics, &at.key("metrics"));
    Telemetry {
        logs: logs(text.logs, &at.key("logs")),
        metrics_level,
        metrics_pages,
        resource: resource(text.resource, &at.key("resource")),
    }
}

fn traces(text: &TracesText, at: &At<'_>) {
    const NO_TRACES: &str = "the gateway makes no traces of itself";
    at.without("processors", &text.processors, NO_TRACES);
    let nothing = format!("does nothing: {NO_TRACES}");
    if !matches!(text.level, None | Some(Level::None)) {
        at.key("level").note(nothing.as_str());
    }
    at.moot("propagators", &text.propagators, &nothing);
    at.moot("sampler", &text.sampler, &nothing);
}

fn logs(text: LogsText, at: &At<'_>) -> Logs {
    // Nothing of the kind is in a line, as these want it.
    let _ = (
        text.disable_caller,
        text.disable_stacktrace,
        text.disable_zap_resource,
    );
    let why = "does nothing: lines are the same in development";
    at.moot("development", &text.development, why);
    for (key, paths) in [
        ("output_paths", &text.output_paths),
        ("error_output_paths", &text.error_output_paths),
    ] {
        if paths.iter().any(|path| path != "stderr") {
            at.key(key).refuse("the gateway writes its log to `stderr`");
        }
    }
    at.without(
        "processors",
        &text.processors,
        "the gateway writes its log to `stderr`, and sends it nowhere",
    );
    let sampling = text.sampling.unwrap_or_default();
    Logs {
        level: level(text.level.as_deref(), &at.key("level")),
        encoding: match text.encoding {
            Some(Encoding::Json) => LogEncoding::Json,
            Some(Encoding::Console) | None => LogEncoding::Console,
        },
        sampling: sampling.enabled.then_some(LogSampling {
            tick: sampling.tick.get().max(Duration::from_millis(1)),
            initial: sampling.initial,
            thereafter: sampling.thereafter,
        }),
        initial_fields: text.initial_fields,
    }
}

fn level(text: Option<&str>, at: &At<'_>) -> LogLevel {
    match text.map(str::to_lowercase).as_deref() {
        None | Some("" | "info") => LogLevel::Info,
        Some("debug") => LogLevel::Debug,
        Some("warn" | "warning") => LogLevel::Warn,
        Some("error") => LogLevel::Error,
        Some("dpanic" | "panic" | "fatal") => {
            at.note("errors are written all the same: nothing is worse");
            LogLevel::Error
        }
        Some(other) => {
            let what = format!("must be `debug`, `info`, `warn` or `error`, not `{other}`");
            at.refuse(what);
            LogLevel::Info
        }
    }
}

fn metrics(text: MetricsText, at: &At<'_>) -> (MetricsLevel, Vec<MetricsPage>) {
    if text.address.is_some() {
        let instead = "`readers` with `pull::exporter::prometheus` and its `host` and `port`";
        at.key("address")
            .refuse(format!("is not read since 0.123; use {instead}"));
    }
    if !text.views.is_empty() {
        at.key("views")
            .refuse("the gateway shows its metrics as they are");
    }
    let level = match text.level {
        Some(Level::None) => MetricsLevel::None,
        Some(Level::Basic) => MetricsLevel::Basic,
        Some(Level::Normal) | None => MetricsLevel::Normal,
        Some(Level::Detailed) => MetricsLevel::Detailed,
    };
    if matches!(level, MetricsLevel::Basic | MetricsLevel::Detailed) {
        let why = "does nothing: the same metrics are shown at every level but `none`";
        at.key("level").note(why);
    }
    let Some(readers) = text.readers else {
        return (level, vec![default_page()]);
    };
    let at = at.key("readers");
    if readers.is_empty() && level != MetricsLevel::None {
        at.refuse("somebody has to read the metrics, or their `level` is `none`");
    }
    let pages = readers.into_iter().enumerate();
    let pages = pages.filter_map(|(index, reader)| page(reader, &at.key(&index.to_string())));
    (level, pages.collect())
}

/// What the collector shows where nothing is said.
fn default_page() -> MetricsPage {
    MetricsPage {
        host: "localhost".to_owned(),
        port: 8888,
        type_suffix: Shown::No,
        units: Shown::No,
        scope_info: Shown::No,
        target_info: Shown::Yes,
        resource_labels: Vec::new(),
    }
}

fn page(reader: Reader, at: &At<'_>) -> Option<MetricsPage> {
    if reader.periodic.is_some() {
        at.key("periodic")
            .refuse("the gateway sends its metrics nowhere; a `pull` reader can be asked");
        return None;
    }
    let Some(Pull {
        exporter: PullExporter { prometheus },
    }) = reader.pull
    else {
        at.refuse("`pull` is missing");
        return None;
    };
    let at = at.keys(&["pull", "exporter", "prometheus"]);
    let (Some(host), Some(port)) = (prometheus.host, prometheus.port) else {
        at.refuse("`host` and `port` are needed");
        return None;
    };
    let labels = prometheus.with_resource_constant_labels;
    let all = labels
        .as_ref()
        .is_some_and(|labels| labels.included.is_empty());
    let ConstantLabels { included, excluded } = labels.unwrap_or_default();
    if all || !excluded.is_empty() {
        at.key("with_resource_constant_labels")
            .refuse("the gateway has to be told by name what is `included`");
    }
    let when = |shown| if shown { Shown::Yes } else { Shown::No };
    // As the collector has it since 0.152: nothing of it where nothing is said, and both suffixes or none.
    let wanted = |without: Option<bool>| without == Some(false);
    let suffixes = when(wanted(prometheus.without_type_suffix) || wanted(prometheus.without_units));
    Some(MetricsPage {
        host,
        port,
        type_suffix: suffixes,
        units: suffixes,
        scope_info: when(wanted(prometheus.without_scope_info)),
        target_info: when(!prometheus.without_target_info),
        resource_labels: included,
    })
}

/// Attributes of the gateway; one without a value is taken away. They stand in a list of names and values, or, as of
/// old, as keys.
fn resource(mut text: BTreeMap<String, Value>, at: &At<'_>) -> BTreeMap<String, Option<String>> {
    if text.remove("schema_url").is_some() {
        let why = "does nothing: nobody is told the schema of the gateway's attributes";
        at.key("schema_url").note(why);
    }
    for (key, why) in [
        (
            "attributes_list",
            "is not read, here as in the collector: use `attributes`",
        ),
        ("detectors", "the gateway detects nothing"),
        ("detection/development", "the gateway detects nothing"),
    ] {
        if text.remove(key).is_some() {
            at.key(key).refuse(why);
        }
    }
    let Some(Value::Array(list)) = text.get("attributes") else {
        return keyed(text, at);
    };
    if text.len() > 1 {
        at.refuse("`attributes` cannot stand beside attributes that are keys themselves");
    }
    let at = at.key("attributes");
    let items = list.iter().enumerate();
    let named = items.filter_map(|(index, item)| {
        let named: Option<Named> = at.key(&index.to_string()).read(item);
        named.map(|Named { name, value, .. }| (name, value))
    });
    keyed(named.collect(), &at)
}

fn keyed(text: BTreeMap<String, Value>, at: &At<'_>) -> BTreeMap<String, Option<String>> {
    let attributes = text.into_iter().filter_map(|(key, value)| match value {
        Value::Null => Some((key, None)),
        Value::String(text) => Some((key, Some(text))),
        Value::Bool(value) => Some((key, Some(value.to_string()))),
        Value::Number(number) => Some((key, Some(number.to_string()))),
        Value::Array(_) | Value::Object(_) => {
            at.key(&key).refuse("an attribute is a text, `name: value`");
            None
        }
    });
    attributes.collect()
}
