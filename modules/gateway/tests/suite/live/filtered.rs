//! Does the filter leave out what the collector's leaves out?

use fastrand::Rng;
use prost::Message as _;
use serde_json::{Value, json};

use super::{made, processed};

/// Conditions about spans: every function, every kind of path.
const SPANS: [&str; 62] = [
    r#"IsMatch(name, "^GET")"#,
    r#"IsMatch(attributes["http.status_code"], "^[45]")"#,
    r#"IsMatch(attributes["map"], "a.*v")"#,
    r#"IsMatch(attributes["list"], "1e")"#,
    r#"HasPrefix(name, "G")"#,
    r#"HasSuffix(name, "cart")"#,
    r#"HasPrefix(attributes["tier"], "v")"#,
    r#"ConvertCase(name, "lower") == "get /cart""#,
    r#"ConvertCase(name, "upper") == "GRÖSSE" or ConvertCase(name, "upper") == "GRÖßE""#,
    r#"ConvertCase(attributes["tier"], "upper") == "GOLD""#,
    r#"Int(attributes["a"]) >= 200"#,
    r#"Int(attributes["tier"]) == -7"#,
    r#"Int(attributes["b"]) == 12"#,
    r#"Int(attributes["b"]) == nil"#,
    r#"Double(attributes["a"]) > 12.0"#,
    r#"Double(attributes["tier"]) == 1000"#,
    r#"Double(attributes["tier"]) == nil"#,
    r#"IsBool(attributes["a"])"#,
    r#"IsDouble(attributes["a"])"#,
    r#"IsInt(attributes["a"])"#,
    r#"IsString(attributes["a"])"#,
    r#"IsList(attributes["list"])"#,
    r#"IsMap(attributes["map"])"#,
    r#"not IsString(attributes["list"])"#,
    "IsRootSpan()",
    r#"Len(attributes["list"]) > 1"#,
    "Len(name) == 4",
    r#"Len(attributes["map"]) == 2"#,
    r#"Len(attributes["tier"]) >= 0"#,
    r#"String(attributes["a"]) == "true""#,
    r#"String(attributes["a"]) == "503""#,
    r#"String(attributes["b"]) == "1e+21""#,
    r#"String(attributes["list"]) == "[]""#,
    r#"String(attributes["a"]) == nil"#,
    r#"attributes["a"] == 1"#,
    r#"attributes["a"] == 503.0"#,
    r#"attributes["a"] != nil"#,
    r#"attributes["a"] == nil"#,
    r#"attributes["a"] == "true" or attributes["a"] == true"#,
    r#"attributes["a"] < "v5""#,
    r#"attributes["a"] > 0"#,
    r#"attributes["a"] <= 0.1"#,
    r#"attributes["a"] < attributes["b"]"#,
    r#"attributes["a"] == attributes["b"]"#,
    r#"attributes["map"]["a"] != nil"#,
    r#"attributes["map"]["a"] == attributes["a"]"#,
    r#"attributes["map"]["b"]["a"] != nil"#,
    "kind == SPAN_KIND_SERVER or kind == 3",
    r#"kind.string == "Internal""#,
    "status.code == STATUS_CODE_ERROR",
    r#"status.message != "" and status.code != 1"#,
    r#"trace_id.string == "00000000000000000000000000000000""#,
    r#"span_id.string < "0000000000000020""#,
    r#"parent_span_id.string == "0000000000000000""#,
    r#"trace_state == "" or trace_state == "a=1""#,
    "start_time_unix_nano > 1700000000500000000",
    "end_time_unix_nano < 1700000001000000000",
    "dropped_attributes_count > 0",
    r#"resource.attributes["service.name"] == "shop""#,
    r#"instrumentation_scope.name == "lib" and not (kind == 1)"#,
    r#"instrumentation_scope.version == "" or instrumentation_scope.attributes["short"] != nil"#,
    "true and not false",
];

const EVENTS: [&str; 5] = [
    r#"name == "exception""#,
    r#"attributes["a"] != nil or dropped_attributes_count == 1"#,
    "time_unix_nano > 1700000000500000000",
    r#"span.name == "POST""#,
    r#"IsMatch(attributes["tier"], "v[0-4]")"#,
];

const RECORDS: [&str; 20] = [
    r#"IsMatch(body, "v[0-9]")"#,
    r#"IsMatch(body.string, "^v")"#,
    r#"body == "v3""#,
    r#"body["a"] != nil"#,
    "IsMap(body)",
    "IsString(body)",
    "body == nil",
    "Len(body) > 1",
    "severity_number >= SEVERITY_NUMBER_WARN",
    "severity_number == SEVERITY_NUMBER_UNSPECIFIED",
    r#"severity_text == "WARN""#,
    r#"attributes["a"] == "gold" or attributes["tier"] == "gold""#,
    "flags == 1",
    r#"trace_id.string == "" or span_id.string == "0000000000000000""#,
    r#"event_name == "started""#,
    "observed_time_unix_nano == 0",
    "time_unix_nano < 1700000000000000030",
    r#"resource.attributes["host.name"] != nil"#,
    r#"instrumentation_scope.name == "lib""#,
    "dropped_attributes_count == 0",
];

const METRICS: [&str; 9] = [
    r#"name == "requests""#,
    "type == METRIC_DATA_TYPE_SUM",
    "type == METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM",
    "aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE",
    "aggregation_temporality == 1",
    "is_monotonic == true",
    r#"unit == "s" or unit == "By""#,
    r#"description != """#,
    r#"resource.attributes["region"] == nil"#,
];

const POINTS: [&str; 12] = [
    r#"attributes["host.name"] != nil"#,
    "value_int > 1000",
    "value_double > 50.0",
    "value_double == 0.1",
    "value_int == 0 and value_double == 0",
    "count > 10",
    "sum > 0.5",
    "flags == 1",
    "time_unix_nano > 1700000000500000000",
    "start_time_unix_nano == 0",
    r#"metric.name == "total" or metric.type == METRIC_DATA_TYPE_SUMMARY"#,
    r#"IsMatch(metric.name, "^x") and attributes["a_b"] == nil"#,
];

/// Comparisons of anything with anything, the same in each run.
fn random() -> Vec<String> {
    const PATHS: [&str; 12] = [
        r#"attributes["a"]"#,
        r#"attributes["b"]"#,
        r#"attributes["tier"]"#,
        r#"attributes["list"]"#,
        r#"attributes["map"]"#,
        r#"attributes["map"]["a"]"#,
        r#"resource.attributes["region"]"#,
        "name",
        "kind",
        "status.code",
        "dropped_attributes_count",
        "trace_state",
    ];
    const VALUES: [&str; 14] = [
        "nil",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "503",
        "0.1",
        "12.5",
        "-2.75",
        r#""""#,
        r#""v3""#,
        r#""gold""#,
        r#""12.5""#,
    ];
    let mut rng = Rng::with_seed(13);
    let mut all = Vec::new();
    for _ in 0..80 {
        let operator = made::one(&mut rng, &["==", "!=", "<", "<=", ">", ">="]);
        let left = made::one(&mut rng, &PATHS);
        let right = if rng.u8(..5) == 0 {
            made::one(&mut rng, &PATHS)
        } else {
            made::one(&mut rng, &VALUES)
        };
        let (left, right) = if rng.u8(..6) == 0 {
            (right, left)
        } else {
            (left, right)
        };
        all.push(format!("{left} {operator} {right}"));
    }
    all
}

fn ways(
    signal: &'static str,
    context: &str,
    conditions: impl IntoIterator<Item = impl Into<String>>,
) -> Vec<(&'static str, Value)> {
    let conditions = conditions.into_iter();
    let way = |condition: String| {
        let settings = json!({ "error_mode": "silent", signal: { context: [condition] } });
        (signal, settings)
    };
    conditions.map(|condition| way(condition.into())).collect()
}

#[test]
fn the_same_spans_are_left_out_as_by_the_collector() {
    let requests = made::traces(14, 3, 100);
    let requests: Vec<_> = requests
        .iter()
        .map(|request| ("traces", request.encode_to_vec()))
        .collect();
    let mut all = ways("traces", "span", SPANS);
    all.extend(ways("traces", "span", random()));
    all.extend(ways("traces", "spanevent", EVENTS));
    all.extend(ways(
        "traces",
        "resource",
        [r#"attributes["service.name"] == "shop""#],
    ));
    let counts = processed::compare("filter", &all, &requests);
    // Conditions that hold for some, and not for all.
    let telling = counts
        .iter()
        .filter(|count| (1..300).contains(*count))
        .count();
    assert!(telling > 60, "{telling} of {}", counts.len());
}

#[test]
fn the_same_records_are_left_out_as_by_the_collector() {
    let requests = made::logs(15, 3, 100);
    let requests: Vec<_> = requests
        .iter()
        .map(|request| ("logs", request.encode_to_vec()))
        .collect();
    let mut all = ways("logs", "log_record", RECORDS);
    all.extend(ways("logs", "resource", [r#"attributes["region"] != nil"#]));
    let counts = processed::compare("filter", &all, &requests);
    let telling = counts
        .iter()
        .filter(|count| (1..300).contains(*count))
        .count();
    assert!(telling > 15, "{telling} of {}", counts.len());
}

#[test]
fn the_same_metrics_and_points_are_left_out_as_by_the_collector() {
    let requests = made::metrics(16, 1_700_000_000, 2, 100);
    let requests: Vec<_> = requests
        .iter()
        .map(|request| ("metrics", request.encode_to_vec()))
        .collect();
    let mut all = ways("metrics", "metric", METRICS);
    all.extend(ways("metrics", "datapoint", POINTS));
    all.extend(ways(
        "metrics",
        "resource",
        [r#"attributes["region"] != nil"#],
    ));
    let counts = processed::compare("filter", &all, &requests);
    let telling = counts
        .iter()
        .filter(|count| (1..200).contains(*count))
        .count();
    assert!(telling > 15, "{telling} of {}", counts.len());
}
